"""Cards get keys: the names under which Anki and the author know them for ever.

A card that the ledger knows keeps its key, however it was reworded or moved: by its explicit id,
its question, or all that is left of it. A card that became one of another kind is new, since Anki
changes no note's type, and the old one leaves. A new card's key is its explicit id, else its
question, below its deck. Where nobody can be sure whether a card is new, it has no key, and a
person decides. Pure.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from builder.identity import keys
from builder.identity.asked import Asked, all_asked
from builder.identity.changes import changes
from builder.identity.exact import Known
from builder.identity.match import Matching, match
from builder.model import Bank, Card, Change, ChangeKind, Duplicate, Entry, Ledger

__all__ = ["Identified", "identify", "new_key"]


NOTHING = Ledger()
"""The ledger of a bank that was never built."""


@dataclass(frozen=True, slots=True)
class Identified:
    """A bank with a key on every card that is sure, and an empty one where a match is unsure.

    `changes` are sorted by file and place, those that left the bank at the end; `duplicates` were
    left out of the bank.
    """

    bank: Bank
    changes: tuple[Change, ...]
    duplicates: tuple[Duplicate, ...]


def identify(bank: Bank, ledger: Ledger = NOTHING, gone: Collection[str] = ()) -> Identified:
    """Return `bank` with keys, what changed since `ledger` was written, and the duplicates.

    `gone` are files of the ledger that exist no longer. Entries of files that are neither in the
    bank nor gone belong to others: their keys are never given away, and they are never retired.
    A key is never given to two cards, and the order of the files changes nothing.
    """
    ours = {*gone, *(deck.file for deck in bank.decks)}
    entries = [entry for entry in ledger.entries if entry.file in ours]
    known = Known(entries)
    asked, duplicates = keys.without_duplicates(all_asked(bank), known.nearness)

    # In the order of their places, so that the order of the files does not matter.
    matching = match(sorted(asked, key=lambda one: one.card.place), known)
    open_ones = [one for one in asked if one.number not in matching.pairs]
    pending = [one for one in open_ones if one.number in matching.unsure]
    new = [one for one in open_ones if one.number not in matching.unsure]
    given = keys.fresh(new, pending, {entry.key for entry in ledger.entries})

    return Identified(
        _with_keys(bank, asked, {**{n: e.key for n, e in matching.pairs.items()}, **given}),
        (*_changes(asked, matching, known), *_retired(entries, matching)),
        tuple(duplicates),
    )


def new_key(bank: Bank, ledger: Ledger, card: Card) -> str:
    """Return the key that `card`, an unsure one of the identified `bank`, gets as a new card."""
    asked = all_asked(bank)
    pending = [one for one in asked if not one.card.key]
    taken = {entry.key for entry in ledger.entries} | {one.card.key for one in asked}
    (one,) = (one for one in pending if one.card.place == card.place)
    return keys.fresh([one], pending, taken)[one.number]


def _with_keys(bank: Bank, asked: Collection[Asked], named: Mapping[int, str]) -> Bank:
    """Return the bank of the cards `asked`, those that are `named` with their keys."""
    stay = {one.number for one in asked}
    numbers = itertools.count()
    decks = []
    for deck in bank.decks:
        cards = [
            replace(card, key=named.get(number, ""))
            for card, number in zip(deck.cards, numbers, strict=False)
            if number in stay
        ]
        decks.append(replace(deck, cards=tuple(cards)))
    return Bank(tuple(decks))


def _changes(asked: Collection[Asked], matching: Matching, known: Known) -> Iterator[Change]:
    taken = {entry.key for entry in matching.pairs.values()}
    for one in sorted(asked, key=lambda one: one.card.place):
        before = matching.pairs.get(one.number)
        candidates = matching.unsure.get(one.number)
        if before:
            yield from changes(one, before)
        elif candidates:
            yield Change(ChangeKind.UNSURE, one.card, candidates=candidates)
        else:
            yield Change(ChangeKind.NEW, one.card, known.of_another_kind(one, taken))


def _retired(entries: Collection[Entry], matching: Matching) -> Iterator[Change]:
    stay = {entry.key for entry in matching.pairs.values()}
    stay |= {entry.key for candidates in matching.unsure.values() for entry in candidates}
    for entry in sorted(entries, key=lambda entry: (entry.file, entry.note_id, entry.key)):
        if entry.key not in stay and not entry.retired:
            yield Change(ChangeKind.RETIRED, None, entry)
