"""What holds for every edit that an author makes, and how often a key survives."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from identity.editing import (
    EDITS,
    OFTEN,
    Fate,
    Item,
    Story,
    author,
    bank_of,
    everything,
    live,
    misspelt,
    names_of,
    renewed,
)

from builder.identity import identify
from builder.model import Bank, ChangeKind, Ledger

SCRIPTS = st.lists(st.lists(st.sampled_from(sorted(EDITS)), max_size=15), min_size=1, max_size=3)
SEEDS = st.integers(0, 10**6)
slowly = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slowly
@given(SEEDS, SCRIPTS)
def test_no_edit_gives_a_key_to_somebody_else(seed: int, script: list[list[str]]) -> None:
    """Several builds long; and after each one nothing is left to tell."""
    story, fate = Story(author(seed, cards=60)), Fate()
    for edits in script:
        for kind in edits:
            story.author.edit(kind)
        known = {entry.key for entry in story.ledger.entries}
        found = story.build(fate)
        given_away = Counter(card.key for card in found.bank.cards() if card.key)
        assert set(given_away.values()) <= {1}
        fresh = {
            card.key
            for change in found.changes
            if change.kind is ChangeKind.NEW
            for card in found.bank.cards()
            if change.card and card.place == change.card.place
        }
        assert not fresh & known
        again = identify(bank_of(story.author.items), story.ledger)
        assert again.bank == story.found.bank
        waited = {entry.key for change in found.changes for entry in change.candidates}
        assert {change.before.key for change in again.changes if change.before} <= waited
        assert not identify(bank_of(story.author.items), renewed(again, story.ledger)).changes
    assert not fate.swapped
    assert not fate.wrong


@slowly
@given(SEEDS, SCRIPTS)
def test_the_order_of_files_and_entries_changes_nothing(seed: int, script: list[list[str]]) -> None:
    """Neither a key nor a change nor a candidate."""
    story = Story(author(seed, cards=60))
    for kind in script[0]:
        story.author.edit(kind)
    items = story.author.items
    files = sorted({item.file for item in items})
    gone = {entry.file for entry in story.ledger.entries} - {*files}
    there = identify(bank_of(items, files), story.ledger, gone)
    mixed = random.Random(seed).sample(story.ledger.entries, len(story.ledger.entries))
    back = identify(bank_of(items, files[::-1]), Ledger(tuple(mixed)), gone)
    assert there.bank.decks == back.bank.decks[::-1]
    assert there.changes == back.changes


@slowly
@given(SEEDS, SCRIPTS)
def test_each_change_is_one_of_its_kind_and_in_its_place(
    seed: int, script: list[list[str]]
) -> None:
    """Each card and each entry is accounted for exactly once."""
    story = Story(author(seed, cards=60))
    for kind in script[0]:
        story.author.edit(kind)
    items = story.author.items
    gone = {entry.file for entry in story.ledger.entries} - {item.file for item in items}
    found = identify(bank_of(items), story.ledger, gone)
    places = [change.card.place for change in found.changes if change.card]
    assert places == sorted(places)
    kinds = [change.kind for change in found.changes]
    alive = len(kinds) - kinds.count(ChangeKind.RETIRED)
    assert ChangeKind.RETIRED not in kinds[:alive]
    assert len({(change.kind, change.card, change.before) for change in found.changes}) == len(
        kinds
    )
    keys = {card.key for card in found.bank.cards()}
    retired = {c.before.key for c in found.changes if c.kind is ChangeKind.RETIRED and c.before}
    waiting = {entry.key for change in found.changes for entry in change.candidates}
    assert not keys & retired
    assert not keys & waiting
    assert not retired & waiting
    live_ones = {entry.key for entry in story.ledger.entries if not entry.retired}
    assert live_ones <= keys | retired | waiting
    unsure = {change.card.place for change in found.changes
              if change.kind is ChangeKind.UNSURE and change.card}  # fmt: skip
    assert unsure == {card.place for card in found.bank.cards() if not card.key}


def test_nearly_every_key_survives() -> None:
    """Of what a person calls the same question 99 in 100 are kept or asked about, none is lost
    to another card, and hardly any new card is taken for an old one."""
    fate = Fate()
    for seed, each in enumerate((1, 3, 10, 40, 120)):
        live(240, each, seed, fate)
    edited = fate.kept + fate.unsure + len(fate.lost) + len(fate.wrong)
    assert not fate.swapped
    assert fate.kept + fate.unsure >= 0.99 * edited
    assert fate.kept >= 0.92 * edited
    assert len(fate.new_unsure) <= 0.15 * fate.new


@pytest.mark.parametrize("kind", sorted({*EDITS} & {*OFTEN}))
def test_one_kind_of_edit_alone(kind: str) -> None:
    """Many of one kind at once: none is lost, and hardly any is unsure."""
    story, fate = Story(author(7)), Fate()
    for _ in range(12):
        story.author.edit(kind)
    story.build(fate)
    assert not fate.swapped
    assert not fate.lost
    assert not fate.wrong


ASKED = [(item, other) for item in everything() for other in item.others]


@pytest.mark.parametrize(("item", "question"), ASKED, ids=[question for _, question in ASKED])
def test_other_words_for_a_question(item: Item, question: str) -> None:
    """The card is known, or asked about; so it is with a word more in its answer."""
    items = everything()
    first = identify(bank_of(items), Ledger())
    ledger = renewed(first)
    (old,) = (entry.key for entry in ledger.entries if entry.question == item.question)
    for answer in (item.answer, f"{item.answer}, mostly"):
        new = replace(item, question=question, answer=answer)
        edited = [new if one is item else one for one in items]
        found = identify(bank_of(edited), ledger)
        keys = {names_of(edited)[c.place.file, c.place.line].name: c.key
                for c in found.bank.cards()}  # fmt: skip
        offered = [entry.key for change in found.changes for entry in change.candidates]
        assert keys[item.name] == old or offered[0] == old


def test_a_great_bank_is_matched_quickly() -> None:
    """Ten thousand cards, some hundreds of them edited: seconds, not minutes."""
    chance = random.Random(1)
    words = [word for item in everything() for word in f"{item.question} {item.answer}".split()]
    items = [
        Item(number, f"{' '.join(chance.choices(words, k=6))}?",
             " ".join(chance.choices(words, k=25)), f"{number // 40}", f"{number // 500}.md", "D")
        for number in range(10_000)
    ]  # fmt: skip
    ledger = renewed(identify(bank_of(items), Ledger()))
    for at in chance.sample(range(len(items)), 300):
        items[at] = replace(items[at], question=misspelt(items[at].question, chance))
    bank: Bank = bank_of(items)
    start = time.process_time()
    found = identify(bank, ledger)
    assert time.process_time() - start < 10
    assert {change.kind for change in found.changes} <= {ChangeKind.REWORDED, ChangeKind.UNSURE}
    assert len(found.changes) >= 290
