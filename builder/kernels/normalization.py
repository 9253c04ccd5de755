"""Normalizations."""

from __future__ import annotations

from functools import partial

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Parameter,
    Variant,
    layouts,
    short,
)

_UNIT = 2.0**-53


def batchnorm_forward(
    x: Array, gamma: Array, beta: Array, eps: float | None = None, *, built_in: float = 1e-5
) -> Array:
    """Return gamma * (x - mean) / sqrt(var + eps) + beta in float64, in training mode.

    x is (N, D) with gamma and beta (D,), or (N, C, H, W) with gamma and beta of (C,); mean and
    the biased variance are taken over everything but D or C. Without `eps` it is `built_in`.
    Ioffe, Szegedy, Batch Normalization (2015), algorithm 1.
    """
    x, gamma, beta = (np.asarray(a, dtype=np.float64) for a in (x, gamma, beta))
    if x.ndim == 4:
        gamma, beta = (a.reshape(1, -1, 1, 1) for a in (gamma, beta))
    axes = (0,) if x.ndim == 2 else (0, 2, 3)
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = np.mean(centred**2, axis=axes, keepdims=True)
    scale = np.sqrt(variance + (built_in if eps is None else eps))
    return np.asarray(gamma * centred / scale + beta)


def _case(x: Array, rng: np.random.Generator, level: Level = Level.CORE, hint: str = "") -> Case:
    features = x.shape[1]
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    gamma: Array = np.asarray(rng.uniform(0.5, 2.0, size=features), dtype)
    beta: Array = np.asarray(rng.normal(size=features), dtype)
    arguments = {"x": x, "gamma": gamma, "beta": beta}
    return Case(arguments, level, hint, slack=_slack(x) if level is Level.STABILITY else 0.0)


def _slack(x: Array) -> float:
    """Return 16 u kappa: what the rounding of a mean far from zero costs an honest answer."""
    spread = float(np.sqrt(np.var(x, axis=0) + 1e-5).min())
    return 16 * _UNIT * float(np.abs(x).max()) / spread * 2.0


_AXIS = "take mean and variance over the batch, axis 0"
_OFFSET = "centre x before squaring: E[x²] - E[x]² cancels when the mean is large"


def _features(rng: np.random.Generator) -> list[Case]:
    plain: list[Array] = [
        np.array([[0.0], [2.0]]),
        np.array([[1.0, 10.0], [3.0, 30.0]]),
        np.array([[1.0, 2.0, 3.0]]),
        np.array([[4.0, 1.0], [4.0, 2.0], [4.0, 6.0]]),
        np.array([[1, 2], [3, 5], [8, 13]]),
        *layouts(rng.normal(size=(5, 3))),
        rng.normal(size=(6, 4)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(17, 5)),
    ]
    extreme: list[Array] = [
        rng.normal(scale=1e4, size=(6, 3)),
        1e7 + rng.normal(size=(8, 2)),
    ]
    return [
        *(_case(x, rng, hint=_AXIS) for x in plain),
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
        Parameter("eps", ("epsilon",), default=None),
    ),
    variants=tuple(
        Variant(
            "" if eps == _EPS[0] else f"eps {short(eps)}", partial(batchnorm_forward, built_in=eps)
        )
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
)
