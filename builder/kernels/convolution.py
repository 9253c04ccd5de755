"""Convolutions, as networks mean them: cross-correlations."""

from __future__ import annotations

from itertools import product

import numpy as np

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


def conv2d(x: Array, kernel: Array, stride: int = 1, pad: int = 0) -> Array:
    """Return the cross-correlation of one channel (H, W) with a kernel (kH, kW), in float64.

    x is padded with `pad` zeros on every side; the result is ((H + 2 pad - kH) // stride + 1,
    (W + 2 pad - kW) // stride + 1). Goodfellow, Bengio, Courville, Deep Learning (2016),
    equation 9.6, with a stride.
    """
    x, kernel = (np.asarray(a, dtype=np.float64) for a in (x, kernel))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, pad), kernel.shape)
    return np.asarray(np.einsum("ijkl,kl->ij", windows[::stride, ::stride], kernel))


def _padded_behind(x: Array, kernel: Array, stride: int, pad: int) -> Array:
    return conv2d(np.pad(x, ((0, pad), (0, pad))), kernel, stride)


def _strided_rows(x: Array, kernel: Array, stride: int, pad: int) -> Array:
    return conv2d(x, kernel, 1, pad)[::stride]


def _strided_columns(x: Array, kernel: Array, stride: int, pad: int) -> Array:
    return conv2d(x, kernel, 1, pad)[:, ::stride]


_MISTAKES = (
    Mistake(
        "networks correlate: the kernel is not flipped",
        lambda x, kernel, stride, pad: conv2d(x, kernel[::-1, ::-1], stride, pad),
    ),
    Mistake(
        "pad with zeros: this one is not padded",
        lambda x, kernel, stride, **_: conv2d(x, kernel, stride),
    ),
    Mistake("pad with zeros on all four sides, not only behind the end", _padded_behind),
    Mistake(
        "move the window by the stride: this one moves it by 1",
        lambda x, kernel, pad, **_: conv2d(x, kernel, 1, pad),
    ),
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


CONV2D = Kernel(
    name="conv2d",
    aliases=("simple_conv2d", "convolve2d", "conv_2d", "convolution2d"),
    parameters=(
        Parameter("x", ("image", "input", "input_matrix", "img", "inputs", "a", "matrix")),
        Parameter("kernel", ("w", "weight", "weights", "filter", "filt", "k", "f")),
        Parameter("stride", ("s", "strides"), default=1, absent="without stride"),
        Parameter("pad", ("padding", "p"), default=0, absent="without pad"),
    ),
    variants=(Variant("", conv2d),),
    domains=(Domain("one channel", _channel, alone=True),),
    formula=r"y_{ij} = \sum_{u,v} x_{i s + u,\, j s + v} \, k_{uv}",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016), equation 9.6",
    cache=True,
    mistakes=_MISTAKES,
)
