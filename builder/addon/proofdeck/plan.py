"""What an update has to do besides the import: which notes retire, which ones return. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Held:
    """A note of ours in the collection: its cards' ids, and which of them are suspended."""

    id: int
    guid: str
    mod: int
    cards: tuple[int, ...] = ()
    suspended: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The notes to retire and the notes that are back.

    `retired` is what is to be remembered: by the id of each retired note the cards that we
    suspended. `doubtful` tells that so many would retire that somebody should be asked, and
    `idle` that the collection already is as the package says.
    """

    retiring: tuple[Held, ...]
    returning: tuple[Held, ...]
    suspend: tuple[int, ...]
    unsuspend: tuple[int, ...]
    retired: Mapping[int, tuple[int, ...]]
    doubtful: bool
    idle: bool


def plan(
    inside: Mapping[str, int],
    held: Iterable[Held],
    known: Collection[str],
    retired: Mapping[int, tuple[int, ...]],
    newer_types: bool = False,  # noqa: FBT001, FBT002 # one fact beside four
) -> Plan:
    """Return the plan for a package with the notes `inside`, which maps GUIDs to times of change.

    `held` are the collection's notes of our note types, `known` the GUIDs that earlier updates of
    this package brought, `retired` the notes that updates retired with the cards they suspended.
    A note that was retired once is left alone afterwards: the learner may have taken it up again.
    """
    notes = {note.guid: note for note in held}
    ours = [note for guid, note in notes.items() if guid in known]
    retiring = [note for note in ours if note.guid not in inside and note.id not in retired]
    returning = [note for note in notes.values() if note.guid in inside and note.id in retired]
    suspend = {note.id: _without(note.cards, note.suspended) for note in retiring}
    back = {note.id for note in returning}
    alive = {note.id for note in notes.values()}
    remembered = {number: cards for number, cards in retired.items() if number in alive - back}
    current = all(guid in notes and notes[guid].mod >= mod for guid, mod in inside.items())
    return Plan(
        retiring=tuple(retiring),
        returning=tuple(returning),
        suspend=tuple(card for cards in suspend.values() for card in cards),
        unsuspend=tuple(
            card for note in returning for card in retired[note.id] if card in note.suspended
        ),
        retired={**remembered, **suspend},
        doubtful=len(retiring) >= 5 and 2 * len(retiring) > len(ours),
        idle=current and not (retiring or returning or newer_types),
    )


def _without(cards: Iterable[int], others: Collection[int]) -> tuple[int, ...]:
    return tuple(card for card in cards if card not in others)
