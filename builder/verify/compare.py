"""Holds what an answer returned against what a kernel allows. Runs in the trusted parent.

Values come from a stranger, but as plain arrays and numbers: nothing of his is called here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np

from builder.kernels.kernel import Arguments, Array, Case, Complaint, Result, Variant
from builder.verify.show import harmless, show
from builder.verify.wire import Opaque

# Tolerance follows the input's dtype: an answer may not choose its own by what it returns.
_RTOL = {2: 5e-3, 4: 1e-5, 8: 1e-9}
_ATOL = 1e-12
_MOST_LISTED = 1 << 20


@dataclass(frozen=True)
class Standard:
    """What an answer's results for a case are held against: a convention and its arguments.

    With `cache`, a result may have one thing more at its end. The tolerance is at least `rtol`.
    """

    variant: Variant
    case: Case
    arguments: Arguments
    cache: bool = False
    rtol: float = 0.0

    def holds(self, returned: Sequence[object]) -> bool:
        """Tell whether `complaint` has nothing to say: the same judgement, without any words."""
        if self.variant.holds is not None:
            outputs = [
                array for value in returned if (array := _array(self._result(value, 1))) is not None
            ]
            return len(outputs) == len(returned) and self._property(outputs) is None
        return self._difference(returned[0]) is None

    def complaint(self, returned: Sequence[object]) -> Complaint | None:
        """Return why `returned`, the results of all repeats, is wrong; None if it is right."""
        if self.variant.holds is None:
            found = self._difference(returned[0])
            return found.complaint(self.case) if found else None
        outputs = []
        for value in returned:
            array = _array(self._result(value, 1))
            if array is None:
                return _no_array(value)
            outputs.append(array)
        return self._property(outputs)

    def _property(self, outputs: Sequence[Array]) -> Complaint | None:
        assert self.variant.holds is not None, "a random answer is held to a property"
        with np.errstate(all="ignore"):
            return self.variant.holds(self.arguments, outputs)

    def distance(self, returned: Sequence[object]) -> tuple[float, ...]:
        """Return how far a wrong result is from right: to be compared with another's.

        Another kind of thing is far off; then it counts how many parts are right, and how far off,
        relative to its size, the first one is that isn't.
        """
        found = None if self.variant.holds is not None else self._difference(returned[0])
        return (found.kind, -found.at, found.relative()) if found else (0.0, 0.0, 0.0)

    @cached_property
    def expected(self) -> Result:
        """What the reference returns, with all numbers in it as arrays of float64."""
        assert self.variant.reference is not None, "a variant has a reference or a property"
        with np.errstate(all="ignore"):
            return _normal(self.variant.reference(**self.arguments))

    def _difference(self, returned: object) -> _Difference | None:
        count = len(self.expected) if isinstance(self.expected, tuple) else 1
        bound = _Bound(max(self.rtol, _rtol(self.case)), self.case.slack)
        value = self._result(returned, count)
        found = _difference(self.expected, value, bound)
        if found and self.variant.align and _are_alike(self.expected, value):
            with np.errstate(all="ignore"):
                aligned = self.variant.align(self.expected, _like(self.expected, value))
            return _difference(_normal(aligned), value, bound)
        return found

    def _result(self, value: object, count: int) -> object:
        """Return `value` without the cache at its end, where there may be one."""
        if self.cache and isinstance(value, tuple) and len(value) == count + 1:
            return value[0] if count == 1 else value[:count]
        return value


@dataclass(frozen=True, slots=True)
class _Bound:
    """How far numbers may differ: relative to the largest one, and absolutely on top."""

    rtol: float
    slack: float


@dataclass(frozen=True, slots=True)
class _Difference:
    """The first part of a result that is not as expected; `where` it stands, in words.

    `kind` tells that it is another kind of thing, or of another shape; `at` counts the parts of
    the whole before it.
    """

    expected: Result
    returned: object
    bound: _Bound
    kind: bool
    where: tuple[str, ...] = ()
    at: int = 0

    def within(self, where: str, at: int) -> _Difference:
        """Return the same difference as one of a larger result."""
        return replace(self, where=(where, *self.where), at=at)

    def relative(self) -> float:
        """Return how far it is from right: relative to the size of what was expected."""
        returned = _array(self.returned)
        if self.kind or returned is None or not isinstance(self.expected, np.ndarray):
            return inf
        with np.errstate(all="ignore"):
            error = np.abs(returned - self.expected).max(initial=0.0)
            far = float(error / (1e-300 + np.abs(self.expected).max(initial=0.0)))
        return inf if np.isnan(far) else far

    def complaint(self, case: Case) -> Complaint:
        """Return the words for people."""
        found = self._words(case)
        if not self.where:
            return found
        return replace(found, summary=f"{found.summary} in {' of '.join(self.where[::-1])}")

    def _words(self, case: Case) -> Complaint:
        expected = self.expected
        if not isinstance(expected, np.ndarray):
            if isinstance(expected, str) and isinstance(self.returned, str):
                return _texts(expected, self.returned)
            return _kinds(expected, self.returned)
        array = _array(self.returned)
        if array is None:
            return _no_array(self.returned)
        return _numbers(expected, array, self.bound, case)


# ── what a reference returns, and what came back ─────────────────────────────────────────────────


def comparable(value: object) -> bool:
    """Tell whether a stranger's value could be a reference's result."""
    try:
        normal = _normal(value)
    except (TypeError, ValueError, OverflowError):
        return False
    if isinstance(normal, np.ndarray):
        return normal.size <= _MOST_LISTED
    return not isinstance(normal, list | tuple) or all(map(comparable, normal))


def _normal(value: Result) -> Result:
    """Return a reference's result with all numbers in it as arrays of float64."""
    if isinstance(value, tuple):
        return tuple(map(_normal, value))
    if isinstance(value, dict):
        return {key: _normal(item) for key, item in value.items()}
    if isinstance(value, str) or value is None:
        return value
    array = _array(value) if isinstance(value, list) else np.asarray(value)
    return list(map(_normal, value)) if array is None else array.astype(np.float64)


