"""Convolutions, as networks mean them: cross-correlations."""

from __future__ import annotations

from itertools import product

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Kernel, Level, Parameter, Variant, layouts


def conv2d(x: Array, kernel: Array, stride: int = 1, pad: int = 0) -> Array:
    """Return the cross-correlation of one channel (H, W) with a kernel (kH, kW), in float64.

    x is padded with `pad` zeros on every side; the result is ((H + 2 pad - kH) // stride + 1,
    (W + 2 pad - kW) // stride + 1). Goodfellow, Bengio, Courville, Deep Learning (2016),
    equation 9.6, with a stride.
    """
    x, kernel = (np.asarray(a, dtype=np.float64) for a in (x, kernel))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, pad), kernel.shape)
    return np.asarray(np.einsum("ijkl,kl->ij", windows[::stride, ::stride], kernel))


_FLIPPED = "networks correlate: the kernel is not flipped"


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
        *(Case({"x": a, "kernel": k}, hint=_FLIPPED) for a, k in plain),
        *_strided(rng),
        Case({"x": 1e4 * image, "kernel": 1e4 * rng.normal(size=(3, 3))}, Level.STABILITY),
    ]


def _strided(rng: np.random.Generator) -> list[Case]:
    """Cases with stride and padding, one of them at first, then both; with and without a rest."""
    hints = {
        (True, False): "move the window by the stride, in both directions",
        (False, True): "pad with zeros on all four sides",
    }
    pairs = sorted(
        product((1, 2, 3), (0, 1, 2)), key=lambda pair: (min(pair[0] - 1, pair[1]), pair)
    )
    return [
        Case(
            {"x": rng.normal(size=shape), "kernel": rng.normal(size=size), "stride": s, "pad": p},
            hint=hints.get((s > 1, p > 0), ""),
        )
        for s, p in pairs
        if (s, p) != (1, 0)
        for shape, size in (((4, 3), (2, 2)), ((7, 6), (3, 2)))
    ]


CONV2D = Kernel(
    name="conv2d",
    aliases=("simple_conv2d", "convolve2d", "conv_2d", "convolution2d"),
    parameters=(
        Parameter("x", ("image", "input", "input_matrix", "img", "inputs", "a", "matrix")),
        Parameter("kernel", ("w", "weight", "weights", "filter", "filt", "k", "f")),
        Parameter("stride", ("s", "strides"), default=1),
        Parameter("pad", ("padding", "p"), default=0),
    ),
    variants=(Variant("", conv2d),),
    domains=(Domain("one channel", _channel, alone=True),),
    formula=r"y_{ij} = \sum_{u,v} x_{i s + u,\, j s + v} \, k_{uv}",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016), equation 9.6",
    cache=True,
)
