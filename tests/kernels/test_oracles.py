"""Every kernel of the canon has an independent oracle, and is as near to it as numbers can be."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
import scipy.spatial.distance
import scipy.special
import scipy.stats
import sklearn.metrics
import sklearn.preprocessing
from onnx.reference import ReferenceEvaluator

from builder.kernels import CANON
from builder.kernels.activations.activation import log_softmax, logsumexp, softmax
from builder.kernels.activations.rectifier import elu, gelu, leaky_relu, relu, selu, softplus
from builder.kernels.activations.sigmoid import mish, sigmoid, softsign, swiglu, swish, tanh
from builder.kernels.kernel import Array
from builder.kernels.losses.binary import bce_with_logits, binary_cross_entropy
from builder.kernels.losses.classification import hinge_loss, softmax_cross_entropy
from builder.kernels.losses.contrastive import info_nce, triplet_loss
from builder.kernels.losses.divergence import kl_divergence, kl_divergence_normal
from builder.kernels.losses.loss import cross_entropy
from builder.kernels.losses.regression import huber_loss, mae, mse
from builder.kernels.norms.normalization import batchnorm_forward
from builder.kernels.norms.regularization import DROPOUT_FORWARD

SEEDS = range(20)
Pair = tuple[Any, Any]
Draw = np.random.Generator

ORACLES = {
    "relu": "onnx Relu",
    "leaky_relu": "onnx LeakyRelu",
    "elu": "onnx Elu",
    "selu": "onnx Selu",
    "sigmoid": "scipy.special.expit",
    "tanh": "numpy.tanh",
    "softplus": "onnx Softplus",
    "softsign": "onnx Softsign",
    "gelu": "onnx Gelu",
    "swish": "scipy.special.expit",
    "swiglu": "scipy.special.expit of one half",
    "mish": "onnx Mish",
    "softmax": "scipy.special.softmax",
    "log_softmax": "scipy.special.log_softmax",
    "logsumexp": "scipy.special.logsumexp",
    "mse": "sklearn.metrics.mean_squared_error",
    "mae": "sklearn.metrics.mean_absolute_error",
    "huber_loss": "scipy.special.huber",
    "cross_entropy": "sklearn.metrics.log_loss",
    "softmax_cross_entropy": "onnx SoftmaxCrossEntropyLoss",
    "binary_cross_entropy": "sklearn.metrics.log_loss",
    "bce_with_logits": "scipy.special.log_expit",
    "hinge_loss": "sklearn.metrics.hinge_loss",
    "kl_divergence": "scipy.stats.entropy",
    "kl_divergence_normal": "an integral of scipy.stats.norm",
    "info_nce": "scipy.spatial.distance.cdist",
    "triplet_loss": "scipy.spatial.distance.cdist",
    "batchnorm_forward": "sklearn.preprocessing.StandardScaler",
    "dropout_forward": "scipy.stats.binomtest",
}


def _onnx(operator: str, *arrays: Array, **attributes: Any) -> Any:
    """Return what onnx's reference evaluator gives, in double precision."""
    kinds = {"f": onnx.TensorProto.DOUBLE, "i": onnx.TensorProto.INT64}
    names = [f"x{at}" for at in range(len(arrays))]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, names, ["y"], **attributes)],
        "one",
        [
            onnx.helper.make_tensor_value_info(name, kinds[array.dtype.kind], array.shape)
            for name, array in zip(names, arrays, strict=True)
        ],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.DOUBLE, None)],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)])
    (result,) = ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))
    return result


def _numbers(rng: Draw) -> Array:
    return rng.normal(scale=3.0, size=(4, 3))


def _of_numbers(
    reference: Callable[[Array], Any], oracle: Callable[[Array], Any]
) -> Callable[[Draw], Pair]:
    def pair(rng: Draw) -> Pair:
        x = _numbers(rng)
        return reference(x), oracle(x)

    return pair


def _by_onnx(
    reference: Callable[[Array], Any], operator: str, **attributes: Any
) -> Callable[[Draw], Pair]:
    return _of_numbers(reference, lambda x: _onnx(operator, x, **attributes))


