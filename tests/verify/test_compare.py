"""Outputs against references: shapes exactly, numbers within the precision of the input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from builder.kernels.kernel import Case, Complaint, Variant
from builder.verify.compare import Standard
from builder.verify.wire import Opaque

SAME = Variant("", lambda x: x)


def _complaint(x: object, returned: object, case: Case | None = None) -> Complaint | None:
    case = case or Case({"x": np.asarray(x)})
    standard = Standard(SAME, case, {"x": x})
    found = standard.complaint([returned])
    assert (found is None) == standard.holds([returned])
    return found


ARRAYS = arrays(
    "f8", array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.floats(width=16)
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ARRAYS)
def test_whatever_is_equal_is_right(array: np.ndarray) -> None:
    """With NaN and infinities in their places, in any layout, as an array or as nested lists."""
    assert _complaint(array, array) is None
    assert _complaint(array, np.asfortranarray(array)) is None
    assert _complaint(array, array.tolist()) is None


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ARRAYS.filter(lambda array: np.isfinite(array).any()), st.sampled_from([1e-6, -1e-3, 1.0]))
def test_whatever_is_off_is_wrong(array: np.ndarray, error: float) -> None:
    """One number that is off by more than the tolerance is enough, and its place is told."""
    at = tuple(np.argwhere(np.isfinite(array))[-1])
    off = array.copy()
    off[at] += error * max(1.0, np.abs(array[np.isfinite(array)]).max())
    found = _complaint(array, off)
    assert found
    assert (f" at {[int(i) for i in at]}" in found.summary) == (array.size > 1)


@pytest.mark.parametrize(
    ("expected", "returned"),
    [
        ([1.0, np.nan], [1.0, 1.0]),
        ([1.0, 1.0], [1.0, np.nan]),
        ([np.inf], [-np.inf]),
        ([np.inf], [1e308]),
        ([1.0], [np.inf]),
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, 1.0], 1.0),
        (1.0, [1.0]),
        ([[1.0], [1.0]], [1.0, 1.0]),
        ([1.0, 2.0], [1.0, 2.0 + 1e-8]),
    ],
)
def test_nothing_is_broadcast_or_forgiven(expected: object, returned: object) -> None:
    """Shapes are exact, and a NaN or an infinity stands where the reference has it."""
    assert _complaint(np.array(expected), np.array(returned))


@pytest.mark.parametrize(
    ("inputs", "error", "fits"),
    [
        ("f8", 1e-10, True),
        ("f8", 1e-8, False),
        ("f4", 1e-6, True),
        ("f4", 1e-4, False),
        ("f2", 1e-3, True),
        ("f2", 1e-1, False),
        ("i8", 1e-8, False),
    ],
)
@pytest.mark.parametrize("outputs", ["f8", "f4", "f2"])
def test_the_input_sets_the_tolerance(inputs: str, error: float, fits: bool, outputs: str) -> None:
    """An answer cannot buy slack by what it returns."""
    x = np.array([1, 2], inputs)
    returned = (np.array([1.0, 2.0]) + error).astype(outputs)
    off = (
        abs(returned.astype(float) - [1.0, 2.0]).max()
        > {"f8": 1e-9, "f4": 1e-5, "f2": 5e-3}.get(inputs, 1e-9) * 2
    )
    assert bool(_complaint(x, returned)) == off
    if outputs == "f8":
        assert off is not fits


def test_an_ill_conditioned_case_brings_its_own_slack() -> None:
    """On top of the usual tolerance, for this case alone."""
    x = np.array([1.0])
    assert _complaint(x, x + 1e-6)
    assert _complaint(x, x + 1e-6, Case({"x": x}, slack=1e-5)) is None


def test_less_precision_is_told_from_a_wrong_value() -> None:
    """A result of float32 where the input has more gets its own hint, and digits enough to see."""
    x = np.array([1 / 3])
    found = _complaint(x, x.astype("f4"))
    assert found
    assert found.hint == "keep the precision of the input: this is float32"
    assert found.summary == (
        "returns 0.3333333432674408 where the reference returns 0.33333333333333331"
    )
    wrong = _complaint(x, np.array([2.0], "f4"))
    assert wrong
    assert not wrong.hint


def test_the_largest_error_is_told() -> None:
    """With its place, as it is indexed."""
    found = _complaint(np.zeros((2, 3)), np.array([[0, 1, 0], [0, 0, -7.5]]))
    assert found
    assert found.summary == "returns -7.5 where the reference returns 0.0 at [1, 2]"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "None"),
        ("text", "text"),
        ({"a": 1}, "a dict"),
        ([[1.0], [1.0, 2.0]], "a list"),
        ([1.0, None], "a list"),
        ([1.0, "2"], "a list"),
        (([1.0], {}), "a tuple"),
        (Opaque("generator"), "a generator"),
        (Opaque("OrderedDict"), "an OrderedDict"),
        (Opaque("an array of dtype object"), "an array of dtype object"),
        (Opaque("\x1b[31m::error::"), r"a \x1b[31m\x3a:error\x3a:"),
    ],
)
def test_what_is_no_array_of_numbers_is_named(value: object, kind: str) -> None:
    """In words, escaped, and with what there is to see of it."""
    found = _complaint(np.zeros(2), value)
    assert found
    assert found.summary == f"returns {kind} instead of an array of numbers"
    assert found.summary.isprintable()


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        (np.array([1.0, 2.0]), [1, 2.0]),
        (np.array([1.0, 2.0]), (1.0, np.array(2.0))),
        (np.array([[1.0, 2.0]]), [np.array([1.0, 2.0])]),
        (np.array(3.0), 3),
        (np.array(1.0), True),
        (np.array(np.inf), 10**400),
        (np.array(3.0), np.array(3, "i1")),
    ],
)
def test_numbers_and_rows_of_numbers_count_as_arrays(expected: np.ndarray, value: object) -> None:
    """Plain Python is no mistake, where the shape fits exactly."""
    assert _complaint(expected, value) is None


def test_rows_cannot_be_made_to_fill_the_memory() -> None:
    """Lists of one large array many times over are no rows."""
    large = np.broadcast_to(np.zeros(1), (1 << 20,))
    assert _complaint(np.zeros(2), [large, large])


def test_a_large_array_is_refused_by_its_shape() -> None:
    """Nothing is copied before the shape fits."""
    huge = np.broadcast_to(np.zeros(1, "i1"), (1 << 30, 1 << 30))
    found = _complaint(np.zeros(2), huge)
    assert found
    assert "shape (1073741824, 1073741824)" in found.summary


def test_properties_see_every_repeat() -> None:
    """A random answer is judged by all of its outputs together."""

    def three(arguments: object, outputs: Sequence[np.ndarray]) -> Complaint | None:
        return None if len(outputs) == 3 else Complaint("not three")

    drawn, case = Variant("", holds=three), Case({}, repeats=3)
    assert Standard(drawn, case, {}).complaint([1.0, 2.0, 3.0]) is None
    assert Standard(drawn, case, {}).holds([1.0, 2.0, 3.0])
    assert Standard(drawn, case, {}).complaint([1.0, 2.0])
    assert Standard(drawn, case, {}).complaint([1.0, 2.0, None])


# ── several results, texts, dicts ────────────────────────────────────────────────────────────────


def _structured(expected: object, returned: object, **more: object) -> str:
    """Return the summary of what is wrong, empty where nothing is."""
    standard = Standard(Variant("", lambda: expected), Case({}), {}, **more)
    found = standard.complaint([returned])
    assert (found is None) == standard.holds([returned])
    return found.summary if found else ""


@pytest.mark.parametrize(
    ("expected", "returned"),
    [
        ((np.zeros(2), 1.0), (np.zeros(2), 1)),
        ((np.zeros(2), 1.0), [[0, 0], np.array(1.0)]),
        ((1.0, 2.0), np.array([1.0, 2.0])),
        ([np.zeros(2), np.zeros(3)], [np.zeros(2), [0.0, 0.0, 0.0]]),
        ("kitten", "kitten"),
        ([("a", "b"), ("ab", "c")], [["a", "b"], ("ab", "c")]),
        ({"a": 1, "b": np.zeros(2)}, {"b": [0, 0], "a": 1.0}),
        ([], np.empty(0)),
        ([], []),
        ((None, 1.0), (None, 1.0)),
    ],
)
def test_parts_are_held_one_by_one(expected: object, returned: object) -> None:
    """Each as a whole result would be, whatever container it came in."""
    assert not _structured(expected, returned)


@pytest.mark.parametrize(
    ("expected", "returned", "summary"),
    [
        ((1.0, 2.0), (1.0, 3.0), "returns 3.0 where the reference returns 2.0 in result 2"),
        ((1.0, 2.0), (1.0,), "returns a tuple where the reference returns 2 results"),
        ((1.0, 2.0), 1.0, "returns a number where the reference returns 2 results"),
        ((1.0, 2.0), np.zeros(3), "returns an array where the reference returns 2 results"),
        ("ab", "ba", "returns 'ba' where the reference returns 'ab'"),
        ("ab", 3, "returns 3 where the reference returns 'ab'"),
        (["a"], ["a", "b"], "returns a list of 2 where the reference returns a list of 1"),
        (["a", "b"], ["a", "c"], "returns 'c' where the reference returns 'b' in item 2"),
        ({"a": 1.0}, {"a": 2.0}, "returns 2.0 where the reference returns 1.0 in ['a']"),
        ({"a": 1.0}, {"b": 1.0}, "returns {'b': 1.0} where the reference returns {'a': 1.0}"),
        (([("a", 1.0)], 2.0), ([("a", 5.0)], 2.0), "in result 2 of item 1 of result 1"),
        ((None, 1.0), (0.0, 1.0), "returns 0.0 where the reference returns None in result 1"),
    ],
)
def test_the_part_that_is_wrong_is_named(expected: object, returned: object, summary: str) -> None:
    """By its place, or by what it is instead."""
    assert summary in _structured(expected, returned)


def test_a_cache_at_the_end_is_left_out() -> None:
    """One thing more than the reference returns, and no other number of them."""
    assert not _structured(np.zeros(2), (np.zeros(2), {"x": 1}), cache=True)
    assert not _structured((1.0, 2.0), (1.0, 2.0, Opaque("a cache")), cache=True)
    assert _structured((1.0, 2.0), (1.0, 2.0, 3.0))
    assert _structured((1.0, 2.0), (1.0, 2.0, 3.0, 4.0), cache=True)


def test_a_result_may_be_known_up_to_something() -> None:
    """Then the right one that is nearest is what counts; a wrong one has none."""

    def sign(expected: np.ndarray, returned: np.ndarray) -> np.ndarray:
        return expected * np.sign(np.sum(expected * returned))

    standard = Standard(Variant("", lambda: np.array([1.0, -2.0]), align=sign), Case({}), {})
    assert standard.holds([np.array([1.0, -2.0])])
    assert standard.holds([[-1.0, 2.0]])
    assert not standard.holds([[1.0, 2.0]])
    assert not standard.holds([[1.0, -2.0, 0.0]])


def test_the_nearest_convention_can_be_told() -> None:
    """By how far a result is from right: not at all, a little, or another kind of thing."""
    standard = Standard(Variant("", lambda: (np.array([1.0]), np.array([2.0]))), Case({}), {})
    one, other = [1.0], [2.0]
    returned = [(one, [2.1]), (one, [20.0]), ([1.1], other), ([1.1], 2.0), (1.0, 2.0)]
    distances = [standard.distance([value]) for value in returned]
    assert distances == sorted(distances)
    assert len(set(distances)) == len(distances) - 1  # the last two are equally far off
