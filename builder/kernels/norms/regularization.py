"""Regularizers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import log

import numpy as np

from builder.kernels.kernel import (
    Arguments,
    Array,
    Bundle,
    Case,
    Complaint,
    Domain,
    Kernel,
    Parameter,
    Variant,
)

# A right answer fails a statistical check once in 10^10 runs.
_LOG_ALPHA = log(2e10)
_RTOL = 1e-6  # the mask may well be of float32


def _dropout(arguments: Arguments, outputs: Sequence[Array], *, keeps: bool) -> Complaint | None:
    """Judge inverted dropout: each value is dropped with probability p, or is x / (1 - p).

    With `keeps`, p is the probability to keep. Srivastava et al., Dropout (2014), section 10, in
    the inverted form that leaves evaluation alone.
    """
    x, p = np.asarray(arguments["x"], dtype=np.float64), float(arguments["p"])
    keep = p if keeps else 1.0 - p
    if not arguments["train"]:
        return _evaluation(x, keep, outputs)
    for out in outputs:
        if complaint := _values(x, keep, out):
            return complaint
    if not 0 < keep < 1:
        return None
    masks = [out != 0 for out in outputs]
    return _repetition(keep, masks) or _neighbourhood(keep, masks[0]) or _share(keep, masks)


def _evaluation(x: Array, keep: float, outputs: Sequence[Array]) -> Complaint | None:
    """Judge what is returned outside training: x itself, because training scaled already."""
    complaint = next(filter(None, (_values(x, 1.0, out) for out in outputs)), None)
    classic = complaint and all(_values(x * keep, 1.0, out) is None for out in outputs)
    if complaint and classic:
        return replace(complaint, hint=_CLASSIC)
    return complaint


_CLASSIC = (
    "this is the first form of dropout, which scales in evaluation; the usual, inverted one "
    "divides by the probability to keep in training and returns x in evaluation"
)


def _values(x: Array, keep: float, out: Array) -> Complaint | None:
    if out.shape != x.shape:
        return Complaint("another shape than x", f"shape {x.shape}", f"shape {out.shape}")
    if keep == 1.0:
        return _unchanged(x, out)
    scaled = x / keep if keep else np.zeros_like(x)
    wrong = ~(np.isclose(out, scaled, rtol=_RTOL, atol=0) | (out == 0))
    if not wrong.any():
        return None
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    hint = ""
    if keep and np.isclose(out[at], x[at]):
        hint = f"off by a factor {1 / keep:.4g}: divide kept values by the probability to keep"
    return Complaint(
        "a value that is neither 0 nor x divided by the probability to keep",
        f"0 or {scaled[at]:.6g}",
        f"{out[at]:.6g}",
        hint,
    )


def _unchanged(x: Array, out: Array) -> Complaint | None:
    wrong = ~np.isclose(out, x, rtol=1e-9, atol=0)
    if not wrong.any():
        return None
    return Complaint(
        "values other than x, where nothing is to be dropped",
        "x, unchanged",
        f"{out[wrong][0]:.6g} in the place of {x[wrong][0]:.6g}",
    )


def _share(keep: float, masks: Sequence[Array]) -> Complaint | None:
    """Hold the number of kept values, over all calls, against a two-sided Chernoff bound."""
    kept, n = sum(int(mask.sum()) for mask in masks), sum(mask.size for mask in masks)
    if n * _divergence(kept / n, keep) <= _LOG_ALPHA:
        return None
    swapped = n * _divergence(kept / n, 1 - keep) <= _LOG_ALPHA
    return Complaint(
        "a wrong share of kept values",
        f"{keep:.1%} of {n} values kept, or nearly so",
        f"{kept / n:.1%} of them kept",
        "dropped and kept ones are swapped" if swapped else "",
    )


def _divergence(share: float, q: float) -> float:
    """Return the relative entropy of two coins, in nats."""
    pairs = ((share, q), (1 - share, 1 - q))
    return sum(a * log(a / b) if b else float("inf") for a, b in pairs if a)


def _repetition(keep: float, masks: Sequence[Array]) -> Complaint | None:
    """Refuse calls that resemble each other: by their mask, or by how many values they keep."""
    counts = {int(mask.sum()) for mask in masks}
    if not counts.isdisjoint((0, masks[0].size)):
        return None  # nothing but zeros, or none: that is a matter of their share
    chances = -log(_agreement(keep)) * masks[0].size * (len(masks) - 1)
    if chances > _LOG_ALPHA and all(np.array_equal(masks[0], mask) for mask in masks[1:]):
        return Complaint("the same mask at each call", "a new mask", "the same zeros again")
    if len(masks) >= 30 and len(counts) == 1:
        return Complaint(
            f"exactly {min(counts)} kept values at each of {len(masks)} calls",
            "each value dropped for itself",
        )
    return None


def _neighbourhood(keep: float, mask: Array) -> Complaint | None:
    """Refuse masks in which rows, columns or the like are dropped together."""
    if mask.all() or not mask.any():
        return None
    for axis in range(mask.ndim):
        first, second = _neighbours(mask, axis)
        same = float(np.mean(first == second)) if first.size else _agreement(keep)
        if first.size * _divergence(same, _agreement(keep)) > 2 * _LOG_ALPHA:
            return Complaint(
                f"a mask whose neighbours along axis {axis} are not independent",
                f"both dropped or both kept in {_agreement(keep):.1%} of pairs, or nearly so",
                f"in {same:.1%} of pairs",
                "draw one random number for each element of x",
            )
    return None


def _agreement(keep: float) -> float:
    """Return how likely two values are both kept or both dropped."""
    return keep**2 + (1 - keep) ** 2


def _neighbours(mask: Array, axis: int) -> tuple[Array, Array]:
    """Return pairs of neighbours along `axis`; no element is in two pairs."""
    even = mask.shape[axis] // 2 * 2
    pairs = np.moveaxis(mask, axis, 0)[:even]
    return pairs[::2], pairs[1::2]


def _training(rng: np.random.Generator) -> list[Case]:
    def values(*shape: int) -> Array:
        return np.asarray(rng.uniform(0.5, 2.0, shape) * rng.choice((-1.0, 1.0), shape))

    return [
        Case({"x": np.array([1.0, -2.0, 3.0]), "p": 0.0, "train": True}),
        Case({"x": np.array([1.0, -2.0, 3.0]), "p": 0.5, "train": False}),
        Case({"x": values(4), "p": 0.5, "train": True}, repeats=4),
        Case({"x": values(10), "p": 0.5, "train": True}, repeats=40),
        Case({"x": values(2, 3), "p": 0.25, "train": False}, repeats=2),
        Case({"x": values(100, 80), "p": 0.3, "train": True}, repeats=2),
        Case({"x": values(20, 12, 30), "p": 0.8, "train": True}, repeats=2),
        Case({"x": values(60, 50).astype(np.float32), "p": 0.5, "train": True}),
    ]


def _everything(rng: np.random.Generator) -> list[Case]:
    return [Case({"x": np.array([1.0, -2.0, 3.0]), "p": 1.0, "train": True})]


_DROPOUT = Kernel(
    name="dropout_forward",
    aliases=("dropout", "inverted_dropout"),
    parameters=(
        Parameter("x", ("inputs", "a", "h", "activations")),
        Parameter(
            "p",
            ("rate", "drop_prob", "dropout_rate", "drop_rate", "p_drop", "prob", "drop_p"),
            complements=("keep_prob", "p_keep", "keep_rate", "keep_p"),
        ),
        Parameter(
            "train", ("training", "is_training", "is_train"), default=True, absent="training only"
        ),
    ),
    variants=(
        Variant("", holds=partial(_dropout, keeps=False)),
        Variant(
            "p keeps",
            holds=partial(_dropout, keeps=True),
            applies=lambda arguments: not arguments["train"] or arguments["p"] > 0,
            names=frozenset({"p", "prob"}),  # a name that says drop or keep is held to it
        ),
    ),
    domains=(
        Domain("0 <= p < 1", _training, alone=True),
        Domain("p = 1", _everything),
    ),
    formula=r"y = \frac{m \odot x}{1 - p}, \quad m_i \sim \operatorname{Bernoulli}(1 - p)",
    source="Srivastava et al.: Dropout (2014), section 10",
    cache=True,
)

_TRAIN = {"mode": "train"}
DROPOUT_FORWARD = replace(
    _DROPOUT,
    bundles=(Bundle("dropout_param", {"p": "p"}, fixed=_TRAIN),),
    # The same dict, where p is the probability to keep.
    forms=(replace(_DROPOUT, bundles=(Bundle("dropout_param", {"p": "1 - p"}, fixed=_TRAIN),)),),
)
