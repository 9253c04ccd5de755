"""Losses of regression."""

from __future__ import annotations

from functools import partial

import numpy as np

from builder.kernels.kernel import Array, Kernel, Mistake, Parameter, Variant
from builder.kernels.losses.pair import PREDICTED, TRUE, Pair, domains, reduced, reductions


def mse(y_true: Array, y_pred: Array, *, half: bool = False) -> float:
    """Return the mean of (y_true - y_pred)^2 over all elements, in float64, or half of it.

    Goodfellow, Bengio, Courville, Deep Learning (2016).
    """
    return float(np.mean(np.square(_errors(y_true, y_pred)))) / (2 if half else 1)


def mae(y_true: Array, y_pred: Array) -> float:
    """Return the mean of |y_true - y_pred| over all elements, in float64."""
    return float(np.mean(np.abs(_errors(y_true, y_pred))))


def huber_loss(
    y_true: Array,
    y_pred: Array,
    delta: float = 1.0,
    *,
    reduction: str = "mean",
    smooth: bool = False,
) -> Array | float:
    """Return e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2), reduced, in float64.

    e is y_true - y_pred. With `smooth`, all is divided by delta: the smooth L1 loss. Huber, Robust
    Estimation of a Location Parameter (1964).
    """
    error = np.abs(_errors(y_true, y_pred))
    losses = np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))
    return reduced(losses / delta if smooth else losses, reduction)


def _errors(y_true: Array, y_pred: Array) -> Array:
    return np.asarray(y_true, dtype=np.float64) - np.asarray(y_pred, dtype=np.float64)


def _draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Pair:
    y = rng.normal(scale=2.0, size=shape)
    return y, y + rng.normal(scale=1.5, size=shape)


_SMALL = (
    (np.array([5.0, 2.0]), np.array([2.0, 2.5])),
    (np.array([4.0]), np.array([1.0])),
    (np.array([0.0, 0.0, 0.0]), np.array([0.5, -2.0, 3.0])),
    (np.array([1, 2, 3]), np.array([3, 2, -1])),
    (np.array([5.0, -5.0]), np.array([5.0, -5.0])),
)
_LARGE = (
    (np.array([1e4, -1e4]), np.array([-1e4, 1e4])),
    (np.array([1e6 + 0.1, 1e6 + 1.7]), np.array([1e6 + 1.3, 1e6 - 0.6])),
)
_CANCELS = "subtract before you square: large values cancel"

MSE = Kernel(
    name="mse",
    aliases=("mean_squared_error", "mse_loss", "mean_square_error", "l2_loss"),
    parameters=(TRUE, PREDICTED),
    variants=(Variant("", mse), Variant("half of it", partial(mse, half=True))),
    domains=domains(_draw, _SMALL, _LARGE, _CANCELS),
    formula=r"\frac{1}{n} \sum_i (y_i - \hat y_i)^2",
    source="Goodfellow, Bengio, Courville: Deep Learning (2016)",
    mistakes=(
        Mistake(
            "divide by the number of elements",
            lambda y_true, y_pred: mse(y_true, y_pred) * y_true.size,
        ),
        Mistake("this is its root, the RMSE", lambda y_true, y_pred: mse(y_true, y_pred) ** 0.5),
        Mistake("square the errors: this is the mean absolute error", mae),
        Mistake("square the errors", lambda y_true, y_pred: np.mean(_errors(y_true, y_pred))),
        Mistake(
            "square each error, not their mean",
            lambda y_true, y_pred: np.mean(_errors(y_true, y_pred)) ** 2,
        ),
        Mistake(
            "square each error, not their sum",
            lambda y_true, y_pred: np.sum(_errors(y_true, y_pred)) ** 2,
        ),
        Mistake(
            "take the mean of the squares",
            lambda y_true, y_pred: np.square(_errors(y_true, y_pred)),
        ),
        Mistake(
            "subtract the prediction, don't add it", lambda y_true, y_pred: mse(y_true, -y_pred)
        ),
        Mistake(
            "divide by n, not by n - 1",
            lambda y_true, y_pred: mse(y_true, y_pred) * y_true.size / (y_true.size - 1 or np.nan),
        ),
    ),
)

