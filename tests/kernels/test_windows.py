"""Convolutions, poolings and gradients against onnx, scipy, exact fractions and differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import onnx
import onnx.reference
import pytest
import scipy.differentiate
import scipy.optimize
import scipy.signal
import scipy.special

from builder.kernels.convolutions.channels import convolve, convolve_last
from builder.kernels.convolutions.convolution import conv2d
from builder.kernels.convolutions.pooling import avg_pool2d, global_avg_pool, max_pool2d
from builder.kernels.convolutions.sliding import conv1d, conv_transpose2d, convolve_transposed
from builder.kernels.gradients.affine import (
    linear_backward,
    linear_backward_columns,
    linear_backward_transposed,
)
from builder.kernels.gradients.backward import relu_backward, softmax_backward, softmax_jacobian
from builder.kernels.gradients.gradients import numerical_gradient
from builder.kernels.kernel import Array

ORACLES = {
    "conv2d": "onnx Conv; scipy.signal.correlate2d",
    "conv1d": "onnx Conv; scipy.signal.correlate",
    "conv_transpose2d": "onnx ConvTranspose; scipy.signal.convolve2d",
    "max_pool2d": "onnx MaxPool",
    "avg_pool2d": "onnx AveragePool",
    "global_avg_pool": "onnx GlobalAveragePool; exact fractions",
    "numerical_gradient": "exact gradients; scipy.optimize.approx_fprime",
    "relu_backward": "scipy.differentiate.jacobian of the loss",
    "softmax_backward": "scipy.differentiate.jacobian of scipy.special.softmax",
    "linear_backward": "exact fractions; scipy.differentiate.jacobian",
}
SEEDS = range(20)
Pair = tuple[Array, Array]


def _onnx(operator: str, *inputs: Array, **attributes: Any) -> Array:
    """Return what the reference evaluator of onnx computes, in float64."""
    names = [f"input{i}" for i in range(len(inputs))]
    node = onnx.helper.make_node(operator, names, ["y"], **attributes)
    double = onnx.TensorProto.DOUBLE
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info(name, double, None) for name in names],
        [onnx.helper.make_tensor_value_info("y", double, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)])
    session = onnx.reference.ReferenceEvaluator(model)
    return np.asarray(session.run(None, dict(zip(names, inputs, strict=True)))[0])


def _apart(pairs: Iterator[Pair]) -> float:
    """Return the largest difference, relative to the largest number expected."""
    largest = 0.0
    for found, expected in pairs:
        assert np.shape(found) == np.shape(expected)
        scale = float(np.abs(expected).max(initial=0.0)) or 1.0
        largest = max(largest, float(np.abs(np.subtract(found, expected)).max()) / scale)
    return largest


# ── convolutions ─────────────────────────────────────────────────────────────────────────────────


def _drawn(rng: np.random.Generator, dimensions: int) -> tuple[Array, Array, Array, dict[str, int]]:
    """Return images, filters and biases of any size, and options that leave an output."""
    n, c, f = rng.integers(1, 4, size=3)
    window = rng.integers(1, 4, size=dimensions)
    options = {
        "stride": int(rng.integers(1, 4)),
        "pad": int(rng.integers(0, 3)),
        "dilation": int(rng.integers(1, 3)),
    }
    size = options["dilation"] * (window - 1) + 1 + rng.integers(0, 5, size=dimensions)
    x, w = rng.normal(size=(n, c, *size)), rng.normal(size=(f, c, *window))
    return x, w, rng.normal(size=f), options


def _attributes(dimensions: int, stride: int, pad: int, dilation: int) -> dict[str, list[int]]:
    return {
        "strides": [stride] * dimensions,
        "pads": [pad] * 2 * dimensions,
        "dilations": [dilation] * dimensions,
    }


def _conv_pairs(dimensions: int, single: Callable[..., Array]) -> Iterator[Pair]:
    for seed in SEEDS:
        x, w, b, options = _drawn(np.random.default_rng(seed), dimensions)
        attributes = _attributes(dimensions, **options)
        expected = _onnx("Conv", x, w, b, **attributes)
        yield convolve(x, w, b, **options), expected
        yield convolve(x[0], w, b, **options), expected[0]
        last = convolve_last(np.moveaxis(x, 1, -1), np.moveaxis(w, (0, 1), (-1, -2)), b, **options)
        yield last, np.moveaxis(expected, 1, -1)
        channel = _onnx("Conv", x[:1, :1], w[:1, :1], b[:1], **attributes)
        yield single(x[0, 0], w[0, 0], b=float(b[0]), **options), channel[0, 0]
        correlate = scipy.signal.correlate if dimensions == 1 else scipy.signal.correlate2d
        yield single(x[0, 0], w[0, 0]), correlate(x[0, 0], w[0, 0], mode="valid")


def _transposed_pairs() -> Iterator[Pair]:
    for seed in SEEDS:
        x, w, b, options = _drawn(np.random.default_rng(seed), 2)
        stride, pad = options["stride"], (min(w.shape[2:]) - 1) // 2
        w = w.swapaxes(0, 1)
        attributes = {"strides": [stride] * 2, "pads": [pad] * 4}
        expected = _onnx("ConvTranspose", x, w, b, **attributes)
        yield convolve_transposed(x, w, b, stride, pad), expected
        channel = _onnx("ConvTranspose", x[:1, :1], w[:1, :1], **attributes)
        yield conv_transpose2d(x[0, 0], w[0, 0], stride, pad), channel[0, 0]
        everywhere = scipy.signal.convolve2d(x[0, 0], w[0, 0], mode="full")
        yield conv_transpose2d(x[0, 0], w[0, 0], b=0.5), everywhere + 0.5


# ── poolings ─────────────────────────────────────────────────────────────────────────────────────


def _pool_pairs(operator: str, pool: Callable[..., Array], **own: Any) -> Iterator[Pair]:
    """Yield pairs for windows and strides of any two sides, with padding of less than a window."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        k, stride = ([int(n) for n in rng.integers(1, 4, size=2)] for _ in range(2))
        pad = int(rng.integers(0, min(k)))
        x = rng.normal(size=(2, 3, *(np.array(k) + rng.integers(0, 5, size=2))))
        expected = _onnx(operator, x, kernel_shape=k, strides=stride, pads=[pad] * 4, **own)
        counted = {"counted": bool(own["count_include_pad"])} if own else {}
        yield pool(x, tuple(k), tuple(stride), pad, **counted), expected
        side = k[0]
        square = np.resize(x, (1, 2, side + 3, side + 2))
        expected = _onnx(operator, square, kernel_shape=[side] * 2, strides=[side] * 2)
        yield pool(square, side), expected
        yield pool(square[0, 0], side), expected[0, 0]


