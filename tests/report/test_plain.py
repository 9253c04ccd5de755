"""Text from a stranger becomes harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.report.plain import fitting, harmless, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 😀", "plain é 日本 😀"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\rb\nc", "a\\rb\\nc"),
        ("\x9b31m\x07\x00\x7f", "\\x9b31m\\x07\\x00\\x7f"),
        ("a\u202eb\u2066c\u200b\ufeff", "a\\u202eb\\u2066c\\u200b\\ufeff"),
        ("\u2028\u2029\x85", "\\u2028\\u2029\\x85"),
        ("a\tb", "a   b"),
        ("g\udcff", "g\\udcff"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_control_and_invisible_signs_are_spelled_out(text: str, shown: str) -> None:
    """What a terminal would obey, or an eye not see."""
    assert harmless(text) == shown


@given(st.text())
def test_harmless_text_is_one_line_that_can_be_printed(text: str) -> None:
    """Whatever comes in."""
    shown = harmless(text)
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "columns"),
    [("abc", 3), ("日本", 4), ("e\u0301", 1), ("😀", 2), ("☺\ufe0f", 1), ("", 0), ("ｆ", 2)],
)
def test_width_counts_columns(text: str, columns: int) -> None:
    """Two for a wide sign, none for a mark on the one before."""
    assert width(text) == columns


@given(st.text(alphabet="a日e\u0301"), st.integers(-2, 12))
def test_what_fits_is_a_start_of_the_text(text: str, columns: int) -> None:
    """As much as fits, and no wide sign is cut."""
    start = fitting(text, columns)
    assert text.startswith(start)
    assert width(start) <= max(columns, 0)