def _difference(expected: Result, returned: object, bound: _Bound) -> _Difference | None:
    """Return the first difference, None where there is none."""
    if isinstance(expected, np.ndarray):
        array = _array(returned)
        if array is None or array.shape != expected.shape:
            return _Difference(expected, returned, bound, kind=True)
        if _wrong(expected, array.astype(np.float64), bound).any():
            return _Difference(expected, returned, bound, kind=False)
        return None
    if isinstance(expected, str) or expected is None:
        same = type(returned) is type(expected) and returned == expected
        return None if same else _Difference(expected, returned, bound, kind=True)
    parts = _parts(expected, returned)
    if parts is None:
        return _Difference(expected, returned, bound, kind=True)
    for at, (where, one, other) in enumerate(parts):
        if found := _difference(one, other, bound):
            return found.within(where, at)
    return None


def _parts(expected: Result, returned: object) -> list[tuple[str, Result, object]] | None:
    """Return what is to be compared with what, None where the two are not of one kind."""
    if isinstance(expected, dict):
        if not isinstance(returned, dict) or set(expected) != set(returned):
            return None
        return [(f"[{show(key)}]", expected[key], returned[key]) for key in expected]
    if isinstance(returned, np.ndarray) and returned.ndim:
        returned = list(returned)
    if not isinstance(returned, list | tuple) or len(returned) != len(expected):
        return None
    what = "result" if isinstance(expected, tuple) else "item"
    pairs = enumerate(zip(expected, returned, strict=True), 1)
    return [(f"{what} {number}", one, other) for number, (one, other) in pairs]


def _are_alike(expected: Result, returned: object) -> bool:
    """Tell whether all parts are of the kind and the shape that is expected, whatever they hold."""
    if isinstance(expected, np.ndarray):
        array = _array(returned)
        return array is not None and array.shape == expected.shape
    if isinstance(expected, str) or expected is None:
        return type(returned) is type(expected)
    parts = _parts(expected, returned)
    return parts is not None and all(_are_alike(one, other) for _, one, other in parts)


def _like(expected: Result, returned: object) -> Result:
    """Return what was returned in the form of what is expected, whose kind it has."""
    if isinstance(expected, np.ndarray):
        array = _array(returned)
        assert array is not None, "a number where a number is expected"
        return array.astype(np.float64)
    parts = _parts(expected, returned) if isinstance(expected, tuple | list | dict) else None
    if parts is None:
        return returned
    values = [_like(one, other) for _, one, other in parts]
    return (
        dict(zip(expected, values, strict=True))
        if isinstance(expected, dict)
        else type(expected)(values)
    )


