"""What linear models share: a column of ones or a bias, gradient descent, and its conventions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Method,
    Mistake,
    Parameter,
    Result,
    Variant,
    layouts,
)

X = Parameter(
    "x", ("x_train", "features", "data", "x_b", "inputs", "train_x", "a", "design_matrix", "phi")
)
Y = Parameter(
    "y", ("y_train", "targets", "target", "labels", "t", "train_y", "y_true", "outputs", "b")
)
TEST = Parameter("x_test", ("x_new", "test_x", "x_query", "x_pred", "queries"))
RATE = Parameter("lr", ("alpha", "learning_rate", "eta", "step_size", "rate", "learningrate"))
STEPS = Parameter(
    "n_iter",
    (
        *("iterations", "n_iters", "n_iterations", "num_iterations", "num_iters", "iters", "niter"),
        *("max_iter", "max_iters", "max_iterations", "epochs", "n_epochs", "num_epochs", "steps"),
        *("n_steps", "num_steps"),
    ),
)
METHODS = (
    Method(("fit", "train"), {"X": "x", "x": "x", "y": "y"}),
    Method(("predict",), {"X": "x_test", "x": "x_test"}),
)
LAYOUTS = {
    "none": "X as it is",
    "first": "the bias first",
    "last": "the bias last",
    "pair": "(w, b)",
}
_SHAPES = {False: "", True: "as a column"}
_LOSSES = {"": "", "before": "with losses before each step", "after": "with losses after each step"}


@dataclass(frozen=True, slots=True)
class Convention:
    """What gradient descent leaves open: where the bias stands, and the factor of the gradient.

    `scale` is 1 / N for "mean", 2 / N for "twice the mean", 1 for "sum". Weights are returned as a
    `column` or a row of numbers, and behind them `losses` "before" or "after" each step, or none.
    """

    bias: str = "none"
    scale: str = "mean"
    column: bool = False
    losses: str = ""

    def results(self, path: list[Array], loss: Callable[[Array], float]) -> Result:
        """Return the last weights of a path in this convention, with the losses along it."""
        results = packed(path[-1], self.bias, column=self.column)
        if self.losses:
            steps = path[:-1] if self.losses == "before" else path[1:]
            results = (*results, np.array([loss(weights) for weights in steps]))
        return results if len(results) > 1 else results[0]


def design(x: Array, bias: str) -> Array:
    """Return x (N, D) in float64, with a column of ones before or behind it, unless "none"."""
    x = np.asarray(x, dtype=np.float64)
    ones = np.ones((len(x), 1))
    match bias:
        case "none":
            return x
        case "last":
            return np.hstack((x, ones))
        case _:
            return np.hstack((ones, x))


def packed(theta: Array, bias: str, *, column: bool = False) -> tuple[Result, ...]:
    """Return the weights of `design` (D,) as results: one array, or for "pair" w and b apart."""
    if bias == "pair":
        return (theta[1:, None] if column else theta[1:], float(theta[0]))
    return (theta[:, None] if column else theta,)


def descend(
    a: Array, y: Array, lr: float, n_iter: int, link: Callable[[Array], Array], scale: str
) -> list[Array]:
    """Return the weights from zeros to the last step along a^T (link(a w) - y), in float64.

    a is (N, D), y is (N,) or (N, 1); `scale` is that of `Convention`.
    """
    y = np.asarray(y, dtype=np.float64)
    factor = {"mean": 1 / len(a), "twice the mean": 2 / len(a), "sum": 1.0}[scale]
    path = [np.zeros((a.shape[1], *y.shape[1:]))]
    for _ in range(n_iter):
        path.append(path[-1] - lr * factor * (a.T @ (link(a @ path[-1]) - y)))
    return path


def proportional(expected: Result, returned: Result) -> Result:
    """Return `expected` with the losses as they were returned, if they only differ by a factor.

    Halves, means and sums are conventions. A mean loss above 2 may hold a logarithm of 0, which
    people cut off where they like.
    """
    losses, told = (np.asarray(x[-1], dtype=np.float64) for x in (expected, returned))
    if told.shape != losses.shape:
        return expected
    factor = told[0] / losses[0] if losses[0] else 1.0
    close = np.isclose(told, factor * losses, rtol=1e-6, atol=1e-7 * abs(told[0]))
    if factor > 0 and np.all(close | (losses > 2)):
        return (*expected[:-1], told)
    return expected


def variants(reference: Callable[..., Any], scales: Sequence[str]) -> Iterator[Variant]:
    """Yield each convention of gradient descent: factor, place of the bias, shape, losses."""
    options = product(_LOSSES, _SHAPES, LAYOUTS, scales)
    for losses, column, bias, scale in options:
        words = (LAYOUTS[bias], _SHAPES[column], f"{scale} of gradients", _LOSSES[losses])
        yield Variant(
            ", ".join(filter(None, words)),
            partial(reference, how=Convention(bias, scale, column, losses)),
            align=proportional if losses else None,
        )


def column_variants(reference: Callable[..., Any], scales: Sequence[str]) -> Iterator[Variant]:
    """Yield the conventions where y is a column, and so are the weights."""
    for bias, scale in product(("none", "first", "last"), scales):
        words = f"{LAYOUTS[bias]}, {scale} of gradients"
        yield Variant(words, partial(reference, how=Convention(bias, scale)))


def column_cases(cases: Sequence[Case]) -> list[Case]:
    """Return `cases` with y as a column."""
    return [
        Case({**case.arguments, "y": case.arguments["y"][:, None]}, case.level, case.hint)
        for case in cases
    ]


def descent_cases(
    rng: np.random.Generator, target: Callable[[np.random.Generator, Array], Array]
) -> list[Case]:
    """Return cases of gradient descent; `target` draws y for x."""
    ones = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]])
    y = np.array([0.0, 1.0, 1.0])

    def drawn(n: int, d: int) -> tuple[Array, Array]:
        x = rng.normal(size=(n, d)) + 0.5
        return x, target(rng, x)

    def asked(x: Array, y: Array, lr: float, n_iter: int, hint: str = "") -> Case:
        # Steps of float32 differ in rounding at each step.
        return Case(
            {"x": x, "y": y, "lr": lr, "n_iter": n_iter},
            hint=hint,
            slack=1e-4 if x.dtype == np.float32 else 0.0,
        )

    x, t = drawn(5, 2)
    single = x.astype(np.float32)
    return [
        asked(ones, y, 0.1, 1),
        asked(ones, y, 0.1, 2, "take the gradient at the weights of each step"),
        asked(ones[:, 1:], y, 0.5, 3),
        asked(np.array([[2.0]]), np.array([1.0]), 0.1, 2),
        asked(np.array([[1, 2], [3, -1], [0, 2]]), np.array([0, 1, 1]), 0.05, 4),
        *(asked(view, t, 0.05, 10) for view in layouts(x)),
        asked(single, t.astype(np.float32), 0.05, 5),
        *(asked(*drawn(n, d), lr, steps) for n, d, lr, steps in _SIZES),
    ]


_SIZES = ((3, 4, 0.02, 7), (8, 1, 0.01, 20), (7, 3, 0.02, 50), (1, 3, 0.1, 5), (12, 2, 0.01, 100))


def prediction_cases(cases: Sequence[Case], rng: np.random.Generator) -> list[Case]:
    """Return `cases` with rows to predict, which none of the cases was trained on."""
    asked = []
    for case in cases:
        x = np.asarray(case.arguments["x"])
        test = rng.normal(size=(4 if len(x) < 4 else 9, x.shape[1])) + 0.5
        if x.dtype == np.float32:
            test = test.astype(np.float32)
        asked.append(Case({**case.arguments, "x_test": test}, case.level, case.hint, case.slack))
    return asked


def descent_mistakes(reference: Callable[..., Any]) -> Iterator[Mistake]:
    """Yield what goes wrong in gradient descent of the mean, for each place of the bias."""
    for bias, column in product(LAYOUTS, (False, True)):
        known = partial(reference, how=Convention(bias, column=column))
        yield Mistake(
            "step against the gradient: w -= lr * gradient",
            lambda x, y, lr, n_iter, known=known: known(x, y, -lr, n_iter),
        )
        yield Mistake(
            "make as many steps as were asked: one is missing",
            lambda x, y, lr, n_iter, known=known: known(x, y, lr, n_iter - 1),
        )
        yield Mistake(
            "make as many steps as were asked: this is one too many",
            lambda x, y, lr, n_iter, known=known: known(x, y, lr, n_iter + 1),
        )
        yield Mistake(
            "multiply the gradient by the learning rate",
            lambda x, y, n_iter, known=known, **_: known(x, y, 1.0, n_iter),
        )
        yield Mistake(
            "the gradient is divided by N twice",
            lambda x, y, lr, n_iter, known=known: known(x, y, lr / len(x), n_iter),
        )
