"""Divergences of two distributions."""

from __future__ import annotations

from functools import partial
from itertools import product

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
)
from builder.kernels.losses.loss import EPS
from builder.kernels.losses.pair import Pair, reduced


def kl_divergence(
    p: Array, q: Array, eps: float = 0.0, *, guard: str = "", reduction: str = "each"
) -> Array | float:
    """Return sum(p log(p / q)) over the last axis, in float64; where p is 0, nothing is added.

    `guard` says where eps goes: "added" to p and q, "added and normalised" again, or "in the
    logarithm" alone, or both are "clipped" to at least eps. `reduction` is over rows, if there
    are any. Cover, Thomas, Elements of Information Theory (2006).
    """
    p, q = (np.asarray(a, dtype=np.float64) for a in (p, q))
    one, other = p, q
    if guard == "clipped":
        one, other = np.maximum(p, eps), np.maximum(q, eps)
    elif guard:
        one, other = p + eps, q + eps
    if guard == "added and normalised":
        one, other = (a / a.sum(axis=-1, keepdims=True) for a in (one, other))
    weight = p if guard == "in the logarithm" else one
    logs = np.log(one / other, where=weight > 0, out=np.zeros(np.broadcast(p, q).shape))
    losses = np.sum(weight * logs, axis=-1)
    return reduced(losses, reduction) if losses.ndim else float(losses)


_GUARDS = {
    "added": "{eps} added to p and q",
    "clipped": "p and q clipped at {eps}",
    "in the logarithm": "{eps} added in the logarithm",
    "added and normalised": "{eps} added, then normalised",
}
_ROWS = {"each": "", "mean": "mean over rows", "sum": "sum over rows"}


def _variants() -> tuple[Variant, ...]:
    exact = (
        Variant(words, partial(kl_divergence, reduction=reduction), defaults={"eps": 0.0})
        for reduction, words in _ROWS.items()
    )
    guarded = (
        Variant(
            ", ".join(filter(None, (_ROWS[reduction], words))),
            partial(kl_divergence, guard=guard, reduction=reduction),
            defaults={"eps": eps},
        )
        for reduction, eps, (guard, words) in product(_ROWS, EPS, _GUARDS.items())
    )
    return (*exact, *guarded)


def _distributions(rng: np.random.Generator, *shape: int) -> Pair:
    p, q = (rng.uniform(0.1, 1.0, size=shape) for _ in range(2))
    return p / p.sum(axis=-1, keepdims=True), q / q.sum(axis=-1, keepdims=True)


_ZERO = "where p is 0 nothing is added: leave these out, or keep zero from the logarithm"


def _vectors(rng: np.random.Generator) -> list[Case]:
    p, q = _distributions(rng, 5)
    plain = [
        (np.array([0.5, 0.5]), np.array([0.25, 0.75])),
        (np.array([1.0]), np.array([1.0])),
        (np.array([0.25, 0.25, 0.5]), np.array([0.5, 0.25, 0.25])),
        (p, q),
        *zip(layouts(p), layouts(q), strict=True),
        (p.astype(np.float32), q.astype(np.float32)),
        _distributions(rng, 33),
    ]
    extreme = [
        (np.array([0.0, 1.0]), np.array([0.5, 0.5])),
        (np.array([0.0, 0.5, 0.5]), np.array([0.0, 0.25, 0.75])),
        (np.array([1e-3, 0.999]), np.array([0.999, 1e-3])),
    ]
    return [
        *(Case({"p": a, "q": b}) for a, b in plain),
        *(Case({"p": a, "q": b}, Level.STABILITY, _ZERO) for a, b in extreme),
    ]


def _rows(rng: np.random.Generator) -> list[Case]:
    p, q = _distributions(rng, 3, 4)
    plain = [
        (np.array([[0.5, 0.5], [0.25, 0.75]]), np.array([[0.25, 0.75], [0.125, 0.875]])),
        _distributions(rng, 1, 3),
        (p, q),
        *zip(layouts(p), layouts(q), strict=True),
        (p.astype(np.float32), q.astype(np.float32)),
        _distributions(rng, 7, 2),
    ]
    zero = np.array([[0.0, 1.0], [0.5, 0.5]]), np.array([[0.5, 0.5], [0.25, 0.75]])
    return [
        *(Case({"p": a, "q": b}) for a, b in plain),
        Case(dict(zip("pq", zero, strict=True)), Level.STABILITY, _ZERO),
    ]


