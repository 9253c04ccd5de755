"""Runs answers in processes of their own, and reads what a stranger writes.

How far an answer is locked in is measured, not assumed: before the first one a canary tries from
within what an answer must not do.
"""

from __future__ import annotations

import contextlib
import os
import select
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Self

from builder.verify import wire
from builder.verify.limits import LIMITS, SEATBELT, STRICT, SandboxError
from builder.verify.processes import Seatbelt, host

_MOST_REPLY = 1 << 28


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function: its name, and its arguments.

    `then` are calls of methods of what it returned, one after the other; the last one's result is
    the output. With `in_place`, the arrays among the arguments may be changed.
    """

    function: str
    positional: tuple[object, ...]
    named: dict[str, object]
    then: tuple[Call, ...] = ()
    in_place: bool = False

    def told(self) -> tuple[object, ...]:
        """Return what travels to the worker."""
        then = [(one.function, one.positional, one.named) for one in self.then]
        return self.function, self.positional, self.named, then, self.in_place


@dataclass(frozen=True, slots=True)
class Job:
    """An answer and the calls to make, in order.

    `line` is where the source starts in `file`, for tracebacks. `wall` is in seconds for all calls
    together, `memory` in bytes on top of what numpy needs. After the calls each of `examples` is
    run like a line typed at Python's prompt; the output is the text that it shows.
    """

    prelude: str
    source: str
    file: str
    line: int
    calls: tuple[Call, ...]
    seed: int
    wall: float
    memory: int
    examples: tuple[str, ...] = ()


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


# What an answer must not be able to do. It names the attempts that were not refused.
_CANARY = """
import os, signal, socket

def escapes():
    attempts = {
        "files": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "network": lambda: socket.socket(),
        "processes": lambda: os.fork() or os._exit(0),
        "signals": lambda: os.kill(os.getppid(), 0),
    }
    found = []
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError:
            continue
        found.append(name)
    return found
"""


class Sandbox:
    """Runs jobs, each in a process of its own. Close it, or use it with `with`.

    `level` says how far answers are locked in. `run` may be called from several threads at a time.
    """

    def __init__(self) -> None:
        self._host = host()
        try:
            self.level = self._measured()
        except BaseException:
            self.close()
            raise

    def _measured(self) -> str:
        """Return how far answers are locked in, by what a canary can do where they run."""
        job = Job("", _CANARY, "canary", 1, (Call("escapes", (), {}),), 0, 10.0, 1 << 26)
        match self.run(job):
            case Reply((Returned([]),), Ending.FINISHED):
                return SEATBELT if isinstance(self._host, Seatbelt) else STRICT
            case Reply((Returned(list()),), Ending.FINISHED):
                return LIMITS
        raise SandboxError("the process that runs answers does not work on this system")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End whatever still runs."""
        self._host.close()

    def run(self, job: Job) -> Reply:
        """Run `job` in a process of its own, and return what came of it.

        Raises SandboxError where none could be started; an answer cannot cause that.
        """
        try:
            read, process = self._started(job)
        except OSError as error:
            raise SandboxError(f"no process can be started for an answer: {error}") from error
        with os.fdopen(read, "rb", buffering=0) as pipe:
            try:
                outputs, ending = _outputs(pipe, job)
            finally:
                status = self._host.end(process)
        return _reply(outputs, ending, status)

    def _started(self, job: Job) -> tuple[int, int]:
        """Start a process for `job`; return the end of its pipe to read from, and its id."""
        read, write = os.pipe()
        try:
            with _written(job) as file:
                return read, self._host.start(file.fileno(), write)
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)


def _reply(outputs: tuple[Output, ...], ending: Ending, status: int) -> Reply:
    """Return the reply of a process that ended with `status`; one that failed never finishes."""
    if ending not in (Ending.FINISHED, Ending.EXITED) or (ending, status) == (Ending.FINISHED, 0):
        return Reply(outputs, ending)
    if os.WIFSIGNALED(status):
        return Reply(outputs, Ending.KILLED, os.WTERMSIG(status))
    return Reply(outputs, Ending.EXITED, os.waitstatus_to_exitcode(status))


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
            "calls": [call.told() for call in job.calls],
            "examples": list(job.examples),
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
        while len(outputs) < len(job.calls) + len(job.examples):
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
