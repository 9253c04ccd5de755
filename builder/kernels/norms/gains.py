"""What layers that normalize and then learn a gain and a shift share: mistakes, cases, forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Kernel,
    Method,
    Mistake,
    Parameter,
    Variant,
)

_UNIT = 2.0**-53
Axes = tuple[int, ...]
Normal = Callable[[Array, Axes, float], Array]


def normalized(x: Array, axes: Axes, eps: float) -> Array:
    """Return x with mean 0 and the biased variance 1, but for eps, over `axes`."""
    centred = x - x.mean(axis=axes, keepdims=True)
    return np.asarray(centred / np.sqrt(np.mean(centred**2, axis=axes, keepdims=True) + eps))


def learnt(x: Array, gamma: Array | float | None, beta: Array | float | None, axis: int) -> Array:
    """Return gamma * x + beta; vectors lie along `axis` of x, None is left out."""
    shape = [-1 if at == axis % x.ndim else 1 for at in range(x.ndim)]

    def along(values: Array | float) -> Array:
        values = np.asarray(values, dtype=np.float64)
        return values.reshape(shape) if values.ndim == 1 else values

    x = x if gamma is None else along(gamma) * x
    return x if beta is None else x + along(beta)


def _unbiased(x: Array, axes: Axes, eps: float) -> Array:
    return np.asarray((x - x.mean(axes, keepdims=True)) / _root(x, axes, eps, ddof=1))


def _root(x: Array, axes: Axes, eps: float, ddof: int = 0) -> Array:
    return np.asarray(np.sqrt(x.var(axes, keepdims=True, ddof=ddof) + eps))


def _beside(x: Array, axes: Axes, eps: float) -> Array:
    return np.asarray((x - x.mean(axes, keepdims=True)) / (_root(x, axes, 0.0) + eps))


def _by_variance(x: Array, axes: Axes, eps: float) -> Array:
    return np.asarray((x - x.mean(axes, keepdims=True)) / _root(x, axes, eps) ** 2)


def _not_centred(x: Array, axes: Axes, eps: float) -> Array:
    return np.asarray(x / _root(x, axes, eps))


def _without_eps(x: Array, axes: Axes, eps: float) -> Array:
    return normalized(x, axes, 0.0)


_WRONG_NORMALS: tuple[tuple[str, Normal], ...] = (
    ("take the biased variance: divide by n, not by n - 1", _unbiased),
    ("add eps to the variance, under the root", _beside),
    ("divide by the root of the variance", _by_variance),
    ("subtract the mean", _not_centred),
    ("add eps to the variance", _without_eps),
)


def mistakes(reference: Callable[..., Array]) -> tuple[Mistake, ...]:
    """Return what goes wrong in any layer that has a gamma and a beta, as `reference` has."""

    def swapped(gamma: Array, beta: Array, **given: Any) -> Array:
        return reference(gamma=beta, beta=gamma, **given)

    def without(*names: str, **given: Any) -> Array:
        return reference(**{**given, **dict.fromkeys(names)})

    return (
        *(Mistake(hint, partial(reference, normal=wrong)) for hint, wrong in _WRONG_NORMALS),
        Mistake("gamma scales and beta shifts: the two are swapped", swapped),
        Mistake("scale by gamma", partial(without, "gamma")),
        Mistake("shift by beta", partial(without, "beta")),
        Mistake("scale by gamma and shift by beta", partial(without, "gamma", "beta")),
    )


X = Parameter(
    "x",
    ("inputs", "input", "a", "z", "data", "h", "hidden", "hidden_states", "activations", "images"),
)
GAMMA = Parameter("gamma", ("scale", "weight", "gain", "w", "weights"))
BETA = Parameter("beta", ("shift", "bias", "b"))
EPS = Parameter("eps", ("epsilon",), default=None, usual=1e-5, least=1e-12, most=1e-2)
EPSILONS = (1e-5, 1e-6, 1e-8, 1e-12, 1e-3, 1e-7, 1e-9, 1e-10, 1e-4)
OFFSET = "centre x before squaring: E[x²] - E[x]² cancels when the mean is large"
OWN_EPS = "use the eps that was passed"


def variants(reference: Callable[..., Array]) -> tuple[Variant, ...]:
    """Return `reference` with each usual eps for answers that have no such parameter."""
    return tuple(Variant("eps {eps}", reference, defaults={"eps": eps}) for eps in EPSILONS)


def slack(x: Array, axes: Axes) -> float:
    """Return 16 u kappa: what the rounding of a mean far from zero costs an honest answer."""
    spread = float(_root(np.asarray(x, dtype=np.float64), axes, 1e-5).min())
    return 16 * _UNIT * float(np.abs(x).max()) / spread * 2.0


def gains(x: Array, channels: int, rng: np.random.Generator | None) -> dict[str, Array]:
    """Return a gamma and a beta of x's precision; without `rng`, such that a person can redo it."""
    if rng is None:
        steps = np.arange(channels, dtype=np.float64)
        return {"gamma": steps + 2, "beta": -steps - 1}
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    gamma, beta = rng.uniform(0.5, 2.0, size=channels), rng.normal(size=channels)
    gamma[-1] *= -1.0  # a gain may turn the sign
    return {"gamma": gamma.astype(dtype), "beta": beta.astype(dtype)}


