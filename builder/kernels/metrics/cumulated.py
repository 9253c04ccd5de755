"""The normalised discounted cumulated gain of a ranking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Kernel, Mistake, Parameter, Variant, layouts
from builder.kernels.metrics.confusion import SCORE, TRUTH

_Reference = Callable[..., Any]


def ndcg(relevance: Array, k: int | None = None, *, gains: str = "linear") -> float:
    """Return the discounted gain of the first `k` places divided by the highest possible, or 0.

    relevance (N,) is in the order of the ranking. The gain of place i is divided by log2(i + 1);
    it is the relevance r or, if `gains` are "exponential", 2^r - 1. Järvelin, Kekäläinen, Cumulated
    gain-based evaluation of IR techniques (2002), where "old" comes from: the discount is log2(i)
    from the second place on.
    """
    found = np.asarray(relevance, dtype=np.float64)
    ideal = dcg(np.sort(found)[::-1], k, gains=gains)
    return dcg(found, k, gains=gains) / ideal if ideal else 0.0


def dcg(relevance: Array, k: int | None = None, *, gains: str = "linear") -> float:
    """Return the discounted cumulated gain of the first `k` places of a ranking."""
    top = np.asarray(relevance, dtype=np.float64)[:k]
    places = np.arange(1, len(top) + 1)
    discounts = np.log2(np.maximum(places, 2) if gains == "old" else places + 1)
    return float(np.sum((2**top - 1 if gains == "exponential" else top) / discounts))


def ndcg_of_scores(y_true: Array, y_score: Array, k: int | None = None, **own: Any) -> float:
    """Return `ndcg` of relevances (N,) ranked by scores (N,), or its mean over rows (M, N)."""
    rows = zip(np.atleast_2d(y_true), np.atleast_2d(y_score), strict=True)
    return float(np.mean([ndcg(true[np.argsort(-score)], k, **own) for true, score in rows]))


_CUT = "stop after the first k places"


def _graded(rng: np.random.Generator, *shape: int) -> Array:
    return np.asarray(rng.permuted(np.arange(np.prod(shape)).reshape(shape) % 4, axis=-1))


def _lists(rng: np.random.Generator) -> list[Case]:
    by_hand = np.array([1, 3, 0, 2])
    drawn = [_graded(rng, n) for n in (3, 5, 8, 20)]
    plain = (by_hand, np.array([0, 1, 0]), np.array([3, 2, 1]), *drawn, *layouts(drawn[2]))
    cut = [(by_hand, k) for k in (1, 2, 3, 4)] + [(drawn[2], 3), (drawn[3], 10), (drawn[1], 2)]
    return [
        *(Case({"relevance": r}) for r in (*plain, drawn[1].astype(np.float64), rng.random(6))),
        *(Case({"relevance": r, "k": k}, hint=_CUT) for r, k in cut),
        Case({"relevance": np.array([0, 2, 0, 3, 1, 5]), "k": 3}, hint=_CUT),
    ]


def _beyond(rng: np.random.Generator) -> list[Case]:
    return [Case({"relevance": np.array([1, 3, 2]), "k": 5})]


def _worthless(rng: np.random.Generator) -> list[Case]:
    return [Case({"relevance": np.array([0, 0, 0])})]


def _with_scores(rng: np.random.Generator, *rows: int) -> list[Case]:
    """Return cases of one list and its scores, or of so many `rows` of them."""
    by_hand = np.array([3, 0, 1, 2]), np.array([0.4, 0.1, 0.9, 0.3])
    if rows:
        by_hand = tuple(np.stack((x, np.roll(x, 1))) for x in by_hand)  # type: ignore[assignment]
        by_hand[0][1, 0] = 0
    shapes = [(*rows, n) for n in (3, 6, 15)]
    pairs = [by_hand, *((_graded(rng, *shape), rng.normal(size=shape)) for shape in shapes)]
    pairs += [(pairs[2][0], view) for view in layouts(pairs[2][1])]
    return [
        *(Case({"y_true": y, "y_score": s}) for y, s in pairs),
        *(Case({"y_true": y, "y_score": s, "k": k}, hint=_CUT) for y, s in pairs for k in (1, 3)),
    ]


def _with_rows(rng: np.random.Generator) -> list[Case]:
    return _with_scores(rng, 2)


def _gains(metric: _Reference) -> tuple[Variant, ...]:
    return (
        Variant("gains r", metric),
        Variant("gains 2^r - 1", partial(metric, gains="exponential")),
        Variant("gains r, discount log2(i) from the second place", partial(metric, gains="old")),
    )


def _ratio(discounted: Callable[[Array], float]) -> _Reference:
    """Return NDCG with another sum than `dcg`."""

    def computed(relevance: Array, k: int | None = None) -> float:
        best = np.sort(relevance)[::-1]
        return discounted(np.asarray(relevance)[:k]) / discounted(best[:k])

    return computed


_GAINS = {"linear": lambda r: r, "exponential": lambda r: 2.0**r - 1}
_NDCG_MISTAKES: tuple[tuple[str, Callable[..., _Reference]], ...] = (
    (_CUT, lambda gains: lambda relevance, **_: ndcg(relevance, gains=gains)),
    ("divide by the gain of the ideal order", lambda gains: partial(dcg, gains=gains)),
    (
        "sort all relevances for the ideal order, then cut off at k",
        lambda gains: lambda relevance, k=None: ndcg(relevance[:k], gains=gains),
    ),
    (
        "divide the gain of place i by log2(i + 1), from place 1 on",
        lambda gains: _ratio(
            lambda r: np.sum(_GAINS[gains](r) / np.log2(np.arange(3, len(r) + 3)))
        ),
    ),
    (
        "discount by log2(i + 1), not by the place i",
        lambda gains: _ratio(lambda r: np.sum(_GAINS[gains](r) / np.arange(1, len(r) + 1))),
    ),
    ("the discount is missing", lambda gains: _ratio(lambda r: np.sum(_GAINS[gains](r)))),
    (
        "the ideal order is the falling one",
        lambda gains: (
            lambda relevance, k=None: (
                dcg(relevance, k, gains=gains)
                / max(1e-300, dcg(np.sort(relevance), k, gains=gains))
            )
        ),
    ),
    (
        "divide by the ideal gain, not the other way round",
        lambda gains: lambda relevance, k=None: 1 / max(1e-300, ndcg(relevance, k, gains=gains)),
    ),
)
_K = Parameter("k", ("at", "n", "p", "top_k", "cutoff", "rank", "at_k"), None, usual=3, least=1)

NDCG = Kernel(
    name="ndcg",
    aliases=("ndcg_at_k", "ndcg_score", "compute_ndcg", "calculate_ndcg", "normalized_dcg"),
    parameters=(
        Parameter(
            "relevance",
            ("relevances", "rel", "rels", "r", "relevance_scores", "scores", "gains", "ranking"),
        ),
        _K,
    ),
    variants=_gains(ndcg),
    domains=(
        Domain("a ranked list", _lists, alone=True),
        Domain("k beyond the list", _beyond),
        Domain("nothing relevant", _worthless),
    ),
    formula=r"\frac{\mathrm{DCG}_k}{\mathrm{IDCG}_k}, \quad "
    r"\mathrm{DCG}_k = \sum_{i=1}^k \frac{r_i}{\log_2(i + 1)}",
    source="Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR techniques (2002)",
    mistakes=tuple(Mistake(hint, of(gains)) for gains in _GAINS for hint, of in _NDCG_MISTAKES),
    forms=(
        Kernel(
            "ndcg",
            (
                Parameter("y_true", (*TRUTH.aliases, "relevance", "relevances", "rel", "gains")),
                replace(SCORE, aliases=tuple(a for a in SCORE.aliases if a != "p")),
                _K,
            ),
            _gains(ndcg_of_scores),
            (
                Domain("relevances and scores", _with_scores, alone=True),
                Domain("rows of both, mean", _with_rows, alone=True),
            ),
            "",
            "",
        ),
    ),
)
