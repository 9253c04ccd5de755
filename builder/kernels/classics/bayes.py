"""Naive Bayes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
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


def _scores(
    x_train: Array, y_train: Array, x_test: Array, *, ddof: int = 0, prior: bool = True
) -> Array:
    """Return log p(class) + log p(x | class) of each row of x_test and class, (M, C), in float64.

    Features are independent normals with the mean and the variance of the class.
    """
    x, test = (np.asarray(a, dtype=np.float64) for a in (x_train, x_test))
    scores = []
    for c in np.unique(y_train):
        rows = x[np.asarray(y_train) == c]
        variance = rows.var(axis=0, ddof=ddof)
        squares = (test - rows.mean(axis=0)) ** 2 / variance
        logs = -0.5 * np.sum(np.log(2 * np.pi * variance) + squares, axis=1)
        scores.append(logs + np.log(len(rows) / len(x)) * prior)
    return np.stack(scores, axis=1)


def gaussian_naive_bayes(
    x_train: Array, y_train: Array, x_test: Array, *, ddof: int = 0, prior: bool = True
) -> Array:
    """Return the most probable label of each row of x_test (M, D), trained on x_train (N, D).

    y_train (N,) are integers; classes weigh as they are frequent if `prior`. Variances are
    divided by N - ddof. Bishop, Pattern Recognition and Machine Learning (2006).
    """
    scores = _scores(x_train, y_train, x_test, ddof=ddof, prior=prior)
    return np.asarray(np.unique(y_train)[scores.argmax(axis=1)])


def _margin(scores: Array) -> Array:
    """Return by how much the best class of each row leads."""
    ordered = np.sort(scores, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def _drawn(rng: np.random.Generator, sizes: tuple[int, ...], d: int, m: int = 40) -> Case:
    """Return classes of unequal sizes and spreads that overlap, and rows that are not near ties."""
    y = rng.permutation(np.repeat(np.arange(len(sizes)) * 2, sizes))
    spread = rng.uniform(0.6, 2.0, size=(len(sizes), d))
    centre = rng.normal(size=(len(sizes), d))
    x = rng.normal(size=(len(y), d)) * spread[y // 2] + centre[y // 2]
    test = rng.normal(size=(m, d)) * 1.5
    keep = [_margin(_scores(x, y, test, ddof=ddof)) > 1e-3 for ddof in (0, 1)]
    test = test[keep[0] & keep[1]]
    return Case({"x_train": x, "y_train": y, "x_test": test})


# Some of them stand where well-known mistakes take the other class.
_TINY = np.array([2.5, 4.5, 0.0, 3.75, 3.8, 4.0, 8.0, -1.7, -3.0])


def _classes(rng: np.random.Generator) -> list[Case]:
    tiny, y = np.array([[1.0], [2.0], [3.0], [5.0], [9.0]]), np.array([0, 0, 0, 1, 1])
    plane = np.array([[1, 2], [2, 1], [0, 0], [6, 5], [8, 8], [7, 6]])
    base = _drawn(rng, (9, 4), 2).arguments
    side = 2 * np.array([0, 1, 1, 0, 1, 0, 0])  # each density is small, and so their product 0
    wide = {
        "x_train": 100.0 * (rng.normal(size=(7, 200)) + side[:, None]),
        "y_train": side,
        "x_test": 100.0 * (rng.normal(size=(4, 200)) + side[:4, None]),
    }
    products = "add logarithms: a product of many densities is 0"
    return [
        Case({"x_train": tiny, "y_train": y, "x_test": _TINY[:, None]}),
        Case(
            {
                "x_train": plane,
                "y_train": np.array([0, 0, 0, 1, 1, 1]),
                "x_test": np.array([[1, 1], [7, 7], [3, 4]]),
            }
        ),
        *(Case({**base, "x_train": view}) for view in layouts(base["x_train"])),
        Case({**base, "x_test": base["x_test"][:1]}),
        Case({**base, **{n: base[n].astype(np.float32) for n in ("x_train", "x_test")}}),
        *(_drawn(rng, sizes, d) for sizes, d in _SIZES),
        Case(wide, Level.STABILITY, products),
        Case(
            {**base, **{n: base[n] + 1e5 for n in ("x_train", "x_test")}},
            Level.STABILITY,
            "centre the features before squaring them",
        ),
    ]


_SIZES = (
    *(((3, 2), 1), ((12, 3), 1), ((4, 12), 2), ((7, 5, 3), 2), ((10, 3, 5), 3), ((2, 9), 4)),
    *(((20, 2), 1), ((3, 15), 3)),
)


def _spread(x_train: Array, y_train: Array, x_test: Array, power: float) -> Array:
    """Return labels by densities whose squares are divided by a power of the deviation."""
    x, test = (np.asarray(a, dtype=np.float64) for a in (x_train, x_test))
    scores = []
    for c in np.unique(y_train):
        rows = x[y_train == c]
        deviation = rows.std(axis=0)
        squares = (test - rows.mean(axis=0)) ** 2 / deviation**power
        scores.append(-0.5 * np.sum(np.log(deviation**power) + squares, axis=1))
        scores[-1] += np.log(len(rows) / len(x))
    return np.asarray(np.unique(y_train)[np.stack(scores, axis=1).argmax(axis=1)])


def _unnormalised(x_train: Array, y_train: Array, x_test: Array) -> Array:
    x = np.asarray(x_train, dtype=np.float64)
    logs = np.stack(
        [np.log(x[y_train == c].var(axis=0)).sum() for c in np.unique(y_train)], axis=-1
    )
    scores = _scores(x_train, y_train, x_test) + 0.5 * logs
    return np.asarray(np.unique(y_train)[scores.argmax(axis=1)])


def _shared(x_train: Array, y_train: Array, x_test: Array) -> Array:
    x, test = (np.asarray(a, dtype=np.float64) for a in (x_train, x_test))
    scores = []
    for c in np.unique(y_train):
        rows = x[y_train == c]
        squares = (test - rows.mean(axis=0)) ** 2 / x.var(axis=0)
        scores.append(np.log(len(rows) / len(x)) - 0.5 * squares.sum(axis=1))
    return np.asarray(np.unique(y_train)[np.stack(scores, axis=1).argmax(axis=1)])


def _positions(**given: Any) -> Array:
    return np.asarray(_scores(**given).argmax(axis=1))


_FUNCTION = Kernel(
    name="gaussian_naive_bayes",
    aliases=(
        *("gaussiannaivebayes", "naive_bayes", "naivebayes", "gaussian_nb", "gaussiannb", "gnb"),
        *("naive_bayes_predict", "gaussian_naive_bayes_predict", "naivebayesclassifier"),
        *("gaussiannbclassifier", "naive_bayes_classifier", "naive_bayes_gaussian"),
    ),
    parameters=(
        Parameter("x_train", ("x", "train_x", "train", "features", "data")),
        Parameter("y_train", ("y", "train_y", "labels", "targets", "target")),
        Parameter("x_test", ("x_new", "test_x", "test", "x_query", "z")),
    ),
    variants=(
        Variant("", gaussian_naive_bayes),
        Variant("variances divided by n - 1", partial(gaussian_naive_bayes, ddof=1)),
    ),
    domains=(Domain("features that vary", _classes, alone=True),),
    formula=r"\hat y = \arg\max_c \log \pi_c + \sum_j \log \mathcal{N}(x_j; \mu_{cj}, "
    r"\sigma_{cj}^2)",
    source="Bishop: Pattern Recognition and Machine Learning (2006)",
    mistakes=(
        Mistake(
            "weigh classes by how frequent they are: add log of the prior",
            partial(gaussian_naive_bayes, prior=False),
        ),
        Mistake("divide squares by the variance, not by the deviation", partial(_spread, power=1)),
        Mistake("subtract half the logarithm of each variance", _unnormalised),
        Mistake("take the variances of each class for itself", _shared),
        Mistake("return the label of the class, not its position", _positions),
        Mistake(
            "take the most probable class",
            lambda **given: np.unique(given["y_train"])[_scores(**given).argmin(axis=1)],
        ),
    ),
)

GAUSSIAN_NAIVE_BAYES = replace(
    _FUNCTION,
    forms=(
        replace(
            _FUNCTION,
            methods=(
                Method(("fit", "train"), {"X": "x_train", "x": "x_train", "y": "y_train"}),
                Method(("predict",), {"X": "x_test", "x": "x_test"}),
            ),
        ),
    ),
)
