"""The command as a person types it: in this process, or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
import reading

from builder.cli import main


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind: its exit status, and what it wrote where."""

    status: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Outcome:
    """Run the command in this process."""
    status = main(arguments)
    written = capsys.readouterr()
    return Outcome(status, written.out, written.err)


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which the command is found from any folder."""
    left_out = ("PYTHON", "CI", "NO_COLOR", "SOURCE_DATE_EPOCH")
    quiet = {name: text for name, text in os.environ.items() if not name.startswith(left_out)}
    return {**quiet, "PYTHONPATH": str(reading.REPOSITORY), "PYTHONWARNINGS": "error", **more}


def command(*arguments: str) -> Sequence[str]:
    """Return the command line of a run in a process of its own."""
    return [sys.executable, "-m", "builder", *arguments]


def spawn(*arguments: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own, with `more` in its environment."""
    return subprocess.run(
        command(*arguments), env=environment(**more), capture_output=True, check=False, timeout=60
    )
