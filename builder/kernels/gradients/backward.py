"""Backward passes of layers: the gradient of a loss by what went in, from that by what came out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.activations.activation import softmax
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

UPSTREAM = Parameter(
    "dout",
    (
        *("dy", "grad_output", "grad_out", "grad", "upstream", "upstream_grad", "da", "d_out", "g"),
        *(
            "gradient",
            "grad_outputs",
            "grads",
            "delta",
            "dl_dy",
            "dz",
            "dldy",
            "grad_y",
            "upstream_gradient",
        ),
    ),
)


def relu_backward(dout: Array | float, x: Array, at_zero: float = 0.0) -> Array:
    """Return dout where x > 0, `at_zero` times dout where x is 0, else 0, in float64.

    Both are of any shape. Goodfellow, Bengio, Courville, Deep Learning (2016).
    """
    dout, x = (np.asarray(a, dtype=np.float64) for a in (dout, x))
    return np.asarray(np.where(x > 0, dout, np.where(x == 0, at_zero * dout, 0.0)))


def _inputs(rng: np.random.Generator, shape: tuple[int, ...]) -> list[Array]:
    """Return arrays like `shape`, from small to large, the first of one row."""
    row = shape[1:] and (1,)
    by_hand = [(3.0, -2.0), (1.5,), (-1.0, 0.0, 2.0)]
    image = rng.normal(size=shape)
    return [
        *(np.reshape(values, (*row, -1)) for values in by_hand),
        np.reshape([3, 0, -2, 1], (*row, -1)),
        -np.ones(shape),
        *layouts(image),
        image.astype(np.float32),
    ]


_BY_HAND = np.array([2.0, -5.0, 4.0, 7.0])


def _rectified(
    shape: tuple[int, ...], names: tuple[str, ...], rng: np.random.Generator
) -> list[Case]:
    """Return cases, at first with a gradient to redo by hand."""
    cases = []
    for x in _inputs(rng, shape):
        dout = rng.normal(size=x.shape) if x.size > 4 else _BY_HAND[: x.size].reshape(x.shape)
        arrays = {"x": x, "dout": dout.astype(x.dtype)}
        cases.append(Case({name: arrays[name] for name in names}))
    large = {"x": np.array([1e4, -1e4, 1e-300, -1e-300]), "dout": np.array([-1e4, 1e4, 3.0, 5.0])}
    shaped = {name: large[name].reshape(-1, *(1,) * (len(shape) - 1)) for name in names}
    return [*cases, Case(shaped, Level.STABILITY)]


def _rectifier_domains(what: str, *names: str) -> tuple[Domain, ...]:
    return (
        Domain(f"{what}one vector", partial(_rectified, (6,), names), alone=True),
        Domain(f"{what}any shape", partial(_rectified, (3, 4), names), alone=True),
    )


_RELU_SOURCE = "Goodfellow, Bengio, Courville: Deep Learning (2016)"

RELU_BACKWARD = Kernel(
    name="relu_backward",
    aliases=(
        "relu_grad",
        "relu_gradient",
        "relu_derivative",
        "relu_prime",
        "backward_relu",
        "drelu",
    ),
    parameters=(UPSTREAM, Parameter("x", ("cache", "z", "input", "inputs", "a", "out", "h"))),
    variants=(
        Variant("", relu_backward),
        Variant("slope 1 at 0", partial(relu_backward, at_zero=1.0)),
        Variant("slope 1/2 at 0", partial(relu_backward, at_zero=0.5)),
    ),
    domains=_rectifier_domains("", "dout", "x"),
    formula=r"\frac{\partial L}{\partial x} = \frac{\partial L}{\partial y} \, [x > 0]",
    source=_RELU_SOURCE,
    mistakes=(
        Mistake(
            "multiply with dout: this is the slope alone", lambda x, **_: relu_backward(1.0, x)
        ),
        Mistake(
            "keep dout where x > 0: this is the rectifier of x, not its gradient",
            lambda x, **_: np.maximum(x, 0.0),
        ),
        Mistake("the sign of x decides, not that of dout", lambda dout, **_: np.maximum(dout, 0.0)),
        Mistake(
            "multiply dout with the slope, not with the output",
            lambda dout, x: dout * np.maximum(x, 0.0),
        ),
        Mistake("no gradient passes where x < 0", lambda dout, **_: dout),
        Mistake("keep dout where x > 0, not where x < 0", lambda dout, x: relu_backward(dout, -x)),
    ),
    forms=(
        Kernel(
            name="relu_backward",
            parameters=(Parameter("x", ("z", "input", "inputs", "a", "cache", "h")),),
            variants=tuple(
                Variant(words, partial(relu_backward, 1.0, at_zero=slope))
                for words, slope in (("", 0.0), ("slope 1 at 0", 1.0), ("slope 1/2 at 0", 0.5))
            ),
            domains=_rectifier_domains("the slope of ", "x"),
            formula=r"\frac{d y}{d x} = [x > 0]",
            source=_RELU_SOURCE,
            mistakes=(
                Mistake("this is the rectifier itself", lambda x: np.maximum(x, 0.0)),
                Mistake("the slope is 0 where x < 0", lambda x: np.sign(np.asarray(x))),
            ),
        ),
    ),
)


# ── softmax ──────────────────────────────────────────────────────────────────────────────────────


def softmax_backward(dout: Array, s: Array) -> Array:
    """Return s (dout - sum(dout s)) row by row: dout times the Jacobian of the softmax s.

    Both are (C,) or (..., C); float64. Goodfellow, Bengio, Courville, Deep Learning (2016).
    """
    dout, s = (np.asarray(a, dtype=np.float64) for a in (dout, s))
    return np.asarray(s * (dout - np.sum(dout * s, axis=-1, keepdims=True)))


def softmax_jacobian(s: Array) -> Array:
    """Return diag(s) - s s^T of one vector of probabilities (C,), in float64."""
    s = np.asarray(s, dtype=np.float64)
    return np.asarray(np.diag(s) - np.outer(s, s))


def _logits(rng: np.random.Generator, *shape: int) -> list[Array]:
    """Return logits from small to large, whose first are easy to redo by hand."""
    row = shape[1:] and (1,)
    drawn = rng.normal(scale=2.0, size=shape)
    by_hand = ([0.0, np.log(3.0)], [0.0, 0.0, 0.0], np.log([1.0, 2.0, 5.0]), [1.5])
    return [
        *(np.reshape(values, (*row, -1)) for values in by_hand),
        *layouts(drawn),
        rng.normal(size=shape),
        rng.normal(size=shape).astype(np.float32),
    ]


_HOT = "subtract the maximum before the exponential"


def _of_softmax(
    shape: tuple[int, ...], names: tuple[str, ...], rng: np.random.Generator
) -> list[Case]:
    def asked(x: Array, dout: Array, level: Level = Level.CORE) -> Case:
        given = {"dout": dout.astype(x.dtype), "x": x, "s": softmax(x).astype(x.dtype)}
        hint = _HOT if level is Level.STABILITY and "x" in names else ""
        return Case({name: given[name] for name in names}, level, hint)

    logits = _logits(rng, *shape)
    counted = [np.arange(1.0, 1 + x.size).reshape(x.shape) ** 2 for x in logits[:4]]
    hot = np.reshape([0.0, 1000.0, 998.0, -1000.0], (*(shape[1:] and (1,)), -1))
    return [
        *(asked(x, dout) for x, dout in zip(logits[:4], counted, strict=True)),
        *(asked(x, rng.normal(size=x.shape)) for x in logits[4:]),
        asked(logits[4], 3.0 + np.zeros(shape)),
        asked(hot, np.arange(4.0).reshape(hot.shape), Level.STABILITY),
        asked(logits[6], 1e4 * rng.normal(size=shape), Level.STABILITY),
    ]


def _softmax_domains(given: str, *names: str) -> tuple[Domain, ...]:
    return (
        Domain(f"one vector{given}", partial(_of_softmax, (5,), names), alone=True),
        Domain(f"a batch of rows{given}", partial(_of_softmax, (3, 4), names), alone=True),
    )


_OUTPUT = (
    "cache",
    "out",
    "y",
    "p",
    "probs",
    "a",
    "softmax_output",
    "output",
    "sm",
    "probabilities",
)
_INPUT = ("z", "logits", "cache", "scores", "input", "inputs", "a", "y")
_SOFTMAX_SOURCE = "Goodfellow, Bengio, Courville: Deep Learning (2016)"
_SLOPES = (
    Mistake(
        "an output depends on all inputs: subtract the sum of dout s from dout",
        lambda dout, s: np.asarray(dout * s),
    ),
    Mistake(
        "this is the diagonal of the Jacobian alone",
        lambda dout, s: np.asarray(dout * s * (1 - s)),
    ),
    Mistake(
        "weight dout with s in the sum", lambda dout, s: s * (dout - dout.sum(-1, keepdims=True))
    ),
    Mistake("take the sum of each row for itself", lambda dout, s: s * (dout - np.sum(dout * s))),
    Mistake(
        "multiply with s at the end", lambda dout, s: dout - np.sum(dout * s, -1, keepdims=True)
    ),
    Mistake("the sign is wrong", lambda dout, s: -softmax_backward(dout, s)),
)


def _through(reference: Callable[..., Array], x: Array, **given: Any) -> Array:
    return reference(s=softmax(x), **given)


def _softmax_form(
    domains: tuple[Domain, ...],
    reference: Callable[..., Array],
    *parameters: Parameter,
    mistakes: tuple[Mistake, ...] = (),
) -> Kernel:
    return Kernel(
        name="softmax_backward",
        parameters=parameters,
        variants=(Variant("", reference),),
        domains=domains,
        formula=r"J_{ij} = s_i (\delta_{ij} - s_j)",
        source=_SOFTMAX_SOURCE,
        mistakes=mistakes,
    )


_JACOBIAN = (
    Mistake("outside of the diagonal the Jacobian is -s_i s_j", lambda s: np.diag(s * (1 - s))),
    Mistake("this is the diagonal of the Jacobian alone", lambda s: s * (1 - s)),
    Mistake("subtract the products from the diagonal", lambda s: np.diag(s) + np.outer(s, s)),
    Mistake("the sign is wrong", lambda s: -softmax_jacobian(s)),
)

SOFTMAX_BACKWARD = Kernel(
    name="softmax_backward",
    aliases=(
        *("softmax_grad", "softmax_gradient", "softmax_derivative", "softmax_jacobian"),
        *("backward_softmax", "softmax_prime", "dsoftmax", "jacobian_softmax"),
    ),
    parameters=(UPSTREAM, Parameter("s", _OUTPUT)),
    variants=(Variant("", softmax_backward),),
    domains=_softmax_domains("", "dout", "s"),
    formula=r"\frac{\partial L}{\partial x} = s \odot (g - \textstyle\sum_j g_j s_j)",
    source=_SOFTMAX_SOURCE,
    mistakes=_SLOPES,
    forms=(
        _softmax_form(
            _softmax_domains(" of logits", "dout", "x"),
            partial(_through, softmax_backward),
            UPSTREAM,
            Parameter("x", _INPUT),
            mistakes=tuple(Mistake(one.hint, partial(_through, one.reference)) for one in _SLOPES),
        ),
        _softmax_form(
            (Domain("the Jacobian of one vector", partial(_of_softmax, (4,), ("s",)), alone=True),),
            softmax_jacobian,
            Parameter("s", _OUTPUT),
            mistakes=_JACOBIAN,
        ),
        _softmax_form(
            (
                Domain(
                    "the Jacobian at one vector of logits",
                    partial(_of_softmax, (4,), ("x",)),
                    alone=True,
                ),
            ),
            partial(_through, softmax_jacobian),
            Parameter("x", _INPUT),
            mistakes=tuple(
                Mistake(one.hint, partial(_through, one.reference)) for one in _JACOBIAN
            ),
        ),
    ),
)
