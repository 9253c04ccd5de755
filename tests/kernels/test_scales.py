"""Normalization, scaling, the L2 penalty and the focal loss against oracles of other libraries."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import onnx
import pytest
import scipy.special
import sklearn.linear_model
import sklearn.preprocessing
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from builder.kernels.kernel import Array
from builder.kernels.losses.focal import focal_loss, focal_loss_of_logits
from builder.kernels.norms.groups import group_norm, instance_norm
from builder.kernels.norms.layers import layer_norm, rms_norm
from builder.kernels.norms.length import l2_normalize
from builder.kernels.norms.penalty import l2_penalty, ridge_loss
from builder.kernels.norms.scaling import scaler, standardize

ORACLES = {
    "layer_norm": "onnx LayerNormalization",
    "instance_norm": "onnx InstanceNormalization",
    "group_norm": "onnx GroupNormalization",
    "rms_norm": "onnx RMSNormalization",
    "standardize": "sklearn.preprocessing.StandardScaler",
    "l2_normalize": "sklearn.preprocessing.normalize",
    "l2_penalty": "exact fractions",
    "focal_loss": "scipy.special.log_expit",
}
SEEDS = range(20)
_DOUBLE = 11  # onnx's own number of float64
Pairs = Iterator[tuple[Any, Any]]


def _onnx(operator: str, arrays: list[Array], opset: int, **attributes: Any) -> Array:
    """Return what onnx's reference evaluator computes, in float64."""
    names = [f"input{at}" for at in range(len(arrays))]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.DOUBLE, array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    output = helper.make_tensor_value_info("y", TensorProto.DOUBLE, arrays[0].shape)
    node = helper.make_node(operator, names, ["y"], **attributes)
    graph = helper.make_graph([node], "graph", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    assert onnx.checker.check_model(model) is None
    return np.asarray(ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))[0])


# ── pairs of the reference's result and the oracle's ─────────────────────────────────────────────


def _layer(rng: np.random.Generator) -> Pairs:
    for shape in ((4, 5), (2, 3, 4), (6,)):
        x, gamma, beta = (
            rng.normal(1.0, 3.0, size=shape),
            rng.normal(size=shape[-1]),
            rng.normal(size=shape[-1]),
        )
        # float32 eps: onnx keeps attributes in single precision.
        eps = float(np.float32(1e-2))
        oracle = _onnx("LayerNormalization", [x, gamma, beta], 17, axis=-1, epsilon=eps)
        yield layer_norm(x, gamma, beta, eps), oracle


def _instance(rng: np.random.Generator) -> Pairs:
    for shape in ((2, 3, 4, 5), (3, 2, 6)):
        x, gamma, beta = rng.normal(size=shape), *rng.normal(size=(2, shape[1]))
        eps = float(np.float32(1e-2))
        oracle = _onnx("InstanceNormalization", [x, gamma, beta], 22, epsilon=eps)
        yield instance_norm(x, gamma, beta, eps), oracle
        last = np.moveaxis(x, 1, -1)
        yield instance_norm(last, gamma, beta, eps, axis=-1), np.moveaxis(oracle, 1, -1)


def _group(rng: np.random.Generator) -> Pairs:
    for shape, groups in (((2, 6, 4, 5), 3), ((3, 4, 6), 2), ((2, 6, 2, 2), 1), ((1, 4, 2, 3), 4)):
        x, gamma, beta = rng.normal(size=shape), *rng.normal(size=(2, shape[1]))
        # Gain and shift are ours: onnx's stay behind what the standard says in some versions.
        arrays = [x, np.ones(shape[1]), np.zeros(shape[1])]
        eps = float(np.float32(1e-2))
        bare = _onnx(
            "GroupNormalization", arrays, 21, epsilon=eps, num_groups=groups, stash_type=_DOUBLE
        )
        column = (1, -1) + (1,) * (x.ndim - 2)
        oracle = gamma.reshape(column) * bare + beta.reshape(column)
        yield group_norm(x, gamma, beta, groups, eps), oracle
        last = np.moveaxis(x, 1, -1)
        yield group_norm(last, gamma, beta, groups, eps, axis=-1), np.moveaxis(oracle, 1, -1)


def _rms(rng: np.random.Generator) -> Pairs:
    for shape in ((4, 5), (2, 3, 4), (6,)):
        x, weight = rng.normal(1.0, 3.0, size=shape), rng.normal(size=shape[-1])
        eps = float(np.float32(1e-2))
        oracle = _onnx("RMSNormalization", [x, weight], 23, axis=-1, epsilon=eps)
        yield rms_norm(x, weight, eps), oracle
        root = np.linalg.norm(x, axis=-1, keepdims=True) / math.sqrt(shape[-1])
        yield rms_norm(x, weight, eps, beside=True), weight * x / (root + eps)


