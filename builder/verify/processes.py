"""The processes that answers run in. The only module that starts and ends any.

Two hosts can start one and end it again:

    Warm       Linux, and wherever else there is a fork: one interpreter with numpy that forks a
               child an answer; the child locks itself in (see `jail`)
    Seatbelt   macOS: a fresh interpreter an answer below `sandbox-exec`, because nothing there can
               lock a process in once it runs. Written after Apple's documentation of the command
               and of its profiles; the canary decides on the machine whether it holds.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from builder.verify.limits import SandboxError
from builder.verify.worker import END, FORK, MESSAGE, ONCE, SERVE

_WORKER = Path(__file__).with_name("worker.py")
_SEATBELT = "/usr/bin/sandbox-exec"
_DIED = "the process that runs answers has died"


class Host(Protocol):
    """Starts and ends processes for answers; may be used from several threads at a time."""

    def start(self, job: int, reply: int) -> int:
        """Start one on two descriptors, and return its process id."""

    def end(self, process: int) -> int:
        """Kill what is left of it and of its group; return its status as `os.waitpid` does."""

    def close(self) -> None:
        """End whatever is left."""


def host() -> Host:
    """Return the host for this system, which has a fork."""
    return Seatbelt() if sys.platform == "darwin" and Path(_SEATBELT).exists() else Warm()


class Warm:
    """One warm process that forks a child an answer."""

    def __init__(self) -> None:
        with _explained():
            here, there = socket.socketpair()
        with there:
            try:
                self._process = _popen([*_command(), SERVE, str(there.fileno())], (there.fileno(),))
            except BaseException:
                here.close()
                raise
        self._control = here
        self._lock = threading.Lock()

    def start(self, job: int, reply: int) -> int:
        """Have a child forked."""
        with self._lock, _explained():
            socket.send_fds(self._control, [MESSAGE.pack(FORK, 0)], [job, reply])
            return self._answer()

    def end(self, process: int) -> int:
        """Have a child killed and reaped by its parent, who alone can do it without a race."""
        with self._lock, _explained():
            self._control.sendall(MESSAGE.pack(END, process))
            return self._answer()

    def close(self) -> None:
        """Hang up: the warm process ends its children and itself."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> int:
        data = self._control.recv(MESSAGE.size, socket.MSG_WAITALL)
        if len(data) < MESSAGE.size:
            raise SandboxError(_DIED)
        return int(MESSAGE.unpack(data)[1])


class Seatbelt:
    """A fresh interpreter an answer, below a profile that denies all but computing."""

    def __init__(self, prefix: Sequence[str] = ()) -> None:
        self._prefix = prefix or (_SEATBELT, "-p", _profile())
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def start(self, job: int, reply: int) -> int:
        """Start an interpreter below the profile."""
        command = [*self._prefix, *_command(), ONCE, str(job), str(reply)]
        with self._lock:
            if self._closed:
                raise SandboxError(_DIED)
            child = _popen(command, (job, reply))
            self._children[child.pid] = child
        return child.pid

    def end(self, process: int) -> int:
        """Kill the interpreter's group before it is reaped, so that the id cannot be another's."""
        child = self._children.pop(process, None)
        if child is None:  # closing, from another thread, has ended it
            raise SandboxError(_DIED)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)
        code = child.wait()
        return -code if code < 0 else code << 8

    def close(self) -> None:
        """End those that are left."""
        with self._lock:
            self._closed = True
        for process in tuple(self._children):
            with contextlib.suppress(SandboxError):
                self.end(process)


def _profile() -> str:
    """Return what an interpreter may do: read itself and numpy, and nothing of ours."""
    readable = ("/usr/lib", "/System", "/Library/Apple", sys.base_prefix, _library())
    folders = " ".join(f"(subpath {_quoted(folder)})" for folder in readable)
    own = _quoted(str(Path(__file__).parents[1]))
    needed = " ".join(f"(literal {_quoted(str(_WORKER.with_name(n)))})" for n in _NEEDED)
    return f"""(version 1)
(deny default)
(allow process-exec (literal {_quoted(os.path.realpath(sys.executable))}))
(allow process-exec (literal {_quoted(sys.executable)}))
(allow sysctl-read)
(allow file-read-metadata)
(allow file-read* {folders} (literal "/") (literal "/dev/null") (literal "/dev/urandom"))
(allow file-write-data (literal "/dev/null"))
(deny file-read* (subpath {own}))
(allow file-read* {needed})"""


_NEEDED = ("worker.py", "wire.py", "jail.py")


def _quoted(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ── what both start ──────────────────────────────────────────────────────────────────────────────


def _command() -> list[str]:
    """Return the worker's command line: no site, no current folder, no environment of its own."""
    return [sys.executable, "-s", "-S", "-P", "-B", str(_WORKER), _library()]


def _popen(command: list[str], descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    with _explained():
        return subprocess.Popen(  # noqa: S603 - our own interpreter and file
            command,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=descriptors,
            cwd="/",
            start_new_session=True,
        )


def _library() -> str:
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None:
        raise SandboxError("numpy is not installed")
    return str(Path(spec.origin).parent.parent)


def _environment() -> dict[str, str]:
    """Return a scrubbed environment; one thread a process, or a forked BLAS hangs."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {"PYTHONPATH": _library(), "PYTHONHASHSEED": "0", **dict.fromkeys(threads, "1")}


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ConnectionError as error:
        raise SandboxError(_DIED) from error
    except OSError as error:
        raise SandboxError(f"the process that runs answers cannot be used: {error}") from error
