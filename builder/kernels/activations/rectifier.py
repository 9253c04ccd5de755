"""Rectifiers: activation functions that pass what is positive, or nearly so."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from builder.kernels.activations.elementwise import X, domains
from builder.kernels.kernel import Array, Kernel, Mistake, Parameter, Variant


def relu(x: Array) -> Array:
    """Return max(x, 0) of each element, in float64. Glorot, Bordes, Bengio (2011)."""
    return np.maximum(np.asarray(x, dtype=np.float64), 0.0)


def leaky_relu(x: Array, alpha: float) -> Array:
    """Return x where it is positive, else alpha x, in float64. Maas, Hannun, Ng (2013)."""
    x = np.asarray(x, dtype=np.float64)
    return np.where(x > 0, x, alpha * x)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """Return x where it is positive, else alpha (exp(x) - 1), in float64. Clevert et al. (2015)."""
    x = np.asarray(x, dtype=np.float64)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


def selu(x: Array, alpha: float, scale: float) -> Array:
    """Return scale times the ELU with alpha, in float64. Klambauer et al. (2017)."""
    return np.asarray(scale * elu(x, alpha))


def softplus(x: Array, beta: float = 1.0) -> Array:
    """Return log(1 + exp(beta x)) / beta of each element, in float64.

    Written as max(x, 0) + log(1 + exp(-|beta x|)) / beta, which is the same and never overflows.
    Dugas et al. (2001); Goodfellow, Bengio, Courville, Deep Learning (2016).
    """
    x = np.asarray(x, dtype=np.float64)
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(beta * x))) / beta


def gelu(x: Array) -> Array:
    """Return x Phi(x) with the normal distribution's Phi, in float64. Hendrycks, Gimpel (2016)."""
    x = np.asarray(x, dtype=np.float64)
    phi = [0.5 * math.erfc(-value / math.sqrt(2.0)) for value in x.flat]
    return np.asarray(x * np.reshape(phi, x.shape))


def gelu_tanh(x: Array, root: float = math.sqrt(2.0 / math.pi)) -> Array:
    """Return the approximation of GELU by tanh; `root` is sqrt(2 / pi), or that rounded."""
    x = np.asarray(x, dtype=np.float64)
    return 0.5 * x * (1.0 + np.tanh(root * (x + 0.044715 * x**3)))


def gelu_sigmoid(x: Array) -> Array:
    """Return the approximation of GELU by x sigmoid(1.702 x)."""
    x = np.asarray(x, dtype=np.float64)
    return x * np.exp(-np.logaddexp(0.0, -1.702 * x))


RELU = Kernel(
    name="relu",
    aliases=("rectified_linear", "rectifier"),
    parameters=(X,),
    variants=(Variant("", relu),),
    domains=domains("pass x itself however large it is"),
    formula=r"\operatorname{relu}(x) = \max(x, 0)",
    source="Glorot, Bordes, Bengio: Deep Sparse Rectifier Neural Networks (2011)",
    mistakes=(
        Mistake("keep what is positive, not what is negative", lambda x: np.minimum(x, 0.0)),
        Mistake(
            "negative values become 0, not their magnitude",
            lambda x: relu(x) + relu(-np.asarray(x)),
        ),
        Mistake(
            "this is the derivative: return x, not 1, where x > 0", lambda x: np.heaviside(x, 0)
        ),
        Mistake("this is the leaky one: negative values become 0", lambda x: leaky_relu(x, 0.01)),
    ),
)

_ALPHAS = (0.01, 0.1, 0.2, 0.3, 0.05, 0.02, 0.001)

LEAKY_RELU = Kernel(
    name="leaky_relu",
    aliases=("leakyrelu", "lrelu", "prelu"),
    parameters=(
        X,
        Parameter(
            "alpha",
            ("negative_slope", "slope", "leak", "a"),
            None,
            usual=0.01,
            least=1e-4,
            most=0.5,
        ),
    ),
    variants=tuple(
        Variant(
            "" if alpha == _ALPHAS[0] else "alpha {alpha}", leaky_relu, defaults={"alpha": alpha}
        )
        for alpha in _ALPHAS
    ),
    domains=domains(
        "pass x itself however large it is", options=({"alpha": 0.25}, {"alpha": 0.125})
    ),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ \alpha x & x \le 0 \end{cases}",
    source="Maas, Hannun, Ng: Rectifier Nonlinearities Improve Acoustic Models (2013)",
    mistakes=(
        Mistake("negative values become alpha x, not 0", lambda x, **_: relu(x)),
        Mistake(
            "negative values become alpha x, not alpha", lambda x, alpha: np.where(x > 0, x, alpha)
        ),
        Mistake(
            "the slope belongs to negative x", lambda x, alpha: -leaky_relu(-np.asarray(x), alpha)
        ),
        Mistake(
            "for negative x take alpha x, which is negative",
            lambda x, alpha: np.where(x > 0, x, -alpha * x),
        ),
    ),
)

_BRANCHES = "infinity times 0 is nan: choose between the branches with np.where"

ELU = Kernel(
    name="elu",
    aliases=("exponential_linear_unit",),
    parameters=(X, Parameter("alpha", ("a",), 1.0, least=0.1, most=2.0)),
    variants=(Variant("", elu),),
    domains=domains(_BRANCHES, options=({"alpha": 0.5}, {"alpha": 2.0})),
    formula=r"f(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
    source="Clevert, Unterthiner, Hochreiter: Exponential Linear Units (2015)",
    mistakes=(
        Mistake(
            "subtract 1 from the exponential",
            lambda x, alpha: np.where(x > 0, x, alpha * np.exp(x)),
        ),
        Mistake(
            "take exp(x), not exp(-x)",
            lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(-np.asarray(x))),
        ),
        Mistake(
            "alpha scales the difference, not the exponential alone",
            lambda x, alpha: np.where(x > 0, x, alpha * np.exp(x) - 1),
        ),
        Mistake("alpha belongs to negative x alone", lambda x, alpha: alpha * elu(x)),
        Mistake("this is ReLU: negative x become alpha (exp(x) - 1)", lambda x, **_: relu(x)),
    ),
)

