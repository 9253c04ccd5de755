"""Taking over a deck that was made elsewhere: its notes' GUIDs go into the ledger.

Anki knows a note by its GUID alone. So a card that takes over the GUID of the note that somebody
has learned keeps its history, once the note has our note type: Anki does not change that itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builder import build, files, history
from builder.adopt import package as packages
from builder.adopt.package import Note
from builder.adopt.recognise import Recognised, plain, recognise
from builder.assemble import assemble
from builder.identity import identify
from builder.ledger import noted
from builder.model import Bank, CannotRunError, Card, Deck, Ledger
from builder.parse import parse
from builder.report.plain import harmless
from builder.settings import Settings

Pair = tuple[Card, Note]

_SHOWN = 20  # lines of a list
_LONGEST = 80  # characters of a question

_STEPS = """\
The history waits for one thing that only a person can do in Anki, since an import never changes a
note's type:
  1. `proofdeck build`, and import the deck as usual, "Merge note types" switched off: it would make
     every card twice. Anki says that these notes "were not imported, because their note type has
     changed". That is right; our note types have arrived.
  2. In Browse search for each line below, one after the other: select all, choose Notes > Change
     Note Type, then the type that stands above the line. Keep what Anki proposes, and save.
  3. Import the same deck again, this once with "Update notes: Always"; then set it back to
     "If newer". Schedule, reviews, flags and the cards' decks stay as they were; text and tags
     are ours now. The next sync is a full one: upload from this computer.
