"""Linear models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np

from builder.kernels.classics.descent import (
    LAYOUTS,
    METHODS,
    RATE,
    STEPS,
    TEST,
    Convention,
    X,
    Y,
    column_cases,
    column_variants,
    descend,
    descent_cases,
    descent_mistakes,
    design,
    packed,
    prediction_cases,
    variants,
)
from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Result,
    Variant,
    layouts,
)


def linear_regression(
    x: Array, y: Array, *, bias: str = "none", column: bool = False, swapped: bool = False
) -> Result:
    """Return the weights of least squares in float64: those of the least norm, if many fit.

    x is (N, D), y is (N,), or (N, K) for K targets. `bias` says where a column of ones is put:
    "none", "first", "last", or "pair" for results w and b, `swapped` for b and w. Hastie,
    Tibshirani, Friedman, The Elements of Statistical Learning (2009).
    """
    theta = np.linalg.lstsq(design(x, bias), np.asarray(y, dtype=np.float64))[0]
    results = packed(theta, bias, column=column)
    return results[::-1] if swapped else results if bias == "pair" else results[0]


def linear_regression_line(x: Array, y: Array, *, shape: str = "pair") -> Result:
    """Return slope and intercept of the line of least squares through points (N,), in float64.

    `shape` is "pair" for (slope, intercept), "swapped", or "first" or "last" for an array with the
    intercept there.
    """
    x = np.asarray(x, dtype=np.float64)[:, None]
    theta = linear_regression(x, y, bias="last" if shape in ("pair", "last") else "first")
    return (float(theta[0]), float(theta[1])) if shape in ("pair", "swapped") else theta


def linear_regression_predict(x: Array, y: Array, x_test: Array, *, bias: str = "pair") -> Array:
    """Return what least squares on rows x (N, D) and y (N,) predicts for x_test (M, D)."""
    bias = "first" if bias == "pair" else bias
    return np.asarray(design(x_test, bias) @ linear_regression(x, y, bias=bias))


def linear_regression_descent(
    x: Array, y: Array, lr: float, n_iter: int, how: Convention
) -> Result:
    """Return the weights after `n_iter` steps of gradient descent from zeros, in float64.

    x is (N, D), y is (N,) or (N, 1). Losses are mean squared errors.
    """
    a = design(x, how.bias)
    path = descend(a, y, lr, n_iter, lambda z: z, how.scale)
    return how.results(path, lambda w: float(np.mean((a @ w - y) ** 2)))


def linear_regression_descent_predict(
    x: Array, y: Array, x_test: Array, lr: float, n_iter: int, how: Convention
) -> Array:
    """Return what the weights of `linear_regression_descent` predict for x_test (M, D)."""
    theta = linear_regression_descent(x, y, lr, n_iter, how)
    return np.asarray(design(x_test, how.bias) @ theta)


def _rows(rng: np.random.Generator) -> list[Case]:
    def asked(x: Array, y: Array, level: Level = Level.CORE, slack: float = 0.0) -> Case:
        hint = "solve the least squares of X itself, or of columns of one size"
        return Case({"x": x, "y": y}, level, hint if level is Level.STABILITY else "", slack)

    def drawn(n: int, d: int) -> tuple[Array, Array]:
        x = np.zeros((n, d))
        while max(np.linalg.cond(design(x, bias)) for bias in ("none", "first")) > 30:
            x = rng.normal(size=(n, d)) + 0.5
        return x, x @ rng.normal(size=d) + 2.0 + rng.normal(size=n)

    x, y = drawn(6, 2)
    wide, t = drawn(9, 2)
    return [
        asked(np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 3.0, 4.0])),
        asked(np.array([[2.0], [3.0]]), np.array([6.0, 5.0])),
        asked(np.array([[1.0, 0.0], [2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 3.0, 6.0])),
        asked(np.array([[1, 2], [3, -1], [0, 2], [2, 2]]), np.array([1, 2, 0, 4])),
        *(asked(view, y) for view in layouts(x)),
        asked(x, np.full(6, 3.0)),
        asked(wide.astype(np.float32), t.astype(np.float32), slack=1e-3),
        *(asked(*drawn(n, d)) for n, d in ((4, 3), (7, 1), (5, 4), (20, 4), (33, 3))),
        asked(wide, 1e4 * t, Level.STABILITY, 1e-4),
        asked(wide * np.array([1.0, 1e4]), t, Level.STABILITY, 1e-7),
        asked(wide + 100.0, t, Level.STABILITY, 1e-5),
    ]


def _targets(rng: np.random.Generator) -> list[Case]:
    several = [rng.normal(size=(8, 3)), rng.normal(size=(8, 2))]
    return [
        *column_cases([case for case in _rows(rng) if case.slack == 0.0]),
        Case({"x": several[0], "y": several[1]}),
    ]


def _dependent(rng: np.random.Generator) -> list[Case]:
    x = rng.normal(size=(5, 2))
    return [
        Case({"x": np.array([[1.0, 1.0], [2.0, 2.0]]), "y": np.array([1.0, 3.0])}),
        Case({"x": np.array([[1.0, 3.0], [1.0, 5.0], [1.0, 4.0]]), "y": np.array([1.0, 3.0, 4.0])}),
        Case({"x": np.column_stack((x, x[:, 0])), "y": rng.normal(size=5)}),
        Case({"x": rng.normal(size=(2, 4)), "y": rng.normal(size=2)}),
    ]


def _points(rng: np.random.Generator) -> list[Case]:
    pairs = [
        (np.array([0.0, 1.0, 3.0]), np.array([1.0, 3.0, 6.0])),
        (np.array([1.0, 2.0]), np.array([3.0, 1.0])),
        (np.array([1, 2, 4, 7]), np.array([2, 1, 5, 6])),
        (np.array([1.0, 2.0, 4.0]), np.array([5.0, 5.0, 5.0])),
        *((rng.normal(size=n), rng.normal(size=n)) for n in (5, 9, 33)),
    ]
    x, y = rng.normal(size=6), rng.normal(size=6)
    single = x.astype(np.float32), y.astype(np.float32)
    offset = "centre x and y before multiplying: n sum(xy) - sum(x) sum(y) cancels"
    return [
        *(Case({"x": a, "y": b}) for a, b in pairs),
        *(Case({"x": view, "y": y}) for view in layouts(x)),
        Case({"x": single[0], "y": single[1]}, slack=1e-4),
        Case({"x": 1e4 * x, "y": y}, Level.STABILITY, offset),
        Case({"x": x + 1e3, "y": y}, Level.STABILITY, offset, 1e-5),
    ]


def _noisy(rng: np.random.Generator, x: Array) -> Array:
    return np.asarray(x @ rng.normal(size=x.shape[1]) + 1.0 + rng.normal(size=len(x)))


def _steps(rng: np.random.Generator) -> list[Case]:
    return descent_cases(rng, _noisy)


def _ridge(x: Array, y: Array, bias: str) -> Result:
    a = design(x, bias)
    theta = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ y)
    return theta if bias != "pair" else packed(theta, bias)


def _mistaken(places: Iterable[str]) -> Iterator[Mistake]:
    for bias in places:
        hint = "this adds a ridge: leave the diagonal of X^T X alone"
        yield Mistake(hint, partial(_ridge, bias=bias))
        if bias != "pair":
            yield Mistake("multiply by the inverse of X^T X", partial(_transposed, bias=bias))


def _transposed(x: Array, y: Array, bias: str) -> Result:
    a = design(x, bias)
    return a.T @ y


def _mean_bias(x: Array, y: Array) -> Result:
    return (linear_regression(x, y, bias="pair")[0], float(np.mean(y)))


def _slope(x: Array, y: Array) -> tuple[float, float, float]:
    slope, _ = linear_regression_line(x, y)
    return slope, float(np.mean(x)), float(np.mean(y))


def _mixed(x: Array, y: Array) -> Result:
    slope, mean_x, mean_y = _slope(x, y)
    slope *= len(x) / (len(x) - 1)
    return (slope, mean_y - slope * mean_x)


def _through_zero(x: Array, y: Array) -> Result:
    return (float(np.dot(x, y) / np.dot(x, x)), 0.0)


_SCALES = ("mean", "twice the mean", "sum")
_SOURCE = "Hastie, Tibshirani, Friedman: The Elements of Statistical Learning (2009)"
_STEP = r"w \leftarrow w - \frac{\eta}{n} X^\top (X w - y)"

_CLOSED = Kernel(
    name="linear_regression",
    aliases=(
        *("linear_regression_normal_equation", "linear_regression_gradient_descent", "linreg"),
        *("linearregression", "normal_equation", "least_squares", "ordinary_least_squares", "ols"),
        *("fit_linear_regression", "train_linear_regression", "linear_regression_gd", "lstsq"),
        *("linear_regression_lstsq", "simple_linear_regression", "linear_regression_closed_form"),
        *("linearregressiongd", "linear_regression_fit", "linear_regression_predict"),
    ),
    parameters=(X, Y),
    variants=tuple(
        Variant(
            ("(b, w)" if swapped else LAYOUTS[bias]) + (", as a column" if column else ""),
            partial(linear_regression, bias=bias, column=column, swapped=swapped),
        )
        for column, (bias, swapped) in product(
            (False, True), (*((bias, False) for bias in LAYOUTS), ("pair", True))
        )
    ),
    domains=(
        Domain("independent columns", _rows, alone=True),
        Domain("dependent columns, by the least norm", _dependent),
    ),
    formula=r"w = (X^\top X)^{-1} X^\top y",
    source=_SOURCE,
    mistakes=(
        *_mistaken(LAYOUTS),
        Mistake("the bias is mean(y) - mean(x) w", _mean_bias),
        Mistake(
            "a bias needs a column of ones: this is the fit without one",
            lambda x, y: (linear_regression(x, y), 0.0),
        ),
    ),
)

_TARGETS = replace(
    _CLOSED,
    variants=tuple(
        Variant(LAYOUTS[bias], partial(linear_regression, bias=bias))
        for bias in ("none", "first", "last")
    ),
    domains=(Domain("y as a column or several", _targets, alone=True),),
    mistakes=tuple(_mistaken(("none", "first", "last"))),
)

_LINE = replace(
    _CLOSED,
    variants=tuple(
        Variant(words, partial(linear_regression_line, shape=shape))
        for shape, words in {
            "pair": "(slope, intercept)",
            "swapped": "(intercept, slope)",
            "first": LAYOUTS["first"],
            "last": LAYOUTS["last"],
        }.items()
    ),
    domains=(Domain("points of a plane", _points, alone=True),),
    formula=r"w = \frac{\sum_i (x_i - \bar x)(y_i - \bar y)}{\sum_i (x_i - \bar x)^2}, "
    r"\quad b = \bar y - w \bar x",
    mistakes=(
        Mistake("take covariance and variance with one divisor: both n, or both n - 1", _mixed),
        Mistake("the line has an intercept: mean(y) - slope mean(x)", _through_zero),
        Mistake(
            "divide by the variance of x, not of y",
            lambda x, y: linear_regression_line(x, y)[0] * np.var(x) / (np.var(y) or 1.0),
        ),
        Mistake("the intercept is mean(y) - slope mean(x)", lambda x, y: _slope(x, y)[::2]),
    ),
)

_PREDICTED = replace(
    _CLOSED,
    parameters=(X, Y, TEST),
    methods=METHODS,
    variants=tuple(
        Variant(
            f"predictions, {words}",
            partial(linear_regression_predict, bias=bias),
        )
        for bias, words in (("pair", "with a bias"), ("none", LAYOUTS["none"]))
    ),
    domains=(Domain("rows to predict", lambda rng: prediction_cases(_rows(rng), rng), alone=True),),
    mistakes=(
        Mistake(
            "add a bias to the predictions, too",
            lambda x, y, x_test: x_test @ linear_regression(x, y, bias="pair")[0],
        ),
    ),
)

_DESCENT = replace(
    _CLOSED,
    parameters=(X, Y, RATE, STEPS),
    variants=tuple(variants(linear_regression_descent, _SCALES)),
    domains=(Domain("gradient descent from zeros", _steps, alone=True),),
    formula=_STEP,
    mistakes=tuple(descent_mistakes(linear_regression_descent)),
)

_DESCENT_COLUMN = replace(
    _DESCENT,
    variants=tuple(column_variants(linear_regression_descent, _SCALES)),
    domains=(
        Domain(
            "gradient descent from zeros on a column",
            lambda rng: column_cases(_steps(rng)),
            alone=True,
        ),
    ),
    mistakes=(),
)

_DESCENT_PREDICTED = replace(
    _DESCENT,
    parameters=(X, Y, TEST, RATE, STEPS),
    methods=METHODS,
    variants=tuple(
        Variant(
            f"predictions, {words}, {scale} of gradients",
            partial(linear_regression_descent_predict, how=Convention(bias, scale)),
        )
        for (bias, words), scale in product(
            (("first", "with a bias"), ("none", LAYOUTS["none"])), _SCALES
        )
    ),
    domains=(
        Domain("rows to predict", lambda rng: prediction_cases(_steps(rng), rng), alone=True),
    ),
    mistakes=(),
)

LINEAR_REGRESSION = replace(
    _CLOSED,
    forms=(_TARGETS, _LINE, _PREDICTED, _DESCENT, _DESCENT_COLUMN, _DESCENT_PREDICTED),
)
