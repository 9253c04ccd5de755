"""What precision, recall and their means share: references, conventions and cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Kernel, Mistake, Parameter, Variant, layouts
from builder.kernels.losses.pair import Pair
from builder.kernels.metrics.confusion import (
    GUESS,
    TRUTH,
    binary_labels,
    class_labels,
    counts,
)

# ── the references ───────────────────────────────────────────────────────────────────────────────


def accuracy_score(y_true: Array, y_pred: Array, *, whole: float = 1.0) -> float:
    """Return the share of labels (N,) that are predicted right; `whole` is what all of them are."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    return whole * int(np.sum(y_true == y_pred)) / len(y_true)


def precision(y_true: Array, y_pred: Array, positive: int = 1, eps: float = 0.0) -> float:
    """Return tp / (tp + fp + eps) of labels (N,), and 0 where nothing is predicted positive."""
    _, fp, _, tp = counts(y_true, y_pred, positive)
    return share(tp, fp, eps)


def recall(y_true: Array, y_pred: Array, positive: int = 1, eps: float = 0.0) -> float:
    """Return tp / (tp + fn + eps) of labels (N,), and 0 where nothing is positive."""
    _, _, fn, tp = counts(y_true, y_pred, positive)
    return share(tp, fn, eps)


def f1_score(
    y_true: Array, y_pred: Array, positive: int = 1, beta: float = 1.0, **eps: float
) -> float:
    """Return the weighted harmonic mean of precision and recall of labels (N,), 0 for 0 / 0.

    Recall weighs beta times as much as precision. eps are `inner`, in the denominators of both,
    and `outer`, in that of the mean. Van Rijsbergen, Information Retrieval (1979).
    """
    inner = eps.get("inner", 0.0)
    p, r = (metric(y_true, y_pred, positive, inner) for metric in (precision, recall))
    return f_score(p, r, beta, eps.get("outer", 0.0))


def share(part: float, rest: float, eps: float = 0.0) -> float:
    """Return part / (part + rest + eps), and 0 for 0 / 0."""
    whole = part + rest + eps
    return part / whole if whole else 0.0


def f_score(precision: float, recall: float, beta: float = 1.0, eps: float = 0.0) -> float:
    """Return (1 + beta^2) p r / (beta^2 p + r + eps), and 0 for 0 / 0."""
    weighted = beta**2 * precision + recall + eps
    return (1 + beta**2) * precision * recall / weighted if weighted else 0.0


def f_counts(tp: int, fp: int, fn: int, beta: float = 1.0, eps: float = 0.0) -> float:
    """Return the F-score of counts, (1 + beta^2) tp / ((1 + beta^2) tp + beta^2 fn + fp)."""
    hits = (1 + beta**2) * tp
    return share(hits, beta**2 * fn + fp, eps)


def all_three(**given: Any) -> tuple[float, float, float]:
    """Return precision, recall and the F-score of labels (N,)."""
    own = {name: given[name] for name in ("y_true", "y_pred", "positive")}
    own["eps"] = given.get("inner", 0.0)
    return precision(**own), recall(**own), f1_score(**given)


# ── conventions ──────────────────────────────────────────────────────────────────────────────────

_EPS = (1e-8, 1e-9, 1e-7, 1e-6)
_Metric = Callable[..., Any]


def _ignoring_eps(metric: _Metric, eps: float | None = None, **given: Any) -> Any:
    return metric(**given)


def guarded(metric: _Metric, words: str = "") -> tuple[Variant, ...]:
    """Return `metric` as it is, and with an eps that keeps its denominator from 0."""
    told = f"{words}, {{eps}} added to the denominator".removeprefix(", ")
    return (
        Variant(words, partial(_ignoring_eps, metric)),
        *(Variant(told, metric, defaults={"eps": eps}) for eps in _EPS),
    )


_F_EPS = {
    "added to p + r": ("outer",),
    "added to the denominators of both": ("inner",),
    "added to every denominator": ("inner", "outer"),
}


