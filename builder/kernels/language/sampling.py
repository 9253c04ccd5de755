"""Sampling of tokens: what is left of a distribution, and draws from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import log

import numpy as np

from builder.kernels.activations.activation import softmax
from builder.kernels.kernel import (
    Arguments,
    Array,
    Case,
    Complaint,
    Domain,
    Kernel,
    Level,
    Parameter,
    Variant,
    layouts,
)


def top_k_mask(scores: Array, k: float) -> Array:
    """Return which of `scores` (..., V) are among the k largest of their row."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), axis=-1, kind="stable")
    return np.argsort(order, axis=-1) < k


def top_p_mask(probs: Array, p: float) -> Array:
    """Return which of `probs` (..., V) are in the nucleus, the smallest set to reach p.

    Tokens join from the most likely one down, until their sum is p or more; the one that crosses p
    is the last to join. Holtzman et al., The Curious Case of Neural Text Degeneration (2019).
    """
    probs = np.asarray(probs, dtype=np.float64)
    order = np.argsort(-probs, axis=-1, kind="stable")
    ranked = np.take_along_axis(probs, order, axis=-1)
    before = np.cumsum(ranked, axis=-1) - ranked
    return np.take_along_axis(before < p, np.argsort(order, axis=-1), axis=-1)


def renormalised(probs: Array, kept: Array) -> Array:
    """Return `probs` (..., V) with 0 for what is not kept, so that each row sums to 1."""
    left = np.where(kept, np.asarray(probs, dtype=np.float64), 0.0)
    return np.asarray(left / left.sum(axis=-1, keepdims=True))


def distribution(
    logits: Array, temperature: float, top_k: int | None = None, top_p: float | None = None
) -> Array:
    """Return the probabilities that a token is drawn with: softmax of logits / temperature.

    With top_k or top_p, of what these leave. A temperature of 0 leaves the largest alone.
    """
    logits = np.asarray(logits, dtype=np.float64)
    probs = (
        top_k_mask(logits, 1).astype(float) if temperature == 0 else softmax(logits / temperature)
    )
    if top_k is not None:
        probs = renormalised(probs, top_k_mask(logits, top_k))
    return probs if top_p is None else renormalised(probs, top_p_mask(probs, top_p))


# ── the judgement of draws ───────────────────────────────────────────────────────────────────────

# A right answer fails a statistical check once in 10^10 runs.
_LOG_ALPHA = log(2e10)


def draws(
    arguments: Arguments, outputs: Sequence[Array], *, law: Callable[..., Array]
) -> Complaint | None:
    """Judge indices that are drawn: each in range, and each as often as `law` lets it be.

    For each token, the number of its draws is held against a two-sided Chernoff bound.
    """
    probs = np.atleast_2d(law(**arguments))
    shape = np.shape(arguments["logits" if "logits" in arguments else "probs"])[:-1]
    for out in outputs:
        if complaint := _no_index(out, shape, probs.shape[-1]):
            return complaint
    drawn = np.array([np.ravel(out) for out in outputs]).astype(int)
    counts = np.stack([np.bincount(row, minlength=probs.shape[-1]) for row in drawn.T])
    unlikely = _unlikely(counts, probs)
    if not unlikely.any():
        return None
    row, token = (int(i) for i in np.argwhere(unlikely)[0])
    return Complaint(
        "tokens that are drawn too often or too seldom",
        f"token {token} in {probs[row, token]:.1%} of draws, or nearly so",
        f"in {counts[row, token]} of {len(outputs)} draws",
        _STUCK if np.all(drawn == drawn[0]) else _explained(arguments, counts),
    )


_STUCK = "the same token each time: draw one, from a generator that goes on"


def _no_index(out: Array, shape: tuple[int, ...], tokens: int) -> Complaint | None:
    wanted = f"an index from 0 to {tokens - 1}"
    if out.shape != shape:
        hint = "return the index of the token that is drawn" if out.shape[-1:] == (tokens,) else ""
        what = f"shape {out.shape}" if out.ndim else "a single number"
        return Complaint(
            f"{what} instead of an index for each row", wanted, f"shape {out.shape}", hint
        )
    values = out.astype(np.float64)
    wrong = ~((values >= 0) & (values < tokens) & (values == np.floor(values)))
    if wrong.any():
        return Complaint("something that is no index", wanted, f"{values[wrong].flat[0]:g}")
    return None


def _unlikely(counts: Array, probs: Array) -> Array:
    """Return which counts (rows, V) are beyond the bound for draws with these probabilities."""
    n = counts.sum(axis=-1, keepdims=True)
    share = counts / n
    far = np.zeros(counts.shape)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for a, b in ((share, probs), (1 - share, np.maximum(1 - probs, 0))):
            far += np.where(a > 0, a * np.log(a / b), 0.0)
    return np.asarray(n * far > _LOG_ALPHA)


