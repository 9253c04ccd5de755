"""The warm process: a fresh interpreter that has imported numpy and forks a child an answer.

Started by `processes` as a script, away from the package: it knows the wire, the jail, numpy and
the standard library, but no kernel, no reference and no expected value. It never reads an answer's
code, its inputs or its outputs; those pass through pipes between the parent and the child.

Where no process can lock itself in, the worker is started once an answer, by `ONCE`, and runs it.
A warm process, started by `SERVE`, takes orders on a socket:

    parent -> warm   b"F" and two descriptors (the job to read, the pipe to reply on)
    warm -> parent   the child's process id
    parent -> warm   b"E" and that id: kill what is left of it
    warm -> parent   its exit status, as `os.waitpid` gives it
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import importlib
import importlib.util
import io
import os
import random
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

SERVE, ONCE = "serve", "once"
MESSAGE = struct.Struct("!ci")
FORK, END = b"F", b"E"
_JOB, _REPLY = 3, 4


# What answers may import has to be there before they are locked in.
_READY = (
    "abc", "bisect", "cmath", "collections.abc", "copy", "dataclasses", "decimal", "enum",
    "fractions", "functools", "heapq", "itertools", "math", "numbers", "operator", "random", "re",
    "statistics", "string", "typing", "unicodedata", "numpy.char", "numpy.fft", "numpy.linalg",
    "numpy.ma", "numpy.polynomial", "numpy.random", "numpy.rec", "numpy.strings",
)  # fmt: skip


def _neighbour(name: str) -> ModuleType:
    """Load a module from beside this file: the package it belongs to must stay out of reach."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _prepared_jail(module: ModuleType) -> Any:
    """Return the jail of this system, None where there is none; the canary will tell."""
    try:
        return module.Jail()
    except (OSError, KeyError, AttributeError):
        return None


# ── the warm process ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Tools:
    """The modules that a child works with, and the jail where there is one."""

    wire: ModuleType
    jail: ModuleType
    lock: Callable[[int], None]


def serve(control: socket.socket, tools: Tools) -> None:
    """Fork and end children as the parent asks, until it hangs up; then end those left over."""
    children: set[int] = set()
    warm = os.getpid()
    while message := _receive(control):
        (order, child), descriptors = message
        if order == FORK:
            child = os.fork()
            if not child:
                _child(control, descriptors, tools, warm)
            children.add(child)
            control.sendall(MESSAGE.pack(FORK, child))
        elif child in children:
            children.discard(child)
            control.sendall(MESSAGE.pack(END, _end(child)))
        for descriptor in descriptors:
            os.close(descriptor)
    for child in children:
        _end(child)


def _receive(control: socket.socket) -> tuple[tuple[bytes, int], list[int]] | None:
    data, descriptors, _, _ = socket.recv_fds(control, MESSAGE.size, 2)
    while data and len(data) < MESSAGE.size:
        data += control.recv(MESSAGE.size - len(data))
    return (MESSAGE.unpack(data), descriptors) if len(data) == MESSAGE.size else None


def _end(child: int) -> int:
    """Kill the child's whole group, then reap it. Only we reap, so the id cannot be another's."""
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue
    return os.waitpid(child, 0)[1]


# ── the child ────────────────────────────────────────────────────────────────────────────────────


def _child(control: socket.socket, descriptors: list[int], tools: Tools, warm: int) -> NoReturn:
    """Run one job in a child of the warm process. Never returns: this process ends here."""
    try:
        os.setsid()
        control.detach()
    except BaseException:
        os._exit(70)
    _work(descriptors, tools, warm)


def _work(descriptors: list[int], tools: Tools, parent: int) -> NoReturn:
    """Lock this process in and run one job. Whatever happens, the process ends here."""
    try:
        _keep_only(*descriptors)
        job = _read(tools.wire)
        random.seed(job["seed"])
        np.random.seed(job["seed"] % 2**32)
        tools.jail.limit(int(job["wall"]) + 1, job["memory"])
        tools.lock(parent)
        _run(job, tools.wire)
    except BaseException:
        os._exit(70)
    os._exit(0)


