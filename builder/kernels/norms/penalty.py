"""The L2 penalty, by itself and in the loss of ridge regression."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
)

Weights = Array | list[Array]
_HALVED = ("halved", "over 2 n")


def l2_penalty(
    w: Weights, lam: float, m: float = 1.0, *, factor: float = 1.0, gradient: bool = False
) -> float | tuple[float, Array]:
    """Return factor * lam / m times the sum of squared weights, in float64.

    w is an array or a list of arrays, m a number of examples. With `gradient`, that by an array w
    is returned, too. Hoerl, Kennard, Ridge Regression (1970).
    """
    parts = [np.asarray(one, dtype=np.float64) for one in (w if isinstance(w, list) else [w])]
    scale = factor * lam / m
    penalty = scale * sum(float(np.sum(one**2)) for one in parts)
    return (penalty, 2.0 * scale * parts[0]) if gradient else penalty


def ridge_loss(  # noqa: PLR0913
    x: Array,
    y: Array,
    w: Array,
    lam: float,
    b: float = 0.0,
    *,
    error: str = "mean",
    penalty: str = "whole",
) -> float:
    """Return the squared error of x @ w + b plus lam times the sum of squared w, in float64.

    x is (n, d); y and w are (n,) and (d,), or (n, 1) and (d, 1). `error` is the "mean", the "sum",
    "half the mean" or "half the sum" of squares. `penalty` is "whole", "halved", "over n" or
    "over 2 n". b costs nothing. Hoerl, Kennard, Ridge Regression (1970).
    """
    features, target, weights = (np.asarray(a, dtype=np.float64) for a in (x, y, w))
    squares = np.square(features @ weights + b - target)
    total = float(np.mean(squares) if "mean" in error else np.sum(squares))
    cost = lam * float(np.sum(weights**2)) / (len(features) if penalty.endswith("n") else 1)
    return total / (2 if "half" in error else 1) + cost / (2 if penalty in _HALVED else 1)


# ── the penalty by itself ────────────────────────────────────────────────────────────────────────


def _arrays(rng: np.random.Generator) -> list[Weights]:
    return [
        np.array([1.0, -2.0, 5.0]),
        np.array([3.0]),
        np.array([[1.0, 2.0], [-3.0, 0.5]]),
        np.array([1, -2, 3]),
        np.zeros(3),
        *layouts(rng.normal(size=5)),
        *layouts(rng.normal(size=(3, 2))),
        rng.normal(size=(2, 4)).astype(np.float32),
        rng.normal(size=33),
        1e4 * rng.normal(size=4),
    ]


def _layers(rng: np.random.Generator) -> list[Weights]:
    return [
        [np.array([[1.0, -2.0]]), np.array([[3.0], [1.0]])],
        [np.array([[2.0]])],
        [np.array([[1, 2], [3, 4]]), np.array([[1, -1]])],
        *([rng.normal(size=(3, n)), rng.normal(size=(n, 2))] for n in (2, 4)),
        [rng.normal(size=(2, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 1))],
    ]


Draw = Callable[[np.random.Generator], list[Weights]]


def _asked(draw: Draw, rng: np.random.Generator, examples: Sequence[int] = ()) -> list[Case]:
    strengths = cycle((0.5, 2.0, 0.1, 1.0, 0.25))
    cases: list[Case] = []
    for at, w in enumerate(draw(rng)):
        own = {"m": examples[at % len(examples)]} if examples else {}
        large = isinstance(w, np.ndarray) and abs(w).max() > 1e3
        level = Level.STABILITY if large else Level.CORE
        cases.append(Case({"w": w, "lam": next(strengths), **own}, level))
    return [*cases, Case({**cases[0].arguments, "lam": 0.0})]


def _domains(examples: Sequence[int] = ()) -> tuple[Domain, ...]:
    return (
        Domain("one array of weights", partial(_asked, _arrays, examples=examples), alone=True),
        Domain("a list of arrays", partial(_asked, _layers, examples=examples), alone=True),
    )


def _variants(factors: Mapping[float, str], *, gradient: bool = False) -> tuple[Variant, ...]:
    return tuple(
        Variant(words, partial(l2_penalty, factor=factor, gradient=gradient))
        for factor, words in factors.items()
    )


def _of(measure: Callable[[Array], Any]) -> Callable[..., Any]:
    """Return the wrong answer that sums this measure of each array of weights."""

    def wrong(w: Weights, lam: float, m: float = 1.0) -> Any:
        return (
            lam / m * sum(measure(np.asarray(one)) for one in (w if isinstance(w, list) else [w]))
        )

    return wrong


def _squares(w: Array) -> float:
    return float(np.sum(np.square(w)))


_MISTAKES = (
    Mistake(
        "sum the squares, don't take the root: this is lam times the norm", _of(np.linalg.norm)
    ),
    Mistake("this is the L1 penalty: sum the squares", _of(lambda w: np.sum(np.abs(w)))),
    Mistake("sum the squares, not the weights", _of(np.sum)),
    Mistake("sum the squares, don't take their mean", _of(lambda w: np.mean(np.square(w)))),
    Mistake("square the weights before you sum them", _of(lambda w: np.sum(w) ** 2)),
    Mistake("sum over the weights", _of(np.square)),
    Mistake("multiply by lam", lambda w, **_: l2_penalty(w, 1.0)),
    Mistake("lam is not squared", lambda w, lam, **_: l2_penalty(w, lam**2)),
    Mistake("this is the gradient: return the penalty", _of(lambda w: 2.0 * w)),
)

_W = Parameter(
    "w",
    ("weights", "weight", "params", "parameters", "theta", "beta", "coef", "coefficients", "ws",
     "weight_matrices"),
)  # fmt: skip
_LAM = Parameter(
    "lam",
    ("alpha", "lambda_", "lmbda", "lambd", "l2", "reg", "lamda", "lambda_param", "lambda_reg",
     "l2_lambda", "reg_strength", "strength", "weight_decay", "l", "reg_lambda", "lam_",
     "regularization", "regularization_strength"),
)  # fmt: skip

_FACTORS = {1.0: "lam times the sum of squares", 0.5: "half of lam times the sum of squares"}
_PENALTY = Kernel(
    name="l2_penalty",
    aliases=(
        "l2_regularization",
        "l2_reg",
        "ridge_penalty",
        "l2_regularization_loss",
        "ridge_loss",
        "ridge_cost",
        "ridge_regression_loss",
    ),
    parameters=(_W, _LAM),
    variants=_variants(_FACTORS),
    domains=_domains(),
    formula=r"\lambda \sum_i w_i^2",
    source="Hoerl, Kennard: Ridge Regression (1970)",
    mistakes=_MISTAKES,
)
_WITH_GRADIENT = replace(
    _PENALTY,
    variants=_variants(
        {factor: f"{words}, with its gradient" for factor, words in _FACTORS.items()},
        gradient=True,
    ),
    domains=_domains()[:1],
    mistakes=(),
)
_PER_EXAMPLE = replace(
    _PENALTY,
    parameters=(
        _W,
        _LAM,
        Parameter("m", ("n", "batch_size", "n_samples", "num_samples", "n_examples")),
    ),
    variants=_variants({0.5: "over 2 m", 1.0: "over m"}),
    domains=_domains((4, 10, 3)),
)


# ── ridge regression's loss ──────────────────────────────────────────────────────────────────────


def _tables(rng: np.random.Generator) -> list[tuple[Array, Array, Array]]:
    x = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]])
    drawn = [
        (rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=d))
        for n, d in ((5, 3), (4, 4), (2, 6), (7, 1), (17, 5))
    ]
    return [
        (x[:1, :1], np.array([3.0]), np.array([1.0])),
        (x, np.array([1.0, 2.0, 5.0]), np.array([0.5, -1.0])),
        (x.astype(int), np.array([1, 2, 5]), np.array([2, -1])),
        (x, x @ np.array([0.5, -1.0]), np.array([0.5, -1.0])),
        *drawn,
        (np.asfortranarray(drawn[0][0]), layouts(drawn[0][1])[0], layouts(drawn[0][2])[0]),
        _single(*drawn[0]),
        (1e4 * drawn[1][0], 1e4 * drawn[1][1], drawn[1][2]),
    ]


def _single(*arrays: Array) -> tuple[Array, Array, Array]:
    x, y, w = (one.astype(np.float32) for one in arrays)
    return x, y, w


def _ridge_cases(rng: np.random.Generator, *, columns: bool) -> list[Case]:
    strengths = cycle((0.5, 2.0, 0.1, 1.0))
    cases: list[Case] = []
    for x, y, w in _tables(rng):
        shaped = {"y": y[:, None], "w": w[:, None]} if columns else {"y": y, "w": w}
        level = Level.STABILITY if abs(x).max() > 1e3 else Level.CORE
        cases.append(Case({"x": x, **shaped, "lam": next(strengths)}, level))
    return [
        *cases,
        Case({**cases[1].arguments, "lam": 0.0}),
        *(
            Case({**cases[at].arguments, "b": 0.25}, hint="add the b that was passed")
            for at in (1, 4)
        ),
    ]


_PENALTIES = {
    "mean": ("whole", "halved", "over n"),
    "sum": ("whole", "halved"),
    "half the mean": ("halved", "whole", "over 2 n"),
    "half the sum": ("halved", "whole"),
}


def _lacking(**fixed: Any) -> Callable[..., float]:
    """Return ridge's loss for other arguments than were given."""
    return lambda **given: ridge_loss(**{**given, **fixed})


