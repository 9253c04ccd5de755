"""Contrastive losses: what belongs together is to be nearer than what doesn't."""

from __future__ import annotations

from functools import partial
from itertools import product
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
from builder.kernels.losses.pair import reduced


def triplet_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float,
    *,
    squared: bool = True,
    reduction: str = "mean",
) -> Array | float:
    """Return max(0, d(a, p) - d(a, n) + margin), reduced over rows, in float64.

    d is the squared Euclidean distance of vectors (D,) or rows (N, D), or else the distance
    itself. Schroff, Kalenichenko, Philbin, FaceNet (2015).
    """
    a, p, n = (np.asarray(x, dtype=np.float64) for x in (anchor, positive, negative))
    near, far = (np.sum((a - x) ** 2, axis=-1) for x in (p, n))
    if not squared:
        near, far = np.sqrt(near), np.sqrt(far)
    return reduced(np.maximum(0.0, near - far + margin), reduction)


def _triplets(rng: np.random.Generator, *shape: int) -> tuple[Array, ...]:
    """Return triplets about as often inside as outside of the margin."""
    a = rng.normal(size=shape)
    return a, a + rng.normal(scale=0.8, size=shape), a + rng.normal(scale=0.9, size=shape)


_TRIPLET = ("anchor", "positive", "negative")


def _asked(arrays: tuple[Array, ...], level: Level = Level.CORE, **option: float) -> Case:
    hint = "use the margin that was passed" if option else ""
    return Case({**dict(zip(_TRIPLET, arrays, strict=True)), **option}, level, hint)


def _batches(rng: np.random.Generator) -> list[Case]:
    a, p = np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([[1.0, 1.0], [2.0, 4.0]])
    n = np.array([[0.5, 0.5], [3.0, 4.0]])
    views = zip(*(layouts(x) for x in _triplets(rng, 6, 3)), strict=True)
    single = tuple(x.astype(np.float32) for x in _triplets(rng, 8, 4))
    integers = tuple(x.astype(int) for x in (a, p, np.array([[1.0, 0.0], [4.0, 3.0]])))
    return [
        *(_asked(x) for x in ((a, p, n), (a[:1], p[:1], n[:1]), integers, (a, p, 9.0 + n))),
        *(_asked(x) for x in (*views, single, _triplets(rng, 16, 2), _triplets(rng, 5, 1))),
        *(_asked(_triplets(rng, 6, 3), margin=margin) for margin in (0.5, 2.0, 0.25)),
        _asked((1e4 * a, 1e4 * p, 1e4 * n), Level.STABILITY),
        _asked((1e4 + a, 1e4 + p, 1e4 + n), Level.STABILITY),
    ]


def _vectors(rng: np.random.Generator) -> list[Case]:
    a = np.array([0.0, 0.0])
    return [
        _asked((a, np.array([1.0, 1.0]), np.array([1.0, 0.5]))),
        _asked((a, np.array([0.5, 0.0]), np.array([0.0, 3.0]))),
        _asked((np.array([1, 2]), np.array([2, 4]), np.array([2, 3]))),
        *(_asked(_triplets(rng, size)) for size in (1, 3, 3, 4, 4, 5, 7)),
        _asked(tuple(x.astype(np.float32) for x in _triplets(rng, 4))),
        _asked(tuple(layouts(x)[0] for x in _triplets(rng, 5))),
        *(_asked(_triplets(rng, 3), margin=margin) for margin in (0.5, 2.0, 4.0)),
        _asked((1e4 + a, 1e4 + np.array([1.0, 1.0]), 1e4 + np.array([1.0, 0.5])), Level.STABILITY),
    ]


def _unclipped(anchor: Array, positive: Array, negative: Array, margin: float) -> float:
    near, far = (np.sum((anchor - x) ** 2, axis=-1) for x in (positive, negative))
    return float(np.mean(near - far + margin))


def _unclipped_distance(anchor: Array, positive: Array, negative: Array, margin: float) -> float:
    near, far = (np.linalg.norm(anchor - x, axis=-1) for x in (positive, negative))
    return float(np.mean(near - far + margin))


