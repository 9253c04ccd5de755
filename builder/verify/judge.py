"""Judges code answers: asks each known function the cases of its kernel and compares in here.

The parent knows the references; the answer runs elsewhere and only sends back what it returns.
A failure of any sort is a verdict, never an exception, and a pass needs every case.
"""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache

import numpy as np

from builder import syntax
from builder.kernels import NAMES, Kernel, find
from builder.kernels.kernel import Arguments, Case, Domain, Variant
from builder.model import Allow, Card, Cause, Code, Place, Status, Tier, Verdict
from builder.verify import compare, definitions, gate
from builder.verify.binding import Binding, bind
from builder.verify.definitions import Definition
from builder.verify.limits import PRELUDE, Limits
from builder.verify.sandbox import Call, Ending, Job, Output, Raised, Reply, Returned, Sandbox
from builder.verify.show import harmless, show


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


def judge(card: Card, sandbox: Sandbox, seed: int, limits: Limits) -> tuple[Verdict, ...]:
    """Return a verdict for each function of a code answer, in their order.

    Helpers, which another function of the answer names, have none. The same card, kernels and
    `seed` give the same verdicts.
    """
    assert isinstance(card.answer, Code), "only code is judged"
    tree = syntax.tree(card.answer.source)
    if isinstance(tree, syntax.Fault):
        return (_unparsed(card.answer, tree),)
    asked = definitions.asked(tree)
    if not any(find(definition.name) for definition in asked) and (wish := _exemption(card)):
        return (Verdict(Status.ALLOWED, None, card.question_place, summary=wish.reason),)
    if refused := gate.refusal(card.answer.source, tree):
        return (_stopped(card.answer, refused),)
    if not asked:
        return (_unchecked(card, card.question_place, "nothing to verify here"),)
    return tuple(_verdict(card, definition, sandbox, seed, limits) for definition in asked)


# ── verdicts before anything runs ────────────────────────────────────────────────────────────────


def _unparsed(code: Code, fault: syntax.Fault) -> Verdict:
    place = code.place
    line, column = place.line + fault.line - 1, place.column + fault.column - 1
    return Verdict(
        Status.REFUSED,
        None,
        Place(place.file, line, column, line, column + 1),
        cause=Cause.SYNTAX,
        summary=f"this is no Python: {harmless(fault.message)}",
        hint="mend the syntax; an answer that does not parse cannot be verified",
    )


def _stopped(code: Code, refused: gate.Refusal) -> Verdict:
    line, column = code.place.line + refused.line - 1, code.place.column + refused.column - 1
    place = Place(code.place.file, line, column, line, column + refused.width)
    return Verdict(
        Status.REFUSED, None, place, cause=Cause.GATE, summary=refused.message, hint=refused.hint
    )


def _unchecked(card: Card, place: Place, why: str, function: str | None = None) -> Verdict:
    if wish := _exemption(card):
        return Verdict(Status.ALLOWED, function, place, summary=wish.reason)
    near = get_close_matches(function or "", NAMES, n=1)
    hint = "name the function like a kernel, or put `# allow no-kernel: reason` under the title"
    if near:
        hint = f"did you mean `{near[0]}`? Else put `# allow no-kernel: reason` under the title"
    elif any(_exempts(wish) for wish in card.allows):
        hint = "an allowance needs a reason: `# allow no-kernel: why nobody can check this`"
    return Verdict(Status.UNCHECKED, function, place, summary=why, hint=hint)


def _exemption(card: Card) -> Allow | None:
    """Return the author's wish, with its reason, that an answer may go unverified."""
    return next((wish for wish in card.allows if _exempts(wish) and wish.reason), None)


def _exempts(wish: Allow) -> bool:
    return wish.rule in ("no-kernel", "V304")


def _verdict(
    card: Card, definition: Definition, sandbox: Sandbox, seed: int, limits: Limits
) -> Verdict:
    assert isinstance(card.answer, Code)
    name, place = definition.name, definitions.place(card.answer, definition)
    kernel = find(name)
    if kernel is None:
        return _unchecked(card, place, f"no reference kernel is known for `{name}`", name)
    if definition.arguments is None:
        return _unchecked(card, place, f"`{name}` is no function, and only those are judged", name)
    binding = bind(name, definition.arguments, kernel)
    if isinstance(binding, str):
        return Verdict(
            Status.REFUSED,
            name,
            place,
            kernel.name,
            cause=Cause.CALL,
            summary=f"`{name}` cannot be called: {binding}",
            hint=f"known names are {_known_names(kernel)}",
        )
    return _Trial(card.answer, place, kernel, binding).verdict(sandbox, seed, limits)