def _array(value: object) -> Array | None:
    """Return a number, an array, or rows of numbers as an array, None for anything else.

    Rows are nested lists or tuples, each level of one length: whoever writes plain Python is right
    as well. An array is not copied before its shape is known to fit: it may be a large one.
    """
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    if type(value) in (bool, int, float):
        return np.asarray(_number(value))
    if isinstance(value, list | tuple) and not value:
        return np.empty(0)
    if isinstance(value, list | tuple):
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
        case np.ndarray():
            return "an array"
        case bool() | int() | float():
            return "a number"
        case str() | list() | tuple() | dict():
            return {str: "text", list: "a list", tuple: "a tuple", dict: "a dict"}[type(value)]
        case Opaque(kind):
            return harmless(kind, 100) if kind.startswith("a") and " " in kind else _of_kind(kind)
        case _:
            return _of_kind(type(value).__name__)


def _of_kind(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {harmless(name, 100)}"


def _numbers(expected: Array, returned: Array, bound: _Bound, case: Case) -> Complaint:
    if returned.shape != expected.shape:
        return Complaint(
            f"returns {_shape(returned)} where the reference returns {_shape(expected)}",
            show(expected),
            show(returned),
        )
    values = returned.astype(np.float64)
    wrong = _wrong(expected, values, bound)
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
    own = _RTOL[returned.dtype.itemsize] if returned.dtype.kind == "f" else 0.0
    if own > _rtol(case) and not _wrong(expected, values, _Bound(own, case.slack)).any():
        return f"keep the precision of the input: this is {returned.dtype}"
    return ""


def _apart(one: float, other: float) -> tuple[str, str]:
    """Return both numbers with as many digits as it takes to tell them apart."""
    if show(one) != show(other):
        return show(one), show(other)
    return f"{one:.17g}", f"{other:.17g}"


def _texts(expected: str, returned: str) -> Complaint:
    one, other = show(returned), show(expected)
    return Complaint(f"returns {one} where the reference returns {other}", other, one)


def _kinds(expected: Result, returned: object) -> Complaint:
    """Return the words for another kind of thing, or another number of things."""
    given, wanted = _counted(returned), _counted(expected)
    if given == wanted or not isinstance(expected, tuple | list | dict):
        given, wanted = show(returned), show(expected)
    summary = f"returns {given} where the reference returns {wanted}"
    return Complaint(
        summary,
        show(expected),
        "" if isinstance(returned, Opaque) else show(returned),
        "the last line should be a `return`" if returned is None else "",
    )


def _counted(value: object) -> str:
    if isinstance(value, tuple):
        return f"{len(value)} results" if len(value) > 1 else _kind(value)
    if isinstance(value, list | dict):
        return f"{_kind(value)} of {len(value)}"
    return _kind(value)


def _shape(array: Array) -> str:
    return f"shape {array.shape}" if array.ndim else "a single number"


def _wrong(expected: Array, returned: Array, bound: _Bound) -> Array:
    """Return where the two differ: NaN and infinity must agree exactly, the rest within bounds."""
    finite = np.isfinite(expected)
    scale = float(np.abs(expected[finite]).max(initial=0.0))
    with np.errstate(invalid="ignore"):
        close = np.abs(returned - expected) <= _ATOL + bound.rtol * scale + bound.slack
    same = (returned == expected) | (np.isnan(returned) & np.isnan(expected))
    return np.asarray(~np.where(finite, close, same))


def _rtol(case: Case) -> float:
    """Return the tolerance of the least precise floating-point input."""
    sizes = [array.dtype.itemsize for array in _arrays(case.arguments) if array.dtype.kind == "f"]
    return _RTOL[min(sizes, default=8)]


def _arrays(value: object) -> Iterator[Array]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, list | tuple):
        yield from (array for item in value for array in _arrays(item))
    elif isinstance(value, Mapping):
        yield from _arrays(list(value.values()))


def _worst(expected: Array, returned: Array, wrong: Array) -> tuple[int, ...]:
    """Return the index of the largest error; a NaN or an infinity out of place is the largest."""
    with np.errstate(invalid="ignore"):
        error = np.abs(returned - expected)
    error = np.where(wrong, np.where(np.isnan(error), np.inf, error), -1.0)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))