MAE = Kernel(
    name="mae",
    aliases=("mean_absolute_error", "mae_loss", "l1_loss"),
    parameters=(TRUE, PREDICTED),
    variants=(Variant("", mae),),
    domains=domains(_draw, _SMALL, _LARGE, _CANCELS),
    formula=r"\frac{1}{n} \sum_i |y_i - \hat y_i|",
    source="Willmott, Matsuura: Advantages of the Mean Absolute Error (2005)",
    mistakes=(
        Mistake(
            "divide by the number of elements",
            lambda y_true, y_pred: mae(y_true, y_pred) * y_true.size,
        ),
        Mistake(
            "take the magnitude of each error",
            lambda y_true, y_pred: np.mean(_errors(y_true, y_pred)),
        ),
        Mistake(
            "take the magnitude of each error, not of their mean",
            lambda y_true, y_pred: np.abs(np.mean(_errors(y_true, y_pred))),
        ),
        Mistake("take the magnitude: this is the mean squared error", mse),
        Mistake(
            "this is the root of the mean square", lambda y_true, y_pred: mse(y_true, y_pred) ** 0.5
        ),
        Mistake(
            "take the mean of the magnitudes",
            lambda y_true, y_pred: np.abs(_errors(y_true, y_pred)),
        ),
        Mistake(
            "subtract the prediction, don't add it", lambda y_true, y_pred: mae(y_true, -y_pred)
        ),
    ),
)


def _quadratic(y_true: Array, y_pred: Array, **_: float) -> float:
    return mse(y_true, y_pred, half=True)


def _unhalved(y_true: Array, y_pred: Array, delta: float) -> float:
    error = np.abs(_errors(y_true, y_pred))
    return float(np.mean(np.where(error <= delta, error**2, delta * (error - delta / 2))))


def _jumping(y_true: Array, y_pred: Array, delta: float) -> float:
    error = np.abs(_errors(y_true, y_pred))
    return float(np.mean(np.where(error <= delta, error**2 / 2, delta * error)))


def _branches_swapped(y_true: Array, y_pred: Array, delta: float) -> float:
    error = np.abs(_errors(y_true, y_pred))
    return float(np.mean(np.where(error > delta, error**2 / 2, delta * (error - delta / 2))))


def _signed(y_true: Array, y_pred: Array, delta: float) -> float:
    error = _errors(y_true, y_pred)
    return float(np.mean(np.where(error <= delta, error**2 / 2, delta * (error - delta / 2))))


HUBER_LOSS = Kernel(
    name="huber_loss",
    aliases=("huber", "smooth_l1", "smooth_l1_loss"),
    parameters=(
        TRUE,
        PREDICTED,
        Parameter("delta", ("d", "beta", "threshold"), 1.0, least=0.1, most=10.0),
    ),
    variants=(
        *reductions(huber_loss),
        *(
            Variant(f"{one.words}, divided by delta", partial(one.reference, smooth=True))
            for one in reductions(huber_loss)
            if one.reference
        ),
    ),
    domains=domains(_draw, _SMALL, _LARGE, _CANCELS, options=({"delta": 0.5}, {"delta": 2.0})),
    formula=r"\begin{cases} e^2 / 2 & |e| \le \delta \\"
    r" \delta (|e| - \delta / 2) & |e| > \delta \end{cases}",
    source="Huber: Robust Estimation of a Location Parameter (1964)",
    mistakes=(
        Mistake("this is half the squared error: large errors count linearly", _quadratic),
        Mistake("halve the square, or the two branches don't meet at delta", _unhalved),
        Mistake("subtract delta / 2, or the two branches don't meet at delta", _jumping),
        Mistake("the square is for small errors, the line for large ones", _branches_swapped),
        Mistake("compare the magnitude of the error with delta", _signed),
        Mistake(
            "this is the absolute error: small errors count by their square",
            lambda y_true, y_pred, **_: mae(y_true, y_pred),
        ),
    ),
)
