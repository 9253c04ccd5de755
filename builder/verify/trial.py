"""The trial of one function: its cases are run in a child, and what came back is judged here.

An answer is taken to follow each convention and to stand in each domain in turn. It is right where
one reading holds for every case; else the reading that explains most is told.
"""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from builder.kernels.kernel import Case, Domain, Kernel, Level, Variant
from builder.model import Cause, Code, Place, Status, Tier, Verdict
from builder.verify.binding import Binding
from builder.verify.compare import Standard
from builder.verify.limits import PRELUDE, Limits
from builder.verify.sandbox import Call, Ending, Job, Output, Raised, Reply, Returned, Sandbox
from builder.verify.show import harmless, show

# What a reference raises where its arguments make no sense.
_CANNOT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MemoryError)


Far = tuple[float, ...]
"""How far an answer is from right; of two, the smaller one is nearer."""

_FARTHEST = (inf,)


@dataclass(frozen=True, slots=True)
class Asked:
    """A case of a domain, with the outputs of its repeats as far as they arrived."""

    domain: Domain
    case: Case
    outputs: tuple[Output, ...]

    @property
    def complete(self) -> bool:
        """Whether every repeat was answered."""
        return len(self.outputs) == self.case.repeats


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer taken to follow one variant and to stand in one domain.

    `failure` is the first case of the domain that does not hold. `reached` counts those before it:
    of two readings that fail, the one that reaches further explains more.
    """

    variant: Variant
    domain: Domain
    reached: int
    failure: Asked | None

    def weight(self) -> tuple[int, bool]:
        """Return how much this failure explains: a wrong value says more than an exception."""
        assert self.failure, "only failures are weighed"
        return self.reached, not any(isinstance(one, Raised) for one in self.failure.outputs)


@dataclass(frozen=True, slots=True)
class Trial:
    """One function or class of an answer before a kernel whose parameters it takes."""

    code: Code
    place: Place
    kernel: Kernel
    binding: Binding

    def verdict(self, sandbox: Sandbox, seed: int, limits: Limits) -> tuple[Verdict, Far]:
        """Run all cases in one child and judge what came back; tell how far from right it is."""
        patience = _PATIENCE * _reference_seconds(self.kernel) if self.kernel.patient else 0.0
        wall = max(limits.wall, patience)
        limits = Limits(wall, limits.memory)
        seed = _seed(seed, self.kernel.name, self.binding.function)
        cases = self._cases(np.random.default_rng(seed))
        reply = sandbox.run(self._job(cases, seed, limits))
        return self._judged(_with_outputs(cases, reply), reply, limits)

    def _cases(self, rng: np.random.Generator) -> list[tuple[Domain, Case]]:
        return [
            (domain, case)
            for domain in sorted(self.kernel.domains, key=lambda domain: not domain.alone)
            for case in domain.cases(rng)
            if self.binding.expresses(case)
        ]

    def _job(self, cases: Sequence[tuple[Domain, Case]], seed: int, limits: Limits) -> Job:
        calls: list[Call] = []
        for _, case in cases:
            calls += [self.binding.call(case)] * case.repeats
        code = self.code
        return Job(
            PRELUDE, code.source, code.place.file, code.place.line, tuple(calls), seed,
            limits.wall, limits.memory,
        )  # fmt: skip

    def _judged(self, asked: Sequence[Asked], reply: Reply, limits: Limits) -> tuple[Verdict, Far]:
        first = reply.outputs[0] if reply.outputs else None
        if isinstance(first, Raised) and first.defining:
            return self._raised(first, (), None), _FARTHEST
        readings: list[Reading] = []
        for reading in self._readings(asked):
            readings.append(reading)
            if reading.failure is None:
                break
        if not readings:
            return self._unasked(), _FARTHEST
        if readings[-1].failure is None:
            # A pass needs the end of the process, too: whatever it did beside returning is a fault.
            if reply.ending is Ending.FINISHED:
                return self._matches(asked, readings[-1]), ()
            return self._ended(None, reply, limits, ()), _FARTHEST
        told = self._telling(readings)
        return self._fails(asked, told, reply, limits), self._distance(told)

    def _readings(self, asked: Sequence[Asked]) -> Iterator[Reading]:
        for domain in self.kernel.domains:
            for variant in self.kernel.variants if domain.alone else ():
                if self.binding.follows(variant):
                    reading = self._reading(asked, variant, domain)
                    if reading:
                        yield reading

    def _telling(self, readings: Sequence[Reading]) -> Reading:
        """Return the failed reading that explains most.

        Of several, it is the first in which a well-known mistake is seen, else the one that is
        nearest to right.
        """
        most = max(reading.weight() for reading in readings)
        best = [reading for reading in readings if reading.weight() == most]
        best = [reading for reading in best if reading.domain is best[0].domain]
        if len(best) == 1:
            return best[0]
        known = (reading for reading in best if self._mistake(reading))
        return next(known, None) or min(best, key=self._distance)

    def _distance(self, reading: Reading) -> Far:
        one = reading.failure
        assert one, "only failures are weighed"
        returned = self._returned(one)
        if len(returned) < one.case.repeats:
            return _FARTHEST
        return self._standard(one.case, reading.variant).distance(returned)

    def _unasked(self) -> Verdict:
        name = self.binding.function
        return self._base(
            Status.REFUSED,
            cause=Cause.CALL,
            summary=f"`{name}` cannot be called: nothing that {self.kernel.signature} asks fits it",
            hint=f"known names are {known_names(self.kernel)}",
        )

    def _reading(self, asked: Sequence[Asked], variant: Variant, domain: Domain) -> Reading | None:
        """Return how far a domain holds under a convention; None where none of it can be asked."""
        mine = [one for one in asked if one.domain is domain]
        try:
            mine = [one for one in mine if self._applies(one, variant)]
            for reached, one in enumerate(mine):
                if not self._holds(one, variant):
                    return Reading(variant, domain, reached, one)
        except _CANNOT:
            return None  # the reference cannot do it either, with defaults such as the answer's
        return Reading(variant, domain, len(mine), None) if mine else None

    def _applies(self, asked: Asked, variant: Variant) -> bool:
        return variant.applies(self.binding.canonical(asked.case, variant))

    def _holds(self, asked: Asked, variant: Variant) -> bool:
        standard = self._standard(asked.case, variant)
        if not variant.applies(standard.arguments):
            return True
        returned = self._returned(asked)
        return len(returned) == asked.case.repeats and standard.holds(returned)

    def _standard(self, case: Case, variant: Variant) -> Standard:
        arguments = self.binding.canonical(case, variant)
        return Standard(variant, case, arguments, self.kernel.cache)

    def _returned(self, asked: Asked) -> list[object]:
        return [one.value for one in asked.outputs if isinstance(one, Returned)]

    # ── how it is told ───────────────────────────────────────────────────────────────────────────

    def _matches(self, asked: Sequence[Asked], reading: Reading) -> Verdict:
        domains = {one.domain.words: True for one in asked}
        held = self._held(asked, reading)
        for one, holds in zip(asked, held, strict=True):
            domains[one.domain.words] &= holds
        reach = (words for words, holds in domains.items() if holds)
        beyond = (words for words, holds in domains.items() if not holds)
        return self._base(
            Status.MATCHES,
            variant=self.binding.told_of(reading.variant),
            domain=", ".join((*reach, *self.binding.absent)),
            beyond=", ".join(beyond),
            tiers=_tiers(asked, held, reading.domain),
            formula=self.kernel.formula,
        )

    def _held(self, asked: Sequence[Asked], reading: Reading) -> list[bool]:
        held: list[bool] = []
        for one in asked:
            try:
                held.append(self._holds(one, reading.variant))
            except _CANNOT:
                held.append(False)
        return held

    def _fails(
        self, asked: Sequence[Asked], reading: Reading, reply: Reply, limits: Limits
    ) -> Verdict:
        assert reading.failure, "only a failed reading is told"
        one = reading.failure
        tiers = _tiers(asked, self._held(asked, reading), reading.domain)
        if not one.complete:
            return self._ended(one, reply, limits, tiers)
        raised = next((output for output in one.outputs if isinstance(output, Raised)), None)
        if raised:
            return self._raised(raised, tiers, one)
        return self._differs(one, reading, tiers)

    def _differs(self, one: Asked, reading: Reading, tiers: tuple[Tier, ...]) -> Verdict:
        standard, returned = self._standard(one.case, reading.variant), self._returned(one)
        complaint = standard.complaint(returned)
        assert complaint, "what does not hold gives cause for complaint"
        evidence = (
            ("input", self._input(one.case)),
            *((caption, text) for caption, text in (
                ("expected", complaint.expected), ("returned", complaint.returned),
            ) if text),
            ("tier", f"{one.case.level}, {one.domain.words}"),
        )  # fmt: skip
        summary = complaint.summary
        if not summary.startswith("returns"):
            summary = f"returns {summary}"
        return self._base(
            Status.DIFFERS,
            tiers=tiers,
            summary=f"`{self.binding.function}` {summary}",
            evidence=evidence,
            hint=complaint.hint or self._hint(reading),
        )

    def _hint(self, reading: Reading) -> str:
        """Return the likely cause; where numbers are extreme, what the case was made for."""
        assert reading.failure, "only failures have a cause"
        case = reading.failure.case
        if case.level is Level.STABILITY and case.hint:
            return case.hint
        return self._mistake(reading) or case.hint

    def _mistake(self, reading: Reading) -> str:
        """Return what to tell whoever made a well-known mistake, empty where it is another one."""
        one = reading.failure
        assert one, "only failures are mistakes"
        returned = self._returned(one)
        if len(returned) < one.case.repeats:
            return ""
        standard = self._standard(one.case, reading.variant)
        for mistake in self.kernel.mistakes:
            faulty = Variant("", mistake.reference, align=reading.variant.align)
            made = replace(standard, variant=faulty, rtol=_RECOGNISED)
            # A mistake need not be able to compute what the reference can.
            with suppress(*_CANNOT):
                if made.holds(returned):
                    return mistake.hint
        return ""

    def _raised(self, raised: Raised, tiers: tuple[Tier, ...], asked: Asked | None) -> Verdict:
        said = harmless(f"{raised.kind}: {raised.message}" if raised.message else raised.kind)
        what = f"`{self.binding.function}` raises" if asked else "defining the answer raises"
        hint = asked.case.hint if asked else ""
        if "read-only" in raised.message:
            hint = "the caller's array is not yours to change: work on a copy"
        return self._base(
            Status.CRASHED,
            place=self._line_place(raised.line),
            tiers=tiers,
            summary=f"{what} {said}",
            evidence=(("input", self._input(asked.case)),) if asked else (),
            hint=hint,
        )

    def _ended(
        self, asked: Asked | None, reply: Reply, limits: Limits, tiers: tuple[Tier, ...]
    ) -> Verdict:
        """Return the verdict on a process that ended before `asked`, or after it had returned."""
        name = self.binding.function
        status, summary, hint = Status.CRASHED, "", ""
        match reply.ending:
            case Ending.LATE:
                status = Status.TIMED_OUT
                what = "did not return" if asked else "returned, but its process did not end"
                summary = f"`{name}` {what} within {limits.wall:g} s"
                hint = "look for a loop that does not end"
            case Ending.KILLED:
                summary = f"`{name}` was ended by {_signal_name(reply.detail)}"
            case Ending.GARBLED:
                summary = f"`{name}` sent something that is no result"
            case _:
                summary = f"`{name}` ended the process with exit status {reply.detail}"
                hint = "return a value; an answer may not leave the interpreter"
        evidence = (("input", self._input(asked.case)),) if asked else ()
        return self._base(status, tiers=tiers, summary=summary, evidence=evidence, hint=hint)

    def _base(self, status: Status, *, place: Place | None = None, **told: object) -> Verdict:
        verdict = Verdict(status, self.binding.function, place or self.place, self.kernel.name)
        return replace(verdict, **told)  # type: ignore[arg-type]

    def _input(self, case: Case) -> str:
        return ", ".join(f"{name} = {show(value)}" for name, value in self.binding.told(case))

    def _line_place(self, line: int | None) -> Place | None:
        """Return the place of a whole line of the answer, None where it isn't one."""
        at = self.code.place
        lines = self.code.source.split("\n")
        if line is None or not 0 <= line - at.line < len(lines):
            return None
        text = lines[line - at.line]
        start = at.column + len(text) - len(text.lstrip())
        return Place(at.file, line, start, line, at.column + len(text))


