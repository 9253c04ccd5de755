"""What poolings share: windows, parameters, cases, forms and mistakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Bundle,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    layouts,
)

Side = int | tuple[int, int]
Reference = Callable[..., Array]


def windows(x: Array, k: Side, stride: Side | None, pad: int, fill: float) -> Array:
    """Return the windows of x (..., H, W) as (..., H', W', kH, kW), with `fill` around x.

    `k` and `stride` are one number or one a direction; windows lie side by side where `stride` is
    None. What is left over at the end is dropped.
    """
    high, wide = (k, k) if isinstance(k, int) else k
    down, right = (high, wide) if stride is None else map(int, np.broadcast_to(stride, 2))
    padded = np.pad(
        np.asarray(x, dtype=np.float64),
        [(0, 0)] * (np.ndim(x) - 2) + [(int(pad), int(pad))] * 2,
        constant_values=fill,
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, (high, wide), axis=(-2, -1))
    return windows[..., ::down, ::right, :, :]


# ── cases ────────────────────────────────────────────────────────────────────────────────────────

Arrange = Callable[[Array], Array]


def _as_it_is(x: Array) -> Array:
    return x


def _last(x: Array) -> Array:
    return np.moveaxis(x, 1, -1)


_OPTIONS: tuple[Mapping[str, int], ...] = (
    {"k": 3},
    {"k": 1},
    {"k": 2, "stride": 2},
    {"k": 2, "stride": 1},
    {"k": 3, "stride": 2},
    {"k": 2, "stride": 3},
    {"k": 3, "stride": 1},
    {"k": 3, "stride": 2, "pad": 1},
    {"k": 2, "stride": 1, "pad": 1},
)
_PASSED = "use the window, the stride and the padding that were passed"


def _shuffled(rng: np.random.Generator, *shape: int) -> Array:
    """Return whole numbers around 0, each once."""
    size = int(np.prod(shape))
    return rng.permutation(np.arange(size) - size // 2).reshape(shape).astype(float)


def _squares(batch: tuple[int, ...], arrange: Arrange, rng: np.random.Generator) -> list[Case]:
    """Return cases with square windows, of images with the axes `batch` in front."""
    ones = (1,) * len(batch)
    small = np.array([[1.0, 3.0, 6.0, -5.0], [4.0, 2.0, -1.0, 7.0]]).reshape(*ones, 2, 4)
    image = rng.normal(size=(*batch, 4, 6))
    plain: list[Array] = [
        small[..., :2],
        small,
        small.astype(int),
        -np.abs(small),
        image,
        rng.normal(size=(*batch, 5, 7)),
        np.ones_like(image),
        image.astype(np.float32),
    ]
    return [
        *(Case({"x": arrange(x), "k": 2}) for x in plain),
        *(Case({"x": view, "k": 2}) for view in layouts(arrange(image))),
        *(
            Case({"x": arrange(x), **option}, hint=_PASSED)
            for option in _OPTIONS
            for x in (_shuffled(rng, *batch, 4, 5), rng.normal(size=(*batch, 7, 6)))
        ),
        Case({"x": arrange(1e4 * rng.normal(size=(*batch, 4, 6))), "k": 2}, Level.STABILITY),
        Case({"x": arrange(-1e4 - np.abs(image)), "k": 2}, Level.STABILITY),
    ]


def _rectangles(
    batch: tuple[int, ...],
    named: Callable[[tuple[int, int], tuple[int, int]], Mapping[str, Any]],
    rng: np.random.Generator,
) -> list[Case]:
    """Return cases with windows of two sides, whose options `named` makes of k and stride."""
    small = np.arange(8).reshape(*(1,) * len(batch), 2, 4) ** 2 % 7.0
    drawn = [
        (rng.normal(size=(*batch, *size)), k, stride)
        for k, stride in (((2, 3), (2, 3)), ((3, 2), (1, 2)), ((1, 2), (2, 1)), ((2, 2), (1, 1)))
        for size in ((6, 5), (4, 7))
    ]
    plain = [(small, (1, 2), (1, 2)), (small, (2, 1), (2, 1)), *drawn]
    return [
        *(Case({"x": x, **named(k, stride)}) for x, k, stride in plain),
        Case({"x": drawn[0][0], **named((2, 3), (1, 2)), "pad": 1}),
        Case({"x": -1e4 * np.abs(drawn[0][0]), **named((2, 3), (2, 2))}, Level.STABILITY),
    ]


# ── windows ──────────────────────────────────────────────────────────────────────────────────────

X = Parameter(
    "x", ("input", "inputs", "image", "images", "img", "a", "a_prev", "matrix", "feature_map")
)
_SIDE = (
    *("pool_size", "kernel_size", "size", "pool", "window", "window_size", "f", "ksize"),
    *("kernel", "pool_k"),
)
K = Parameter("k", _SIDE, default=2, absent="2 x 2 windows", least=1, most=99)
_PAIR = Parameter("k", _SIDE, default=(2, 2))
STRIDE = Parameter(
    "stride",
    ("s", "strides"),
    default=None,
    usual=2,
    absent="windows side by side",
    least=1,
    most=99,
)
PAD = Parameter("pad", ("padding", "p"), default=0, least=0, most=9)
_HEIGHT = Parameter("pool_height", ("pool_h", "ph", "kh", "k_h", "hh", "kernel_height"))
_WIDTH = Parameter("pool_width", ("pool_w", "pw", "kw", "k_w", "ww", "kernel_width"))
_HPARAMETERS = Bundle("hparameters", {"f": "k", "stride": "stride"}, ("hparams", "hyperparameters"))
_POOL_PARAM = Bundle(
    "pool_param",
    {"pool_height": "pool_height", "pool_width": "pool_width", "stride": "stride"},
    ("pool_params", "params", "param"),
)


def _by_sides(reference: Reference, **given: Any) -> Array:
    k = given.pop("pool_height"), given.pop("pool_width")
    return reference(k=k, **given)


def _by_last(reference: Reference, x: Array, **given: Any) -> Array:
    return np.moveaxis(reference(x=np.moveaxis(x, -1, -3), **given), -3, -1)


def _with_sides(k: tuple[int, int], stride: tuple[int, int]) -> Mapping[str, Any]:
    return {"pool_height": k[0], "pool_width": k[1], "stride": max(stride)}


def _with_pairs(k: tuple[int, int], stride: tuple[int, int]) -> Mapping[str, Any]:
    return {"k": k, "stride": stride}


def _with_number(k: tuple[int, int], stride: tuple[int, int]) -> Mapping[str, Any]:
    return {"k": k, "stride": max(stride)}


def _side_by_side(k: tuple[int, int], stride: tuple[int, int]) -> Mapping[str, Any]:
    return {"k": k}


_KINDS: Mapping[str, tuple[int, ...]] = {"one channel": (), "NCHW images": (2, 3)}


def forms(kernel: Kernel) -> tuple[Kernel, ...]:
    """Return the other signatures: channels last, windows (h, w), height and width apart."""
    pairs = [
        Domain(f"{kind} with h x w windows{words}", partial(_rectangles, batch, named), alone=True)
        for kind, batch in _KINDS.items()
        for words, named in (
            (" and strides", _with_pairs),
            (" and a stride", _with_number),
            ("", _side_by_side),
        )
    ]
    sides = [
        Domain(kind, partial(_rectangles, batch, _with_sides), alone=True)
        for kind, batch in _KINDS.items()
    ]
    last = Domain("NHWC images", partial(_squares, (2, 3), _last), alone=True)
    return (
        replace(_wrapped(kernel, _by_last), domains=(last,), bundles=(_HPARAMETERS,)),
        replace(kernel, aliases=(), parameters=(X, _PAIR, STRIDE, PAD), domains=tuple(pairs)),
        replace(
            _wrapped(kernel, _by_sides),
            parameters=(X, _HEIGHT, _WIDTH, STRIDE, PAD),
            domains=tuple(sides),
            bundles=(_POOL_PARAM,),
        ),
    )


def _wrapped(kernel: Kernel, wrap: Reference) -> Kernel:
    """Return `kernel` with each of its references handed to `wrap`, as the first argument."""
    variants = (replace(one, reference=partial(wrap, one.reference)) for one in kernel.variants)
    mistakes = (replace(one, reference=partial(wrap, one.reference)) for one in kernel.mistakes)
    return replace(kernel, aliases=(), variants=tuple(variants), mistakes=tuple(mistakes))


def _deaf(reference: Reference, **options: Any) -> Reference:
    """Return `reference` with fixed options, whatever is passed."""
    return lambda **given: reference(**{**given, **options})


def _strided_rows(reference: Reference, **given: Any) -> Array:
    by = given["stride"] or given["k"]
    rows = by if isinstance(by, int) else by[0]
    return reference(**{**given, "stride": 1})[..., ::rows, :]


def _rest_kept(reference: Reference, x: Array, k: Side, stride: Side | None, pad: int) -> Array:
    """Return the result with incomplete windows at the end, of what is there."""
    by = np.broadcast_to(k if stride is None else stride, 2)
    sides = np.broadcast_to(k, 2)
    more = (sides - np.array(x.shape[-2:]) - 2 * pad) % by
    ends = [(0, 0)] * (x.ndim - 2) + [(0, int(n)) for n in more]
    return reference(np.pad(x, ends, mode="edge"), k, stride, pad)


def mistakes(reference: Reference) -> tuple[Mistake, ...]:
    """Return the mistakes of whoever moves windows otherwise than asked."""
    return (
        Mistake(
            "move the window by the stride: this one moves it by 1", _deaf(reference, stride=1)
        ),
        Mistake(
            "move the window by the stride from left to right, too",
            partial(_strided_rows, reference),
        ),
        Mistake(
            "use the stride that was passed: these windows lie side by side",
            _deaf(reference, stride=None),
        ),
        Mistake("drop an incomplete window at the end", partial(_rest_kept, reference)),
        Mistake("the padding is missing", _deaf(reference, pad=0)),
    )


DOMAINS = tuple(
    Domain(words, partial(_squares, batch, _as_it_is), alone=True)
    for words, batch in (*_KINDS.items(), ("one CHW image", (3,)))
)

GUIDE = "Dumoulin, Visin: A Guide to Convolution Arithmetic for Deep Learning (2016)"
