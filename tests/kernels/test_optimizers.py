"""Optimizers against closed forms over the whole history of gradients, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.special

from builder.kernels.kernel import Array
from builder.kernels.optimizers.adam import adam, adamw
from builder.kernels.optimizers.adaptive import adagrad, rmsprop
from builder.kernels.optimizers.clipping import clip_grad_norm
from builder.kernels.optimizers.optimizer import nesterov, nesterov_ahead, sgd_momentum
from builder.kernels.optimizers.schedule import cosine_lr

ORACLES = {
    "sgd_momentum": "exact sums of all gradients (fractions)",
    "nesterov": "exact sums of all gradients (fractions)",
    "adagrad": "sums over all gradients, to 50 digits (decimal)",
    "rmsprop": "weighted sums over all gradients, to 50 digits (decimal)",
    "adam": "weighted sums over all gradients, to 50 digits (decimal)",
    "adamw": "weighted sums over all gradients, to 50 digits (decimal)",
    "clip_grad_norm": "the norm to 50 digits (decimal)",
    "cosine_lr": "scipy.special.cosdg of half the angle",
}

SEEDS = range(20)
LONG = 7  # steps
LR, MU, RHO, EPS = 0.125, 0.75, 0.9, 1e-3
BETAS = (0.9, 0.99)

Run = tuple[list[float], list[float]]
"""What the reference and the oracle found, number by number."""


def _gradients(seed: int, n: int = 5) -> tuple[Array, Array]:
    """Return weights and the gradients of all steps, a row each."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=n), rng.normal(scale=3.0, size=(LONG, n))


def _difference(run: Run) -> float:
    """Return the largest difference, relative to the largest number."""
    found, right = (np.array(values, dtype=np.float64) for values in run)
    return float(np.max(np.abs(found - right)) / np.max(np.abs(right)))


def _exact(values: Sequence[float]) -> list[Decimal]:
    return [Decimal(float(value)) for value in values]


# ── momentum ─────────────────────────────────────────────────────────────────────────────────────

# What each convention takes of a gradient, and what the weights take of the velocity.
VELOCITIES: dict[str, tuple[Fraction, Fraction]] = {
    "gradients": (Fraction(1), -Fraction(LR)),
    "steps": (-Fraction(LR), Fraction(1)),
    "descents": (Fraction(LR), -Fraction(1)),
    "average": (1 - Fraction(MU), -Fraction(LR)),
}


def _momentum(velocity: str, seed: int, *, ahead: bool) -> Run:
    """Run all steps; the oracle sums the gradients up, each with its power of mu."""
    w0, history = _gradients(seed)
    w, v = w0, np.zeros_like(w0)
    for g in history:
        step = nesterov if ahead else sgd_momentum
        w, v = step(w, g, v, LR, MU, velocity=velocity)
    taken, moved = VELOCITIES[velocity]
    mu, right = Fraction(MU), []
    for start, gradients in zip(w0, history.T, strict=True):
        g = [taken * Fraction(float(value)) for value in gradients]
        sums = [sum((mu ** (k - i) * g[i] for i in range(k + 1)), Fraction(0)) for k in range(LONG)]
        if ahead:
            sums = [mu * each + g[k] for k, each in enumerate(sums)]
        right.append(Fraction(float(start)) + moved * sum(sums, Fraction(0)))
    return list(w), [float(value) for value in right]


@pytest.mark.parametrize("velocity", VELOCITIES)
@pytest.mark.parametrize("ahead", [False, True])
def test_momentum_is_a_sum_over_the_history(velocity: str, ahead: bool) -> None:
    """Of gradients to the power of mu, in fractions."""
    for seed in SEEDS:
        assert _difference(_momentum(velocity, seed, ahead=ahead)) < 1e-13


