"""Metrics of classifiers that count: accuracy, precision, recall, F-score, confusion."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import sqrt

from builder.kernels.kernel import Domain, Kernel, Mistake, Parameter, Variant
from builder.kernels.metrics.confusion import CONFUSION_MATRIX, GUESS, TRUTH
from builder.kernels.metrics.rates import (
    ACCURACY,
    BETA,
    EPSILON,
    FN,
    FP,
    POSITIVE,
    TN,
    TP,
    accuracy_score,
    all_three,
    binary,
    classes,
    counted,
    f1_score,
    f_counts,
    f_guarded,
    f_score,
    forms,
    guarded,
    no_hit,
    none_positive,
    none_predicted,
    of_classes,
    of_numbers,
    positives,
    precision,
    recall,
    rounded,
    share,
    unlabelled,
    weighed,
    weighted,
)

_SOURCE = "Van Rijsbergen: Information Retrieval (1979)"

ACCURACY_SCORE = Kernel(
    name="accuracy_score",
    aliases=("accuracy", "calculate_accuracy", "compute_accuracy", "accuracy_metric"),
    parameters=(TRUTH, GUESS),
    variants=(
        Variant("", accuracy_score),
        Variant("in percent", partial(accuracy_score, whole=100.0)),
    ),
    domains=(
        Domain("any labels", lambda rng: [*classes(rng), *binary(rng)], alone=True),
        Domain("labels of 0 and 1", binary, alone=True),
    ),
    formula=r"\frac{1}{n} \sum_i [y_i = \hat y_i]",
    source=CONFUSION_MATRIX.source,
    mistakes=(
        Mistake(
            "this is the share of errors: count the labels that are equal",
            lambda y_true, y_pred: 1 - accuracy_score(y_true, y_pred),
        ),
        Mistake(
            "divide by the number of labels",
            lambda y_true, y_pred: len(y_true) * accuracy_score(y_true, y_pred),
        ),
        Mistake(
            "divide by the number of labels with /, not //",
            lambda y_true, y_pred: accuracy_score(y_true, y_pred) // 1,
        ),
        counted(
            "count the zeros that are right, too", lambda tn, fp, fn, tp: tp / (tn + fp + fn + tp)
        ),
        Mistake(
            "this is the mean recall of the classes: divide all hits by all labels",
            of_classes(recall, mean=True),
        ),
        *rounded(accuracy_score),
    ),
    forms=(
        replace(
            of_numbers(
                "tp, tn, fp and fn",
                lambda tp, tn, fp, fn, eps=0.0: share(tp + tn, fp + fn, eps),
                *(TP, TN, FP, FN),
            ),
            name="accuracy_score",
        ),
    ),
)

PRECISION = Kernel(
    name="precision",
    aliases=("precision_score", "calculate_precision", "compute_precision"),
    parameters=(TRUTH, GUESS, POSITIVE, EPSILON),
    variants=guarded(precision),
    domains=(
        Domain("labels of 0 and 1", positives, alone=True),
        Domain("nothing predicted positive", none_predicted),
    ),
    formula=r"\frac{\mathit{tp}}{\mathit{tp} + \mathit{fp}}",
    source=_SOURCE,
    mistakes=(
        unlabelled(precision),
        counted(
            "this is recall: divide by all that are predicted positive",
            lambda fn, tp, **_: share(tp, fn),
        ),
        ACCURACY,
        counted("this is for zeros: count where 1 is predicted", lambda tn, fn, **_: share(tn, fn)),
        counted("divide by tp + fp, not by fp", lambda fp, tp, **_: tp / fp if fp else 0.0),
        counted("divide by tp + fp alone", lambda fp, fn, tp, **_: share(tp, fp + fn)),
        counted("divide by tp + fp alone", lambda tn, fp, fn, tp: tp / (tn + fp + fn + tp)),
        *rounded(precision),
    ),
    forms=forms(
        "precision",
        precision,
        of_numbers("tp and fp", lambda tp, fp, eps=0.0: share(tp, fp, eps), TP, FP),
    ),
)

RECALL = Kernel(
    name="recall",
    aliases=("recall_score", "calculate_recall", "compute_recall", "sensitivity"),
    parameters=(TRUTH, GUESS, POSITIVE, EPSILON),
    variants=guarded(recall),
    domains=(
        Domain("labels of 0 and 1", positives, alone=True),
        Domain("nothing positive", none_positive),
    ),
    formula=r"\frac{\mathit{tp}}{\mathit{tp} + \mathit{fn}}",
    source=_SOURCE,
    mistakes=(
        unlabelled(recall),
        counted(
            "this is precision: divide by all that are positive",
            lambda fp, tp, **_: share(tp, fp),
        ),
        ACCURACY,
        counted("this is specificity: count the ones", lambda tn, fp, **_: share(tn, fp)),
        counted("divide by tp + fn, not by fn", lambda fn, tp, **_: tp / fn if fn else 0.0),
        counted("divide by tp + fn alone", lambda fp, fn, tp, **_: share(tp, fp + fn)),
        counted("divide by tp + fn alone", lambda tn, fp, fn, tp: tp / (tn + fp + fn + tp)),
        *rounded(recall),
    ),
    forms=forms(
        "recall",
        recall,
        of_numbers("tp and fn", lambda tp, fn, eps=0.0: share(tp, fn, eps), TP, FN),
    ),
)

F1_SCORE = Kernel(
    name="f1_score",
    aliases=(
        "f1",
        "f_score",
        "f_beta",
        "fbeta",
        "fbeta_score",
        "f_beta_score",
        "calculate_f1_score",
        "compute_f1",
        "calculate_f1",
        "precision_recall_f1",
        "f_measure",
    ),
    parameters=(TRUTH, GUESS, BETA, POSITIVE, EPSILON),
    variants=(*f_guarded(f1_score), *f_guarded(all_three, "precision, recall and F")),
    domains=(
        Domain("labels of 0 and 1", weighted, alone=True),
        Domain("no hit", no_hit),
    ),
    formula=r"(1 + \beta^2) \frac{p r}{\beta^2 p + r}",
    source=_SOURCE,
    mistakes=(
        unlabelled(f1_score),
        weighed("take the harmonic mean: 2 p r / (p + r)", lambda p, r, **_: (p + r) / 2),
        weighed("take the harmonic mean: 2 p r / (p + r)", lambda p, r, **_: sqrt(p * r)),
        weighed(
            "the factor 1 + beta^2 is missing: 2 for F1",
            lambda p, r, beta: f_score(p, r, beta) / (1 + beta**2),
        ),
        weighed("square beta", lambda p, r, beta: f_score(p, r, sqrt(beta))),
        weighed(
            "beta^2 multiplies precision in the denominator", lambda p, r, beta: f_score(r, p, beta)
        ),
        weighed("use the beta that was passed", lambda p, r, **_: f_score(p, r)),
        counted(
            "count the hits twice: 2 tp / (2 tp + fp + fn)",
            lambda fp, fn, tp, **_: share(tp, fp + fn),
        ),
        weighed("this is precision alone", lambda p, **_: p),
        weighed("this is recall alone", lambda r, **_: r),
        ACCURACY,
        *rounded(f1_score),
    ),
    forms=forms(
        "f1_score",
        f1_score,
        of_numbers(
            "precision and recall",
            f_score,
            Parameter("precision", ("p", "prec")),
            Parameter("recall", ("r", "rec")),
            BETA,
        ),
        of_numbers("tp, fp and fn", f_counts, TP, FP, FN, BETA),
    ),
)