def f_guarded(metric: _Metric, words: str = "") -> tuple[Variant, ...]:
    """Return an F-score as it is, and with an eps in some or all of its denominators."""

    def added(eps: float, *, to: Sequence[str], **given: Any) -> Any:
        return metric(**given, **dict.fromkeys(to, eps))

    return (
        Variant(words, partial(_ignoring_eps, metric)),
        *(
            Variant(
                f"{words}, {{eps}} {told}".removeprefix(", "),
                partial(added, to=to),
                defaults={"eps": eps},
            )
            for told, to in _F_EPS.items()
            for eps in _EPS
        ),
    )


def of_classes(metric: _Metric, *, mean: bool) -> _Metric:
    """Return `metric` of each class that occurs, in order, or its mean over the classes."""

    def computed(y_true: Array, y_pred: Array, **given: Any) -> Array | float:
        classes = np.unique(np.concatenate((y_true, y_pred)))
        values = np.array([metric(y_true, y_pred, positive=c, **given) for c in classes])
        return float(np.mean(values)) if mean else values

    return computed


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


def _asked(pairs: Iterable[Pair], **option: float) -> list[Case]:
    hint = f"use the {' and '.join(option)} that was passed" if option else ""
    return [Case({"y_true": y, "y_pred": p, **option}, hint=hint) for y, p in pairs]


_BY_HAND = np.array([1, 1, 1, 1, 0, 0, 0, 0]), np.array([1, 1, 0, 0, 1, 0, 0, 0])


def binary(rng: np.random.Generator) -> list[Case]:
    """Return cases of labels 0 and 1, of which 1 is positive."""
    y, p = binary_labels(rng, 16)
    return _asked(
        (
            _BY_HAND,
            (np.array([1, 0, 0, 0, 0, 0, 1]), np.array([1, 1, 1, 0, 0, 0, 0])),
            (np.array([1]), np.array([1])),
            (np.array([1, 0, 1]), np.array([1, 0, 1])),
            (np.array([1, 0, 0]), np.array([1, 1, 1])),
            (y, p),
            *zip(layouts(y), layouts(p), strict=True),
            *(binary_labels(rng, n) for n in (8, 21, 100)),
        )
    )


def positives(rng: np.random.Generator) -> list[Case]:
    """Return cases of two and three classes, with any one as the positive one."""
    options = [
        *_asked([_BY_HAND, binary_labels(rng, 11)], positive=0),
        *_asked([class_labels(rng, 9, 3)], positive=2),
    ]
    return [*binary(rng), *options]


def weighted(rng: np.random.Generator) -> list[Case]:
    """Return cases with and without a beta."""
    pairs = (_BY_HAND, binary_labels(rng, 15))
    options = [case for beta in (2.0, 0.5) for case in _asked(pairs, beta=beta)]
    return [*positives(rng), *options]


def classes(rng: np.random.Generator) -> list[Case]:
    """Return cases of several classes, each of which is hit once at least."""
    y, p = class_labels(rng, 10, 4)
    return _asked(
        (
            (np.array([0, 1, 2, 2, 2]), np.array([0, 1, 2, 1, 1])),
            (np.array([0, 0, 1, 2, 2, 2, 2]), np.array([0, 1, 1, 0, 2, 2, 1])),
            (y, p),
            *zip(layouts(y), layouts(p), strict=True),
            *(class_labels(rng, n, k) for n, k in ((12, 3), (30, 5), (9, 2))),
        )
    )


def none_predicted(rng: np.random.Generator) -> list[Case]:
    """Return cases in which nothing is predicted positive."""
    return _asked(((np.array([1, 0]), np.array([0, 0])), (np.array([0, 0]), np.array([0, 0]))))


def none_positive(rng: np.random.Generator) -> list[Case]:
    """Return cases in which nothing is positive."""
    return _asked(((np.array([0, 0]), np.array([0, 1])), (np.array([0, 0]), np.array([0, 0]))))


def no_hit(rng: np.random.Generator) -> list[Case]:
    """Return cases without a true positive."""
    missed = np.array([1, 0]), np.array([0, 1])
    return [*_asked([missed]), *none_predicted(rng), *none_positive(rng)]


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────


