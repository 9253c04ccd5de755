"""Normalizations."""

from __future__ import annotations

import numpy as np

from builder.kernels.kernel import (
    Array,
    Bundle,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
)

_UNIT = 2.0**-53


def batchnorm_forward(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    """Return gamma * (x - mean) / sqrt(var + eps) + beta in float64, in training mode.

    x is (N, D) with gamma and beta (D,), or (N, C, H, W) with gamma and beta of (C,); mean and
    the biased variance are taken over everything but D or C. Ioffe,
    Szegedy, Batch Normalization (2015), algorithm 1.
    """
    x, gamma, beta = (np.asarray(a, dtype=np.float64) for a in (x, gamma, beta))
    if x.ndim == 4:
        gamma, beta = (a.reshape(1, -1, 1, 1) for a in (gamma, beta))
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = np.mean(centred**2, axis=axes, keepdims=True)
    return np.asarray(gamma * centred / np.sqrt(variance + eps) + beta)


def _case(x: Array, rng: np.random.Generator, level: Level = Level.CORE, hint: str = "") -> Case:
    features = x.shape[1]
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    gamma: Array = np.asarray(rng.uniform(0.5, 2.0, size=features), dtype)
    gamma[-1] *= -1.0  # a gain may turn the sign
    beta: Array = np.asarray(rng.normal(size=features), dtype)
    return _asked(x, gamma, beta, level, hint)


def _by_hand(x: Array) -> Case:
    """Return a case that a person can redo: gamma counts up from 2, beta down from -1."""
    features = np.arange(x.shape[1], dtype=np.float64)
    return _asked(x, features + 2, -features - 1)


def _asked(x: Array, gamma: Array, beta: Array, level: Level = Level.CORE, hint: str = "") -> Case:
    arguments = {"x": x, "gamma": gamma, "beta": beta}
    return Case(arguments, level, hint, slack=_slack(x) if level is Level.STABILITY else 0.0)


def _slack(x: Array) -> float:
    """Return 16 u kappa: what the rounding of a mean far from zero costs an honest answer."""
    spread = float(np.sqrt(np.var(x, axis=0) + 1e-5).min())
    return 16 * _UNIT * float(np.abs(x).max()) / spread * 2.0


def _unscaled(x: Array, eps: float) -> Array:
    return batchnorm_forward(x, np.ones(x.shape[1]), np.zeros(x.shape[1]), eps)


def _over_features(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    return gamma * _unscaled(x.T, eps).T + beta


def _unbiased(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    variance = np.square(x - x.mean(0)).sum(0) / (len(x) - 1)
    return np.asarray(gamma * (x - x.mean(0)) / np.sqrt(variance + eps) + beta)


def _eps_outside(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    return np.asarray(gamma * (x - x.mean(0)) / (x.std(0) + eps) + beta)


def _by_variance(x: Array, gamma: Array, beta: Array, eps: float) -> Array:
    return np.asarray(gamma * (x - x.mean(0)) / (x.var(0) + eps) + beta)


_MISTAKES = (
    Mistake("take mean and variance over the batch, axis 0, not over the features", _over_features),
    Mistake("take the biased variance: divide by N, not by N - 1", _unbiased),
    Mistake("add eps to the variance, under the root", _eps_outside),
    Mistake("divide by the root of the variance", _by_variance),
    Mistake(
        "gamma scales and beta shifts: the two are swapped",
        lambda x, gamma, beta, eps: batchnorm_forward(x, beta, gamma, eps),
    ),
    Mistake("scale by gamma", lambda x, beta, eps, **_: _unscaled(x, eps) + beta),
    Mistake("shift by beta", lambda x, gamma, eps, **_: gamma * _unscaled(x, eps)),
    Mistake("scale by gamma and shift by beta", lambda x, eps, **_: _unscaled(x, eps)),
)
_OFFSET = "centre x before squaring: E[x²] - E[x]² cancels when the mean is large"


def _features(rng: np.random.Generator) -> list[Case]:
    small: list[Array] = [
        np.array([[0.0], [4.0]]),
        np.array([[1.0, 10.0], [5.0, 30.0]]),
        np.array([[1.0, 2.0, 3.0]]),
        np.array([[4.0, 1.0], [4.0, 2.0], [4.0, 6.0]]),
        np.array([[1, 2], [3, 5], [8, 13]]),
    ]
    plain: list[Array] = [
        *layouts(rng.normal(size=(5, 3))),
        rng.normal(size=(6, 4)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(17, 5)),
    ]
    extreme: list[Array] = [
        rng.normal(scale=1e4, size=(6, 3)),
        1e7 + rng.normal(size=(8, 2)),
    ]
    return [
        *(_by_hand(x) for x in small),
        *(_case(x, rng) for x in plain),
        *(_case(x, rng, Level.STABILITY, _OFFSET) for x in extreme),
    ]


def _own_eps(rng: np.random.Generator) -> list[Case]:
    case = _case(rng.normal(size=(4, 3)), rng)
    return [Case({**case.arguments, "eps": 1e-2}, hint="use the eps that was passed")]


def _images(rng: np.random.Generator) -> list[Case]:
    return [_case(rng.normal(size=shape), rng) for shape in ((2, 2, 2, 3), (3, 2, 4, 1))]


_EPS = (1e-5, 1e-8, 1e-6, 1e-3, 1e-7, 1e-9, 1e-10, 1e-12, 1e-4)

BATCHNORM_FORWARD = Kernel(
    name="batchnorm_forward",
    aliases=("batch_norm", "batchnorm", "batch_normalization", "batch_norm_forward"),
    parameters=(
        Parameter("x", ("inputs", "a", "z", "data")),
        Parameter("gamma", ("scale", "weight", "g")),
        Parameter("beta", ("shift", "bias", "b")),
        Parameter("eps", ("epsilon",), default=None, usual=1e-5, least=1e-12, most=1e-2),
    ),
    variants=tuple(
        Variant("" if eps == _EPS[0] else "eps {eps}", batchnorm_forward, defaults={"eps": eps})
        for eps in _EPS
    ),
    domains=(
        Domain("training mode on (N, D)", _features, alone=True),
        Domain("any eps", _own_eps),
        Domain("NCHW images", _images),
    ),
    formula=r"y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
    source="Ioffe, Szegedy: Batch Normalization (2015), algorithm 1",
    cache=True,
    bundles=(Bundle("bn_param", {"eps": "eps"}, fixed={"mode": "train"}),),
    mistakes=_MISTAKES,
)
