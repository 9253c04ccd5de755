"""Questions, programs and clozes: no key goes from one kind of card to another."""

from __future__ import annotations

from dataclasses import replace

import pytest
import reading

from builder.identity import Identified, identify
from builder.ledger import renewed
from builder.model import Bank, ChangeKind, Ledger, Place


def _bank(cards: str) -> Bank:
    return Bank((reading.deck(f"# Deck\n\n{cards}"),))


def _ledger(cards: str, before: Ledger | None = None) -> Ledger:
    """Return the ledger after a build of `cards`."""
    before = before or Ledger()
    bank = identify(_bank(cards), before).bank
    keys = [card.key for card in bank.cards()]
    assert all(keys)
    return renewed(before, bank, keys, {}, {}, 1, guid=lambda key: f"guid of {key}", retire=True)


def _after(old: str, new: str) -> Identified:
    return identify(_bank(new), _ledger(old))


def _told(found: Identified) -> list[str]:
    return [str(change.kind) for change in found.changes]


def _keys(found: Identified) -> list[str]:
    return [card.key for card in found.bank.cards()]


KINDS = {
    "question": "Q: Attention? ^at\n\nA: weights\n",
    "code": "```python\n# 1. Attention?\n# id: at\nweights = 1\n```\n",
    "cloze": "C: Attention? {{c1::weights}} ^at\n",
}


@pytest.mark.parametrize("old", KINDS)
@pytest.mark.parametrize("new", KINDS)
def test_a_card_of_another_kind_is_new(old: str, new: str) -> None:
    """Whatever it has in common with the old one, its id included; the change says what it was."""
    found = _after(KINDS[old], KINDS[new])
    if old == new:
        assert _told(found) == []
        return
    assert _told(found) == ["new", "retired"]
    first, last = found.changes
    assert first.before == last.before
    assert first.before
    assert first.before.kind == old
    (key,) = _keys(found)
    assert key.startswith("deck/at-")


def test_a_new_card_is_not_told_apart_from_what_is_still_there() -> None:
    """A cloze beside the question with the same words was never that question."""
    old = "Q: Attention?\n\nA: weights\n"
    found = _after(old, f"{old}\n```python\n# 1. Attention\nweights = 1\n```\n")
    assert [(change.kind, change.before) for change in found.changes] == [(ChangeKind.NEW, None)]


def test_a_question_may_move_between_a_fence_and_the_open() -> None:
    """Both are notes of one type, so the key stays."""
    fenced = "```\nQ: Attention?\nA: weights\n```\n"
    found = _after(fenced, "Q: Attention?\n\nA: weights\n")
    assert (_told(found), _keys(found)) == ([], ["deck/attention"])


def test_each_kind_gets_a_key_of_its_own_on_any_branch() -> None:
    """One branch makes a program of a question and the other a cloze: these are two cards."""
    ledger = _ledger(KINDS["question"])
    keys = {_keys(identify(_bank(KINDS[kind]), ledger))[0] for kind in KINDS}
    assert len(keys) == 3


# ── clozes ───────────────────────────────────────────────────────────────────────────────────────

MEAN = "C: The {{c1::mean}} of a sample moves with each of its outliers, the median does not\n\n"
REST = "C: Dropout is {{c1::off}} at test time\n\nC: ReLU is {{c1::0}} below zero\n\n"


def test_a_cloze_that_was_mended_in_its_place_keeps_its_key() -> None:
    """Its sentence is its answer, too: most of it is still there, and so are its neighbours."""
    found = _after(MEAN + REST, MEAN.replace("does not", "doesn't") + REST)
    assert _told(found) == ["reworded"]


def test_a_gap_more_is_the_same_cloze() -> None:
    """Anki adds a card to the note and keeps the others."""
    found = _after(MEAN + REST, MEAN.replace("median", "{{c2::median}}") + REST)
    assert _told(found) == ["reworded"]


def test_two_short_clozes_with_other_words_are_two() -> None:
    """That neither says anything on its back makes them no more alike."""
    found = _after(
        "C: The capital of France is {{c1::Paris}}\n",
        "C: The capital of Spain is {{c1::Madrid}}\n",
    )
    assert "reworded" not in _told(found)


def test_what_a_cloze_says_besides_may_change() -> None:
    """It is an answer that changed."""
    found = _after(MEAN + REST, f"{MEAN}A: so take the median\n\n{REST}")
    assert _told(found) == ["answer changed"]


# ── ids in the open ──────────────────────────────────────────────────────────────────────────────


def test_an_id_in_the_open_outlives_the_question() -> None:
    """As a block id or as a comment."""
    old = "Q: What is attention? ^at\n\nA: weights\n"
    for new in (
        "Q: Anything else entirely, say {} ^at\n\nA: other\n",
        "Q: Anything else entirely, say {} <!-- id: at -->\n\nA: other\n",
    ):
        found = _after(old, new)
        assert (_keys(found), _told(found)) == (["deck/at"], ["reworded", "answer changed"])


def test_an_id_that_comes_later_is_another_name() -> None:
    """The key stays as it was."""
    old = "Q: What is attention?\n\nA: weights\n"
    found = _after(old, old.replace("?", "? ^at"))
    assert (_keys(found), _told(found)) == (["deck/what-is-attention"], [])


def test_one_id_for_two_questions_is_a_duplicate() -> None:
    """Wherever they stand, and however it is written."""
    found = identify(
        _bank("Q: a? ^x\n\nA: b\n\nQ: c? <!-- id: x -->\n\nA: d\n\nC: {{c1::e}} ^x\n"), Ledger()
    )
    assert (_keys(found), len(found.duplicates)) == (["deck/x"], 2)
    assert all(one.first.question == "a?" for one in found.duplicates)


def test_an_id_that_spells_another_question_is_told_apart() -> None:
    """An id and a question are never the same, even where they have one slug."""
    found = identify(_bank("Q: attention\n\nA: a\n\nQ: b? ^attention\n\nA: c\n"), Ledger())
    keys = _keys(found)
    assert len(set(keys)) == 2
    assert all(key.startswith("deck/attention-") for key in keys)


def test_an_id_takes_no_key_from_a_card_that_is_still_there() -> None:
    """A new card with an id that spells an old card's key gets a key of its own."""
    old = "Q: attention\n\nA: weights\n"
    found = _after(old, f"{old}\nQ: What else? ^attention\n\nA: nothing\n")
    assert _told(found) == ["new"]
    assert _keys(found)[0] == "deck/attention"


def test_kinds_are_compared_without_their_places() -> None:
    """A card that only moves down its file is unchanged."""
    (deck,) = _bank(KINDS["cloze"]).decks
    (card,) = deck.cards
    moved = replace(card, place=Place("note.md", 9, 1, 9, 9))
    ledger = _ledger(KINDS["cloze"])
    assert identify(Bank((replace(deck, cards=(moved,)),)), ledger).changes == ()
