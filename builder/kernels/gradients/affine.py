"""The backward pass of a layer of weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.gradients.backward import UPSTREAM
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

Gradients = tuple[Array, Array, Array]


def linear_backward(dout: Array, x: Array, w: Array, b: Array | None = None) -> Gradients:
    """Return the gradients (dx, dw, db) of y = x w + b for rows x (N, ...), in float64.

    w is (D, M) where D is the size of a row of any shape, b is (M,) and dout (N, M). Goodfellow,
    Bengio, Courville, Deep Learning (2016).
    """
    dout, x, w = (np.asarray(a, dtype=np.float64) for a in (dout, x, w))
    rows = x.reshape(len(x), -1)
    return (dout @ w.T).reshape(x.shape), rows.T @ dout, dout.sum(axis=0)


def linear_backward_transposed(
    dout: Array, x: Array, w: Array, b: Array | None = None
) -> Gradients:
    """Return the gradients of y = x w^T + b for w (M, D), with dw in its shape."""
    dx, dw, db = linear_backward(dout, x, np.transpose(w))
    return dx, dw.T, db


def linear_backward_columns(
    dout: Array, x: Array, w: Array, b: Array | None = None, *, mean: bool = True
) -> Gradients:
    """Return the gradients of y = w x + b for columns x (D, N), w (M, D), b (M, 1), dout (M, N).

    dw and db are divided by N if `mean`, as where dout is the gradient of each example's loss.
    """
    dx, dw, db = linear_backward(np.transpose(dout), np.transpose(x), np.transpose(w))
    n = np.shape(x)[1] if mean else 1
    return dx.T, dw.T / n, db[:, None] / n


def _ordered(reference: Callable[..., Gradients], words: str, **given: Any) -> Gradients:
    """Return the gradients in another order, or db as a row."""
    dx, dw, db = reference(**given)
    if "row" in words:
        db = db[None]
    return (dw, db, dx) if "dw, db, dx" in words else (dx, dw, db)


def _unpacked(reference: Callable[..., Gradients], dout: Array, cache: tuple[Array, ...]) -> Any:
    return reference(dout=dout, **dict(zip("xwb", cache, strict=False)))


Layer = dict[str, Array]


def _layers(rng: np.random.Generator) -> list[tuple[Layer, Level]]:
    """Return layers whose examples are rows, from small to large; N, D and M differ."""

    def drawn(n: int, d: int, m: int) -> Layer:
        shapes = {"dout": (n, m), "x": (n, d), "w": (d, m), "b": (m,)}
        return {name: rng.normal(size=shape) for name, shape in shapes.items()}

    by_hand = {
        "dout": np.array([[1.0], [10.0]]),
        "x": np.array([[1.0, 2.0], [3.0, 4.0]]),
        "w": np.array([[5.0], [-6.0]]),
        "b": np.array([7.0]),
    }
    one = {name: array[:1] if name in ("dout", "x") else array for name, array in by_hand.items()}
    whole = {name: array.astype(int) for name, array in by_hand.items()}
    views = [
        {name: layouts(array)[min(at, array.ndim - 1)] for name, array in drawn(4, 3, 2).items()}
        for at in range(2)
    ]
    single = {name: array.astype(np.float32) for name, array in drawn(3, 2, 4).items()}
    plain = [one, by_hand, whole, drawn(2, 3, 4), *views, drawn(1, 1, 1), single, drawn(5, 2, 3)]
    large = {name: 1e4 * array for name, array in drawn(3, 4, 2).items()}
    return [*((layer, Level.CORE) for layer in plain), (large, Level.STABILITY)]


def _as_rows(layer: Layer) -> Layer:
    return layer


def _as_transposed(layer: Layer) -> Layer:
    return {**layer, "w": layer["w"].T}


def _as_columns(layer: Layer) -> Layer:
    return {name: array[:, None] if name == "b" else array.T for name, array in layer.items()}


def _as_images(layer: Layer) -> Layer:
    x, w = layer["x"], layer["w"]
    return {**layer, "x": np.stack([x, -x], axis=1), "w": np.concatenate([w, 3 * w])}


_CACHES = (("cache", "x", "w", "b"), ("cache", "x", "w"), ("x", "w", "b"), ("x", "w"))
"""How the forward pass hands over its inputs: as a tuple, or one by one, with b or without."""


def _asked(
    arrange: Callable[[Layer], Layer], names: tuple[str, ...], rng: np.random.Generator
) -> list[Case]:
    cases = []
    for drawn, level in _layers(rng):
        layer = arrange(drawn)
        given: dict[str, Any] = {name: layer[name] for name in names if name != "cache"}
        if names[0] == "cache":
            given = {"cache": tuple(given.values())}
        cases.append(Case({"dout": layer["dout"], **given}, level))
    return cases


_PARAMETERS: Mapping[str, Parameter] = {
    "cache": Parameter("cache", ("linear_cache", "saved", "ctx")),
    "x": Parameter("x", ("a_prev", "inputs", "input", "a")),
    "w": Parameter("w", ("weight", "weights", "theta")),
    "b": Parameter("b", ("bias", "biases")),
}
_LAYER_SOURCE = "Goodfellow, Bengio, Courville: Deep Learning (2016)"


def _scaled(
    reference: Callable[..., Gradients], factors: tuple[float | None, ...], **given: Any
) -> Gradients:
    """Return the gradients times `factors`, None for one over the number of examples."""
    n = len(given["dout"])
    dx, dw, db = (
        gradient * (1.0 / n if factor is None else factor)
        for gradient, factor in zip(reference(**given), factors, strict=True)
    )
    return dx, dw, db


def _spread(reference: Callable[..., Gradients], **given: Any) -> Gradients:
    dx, dw, db = reference(**given)
    return dx, dw, np.sum(db)


_LAYER_MISTAKES: Mapping[str, Callable[..., Any]] = {
    "db is the sum over the examples, not their mean": partial(_scaled, factors=(1.0, 1.0, None)),
    "dw and db are sums over the examples: dout has been divided already": partial(
        _scaled, factors=(1.0, None, None)
    ),
    "gradients are not negated: the step downhill is": partial(_scaled, factors=(-1.0, -1.0, -1.0)),
    "db has a number for each output: take the sum over the examples alone": _spread,
}
_ORDERS = ("", "dw, db, dx")
_ROWS = {
    ", ".join(filter(None, (order, row))): linear_backward
    for order, row in product(_ORDERS, ("", "db as a row"))
}
_COLUMNS = {
    ", ".join(filter(None, (order, mean))): partial(linear_backward_columns, mean=bool(mean))
    for mean, order in product(("mean over the examples", ""), _ORDERS)
}


def _layer_form(
    names: tuple[str, ...],
    conventions: Mapping[str, Callable[..., Gradients]],
    domains: Mapping[str, Callable[[Layer], Layer]],
    **own: Any,
) -> Kernel:
    """Return a signature; the first of `domains` stands alone."""
    packed = names[0] == "cache"

    def asked(reference: Callable[..., Gradients]) -> Callable[..., Any]:
        return partial(_unpacked, reference) if packed else reference

    return Kernel(
        name="linear_backward",
        parameters=(UPSTREAM, *(_PARAMETERS[name] for name in names[: 1 if packed else None])),
        variants=tuple(
            Variant(words, asked(partial(_ordered, reference, words)))
            for words, reference in conventions.items()
        ),
        domains=tuple(
            Domain(words, partial(_asked, arrange, names), alone=at == 0)
            for at, (words, arrange) in enumerate(domains.items())
        ),
        formula=r"dX = dY \, W^T, \quad dW = X^T dY, \quad db = \textstyle\sum_n dY_n",
        source=_LAYER_SOURCE,
        mistakes=tuple(
            Mistake(hint, asked(partial(mistaken, next(iter(conventions.values())))))
            for hint, mistaken in _LAYER_MISTAKES.items()
            if conventions is not _COLUMNS
        ),
        **own,
    )


def _layer_forms() -> Iterator[Kernel]:
    """Yield all signatures but the first: examples are rows, w is (M, D), examples are columns."""
    rows = {"examples as rows": _as_rows, "rows of any shape": _as_images}
    transposed = dict.fromkeys(_ROWS, linear_backward_transposed)
    for names in _CACHES:
        if names != _CACHES[0]:
            yield _layer_form(names, _ROWS, rows)
        yield _layer_form(names, transposed, {"examples as rows and w (M, D)": _as_transposed})
        yield _layer_form(names, _COLUMNS, {"examples as columns": _as_columns})


LINEAR_BACKWARD = _layer_form(
    _CACHES[0],
    _ROWS,
    {"examples as rows": _as_rows, "rows of any shape": _as_images},
    aliases=(
        *("affine_backward", "dense_backward", "fc_backward", "linear_layer_backward"),
        *("backward_linear", "fully_connected_backward", "linear_grad"),
    ),
    forms=tuple(_layer_forms()),
)
