"""The nouns of an audit: mistakes put into right answers, and whether the checks notice them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from builder.model import Card, Diagnostic, Misfit, Place

DELETED = "pass  # "
"""What stands in the place of a deleted statement, followed by the statement."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program with one mistake.

    Lines and columns of the change count characters of the answer from 1, its end is exclusive.
    `before` and `after` are the statement's line without and with the mistake.
    """

    source: str
    line: int
    column: int
    end_line: int
    end_column: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A person's word that a mutant is no mistake, and why: `mutant` is its line, as it is shown.

    It speaks of the answers to `function` in `note`.
    """

    note: str
    function: str
    mutant: str
    reason: str
    place: Place


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    """It does not match any more."""

    TOLD = "told"
    """It matches, and the verdict names another convention or another reach than the answer's."""

    EQUIVALENT = "equivalent"
    """It matches, and a person has reviewed it."""

    MISSED = "missed"
    """It matches, and nobody is told anything."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant before the judge. `why` is what is told, or the reason of its review.

    `late` says that it was killed by the clock alone.
    """

    mutant: Mutant
    outcome: Outcome
    why: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Audited:
    """A right answer, its functions, and all trials of it.

    `possible` counts all its mutants: of very many only some are tried.
    """

    card: Card
    functions: tuple[str, ...]
    trials: tuple[Trial, ...]
    possible: int

    def count(self, outcome: Outcome) -> int:
        """How many mutants ended with `outcome`."""
        return sum(trial.outcome is outcome for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Stale:
    """A review that no longer applies, and why."""

    reviewed: Reviewed
    why: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    `left` are the answers that do not match, or that nobody checks; `misfits` are kernels of the
    bank's own that cannot be used.
    """

    answers: tuple[Audited, ...]
    left: tuple[Card, ...]
    stale: tuple[Stale, ...]
    isolation: str
    misfits: tuple[Misfit, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All that an audit has to say; `excerpts` are the lines that its diagnostics show."""

    audit: Audit
    diagnostics: tuple[Diagnostic, ...]
    excerpts: Mapping[tuple[str, int], str]
    seed: int | None

    @property
    def clean(self) -> bool:
        """Whether nothing is missed, stale or unread."""
        return not self.diagnostics
