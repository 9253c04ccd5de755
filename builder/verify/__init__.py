"""Bank to verdicts: every code answer runs in a process of its own and is judged in this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.model import Bank, Card, Misfit, Status, Verdict
from builder.source import Source
from builder.verify.limits import NONE, PRELUDE, Limits, Order, SandboxError

if TYPE_CHECKING:
    from builder.verify.bench import Bench

__all__ = [
    "PRELUDE", "Judged", "Limits", "Order", "SandboxError", "code_cards", "not_run", "opened",
    "verify",
]  # fmt: skip

_NO_HOST = (
    "answers cannot be run on this system: use the Windows Subsystem for Linux, or judge the text "
    "alone with --no-run"
)

Progress = Callable[[int, int, str], None]
"""Told before each verdict: how many are done, of how many, and the question that comes next."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts of every code card, by key, and the isolation that the answers ran in.

    `remembered` counts the cards whose verdicts come from an earlier run. `misfits` are kernels of
    the bank's own that cannot be used.
    """

    verdicts: Mapping[str, tuple[Verdict, ...]]
    isolation: str = NONE
    remembered: int = 0
    misfits: tuple[Misfit, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether an answer was run at all."""
        return self.isolation != NONE and self.remembered < len(self.verdicts)


def verify(bank: Bank, order: Order, progress: Progress, own: Sequence[Source] = ()) -> Judged:
    """Judge every code card, by the canon and the bank's `own` kernels. Starts what is needed.

    Raises SandboxError where answers cannot be run at all, or only without being locked in and
    nobody said that they are trusted.
    """
    cards = code_cards(bank)
    if not cards:
        return Judged({})
    with opened(order, own) as (bench, pool):
        judged = pool.map(bench.judge, cards)
        verdicts: dict[str, tuple[Verdict, ...]] = {}
        for done, card in enumerate(cards):
            progress(done, len(cards), card.question)
            verdicts[card.key] = next(judged)
    return Judged(verdicts, bench.isolation, bench.remembered, bench.misfits)


@contextmanager
def opened(order: Order, own: Sequence[Source] = ()) -> Iterator[tuple[Bench, ThreadPoolExecutor]]:
    """Open a bench, and threads that work at it; both end with the `with`."""
    if not hasattr(os, "fork"):
        raise SandboxError(_NO_HOST)
    from builder.verify.bench import Bench

    with Bench(order, own) as bench, _workers(bench.close) as pool:
        yield bench, pool


def not_run(bank: Bank) -> Judged:
    """Return a verdict for every code card that says: nobody ran this."""
    verdicts = {
        card.key: (Verdict(Status.NOT_RUN, None, card.question_place),) for card in code_cards(bank)
    }
    return Judged(verdicts)


def code_cards(bank: Bank) -> Sequence[Card]:
    """Return the cards whose answers are Python."""
    return [card for card in bank.cards() if card.code]


@contextmanager
def _workers(stop: Callable[[], None]) -> Iterator[ThreadPoolExecutor]:
    """Give a thread a core; after an exception `stop` ends what the threads wait for."""
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        stop()
        raise
    pool.shutdown()