# How many times slower than the reference an answer may be, if that is more than its limit.
_PATIENCE = 100


# How far off a well-known mistake may be and still be recognised: it lacks the answer's eps.
_RECOGNISED = 1e-6

_seconds: dict[str, float] = {}


def _reference_seconds(kernel: Kernel) -> float:
    """Return how long a kernel's reference takes for its first domain, 0 where it has none."""
    name, variant = kernel.signature, kernel.variants[0]
    if variant.reference is None:
        return 0.0
    if name not in _seconds:
        defaults = {one.name: one.default for one in kernel.parameters}
        cases = kernel.domains[0].cases(np.random.default_rng(0))
        start = time.perf_counter()
        with np.errstate(all="ignore"):
            for case in cases:
                arguments = variant.arguments({**defaults, **case.arguments})
                if variant.applies(arguments):
                    variant.reference(**arguments)
        _seconds[name] = time.perf_counter() - start
    return _seconds[name]


def _seed(seed: int, kernel: str, function: str) -> int:
    digest = hashlib.sha256(f"{seed}\0{kernel}\0{function}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _with_outputs(cases: Sequence[tuple[Domain, Case]], reply: Reply) -> list[Asked]:
    asked: list[Asked] = []
    at = 0
    for domain, case in cases:
        asked.append(Asked(domain, case, reply.outputs[at : at + case.repeats]))
        at += case.repeats
    return asked


def _tiers(asked: Sequence[Asked], held: Sequence[bool], domain: Domain) -> tuple[Tier, ...]:
    counts = {"core": [0, 0], "stability": [0, 0], "wider": [0, 0]}
    for one, holds in zip(asked, held, strict=True):
        name = one.case.level.value if one.domain is domain else "wider"
        counts[name][0] += holds
        counts[name][1] += 1
    return tuple(Tier(name, holding, cases) for name, (holding, cases) in counts.items())


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def known_names(kernel: Kernel) -> str:
    """Return the parameters of a kernel with all the names they may have, for people."""
    return "; ".join(
        f"{p.name} (or {', '.join((*p.aliases, *p.complements))})" for p in kernel.parameters
    )