# ── other signatures ─────────────────────────────────────────────────────────────────────────────

OPTIONAL = {"gamma": (2.0, "no gain"), "weight": (2.0, "no gain"), "beta": (-1.0, "no shift")}
FORWARD = (Method(("forward", "__call__", "call"), {}),)


def with_forms(kernel: Kernel, size: Parameter, channels: Callable[[Array], int]) -> Kernel:
    """Return `kernel` with the forms that lack gamma or beta, and that are a class.

    `size` is the parameter of `__init__` that says how many gammas there are, as `channels` does.
    """
    plain = replace(
        kernel,
        parameters=tuple(map(_optional, kernel.parameters)),
        domains=tuple(replace(one, cases=partial(_plain, one.cases)) for one in kernel.domains),
        methods=FORWARD,
    )
    absent = dict.fromkeys(p.name for p in kernel.parameters if p.name in OPTIONAL)
    layer = replace(
        plain,
        parameters=(*(p for p in kernel.parameters if p.name not in OPTIONAL), size),
        variants=tuple(
            replace(one, reference=partial(_ignoring, size.name, one.reference, **absent))
            for one in kernel.variants
        ),
        domains=tuple(
            replace(one, cases=partial(_sized, one.cases, size.name, channels))
            for one in kernel.domains
        ),
        mistakes=tuple(
            Mistake(one.hint, partial(_ignoring, size.name, one.reference, **absent))
            for one in kernel.mistakes
        ),
    )
    return replace(kernel, methods=FORWARD, forms=(plain, layer))


def _optional(parameter: Parameter) -> Parameter:
    if parameter.name not in OPTIONAL:
        return parameter
    usual, absent = OPTIONAL[parameter.name]
    return replace(parameter, default=None, usual=usual, absent=absent)


Cases = Callable[[np.random.Generator], Sequence[Case]]


def _unlearnt(cases: Iterable[Case], **more: Callable[[Array], int]) -> list[Case]:
    def arguments(given: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in given.items() if name not in OPTIONAL}
        return rest | {name: value(given["x"]) for name, value in more.items()}

    return [replace(case, arguments=arguments(dict(case.arguments))) for case in cases]


def _plain(cases: Cases, rng: np.random.Generator) -> list[Case]:
    """Return the cases without gamma and beta, after two that hold an answer to those it has."""
    asked = cases(rng)
    return [*asked[:2], *_unlearnt(asked)]


def _sized(
    cases: Cases, name: str, channels: Callable[[Array], int], rng: np.random.Generator
) -> list[Case]:
    return _unlearnt(cases(rng), **{name: channels})


def _ignoring(name: str, reference: Callable[..., Array] | None, **given: Any) -> Array:
    assert reference is not None, "a layer computes"
    return reference(**{key: value for key, value in given.items() if key != name})
