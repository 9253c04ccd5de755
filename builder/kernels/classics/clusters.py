"""Clusters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, permutations
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
    Result,
    Variant,
    layouts,
)

_POINTS = Parameter("x", ("points", "data", "samples", "dataset", "vectors"))


def distances(x: Array, points: Array, order: int = 2) -> Array:
    """Return the distance (N, M) of each row of x (N, D) to each of `points` (M, D), in float64."""
    x, points = (np.asarray(a, dtype=np.float64) for a in (x, points))
    gaps = np.abs(x[:, None] - points[None])
    return np.asarray(gaps.sum(-1) if order == 1 else np.sqrt((gaps**2).sum(-1)))


_MOST = 100


def _clusters(
    x: Array,
    init: Array,
    n_iter: int | None,
    *,
    middle: Callable[..., Any] = np.mean,
    order: int = 2,
) -> tuple[Array, Array]:
    """Return centroids after `n_iter` steps or at rest, with the labels that the last step saw."""
    x, centroids = (np.array(a, dtype=np.float64) for a in (x, init))
    labels = np.zeros(len(x), dtype=np.int64)
    for _ in range(_MOST if n_iter is None else n_iter):
        labels = distances(x, centroids, order).argmin(axis=1)
        before = centroids.copy()
        for j in set(labels.tolist()):
            centroids[j] = middle(x[labels == j], axis=0)
        if np.array_equal(before, centroids):
            break
    return centroids, labels


def kmeans(
    x: Array,
    init: Array,
    n_iter: int | None = None,
    *,
    k: int | None = None,
    results: str = "c",
    last: bool = True,
) -> Result:
    """Return what Lloyd's algorithm finds for x (N, D) from the centroids `init` (K, D).

    A step assigns each point to its nearest centroid, the first of equals, and moves each centroid
    to the mean of its points; an empty cluster stays. There are `n_iter` steps, fewer at rest; k
    is the number of rows of `init`.
    `results` are letters: c for the centroids, l for labels, i for the inertia. With `last`,
    labels belong to the centroids returned, else to those before the last step. Lloyd, Least
    squares quantization in PCM (1982).
    """
    centroids, labels = _clusters(x, init, n_iter)
    gaps = distances(x, centroids)
    labels = gaps.argmin(axis=1) if last else labels
    inertia = float(np.sum(gaps[np.arange(len(labels)), labels] ** 2))
    known = {"c": centroids, "l": labels, "i": inertia}
    chosen = tuple(known[letter] for letter in results)
    return chosen if len(chosen) > 1 else chosen[0]


def kmeans_anywhere(x: Array, k: int, n_iter: int | None = None, *, results: str = "c") -> Result:
    """Return the best of k-means from every choice of k of the points x (N, D)."""
    starts = (np.asarray(x)[list(rows)] for rows in combinations(range(len(x)), k))
    best = min(starts, key=lambda start: kmeans(x, start, results="ci")[1])
    return kmeans(x, best, results=results)


def _renamed(expected: Result, returned: Result, *, results: str) -> Result:
    """Return `expected` with its clusters in the order that is nearest to the one returned."""
    parts = expected if isinstance(expected, tuple) else (expected,)
    others = returned if isinstance(returned, tuple | list) and len(parts) > 1 else (returned,)
    if any(np.shape(one) != np.shape(other) for one, other in zip(parts, others, strict=True)):
        return expected
    k = max(len(p) if r == "c" else int(np.max(p)) + 1 for p, r in zip(parts, results, strict=True))

    def ordered(order: tuple[int, ...]) -> tuple[Any, ...]:
        names = np.argsort(order)
        return tuple(
            p[list(order)] if r == "c" else names[p.astype(int)]
            for p, r in zip(parts, results, strict=True)
        )

    def error(order: tuple[int, ...]) -> float:
        pairs = zip(ordered(order), others, strict=True)
        return float(sum(np.abs(p - np.asarray(o, dtype=np.float64)).sum() for p, o in pairs))

    best = ordered(min(permutations(range(k)), key=error))
    return best if len(parts) > 1 else best[0]


def _settled(x: Array, init: Array, steps: int) -> bool:
    """Tell whether no cluster is ever empty, no point is between two, and no step is tiny."""
    at = np.asarray(init, dtype=np.float64)
    for _ in range(steps):
        near = np.sort(distances(x, at), axis=1)
        labels = distances(x, at).argmin(axis=1)
        if len(set(labels.tolist())) < len(at) or (
            len(at) > 1 and np.min(near[:, 1] - near[:, 0]) < 1e-3
        ):
            return False
        means = np.stack([np.asarray(x)[labels == j].mean(axis=0) for j in range(len(at))])
        if 0 < np.max(np.abs(means - at)) < 1e-3:
            return False
        at = means
    return True


def _started(rng: np.random.Generator) -> list[Case]:
    def drawn(n: int, d: int, k: int) -> tuple[Array, Array]:
        while True:
            x = rng.normal(size=(n, d)) * 2
            if _settled(x, x[:k], 20):
                return x, x[:k].copy()

    line = np.array([[0.0], [1.0], [2.0], [10.0], [12.0]])
    plane = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    corner = np.array([[0.0, 0.0], [3.0, 3.0], [5.0, 0.0]])
    x, init = drawn(9, 2, 3)
    single = [a.astype(np.float32) for a in drawn(8, 2, 2)]
    asked = [
        (line, line[:2], 1),
        (line, line[:2], 2),
        (line, line[[4, 0]], None),
        (corner, corner[1:], 1),
        (line[[0, 3]], np.array([[1.0], [9.0]]), 2),
        (plane, np.array([[1, 1], [10, 1]]), 10),
        (line, line[:1], 3),
        (x, init, 1),
        *((view, init, 10) for view in layouts(x)),
        (single[0], single[1], 10),
        *((*drawn(n, d, k), steps) for n, d, k, steps in _STARTED),
    ]
    return [
        *(_start(*one) for one in asked),
        _start(1e4 * x, 1e4 * init, 10, Level.STABILITY),
    ]


_STARTED = ((12, 1, 3, 2), (20, 2, 4, 3), (15, 3, 2, None), (20, 2, 3, 100), (24, 2, 5, 4))


def _start(x: Array, init: Array, n_iter: int | None, level: Level = Level.CORE) -> Case:
    given = {"x": x, "init": init} if n_iter is None else {"x": x, "init": init, "n_iter": n_iter}
    return Case(given, level)


def _with_k(cases: Sequence[Case]) -> list[Case]:
    return [
        replace(case, arguments={**case.arguments, "k": len(case.arguments["init"])})
        for case in cases
    ]


def _empty(rng: np.random.Generator) -> list[Case]:
    x = np.array([[0.0], [1.0], [5.0]])
    starts = np.array([[0.0], [4.0], [50.0]]), np.array([[0.0], [50.0], [4.0]])
    return [_start(x, start, steps) for start in starts for steps in (1, 10)]


def _anywhere(rng: np.random.Generator) -> list[Case]:
    apart = np.array([[0.0, 0.0], [9.0, 9.0], [0.0, 1.0], [9.0, 8.0]])
    blobs = rng.normal(size=(6, 2)) * 0.3 + np.repeat([[0.0, 0.0], [20.0, -10.0]], 3, axis=0)
    return [
        Case({"x": apart, "k": 2}),
        Case({"x": np.array([[1.0], [2.0], [6.0]]), "k": 1}),
        Case({"x": np.array([[1.0, 0.0], [4.0, 2.0], [9.0, -1.0]]), "k": 3}),
        *(Case({"x": view, "k": 2}) for view in layouts(blobs)),
        Case({"x": blobs, "k": 1}),
        Case({"x": np.round(1000 * blobs).astype(np.int64), "k": 2}),
    ]


def _kmeans_mistakes(results: str) -> tuple[Mistake, ...]:
    def out(centroids: Array, labels: Array) -> Result:
        known = {"c": centroids, "l": labels}
        return known[results] if len(results) == 1 else tuple(known[r] for r in results)

    def wrong(hint: str, reference: Callable[..., tuple[Array, Array]]) -> Mistake:
        return Mistake(hint, lambda **given: out(*reference(**given)))

    return (
        wrong(
            "move each centroid to the mean of its points, not to their median",
            lambda x, init, n_iter=None, **_: _clusters(x, init, n_iter, middle=np.median),
        ),
        wrong(
            "assign by the Euclidean distance, not by the sum of absolute differences",
            lambda x, init, n_iter=None, **_: _clusters(x, init, n_iter, order=1),
        ),
        wrong(
            "repeat: this is a single step",
            lambda x, init, **_: _clusters(x, init, 1),
        ),
        wrong(
            "make as many steps as were asked: one is missing",
            lambda x, init, n_iter=None, **_: _clusters(x, init, (n_iter or _MOST) - 1),
        ),
        wrong(
            "move each centroid to the mean of its points, not to their sum",
            lambda x, init, n_iter=None, **_: _clusters(x, init, n_iter, middle=np.sum),
        ),
    )


_RESULTS = {"c": "centroids", "cl": "(centroids, labels)", "lc": "(labels, centroids)"}
_MORE = {"l": "labels", "cli": "(centroids, labels, inertia)"}
_LAST = {True: " of the last centroids", False: " of the last step"}
_K = Parameter("k", ("n_clusters", "num_clusters", "n_centroids", "clusters", "n"))
_START = Parameter(
    "init",
    (
        *("initial_centroids", "centroids", "init_centroids", "centers", "initial_centers"),
        *("init_centers", "centroids_init", "c", "mu", "start", "initial", "means"),
    ),
)
_STEPS = Parameter(
    "n_iter",
    (
        *("max_iterations", "max_iter", "iterations", "n_iters", "num_iters", "max_iters", "steps"),
        *("n_iterations", "num_iterations", "iters", "epochs", "max_steps", "n_steps"),
    ),
    None,
    absent="run until nothing moves",
    usual=100,
    least=20,
)

_STARTED_KERNEL = Kernel(
    name="kmeans",
    aliases=(
        *("k_means", "k_means_clustering", "kmeans_clustering", "k_means_cluster", "lloyd"),
        *("kmeans_fit", "run_kmeans", "lloyds_algorithm"),
    ),
    parameters=(_POINTS, _START, _STEPS),
    variants=tuple(
        Variant(
            words + (_LAST[last] if "l" in letters else ""),
            partial(kmeans, results=letters, last=last),
        )
        for letters, words in {**_RESULTS, **_MORE}.items()
        for last in ((True, False) if "l" in letters else (True,))
    ),
    domains=(
        Domain("given centroids", _started, alone=True),
        Domain("empty clusters that stay", _empty),
    ),
    formula=r"c_j \leftarrow \operatorname{mean}\{x_i : j = \arg\min_l \lVert x_i - c_l \rVert\}",
    source="Lloyd: Least squares quantization in PCM (1982)",
    mistakes=tuple(
        mistake for letters in ("c", "cl", "lc", "l") for mistake in _kmeans_mistakes(letters)
    ),
)

_ANYWHERE = replace(
    _STARTED_KERNEL,
    parameters=(_POINTS, _K, _STEPS),
    variants=tuple(
        Variant(
            f"{words}, in any order of clusters",
            partial(kmeans_anywhere, results=letters),
            align=partial(_renamed, results=letters),
        )
        for letters, words in {**_RESULTS, "l": "labels"}.items()
    ),
    domains=(Domain("a start of its own, clear clusters", _anywhere, alone=True),),
    mistakes=(),
)

KMEANS = replace(
    _STARTED_KERNEL,
    forms=(
        replace(
            _STARTED_KERNEL,
            parameters=(_POINTS, _K, _START, _STEPS),
            domains=(
                Domain("given centroids", lambda rng: _with_k(_started(rng)), alone=True),
                Domain("empty clusters that stay", lambda rng: _with_k(_empty(rng))),
            ),
        ),
        _ANYWHERE,
        *(
            replace(_ANYWHERE, methods=methods)
            for methods in (
                (Method(("fit",), {"X": "x"}), Method(("predict",), {"X": "x"})),
                (Method(("fit_predict",), {"X": "x"}),),
            )
        ),
    ),
)
