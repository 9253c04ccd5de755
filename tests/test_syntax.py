"""Python text becomes a tree or a fault, and never an exception."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import syntax


def test_python_becomes_a_tree() -> None:
    """An empty text is Python, too."""
    assert isinstance(syntax.tree("x = 1"), ast.Module)
    assert syntax.parses("")


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("x = 1\ny = (", 2, 5),
        ("def f(:", 1, 7),
        ("if x:\npass", 2, 1),
        ("'", 1, 1),
    ],
)
def test_a_fault_says_where(source: str, line: int, column: int) -> None:
    """Line and column count from 1."""
    fault = syntax.tree(source)
    assert isinstance(fault, syntax.Fault)
    assert (fault.line, fault.column) == (line, column)
    assert fault.message


@pytest.mark.parametrize(
    "source",
    ["-" * 20_000 + "1", "(" * 5_000, "a" + ".b" * 50_000, "1" + "+1" * 50_000, "9" * 6_000, "\0"],
    ids=["minus", "brackets", "dots", "sum", "number", "nul"],
)
def test_what_is_too_much_for_python_is_a_fault(source: str) -> None:
    """Nesting and numbers beyond Python's limits; the message is never empty."""
    fault = syntax.tree(source)
    assert isinstance(fault, syntax.Fault)
    assert not fault.message.endswith(": ")


def test_a_warning_stays_quiet() -> None:
    """An invalid escape is Python's to complain about, not ours."""
    assert syntax.parses(r"x = '\d' is 1")


@given(st.text(alphabet="ab=():'\"\\\n\t #@[]{}1é\0\x0c", max_size=40))
def test_any_text_has_an_answer(source: str) -> None:
    """A fault always stands inside the text."""
    found = syntax.tree(source)
    if isinstance(found, syntax.Fault):
        assert 1 <= found.line <= source.count("\n") + 1
        assert found.column >= 1