def _impossible(rng: np.random.Generator) -> list[Case]:
    return [Case({"p": np.array([0.5, 0.5]), "q": np.array([1.0, 0.0])})]


def _own_eps(rng: np.random.Generator) -> list[Case]:
    p, q = _distributions(rng, 4)
    return [Case({"p": p, "q": q, "eps": 1e-3}, hint="use the eps that was passed")]


KL_DIVERGENCE = Kernel(
    name="kl_divergence",
    aliases=("kl", "kl_div", "kullback_leibler", "kullback_leibler_divergence", "relative_entropy"),
    parameters=(
        Parameter("p", ("y_true", "p_probs", "p_dist", "true_dist", "target")),
        Parameter("q", ("y_pred", "q_probs", "q_dist", "pred_dist", "pred")),
        Parameter("eps", ("epsilon",), default=None, usual=1e-12, least=1e-16, most=1e-5),
    ),
    variants=_variants(),
    domains=(
        Domain("one vector", _vectors, alone=True),
        Domain("a batch of rows", _rows, alone=True),
        Domain("q = 0", _impossible),
        Domain("any eps", _own_eps),
    ),
    formula=r"D(p \| q) = \sum_i p_i \log \frac{p_i}{q_i}",
    source="Cover, Thomas: Elements of Information Theory (2006)",
    mistakes=(
        Mistake(
            "p and q are swapped: the divergence is not symmetric",
            lambda p, q, **_: kl_divergence(q, p),
        ),
        Mistake(
            "the sign is wrong: the divergence is no less than 0",
            lambda p, q, **_: -np.asarray(kl_divergence(p, q)),
        ),
        Mistake("weight with p, not with q", lambda p, q, **_: np.sum(q * np.log(p / q), axis=-1)),
        Mistake("weight the logarithms with p", lambda p, q, **_: np.sum(np.log(p / q), axis=-1)),
        Mistake(
            "this is the cross-entropy: subtract the entropy of p",
            lambda p, q, **_: -np.sum(p * np.log(q), axis=-1),
        ),
        Mistake(
            "take the natural logarithm",
            lambda p, q, **_: np.asarray(kl_divergence(p, q)) / np.log(2.0),
        ),
        Mistake(
            "take the sum over the values, not their mean",
            lambda p, q, **_: np.asarray(kl_divergence(p, q)) / p.shape[-1],
        ),
        Mistake(
            "this is symmetric: take D(p | q) alone",
            lambda p, q, **_: np.asarray(kl_divergence(p, q)) + kl_divergence(q, p),
        ),
    ),
)


def kl_divergence_normal(mu_p: Array, sigma_p: Array, mu_q: Array, sigma_q: Array) -> Array:
    """Return the divergence of N(mu_p, sigma_p^2) from N(mu_q, sigma_q^2), in float64.

    The sigmas are standard deviations; arrays are taken element by element. Kingma, Welling,
    Auto-Encoding Variational Bayes (2013), for any second normal.
    """
    m, s, n, t = (np.asarray(a, dtype=np.float64) for a in (mu_p, sigma_p, mu_q, sigma_q))
    return np.asarray(np.log(t / s) + ((s / t) ** 2 + ((m - n) / t) ** 2 - 1.0) / 2.0)


_NORMALS = ("mu_p", "sigma_p", "mu_q", "sigma_q")
_BY_HAND = (
    (0.0, 1.0, 1.0, 1.0),
    (0.0, 1.0, 0.0, 2.0),
    (1.0, 2.0, -1.0, 0.5),
    (3, 1, 1, 2),
    (0.0, 1.0, 0.0, 1.0),
)
_FAR = ((1e3, 1.0, -1e3, 1.0), (0.0, 1e-3, 0.0, 1.0), (0.0, 1e3, 1.0, 1.0), (1e4, 1e4, 0.0, 1e4))


