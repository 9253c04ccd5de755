"""The confusion matrix, and what it counts: labels and their predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Mistake,
    Parameter,
    Variant,
    layouts,
)
from builder.kernels.losses.pair import PREDICTED, TRUE, Pair

TRUTH = Parameter("y_true", (*TRUE.aliases, "true_labels", "y_test", "ground_truth"))
GUESS = Parameter("y_pred", (*PREDICTED.aliases, "y_predicted", "predicted_labels", "pred_labels"))

SCORE = Parameter(
    "y_score",
    (
        *("scores", "y_scores", "score", "s", "y_prob", "y_probs", "probs", "proba", "y_proba"),
        *("probabilities", "p", "logits", "y_pred", "confidences", *PREDICTED.aliases),
    ),
)


def counts(y_true: Array, y_pred: Array, positive: int = 1) -> tuple[int, int, int, int]:
    """Return how many of two classes are (tn, fp, fn, tp): true or false, negative or positive."""
    t, p = np.asarray(y_true) == positive, np.asarray(y_pred) == positive
    return int(sum(~t & ~p)), int(sum(~t & p)), int(sum(t & ~p)), int(sum(t & p))


def confusion_matrix(y_true: Array, y_pred: Array, num_classes: int | None = None) -> Array:
    """Return how often each class (row) of labels (N,) is predicted as each class (column).

    The classes are 0 to `num_classes` - 1, or without it all that occur, in order. Counts are
    float64. Stehman, Selecting and interpreting measures of thematic classification accuracy
    (1997).
    """
    occurring = np.unique(np.concatenate((np.asarray(y_true), np.asarray(y_pred))))
    classes = occurring if num_classes is None else np.arange(num_classes)
    matrix = np.zeros((len(classes), len(classes)))
    for true, predicted in zip(y_true, y_pred, strict=True):
        matrix[classes == true, classes == predicted] += 1
    return matrix


# ── labels that cases are made of ────────────────────────────────────────────────────────────────


def binary_labels(rng: np.random.Generator, n: int) -> Pair:
    """Return n >= 8 labels of 0 and 1 and predictions, of which no two cells count the same."""
    y, p = class_labels(rng, n, 2)
    cells = counts(y, p)
    return (y, p) if len(set(cells)) == 4 else binary_labels(rng, n)


def class_labels(rng: np.random.Generator, n: int, classes: int) -> Pair:
    """Return labels and predictions, right more often than not; each class is hit once."""
    y = rng.integers(classes, size=n - classes)
    p = np.where(rng.random(n - classes) < 0.45, y, rng.integers(classes, size=n - classes))
    order = rng.permutation(n)
    return tuple(np.concatenate((x, np.arange(classes)))[order] for x in (y, p))  # type: ignore[return-value]


# ── classes ──────────────────────────────────────────────────────────────────────────────────────

_Matrix = Callable[..., Any]


def _asked(pairs: Sequence[Pair], *, told: bool = False) -> list[Case]:
    """Return a case for each pair; with `told`, it says how many classes there are."""
    return [
        Case({"y_true": y, "y_pred": p, **({"num_classes": int(y.max()) + 1} if told else {})})
        for y, p in pairs
    ]


def _classes(rng: np.random.Generator) -> list[Pair]:
    y, p = class_labels(rng, 9, 4)
    return [
        (np.array([0, 1, 2, 2]), np.array([0, 2, 2, 0])),
        (np.array([0, 1, 2]), np.array([0, 1, 2])),
        (np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])),
        *((y, p), *zip(layouts(y), layouts(p), strict=True)),
        *(class_labels(rng, n, k) for n, k in ((3, 3), (12, 3), (30, 4), (8, 2))),
    ]


def _any_number(rng: np.random.Generator) -> list[Case]:
    pairs = _classes(rng)
    missing = (np.array([0, 2, 3, 3]), np.array([0, 0, 3, 2]))
    never = (np.array([0, 1, 2, 4]), np.array([0, 0, 0, 0]))
    told = [pairs[0], missing, never, class_labels(rng, 20, 6)]
    return [*_asked(pairs), *_asked(told, told=True)]


def _one_sided(rng: np.random.Generator) -> list[Case]:
    pairs = ([0, 1, 1], [0, 2, 1]), ([0, 1, 2, 2], [0, 0, 1, 1]), ([0, 0], [0, 1])
    return _asked([(np.array(y), np.array(p)) for y, p in pairs])


def _any_labels(rng: np.random.Generator) -> list[Case]:
    pairs = ([2, 5, 5, 9], [2, 9, 5, 9]), ([-1, 1, 1], [1, 1, -1])
    return _asked([(np.array(y), np.array(p)) for y, p in pairs])


# ── two classes ──────────────────────────────────────────────────────────────────────────────────


def _binary(rng: np.random.Generator) -> list[Case]:
    y, p = binary_labels(rng, 16)
    return _asked(
        [
            (np.array([1, 1, 1, 0, 0, 1]), np.array([1, 0, 0, 1, 1, 0])),
            (np.array([1, 0, 0, 0, 0, 0, 1]), np.array([1, 1, 1, 0, 0, 0, 0])),
            *((y, p), *zip(layouts(y), layouts(p), strict=True)),
            *(binary_labels(rng, n) for n in (8, 11, 40)),
        ]
    )


def _all_of_one(rng: np.random.Generator) -> list[Case]:
    return _asked([(np.array([y] * 3), np.array([p] * 3)) for y, p in product((0, 1), repeat=2)])


def _cells(y_true: Array, y_pred: Array, *, layout: _Matrix) -> Any:
    return layout(*counts(y_true, y_pred))


def _named(tn: int, fp: int, fn: int, tp: int, *, names: Sequence[str]) -> dict[str, int]:
    return dict(zip(names, (tn, fp, fn, tp), strict=True))


_LOWER = ("tn", "fp", "fn", "tp")
_LAYOUTS: dict[str, _Matrix] = {
    "rows are the truth": lambda tn, fp, fn, tp: np.array([[tn, fp], [fn, tp]]),
    "rows are the prediction": lambda tn, fp, fn, tp: np.array([[tn, fn], [fp, tp]]),
    "rows are the truth, 1 first": lambda tn, fp, fn, tp: np.array([[tp, fn], [fp, tn]]),
    "rows are the prediction, 1 first": lambda tn, fp, fn, tp: np.array([[tp, fp], [fn, tn]]),
    "tn, fp, fn, tp": lambda tn, fp, fn, tp: (tn, fp, fn, tp),
    "tp, fp, fn, tn": lambda tn, fp, fn, tp: (tp, fp, fn, tn),
    "tp, fp, tn, fn": lambda tn, fp, fn, tp: (tp, fp, tn, fn),
    "tp, tn, fp, fn": lambda tn, fp, fn, tp: (tp, tn, fp, fn),
    "tp, fn, fp, tn": lambda tn, fp, fn, tp: (tp, fn, fp, tn),
    "a dict of tn, fp, fn, tp": partial(_named, names=_LOWER),
    "a dict of TN, FP, FN, TP": partial(_named, names=tuple(name.upper() for name in _LOWER)),
    "a dict of true_negative, …": partial(
        _named, names=("true_negative", "false_positive", "false_negative", "true_positive")
    ),
    "a dict of true_negatives, …": partial(
        _named, names=("true_negatives", "false_positives", "false_negatives", "true_positives")
    ),
}
_TWO_CLASSES = Domain("labels of 0 and 1", _binary, alone=True)


# ── pairs in one argument ────────────────────────────────────────────────────────────────────────


def _stacked(rng: np.random.Generator) -> list[Case]:
    pairs = [(case.arguments["y_true"], case.arguments["y_pred"]) for case in _binary(rng)]
    return [Case({"data": np.stack(pair, axis=1).astype(int)}) for pair in pairs]


def _listed(rng: np.random.Generator) -> list[Case]:
    return [Case({"data": case.arguments["data"].tolist()}) for case in _stacked(rng)]


def _of_pairs(data: Any, *, layout: _Matrix) -> Any:
    y_true, y_pred = np.asarray(data).T
    return _cells(y_true, y_pred, layout=layout)


# ── the kernel ───────────────────────────────────────────────────────────────────────────────────


def _normalised(y_true: Array, y_pred: Array, axis: int | None, **given: Any) -> Array:
    matrix = confusion_matrix(y_true, y_pred, **given)
    return np.asarray(matrix / matrix.sum(axis=axis, keepdims=True))


def _turned(y_true: Array, y_pred: Array, num_classes: int | None = None) -> Array:
    return confusion_matrix(y_pred, y_true, num_classes)


def _once(**given: Any) -> Array:
    return np.minimum(confusion_matrix(**given), 1.0)


def _diagonal(**given: Any) -> Array:
    return np.diag(np.diag(confusion_matrix(**given)))


def _errors(**given: Any) -> Array:
    return confusion_matrix(**given) - _diagonal(**given)


def _form(parameters: Sequence[Parameter], variants: Sequence[Variant], *domains: Domain) -> Kernel:
    return Kernel(
        "confusion_matrix", tuple(parameters), tuple(variants), domains, _FORMULA, _SOURCE
    )


_CLASSES = ("n_classes", "k", "c", "n", "num_labels", "n_labels", "number_of_classes")
_SOURCE = "Stehman: Selecting and interpreting measures of thematic classification accuracy (1997)"
_FORMULA = r"C_{ij} = \#\{n : y_n = i, \; \hat y_n = j\}"
_ROWS = (
    Variant("rows are the truth", confusion_matrix),
    Variant("rows are the prediction", _turned),
)

CONFUSION_MATRIX = Kernel(
    name="confusion_matrix",
    aliases=("compute_confusion_matrix", "calculate_confusion_matrix", "conf_matrix"),
    parameters=(
        TRUTH,
        GUESS,
        # An answer's own number of classes is no convention: it is passed, or counted.
        Parameter("num_classes", _CLASSES, None, usual=4, least=np.inf, most=-np.inf),
    ),
    variants=_ROWS,
    domains=(
        Domain("classes 0 to k - 1", _any_number, alone=True),
        Domain("a class that is only predicted, or never", _one_sided),
        Domain("any labels, in order", _any_labels),
    ),
    formula=_FORMULA,
    source=_SOURCE,
    mistakes=(
        Mistake("return counts: don't divide", partial(_normalised, axis=1)),
        Mistake("return counts: don't divide", partial(_normalised, axis=0)),
        Mistake("return counts: don't divide", partial(_normalised, axis=None)),
        Mistake("count each pair: += 1, not = 1", _once),
        Mistake("count what is wrong, too", _diagonal),
        Mistake("count what is right, too", _errors),
    ),
    forms=(
        _form(
            (TRUTH, GUESS),
            [Variant(w, partial(_cells, layout=layout)) for w, layout in _LAYOUTS.items()],
            _TWO_CLASSES,
            Domain("one class only", _all_of_one),
        ),
        _form(
            (Parameter("data", ("pairs", "samples", "results")),),
            [Variant(w, partial(_of_pairs, layout=layout)) for w, layout in _LAYOUTS.items()],
            Domain("an array of pairs (truth, prediction)", _stacked, alone=True),
            Domain("a list of pairs (truth, prediction)", _listed, alone=True),
        ),
    ),
)
