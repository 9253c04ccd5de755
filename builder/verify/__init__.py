"""Bank to verdicts: every code answer runs in a process of its own and is judged in this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from builder.model import Bank, Card, Status, Verdict
from builder.verify.limits import LEVEL, PRELUDE, Limits, SandboxError

__all__ = ["LEVEL", "PRELUDE", "Limits", "SandboxError", "not_run", "verify"]

Progress = Callable[[int, int, str], None]
"""Told before each verdict: how many are done, of how many, and the question that comes next."""


def verify(
    bank: Bank, seed: int, limits: Limits, progress: Progress
) -> Mapping[str, tuple[Verdict, ...]]:
    """Return the verdicts of every code card, by key. Nothing is started where there is none.

    Raises SandboxError where answers cannot be run at all.
    """
    cards = _code_cards(bank)
    if not cards:
        return {}
    try:
        from builder.verify.judge import judge
        from builder.verify.sandbox import Sandbox
    except ImportError as error:
        raise SandboxError(f"answers cannot be run on this system: {error}") from error

    with Sandbox() as sandbox, _workers(sandbox.close) as pool:
        judged = pool.map(lambda card: judge(card, sandbox, seed, limits), cards)
        verdicts: dict[str, tuple[Verdict, ...]] = {}
        for done, card in enumerate(cards):
            progress(done, len(cards), card.question)
            verdicts[card.key] = next(judged)
    return verdicts


def not_run(bank: Bank) -> Mapping[str, tuple[Verdict, ...]]:
    """Return a verdict for every code card that says: nobody ran this."""
    return {
        card.key: (Verdict(Status.NOT_RUN, None, card.question_place),)
        for card in _code_cards(bank)
    }


def _code_cards(bank: Bank) -> Sequence[Card]:
    return [card for card in bank.cards() if card.kind == "code"]


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