def _standard(rng: np.random.Generator) -> Pairs:
    x, new = rng.normal(3.0, 2.0, size=(8, 3)), rng.normal(size=(4, 3))
    x[:, 1] = x[0, 1] if rng.integers(2) else x[:, 1]
    fitted = sklearn.preprocessing.StandardScaler().fit(x)
    yield standardize(x, 0, 0.0), fitted.transform(x)
    yield scaler(x, new, 0, 0.0), fitted.transform(new)
    z, mean, _ = standardize(x, 1, 0.0, also="moments")
    yield z, fitted.transform(x) * math.sqrt(7 / 8)
    yield mean, fitted.mean_
    scaled = standardize(x, 0, 0.0, also="range")[1]
    yield scaled, sklearn.preprocessing.minmax_scale(x)
    yield standardize(x.T, 0, 0.0, axis=1), fitted.transform(x).T
    deviation = np.sqrt(fitted.var_)
    centred = x - fitted.mean_
    yield standardize(x, 0, 0.1, guard="added"), centred / (deviation + 0.1)
    yield standardize(x, 0, 0.1, guard="inside"), centred / np.sqrt(fitted.var_ + 0.1)


def _unit(rng: np.random.Generator) -> Pairs:
    x = rng.normal(size=(5, 4))
    x[2] = 0.0
    for norm, order in (("l1", 1), ("l2", 2), ("max", np.inf)):
        for axis in (0, 1):
            oracle = sklearn.preprocessing.normalize(x, norm=norm, axis=axis)
            yield l2_normalize(x, axis, order, 0.0), oracle
    root = np.sqrt((x**2).sum(axis=1, keepdims=True))
    yield l2_normalize(x, 1, 2, 0.1, guard="added"), x / (root + 0.1)
    yield l2_normalize(x, 1, 2, 0.1, guard="inside"), x / np.sqrt(root**2 + 0.1)


def _penalty(rng: np.random.Generator) -> Pairs:
    x, y, w, lam = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3), 0.375
    exact = [[Fraction(float(v)) for v in row] for row in (*x, y, w)]
    *rows, targets, weights = exact
    squares = sum(v * v for v in weights)
    errors = [
        sum(a * b for a, b in zip(row, weights, strict=True)) - t
        for row, t in zip(rows, targets, strict=True)
    ]
    error = sum(e * e for e in errors)
    half = Fraction(1, 2)
    yield l2_penalty(w, lam), float(Fraction(lam) * squares)
    yield l2_penalty([w, w[:, None]], lam, 5, factor=0.5), float(Fraction(lam) * squares / 5)
    yield ridge_loss(x, y, w, lam), float(error / 5 + Fraction(lam) * squares)
    both = ridge_loss(x, y, w, lam, error="half the sum", penalty="halved")
    yield both, float(half * (error + Fraction(lam) * squares))
    ng = ridge_loss(x, y, w, lam, error="half the mean", penalty="over 2 n")
    yield ng, float(half * (error + Fraction(lam) * squares) / 5)


def _focal(rng: np.random.Generator) -> Pairs:
    y, x = rng.integers(2, size=(4, 3)), rng.normal(scale=4.0, size=(4, 3))
    p = scipy.special.expit(x)
    logs = np.where(y == 1, scipy.special.log_expit(x), scipy.special.log_expit(-x))
    for gamma in (0.0, 0.5, 2.0):
        plain = -(np.abs(y - p) ** gamma) * logs
        weights = np.where(y == 1, 0.3, 0.7)
        for balance, alpha, weight in ((True, 0.3, weights), (False, 0.3, 0.3), (True, None, 1.0)):
            own = {"alpha": alpha, "gamma": gamma, "balance": balance}
            for reduction, total in (("mean", np.mean), ("sum", np.sum), ("each", np.asarray)):
                oracle = total(weight * plain)
                yield focal_loss_of_logits(y, x, **own, reduction=reduction), oracle
                for guard in ("p clipped", "p_t clipped", "added"):
                    loss = focal_loss(y, p, eps=1e-16, guard=guard, reduction=reduction, **own)
                    yield loss, oracle


PAIRS: dict[str, Callable[[np.random.Generator], Pairs]] = {
    "layer_norm": _layer,
    "instance_norm": _instance,
    "group_norm": _group,
    "rms_norm": _rms,
    "standardize": _standard,
    "l2_normalize": _unit,
    "l2_penalty": _penalty,
    "focal_loss": _focal,
}


