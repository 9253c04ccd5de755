"""What changed since the last build, on one screen; and how a person settles what is unsure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from builder import build, files, history, rules
from builder.assemble import assemble
from builder.identity import Identified, identify, new_key
from builder.ledger import digest, noted
from builder.model import (
    Bank,
    CannotRunError,
    Card,
    ChangesReport,
    Deck,
    Ledger,
)
from builder.parse import parse
from builder.scene import scene
from builder.settings import Settings
from builder.source import Source

_NEARLY_ALL = 0.9
_FEW = 10


def changes(settings: Settings) -> ChangesReport:
    """Return what the next import would do, were the notes built as they are. Runs nothing."""
    from builder.export.apkg import note_types

    past, found, sources, notes = _found(settings)
    remarks = rules.on_reading(sources, found.bank, found.duplicates)
    diagnostics = rules.ordered([*remarks, *rules.on_changes(found.changes)])
    known = {stamp.note_type: stamp.digest for stamp in past.ledger.stamps}
    changed = {change.card.place for change in found.changes if change.card}
    cards = list(found.bank.cards())
    stage, _ = scene(found.bank, notes, settings.vault)
    updated = _updated(found.bank, past.ledger, stage.besides(found.bank))
    styles = note_types(settings.looks.css)
    return ChangesReport(
        changes=found.changes,
        unchanged=sum(card.place not in changed for card in cards),
        looks=tuple(name for name, style in styles.items() if known.get(name, style) != style),
        everything=len(cards) >= _FEW and updated >= _NEARLY_ALL * len(cards),
        diagnostics=diagnostics,
        excerpts=build.excerpts(sources, diagnostics),
    )


def _updated(bank: Bank, ledger: Ledger, besides: Mapping[str, Collection[str]]) -> int:
    """Return how many notes the next import updates, whatever it is that changed about them.

    Nothing is run here, so either outcome of a verification counts as the last one.
    """
    known = {entry.key: entry.digest for entry in ledger.entries}
    return sum(
        known[card.key]
        not in {
            digest(card, deck, verified, besides.get(card.key, ())) for verified in (True, False)
        }
        for deck in bank.decks
        for card in deck.cards
        if card.key in known
    )


def settle(settings: Settings, old: str | None, new: str) -> str:
    """Note in the ledger that the card `new` is the one with the key `old`, or a new one (None).

    `new` is a question, or `FILE:LINE` of one. Returns a line that says what was noted. Raises
    CannotRunError where nobody can tell which card is meant.
    """
    from builder.export.apkg import guid

    past, found, _, _ = _found(settings)
    deck, card = _meant(found, new)
    entries = {entry.key: entry for entry in past.ledger.entries}
    if old is None:
        key = card.key or new_key(found.bank, past.ledger, card)
        fresh = entries.get(key) or noted(past.ledger, key, guid(key), card, deck, settings.now)
        told = f"{fresh.key} is a new card"
    else:
        before = entries.get(old)
        if before is None:
            raise CannotRunError(
                f"the ledger has no card {old!r}: `proofdeck diff` lists candidates"
            )
        if before.kind != card.kind:
            raise CannotRunError(
                f"{old!r} is a {before.kind} card and {new!r} a {card.kind} card, and Anki changes "
                "no note's type: `--new` gives it a history of its own"
            )
        if card.key and card.key in entries and card.key != old:
            raise CannotRunError(f"{new!r} is the card {card.key!r} already")
        fresh = replace(
            before, question=card.question, deck=deck.title, file=deck.file, section=card.section,
            identifier=card.identifier, retired=0,
        )  # fmt: skip
        told = f"{old} now asks {' '.join(card.question.split())!r}"
    entries[fresh.key] = fresh
    past.keep(Ledger(tuple(entries[key] for key in sorted(entries)), past.ledger.stamps))
    return f"{past.place.name}: {told}"


def _found(
    settings: Settings,
) -> tuple[history.History, Identified, list[Source], Sequence[files.Found]]:
    notes = files.find(settings.paths)
    sources, _ = build.read(notes)
    past = history.read(settings.paths)
    bank = assemble(parse(source) for source in sources)
    return past, identify(bank, past.ledger, past.gone), sources, notes


def _meant(found: Identified, new: str) -> tuple[Deck, Card]:
    cards = [(deck, card) for deck in found.bank.decks for card in deck.cards]
    meant = [one for one in cards if _answers_to(one[1], new)]
    if len(meant) == 1:
        return meant[0]
    what = "no card" if not meant else f"{len(meant)} cards: {_listed(card for _, card in meant)}"
    raise CannotRunError(f"{new!r} means {what}; name one by FILE:LINE of its question")


def _answers_to(card: Card, name: str) -> bool:
    place = card.question_place
    same = " ".join(card.question.split()).casefold() == " ".join(name.split()).casefold()
    return same or name == f"{place.file}:{place.line}"


def _listed(cards: Iterable[Card]) -> str:
    return ", ".join(f"{card.place.file}:{card.question_place.line}" for card in cards)
