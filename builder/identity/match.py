"""Matching cards with the entries of a ledger: the sure ones first, then the rest by evidence."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from builder.identity import keys
from builder.identity.asked import Asked
from builder.identity.evidence import Level, Look, Weight, grams, tokens, weigh, words
from builder.identity.exact import Known, Table, match_exactly
from builder.model import Entry

# A match is clear if its score is so much above that of each rival.
_CLEAR = 0.12
# A rival whose question is so much nearer speaks against an answer that is the same.
_NEARER = 0.1
# So many entries are weighed for a card, and so many of them are shown for an unsure one.
_WEIGHED = 12
_SHOWN = 5
# What more entries have in common tells nobody apart.
_COMMON = 300

Feature = tuple[str, str]
Name = TypeVar("Name", int, str)


@dataclass(frozen=True, slots=True)
class Matching:
    """The entry of each card that is sure, and the candidates of each that is unsure, by number.

    Candidates are sorted, the best one first; a card in neither is new.
    """

    pairs: Mapping[int, Entry]
    unsure: Mapping[int, tuple[Entry, ...]]


def match(asked: Sequence[Asked], known: Known) -> Matching:
    """Match the cards `asked`, in the order of their places, with the entries that are known."""
    table = Table(asked, known)
    match_exactly(table)
    if not table.open or not table.free:
        return Matching(table.pairs, {})
    edges = _Edges(table)
    while certain := edges.certain():
        for number, key in certain:
            table.take(edges.cards[number], edges.entries[key])
            edges.settle(number, key)
    return Matching(table.pairs, dict(edges.candidates()))


class _Edges:
    """The pairs of what is left over that have something in common, each with its weight."""

    def __init__(self, table: Table) -> None:
        self.cards = {one.number: one for one in table.open}
        self.entries = {entry.key: entry for entry in table.free}
        self.of_card: defaultdict[int, dict[str, Weight]] = defaultdict(dict)
        self.of_entry: defaultdict[str, dict[int, Weight]] = defaultdict(dict)
        counts = Counter(
            word for text in table.known.question.values() for word in set(words(text))
        )
        old, new = _looks_of_entries(table), _looks_of_cards(table)
        index = _Index(old)
        for number, look in new.items():
            for key in index.nearest(look):
                weight = weigh(look, old[key], counts)
                if weight.level:
                    self.of_card[number][key] = weight
                    self.of_entry[key][number] = weight

    def certain(self) -> list[tuple[int, str]]:
        """Return the pairs that are sure and have no rival on either side."""
        return [
            (number, key)
            for number, weights in self.of_card.items()
            for key, weight in weights.items()
            if weight.level is Level.SURE
            and not any(_is_rival(weight, other) for other in self._rivals(number, key))
        ]

    def _rivals(self, number: int, key: str) -> Iterator[Weight]:
        yield from (weight for other, weight in self.of_card[number].items() if other != key)
        yield from (weight for other, weight in self.of_entry[key].items() if other != number)

    def settle(self, number: int, key: str) -> None:
        """Forget a pair that was taken, and all that would share a card or an entry with it."""
        for other in self.of_card.pop(number):
            del self.of_entry[other][number]
        for one in self.of_entry.pop(key):
            del self.of_card[one][key]

    def candidates(self) -> Iterator[tuple[int, tuple[Entry, ...]]]:
        """Yield each card that may be one of some entries, and these, the best one first."""
        for number, weights in self.of_card.items():
            ranked = sorted(weights, key=lambda key: (-weights[key].score, key))
            if ranked:
                yield number, tuple(self.entries[key] for key in ranked[:_SHOWN])


def _is_rival(weight: Weight, other: Weight) -> bool:
    """Tell whether `other` may be meant just as well."""
    asks_more = other.question >= 0.3 and other.question > weight.question + _NEARER
    return other.score > weight.score - _CLEAR or asks_more


# ── what each side looks like ────────────────────────────────────────────────────────────────────


def _looks_of_cards(table: Table) -> dict[int, Look]:
    found: dict[int, Look] = {}
    around = _around(
        (one.file, one.number, entry.key if (entry := table.pairs.get(one.number)) else "")
        for one in table.asked
    )
    for one in table.open:
        card = one.card
        before, after = around[one.number]
        found[one.number] = Look(
            card.kind, one.question, one.answer, words(one.question), tokens(one.answer),
            one.deck, one.file, card.section, card.identifier,
            frozenset({card.identifier, keys.named(one)} if card.identifier else ()),
            before, after,
        )  # fmt: skip
    return found


def _looks_of_entries(table: Table) -> dict[str, Look]:
    """The order of the numbers of their notes stands for the order in their file."""
    known = table.known
    taken = {entry.key for entry in table.pairs.values()}
    around = _around(
        (entry.file, entry.key, entry.key if entry.key in taken else "") for entry in known.entries
    )
    found: dict[str, Look] = {}
    for entry in table.free:
        question, answer = known.question[entry.key], known.answer[entry.key]
        before, after = around[entry.key]
        found[entry.key] = Look(
            entry.kind, question, answer, words(question), tokens(answer),
            known.deck[entry.key], entry.file, entry.section, entry.identifier,
            frozenset({entry.identifier, keys.last_part(entry.key)} - {""}),
            before, after, live=not entry.retired,
        )  # fmt: skip
    return found


def _around(things: Iterable[tuple[str, Name, str]]) -> dict[Name, tuple[str, str]]:
    """Return the nearest matched keys before and after each thing of a file.

    A thing is its file, its name, and its key if it is matched. Where there is none, the file's
    own beginning or end stands for it.
    """
    rows = list(things)
    before: dict[Name, str] = {}
    after: dict[Name, str] = {}
    for rows_, found, edge in ((rows, before, "^"), (rows[::-1], after, "$")):
        file, last = "", edge
        for at, name, key in rows_:
            if at != file:
                file, last = at, edge + at
            found[name] = last
            last = key or last
    return {name: (before[name], after[name]) for _, name, _ in rows}


# ── who is worth weighing ────────────────────────────────────────────────────────────────────────


class _Index:
    """Finds the entries that have the rarest things in common with a card."""

    def __init__(self, looks: Mapping[str, Look]) -> None:
        self._having: defaultdict[Feature, list[str]] = defaultdict(list)
        for key, look in looks.items():
            for feature in _features(look):
                self._having[feature].append(key)
        self._all = len(looks)

    def nearest(self, look: Look) -> list[str]:
        """Return the keys of the entries that are most worth weighing, the best ones first."""
        scores: defaultdict[str, float] = defaultdict(float)
        for feature in _features(look):
            having = self._having.get(feature, ())
            if len(having) <= _COMMON:
                weight = _WEIGHTS[feature[0]] * math.log(1 + self._all / (len(having) or 1))
                for key in having:
                    scores[key] += weight
        return sorted(scores, key=lambda key: (-scores[key], key))[:_WEIGHED]


_WEIGHTS = {"word": 2.0, "gram": 0.3, "token": 0.5, "answer": 20.0, "question": 30.0,
            "name": 20.0, "before": 1.0, "after": 1.0}  # fmt: skip


def _features(look: Look) -> Iterator[Feature]:
    yield "question", look.question
    yield "answer", look.answer
    yield "before", look.before
    yield "after", look.after
    yield from (("word", word) for word in sorted(set(look.words)))
    yield from (("gram", gram) for gram in sorted(grams(look.question)))
    yield from (("token", token) for token in sorted(look.tokens))
    yield from (("name", name) for name in sorted(look.names))