def _difference(one: Any, other: Any) -> float:
    """Return the largest difference in terms of the largest number."""
    assert np.shape(one) == np.shape(other)
    return float(np.abs(np.subtract(one, other)).max() / max(np.abs(other).max(), 1e-300))


def differences() -> dict[str, float]:
    """Return how far each reference is from its oracle, at most, over twenty seeds."""
    return {
        name: max(
            _difference(*pair) for seed in SEEDS for pair in pairs(np.random.default_rng(seed))
        )
        for name, pairs in PAIRS.items()
    }


@pytest.mark.parametrize("name", PAIRS)
def test_a_reference_is_its_oracle(name: str) -> None:
    """For twenty seeds, several shapes and all that an answer may choose."""
    assert set(PAIRS) == set(ORACLES)
    for seed in SEEDS:
        for pair in PAIRS[name](np.random.default_rng(seed)):
            assert _difference(*pair) < 1e-9


# ── what else must hold ──────────────────────────────────────────────────────────────────────────


def _exact_rows(x: Array) -> Array:
    """Return each row with mean 0 and deviation 1, by way of fractions."""
    out = np.empty_like(x)
    for i, row in enumerate(x):
        values = [Fraction(float(v)) for v in row]
        mean = sum(values, Fraction(0)) / len(values)
        variance = sum(((v - mean) ** 2 for v in values), Fraction(0)) / len(values)
        out[i] = [float(v - mean) / math.sqrt(variance) for v in values]
    return out


@pytest.mark.parametrize("seed", SEEDS)
def test_an_offset_costs_no_more_than_rounding(seed: int) -> None:
    """Rows 1e7 from zero, against exact arithmetic."""
    x = 1e7 + np.random.default_rng(seed).normal(size=(3, 8))
    expected = _exact_rows(x)
    for out in (
        layer_norm(x, None, None, 0.0),
        group_norm(x[:, :, None], None, None, 1, 0.0)[:, :, 0],
        instance_norm(x[:, None], None, None, 0.0)[:, 0],
        np.asarray(standardize(x.T, 0, 0.0)).T,
    ):
        np.testing.assert_allclose(out, expected, atol=1e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_group_norm_of_one_group_or_a_channel_each_has_other_names(seed: int) -> None:
    """Layer normalization of whole images, and instance normalization."""
    rng = np.random.default_rng(seed)
    x, gamma, beta = rng.normal(size=(3, 4, 2, 5)), rng.normal(size=4), rng.normal(size=4)
    each = instance_norm(x, gamma, beta, 1e-5)
    np.testing.assert_allclose(group_norm(x, gamma, beta, 4, 1e-5), each, atol=1e-12)
    whole = layer_norm(x.reshape(3, -1), None, None, 1e-5).reshape(x.shape)
    np.testing.assert_allclose(group_norm(x, None, None, 1, 1e-5), whole, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_ridge_loss_is_least_where_scikit_learn_says(seed: int) -> None:
    """No step from the optimum of sum of squares plus penalty leads down."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(9, 3)), rng.normal(size=9)
    best = sklearn.linear_model.Ridge(alpha=0.7, fit_intercept=False).fit(x, y).coef_
    least = ridge_loss(x, y, best, 0.7, error="sum")
    for step in rng.normal(scale=1e-3, size=(10, 3)):
        assert ridge_loss(x, y, best + step, 0.7, error="sum") > least


@pytest.mark.parametrize("seed", SEEDS)
def test_the_penaltys_gradient_is_its_slope(seed: int) -> None:
    """By central differences, which are exact for squares but for rounding."""
    w = np.random.default_rng(seed).normal(size=4)
    _, gradient = l2_penalty(w, 0.3, factor=0.5, gradient=True)  # type: ignore[misc]
    for at, unit in enumerate(np.eye(4)):
        up, down = (l2_penalty(w + sign * unit, 0.3, factor=0.5) for sign in (0.5, -0.5))
        assert math.isclose(up - down, gradient[at], rel_tol=1e-9, abs_tol=1e-12)


def test_the_focal_loss_of_sure_answers_is_finite() -> None:
    """What is sure and right costs nothing, what is sure and wrong the logit's size."""
    losses = focal_loss_of_logits([1, 0, 1], [1e4, -1e4, -1e4], None, 2.0, reduction="each")
    np.testing.assert_array_equal(losses, [0.0, 0.0, 1e4])