def _explained(arguments: Arguments, counts: Array) -> str:
    """Return what was drawn from instead, as a hint."""
    if "probs" in arguments:
        laws = [(_LEFT, np.atleast_2d(arguments["probs"]))]
    else:
        logits = np.atleast_2d(np.asarray(arguments["logits"], dtype=np.float64))
        t = float(arguments["temperature"] or 1.0)
        laws = [
            ("divide the logits by the temperature, not multiply", softmax(logits * t)),
            ("divide the logits by the temperature", softmax(logits)),
            ("draw with the probabilities of softmax", np.full(logits.shape, 1 / counts.shape[-1])),
        ]
        if any(arguments.get(name) is not None for name in ("k", "p", "top_k", "top_p")):
            laws = [(_LEFT, softmax(logits / t))]
    return next((hint for hint, probs in laws if not _unlikely(counts, probs).any()), "")


_LEFT = "draw from what k or p leaves, not from all tokens"


# ── cases of draws ───────────────────────────────────────────────────────────────────────────────

_SHIFT = "subtract the maximum before the exponential"


def _draws_of_vectors(rng: np.random.Generator) -> list[Case]:
    by_hand, drawn = np.array([0.0, log(4.0)]), rng.normal(scale=1.5, size=5)
    asked: list[tuple[Array, dict[str, float], int]] = [
        (np.array([3.0]), {}, 2),
        (by_hand, {}, 100),
        (np.array([1.0, 2.0, 3.0]), {"temperature": 0.5}, 150),
        (np.array([1, 3]), {"temperature": 2.0}, 100),
        (np.array([6.0, 0.0, 4.0]), {"temperature": 4.0}, 120),
        (np.array([0.0, -1.0, 1.0, 0.5]), {"temperature": 0.02}, 10),
        (np.append(log(20.0), np.zeros(20)), {}, 150),  # noise of another law wins too seldom
        (drawn, {}, 100),
        (layouts(drawn)[0], {"temperature": 0.7}, 80),
    ]
    extreme = [[0.0, 1000.0], [-1000.0, -1001.5], [-np.inf, 0.0, 0.0], [1e4, -1e4]]
    return [
        *(Case({"logits": x, **option}, repeats=n) for x, option, n in asked),
        *(Case({"logits": np.array(x)}, Level.STABILITY, _SHIFT, repeats=40) for x in extreme),
    ]


def _draws_of_rows(rng: np.random.Generator) -> list[Case]:
    rows = np.array([[0.0, 3.0, 1.0], [2.0, 0.0, -2.0]])
    return [
        Case({"logits": rows}, repeats=100),
        Case({"logits": rows[:1], "temperature": 0.5}, repeats=50),
        Case({"logits": rows, "temperature": 2.0}, repeats=100),
        Case({"logits": rows + np.array([[0.0], [1000.0]])}, Level.STABILITY, _SHIFT, repeats=40),
    ]


def _cold(rng: np.random.Generator) -> list[Case]:
    hint = "a temperature of 0 means the likeliest token: don't divide by it"
    x = np.array([1.0, 3.0, 2.0])
    return [Case({"logits": x, "temperature": 0.0}, hint=hint, repeats=5)]


def _draws_of_best(rng: np.random.Generator) -> list[Case]:
    x = np.array([2.0, 0.0, 1.5, 1.0])
    cases = ((x, {"top_k": 2}), (x, {"top_k": 1}), (x, {"top_k": 3, "temperature": 2.0}))
    return [Case({"logits": x, **option}, repeats=60) for x, option in cases]


def _draws_of_nucleus(rng: np.random.Generator) -> list[Case]:
    x = np.log([0.1, 0.5, 0.15, 0.25])
    cases = ((x, {"top_p": 0.7}), (x, {"top_p": 0.2}), (x, {"top_p": 0.8}))
    return [Case({"logits": x, **option}, repeats=60) for x, option in cases]


LOGITS = Parameter("logits", ("scores", "x", "z", "logit", "next_token_logits", "token_logits"))
TEMPERATURE = Parameter("temperature", ("temp", "t", "tau"), 1.0, least=0.01, most=100.0)

SAMPLE = Kernel(
    name="sample",
    aliases=(
        *("temperature_sampling", "sample_with_temperature", "temperature_sample", "sample_token"),
        *("sample_next_token", "sample_from_logits", "softmax_sample", "sample_logits"),
    ),
    parameters=(
        LOGITS,
        TEMPERATURE,
        Parameter("top_k", ("k",), None, least=1),
        Parameter("top_p", ("p",), None, least=0.01, most=1.0),
    ),
    variants=(Variant("", holds=partial(draws, law=distribution)),),
    domains=(
        Domain("one vector", _draws_of_vectors, alone=True),
        Domain("a batch of rows", _draws_of_rows, alone=True),
        Domain("top k", _draws_of_best),
        Domain("top p", _draws_of_nucleus),
        Domain("temperature 0", _cold),
    ),
    formula=r"P(i) = \frac{e^{z_i / T}}{\sum_j e^{z_j / T}}",
    source="Ackley, Hinton, Sejnowski: A Learning Algorithm for Boltzmann Machines (1985)",
)
