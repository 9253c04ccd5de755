"""Metrics of scores and of ranked lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Kernel, Mistake, Parameter, Variant, layouts
from builder.kernels.losses.pair import Pair
from builder.kernels.metrics.confusion import SCORE, TRUTH

# ── the references ───────────────────────────────────────────────────────────────────────────────


def roc_auc(y_true: Array, y_score: Array, *, tie: float = 0.5) -> float:
    """Return how likely a one (of labels (N,), 0 or 1) has a higher score than a zero.

    A `tie` counts half. That is the area under the ROC curve: Hanley, McNeil, The meaning and use
    of the area under a receiver operating characteristic (ROC) curve (1982).
    """
    positive, scores = np.asarray(y_true) == 1, np.asarray(y_score, dtype=np.float64)
    above = scores[positive][:, None] - scores[~positive]
    return float(np.mean((above > 0) + tie * (above == 0)))


def area(fpr: Array, tpr: Array) -> float:
    """Return the area under a curve of points by the trapezoidal rule, fpr (N,) ascending."""
    return float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))


def average_precision(y_true: Array, y_score: Array, *, interpolated: bool = False) -> float:
    """Return the sum over thresholds of precision times the step of recall, 0 if nothing is 1.

    Labels (N,) are 0 or 1. Tied scores share a threshold. If `interpolated`, precision is the
    highest at this recall or beyond. Manning, Raghavan, Schütze, Introduction to Information
    Retrieval (2008).
    """
    relevant, scores = np.asarray(y_true) == 1, np.asarray(y_score, dtype=np.float64)
    chosen = scores >= np.unique(scores)[::-1, None]
    hits = np.sum(chosen & relevant, axis=1)
    precisions = hits / np.sum(chosen, axis=1)
    if interpolated:
        precisions = np.maximum.accumulate(precisions[::-1])[::-1]
    return float(np.sum(np.diff(hits, prepend=0) * precisions) / max(1, hits[-1]))


# ── labels and their scores ──────────────────────────────────────────────────────────────────────


def _scored(rng: np.random.Generator, n: int) -> Pair:
    """Return labels of both classes and distinct scores that tell them apart more or less."""
    labels = rng.permutation(np.arange(n) < rng.integers(2, n - 1)).astype(int)
    return labels, rng.normal(size=n) + labels


def _asked(pairs: Iterable[Pair]) -> list[Case]:
    return [Case({"y_true": y, "y_score": s}) for y, s in pairs]


def _distinct(rng: np.random.Generator) -> list[Case]:
    y, s = _scored(rng, 7)
    return _asked(
        (
            (np.array([1, 0, 1, 0, 1, 0]), np.array([0.35, 0.1, 0.9, 0.4, 0.8, 0.2])),
            (np.array([0, 1, 0, 1]), np.array([0.6, 0.2, 0.7, 0.65])),
            *((np.array([0, 1]), np.array(scores)) for scores in ([0.2, 0.7], [0.7, 0.2])),
            (np.array([0, 0, 1, 0]), np.array([3, -1, 2, 0])),
            *((y, view) for view in layouts(s)),
            (y, s.astype(np.float32)),
            (y, 1e4 + s),
            (y, 1e-4 * s),
            *(_scored(rng, n) for n in (4, 11, 30, 60)),
            *((labels, 1 / (1 + np.exp(-s))) for labels, s in (_scored(rng, n) for n in (6, 15))),
        )
    )


def _tied(rng: np.random.Generator) -> list[Case]:
    return _asked(
        (
            (np.array([0, 1]), np.array([0.5, 0.5])),
            (np.array([1, 0, 0]), np.array([0.5, 0.5, 0.5])),
            (np.array([1, 0, 1, 0, 1]), np.array([0.9, 0.9, 0.4, 0.4, 0.1])),
            *((y, np.round(s)) for y, s in (_scored(rng, n) for n in (12, 30))),
        )
    )


def _irrelevant(rng: np.random.Generator) -> list[Case]:
    return _asked([(np.array([0, 0]), np.array([0.3, 0.6]))])


_Reference = Callable[..., Any]


def _hard(y_true: Array, y_score: Array) -> float:
    """Return the accuracy at the usual threshold."""
    return float(np.mean((y_score > 0.5) == (y_true == 1)))


def _count(y_true: Array, y_score: Array) -> float:
    """Return in how many pairs the one scores higher."""
    ones = int(np.sum(y_true == 1))
    return roc_auc(y_true, y_score) * ones * (len(y_true) - ones)


def _swapped(metric: _Reference) -> _Reference:
    return lambda y_true, y_score: metric(y_true, -y_score)


def _curves(rng: np.random.Generator) -> list[Case]:
    curves = [
        (np.array([0.0, 0.0, 0.5, 0.5, 1.0]), np.array([0.0, 0.5, 0.5, 1.0, 1.0])),
        (np.array([0.0, 0.25, 1.0]), np.array([0.0, 0.5, 1.0])),
        (np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        *((np.sort(rng.random(n)), np.sort(rng.random(n))) for n in (3, 8, 21)),
    ]
    return [Case({"fpr": fpr, "tpr": tpr}) for fpr, tpr in curves]


ROC_AUC = Kernel(
    name="roc_auc",
    aliases=("roc_auc_score", "auc", "auc_roc", "auroc", "compute_auc", "calculate_auc"),
    parameters=(TRUTH, SCORE),
    variants=(Variant("", roc_auc),),
    domains=(Domain("distinct scores", _distinct, alone=True), Domain("tied scores", _tied)),
    formula=r"P(s_+ > s_-) + \tfrac{1}{2} P(s_+ = s_-)",
    source="Hanley, McNeil: The meaning and use of the area under a receiver operating "
    "characteristic (ROC) curve (1982)",
    mistakes=(
        Mistake("this is 1 - AUC: a one is to have the higher score", _swapped(roc_auc)),
        Mistake("this is the accuracy at 0.5: compare all pairs", _hard),
        Mistake("divide by the number of pairs, ones times zeros", _count),
        Mistake(
            "divide by the number of pairs, ones times zeros",
            lambda y_true, y_score: _count(y_true, y_score) / len(y_true) ** 2,
        ),
        Mistake(
            "this is the Gini coefficient: AUC is (Gini + 1) / 2",
            lambda y_true, y_score: 2 * roc_auc(y_true, y_score) - 1,
        ),
        Mistake(
            "this is the area under the precision-recall curve",
            average_precision,
        ),
    ),
    forms=(
        Kernel(
            "roc_auc",
            (
                Parameter("fpr", ("x", "fprs", "false_positive_rates", "false_positive_rate")),
                Parameter("tpr", ("y", "tprs", "true_positive_rates", "true_positive_rate")),
            ),
            (Variant("trapezoids", area),),
            (Domain("the points of a curve", _curves, alone=True),),
            "",
            "",
        ),
    ),
)

# ── average precision ────────────────────────────────────────────────────────────────────────────


def _in_order(relevance: Array, **own: Any) -> float:
    return average_precision(relevance, -np.arange(len(relevance)), **own)


def _ranked(rng: np.random.Generator) -> list[Case]:
    drawn = [_scored(rng, n)[0] for n in (4, 7, 12, 30)]
    by_hand = [[1, 0, 1, 0], [0, 1, 1], [1], [0, 0, 1], [1, 1, 0]]
    views = layouts(drawn[1])
    return [Case({"relevance": np.array(r)}) for r in (*by_hand, *drawn, *views)]


def _no_relevant(rng: np.random.Generator) -> list[Case]:
    return [Case({"relevance": np.array([0, 0, 0])})]


def _at_hits(y_true: Array, y_score: Array) -> tuple[Array, Array]:
    """Return labels in the order of falling scores, and the precision at each place."""
    ranked = np.asarray(y_true)[np.argsort(-np.asarray(y_score))]
    return ranked, np.cumsum(ranked) / np.arange(1, len(ranked) + 1)


def _trapezoids(y_true: Array, y_score: Array) -> float:
    ranked, precisions = _at_hits(y_true, y_score)
    recalls = np.cumsum(ranked) / max(1, ranked.sum())
    return area(np.concatenate(([0.0], recalls)), np.concatenate(([1.0], precisions)))


def _conventions(metric: _Reference) -> tuple[Variant, ...]:
    return Variant("", metric), Variant("interpolated", partial(metric, interpolated=True))


AVERAGE_PRECISION = Kernel(
    name="average_precision",
    aliases=(
        *("average_precision_score", "ap_score", "compute_ap", "calculate_ap"),
        *("compute_average_precision", "calculate_average_precision"),
    ),
    parameters=(TRUTH, SCORE),
    variants=_conventions(average_precision),
    domains=(
        Domain("distinct scores", _distinct, alone=True),
        Domain("tied scores", _tied),
        Domain("nothing relevant", _irrelevant),
    ),
    formula=r"\sum_k (R_k - R_{k-1}) P_k",
    source="Manning, Raghavan, Schütze: Introduction to Information Retrieval (2008)",
    mistakes=(
        Mistake("sort by falling scores", _swapped(average_precision)),
        Mistake("sort by falling scores", lambda y_true, **_: _in_order(y_true)),
        Mistake("sum the precision at each hit, without trapezoids", _trapezoids),
        Mistake(
            "average over the relevant ones alone",
            lambda y_true, y_score: np.mean(_at_hits(y_true, y_score)[1]),
        ),
        Mistake(
            "divide by the number of relevant ones, not of all",
            lambda y_true, y_score: average_precision(y_true, y_score) * np.mean(y_true),
        ),
        Mistake(
            "divide by the number of relevant ones",
            lambda y_true, y_score: average_precision(y_true, y_score) * np.sum(y_true),
        ),
        Mistake("this is the area under the ROC curve", roc_auc),
    ),
    forms=(
        Kernel(
            "average_precision",
            (
                Parameter(
                    "relevance",
                    ("rel", "rels", "relevances", "hits", "ranking", "ranked", "r", "is_relevant"),
                ),
            ),
            _conventions(_in_order),
            (
                Domain("a ranked list", _ranked, alone=True),
                Domain("nothing relevant", _no_relevant),
            ),
            "",
            "",
        ),
    ),
)
