"""Metrics against scikit-learn, scipy and onnx, or against the definition, counted one by one."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import pytest
import scipy.spatial.distance
import sklearn.metrics
from onnx.reference import ReferenceEvaluator

from builder.kernels.kernel import Array
from builder.kernels.metrics.boxes import iou, mask_iou
from builder.kernels.metrics.confusion import confusion_matrix, counts
from builder.kernels.metrics.cumulated import dcg, ndcg, ndcg_of_scores
from builder.kernels.metrics.ranking import area, average_precision, roc_auc
from builder.kernels.metrics.rates import (
    accuracy_score,
    f1_score,
    f_counts,
    f_score,
    of_classes,
    precision,
    recall,
)
from builder.kernels.metrics.similarity import cosine_similarity, r2_score
from builder.kernels.metrics.suppression import nms

ORACLES = {
    "accuracy_score": "sklearn.metrics.accuracy_score",
    "precision": "sklearn.metrics.precision_score",
    "recall": "sklearn.metrics.recall_score",
    "f1_score": "sklearn.metrics.fbeta_score",
    "confusion_matrix": "sklearn.metrics.confusion_matrix",
    "roc_auc": "sklearn.metrics.roc_auc_score",
    "average_precision": "sklearn.metrics.average_precision_score",
    "ndcg": "sklearn.metrics.ndcg_score",
    "r2_score": "sklearn.metrics.r2_score",
    "cosine_similarity": "scipy.spatial.distance.cdist",
    "iou": "exact fractions; boxes of whole numbers cell by cell",
    "nms": "onnx NonMaxSuppression",
}

SEEDS = range(20)
Pairs = list[tuple[Any, Any]]


def _labels(rng: np.random.Generator, classes: int) -> tuple[Array, Array]:
    n = int(rng.integers(1, 30))
    return rng.integers(classes, size=n), rng.integers(classes, size=n)


def _scored(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return labels of both classes; every other time, scores are tied."""
    n = int(rng.integers(2, 30))
    labels = rng.permutation(np.arange(n) < rng.integers(1, n)).astype(int)
    scores = rng.normal(size=n) + labels
    return labels, np.round(scores) if rng.random() < 0.5 else scores


def _boxes(rng: np.random.Generator, n: int) -> Array:
    start = rng.uniform(0, 5, size=(n, 2))
    return np.concatenate((start, start + rng.uniform(0.5, 5, size=(n, 2))), axis=1)


# ── each kernel and its oracle, for one seed ─────────────────────────────────────────────────────


def _accuracy(rng: np.random.Generator) -> Pairs:
    y, p = _labels(rng, 4)
    expected = sklearn.metrics.accuracy_score(y, p)
    return [(accuracy_score(y, p), expected), (accuracy_score(y, p, whole=100.0), 100 * expected)]


def _rates(
    metric: Callable[..., Any], oracle: Callable[..., Any]
) -> Callable[[np.random.Generator], Pairs]:
    def pairs(rng: np.random.Generator) -> Pairs:
        y, p = _labels(rng, 2)
        z, q = _labels(rng, 4)
        ways = (("macro", True), (None, False))
        return [
            *((metric(y, p, c), oracle(y, p, pos_label=c, zero_division=0)) for c in (0, 1)),
            *(
                (of_classes(metric, mean=mean)(z, q), oracle(z, q, average=how, zero_division=0))
                for how, mean in ways
            ),
        ]

    return pairs


def _f1(rng: np.random.Generator) -> Pairs:
    y, p = _labels(rng, 2)
    _, fp, fn, tp = counts(y, p)
    pairs = _rates(f1_score, sklearn.metrics.f1_score)(rng)
    for beta in (0.5, 1.0, 2.0):
        expected = sklearn.metrics.fbeta_score(y, p, beta=beta, zero_division=0)
        pairs += [
            (f1_score(y, p, beta=beta), expected),
            (f_counts(tp, fp, fn, beta), expected),
            (f_score(precision(y, p), recall(y, p), beta), expected),
        ]
    return pairs


def _confusion(rng: np.random.Generator) -> Pairs:
    y, p = _labels(rng, 4)
    b, c = _labels(rng, 2)
    two = sklearn.metrics.confusion_matrix(b, c, labels=[0, 1])
    return [
        (confusion_matrix(y, p), sklearn.metrics.confusion_matrix(y, p)),
        (confusion_matrix(y, p, 6), sklearn.metrics.confusion_matrix(y, p, labels=range(6))),
        (counts(b, c), two.ravel()),
    ]


def _auc(rng: np.random.Generator) -> Pairs:
    y, s = _scored(rng)
    fpr, tpr, _ = sklearn.metrics.roc_curve(y, s)
    return [
        (roc_auc(y, s), sklearn.metrics.roc_auc_score(y, s)),
        (area(fpr, tpr), sklearn.metrics.auc(fpr, tpr)),
    ]


