"""Convolutions of images, as networks mean them: cross-correlations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.convolutions.channels import (
    DILATION,
    NOT_FLIPPED,
    NUMBER,
    PAD,
    STRIDE,
    channel_forms,
    convolve,
    option_mistakes,
)
from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
)


def conv2d(
    x: Array, kernel: Array, stride: int = 1, pad: int = 0, dilation: int = 1, b: float = 0.0
) -> Array:
    """Return the cross-correlation of one channel (H, W) with a kernel (kH, kW), in float64.

    x is padded with `pad` zeros on every side; the result is ((H + 2 pad - kH) // stride + 1,
    (W + 2 pad - kW) // stride + 1) where the elements of the kernel are neighbours (dilation 1).
    Goodfellow, Bengio, Courville, Deep Learning (2016), equation 9.6, with a stride.
    """
    x, kernel = (np.asarray(a, dtype=np.float64) for a in (x, kernel))
    return np.asarray(convolve(x[None], kernel[None, None], b, stride, pad, dilation)[0])


def _padded_behind(x: Array, kernel: Array, pad: int, **options: Any) -> Array:
    return conv2d(np.pad(x, ((0, pad), (0, pad))), kernel, **options)


def _strided_rows(stride: int, **given: Any) -> Array:
    return conv2d(**given)[::stride]


def _strided_columns(stride: int, **given: Any) -> Array:
    return conv2d(**given)[:, ::stride]


_MISTAKES = (
    Mistake(NOT_FLIPPED, lambda kernel, **given: conv2d(kernel=kernel[::-1, ::-1], **given)),
    *option_mistakes(conv2d),
    Mistake("pad with zeros on all four sides, not only behind the end", _padded_behind),
    Mistake("move the window by the stride from left to right, too", _strided_rows),
    Mistake("move the window by the stride from top to bottom, too", _strided_columns),
)


def _channel(rng: np.random.Generator) -> list[Case]:
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    image = rng.normal(size=(6, 5))
    plain: list[tuple[Array, Array]] = [
        (np.array([[3.0]]), np.array([[2.0]])),
        (x, np.array([[1.0, 0.0]])),
        (x, np.array([[1.0], [-1.0]])),
        (x, np.array([[1.0, 2.0], [3.0, 4.0]])),
        (x, rng.normal(size=(2, 3))),
        (np.arange(12).reshape(3, 4), np.array([[1, 2], [0, -1]])),
        *((view, rng.normal(size=(3, 2))) for view in layouts(image)),
        (image.astype(np.float32), rng.normal(size=(2, 2)).astype(np.float32)),
        (image, rng.normal(size=(2, 3)).T),
    ]
    return [
        *(Case({"x": a, "kernel": k}) for a, k in plain),
        *_strided(rng),
        *_dilated(rng),
        Case({"x": 1e4 * image, "kernel": 1e4 * rng.normal(size=(3, 3))}, Level.STABILITY),
    ]


def _strided(rng: np.random.Generator) -> list[Case]:
    """Cases with stride and padding, one of them at first, then both; with and without a rest."""
    pairs = sorted(
        product((1, 2, 3), (0, 1, 2)), key=lambda pair: (min(pair[0] - 1, pair[1]), pair)
    )
    return [
        Case({"x": x, "kernel": kernel, "stride": s, "pad": p})
        for s, p in pairs
        if (s, p) != (1, 0)
        for x, kernel in (
            (rng.integers(1, 10, (5, 4)).astype(float), np.array([[1.0, 2.0], [-1.0, 3.0]])),
            (rng.normal(size=(7, 6)), rng.normal(size=(3, 2))),
        )
    ]


def _dilated(rng: np.random.Generator) -> Iterator[Case]:
    """Cases with a dilation or a bias, for answers that take them."""
    options: tuple[Mapping[str, Any], ...] = (
        {"dilation": 2},
        {"dilation": 3, "pad": 1},
        {"dilation": 2, "stride": 2, "pad": 2},
        {"b": 0.5},
        {"b": -2.0, "pad": 1},
    )
    for option in options:
        yield Case({"x": rng.normal(size=(7, 8)), "kernel": rng.normal(size=(3, 2)), **option})


CONV2D = Kernel(
    name="conv2d",
    aliases=(
        *("simple_conv2d", "convolve2d", "conv_2d", "convolution2d"),
        *("conv_forward", "conv_forward_naive", "conv2d_forward", "conv_layer", "conv2d_naive"),
    ),
    parameters=(
        Parameter("x", ("image", "input", "input_matrix", "img", "inputs", "a", "matrix")),
        Parameter("kernel", ("w", "weight", "weights", "filter", "filt", "k", "f")),
        STRIDE,
        PAD,
        DILATION,
        NUMBER,
    ),
    variants=(Variant("", conv2d),),
    domains=(Domain("one channel", _channel, alone=True),),
    formula=r"y_{ij} = \sum_{u,v} x_{i s + u,\, j s + v} \, k_{uv}",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016), equation 9.6",
    cache=True,
    mistakes=_MISTAKES,
    forms=channel_forms("conv2d", 2),
)
