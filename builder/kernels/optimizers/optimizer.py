"""One step of optimizers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Function,
    Kernel,
    Parameter,
    Variant,
    layouts,
)
from builder.kernels.optimizers.step import (
    GRADIENT,
    WEIGHTS,
    State,
    Step,
    class_form,
    config_form,
    domains,
    mistakes,
    rate,
    returning,
    share,
)

_ORDERS = {(0, 1): "returns w, {}", (0,): "returns w", (1, 0): "returns {}, w"}


def _float64(*values: Any) -> list[Array]:
    return [np.asarray(value, dtype=np.float64) for value in values]


# ── momentum ─────────────────────────────────────────────────────────────────────────────────────

_VELOCITIES = {
    "gradients": "v = mu v + g",
    "steps": "v = mu v - lr g",
    "descents": "v = mu v + lr g",
    "average": "v = mu v + (1 - mu) g",
}


def _scales(velocity: str, lr: float, mu: float) -> tuple[float, float]:
    """Return what a velocity takes of the gradient, and what the weights take of the velocity."""
    return {
        "gradients": (1.0, -lr),
        "steps": (-lr, 1.0),
        "descents": (lr, -1.0),
        "average": (1.0 - mu, -lr),
    }[velocity]


def sgd_momentum(
    w: Array, g: Array, v: Array, lr: float, mu: float, *, velocity: str = "gradients"
) -> tuple[Array, Array]:
    """Return the weights and the velocity after a step, in float64 and of the shape of `w`.

    The velocity is a decaying sum of "gradients", of "steps" or, with the other sign, "descents",
    or a decaying "average" of gradients. Sutskever, Martens, Dahl, Hinton, On the importance of
    initialization and momentum in deep learning (2013).
    """
    w, g, v = _float64(w, g, v)
    taken, moved = _scales(velocity, lr, mu)
    v = mu * v + taken * g
    return w + moved * v, v


def nesterov(
    w: Array, g: Array, v: Array, lr: float, mu: float, *, velocity: str = "gradients"
) -> tuple[Array, Array]:
    """Return weights and velocity after a step of Nesterov's, with the gradient at `w` itself.

    The weights are those that look ahead already, as in PyTorch: they move by the velocity that the
    next step would have if it saw the same gradient. Velocities are those of `sgd_momentum`.
    """
    w, g, v = _float64(w, g, v)
    taken, moved = _scales(velocity, lr, mu)
    v = mu * v + taken * g
    return w + moved * (mu * v + taken * g), v


def nesterov_ahead(
    w: Array, grad_fn: Any, v: Array, lr: float, mu: float, *, velocity: str = "gradients"
) -> tuple[Array, Array]:
    """Return weights and velocity after a step with the gradient at w plus mu times the velocity.

    Sutskever, Martens, Dahl, Hinton (2013).
    """
    w, v = _float64(w, v)
    moved = _scales(velocity, lr, mu)[1]
    return sgd_momentum(w, grad_fn(w + moved * mu * v), v, lr, mu, velocity=velocity)


def _velocity_variants(step: Step, **told: Any) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            f"{words}, {order.format('v')}",
            returning(partial(step, velocity=velocity), places),
            **told,
        )
        for (velocity, words), (places, order) in product(_VELOCITIES.items(), _ORDERS.items())
    )


_RATE = rate(0.01, "alpha")
_MU = share("mu", 0.9, "momentum", "beta", "gamma", "rho", "beta1", "momentum_coeff", "decay")
_VELOCITY = Parameter("v", ("velocity", "m", "vel", "v_t", "v_prev", "vt", "dw_prev", "u", "vw"))
_OPTIONS: tuple[dict[str, float], ...] = (
    {"lr": 0.5},
    {"mu": 0.5},
    {"lr": 0.25, "mu": 0.75},
    {"lr": 0.1, "mu": 0.99},
)
_SMALL = (
    {"w": np.array([1.0, 2.0]), "g": np.array([10.0, -20.0]), "v": np.array([100.0, 0.0])},
    {"w": np.array([1.0, 1.0, 1.0]), "g": np.zeros(3), "v": np.array([1.0, -2.0, 0.0])},
    {"w": np.zeros(2), "g": np.array([4.0, 4.0]), "v": np.zeros(2)},
)


def _moving(rng: np.random.Generator, shape: tuple[int, ...]) -> State:
    scales = (("w", 1.0), ("g", 3.0), ("v", 2.0))
    return {name: rng.normal(scale=scale, size=shape) for name, scale in scales}


def _wrong_momentum(plain: Step) -> list[tuple[str, Step]]:
    """Return the mistakes of momentum, by the velocity that they are made with."""
    wrong: list[tuple[str, Step]] = []
    for velocity in _VELOCITIES:
        step = partial(plain, velocity=velocity)
        wrong += [
            ("go down: subtract the step", partial(_ascending, step)),
            ("move by the new velocity, not by the old one", partial(_by_old, velocity)),
            (
                "decay the old velocity: multiply it by mu",
                lambda step=step, **given: step(**{**given, "v": given["v"] / given["mu"]}),
            ),
        ]
    still = "add the old velocity: this is plain gradient descent"
    return [
        *wrong,
        (still, lambda w, g, v, lr, **_: (w - lr * np.asarray(g), v)),
        ("the learning rate counts twice: once in the velocity, once in the step", _twice_scaled),
        ("the learning rate is missing", lambda lr, **given: plain(lr=lr / lr, **given)),
    ]


def _ascending(step: Step, **given: Any) -> tuple[Any, ...]:
    w, v = step(**given)
    return 2 * np.asarray(given["w"]) - w, v


def _by_old(velocity: str, **given: Any) -> tuple[Any, ...]:
    moved = _scales(velocity, given["lr"], given["mu"])[1]
    _, v = sgd_momentum(**given, velocity=velocity)
    return given["w"] + moved * np.asarray(given["v"]), v


def _twice_scaled(w: Array, g: Array, v: Array, lr: float, mu: float) -> tuple[Any, ...]:
    new = mu * np.asarray(v) + lr * np.asarray(g)
    return w - lr * new, new


_CONFIG = {"learning_rate": "lr", "momentum": "mu", "velocity": "v"}


def _with_class(kernel: Kernel, step: Step, *forms: Kernel) -> Kernel:
    # Who starts with no velocity gets the same weights from all sums, but others from an average.
    ways = [
        (words, partial(step, velocity=name), dict[str, Any]())
        for name, words in (("gradients", ""), ("average", _VELOCITIES["average"]))
    ]
    return replace(kernel, forms=(*forms, class_form(kernel, ways, ("v",), _OPTIONS)))


_MOMENTUM = Kernel(
    name="sgd_momentum",
    aliases=(
        *("momentum", "momentum_step", "momentum_update", "momentum_optimizer", "sgdmomentum"),
        *("sgd_with_momentum", "sgd_momentum_step", "sgd_momentum_update", "momentum_sgd"),
        *("sgdwithmomentum", "momentumoptimizer", "momentumsgd"),
    ),
    parameters=(WEIGHTS, GRADIENT, _VELOCITY, _RATE, _MU),
    variants=_velocity_variants(sgd_momentum),
    domains=domains(_SMALL, _moving, _OPTIONS),
    formula=r"v \leftarrow \mu v + g, \quad w \leftarrow w - \eta v",
    source="Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum "
    "in deep learning (2013)",
    mistakes=mistakes(_wrong_momentum(sgd_momentum), tuple(_ORDERS)),
    in_place=True,
)
SGD_MOMENTUM = _with_class(
    _MOMENTUM,
    sgd_momentum,
    config_form(_MOMENTUM, partial(sgd_momentum, velocity="steps"), _CONFIG, ("w", "v")),
)


# ── Nesterov's momentum ──────────────────────────────────────────────────────────────────────────

_FUNCTIONS = (
    Function("lambda w: 2 * w", lambda w: 2 * w),
    Function("lambda w: w ** 2 - 1", lambda w: w**2 - 1),
    Function("lambda w: np.cos(w) + w", lambda w: np.cos(w) + w),
)


def _with_function(rng: np.random.Generator, *shape: int) -> State:
    return {"w": rng.normal(size=shape), "v": rng.normal(scale=2.0, size=shape)}


def _asked_ahead(states: list[State], more: list[State]) -> list[Case]:
    """Return each state with a function in turn; `more` come with options."""
    pairs: list[tuple[State, dict[str, float]]] = [(one, {}) for one in states] + list(
        zip(more, _OPTIONS, strict=False)
    )
    return [
        Case(
            {**state, **option, "grad_fn": _FUNCTIONS[at % 3]},
            hint=f"use the {' and '.join(option)} that was passed" if option else "",
        )
        for at, (state, option) in enumerate(pairs)
    ]


def _vectors_ahead(rng: np.random.Generator) -> list[Case]:
    by_hand = [
        {"w": np.array([1.0, 2.0]), "v": np.array([10.0, 0.0])},
        {"w": np.array([1.0, -1.0]), "v": np.array([0.0, 1.0])},
        {"w": np.array([3.0]), "v": np.array([-2.0])},
    ]
    drawn = _with_function(rng, 5)
    view = {name: layouts(value)[0] for name, value in drawn.items()}
    single = {name: value.astype(np.float32) for name, value in drawn.items()}
    large = {name: 1e4 * value for name, value in drawn.items()}
    states = [*by_hand, drawn, view, single, _with_function(rng, 33), large]
    return _asked_ahead(states, [_with_function(rng, 4) for _ in _OPTIONS])


def _shapes_ahead(rng: np.random.Generator) -> list[Case]:
    return _asked_ahead(
        [_with_function(rng, *shape) for shape in ((3, 4), (1, 3), (2, 3, 2))],
        [_with_function(rng, 2, 2) for _ in _OPTIONS],
    )


def _numbers_ahead(rng: np.random.Generator) -> list[Case]:
    drawn = [_with_function(rng, 1) for _ in range(3)]
    return _asked_ahead([{n: float(x[0]) for n, x in state.items()} for state in drawn], [])


_AHEAD = Parameter(
    "grad_fn",
    (
        *("grad_func", "gradient_fn", "gradient_func", "grad_f", "grad_function", "df", "f_grad"),
        *("compute_grad", "get_grad", "loss_grad", "gradient_function", "grad", "gradient"),
    ),
)


def _behind(w: Array, grad_fn: Any, v: Array, lr: float, mu: float, **own: Any) -> tuple[Any, ...]:
    return sgd_momentum(w, grad_fn(np.asarray(w)), v, lr, mu, **own)


def _wrong_side(
    w: Array, grad_fn: Any, v: Array, lr: float, mu: float, *, velocity: str
) -> tuple[Any, ...]:
    moved = _scales(velocity, lr, mu)[1]
    ahead = grad_fn(np.asarray(w) - moved * mu * np.asarray(v))
    return sgd_momentum(w, ahead, v, lr, mu, velocity=velocity)


def _too_far(
    w: Array, grad_fn: Any, v: Array, lr: float, mu: float, *, velocity: str
) -> tuple[Any, ...]:
    moved = _scales(velocity, lr, mu)[1]
    ahead = grad_fn(np.asarray(w) + moved * np.asarray(v))
    return sgd_momentum(w, ahead, v, lr, mu, velocity=velocity)


_PLAIN = "this is plain momentum: take the gradient at the point that the velocity leads to"
_NAMES_AHEAD = ("g_lookahead", "grad_lookahead", "lookahead_grad", "grad_ahead", "g_ahead")

_NESTEROV = Kernel(
    name="nesterov",
    aliases=(
        *("nag", "nesterov_momentum", "nesterov_step", "nesterov_update", "nag_optimizer"),
        *("nesterov_momentum_update", "sgd_nesterov", "nesterov_accelerated_gradient", "nag_step"),
        *("nag_update", "nesterov_optimizer", "nesterovmomentum", "sgd_nesterov_momentum"),
    ),
    parameters=(
        WEIGHTS,
        replace(GRADIENT, aliases=(*GRADIENT.aliases, *_NAMES_AHEAD)),
        _VELOCITY,
        _RATE,
        _MU,
    ),
    variants=(
        *_velocity_variants(nesterov),
        *(
            replace(variant, words=f"gradient of the point ahead, {variant.words}")
            for variant in _velocity_variants(sgd_momentum, names=frozenset(_NAMES_AHEAD))
        ),
    ),
    domains=domains(_SMALL, _moving, _OPTIONS),
    formula=r"v \leftarrow \mu v - \eta \nabla f(w + \mu v), \quad w \leftarrow w + v",
    source="Sutskever, Martens, Dahl, Hinton: On the importance of initialization and momentum "
    "in deep learning (2013)",
    mistakes=mistakes(
        [
            *((_PLAIN, partial(sgd_momentum, velocity=velocity)) for velocity in _VELOCITIES),
            *_wrong_momentum(nesterov),
        ],
        tuple(_ORDERS),
    ),
    in_place=True,
)
_NESTEROV_AHEAD = replace(
    _NESTEROV,
    parameters=(WEIGHTS, _AHEAD, _VELOCITY, _RATE, _MU),
    variants=_velocity_variants(nesterov_ahead),
    domains=(
        Domain("vectors", _vectors_ahead, alone=True),
        Domain("any shape", _shapes_ahead),
        Domain("plain numbers", _numbers_ahead),
    ),
    mistakes=mistakes(
        [
            (hint, partial(step, velocity=velocity))
            for hint, step in (
                (_PLAIN, _behind),
                ("look ahead along the step, not against it", _wrong_side),
                ("look ahead by mu times the velocity", _too_far),
            )
            for velocity in _VELOCITIES
        ],
        tuple(_ORDERS),
    ),
)
NESTEROV = _with_class(
    _NESTEROV,
    nesterov,
    _NESTEROV_AHEAD,
    config_form(_NESTEROV, partial(nesterov, velocity="steps"), _CONFIG, ("w", "v")),
)