_ALPHA, _SCALE = 1.6732632423543772848, 1.0507009873554804934


def _rounded() -> list[tuple[float, float]]:
    """Return the constants of SELU, in full and then with fewer digits, as people write them."""
    alike = [(round(_ALPHA, n), round(_SCALE, n)) for n in (4, 5, 6, 7, 8, 3, 2)]
    cut = [
        (math.floor(_ALPHA * 10**n) / 10**n, math.floor(_SCALE * 10**n) / 10**n) for n in (6, 7, 8)
    ]
    return list(dict.fromkeys([(_ALPHA, _SCALE), (1.67326, 1.0507), *alike, *cut]))


SELU = Kernel(
    name="selu",
    aliases=("scaled_elu",),
    parameters=(
        X,
        Parameter("alpha", ("a",), None, usual=_ALPHA, least=1.67, most=1.68),
        Parameter(
            "scale",
            ("lambda_", "lam", "lmbda", "lambd"),
            None,
            usual=_SCALE,
            least=1.05,
            most=1.051,
        ),
    ),
    variants=tuple(
        Variant(
            "" if alpha == _ALPHA else f"alpha {alpha:.10g}, scale {scale:.10g}",
            selu,
            defaults={"alpha": alpha, "scale": scale},
        )
        for alpha, scale in _rounded()
    ),
    domains=domains(_BRANCHES),
    formula=r"f(x) = \lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
    source="Klambauer et al.: Self-Normalizing Neural Networks (2017)",
    mistakes=(
        Mistake(
            "scale positive x, too",
            lambda x, alpha, scale: np.where(x > 0, x, selu(x, alpha, scale)),
        ),
        Mistake(
            "scale negative x, too",
            lambda x, alpha, scale: np.where(x > 0, scale * x, elu(x, alpha)),
        ),
        Mistake("this is the plain ELU: scale it", lambda x, alpha, **_: elu(x, alpha)),
        Mistake("the two constants are swapped", lambda x, alpha, scale: selu(x, scale, alpha)),
        Mistake("alpha is missing where x is negative", lambda x, scale, **_: scale * elu(x)),
    ),
)

SOFTPLUS = Kernel(
    name="softplus",
    aliases=("soft_plus",),
    parameters=(X, Parameter("beta", ("b",), 1.0, least=0.1, most=10.0)),
    variants=(Variant("", softplus),),
    domains=domains(
        "exp(x) overflows: write max(x, 0) + log1p(exp(-|x|)), or np.logaddexp(0, x)",
        options=({"beta": 2.0}, {"beta": 0.5}),
    ),
    formula=r"\operatorname{softplus}(x) = \frac{1}{\beta} \log(1 + e^{\beta x})",
    source="Dugas et al.: Incorporating Second-Order Functional Knowledge (2001)",
    mistakes=(
        Mistake("add 1 before the logarithm", lambda x, **_: np.asarray(x, dtype=np.float64)),
        Mistake("take exp(x), not exp(-x)", lambda x, beta: softplus(-np.asarray(x), beta)),
        Mistake("take the natural logarithm", lambda x, beta: softplus(x, beta) / math.log(2.0)),
        Mistake("divide by beta", lambda x, beta: beta * softplus(x, beta)),
        Mistake("the 1 stands inside the logarithm", lambda x, **_: 1.0 + np.asarray(x)),
    ),
)

_GELU_CASES = "the tails are x and 0: let no power or exponential overflow"

GELU = Kernel(
    name="gelu",
    aliases=("gelu_tanh", "gelu_exact", "gelu_approx", "gaussian_error_linear_unit"),
    parameters=(X,),
    variants=(
        Variant("", gelu),
        Variant("tanh approximation", gelu_tanh),
        Variant("sigmoid approximation", gelu_sigmoid),
        *(
            Variant(f"tanh approximation with {root:.10g}", partial(gelu_tanh, root=root))
            for root in (0.79788456, 0.7978846, 0.797885, 0.797884, 0.79788, 0.7979, 0.798)
        ),
    ),
    domains=domains(_GELU_CASES),
    formula=r"\operatorname{gelu}(x) = x \, \Phi(x)",
    source="Hendrycks, Gimpel: Gaussian Error Linear Units (2016)",
    mistakes=(
        Mistake(
            "divide x by the root of 2 before erf",
            lambda x: gelu(math.sqrt(2.0) * np.asarray(x)) / math.sqrt(2.0),
        ),
        Mistake("halve it", lambda x: 2.0 * gelu(x)),
        Mistake("halve it", lambda x: 2.0 * gelu_tanh(x)),
        Mistake("multiply by x: this is the distribution function alone", lambda x: gelu(x) / x),
        Mistake("add 1 to erf", lambda x: gelu(x) - 0.5 * x),
        Mistake("add 1 to tanh", lambda x: gelu_tanh(x) - 0.5 * x),
        Mistake(
            "take the cube of x",
            lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2))),
        ),
        Mistake(
            "this is SiLU: GELU is x times the normal distribution function",
            lambda x: x * np.exp(-softplus(-np.asarray(x))),
        ),
    ),
)
