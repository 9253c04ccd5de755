"""How much speaks for a card and an entry being the same: words, letters, answers, places."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple, TypeVar

from builder.model import Kind

Piece = TypeVar("Piece", str, tuple[str, str])

_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"\w+|[^\w\s]")

# Words that a question may gain or lose and still ask the same.
_SMALLS = """a an and are as at be briefly by can could define describe difference differences do
    does explain for give how idea implement in is it its main me meaning of on please purpose
    show tell that the their there these this to using versus vs was we were what which will with
    words would write you your between"""
_SMALL = frozenset(_SMALLS.split())

# An answer that is shorter (in characters) may well answer two questions.
_WEIGHTY = 24
_LONGEST = 500
# Questions are at least so much alike if one or two letters differ.
_SLIP = 0.6
# All of the place is the same, or all but the deck.
_THERE = 0.9
# A cloze is its own answer: one that is so much alike, in the same place, was mended.
_MENDED = 0.8


class Level(IntEnum):
    """What the evidence is good for."""

    NOTHING = 0
    MAYBE = 1
    SURE = 2


class Wording(IntEnum):
    """How the words of two questions differ, small ones left out."""

    OTHER = 0
    TYPO = 1
    ORDER = 2
    SAME = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What a card or an entry looks like.

    `names` are its explicit id and the last part of its key; `before` and `after` are the keys of
    the nearest entries around it that are matched already.
    """

    kind: Kind
    question: str
    answer: str
    words: tuple[str, ...]
    tokens: frozenset[str]
    deck: str
    file: str
    section: str
    identifier: str
    names: frozenset[str]
    before: str
    after: str
    live: bool = True


class Weight(NamedTuple):
    """The evidence for one pair: what it is good for, a score for comparing, and the parts."""

    level: Level
    score: float
    question: float
    answer: float


@lru_cache(maxsize=20_000)
def words(question: str) -> tuple[str, ...]:
    """Return the words that make a question, without endings; all of them if all are small."""
    found = _WORD.findall(question)
    telling = [word for word in found if not _is_small(word)]
    return tuple(_stem(word) for word in telling or found)


def tokens(answer: str) -> frozenset[str]:
    """Return the words of an answer, without those that are a sign only."""
    return frozenset(word.casefold() for word in _WORD.findall(answer[: 8 * _LONGEST]))


@lru_cache(maxsize=20_000)
def grams(question: str) -> frozenset[str]:
    """Return all pieces of three letters of the words of a question."""
    text = f" {' '.join(words(question))} "
    return frozenset(text[at : at + 3] for at in range(len(text) - 2))


def weigh(card: Look, entry: Look, known: Mapping[str, int]) -> Weight:
    """Return the evidence for `card` being the card of `entry`.

    `known` counts the words of all questions: a typing error is no word that others use. Nothing
    speaks for two of different kinds: Anki does not change a note's type at an import.
    """
    if card.kind != entry.kind:
        return Weight(Level.NOTHING, 0.0, 0.0, 0.0)
    asks = _asks(card.question, entry.question)
    alike = likeness(card.answer, entry.answer)
    wording = _wording(card, entry, known)
    place = _place(card, entry)
    level = _level(card, entry, wording, asks, alike, place)
    score = 0.45 * asks + 0.4 * alike + 0.15 * place
    if card.names & entry.names:
        score += 0.3
        level = Level.SURE if asks + alike > 0.6 else Level.MAYBE
    elif card.identifier and entry.identifier:
        level = min(level, Level.MAYBE)  # the author says that they are two
    return Weight(level, score, asks, alike)


def likeness(one: str, other: str) -> float:
    """Return how alike two answers are: 1 for the same, near 0 for nothing in common."""
    if one == other:
        return 1.0
    (words_1, pairs_1), (words_2, pairs_2) = _bags(one), _bags(other)
    return min(0.99, (_overlap(words_1, words_2) + _overlap(pairs_1, pairs_2)) / 2)


# ── the decision ─────────────────────────────────────────────────────────────────────────────────


def _level(
    card: Look, entry: Look, wording: Wording, asks: float, alike: float, place: float
) -> Level:
    if not entry.live:
        return _level_of_retired(card, wording, asks, alike)
    if card.kind == "cloze" and alike >= _MENDED and place >= _THERE:
        return Level.SURE
    if alike == 1:
        return _level_of_same_answer(card, wording, asks, place)
    if wording is Wording.SAME:
        sure = alike >= 0.6 or (alike >= 0.35 and place >= _THERE)
        return Level.SURE if sure else Level.MAYBE
    if wording is not Wording.OTHER:
        enough = 0.95 if card.kind == "code" else 0.85
        return Level.SURE if alike >= enough else Level.MAYBE
    good = alike >= 0.7 or asks >= 0.6
    both = (asks >= 0.35 and alike >= 0.3) or (alike >= 0.5 and asks + place >= 0.7)
    there = place >= _THERE and (asks >= 0.35 or alike >= 0.4)
    return Level.MAYBE if good or both or there else Level.NOTHING


