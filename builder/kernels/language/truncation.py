"""What is left of a distribution of tokens: the k likeliest, or the nucleus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

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
    Mistake,
    Parameter,
    Variant,
    layouts,
)
from builder.kernels.language.sampling import (
    LOGITS,
    TEMPERATURE,
    distribution,
    draws,
    renormalised,
    top_k_mask,
    top_p_mask,
)


def top_k_filter(logits: Array, k: int, *, softly: bool = False) -> Array:
    """Return `logits` (..., V) with -inf for all but the k largest, or `softly` their softmax.

    Fan, Lewis, Dauphin, Hierarchical Neural Story Generation (2018).
    """
    return _cut(logits, top_k_mask(logits, k), softly=softly)


def top_p_filter(logits: Array, p: float, *, softly: bool = False) -> Array:
    """Return `logits` (..., V) with -inf outside of the nucleus, or `softly` their softmax."""
    return _cut(logits, top_p_mask(softmax(logits), p), softly=softly)


def _cut(logits: Array, kept: Array, *, softly: bool) -> Array:
    cut = np.where(kept, np.asarray(logits, dtype=np.float64), -np.inf)
    return softmax(cut) if softly else cut


def _low(
    arguments: Arguments, outputs: Sequence[Array], *, cut: Callable[..., Array]
) -> Complaint | None:
    """Judge logits in which a large negative number stands for -inf."""
    expected = cut(**arguments)
    out = np.asarray(outputs[0], dtype=np.float64)
    if out.shape != expected.shape:
        return Complaint("another shape than the logits", f"{expected.shape}", f"{out.shape}")
    kept = np.isfinite(expected)
    tolerance = 1e-5 if np.asarray(arguments["logits"]).dtype == np.float32 else 1e-9
    right = np.where(kept, np.isclose(out, expected, rtol=tolerance, atol=1e-12), out <= -1e4)
    if right.all():
        return None
    at = tuple(int(i) for i in np.argwhere(~right)[0])
    return Complaint(
        f"returns {out[at]:.6g} where the reference returns {expected[at]:.6g} at {list(at)}",
        str(expected.tolist()),
        str(out.tolist()),
    )


# ── cases ────────────────────────────────────────────────────────────────────────────────────────

_VALUES = {"k": (2, 1, 3), "p": (0.7, 0.2, 0.95)}
_SHIFT = "subtract the maximum before the exponential"
_ROW = "treat each row by itself: axis=-1"


def _vectors(option: str, rng: np.random.Generator) -> list[Case]:
    """Return vectors of logits, each with a value of k or p; the first are to be done by hand."""
    some, few, many = _VALUES[option]
    drawn = [rng.normal(scale=2.0, size=size) for size in (4, 5, 7, 9, 12)]
    plain: list[tuple[Array, float]] = [
        (np.log([0.1, 0.15, 0.25, 0.5]), some),
        (np.log([0.5, 0.2, 0.3]), few),
        (np.array([-1.0, -3.0, -2.5]), some),
        (np.array([4.0]), few),
        *((x, value) for x in drawn for value in (some, many)),
        *((x, some) for x in layouts(drawn[2])),
        (rng.normal(size=6).astype(np.float32), some),
    ]
    extreme: list[Array] = [
        np.array([1000.0, 0.0, 999.0, 998.5]),
        np.array([-1000.0, -1001.5, -1000.6]),
        np.array([1.0, -np.inf, 0.5, 0.2]),
    ]
    return [
        *(Case({"logits": x, option: value}) for x, value in plain),
        *(Case({"logits": x, option: some}, Level.STABILITY, _SHIFT) for x in extreme),
    ]


def _probabilities(option: str, rng: np.random.Generator) -> list[Case]:
    some, few, many = _VALUES[option]
    drawn = [rng.dirichlet(np.ones(size)) for size in (3, 4, 5, 6, 8, 10)]
    plain: list[tuple[Array, float]] = [
        (np.array([0.1, 0.15, 0.25, 0.5]), some),
        (np.array([0.5, 0.2, 0.3]), few),
        (np.array([1.0]), few),
        *((x, value) for x in drawn for value in (some, many)),
        *((x, some) for x in layouts(drawn[3])),
        (rng.dirichlet(np.ones(5)).astype(np.float32), some),
    ]
    return [Case({"probs": x, option: value}) for x, value in plain]


def _rows(name: str, option: str, rng: np.random.Generator) -> list[Case]:
    drawn = [rng.normal(scale=1.5, size=shape) for shape in ((2, 3), (1, 4), (3, 5), (4, 6))]
    given = [softmax(x) for x in drawn] if name == "probs" else drawn
    plain = [
        Case({name: x, option: value}, hint=_ROW)
        for x in (*given, *layouts(given[2]))
        for value in _VALUES[option][:2]
    ]
    if name == "probs":
        return plain
    apart = {name: drawn[2] + np.array([[0.0], [1000.0], [-1000.0]]), option: _VALUES[option][0]}
    return [*plain, Case(apart, Level.STABILITY, "subtract each row's own maximum")]


def _integers(option: str, rng: np.random.Generator) -> list[Case]:
    return [Case({"logits": np.array([1, 4, 3, 0]), option: _VALUES[option][0]})]


def _everything(name: str, option: str, rng: np.random.Generator) -> list[Case]:
    x = rng.dirichlet(np.ones(4))
    return [Case({name: x, option: value}) for value in ((4, 9) if option == "k" else (1.0,))]


_DRAWS = {"k": (2, 1, 3), "p": (0.85, 0.2, 0.95)}
_PEAKED, _WARM = np.array([0.03, 0.8, 0.05, 0.12]), np.array([0.01, 0.6, 0.38, 0.01])


def _drawn(option: str, rng: np.random.Generator) -> list[Case]:
    some, few, many = _DRAWS[option]
    x = np.log(_PEAKED)
    # Both orders of cutting and warming leave the same two tokens.
    warm = {"logits": np.log(_WARM), option: 2 if option == "k" else 0.9, "temperature": 0.25}
    return [
        Case({"logits": np.array([1.0]), option: few}),
        *(Case({"logits": x, option: value}, repeats=120) for value in (some, few, many)),
        Case(warm, hint="divide the logits by the temperature", repeats=200),
        Case({"logits": 1000.0 + x, option: some}, Level.STABILITY, _SHIFT, repeats=20),
    ]


def _drawn_of_probs(option: str, rng: np.random.Generator) -> list[Case]:
    cases = [Case({"probs": _PEAKED, option: v}, repeats=120) for v in _DRAWS[option]]
    return [Case({"probs": np.array([1.0]), option: _DRAWS[option][1]}), *cases]


# ── well-known mistakes ──────────────────────────────────────────────────────────────────────────

Keeps = Callable[[Array, float], Array]
"""Says which of probabilities (..., V) are kept, given k or p."""


def _first_of(probs: Array, p: float, *, more: int = 0, rising: bool = False) -> Array:
    """Return the nucleus and `more` tokens, or what is gathered from the unlikely end."""
    order = np.argsort(probs if rising else -probs, axis=-1)
    ranked = np.take_along_axis(probs, order, axis=-1)
    size = np.sum(np.cumsum(ranked, axis=-1) - ranked < p, axis=-1, keepdims=True) + more
    return np.asarray(np.argsort(order, axis=-1) < size)


_WRONG: dict[str, tuple[tuple[str, Keeps], ...]] = {
    "p": (
        ("the token that crosses p belongs to the nucleus", partial(_first_of, more=-1)),
        ("the token that crosses p is the last one of the nucleus", partial(_first_of, more=1)),
        ("add up probabilities, from the likeliest token down", partial(_first_of, rising=True)),
        ("add up the likeliest tokens in order: sort first", lambda x, p: _before(x) < p),
        ("p bounds the sum of the likeliest, not each probability", lambda x, p: x >= p),
        ("this is the rest: keep the nucleus", lambda x, p: ~top_p_mask(x, p)),
    ),
    "k": (
        ("keep the k largest, not the k smallest", lambda x, k: top_k_mask(-x, k)),
        ("keep k, not one less", lambda x, k: top_k_mask(x, k - 1)),
        ("keep k, not one more", lambda x, k: top_k_mask(x, k + 1)),
        ("this is the rest: keep the k largest", lambda x, k: ~top_k_mask(x, k)),
    ),
}


def _before(probs: Array) -> Array:
    return np.asarray(np.cumsum(probs, axis=-1) - probs)


def _of_logits(option: str) -> tuple[Mistake, ...]:
    """Return the mistakes of answers that take logits, whatever they return."""

    def wrong(keeps: Keeps, softly: bool, logits: Array, **value: float) -> Array:  # noqa: FBT001
        return _cut(logits, keeps(softmax(logits), value[option]), softly=softly)

    keeps = _KEEPS[option]
    return (
        *(
            Mistake(hint, partial(wrong, mask, softly))
            for softly in (False, True)
            for hint, mask in _WRONG[option]
        ),
        Mistake(
            _SUM,
            lambda logits, **v: np.where(keeps(softmax(logits), v[option]), softmax(logits), 0.0),
        ),
        Mistake(
            "what is left out is -inf as a logit: 0 is an ordinary one",
            lambda logits, **v: np.where(keeps(softmax(logits), v[option]), logits, 0.0),
        ),
        Mistake(
            "what is left out is -inf as a logit: 0 is an ordinary one",
            lambda logits, **v: softmax(np.where(keeps(softmax(logits), v[option]), logits, 0.0)),
        ),
        Mistake(
            "keep the shape: each token has a place in the result",
            lambda logits, **v: np.sort(logits[keeps(softmax(logits), v[option])])[::-1],
        ),
        Mistake(
            _PLACES,
            lambda logits, **v: np.sort(wrong(keeps, softly=True, logits=logits, **v))[..., ::-1],
        ),
    )


def _of_probs(option: str) -> tuple[Mistake, ...]:
    """Return the mistakes of answers that take probabilities."""

    def wrong(keeps: Keeps, probs: Array, **value: float) -> Array:
        return renormalised(probs, keeps(probs, value[option]))

    keeps = _KEEPS[option]
    return (
        *(Mistake(hint, partial(wrong, mask)) for hint, mask in _WRONG[option]),
        Mistake(_SUM, lambda probs, **v: np.where(keeps(probs, v[option]), probs, 0.0)),
        Mistake(_PLACES, lambda probs, **v: np.sort(wrong(keeps, probs, **v))[..., ::-1]),
        Mistake(
            "divide by the sum of what is left, don't take its softmax",
            lambda probs, **v: _cut(probs, keeps(probs, v[option]), softly=True),
        ),
    )


_KEEPS: dict[str, Keeps] = {"k": lambda x, k: top_k_mask(x, int(k)), "p": top_p_mask}
_SUM = "divide by the sum of what is left, so that it sums to 1"
_PLACES = "put each probability back in its token's place"


# ── the kernels ──────────────────────────────────────────────────────────────────────────────────

PROBS = Parameter(
    "probs", ("probabilities", "prob", "distribution", "dist", "p_dist", "token_probs", "ps")
)


def _kernel(
    option: Parameter, names: tuple[str, ...], cut: Callable[..., Array], formula: str, source: str
) -> Kernel:
    """Return the kernel of a filter, with forms for probabilities and for draws."""
    one, name = option.name, f"top_{option.name}"
    law = {"k": "top_k", "p": "top_p"}[one]
    keeps = _KEEPS[one]
    edge = "any k" if one == "k" else "p = 1"

    def left(probs: Array, **value: float) -> Array:
        return renormalised(probs, keeps(np.asarray(probs, dtype=np.float64), value[one]))

    def drawn(logits: Array, temperature: float = 1.0, **value: float) -> Array:
        return distribution(logits, temperature, **{law: value[one]})  # type: ignore[arg-type]

    def form(parameters: tuple[Parameter, ...], variant: Variant, *domains: Domain) -> Kernel:
        wrong = _of_probs(one) if variant.reference else ()
        return Kernel(name, parameters, (variant,), domains, formula, source, mistakes=wrong)

    return Kernel(
        name,
        (LOGITS, option),
        (
            Variant("logits, -inf for the rest", cut),
            Variant("probabilities", partial(cut, softly=True)),
            Variant("logits, a large negative number for the rest", holds=partial(_low, cut=cut)),
        ),
        (
            Domain("one vector of logits", partial(_vectors, one), alone=True),
            Domain("rows of logits", partial(_rows, "logits", one), alone=True),
            Domain("integers", partial(_integers, one)),
            Domain(edge, partial(_everything, "logits", one)),
        ),
        formula,
        source,
        aliases=names,
        mistakes=_of_logits(one),
        forms=(
            form(
                (PROBS, option),
                Variant("probabilities", left),
                Domain("one vector of probabilities", partial(_probabilities, one), alone=True),
                Domain("rows of probabilities", partial(_rows, "probs", one), alone=True),
                Domain(edge, partial(_everything, "probs", one)),
            ),
            form(
                (LOGITS, option, TEMPERATURE),
                Variant("an index drawn", holds=partial(draws, law=drawn)),
                Domain("one vector of logits", partial(_drawn, one), alone=True),
            ),
            form(
                (PROBS, option),
                Variant("an index drawn", holds=partial(draws, law=left)),
                Domain("one vector of probabilities", partial(_drawn_of_probs, one), alone=True),
            ),
        ),
    )


TOP_K = _kernel(
    Parameter("k", ("top_k", "n", "topk", "num", "k_top")),
    (
        *("top_k_filter", "top_k_filtering", "top_k_logits", "filter_top_k", "topk_filter"),
        *("top_k_sampling", "top_k_sample", "sample_top_k", "top_k_probs", "apply_top_k"),
    ),
    top_k_filter,
    r"z'_i = \begin{cases} z_i & z_i \text{ among the } k \text{ largest} \\ "
    r"-\infty & \text{else} \end{cases}",
    "Fan, Lewis, Dauphin: Hierarchical Neural Story Generation (2018)",
)

TOP_P = _kernel(
    Parameter("p", ("top_p", "threshold", "p_threshold", "nucleus_p", "cutoff", "prob_threshold")),
    (
        *("top_p_filter", "top_p_filtering", "nucleus", "nucleus_filter", "nucleus_sampling"),
        *("top_p_sampling", "top_p_sample", "sample_top_p", "nucleus_sample", "top_p_logits"),
        *("top_p_probs", "filter_top_p", "apply_top_p"),
    ),
    top_p_filter,
    r"V_p = \operatorname*{arg\,min}_{V} |V| \text{ with } \sum_{i \in V} P(i) \ge p",
    "Holtzman et al.: The Curious Case of Neural Text Degeneration (2019)",
)