def _precision_at_hits(rng: np.random.Generator) -> Pairs:
    y, s = _scored(rng)
    curve, recalls, _ = sklearn.metrics.precision_recall_curve(y, s)
    highest = [max(curve[recalls >= r]) for r in recalls[:-1]]
    return [
        (average_precision(y, s), sklearn.metrics.average_precision_score(y, s)),
        (average_precision(y, s, interpolated=True), -np.sum(np.diff(recalls) * highest)),
    ]


def _gain(rng: np.random.Generator) -> Pairs:
    n = int(rng.integers(2, 12))
    relevance, scores = rng.integers(0, 4, size=(2, n)), rng.normal(size=(2, n))
    order = -np.arange(n)[None]
    pairs: Pairs = []
    for k in (None, 1, int(rng.integers(1, n + 1))):
        for gains, values in (("linear", relevance), ("exponential", 2**relevance - 1)):
            one = values[:1]
            pairs += [
                (ndcg(relevance[0], k, gains=gains), sklearn.metrics.ndcg_score(one, order, k=k)),
                (dcg(relevance[0], k, gains=gains), sklearn.metrics.dcg_score(one, order, k=k)),
                (
                    ndcg_of_scores(relevance, scores, k, gains=gains),
                    sklearn.metrics.ndcg_score(values, scores, k=k),
                ),
            ]
    return pairs


def _determination(rng: np.random.Generator) -> Pairs:
    y, p = rng.normal(size=(2, int(rng.integers(2, 30)))) * rng.uniform(0.1, 10) + rng.normal()
    return [(r2_score(y, p), sklearn.metrics.r2_score(y, p))]


def _cosine(rng: np.random.Generator) -> Pairs:
    n, m, d = rng.integers(1, 6, size=3)
    a, b = rng.normal(size=(n, d)), rng.normal(size=(m, d))
    cosines = 1 - scipy.spatial.distance.cdist(a, b, "cosine")
    return [
        (cosine_similarity(a, b), cosines),
        (cosine_similarity(a, b), sklearn.metrics.pairwise.cosine_similarity(a, b)),
        (cosine_similarity(a[0], b), cosines[0]),
        (cosine_similarity(a[0], b[0]), cosines[0, 0]),
        (cosine_similarity(a[:1], b[:1], rows=True), cosines[0, :1]),
    ]


def _exact(one: Array, other: Array) -> float:
    """Return the IoU of two boxes in exact arithmetic, by coordinates cut into cells."""
    a, b = ([Fraction(float(x)) for x in box] for box in (one, other))
    xs, ys = (sorted({*a[axis::2], *b[axis::2]}) for axis in (0, 1))

    def holds(box: list[Fraction], x: Fraction, y: Fraction) -> bool:
        return box[0] <= x < box[2] and box[1] <= y < box[3]

    both = either = Fraction(0)
    for x, right in pairwise(xs):
        for y, top in pairwise(ys):
            cell, inside = (right - x) * (top - y), (holds(a, x, y), holds(b, x, y))
            both += cell * all(inside)
            either += cell * any(inside)
    return float(both / either) if either else 0.0


def _drawn(box: Array, *, more: int = 0) -> Array:
    """Return the mask of a box of whole numbers."""
    mask = np.zeros((15, 15), dtype=bool)
    x1, y1, x2, y2 = box
    mask[x1 : x2 + more, y1 : y2 + more] = True
    return mask


def _overlap(rng: np.random.Generator) -> Pairs:
    a, b = _boxes(rng, 4), _boxes(rng, 3)
    exact = np.array([[_exact(x, y) for y in b] for x in a])
    sizes = [np.concatenate((x[:, :2], x[:, 2:] - x[:, :2]), axis=1) for x in (a, b)]
    middles = [np.concatenate((x[:, :2] + x[:, 2:] / 2, x[:, 2:]), axis=1) for x in sizes]
    c, d = (np.round(2 * x[0]).astype(int) // 2 for x in (a, b))
    masks, pixels = ([_drawn(box, more=more) for box in (c, d)] for more in (0, 1))
    return [
        (iou(a, b), exact),
        (iou(a[0], b), exact[0]),
        (iou(a[:3], b, rows=True), np.diag(exact)),
        (iou(*sizes, layout="xywh"), exact),
        (iou(*middles, layout="cxcywh"), exact),
        (iou(c, d), sklearn.metrics.jaccard_score(*(m.ravel() for m in masks), zero_division=0)),
        (iou(c, d, layout="xyxy+1"), sklearn.metrics.jaccard_score(*(m.ravel() for m in pixels))),
        (mask_iou(*pixels), sklearn.metrics.jaccard_score(*(m.ravel() for m in pixels))),
    ]


def _onnx(boxes: Array, scores: Array, threshold: float, *, centred: bool) -> Array:
    info = onnx.helper.make_tensor_value_info
    number = onnx.TensorProto.FLOAT
    node = onnx.helper.make_node(
        "NonMaxSuppression", ["b", "s", "m", "t"], ["kept"], center_point_box=int(centred)
    )
    graph = onnx.helper.make_graph(
        [node],
        "nms",
        [
            *(info(name, number, None) for name in "bs"),
            info("m", onnx.TensorProto.INT64, [1]),
            info("t", number, [1]),
        ],
        [info("kept", onnx.TensorProto.INT64, None)],
    )
    given = {
        "b": boxes[None].astype(np.float32),
        "s": scores[None, None].astype(np.float32),
        "m": np.array([len(boxes)]),
        "t": np.array([threshold], dtype=np.float32),
    }
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 11)])
    (kept,) = ReferenceEvaluator(model).run(None, given)
    return np.asarray(kept[:, 2])


