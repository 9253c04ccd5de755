"""Activation functions."""

from __future__ import annotations

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
    Goodfellow, Bengio, Courville, Deep Learning (2016), section 4.1.
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


def _axes(rng: np.random.Generator) -> list[Case]:
    hint = "use the axis that was asked for"
    return [
        Case({"x": rng.normal(size=(2, 3)), "axis": 0}, hint=hint),
        Case({"x": rng.normal(size=(2, 3, 4)), "axis": 1}, hint=hint),
    ]


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
