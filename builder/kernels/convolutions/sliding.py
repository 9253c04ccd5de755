"""Convolutions beside the plain one: along a line, and transposed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.convolutions.channels import (
    BIAS,
    DILATION,
    FILTERS,
    GUIDE,
    NOT_FLIPPED,
    NUMBER,
    OPTIONS,
    PAD,
    STRIDE,
    Channels,
    X,
    channel_forms,
    convolve,
    deaf,
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

# ── along a line ─────────────────────────────────────────────────────────────────────────────────


def conv1d(
    x: Array, w: Array, stride: int = 1, pad: int = 0, dilation: int = 1, b: float = 0.0
) -> Array:
    """Return the cross-correlation of a signal (L,) with a kernel (K,), in float64.

    x is padded with `pad` zeros at both ends; the result is ((L + 2 pad - K) // stride + 1,) where
    the elements of the kernel are neighbours (dilation 1). Goodfellow, Bengio, Courville, Deep
    Learning (2016), with a stride.
    """
    x, w = (np.asarray(a, dtype=np.float64) for a in (x, w))
    return np.asarray(convolve(x[None], w[None, None], b, stride, pad, dilation)[0])


_LINE_OPTIONS: tuple[Mapping[str, Any], ...] = (
    *({"stride": stride} for stride in (2, 3)),
    *({"pad": pad} for pad in (1, 2)),
    *({"stride": s, "pad": p} for s, p in product((2, 3), (1, 2))),
    *({"dilation": d} for d in (2, 3)),
    {"dilation": 2, "stride": 2, "pad": 2},
    *({"b": 0.5}, {"b": -2.0, "pad": 1}),
)


def _line(rng: np.random.Generator) -> list[Case]:
    x = np.array([1.0, 2.0, 4.0, 7.0])
    signal = rng.normal(size=9)
    pairs: list[tuple[Array, Array]] = [
        (np.array([3.0]), np.array([2.0])),
        (x, np.array([1.0, -1.0])),
        (x, np.array([1.0, 0.0, 2.0])),
        (x, np.array([1.0, 2.0, 3.0, 4.0])),
        (np.array([1, 3, 2, 5, 4]), np.array([2, 0, -1])),
        (np.ones(5), np.array([0.5, 0.25])),
        *((view, rng.normal(size=3)) for view in layouts(signal)),
        (signal.astype(np.float32), rng.normal(size=2).astype(np.float32)),
        (signal, rng.normal(size=5)[::-1]),
    ]
    drawn = [
        {"x": a, "w": w, **option}
        for option in _LINE_OPTIONS
        for a, w in (
            (rng.integers(1, 10, size=6).astype(float), np.array([1.0, 2.0])),
            (rng.normal(size=11), rng.normal(size=3)),
        )
    ]
    return [
        *(Case({"x": a, "w": w}) for a, w in pairs),
        *map(Case, drawn),
        Case({"x": 1e4 * signal, "w": 1e4 * rng.normal(size=3)}, Level.STABILITY),
    ]


def _padded_behind(x: Array, pad: int, **given: Any) -> Array:
    return conv1d(np.pad(x, (0, pad)), **given)


CONV1D = Kernel(
    name="conv1d",
    aliases=(
        *("conv_1d", "simple_conv1d", "conv1d_forward", "conv1d_naive", "convolution1d"),
        *("cross_correlate1d", "cross_correlation_1d", "temporal_conv", "conv1d_layer"),
    ),
    parameters=(
        Parameter("x", ("input", "inputs", "signal", "a", "sequence", "seq", "arr", "data")),
        Parameter("w", ("kernel", "weight", "weights", "filter", "filt", "k", "f")),
        STRIDE,
        PAD,
        DILATION,
        NUMBER,
    ),
    variants=(Variant("", conv1d),),
    domains=(Domain("one channel", _line, alone=True),),
    formula=r"y_i = \sum_u x_{i s + u} \, w_u",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016)",
    cache=True,
    mistakes=(
        Mistake(NOT_FLIPPED, lambda w, **given: conv1d(w=w[::-1], **given)),
        *option_mistakes(conv1d),
        Mistake("pad with zeros at both ends, not only behind the end", _padded_behind),
    ),
    forms=channel_forms("conv1d", 1),
)


# ── transposed ───────────────────────────────────────────────────────────────────────────────────


def convolve_transposed(
    x: Array, w: Array, b: Array | float | None = None, stride: int = 1, pad: int = 0
) -> Array:
    """Return the transposed convolution of (..., C, H, W) with w (C, F, kH, kW), in float64.

    Each x[c, i, j] adds itself times w[c] to the window at (i stride, j stride); `pad` rows and
    columns are then cut off each side, and b (F,) is added. The result is (..., F,
    (H - 1) stride + kH - 2 pad, (W - 1) stride + kW - 2 pad). Dumoulin, Visin, A Guide to
    Convolution Arithmetic for Deep Learning (2016).
    """
    x, w = (np.asarray(a, dtype=np.float64) for a in (x, w))
    stride, pad = int(stride), int(pad)
    *batch, _, rows, columns = x.shape
    _, filters, high, wide = w.shape
    size = (rows - 1) * stride + high, (columns - 1) * stride + wide
    out = np.zeros((*batch, filters, *size))
    for i, j in np.ndindex(rows, columns):
        top, left = i * stride, j * stride
        out[..., top : top + high, left : left + wide] += np.tensordot(x[..., i, j], w, axes=1)
    out = out[..., pad : size[0] - pad, pad : size[1] - pad]
    return np.asarray(out if b is None else out + np.reshape(b, (-1, 1, 1)))


def conv_transpose2d(x: Array, w: Array, stride: int = 1, pad: int = 0, b: float = 0.0) -> Array:
    """Return the transposed convolution of one channel (H, W) with a kernel (kH, kW), in float64.

    The result is ((H - 1) stride + kH - 2 pad, (W - 1) stride + kW - 2 pad). Dumoulin, Visin,
    A Guide to Convolution Arithmetic for Deep Learning (2016).
    """
    x, w = (np.asarray(a, dtype=np.float64) for a in (x, w))
    return np.asarray(convolve_transposed(x[None], w[None, None], b, stride, pad)[0])


_TRANSPOSED_OPTIONS: tuple[Mapping[str, Any], ...] = (
    *({"stride": stride} for stride in (2, 3, 4)),
    {"pad": 1},
    *({"stride": stride, "pad": 1} for stride in (2, 3)),
    *({"b": 0.5}, {"b": -2.0, "stride": 2}),
)


def _transposed(rng: np.random.Generator) -> list[Case]:
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    image = rng.normal(size=(3, 4))
    pairs: list[tuple[Array, Array]] = [
        (np.array([[3.0]]), np.array([[2.0]])),
        (np.array([[2.0]]), x),
        (x[:, :2], np.array([[1.0, 10.0]])),
        (x, np.array([[1.0], [-1.0]])),
        (x.astype(int), np.array([[1, 2], [0, -1]])),
        *((view, rng.normal(size=(3, 2))) for view in layouts(image)),
        (image.astype(np.float32), rng.normal(size=(2, 2)).astype(np.float32)),
        (image, rng.normal(size=(2, 3)).T),
    ]
    drawn: Iterator[dict[str, Any]] = (
        {"x": a, "w": w, **option}
        for option in _TRANSPOSED_OPTIONS
        for a, w in (
            (rng.integers(1, 10, (2, 3)).astype(float), np.arange(1.0, 13.0).reshape(3, 4)),
            (rng.normal(size=(4, 3)), rng.normal(size=(4, 3))),
        )
    )
    return [
        *(Case({"x": a, "w": w}) for a, w in pairs),
        *map(Case, drawn),
        Case({"x": 1e4 * image, "w": 1e4 * rng.normal(size=(3, 3))}, Level.STABILITY),
    ]


def _overwritten(x: Array, w: Array, stride: int = 1, pad: int = 0, b: float = 0.0) -> Array:
    (rows, columns), (high, wide) = np.shape(x), np.shape(w)
    out = np.zeros(((rows - 1) * stride + high, (columns - 1) * stride + wide))
    for i, j in np.ndindex(rows, columns):
        out[i * stride : i * stride + high, j * stride : j * stride + wide] = x[i, j] * w
    return np.asarray(out[pad : len(out) - pad, pad : out.shape[1] - pad] + b)


def _forward(x: Array, w: Array, stride: int, pad: int, b: float) -> Array:
    """Return the convolution of x, nothing where the kernel is larger."""
    if np.any(np.array(np.shape(w)) > np.array(np.shape(x)) + 2 * pad):
        return np.array(np.nan)
    return np.asarray(convolve(x[None], np.asarray(w)[None, None], b, stride, pad)[0])


def _pad_added(pad: int, **given: Any) -> Array:
    return np.pad(conv_transpose2d(pad=0, **given), pad)


_TRANSPOSED_MISTAKES = (
    Mistake("windows overlap: add each product, don't write over the others", _overwritten),
    Mistake("this is the convolution itself: the transposed one enlarges", _forward),
    Mistake(
        "multiply each window with the kernel as it is, not flipped",
        lambda w, **given: conv_transpose2d(w=w[::-1, ::-1], **given),
    ),
    Mistake("the stride spaces the windows of the result", deaf(conv_transpose2d, stride=1)),
    Mistake("pad cuts rows and columns off each side", deaf(conv_transpose2d, pad=0)),
    Mistake("pad cuts rows and columns off each side, it adds none", _pad_added),
    Mistake("add the bias to every output", deaf(conv_transpose2d, b=0.0)),
)

_CHANNELS = Channels(2, ({"stride": 2}, {"stride": 3}, {"stride": 2, "pad": 1}), swapped=True)

CONV_TRANSPOSE2D = Kernel(
    name="conv_transpose2d",
    aliases=(
        *("conv2d_transpose", "transposed_conv2d", "transposed_convolution", "transpose_conv2d"),
        *("conv_transpose", "transposed_conv", "deconv2d", "deconvolution", "conv_transpose_2d"),
    ),
    parameters=(
        Parameter("x", ("input", "inputs", "image", "img", "a", "input_matrix", "matrix")),
        Parameter("w", ("kernel", "weight", "weights", "filter", "filt", "k", "f")),
        STRIDE,
        PAD,
        NUMBER,
    ),
    variants=(Variant("", conv_transpose2d),),
    domains=(Domain("one channel", _transposed, alone=True),),
    formula=r"y_{i s + u,\, j s + v} \mathrel{+}= x_{ij} \, w_{uv}",
    source=GUIDE,
    cache=True,
    mistakes=_TRANSPOSED_MISTAKES,
    forms=(
        Kernel(
            name="conv_transpose2d",
            parameters=(X, FILTERS, BIAS, STRIDE, PAD),
            variants=(Variant("", convolve_transposed),),
            domains=_CHANNELS.domain("NCHW images"),
            formula=r"y_{f,\, i s + u,\, j s + v} \mathrel{+}= \sum_c x_{c i j} \, w_{c f u v}",
            source=GUIDE,
            cache=True,
            mistakes=(
                Mistake("add the bias of each filter", deaf(convolve_transposed, b=None)),
                Mistake("the stride spaces the windows", deaf(convolve_transposed, stride=1)),
                Mistake(
                    "pad cuts rows and columns off each side", deaf(convolve_transposed, pad=0)
                ),
            ),
            bundles=(OPTIONS,),
        ),
    ),
)