_MARGINS = (1.0, 0.2, 0.5, 0.1, 0.3)
_DISTANCES = {True: "squared distances", False: "distances"}
_REDUCTIONS = {"mean": "mean", "sum": "sum", "each": "one loss a row"}

TRIPLET_LOSS = Kernel(
    name="triplet_loss",
    aliases=("triplet", "triplet_margin_loss"),
    parameters=(
        Parameter("anchor", ("a", "anchors", "f_a", "anchor_embedding")),
        Parameter("positive", ("p", "positives", "pos", "f_p", "positive_embedding")),
        Parameter("negative", ("n", "negatives", "neg", "f_n", "negative_embedding")),
        Parameter("margin", ("alpha", "m"), None, usual=1.0, least=0.01, most=10.0),
    ),
    variants=tuple(
        Variant(
            f"{_DISTANCES[squared]}, {_REDUCTIONS[reduction]}, margin {{margin}}",
            partial(triplet_loss, squared=squared, reduction=reduction),
            defaults={"margin": margin},
        )
        for margin, squared, reduction in product(_MARGINS, _DISTANCES, _REDUCTIONS)
    ),
    domains=(
        Domain("a batch of rows", _batches, alone=True),
        Domain("one vector each", _vectors, alone=True),
    ),
    formula=r"\max(0, \lVert a - p \rVert^2 - \lVert a - n \rVert^2 + m)",
    source="Schroff, Kalenichenko, Philbin: FaceNet (2015)",
    mistakes=(
        Mistake(
            "positive and negative are swapped",
            lambda anchor, positive, negative, margin: triplet_loss(
                anchor, negative, positive, margin
            ),
        ),
        Mistake(
            "positive and negative are swapped",
            lambda anchor, positive, negative, margin: triplet_loss(
                anchor, negative, positive, margin, squared=False
            ),
        ),
        Mistake("a triplet beyond the margin costs nothing: max(0, ...)", _unclipped),
        Mistake("a triplet beyond the margin costs nothing: max(0, ...)", _unclipped_distance),
        Mistake(
            "add the margin, don't subtract it",
            lambda anchor, positive, negative, margin: triplet_loss(
                anchor, positive, negative, -margin
            ),
        ),
        Mistake(
            "add the margin, don't subtract it",
            lambda anchor, positive, negative, margin: triplet_loss(
                anchor, positive, negative, -margin, squared=False
            ),
        ),
        Mistake(
            "the margin is missing",
            lambda anchor, positive, negative, **_: triplet_loss(anchor, positive, negative, 0.0),
        ),
        Mistake(
            "the margin is missing",
            lambda anchor, positive, negative, **_: triplet_loss(
                anchor, positive, negative, 0.0, squared=False
            ),
        ),
        Mistake(
            "take the maximum for each row before the mean",
            lambda **given: max(0.0, _unclipped(**given)),
        ),
        Mistake(
            "take the maximum for each row before the mean",
            lambda **given: max(0.0, _unclipped_distance(**given)),
        ),
    ),
)


def info_nce(
    z1: Array,
    z2: Array,
    temperature: float,
    *,
    norm: str = "cosine",
    eps: float = 0.0,
    symmetric: bool = False,
) -> float:
    """Return the mean cross-entropy of row i of z1 among all rows of z2, where row i is right.

    Logits are the similarities of rows divided by `temperature`: with `norm` "cosine", their
    cosines with eps added to the norms, else dot products. With `symmetric`, the loss is the mean
    of both directions. Van den Oord, Li, Vinyals, Contrastive Predictive Coding (2018).
    """
    one, other = (np.asarray(z, dtype=np.float64) for z in (z1, z2))
    if norm == "cosine":
        one, other = (z / (np.linalg.norm(z, axis=1, keepdims=True) + eps) for z in (one, other))
    logits = one @ other.T / temperature
    losses = -np.diag(log_softmax(logits))
    if symmetric:
        losses = (losses - np.diag(log_softmax(logits.T))) / 2
    return float(np.mean(losses))


def _views(rng: np.random.Generator, n: int, d: int) -> tuple[Array, Array]:
    z = rng.normal(scale=2.0, size=(n, d))
    return z, z + rng.normal(size=(n, d))


