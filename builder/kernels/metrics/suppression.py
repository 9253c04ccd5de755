"""Non-maximum suppression: which of many boxes to keep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Kernel, Mistake, Parameter, Variant, layouts
from builder.kernels.metrics.boxes import LAYOUTS, iou

_Metric = Callable[..., Any]


def nms(boxes: Array, scores: Array, iou_threshold: float, *, layout: str = "xyxy") -> Array:
    """Return the indices of the boxes (N, 4) to keep, by falling scores (N,).

    A box is dropped if its IoU with one that is kept already is above `iou_threshold`. Felzenszwalb
    et al., Object Detection with Discriminatively Trained Part Based Models (2010).
    """
    overlaps = np.asarray(iou(boxes, boxes, layout=layout))
    kept: list[int] = []
    for i in np.argsort(-np.asarray(scores, dtype=np.float64)):
        if all(overlaps[i, j] <= iou_threshold for j in kept):
            kept.append(int(i))
    return np.array(kept, dtype=int)


def _crowd(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Return boxes that crowd around a few places, and distinct scores."""
    middle = rng.integers(1, 4, size=(n, 2)) * 6.0 + rng.normal(scale=0.5, size=(n, 2))
    half = rng.uniform(1.5, 2.5, size=(n, 2))
    return np.concatenate((middle - half, middle + half), axis=1), rng.permutation(n) / n + 0.05


_SOME = (
    (
        np.array([[0.0, 0, 2, 2], [0, 0, 2, 3], [5, 5, 7, 7], [8, 8, 9, 9]]),
        np.array([0.8, 0.9, 0.7, 0.95]),
    ),
    (np.array([[0.0, 0, 10, 10], [1, 1, 4, 4]]), np.array([0.6, 0.7])),
    (np.array([[0.0, 0, 1, 1], [3, 3, 4, 4], [0, 3, 1, 4]]), np.array([0.7, 0.9, 0.8])),
    (np.array([[0.0, 0, 10, 10], [3, 0, 10, 10], [6, 0, 10, 10]]), np.array([0.9, 0.8, 0.7])),
    (np.array([[1.0, 1, 3, 4]]), np.array([0.5])),
    (np.array([[0, 0, 4, 4], [1, 1, 5, 4], [0, 0, 4, 5]]), np.array([0.3, 0.6, 0.5])),
)


def _crowds(rng: np.random.Generator) -> list[tuple[Array, Array]]:
    boxes, scores = _crowd(rng, 9)
    return [
        *_SOME,
        *((view, scores) for view in layouts(boxes)),
        (boxes.astype(np.float32), scores.astype(np.float32)),
        *(_crowd(rng, n) for n in (2, 5, 8, 15)),
    ]


def _suppressed(rng: np.random.Generator) -> list[Case]:
    passed = "use the threshold that was passed"
    options = [(crowd, t) for t in (0.3, 0.7, 0.15) for crowd in (_SOME[0], _crowd(rng, 12))]
    return [
        *(Case({"boxes": boxes, "scores": scores}) for boxes, scores in _crowds(rng)),
        *(
            Case({"boxes": b, "scores": s, "iou_threshold": t}, hint=passed)
            for (b, s), t in options
        ),
    ]


def _logits(rng: np.random.Generator) -> list[Case]:
    crowds = (_SOME[0], _crowd(rng, 8))
    return [Case({"boxes": boxes, "scores": 3.0 * scores - 2.0}) for boxes, scores in crowds]


def _empty(rng: np.random.Generator) -> list[Case]:
    return [Case({"boxes": np.zeros((0, 4)), "scores": np.zeros(0)})]


def _detections(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"dets": np.column_stack((given.pop("boxes"), given.pop("scores"))), **given})
        for given in (dict(case.arguments) for case in _suppressed(rng))
    ]


def _mask(kept: Array, boxes: Array, **_: Array) -> Array:
    return np.isin(np.arange(len(boxes)), kept)


_RETURNED: dict[str, _Metric] = {
    "indices by falling score": lambda kept, **_: kept,
    "indices in order": lambda kept, **_: np.sort(kept),
    "boxes by falling score": lambda kept, boxes, **_: boxes[kept],
    "boxes and scores": lambda kept, boxes, scores: (boxes[kept], scores[kept]),
    "boxes in order": lambda kept, boxes, **_: boxes[np.sort(kept)],
    "a mask of what is kept": _mask,
}


def _answer(
    boxes: Array, scores: Array, iou_threshold: float, *, layout: str, returned: _Metric
) -> Any:
    kept = nms(boxes, scores, iou_threshold, layout=layout)
    return returned(kept=kept, boxes=boxes, scores=scores)