def _of_errors(
    reference: Callable[[Array, Array], Any], oracle: Callable[[Array, Array], Any]
) -> Callable[[Draw], Pair]:
    def pair(rng: Draw) -> Pair:
        one, other = rng.normal(size=9), rng.normal(size=9)
        return reference(one, other), oracle(one, other)

    return pair


def _distributions(rng: Draw) -> tuple[Array, Array]:
    return rng.dirichlet(np.ones(4), 5), rng.dirichlet(np.ones(4), 5)


def _cross_entropy(rng: Draw) -> Pair:
    labels, p = rng.integers(4, size=5), rng.dirichlet(np.ones(4), 5)
    expected = sklearn.metrics.log_loss(labels, p, labels=range(4))
    return cross_entropy(np.eye(4)[labels], p, 0.0, mean=True), expected


def _softmax_cross_entropy(rng: Draw) -> Pair:
    x, labels = rng.normal(size=(5, 4)), rng.integers(4, size=5)
    return softmax_cross_entropy(x, labels), _onnx("SoftmaxCrossEntropyLoss", x, labels)


def _binary_cross_entropy(rng: Draw) -> Pair:
    y, p = rng.integers(2, size=7), rng.uniform(0.01, 0.99, 7)
    expected = sklearn.metrics.log_loss(y, p, labels=[0, 1])
    return binary_cross_entropy(y, p, 0.0), expected


def _bce_with_logits(rng: Draw) -> Pair:
    y, x = rng.integers(2, size=7), rng.normal(scale=3.0, size=7)
    logs = y * scipy.special.log_expit(x) + (1 - y) * scipy.special.log_expit(-x)
    return bce_with_logits(y, x), -logs.mean()


def _hinge_loss(rng: Draw) -> Pair:
    y, s = np.append(rng.choice((-1, 1), 7), (-1, 1)), rng.normal(size=9)
    return hinge_loss(y, s), sklearn.metrics.hinge_loss(y, s)


def _kl_divergence(rng: Draw) -> Pair:
    p, q = _distributions(rng)
    return kl_divergence(p, q), scipy.stats.entropy(p, q, axis=1)


def _kl_divergence_normal(rng: Draw) -> Pair:
    (m, n), (s, t) = rng.normal(size=2), rng.uniform(0.5, 2.0, 2)
    p, q, x = (
        scipy.stats.norm(m, s),
        scipy.stats.norm(n, t),
        np.linspace(m - 12 * s, m + 12 * s, 4001),
    )
    integral = scipy.integrate.simpson(p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), x=x)
    return kl_divergence_normal(m, s, n, t), integral


def _info_nce(rng: Draw) -> Pair:
    one, other = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    logits = (1 - scipy.spatial.distance.cdist(one, other, "cosine")) / 0.1
    return info_nce(one, other, 0.1), -np.diag(scipy.special.log_softmax(logits, axis=1)).mean()


def _triplet_loss(rng: Draw) -> Pair:
    a, p, n = (rng.normal(size=(5, 3)) for _ in range(3))
    near, far = (np.diag(scipy.spatial.distance.cdist(a, x, "sqeuclidean")) for x in (p, n))
    return triplet_loss(a, p, n, 1.0), np.maximum(0.0, near - far + 1.0).mean()


def _batchnorm_forward(rng: Draw) -> Pair:
    x = rng.normal(2.0, 3.0, size=(6, 4))
    expected = sklearn.preprocessing.StandardScaler().fit_transform(x)
    return batchnorm_forward(x, np.ones(4), np.zeros(4), 0.0), expected


def _dropout_forward(rng: Draw) -> Pair:
    """Return how many of 20 masks of scipy's are refused: a binomial's own draws never are."""
    holds = DROPOUT_FORWARD.variants[0].holds
    assert holds
    x = np.ones((30, 40))
    masks = [
        scipy.stats.bernoulli.rvs(0.7, size=x.shape, random_state=rng) / 0.7 for _ in range(20)
    ]
    kept = sum(int((mask > 0).sum()) for mask in masks)
    assert scipy.stats.binomtest(kept, 20 * x.size, 0.7).pvalue > 1e-9
    return float(holds({"x": x, "p": 0.3, "train": True}, masks) is not None), 0.0