def _average_pairs() -> Iterator[Pair]:
    for count in (0, 1):
        yield from _pool_pairs("AveragePool", avg_pool2d, count_include_pad=count)


def _global_pairs() -> Iterator[Pair]:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = 100.0 + rng.normal(size=rng.integers(1, 5, size=4))
        expected = _onnx("GlobalAveragePool", x)
        yield global_avg_pool(x, keep=True), expected
        yield global_avg_pool(x), expected[:, :, 0, 0]
        last = np.moveaxis(x, 1, -1)
        yield global_avg_pool(last, (-3, -2)), expected[:, :, 0, 0]
        exact = [sum(map(Fraction, channel.flat), Fraction(0)) / channel.size for channel in x[0]]
        yield global_avg_pool(x[0]), np.array([float(mean) for mean in exact])


# ── gradients ────────────────────────────────────────────────────────────────────────────────────


def _numerical_pairs() -> Iterator[Pair]:
    """Central differences are exact for parabolas; off by h^2 for cubes; forward ones are scipy's.

    scipy takes the same step, so that the two agree but for rounding.
    """
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = rng.normal(size=rng.integers(1, 4, size=2))
        weights = rng.normal(size=x.shape)
        yield numerical_gradient(lambda v, w=weights: np.sum(w * v**2), x, 2.0**-6), 2 * weights * x
        h = 2.0**-4
        yield numerical_gradient(lambda v: np.sum(v**3), x, h), 3 * x**2 + h**2
        forward = scipy.optimize.approx_fprime(x.ravel(), lambda v: float(np.sin(v).sum()), h)
        found = numerical_gradient(lambda v: np.sin(v).sum(), x.ravel(), h, back=0.0)
        yield found, forward


def _slopes(f: Callable[[Array], Array], at: Array) -> Array:
    """Return the Jacobian of f, which maps a vector to a vector, by scipy's extrapolation."""

    def columns(points: Array) -> Array:
        flat = points.reshape(len(points), -1)
        out = np.stack([f(flat[:, i]) for i in range(flat.shape[1])], axis=1)
        return out.reshape(-1, *points.shape[1:])

    return np.asarray(scipy.differentiate.jacobian(columns, at, initial_step=0.05).df)


