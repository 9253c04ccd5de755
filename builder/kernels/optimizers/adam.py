"""One step of Adam, and of Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from builder.kernels.kernel import Array, Kernel, Parameter, Variant
from builder.kernels.optimizers.step import (
    GRADIENT,
    WEIGHTS,
    State,
    Step,
    class_form,
    config_form,
    domains,
    epsilon,
    mistakes,
    rate,
    returning,
    share,
)

Moments = tuple[Array, Array, Array, int]


def _moments(g: Array, m: Array, v: Array, beta1: float, beta2: float) -> tuple[Array, Array]:
    g, m, v = (np.asarray(value, dtype=np.float64) for value in (g, m, v))
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


def _direction(m: Array, v: Array, eps: float, corrections: tuple[float, float], at: str) -> Array:
    """Return the corrected first moment over the root of the second, with eps where `at` says."""
    first, second = corrections
    match at:
        case "outside":
            root = np.sqrt(v / second) + eps
        case "inside":
            root = np.sqrt(v / second + eps)
        case _:
            root = (np.sqrt(v) + eps) / np.sqrt(second)
    return np.asarray(m / first / root)


def adam(  # noqa: PLR0913, PLR0917 - the signature that people write
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    *,
    guard: str = "outside",
    first: int = 1,
) -> Moments:
    """Return the weights, both moments and t + 1 after a step, in float64 and shaped as `w`.

    `t` counts the steps, and the first one is number `first`. `guard` says where eps stands:
    "outside" of the root, "inside", or added to the root "before" it is corrected, as in the
    second form that Kingma and Ba give. Kingma, Ba, Adam (2015).
    """
    m, v = _moments(g, m, v, beta1, beta2)
    n = t + 1 - first
    step = _direction(m, v, eps, (1 - beta1**n, 1 - beta2**n), guard)
    return np.asarray(w, dtype=np.float64) - lr * step, m, v, t + 1


def adamw(  # noqa: PLR0913, PLR0917 - the signature that people write
    w: Array,
    g: Array,
    m: Array,
    v: Array,
    t: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    *,
    guard: str = "outside",
    first: int = 1,
    decay: str = "lr",
) -> Moments:
    """Return what `adam` does, with weights that decay by themselves.

    They lose `weight_decay` times themselves, multiplied by "lr" or "alone"; or times what the
    step has left of them, "after" it, multiplied by lr. Loshchilov, Hutter, Decoupled Weight
    Decay Regularization (2019).
    """
    after, m, v, t = adam(w, g, m, v, t, lr, beta1, beta2, eps, guard=guard, first=first)
    lost = {"lr": lr * np.asarray(w), "alone": np.asarray(w), "after": lr * after}[decay]
    return after - weight_decay * lost, m, v, t


# ── conventions ──────────────────────────────────────────────────────────────────────────────────

_GUARDS = {
    "outside": "eps {eps} added to the root",
    "inside": "eps {eps} under the root",
    "before": "eps {eps} added to the uncorrected root",
}
_DECAYS = {
    "lr": "decay times lr",
    "after": "decay times lr after the step",
    "alone": "decay without lr",
}
_ORDERS = {
    (0, 1, 2): "returns w, m, v",
    (0,): "returns w",
    (0, 1, 2, 3): "returns w, m, v, t + 1",
    (1, 2, 0): "returns m, v, w",
}
_STARTS = {1: "t from 1", 0: "t from 0"}
_EPS = (1e-7, 1e-6, 1e-10)


def _variants(step: Step, orders: dict[tuple[int, ...], str]) -> tuple[Variant, ...]:
    """Return every order of results and start of t, first with the usual eps at each place."""
    guards = [(1e-8, guard) for guard in _GUARDS] + [(eps, "outside") for eps in _EPS]
    return tuple(
        Variant(
            f"{orders[places]}, {_GUARDS[guard]}, {_STARTS[first]}",
            returning(partial(step, guard=guard, first=first), places),
            defaults={"eps": eps},
        )
        for (eps, guard), places, first in product(guards, orders, _STARTS)
    )


def _decaying() -> tuple[Variant, ...]:
    orders = {places: words for places, words in _ORDERS.items() if places[0] == 0}
    return tuple(
        replace(variant, words=f"{variant.words}, {words}")
        for decay, words in _DECAYS.items()
        for variant in _variants(partial(adamw, decay=decay), orders)
        if decay == "lr" or variant.defaults == {"eps": 1e-8}
    )


def _ways(step: Step) -> list[tuple[str, Step, dict[str, Any]]]:
    places = [(1e-8, guard) for guard in _GUARDS] + [(eps, "outside") for eps in _EPS]
    return [(_GUARDS[at], partial(step, guard=at), {"eps": eps}) for eps, at in places]


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────


class _Parts(NamedTuple):
    """What a step is made of, after both moments took the gradient."""

    g: Array
    m: Array
    v: Array
    eps: float
    first: float
    second: float


def _stepping(scale: Callable[[_Parts], Array]) -> Step:
    """Return a step with right moments that moves by `scale` of its parts."""

    def wrong(**given: Any) -> Moments:
        beta1, beta2, t = given["beta1"], given["beta2"], given["t"]
        m, v = _moments(given["g"], given["m"], given["v"], beta1, beta2)
        g = np.asarray(given["g"])
        step = scale(_Parts(g, m, v, given["eps"], 1 - beta1**t, 1 - beta2**t))
        return np.asarray(given["w"]) - given["lr"] * step, m, v, t + 1

    return wrong


def _corrected(**given: Any) -> Moments:
    w, m, v, t = adam(**given)
    n = given["t"]
    return w, m / (1 - given["beta1"] ** n), v / (1 - given["beta2"] ** n), t


def _unsquared(**given: Any) -> Moments:
    """Step with a second moment of absolute gradients."""
    g, beta2 = np.abs(given["g"]), given["beta2"]
    m, _ = _moments(given["g"], given["m"], given["v"], given["beta1"], beta2)
    v = beta2 * np.asarray(given["v"]) + (1 - beta2) * g
    n = given["t"]
    corrections = (1 - given["beta1"] ** n, 1 - beta2**n)
    step = _direction(m, v, given["eps"], corrections, "outside")
    return given["w"] - given["lr"] * step, m, v, n + 1


_WRONG: list[tuple[str, Step]] = [
    (
        "correct the bias of both moments: divide them by 1 - beta ** t",
        _stepping(lambda p: p.m / (np.sqrt(p.v) + p.eps)),
    ),
    (
        "correct the bias of the second moment, too",
        _stepping(lambda p: p.m / p.first / (np.sqrt(p.v) + p.eps)),
    ),
    (
        "correct the bias of the first moment, too",
        _stepping(lambda p: p.m / (np.sqrt(p.v / p.second) + p.eps)),
    ),
    (
        "correct each moment with its own beta",
        _stepping(lambda p: p.m / p.second / (np.sqrt(p.v / p.first) + p.eps)),
    ),
    (
        "divide by the root of the second moment",
        _stepping(lambda p: p.m / p.first / (p.v / p.second + p.eps)),
    ),
    (
        "step along the first moment, not along the gradient",
        _stepping(lambda p: p.g / (np.sqrt(p.v / p.second) + p.eps)),
    ),
    ("go down: subtract the step", lambda **given: adam(**{**given, "lr": -given["lr"]})),
    (
        "beta1 belongs to the first moment, beta2 to the second",
        lambda **given: adam(**{**given, "beta1": given["beta2"], "beta2": given["beta1"]}),
    ),
    (
        "beta weighs the past: beta * m + (1 - beta) * g",
        lambda **given: adam(**{**given, "beta1": 1 - given["beta1"], "beta2": 1 - given["beta2"]}),
    ),
    ("the second moment is one of squared gradients", _unsquared),
]
_KEPT = "return the moments before their bias is corrected"


def _with_l2(**given: Any) -> Moments:
    """Step with the decay added to the gradient, as an L2 penalty does."""
    g = np.asarray(given["g"]) + given.pop("weight_decay") * np.asarray(given["w"])
    return adam(**{**given, "g": g})


def _also_wrong(step: Step) -> Step:
    """Return a mistake of Adam's step made in AdamW's."""

    def wrong(weight_decay: float, **given: Any) -> Any:
        w, *rest = step(**given)
        return w - given["lr"] * weight_decay * np.asarray(given["w"]), *rest

    return wrong


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> State:
    return {
        "w": rng.normal(size=shape),
        "g": rng.normal(scale=3.0, size=shape),
        "m": rng.normal(scale=2.0, size=shape),
        "v": rng.uniform(0.5, 8.0, size=shape),
        "t": int(rng.integers(2, 9)),
    }


def _by_hand(w: list[float], g: list[float], m: list[float], v: list[float], t: int) -> State:
    arrays = dict(zip("wgmv", map(np.array, (w, g, m, v)), strict=True))
    return {**arrays, "t": t}


_SMALL = (
    _by_hand([1.0, 2.0], [0.5, -4.0], [0.0, 0.0], [0.0, 0.0], 1),
    _by_hand([1.0, 1.0, 1.0], [2.0, 0.0, -1.0], [1.0, -1.0, 0.0], [4.0, 1.0, 0.0], 2),
    _by_hand([0.0, 0.0], [4.0, 4.0], [1.0, -1.0], [9.0, 9.0], 3),
)
_OPTIONS: tuple[dict[str, float], ...] = (
    {"lr": 0.1},
    {"beta1": 0.5},
    {"beta2": 0.75},
    {"eps": 1e-2},
    {"lr": 0.5, "beta1": 0.25, "beta2": 0.5, "eps": 1e-3},
)
_DECAYING = (*_OPTIONS, {"weight_decay": 0.25}, {"lr": 0.5, "weight_decay": 0.125})


# ── kernels ──────────────────────────────────────────────────────────────────────────────────────

_COUNT = Parameter(
    "t", ("step", "timestep", "iteration", "iter", "n", "time_step", "step_count", "i", "steps")
)
_FIRST = Parameter(
    "m", ("m_t", "m_prev", "first_moment", "exp_avg", "mt", "moment1", "m0", "mom", "m1")
)
_SECOND = Parameter(
    "v", ("v_t", "v_prev", "second_moment", "exp_avg_sq", "vt", "moment2", "v0", "s", "m2")
)
_RATES = (
    rate(0.001, "alpha"),
    share("beta1", 0.9, "b1", "beta_1", "rho1", "beta1_decay"),
    share("beta2", 0.999, "b2", "beta_2", "rho2", "beta2_decay"),
    epsilon(),
)
# Whoever calls the first moment v calls the second one s.
_V_AND_S = (Parameter("m", ("v", "v_prev", "v_t")), Parameter("v", ("s", "s_prev", "s_t")))
_CONFIG = {"learning_rate": "lr", "beta1": "beta1", "beta2": "beta2", "epsilon": "eps"}
_CONFIG |= {"m": "m", "v": "v", "t": "t"}


def _kernel(base: Kernel, step: Step, options: tuple[dict[str, float], ...]) -> Kernel:
    """Return a kernel with its other signatures: v and s, a config, a class."""
    w, g, _, _, *rest = base.parameters
    keys = _CONFIG | ({} if step is adam else {"weight_decay": "weight_decay"})
    return replace(
        base,
        forms=(
            replace(base, parameters=(w, g, *_V_AND_S, *rest)),
            config_form(base, partial(step, first=0), keys, ("w", "m", "v", "t")),
            class_form(base, _ways(step), ("m", "v", "t"), options),
        ),
    )


_BOTH = (
    r"m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2"
)
_HATS = r"\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}"

ADAM = _kernel(
    Kernel(
        name="adam",
        aliases=("adam_step", "adam_update", "adam_optimizer", "adamoptimizer", "adam_optimiser"),
        parameters=(WEIGHTS, GRADIENT, _FIRST, _SECOND, _COUNT, *_RATES),
        variants=_variants(adam, _ORDERS),
        domains=domains(_SMALL, _drawn, _OPTIONS, tiny="v"),
        formula=rf"{_BOTH}, \quad w \leftarrow w - \eta {_HATS}",
        source="Kingma, Ba: Adam (2015)",
        mistakes=(
            *mistakes(_WRONG, tuple(_ORDERS)),
            *mistakes([(_KEPT, _corrected)], [order for order in _ORDERS if len(order) > 1]),
        ),
        in_place=True,
    ),
    adam,
    _OPTIONS,
)

ADAMW = _kernel(
    Kernel(
        name="adamw",
        aliases=("adamw_step", "adamw_update", "adamw_optimizer", "adam_w", "adamwoptimizer"),
        parameters=(
            *ADAM.parameters,
            Parameter(
                "weight_decay",
                ("wd", "decay", "lambda_", "lam", "weight_decay_rate", "l2", "lmbda", "lambd"),
                0.01,
                absent="a weight decay of 0.01",
                least=1e-6,
                most=1.0,
            ),
        ),
        variants=_decaying(),
        domains=domains(_SMALL, _drawn, _DECAYING, tiny="v"),
        formula=rf"{_BOTH}, \quad w \leftarrow w - \eta \left({_HATS} + \lambda w\right)",
        source="Loshchilov, Hutter: Decoupled Weight Decay Regularization (2019)",
        mistakes=mistakes([(_KEPT, _also_wrong(_corrected))], [(0, 1, 2), (0, 1, 2, 3)])
        + mistakes(
            [
                (
                    "decay the weights themselves, not the gradient: this is Adam with L2",
                    _with_l2,
                ),
                (
                    "the weight decay is missing: this is Adam",
                    lambda **given: adamw(**{**given, "weight_decay": 0.0}),
                ),
                (
                    "weights decay: subtract lr * weight_decay * w",
                    lambda **given: adamw(**{**given, "weight_decay": -given["weight_decay"]}),
                ),
                *((hint, _also_wrong(step)) for hint, step in _WRONG),
            ],
            tuple(_ORDERS)[:3],
        ),
        in_place=True,
    ),
    adamw,
    _DECAYING,
)
