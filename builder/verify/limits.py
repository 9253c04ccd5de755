"""What an answer may use, and how far it is locked in. Light to import: nothing runs here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder.model import CannotRunError

NONE = "none"
"""Nothing ran."""

STRICT = "strict"
"""Answers can neither open a file or a connection, nor start or signal a process."""

SEATBELT = "seatbelt"
"""The same on macOS, by its own means."""

LIMITS = "limits"
"""Time, memory and processes of answers are bounded, and no more: they must be trusted."""

PRELUDE = "import numpy as np"
"""What runs before every answer; answers of interview banks leave it out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds of wall clock for all calls of one answer, and bytes of memory beside numpy's own."""

    wall: float = 10.0
    memory: int = 1 << 29


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Order:
    """How a bank is to be judged.

    `seed` makes the random inputs. `cache` is the folder of remembered verdicts, None to run every
    answer. `budget` is in seconds of wall clock for all answers together. With `trust`, answers
    may run where they cannot be locked in.
    """

    seed: int
    limits: Limits = DEFAULT_LIMITS
    budget: float = 900.0
    cache: Path | None = None
    trust: bool = False


class SandboxError(CannotRunError):
    """Answers cannot be run at all; the message says why."""
