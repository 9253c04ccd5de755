"""Losses."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from math import log

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
)
from builder.kernels.losses.classification import SOFTMAX_CROSS_ENTROPY, chosen


def cross_entropy(
    y_true: Array,
    y_pred: Array,
    eps: float,
    *,
    guard: str = "added",
    mean: bool = False,
) -> float:
    """Return -sum(y_true * log(y_pred)) in float64, for one row or a batch of rows of one shape.

    y_true holds one-hot or soft labels, or the class of each row; y_pred holds probabilities.
    `guard` says how zero is kept from the logarithm with eps: "added" to it, or "clipped" to
    [eps, 1] or, with "clipped on both sides", to [eps, 1 - eps]. With `mean`, the sum is divided
    by the number of rows. Goodfellow, Bengio, Courville, Deep Learning (2016), section 6.2.
    """
    y_pred = np.asarray(y_pred, dtype=np.float64)
    y_true = chosen(y_pred, y_true).astype(np.float64)
    match guard:
        case "added":
            y_pred = y_pred + eps
        case "clipped":
            y_pred = np.maximum(y_pred, eps)
        case _:
            y_pred = np.clip(y_pred, eps, 1 - eps)
    logs = np.log(y_pred, where=y_true != 0, out=np.zeros_like(y_pred))
    total = -float(np.sum(y_true * logs))
    return total / (len(y_true) if mean and y_true.ndim > 1 else 1)


_MACHINE = float(np.finfo(np.float64).eps)
EPS = (1e-9, 1e-15, 1e-12, 1e-10, 1e-8, 1e-7, 1e-16, 1e-14, 1e-13, 1e-11, _MACHINE)
GUARDS = {
    "added": "log(p + {eps})",
    "clipped": "p clipped at {eps}",
    "clipped on both sides": "p clipped at {eps} and 1 - {eps}",
}


def _variants() -> tuple[Variant, ...]:
    """Every usual pair of a reduction and a guard against log(0); the sum stands first."""
    return tuple(
        Variant(
            f"{'mean over rows' if mean else 'sum'}, {words}",
            partial(cross_entropy, guard=guard, mean=mean),
            defaults={"eps": eps},
        )
        for mean, eps, (guard, words) in product((False, True), EPS, GUARDS.items())
    )


def _negative(y_true: Array, y_pred: Array, eps: float) -> float:
    return -cross_entropy(y_true, y_pred, eps)


def _over_all(y_true: Array, y_pred: Array, eps: float) -> float:
    return cross_entropy(y_true, y_pred, eps) / y_true.size


def _swapped(y_true: Array, y_pred: Array, eps: float) -> float:
    return cross_entropy(y_pred, y_true, eps)


def _binary(y_true: Array, y_pred: Array, eps: float) -> float:
    return cross_entropy(y_true, y_pred, eps) + cross_entropy(1 - y_true, 1 - y_pred, eps)


def _bits(y_true: Array, y_pred: Array, eps: float) -> float:
    return cross_entropy(y_true, y_pred, eps) / log(2.0)


def _each_row(y_true: Array, y_pred: Array, eps: float) -> Array:
    return np.asarray(-np.sum(y_true * np.log(y_pred + eps), axis=-1))


_MISTAKES = (
    Mistake("the minus before the sum is missing", _negative),
    Mistake("divide by the number of rows, not of elements", _over_all),
    Mistake("take the logarithm of the prediction, not of the label", _swapped),
    Mistake("this is the binary one: leave out (1 - y) log(1 - p)", _binary),
    Mistake("take the natural logarithm", _bits),
    Mistake("sum over the rows, too, or take their mean", _each_row),
)


_ZERO = "keep log away from 0: add a small eps to the probability, or clip it"


def _one_hot(rng: np.random.Generator, rows: int, classes: int) -> tuple[Array, Array]:
    labels = np.eye(classes)[rng.integers(classes, size=rows)]
    return labels, rng.dirichlet(np.ones(classes), size=rows) * 0.98 + 0.01 / classes


def _rows(rng: np.random.Generator) -> list[Case]:
    y, p = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.25, 0.75], [0.5, 0.5]])
    big_y, big_p = _one_hot(rng, 6, 4)
    plain = [
        (y, p),
        (y[:1], p[:1]),
        (y.astype(int), p),
        (big_y, big_p),
        *zip(layouts(big_y), layouts(big_p), strict=True),
        (y.astype(np.float32), p.astype(np.float32)),
        _one_hot(rng, 17, 9),
    ]
    extreme = [
        (np.eye(2), np.array([[0.0, 1.0], [0.5, 0.5]])),
        (np.eye(2), np.array([[1.0, 0.0], [0.0, 1.0]])),
        (np.eye(3)[:2], np.array([[1e-12, 0.5, 0.5 - 1e-12], [0.2, 1e-4, 0.7999]])),
    ]
    return [
        *(Case({"y_true": a, "y_pred": b}) for a, b in plain),
        *(Case({"y_true": a, "y_pred": b}, Level.STABILITY, _ZERO) for a, b in extreme),
    ]


def _vectors(rng: np.random.Generator) -> list[Case]:
    y, p = _one_hot(rng, 1, 5)
    return [
        Case({"y_true": np.array([0.0, 1.0]), "y_pred": np.array([0.25, 0.75])}),
        Case({"y_true": np.array([1.0]), "y_pred": np.array([0.5])}),
        Case({"y_true": y[0], "y_pred": p[0]}),
        Case(
            {"y_true": np.array([1.0, 0.0]), "y_pred": np.array([0.0, 1.0])}, Level.STABILITY, _ZERO
        ),
    ]


def _soft(rng: np.random.Generator) -> list[Case]:
    y, p = np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([[0.25, 0.75], [0.6, 0.4]])
    return [
        Case({"y_true": y, "y_pred": p}),
        Case({"y_true": rng.dirichlet(np.ones(4), 5), "y_pred": _one_hot(rng, 5, 4)[1]}),
    ]


def _own_eps(rng: np.random.Generator) -> list[Case]:
    y, p = np.eye(2), np.array([[0.0, 1.0], [0.5, 0.5]])
    return [Case({"y_true": y, "y_pred": p, "eps": 1e-3}, hint="use the eps that was passed")]


def _indices(rng: np.random.Generator) -> list[Case]:
    return [
        Case(
            {
                "y_true": np.argmax(case.arguments["y_true"], axis=1),
                "y_pred": case.arguments["y_pred"],
            },
            case.level,
            case.hint,
        )
        for case in _rows(rng)
    ]


_PROBABILITIES = Kernel(
    name="cross_entropy",
    aliases=(
        "cross_entropy_loss",
        "categorical_cross_entropy",
        "crossentropy",
        "compute_cross_entropy_loss",
    ),
    parameters=(
        Parameter("y_true", ("y", "true_labels", "labels", "targets", "target", "t", "one_hot")),
        Parameter(
            "y_pred",
            ("p", "predicted_probs", "probs", "y_hat", "predictions", "preds", "pred", "q"),
        ),
        Parameter("eps", ("epsilon",), default=None, usual=1e-9, least=1e-16, most=1e-5),
    ),
    variants=_variants(),
    domains=(
        Domain("one-hot rows", _rows, alone=True),
        Domain("one vector", _vectors, alone=True),
        Domain("class indices", _indices, alone=True),
        Domain("soft labels", _soft),
        Domain("any eps", _own_eps),
    ),
    formula=r"H(y, p) = -\sum_i y_i \log p_i",
    mistakes=_MISTAKES,
    source="Goodfellow, Bengio, Courville: Deep Learning (2016), section 6.2",
)

CROSS_ENTROPY = replace(
    _PROBABILITIES,
    forms=(
        replace(
            SOFTMAX_CROSS_ENTROPY,
            name="cross_entropy",
            parameters=(
                Parameter("logits", ("x", "scores", "z", "outputs")),  # what is no probability
                *SOFTMAX_CROSS_ENTROPY.parameters[1:],
            ),
        ),
        replace(  # the cross-entropy of two distributions
            _PROBABILITIES,
            parameters=(
                Parameter("y_true", ("p",)),
                Parameter("y_pred", ("q",)),
                *_PROBABILITIES.parameters[2:],
            ),
        ),
    ),
)