def _suppression(rng: np.random.Generator) -> Pairs:
    n, threshold = int(rng.integers(1, 15)), float(rng.uniform(0.1, 0.9))
    boxes, scores = _boxes(rng, n), rng.permutation(n) / n + 0.1
    size = boxes[:, 2:] - boxes[:, :2]
    middles = np.concatenate((boxes[:, :2] + size / 2, size), axis=1)
    return [
        (nms(boxes, scores, threshold), _onnx(boxes, scores, threshold, centred=False)),
        (
            nms(middles, scores, threshold, layout="cxcywh"),
            _onnx(middles, scores, threshold, centred=True),
        ),
    ]


_PAIRS: dict[str, Callable[[np.random.Generator], Pairs]] = {
    "accuracy_score": _accuracy,
    "precision": _rates(precision, sklearn.metrics.precision_score),
    "recall": _rates(recall, sklearn.metrics.recall_score),
    "f1_score": _f1,
    "confusion_matrix": _confusion,
    "roc_auc": _auc,
    "average_precision": _precision_at_hits,
    "ndcg": _gain,
    "r2_score": _determination,
    "cosine_similarity": _cosine,
    "iou": _overlap,
    "nms": _suppression,
}


def _difference(found: Any, expected: Any) -> float:
    """Return the largest difference, relative to the largest number; another shape is no match."""
    one, other = (np.asarray(x, dtype=np.float64) for x in (found, expected))
    if one.shape != other.shape:
        return float("inf")
    scale = float(np.abs(other).max(initial=0.0)) or 1.0
    return float(np.abs(one - other).max(initial=0.0)) / scale


def _largest(name: str) -> float:
    """Return the largest difference between a reference and its oracle over all seeds."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="sklearn")  # what it says of absent classes
        return max(
            _difference(*pair)
            for seed in SEEDS
            for pair in _PAIRS[name](np.random.default_rng(seed))
        )


def differences() -> dict[str, float]:
    """Return for each kernel the largest relative difference to its oracle over twenty seeds."""
    return {name: _largest(name) for name in ORACLES}


@pytest.mark.parametrize("name", ORACLES)
def test_a_metric_is_its_oracle(name: str) -> None:
    """To the last digits, over twenty seeds, in all of its forms."""
    assert _largest(name) < 1e-12


# ── what no oracle says ──────────────────────────────────────────────────────────────────────────


def test_nothing_to_divide_by_is_zero() -> None:
    """No positives, no vector, no box, no relevance."""
    none = np.array([0, 0])
    assert precision(none, none) == recall(none, none) == f1_score(none, none) == 0.0
    assert cosine_similarity(np.zeros(2), np.ones(2)) == 0.0
    assert iou(np.ones(4), np.ones(4)) == 0.0
    assert mask_iou(none, none) == 0.0
    assert average_precision(none, np.arange(2)) == ndcg(none) == 0.0
    assert nms(np.zeros((0, 4)), np.zeros(0), 0.5).shape == (0,)


@pytest.mark.parametrize("eps", [1e-3, 0.5])
def test_an_eps_stands_in_the_denominator(eps: float) -> None:
    """Redone by hand: two of three found, one of them wrong."""
    y, p = np.array([1, 1, 1, 0]), np.array([1, 1, 0, 1])
    assert precision(y, p, eps=eps) == recall(y, p, eps=eps) == 2 / (3 + eps)
    share = 2 / (3 + eps)
    assert f1_score(y, p, inner=eps, outer=eps) == pytest.approx(2 * share**2 / (2 * share + eps))
    assert f1_score(y, p, outer=eps) == pytest.approx(2 * (2 / 3) ** 2 / (4 / 3 + eps))
    assert r2_score(y, p, eps) == pytest.approx(1 - 2 / (0.75 + eps))
    a, b = np.array([3.0, 4.0]), np.array([0.0, 2.0])
    assert cosine_similarity(a, b, eps) == pytest.approx(8 / (10 + eps))
    assert cosine_similarity(a, b, eps, each=True) == pytest.approx(8 / ((5 + eps) * (2 + eps)))
    one, other = np.array([0, 0, 2, 2]), np.array([1, 1, 3, 3])
    assert iou(one, other, eps) == pytest.approx(1 / (7 + eps))
    assert mask_iou(y, p, eps, smooth=True) == pytest.approx((2 + eps) / (4 + eps))


def test_the_first_discount_of_all() -> None:
    """As first defined, the second place is discounted by log2(2), so not at all."""
    assert dcg(np.array([3, 2, 4]), gains="old") == pytest.approx(5 + 4 / np.log2(3))
