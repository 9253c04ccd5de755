"""Sigmoids, and activation functions that are gated by one."""

from __future__ import annotations

import numpy as np

from builder.kernels.activations.elementwise import LARGE, X, domains
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

_INFINITE = (*LARGE, np.inf, -np.inf)


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) of each element, in float64, without overflow.

    Goodfellow, Bengio, Courville, Deep Learning (2016).
    """
    x = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def tanh(x: Array) -> Array:
    """Return (exp(x) - exp(-x)) / (exp(x) + exp(-x)) of each element, in float64."""
    x = np.asarray(x, dtype=np.float64)
    small = np.expm1(-2.0 * np.abs(x))
    return np.asarray(-np.sign(x) * small / (2.0 + small))


def softsign(x: Array) -> Array:
    """Return x / (1 + |x|) of each element, in float64. Glorot, Bengio (2010)."""
    x = np.asarray(x, dtype=np.float64)
    return np.asarray(x / (1.0 + np.abs(x)))


def swish(x: Array, beta: float = 1.0) -> Array:
    """Return x sigmoid(beta x) of each element, in float64. Ramachandran, Zoph, Le (2017)."""
    x = np.asarray(x, dtype=np.float64)
    return x * sigmoid(beta * x)


def mish(x: Array) -> Array:
    """Return x tanh(log(1 + exp(x))) of each element, in float64. Misra (2019)."""
    x = np.asarray(x, dtype=np.float64)
    return x * tanh(np.logaddexp(0.0, x))


def swiglu(x: Array, w: Array | None = None, v: Array | None = None, *, gate: int = 0) -> Array:
    """Return silu(a) * b in float64, with the halves a and b of x along the last axis.

    With weights (D, H), a = x w and b = x v for x (N, D). With `gate` 1, it is a * silu(b).
    Shazeer, GLU Variants Improve Transformer (2020), without biases.
    """
    x = np.asarray(x, dtype=np.float64)
    if w is None or v is None:
        a, b = np.split(x, 2, axis=-1)
    else:
        a, b = x @ np.asarray(w, dtype=np.float64), x @ np.asarray(v, dtype=np.float64)
    return swish(a) * b if gate == 0 else a * swish(b)


SIGMOID = Kernel(
    name="sigmoid",
    aliases=("logistic", "stable_sigmoid", "sigmoid_stable", "expit", "logistic_function"),
    parameters=(X,),
    variants=(Variant("", sigmoid),),
    domains=domains(
        "a large exponential overflows: use exp(-x) where x >= 0 and exp(x) elsewhere",
        large=_INFINITE,
    ),
    formula=r"\sigma(x) = \frac{1}{1 + e^{-x}}",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016)",
    mistakes=(
        Mistake("take exp(-x), not exp(x)", lambda x: sigmoid(-np.asarray(x))),
        Mistake("add 1 to the exponential, not subtract it", lambda x: 1 / (1 - np.exp(-x))),
        Mistake("this is the derivative", lambda x: sigmoid(x) * (1 - sigmoid(x))),
        Mistake("this is tanh, which goes from -1 to 1", tanh),
        Mistake("divide by 1 + exp(-x), not multiply", lambda x: 1 + np.exp(-x)),
    ),
)

TANH = Kernel(
    name="tanh",
    aliases=("hyperbolic_tangent", "tanh_activation"),
    parameters=(X,),
    variants=(Variant("", tanh),),
    domains=domains(
        "exp(x) overflows to infinity over infinity: let both exponents be negative",
        large=_INFINITE,
    ),
    formula=r"\tanh(x) = \frac{e^x - e^{-x}}{e^x + e^{-x}}",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016)",
    mistakes=(
        Mistake("the sign is wrong: exp(x) stands before exp(-x)", lambda x: -tanh(x)),
        Mistake("this is the reciprocal: divide by the sum", lambda x: 1.0 / tanh(x)),
        Mistake(
            "this is sinh: divide it by cosh", lambda x: 0.5 * (np.exp(x) - np.exp(-np.asarray(x)))
        ),
        Mistake("this is 1 - tanh(x)^2, the derivative", lambda x: 1.0 - tanh(x) ** 2),
        Mistake(
            "take the exponents twice: this is tanh(x / 2)", lambda x: tanh(0.5 * np.asarray(x))
        ),
        Mistake("this is the sigmoid, which goes from 0 to 1", sigmoid),
        Mistake("subtract 1: 2 sigmoid(2 x) - 1", lambda x: 1.0 + tanh(x)),
    ),
)

SOFTSIGN = Kernel(
    name="softsign",
    aliases=("soft_sign",),
    parameters=(X,),
    variants=(Variant("", softsign),),
    domains=domains("x / (1 + |x|) tends to -1 and 1"),
    formula=r"\operatorname{softsign}(x) = \frac{x}{1 + |x|}",
    source="Glorot, Bengio: Understanding the Difficulty of Training Deep Networks (2010)",
    mistakes=(
        Mistake("divide by 1 + |x|, not by 1 + x", lambda x: np.asarray(x) / (1.0 + np.asarray(x))),
        Mistake("add 1 to the magnitude", lambda x: np.clip(np.sign(x), -1.0, 1.0)),
        Mistake("keep the sign: divide x itself", lambda x: np.abs(softsign(x))),
        Mistake("this is the derivative", lambda x: 1.0 / (1.0 + np.abs(x)) ** 2),
        Mistake("divide by 1 + |x|, not by 1 + x^2", lambda x: x / (1.0 + np.square(x))),
    ),
)

SWISH = Kernel(
    name="swish",
    aliases=("silu", "sigmoid_linear_unit"),
    parameters=(X, Parameter("beta", ("b", "alpha"), 1.0, least=0.5, most=2.0)),
    variants=(Variant("", swish),),
    domains=domains(
        "infinity over infinity is nan: divide by 1 + exp(-x)",
        options=({"beta": 2.0}, {"beta": 0.5}),
    ),
    formula=r"\operatorname{swish}(x) = x \, \sigma(\beta x)",
    source="Ramachandran, Zoph, Le: Searching for Activation Functions (2017)",
    mistakes=(
        Mistake("multiply by x", lambda x, beta: sigmoid(beta * x)),
        Mistake("take exp(-x), not exp(x)", lambda x, beta: x * sigmoid(-beta * x)),
        Mistake("the sigmoid is multiplied by x, not added", lambda x, beta: x + sigmoid(beta * x)),
        Mistake("gate with the sigmoid, not with tanh", lambda x, beta: x * tanh(beta * x)),
        Mistake("beta belongs inside the sigmoid alone", lambda x, beta: beta * x * sigmoid(x)),
    ),
)

MISH = Kernel(
    name="mish",
    parameters=(X,),
    variants=(Variant("", mish),),
    domains=domains("an exponential overflows: tanh of a large softplus is 1"),
    formula=r"\operatorname{mish}(x) = x \tanh(\log(1 + e^x))",
    source="Misra: Mish, a Self Regularized Non-Monotonic Activation Function (2019)",
    mistakes=(
        Mistake("multiply by x", lambda x: tanh(np.logaddexp(0.0, x))),
        Mistake("tanh is missing", lambda x: x * np.logaddexp(0.0, x)),
        Mistake("this is SiLU: gate with tanh(softplus(x))", swish),
        Mistake("softplus is missing", lambda x: x * tanh(x)),
        Mistake(
            "gate with tanh, not with the sigmoid", lambda x: x * sigmoid(np.logaddexp(0.0, x))
        ),
    ),
)


def _ungated(x: Array, w: Array | None, v: Array | None) -> Array:
    a, b = np.split(x, 2, axis=-1) if w is None or v is None else (x @ w, x @ v)
    return np.asarray(a * b)


def _gated_by_sigmoid(x: Array, w: Array | None, v: Array | None) -> Array:
    a, b = np.split(x, 2, axis=-1) if w is None or v is None else (x @ w, x @ v)
    return np.asarray(sigmoid(a) * b)


def _gated_by_second(x: Array, w: Array | None, v: Array | None) -> Array:
    a, b = np.split(x, 2, axis=-1) if w is None or v is None else (x @ w, x @ v)
    return np.asarray(a * sigmoid(b))


def _halves(rng: np.random.Generator) -> list[Case]:
    plain: list[Array] = [
        np.array([[1.0, 2.0]]),
        np.array([[1.0, -2.0, 3.0, 0.5], [0.0, 1.0, -1.0, 2.0]]),
        np.array([[2, -1, 3, 1]]),
        *layouts(rng.normal(size=(3, 6))),
        rng.normal(size=(5, 4)).astype(np.float32),
        rng.normal(scale=3.0, size=(7, 2)),
    ]
    extreme = [np.array([[1e3, -1e3, 1.0, 1.0]]), np.array([[1.0, 2.0, -1e3, 1e4]])]
    return [
        *(Case({"x": x}) for x in plain),
        *(Case({"x": x}, Level.STABILITY, _SIGMOID) for x in extreme),
    ]


def _any_rank(rng: np.random.Generator) -> list[Case]:
    return [Case({"x": rng.normal(size=shape)}) for shape in ((4,), (2,), (2, 3, 4))]


def _projected(rng: np.random.Generator) -> list[Case]:
    sizes = ((1, 2, 1), (2, 3, 4), (5, 4, 3), (3, 1, 2))
    plain = [[rng.normal(size=shape) for shape in ((n, d), (d, h), (d, h))] for n, d, h in sizes]
    by_hand = [np.array([[1.0, 2.0]]), np.eye(2), np.array([[3.0, 0.0], [1.0, -1.0]])]
    extreme = [1e3 * plain[1][0], *plain[1][1:]]
    single = [a.astype(np.float32) for a in plain[2]]
    return [
        *(Case(dict(zip("xwv", arrays, strict=True))) for arrays in (by_hand, *plain, single)),
        Case(dict(zip("xwv", extreme, strict=True)), Level.STABILITY, _SIGMOID),
    ]


_SIGMOID = "a large exponential overflows: gate with a stable sigmoid"

SWIGLU = Kernel(
    name="swiglu",
    aliases=("swi_glu",),
    parameters=(
        Parameter("x", ("z", "inputs", "input", "hidden", "h")),
        Parameter("w", ("w1", "w_gate", "wg", "gate_proj", "w_g"), None),
        Parameter("v", ("w2", "w_up", "wu", "up_proj", "w3", "w_u"), None),
    ),
    variants=(
        Variant("silu of the first times the second", swiglu),
        Variant("the first times silu of the second", lambda **given: swiglu(**given, gate=1)),
    ),
    domains=(
        Domain("halves of each row", _halves, alone=True),
        Domain("a batch with weights", _projected, alone=True),
        Domain("halves at any rank", _any_rank),
    ),
    formula=r"\operatorname{swiglu}(a, b) = a \, \sigma(a) \odot b",
    source="Shazeer: GLU Variants Improve Transformer (2020)",
    mistakes=(
        Mistake("gate one of the two with its sigmoid", _ungated),
        Mistake("this is GLU: gate with x sigmoid(x)", _gated_by_sigmoid),
        Mistake("this is GLU: gate with x sigmoid(x)", _gated_by_second),
    ),
)
