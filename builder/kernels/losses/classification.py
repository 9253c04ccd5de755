"""Losses of classification, beside the cross-entropy of probabilities."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from builder.kernels.activations.activation import log_softmax, softmax
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
from builder.kernels.losses.pair import PREDICTED, TRUE, Pair, domains, reduced, reductions

# ── softmax cross-entropy ────────────────────────────────────────────────────────────────────────


def softmax_cross_entropy(
    logits: Array, labels: Array, *, reduction: str = "mean"
) -> Array | float:
    """Return -log softmax(logits) at the labels, reduced over rows, in float64.

    logits are (N, C), labels the classes (N,) or one-hot or soft rows (N, C); or one row of
    logits with its class or its one-hot vector. Goodfellow, Bengio, Courville, Deep Learning
    (2016).
    """
    logs = log_softmax(logits)
    return reduced(-np.sum(chosen(logs, labels) * logs, axis=-1), reduction)


def softmax_cross_entropy_gradient(
    logits: Array, labels: Array, *, reduction: str = "mean"
) -> Array:
    """Return the gradient of `softmax_cross_entropy` in the logits: softmax minus the labels."""
    gradient = softmax(logits) - chosen(np.asarray(logits), labels)
    rows = len(logits) if np.ndim(logits) > 1 and reduction == "mean" else 1
    return np.asarray(gradient / rows)


def _with_gradient(logits: Array, labels: Array, reduction: str) -> tuple[Any, Array]:
    return (
        softmax_cross_entropy(logits, labels, reduction=reduction),
        softmax_cross_entropy_gradient(logits, labels, reduction=reduction),
    )


def _with_probabilities(logits: Array, labels: Array, reduction: str) -> tuple[Any, Array]:
    return softmax_cross_entropy(logits, labels, reduction=reduction), softmax(logits)


def chosen(logits: Array, labels: Array) -> Array:
    """Return the labels as rows of weights: one-hot rows where they are classes."""
    labels = np.asarray(labels)
    return labels if labels.shape == logits.shape else np.asarray(np.eye(logits.shape[-1])[labels])


def _without_softmax(logits: Array, labels: Array) -> float:
    return float(np.mean(-np.sum(chosen(logits, labels) * np.log(logits), axis=-1)))


def _raw(logits: Array, labels: Array) -> float:
    return float(np.mean(-np.sum(chosen(logits, labels) * logits, axis=-1)))


def _probability(logits: Array, labels: Array) -> float:
    return float(np.mean(np.sum(chosen(logits, labels) * softmax(logits), axis=-1)))


def _logits(rng: np.random.Generator, n: int, classes: int) -> Pair:
    return rng.normal(scale=2.0, size=(n, classes)), rng.integers(classes, size=n)


def _indices(rng: np.random.Generator) -> list[Case]:
    logits, labels = _logits(rng, 5, 3)
    plain = [
        (np.array([[0.0, 1.0], [2.0, 0.0]]), np.array([1, 1])),
        (np.array([[1.0, 2.0, 3.0]]), np.array([0])),
        (np.array([[1, 0], [3, 4]]), np.array([0, 1])),
        (np.array([[2.0], [-1.0]]), np.array([0, 0])),
        *((view, labels) for view in layouts(logits)),
        (logits.astype(np.float32), labels),
        _logits(rng, 17, 9),
    ]
    extreme = [
        (np.array([[0.0, 1000.0], [0.0, 1.0]]), np.array([0, 1])),
        (np.array([[-1000.0, -1001.0]]), np.array([1])),
        (np.array([[1e4, 0.0, -1e4]]), np.array([0])),
    ]
    return [
        *(Case({"logits": x, "labels": y}) for x, y in plain),
        *(Case({"logits": x, "labels": y}, Level.STABILITY, _LOGITS) for x, y in extreme),
    ]


def _one_hot(rng: np.random.Generator) -> list[Case]:
    return [_with_one_hot(case) for case in _indices(rng)]


def _with_one_hot(case: Case) -> Case:
    logits, labels = case.arguments["logits"], case.arguments["labels"]
    rows = np.eye(logits.shape[1], dtype=logits.dtype)[labels]
    return Case({"logits": logits, "labels": rows}, case.level, case.hint)


def _one_row(rng: np.random.Generator) -> list[Case]:
    cases = [
        Case({"logits": np.array(logits), "labels": label})
        for logits, label in (([0.0, 1.0], 0), ([1.0, 2.0, 3.0], 2), ([2, 0, -1], 1), ([4.0], 0))
    ]
    cases += [
        Case({"logits": rng.normal(size=n), "labels": int(rng.integers(n))}) for n in (3, 5, 9)
    ]
    extreme = Case({"logits": np.array([0.0, 1000.0]), "labels": 0}, Level.STABILITY, _LOGITS)
    return [*cases, extreme]


def _soft(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"logits": np.array([[0.0, 1.0]]), "labels": np.array([[0.25, 0.75]])}),
        Case({"logits": rng.normal(size=(4, 3)), "labels": rng.dirichlet(np.ones(3), 4)}),
    ]


_LOGITS = "take the logits minus their log-sum-exp, not the logarithm of softmax"

SOFTMAX_CROSS_ENTROPY = Kernel(
    name="softmax_cross_entropy",
    aliases=(
        "softmax_loss",
        "softmax_cross_entropy_loss",
        "softmax_cross_entropy_with_logits",
        "cross_entropy_with_logits",
        "cross_entropy_from_logits",
        "sparse_softmax_cross_entropy",
    ),
    parameters=(
        Parameter("logits", ("x", "scores", "z", "y_pred", "outputs", "predictions")),
        Parameter("labels", ("y", "y_true", "targets", "target", "t", "label")),
    ),
    variants=(
        Variant("mean over rows", softmax_cross_entropy),
        Variant("sum over rows", partial(softmax_cross_entropy, reduction="sum")),
        Variant("one loss a row", partial(softmax_cross_entropy, reduction="each")),
        Variant("mean over rows, with its gradient", partial(_with_gradient, reduction="mean")),
        Variant("sum over rows, with its gradient", partial(_with_gradient, reduction="sum")),
        Variant(
            "mean over rows, and the probabilities", partial(_with_probabilities, reduction="mean")
        ),
        Variant(
            "sum over rows, and the probabilities", partial(_with_probabilities, reduction="sum")
        ),
    ),
    domains=(
        Domain("class indices", _indices, alone=True),
        Domain("one-hot rows", _one_hot, alone=True),
        Domain("one row and its class", _one_row, alone=True),
        Domain("soft labels", _soft),
    ),
    formula=r"-\log \frac{e^{z_y}}{\sum_j e^{z_j}} = \log \sum_j e^{z_j} - z_y",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016)",
    mistakes=(
        Mistake("take softmax of the logits first", _without_softmax),
        Mistake("add the logarithm of the sum of exponentials", _raw),
        Mistake("take the negative logarithm of the probability", _probability),
        Mistake(
            "the sign is wrong",
            lambda logits, labels: -np.asarray(softmax_cross_entropy(logits, labels)),
        ),
        Mistake(
            "take softmax once: these are logits already",
            lambda logits, labels: softmax_cross_entropy(softmax(logits), labels),
        ),
        Mistake(
            "divide by the number of rows, not of elements",
            lambda logits, labels: (
                softmax_cross_entropy(logits, labels, reduction="sum") / logits.size
            ),
        ),
        Mistake(
            "take the natural logarithm",
            lambda logits, labels: softmax_cross_entropy(logits, labels) / np.log(2.0),
        ),
    ),
)

# ── hinge loss ───────────────────────────────────────────────────────────────────────────────────


def hinge_loss(
    y_true: Array, scores: Array, margin: float = 1.0, *, reduction: str = "mean"
) -> Array | float:
    """Return max(0, margin - y s) for labels y of -1 and 1, reduced over all, in float64.

    With scores (N, C) and classes (N,), each row's loss is the sum of max(0, margin + s_j - s_y)
    over the other classes j: the SVM's by Weston and Watkins. Hastie, Tibshirani, Friedman, The
    Elements of Statistical Learning (2009).
    """
    y, s = np.asarray(y_true), np.asarray(scores, dtype=np.float64)
    if y.shape == s.shape:
        return reduced(np.maximum(0.0, margin - y * s), reduction)
    rows = np.arange(len(s))
    losses = np.maximum(0.0, margin + s - s[rows, y][:, None])
    losses[rows, y] = 0.0
    return reduced(losses.sum(axis=1), reduction)


def hinge_loss_gradient(
    y_true: Array, scores: Array, margin: float = 1.0, *, reduction: str = "mean"
) -> Array:
    """Return the gradient of `hinge_loss` in the scores; 0 where the margin is just kept."""
    y, s = np.asarray(y_true), np.asarray(scores, dtype=np.float64)
    if y.shape == s.shape:
        gradient = np.where(margin - y * s > 0, -y, 0.0)
        return np.asarray(gradient / (s.size if reduction == "mean" else 1))
    rows = np.arange(len(s))
    gradient = np.where(margin + s - s[rows, y][:, None] > 0, 1.0, 0.0)
    gradient[rows, y] = 0.0
    gradient[rows, y] = -gradient.sum(axis=1)
    return np.asarray(gradient / (len(s) if reduction == "mean" else 1))


def _hinge_with_gradient(
    y_true: Array, scores: Array, margin: float, reduction: str
) -> tuple[Any, Array]:
    return (
        hinge_loss(y_true, scores, margin, reduction=reduction),
        hinge_loss_gradient(y_true, scores, margin, reduction=reduction),
    )


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Pair:
    return rng.choice((-1.0, 1.0), size=shape), rng.normal(scale=1.5, size=shape)


def _classes(rng: np.random.Generator) -> list[Case]:
    s, y = _logits(rng, 5, 4)
    plain = [
        (np.array([[1.0, 2.0, 0.5]]), np.array([0])),
        (np.array([[3.0, 2.5], [0.0, 4.0]]), np.array([0, 1])),
        (np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), np.array([2, 2])),
        *((view, y) for view in layouts(s)),
        (s.astype(np.float32), y),
        _logits(rng, 12, 3),
    ]
    return [
        *(Case({"y_true": y, "scores": s}) for s, y in plain),
        *(Case({"y_true": y, "scores": s, "margin": m}) for m in (0.5, 2.0)),
        Case({"y_true": y, "scores": 1e4 * s}, Level.STABILITY),
    ]


def _ungated(y_true: Array, scores: Array, margin: float) -> float:
    losses = margin - np.asarray(y_true) * scores if y_true.shape == scores.shape else scores
    return float(np.mean(losses))


HINGE_LOSS = Kernel(
    name="hinge_loss",
    aliases=("hinge", "svm_loss", "multiclass_hinge_loss", "multiclass_svm_loss"),
    parameters=(
        TRUE,
        Parameter(
            "scores", ("s", "x", "f", "decision", "decision_function", "y_pred", *PREDICTED.aliases)
        ),
        Parameter("margin", ("delta",), 1.0, least=0.1, most=10.0),
    ),
    variants=(
        *reductions(hinge_loss),
        Variant("mean, with its gradient", partial(_hinge_with_gradient, reduction="mean")),
        Variant("sum, with its gradient", partial(_hinge_with_gradient, reduction="sum")),
    ),
    domains=(
        *domains(
            _signs,
            (
                (np.array([1.0, -1.0]), np.array([-0.5, -3.0])),
                (np.array([1.0]), np.array([-1.0])),
                (np.array([-1, 1, 1]), np.array([0, 1, 3])),
                (np.array([-1.0, 1.0, 1.0]), np.array([0.25, 1.0, 0.0])),
            ),
            ((np.array([1.0, -1.0]), np.array([-1e4, -1e4])),),
            names=("y_true", "scores"),
            options=({"margin": 0.5}, {"margin": 2.0}),
        ),
        Domain("a score a class", _classes, alone=True),
    ),
    formula=r"\frac{1}{n} \sum_i \max(0, 1 - y_i s_i)",
    source="Hastie, Tibshirani, Friedman: Elements of Statistical Learning (2009)",
    mistakes=(
        Mistake("a score beyond the margin costs nothing: max(0, ...)", _ungated),
        Mistake(
            "subtract the score times the label",
            lambda y_true, scores, margin: (
                hinge_loss(-y_true, scores, margin) if y_true.shape == scores.shape else np.nan
            ),
        ),
        Mistake(
            "the margin is missing", lambda y_true, scores, **_: hinge_loss(y_true, scores, 0.0)
        ),
        Mistake(
            "take the maximum for each element before the mean",
            lambda y_true, scores, margin: max(0.0, _ungated(y_true, scores, margin)),
        ),
        Mistake(
            "leave the true class out of the sum",
            lambda y_true, scores, margin: (
                np.asarray(hinge_loss(y_true, scores, margin))
                + margin * (y_true.shape != scores.shape)
            ),
        ),
        Mistake(
            "this is the squared hinge loss",
            lambda y_true, scores, margin: np.mean(
                np.square(hinge_loss(y_true, scores, margin, reduction="each"))
            ),
        ),
        Mistake(
            "the minus is wrong: a loss is no less than 0",
            lambda y_true, scores, margin: -np.asarray(hinge_loss(y_true, scores, margin)),
        ),
    ),
)
