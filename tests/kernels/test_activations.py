"""Activation functions against scipy, or against the definition in extended precision."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from builder.kernels.activations.activation import log_softmax, logsumexp
from builder.kernels.activations.rectifier import (
    elu,
    gelu,
    gelu_sigmoid,
    gelu_tanh,
    leaky_relu,
    relu,
    selu,
    softplus,
)
from builder.kernels.activations.sigmoid import mish, sigmoid, softsign, swiglu, swish, tanh
from builder.kernels.kernel import Array

laws = settings(max_examples=60, deadline=None, derandomize=True)
SHAPES = array_shapes(max_dims=3, max_side=5)
# Beyond 5,000, exp leaves even the range of extended precision.
NUMBERS = st.floats(-5000, 5000)
EXTENDED = np.longdouble


def _arrays(shape: Any, elements: st.SearchStrategy[float] = NUMBERS) -> st.SearchStrategy[Array]:
    return arrays(np.float64, shape, elements=elements)


def _close(one: Array | float, other: Array | float) -> None:
    assert np.shape(one) == np.shape(other)
    np.testing.assert_allclose(one, np.asarray(other, dtype=np.float64), rtol=1e-12, atol=1e-14)


@laws
@given(_arrays(SHAPES), st.floats(0.01, 2.0))
def test_rectifiers_are_their_definitions(x: Array, alpha: float) -> None:
    """Element by element in plain Python."""
    for v, r, leaky, e in zip(
        x.flat, relu(x).flat, leaky_relu(x, alpha).flat, elu(x, alpha).flat, strict=True
    ):
        assert r == max(0.0, v)
        assert leaky == (v if v > 0 else alpha * v)
        assert math.isclose(e, v if v > 0 else alpha * math.expm1(v), rel_tol=1e-14)


@laws
@given(_arrays(SHAPES))
def test_selu_scales_elu(x: Array) -> None:
    """With scipy's exp(x) - 1."""
    expected = 1.05 * np.where(x > 0, x, 1.67 * scipy.special.expm1(np.minimum(x, 0.0)))
    _close(selu(x, 1.67, 1.05), expected)


def test_selu_normalises_itself() -> None:
    """With its two constants, mean 0 and variance 1 of a normal stay as they are."""
    alpha, scale = 1.6732632423543772848, 1.0507009873554804934

    def moment(power: int) -> float:
        whole = 0.0
        for low, high in ((-40.0, 0.0), (0.0, 40.0)):
            x, dx = np.linspace(low, high, 400_001, retstep=True)
            y = selu(x, alpha, scale) ** power * scipy.stats.norm.pdf(x)
            whole += float(scipy.integrate.simpson(y, dx=dx))
        return whole

    assert abs(moment(1)) < 1e-9
    assert abs(moment(2) - 1.0) < 1e-9


@laws
@given(_arrays(SHAPES))
def test_sigmoids_are_scipys(x: Array) -> None:
    """The logistic function, and the hyperbolic tangent of numpy."""
    _close(sigmoid(x), scipy.special.expit(x))
    _close(tanh(x), np.tanh(x))
    _close(swish(x), x * scipy.special.expit(x))
    _close(swish(x, 1.5), x * scipy.special.expit(1.5 * x))


@pytest.mark.parametrize("function", [sigmoid, tanh])
def test_sigmoids_have_limits(function: Any) -> None:
    """At infinity, and nowhere a NaN."""
    low, high = function(np.array([-np.inf, np.inf]))
    assert (low, high) == ((0.0, 1.0) if function is sigmoid else (-1.0, 1.0))


@laws
@given(_arrays(SHAPES), st.floats(0.2, 2.0))
def test_softplus_is_its_definition_in_extended_precision(x: Array, beta: float) -> None:
    """log(1 + exp(beta x)) / beta, where exp still has a number for it."""
    wide = EXTENDED(beta) * x.astype(EXTENDED)
    _close(softplus(x, beta), np.log1p(np.exp(wide)) / EXTENDED(beta))
    _close(mish(x), x * np.tanh(np.log1p(np.exp(x.astype(EXTENDED)))))


@laws
@given(_arrays(SHAPES))
def test_softsign_is_its_definition(x: Array) -> None:
    """Odd, and its inverse is y / (1 - |y|)."""
    y = softsign(x)
    _close(softsign(-x), -y)
    np.testing.assert_allclose(y / (1 - np.abs(y)), x, rtol=1e-9, atol=1e-12)


@laws
@given(_arrays(SHAPES))
def test_gelu_is_x_times_the_normal_distribution(x: Array) -> None:
    """By scipy's Phi; its two approximations are as near as their authors say."""
    _close(gelu(x), x * scipy.special.ndtr(x))
    assert np.abs(gelu_tanh(x) - gelu(x)).max() < 5e-4
    assert np.abs(gelu_sigmoid(x) - gelu(x)).max() < 2.1e-2


@laws
@given(_arrays(SHAPES))
def test_approximations_of_gelu_are_their_formulas(x: Array) -> None:
    """tanh(u) is 2 sigmoid(2 u) - 1, so the first is x sigmoid(2 u)."""
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    _close(gelu_tanh(x), x * scipy.special.expit(2 * u))
    _close(gelu_sigmoid(x), x * scipy.special.expit(1.702 * x))


@laws
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.data())
def test_swiglu_gates_one_half_with_the_other(n: int, d: int, h: int, data: st.DataObject) -> None:
    """Halves and weights agree, where the weights pick the halves."""
    x = data.draw(_arrays((n, 2 * d), st.floats(-50, 50)))
    a, b = x[:, :d], x[:, d:]
    _close(swiglu(x), a * scipy.special.expit(a) * b)
    _close(swiglu(x, gate=1), a * b * scipy.special.expit(b))
    pick = np.eye(2 * d)
    _close(swiglu(x, pick[:, :d], pick[:, d:]), swiglu(x))
    w, v = (data.draw(_arrays((2 * d, h), st.floats(-2, 2))) for _ in range(2))
    first = np.array([[sum(row[k] * w[k, j] for k in range(2 * d)) for j in range(h)] for row in x])
    second = np.array(
        [[sum(row[k] * v[k, j] for k in range(2 * d)) for j in range(h)] for row in x]
    )
    expected = first * scipy.special.expit(first) * second
    np.testing.assert_allclose(swiglu(x, w, v), expected, rtol=1e-9, atol=1e-9)


@laws
@given(_arrays(SHAPES, st.floats(-1e4, 1e4)), st.data())
def test_logarithms_of_softmax_are_scipys(x: Array, data: st.DataObject) -> None:
    """Along any axis, and over everything."""
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    _close(log_softmax(x, axis), scipy.special.log_softmax(x, axis=axis))
    _close(logsumexp(x, axis), scipy.special.logsumexp(x, axis=axis))
    _close(logsumexp(x, None), scipy.special.logsumexp(x))
