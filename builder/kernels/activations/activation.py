"""Softmax and its logarithms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

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


def softmax(x: Array, axis: int = -1) -> Array:
    """Return exp(x) normalised along `axis`, for an array of any shape, in float64.

    exp(x_i) / sum_j exp(x_j), shifted by the maximum, which changes nothing but the range:
    Goodfellow, Bengio, Courville, Deep Learning (2016).
    """
    x = np.asarray(x, dtype=np.float64)
    shifted = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=axis, keepdims=True))


_MISTAKES = (
    Mistake("divide by the sum of the exponentials", lambda x, **_: np.exp(x)),
    Mistake("divide by the sum of the exponentials", lambda x, **_: np.exp(x - x.max())),
    Mistake("divide the exponentials by their sum, not x by its own", lambda x, **_: x / x.sum()),
    Mistake("this is the logarithm of it", lambda x, axis: np.log(softmax(x, axis))),
    Mistake("take exp(x), not exp(-x)", lambda x, axis: softmax(-x, axis)),
    Mistake("normalise along the last axis, not along the first", lambda x, **_: softmax(x, 0)),
)
_OVERFLOW = "subtract the maximum before the exponential"
_ROWS = "normalise each row by itself: max and sum with axis=-1, keepdims=True"


def _vectors(rng: np.random.Generator) -> list[Case]:
    plain: list[Array] = [
        np.array([0.0, 1.0]),
        np.array([3.0]),
        np.array([2.0, 2.0, 2.0]),
        np.array([1, 2, 3]),
        np.array([0.5, -1.0, 2.0], dtype=np.float32),
        np.array([-2.0, -5.0, -3.0]),
        *layouts(np.array([1.0, -2.0, 0.5, 3.0])),
        rng.normal(size=5),
        rng.normal(scale=5.0, size=33),
    ]
    extreme: list[Array] = [
        np.array([0.0, 1000.0]),
        np.array([-1000.0, -1001.0]),
        np.array([1e4, -1e4, 0.0]),
        np.array([1.0, -np.inf]),
        1e4 + rng.normal(size=4),
    ]
    return [
        *(Case({"x": x}) for x in plain),
        *(Case({"x": x}, Level.STABILITY, _OVERFLOW) for x in extreme),
    ]


def _rows(rng: np.random.Generator) -> list[Case]:
    plain: list[Array] = [
        np.array([[0.0, 1.0], [2.0, 0.0]]),
        np.array([[1.0, 2.0, 3.0]]),
        np.array([[1.0], [2.0]]),
        *layouts(rng.normal(size=(3, 4))),
        rng.normal(size=(5, 7)).astype(np.float32),
    ]
    extreme: list[Array] = [
        np.array([[0.0, 1000.0], [0.0, 1.0]]),
        np.array([[1e4, 0.0], [-1e4, -1e4]]),
    ]
    return [
        *(Case({"x": x}, hint=_ROWS) for x in plain),
        *(Case({"x": x}, Level.STABILITY, _OVERFLOW) for x in extreme),
    ]


def log_softmax(x: Array, axis: int = -1) -> Array:
    """Return the logarithm of `softmax` along `axis`, in float64, where no value is lost to 0.

    x - max - log(sum(exp(x - max))): Blanchard, Higham, Higham, Accurately Computing the
    Log-Sum-Exp and Softmax Functions (2021).
    """
    x = np.asarray(x, dtype=np.float64)
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def logsumexp(x: Array, axis: int | None = -1) -> Array:
    """Return log(sum(exp(x))) along `axis`, or of everything where it is None, in float64.

    Shifted by the maximum: Blanchard, Higham, Higham (2021).
    """
    x = np.asarray(x, dtype=np.float64)
    top = x.max(axis=axis, keepdims=True)
    summed = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return np.asarray(summed.squeeze(axis=axis))


def _axes(rng: np.random.Generator) -> list[Case]:
    hint = "use the axis that was asked for"
    return [
        Case({"x": rng.normal(size=(2, 3)), "axis": 0}, hint=hint),
        Case({"x": rng.normal(size=(2, 3, 4)), "axis": 1}, hint=hint),
    ]


def _hinted(
    cases: Callable[[np.random.Generator], list[Case]], hint: str, rng: np.random.Generator
) -> list[Case]:
    """Return the cases of softmax, with what to tell whoever misses their extremes."""
    return [replace(c, hint=hint) if c.level is Level.STABILITY else c for c in cases(rng)]


_UNDERFLOW = "no log of softmax, which may be 0: x - max - log(sum(exp(x - max)))"
_SHIFT = "subtract the maximum before the exponential, and add it back to the logarithm"


def _small_integers(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"x": np.array([-100, 100], dtype=np.int8)}),
        Case({"x": np.array([0, 200, 255], dtype=np.uint8)}),
    ]


SOFTMAX = Kernel(
    name="softmax",
    aliases=("stable_softmax", "softmax_stable", "safe_softmax"),
    parameters=(
        Parameter("x", ("z", "scores", "logits", "a", "v", "arr", "values", "inputs", "vec")),
        Parameter("axis", ("dim",), default=-1),
    ),
    variants=(Variant("", softmax),),
    domains=(
        Domain("one vector", _vectors, alone=True),
        Domain("a batch of rows", _rows, alone=True),
        Domain("any axis", _axes),
        Domain("small integers", _small_integers),
    ),
    formula=r"\operatorname{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}",
    mistakes=_MISTAKES,
    source="Goodfellow, Bengio, Courville: Deep Learning (2016), section 4.1",
)


_LOG_MISTAKES = (
    Mistake("take the logarithm of it: this is softmax", softmax),
    Mistake(
        "subtract the logarithm of the sum, too", lambda x, axis: x - x.max(axis, keepdims=True)
    ),
    Mistake("this is logsumexp: subtract it from x", logsumexp),
    Mistake(
        "the sign is wrong: logarithms of probabilities are negative",
        lambda x, axis: -log_softmax(x, axis),
    ),
    Mistake("take the natural logarithm", lambda x, axis: log_softmax(x, axis) / np.log(2.0)),
    Mistake(
        "add the maximum back to the logarithm of the sum",
        lambda x, axis: log_softmax(x, axis) + x.max(axis, keepdims=True),
    ),
    Mistake("normalise along the last axis, not along the first", lambda x, **_: log_softmax(x, 0)),
)

LOG_SOFTMAX = Kernel(
    name="log_softmax",
    aliases=("logsoftmax", "stable_log_softmax"),
    parameters=SOFTMAX.parameters,
    variants=(Variant("", log_softmax),),
    domains=(
        Domain("one vector", partial(_hinted, _vectors, _UNDERFLOW), alone=True),
        Domain("a batch of rows", partial(_hinted, _rows, _UNDERFLOW), alone=True),
        Domain("any axis", _axes),
    ),
    formula=r"\log\operatorname{softmax}(x)_i = x_i - \log \sum_j e^{x_j}",
    mistakes=_LOG_MISTAKES,
    source="Blanchard, Higham, Higham: Log-Sum-Exp and Softmax (2021)",
)

LOGSUMEXP = Kernel(
    name="logsumexp",
    aliases=("log_sum_exp", "lse", "stable_logsumexp"),
    parameters=(SOFTMAX.parameters[0], Parameter("axis", ("dim",), None, usual=-1)),
    variants=(
        Variant("", logsumexp, defaults={"axis": -1}),
        Variant("over everything", logsumexp),
    ),
    domains=(
        Domain("one vector", partial(_hinted, _vectors, _SHIFT), alone=True),
        Domain("a batch of rows", partial(_hinted, _rows, _SHIFT), alone=True),
        Domain("any axis", _axes),
    ),
    formula=r"\operatorname{lse}(x) = \log \sum_j e^{x_j}",
    mistakes=(
        Mistake("this is the maximum alone", lambda x, axis: x.max(axis)),
        Mistake("add the maximum back", lambda x, axis: logsumexp(x, axis) - x.max(axis)),
        Mistake(
            "take the logarithm of the sum", lambda x, axis: np.exp(x.clip(None, 500.0)).sum(axis)
        ),
        Mistake("sum the exponentials before the logarithm", lambda x, axis: x.sum(axis)),
        Mistake(
            "take the sum, not the mean",
            lambda x, axis: logsumexp(x, axis) - np.log(x.size if axis is None else x.shape[axis]),
        ),
        Mistake("take the natural logarithm", lambda x, axis: logsumexp(x, axis) / np.log(2.0)),
        Mistake(
            "this is log_softmax: return the logarithm of the sum itself",
            lambda x, axis: log_softmax(x, -1 if axis is None else axis),
        ),
    ),
    source="Blanchard, Higham, Higham: Log-Sum-Exp and Softmax (2021)",
)
