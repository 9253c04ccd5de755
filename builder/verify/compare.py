"""Holds what an answer returned against what a kernel allows. Runs in the trusted parent.

Values come from a stranger, but as plain arrays and numbers: nothing of his is called here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from builder.kernels.kernel import Arguments, Array, Case, Complaint, Variant
from builder.verify.show import show
from builder.verify.wire import Opaque

# Tolerance follows the input's dtype: an answer may not choose its own by what it returns.
_RTOL = {2: 5e-3, 4: 1e-5, 8: 1e-9}
_ATOL = 1e-12


def complaint(
    variant: Variant, case: Case, arguments: Arguments, returned: Sequence[object]
) -> Complaint | None:
    """Return why `returned`, the values of all repeats of `case`, is wrong; None if it is right."""
    outputs: list[Array] = []
    for value in returned:
        array = _array(value)
        if array is None:
            return Complaint(f"returns {_kind(value)}", "an array of numbers", show(value))
        outputs.append(array)
    if variant.holds is not None:
        return variant.holds(arguments, outputs)
    assert variant.reference is not None, "a variant has a reference or a property"
    with np.errstate(all="ignore"):
        expected = np.asarray(variant.reference(**arguments), dtype=np.float64)
    return _difference(expected, outputs[0], case)


def _array(value: object) -> Array | None:
    """Return a number or an array of numbers as float64, None for anything else."""
    if type(value) in (bool, int, float):
        try:
            return np.asarray(float(value))  # type: ignore[arg-type]
        except OverflowError:
            return np.asarray(np.inf)
    if isinstance(value, np.ndarray):
        return value.astype(np.float64)
    return None


def _kind(value: object) -> str:
    match value:
        case None:
            return "None"
        case Opaque(kind):
            return kind if kind.startswith("a") and " " in kind else f"a {kind}"
        case _:
            return f"a {type(value).__name__}"


def _difference(expected: Array, returned: Array, case: Case) -> Complaint | None:
    if returned.shape != expected.shape:
        return Complaint(
            f"returns {_shape(returned)} where the reference returns {_shape(expected)}",
            show(expected),
            show(returned),
        )
    wrong = _wrong(expected, returned, case)
    if not wrong.any():
        return None
    at = _worst(expected, returned, wrong)
    first, second = (show(float(array[at])) for array in (returned, expected))
    return Complaint(
        f"returns {first} where the reference returns {second}", show(expected), show(returned)
    )


def _shape(array: Array) -> str:
    return f"shape {array.shape}" if array.ndim else "a single number"


def _wrong(expected: Array, returned: Array, case: Case) -> Array:
    """Return where the two differ: NaN and infinity must agree exactly, the rest within bounds."""
    finite = np.isfinite(expected)
    scale = float(np.abs(expected[finite]).max(initial=0.0))
    bound = _ATOL + _rtol(case) * scale + case.slack
    with np.errstate(invalid="ignore"):
        close = np.abs(returned - expected) <= bound
    same = (returned == expected) | (np.isnan(returned) & np.isnan(expected))
    return np.asarray(~np.where(finite, close, same))


def _rtol(case: Case) -> float:
    """Return the tolerance of the least precise floating-point input."""
    arrays = [value for value in case.arguments.values() if isinstance(value, np.ndarray)]
    sizes = [array.dtype.itemsize for array in arrays if array.dtype.kind == "f"]
    return _RTOL[min(sizes, default=8)]


def _worst(expected: Array, returned: Array, wrong: Array) -> tuple[int, ...]:
    """Return the index of the largest error; a NaN or an infinity out of place is the largest."""
    with np.errstate(invalid="ignore"):
        error = np.abs(returned - expected)
    error = np.where(wrong, np.where(np.isnan(error), np.inf, error), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