"""


@dataclass(frozen=True, slots=True)
class _Found:
    """What became of the cards: those with a note, and those that are left alone.

    `known` have the GUID of their note already; `built` have one of their own, from an earlier
    build; `unsure` have no key.
    """

    known: tuple[Pair, ...]
    built: tuple[Pair, ...]
    new: tuple[Pair, ...]
    unsure: tuple[Card, ...]
    recognised: Recognised


def adopt(settings: Settings, package: str, *, force: bool) -> str:
    """Give the cards of the notes that `settings` name the GUIDs of the Anki package at `package`.

    Only cards are changed that were never built; with `force`, all that are recognised. Returns
    what was done, in lines for people. Raises CannotRunError where a file cannot be read.
    """
    name = files.shown(Path(package))
    notes = packages.read(_content(package, name), name)
    past = history.read(settings.paths)
    sources, _ = build.read(files.find(settings.paths))
    bank = identify(assemble(map(parse, sources)), past.ledger, past.gone).bank

    found = _found(bank, past.ledger, notes)
    pairs = (*found.new, *(found.built + found.known if force else ()))
    if pairs:
        past.keep(_adopted(past.ledger, bank, pairs, settings.now))
    head = f"{past.place.name}: adopted {len(pairs)} of {sum(1 for _ in bank.cards())} questions"
    lines = [f"{head} from {name}", *_told(found, force=force), *_steps(pairs)]
    return "\n".join(map(harmless, lines))


def _content(package: str, name: str) -> bytes:
    try:
        return files.read(files.Found(Path(package), name, named=True), packages.LARGEST)
    except files.FileError as error:
        raise CannotRunError(f"{name}: {str(error).removeprefix(f'{name}: ')}") from error


def _found(bank: Bank, ledger: Ledger, notes: Sequence[Note]) -> _Found:
    keys = {entry.guid: entry.key for entry in ledger.entries}
    by_key = {keys[note.guid]: note for note in notes if note.guid in keys}
    cards = [card for card in bank.cards() if card.key]
    free = {card.key for card in cards if card.key not in by_key}
    recognised = recognise(
        Bank(tuple(_those(deck, free) for deck in bank.decks)),
        [note for note in notes if note.guid not in keys],
    )
    built = {entry.key for entry in ledger.entries if entry.digest}
    # What has a history of its own lacks none.
    missing = tuple(one for one in recognised.missing if one[0].key not in built)
    return _Found(
        tuple((card, by_key[card.key]) for card in cards if card.key in by_key),
        tuple(pair for pair in recognised.pairs if pair[0].key in built),
        tuple(pair for pair in recognised.pairs if pair[0].key not in built),
        tuple(card for card in bank.cards() if not card.key),
        replace(recognised, missing=missing),
    )


def _those(deck: Deck, keys: Collection[str]) -> Deck:
    return replace(deck, cards=tuple(card for card in deck.cards if card.key in keys))


def _adopted(ledger: Ledger, bank: Bank, pairs: Iterable[tuple[Card, Note]], now: int) -> Ledger:
    """Return the ledger with the GUIDs of `pairs`; the next build stamps these cards.

    A time that an earlier build gave stays as the least that the next one is above.
    """
    entries = {entry.key: entry for entry in ledger.entries}
    decks = {card.key: deck for deck in bank.decks for card in deck.cards}
    last = max(ledger.entries, key=lambda entry: entry.note_id, default=None)
    for card, note in pairs:
        before = entries.get(card.key)
        if before is None:
            numbers = Ledger((last,) if last else ())
            before = last = noted(numbers, card.key, note.guid, card, decks[card.key], now)
        entries[card.key] = replace(before, guid=note.guid, digest="")
    return Ledger(tuple(entries[key] for key in sorted(entries)), ledger.stamps)


# ── what is told ─────────────────────────────────────────────────────────────────────────────────


def _told(found: _Found, *, force: bool) -> Iterator[str]:
    if found.known and not force:
        yield f"{_count(len(found.known), 'question')} had been adopted before"
    yield from _list("worded otherwise, but surely the same:", map(_was, found.recognised.reworded))
    yield from _list("not recognised:", map(_missing, found.recognised.missing))
    yield from _list(
        "recognised, but built before under a name of its own, so left alone (--force adopts "
        "those as well; what was learned under their own names is lost then):",
        (_short(card.question) for card, _ in (() if force else found.built)),
    )
    yield from _list(
        "left alone, because they may be earlier cards (`proofdeck diff` tells which ones):",
        (_short(card.question) for card in found.unsure),
    )
    yield from _list(
        "notes that no question matched:", (_asks(note) for note in found.recognised.unmatched)
    )


def _was(pair: Pair) -> str:
    card, note = pair
    return f"{_short(card.question)} (was: {_asks(note)})"


def _missing(missing: tuple[Card, Note | None]) -> str:
    card, near = missing
    question = _short(card.question)
    return f"{question} (nearest note: {_asks(near)})" if near else question


def _asks(note: Note) -> str:
    return _short(plain(note.fields[0])) or f"nid:{note.number}"


def _short(text: str) -> str:
    line = " ".join(text[: 10 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _list(head: str, found: Iterable[str]) -> Iterator[str]:
    lines = list(found)
    if lines:
        yield head
        yield from (f"  - {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more"


def _steps(pairs: Iterable[Pair]) -> Iterator[str]:
    """Yield what is to be done in Anki, where notes have another note type than ours."""
    searches = _searches(pairs)
    if searches:
        yield from ("", *_STEPS.splitlines())
    for name in sorted({name for name, _ in searches}):
        yield f"{name}:"
        for numbers in (searches[other] for other in searches if other[0] == name):
            yield f"  nid:{','.join(map(str, sorted(numbers)))}"


def _searches(pairs: Iterable[Pair]) -> Mapping[tuple[str, int], Sequence[int]]:
    """Return the notes of other types than ours, by the type that they need and their own.

    Anki changes notes of one type at a time.
    """
    from builder.export.cards import CLOZE, CODE, QUESTION

    kinds = {"cloze": CLOZE, "code": CODE, "question": QUESTION}
    found: dict[tuple[str, int], list[int]] = {}
    for card, note in pairs:
        kind = kinds[card.kind]
        if note.note_type != kind.id:
            found.setdefault((kind.name, note.note_type), []).append(note.number)
    return found
