"""Labels as numbers: impurities and one-hot rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

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
    short,
)

# ── impurities ───────────────────────────────────────────────────────────────────────────────────


def shares(y: Any) -> Array:
    """Return how frequent each label of y (N,) is, in float64; labels are numbers or words."""
    counts = np.unique(np.asarray(y), return_counts=True)[1]
    return np.asarray(counts / len(y))


def gini_impurity(y: Any) -> float:
    """Return 1 - sum(p²) of the shares p of labels y (N,), in float64.

    Breiman, Friedman, Olshen, Stone, Classification and Regression Trees (1984).
    """
    return gini_of_counts(shares(y))


def gini_of_counts(p: Array) -> float:
    """Return 1 - sum(p²) of shares p, or of counts in proportion to them (C,), in float64."""
    p = np.asarray(p, dtype=np.float64)
    return float(1.0 - np.sum((p / p.sum()) ** 2))


def entropy(y: Any, *, base: float = 2.0, eps: float = 0.0) -> float:
    """Return -sum(p log p) of the shares p of labels y (N,), in float64, in bits for base 2.

    eps is added to p in the logarithm. Shannon, A mathematical theory of communication (1948).
    """
    return entropy_of_shares(shares(y), base=base, eps=eps)


def entropy_of_shares(
    p: Array, *, base: float = 2.0, eps: float = 0.0, counts: bool = False
) -> float:
    """Return -sum(p log p) of shares p (C,), where 0 log 0 is 0, in float64, in bits for base 2.

    With `counts`, p is divided by its sum; eps is added to it in the logarithm.
    """
    p = np.asarray(p, dtype=np.float64)
    p = p / p.sum() if counts else p
    logs = np.log(p + eps, where=p > 0, out=np.zeros_like(p))
    return float(-np.sum(p * logs) / np.log(base)) + 0.0


_ZERO = "0 log 0 is 0: leave out what never happens"


def _labels(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"y": y})
        for y in (
            np.array([0, 1, 1, 1]),
            np.array([1, 0]),
            np.array([3]),
            np.array([2, 2, 2, 2]),
            np.array([0, 1, 2, 5, 5, 1, 1]),
            *layouts(rng.integers(3, size=9)),
            *(rng.integers(classes, size=n) for n, classes in ((12, 2), (17, 4), (40, 9))),
            np.arange(5),
        )
    ]


def _negative_labels(rng: np.random.Generator) -> list[Case]:
    return [Case({"y": y}) for y in (np.array([-1, 1, 1]), np.array([-5, -5, 0, 7]))]


def _word_labels(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"y": y})
        for y in (["red", "blue", "red"], ["a"], ["yes", "no", "no", "no", "maybe", "yes"])
    ]


def _distributions(rng: np.random.Generator) -> list[Case]:
    drawn = rng.dirichlet(np.ones(6))
    return [
        *(
            Case({"p": p})
            for p in (
                np.array([0.25, 0.75]),
                np.array([0.5, 0.5]),
                np.array([1.0]),
                np.array([0.125, 0.5, 0.25, 0.125]),
                drawn,
                layouts(drawn)[0],
                np.array([0.25, 0.25, 0.5], dtype=np.float32),
                np.full(7, 1 / 7),
                *(rng.dirichlet(np.ones(n)) for n in (2, 5, 33)),
            )
        ),
        *(
            Case({"p": np.array(p)}, Level.STABILITY, _ZERO)
            for p in ([0.0, 1.0], [0.5, 0.0, 0.5], [1e-12, 1.0 - 1e-12])
        ),
    ]


def _counts(rng: np.random.Generator) -> list[Case]:
    return [
        *(Case({"p": np.array(p)}) for p in ([1, 3], [2, 2], [4], [1, 1, 6], [5.0, 3.0])),
        *(Case({"p": rng.integers(1, 30, size=n)}) for n in (2, 3, 7)),
        Case({"p": np.array([4, 0, 4])}, Level.STABILITY, _ZERO),
    ]


_Y = Parameter(
    "y", ("labels", "apples", "data", "target", "targets", "values", "s", "x", "classes", "arr")
)
_P = Parameter(
    "p", ("probs", "probabilities", "distribution", "dist", "counts", "class_counts", "x", "probas")
)
_LABELS = (
    Domain("labels", _labels, alone=True),
    Domain("labels below zero", _negative_labels),
    Domain("a list of words", _word_labels),
)


def _sum_of_squares(y: Any) -> float:
    return 1.0 - gini_impurity(y)


def _each(hint: str, wrong: Callable[[Array], Any]) -> tuple[Mistake, Mistake]:
    """Return a mistake on shares for answers that are given labels, and for those given shares."""
    return (
        Mistake(hint, lambda y: wrong(shares(y))),
        Mistake(hint, lambda p: wrong(np.asarray(p) / np.sum(p))),
    )


_GINI_MISTAKES = (
    _each("subtract the sum of squares from 1", lambda p: float(np.sum(p**2))),
    _each("this is the entropy: take 1 - sum(p²)", entropy_of_shares),
    _each("square the shares, not their sum", lambda p: float(1 - np.sum(p) ** 2)),
    _each("sum over all classes: this is the share of the others", lambda p: 1 - float(np.max(p))),
    _each("sum p (1 - p) over the classes, don't take the mean", lambda p: np.mean(p * (1 - p))),
    _each("sum p (1 - p) over the classes, don't halve it", lambda p: np.sum(p * (1 - p)) / 2),
)
_GINI_SOURCE = "Breiman, Friedman, Olshen, Stone: Classification and Regression Trees (1984)"

_GINI = Kernel(
    name="gini_impurity",
    aliases=("gini", "gini_index", "calculate_gini", "compute_gini", "calculate_gini_impurity"),
    parameters=(_Y,),
    variants=(Variant("", gini_impurity),),
    domains=_LABELS,
    formula=r"1 - \sum_c p_c^2",
    source=_GINI_SOURCE,
    mistakes=tuple(first for first, _ in _GINI_MISTAKES),
)

GINI_IMPURITY = replace(
    _GINI,
    forms=(
        replace(
            _GINI,
            parameters=(_P,),
            variants=(Variant("of shares", gini_of_counts),),
            domains=(
                Domain("shares of classes", _distributions, alone=True),
                Domain("counts of classes", _counts, alone=True),
            ),
            mistakes=tuple(second for _, second in _GINI_MISTAKES),
        ),
    ),
)

_UNITS = {"bits": 2.0, "nats": float(np.e)}
_ENTROPY_EPS = (0.0, 1e-9, 1e-10, 1e-12, 1e-15, 1e-8)


def _entropies(reference: Callable[..., float], told: str = "") -> Iterator[Variant]:
    for eps, (unit, base) in product(_ENTROPY_EPS, _UNITS.items()):
        added = f"log(p + {short(eps)})" if eps else ""
        yield Variant(
            ", ".join(filter(None, (unit, told, added))), partial(reference, base=base, eps=eps)
        )


_ENTROPY_MISTAKES = (
    _each("the minus is missing", lambda p: -entropy_of_shares(p)),
    _each("the minus is missing", lambda p: -entropy_of_shares(p, base=np.e)),
    _each("weigh each logarithm by its share", lambda p: -float(np.sum(np.log2(p[p > 0])))),
    _each("this is the Gini impurity: take -sum(p log p)", gini_of_counts),
    _each("sum over the classes, don't take the mean", lambda p: entropy_of_shares(p) / len(p)),
    _each(
        "take bits or nats, without dividing by the largest entropy",
        lambda p: entropy_of_shares(p, base=max(len(p), 2)),
    ),
)

_ENTROPY = Kernel(
    name="entropy",
    aliases=(
        "calculate_entropy",
        "disorder",
        "compute_entropy",
        "shannon_entropy",
        "label_entropy",
    ),
    parameters=(_Y,),
    variants=tuple(_entropies(entropy)),
    domains=_LABELS,
    formula=r"H = -\sum_c p_c \log_2 p_c",
    source="Shannon: A mathematical theory of communication (1948)",
    mistakes=tuple(first for first, _ in _ENTROPY_MISTAKES),
)

ENTROPY = replace(
    _ENTROPY,
    forms=(
        replace(
            _ENTROPY,
            parameters=(_P,),
            variants=tuple(_entropies(entropy_of_shares)),
            domains=(Domain("shares of classes", _distributions, alone=True),),
            mistakes=tuple(second for _, second in _ENTROPY_MISTAKES),
        ),
        replace(
            _ENTROPY,
            parameters=(_P,),
            variants=tuple(_entropies(partial(entropy_of_shares, counts=True), "of counts")),
            domains=(Domain("counts of classes", _counts, alone=True),),
            mistakes=tuple(second for _, second in _ENTROPY_MISTAKES),
        ),
    ),
)


# ── one-hot rows ─────────────────────────────────────────────────────────────────────────────────


def one_hot(y: Any, num_classes: int | None = None, *, columns: str = "all") -> Array:
    """Return a row for each label of y (N,), with a 1 at the label and 0 elsewhere, in float64.

    There are `num_classes` columns; without it, one for each number to the largest, or with
    `columns` "seen" one for each label that occurs. For "transposed", labels are columns of the
    result. y may be of any shape; the classes are the last axis. Géron, Hands-On Machine Learning
    (2019).
    """
    y = np.asarray(y)
    if columns == "seen" and num_classes is None:
        names = np.unique(y)
    else:
        names = np.arange(int(y.max()) + 1 if num_classes is None else num_classes)
    rows = np.asarray(y[..., None] == names, dtype=np.float64)
    return rows.T if columns == "transposed" else rows


def _several(rng: np.random.Generator) -> list[Case]:
    y = rng.integers(4, size=9)
    given = "make as many columns as num_classes says"
    return [
        *(
            Case({"y": one})
            for one in (
                np.array([0, 2, 1]),
                np.array([1, 1, 0, 3]),
                np.array([2]),
                np.array([0]),
                np.array([0, 0]),
                *layouts(y),
                np.array([3, 1, 3], dtype=np.int32),
                rng.integers(9, size=17),
            )
        ),
        *(
            Case({"y": one, "num_classes": n}, hint=given)
            for one, n in (
                (np.array([0, 2, 1]), 3),
                (np.array([0, 1]), 4),
                (np.array([4]), 6),
                (y, 7),
                (rng.integers(5, size=12), 5),
            )
        ),
    ]


def _one_label(rng: np.random.Generator) -> list[Case]:
    return [Case({"y": y, "num_classes": n}) for y, n in ((1, 3), (0, 2), (3, 4), (0, 1), (2, 9))]


def _any_shape(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"y": rng.integers(3, size=shape), "num_classes": 3}) for shape in ((2, 2), (2, 3, 2))
    ]


_COUNT = Parameter(
    "num_classes",
    (
        *("n_classes", "n_col", "c", "k", "depth", "classes", "num_labels", "n", "n_labels"),
        *("nb_classes", "number_of_classes", "vocab_size"),
    ),
    None,
    usual=10,
    most=1000,
)


def _shifted(y: Any, num_classes: int | None = None) -> Array:
    """Return rows of labels that are counted from 1."""
    return np.roll(one_hot(y, num_classes), -1, axis=-1)


_ONE_HOT = Kernel(
    name="one_hot",
    aliases=(
        *("to_categorical", "one_hot_encode", "one_hot_encoding", "onehot", "onehot_encode"),
        *("to_one_hot", "one_hot_encoder", "convert_to_one_hot", "make_one_hot"),
    ),
    parameters=(
        Parameter("y", ("labels", "x", "targets", "indices", "arr", "classes_", "t")),
        _COUNT,
    ),
    variants=(
        Variant("", one_hot),
        Variant("a column a label that occurs", partial(one_hot, columns="seen")),
        Variant("a column an example", partial(one_hot, columns="transposed")),
    ),
    domains=(
        Domain("a vector of labels", _several, alone=True),
        Domain("any shape", _any_shape),
    ),
    formula=r"Y_{ic} = [y_i = c]",
    source="Géron: Hands-On Machine Learning (2019)",
    mistakes=(
        Mistake("labels start at 0", _shifted),
        Mistake(
            "a 1 stands at the label, 0 elsewhere: this is the reverse",
            lambda **given: 1.0 - one_hot(**given),
        ),
        Mistake(
            "make a column for each class up to the largest: max + 1",
            lambda y, num_classes=None: one_hot(y, (num_classes or int(np.max(y)) + 1) - 1),
        ),
        Mistake(
            "put a 1 at the label, not the label",
            lambda y, **g: np.asarray(y)[..., None] * one_hot(y, **g),
        ),
        Mistake(
            "a row an example: this counts all labels", lambda **given: one_hot(**given).sum(axis=0)
        ),
    ),
)

ONE_HOT = replace(
    _ONE_HOT,
    forms=(
        replace(
            _ONE_HOT,
            parameters=(
                Parameter("y", ("label", *_ONE_HOT.parameters[0].aliases, "index", "i")),
                replace(_COUNT, default=_ONE_HOT.parameters[0].default),
            ),
            variants=(Variant("", one_hot),),
            domains=(Domain("one label", _one_label, alone=True),),
            mistakes=_ONE_HOT.mistakes[:2],
        ),
    ),
)
