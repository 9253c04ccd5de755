"""Bank to verdicts: every code answer runs in a process of its own and is judged in this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from builder.model import Bank, Card, Status, Verdict
from builder.verify.limits import LIMITS, NONE, PRELUDE, Limits, SandboxError

__all__ = ["PRELUDE", "Judged", "Limits", "SandboxError", "not_run", "verify"]

_UNSAFE = (
    "answers cannot be locked in on this system, so they could read your files and use your "
    "network: pass --trust if you would run this code yourself (never in CI), or --no-run"
)

Progress = Callable[[int, int, str], None]
"""Told before each verdict: how many are done, of how many, and the question that comes next."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdicts of every code card, by key, and the isolation that the answers ran in."""

    verdicts: Mapping[str, tuple[Verdict, ...]]
    isolation: str = NONE


def verify(bank: Bank, seed: int, limits: Limits, progress: Progress, *, trusted: bool) -> Judged:
    """Judge every code card. Nothing is started where there is none.

    Raises SandboxError where answers cannot be run at all, or only without strict isolation and
    nobody said that they are `trusted`.
    """
    cards = _code_cards(bank)
    if not cards:
        return Judged({})
    try:
        from builder.verify.judge import judge
        from builder.verify.sandbox import Sandbox
    except ImportError as error:
        raise SandboxError(f"answers cannot be run on this system: {error}") from error

    with Sandbox() as sandbox, _workers(sandbox.close) as pool:
        if sandbox.level == LIMITS and not trusted:
            raise SandboxError(_UNSAFE)
        judged = pool.map(lambda card: judge(card, sandbox, seed, limits), cards)
        verdicts: dict[str, tuple[Verdict, ...]] = {}
        for done, card in enumerate(cards):
            progress(done, len(cards), card.question)
            verdicts[card.key] = next(judged)
        return Judged(verdicts, sandbox.level)


def not_run(bank: Bank) -> Judged:
    """Return a verdict for every code card that says: nobody ran this."""
    verdicts = {
        card.key: (Verdict(Status.NOT_RUN, None, card.question_place),)
        for card in _code_cards(bank)
    }
    return Judged(verdicts)


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