def _known_names(kernel: Kernel) -> str:
    return "; ".join(
        f"{p.name} (or {', '.join((*p.aliases, *p.complements))})" for p in kernel.parameters
    )


# ── the trial of one function ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Trial:
    """One function of an answer before its kernel."""

    code: Code
    place: Place
    kernel: Kernel
    binding: Binding

    def verdict(self, sandbox: Sandbox, seed: int, limits: Limits) -> Verdict:
        """Run all cases in one child and judge what came back."""
        wall = max(limits.wall, _PATIENCE * _reference_seconds(self.kernel.name))
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

    def _judged(self, asked: Sequence[Asked], reply: Reply, limits: Limits) -> Verdict:
        first = reply.outputs[0] if reply.outputs else None
        if isinstance(first, Raised) and first.defining:
            return self._raised(first, (), None)
        readings = [
            reading
            for domain in self.kernel.domains
            if domain.alone
            for variant in self.kernel.variants
            if self.binding.follows(variant) and (reading := self._reading(asked, variant, domain))
        ]
        if not readings:
            return self._unasked()
        right = next((reading for reading in readings if reading.failure is None), None)
        if right:
            # A pass needs the end of the process, too: whatever it did beside returning is a fault.
            finished = reply.ending is Ending.FINISHED
            return self._matches(asked, right) if finished else self._ended(None, reply, limits, ())
        return self._fails(asked, max(readings, key=Reading.weight), reply, limits)

    def _unasked(self) -> Verdict:
        name = self.binding.function
        return self._base(
            Status.REFUSED,
            cause=Cause.CALL,
            summary=f"`{name}` cannot be called: nothing that {self.kernel.signature} asks fits it",
            hint=f"known names are {_known_names(self.kernel)}",
        )

    def _reading(self, asked: Sequence[Asked], variant: Variant, domain: Domain) -> Reading | None:
        mine = [one for one in asked if one.domain is domain]
        for reached, one in enumerate(mine):
            if not self._holds(one, variant):
                return Reading(variant, domain, reached, one)
        return Reading(variant, domain, len(mine), None) if mine else None

    def _holds(self, asked: Asked, variant: Variant) -> bool:
        arguments = self.binding.canonical(asked.case, variant)
        if not variant.applies(arguments):
            return True
        returned = self._returned(asked)
        if len(returned) < asked.case.repeats:
            return False
        return compare.holds(variant, asked.case, arguments, returned)

    def _returned(self, asked: Asked) -> list[object]:
        return [self._out(one.value) for one in asked.outputs if isinstance(one, Returned)]

    def _out(self, value: object) -> object:
        """Return the result itself, where the kernel lets answers return `(out, cache)`."""
        if self.kernel.cache and isinstance(value, tuple) and len(value) == 2:
            return value[0]
        return value

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
            variant=reading.variant.told(self.binding.assumed),
            domain=", ".join((*reach, *self.binding.absent)),
            beyond=", ".join(beyond),
            tiers=_tiers(asked, held, reading.domain),
        )

    def _held(self, asked: Sequence[Asked], reading: Reading) -> list[bool]:
        return [self._holds(one, reading.variant) for one in asked]

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
        arguments = self.binding.canonical(one.case, reading.variant)
        returned = self._returned(one)
        complaint = compare.complaint(reading.variant, one.case, arguments, returned)
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
            hint=complaint.hint or self._mistake(one.case, arguments, returned) or one.case.hint,
        )

    def _mistake(self, case: Case, arguments: Arguments, returned: Sequence[object]) -> str:
        """Return what to tell whoever made a well-known mistake, empty where it is another one."""
        for mistake in self.kernel.mistakes:
            # A mistake need not be able to compute what the reference can.
            with suppress(ValueError, TypeError, IndexError, ArithmeticError):
                if compare.holds(Variant("", mistake.reference), case, arguments, returned):
                    return mistake.hint
        return ""

    def _raised(self, raised: Raised, tiers: tuple[Tier, ...], asked: Asked | None) -> Verdict:
        said = harmless(f"{raised.kind}: {raised.message}" if raised.message else raised.kind)
        what = f"`{self.binding.function}` raises" if asked else "defining the answer raises"
        hint = ""
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


@cache
def _reference_seconds(name: str) -> float:
    """Return how long a kernel's reference takes for its first domain, 0 where it has none."""
    kernel = find(name)
    if kernel is None or kernel.variants[0].reference is None:
        return 0.0
    variant, defaults = kernel.variants[0], {one.name: one.default for one in kernel.parameters}
    cases = kernel.domains[0].cases(np.random.default_rng(0))
    start = time.perf_counter()
    with np.errstate(all="ignore"):
        for case in cases:
            kernel.variants[0].reference(**variant.arguments({**defaults, **case.arguments}))
    return time.perf_counter() - start


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
