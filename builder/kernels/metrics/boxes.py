"""Boxes and masks: how much they overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Kernel, Mistake, Parameter, Variant, layouts

# ── the references ───────────────────────────────────────────────────────────────────────────────


def iou(
    box1: Array, box2: Array, eps: float = 0.0, *, layout: str = "xyxy", rows: bool = False
) -> Array | float:
    """Return intersection over union of boxes, in float64; 0 where the union is 0.

    Boxes are (4,) or rows (N, 4) and (M, 4), of which all are held against all: (N, M), or, with
    `rows`, row i against row i: (N,). `layout` says what the four numbers are: "xyxy" two corners,
    "xyxy+1" the first and the last pixel, "xywh" a corner and the size, "cxcywh" the centre and the
    size. eps is added to the union. Everingham et al., The Pascal Visual Object Classes (VOC)
    Challenge (2010).
    """
    a, b = (_corners(box, layout) for box in (box1, box2))
    if a.ndim == b.ndim == 2 and not rows:
        a = a[:, None]
    edge = 1.0 if layout == "xyxy+1" else 0.0
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]) + edge
    inside = np.prod(np.maximum(sides, 0.0), axis=-1)
    areas = (np.prod(box[..., 2:] - box[..., :2] + edge, axis=-1) for box in (a, b))
    union = sum(areas) - inside + eps
    found = np.asarray(inside / np.where(union == 0, 1.0, union))
    return found if found.ndim else float(found)


def _corners(box: Array, layout: str) -> Array:
    start, end = np.split(np.asarray(box, dtype=np.float64), 2, axis=-1)
    if layout == "cxcywh":
        start = start - end / 2
    return np.concatenate((start, end if layout.startswith("xyxy") else start + end), axis=-1)


def mask_iou(mask1: Array, mask2: Array, eps: float = 0.0, *, smooth: bool = False) -> float:
    """Return intersection over union of masks of one shape; eps is added to the union.

    With `smooth`, it is added to the intersection, too. Two empty masks have an IoU of 0.
    """
    a, b = (np.asarray(mask) != 0 for mask in (mask1, mask2))
    union = np.sum(a | b) + eps
    return float((np.sum(a & b) + eps * smooth) / union) if union else 0.0


# ── overlap of boxes ─────────────────────────────────────────────────────────────────────────────

_Metric = Callable[..., Any]


def _drawn(rng: np.random.Generator, n: int) -> Array:
    """Return boxes (n, 4) that are boxes in every layout, and overlap more often than not."""
    start = rng.uniform(0.0, 4.0, size=(n, 2))
    return np.concatenate((start, start + rng.uniform(1.0, 6.0, size=(n, 2))), axis=1)


_BY_HAND = tuple(
    (np.array(one), np.array(other))
    for one, other in (
        ([0.0, 0.0, 4.0, 2.0], [1.0, 1.0, 5.0, 4.0]),
        ([0.0, 0.0, 1.0, 1.0], [3.0, 4.0, 5.0, 6.0]),
        ([0.0, 0.0, 4.0, 1.0], [1.0, 3.0, 5.0, 6.0]),
        ([0.0, 0.0, 1.0, 5.0], [7.0, 1.0, 9.0, 3.0]),
        ([0.0, 0.0, 10.0, 8.0], [2.0, 3.0, 5.0, 4.0]),
        ([1.0, 2.0, 4.0, 7.0], [1.0, 2.0, 4.0, 7.0]),
        ([0.0, 0.0, 2.0, 2.0], [2.0, 0.0, 4.0, 3.0]),
        ([-3.0, -2.0, 2.0, 1.0], [-1.0, -4.0, 4.0, 3.0]),
        ([0, 0, 4, 3], [1, 1, 3, 6]),
        ([0.0, 0.0, 0.5, 0.5], [0.25, 0.0, 0.75, 0.5]),
    )
)


def _asked(pairs: Iterable[tuple[Array, Array]]) -> list[Case]:
    return [Case({"box1": one, "box2": other}) for one, other in pairs]


def _two(rng: np.random.Generator) -> list[Case]:
    a, b = _drawn(rng, 2)
    pairs = (
        *_BY_HAND,
        *zip(layouts(a), layouts(b), strict=True),
        *zip(*_many(rng, 8), strict=True),
    )
    single = (a.astype(np.float32), b.astype(np.float32))
    return _asked([*pairs, single, (100.0 + a, 100.0 + b), (100.0 * a, 100.0 * b)])


def _many(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    return _drawn(rng, n), _drawn(rng, n)


def _all_with_all(rng: np.random.Generator) -> list[Case]:
    by_hand = tuple(np.stack(boxes) for boxes in zip(*_BY_HAND[:2], strict=True))
    a, b = _drawn(rng, 4), _drawn(rng, 3)
    single = (a.astype(np.float32), b.astype(np.float32))
    pairs = ((by_hand[0][:1], by_hand[1]), (a, b), *zip(layouts(a), layouts(b), strict=True))
    return _asked([*pairs, single, (_drawn(rng, 5), _drawn(rng, 1)), _many(rng, 3)])


def _one_with_all(rng: np.random.Generator) -> list[Case]:
    by_hand = _BY_HAND[0][0], np.stack([other for _, other in _BY_HAND[:2]])
    return _asked([by_hand, *((_drawn(rng, 1)[0], _drawn(rng, n)) for n in (1, 3, 4, 6))])


def _row_by_row(rng: np.random.Generator) -> list[Case]:
    by_hand = tuple(np.stack(boxes) for boxes in zip(*_BY_HAND[:3], strict=True))
    return _asked([(by_hand[0], by_hand[1]), *(_many(rng, n) for n in (1, 2, 4, 5))])


def _no_area(rng: np.random.Generator) -> list[Case]:
    return _asked([(np.array([1.0, 1.0, 1.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0]))])


_CORNERS = ("x1", "y1", "x2", "y2")


def _dicts(rng: np.random.Generator) -> list[Case]:
    pairs = [*_BY_HAND, *zip(*_many(rng, 5), strict=True)]
    keyed = [[dict(zip(_CORNERS, box.tolist(), strict=True)) for box in pair] for pair in pairs]
    return [Case({"box1": one, "box2": other}) for one, other in keyed]


def _of_dicts(box1: dict[str, float], box2: dict[str, float], **own: Any) -> Any:
    one, other = (np.array([box[corner] for corner in _CORNERS]) for box in (box1, box2))
    return iou(one, other, **own)


def _masks(rng: np.random.Generator) -> list[Case]:
    by_hand = np.array([[1, 1, 0], [1, 0, 0]]) != 0, np.array([[0, 1, 1], [1, 0, 1]]) != 0
    apart = np.array([[1, 0]]) != 0, np.array([[0, 1]]) != 0
    drawn = [(rng.random(s) < 0.6, rng.random(s) < 0.4) for s in ((3, 3), (5, 4), (8, 9))]
    views = zip(*map(layouts, drawn[1]), strict=True)
    pairs = [by_hand, apart, (by_hand[0], by_hand[0]), *drawn, *views]
    return [Case({"mask1": one, "mask2": other}) for one, other in pairs]


def _numbers(rng: np.random.Generator) -> list[Case]:
    return [
        Case({name: mask.astype(int) for name, mask in case.arguments.items()})
        for case in _masks(rng)
    ]


def _nowhere(rng: np.random.Generator) -> list[Case]:
    return [Case({"mask1": np.zeros((2, 2)) != 0, "mask2": np.zeros((2, 2)) != 0})]


LAYOUTS = {
    "xyxy": "",
    "xywh": "x, y, width, height",
    "cxcywh": "centre, width, height",
    "xyxy+1": "corners are pixels: + 1",
}
_EPS = (1e-6, 1e-7, 1e-8, 1e-9)


def _conventions(words: str, metric: _Metric, guards: Mapping[str, _Metric]) -> Iterable[Variant]:
    """Yield `metric` as it is, and with an eps where the words of `guards` say."""

    def plain(eps: float | None = None, **given: Any) -> Any:
        return metric(**given)

    yield Variant(words, plain)
    for told, guard in guards.items():
        for eps in _EPS:
            before = f"{words}, " if words else ""
            yield Variant(f"{before}{{eps}} added to {told}", guard, defaults={"eps": eps})


def _overlaps(metric: _Metric, names: Sequence[str] = tuple(LAYOUTS)) -> tuple[Variant, ...]:
    readings = {name: partial(metric, layout=name) for name in names}
    return tuple(
        variant
        for name, reading in readings.items()
        for variant in _conventions(LAYOUTS[name], reading, {"the union": reading})
    )


def _measured(hint: str, value: _Metric) -> Mistake:
    """Return a mistake made of the sides of the intersection and the areas of both boxes."""

    def computed(box1: Array, box2: Array, **_: float) -> Array:
        a, b = (np.asarray(box, dtype=np.float64) for box in (box1, box2))
        if a.ndim == b.ndim == 2:
            a = a[:, None]
        sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
        inside = np.prod(np.maximum(sides, 0.0), axis=-1)
        one, other = (np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b))
        return np.asarray(value(sides=sides, inside=inside, one=one, other=other))

    return Mistake(hint, computed)


def _unclamped(sides: Array, one: Array, other: Array, **_: Array) -> Array:
    inside = np.prod(sides, axis=-1)
    return np.asarray(inside / (one + other - inside))


def _form(variants: Iterable[Variant], names: Sequence[Parameter], *domains: Domain) -> Kernel:
    return Kernel("iou", (*names, _EPSILON), tuple(variants), domains, "", "")


_EPSILON = Parameter("eps", ("epsilon", "smooth"), None, usual=1e-6, least=1e-16, most=1e-3)
_MASK_EPS: Mapping[str, _Metric] = {
    "the union": mask_iou,
    "intersection and union": partial(mask_iou, smooth=True),
}
_BOXES = (
    Parameter(
        "box1",
        (
            *("box_a", "boxa", "a", "b1", "bb1", "bbox1", "box_1", "boxes1", "boxes_1", "bbox_a"),
            *("boxes_a", "box", "gt", "gt_box", "y_true", "bbox_1", "rect1", "ground_truth", "p"),
        ),
    ),
    Parameter(
        "box2",
        (
            *("box_b", "boxb", "b", "b2", "bb2", "bbox2", "box_2", "boxes2", "boxes_2", "bbox_b"),
            *("boxes_b", "boxes", "pred", "pred_box", "y_pred", "bbox_2", "rect2", "prediction"),
            *("q", "predicted"),
        ),
    ),
)
_MASKS = (
    Parameter("mask1", ("mask_a", "m1", "a", "y_true", "target", "gt", "gt_mask", "true_mask")),
    Parameter("mask2", ("mask_b", "m2", "b", "y_pred", "pred", "pred_mask", "prediction")),
)

IOU = Kernel(
    name="iou",
    aliases=(
        *("box_iou", "calculate_iou", "compute_iou", "get_iou", "bbox_iou", "iou_score"),
        *("intersection_over_union", "bb_intersection_over_union", "mask_iou"),
    ),
    parameters=(*_BOXES, _EPSILON),
    variants=_overlaps(iou),
    domains=(
        Domain("two boxes", _two, alone=True),
        Domain("every box with every box", _all_with_all, alone=True),
        Domain("one box with every box", _one_with_all, alone=True),
        Domain("boxes without area", _no_area),
    ),
    formula=r"\frac{|A \cap B|}{|A \cup B|}",
    source="Everingham et al.: The Pascal Visual Object Classes (VOC) Challenge (2010)",
    mistakes=(
        _measured("boxes apart have no intersection: max(0, ...) for each side", _unclamped),
        _measured(
            "subtract the intersection from the sum of the areas",
            lambda inside, one, other, **_: inside / (one + other),
        ),
        _measured("divide by the union", lambda inside, **_: inside),
        _measured(
            "divide by the union, not by the smaller area",
            lambda inside, one, other, **_: inside / np.minimum(one, other),
        ),
        _measured(
            "divide by the union, not by the area of one box",
            lambda inside, one, **_: inside / one,
        ),
        _measured(
            "divide by the union, not by the area of one box",
            lambda inside, other, **_: inside / other,
        ),
        _measured(
            "this is the Dice coefficient: divide by the union",
            lambda inside, one, other, **_: 2 * inside / (one + other),
        ),
        _measured(
            "this is the distance: leave out 1 -",
            lambda inside, one, other, **_: 1 - inside / (one + other - inside),
        ),
    ),
    forms=(
        _form(
            _overlaps(partial(iou, rows=True)),
            _BOXES,
            Domain("row by row", _row_by_row, alone=True),
        ),
        _form(
            _overlaps(_of_dicts, ("xyxy", "xyxy+1")),
            _BOXES,
            Domain("dicts of x1, y1, x2, y2", _dicts, alone=True),
        ),
        _form(
            _conventions("", mask_iou, _MASK_EPS),
            _MASKS,
            Domain("masks of booleans", _masks, alone=True),
            Domain("masks of 0 and 1", _numbers),
            Domain("empty masks", _nowhere),
        ),
    ),
)
