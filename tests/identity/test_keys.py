"""A first build: cards get keys by what they ask."""

from __future__ import annotations

import pytest
import reading
from hypothesis import given
from hypothesis import strategies as st

from builder.assemble import assemble
from builder.identity import identify
from builder.model import Bank, ChangeKind, Duplicate, Entry, Ledger
from builder.names import slug

QUESTIONS = st.lists(
    st.sampled_from([
        "What is C?", "what is c", "What is  C?", "What is C!", "What is C++?", "What is C#?",
        "What is É?", "???", "!!!", "什么？", "L" * 90, "L" * 91, "untitled",
    ]),
    max_size=8,
)  # fmt: skip


def _first(bank: Bank) -> tuple[Bank, tuple[Duplicate, ...]]:
    """Return the bank and the duplicates of a first build, with nothing known."""
    found = identify(bank, Ledger())
    assert all(change.kind is ChangeKind.NEW for change in found.changes)
    assert len(found.changes) == len(keys(found.bank))
    return found.bank, found.duplicates


def keys(bank: Bank) -> list[str]:
    """Return the keys of a bank."""
    return [card.key for card in bank.cards()]


@given(st.lists(QUESTIONS, max_size=3))
def test_a_key_is_never_given_to_two_cards(notes: list[list[str]]) -> None:
    """Neither within a note nor across notes; what is left out is named as a duplicate."""
    read = assemble(reading.document(reading.pairs(*note)) for note in notes)
    bank, duplicates = _first(read)
    found = keys(bank)
    assert all(found)
    assert len(found) == len(set(found))
    assert len(found) + len(duplicates) == sum(len(note) for note in notes)
    assert all(duplicate.first.question for duplicate in duplicates)


@given(QUESTIONS)
def test_an_unchanged_bank_keeps_every_key(questions: list[str]) -> None:
    """Reading twice gives the same keys."""
    assert keys(reading.bank(reading.pairs(*questions))) == keys(
        reading.bank(reading.pairs(*questions))
    )


def test_a_key_is_deck_and_question() -> None:
    """Both as words that people can read."""
    assert keys(reading.bank(reading.pairs("Bias vs Variance?"))) == ["deck/bias-vs-variance"]


def test_answer_number_section_place_and_file_are_no_part_of_it() -> None:
    """A correction or a move leaves the key alone."""
    one = "# Deck\n```python\n# 1. Implement f\nf = 1\n```\n"
    other = "words\n\n# Deck\n\n## Moved\n\n```python\n# 7. Implement f\nf = 2\n```\n"
    assert keys(reading.bank(one)) == keys(reading.bank("# Other\n", other)) == ["deck/implement-f"]


def test_questions_that_differ_in_a_sign_have_keys_of_their_own() -> None:
    """C, C++ and C# are three things; so are questions whose words alone are the same."""
    found = keys(reading.bank(reading.pairs("C?", "C++?", "C#?", "C!", "É?", "E?")))
    assert len(set(found)) == 6
    assert found[1:3] == ["deck/c-plus-plus", "deck/c-sharp"]
    assert found[4:] == ["deck/é", "deck/e"]
    assert found[0].startswith("deck/c-")
    assert found[3].startswith("deck/c-")


@given(st.permutations(["C?", "C!", "c ?", "L" * 90, "L" * 91, "E?", "???", "!!!"]))
def test_the_order_of_cards_changes_no_key(questions: list[str]) -> None:
    """Or two cards that change places would change their histories."""

    def by_question(order: list[str]) -> dict[str, str]:
        cards = reading.bank(reading.pairs(*order)).cards()
        return {" ".join(card.question.split()).casefold(): card.key for card in cards}

    assert by_question(questions) == by_question(sorted(questions))


def test_the_same_question_twice_is_a_duplicate() -> None:
    """Upper case and blanks make no other question."""
    note = reading.pairs("What is C?", "what is  c?")
    bank, duplicates = _first(assemble([reading.document(note)]))
    assert len(keys(bank)) == 1
    (duplicate,) = duplicates
    assert (duplicate.first.place.line, duplicate.card.place.line) == (4, 7)