def _views_of_rows(rng: np.random.Generator) -> list[Case]:
    by_hand = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 4.0], [0.0, 1.0]])
    pairs = [
        by_hand,
        (by_hand[0][:1], by_hand[1][:1]),
        (np.array([[1, 2], [3, -1], [0, 1]]), np.array([[2, 1], [1, 1], [-1, 3]])),
        _views(rng, 3, 2),
        *zip(*(layouts(z) for z in _views(rng, 4, 3)), strict=True),
        _views(rng, 7, 5),
    ]
    single = tuple(z.astype(np.float32) for z in _views(rng, 4, 3))
    hot = "subtract each row's maximum before the exponential: log-sum-exp"
    passed = "divide the similarities by the temperature that was passed"
    return [
        *(Case({"z1": a, "z2": b}) for a, b in pairs),
        # A temperature of 0.07 makes 14 of what float32 rounds.
        Case({"z1": single[0], "z2": single[1]}, slack=1e-4),
        *(
            Case({"z1": a, "z2": b, "temperature": t}, hint=passed)
            for t in (1.0, 0.5, 0.2)
            for a, b in (by_hand, _views(rng, 4, 3))
        ),
        Case({"z1": 1e3 * pairs[3][0], "z2": 1e3 * pairs[3][1]}, Level.STABILITY, hot),
        Case({"z1": -pairs[3][0], "z2": pairs[3][0], "temperature": 1e-3}, Level.STABILITY, hot),
    ]


_TEMPERATURES = (0.07, 0.1, 0.5, 1.0, 0.05, 0.2)
_SIMILARITIES: dict[str, dict[str, Any]] = {
    "": {},
    "dot products": {"norm": "none"},
    **{f"{short(eps)} added to norms": {"eps": eps} for eps in (1e-8, 1e-9, 1e-10, 1e-7, 1e-6)},
}
_SIDES = {False: "z1 against z2", True: "both directions"}


def _one_hot_mean(z1: Array, z2: Array, temperature: float) -> float:
    one, other = (z / np.linalg.norm(z, axis=1, keepdims=True) for z in (z1, z2))
    return -float(np.mean(np.diag(one @ other.T / temperature)))


INFO_NCE = Kernel(
    name="info_nce",
    aliases=("info_nce_loss", "infonce", "infonce_loss", "contrastive_loss", "clip_loss"),
    parameters=(
        Parameter("z1", ("z_i", "query", "queries", "q", "anchors", "anchor", "image_embeddings")),
        Parameter("z2", ("z_j", "key", "keys", "k", "positives", "positive", "text_embeddings")),
        Parameter("temperature", ("temp", "tau", "t"), None, usual=0.07, least=0.01, most=2.0),
    ),
    variants=tuple(
        Variant(
            ", ".join(filter(None, (_SIDES[symmetric], words, "temperature {temperature}"))),
            partial(info_nce, symmetric=symmetric, **similarity),
            defaults={"temperature": temperature},
        )
        for symmetric, (words, similarity), temperature in product(
            _SIDES, _SIMILARITIES.items(), _TEMPERATURES
        )
    ),
    domains=(Domain("a batch of pairs", _views_of_rows, alone=True),),
    formula=r"-\frac{1}{n} \sum_i \log \frac{e^{s_{ii} / \tau}}{\sum_j e^{s_{ij} / \tau}}, "
    r"\quad s_{ij} = \cos(z_i, z'_j)",
    source="Van den Oord, Li, Vinyals: Contrastive Predictive Coding (2018)",
    mistakes=(
        Mistake(
            "divide the similarities by the temperature",
            lambda z1, z2, temperature: info_nce(z1, z2, 1.0 / temperature),
        ),
        Mistake("the temperature is missing", lambda z1, z2, **_: info_nce(z1, z2, 1.0)),
        Mistake("the other rows are missing: take the log-softmax of each row", _one_hot_mean),
        Mistake("the minus is missing", lambda **given: -info_nce(**given)),
        Mistake(
            "take the mean over the rows, not their sum",
            lambda z1, **given: len(z1) * info_nce(z1, **given),
        ),
        Mistake(
            "this is the direction from z2 to z1",
            lambda z1, z2, temperature: info_nce(z2, z1, temperature),
        ),
    ),
)
