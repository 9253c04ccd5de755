"""Values and messages of strangers become one harmless line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.verify.show import harmless, show
from builder.verify.wire import Opaque

laws = settings(max_examples=300, deadline=None, derandomize=True)
HOSTILE = st.text(
    st.sampled_from("a :#[]\\%\n\r\t\0\x1b\x07\x9b\u202e\u2066\u200b\u2028\ufeff\ud800é数🙂")
)


@laws
@given(HOSTILE | st.text(), st.integers(1, 200))
def test_any_text_becomes_one_short_printable_line(text: str, longest: int) -> None:
    """No control, no line break, no bidi mark, no order to a CI log, never longer than asked."""
    shown = harmless(text, longest)
    assert shown.isprintable()
    assert len(shown) <= longest
    assert "##[" not in shown
    assert "::" not in shown
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, é and 数", "plain text, é and 数"),
        ("a\nb", r"a\nb"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("abc\u202edef", r"abc\u202edef"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\ud800", r"\ud800"),
        ("\u2028", r"\u2028"),
        ("::error::no", r"\x3a:error\x3a:no"),
        ("##[error]no", r"\x23#[error]no"),
        (":::", r"\x3a::"),
        ("a" * 200, "a" * 159 + "…"),
        ("a" * 160, "a" * 160),
        ("\n" * 200, r"\n" * 79 + "\\…"),
    ],
)
def test_what_could_be_obeyed_is_escaped(text: str, shown: str) -> None:
    """As Python writes it; plain text of any language stays."""
    assert harmless(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "True"),
        (5, "5"),
        (-(10**23), "-1" + "0" * 23),
        (10**5000, "a whole number of 16610 bits"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (1e300, "1e+300"),
        (0.1 + 0.2, "0.3"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ("text", "'text'"),
        ("a\nb", r"'a\nb'"),
        ([], "[]"),
        ([1.0, 2.5], "[1.0, 2.5]"),
        ((1,), "(1,)"),
        ((1, 2), "(1, 2)"),
        (list(range(9)), "[0, 1, 2, 3, …]"),
        ({"a": 1}, "{'a': 1}"),
        ({"a": [10**5000]}, "{'a': [a whole number of 16610 bits]}"),
        (Opaque("a\x1bname"), r"a\x1bname"),
        (np.array(1.5), "1.5"),
        (np.array([1, 2]), "[1, 2]"),
        (np.array([0.0, 1000.0]), "[0., 1000.]"),
        (np.array([0.5, 1.0]), "[0.5, 1.]"),
        (np.array([[1.0], [-2.0]]), "[[1.], [-2.]]"),
        (np.array([1.0], "f4"), "[1.] (float32)"),
        (np.zeros((0, 3)), "[]"),
        (np.zeros((3, 20)), "shape (3, 20), [0.0, 0.0, 0.0, 0.0, …]"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_a_value_is_shown_as_a_person_writes_it(value: object, shown: str) -> None:
    """Short, without the blanks that align columns, and never longer than a line."""
    assert show(value) == shown


def test_large_values_cost_nothing_to_show() -> None:
    """Only what is shown is turned into text: a reply of 20,000 large arrays is as quick as one."""
    array = np.broadcast_to(np.zeros(1), (1 << 20, 1 << 20))
    value = [[array] * 5000, "x" * 10**8, dict.fromkeys(range(1000), array)]
    assert show(value).startswith("[[shape (1048576, 1048576), [0.0, 0.0, 0.0, 0.0, …], shape")
    assert len(show(value)) <= 160
