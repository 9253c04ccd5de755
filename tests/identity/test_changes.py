"""One edit after the other: what becomes of the key, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from identity.editing import Item, bank_of, renewed

from builder.identity import Identified, identify, new_key
from builder.model import ChangeKind, Ledger

SOFTMAX = "def softmax(x):\n    e = np.exp(x - x.max())\n    return e / e.sum()"
MAX_POOL = (
    "def pool(x, k):\n    h, w = x.shape\n"
    "    return x.reshape(h // k, k, w // k, k).max(axis=(1, 3))"
)

DROPOUT = Item(1, "What is dropout?", "Randomly zero activations during training",
               "Nets", "a.md", "Deep")  # fmt: skip
LOSS = Item(2, "L1 vs L2 loss?", "L1 = absolute error, robust; L2 = squared error, smooth",
            "Losses", "a.md", "Deep")  # fmt: skip
CODE = Item(3, "Implement softmax", SOFTMAX, "Code", "a.md", "Deep", "code")
POOL = Item(4, "Implement max pooling", MAX_POOL, "Code", "a.md", "Deep", "code")
TREES = Item(5, "Bagging vs Boosting?", "Bagging = parallel trees; boosting = one after the other",
             "Trees", "b.md", "Classics")  # fmt: skip
BANK = (DROPOUT, LOSS, CODE, POOL, TREES)
FIRST = identify(bank_of(BANK), Ledger())
LEDGER = renewed(FIRST)
KEYS = {card.question: card.key for card in FIRST.bank.cards()}


def after(*items: Item, ledger: Ledger = LEDGER, gone: tuple[str, ...] = ()) -> Identified:
    """Return what is found in `items` after the first build."""
    return identify(bank_of(items), ledger, gone)


def edited(old: Item, **values: str) -> Identified:
    """Return what is found where one card of the bank has other values."""
    new = replace(old, **values)  # type: ignore[arg-type]
    return after(*(new if item is old else item for item in BANK))


def told(found: Identified) -> list[str]:
    """Return each change in words."""
    return [
        f"{change.kind} {change.card.question if change.card else change.before.key}"
        for change in found.changes
        if change.card or change.before
    ]


def key(found: Identified, question: str) -> str:
    """Return the key of the card that asks `question`."""
    (card,) = (card for card in found.bank.cards() if card.question == question)
    return card.key


def test_an_unchanged_bank_has_no_changes() -> None:
    """And every key stays."""
    found = after(*BANK)
    assert not found.changes
    assert found.bank == FIRST.bank


@pytest.mark.parametrize(
    ("old", "question"),
    [
        (DROPOUT, "What is dropuot?"),
        (DROPOUT, "Explain dropout"),
        (LOSS, "L1 vs L2 losses?"),
        (LOSS, "How does the absolute loss differ from the squared one?"),
        (CODE, "Implement sofmax"),
        (CODE, "Write a softmax function"),
    ],
)
def test_a_reworded_question_keeps_its_key(old: Item, question: str) -> None:
    """Its answer tells which one it is."""
    found = edited(old, question=question)
    assert key(found, question) == KEYS[old.question]
    assert told(found) == [f"reworded {question}"]


def test_a_question_without_a_word_in_common_is_unsure() -> None:
    """Its answer is the same, but may have been given to another question."""
    found = edited(DROPOUT, question="How do networks profit from switched-off units?")
    (change,) = found.changes
    assert [entry.key for entry in change.candidates] == [KEYS[DROPOUT.question]]


def test_another_answer_keeps_the_key() -> None:
    """However different it is."""
    found = edited(DROPOUT, answer="A wholly different text")
    assert key(found, DROPOUT.question) == KEYS[DROPOUT.question]
    assert told(found) == ["answer changed What is dropout?"]


@pytest.mark.parametrize(
    "values",
    [{"section": "Other"}, {"file": "b.md", "title": "Classics"}, {"file": "c.md"},
     {"file": "c.md", "title": "New"}],
)  # fmt: skip
def test_a_moved_card_keeps_its_key(values: dict[str, str]) -> None:
    """Between sections, files and decks."""
    found = edited(DROPOUT, **values)
    assert key(found, DROPOUT.question) == KEYS[DROPOUT.question]
    assert told(found) == ["moved What is dropout?"]


def test_a_card_may_change_in_several_ways() -> None:
    """One change of a kind, in one order."""
    new = {"question": "Explain dropout", "answer": f"{DROPOUT.answer} only", "section": "Other"}
    assert told(edited(DROPOUT, **new)) == [
        "reworded Explain dropout", "answer changed Explain dropout", "moved Explain dropout",
    ]  # fmt: skip


def test_signs_that_look_alike_are_no_change() -> None:
    """Composed or not, with the line ends of any system."""
    accent = replace(DROPOUT, question="What is café?", answer="one\ntwo")
    ledger = renewed(identify(bank_of([accent]), Ledger()))
    other = replace(accent, question="What is cafe\u0301?", answer="one\r\ntwo")
    assert not after(other, ledger=ledger).changes


def test_a_deleted_card_retires_and_comes_back() -> None:
    """With the key that it had, and once only."""
    gone = after(*BANK[1:])
    assert told(gone) == [f"retired {KEYS[DROPOUT.question]}"]
    ledger = renewed(gone, LEDGER)
    assert not after(*BANK[1:], ledger=ledger).changes
    back = after(*BANK, ledger=ledger)
    assert told(back) == ["returned What is dropout?"]
    assert key(back, DROPOUT.question) == KEYS[DROPOUT.question]


def test_a_file_that_is_gone_retires_its_cards() -> None:
    """One that is only not part of the run does not."""
    assert not after(*BANK[:4]).changes
    assert told(after(*BANK[:4], gone=("b.md",))) == [f"retired {KEYS[TREES.question]}"]


def test_what_belongs_to_others_is_not_taken() -> None:
    """Not by the question, and not by the id: the card gets a key of its own."""
    for other in (replace(TREES, file="c.md"),
                  replace(CODE, file="c.md", title="Classics", identifier="bagging-vs-boosting"),
                  ):  # fmt: skip
        found = after(*BANK[:4], other)
        new = key(bank_without(found), other.question)
        assert new not in {entry.key for entry in LEDGER.entries}
        assert new.startswith("classics/bagging-vs-boosting-")
        assert after(*BANK[:4], other, ledger=renewed(found, LEDGER)).changes == ()


def bank_without(found: Identified) -> Identified:
    """Return what is found in c.md alone."""
    decks = tuple(deck for deck in found.bank.decks if deck.file == "c.md")
    return replace(found, bank=replace(found.bank, decks=decks))


def test_keys_stay_with_questions() -> None:
    """Where two answers, or two questions, change places."""
    one, other = replace(DROPOUT, answer=LOSS.answer), replace(LOSS, answer=DROPOUT.answer)
    for items in ((one, other, *BANK[2:]), (other, one, *BANK[2:])):
        found = after(*items)
        assert {card.question: card.key for card in found.bank.cards()} == KEYS


@pytest.mark.parametrize(
    ("old", "question", "answer"),
    [
        (LOSS, "L1 vs L2 regularization?", "L1 = sparse weights; L2 = small weights"),
        (POOL, "Implement average pooling", MAX_POOL.replace(".max", ".mean")),
        (POOL, "Implement min pooling", MAX_POOL.replace(".max", ".min")),
    ],
)
def test_a_sibling_in_the_place_of_a_card_is_unsure(old: Item, question: str, answer: str) -> None:
    """It may be the same card or not: it has no key, and the old one waits."""
    found = edited(old, question=question, answer=answer)
    assert key(found, question) == ""
    (change,) = found.changes
    assert change.kind is ChangeKind.UNSURE
    assert [entry.key for entry in change.candidates] == [KEYS[old.question]]


def test_something_else_in_the_place_of_a_card_is_new() -> None:
    """And the old one retires."""
    found = edited(DROPOUT, question="What is beam search?", answer="Keep the k best sequences")
    assert told(found) == ["new What is beam search?", f"retired {KEYS[DROPOUT.question]}"]


def test_short_questions_with_other_words_are_two() -> None:
    """Precision is not recall, however alike the sentences are."""
    one = replace(DROPOUT, question="What is precision?", answer="TP / (TP + FP)")
    other = replace(DROPOUT, question="What is recall?", answer="Of the positives, those found")
    ledger = renewed(identify(bank_of([one]), Ledger()))
    assert [change.kind for change in after(other, ledger=ledger).changes] == ["new", "retired"]


def test_a_copy_is_new_and_the_original_keeps_its_key() -> None:
    """Wherever the copy stands."""
    copy = replace(DROPOUT, question="Why does dropout work?")
    for items in ((copy, *BANK), (*BANK, copy)):
        found = after(*items)
        assert told(found) == ["new Why does dropout work?"]
        assert key(found, DROPOUT.question) == KEYS[DROPOUT.question]


def test_two_cards_that_may_both_be_the_old_one_are_unsure() -> None:
    """Nobody can say which of them it is."""
    one, other = (
        replace(DROPOUT, question=f"Dropout in {place} layers?") for place in ("conv", "last")
    )
    found = after(one, other, *BANK[1:])
    assert [change.kind for change in found.changes] == ["unsure", "unsure"]
    assert {e.key for change in found.changes for e in change.candidates} == {
        KEYS[DROPOUT.question]
    }


def test_an_unsure_card_may_get_a_key_as_a_new_one() -> None:
    """It is none of the ledger's and none of the bank's."""
    found = edited(POOL, question="Implement Max-Pooling!", answer="def other():\n    return 1")
    (change,) = found.changes
    assert change.card
    new = new_key(found.bank, LEDGER, change.card)
    assert new.startswith("deep/implement-max-pooling-")
    found = edited(LOSS, question="L1 vs L2 regularization?")
    assert found.changes[0].kind is ChangeKind.REWORDED


# ── explicit ids ─────────────────────────────────────────────────────────────────────────────────


def test_an_id_keeps_the_key_whatever_else_changes() -> None:
    """All of the card may be written anew."""
    named = replace(CODE, identifier="soft")
    ledger = renewed(identify(bank_of([named, *BANK[:2]]), Ledger()))
    new = replace(named, question="Anything", answer="def f():\n    pass", section="Elsewhere")
    found = after(new, *BANK[:2], ledger=ledger)
    assert key(found, "Anything") == "deep/soft"


def test_an_id_that_is_added_later_is_another_name() -> None:
    """The key stays, and from then on the id finds it."""
    named = replace(CODE, identifier="soft")
    found = after(*BANK[:2], named, POOL, TREES)
    assert not found.changes
    assert key(found, CODE.question) == KEYS[CODE.question]
    ledger = renewed(found, LEDGER)
    new = replace(named, question="Anything", answer="def f():\n    pass")
    assert key(after(*BANK[:2], new, POOL, TREES, ledger=ledger), "Anything") == KEYS[CODE.question]


def test_an_id_may_name_an_old_key() -> None:
    """That is how an author ties a new text to an old card."""
    new = replace(POOL, question="Anything", answer="def f():\n    pass",
                  identifier="implement-max-pooling")  # fmt: skip
    found = after(*BANK[:3], new, TREES)
    assert key(found, "Anything") == KEYS[POOL.question]


def test_an_id_takes_no_key_from_a_card_that_is_there() -> None:
    """An id and a question that spell the same are two things."""
    new = replace(POOL, question="Anything", answer="def f():\n    pass",
                  identifier="implement-softmax")  # fmt: skip
    found = after(*BANK, new)
    assert key(found, CODE.question) == KEYS[CODE.question]
    assert key(found, "Anything").startswith("deep/implement-softmax-")


# ── several of one question ──────────────────────────────────────────────────────────────────────


def test_of_two_decks_that_ask_the_same_each_keeps_its_own() -> None:
    """Also when their titles move on by one."""
    twin = replace(DROPOUT, answer="Something that another deck says of it", file="b.md", title="B")
    ledger = renewed(identify(bank_of([DROPOUT, twin]), Ledger()))
    found = after(replace(DROPOUT, title="B"), replace(twin, title="C"), ledger=ledger)
    assert [card.key for card in found.bank.cards()] == [
        "deep/what-is-dropout", "b/what-is-dropout",
    ]  # fmt: skip


def test_a_question_of_another_deck_does_not_come_back_with_another_answer() -> None:
    """One word may mean two things in two subjects."""
    ledger = renewed(after(*BANK[1:]), LEDGER)
    new = replace(DROPOUT, answer="A pupil who leaves school", file="b.md", title="Pedagogy")
    found = after(*BANK[1:4], new, ledger=ledger)
    assert key(found, DROPOUT.question) == ""


def test_of_two_that_ask_the_same_the_old_one_stays() -> None:
    """Wherever the other one was put."""
    other = replace(DROPOUT, file="0.md", answer="Something else")
    found = after(other, *BANK)
    (duplicate,) = found.duplicates
    assert (duplicate.card.place.file, duplicate.first.place.file) == ("0.md", "a.md")
    assert not found.changes


def test_a_new_key_is_never_one_of_the_ledger() -> None:
    """Not even where the slug is the same."""
    new = replace(DROPOUT, question="What is dropout!?", answer="Another text, on something else")
    ledger = renewed(after(*BANK[1:]), LEDGER)
    twice = after(*BANK, new, ledger=ledger)
    assert key(twice, DROPOUT.question) == KEYS[DROPOUT.question]
    assert key(twice, new.question).startswith("deep/what-is-dropout-")
    assert not after(*BANK, new, ledger=renewed(twice, ledger)).duplicates
