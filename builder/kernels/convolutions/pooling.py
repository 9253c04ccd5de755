"""Pooling: what is left of an image, window by window, or of a whole channel."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.convolutions.windows import (
    DOMAINS,
    GUIDE,
    PAD,
    STRIDE,
    K,
    Side,
    X,
    forms,
    mistakes,
    windows,
)
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


def max_pool2d(x: Array, k: Side = 2, stride: Side | None = None, pad: int = 0) -> Array:
    """Return the maximum of each window of images (..., H, W), in float64.

    The result is (..., (H + 2 pad - k) // stride + 1, (W + 2 pad - k) // stride + 1); the stride
    is k where none is given, and padding is less than every number. Dumoulin, Visin, A Guide to
    Convolution Arithmetic for Deep Learning (2016).
    """
    return np.asarray(windows(x, k, stride, pad, -np.inf).max(axis=(-2, -1)))


def avg_pool2d(
    x: Array, k: Side = 2, stride: Side | None = None, pad: int = 0, *, counted: bool = True
) -> Array:
    """Return the mean of each window of images (..., H, W), in float64.

    The shapes are those of `max_pool2d`. The zeros of the padding count as elements of a window,
    or only what belongs to x does where they are not `counted`. Dumoulin, Visin (2016).
    """
    sums = windows(x, k, stride, pad, 0.0).sum(axis=(-2, -1))
    fill = float(counted)
    return np.asarray(sums / windows(np.ones_like(x), k, stride, pad, fill).sum(axis=(-2, -1)))


def global_avg_pool(x: Array, axes: tuple[int, int] = (-2, -1), *, keep: bool = False) -> Array:
    """Return the mean of each channel of images (..., C, H, W), in float64: (..., C).

    `axes` are those of the image; they are kept with length 1 if `keep`. Lin, Chen, Yan, Network
    in Network (2013).
    """
    return np.asarray(np.mean(np.asarray(x, dtype=np.float64), axis=axes, keepdims=keep))


def _zero_padded(x: Array, k: Side, stride: Side | None, pad: int) -> Array:
    return np.asarray(windows(x, k, k if stride is None else stride, pad, 0.0).max(axis=(-2, -1)))


def _least(x: Array, **given: Any) -> Array:
    return -max_pool2d(-np.asarray(x), **given)


def _sums(**given: Any) -> Array:
    return np.asarray(windows(**given, fill=0.0).sum(axis=(-2, -1)))


_MAX_POOL2D = Kernel(
    name="max_pool2d",
    aliases=(
        *("max_pool", "maxpool", "maxpool2d", "max_pooling", "max_pooling2d", "max_pool_2d"),
        *("max_pool_forward", "max_pool_forward_naive", "maxpool_forward", "max_pool2d_forward"),
        *("maxpooling2d", "maxpooling"),
    ),
    parameters=(X, K, STRIDE, PAD),
    variants=(Variant("", max_pool2d),),
    domains=DOMAINS,
    formula=r"y_{ij} = \max_{u, v} x_{i s + u,\, j s + v}",
    source=GUIDE,
    cache=True,
    methods=(Method(("forward", "__call__"), {}),),
    mistakes=(
        Mistake("take the maximum of each window, not its mean", avg_pool2d),
        Mistake("take the maximum of each window, not its minimum", _least),
        Mistake("pad with -inf: zeros win against negative values", _zero_padded),
        Mistake(
            "start from -inf or from a value of the window: 0 wins against negative values",
            lambda **given: np.maximum(max_pool2d(**given), 0.0),
        ),
        *mistakes(max_pool2d),
    ),
)
MAX_POOL2D = replace(_MAX_POOL2D, forms=forms(_MAX_POOL2D))

_AVG_POOL2D = Kernel(
    name="avg_pool2d",
    aliases=(
        *("avg_pool", "avgpool", "avgpool2d", "avg_pooling", "avg_pooling2d", "avg_pool_2d"),
        *("average_pool2d", "average_pool", "average_pooling", "average_pooling2d", "mean_pool2d"),
        *("avg_pool_forward", "avg_pool_forward_naive", "avgpool_forward", "mean_pooling2d"),
        *("averagepooling2d", "avgpooling2d", "averagepool2d"),
    ),
    parameters=(X, K, STRIDE, PAD),
    variants=(
        Variant("", avg_pool2d),
        Variant(
            "padding not counted",
            partial(avg_pool2d, counted=False),
        ),
    ),
    domains=DOMAINS,
    formula=r"y_{ij} = \frac{1}{k^2} \sum_{u, v} x_{i s + u,\, j s + v}",
    source=GUIDE,
    cache=True,
    methods=(Method(("forward", "__call__"), {}),),
    mistakes=(
        Mistake("take the mean of each window, not its maximum", max_pool2d),
        Mistake("divide each sum by the size of the window", _sums),
        Mistake("divide as fractions: nothing is rounded", lambda **g: np.floor(avg_pool2d(**g))),
        *mistakes(avg_pool2d),
    ),
)
AVG_POOL2D = replace(_AVG_POOL2D, forms=forms(_AVG_POOL2D))


# ── whole channels ───────────────────────────────────────────────────────────────────────────────


def _channels(batch: tuple[int, ...], rng: np.random.Generator) -> list[Case]:
    ones = (1,) * len(batch)
    small = np.array([[1.0, 3.0], [4.0, 2.0]]).reshape(*ones, 1, 2, 2)
    two = np.concatenate([small[..., :1], -10.0 * small[..., 1:]], axis=-3)
    image = rng.normal(size=(*batch, 3, 4, 5))
    plain: list[Array] = [
        small,
        two,
        np.arange(12).reshape(*ones, 3, 2, 2) ** 2,
        rng.normal(size=(*batch, 4, 1, 1)),
        rng.normal(size=(*batch, 2, 1, 6)),
        *layouts(image),
        np.ones_like(image),
        image.astype(np.float32),
        rng.normal(size=(*batch, 5, 7, 3)),
        *(rng.normal(size=(*ones, 2, 3, 4)),),
    ]
    return [
        *(Case({"x": x}) for x in plain),
        Case({"x": 1e4 + image}, Level.STABILITY),
        Case({"x": 1e4 * image}, Level.STABILITY),
    ]


GLOBAL_AVG_POOL = Kernel(
    name="global_avg_pool",
    aliases=(
        *("global_average_pool", "global_average_pooling", "global_avg_pooling", "global_avgpool"),
        *("global_avg_pool2d", "global_average_pool2d", "global_average_pooling2d", "gap"),
        *("global_avg_pool_forward", "global_avgpool2d", "globalavgpool", "globalavgpool2d"),
        *("globalaveragepool", "globalaveragepooling", "globalaveragepooling2d"),
    ),
    parameters=(
        Parameter(
            "x",
            (
                *("input", "inputs", "image", "images", "img", "a", "feature_map", "feature_maps"),
                *("features", "fmap", "tensor"),
            ),
        ),
    ),
    variants=tuple(
        Variant(
            ", ".join(filter(None, (place, words))), partial(global_avg_pool, axes=axes, keep=keep)
        )
        for place, axes in (("", (-2, -1)), ("channels last", (-3, -2)))
        for words, keep in (("", False), ("axes kept", True))
    ),
    domains=(
        Domain("a batch of images", partial(_channels, (2,)), alone=True),
        Domain("one image", partial(_channels, ()), alone=True),
    ),
    formula=r"y_{n c} = \frac{1}{H W} \sum_{i, j} x_{n c i j}",
    source="Lin, Chen, Yan: Network in Network (2013)",
    cache=True,
    methods=(Method(("forward", "__call__"), {}),),
    mistakes=(
        Mistake("take the mean of each channel for itself", lambda x: float(np.mean(x))),
        Mistake(
            "take the mean over height and width, not over the channels",
            lambda x: np.mean(x, axis=-3),
        ),
        Mistake("take the mean over both axes: over the width, too", lambda x: np.mean(x, axis=-2)),
        Mistake(
            "take the mean over both axes: over the height, too", lambda x: np.mean(x, axis=-1)
        ),
        Mistake("take the mean, not the maximum", lambda x: np.max(x, axis=(-2, -1))),
        Mistake("divide the sum by height times width", lambda x: np.sum(x, axis=(-2, -1))),
    ),
)