def _relu_pairs() -> Iterator[Pair]:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x = rng.uniform(0.2, 2.0, size=5) * rng.choice((-1.0, 1.0), size=5)
        dout = rng.normal(size=5)
        jacobian = _slopes(lambda v: np.maximum(v, 0.0), x)
        yield relu_backward(dout, x), dout @ jacobian
        yield relu_backward(1.0, x), np.diag(jacobian)


def _softmax_pairs() -> Iterator[Pair]:
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        x, dout = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        jacobians = [_slopes(scipy.special.softmax, row) for row in x]
        probabilities = scipy.special.softmax(x, axis=1)
        expected = np.stack([g @ jacobian for g, jacobian in zip(dout, jacobians, strict=True)])
        yield softmax_backward(dout, probabilities), expected
        yield softmax_jacobian(probabilities[0]), jacobians[0]


def _linear_pairs() -> Iterator[Pair]:
    """Products and sums of fractions; the loss sum(dout y) has the same slopes."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        n, d, m = rng.integers(1, 5, size=3)
        x, w = rng.normal(size=(n, d)), rng.normal(size=(d, m))
        b, dout = rng.normal(size=m), rng.normal(size=(n, m))
        dx, dw, db = linear_backward(dout, x, w, b)
        yield dx, _exact(dout, w.T)
        yield dw, _exact(x.T, dout)
        yield db, _exact(np.ones((1, n)), dout)[0]
        slopes = _slopes(partial(_layer_loss, dout, x), np.concatenate([w.ravel(), b]))
        yield np.concatenate([dw.ravel(), db]), slopes[0]
        turned = linear_backward_transposed(dout, x, w.T, b)
        yield from zip(turned, (dx, dw.T, db), strict=True)
        columns = linear_backward_columns(dout.T, x.T, w.T)
        yield from zip(columns, (dx.T, dw.T / n, db[:, None] / n), strict=True)


def _layer_loss(dout: Array, x: Array, parameters: Array) -> Array:
    w, b = np.split(parameters, [x.shape[1] * dout.shape[1]])
    return np.array([np.sum(dout * (x @ w.reshape(x.shape[1], -1) + b))])


def _exact(one: Array, other: Array) -> Array:
    """Return the product of two matrices, rounded once."""
    rows, columns = ([list(map(Fraction, line)) for line in a] for a in (one, other.T))
    products = [[sum(map(_product, row, column)) for column in columns] for row in rows]
    return np.array([[float(number) for number in row] for row in products])


def _product(one: Fraction, other: Fraction) -> Fraction:
    return one * other


PAIRS: dict[str, Callable[[], Iterator[Pair]]] = {
    "conv2d": lambda: _conv_pairs(2, conv2d),
    "conv1d": lambda: _conv_pairs(1, conv1d),
    "conv_transpose2d": _transposed_pairs,
    "max_pool2d": lambda: _pool_pairs("MaxPool", max_pool2d),
    "avg_pool2d": _average_pairs,
    "global_avg_pool": _global_pairs,
    "numerical_gradient": _numerical_pairs,
    "relu_backward": _relu_pairs,
    "softmax_backward": _softmax_pairs,
    "linear_backward": _linear_pairs,
}


def differences() -> dict[str, float]:
    """Return how far each reference is from its oracle at most, over 20 seeds."""
    return {name: _apart(pairs()) for name, pairs in PAIRS.items()}


@pytest.mark.parametrize("name", PAIRS)
def test_a_reference_is_its_oracle(name: str) -> None:
    """But for rounding; derivatives are extrapolated to about nine digits."""
    assert _apart(PAIRS[name]()) < (1e-8 if "scipy.differentiate" in ORACLES[name] else 1e-12)


def test_every_reference_has_an_oracle() -> None:
    """By the same names."""
    assert ORACLES.keys() == PAIRS.keys()


@pytest.mark.parametrize(("size", "k"), [*product((4, 5), (2, 3))])
def test_what_is_left_over_is_dropped(size: int, k: int) -> None:
    """No window reaches beyond the end."""
    assert max_pool2d(np.ones((size, size + 1)), k).shape == (size // k, (size + 1) // k)


def test_a_slope_at_0_is_a_convention() -> None:
    """Any number between 0 and 1 is a subgradient there."""
    np.testing.assert_array_equal(relu_backward(np.full(3, 2.0), np.array([-1, 0, 1])), [0, 0, 2])
    assert relu_backward(2.0, np.array(0.0), at_zero=0.5) == 1.0
