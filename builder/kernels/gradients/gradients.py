"""Numerical gradients; backward passes of layers have modules of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Function,
    Kernel,
    Mistake,
    Parameter,
    Variant,
    layouts,
)

# ── numerical ────────────────────────────────────────────────────────────────────────────────────


def numerical_gradient(
    f: Callable[[Any], Any], x: Array | float, h: float, *, ahead: float = 1.0, back: float = 1.0
) -> Array:
    """Return the gradient of f, which returns a number, at x of any shape, in float64.

    Each element is moved by `ahead` h and by -`back` h, and the difference of f divided by the
    distance of the two: central differences, or forward ones where `back` is 0. Press et al.,
    Numerical Recipes (2007).
    """
    at = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[index] = h
        above, below = f(at + ahead * step), f(at - back * step)
        gradient[index] = (above - below) / ((ahead + back) * h)
    return gradient


def _doubled(f: Callable[[Any], Any], x: Any, h: float) -> Array:
    return 2.0 * numerical_gradient(f, x, h)


def _forward_halved(f: Callable[[Any], Any], x: Any, h: float) -> Array:
    return numerical_gradient(f, x, h, back=0.0) / 2.0


def _undivided(f: Callable[[Any], Any], x: Any, h: float) -> Array:
    return 2.0 * h * numerical_gradient(f, x, h)


def _all_at_once(f: Callable[[Any], Any], x: Any, h: float) -> Array:
    at = np.asarray(x, dtype=np.float64)
    return np.asarray((f(at + h) - f(at - h)) / (2.0 * h))


def _everywhere(f: Callable[[Any], Any], x: Any, h: float) -> Array:
    return np.broadcast_to(_all_at_once(f, x, h), np.shape(x))


def _moved_on(f: Callable[[Any], Any], x: Any, h: float) -> Array:
    """Return the gradient of whoever doesn't put back what was moved."""
    at = np.array(x, dtype=np.float64)
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        at[index] += h
        above = f(at)
        at[index] -= 2 * h
        gradient[index] = (above - f(at)) / (2 * h)
    return gradient


_SQUARES = Function("lambda w: np.sum(w ** 2)", lambda w: np.sum(w**2))
_STEEP = Function("lambda w: 1000 * np.sum(w ** 2)", lambda w: 1000 * np.sum(w**2))
_CUBES = Function("lambda w: np.sum(w ** 3)", lambda w: np.sum(w**3))
_PRODUCT = Function("np.prod", np.prod)
_WAVES = Function(
    "lambda w: np.sum(np.sin(w)) ** 2 + w.flat[0]",
    lambda w: np.sum(np.sin(w)) ** 2 + w.flat[0],
)
_LINEAR = Function(
    "lambda w: np.sum(w * np.arange(1, w.size + 1).reshape(w.shape))",
    lambda w: np.sum(w * np.arange(1, w.size + 1).reshape(w.shape)),
)
_SQUARE = Function("lambda x: x ** 2", lambda x: x**2)
_CUBE = Function("lambda x: x ** 3 - 2 * x", lambda x: x**3 - 2 * x)
_WAVE = Function("lambda x: np.sin(x) * np.exp(x)", lambda x: np.sin(x) * np.exp(x))
_STEEP_SQUARE = Function("lambda x: 1000 * x ** 2", lambda x: 1000 * x**2)

_BENT = Function("lambda w: 30 * np.sum(w ** 3)", lambda w: 30 * np.sum(w**3))

# What rounding costs: about 1e-16 f / h, with an h of 1e-8 or more.
_NOISE = 1e-6
_STEP = "use the step that was passed"


def _moved(pairs: list[tuple[Function, Any]], steep: tuple[Function, Any]) -> list[Case]:
    """Return each function at its point, the last one with other steps as well.

    The steep function at 0 tells forward from central differences, however small their step is;
    the bent one a step of 1e-3 from smaller ones.
    """
    function, at = pairs[-1]
    return [
        *(Case({"f": f, "x": x}, slack=_NOISE) for f, x in pairs),
        Case({"f": steep[0], "x": steep[1]}, slack=1e-8),
        Case({"f": _BENT, "x": steep[1]}, slack=_NOISE),
        *(Case({"f": function, "x": at, "h": h}, hint=_STEP) for h in (0.5, 0.25, 0.125)),
    ]


