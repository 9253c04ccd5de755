"""Losses against scipy, or against the definition, example by example, in exact or plain terms."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import scipy.integrate
import scipy.spatial.distance
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from builder.kernels.kernel import Array
from builder.kernels.losses.binary import bce_with_logits, binary_cross_entropy
from builder.kernels.losses.classification import hinge_loss, softmax_cross_entropy
from builder.kernels.losses.contrastive import info_nce, triplet_loss
from builder.kernels.losses.divergence import kl_divergence, kl_divergence_normal
from builder.kernels.losses.regression import huber_loss, mae, mse

laws = settings(max_examples=60, deadline=None, derandomize=True)
SHAPES = array_shapes(max_dims=3, max_side=4)
NUMBERS = st.floats(-50, 50, width=32)
PROBABILITIES = st.floats(0.001, 0.999)


def _arrays(shape: Any, elements: st.SearchStrategy[float] = NUMBERS) -> st.SearchStrategy[Array]:
    return arrays(np.float64, shape, elements=elements)


def _pair(elements: st.SearchStrategy[float] = NUMBERS) -> st.SearchStrategy[tuple[Array, Array]]:
    return SHAPES.flatmap(
        lambda shape: st.tuples(_arrays(shape, elements), _arrays(shape, elements))
    )


def _close(one: Array | float, other: Array | float, rtol: float = 1e-12) -> None:
    assert np.shape(one) == np.shape(other)
    np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-12)


# ── regression ───────────────────────────────────────────────────────────────────────────────────


@laws
@given(_pair())
def test_mse_and_mae_are_exact_arithmetic(pair: tuple[Array, Array]) -> None:
    """Means of fractions."""
    errors = [
        Fraction(float(a)) - Fraction(float(b))
        for a, b in zip(*(x.flat for x in pair), strict=True)
    ]
    squares = float(sum((e * e for e in errors), Fraction(0)) / len(errors))
    _close(mse(*pair), squares)
    _close(mse(*pair, half=True), squares / 2)
    _close(mae(*pair), float(sum(map(abs, errors), Fraction(0)) / len(errors)))


@laws
@given(_pair(), st.floats(0.1, 5.0))
def test_huber_is_scipys(pair: tuple[Array, Array], delta: float) -> None:
    """However it is reduced; the smooth L1 loss is that divided by delta."""
    expected = scipy.special.huber(delta, pair[0] - pair[1])
    _close(huber_loss(*pair, delta, reduction="each"), expected)
    _close(huber_loss(*pair, delta), float(expected.mean()))
    _close(huber_loss(*pair, delta, reduction="sum"), float(expected.sum()))
    _close(huber_loss(*pair, delta, smooth=True), float(expected.mean() / delta))


# ── classification ───────────────────────────────────────────────────────────────────────────────


@laws
@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_softmax_cross_entropy_is_scipys(n: int, classes: int, data: st.DataObject) -> None:
    """For class indices, one-hot rows, soft labels, and one row."""
    logits = data.draw(_arrays((n, classes), st.floats(-1e4, 1e4)))
    labels = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)))
    expected = -scipy.special.log_softmax(logits, axis=1)[np.arange(n), labels]
    one_hot = (labels[:, None] == np.arange(classes)).astype(int)
    for given_labels in (labels, one_hot):
        _close(softmax_cross_entropy(logits, given_labels, reduction="each"), expected)
        _close(softmax_cross_entropy(logits, given_labels), float(expected.mean()))
        _close(softmax_cross_entropy(logits, given_labels, reduction="sum"), float(expected.sum()))
    _close(softmax_cross_entropy(logits[0], int(labels[0])), float(expected[0]))
    p = data.draw(_arrays((n, classes), PROBABILITIES))
    p = p / p.sum(axis=1, keepdims=True)
    soft = scipy.special.logsumexp(logits, axis=1) - np.einsum("ij,ij->i", p, logits)
    np.testing.assert_allclose(
        softmax_cross_entropy(logits, p, reduction="each"), soft, rtol=1e-9, atol=1e-9
    )


@laws
@given(SHAPES, st.data())
def test_binary_cross_entropy_is_that_of_a_coin(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    """scipy's Bernoulli, and with soft labels entropy plus divergence of two coins."""
    y, p = (
        data.draw(_arrays(shape, st.sampled_from([0.0, 1.0]))),
        data.draw(_arrays(shape, PROBABILITIES)),
    )
    expected = -scipy.stats.bernoulli.logpmf(y.astype(int), p)
    for guard in ("added", "clipped", "clipped on both sides"):
        _close(binary_cross_entropy(y, p, 1e-16, guard=guard), float(expected.mean()), 1e-9)
        total = binary_cross_entropy(y, p, 1e-16, guard=guard, reduction="sum")
        _close(total, float(expected.sum()), 1e-9)
    soft = data.draw(_arrays(shape, PROBABILITIES))
    coins = sum(
        scipy.special.entr(a) + scipy.special.rel_entr(a, b)
        for a, b in ((soft, p), (1 - soft, 1 - p))
    )
    _close(binary_cross_entropy(soft, p, 1e-16), float(np.mean(coins)), 1e-9)


