"""Clusters, neighbours, principal components, and a naive Bayes classifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.classics.clusters import distances
from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Method,
    Mistake,
    Parameter,
    Result,
    Variant,
    layouts,
)

_OFFSET = "take the distance from differences: |a|² - 2ab + |b|² cancels far from zero"


def _order(x_train: Array, x_test: Array, order: int = 2) -> Array:
    return np.argsort(distances(x_test, x_train, order), axis=1, kind="stable")


def _votes(x_train: Array, y_train: Array, x_test: Array, k: int, order: int = 2) -> Array:
    """Return the labels (M, k) of the nearest rows, the nearest first."""
    return np.asarray(y_train)[_order(x_train, np.atleast_2d(x_test), order)[:, :k]]


def _winner(labels: Array) -> int:
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()])


def knn(x_train: Array, y_train: Array, x_test: Array, k: int) -> Array | int:
    """Return the most frequent of the labels y_train (N,) of the k nearest rows of x_train (N, D).

    x_test is (M, D) for M labels, or one row (D,) for a label. Distances are Euclidean; of equally
    frequent labels the smallest wins. Cover, Hart, Nearest neighbor pattern classification (1967).
    """
    winners = [_winner(row) for row in _votes(x_train, y_train, x_test, k)]
    return winners[0] if np.ndim(x_test) == 1 else np.array(winners)


def nearest(points: Array, query: Array, k: int, *, results: str = "points") -> Result:
    """Return the k nearest of points (N, D) to a query (D,), the nearest first, in float64.

    `results` are "points" (k, D), "indices" (k,), "distances" (k,), or a pair with a comma.
    """
    chosen = _order(points, np.asarray(query)[None])[0, :k]
    known = {
        "points": np.asarray(points, dtype=np.float64)[chosen],
        "indices": chosen,
        "distances": distances(points, np.asarray(query)[None])[chosen, 0],
    }
    parts = tuple(known[name] for name in results.split(", "))
    return parts if len(parts) > 1 else parts[0]


def _labelled(rng: np.random.Generator, *, one: bool = False) -> list[Case]:
    """Return cases without ties: neither of two distances, nor of two labels."""

    def drawn(n: int, d: int, names: tuple[int, ...], m: int, k: int) -> Case:
        while True:
            x, test = rng.normal(size=(n, d)), rng.normal(size=(m, d))
            y = np.asarray(names)[rng.integers(len(names), size=n)]
            gaps = np.diff(np.sort(distances(test, x), axis=1), axis=1)
            if not _tied(_votes(x, y, test, k)) and np.all(gaps > 1e-4):
                return Case({"x_train": x, "y_train": y, "x_test": test, "k": k})

    line, y = np.array([[0.0], [1.0], [3.0], [7.0], [10.0]]), np.array([0, 1, 0, 1, 1])
    base = drawn(9, 2, (0, 1), 6, 3).arguments
    corner = np.array([[3.0, 3.0], [5.0, 0.0], [9.0, 9.0]])
    plane = np.array([[0, 0], [1, 1], [5, 5], [6, 4], [5, 7]])
    cases = [
        Case({"x_train": line, "y_train": y, "x_test": np.array([[1.5], [8.0]]), "k": 3}),
        Case({"x_train": line, "y_train": y, "x_test": np.array([[0.25]]), "k": 1}),
        Case({"x_train": corner, "y_train": y[:3], "x_test": np.zeros((1, 2)), "k": 1}),
        Case({"x_train": plane, "y_train": y, "x_test": np.array([[1, 3], [5, 6]]), "k": 3}),
        *(Case({**base, "x_train": view}) for view in layouts(base["x_train"])),
        Case({**base, **{n: base[n].astype(np.float32) for n in ("x_train", "x_test")}}),
        *(drawn(*size) for size in _SIZES),
        Case({**base, "k": 9}),
        Case(
            {**base, **{n: base[n] * 0.1 + 1e7 for n in ("x_train", "x_test")}},
            Level.STABILITY,
            _OFFSET,
        ),
    ]
    return [_first(case) for case in cases] if one else cases


_SIZES = (
    *((8, 1, (0, 1), 5, 1), (15, 2, (0, 1), 9, 5), (12, 3, (0, 1, 2), 7, 3)),
    *((20, 2, (1, 4, 7), 9, 4), (31, 4, (0, 1, 2, 3), 11, 7), (25, 2, (2, 5), 9, 7)),
)


def _tied(votes: Array) -> bool:
    counts = (sorted(np.unique(row, return_counts=True)[1])[::-1] for row in votes)
    return any(len(row) > 1 and row[0] == row[1] for row in counts)


def _first(case: Case) -> Case:
    return replace(case, arguments={**case.arguments, "x_test": case.arguments["x_test"][0]})


def _negative(rng: np.random.Generator) -> list[Case]:
    cases = [case for case in _labelled(rng) if len(set(case.arguments["y_train"])) == 2]
    return [
        replace(case, arguments={**case.arguments, "y_train": 3 * case.arguments["y_train"] - 2})
        for case in cases
    ]


def _queried(rng: np.random.Generator) -> list[Case]:
    points = np.array([[1.0, 2.0], [3.0, 4.0], [0.0, 0.0], [5.0, -1.0]])
    x = rng.normal(size=(9, 3))
    return [
        Case({"points": points, "query": np.array([1.0, 1.0]), "k": 2}),
        Case({"points": points, "query": np.array([4.0, 0.0]), "k": 1}),
        Case({"points": np.array([[5.0, 0.0], [3.0, 3.0]]), "query": np.zeros(2), "k": 1}),
        Case({"points": np.array([[7], [1], [4]]), "query": np.array([6]), "k": 2}),
        *(Case({"points": view, "query": rng.normal(size=3), "k": 4}) for view in layouts(x)),
        Case({"points": x, "query": rng.normal(size=3), "k": 9}),
        Case({"points": x.astype(np.float32), "query": np.zeros(3, np.float32), "k": 3}),
        *(
            Case({"points": rng.normal(size=(n, d)), "query": rng.normal(size=d), "k": k})
            for n, d, k in ((12, 2, 5), (20, 4, 3), (31, 1, 7))
        ),
        Case(
            {"points": x + 1e6, "query": x[0] + 1e6 + 0.1, "k": 3}, Level.STABILITY, _OFFSET, 1e-7
        ),
    ]


def _nearest_last(points: Array, query: Array, k: int, results: str) -> Array:
    return np.asarray(nearest(points, query, len(points), results=results)[::-1][:k])


def _by_blocks(points: Array, query: Array, k: int, results: str) -> Array:
    chosen = _order(points, np.asarray(query)[None], 1)[0, :k]
    return chosen if results == "indices" else np.asarray(points)[chosen]


_KNN_MISTAKES: tuple[tuple[str, Callable[..., Array]], ...] = (
    (
        "take the nearest rows: these are the farthest",
        lambda x_train, y_train, x_test, k: np.asarray(y_train)[
            _order(x_train, np.atleast_2d(x_test))[:, ::-1][:, :k]
        ],
    ),
    (
        "take the Euclidean distance, not the sum of absolute differences",
        lambda x_train, y_train, x_test, k: _votes(x_train, y_train, x_test, k, 1),
    ),
    (
        "the vote is among k rows: the nearest alone doesn't decide",
        lambda **given: _votes(**{**given, "k": 1}),
    ),
    (
        "the vote is among k rows, not k + 1",
        lambda x_train, y_train, x_test, k: _votes(x_train, y_train, x_test, k + 1),
    ),
    (
        "the nearest row votes, too",
        lambda x_train, y_train, x_test, k: _votes(x_train, y_train, x_test, k + 1)[:, 1:],
    ),
    (
        "only the k nearest rows vote, not all",
        lambda **given: _votes(**{**given, "k": len(given["x_train"])}),
    ),
)


def _voted(votes: Callable[..., Array], **given: Any) -> Result:
    winners = [_winner(row) for row in votes(**given)]
    return winners[0] if np.ndim(given["x_test"]) == 1 else np.array(winners)


def _mean_label(**given: Any) -> Result:
    means = _votes(**given).mean(axis=1)
    return float(means[0]) if np.ndim(given["x_test"]) == 1 else means


_PREDICT = Kernel(
    name="knn",
    aliases=(
        *("knn_predict", "k_nearest_neighbors", "k_nearest_neighbours", "knn_classify"),
        *("knnclassifier", "kneighborsclassifier", "knn_classifier", "nearest_neighbors"),
        *("predict_knn", "k_nearest", "knearestneighbors"),
    ),
    parameters=(
        Parameter("x_train", ("x", "train_x", "train", "xs", "train_data", "training_data")),
        Parameter("y_train", ("y", "train_y", "labels", "train_labels", "ys")),
        Parameter(
            "x_test", ("z", "x_new", "test_x", "test", "x_query", "query", "query_point", "q")
        ),
        Parameter("k", ("n_neighbors", "n_neighbours", "neighbors", "num_neighbors")),
    ),
    variants=(Variant("", knn),),
    domains=(
        Domain("rows to label", _labelled, alone=True),
        Domain("one row to label", partial(_labelled, one=True), alone=True),
        Domain("labels below zero", _negative),
    ),
    formula=r"\hat y = \operatorname{mode}\{y_i : i \in N_k(x)\}",
    source="Cover, Hart: Nearest neighbor pattern classification (1967)",
    mistakes=(
        *(Mistake(hint, partial(_voted, votes)) for hint, votes in _KNN_MISTAKES),
        Mistake("take the most frequent label, not the mean of labels", _mean_label),
    ),
)

_NEAREST = replace(
    _PREDICT,
    parameters=(
        Parameter("points", ("x", "x_train", "data", "vectors", "dataset", "train")),
        Parameter("query", ("query_point", "q", "point", "target", "x_test", "x_query", "x_new")),
        _PREDICT.parameters[3],
    ),
    variants=tuple(
        Variant(words, partial(nearest, results=results))
        for results, words in {
            "points": "points, the nearest first",
            "indices": "indices, the nearest first",
            "distances, indices": "(distances, indices)",
            "indices, distances": "(indices, distances)",
        }.items()
    ),
    domains=(Domain("one query among points", _queried, alone=True),),
    formula=r"N_k(q) = \operatorname{argsort}_i \lVert x_i - q \rVert, \quad i \le k",
    mistakes=tuple(
        Mistake(hint, partial(wrong, results=results))
        for results in ("points", "indices")
        for hint, wrong in (
            ("take the nearest points: these are the farthest", _nearest_last),
            ("take the Euclidean distance, not the sum of absolute differences", _by_blocks),
        )
    ),
)

KNN = replace(
    _PREDICT,
    forms=(
        _NEAREST,
        replace(
            _PREDICT,
            methods=(
                Method(("fit", "train"), {"X": "x_train", "x": "x_train", "y": "y_train"}),
                Method(("predict",), {"X": "x_test", "x": "x_test"}),
            ),
        ),
    ),
)
