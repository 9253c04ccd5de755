"""Losses of binary classification, from probabilities and from logits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from math import log
from typing import Any

import numpy as np

from builder.kernels.activations.sigmoid import sigmoid
from builder.kernels.kernel import Array, Kernel, Mistake, Parameter, Variant
from builder.kernels.losses.loss import EPS, GUARDS
from builder.kernels.losses.pair import PREDICTED, TRUE, Pair, domains, reduced, reductions


def binary_cross_entropy(
    y_true: Array, y_pred: Array, eps: float, *, guard: str = "added", reduction: str = "mean"
) -> Array | float:
    """Return -(y log p + (1 - y) log(1 - p)), reduced over all elements, in float64.

    `guard` keeps zero from both logarithms: eps is "added" to p and to 1 - p, or each of them is
    "clipped" to at least eps, or p is "clipped on both sides" to [eps, 1 - eps]. Bishop, Pattern
    Recognition and Machine Learning (2006).
    """
    y, p = (np.asarray(a, dtype=np.float64) for a in (y_true, y_pred))
    match guard:
        case "added":
            one, zero = p + eps, 1 - p + eps
        case "clipped":
            one, zero = np.maximum(p, eps), np.maximum(1 - p, eps)
        case _:
            one = np.clip(p, eps, 1 - eps)
            zero = 1 - one
    return reduced(-(y * np.log(one) + (1 - y) * np.log(zero)), reduction)


def _probabilities(rng: np.random.Generator, shape: tuple[int, ...]) -> Pair:
    return rng.integers(2, size=shape).astype(float), rng.uniform(0.05, 0.95, size=shape)


def _first_half(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    ones = binary_cross_entropy(y_true, y_pred, eps, guard=guard, reduction="each")
    return float(np.mean(y_true * ones))


def _second_half(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    return _first_half(1 - y_true, 1 - y_pred, eps, guard)


def _subtracted(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    halves = _first_half, _second_half
    one, zero = (half(y_true, y_pred, eps, guard) for half in halves)
    return one - zero


def _negative(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    return -float(np.mean(binary_cross_entropy(y_true, y_pred, eps, guard=guard)))


def _opposite(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    return -_negative(1 - y_true, y_pred, eps, guard)


def _exchanged(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    return -_negative(y_pred, y_true, eps, guard)


def _bits(y_true: Array, y_pred: Array, eps: float, guard: str) -> float:
    return -_negative(y_true, y_pred, eps, guard) / log(2.0)


_BINARY_MISTAKES: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("the minus is missing", _negative),
    ("add (1 - y) log(1 - p) for the labels that are 0", _first_half),
    ("add y log(p) for the labels that are 1", _second_half),
    ("add the two halves, don't subtract them", _subtracted),
    ("label and prediction are swapped", _exchanged),
    ("p belongs to label 1, 1 - p to label 0", _opposite),
    ("take the natural logarithm", _bits),
    ("take the mean over the elements", partial(binary_cross_entropy, reduction="each")),
)

BINARY_CROSS_ENTROPY = Kernel(
    name="binary_cross_entropy",
    aliases=(
        "bce",
        "bce_loss",
        "log_loss",
        "binary_crossentropy",
        "binary_cross_entropy_loss",
        "logloss",
    ),
    parameters=(
        TRUE,
        Parameter(
            "y_pred",
            (*PREDICTED.aliases, "p", "probs", "probabilities", "y_prob", "predicted_probs"),
        ),
        Parameter("eps", ("epsilon",), default=None, usual=1e-9, least=1e-16, most=1e-5),
    ),
    variants=tuple(
        Variant(
            f"{reduction}, {words}",
            partial(binary_cross_entropy, guard=guard, reduction=reduction),
            defaults={"eps": eps},
        )
        for reduction, eps, (guard, words) in product(("mean", "sum"), EPS, GUARDS.items())
    ),
    domains=domains(
        _probabilities,
        (
            (np.array([1.0, 0.0]), np.array([0.75, 0.5])),
            (np.array([1.0]), np.array([0.25])),
            (np.array([1, 0, 0]), np.array([0.5, 0.125, 0.75])),
            (np.array([0.0]), np.array([0.125])),
        ),
        (
            (np.array([1.0, 0.0]), np.array([1.0, 0.0])),
            (np.array([1.0, 0.0]), np.array([0.0, 0.5])),
            (np.array([0.0, 1.0]), np.array([1.0, 0.5])),
            (np.array([1.0, 0.0]), np.array([1e-4, 0.9999])),
        ),
        "keep log away from 0 on both sides: add a small eps, or clip p to [eps, 1 - eps]",
        options=({"eps": 1e-3},),
    ),
    formula=r"-\frac{1}{n} \sum_i y_i \log p_i + (1 - y_i) \log(1 - p_i)",
    source="Bishop: Pattern Recognition and Machine Learning (2006)",
    mistakes=tuple(
        Mistake(hint, partial(wrong, guard=guard))
        for hint, wrong in _BINARY_MISTAKES
        for guard in ("clipped", "added")
    ),
)


def bce_with_logits(y_true: Array, logits: Array, *, reduction: str = "mean") -> Array | float:
    """Return the binary cross-entropy of sigmoid(logits), reduced, in float64.

    max(x, 0) - x y + log(1 + exp(-|x|)) for logits x and labels y, which never overflows.
    """
    y, x = (np.asarray(a, dtype=np.float64) for a in (y_true, logits))
    return reduced(np.maximum(x, 0.0) - x * y + np.log1p(np.exp(-np.abs(x))), reduction)


def _draw_logits(rng: np.random.Generator, shape: tuple[int, ...]) -> Pair:
    return rng.integers(2, size=shape).astype(float), rng.normal(scale=3.0, size=shape)


BCE_WITH_LOGITS = Kernel(
    name="bce_with_logits",
    aliases=(
        "bce_with_logits_loss",
        "binary_cross_entropy_with_logits",
        "sigmoid_cross_entropy",
        "sigmoid_cross_entropy_with_logits",
        "bce_logits",
    ),
    parameters=(
        TRUE,
        Parameter("logits", ("x", "z", "scores", "logit", *PREDICTED.aliases, "y_pred")),
    ),
    variants=tuple(reductions(bce_with_logits)),
    domains=domains(
        _draw_logits,
        (
            (np.array([1.0, 0.0]), np.array([2.0, 1.0])),
            (np.array([1.0]), np.array([-1.0])),
            (np.array([0.0]), np.array([0.0])),
            (np.array([1, 0, 1]), np.array([0, -3, 2])),
            (np.array([0.25, 0.75]), np.array([0.5, -2.0])),
        ),
        (
            (np.array([0.0, 1.0]), np.array([1e3, 1e3])),
            (np.array([1.0, 0.0]), np.array([-1e3, -1e3])),
            (np.array([1.0, 0.0]), np.array([-1e4, 1e4])),
            (np.array([1.0]), np.array([-50.0])),
            (np.array([0.0]), np.array([50.0])),
        ),
        "sigmoid reaches 0 or 1 before its logarithm: max(x, 0) - x y + log1p(exp(-|x|))",
        names=("y_true", "logits"),
    ),
    formula=r"\max(x, 0) - x y + \log(1 + e^{-|x|})",
    source="Bishop: Pattern Recognition and Machine Learning (2006)",
    mistakes=(
        Mistake(
            "add the logarithm of 1 + exp(-|x|)",
            lambda y_true, logits: np.mean(np.maximum(logits, 0) - logits * y_true),
        ),
        Mistake(
            "subtract the logit times the label",
            lambda logits, **_: np.mean(np.logaddexp(0, logits)),
        ),
        Mistake(
            "this is the loss of the opposite label",
            lambda y_true, logits: bce_with_logits(1 - y_true, logits),
        ),
        Mistake(
            "the minus is missing",
            lambda y_true, logits: -np.asarray(bce_with_logits(y_true, logits)),
        ),
        Mistake(
            "take sigmoid once: these are logits already",
            lambda y_true, logits: bce_with_logits(y_true, sigmoid(logits)),
        ),
        Mistake(
            "take the natural logarithm",
            lambda y_true, logits: np.asarray(bce_with_logits(y_true, logits)) / np.log(2.0),
        ),
    ),
)
