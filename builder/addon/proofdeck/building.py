"""The build command: run with a time limit, ended on demand, its output read for people."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from .constants import CancelledError, ProblemError

_MOST = 2_000_000  # bytes of output that are shown
_PAUSE = 0.1  # seconds between two looks at the process

# What the interpreter of Anki may have set for itself, and what would mislead another one.
_OWN_TO_ANKI = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True)
class Built:
    """How a build ended: its exit status and all that it printed."""

    status: int
    output: str


@dataclass(frozen=True)
class Finding:
    """One diagnostic: "error" or "warning", its code and message, and `file:line:column`."""

    severity: str
    code: str
    message: str
    place: str


def run(command: Sequence[str], folder: Path, seconds: float, cancelled: Event) -> Built:
    """Run `command` in `folder`, without a shell.

    Raises ProblemError where it cannot start or takes longer than `seconds`, and CancelledError
    once `cancelled` is set; whatever it started has then been ended.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 # the learner's own command
                list(command),
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ProblemError(f"The build command cannot be run: {command[0]}: {why}") from error
        status = _wait(process, time.monotonic() + seconds, cancelled)
        output.seek(0)
        text = output.read(_MOST).decode("utf-8", "replace")
    if status is None:
        raise ProblemError(f"The build took longer than {seconds:g} s and was ended.", plain(text))
    return Built(status, plain(text))


def _wait(process: subprocess.Popen[bytes], deadline: float, cancelled: Event) -> int | None:
    """Return the exit status, None where the time is over."""
    while True:
        try:
            return process.wait(_PAUSE)
        except subprocess.TimeoutExpired:
            if cancelled.is_set():
                _end(process)
                raise CancelledError from None
            if time.monotonic() > deadline:
                _end(process)
                return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started: an interrupt first, so that it can clean up."""
    for sign in ("SIGINT", "SIGKILL"):
        try:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, getattr(signal, sign))
            else:
                process.kill()
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OWN_TO_ANKI}
    return {**kept, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(output: str) -> str:
    """Return `output` without colours and controls, with plain newlines."""
    return _ESCAPE.sub("", output.replace("\r\n", "\n")).replace("\r", "\n")


_HEAD = re.compile(r"^(error|warning)\[(\w+)\]: (.+)$")
_PLACE = re.compile(r"^\s*--> (.+:\d+:\d+)$")


def findings(output: str) -> tuple[Finding, ...]:
    r"""Return the diagnostics of a report as proofdeck prints it, in its order.

    >>> report = "error[B101]: no answer\n  --> bank.md:3:1\n   |\n"
    >>> findings(report)
    (Finding(severity='error', code='B101', message='no answer', place='bank.md:3:1'),)
    """
    found: list[Finding] = []
    for line in output.split("\n"):
        head, place = _HEAD.match(line), _PLACE.match(line)
        if head:
            found.append(Finding(head[1], head[2], head[3], ""))
        elif place and found and not found[-1].place:
            last = found[-1]
            found[-1] = Finding(last.severity, last.code, last.message, place[1])
    return tuple(found)
