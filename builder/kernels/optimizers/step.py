"""What optimizers share: how answers name what a step takes, what they return, and the cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Bundle,
    Case,
    Domain,
    Kernel,
    Level,
    Method,
    Mistake,
    Parameter,
    Variant,
    layouts,
)

Step = Callable[..., tuple[Any, ...]]
State = dict[str, Any]
Draw = Callable[[np.random.Generator, tuple[int, ...]], State]

_WEIGHTS = (
    *("x", "theta", "params", "param", "parameter", "parameters", "weights", "weight", "p"),
    *("var", "variable", "w_t", "theta_t"),
)
_GRADIENTS = (
    *("grad", "grads", "gradient", "gradients", "dw", "dx", "dtheta", "dparam", "dparams", "dp"),
    *("d_w", "grad_w", "g_t", "gt", "grad_t"),
)
WEIGHTS = Parameter("w", _WEIGHTS)
GRADIENT = Parameter("g", _GRADIENTS)


def rate(usual: float, *others: str) -> Parameter:
    """Return the learning rate, with what else it may be called in this optimizer."""
    names = ("learning_rate", "eta", "step_size", "learningrate", "lr_t", *others)
    absent = f"a learning rate of {usual:g}"
    return Parameter("lr", names, usual, absent=absent, least=1e-7, most=10.0)


def share(name: str, usual: float, *aliases: str, absent: str = "") -> Parameter:
    """Return a parameter between 0 and 1 that says how much of the past is kept."""
    told = absent or f"{name} = {usual:g}"
    return Parameter(name, aliases, usual, absent=told, least=0.05, most=0.99999)


def epsilon() -> Parameter:
    """Return the small number that keeps a step from dividing by zero."""
    return Parameter("eps", ("epsilon",), None, usual=1e-8, least=1e-16, most=1e-2)


def returning(step: Step, places: Sequence[int]) -> Callable[..., Any]:
    """Return `step` with those of its results that a convention returns, in its order."""

    def reference(**given: Any) -> Any:
        results = step(**given)
        return results[places[0]] if len(places) == 1 else tuple(results[at] for at in places)

    return reference


def mistakes(
    wrongs: Sequence[tuple[str, Step]], orders: Sequence[Sequence[int]]
) -> tuple[Mistake, ...]:
    """Return each wrong step in each order of what it returns."""
    return tuple(
        Mistake(hint, returning(step, places)) for hint, step in wrongs for places in orders
    )


# ── cases ────────────────────────────────────────────────────────────────────────────────────────

_ZERO = "add eps to the root: where no gradient ever came the step is 0, not 0 / 0"
_TINY = "add eps to the root; it counts where gradients are tiny"


def _asked(state: State, option: Mapping[str, Any] | None = None) -> Case:
    if not option:
        return Case(state)
    return Case({**state, **option}, hint=f"use the {' and '.join(option)} that was passed")


def domains(
    small: Sequence[State],
    draw: Draw,
    options: Sequence[Mapping[str, Any]],
    *,
    tiny: str = "",
) -> tuple[Domain, ...]:
    """Return the domains of an optimizer's step: vectors, any shape, and plain numbers.

    `small` are vectors to redo by hand, `draw` makes weights, a gradient and a state of a shape,
    and each of `options` is passed with one of these. With `tiny`, the name of a second moment, a
    gradient of zero and tiny gradients are asked as well.
    """

    def cases(rng: np.random.Generator, shape: tuple[int, ...]) -> list[Case]:
        state = draw(rng, shape)
        single = {name: _single(value) for name, value in draw(rng, shape).items()}
        views = [_viewed(state, at) for at in range(min(len(shape), 2))]
        plain = [_asked(one) for one in (state, *views, single)]
        return [*plain, *(_asked(draw(rng, shape), option) for option in options)]

    def vectors(rng: np.random.Generator) -> list[Case]:
        larger = [_asked(draw(rng, (n,))) for n in (1, 2, 33)]
        huge = [Case(_scaled(draw(rng, (4,)), 1e4, tiny), Level.STABILITY)]
        lowest = [
            Case(_scaled(draw(rng, (4,)), scale, tiny), Level.STABILITY, hint)
            for scale, hint in ((0.0, _ZERO), (1e-7, _TINY))
            if tiny
        ]
        return [*map(_asked, small), *lowest, *cases(rng, (5,)), *larger, *huge]

    def shapes(rng: np.random.Generator) -> list[Case]:
        return [*cases(rng, (3, 4)), _asked(draw(rng, (1, 3))), _asked(draw(rng, (2, 3, 2)))]

    def numbers(rng: np.random.Generator) -> list[Case]:
        drawn = [{n: _number(value) for n, value in draw(rng, (1,)).items()} for _ in range(2)]
        return [*map(_asked, drawn), *(_asked(drawn[0], option) for option in options[:1])]

    return (
        Domain("vectors", vectors, alone=True),
        Domain("any shape", shapes),
        Domain("plain numbers", numbers),
    )


def _single(value: Any) -> Any:
    return value.astype(np.float32) if isinstance(value, np.ndarray) else value


def _number(value: Any) -> Any:
    return float(value[0]) if isinstance(value, np.ndarray) else value


def _viewed(state: State, at: int) -> State:
    return {
        name: layouts(value)[at] if isinstance(value, np.ndarray) else value
        for name, value in state.items()
    }


def _scaled(state: State, scale: float, squared: str) -> State:
    """Return a state as it is after gradients of another scale; the weights stay as they are."""
    powers = {"w": 0, "t": 0, squared: 2}
    return {
        name: value * scale ** powers.get(name, 1) + 0.0 if powers.get(name, 1) else value
        for name, value in state.items()
    }


# ── other signatures ─────────────────────────────────────────────────────────────────────────────


def config_form(
    kernel: Kernel, step: Step, keys: Mapping[str, str], order: Sequence[str]
) -> Kernel:
    """Return the form `kernel(w, dw, config)`, which returns the weights and the new config.

    `keys` are those of the dict, and `order` names the results of `step`, the weights first.
    """
    usual = {"eps": 1e-8} if "eps" in keys.values() else {}

    def reference(**given: Any) -> Any:
        after = dict(zip(order, step(**given), strict=True))
        return after["w"], {key: after.get(name, given[name]) for key, name in keys.items()}

    return replace(
        kernel,
        variants=(Variant("returns w, config", reference, defaults=usual),),
        mistakes=(),
        bundles=(Bundle("config", dict(keys), ("optim_config",)),),
        forms=(),
    )


_FIRST_WEIGHTS = dict.fromkeys(("w", *_WEIGHTS), "w1")
_FIRST_GRADIENTS = dict.fromkeys(("g", *_GRADIENTS), "g1")
_CALLS = ("step", "update", "apply", "__call__", "apply_gradients", "update_params", "optimize")


def class_form(
    kernel: Kernel,
    variants: Sequence[tuple[str, Step, Mapping[str, Any]]],
    states: Sequence[str],
    options: Sequence[Mapping[str, Any]],
) -> Kernel:
    """Return the form of a class that keeps its state, and whose second step is asked.

    Each of `variants` is words, a step that returns weights and states, and what it takes where
    nobody says. All states start at zero, and a count `t` at 1.
    """

    def twice(step: Step) -> Callable[..., Any]:
        def reference(*, w1: Array, g1: Array, w: Array, g: Array, **given: Any) -> Any:
            count: list[dict[str, Any]] = [{}, {}]
            if "t" in states:
                count = [{"t": 1}, {"t": 2}]
            empty = {name: np.zeros(np.shape(w)) for name in states if name != "t"}
            after = step(w=w1, g=g1, **empty, **count[0], **given)
            kept = dict(zip(empty, after[1:], strict=False))
            return step(w=w, g=g, **kept, **count[1], **given)[0]

        return reference

    def drawn(rng: np.random.Generator, *shape: int) -> State:
        return {name: rng.normal(size=shape) for name in ("w1", "g1", "w", "g")}

    def vectors(rng: np.random.Generator) -> list[Case]:
        by_hand = {"w1": np.array([1.0, 1.0]), "g1": np.array([1.0, -2.0])}
        by_hand |= {"w": np.array([0.5, 1.5]), "g": np.array([2.0, 1.0])}
        quiet = {**by_hand, "g1": np.zeros(2), "g": np.array([0.0, 1e-7])}
        return [
            _asked(by_hand),
            *(_asked(drawn(rng, n)) for n in (1, 2, 5)),
            _asked({name: _single(value) for name, value in drawn(rng, 4).items()}),
            *(_asked(drawn(rng, 3), option) for option in options),
            Case(quiet, Level.STABILITY, _ZERO),
        ]

    def shapes(rng: np.random.Generator) -> list[Case]:
        return [_asked(drawn(rng, 3, 4)), _asked(drawn(rng, 2, 3, 2))]

    own = tuple(p for p in kernel.parameters if p.name not in ("w", "g", *states))
    first = Method(_CALLS, {**_FIRST_WEIGHTS, **_FIRST_GRADIENTS})
    return replace(
        kernel,
        parameters=(Parameter("w1"), Parameter("g1"), WEIGHTS, GRADIENT, *own),
        variants=tuple(
            Variant(words, twice(step), defaults=defaults) for words, step, defaults in variants
        ),
        domains=(
            Domain("a class on vectors", vectors, alone=True),
            Domain("any shape", shapes),
        ),
        mistakes=(),
        methods=(first, Method(_CALLS, {})),
        forms=(),
    )
