"""How well numbers, vectors and boxes agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
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
from builder.kernels.metrics.confusion import GUESS, TRUTH

_EPSILON = Parameter("eps", ("epsilon",), None, usual=1e-8, least=1e-16, most=1e-4)
_EPS = (1e-8, 1e-9, 1e-10, 1e-7, 1e-6)
_Metric = Callable[..., Any]


def _guarded(metric: _Metric, guards: Mapping[str, _Metric]) -> tuple[Variant, ...]:
    """Return `metric` as it is, and with an eps where the words of `guards` say."""

    def plain(eps: float | None = None, **given: Any) -> Any:
        return metric(**given)

    return (
        Variant("", plain),
        *(
            Variant(words, guard, defaults={"eps": eps})
            for words, guard in guards.items()
            for eps in _EPS
        ),
    )


# ── the coefficient of determination ─────────────────────────────────────────────────────────────


def r2_score(y_true: Array, y_pred: Array, eps: float = 0.0) -> float:
    """Return 1 - sum (y - p)^2 / (sum (y - mean y)^2 + eps) of numbers (N,).

    The coefficient of determination: 1 is best, 0 is no better than the mean, and it may be
    negative. Draper, Smith, Applied Regression Analysis (1998).
    """
    y, p = (np.asarray(x, dtype=np.float64) for x in (y_true, y_pred))
    return 1.0 - float(np.sum((y - p) ** 2)) / (float(np.sum((y - y.mean()) ** 2)) + eps)


def _fitted(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    y = rng.normal(scale=2.0, size=n)
    return y, 0.8 * y + rng.normal(size=n) + 0.5


def _numbers(rng: np.random.Generator) -> list[Case]:
    y, p = _fitted(rng, 7)
    pairs = [
        (np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0])),
        (np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 2.0])),
        (np.array([1.0, 3.0]), np.array([1.0, 3.0])),
        (np.array([1.0, 2.0, 6.0]), np.array([3.0, 3.0, 3.0])),
        (np.array([3, 1, 2, 7]), np.array([2, 1, 4, 6])),
        *((y, p), *zip(layouts(y), layouts(p), strict=True)),
        (y.astype(np.float32), p.astype(np.float32)),
        *(_fitted(rng, n) for n in (2, 5, 20, 33)),
        (1e-2 * y, 1e-2 * p),
    ]
    far = "subtract the mean before squaring"
    return [
        *(Case({"y_true": a, "y_pred": b}) for a, b in pairs),
        Case({"y_true": 1e4 * y, "y_pred": 1e4 * p}, Level.STABILITY),
        Case({"y_true": 1e5 + y, "y_pred": 1e5 + p}, Level.STABILITY, far, slack=1e-8),
    ]


def _squares(x: Array) -> float:
    return float(np.sum(np.square(np.asarray(x, dtype=np.float64))))


def _sums(hint: str, value: _Metric) -> Mistake:
    """Return a mistake of truth and prediction as y and p."""

    def computed(y_true: Array, y_pred: Array, **_: float) -> float:
        return float(value(y=y_true.astype(np.float64), p=y_pred.astype(np.float64)))

    return Mistake(hint, computed)


R2_SCORE = Kernel(
    name="r2_score",
    aliases=(
        *("r_squared", "r2", "rsquared", "r_square", "calculate_r2", "compute_r2"),
        *("calculate_r_squared", "coefficient_of_determination"),
    ),
    parameters=(TRUTH, GUESS, _EPSILON),
    variants=_guarded(r2_score, {"{eps} added to the denominator": r2_score}),
    domains=(Domain("one vector", _numbers, alone=True),),
    formula=r"1 - \frac{\sum_i (y_i - \hat y_i)^2}{\sum_i (y_i - \bar y)^2}",
    source="Draper, Smith: Applied Regression Analysis (1998)",
    mistakes=(
        _sums(
            "subtract this from 1",
            lambda y, p: _squares(y - p) / _squares(y - y.mean()),
        ),
        _sums(
            "this is the squared correlation: take 1 - SS_res / SS_tot",
            lambda y, p: (
                ((y - y.mean()) @ (p - p.mean())) ** 2
                / max(1e-300, _squares(y - y.mean()) * _squares(p - p.mean()))
            ),
        ),
        _sums(
            "this is the explained variance: don't subtract the mean error",
            lambda y, p: 1 - np.var(y - p) / np.var(y),
        ),
        _sums(
            "truth and prediction are swapped: divide by the spread of the truth",
            lambda y, p: 1 - _squares(y - p) / max(1e-300, _squares(p - p.mean())),
        ),
        _sums(
            "divide the squared errors by those of the mean, not the other way round",
            lambda y, p: 1 - _squares(y - y.mean()) / max(1e-300, _squares(y - p)),
        ),
        _sums(
            "this is SS_reg / SS_tot: take 1 - SS_res / SS_tot",
            lambda y, p: _squares(p - y.mean()) / _squares(y - y.mean()),
        ),
        _sums(
            "the mean is that of the truth",
            lambda y, p: 1 - _squares(y - p) / max(1e-300, _squares(y - p.mean())),
        ),
        _sums("subtract the mean of the truth", lambda y, p: 1 - _squares(y - p) / _squares(y)),
        _sums(
            "divide two sums or two means, not one of each",
            lambda y, p: 1 - np.mean((y - p) ** 2) / _squares(y - y.mean()),
        ),
        _sums(
            "divide both by n: the variance is over n as well",
            lambda y, p: 1 - np.mean((y - p) ** 2) / (_squares(y - y.mean()) / (len(y) - 1)),
        ),
        _sums(
            "square the errors", lambda y, p: 1 - np.abs(y - p).sum() / np.abs(y - y.mean()).sum()
        ),
    ),
)

# ── cosine similarity ────────────────────────────────────────────────────────────────────────────


def cosine_similarity(
    a: Array, b: Array, eps: float = 0.0, *, each: bool = False, rows: bool = False
) -> Array | float:
    """Return the cosine of the angle between vectors, a . b / (|a| |b| + eps); 0 if one is 0.

    a and b are vectors (D,) or rows of them, (N, D) and (M, D), of which every one of a is held
    against every one of b: (N, M), or, with `rows`, only row i against row i: (N,). eps is added to
    the product of the norms or, with `each`, to both. Salton, McGill, Introduction to Modern
    Information Retrieval (1983).
    """
    a, b = (np.asarray(x, dtype=np.float64) for x in (a, b))
    one, other = (np.linalg.norm(x, axis=-1) + eps * each for x in (a, b))
    dots = np.sum(a * b, axis=-1) if rows else a @ b.T
    norms = (one * other if rows else np.multiply.outer(one, other)) + eps * (not each)
    cosines = dots / np.where(norms == 0, 1.0, norms)
    return cosines if cosines.ndim else float(cosines)


def _asked(pairs: Iterable[tuple[Array, Array]]) -> list[Case]:
    return [Case({"a": a, "b": b}) for a, b in pairs]


def _drawn(rng: np.random.Generator, n: int | None, m: int | None, d: int) -> tuple[Array, Array]:
    first, second = (rng.normal(size=(d,) if k is None else (k, d)) for k in (n, m))
    return first + 0.5, second + 0.5


def _vectors(rng: np.random.Generator) -> list[Case]:
    a, b = _drawn(rng, None, None, 5)
    huge = "divide by the norm: the square root of the sum of squares"
    return [
        *_asked(
            (
                (np.array([3.0, 4.0]), np.array([1.0, 0.0])),
                (np.array([1.0, 2.0]), np.array([2.0, 1.0])),
                (np.array([1.0, 0.0]), np.array([0.0, 2.0])),
                (np.array([1.0, 2.0]), np.array([-1.0, -2.0])),
                (np.array([2.0]), np.array([3.0])),
                (np.array([1, -2, 3]), np.array([2, 0, 1])),
                *((a, b), (a, a), *zip(layouts(a), layouts(b), strict=True)),
                (a.astype(np.float32), b.astype(np.float32)),
                *(_drawn(rng, None, None, d) for d in (2, 3, 8, 33)),
            )
        ),
        *(Case({"a": s * a, "b": s * b}, Level.STABILITY, huge) for s in (1e4, 1e-2)),
        Case({"a": 1e4 + a, "b": 1e4 + b}, Level.STABILITY, huge),
    ]


def _matrices(rng: np.random.Generator) -> list[Case]:
    a, b = _drawn(rng, 4, 3, 5)
    pairs = [
        (np.array([[3.0, 4.0], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]])),
        (np.array([[1.0, 2.0]]), np.array([[2.0, 1.0]])),
        (np.array([[1, 2], [0, 3]]), np.array([[2, 1], [-1, 4]])),
        *((a, b), *zip(layouts(a), layouts(b), strict=True)),
        (a.astype(np.float32), b.astype(np.float32)),
        *(_drawn(rng, *shape) for shape in ((1, 4, 2), (5, 1, 3), (3, 3, 3))),
    ]
    big = [Case({"a": 1e4 * a, "b": 1e4 * b}, Level.STABILITY)]
    return [*_asked(pairs), *big]


def _against_rows(rng: np.random.Generator) -> list[Case]:
    pairs = [_drawn(rng, None, m, d) for m, d in ((3, 2), (1, 4), (4, 4), (7, 3))]
    return _asked([(np.array([3.0, 4.0]), np.array([[1.0, 0.0], [0.0, 2.0]])), *pairs])


def _pairwise(rng: np.random.Generator) -> list[Case]:
    a, b = _drawn(rng, 4, 4, 3)
    pairs = [
        (np.array([[3.0, 4.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0]])),
        *((a, b), *zip(layouts(a), layouts(b), strict=True)),
        (a.astype(np.float32), b.astype(np.float32)),
        *(_drawn(rng, n, n, d) for n, d in ((1, 3), (5, 2), (3, 3))),
    ]
    return _asked(pairs)


def _itself(rng: np.random.Generator) -> list[Case]:
    return [Case({"x": case.arguments["a"]}) for case in _matrices(rng)]


def _zeros(rng: np.random.Generator) -> list[Case]:
    zero, some = np.zeros(2), np.array([1.0, 2.0])
    return _asked([(zero, some), (some, zero), (zero, zero)])


def _alone(x: Array, **own: Any) -> Any:
    return cosine_similarity(x, x, **own)


_GUARDS = {
    "{eps} added to the product of the norms": {},
    "{eps} added to each norm": {"each": True},
}


def _cosines(metric: _Metric) -> tuple[Variant, ...]:
    guards = {words: partial(metric, **own) for words, own in _GUARDS.items()}
    return _guarded(metric, guards)


def _cosine(hint: str, divided: _Metric) -> Mistake:
    """Return a mistake that divides the dot products by something else than the norms."""

    def computed(a: Array, b: Array, **_: float) -> Array:
        a, b = a.astype(np.float64), b.astype(np.float64)
        norms = (np.linalg.norm(x, axis=-1) for x in (a, b))
        return np.asarray(divided(dots=a @ b.T, outer=np.multiply.outer(*norms)))

    return Mistake(hint, computed)


def _flattened(a: Array, b: Array, **_: float) -> Array:
    """Divide by the norms of the whole matrices."""
    return np.asarray(a @ b.T / (np.linalg.norm(a) * np.linalg.norm(b)))


def _centred(a: Array, b: Array, **_: float) -> Any:
    a, b = (x - x.mean(axis=-1, keepdims=True) for x in (a, b))
    return cosine_similarity(a, b)


def _form(metric: _Metric, names: tuple[Parameter, ...], *domains: Domain) -> Kernel:
    return Kernel("cosine_similarity", (*names, _EPSILON), _cosines(metric), domains, "", "")


_A = Parameter(
    "a",
    (
        *("x", "u", "v1", "vec1", "vec_a", "vector1", "vector_a", "vector_1", "x1", "p"),
        *("query", "q", "emb1", "embedding1", "a1", "x_1", "v_1", "vec_1", "first"),
    ),
)
_B = Parameter(
    "b",
    (
        *("y", "v", "v2", "vec2", "vec_b", "vector2", "vector_b", "vector_2", "x2"),
        *("key", "k", "emb2", "embedding2", "a2", "x_2", "v_2", "vec_2", "second"),
        *("documents", "docs", "keys", "corpus"),
    ),
)

COSINE_SIMILARITY = Kernel(
    name="cosine_similarity",
    aliases=("cosine_sim", "cos_sim", "cosine", "calculate_cosine_similarity", "cos_similarity"),
    parameters=(_A, _B, _EPSILON),
    variants=_cosines(cosine_similarity),
    domains=(
        Domain("two vectors", _vectors, alone=True),
        Domain("every row with every row", _matrices, alone=True),
        Domain("a vector with every row", _against_rows, alone=True),
        Domain("a vector of zeros", _zeros),
    ),
    formula=r"\frac{a \cdot b}{\lVert a \rVert \, \lVert b \rVert}",
    source="Salton, McGill: Introduction to Modern Information Retrieval (1983)",
    mistakes=(
        _cosine("divide by the norms", lambda dots, **_: dots),
        _cosine("take the square root of the norms", lambda dots, outer: dots / outer**2),
        _cosine("this is the distance: leave out 1 -", lambda dots, outer: 1 - dots / outer),
        _cosine(
            "this is the angle: return its cosine",
            lambda dots, outer: np.arccos(np.clip(dots / outer, -1, 1)),
        ),
        _cosine("the sign counts", lambda dots, outer: np.abs(dots) / outer),
        Mistake("take the norm of each row, not of the whole matrix", _flattened),
        Mistake("this is the correlation: don't subtract the mean", _centred),
    ),
    forms=(
        _form(
            partial(cosine_similarity, rows=True),
            (_A, _B),
            Domain("row by row", _pairwise, alone=True),
        ),
        _form(
            _alone,
            (Parameter("x", ("a", "vectors", "embeddings", "matrix", "m", "e")),),
            Domain("the rows of one matrix", _itself, alone=True),
        ),
    ),
)
