"""Scaling of data: columns to mean 0 and deviation 1, and vectors to length 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Arguments,
    Array,
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

_UNIT = 2.0**-53
_EPSILONS = (1e-8, 1e-12, 1e-9, 1e-10, 1e-7, 1e-6)


def standardize(
    x: Array,
    ddof: int,
    eps: float,
    axis: int = 0,
    *,
    guard: str = "none",
    also: str = "",
) -> Array | tuple[Array, ...]:
    """Return (x - mean) / std over `axis` in float64, where x is (n, d) or (n,).

    std has the divisor n - ddof. `guard` says where eps stands: "added" to std, "inside" its root,
    or nowhere. What is constant becomes 0. `also` returns more: the "moments" mean and std, the
    mean and the "divisor" with eps, or the "range", x scaled to [0, 1]. Hastie, Tibshirani,
    Friedman, The Elements of Statistical Learning (2009).
    """
    x = np.asarray(x, dtype=np.float64)
    mean = x.mean(axis=axis, keepdims=True)
    divisor = _nonzero(_deviation(x, ddof, eps, axis, guard))
    z = (x - mean) / divisor
    match also:
        case "moments":
            return z, mean.squeeze(axis), x.std(axis=axis, ddof=ddof)
        case "divisor":
            return z, mean.squeeze(axis), divisor.squeeze(axis)
        case "range":
            least = x.min(axis=axis, keepdims=True)
            return z, (x - least) / _nonzero(x.max(axis=axis, keepdims=True) - least)
        case _:
            return np.asarray(z)


def _deviation(x: Array, ddof: int, eps: float, axis: int, guard: str) -> Array:
    variance = x.var(axis=axis, ddof=ddof, keepdims=True)
    # The mean of equal numbers may be off by a rounding, and then their deviation is not 0.
    variance = np.where(np.ptp(x, axis=axis, keepdims=True) == 0, 0.0, variance)
    match guard:
        case "added":
            return np.asarray(np.sqrt(variance) + eps)
        case "inside":
            return np.asarray(np.sqrt(variance + eps))
        case _:
            return np.asarray(np.sqrt(variance))


def _nonzero(x: Array) -> Array:
    return np.where(x == 0, 1.0, x)


def scaler(
    x_train: Array,
    x_test: Array,
    ddof: int,
    eps: float,
    *,
    guard: str = "none",
    both: bool = False,
) -> Array | tuple[Array, Array]:
    """Return x_test less x_train's mean, over x_train's std, in float64; `both` scales x_train too.

    See `standardize`.
    """
    train, test = (np.asarray(x, dtype=np.float64) for x in (x_train, x_test))
    scale = _nonzero(_deviation(train, ddof, eps, 0, guard))
    own, other = ((x - train.mean(axis=0)) / scale for x in (train, test))
    return (own, other) if both else other


_OFFSET = "subtract the mean before squaring: E[x²] - E[x]² cancels when the mean is large"


def _slack(x: Array) -> float:
    """Return 16 u kappa: what the rounding of a mean far from zero costs an honest answer."""
    return 16 * _UNIT * float(np.abs(x).max() / x.std(axis=0).min())


def _far(x: Array) -> Case:
    return Case({"x": x}, Level.STABILITY, _OFFSET, slack=_slack(x))


def _columns(rng: np.random.Generator) -> list[Case]:
    arrays: list[Array] = [
        np.array([[0.0, 1.0], [4.0, 7.0]]),
        np.array([[1.0, 10.0], [5.0, 40.0]]),
        np.array([[0.0], [4.0]]),
        np.array([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]]),
        np.array([[1, 2], [3, 5], [8, 13]]),
        *layouts(rng.normal(size=(5, 3))),
        rng.normal(size=(6, 4)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(17, 5)),
        1e-2 * rng.normal(size=(4, 4)),
    ]
    return [
        *(Case({"x": x}) for x in arrays),
        Case({"x": arrays[3], "ddof": 1}, hint="use the ddof that was passed"),
        Case({"x": arrays[3], "eps": 1e-2}, hint="use the eps that was passed"),
        Case({"x": rng.normal(size=(5, 3)) * np.array([1e-2, 1.0, 1e4])}, Level.STABILITY),
        _far(1e7 + rng.normal(size=(8, 2))),
    ]


def _vectors(rng: np.random.Generator) -> list[Case]:
    arrays: list[Array] = [
        np.array([0.0, 4.0]),
        np.array([1.0, 2.0, 6.0]),
        np.array([1, 3, 8, 2]),
        *layouts(rng.normal(size=5)),
        rng.normal(size=6).astype(np.float32),
        rng.normal(3.0, 2.0, size=17),
        1e-2 * rng.normal(size=4),
    ]
    return [
        *(Case({"x": x}) for x in arrays),
        Case({"x": arrays[1], "ddof": 1}, hint="use the ddof that was passed"),
        Case({"x": arrays[1], "eps": 1e-2}, hint="use the eps that was passed"),
        Case({"x": rng.normal(scale=1e4, size=5)}, Level.STABILITY),
        _far(1e7 + rng.normal(size=8)),
    ]


def _constant(rng: np.random.Generator) -> list[Case]:
    hint = "a constant column has deviation 0: divide it by 1 instead"
    columns = np.array([[4.0, 1.0], [4.0, 2.0], [4.0, 6.0]])
    return [Case({"x": x}, hint=hint) for x in (columns, np.full((2, 2), 3.0), columns[:1])]


def _rows(rng: np.random.Generator) -> list[Case]:
    return [Case({"x": rng.normal(size=size), "axis": 1}) for size in ((3, 4), (2, 2))]


def _varied(arguments: Arguments) -> bool:
    """Tell whether a deviation of so many degrees of freedom is defined."""
    x = arguments["x_train"] if "x_train" in arguments else arguments["x"]
    return bool(np.shape(x)[arguments.get("axis", 0)] > arguments["ddof"])


_GUARDS = {"none": "", "added": ", std + {eps}", "inside": ", variance + {eps}"}
_FEW = ("none", "added")


def _variants(
    reference: Callable[..., Any],
    words: str = "",
    guards: Sequence[str] = tuple(_GUARDS),
    epsilons: Sequence[float] = _EPSILONS,
) -> list[Variant]:
    """Return the conventions of the divisor and of the guard against a deviation of 0."""
    return [
        Variant(
            f"ddof {{ddof}}{_GUARDS[guard]}{words}",
            partial(reference, guard=guard),
            defaults={"ddof": ddof, "eps": eps},
            applies=_varied,
        )
        for ddof in (0, 1)
        for guard in guards
        for eps in (epsilons if guard != "none" else epsilons[:1])
    ]


def _over_all(x: Array, ddof: int, **_: Any) -> Array:
    return np.asarray((x - np.mean(x)) / np.std(x, ddof=ddof))


def _each_row(x: Array, ddof: int, **_: Any) -> Any:
    return standardize(x, ddof, 0.0, axis=1)


def _by_variance(x: Array, ddof: int, **_: Any) -> Array:
    return np.asarray((x - np.mean(x, axis=0)) / np.var(x, axis=0, ddof=ddof))


def _centred(x: Array, **_: Any) -> Array:
    return np.asarray(x - np.mean(x, axis=0))


def _scaled(x: Array, ddof: int, **_: Any) -> Array:
    return np.asarray(x / np.std(x, axis=0, ddof=ddof))


def _between(x: Array, **_: Any) -> Array:
    return np.asarray((x - np.min(x, axis=0)) / np.ptp(x, axis=0))


_X = Parameter("x", ("data", "a", "arr", "array", "values", "features", "v", "nums", "column"))
_DDOF = Parameter("ddof", (), None, usual=0, least=0, most=1)
_EPS = Parameter("eps", ("epsilon",), None, usual=1e-8, least=1e-16, most=1e-2)
_SPLIT = (
    (np.array([[0.0], [4.0]]), np.array([[6.0], [3.0]])),
    (np.array([[1.0, 10.0], [5.0, 40.0]]), np.array([[2.0, 30.0], [4.0, 0.0], [9.0, 5.0]])),
    (np.array([[1, 2], [3, 5], [8, 13]]), np.array([[1, 1], [2, 0]])),
)


def _splits(rng: np.random.Generator) -> list[Case]:
    drawn = [(rng.normal(3.0, 2.0, size=(n, 3)), rng.normal(size=(4, 3))) for n in (5, 8)]
    single = tuple(x.astype(np.float32) for x in (rng.normal(size=(6, 2)), rng.normal(size=(3, 2))))
    views = zip(layouts(drawn[0][0]), layouts(drawn[0][1]), strict=True)
    pairs = [*_SPLIT, *drawn, single, *views]
    far = 1e7 + rng.normal(size=(8, 2))
    options = ({"ddof": 1}, {"eps": 1e-2})
    return [
        *(Case({"x_train": one, "x_test": other}) for one, other in pairs),
        *(Case({"x_train": drawn[1][0], "x_test": drawn[1][1], **own}) for own in options),
        Case({"x_train": far, "x_test": far[:3] + 1}, Level.STABILITY, _OFFSET, _slack(far)),
    ]


def _constant_train(rng: np.random.Generator) -> list[Case]:
    train, test = np.array([[4.0, 1.0], [4.0, 3.0]]), np.array([[4.0, 2.0]])
    return [Case({"x_train": train, "x_test": test})]


_STANDARDIZE = Kernel(
    name="standardize",
    aliases=(
        "standardise",
        "feature_scaling",
        "standardization",
        "standardize_features",
        "standardize_data",
        "z_score",
        "zscore",
        "z_score_normalize",
        "z_score_normalization",
        "zscore_normalize",
        "standard_scale",
        "standard_scaler",
        "standardscaler",
    ),
    parameters=(_X, _DDOF, _EPS, Parameter("axis", ("dim",), 0, least=0, most=0)),
    variants=(
        *_variants(standardize),
        *_variants(partial(standardize, also="moments"), ", with mean and std", _FEW, (1e-8,)),
        *_variants(
            partial(standardize, also="divisor"), ", with mean and sum", ("added",), (1e-8,)
        ),
        *_variants(partial(standardize, also="range"), ", with x scaled to [0, 1]", _FEW, (1e-8,)),
    ),
    domains=(
        Domain("columns that vary", _columns, alone=True),
        Domain("one vector", _vectors, alone=True),
        Domain("constant columns", _constant),
        Domain("any axis", _rows),
    ),
    formula=r"z_{ij} = \frac{x_{ij} - \mu_j}{\sigma_j}",
    source="Hastie, Tibshirani, Friedman: The Elements of Statistical Learning (2009)",
    mistakes=(
        Mistake("standardize each column by itself: axis=0", _over_all),
        Mistake("take mean and deviation of columns, axis 0, not of rows", _each_row),
        Mistake("divide by the deviation, not by the variance", _by_variance),
        Mistake("divide by the deviation", _centred),
        Mistake("subtract the mean", _scaled),
        Mistake("this scales to [0, 1]: subtract the mean, divide by the deviation", _between),
    ),
)


def _of_test(x_test: Array, ddof: int, eps: float, **_: Any) -> Any:
    return standardize(x_test, ddof, eps)


def _each_of_its_own(x_train: Array, ddof: int, eps: float, **given: Array) -> Any:
    return standardize(x_train, ddof, eps), standardize(given["x_test"], ddof, eps)


_OF_TRAINING = "scale by mean and deviation of the training data"
_SCALER = replace(
    _STANDARDIZE,
    parameters=(
        Parameter("x_train", ("train", "training_data")),
        Parameter("x_test", ("test", "test_data", "x_new")),
        _DDOF,
        _EPS,
    ),
    variants=(*_variants(scaler), *_variants(partial(scaler, both=True), ", training data too")),
    domains=(
        Domain("training data and new rows", _splits, alone=True),
        Domain("constant columns", _constant_train),
    ),
    mistakes=(
        Mistake(_OF_TRAINING, _of_test),
        Mistake(_OF_TRAINING, _each_of_its_own),
    ),
    methods=(
        Method(("fit", "train"), dict.fromkeys(("x", "data", "x_train"), "x_train")),
        Method(
            ("transform", "predict", "__call__"),
            dict.fromkeys(("x", "data", "x_test", "x_new"), "x_test"),
        ),
    ),
)

STANDARDIZE = replace(_STANDARDIZE, forms=(_SCALER,))
