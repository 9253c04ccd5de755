"""The warm process: a fresh interpreter that has imported numpy and forks a child an answer.

Started by `sandbox` as a script, away from the package: it knows the wire, numpy and the standard
library, but no kernel, no reference and no expected value. It never reads an answer's code, its
inputs or its outputs; those pass through pipes between the parent and the child.

    parent -> warm   b"F" and two descriptors (the job to read, the pipe to reply on)
    warm -> parent   the child's process id
    parent -> warm   b"E" and that id: kill what is left of it
    warm -> parent   its exit status, as `os.waitpid` gives it
"""

from __future__ import annotations

import ast
import importlib.util
import os
import random
import resource
import signal
import socket
import struct
import sys
import traceback
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import numpy.fft
import numpy.linalg
import numpy.random

MESSAGE = struct.Struct("!ci")
FORK, END = b"F", b"E"
_JOB, _REPLY = 3, 4


def _wire() -> ModuleType:
    """Load the wire from its file: the package it belongs to must stay out of reach."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wire.py")
    spec = importlib.util.spec_from_file_location("wire", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["wire"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ── the warm process ─────────────────────────────────────────────────────────────────────────────


def serve(control: socket.socket, wire: ModuleType) -> None:
    """Fork and end children as the parent asks, until it hangs up; then end those left over."""
    children: set[int] = set()
    while message := _receive(control):
        (order, child), descriptors = message
        if order == FORK:
            child = os.fork()
            if not child:
                _child(control, descriptors, wire)
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


def _child(control: socket.socket, descriptors: list[int], wire: ModuleType) -> NoReturn:
    """Run one job. Never returns: whatever happens, this process ends here."""
    try:
        os.setsid()
        control.detach()
        _keep_only(*descriptors)
        job = _read(wire)
        _limit(job["wall"], job["memory"])
        random.seed(job["seed"])
        np.random.seed(job["seed"] % 2**32)
        _run(job, wire)
    except BaseException:
        os._exit(70)
    os._exit(0)


def _keep_only(job: int, reply: int) -> None:
    """Leave the child nothing but its two pipes, as descriptors 3 and 4."""
    job, reply = (os.dup2(fd, 100 + fd) for fd in (job, reply))
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


def _limit(wall: float, memory: int) -> None:
    """Set limits that the answer cannot raise again.

    `memory` in bytes comes on top of what the interpreter has mapped already. A limit on processes
    counts all of a user's, so zero means: no further one. Root isn't held by it.
    """
    seconds = int(wall) + 1
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: _mapped() + memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, wanted in limits.items():
        _, hard = resource.getrlimit(kind)
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            continue  # macOS knows no limit on address space


def _mapped() -> int:
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


def _run(job: Any, wire: ModuleType) -> None:
    """Define the answer, then make each call and reply to it with one frame."""
    space: dict[str, Any] = {"__name__": "answer"}
    try:
        exec(compile(job["prelude"], "<prelude>", "exec"), space)
        tree = ast.increment_lineno(ast.parse(job["source"]), job["line"] - 1)
        exec(compile(tree, job["file"], "exec"), space)
    except BaseException as error:
        _reply(wire, _raised(error, job["file"], "defining"))
        return
    for function, positional, named in job["calls"]:
        try:
            reply = {"returned": space[function](*positional, **named)}
        except BaseException as error:
            reply = _raised(error, job["file"], "calling")
        _reply(wire, reply)


def _raised(error: BaseException, file: str, doing: str) -> dict[str, Any]:
    """Return what an exception says, and the last line of the answer that it went through."""
    trace = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in trace if frame.filename == file]
    try:
        message = str(error)[:300]
    except BaseException:
        message = ""
    kind = type(error).__name__[:100]
    return {
        "raised": kind,
        "message": message,
        "line": lines[-1] if lines else None,
        "doing": doing,
    }


def _reply(wire: ModuleType, reply: dict[str, Any]) -> None:
    frame = memoryview(wire.encode(reply))
    while frame:
        frame = frame[os.write(_REPLY, frame) :]


if __name__ == "__main__":
    # A note's own folder or the package must not be importable for an answer.
    sys.path[:] = [path for path in sys.path if path not in sys.argv[2:]]
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control, _wire())