@pytest.mark.parametrize("velocity", VELOCITIES)
def test_nesterovs_two_forms_are_one(velocity: str) -> None:
    """The point ahead of one form is where the other one stands."""
    moved = float(VELOCITIES[velocity][1])
    for seed in SEEDS:
        w, _ = _gradients(seed)
        v = ahead_v = np.zeros_like(w)
        ahead_w = w
        for _ in range(LONG):
            w, v = nesterov_ahead(w, lambda x: x**2 - 2 * x, v, LR, MU, velocity=velocity)
            gradient = ahead_w**2 - 2 * ahead_w
            ahead_w, ahead_v = nesterov(ahead_w, gradient, ahead_v, LR, MU, velocity=velocity)
            np.testing.assert_allclose(ahead_w, w + moved * MU * v, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(ahead_v, v, rtol=1e-10, atol=1e-12)


# ── adaptive steps ───────────────────────────────────────────────────────────────────────────────


def _weighted(values: Sequence[Decimal], share: Decimal) -> Decimal:
    """Return the decaying mean of a history, in which the last value weighs 1 - share."""
    last = len(values) - 1
    return (1 - share) * sum(share ** (last - i) * value for i, value in enumerate(values))


def _rooted(second: Decimal, inside: bool) -> Decimal:
    eps = Decimal(EPS)
    return (second + eps).sqrt() if inside else second.sqrt() + eps


def _squares(step: Callable[..., Any], seed: int, *, inside: bool, rho: float | None) -> Run:
    w0, history = _gradients(seed)
    w, s = w0, np.zeros_like(w0)
    for g in history:
        w, s = step(w=w, g=g, s=s, lr=LR, eps=EPS, inside=inside)
    right = []
    with localcontext(prec=50):
        for start, gradients in zip(w0, history.T, strict=True):
            g = _exact(gradients)
            at = Decimal(float(start))
            for k in range(1, LONG + 1):
                squares = [value**2 for value in g[:k]]
                second = sum(squares) if rho is None else _weighted(squares, Decimal(rho))
                at -= Decimal(LR) * g[k - 1] / _rooted(Decimal(second), inside)
            right.append(float(at))
    return list(w), right


def _adagrad(seed: int, *, inside: bool = False) -> Run:
    return _squares(adagrad, seed, inside=inside, rho=None)


def _rmsprop(seed: int, *, inside: bool = False) -> Run:
    return _squares(partial(rmsprop, rho=RHO), seed, inside=inside, rho=RHO)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("run", [_adagrad, _rmsprop])
def test_adagrad_and_rmsprop_divide_by_sums_over_the_history(run: Any, inside: bool) -> None:
    """Of squares: all alike, or with weights that decay."""
    for seed in SEEDS:
        assert _difference(run(seed, inside=inside)) < 1e-13


def _adam(seed: int, guard: str = "outside", first: int = 1, decay: str = "") -> Run:
    """Run Adam, or AdamW with a decay; the oracle needs no moments from the step before."""
    w0, history = _gradients(seed)
    w, m, v, t = w0, np.zeros_like(w0), np.zeros_like(w0), first
    for g in history:
        rates = (LR, *BETAS, EPS)
        if decay:
            w, m, v, t = adamw(w, g, m, v, t, *rates, 0.25, guard=guard, first=first, decay=decay)
        else:
            w, m, v, t = adam(w, g, m, v, t, *rates, guard=guard, first=first)
    assert t == LONG + first
    with localcontext(prec=50):
        right = [
            float(_adam_oracle(Decimal(float(start)), _exact(gradients), guard, decay))
            for start, gradients in zip(w0, history.T, strict=True)
        ]
    return list(w), right


def _adam_oracle(at: Decimal, g: list[Decimal], guard: str, decay: str) -> Decimal:
    """Return a weight after all steps: each by weighted means of all gradients before."""
    lr, wd, eps = Decimal(LR), Decimal("0.25"), Decimal(EPS)
    beta1, beta2 = map(Decimal, BETAS)
    for k in range(1, LONG + 1):
        # The correction makes the weights add up to 1: a mean of what has been seen.
        first = _weighted(g[:k], beta1) / sum((1 - beta1) * beta1**i for i in range(k))
        whole = sum((1 - beta2) * beta2**i for i in range(k))
        second = _weighted([value**2 for value in g[:k]], beta2) / whole
        if guard == "before":
            step = lr * first / (second.sqrt() + eps / Decimal(whole).sqrt())
        else:
            step = lr * first / _rooted(second, guard == "inside")
        match decay:
            case "":
                at -= step
            case "lr":
                at = at * (1 - lr * wd) - step
            case "alone":
                at = at * (1 - wd) - step
            case _:
                at = (at - step) * (1 - lr * wd)
    return at


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("guard", ["outside", "inside", "before"])
@pytest.mark.parametrize("decay", ["", "lr", "alone", "after"])
def test_adam_steps_by_weighted_means_of_the_history(guard: str, first: int, decay: str) -> None:
    """With and without a decay, wherever eps stands and whatever the first step is called."""
    for seed in SEEDS:
        assert _difference(_adam(seed, guard, first, decay)) < 1e-13


@pytest.mark.parametrize("step", [adam, partial(adamw, weight_decay=0.0)])
def test_adams_first_step_is_a_sign(step: Callable[..., Any]) -> None:
    """Without eps it has the length of the learning rate, however large the gradient is."""
    g = np.array([1e-3, -1e3, 2.0])
    zero = np.zeros(3)
    w, *_ = step(w=zero, g=g, m=zero, v=zero, t=1, lr=LR, beta1=0.9, beta2=0.999, eps=0.0)
    np.testing.assert_allclose(w, -LR * np.sign(g), rtol=1e-12)


# ── clipping and schedules ───────────────────────────────────────────────────────────────────────


def _clip(seed: int, max_norm: float = 2.0) -> Run:
    rng = np.random.default_rng(seed)
    grads = [rng.normal(size=shape) for shape in ((3, 4), (4,), (2, 3, 2))]
    found, norm = clip_grad_norm(grads, max_norm)
    with localcontext(prec=50):
        numbers = [_exact(g.ravel()) for g in grads]
        whole = sum(value**2 for row in numbers for value in row)
        right = Decimal(whole).sqrt()
        scale = min(Decimal(1), Decimal(max_norm) / right)
        clipped = [float(value * scale) for row in numbers for value in row]
    return [*np.concatenate([g.ravel() for g in found]), norm], [*clipped, float(right)]


@pytest.mark.parametrize("max_norm", [1e-3, 2.0, 5.0, 1e3])
def test_clipped_gradients_have_the_right_norm(max_norm: float) -> None:
    """The same numbers whichever way they are packed, and nothing is ever scaled up."""
    for seed in SEEDS:
        assert _difference(_clip(seed, max_norm)) < 1e-13
        grads = [np.random.default_rng(seed).normal(size=shape) for shape in ((2, 3), (3,))]
        clipped, norm = clip_grad_norm(grads, max_norm)
        again, left = clip_grad_norm(list(clipped), max_norm)
        assert left == pytest.approx(min(norm, max_norm), rel=1e-12)
        named, _ = clip_grad_norm(dict(zip("Wb", grads, strict=True)), max_norm)
        flat, _ = clip_grad_norm(np.concatenate([g.ravel() for g in grads]), max_norm)
        for one, other in zip(clipped, again, strict=True):
            np.testing.assert_allclose(other, one, rtol=1e-12)
        for one, other in zip(clipped, named.values(), strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(np.concatenate([g.ravel() for g in clipped]), flat, rtol=1e-12)


@pytest.mark.parametrize(("kind", "norm"), [(1.0, 10.0), (2.0, 30**0.5), (np.inf, 4.0)])
def test_gradients_are_clipped_by_any_norm(kind: float, norm: float) -> None:
    """By hand; eps is added to the norm, and a norm of zero scales nothing."""
    grads = [np.array([1.0, -2.0]), np.array([[3.0], [-4.0]])]
    clipped, found = clip_grad_norm(grads, 1.0, kind)
    assert found == pytest.approx(norm)
    np.testing.assert_allclose(clipped[1], grads[1] / norm)
    (less,), _ = clip_grad_norm([np.array([3.0, 4.0])], 1.0, eps=0.5)
    np.testing.assert_allclose(less, np.array([3.0, 4.0]) / 5.5)
    (nothing,), zero = clip_grad_norm([np.zeros(2)], 1.0)
    assert (list(nothing), zero) == ([0.0, 0.0], 0.0)


def _cosine(seed: int) -> Run:
    rng = np.random.default_rng(seed)
    found, right = [], []
    for _ in range(10):
        total = int(rng.integers(1, 50))
        step, low = int(rng.integers(0, total + 1)), float(rng.uniform(0.0, 0.1))
        high = low + float(rng.uniform(0.1, 1.0))
        found.append(cosine_lr(step, total, high, low))
        right.append(low + (high - low) * float(scipy.special.cosdg(90.0 * step / total)) ** 2)
    return found, right


def test_a_cosine_schedule_is_a_squared_cosine_of_half_the_angle() -> None:
    """From the first step to the last."""
    for seed in SEEDS:
        assert _difference(_cosine(seed)) < 1e-13


def test_a_schedule_after_its_end() -> None:
    """It stays, rises again, starts anew or is not defined; T_max itself is still the end."""

    def rate(step: int, later: str) -> float:
        return cosine_lr(step, 8, 1.0, 0.2, later=later)

    for later in ("held", "rising", "anew", "nowhere"):
        assert rate(8, later) == pytest.approx(0.2)
    for k in range(1, 8):
        assert rate(8 + k, "held") == pytest.approx(0.2)
        assert rate(8 + k, "rising") == pytest.approx(rate(8 - k, "rising"))
        assert rate(8 + k, "anew") == pytest.approx(rate(k, "anew"))
        assert np.isnan(rate(8 + k, "nowhere"))


def test_a_warmup_rises_to_where_the_cosine_starts() -> None:
    """Along a line; the cosine has the steps that are left."""
    rates = [cosine_lr(step, 10, 0.8, 0.1, 4) for step in range(11)]
    np.testing.assert_allclose(rates[:5], np.linspace(0.0, 0.8, 5))
    np.testing.assert_allclose(rates[4:], [cosine_lr(step, 6, 0.8, 0.1) for step in range(7)])


def differences() -> dict[str, float]:
    """Return the largest relative difference between each reference and its oracle."""
    runs: dict[str, Callable[[int], Run]] = {
        "sgd_momentum": lambda seed: _momentum("gradients", seed, ahead=False),
        "nesterov": lambda seed: _momentum("gradients", seed, ahead=True),
        "adagrad": _adagrad,
        "rmsprop": _rmsprop,
        "adam": _adam,
        "adamw": lambda seed: _adam(seed, decay="lr"),
        "clip_grad_norm": _clip,
        "cosine_lr": _cosine,
    }
    return {name: max(_difference(run(seed)) for seed in SEEDS) for name, run in runs.items()}


def test_every_oracle_is_near() -> None:
    """Each kernel has one, and no difference is more than rounding."""
    found = differences()
    assert found.keys() == ORACLES.keys()
    assert max(found.values()) < 1e-13
