"""Which cards a run is about."""

from __future__ import annotations

import pytest
import reading

from builder import rules, selection
from builder.model import Bank, CannotRunError, Diagnostic
from builder.parse import parse
from builder.source import Source

TWO = reading.pairs("Bias?", "Variance?") + "```\nA: stray\n```\n"


def read(*notes: str) -> tuple[Bank, list[Diagnostic]]:
    """Return a bank, and what the rules say of its text."""
    bank = reading.bank(*notes)
    sources = [parse(Source(f"note-{at}.md", note)).source for at, note in enumerate(notes, 1)]
    return bank, rules.on_reading(sources, bank, ())


def questions(bank: Bank) -> list[str]:
    """Return what is asked."""
    return [card.question for card in bank.cards()]


def test_all_cards_are_asked_for_by_default() -> None:
    """Nothing is left out, nothing is skipped."""
    bank, remarks = read(TWO)
    assert selection.asked_for(bank, remarks, set(), "") == (bank, remarks, 0)


def test_a_text_keeps_the_cards_whose_question_holds_it() -> None:
    """Upper case or not; remarks that stand in no such card are left out."""
    bank, remarks = read(TWO.replace("Bias?", "Bias nÂ²?"))
    assert [remark.name for remark in remarks] == ["mojibake", "answer-without-question"]
    chosen, said, _ = selection.asked_for(bank, remarks, set(), "bIAS")
    assert questions(chosen) == ["Bias nÂ²?"]
    assert [remark.name for remark in said] == ["mojibake"]
    assert not selection.asked_for(bank, remarks, set(), "variance")[1]


def test_a_text_that_no_question_holds_ends_the_run() -> None:
    """A check of nothing must not look like a clean one."""
    with pytest.raises(CannotRunError, match="no question holds 'zzz'"):
        selection.asked_for(*read(TWO), set(), "zzz")


def test_a_note_without_cards_is_skipped_or_an_error() -> None:
    """Found in a folder it is counted, named it is an error of its own."""
    bank, remarks = read(TWO, "# Only prose\n")
    kept, _, skipped = selection.asked_for(bank, remarks, {"note-1.md"}, "")
    assert ([deck.file for deck in kept.decks], skipped) == (["note-1.md"], 1)
    _, said, skipped = selection.asked_for(bank, remarks, {"note-2.md"}, "")
    assert (said[-1].name, said[-1].place.file, skipped) == ("no-cards", "note-2.md", 0)


def test_a_note_that_has_an_error_already_is_not_called_empty_too() -> None:
    """One fault, one diagnostic."""
    bank, remarks = read("```\nQ: a?\n```\n")
    _, said, skipped = selection.asked_for(bank, remarks, {"note-1.md"}, "")
    assert ([remark.name for remark in said], skipped) == (["question-without-answer"], 0)


def test_nothing_at_all_ends_the_run() -> None:
    """A folder of prose holds no bank."""
    with pytest.raises(CannotRunError, match="no note here holds a card"):
        selection.asked_for(*read("# Prose\n"), set(), "")


def test_cards_with_an_error_are_left_out() -> None:
    """A warning leaves a card where it is, and so does an error between the cards."""
    note = "```\nQ: a nÂ²?\nA: b\nQ: c?\nloose\nA: d\n\nQ: e?\nA: f\nA: g\n```\n"
    bank, remarks = read(note)
    assert sorted({remark.name for remark in remarks}) == [
        "answer-without-question", "mojibake", "stray-text",
    ]  # fmt: skip
    kept, left_out = selection.without_errors(bank, remarks)
    assert questions(kept) == ["a nÂ²?", "e?"]
    assert [card.question for card in left_out] == ["c?"]


def test_a_deck_without_cards_is_no_deck() -> None:
    """Where all cards of a note have errors, the note has no deck."""
    bank, remarks = read("```\nQ: c?\nloose\nA: d\n```\n")
    assert selection.without_errors(bank, remarks)[0] == Bank(())
