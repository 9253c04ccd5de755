"""The focal loss, of probabilities and of logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.activations.sigmoid import sigmoid
from builder.kernels.kernel import Array, Kernel, Mistake, Parameter, Variant
from builder.kernels.losses.pair import TRUE, Pair, domains, reduced


def focal_loss(  # noqa: PLR0913
    y_true: Array,
    y_pred: Array,
    alpha: float | None,
    gamma: float,
    eps: float,
    *,
    guard: str = "p clipped",
    balance: bool = True,
    reduction: str = "mean",
) -> Array | float:
    """Return -alpha_t (1 - p_t)^gamma log(p_t), reduced, in float64; p_t is that of the label.

    y_true is 0 or 1, y_pred the probability of 1. alpha_t is alpha for label 1 and 1 - alpha for
    label 0; without `balance` it is alpha for both, and None leaves it out. `guard` says how p_t
    is kept from 0: "p clipped" or "p_t clipped" to [eps, 1 - eps], or eps "added" within the
    logarithm. Lin et al., Focal Loss for Dense Object Detection (2017).
    """
    y, p = (np.asarray(a, dtype=np.float64) for a in (y_true, y_pred))
    if guard == "p clipped":
        p = np.clip(p, eps, 1 - eps)
    right = np.where(y == 1, p, 1 - p)
    if guard == "p_t clipped":
        right = np.clip(right, eps, 1 - eps)
    losses = -((1 - right) ** gamma) * np.log(right + eps if guard == "added" else right)
    return reduced(_weights(y, alpha, balance=balance) * losses, reduction)


def focal_loss_of_logits(
    y_true: Array,
    logits: Array,
    alpha: float | None,
    gamma: float,
    *,
    balance: bool = True,
    reduction: str = "mean",
) -> Array | float:
    """Return the focal loss of sigmoid(logits), reduced, in float64, without overflow.

    With z the logit towards the label, log(p_t) = -log(1 + exp(-z)), and of 1 - p_t with z for -z.
    """
    y, x = (np.asarray(a, dtype=np.float64) for a in (y_true, logits))
    z = np.where(y == 1, x, -x)
    losses = np.exp(-gamma * np.logaddexp(0.0, z)) * np.logaddexp(0.0, -z)
    return reduced(_weights(y, alpha, balance=balance) * losses, reduction)


def _weights(y: Array, alpha: float | None, *, balance: bool) -> Array | float:
    if alpha is None:
        return 1.0
    return np.where(y == 1, alpha, 1 - alpha) if balance else alpha


_BALANCES: tuple[tuple[bool, float | None, str], ...] = (
    (True, 0.25, "alpha {alpha} for 1"),
    (False, 0.25, "alpha {alpha} for both classes"),
    (True, None, "no alpha"),
)
_REDUCTIONS = {"mean": "mean", "sum": "sum", "each": "one loss an element"}
_GUARDS = (
    *(("p clipped", eps, "p clipped at {eps}") for eps in (1e-7, 1e-8, 1e-12, 1e-15)),
    *(("p_t clipped", eps, "p_t clipped at {eps}") for eps in (1e-8, 1e-12, 1e-15)),
    *(("added", eps, "log(p_t + {eps})") for eps in (1e-8, 1e-9, 1e-12)),
)


def _told(reduction: str, words: str) -> str:
    return f"{_REDUCTIONS[reduction]}, {words}, gamma {{gamma}}"


def _variants() -> tuple[Variant, ...]:
    """Every usual reduction, weight of the classes and guard against log(0)."""
    return tuple(
        Variant(
            f"{_told(reduction, words)}, {guarded}",
            partial(focal_loss, guard=guard, balance=balance, reduction=reduction),
            defaults={"gamma": 2.0, "eps": eps} | ({"alpha": alpha} if alpha else {}),
        )
        for (balance, alpha, words), reduction, (guard, eps, guarded) in product(
            _BALANCES, _REDUCTIONS, _GUARDS
        )
    )


def _variants_of_logits() -> tuple[Variant, ...]:
    return tuple(
        Variant(
            _told(reduction, words),
            partial(focal_loss_of_logits, balance=balance, reduction=reduction),
            defaults={"gamma": 2.0} | ({"alpha": alpha} if alpha else {}),
        )
        for (balance, alpha, words), reduction in product(_BALANCES, _REDUCTIONS)
    )


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Pair:
    return rng.integers(2, size=shape).astype(float), rng.uniform(0.05, 0.95, size=shape)


def _logits(rng: np.random.Generator, shape: tuple[int, ...]) -> Pair:
    return rng.integers(2, size=shape).astype(float), rng.normal(scale=3.0, size=shape)


Wrong = Callable[[Array, Array, Array | float, float], Array]


def _log(y: Array, p: Array) -> Array:
    return np.asarray(np.log(np.where(y == 1, p, 1 - p)))


_WRONG: tuple[tuple[str, Wrong], ...] = (
    ("the minus is missing", lambda y, p, w, gamma: w * abs(y - p) ** gamma * _log(y, p)),
    ("multiply by (1 - p_t)^gamma", lambda y, p, w, _: -w * _log(y, p)),
    (
        "raise 1 - p_t to gamma, not p_t: sure answers cost least",
        lambda y, p, w, gamma: -w * (1 - abs(y - p)) ** gamma * _log(y, p),
    ),
    (
        "raise 1 - p_t to gamma, don't multiply by it",
        lambda y, p, w, gamma: -w * gamma * abs(y - p) * _log(y, p),
    ),
    (
        "alpha belongs to label 1, 1 - alpha to label 0",
        lambda y, p, w, gamma: -(1 - w) * abs(y - p) ** gamma * _log(y, p),
    ),
    (
        "p belongs to label 1, 1 - p to label 0",
        lambda y, p, w, gamma: -w * (1 - abs(y - p)) ** gamma * _log(1 - y, p),
    ),
    (
        "add the loss of the labels that are 0",
        lambda y, p, w, gamma: -w * y * abs(y - p) ** gamma * _log(y, p),
    ),
    (
        "take 1 - p_t: for label 0 that is p",
        lambda y, p, w, gamma: -w * (1 - p) ** gamma * _log(y, p),
    ),
    ("multiply by alpha", lambda y, p, _, gamma: -(abs(y - p) ** gamma) * _log(y, p)),
)


def _mean(
    wrong: Wrong, y_true: Array, y_pred: Array, alpha: float | None, gamma: float, **_: float
) -> float:
    y, p = (np.asarray(a, dtype=np.float64) for a in (y_true, y_pred))
    return float(np.mean(wrong(y, p, _weights(y, alpha, balance=True), gamma)))


def _mean_of_logits(wrong: Wrong, logits: Array, **given: Any) -> float:
    return _mean(wrong, y_pred=sigmoid(logits), **given)


_ALPHA = Parameter("alpha", ("a", "alpha_t", "balance"), None, usual=0.25, least=0.01, most=1.0)
_GAMMA = Parameter("gamma", ("g", "focusing", "focus"), None, usual=2.0, least=0.1, most=10.0)
_OPTIONS = ({"alpha": 0.75}, {"gamma": 1.0}, {"alpha": 0.4, "gamma": 0.5}, {"gamma": 0.0})
_SMALL = (
    (np.array([1.0, 0.0]), np.array([0.75, 0.125])),
    (np.array([1.0]), np.array([0.25])),
    (np.array([0.0]), np.array([0.125])),
    (np.array([1, 0, 0]), np.array([0.5, 0.125, 0.75])),
)
_ANSWERS = ("predictions", "prediction", "preds", "pred", "outputs", "output", "inputs", "y_hat")

_FOCAL = Kernel(
    name="focal_loss",
    aliases=(
        "binary_focal_loss",
        "sigmoid_focal_loss",
        "focal_loss_binary",
        "focal_loss_with_logits",
        "compute_focal_loss",
    ),
    parameters=(
        replace(TRUE, aliases=(*TRUE.aliases, "labels_true", "true_labels")),
        Parameter(
            "y_pred",
            (*_ANSWERS, "p", "probs", "probabilities", "prob", "y_prob", "predicted_probs"),
        ),
        _ALPHA,
        _GAMMA,
        Parameter("eps", ("epsilon",), default=None, usual=1e-8, least=1e-16, most=1e-5),
    ),
    variants=_variants(),
    domains=domains(
        _probabilities,
        _SMALL,
        (
            (np.array([1.0, 0.0]), np.array([1.0, 0.0])),
            (np.array([1.0, 0.0]), np.array([0.0, 0.5])),
            (np.array([0.0, 1.0]), np.array([1.0, 0.5])),
            (np.array([1.0, 0.0]), np.array([1e-4, 0.9999])),
        ),
        "keep log away from 0 on both sides: clip p to [eps, 1 - eps], or add a small eps",
        options=(*_OPTIONS, {"eps": 1e-3}),
    ),
    formula=r"-\frac{1}{n} \sum_i \alpha_t (1 - p_t)^\gamma \log p_t",
    source="Lin et al.: Focal Loss for Dense Object Detection (2017)",
    mistakes=tuple(Mistake(hint, partial(_mean, wrong)) for hint, wrong in _WRONG),
)

_OF_LOGITS = replace(
    _FOCAL,
    parameters=(
        _FOCAL.parameters[0],
        Parameter("logits", (*_ANSWERS, "y_pred", "x", "z", "scores", "logit")),
        _ALPHA,
        _GAMMA,
    ),
    variants=_variants_of_logits(),
    domains=domains(
        _logits,
        tuple((y, np.round(8 * p) - 4) for y, p in _SMALL),
        (
            (np.array([0.0, 1.0]), np.array([1e3, 1e3])),
            (np.array([1.0, 0.0]), np.array([-1e3, -1e3])),
            (np.array([1.0, 0.0]), np.array([-50.0, 50.0])),
            (np.array([1.0, 0.0]), np.array([-1e4, 1e4])),
        ),
        "sigmoid reaches 0 or 1 before its logarithm: log p_t is -log(1 + exp(-z)), as logaddexp",
        names=("y_true", "logits"),
        options=_OPTIONS,
    ),
    formula=r"-\frac{1}{n} \sum_i \alpha_t (1 - p_t)^\gamma \log p_t, "
    r"\quad p = \frac{1}{1 + e^{-x}}",
    mistakes=tuple(Mistake(hint, partial(_mean_of_logits, wrong)) for hint, wrong in _WRONG),
)

FOCAL_LOSS = replace(_FOCAL, forms=(_OF_LOGITS,))
