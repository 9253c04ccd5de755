"""The sure part of matching: explicit ids and questions that are still the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import TypeVar

from builder.identity import keys
from builder.identity.asked import Asked, answered, deck_slug, folded
from builder.identity.evidence import likeness
from builder.model import Entry

Thing = TypeVar("Thing")

# Questions that so many decks ask are matched by all that is known of them.
_MOST = 400

# From here on two answers have more in common than the words that all answers have.
_ALIKE = 0.5


class Known:
    """The entries that cards may descend from, and their texts as they are compared."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = sorted(entries, key=lambda entry: (entry.file, entry.note_id, entry.key))
        self.question = {entry.key: folded(entry.question) for entry in entries}
        self.answer = {
            entry.key: answered(entry.kind, entry.question, entry.answer) for entry in entries
        }
        self.deck = {entry.key: deck_slug(entry.deck) for entry in entries}
        self._asking: defaultdict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            self._asking[self.question[entry.key]].append(entry)

    def nearness(self, one: Asked) -> int:
        """Return how much of a card stands where an entry of its question had it."""
        return max(
            (
                4 * (self.answer[entry.key] == one.answer)
                + 2 * (entry.file == one.file)
                + (entry.section == one.card.section)
                for entry in self._asking[one.question]
                if self.deck[entry.key] == one.deck and entry.kind == one.card.kind
            ),
            default=0,
        )

    def of_another_kind(self, one: Asked, taken: Collection[str]) -> Entry | None:
        """Return the entry that a new card was before it became one of another kind, if any.

        It asks the same, or has its id, and its card is not there any more: its key is not `taken`.
        """
        named = one.card.identifier
        alike = [entry for entry in self.entries if named and entry.identifier == named]
        for entry in (*self._asking[one.question], *alike):
            here = self.deck[entry.key] == one.deck and entry.key not in taken
            if here and not entry.retired and entry.kind != one.card.kind:
                return entry
        return None


class Table:
    """Who is matched, and who is still free, in the order of their places."""

    def __init__(self, asked: Sequence[Asked], known: Known) -> None:
        self.known = known
        self.asked = asked
        self.pairs: dict[int, Entry] = {}
        self._open = {one.number: one for one in asked}
        self._free = {entry.key: entry for entry in known.entries}

    @property
    def open(self) -> list[Asked]:
        """The cards without an entry."""
        return list(self._open.values())

    @property
    def free(self) -> list[Entry]:
        """The entries without a card."""
        return list(self._free.values())

    def is_free(self, entry: Entry) -> bool:
        """Tell whether no card has this entry."""
        return entry.key in self._free

    def take(self, one: Asked, entry: Entry) -> None:
        """Match a card with an entry, for good."""
        del self._open[one.number], self._free[entry.key]
        self.pairs[one.number] = entry


def match_exactly(table: Table) -> None:
    """Match whoever has the explicit id or the question of an entry.

    Only cards of one kind are ever matched: Anki does not change a note's type at an import.
    """
    known = table.known
    _by_identifier(table)
    _by_name(table)
    # The more is the same the earlier: two decks may ask the same and change their titles.
    _alone(
        table,
        lambda one: (one.question, one.answer, one.file, one.deck),
        lambda key, entry: (known.question[key], known.answer[key], entry.file, known.deck[key]),
    )
    _alone(
        table,
        lambda one: (one.question, one.answer, one.file),
        lambda key, entry: (known.question[key], known.answer[key], entry.file),
    )
    _alone(
        table,
        lambda one: (one.question, one.answer, one.deck),
        lambda key, _: (known.question[key], known.answer[key], known.deck[key]),
    )
    _within_decks(table)
    _over_decks(table)


def _by_identifier(table: Table) -> None:
    deck = table.known.deck
    found = _grouped(table.free, lambda entry: (deck[entry.key], entry.identifier, entry.kind))
    for one in table.open:
        entries = found.get((one.deck, one.card.identifier, one.card.kind), [])
        if one.card.identifier and entries:
            table.take(one, max(entries, key=lambda entry: _rank(table.known, one, entry)))