def _normals(rng: np.random.Generator, *shape: int) -> tuple[Array, ...]:
    means, spreads = rng.normal(scale=2.0, size=(2, *shape)), rng.uniform(0.3, 3.0, (2, *shape))
    return means[0], spreads[0], means[1], spreads[1]


def _two_normals(rng: np.random.Generator) -> list[Case]:
    drawn = [tuple(float(value) for value in _normals(rng)) for _ in range(8)]
    return [
        *(Case(dict(zip(_NORMALS, values, strict=True))) for values in (*_BY_HAND, *drawn)),
        *(Case(dict(zip(_NORMALS, values, strict=True)), Level.STABILITY) for values in _FAR),
    ]


def _arrays(rng: np.random.Generator) -> list[Case]:
    by_hand = [np.array([row[at] for row in _BY_HAND[:3]]) for at in range(4)]
    views = zip(*(layouts(a) for a in _normals(rng, 3, 4)), strict=True)
    single = [a.astype(np.float32) for a in _normals(rng, 5)]
    asked = [by_hand, _normals(rng, 1), _normals(rng, 5), *views, single, _normals(rng, 2, 3)]
    far = [np.array([row[at] for row in _FAR[:1]]) for at in range(4)]
    return [
        *(Case(dict(zip(_NORMALS, values, strict=True))) for values in asked),
        Case(dict(zip(_NORMALS, far, strict=True)), Level.STABILITY),
    ]


KL_DIVERGENCE_NORMAL = Kernel(
    name="kl_divergence_normal",
    aliases=("kl_normal", "kl_gaussian", "kl_divergence_gaussian", "gaussian_kl", "kl_gaussians"),
    parameters=(
        Parameter("mu_p", ("mu1", "mean1", "mean_p", "mu_1", "m1", "mu0", "mu_0")),
        Parameter("sigma_p", ("sigma1", "std1", "std_p", "sigma_1", "s1", "sigma0", "sigma_0")),
        Parameter("mu_q", ("mu2", "mean2", "mean_q", "mu_2", "m2")),
        Parameter("sigma_q", ("sigma2", "std2", "std_q", "sigma_2", "s2")),
    ),
    variants=(Variant("", kl_divergence_normal),),
    domains=(
        Domain("two normals", _two_normals, alone=True),
        Domain("arrays of normals", _arrays, alone=True),
    ),
    formula=r"\log \frac{\sigma_q}{\sigma_p}"
    r" + \frac{\sigma_p^2 + (\mu_p - \mu_q)^2}{2 \sigma_q^2} - \frac{1}{2}",
    source="Kingma, Welling: Auto-Encoding Variational Bayes (2013)",
    mistakes=(
        Mistake(
            "p and q are swapped",
            lambda mu_p, sigma_p, mu_q, sigma_q: kl_divergence_normal(mu_q, sigma_q, mu_p, sigma_p),
        ),
        Mistake(
            "subtract 1/2: two equal normals have no divergence",
            lambda **given: kl_divergence_normal(**given) + 0.5,
        ),
        Mistake(
            "the logarithm is that of sigma_q / sigma_p",
            lambda mu_p, sigma_p, mu_q, sigma_q: (
                kl_divergence_normal(mu_p, sigma_p, mu_q, sigma_q)
                - 2 * np.log(np.divide(sigma_q, sigma_p))
            ),
        ),
        Mistake(
            "add the logarithm of sigma_q / sigma_p",
            lambda mu_p, sigma_p, mu_q, sigma_q: (
                kl_divergence_normal(mu_p, sigma_p, mu_q, sigma_q)
                - np.log(np.divide(sigma_q, sigma_p))
            ),
        ),
        Mistake(
            "the sigmas are standard deviations: square them",
            lambda mu_p, sigma_p, mu_q, sigma_q: kl_divergence_normal(
                mu_p, np.sqrt(sigma_p), mu_q, np.sqrt(sigma_q)
            ),
        ),
        Mistake(
            "add the square of the distance of the means",
            lambda sigma_p, mu_q, sigma_q, **_: kl_divergence_normal(mu_q, sigma_p, mu_q, sigma_q),
        ),
    ),
)
