"""Runs answers in processes of their own. The only module that starts, kills and awaits any.

The level of isolation is `limits` so far: wall clock, CPU time, memory, file size and number of
processes. An answer can still read files and open connections, so it must come from somebody you
trust; every report says so.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from builder.verify import wire
from builder.verify.limits import SandboxError
from builder.verify.worker import END, FORK, MESSAGE

_MOST_REPLY = 1 << 28


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function: its name, and its arguments."""

    function: str
    positional: tuple[object, ...]
    named: dict[str, object]


@dataclass(frozen=True, slots=True)
class Job:
    """An answer and the calls to make, in order.

    `line` is where the source starts in `file`, for tracebacks. `wall` is in seconds for all calls
    together, `memory` in bytes on top of what numpy needs.
    """

    prelude: str
    source: str
    file: str
    line: int
    calls: tuple[Call, ...]
    seed: int
    wall: float
    memory: int


@dataclass(frozen=True, slots=True)
class Returned:
    """A call came back with a value."""

    value: object


@dataclass(frozen=True, slots=True)
class Raised:
    """A call, or the definition of the answer, ended with an exception.

    `line` is the raising line in the note, None where it isn't in the answer.
    """

    kind: str
    message: str
    line: int | None
    defining: bool


Output = Returned | Raised


class Ending(StrEnum):
    """How the process of an answer ended."""

    FINISHED = "finished"
    LATE = "late"
    EXITED = "exited"
    KILLED = "killed"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Reply:
    """The outputs that arrived, in the order of the calls, and how it ended.

    `detail` is the exit status, or the number of the signal.
    """

    outputs: tuple[Output, ...]
    ending: Ending
    detail: int = 0


class Sandbox:
    """A warm process and the answers that run in its children. Close it, or use it with `with`.

    `run` may be called from several threads at a time.
    """

    def __init__(self) -> None:
        here, there = socket.socketpair()
        worker = Path(__file__).with_name("worker.py")
        library = _numpy_folder()
        with there:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
                [sys.executable, "-s", "-S", "-P", "-B", worker, str(there.fileno()), library],
                env=_environment(library),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(there.fileno(),),
                cwd="/",
                start_new_session=True,
            )
        self._control = here
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up: the warm process ends its children and itself."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def run(self, job: Job) -> Reply:
        """Run `job` in a child of its own, and return what came of it.

        Raises SandboxError where no child could be started; an answer cannot cause that.
        """
        read, write = os.pipe()
        try:
            with _written(job) as file:
                child = self._fork(file.fileno(), write)
        finally:
            os.close(write)
        with os.fdopen(read, "rb", buffering=0) as pipe:
            outputs, ending = _outputs(pipe, job)
        return _reply(outputs, ending, self._end(child))

    def _fork(self, job: int, reply: int) -> int:
        with self._lock, _explained():
            socket.send_fds(self._control, [MESSAGE.pack(FORK, 0)], [job, reply])
            return self._answer()

    def _end(self, child: int) -> int:
        with self._lock, _explained():
            self._control.sendall(MESSAGE.pack(END, child))
            return self._answer()

    def _answer(self) -> int:
        data = self._control.recv(MESSAGE.size, socket.MSG_WAITALL)
        if len(data) < MESSAGE.size:
            raise SandboxError("the process that runs answers has died")
        return int(MESSAGE.unpack(data)[1])


def _reply(outputs: tuple[Output, ...], ending: Ending, status: int) -> Reply:
    """Return the reply of a process that ended with `status`; one that failed never finishes."""
    if ending not in (Ending.FINISHED, Ending.EXITED) or (ending, status) == (Ending.FINISHED, 0):
        return Reply(outputs, ending)
    if os.WIFSIGNALED(status):
        return Reply(outputs, Ending.KILLED, os.WTERMSIG(status))
    return Reply(outputs, Ending.EXITED, os.waitstatus_to_exitcode(status))


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SandboxError(f"the process that runs answers does not respond: {error}") from error


def _numpy_folder() -> str:
    spec = importlib.util.find_spec("numpy")
    if spec is None or spec.origin is None:
        raise SandboxError("numpy is not installed")
    return str(Path(spec.origin).parent.parent)


def _environment(library: str) -> dict[str, str]:
    """Return a scrubbed environment; one thread a process, or a forked BLAS hangs."""
    threads = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {"PYTHONPATH": library, "PYTHONHASHSEED": "0", **dict.fromkeys(threads, "1")}


@contextlib.contextmanager
def _written(job: Job) -> Iterator[BinaryIO]:
    """Give the job as an unlinked file: unlike a pipe it never blocks the writer."""
    frame = wire.encode(
        {
            "prelude": job.prelude,
            "source": job.source,
            "file": job.file,
            "line": job.line,
            "seed": job.seed,
            "wall": job.wall,
            "memory": job.memory,
            "calls": [(call.function, call.positional, call.named) for call in job.calls],
        }
    )
    with tempfile.TemporaryFile() as file:
        file.write(frame)
        file.seek(0)
        yield file


# ── reading what a stranger writes ───────────────────────────────────────────────────────────────


def _outputs(pipe: BinaryIO, job: Job) -> tuple[tuple[Output, ...], Ending]:
    """Read one frame a call until all are there, the pipe ends, or time is up."""
    deadline = time.monotonic() + job.wall
    reader = _Pipe(pipe, deadline)
    outputs: list[Output] = []
    try:
        while len(outputs) < len(job.calls):
            output = _output(reader)
            outputs.append(output)
            if isinstance(output, Raised) and output.defining:
                break
        reader.expect_end()
    except TimeoutError:
        return tuple(outputs), Ending.LATE
    except EOFError:
        return tuple(outputs), Ending.EXITED
    except wire.WireError:
        return tuple(outputs), Ending.GARBLED
    return tuple(outputs), Ending.FINISHED


def _output(reader: _Pipe) -> Output:
    header, payload = wire.lengths(reader.take(wire.HEAD.size))
    match wire.decode(reader.take(header), reader.take(payload)):
        case {"returned": value, **rest} if not rest:
            return Returned(value)
        case {
            "raised": str(kind),
            "message": str(message),
            "line": int() | None as line,
            "doing": str(doing),
        }:
            return Raised(kind, message, line, doing == "defining")
    raise wire.WireError("no reply")


class _Pipe:
    """Takes exact numbers of bytes off a pipe, up to a deadline and a limit for all of them."""

    def __init__(self, pipe: BinaryIO, deadline: float) -> None:
        self._pipe = pipe
        self._deadline = deadline
        self._left = _MOST_REPLY
        self._poll = select.poll()
        self._poll.register(pipe, select.POLLIN | select.POLLHUP)

    def take(self, size: int) -> bytes:
        """Return `size` bytes. Raises TimeoutError, EOFError, or WireError beyond the limit."""
        self._left -= size
        if self._left < 0:
            raise wire.WireError("too many bytes")
        parts: list[bytes] = []
        while size:
            left = self._deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                raise TimeoutError
            part = self._pipe.read(min(size, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def expect_end(self) -> None:
        """Wait for the end of the pipe. Raises WireError where more bytes come."""
        try:
            self.take(1)
        except EOFError:
            return
        raise wire.WireError("bytes after the last frame")