def _keep_only(job: int, reply: int) -> None:
    """Leave the child nothing but its two pipes, as descriptors 3 and 4."""
    job, reply = (fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in (job, reply))
    os.dup2(job, _JOB)
    os.dup2(reply, _REPLY)
    os.closerange(_REPLY + 1, 4096)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.close(null)


def _read(wire: ModuleType) -> Any:
    with open(_JOB, "rb") as job:
        header, payload = wire.lengths(job.read(wire.HEAD.size))
        return wire.decode(job.read(header), job.read(payload))


def _run(job: Any, wire: ModuleType) -> None:
    """Define the answer, then make each call and reply to it with one frame."""
    answer = sys.modules["answer"] = ModuleType("answer")  # where dataclasses look for it
    space = answer.__dict__
    try:
        exec(compile(job["prelude"], "<prelude>", "exec"), space)
        tree = ast.increment_lineno(ast.parse(job["source"]), job["line"] - 1)
        exec(compile(tree, job["file"], "exec"), space)
    except BaseException as error:
        _reply(wire, _raised(error, job["file"], "defining"))
        return
    todo: list[Callable[[], Any]] = [partial(_called, space, call, wire) for call in job["calls"]]
    todo += [partial(_shown, space, example) for example in job["examples"]]
    for call in todo:
        try:
            reply = {"returned": call()}
        except BaseException as error:
            reply = _raised(error, job["file"], "calling")
        _reply(wire, reply)


def _called(space: dict[str, Any], call: Any, wire: ModuleType) -> Any:
    """Call a function, then methods of what it returns; return the last result."""
    function, positional, named, then, in_place = call
    made = partial(_made, source=wire.Source, own=in_place)
    result = called = space[function](*made(positional), **made(named))
    for method, arguments, keywords in then:
        result = getattr(called, method)(*made(arguments), **made(keywords))
    return result


def _made(value: Any, *, source: type, own: bool) -> Any:
    """Return arguments as the answer gets them: functions made, and arrays of its `own`."""
    if isinstance(value, source):
        return eval(value.expression, {"np": np})  # type: ignore[attr-defined]
    if isinstance(value, np.ndarray) and own:
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_made(item, source=source, own=own) for item in value)
    if isinstance(value, dict):
        return {key: _made(item, source=source, own=own) for key, item in value.items()}
    return value


def _shown(space: dict[str, Any], example: str) -> str:
    """Run a statement as Python's prompt does; return what it shows."""
    shown = io.StringIO()
    hook, sys.displayhook = sys.displayhook, sys.__displayhook__
    try:
        with contextlib.redirect_stdout(shown):
            exec(compile(example, "<example>", "single"), space)
    finally:
        sys.displayhook = hook
    return shown.getvalue()


def _raised(error: BaseException, file: str, doing: str) -> dict[str, Any]:
    """Return what an exception says, and the last line of the answer that it went through."""
    line = None
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno  # of one that only compiling finds
    step = error.__traceback__
    while step:
        if step.tb_frame.f_code.co_filename == file:
            line = step.tb_lineno
        step = step.tb_next
    try:
        message = str(error)[:300]
    except BaseException:
        message = ""
    kind = type(error).__name__[:100]
    return {
        "raised": kind,
        "message": message,
        "line": line,
        "doing": doing,
    }


def _reply(wire: ModuleType, reply: dict[str, Any]) -> None:
    frame = memoryview(wire.encode(reply))
    while frame:
        frame = frame[os.write(_REPLY, frame) :]


def main(library: str, mode: str, *descriptors: int) -> None:
    """Import all that answers need; then serve the parent on a socket, or run a single job."""
    warnings.simplefilter("ignore")
    for module in _READY:
        importlib.import_module(module)
    # From here on nothing is imported from the disk: neither the package nor a note's own folder.
    sys.path[:] = [path for path in sys.path if path != library]
    wire, jail = _neighbour("wire"), _neighbour("jail")
    prepared = _prepared_jail(jail)
    tools = Tools(wire, jail, prepared.lock if prepared else lambda _: None)
    if mode == ONCE:
        _work(list(descriptors), tools, os.getppid())
    with socket.socket(fileno=descriptors[0]) as channel:
        serve(channel, tools)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