def _vectors(rng: np.random.Generator) -> list[Case]:
    pairs: list[tuple[Function, Any]] = [
        (_SQUARES, np.array([3.0])),
        (_SQUARES, np.array([1.0, -2.0])),
        (_LINEAR, np.array([0.5, 0.0, -1.0])),
        (_PRODUCT, np.array([2.0, 3.0, -1.0])),
        (_CUBES, rng.normal(size=4)),
        *((_WAVES, view) for view in layouts(rng.normal(size=5))),
        (_CUBES, rng.uniform(0.5, 1.5, size=3)),
    ]
    return _moved(pairs, (_STEEP, np.zeros(2)))


def _shapes(rng: np.random.Generator) -> list[Case]:
    pairs: list[tuple[Function, Any]] = [
        (_SQUARES, np.array([[3.0]])),
        (_SQUARES, np.array([[1.0, -2.0]])),
        (_LINEAR, np.array([[0.5, 1.0, -1.0], [2.0, 0.0, 3.0]])),
        *((_WAVES, view) for view in layouts(rng.normal(size=(2, 3)))),
        (_PRODUCT, rng.uniform(0.5, 1.5, size=(2, 2, 2))),
        (_CUBES, rng.uniform(0.5, 1.5, size=(3, 2))),
    ]
    return _moved(pairs, (_STEEP, np.zeros((2, 1))))


def _numbers(rng: np.random.Generator) -> list[Case]:
    pairs: list[tuple[Function, Any]] = [
        (_SQUARE, 3.0),
        (_SQUARE, -2.0),
        (_CUBE, 1.0),
        (_WAVE, 0.0),
        (_WAVE, float(rng.uniform(-2.0, 1.0))),
        (_CUBE, float(rng.uniform(0.5, 1.5))),
    ]
    return _moved(pairs, (_STEEP_SQUARE, 0.0))


def _integers(rng: np.random.Generator) -> list[Case]:
    pairs = [(_SQUARES, np.array([3])), (_PRODUCT, np.array([2, 3, -1]))]
    pairs.append((_WAVES, rng.integers(-3, 4, size=4)))
    return [Case({"f": f, "x": x}, slack=_NOISE) for f, x in pairs]


NUMERICAL_GRADIENT = Kernel(
    name="numerical_gradient",
    aliases=(
        *("numeric_gradient", "numerical_grad", "numeric_grad", "num_grad", "finite_differences"),
        *("finite_difference", "finite_difference_gradient", "eval_numerical_gradient"),
        *("compute_numerical_gradient", "approx_gradient", "numerical_derivative"),
    ),
    parameters=(
        Parameter("f", ("func", "fn", "function", "loss", "loss_fn", "loss_func", "fun", "g")),
        Parameter("x", ("w", "theta", "params", "weights", "point", "x0", "inputs", "a", "v")),
        Parameter(
            "h",
            ("eps", "epsilon", "delta", "step", "dx", "step_size"),
            default=None,
            usual=1e-5,
            least=1e-9,
            most=1e-3,
        ),
    ),
    variants=(
        *(
            Variant("central differences", numerical_gradient, defaults={"h": h})
            for h in (1e-5, 1e-3)
        ),
        *(
            Variant("forward differences", partial(numerical_gradient, back=0.0), defaults={"h": h})
            for h in (1e-5, 1e-4, 1e-3, 1e-6, 1e-7, 1e-8)
        ),
    ),
    domains=(
        Domain("one vector", _vectors, alone=True),
        Domain("any shape", _shapes, alone=True),
        Domain("one number", _numbers, alone=True),
        Domain("integers", _integers),
    ),
    formula=r"\frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2 h}",
    source="Press et al.: Numerical Recipes (2007)",
    in_place=True,
    mistakes=(
        Mistake("the two points are 2 h apart: divide by 2 h", _doubled),
        Mistake("divide a forward difference by h, not by 2 h", _forward_halved),
        Mistake("divide by the distance of the two points", _undivided),
        Mistake("move one element at a time", _all_at_once),
        Mistake("move one element at a time", _everywhere),
        Mistake("put each element back before the next one is moved", _moved_on),
        Mistake(
            "subtract f(x - h) from f(x + h), not the other way round",
            lambda f, x, h: -numerical_gradient(f, x, h),
        ),
    ),
)