def counted(hint: str, value: Callable[..., float]) -> Mistake:
    """Return a mistake that is made of (tn, fp, fn, tp)."""

    def computed(y_true: Array, y_pred: Array, positive: int = 1, **_: float) -> float:
        cells = counts(y_true, y_pred, positive)
        return value(**dict(zip(("tn", "fp", "fn", "tp"), cells, strict=True)))

    return Mistake(hint, computed)


def weighed(hint: str, value: Callable[..., float]) -> Mistake:
    """Return a mistake that is made of precision, recall and beta."""

    def computed(y_true: Array, y_pred: Array, positive: int, beta: float, **_: float) -> float:
        p, r = (metric(y_true, y_pred, positive) for metric in (precision, recall))
        return value(p=p, r=r, beta=beta)

    return Mistake(hint, computed)


def rounded(metric: _Metric) -> tuple[Mistake, ...]:
    """Return the mistakes of rounding `metric` to a few digits."""

    def computed(digits: int, eps: float | None = None, **given: Any) -> Any:
        return round(metric(**given), digits)

    return tuple(Mistake("return all digits: don't round", partial(computed, n)) for n in (4, 3, 2))


def unlabelled(metric: _Metric) -> Mistake:
    """Return the mistake of taking 1 for the positive label, whatever was passed."""

    def computed(y_true: Array, y_pred: Array, beta: float = 1.0, **_: float) -> float:
        return float(metric(y_true, y_pred, **({} if beta == 1.0 else {"beta": beta})))

    return Mistake("use the positive label that was passed", computed)


ACCURACY = counted(
    "this is the accuracy: look at the positive class alone",
    lambda tn, fp, fn, tp: (tn + tp) / (tn + fp + fn + tp),
)

# ── the same of numbers that were counted before ─────────────────────────────────────────────────

POSITIVE = Parameter(
    "positive", ("pos_label", "positive_class", "positive_label", "pos"), 1, least=1, most=1
)
EPSILON = Parameter("eps", ("epsilon", "e"), None, usual=1e-8, least=1e-16, most=1e-4)
BETA = Parameter("beta", ("b",), 1.0, least=1.0, most=1.0)
TP = Parameter("tp", ("true_positives", "true_positive"))
FP = Parameter("fp", ("false_positives", "false_positive"))
FN = Parameter("fn", ("false_negatives", "false_negative"))
TN = Parameter("tn", ("true_negatives", "true_negative"))


def of_numbers(words: str, reference: _Metric, *parameters: Parameter) -> Kernel:
    """Return the form of a metric that takes counts, or shares where `words` say so."""
    names = [parameter.name for parameter in parameters if parameter is not BETA]
    shares = words == "precision and recall"

    def given(row: Iterable[float]) -> dict[str, float]:
        values = ((float(n) / 64 if shares else int(n)) for n in row)
        return dict(zip(names, values, strict=False))

    def cases(rng: np.random.Generator) -> list[Case]:
        drawn = rng.integers(1, 50, size=(6, 4))
        rows = [given(row) for row in ((16, 48, 3, 5), (32, 8, 2, 7), (5, 2, 0, 1), *drawn)]
        betas = (2.0, 0.5) if BETA in parameters else ()
        return [*map(Case, rows), *(Case({**rows[0], "beta": beta}) for beta in betas)]

    def nothing(rng: np.random.Generator) -> list[Case]:
        return [Case(given((0, 0, 0, 0)))]

    return Kernel(
        words,
        (*parameters, EPSILON),
        guarded(reference),
        (
            Domain(words, cases, alone=True),
            Domain("nothing but 0", nothing),
        ),
        "",
        "",
    )


def forms(name: str, metric: _Metric, *numbers: Kernel) -> tuple[Kernel, ...]:
    """Return the forms beside that of two classes: of several classes, and of `numbers`."""
    conventions = f_guarded if metric is f1_score else guarded
    each = (
        *conventions(of_classes(metric, mean=True), "mean over classes"),
        *conventions(of_classes(metric, mean=False), "one value a class"),
    )
    domains = (Domain("several classes", classes, alone=True),)
    return (
        Kernel(name, (TRUTH, GUESS, EPSILON), each, domains, "", ""),
        *(replace(form, name=name) for form in numbers),
    )