def _level_of_same_answer(card: Look, wording: Wording, asks: float, place: float) -> Level:
    weighty = len(card.answer) >= _WEIGHTY
    if wording is not Wording.OTHER or asks >= 0.5:
        return Level.SURE
    if weighty and asks >= 0.13:  # an answer may have gone to a question of its own
        return Level.SURE
    return Level.MAYBE if weighty or asks >= 0.25 or place >= 0.6 else Level.NOTHING


def _level_of_retired(card: Look, wording: Wording, asks: float, alike: float) -> Level:
    """Be slower: what left the bank may have left it long ago."""
    weighty = alike == 1 and len(card.answer) >= _WEIGHTY
    if (weighty and asks >= 0.3) or (wording is Wording.SAME and alike >= 0.85):
        return Level.SURE
    maybe = wording is not Wording.OTHER or asks >= 0.8 or (asks >= 0.5 and alike >= 0.6)
    return Level.MAYBE if weighty or maybe else Level.NOTHING


def _place(card: Look, entry: Look) -> float:
    """Return how much of the place is the same, 1 for all: neighbours, section, file, deck."""
    return (
        0.3 * (card.before == entry.before)
        + 0.3 * (card.after == entry.after)
        + 0.2 * (card.section == entry.section)
        + 0.1 * (card.file == entry.file)
        + 0.1 * (card.deck == entry.deck)
    )


# ── questions ────────────────────────────────────────────────────────────────────────────────────


def _asks(one: str, other: str) -> float:
    """Return how alike two questions are, by words and by letters."""
    if one == other:
        return 1.0
    by_word = _share(frozenset(words(one)), frozenset(words(other)))
    alike = (by_word + _share(grams(one), grams(other))) / 2
    slip = alike > 0.2 and abs(len(one) - len(other)) <= 2 and _distance(one, other) <= 2
    return max(alike, _SLIP) if slip else alike


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def _wording(card: Look, entry: Look, known: Mapping[str, int]) -> Wording:
    new, old = card.words, entry.words
    if new == old or "".join(new) == "".join(old):
        return Wording.SAME
    left_new, left_old = Counter(new) - Counter(old), Counter(old) - Counter(new)
    more, less = list(left_new.elements()), list(left_old.elements())
    if not more and not less:
        return Wording.ORDER
    if len(more) == len(less) <= 2 and all(
        _is_typo(a, b) and not (a in card.tokens and b in entry.tokens) and not _both(known, a, b)
        for a, b in zip(more, less, strict=True)
    ):
        return Wording.TYPO
    return Wording.OTHER


def _both(known: Mapping[str, int], new: str, old: str) -> bool:
    """Tell whether other questions use both words: then neither is a slip of the other."""
    return known.get(new, 0) > 0 and known.get(old, 0) > 1


@lru_cache(maxsize=20_000)
def _is_small(word: str) -> bool:
    """Tell whether a word is a small one, or a long small one with a slip."""
    near = (small for small in _SMALL if len(small) >= 6 and abs(len(small) - len(word)) <= 1)
    return word in _SMALL or any(_distance(word, small) <= 1 for small in near)


def _is_typo(one: str, other: str) -> bool:
    """Tell whether two words may be one with a slip; short ones and numbers mean what they say."""
    shorter = min(len(one), len(other))
    if shorter < 4 or not (one + other).isalpha():
        return False
    return _distance(one, other) <= (2 if shorter >= 8 else 1)


def _distance(one: str, other: str) -> int:
    """Return the number of letters that differ, two that changed places counting once."""
    two_ago: list[int] = []
    ago = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(ago[j] + 1, row[j - 1] + 1, ago[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, two_ago[j - 2] + 1)
            row.append(best)
        two_ago, ago = ago, row
    return ago[-1]


def _stem(word: str) -> str:
    """Return a word without the ending of a plural or a verb, if enough is left."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            return word.removesuffix(ending).rstrip("e")
    return word.rstrip("e") if len(word) > 4 else word


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=20_000)
def _bags(answer: str) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    found = [token.casefold() for token in _TOKEN.findall(answer)[:_LONGEST]]
    return Counter(found), Counter(itertools.pairwise(found))


def _overlap(one: Counter[Piece], other: Counter[Piece]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0
