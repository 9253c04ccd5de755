"""Scaling of vectors to length 1."""

from __future__ import annotations

from collections.abc import Callable
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


def l2_normalize(
    x: Array,
    axis: int,
    order: float,
    eps: float,
    *,
    guard: str = "none",
) -> Array:
    """Return x over its vector norm along `axis` in float64; x is of any shape.

    `order` is that of the norm, 2 the Euclidean one. `guard` says where eps stands: "added" to the
    norm, "inside" its root, or nowhere. What has norm 0 stays 0. Golub, Van Loan, Matrix
    Computations (2013).
    """
    x = np.asarray(x, dtype=np.float64)
    norm = np.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    if guard == "added":
        norm = norm + eps
    elif guard == "inside":
        norm = np.sqrt(norm**2 + eps)
    return np.asarray(x / np.where(norm == 0, 1.0, norm))


def _lengths(x: Array) -> list[Case]:
    return [
        Case({"x": x, "eps": 1e-2}, hint="use the eps that was passed"),
        Case({"x": 1e4 * x}, Level.STABILITY),
        Case({"x": 1e4 + x}, Level.STABILITY),
    ]


def _directions(rng: np.random.Generator) -> list[Case]:
    arrays: list[Array] = [
        np.array([[3.0, 4.0]]),
        np.array([[3.0, 4.0], [0.0, -2.0]]),
        np.array([[1, 2, 2], [-2, 3, 6]]),
        np.array([[-5.0], [2.0]]),
        *layouts(rng.normal(size=(5, 3))),
        rng.normal(size=(4, 6)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(7, 7)),
        1e-2 * rng.normal(size=(2, 5)),
    ]
    return [*(Case({"x": x}) for x in arrays), *_lengths(rng.normal(size=(3, 4)))]


def _one_direction(rng: np.random.Generator) -> list[Case]:
    arrays: list[Array] = [
        np.array([3.0, 4.0]),
        np.array([1, -2, 2]),
        np.array([-5.0]),
        *layouts(rng.normal(size=5)),
        rng.normal(size=6).astype(np.float32),
        rng.normal(3.0, 2.0, size=17),
        1e-2 * rng.normal(size=3),
    ]
    return [*(Case({"x": x}) for x in arrays), *_lengths(rng.normal(size=4))]


def _batches(rng: np.random.Generator) -> list[Case]:
    return [Case({"x": rng.normal(size=size)}) for size in ((2, 3, 4), (2, 2, 2), (1, 3, 1, 2))]


def _zeros(rng: np.random.Generator) -> list[Case]:
    hint = "a vector of zeros has no direction: divide it by 1, or add a small eps"
    return [Case({"x": x}, hint=hint) for x in (np.array([[0.0, 0.0], [3.0, 4.0]]), np.zeros(3))]


def _any_axis(rng: np.random.Generator) -> list[Case]:
    x = rng.normal(size=(3, 4))
    return [Case({"x": x, "axis": axis}) for axis in (0, 1)]


def _any_order(rng: np.random.Generator) -> list[Case]:
    return [Case({"x": rng.normal(size=(3, 4)), "order": order}) for order in (1, 3)]


_EPSILONS = (1e-12, 1e-8, 1e-9, 1e-10, 1e-7, 1e-6)
_NAMES = (
    "data", "a", "arr", "array", "values", "features", "v", "nums", "vec", "vector", "vectors",
    "embeddings", "embedding", "z", "w", "matrix", "m",
)  # fmt: skip
_PLACES = {"none": "", "added": "norm + {eps}", "inside": "sum of squares + {eps}"}


def _over(norm: Callable[[Array], Array]) -> Callable[..., Array]:
    """Return the wrong answer that divides x by this norm of it."""
    return lambda x, **_: np.asarray(x / norm(np.asarray(x, dtype=np.float64)))


def _sum(x: Array) -> Array:
    return np.asarray(np.sum(x, axis=-1, keepdims=True))


L2_NORMALIZE = Kernel(
    name="l2_normalize",
    aliases=(
        "normalize",
        "normalise",
        "l2_normalization",
        "l2_normalise",
        "normalize_l2",
        "l2norm",
        "normalize_rows",
        "normalize_vector",
        "normalize_vectors",
        "unit_vector",
        "unit_norm",
    ),
    parameters=(
        Parameter("x", _NAMES),
        Parameter("axis", ("dim",), -1, least=-1, most=-1),
        Parameter("order", ("ord", "p", "norm"), 2, least=2, most=2),
        Parameter("eps", ("epsilon",), None, usual=1e-12, least=1e-16, most=1e-2),
    ),
    variants=tuple(
        Variant(words, partial(l2_normalize, guard=guard), defaults={"eps": eps})
        for guard, words in _PLACES.items()
        for eps in (_EPSILONS if words else _EPSILONS[:1])
    ),
    domains=(
        Domain("rows", _directions, alone=True),
        Domain("one vector", _one_direction, alone=True),
        Domain("any shape", _batches),
        Domain("vectors of zeros", _zeros),
        Domain("any axis", _any_axis),
        Domain("any order of the norm", _any_order),
    ),
    formula=r"\frac{x}{\lVert x \rVert_2}, \quad \lVert x \rVert_2 = \sqrt{\sum_i x_i^2}",
    source="Golub, Van Loan: Matrix Computations (2013)",
    mistakes=(
        Mistake("take the root of the sum of squares", _over(lambda x: _sum(x**2))),
        Mistake(
            "this is the L1 norm: sum the squares and take the root", _over(lambda x: _sum(abs(x)))
        ),
        Mistake("sum the squares and take the root, not the numbers", _over(_sum)),
        Mistake(
            "take the norm of each row by itself: axis=-1, keepdims=True",
            _over(lambda x: np.sqrt(np.sum(x**2))),
        ),
        Mistake(
            "take the norm of rows, axis -1, not of columns",
            _over(lambda x: np.sqrt(np.sum(x**2, axis=0))),
        ),
        Mistake(
            "sum the squares, don't take their mean",
            _over(lambda x: np.sqrt(_sum(x**2) / x.shape[-1])),
        ),
        Mistake(
            "divide by the Euclidean norm, not by the maximum",
            _over(lambda x: np.max(abs(x), axis=-1, keepdims=True)),
        ),
        Mistake(
            "this scales to [0, 1]: divide by the Euclidean norm",
            lambda x, **_: (x - np.min(x, axis=0)) / np.ptp(x, axis=0),
        ),
        Mistake(
            "this standardizes: divide by the Euclidean norm, subtract nothing",
            lambda x, **_: (x - np.mean(x, axis=0)) / np.std(x, axis=0),
        ),
    ),
)
