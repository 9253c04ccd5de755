"""Are the checks any good? Puts mistakes into right answers, and looks which are noticed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from builder.audited import Audit, Audited, Mutant, Outcome, Reviewed, Stale, Trial
from builder.model import Bank, Card, Status, Verdict
from builder.source import Source
from builder.verify import Progress, code_cards, opened
from builder.verify.bench import Bench
from builder.verify.limits import NONE, Limits, Order
from builder.verify.mutants import MOST, evenly, every

Verdicts = tuple[Verdict, ...]

_SHORTEST = 2.0
_PATIENCE = 5
"""A mutant has this many times as long as its answer took on the same busy machine, and at least
`_SHORTEST` seconds: many a mutant loops for ever, and who is late does not match."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """A right answer, what the judge says of it, the mutants to try, and the limits of each."""

    card: Card
    verdicts: Verdicts
    mutants: tuple[Mutant, ...]
    possible: int
    limits: Limits
    reviewed: dict[str, Reviewed]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that are judged."""
        return tuple(verdict.function or "" for verdict in self.verdicts)


def audit(
    bank: Bank,
    reviewed: Sequence[Reviewed],
    order: Order,
    progress: Progress,
    *,
    whole: bool,
    own: Sequence[Source] = (),
) -> Audit:
    """Try the mutants of every right answer of `bank`, by the canon and the bank's `own` kernels.

    With `whole`, a review of a function that no answer has is stale; else that answer may have
    been left out. `progress` is told of the answers, then of the mutants. Nothing is remembered
    on the disk. Raises SandboxError as `verify` does.
    """
    cards = code_cards(bank)
    if not cards:
        return Audit((), (), _orphans(cards, {}, reviewed) if whole else (), NONE)
    order = replace(order, cache=None, budget=math.inf)
    with opened(order, own) as (bench, pool):
        judged: dict[str, Verdicts] = {}
        subjects: list[_Subject] = []
        timed = pool.map(lambda card: _timed(bench, card), cards)
        for number, card in enumerate(cards):
            progress(number, len(cards), card.question)
            judged[card.key], seconds = next(timed)
            if _is_right(judged[card.key]):
                subjects.append(_subject(card, judged[card.key], seconds, reviewed, order.limits))

        work = [(subject, mutant) for subject in subjects for mutant in subject.mutants]
        trials = pool.map(lambda one: _trial(bench, *one), work)
        done: dict[str, list[Trial]] = {subject.card.key: [] for subject in subjects}
        for number, (subject, _) in enumerate(work):
            progress(number, len(work), subject.card.question)
            done[subject.card.key].append(next(trials))
    answers = tuple(
        Audited(one.card, one.functions, tuple(done[one.card.key]), one.possible)
        for one in subjects
    )
    left = tuple(card for card in cards if not _is_right(judged[card.key]))
    stale = (*_stale(answers, reviewed), *(_orphans(cards, judged, reviewed) if whole else ()))
    return Audit(answers, left, stale, bench.isolation, bench.misfits)


# ── one answer, and one mutant of it ─────────────────────────────────────────────────────────────


def _timed(bench: Bench, card: Card) -> tuple[Verdicts, float]:
    start = time.monotonic()
    verdicts = bench.judge(card)
    return verdicts, time.monotonic() - start


def _is_right(verdicts: Verdicts) -> bool:
    return all(verdict.status is Status.MATCHES for verdict in verdicts)


def _subject(
    card: Card, verdicts: Verdicts, seconds: float, reviewed: Sequence[Reviewed], limits: Limits
) -> _Subject:
    assert card.code, "only code has mutants"
    functions = {verdict.function for verdict in verdicts}
    mine = {
        one.mutant: one
        for one in reviewed
        if one.note == card.place.file and one.function in functions
    }
    possible = every(card.code.source)
    chosen = {mutant.source for mutant in evenly(possible, MOST)}
    # What somebody has reviewed is tried in any case: so it is known whether that still applies.
    mutants = tuple(one for one in possible if one.source in chosen or one.after in mine)
    wall = min(max(_SHORTEST, _PATIENCE * seconds), limits.wall)
    return _Subject(card, verdicts, mutants, len(possible), Limits(wall, limits.memory), mine)


def _trial(bench: Bench, subject: _Subject, mutant: Mutant) -> Trial:
    assert subject.card.code, "only code has mutants"
    code = replace(subject.card.code, source=mutant.source)
    verdicts = bench.judge(replace(subject.card, answer=code), subject.limits)
    if not _is_right(verdicts):
        wrong = {verdict.status for verdict in verdicts} - {Status.MATCHES}
        return Trial(mutant, Outcome.KILLED, late=wrong == {Status.TIMED_OUT})
    if told := _told(subject.verdicts, verdicts):
        return Trial(mutant, Outcome.TOLD, told)
    if review := subject.reviewed.get(mutant.after):
        return Trial(mutant, Outcome.EQUIVALENT, review.reason)
    return Trial(mutant, Outcome.MISSED)


def _told(original: Verdicts, mutated: Verdicts) -> str:
    """Return what a verdict says of a mutant that it did not say before, empty if nothing."""
    if [one.function for one in original] != [one.function for one in mutated]:
        return f"other functions: {', '.join(one.function or '' for one in mutated)}"
    said = (
        after
        for was, now in zip(original, mutated, strict=True)
        for before, after in zip(_reach(was), _reach(now), strict=True)
        if before != after
    )
    return next((words or "less than before" for words in said), "")


def _reach(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.variant, verdict.domain, verdict.beyond


# ── reviews that no longer apply ─────────────────────────────────────────────────────────────────

_GONE = "no such mutant: the answer has changed, or the line is written differently"
_OUTCOMES = {
    Outcome.KILLED: "it is noticed now: the mutant does not match",
    Outcome.TOLD: "the reader of the report is told now",
}


def _stale(answers: Sequence[Audited], reviewed: Sequence[Reviewed]) -> Iterator[Stale]:
    """Yield the reviews of audited answers whose mutant does not pass unnoticed, or isn't there."""
    for one in reviewed:
        ours = [
            answer
            for answer in answers
            if answer.card.place.file == one.note and one.function in answer.functions
        ]
        trials = [
            trial for answer in ours for trial in answer.trials if trial.mutant.after == one.mutant
        ]
        outcomes = {trial.outcome for trial in trials}
        # On a busy machine what is right may be late: that says nothing against its review.
        if ours and Outcome.EQUIVALENT not in outcomes and not any(trial.late for trial in trials):
            why = next((words for kind, words in _OUTCOMES.items() if kind in outcomes), _GONE)
            yield Stale(one, why)


def _orphans(
    cards: Sequence[Card], verdicts: Mapping[str, Verdicts], reviewed: Sequence[Reviewed]
) -> tuple[Stale, ...]:
    """Return the reviews of functions that no answer of their note has."""
    known = {
        (card.place.file, verdict.function)
        for card in cards
        for verdict in verdicts.get(card.key, ())
    }
    vague = {file for file, function in known if function is None}
    return tuple(
        Stale(one, f"no answer of {one.note} defines `{one.function}`")
        for one in reviewed
        if (one.note, one.function) not in known and one.note not in vague
    )