@laws
@given(st.sampled_from([0.0, 1.0]), st.sampled_from([0.0, 1.0]), st.sampled_from([1e-15, 1e-7]))
def test_binary_cross_entropy_guards_both_logarithms(y: float, p: float, eps: float) -> None:
    """A certain prediction costs nothing, or as much as eps lets it."""
    for guard, right in (
        ("added", -math.log(1 + eps)),
        ("clipped", 0.0),
        ("clipped on both sides", -math.log1p(-eps)),
    ):
        loss = float(binary_cross_entropy(np.array([y]), np.array([p]), eps, guard=guard))
        # 1 - (1 - eps) is eps but for one rounding of 1 - eps.
        wrong = (
            -math.log(1 - (1 - eps))
            if guard == "clipped on both sides" and y == 0
            else -math.log(eps)
        )
        assert math.isclose(loss, right if y == p else wrong, rel_tol=1e-9, abs_tol=2e-16)


@laws
@given(SHAPES, st.data())
def test_bce_with_logits_is_scipys(shape: tuple[int, ...], data: st.DataObject) -> None:
    """Logarithms of expit, which scipy computes without loss."""
    x, y = (
        data.draw(_arrays(shape, st.floats(-1e4, 1e4))),
        data.draw(_arrays(shape, st.floats(0, 1))),
    )
    expected = -(y * scipy.special.log_expit(x) + (1 - y) * scipy.special.log_expit(-x))
    _close(bce_with_logits(y, x, reduction="each"), expected)
    _close(bce_with_logits(y, x), float(expected.mean()))
    _close(bce_with_logits(y, x, reduction="sum"), float(expected.sum()))


@laws
@given(SHAPES, st.floats(0.1, 3.0), st.data())
def test_hinge_loss_is_its_definition(
    shape: tuple[int, ...], margin: float, data: st.DataObject
) -> None:
    """Example by example, for labels of -1 and 1."""
    y, s = data.draw(_arrays(shape, st.sampled_from([-1.0, 1.0]))), data.draw(_arrays(shape))
    losses = [max(0.0, margin - a * b) for a, b in zip(y.flat, s.flat, strict=True)]
    _close(hinge_loss(y, s, margin), math.fsum(losses) / len(losses))
    _close(hinge_loss(y, s, margin, reduction="sum"), math.fsum(losses))


@laws
@given(st.integers(1, 5), st.integers(1, 4), st.floats(0.1, 3.0), st.data())
def test_hinge_loss_of_classes_is_its_definition(
    n: int, classes: int, margin: float, data: st.DataObject
) -> None:
    """Class by class, all but the true one."""
    s = data.draw(_arrays((n, classes)))
    y = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n)))
    losses = [
        sum(max(0.0, row[j] - row[k] + margin) for j in range(classes) if j != k)
        for row, k in zip(s, y, strict=True)
    ]
    _close(hinge_loss(y, s, margin), math.fsum(losses) / n)


# ── divergences ──────────────────────────────────────────────────────────────────────────────────


def _rows(values: Array) -> Array:
    return values / values.sum(axis=-1, keepdims=True)


