"""One step of optimizers that scale each weight's step by its own gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

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

_EPS = (1e-8, 1e-7, 1e-6, 1e-10, 1e-5, 1e-12)
_ROOTS = {False: "eps {eps} added to the root", True: "eps {eps} under the root"}
_ORDERS = {(0, 1): "returns w, s", (0,): "returns w", (1, 0): "returns s, w"}


def _float64(*values: Any) -> list[Array]:
    return [np.asarray(value, dtype=np.float64) for value in values]


def _scaled(g: Array, s: Array, eps: float, *, inside: bool) -> Array:
    """Return the gradient divided by the root of its second moment."""
    return np.asarray(g / (np.sqrt(s + eps) if inside else np.sqrt(s) + eps))


def adagrad(
    w: Array, g: Array, s: Array, lr: float, eps: float, *, inside: bool = False
) -> tuple[Array, Array]:
    """Return weights and the sum of squared gradients after a step, in float64, shaped as `w`.

    eps is added to the root or, with `inside`, under it. Duchi, Hazan, Singer, Adaptive
    Subgradient Methods (2011).
    """
    w, g, s = _float64(w, g, s)
    s = s + g**2
    return w - lr * _scaled(g, s, eps, inside=inside), s


def rmsprop(  # noqa: PLR0913 - the signature that people write
    w: Array, g: Array, s: Array, lr: float, rho: float, eps: float, *, inside: bool = False
) -> tuple[Array, Array]:
    """Return weights and the decaying mean of squared gradients after a step, in float64.

    eps is added to the root or, with `inside`, under it. Tieleman, Hinton, Lecture 6.5 of Neural
    Networks for Machine Learning (2012).
    """
    w, g, s = _float64(w, g, s)
    s = rho * s + (1 - rho) * g**2
    return w - lr * _scaled(g, s, eps, inside=inside), s


def _variants(step: Step) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            f"{order}, {words}",
            returning(partial(step, inside=inside), places),
            defaults={"eps": eps},
        )
        for eps, (inside, words), (places, order) in product(_EPS, _ROOTS.items(), _ORDERS.items())
    )


def _ways(step: Step) -> list[tuple[str, Step, dict[str, Any]]]:
    return [
        (words, partial(step, inside=inside), {"eps": eps})
        for eps, (inside, words) in product(_EPS, _ROOTS.items())
    ]


def _before(step: Step) -> Step:
    """Return a step that divides by the moment as it was, and adds the new gradient only then."""

    def wrong(w: Array, g: Array, s: Array, lr: float, eps: float, **given: Any) -> tuple[Any, ...]:
        after = step(w=w, g=g, s=s, lr=lr, eps=eps, **given)[1]
        return w - lr * _scaled(np.asarray(g), np.asarray(s), eps, inside=False), after

    return wrong


def _divided(step: Step, scale: Callable[[Array, Array, float], Array]) -> Step:
    """Return a step whose new moment is right, but whose gradient is scaled in another way."""

    def wrong(**given: Any) -> tuple[Any, ...]:
        after = step(**given)[1]
        (g,) = _float64(given["g"])
        return given["w"] - given["lr"] * scale(g, after, given["eps"]), after

    return wrong


def _of(moment: Callable[[Array, Array, float], Array]) -> Step:
    """Return a step that divides by the root of another `moment` of g, s and rho."""

    def wrong(**given: Any) -> tuple[Any, ...]:
        g, s = _float64(given["g"], given["s"])
        s = moment(g, s, given.get("rho", 0.0))
        return given["w"] - given["lr"] * _scaled(g, s, given["eps"], inside=False), s

    return wrong


def _common(step: Step) -> list[tuple[str, Step]]:
    """Return the mistakes that are made with any second moment."""
    return [
        ("go down: subtract the step", lambda **given: step(**{**given, "lr": -given["lr"]})),
        (
            "divide by the root of the second moment",
            _divided(step, lambda g, s, eps: g / (s + eps)),
        ),
        ("update the second moment before dividing by its root", _before(step)),
        (
            "divide by the root of the second moment: this is plain gradient descent",
            _divided(step, lambda g, *_: g),
        ),
        (
            "the gradient's sign is lost: divide the gradient itself by the root",
            _divided(step, lambda g, s, eps: np.abs(g) / (np.sqrt(s) + eps)),
        ),
    ]


def _squares(rng: np.random.Generator, shape: tuple[int, ...]) -> State:
    return {
        "w": rng.normal(size=shape),
        "g": rng.normal(scale=3.0, size=shape),
        "s": rng.uniform(0.5, 8.0, size=shape),
    }


_SQUARES: tuple[State, ...] = (
    {"w": np.array([1.0, 2.0]), "g": np.array([3.0, -6.0]), "s": np.array([16.0, 64.0])},
    {"w": np.array([1.0, 1.0, 1.0]), "g": np.array([2.0, 0.0, -1.0]), "s": np.array([5.0, 1.0, 0])},
    {"w": np.array([1.0, 0.5]), "g": np.array([4.0, -4.0]), "s": np.zeros(2)},
)
_ACCUMULATOR = (
    *("cache", "h", "r", "v", "accumulator", "accum", "acc", "grad_squared", "state", "sum_sq"),
    *("squared_gradients", "sum_squared_grads", "sum_squares", "grad_sq", "history", "s_t", "v_t"),
)
_GRADS: tuple[dict[str, float], ...] = (
    {"lr": 0.5},
    {"eps": 1e-2},
    {"lr": 0.25, "eps": 1e-3},
)


_ADAGRAD = Kernel(
    name="adagrad",
    aliases=("adagrad_step", "adagrad_update", "adagrad_optimizer", "adagradoptimizer"),
    parameters=(
        WEIGHTS,
        GRADIENT,
        Parameter("s", ("G", "G_t", "Gt", "sum_sq_grad", "sum_sq_grads", "sq_sum", *_ACCUMULATOR)),
        rate(0.01, "alpha"),
        epsilon(),
    ),
    variants=_variants(adagrad),
    domains=domains(_SQUARES, _squares, _GRADS, tiny="s"),
    formula=r"s \leftarrow s + g^2, \quad w \leftarrow w - \eta \frac{g}{\sqrt{s} + \varepsilon}",
    source="Duchi, Hazan, Singer: Adaptive Subgradient Methods (2011)",
    mistakes=mistakes(
        [
            *_common(adagrad),
            (
                "add the square of the gradient to the sum",
                _of(lambda g, s, _: s + np.abs(g)),
            ),
            (
                "keep the sum of squares: add to it, don't replace it",
                _of(lambda g, *_: g**2),
            ),
            (
                "this is RMSprop: add up all squares, don't let them decay",
                _of(lambda g, s, _: 0.9 * s + 0.1 * g**2),
            ),
        ],
        tuple(_ORDERS),
    ),
    in_place=True,
)
ADAGRAD = replace(
    _ADAGRAD,
    forms=(
        config_form(
            _ADAGRAD,
            adagrad,
            {"learning_rate": "lr", "epsilon": "eps", "cache": "s"},
            ("w", "s"),
        ),
        class_form(_ADAGRAD, _ways(adagrad), ("s",), _GRADS),
    ),
)

_MEANS = (
    *_GRADS,
    {"rho": 0.5},
    {"lr": 0.1, "rho": 0.75, "eps": 1e-3},
)
_RHO = ("decay", "decay_rate", "beta", "beta2", "gamma", "decay_factor", "smoothing", "b")
_MEAN = Parameter(
    "s",
    (
        *("E_g2", "eg2", "E", "avg_sq", "sq_avg", "mean_sq", "square_avg", "moving_avg", "ms"),
        *("mean_square", "running_avg", "v_prev", "s_prev", "sdw", "avg_sq_grad", *_ACCUMULATOR),
    ),
)

_RMSPROP = Kernel(
    name="rmsprop",
    aliases=("rms_prop", "rmsprop_step", "rmsprop_update", "rmsprop_optimizer", "rmspropoptimizer"),
    parameters=(
        WEIGHTS,
        GRADIENT,
        _MEAN,
        rate(0.001, "alpha"),
        share("rho", 0.9, *_RHO),
        epsilon(),
    ),
    variants=_variants(rmsprop),
    domains=domains(_SQUARES, _squares, _MEANS, tiny="s"),
    formula=r"s \leftarrow \rho s + (1 - \rho) g^2, \quad "
    r"w \leftarrow w - \eta \frac{g}{\sqrt{s} + \varepsilon}",
    source="Tieleman, Hinton: Lecture 6.5, Neural Networks for Machine Learning (2012)",
    mistakes=mistakes(
        [
            *_common(rmsprop),
            (
                "rho weighs the past: rho * s + (1 - rho) * g ** 2",
                lambda rho, **given: rmsprop(**given, rho=1 - rho),
            ),
            ("this is Adagrad: let the squares decay", _of(lambda g, s, _: s + g**2)),
            (
                "weigh the new square by 1 - rho",
                _of(lambda g, s, rho: rho * s + g**2),
            ),
            (
                "take the square of the gradient",
                _of(lambda g, s, rho: rho * s + (1 - rho) * g),
            ),
        ],
        tuple(_ORDERS),
    ),
    in_place=True,
)
RMSPROP = replace(
    _RMSPROP,
    forms=(
        replace(
            _RMSPROP,
            parameters=(
                *_RMSPROP.parameters[:3],
                rate(0.001),
                share("rho", 0.9, "alpha"),
                epsilon(),
            ),
        ),
        config_form(
            _RMSPROP,
            rmsprop,
            {"learning_rate": "lr", "decay_rate": "rho", "epsilon": "eps", "cache": "s"},
            ("w", "s"),
        ),
        class_form(_RMSPROP, _ways(rmsprop), ("s",), _MEANS),
    ),
)
