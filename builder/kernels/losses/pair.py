"""What losses of a target and a prediction share: their parameters, cases and reductions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Array, Case, Domain, Level, Parameter, Variant, layouts

TRUE = Parameter("y_true", ("y", "targets", "target", "labels", "label", "t", "actual", "true"))
PREDICTED = Parameter(
    "y_pred",
    ("y_hat", "yhat", "predictions", "prediction", "preds", "pred", "predicted", "outputs"),
)

Pair = tuple[Array, Array]
Option = Mapping[str, float]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Pair]


def reduced(losses: Array, reduction: str) -> Array | float:
    """Return the "mean" or the "sum" of all losses, or for "each" the losses themselves."""
    match reduction:
        case "mean":
            return float(np.mean(losses))
        case "sum":
            return float(np.sum(losses))
        case _:
            return losses


def reductions(loss: Callable[..., Any], *names: str, **own: Any) -> Iterator[Variant]:
    """Yield a variant for each reduction of `loss`; the words of the first one are its own."""
    for name in names or ("mean", "sum", "each"):
        yield Variant(_WORDS[name], partial(loss, reduction=name, **own))


_NONE: Option = {}
_WORDS = {"mean": "mean", "sum": "sum", "each": "one loss an element"}


def domains(
    draw: Draw,
    small: Sequence[Pair],
    extreme: Sequence[Pair],
    hint: str = "",
    *,
    names: tuple[str, str] = ("y_true", "y_pred"),
    options: Sequence[Option] = (),
) -> tuple[Domain, ...]:
    """Return the domains of a loss that compares two arrays: a vector, and any shape.

    `draw` makes a pair of a shape, `small` are vectors to redo by hand, `extreme` vectors that a
    naive formula fails on. Each of `options` is passed with a pair of its own.
    """

    def asked(pair: Pair, level: Level = Level.CORE, option: Option = _NONE) -> Case:
        told = hint if level is Level.STABILITY else _used(option)
        return Case({**dict(zip(names, pair, strict=True)), **option}, level, told)

    def cases(
        rng: np.random.Generator, pairs: Sequence[Pair], shape: tuple[int, ...]
    ) -> list[Case]:
        one, other = draw(rng, shape)
        single = one.astype(np.float32), other.astype(np.float32)
        views = zip(layouts(one), layouts(other), strict=True)
        return [
            *(asked(pair) for pair in (*pairs, (one, other), single, *views)),
            *(asked(draw(rng, shape), option=option) for option in options for _ in range(2)),
        ]

    def vectors(rng: np.random.Generator) -> list[Case]:
        larger = [asked(draw(rng, (n,))) for n in (2, 33)]
        stable = [asked(pair, Level.STABILITY) for pair in extreme]
        return [*cases(rng, small, (5,)), *larger, *stable]

    def shapes(rng: np.random.Generator) -> list[Case]:
        columns = [(one.reshape(-1, 1), other.reshape(-1, 1)) for one, other in small]
        larger = [asked(draw(rng, shape)) for shape in ((2, 2), (2, 3, 4))]
        stable = [
            asked((one.reshape(-1, 1), other.reshape(-1, 1)), Level.STABILITY)
            for one, other in extreme
        ]
        return [*cases(rng, columns, (3, 4)), *larger, *stable]

    return Domain("one vector", vectors, alone=True), Domain("any shape", shapes, alone=True)


def _used(option: Option) -> str:
    return f"use the {' and '.join(option)} that was passed" if option else ""