def _with_b(x: Array, y: Array, w: Array, lam: float, b: float) -> float:
    return ridge_loss(x, y, w, lam, b) + lam * b**2


_RIDGE = replace(
    _PENALTY,
    parameters=(
        Parameter("x", ("features", "a", "data", "x_train")),
        Parameter("y", ("y_true", "targets", "target", "t", "labels", "y_train")),
        _W,
        _LAM,
        Parameter("b", ("bias", "intercept", "b0"), 0.0, least=0.0, most=0.0),
    ),
    variants=tuple(
        Variant(
            f"{error} of squares, penalty {words}", partial(ridge_loss, error=error, penalty=words)
        )
        for error, penalties in _PENALTIES.items()
        for words in penalties
    ),
    domains=(
        Domain("vectors y and w", partial(_ridge_cases, columns=False), alone=True),
        Domain("columns y and w", partial(_ridge_cases, columns=True), alone=True),
    ),
    mistakes=(
        Mistake("add the penalty: lam times the sum of squared weights", _lacking(lam=0.0)),
        Mistake(
            "add the penalty, don't subtract it", lambda lam, **rest: ridge_loss(lam=-lam, **rest)
        ),
        Mistake("multiply the penalty by lam", _lacking(lam=1.0)),
        Mistake(
            "this is the penalty of lasso: square the weights",
            lambda w, lam, **rest: (
                ridge_loss(w=w, lam=0.0, **rest) + lam * float(np.sum(np.abs(w)))
            ),
        ),
        Mistake(
            "square the weights: don't take the root of their sum",
            lambda w, lam, **rest: (
                ridge_loss(w=w, lam=0.0, **rest) + lam * float(np.linalg.norm(w))
            ),
        ),
        Mistake(
            "sum the squared weights, don't take their mean",
            lambda w, lam, **rest: ridge_loss(w=w, lam=lam / np.size(w), **rest),
        ),
        Mistake("add the squared error to the penalty", lambda w, lam, **_: l2_penalty(w, lam)),
        Mistake(
            "square the errors",
            lambda x, y, w, lam, b: float(np.mean(np.abs(x @ w + b - y))) + lam * _squares(w),
        ),
        Mistake("b costs nothing: leave it out of the penalty", _with_b),
    ),
)

L2_PENALTY = replace(_PENALTY, forms=(_WITH_GRADIENT, _PER_EXAMPLE, _RIDGE))
