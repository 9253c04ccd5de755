"""Holds what an answer returned against what a kernel allows. Runs in the trusted parent.

Values come from a stranger, but as plain arrays and numbers: nothing of his is called here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from builder.kernels.kernel import Arguments, Array, Case, Complaint, Variant
from builder.verify.show import harmless, show
from builder.verify.wire import Opaque

# Tolerance follows the input's dtype: an answer may not choose its own by what it returns.
_RTOL = {2: 5e-3, 4: 1e-5, 8: 1e-9}
_ATOL = 1e-12
_MOST_LISTED = 1 << 20


def holds(variant: Variant, case: Case, arguments: Arguments, returned: Sequence[object]) -> bool:
    """Tell whether `complaint` has nothing to say: the same judgement, without finding words."""
    outputs = [array for value in returned if (array := _array(value)) is not None]
    if len(outputs) < len(returned):
        return False
    if variant.holds is not None:
        return variant.holds(arguments, outputs) is None
    expected = _expected(variant, arguments)
    if outputs[0].shape != expected.shape:
        return False
    return not _wrong(expected, outputs[0].astype(np.float64), case).any()


def complaint(
    variant: Variant, case: Case, arguments: Arguments, returned: Sequence[object]
) -> Complaint | None:
    """Return why `returned`, the values of all repeats of `case`, is wrong; None if it is right."""
    outputs: list[Array] = []
    for value in returned:
        array = _array(value)
        if array is None:
            return _no_array(value)
        outputs.append(array)
    if variant.holds is not None:
        return variant.holds(arguments, outputs)
    return _difference(_expected(variant, arguments), outputs[0], case)


def _expected(variant: Variant, arguments: Arguments) -> Array:
    assert variant.reference is not None, "a variant has a reference or a property"
    with np.errstate(all="ignore"):
        return np.asarray(variant.reference(**arguments), dtype=np.float64)


def _array(value: object) -> Array | None:
    """Return a number, an array, or rows of numbers as an array, None for anything else.

    Rows are nested lists or tuples, each level of one length: whoever writes plain Python is right
    as well. An array is not copied before its shape is known to fit: it may be a large one.
    """
    if isinstance(value, np.ndarray):
        return value
    if type(value) in (bool, int, float):
        return np.asarray(_number(value))
    if isinstance(value, list | tuple) and value:
        rows = [_array(item) for item in value]
        if any(row is None or row.shape != rows[0].shape for row in rows):  # type: ignore[union-attr]
            return None
        if sum(row.size for row in rows if row is not None) <= _MOST_LISTED:
            return np.stack([row for row in rows if row is not None])
    return None


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return np.inf


def _no_array(value: object) -> Complaint:
    hint = "the last line should be a `return`" if value is None else ""
    summary = f"returns {_kind(value)} instead of an array of numbers"
    return Complaint(summary, returned="" if isinstance(value, Opaque) else show(value), hint=hint)


def _kind(value: object) -> str:
    match value:
        case None:
            return "None"
        case str() | list() | tuple() | dict():
            return {str: "text", list: "a list", tuple: "a tuple", dict: "a dict"}[type(value)]
        case Opaque(kind):
            return harmless(kind, 100) if kind.startswith("a") and " " in kind else _of_kind(kind)
        case _:
            return _of_kind(type(value).__name__)


def _of_kind(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {harmless(name, 100)}"


def _difference(expected: Array, returned: Array, case: Case) -> Complaint | None:
    if returned.shape != expected.shape:
        return Complaint(
            f"returns {_shape(returned)} where the reference returns {_shape(expected)}",
            show(expected),
            show(returned),
        )
    values = returned.astype(np.float64)
    wrong = _wrong(expected, values, case)
    if not wrong.any():
        return None
    at = _worst(expected, values, wrong)
    first, second = _apart(float(values[at]), float(expected[at]))
    where = f" at {list(at)}" if expected.size > 1 else ""
    return Complaint(
        f"returns {first} where the reference returns {second}{where}",
        show(expected),
        show(returned),
        _precision(returned, values, expected, case),
    )


def _precision(returned: Array, values: Array, expected: Array, case: Case) -> str:
    """Return a hint where all that is wrong is a type of fewer digits than the inputs have."""
    less = returned.dtype.kind == "f" and _RTOL[returned.dtype.itemsize] > _rtol(case)
    looser = replace(case, slack=_RTOL[returned.dtype.itemsize]) if less else case
    if less and not _wrong(expected, values, looser).any():
        return f"keep the precision of the input: this is {returned.dtype}"
    return ""


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return both numbers with as many digits as it takes to tell them apart."""
    if show(one) != show(other):
        return show(one), show(other)
    return f"{one:.17g}", f"{other:.17g}"


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