_SELU = (1.6732632423543772848, 1.0507009873554804934)
_PAIRS: dict[str, Callable[[Draw], Pair]] = {
    "relu": _by_onnx(relu, "Relu"),
    "leaky_relu": _by_onnx(lambda x: leaky_relu(x, 0.25), "LeakyRelu", alpha=0.25),
    "elu": _by_onnx(lambda x: elu(x, 1.5), "Elu", alpha=1.5),
    "selu": _by_onnx(lambda x: selu(x, 1.75, 1.25), "Selu", alpha=1.75, gamma=1.25),
    "sigmoid": _of_numbers(sigmoid, scipy.special.expit),
    "tanh": _of_numbers(tanh, np.tanh),
    "softplus": _by_onnx(softplus, "Softplus"),
    "softsign": _by_onnx(softsign, "Softsign"),
    "gelu": _by_onnx(gelu, "Gelu"),
    "swish": _of_numbers(swish, lambda x: x * scipy.special.expit(x)),
    "swiglu": _of_numbers(
        lambda x: swiglu(np.hstack((x, 2 * x))), lambda x: x * scipy.special.expit(x) * 2 * x
    ),
    "mish": _by_onnx(mish, "Mish"),
    "softmax": _of_numbers(softmax, lambda x: scipy.special.softmax(x, axis=-1)),
    "log_softmax": _of_numbers(log_softmax, lambda x: scipy.special.log_softmax(x, axis=-1)),
    "logsumexp": _of_numbers(
        lambda x: logsumexp(x, -1), lambda x: scipy.special.logsumexp(x, axis=-1)
    ),
    "mse": _of_errors(mse, sklearn.metrics.mean_squared_error),
    "mae": _of_errors(mae, sklearn.metrics.mean_absolute_error),
    "huber_loss": _of_errors(huber_loss, lambda y, p: scipy.special.huber(1.0, y - p).mean()),
    "cross_entropy": _cross_entropy,
    "softmax_cross_entropy": _softmax_cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "bce_with_logits": _bce_with_logits,
    "hinge_loss": _hinge_loss,
    "kl_divergence": _kl_divergence,
    "kl_divergence_normal": _kl_divergence_normal,
    "info_nce": _info_nce,
    "triplet_loss": _triplet_loss,
    "batchnorm_forward": _batchnorm_forward,
    "dropout_forward": _dropout_forward,
}


def differences() -> dict[str, float]:
    """Return for each kernel the largest relative difference to its oracle over twenty seeds."""
    return {name: max(_difference(*pair(np.random.default_rng(seed))) for seed in SEEDS)
            for name, pair in _PAIRS.items()}  # fmt: skip


def _difference(found: Any, expected: Any) -> float:
    one, other = (np.asarray(x, dtype=np.float64) for x in (found, expected))
    assert one.shape == other.shape
    return float(np.abs(one - other).max() / (np.abs(other).max() or 1.0))


# ── all of them ──────────────────────────────────────────────────────────────────────────────────


def modules() -> Iterator[ModuleType]:
    """Yield the test modules that hold kernels to oracles."""
    import importlib.util

    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        if "\nORACLES = {" not in file.read_text(encoding="utf-8"):
            continue
        spec = importlib.util.spec_from_file_location(f"oracles_{file.stem}", file)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module


def table() -> dict[str, tuple[str, float]]:
    """Return each kernel's oracle and the largest relative difference to it, by kernel."""
    found: dict[str, tuple[str, float]] = {}
    for module in modules():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            measured = module.differences()
        assert measured.keys() == module.ORACLES.keys()
        assert not measured.keys() & found.keys()
        found |= {name: (module.ORACLES[name], measured[name]) for name in measured}
    return found


def test_every_kernel_has_an_oracle_and_agrees_with_it() -> None:
    """To 1e-6 at least: those in single precision are no nearer, all others are."""
    found = table()
    assert set(found) == {kernel.name for kernel in CANON}
    assert not {name: far for name, (_, far) in found.items() if not far < 1e-6}
    assert sum(far > 1e-9 for _, far in found.values()) <= 5


@pytest.mark.parametrize("alpha", _SELU)
def test_the_constants_of_selu_are_those_of_onnx(alpha: float) -> None:
    """Which rounds them to single precision."""
    x = np.array([-1.0, 2.0])
    assert np.allclose(selu(x, *_SELU), _onnx("Selu", x), rtol=1e-6)
