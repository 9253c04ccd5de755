"""Decoding of language models: perplexity; filters, draws and beams stand beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import e
from typing import Any

import numpy as np

from builder.kernels.activations.activation import log_softmax
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


def perplexity(log_probs: Array, mask: Array | None = None, base: float = e) -> float:
    """Return base ** -mean(log_probs) in float64, for natural logarithms exp(-mean(log_probs)).

    `log_probs`, of any shape, are the logarithms of the probabilities that a model gave to the
    tokens that came; the mean is over all, or where `mask` is not 0. Jelinek, Mercer, Bahl, Baker,
    Perplexity: a Measure of the Difficulty of Speech Recognition Tasks (1977).
    """
    logs = np.asarray(log_probs, dtype=np.float64)
    kept = np.ones(logs.shape, bool) if mask is None else np.asarray(mask) != 0
    return float(base ** -np.mean(logs[kept]))


def _of_probs(probs: Array, eps: float = 0.0) -> float:
    return perplexity(np.log(np.asarray(probs, dtype=np.float64) + eps))


def _of_losses(nll: Array) -> float:
    return perplexity(-np.asarray(nll, dtype=np.float64))


def _chosen(table: Array, targets: Array) -> Array:
    """Return the entry (..., V) of each target (...)."""
    at = np.expand_dims(np.asarray(targets), -1)
    return np.asarray(np.take_along_axis(np.asarray(table, np.float64), at, axis=-1)[..., 0])


def _of_logits(logits: Array, targets: Array) -> float:
    return perplexity(_chosen(log_softmax(logits), targets))


def _of_table(probs: Array, targets: Array, eps: float = 0.0) -> float:
    return _of_probs(_chosen(probs, targets), eps)


def _of_log_table(log_probs: Array, targets: Array) -> float:
    return perplexity(_chosen(log_probs, targets))


def _logs(probs: Array) -> Array:
    return np.asarray(np.log(probs))


def _chosen_logs(log_probs: Array, targets: Array) -> Array:
    return _chosen(log_probs, targets)


# ── cases ────────────────────────────────────────────────────────────────────────────────────────

_LONG = "add logarithms: a product of many probabilities is 0"
_SHIFT = "subtract the maximum before the exponential: log-sum-exp"


def _likely(rng: np.random.Generator) -> list[Array]:
    """Return probabilities of the tokens that came; the first are to be done by hand."""
    drawn = [rng.uniform(0.05, 1.0, size=n) for n in (3, 4, 7, 10, 33)]
    return [
        np.array([0.5, 0.125]),
        np.array([0.25]),
        np.array([1.0, 1.0]),
        np.array([0.2, 0.2, 0.2]),
        *drawn,
        *layouts(drawn[2]),
    ]


def _vectors(name: str, of: Callable[[Array], Array], rng: np.random.Generator) -> list[Case]:
    long = of(rng.uniform(0.001, 0.2, size=500))
    return [
        *(Case({name: of(p)}) for p in _likely(rng)),
        Case({name: of(rng.uniform(0.2, 1.0, size=5)).astype(np.float32)}),
        Case({name: long}, Level.STABILITY, _LONG),
    ]


def _log_vectors(rng: np.random.Generator) -> list[Case]:
    hint = "take the mean before the exponential: exp of the sum is 0"
    return [
        *_vectors("log_probs", np.log, rng),
        Case({"log_probs": np.full(4, -500.0)}, Level.STABILITY, hint),
    ]


def _log_rows(rng: np.random.Generator) -> list[Case]:
    return [Case({"log_probs": -rng.exponential(size=shape)}) for shape in ((2, 3), (3, 1), (4, 5))]


def _masked(rng: np.random.Generator) -> list[Case]:
    by_hand = Case({"log_probs": np.log([0.5, 0.25, 0.125]), "mask": np.array([1, 0, 1])})
    mask = np.array([1, 1, 0, 1, 0])
    hint = "divide by how many tokens the mask keeps"
    masks = (mask, np.ones(5, int), mask.astype(bool))
    drawn = [Case({"log_probs": -rng.exponential(size=5), "mask": m}, hint=hint) for m in masks]
    return [replace(by_hand, hint=hint), *drawn]


def _with_masks(rng: np.random.Generator) -> list[Case]:
    """Return the same for answers that insist on a mask, and a few that keep everything."""
    whole = [Case({"log_probs": -rng.exponential(size=n), "mask": np.ones(n)}) for n in (1, 2, 3)]
    return [*_masked(rng), *whole]


def _bases(rng: np.random.Generator) -> list[Case]:
    hint = "raise the base that was passed to the power"
    return [Case({"log_probs": -rng.exponential(size=4), "base": b}, hint=hint) for b in (2, 10)]


def _numbers(rng: np.random.Generator) -> list[Case]:
    return [
        Case({"nll": x}) for x in (1.0, 0.0, 2.5, 0.25, *rng.exponential(size=4).tolist(), 12.0)
    ]


_SIZES = ((2, 3), (1, 4), (5, 2), (6, 5), (9, 7))


def _scores(rng: np.random.Generator) -> list[Case]:
    drawn = [
        (rng.normal(scale=2.0, size=size), rng.integers(size[1], size=size[0])) for size in _SIZES
    ]
    plain = [
        (np.array([[0.0, 0.0], [0.0, np.log(3.0)]]), np.array([0, 1])),
        *drawn,
        *((x, drawn[3][1]) for x in layouts(drawn[3][0])),
        (drawn[4][0].astype(np.float32), drawn[4][1]),
    ]
    extreme = [
        (np.array([[0.0, 1000.0], [5.0, 5.5]]), np.array([1, 0])),
        (1e4 + drawn[3][0], drawn[3][1]),
    ]
    return [
        *(Case({"logits": x, "targets": t}) for x, t in plain),
        *(Case({"logits": x, "targets": t}, Level.STABILITY, _SHIFT) for x, t in extreme),
    ]


def _batches(rng: np.random.Generator) -> list[Case]:
    return [Case({"logits": rng.normal(size=(2, 3, 4)), "targets": rng.integers(4, size=(2, 3))})]


def _distributions(name: str, rng: np.random.Generator) -> list[Case]:
    of = np.log if name == "log_probs" else np.asarray
    drawn = [(rng.dirichlet(np.full(v, 3.0), size=n), rng.integers(v, size=n)) for n, v in _SIZES]
    plain = [(np.array([[0.5, 0.5], [0.875, 0.125]]), np.array([0, 1])), *drawn]
    return [
        *(Case({name: of(p), "targets": t}) for p, t in plain),
        *(Case({name: of(p), "targets": drawn[3][1]}) for p in layouts(drawn[3][0])),
    ]


# ── the kernel and its forms ─────────────────────────────────────────────────────────────────────

_EPS = (1e-12, 1e-10, 1e-9, 1e-8, 1e-15)
_SOURCE = "Jelinek, Mercer, Bahl, Baker: Perplexity (1977)"
_FORMULA = r"\exp\Bigl(-\frac{1}{N} \sum_i \log P(w_i \mid w_{<i})\Bigr)"
_TARGETS = Parameter("targets", ("labels", "target", "y", "y_true", "target_ids", "ids", "tokens"))
_PROBS = (
    "probabilities",
    "p",
    "prob",
    "token_probs",
    "q",
    "predicted_probs",
    "word_probs",
    "y_pred",
)


def _mistakes(logs: Callable[..., Array]) -> tuple[Mistake, ...]:
    """Return what goes wrong after the logarithms of an answer's arguments."""
    wrong: tuple[tuple[str, Callable[[Array], Any]], ...] = (
        ("the minus is missing: perplexity is 1 or more", lambda x: np.exp(np.mean(x))),
        ("take the mean, not the sum", lambda x: np.exp(-np.sum(x))),
        ("take the exponential of it: this is the cross-entropy", lambda x: -np.mean(x)),
        ("natural logarithms need exp, not a power of 2", lambda x: 2.0 ** -np.mean(x)),
        ("average the logarithms, not the probabilities", lambda x: 1 / np.mean(np.exp(x))),
        ("average before the exponential", lambda x: np.mean(np.exp(-x))),
        ("return one number for all tokens", lambda x: np.exp(-x)),
        ("the root of the product is missing: take the mean", lambda x: np.exp(np.sum(x))),
    )
    return tuple(
        Mistake(hint, lambda of=of, **given: of(np.asarray(logs(**given)))) for hint, of in wrong
    )