@laws
@given(array_shapes(max_dims=2, max_side=5), st.data())
def test_kl_divergence_is_scipys(shape: tuple[int, ...], data: st.DataObject) -> None:
    """Row by row, with zeros in p and without; scipy's entropy of two distributions."""
    p, q = (_rows(data.draw(_arrays(shape, PROBABILITIES))) for _ in range(2))
    p = _rows(np.where(p < p.max(axis=-1, keepdims=True) / 4, 0.0, p))
    expected = scipy.special.rel_entr(p, q).sum(axis=-1)
    _close(kl_divergence(p, q), expected)
    _close(kl_divergence(p, q), scipy.stats.entropy(p, q, axis=-1))
    if p.ndim == 2:
        _close(kl_divergence(p, q, reduction="mean"), float(expected.mean()))
        _close(kl_divergence(p, q, reduction="sum"), float(expected.sum()))
    eps = 1e-3
    added = scipy.special.rel_entr(p + eps, q + eps)
    _close(kl_divergence(p, q, eps, guard="added"), added.sum(axis=-1))
    inside = scipy.special.xlogy(p, (p + eps) / (q + eps))
    _close(kl_divergence(p, q, eps, guard="in the logarithm"), inside.sum(axis=-1))
    clipped = scipy.special.rel_entr(np.maximum(p, eps), np.maximum(q, eps))
    _close(kl_divergence(p, q, eps, guard="clipped"), clipped.sum(axis=-1))
    normal = scipy.stats.entropy(p + eps, q + eps, axis=-1)
    _close(kl_divergence(p, q, eps, guard="added and normalised"), normal)


def test_kl_divergence_of_the_impossible_is_infinite() -> None:
    """Where q is 0 and p is not."""
    with np.errstate(divide="ignore"):
        assert kl_divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == np.inf


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.floats(-3, 3), st.floats(0.3, 3), st.floats(-3, 3), st.floats(0.3, 3))
def test_kl_divergence_of_normals_is_its_integral(m: float, s: float, n: float, t: float) -> None:
    """Of p log(p / q), by scipy's densities."""
    p, q = scipy.stats.norm(m, s), scipy.stats.norm(n, t)
    x = np.linspace(m - 12 * s, m + 12 * s, 4001)
    integral = scipy.integrate.simpson(p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), x=x)
    np.testing.assert_allclose(kl_divergence_normal(m, s, n, t), integral, rtol=1e-8, atol=1e-9)


# ── contrastive losses ───────────────────────────────────────────────────────────────────────────


@laws
@given(st.integers(1, 5), st.integers(1, 4), st.floats(0.1, 3.0), st.data())
def test_triplet_loss_is_that_of_scipys_distances(
    n: int, d: int, margin: float, data: st.DataObject
) -> None:
    """Row by row, squared and plain."""
    a, p, q = (data.draw(_arrays((n, d))) for _ in range(3))
    for squared, metric in ((True, "sqeuclidean"), (False, "euclidean")):
        near, far = (np.diag(scipy.spatial.distance.cdist(a, x, metric)) for x in (p, q))
        losses = np.maximum(0.0, near - far + margin)
        _close(triplet_loss(a, p, q, margin, squared=squared), float(losses.mean()), 1e-9)
        _close(triplet_loss(a, p, q, margin, squared=squared, reduction="each"), losses, 1e-9)
        single = triplet_loss(a[0], p[0], q[0], margin, squared=squared)
        _close(single, float(losses[0]), 1e-9)


@laws
@given(st.integers(1, 5), st.integers(1, 4), st.floats(0.05, 1.0), st.data())
def test_info_nce_is_a_cross_entropy_of_cosines(
    n: int, d: int, temperature: float, data: st.DataObject
) -> None:
    """By scipy's distances and log-softmax, in one direction and in both."""
    away = st.floats(0.5, 5.0)
    one, other = data.draw(_arrays((n, d), away)), data.draw(_arrays((n, d), away))
    cosines = 1.0 - scipy.spatial.distance.cdist(one, other, "cosine")
    for norm, s in (("cosine", cosines), ("none", np.einsum("id,jd->ij", one, other))):
        rows, columns = (
            -np.diag(scipy.special.log_softmax(s / temperature, axis=axis)).mean()
            for axis in (1, 0)
        )
        loss = info_nce(one, other, temperature, norm=norm)
        np.testing.assert_allclose(loss, rows, rtol=1e-9, atol=1e-11)
        both = info_nce(one, other, temperature, norm=norm, symmetric=True)
        np.testing.assert_allclose(both, (rows + columns) / 2, rtol=1e-9, atol=1e-11)
