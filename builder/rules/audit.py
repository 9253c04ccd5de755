"""Rules about the checks themselves: what an audit found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.audited import Audit, Audited, Mutant, Outcome
from builder.model import Diagnostic, Place
from builder.rules.rule import error, warning
from builder.rules.verification import label_of

MISSED = error(
    "M501",
    "missed-mutant",
    """A mistake was put into a right answer, and it still matches: no case tells the two apart.
    Either both are right, which a review in `NAME.audit.toml` may say with its reason, or the
    kernel lacks a case. Only `audit` looks for this.""",
)
STALE = warning(
    "M502",
    "stale-review",
    """A review in `NAME.audit.toml` that applies to no mutant any more: it is noticed now, or the
    answer has changed. Delete it. Only `audit` looks for this.""",
)


def findings(audit: Audit) -> Iterator[Diagnostic]:
    """Yield what is to be said about the mutants that passed unnoticed, and about old reviews."""
    for answer in audit.answers:
        lines: dict[tuple[int, str], list[Mutant]] = {}
        for mutant in (one.mutant for one in answer.trials if one.outcome is Outcome.MISSED):
            lines.setdefault((mutant.line, mutant.before), []).append(mutant)
        yield from (_missed(answer, mutants) for mutants in lines.values())
    for stale in audit.stale:
        one = stale.reviewed
        yield STALE.at(
            one.place,
            f"this review of `{one.function}` no longer applies",
            notes=(("mutant", one.mutant), ("why", stale.why)),
            hint="delete it, or review again what is reported in its place",
        )


def _missed(answer: Audited, mutants: Sequence[Mutant]) -> Diagnostic:
    """Return the diagnostic of a line, all of whose `mutants` passed unnoticed."""
    card = answer.card
    names = " and ".join(f"`{name}`" for name in answer.functions)
    one = len(mutants) == 1
    what = "a mistake" if one else f"any of {len(mutants)} mistakes"
    same = "both are right" if one else "all are right"
    return MISSED.at(
        _place(card.answer.place, mutants),
        f"{names} still matches with {what} in it",
        label=label_of(card),
        notes=(
            ("answer", mutants[0].before),
            *(("mutant", mutant.after) for mutant in mutants),
            ("why", f"no case tells them apart: {same}, or the kernel lacks a case"),
        ),
        hint="what is right is reviewed in the note's .audit.toml, with the reason",
    )


def _place(answer: Place, mutants: Sequence[Mutant]) -> Place:
    """Return where the changes stand in the note, whose lines may be further indented."""
    column = min(mutant.column for mutant in mutants)
    line, end = max((mutant.end_line, mutant.end_column) for mutant in mutants)
    return Place(
        answer.file,
        answer.line + mutants[0].line - 1,
        answer.column + column - 1,
        answer.line + line - 1,
        answer.column + end - 1,
    )
