"""Literal text becomes lines."""

from __future__ import annotations

import pytest
import reading
from hypothesis import given
from hypothesis import strategies as st
from outline import text

from builder.edition import Line, Prose, Run
from builder.render import render
from builder.render.literal import printable


def prose(answer: str) -> Prose:
    """Return the answer of a question card with this text."""
    lines = answer.replace("\n", "\n   ")
    (view,) = render(reading.bank(f"```\nQ: a?\nA: {lines}\n```\n"), {}).cards()
    (block,) = view.answer
    assert isinstance(block, Prose)
    return block


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("Precision = TP/(TP+FP)", (Run("Precision", "term"), Run(" = TP/(TP+FP)"))),
        ("Mini-batch = a = b", (Run("Mini-batch", "term"), Run(" = a = b"))),
        ("no term", (Run("no term"),)),
        ("a == b", (Run("a == b"),)),
        ("a=b", (Run("a=b"),)),
        ("P(A|B) = P(B|A)", (Run("P(A|B) = P(B|A)"),)),
        ("if n is odd or even = x", (Run("if n is odd or even = x"),)),
        ("= b", (Run("= b"),)),
        ("w" * 49 + " = b", (Run("w" * 49 + " = b"),)),
    ],
)
def test_the_word_that_a_line_defines_is_a_term(line: str, runs: Line) -> None:
    """A short text before the first ` = ` of a line."""
    assert prose(line).lines == (runs,)


def test_a_term_may_be_indented_and_lines_may_be_empty() -> None:
    """The blanks are a run of their own, and an empty line has none."""
    assert prose("a\n\n  b = c").lines == (
        (Run("a"),), (), (Run("  "), Run("b", "term"), Run(" = c")),
    )  # fmt: skip


@given(st.text(alphabet="ab =\t<é", max_size=60).filter(str.strip).map(str.strip))
def test_runs_of_prose_give_the_line_back(line: str) -> None:
    """Whatever is a term, no sign is lost."""
    assert text(prose(line).lines) == line


def test_no_card_holds_what_readers_take_for_different_line_ends() -> None:
    """They become newlines; control signs become a visible stand-in."""
    assert printable("a\r\nb\x0bc\x0cd\x85e\u2028f\tg\x1b[31m\x7f\x9b\ufffe") == (
        "a\nb\nc\nd\ne\nf\tg\ufffd[31m\ufffd\ufffd\ufffd"
    )