def test_two_decks_of_one_title_share_their_keys() -> None:
    """In Anki they are one deck, so a question in both is a duplicate."""
    notes = [reading.document(reading.pairs("a?"), name) for name in ("1.md", "2.md")]
    bank, duplicates = _first(assemble(notes))
    assert keys(bank) == ["deck/a"]
    assert [duplicate.card.place.file for duplicate in duplicates] == ["2.md"]


def test_the_same_question_in_two_decks_is_two_cards() -> None:
    """The deck's name tells them apart."""
    other = reading.pairs("a?").replace("# Deck", "# Other")
    assert keys(reading.bank(reading.pairs("a?"), other)) == ["deck/a", "other/a"]


def items(*lines: str) -> str:
    """Return a note with a code card for each pair of a title and a directive."""
    code = "".join(f"# {number}. {line}\nf = {number}\n" for number, line in enumerate(lines, 1))
    return f"# Deck\n```python\n{code}```\n"


def test_an_explicit_id_outlives_the_question() -> None:
    """The title may change as it likes."""
    old = reading.bank(items("Implement f\n# id: f"))
    new = reading.bank(items("Write f, please\n# id: f"))
    assert keys(old) == keys(new) == ["deck/f"]


def test_one_id_for_two_cards_is_a_duplicate() -> None:
    """Even where the questions differ."""
    read = assemble([reading.document(items("a\n# id: x", "b\n# id: x"))])
    bank, duplicates = _first(read)
    assert keys(bank) == ["deck/x"]
    assert len(duplicates) == 1


def test_an_id_that_is_another_cards_question_is_told_apart() -> None:
    """An id and a question are never the same, even where they spell the same."""
    found = keys(reading.bank(items("x", "b\n# id: x")))
    assert len(set(found)) == 2
    assert all(key.startswith("deck/x-") for key in found)


# ── two branches ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is a > b?", "Is a < b?"),
        ("Is x = y?", "Is x != y?"),
        ("What is x²?", "What is x2?"),
        ("What is 1/n?", "What is 1|n?"),
        (f"{'long ' * 20}a?", f"{'long ' * 20}b?"),
        ("?", "!"),
    ],
)
def test_branches_never_give_one_key_to_two_questions(one: str, other: str) -> None:
    """Each is alone in its bank, so only the key itself can tell them apart."""
    (first,), (second,) = (keys(reading.bank(reading.pairs(asked))) for asked in (one, other))
    assert first != second


@pytest.mark.parametrize(
    "question",
    ["Bias (or variance): what's \"it\"; really, it's...?", "Pre-norm — or post-norm?",
     "Why `batch_norm`?", "C++ & C#", "什么是注意力？", "naïve Bayes"],
)  # fmt: skip
def test_ordinary_questions_have_plain_keys(question: str) -> None:
    """Nobody wants to read a hash without need."""
    (found,) = keys(reading.bank(reading.pairs(question)))
    assert found == f"deck/{slug(question)}"


def test_a_key_in_the_open_is_made_of_words() -> None:
    """Marks for looks are no part of it, nor are images; gaps are open."""
    found = keys(
        reading.bank(
            "# Deck\n\nQ: What is **bias**, `sklearn`'s _one_?\n\nA: an error\n\n"
            "Q: What is this? ![[a.png]]\n\nA: b\n\nC: It is {{c1::warm::weather}} ==here==\n"
        )
    )
    assert found[0] == "deck/what-is-bias-sklearn-s-one"
    assert found[1].startswith("deck/what-is-this-")
    assert found[2].startswith("deck/it-is-warm-here-")


def test_what_has_a_key_keeps_it() -> None:
    """An earlier version gave it a plain one."""
    bank = reading.bank(reading.pairs("Is a > b?"))
    (card,) = bank.cards()
    old = Entry(
        "deck/is-a-b", "g", 1, 1, "", bank.decks[0].file, "Deck", "", "question", "",
        card.question, card.answered,
    )  # fmt: skip
    found = identify(bank, Ledger((old,)))
    assert (keys(found.bank), found.changes) == (["deck/is-a-b"], ())
