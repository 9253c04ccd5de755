"""Gradients that are held to a norm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from math import inf
from typing import Any

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

Gradients = Any
"""An array, or a list or dict of arrays."""


def _arrays(grads: Gradients) -> list[Array]:
    if isinstance(grads, dict):
        return list(grads.values())
    return list(grads) if isinstance(grads, list) else [grads]


def _mapped(change: Callable[[Array], Array], grads: Gradients) -> Any:
    """Return what `change` makes of each array: a tuple for a list, else of the same kind."""
    if isinstance(grads, dict):
        return {name: change(np.asarray(g, dtype=np.float64)) for name, g in grads.items()}
    changed = tuple(change(np.asarray(g, dtype=np.float64)) for g in _arrays(grads))
    return changed if isinstance(grads, list) else changed[0]


def clip_grad_norm(
    grads: Gradients, max_norm: float, norm_type: float = 2.0, *, eps: float = 0.0
) -> tuple[Any, float]:
    """Return gradients of no more than `max_norm`, and their norm before, in float64.

    `grads` is one array or a list or dict of arrays, and the norm is that of all numbers together.
    Where it is larger than `max_norm`, each number is multiplied by max_norm / (norm + eps).
    Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks (2013).
    """
    norm = _norm(grads, norm_type)
    scale = min(1.0, max_norm / (norm + eps)) if norm else 1.0
    return _mapped(lambda g: g * scale, grads), norm


def _norm(grads: Gradients, norm_type: float = 2.0) -> float:
    together = np.concatenate([np.ravel(g) for g in _arrays(grads)]).astype(np.float64)
    return float(np.linalg.norm(together, norm_type))


_ORDERS: dict[str, Callable[[tuple[Any, float]], Any]] = {
    "returns the gradients": lambda found: found[0],
    "returns the gradients and their norm": lambda found: found,
    "returns the norm and the gradients": lambda found: found[::-1],
}
_EPS = {"": 0.0, **{f"1e-{n} added to the norm": 10.0**-n for n in (6, 8, 12, 10, 7, 9)}}


def _clipping(order: str, eps: float = 0.0) -> Callable[..., Any]:
    return lambda **given: _ORDERS[order](clip_grad_norm(**given, eps=eps))


def _clip_variants() -> Iterator[Variant]:
    for (words, eps), order in product(_EPS.items(), _ORDERS):
        yield Variant(", ".join(filter(None, (order, words))), _clipping(order, eps))


def _each_alone(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    def clipped(g: Array) -> Array:
        return np.asarray(clip_grad_norm(g, max_norm, norm_type)[0])

    return _mapped(clipped, grads), _norm(grads, norm_type)


def _always(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    norm = _norm(grads, norm_type)
    return _mapped(lambda g: g * max_norm / norm, grads), norm


def _by_value(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    return _mapped(lambda g: np.clip(g, -max_norm, max_norm), grads), _norm(grads, norm_type)


def _unrooted(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    norm = _norm(grads) ** 2
    scale = min(1.0, max_norm / norm) if norm else 1.0
    return _mapped(lambda g: g * scale, grads), norm


def _summed_norms(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    norm = sum(_norm(g, norm_type) for g in _arrays(grads))
    scale = min(1.0, max_norm / norm) if norm else 1.0
    return _mapped(lambda g: g * scale, grads), norm


def _to_one(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    norm = _norm(grads, norm_type)
    scale = 1.0 / norm if norm > max_norm else 1.0
    return _mapped(lambda g: g * scale, grads), norm


def _norm_after(grads: Gradients, max_norm: float, norm_type: float) -> tuple[Any, float]:
    clipped, norm = clip_grad_norm(grads, max_norm, norm_type)
    return clipped, min(norm, max_norm)


_CLIP_WRONG = (
    ("take one norm of all arrays together, not one for each", _each_alone),
    ("leave gradients alone whose norm is not above max_norm", _always),
    ("this clips each value: scale all of them by max_norm / norm", _by_value),
    ("take the root of the sum of squares", _unrooted),
    ("norms don't add up: take the root of the sum of all squares", _summed_norms),
    ("scale to max_norm, not to 1", _to_one),
    ("return the norm from before the clipping", _norm_after),
)


def _clip_mistakes() -> Iterator[Mistake]:
    """Yield each wrong clipping, for each order in which results are returned."""
    for (hint, wrong), (order, picked) in product(_CLIP_WRONG, _ORDERS.items()):
        if wrong is not _norm_after or order != "returns the gradients":
            yield Mistake(hint, lambda wrong=wrong, picked=picked, **given: picked(wrong(**given)))


_SMALL = ("where the norm is 0 nothing is to be scaled: don't divide by it", [0.0, 0.0], [0.0])


def _lists(rng: np.random.Generator, *shapes: tuple[int, ...]) -> list[Array]:
    return [rng.normal(size=shape) for shape in shapes]


def _clipped(grads: Gradients, *max_norms: float, **option: Any) -> list[Case]:
    return [Case({"grads": grads, "max_norm": norm, **option}) for norm in max_norms]


def _many(rng: np.random.Generator) -> list[Case]:
    by_hand = [np.array([1.0, -2.0]), np.array([[2.0], [4.0]])]
    three = _lists(rng, (3, 4), (4,), (2, 3, 2))
    single = [g.astype(np.float32) for g in _lists(rng, (3, 2), (2,))]
    zero = [np.array(values) for values in _SMALL[1:]]
    return [
        *_clipped(by_hand, 1.0, 10.0, 4.5, 2.5),
        *_clipped([np.array([1.0]), np.array([1.0])], 1.0, 1.2, 1.6),
        *_clipped([np.array([6.0, -8.0])], 5.0, 20.0),
        *_clipped([np.array([3, 4]), np.array([12, 0])], 6.5, 20.0),
        *_clipped(three, 0.5, 2.0, 100.0),
        *_clipped([layouts(three[0])[0], layouts(three[0])[1]], 1.0),
        *_clipped(single, 0.5, 50.0),
        *(Case(one.arguments, Level.STABILITY, _SMALL[0]) for one in _clipped(zero, 1.0)),
        *(
            Case(one.arguments, Level.STABILITY)
            for one in _clipped([1e4 * g for g in three], 1.0, 1e6)
        ),
    ]


def _one(rng: np.random.Generator) -> list[Case]:
    drawn = rng.normal(size=(3, 4))
    zero = Case({"grads": np.zeros(3), "max_norm": 1.0}, Level.STABILITY, _SMALL[0])
    large = Case({"grads": 1e4 * drawn, "max_norm": 1.0}, Level.STABILITY)
    return [
        *_clipped(np.array([3.0, 4.0]), 1.0, 10.0, 3.5),
        *_clipped(np.array([-2.0]), 1.0, 3.0),
        *_clipped(np.array([3, 4]), 2.5),
        *_clipped(drawn, 0.5, 2.0, 100.0),
        *_clipped(layouts(drawn)[0], 1.0),
        *_clipped(drawn.astype(np.float32), 1.0),
        zero,
        large,
    ]


def _named(rng: np.random.Generator) -> list[Case]:
    drawn = dict(zip(("W1", "b1", "W2"), _lists(rng, (3, 4), (4,), (4, 2)), strict=True))
    by_hand = {"W": np.array([[1.0, -2.0]]), "b": np.array([2.0, 4.0])}
    zero = {"W": np.zeros((1, 2)), "b": np.zeros(1)}
    return [
        *_clipped(by_hand, 1.0, 10.0, 4.5),
        *_clipped(drawn, 0.5, 2.0, 100.0),
        *(Case(one.arguments, Level.STABILITY, _SMALL[0]) for one in _clipped(zero, 1.0)),
    ]


def _norms(rng: np.random.Generator) -> list[Case]:
    grads = _lists(rng, (3, 4), (4,))
    return [
        Case({"grads": grads, "max_norm": 1.0, "norm_type": kind}, hint="use the norm asked for")
        for kind in (1.0, inf, 3.0)
    ]


CLIP_GRAD_NORM = Kernel(
    name="clip_grad_norm",
    aliases=(
        *("clip_grad_norm_", "clip_gradients", "gradient_clipping", "clip_gradient_norm"),
        *("clip_by_global_norm", "clip_grads", "clip_gradients_by_norm", "clip_by_norm"),
        *("gradient_clip", "clip_gradient", "clip_grads_by_norm", "clip_gradients_norm"),
        *("clip_grad", "clip_gradients_by_global_norm", "global_norm_clip", "clip_global_norm"),
    ),
    parameters=(
        Parameter(
            "grads",
            (
                *("gradients", "grad", "gradient", "g", "gs", "grad_list", "gradient_list"),
                *("parameters", "params", "tensors", "dparams"),
            ),
        ),
        Parameter(
            "max_norm",
            (
                *("clip_norm", "threshold", "max_grad_norm", "clip_value", "c", "clip", "maxnorm"),
                *("max_value", "max_l2_norm", "norm_threshold", "max_val", "limit"),
            ),
        ),
        Parameter("norm_type", ("p", "ord"), 2.0, least=2.0, most=2.0),
    ),
    variants=tuple(_clip_variants()),
    domains=(
        Domain("a list of arrays", _many, alone=True),
        Domain("one array", _one, alone=True),
        Domain("a dict of arrays", _named, alone=True),
        Domain("any norm", _norms),
    ),
    formula=r"g_i \leftarrow g_i \, \min\left(1, \frac{c}{\lVert g \rVert}\right), \quad "
    r"\lVert g \rVert = \sqrt{\textstyle\sum_i \lVert g_i \rVert^2}",
    source="Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks "
    "(2013)",
    mistakes=tuple(_clip_mistakes()),
    in_place=True,
)
