"""Judges code answers: asks each known function the cases of its kernel and compares in here.

The parent knows the references; the answer runs elsewhere and only sends back what it returns.
A failure of any sort is a verdict, never an exception, and a pass needs every case.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from builder import syntax
from builder.kernels import Kernel, Shelf
from builder.model import Allow, Card, Cause, Code, Place, Status, Verdict
from builder.verify import definitions, examples, gate
from builder.verify.binding import Binding, bind, bind_class
from builder.verify.definitions import Definition
from builder.verify.limits import Limits
from builder.verify.sandbox import Sandbox
from builder.verify.show import harmless
from builder.verify.trial import Far, Trial, known_names

_CANON = Shelf()
_MOST_ASKED = 100


def _too_many(line: int) -> gate.Refusal:
    said = f"this answer defines more than {_MOST_ASKED} functions that stand alone"
    return gate.Refusal(line, 1, 1, said, "split it into several answers")


def judge(
    card: Card, sandbox: Sandbox, seed: int, limits: Limits, shelf: Shelf = _CANON
) -> tuple[Verdict, ...]:
    """Return a verdict for each function of a code answer, in their order.

    Helpers, which another function of the answer names, have none. The same card, kernels and
    `seed` give the same verdicts. `shelf` holds the kernels; a `>>>` example that does not hold
    is a verdict, too.
    """
    code = card.code
    assert code, "only code is judged"
    if large := gate.too_large(code.source):
        return (_stopped(code, large),)
    tree = syntax.tree(code.source)
    if isinstance(tree, syntax.Fault):
        return (_unparsed(code, tree),)
    asked = definitions.asked(tree, shelf)
    shown = examples.examples(code, tree)
    known = any(shelf.find(definition.name) for definition in asked)
    if not known and not shown and (wish := _exemption(card)):
        return (Verdict(Status.ALLOWED, None, card.question_place, summary=wish.reason),)
    if refused := gate.refusal(code.source, tree):
        stopped = _stopped(code, refused)
        if card.asked and not known:
            hint = f"{stopped.hint}; code that is only shown needs {_letting_pass(card)}"
            stopped = replace(stopped, hint=hint)
        return (stopped,)
    if not asked:
        return (_unchecked(card, card.question_place, "nothing to verify here", shelf),)
    if len(asked) > _MOST_ASKED:
        return (_stopped(code, _too_many(asked[_MOST_ASKED].node.lineno)),)
    court = _Court(card, code, sandbox, seed, limits, shelf)
    verdicts = tuple(map(court.verdict, asked))
    return court.held_to(shown, verdicts) if shown else verdicts


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


def _unchecked(
    card: Card, place: Place, why: str, shelf: Shelf, function: str | None = None
) -> Verdict:
    if wish := _exemption(card):
        return Verdict(Status.ALLOWED, function, place, summary=wish.reason)
    near = get_close_matches(function or "", shelf.names, n=1)
    let_pass = _letting_pass(card)
    hint = f"name the function like a kernel, or put {let_pass}"
    if near:
        hint = f"did you mean `{near[0]}`? Else put {let_pass}"
    elif any(_exempts(wish) for wish in card.allows):
        hint = "an allowance needs a reason: `allow no-kernel: why nobody can check this`"
    return Verdict(Status.UNCHECKED, function, place, summary=why, hint=hint)


def _letting_pass(card: Card) -> str:
    """Return what an author may write so that an answer needs no kernel, and where."""
    if card.asked:
        return "`<!-- allow no-kernel: reason -->` above the question"
    return "`# allow no-kernel: reason` under the title"


def _exemption(card: Card) -> Allow | None:
    """Return the author's wish, with its reason, that an answer may go unverified."""
    return next((wish for wish in card.allows if _exempts(wish) and wish.reason), None)


def _exempts(wish: Allow) -> bool:
    return wish.rule in ("no-kernel", "V304")


# ── verdicts on what runs ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Court:
    """Where the functions of one answer are judged."""

    card: Card
    code: Code
    sandbox: Sandbox
    seed: int
    limits: Limits
    shelf: Shelf

    def verdict(self, definition: Definition) -> Verdict:
        """Judge a function or a class by its kernel, in each form that fits its parameters."""
        name, place = definition.name, definitions.place(self.code, definition)
        kernel = self.shelf.find(name)
        if kernel is None:
            why = f"no reference kernel is known for `{name}`"
            return _unchecked(self.card, place, why, self.shelf, name)
        forms = [form for form in (kernel, *kernel.forms) if form.methods or definition.arguments]
        if not forms:
            why = f"`{name}` is no function, and only those are judged"
            return _unchecked(self.card, place, why, self.shelf, name)
        bindings = [_binding(definition, form) for form in forms]
        trials = [
            Trial(self.code, place, form, binding)
            for form, binding in zip(forms, bindings, strict=True)
            if not isinstance(binding, str)
        ]
        if trials:
            return _best(trial.verdict(self.sandbox, self.seed, self.limits) for trial in trials)
        if wish := _exemption(self.card):  # it may be another function of that name
            return Verdict(Status.ALLOWED, name, place, summary=wish.reason)
        return Verdict(
            Status.REFUSED,
            name,
            place,
            kernel.name,
            cause=Cause.CALL,
            summary=f"`{name}` cannot be called: {bindings[0]}",
            hint=f"known names are {known_names(kernel)}",
        )

    def held_to(
        self, shown: Sequence[examples.Example], verdicts: tuple[Verdict, ...]
    ) -> tuple[Verdict, ...]:
        """Return `verdicts`, and what the answer's own examples say if one of them is wrong."""
        wrong = examples.verdict(self.code, shown, self.sandbox, self.seed, self.limits)
        if wrong is None:
            return verdicts
        kept = (
            one
            for one in verdicts
            if one.function != wrong.function or one.status is not Status.MATCHES
        )
        return *kept, wrong


def _binding(definition: Definition, kernel: Kernel) -> Binding | str:
    match definition:
        case Definition(name, _, ast.arguments() as arguments):
            return bind(name, arguments, kernel)
        case Definition(_, ast.ClassDef() as node):
            return bind_class(node, kernel)
    return "it is no function"


def _best(tried: Iterable[tuple[Verdict, Far]]) -> Verdict:
    """Return the first verdict that matches, else the one that holds for most of what it is.

    Of several that hold for as much, it is the first whose results are of the right kind.
    """
    failed: list[tuple[Verdict, Far]] = []
    for verdict, far in tried:
        if verdict.status is Status.MATCHES:
            return verdict
        failed.append((verdict, far))
    return min(failed, key=lambda one: (-_share(one[0]), one[1][:1]))[0]


def _share(verdict: Verdict) -> float:
    """Return the share of the core cases that hold."""
    core = [tier for tier in verdict.tiers if tier.name == "core"]
    return max((tier.held / max(tier.cases, 1) for tier in core), default=0.0)
