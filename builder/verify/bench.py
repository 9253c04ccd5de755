"""Where answers are judged: remembers verdicts, and starts a sandbox once there is one to find."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from builder.model import Card, Code, Misfit, Status, Verdict
from builder.source import Source
from builder.verify import cache
from builder.verify.judge import judge
from builder.verify.limits import LIMITS, NONE, SEATBELT, STRICT, Limits, Order, SandboxError
from builder.verify.own import Shelves
from builder.verify.sandbox import Sandbox

_UNSAFE = (
    "answers cannot be locked in on this system, so they could read your files and use your "
    "network: pass --trust if you would run this code yourself (never in CI), or --no-run"
)


class Bench:
    """Judges cards as `order` says, from several threads at a time. Close it, or use `with`.

    `isolation` is how far answers were locked in, now or when they were judged; `remembered`
    counts the cards that were not run again.
    """

    def __init__(self, order: Order, own: Sequence[Source] = ()) -> None:
        self._order = order
        self._shelves = Shelves(own)
        self._cache = cache.Cache(order.cache)
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None
        self._closed = False
        self._deadline = time.monotonic() + order.budget
        self.isolation = NONE
        self.remembered = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End whatever still runs; nothing is started from now on."""
        with self._lock:
            self._closed = True
            if self._sandbox:
                self._sandbox.close()

    @property
    def misfits(self) -> tuple[Misfit, ...]:
        """What the bank's own kernels lack, as far as they were needed."""
        return self._shelves.misfits

    def judge(self, card: Card, limits: Limits | None = None) -> tuple[Verdict, ...]:
        """Return the verdicts on a code card, within `limits` or those of the order."""
        assert card.code, "only code is judged"
        limits = limits or self._order.limits
        return self._remembered(card.code, limits) or self._judged(card, card.code, limits)

    def _remembered(self, code: Code, limits: Limits) -> tuple[Verdict, ...] | None:
        """Look under each level that would do; one that is not measured yet may be any of them."""
        started = self._sandbox
        for level in (started.level,) if started else (STRICT, SEATBELT):
            found = self._cache.get(self._key(code, limits, level), code)
            if found:
                with self._lock:
                    self.remembered += 1
                    self.isolation = level if self.isolation == NONE else self.isolation
                return found
        return None

    def _judged(self, card: Card, code: Code, limits: Limits) -> tuple[Verdict, ...]:
        left = self._deadline - time.monotonic()
        if left <= 0:
            return (self._out_of_time(Verdict(Status.TIMED_OUT, None, code.place), "not run"),)
        sandbox = self._started()
        granted = Limits(min(limits.wall, left), limits.memory)
        shelf = self._shelves.shelf(code, sandbox, self._order.seed, granted)
        verdicts = judge(card, sandbox, self._order.seed, granted, shelf)
        if granted.wall < limits.wall:
            verdicts = tuple(
                self._out_of_time(one, "stopped") if one.status is Status.TIMED_OUT else one
                for one in verdicts
            )
        if not self._shelves.misfits:
            self._cache.put(self._key(code, limits, sandbox.level), code, verdicts)
        return verdicts

    def _key(self, code: Code, limits: Limits, level: str) -> str:
        return cache.key(code, limits, level, self._shelves.told(code))

    def _out_of_time(self, verdict: Verdict, what: str) -> Verdict:
        """Return a verdict that blames the run and not the answer."""
        who = f"`{verdict.function}`" if verdict.function else "this answer"
        return replace(
            verdict,
            summary=f"{who} was {what}: the time for this run, {self._order.budget:g} s, is spent",
            hint="run it again: what has been judged is remembered",
        )

    def _started(self) -> Sandbox:
        with self._lock:
            if self._closed:
                raise SandboxError("the run was ended")
            if self._sandbox is None:
                sandbox = Sandbox()
                if sandbox.level == LIMITS and not self._order.trust:
                    sandbox.close()
                    raise SandboxError(_UNSAFE)
                self._sandbox = sandbox
                self.isolation = sandbox.level
            return self._sandbox