def _answer_dets(dets: Array, iou_threshold: float, *, layout: str, returned: _Metric) -> Any:
    kept = nms(dets[:, :4], dets[:, 4], iou_threshold, layout=layout)
    return returned(kept=kept, boxes=dets, scores=dets[:, 4])


def _outputs(answer: _Metric) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            f"{told}, {words}".removesuffix(", "), partial(answer, layout=layout, returned=returned)
        )
        for layout, words in LAYOUTS.items()
        for told, returned in _RETURNED.items()
    )


def _against(
    boxes: Array, scores: Array, iou_threshold: float, *, overlap: _Metric = iou, chain: bool = True
) -> Array:
    """Return what a box that overlaps a better one too much leaves, whether that is kept or not.

    Without `chain`, only the best one drops others.
    """
    order = np.argsort(-scores)
    above = np.triu(overlap(boxes[order], boxes[order]) > iou_threshold, 1)
    return np.asarray(order[~(above if chain else above[:1]).any(axis=0)])


def _smaller(a: Array, b: Array) -> Array:
    inside = np.minimum(a[:, None, 2:], b[:, 2:]) - np.maximum(a[:, None, :2], b[:, :2])
    areas = (np.prod(x[..., 2:] - x[..., :2], axis=-1) for x in (a[:, None], b))
    return np.asarray(np.prod(np.maximum(inside, 0.0), axis=-1) / np.minimum(*areas))


def _greedy(boxes: Array, scores: Array, keeps: Callable[[Array], bool], overlap: _Metric) -> Array:
    overlaps = overlap(boxes, boxes)
    kept: list[int] = []
    for i in np.argsort(-scores):
        if keeps(overlaps[i, kept]):
            kept.append(i)
    return np.array(kept)


_THRESHOLD = Parameter(
    "iou_threshold",
    (
        *("threshold", "thresh", "iou_thresh", "iou_thr", "iou_thres", "iou", "t", "thr"),
        *("overlap_thresh", "overlapthresh", "overlap_threshold", "nms_threshold", "nms_thresh"),
    ),
    0.5,
    least=0.01,
    most=0.99,
)

NMS = Kernel(
    name="nms",
    aliases=("non_max_suppression", "non_maximum_suppression", "nonmax_suppression", "py_cpu_nms"),
    parameters=(
        Parameter("boxes", ("bboxes", "b", "boxs", "bounding_boxes")),
        Parameter("scores", ("s", "score", "confidences", "confidence", "probs", "conf")),
        _THRESHOLD,
    ),
    variants=_outputs(_answer),
    domains=(
        Domain("boxes and scores", _suppressed, alone=True),
        Domain("scores below 0", _logits),
        Domain("no boxes", _empty),
    ),
    formula=r"K \gets K \cup \{i\} \text{ if } \max_{j \in K} \mathrm{IoU}(b_i, b_j) \le t",
    source="Felzenszwalb et al.: Object Detection with Discriminatively Trained Part Based Models "
    "(2010)",
    mistakes=(
        Mistake(
            "start with the highest score",
            lambda boxes, scores, iou_threshold: nms(boxes, -scores, iou_threshold),
        ),
        Mistake(
            "go by falling scores, not by position",
            lambda boxes, iou_threshold, **_: nms(boxes, -np.arange(len(boxes)), iou_threshold),
        ),
        Mistake("a box that was dropped drops no other", _against),
        Mistake("repeat with the best of what is left", partial(_against, chain=False)),
        Mistake(
            "divide the intersection by the union, not by the smaller area",
            lambda boxes, scores, iou_threshold: _greedy(
                boxes, scores, lambda overlaps: bool(np.all(overlaps <= iou_threshold)), _smaller
            ),
        ),
        Mistake(
            "drop a box above the threshold, not below",
            lambda boxes, scores, iou_threshold: _greedy(
                boxes, scores, lambda overlaps: bool(np.all(overlaps >= iou_threshold)), iou
            ),
        ),
        Mistake("return all, not the best one only", lambda scores, **_: np.argsort(-scores)[:1]),
    ),
    forms=(
        Kernel(
            "nms",
            (
                Parameter("dets", ("detections", "boxes", "bboxes", "predictions", "preds")),
                _THRESHOLD,
            ),
            _outputs(_answer_dets),
            (Domain("rows of x1, y1, x2, y2, score", _detections, alone=True),),
            "",
            "",
        ),
    ),
)
