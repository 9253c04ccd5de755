"""Logistic regression by gradient descent."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.activations.sigmoid import sigmoid
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
    Parameter,
    Result,
    Variant,
    layouts,
)


def logistic_regression(x: Array, y: Array, lr: float, n_iter: int, how: Convention) -> Result:
    """Return the weights after `n_iter` steps down the cross-entropy from zeros, in float64.

    x is (N, D), y of 0 and 1 is (N,) or (N, 1). Losses are mean cross-entropies in nats. Bishop,
    Pattern Recognition and Machine Learning (2006).
    """
    a = design(x, how.bias)
    path = descend(a, y, lr, n_iter, sigmoid, how.scale)
    signs = 1.0 - 2.0 * np.asarray(y, dtype=np.float64)
    return how.results(path, lambda w: float(np.mean(np.logaddexp(0.0, signs * (a @ w)))))


def predict_logistic(x: Array, w: Array, b: float, *, labels: bool = True) -> Array:
    """Return for rows x (N, D) the labels 0 and 1 (N,), or the probabilities of 1, in float64."""
    p = sigmoid(np.asarray(x, dtype=np.float64) @ np.asarray(w, dtype=np.float64) + b)
    return np.asarray((p > 0.5).astype(np.float64) if labels else p)


def logistic_regression_predict(
    x: Array, y: Array, x_test: Array, lr: float, n_iter: int, how: Convention
) -> Array:
    """Return the probabilities of 1 for x_test (M, D), by the weights of `logistic_regression`."""
    theta = logistic_regression(x, y, lr, n_iter, how)
    return predict_logistic(design(x_test, how.bias), theta, 0.0, labels=False)


def _labels(*, how: Convention, **given: Any) -> Array:
    return np.asarray((logistic_regression_predict(**given, how=how) > 0.5).astype(np.float64))


def _reversed_labels(**given: Any) -> Array:
    return 1.0 - _labels(**given)


def _coins(rng: np.random.Generator, x: Array) -> Array:
    y = (rng.random(len(x)) < sigmoid(x @ rng.normal(size=x.shape[1]))).astype(np.int64)
    y[0] = 1
    y[-1] = 0
    return y


def _steps(rng: np.random.Generator) -> list[Case]:
    saturated = "keep the logarithm away from 0, and the exponential from overflow"
    x, y = np.array([[1000.0], [-500.0], [700.0], [-1200.0]]), np.array([1, 0, 1, 0])
    mixed = np.array([[300.0, -100.0], [-200.0, 400.0], [500.0, 200.0]])
    return [
        *descent_cases(rng, _coins),
        Case({"x": x, "y": y, "lr": 0.1, "n_iter": 4}, Level.STABILITY, saturated),
        Case(
            {"x": mixed, "y": np.array([1, 0, 0]), "lr": 0.5, "n_iter": 2},
            Level.STABILITY,
            saturated,
        ),
    ]


def _tests(rng: np.random.Generator) -> list[Case]:
    """Return cases with rows to predict, none of them near the border of a convention."""
    cases = []
    for case in prediction_cases(descent_cases(rng, _coins), rng):
        test = case.arguments["x_test"]
        keep = np.ones(len(test), dtype=bool)
        for bias, scale in product(("first", "none"), _SCALES):
            p = logistic_regression_predict(**case.arguments, how=Convention(bias, scale))
            keep &= np.abs(p - 0.5) > 1e-5
        cases.append(replace(case, arguments={**case.arguments, "x_test": test[keep]}))
    return [case for case in cases if len(case.arguments["x_test"])]


def _weights(rng: np.random.Generator) -> list[Case]:
    x, w = rng.normal(size=(6, 3)), rng.normal(size=3)
    single = x.astype(np.float32), w.astype(np.float32)
    large = "the sigmoid of a large number is 0 or 1: don't overflow"
    return [
        Case({"x": np.array([[1.0, 2.0], [3.0, -1.0]]), "w": np.array([-1.0, 0.75]), "b": 0.25}),
        Case({"x": np.array([[1.0], [-1.0]]), "w": np.array([1.0]), "b": 2.0}),
        Case({"x": np.array([[1, 2], [-3, 1]]), "w": np.array([2, 1]), "b": -1}),
        *(Case({"x": view, "w": w, "b": 0.1}) for view in layouts(x)),
        Case({"x": single[0], "w": single[1], "b": -0.2}),
        *(
            Case({"x": rng.normal(size=(n, d)), "w": rng.normal(size=d), "b": float(rng.normal())})
            for n, d in ((1, 4), (9, 2), (33, 5))
        ),
        Case({"x": 1e4 * x, "w": w, "b": 0.0}, Level.STABILITY, large),
    ]


def _linear_error(x: Array, y: Array, lr: float, n_iter: int, *, bias: str) -> Result:
    """Return the weights of gradient descent without the sigmoid."""
    results = packed(descend(design(x, bias), y, lr, n_iter, lambda z: z, "mean")[-1], bias)
    return results if len(results) > 1 else results[0]


def _without_bias(x: Array, y: Array, lr: float, n_iter: int) -> Result:
    return (logistic_regression(x, y, lr, n_iter, Convention()), 0.0)


def _negative_losses(x: Array, y: Array, lr: float, n_iter: int, *, bias: str) -> Result:
    *results, losses = logistic_regression(x, y, lr, n_iter, Convention(bias, losses="before"))
    return (*results, -losses)


_SCALES = ("mean", "sum")

_FIT = Kernel(
    name="logistic_regression",
    aliases=(
        *("train_logreg", "logreg", "train_logistic_regression", "logistic_regression_fit"),
        *("logisticregression", "logistic_regression_gradient_descent", "logistic_regression_gd"),
        *("fit_logistic_regression", "train_logistic", "logistic_regression_train"),
        *("predict_logistic", "logistic_predict", "predict_logistic_regression"),
        *("logistic_regression_predict",),
    ),
    parameters=(X, Y, RATE, STEPS),
    variants=tuple(variants(logistic_regression, _SCALES)),
    domains=(Domain("gradient descent from zeros", _steps, alone=True),),
    formula=r"w \leftarrow w - \frac{\eta}{n} X^\top (\sigma(X w + b) - y), \quad "
    r"b \leftarrow b - \frac{\eta}{n} \sum_i (\sigma(x_i w + b) - y_i)",
    source="Bishop: Pattern Recognition and Machine Learning (2006)",
    mistakes=(
        *descent_mistakes(logistic_regression),
        *(
            Mistake("pass X w through the sigmoid", partial(_linear_error, bias=bias))
            for bias in LAYOUTS
        ),
        *(
            Mistake("the minus before the loss is missing", partial(_negative_losses, bias=bias))
            for bias in LAYOUTS
        ),
        Mistake("update the bias, too", _without_bias),
    ),
)

_COLUMN = replace(
    _FIT,
    variants=tuple(column_variants(logistic_regression, _SCALES)),
    domains=(
        Domain(
            "gradient descent from zeros on a column",
            lambda rng: column_cases(_steps(rng)),
            alone=True,
        ),
    ),
    mistakes=(),
)

_PREDICTED = replace(
    _FIT,
    parameters=(X, Y, TEST, RATE, STEPS),
    methods=METHODS,
    variants=tuple(
        Variant(
            f"{told}, {words}, {scale} of gradients",
            partial(reference, how=Convention(bias, scale)),
        )
        for (told, reference), (bias, words), scale in product(
            (("labels", _labels), ("probabilities", logistic_regression_predict)),
            (("first", "with a bias"), ("none", LAYOUTS["none"])),
            _SCALES,
        )
    ),
    domains=(Domain("rows to predict", _tests, alone=True),),
    mistakes=tuple(
        Mistake(
            "label 1 is the more likely one: p > 0.5",
            partial(_reversed_labels, how=Convention(bias)),
        )
        for bias in ("first", "none")
    ),
)

_WEIGHED = replace(
    _FIT,
    parameters=(
        Parameter("x", X.aliases),
        Parameter("w", ("weights", "theta", "coef", "coefficients", "beta")),
        Parameter("b", ("bias", "intercept", "b0")),
    ),
    variants=(
        Variant("labels", predict_logistic),
        Variant("probabilities", partial(predict_logistic, labels=False)),
    ),
    domains=(Domain("known weights", _weights, alone=True),),
    formula=r"\hat y = [\sigma(X w + b) > 1/2]",
    mistakes=(
        Mistake("add the bias", lambda x, w, **_: predict_logistic(x, w, 0.0)),
        Mistake("label 1 is the more likely one: p > 0.5", lambda **g: 1 - predict_logistic(**g)),
        Mistake("the sigmoid is missing", lambda x, w, b: x @ w + b),
        Mistake(
            "take the sigmoid of the sum: the minus stands before it",
            lambda **g: 1 - predict_logistic(**g, labels=False),
        ),
    ),
)

LOGISTIC_REGRESSION = replace(_FIT, forms=(_COLUMN, _PREDICTED, _WEIGHED))