def _form(
    parameters: tuple[Parameter, ...],
    variants: tuple[Variant, ...],
    domains: tuple[Domain, ...],
    logs: Callable[..., Array],
) -> Kernel:
    return Kernel(
        "perplexity", parameters, variants, domains, _FORMULA, _SOURCE, mistakes=_mistakes(logs)
    )


def _guarded(reference: Callable[..., float]) -> tuple[Variant, ...]:
    return (
        Variant("of probabilities", reference),
        *(
            Variant(f"of probabilities, log(p + {short(eps)})", partial(reference, eps=eps))
            for eps in _EPS
        ),
    )


_LOG_PROBS = Parameter(
    "log_probs",
    ("logprobs", "logp", "log_p", "token_log_probs", "log_prob", "log_likelihoods", "lps"),
)
_MASK = Parameter("mask", ("attention_mask", "padding_mask", "loss_mask"))

_FORMS = (
    _form(
        (_LOG_PROBS, _MASK),
        (Variant("with a mask", perplexity),),
        (Domain("a mask", _with_masks, alone=True),),
        lambda log_probs, mask: log_probs[mask != 0],
    ),
    _form(
        (Parameter("probs", _PROBS),),
        _guarded(_of_probs),
        (Domain("one vector", partial(_vectors, "probs", np.asarray), alone=True),),
        _logs,
    ),
    _form(
        (Parameter("logits", ("scores", "x", "z")), _TARGETS),
        (Variant("of logits", _of_logits),),
        (Domain("rows of logits", _scores, alone=True), Domain("batches of rows", _batches)),
        lambda logits, targets: _chosen(log_softmax(logits), targets),
    ),
    _form(
        (Parameter("probs", _PROBS), _TARGETS),
        _guarded(_of_table),
        (Domain("rows of probabilities", partial(_distributions, "probs"), alone=True),),
        lambda probs, targets: np.log(_chosen(probs, targets)),
    ),
    _form(
        (Parameter("log_probs", ("logprobs", "logp", "log_p")), _TARGETS),
        (Variant("of log-probabilities", _of_log_table),),
        (Domain("rows of logarithms", partial(_distributions, "log_probs"), alone=True),),
        _chosen_logs,
    ),
    _form(
        (
            Parameter(
                "nll",
                ("loss", "ce", "cross_entropy", "cross_entropy_loss", "nlls", "losses", "avg_nll"),
            ),
        ),
        (Variant("of the loss", _of_losses),),
        (
            Domain("one number", _numbers, alone=True),
            Domain("one vector", partial(_vectors, "nll", lambda p: -np.log(p)), alone=True),
        ),
        lambda nll: -np.asarray(nll),
    ),
)

PERPLEXITY = Kernel(
    name="perplexity",
    aliases=("ppl", "compute_perplexity", "calculate_perplexity", "get_perplexity"),
    parameters=(
        _LOG_PROBS,
        replace(_MASK, default=None),
        Parameter("base", ("b",), e, least=1.5, most=10.0),
    ),
    variants=(Variant("", perplexity),),
    domains=(
        Domain("one vector", _log_vectors, alone=True),
        Domain("any shape", _log_rows),
        Domain("a mask", _masked),
        Domain("any base", _bases),
    ),
    formula=_FORMULA,
    source=_SOURCE,
    mistakes=_mistakes(lambda log_probs, **_: log_probs),
    forms=_FORMS,
)
