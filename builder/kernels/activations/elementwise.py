"""What functions of each element for itself are asked: a vector, an array of any shape, a number.

Each of the three stands alone, since an honest answer may loop over a vector or take a number, and
so each asks everything: zeros and signs, integers, float32, views, and large magnitudes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from builder.kernels.kernel import Arguments, Array, Case, Domain, Level, Parameter, layouts

X = Parameter("x", ("z", "t", "v", "arr", "array", "data", "values", "inputs", "input", "logits"))

LARGE = (30.0, -30.0, 100.0, -100.0, 1e3, -1e3, 1e4, -1e4)


def domains(
    hint: str, *, large: Sequence[float] = LARGE, options: Sequence[Arguments] = ()
) -> tuple[Domain, ...]:
    """Return the domains of an elementwise kernel, whose one array is named x.

    `hint` is for whoever misses one of the `large` magnitudes. Each of `options` is passed
    with a few x of its own, to answers that take them.
    """

    def cases(
        plain: Sequence[object], extreme: Sequence[object], few: Sequence[object]
    ) -> list[Case]:
        return [
            *(Case({"x": x}) for x in plain),
            *(Case({"x": x, **option}, hint=_used(option)) for option in options for x in few),
            *(Case({"x": x}, Level.STABILITY, hint) for x in extreme),
        ]

    def vectors(rng: np.random.Generator) -> list[Case]:
        extreme = [np.array([0.0, value]) for value in large]
        return cases(_vectors(rng), extreme, [np.array([-2.0, 0.5, 3.0]), rng.normal(size=4)])

    def shapes(rng: np.random.Generator) -> list[Case]:
        extreme = [np.array([[0.0], [value]]) for value in large]
        return cases(_shapes(rng), extreme, [np.array([[-2.0, 0.5]]), rng.normal(size=(2, 3))])

    def numbers(rng: np.random.Generator) -> list[Case]:
        return cases(list(_numbers(rng)), list(large), [-2.0, 0.5, 3.0, float(rng.normal())])

    return (
        Domain("one vector", vectors, alone=True),
        Domain("any shape", shapes, alone=True),
        Domain("one number", numbers, alone=True),
    )


def _used(option: Arguments) -> str:
    return f"use the {' and '.join(option)} that was passed"


def _vectors(rng: np.random.Generator) -> list[Array]:
    return [
        np.array([1.0, -2.0]),
        np.array([0.5]),
        np.array([-1.0, 0.0, 2.0]),
        np.array([-2, 0, 3]),
        np.array([0.75, -1.5, 0.0], dtype=np.float32),
        *layouts(np.array([1.0, -2.0, 0.5, -0.25])),
        rng.normal(scale=2.0, size=5),
        rng.uniform(-20.0, 20.0, size=33),
    ]


def _shapes(rng: np.random.Generator) -> list[Array]:
    return [
        np.array([[1.0, -2.0], [0.0, 3.0]]),
        np.array([[-0.5]]),
        np.array([[-1, 0, 2]]),
        *layouts(rng.normal(scale=2.0, size=(3, 4))),
        rng.normal(size=(5, 3)).astype(np.float32),
        rng.uniform(-20.0, 20.0, size=(2, 3, 4)),
    ]


def _numbers(rng: np.random.Generator) -> Iterator[float]:
    yield from (1.0, -2.0, 0.0, 0.5, -0.25, 3, -1, 6.0, -6.0, 10.0, -10.0)
    yield from map(float, rng.uniform(-20.0, 20.0, size=12))