def _by_name(table: Table) -> None:
    """Match an id that spells an entry's key, unless that entry's own card is still there."""
    asking = _grouped(table.open, lambda one: (one.deck, one.question))
    answering = _grouped(table.open, lambda one: one.answer)
    by_name = _grouped(
        table.free,
        lambda entry: (table.known.deck[entry.key], keys.last_part(entry.key), entry.kind),
    )
    for one in [one for one in table.open if one.card.identifier]:
        for entry in by_name.get((one.deck, keys.named(one), one.card.kind), []):
            others = [
                *asking.get((one.deck, table.known.question[entry.key]), []),
                *answering.get(table.known.answer[entry.key], []),
            ]
            if table.is_free(entry) and (not others or one in others):
                table.take(one, entry)
                break


def _alone(
    table: Table,
    of_card: Callable[[Asked], Hashable],
    of_entry: Callable[[str, Entry], Hashable],
) -> None:
    """Match a card and an entry that are the only ones with the same traits.

    An entry of a card that left the bank counts only where there is no other.
    """
    cards = _grouped(table.open, lambda one: (one.card.kind, of_card(one)))
    entries = _grouped(table.free, lambda entry: (entry.kind, of_entry(entry.key, entry)))
    for traits, group in cards.items():
        found = entries.get(traits, [])
        found = [entry for entry in found if not entry.retired] or found
        if len(group) == len(found) == 1:
            table.take(group[0], found[0])


def _within_decks(table: Table) -> None:
    known = table.known
    cards = _grouped(table.open, lambda one: (one.deck, one.question, one.card.kind))
    entries = _grouped(
        table.free, lambda entry: (known.deck[entry.key], known.question[entry.key], entry.kind)
    )
    for traits, group in cards.items():
        ranked = sorted(
            (
                (_rank(known, one, entry), one, entry)
                for one in group
                for entry in entries.get(traits, [])
            ),
            key=lambda pair: pair[0],
            reverse=True,
        )
        taken: set[str] = set()
        for _, one, entry in ranked:
            if one.number not in table.pairs and entry.key not in taken:
                taken.add(entry.key)
                table.take(one, entry)


def _over_decks(table: Table) -> None:
    """Match a question that went to another deck, where its answer or its file goes with it."""
    known = table.known
    cards = _grouped(table.open, lambda one: (one.question, one.card.kind))
    entries = _grouped(table.free, lambda entry: (known.question[entry.key], entry.kind))
    for traits, group in cards.items():
        found = entries.get(traits, [])
        if len(group) * len(found) > _MOST:
            continue
        ranks = {(one.number, e.key): _rank(known, one, e) for one in group for e in found}
        for one in group:
            for entry in found:
                rank = ranks[one.number, entry.key]
                rivals = [
                    other
                    for (number, key), other in ranks.items()
                    if (number == one.number) != (key == entry.key)
                ]
                near = entry.file == one.file or rank[0] >= _ALIKE
                if near and all(rank > other for other in rivals):
                    table.take(one, entry)
                    break


def _rank(known: Known, one: Asked, entry: Entry) -> tuple[float, bool, bool, bool, bool]:
    """Return how well two fit that ask the same; the best one is the greatest."""
    answer = known.answer[entry.key]
    alike = 1.0 if answer == one.answer else round(likeness(one.answer, answer), 1) * 0.99
    return (
        alike,
        entry.file == one.file,
        entry.section == one.card.section,
        known.deck[entry.key] == one.deck,
        not entry.retired,
    )


def _grouped(
    things: Iterable[Thing], trait: Callable[[Thing], Hashable]
) -> dict[Hashable, list[Thing]]:
    groups: defaultdict[Hashable, list[Thing]] = defaultdict(list)
    for thing in things:
        groups[trait(thing)].append(thing)
    return groups
