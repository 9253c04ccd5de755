"""Texts that somebody wrote to break a card, or that would have broken one by accident."""

from __future__ import annotations

import pytest
import reading

from builder.render import rendered


def reasons(note: str) -> list[str]:
    """Return why cards of `note` cannot be shown as they stand."""
    return [one.reason for one in rendered(reading.bank(note), {}).unset]


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("<b></b>", "empty-question"),
        ("%%x%%", "empty-question"),
        ("<!-- c -->", "empty-question"),
        ("<hr>", "empty-question"),
    ],
)
def test_a_question_of_which_nothing_is_left_is_told(question: str, reason: str) -> None:
    """Anki makes no card of a note whose first field is empty."""
    assert reasons(f"Q: {question}\nA: yes\n") == [reason]


def test_an_answer_of_which_nothing_is_left_is_told() -> None:
    """A key at its end is no answer."""
    assert reasons("Q: a?\nA: <b></b>\n") == ["empty-answer"]


@pytest.mark.parametrize(
    "sentence",
    [
        "wiki [[==a==]] x", "com <!-- ==a== --> b", "pct %%{{c1::x}}%% b",
        'html <img alt="{{c1::x}}"> x',
    ],
)  # fmt: skip
def test_a_cloze_without_a_gap_to_be_seen_is_told(sentence: str) -> None:
    """Anki makes no card of it."""
    assert "no-gap" in reasons(f"C: {sentence}\n")


@pytest.mark.parametrize("sentence", ["a $a {{c1::b}} c$ here", "code `{{c1::x}}` here"])
def test_a_gap_in_a_formula_or_in_code_is_told(sentence: str) -> None:
    """Both are shown as they are written."""
    assert set(reasons(f"C: {sentence}\n")) == {"open-gap", "no-gap"}


def test_anki_has_no_gap_beyond_the_500th() -> None:
    """It is text, and the sentence hides nothing."""
    (stray,) = reading.deck("C: big {{c501::zeta}} number\n").strays
    assert stray.reason == "cloze-without-gap"
    assert not reasons("C: big {{c500::zeta}} number\n")


def test_a_sign_of_many_digits_is_text() -> None:
    """Python refuses to read so large a number."""
    assert reasons(f"Q: q\nA: x &#{'9' * 4400};\n") == []


def test_tags_that_each_paragraph_would_repeat_are_not_read() -> None:
    """HTML opens again what was not closed: that is a product of two lengths."""
    opened = "".join(f"<b a{number}>" for number in range(1200))
    assert reasons(f"Q: q\nA: {opened}\n{'<p>x' * 4000}\n") == ["too-deep"]


def test_a_table_has_a_hundred_columns_at_most() -> None:
    """Short rows are filled up, so a wide head would multiply them."""
    head = "|" + "a|" * 1500 + "\n|" + "-|" * 1500
    (card,) = rendered(reading.bank(f"Q: q\nA:\n\n{head}\n" + "|a\n" * 1500), {}).edition.cards()
    (table,) = card.answer
    assert len(table.columns) == 100  # type: ignore[union-attr]


def test_what_stands_behind_a_comment_is_shown() -> None:
    """On its line, and on the last one of several."""
    note = "Q: q\nA: text\n\n<!-- to do --> ONE\n\n<!-- x\ny --> TWO\n"
    (card,) = rendered(reading.bank(note), {}).edition.cards()
    assert "ONE" in str(card.answer)
    assert "TWO" in str(card.answer)
