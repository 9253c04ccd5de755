"""Names for cards that are new, and the cards that ask what another one asks already."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from builder.identity.asked import Asked
from builder.model import Card, Duplicate
from builder.names import slug


def meaning(card: Card) -> str:
    """Return what makes two cards one: an explicit id, else the question without its looks."""
    if card.identifier:
        return f"id: {card.identifier}"
    return " ".join(card.question.split()).casefold()


def without_duplicates(
    asked: Sequence[Asked], preference: Callable[[Asked], int]
) -> tuple[list[Asked], list[Duplicate]]:
    """Return the cards that stay, and those that ask the same as one of them, in their order.

    Of those that ask the same the one with the highest preference stays, or the first of these.
    """
    groups: defaultdict[tuple[str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        groups[one.plain, meaning(one.card)].append(one)
    stays = {
        key: group[0] if len(group) == 1 else max(group, key=preference)
        for key, group in groups.items()
    }
    kept, duplicates = [], []
    for one in asked:
        first = stays[one.plain, meaning(one.card)]
        if one is first:
            kept.append(one)
        else:
            duplicates.append(Duplicate(one.card, first.card))
    return kept, duplicates


def fresh(
    new: Iterable[Asked], pending: Iterable[Asked], taken: Collection[str]
) -> Mapping[int, str]:
    """Return a key for each card of `new`, by its number; none of them is `taken`.

    A key is the deck's slug and that of the id or the question. A hash of what is asked is added
    where the slug does not tell all of it, so that two branches never give one key to two cards;
    where several ask different things under one slug (those that are `pending` count as well); and
    where the key is taken. So the order of the cards does not matter.
    """
    new = sorted(new, key=lambda one: (one.plain, meaning(one.card)))
    meanings: defaultdict[str, set[str]] = defaultdict(set)
    for one in (*new, *pending):
        meanings[one.plain].add(meaning(one.card))
    given: dict[str, int] = {}
    for one in new:
        alone = one.telling and len(meanings[one.plain]) == 1
        names = _names(one, alone=alone)
        given[next(name for name in names if name not in taken and name not in given)] = one.number
    return {number: key for key, number in given.items()}


def last_part(key: str) -> str:
    """Return a key without its deck."""
    return key.rpartition("/")[2]


def named(one: Asked) -> str:
    """Return the last part of the key that the card's explicit id stands for."""
    return slug(one.card.identifier)


def _names(one: Asked, *, alone: bool) -> Iterable[str]:
    meant = meaning(one.card)
    if alone:
        yield one.plain
    # A card that became one of another kind is another note to Anki, on any branch.
    hashed = meant if one.card.kind == "question" else f"{one.card.kind}: {meant}"
    yield f"{one.plain}-{_hash(hashed)}"
    yield from (f"{one.plain}-{_hash(f'{number}: {hashed}')}" for number in itertools.count(2))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
