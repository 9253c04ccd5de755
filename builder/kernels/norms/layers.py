"""Normalization of layers, by mean and variance and by the root mean square."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from builder.kernels.kernel import (
    Array,
    Bundle,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
)
from builder.kernels.norms.gains import (
    BETA,
    EPS,
    EPSILONS,
    GAMMA,
    OFFSET,
    OWN_EPS,
    Axes,
    Normal,
    X,
    gains,
    learnt,
    mistakes,
    normalized,
    slack,
    variants,
    with_forms,
)


def layer_norm(
    x: Array,
    gamma: Array | float | None,
    beta: Array | float | None,
    eps: float,
    *,
    normal: Normal = normalized,
) -> Array:
    """Return gamma * (x - mean) / sqrt(var + eps) + beta in float64, over the last axis.

    x is (..., D), gamma and beta are (D,); mean and the biased variance are taken over D numbers.
    Ba, Kiros, Hinton, Layer Normalization (2016).
    """
    return learnt(normal(np.asarray(x, dtype=np.float64), (-1,), eps), gamma, beta, -1)


def rms_norm(x: Array, weight: Array | float | None, eps: float, *, beside: bool = False) -> Array:
    """Return weight * x / sqrt(mean(x²) + eps) in float64, over the last axis.

    x is (..., D), weight is (D,). With eps `beside` the root, it is added to the root instead.
    Zhang, Sennrich, Root Mean Square Layer Normalization (2019).
    """
    x = np.asarray(x, dtype=np.float64)
    square = np.mean(x**2, axis=-1, keepdims=True)
    root = np.sqrt(square) + eps if beside else np.sqrt(square + eps)
    return learnt(x / root, weight, None, -1)


Draw = Callable[[np.random.Generator], list[Array]]


def _rows(rng: np.random.Generator) -> list[Array]:
    return [
        np.array([[1.0, 7.0]]),
        np.array([[1.0, 10.0], [5.0, 30.0]]),
        np.array([[4.0, 4.0, 4.0], [0.0, 0.0, 0.0], [1.0, 2.0, 6.0]]),
        np.array([[1, 2], [3, 5], [8, 13]]),
        np.array([[3.0], [5.0]]),
        *layouts(rng.normal(size=(5, 3))),
        rng.normal(size=(6, 4)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(4, 7)),
        1e-2 * rng.normal(size=(3, 3)),
        rng.normal(scale=1e4, size=(3, 6)),
        1e7 + rng.normal(size=(2, 8)),
    ]


def _vectors(rng: np.random.Generator) -> list[Array]:
    """Return vectors, and one as a row: there it shows who takes the mean over a batch."""
    return [
        np.array([1.0, 7.0]),
        np.array([[1.0, 7.0]]),
        np.zeros(3),
        np.array([1, 2, 5]),
        np.array([3.0]),
        np.array([4.0, 4.0, 4.0]),
        *layouts(rng.normal(size=5)),
        rng.normal(size=6).astype(np.float32),
        rng.normal(3.0, 2.0, size=9),
        1e-2 * rng.normal(size=3),
        rng.normal(scale=1e4, size=6),
        1e7 + rng.normal(size=8),
    ]


def _sequences(rng: np.random.Generator) -> list[Array]:
    return [
        np.array([[[1.0, 7.0]]]),
        np.array([[[1.0, 10.0], [5.0, 30.0]], [[0.0, 2.0], [3.0, 4.0]]]),
        np.array([[[4.0, 4.0, 4.0], [0.0, 0.0, 0.0]]]),
        np.array([[[1, 2], [3, 5], [8, 13]]]),
        np.array([[[3.0]]]),
        *layouts(rng.normal(size=(2, 3, 4))),
        rng.normal(size=(3, 2, 3)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(2, 2, 5)),
        1e-2 * rng.normal(size=(1, 3, 3)),
        rng.normal(scale=1e4, size=(2, 3, 6)),
        1e7 + rng.normal(size=(2, 1, 8)),
    ]


_DRAWS: tuple[tuple[str, Draw], ...] = (
    ("rows", _rows),
    ("batches of sequences", _sequences),
    ("one vector", _vectors),
)


_ZERO = "add eps under the root: rows of equal numbers must not divide by 0"


def _domains(names: Sequence[str], hint: str, *, offset: bool) -> tuple[Domain, ...]:
    """Return the domains of a layer that learns what `names` says, for any leading axes.

    `hint` is for whoever misses one of the last two, which are large; with `offset`, the rounding
    of a mean far from zero is forgiven.
    """

    def cases(draw: Draw, rng: np.random.Generator) -> list[Case]:
        arrays = draw(rng)
        asked: list[Case] = []
        for at, x in enumerate(arrays):
            values = gains(x, x.shape[-1], None if at < 5 else rng).values()
            own = dict(zip(names, values, strict=False))
            large = at >= len(arrays) - 2
            level, told = (Level.STABILITY, hint) if large else (Level.CORE, _ZERO * (at == 2))
            loose = slack(x, (-1,)) if large and offset else 0.0
            asked.append(Case({"x": x, **own}, level, told, slack=loose))
        passed = Case({**asked[1].arguments, "eps": 1e-2}, hint=OWN_EPS)
        return [*asked[:-2], passed, *asked[-2:]]

    return tuple(Domain(words, partial(cases, draw), alone=True) for words, draw in _DRAWS)


_X = replace(X, aliases=(*X.aliases, "features", "tokens", "embeddings", "t", "v"))
_SIZE = Parameter(
    "dim",
    ("d", "d_model", "normalized_shape", "hidden_size", "num_features", "n_features", "size",
     "hidden_dim", "embed_dim", "emb_dim", "feature_dim", "d_hidden", "ndim"),
)  # fmt: skip


def _last(x: Array) -> int:
    return int(x.shape[-1])


def _over(axes: Axes | None) -> Normal:
    """Return the normalization that takes other axes than it is told: None are all of them."""

    def wrong(x: Array, _: Axes, eps: float) -> Array:
        return normalized(x, tuple(range(x.ndim)) if axes is None else axes, eps)

    return wrong


LAYER_NORM = with_forms(
    Kernel(
        name="layer_norm",
        aliases=(
            "layernorm",
            "layer_normalization",
            "layernorm_forward",
            "layer_norm_forward",
            "layer_normalize",
        ),
        parameters=(_X, replace(GAMMA, aliases=(*GAMMA.aliases, "g", "alpha")), BETA, EPS),
        variants=variants(layer_norm),
        domains=_domains(("gamma", "beta"), OFFSET, offset=True),
        formula=r"y = \gamma \, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta, "
        r"\quad \mu, \sigma \text{ of each row}",
        source="Ba, Kiros, Hinton: Layer Normalization (2016)",
        cache=True,
        bundles=(Bundle("ln_param", {"eps": "eps"}, ("params", "param")),),
        mistakes=(
            *mistakes(layer_norm),
            Mistake(
                "take mean and variance over the features, axis -1, not over the batch",
                partial(layer_norm, normal=_over((0,))),
            ),
            Mistake(
                "take mean and variance of each row by itself: axis=-1, keepdims=True",
                partial(layer_norm, normal=_over(None)),
            ),
        ),
    ),
    _SIZE,
    _last,
)


def _scaled(x: Array, root: Array, weight: Array | float | None) -> Array:
    return learnt(np.asarray(x, dtype=np.float64) / root, weight, None, -1)


def _by_square(x: Array, weight: Array | None, eps: float) -> Array:
    return _scaled(x, np.mean(np.square(x), axis=-1, keepdims=True) + eps, weight)


def _by_norm(x: Array, weight: Array | None, eps: float) -> Array:
    return _scaled(x, np.sqrt(np.sum(np.square(x), axis=-1, keepdims=True) + eps), weight)


def _of_batch(x: Array, weight: Array | None, eps: float) -> Array:
    return _scaled(x, np.sqrt(np.mean(np.square(x), axis=0, keepdims=True) + eps), weight)


def _of_all(x: Array, weight: Array | None, eps: float) -> Array:
    return _scaled(x, np.sqrt(np.mean(np.square(x)) + eps), weight)


_RMS_EPSILONS = (1e-6, 1e-5, 1e-8, *EPSILONS[3:])

RMS_NORM = with_forms(
    Kernel(
        name="rms_norm",
        aliases=(
            "rmsnorm",
            "rms_normalization",
            "rms_norm_forward",
            "rmsnorm_forward",
            "rms_layer_norm",
            "root_mean_square_norm",
            "root_mean_square_layer_norm",
        ),
        parameters=(
            _X,
            Parameter("weight", ("gamma", "g", "scale", "gain", "w", "weights", "alpha")),
            replace(EPS, usual=1e-6),
        ),
        variants=tuple(
            Variant(
                words,
                partial(rms_norm, beside=beside),
                defaults={"eps": eps},
            )
            for beside, words in ((False, "eps {eps}"), (True, "eps {eps} beside the root"))
            for eps in _RMS_EPSILONS
        ),
        domains=_domains(("weight",), "divide by the root of the mean square", offset=False),
        formula=r"y = g \, \frac{x}{\sqrt{\frac{1}{d} \sum_i x_i^2 + \varepsilon}}",
        source="Zhang, Sennrich: Root Mean Square Layer Normalization (2019)",
        cache=True,
        mistakes=(
            Mistake(
                "don't subtract the mean: this is layer normalization",
                lambda x, weight, eps: layer_norm(x, weight, None, eps),
            ),
            Mistake("take the mean of the squares, not their sum", _by_norm),
            Mistake("divide by the root of the mean square", _by_square),
            Mistake("take the mean over the features, axis -1, not over the batch", _of_batch),
            Mistake("take the mean of each row by itself: axis=-1, keepdims=True", _of_all),
            Mistake("scale by the weight", lambda x, eps, **_: rms_norm(x, None, eps)),
            Mistake(
                "add eps to the mean square, under the root",
                lambda x, weight, **_: rms_norm(x, weight, 0.0),
            ),
        ),
    ),
    _SIZE,
    _last,
)
