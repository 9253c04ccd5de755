"""The ledger: what earlier builds made of the bank, as text for git and as a value. Pure.

`proofdeck.lock` is a header, then one JSON object a line: the note types, then the cards by key.
So a change of a card is a change of its line, and git can merge two branches by keeping the lines
of both (`merge=union`); what then stands there twice is settled on reading. Format 1 stays
readable for ever. A minor version (`1.2`) may add fields, which older readers pass over. Format 2
knows clozes; a ledger without one is still written in format 1.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from shlex import quote
from types import MappingProxyType
from typing import Any, get_args

from builder.model import (
    Bank,
    CannotRunError,
    Card,
    Code,
    Deck,
    Entry,
    Kind,
    Ledger,
    Markdown,
    Place,
    Stamp,
    Text,
)
from builder.source import Source, SourceLine

FORMAT = 2  # raised for what older readers cannot pass over: they refuse other numbers
LARGEST = 64_000_000  # bytes; no larger ledger is read

# The version of a card's looks, part of every digest. Raise it when the HTML of the fields changes
# so much that learners need it on every note. Then every note is updated at the next import, which
# replaces the learner's own tags on it. The style sheet and the templates need no new version:
# they are updated apart from the notes.
PRESENTATION = 2

# How far the numbers of two notes are apart at least: room for the numbers of their cards.
NOTE_STEP = 10

_HEADER = (
    "# proofdeck.lock {}: what the builds made of each card, so that Anki knows it again. "
    "Commit this file; only proofdeck edits it."
)
_HEADER_LINE = re.compile(r"# proofdeck\.lock ([0-9]{1,9})(?:\.[0-9]+)?(?![\w.])")
_CONFLICT = re.compile(r"(?:<{7}|\|{7}|={7}|>{7})(?:\s|$)")

# The fields of a line, in the order in which they are written.
_STAMP = ("note_type", "digest", "mod")
_ENTRY = (
    *("key", "guid", "note_id", "mod", "retired", "digest", "file", "deck", "section", "kind"),
    *("identifier", "question", "answer"),
)
_NUMBERS = {"note_id": (1, 10**14), "mod": (0, 10**11), "retired": (0, 10**11)}  # up to year 5000
_NEVER_EMPTY = frozenset({"note_type", "key", "guid"})

# What JSON leaves as it is although some programs take it for a line end, or obey it.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029]")
_HALVES = re.compile("[\ud800-\udfff]")


class LedgerError(CannotRunError):
    """A ledger cannot be used; the message is `file:line: what, and what to do`."""


# ── text to ledger ───────────────────────────────────────────────────────────────────────────────


def read(source: Source) -> Ledger:
    """Return the ledger that `source` holds.

    Of two lines for one card or note type the one with the newest `mod` counts; of those, one
    that is not retired; then the text decides. Of two cards with one note number the second gets
    a new one. So the order of the lines does not matter. Raises LedgerError for damage, for an
    unfinished merge, for a format that is not known yet, and for two cards with one GUID.
    """
    if len(source.text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise LedgerError(
            f"{source.name}:1: the ledger is larger than {LARGEST // 10**6} MB: {_restore(source)}"
        )
    lines = [line for line in source.lines if line.text.strip()]
    _refuse_conflicts(source, lines)
    _refuse_strangers(source, lines)
    stamps: dict[str, tuple[Stamp, int]] = {}
    entries: dict[str, tuple[Entry, int]] = {}
    for line in lines:
        if line.text.startswith("#"):
            continue
        match _value(source, line):
            case Stamp() as stamp:
                _settle(stamps, stamp.note_type, stamp, line.number)
            case entry:
                _settle(entries, entry.key, entry, line.number)
    _refuse_shared_guids(source, entries.values())
    kept = sorted((entry for entry, _ in entries.values()), key=lambda entry: entry.key)
    ordered = sorted((stamp for stamp, _ in stamps.values()), key=lambda stamp: stamp.note_type)
    return Ledger(tuple(_numbered(kept)), tuple(ordered))


def _restore(source: Source) -> str:
    return f"restore it with `git checkout -- {quote(source.name)}`"


def _damage(source: Source, number: int, what: str) -> LedgerError:
    return LedgerError(f"{source.name}:{number}: the ledger is damaged, {what}: {_restore(source)}")


def _refuse_conflicts(source: Source, lines: Iterable[SourceLine]) -> None:
    for line in lines:
        if _CONFLICT.match(line.text):
            raise LedgerError(
                f"{source.name}:{line.number}: a merge stopped here: remove the lines that start "
                "with `<<<<<<<`, `|||||||`, `=======` and `>>>>>>>` and keep all others, or merge "
                f"again with `{source.name.rpartition('/')[2]} merge=union` in .gitattributes"
            )


def _refuse_strangers(source: Source, lines: Sequence[SourceLine]) -> None:
    """Refuse a file without a header, and a header (a merge may leave several) of the future."""
    if not lines or not _HEADER_LINE.match(lines[0].text):
        first = lines[0].number if lines else 1
        raise _damage(source, first, "it does not start with `# proofdeck.lock 1`")
    for line in lines:
        header = _HEADER_LINE.match(line.text)
        if header and not 1 <= int(header[1]) <= FORMAT:
            raise LedgerError(
                f"{source.name}:{line.number}: the ledger has format {int(header[1])}, and this "
                f"version of proofdeck reads format {FORMAT} at most: upgrade proofdeck"
            )


def _value(source: Source, line: SourceLine) -> Entry | Stamp:
    try:
        raw = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        raise _damage(source, line.number, "this line is no JSON") from error
    if not isinstance(raw, dict):
        raise _damage(source, line.number, "this line is no JSON object")
    names = _STAMP if "note_type" in raw and "key" not in raw else _ENTRY
    for name in names:
        if wrong := _wrong(raw, name):
            raise _damage(source, line.number, f"the field `{name}` {wrong}")
    fields: dict[str, Any] = {name: raw[name] for name in names}
    if names is _STAMP:
        return Stamp(**fields)
    return Entry(**fields, markdown=raw.get("markdown") is True)


def _wrong(raw: Mapping[str, object], name: str) -> str:
    """Return what is wrong with a field, nothing if it is right."""
    if name not in raw:
        return "is missing"
    value = raw[name]
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        right = type(value) is int and least <= value <= most
        return "" if right else f"is no whole number from {least} to {most}"
    if not isinstance(value, str):
        return "is no text"
    if name == "kind" and value not in get_args(Kind):
        return "is no kind of card"
    if name in _NEVER_EMPTY and not value:
        return "is empty"
    return "holds half a character" if _HALVES.search(value) else ""


def _settle(
    found: dict[str, tuple[Any, int]], name: str, value: Entry | Stamp, number: int
) -> None:
    if name not in found or _rank(value) > _rank(found[name][0]):
        found[name] = value, number


def _rank(value: Entry | Stamp) -> tuple[int, bool, str]:
    live = isinstance(value, Stamp) or not value.retired
    return value.mod, live, _line(value)


def _refuse_shared_guids(source: Source, entries: Iterable[tuple[Entry, int]]) -> None:
    keys: dict[str, str] = {}
    for entry, number in sorted(entries, key=lambda found: found[1]):
        other = keys.setdefault(entry.guid, entry.key)
        if other != entry.key:
            what = f"the cards {other!r} and {entry.key!r} have one GUID"
            raise _damage(source, number, what)


def _numbered(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Yield `entries`, each with a note number of its own: two branches may take the same."""
    free = _free_numbers(entries, 0)
    taken: set[int] = set()
    for entry in entries:
        shared = entry.note_id in taken
        taken.add(entry.note_id)
        yield replace(entry, note_id=next(free)) if shared else entry


def _free_numbers(entries: Iterable[Entry], now: int) -> Iterator[int]:
    """Return numbers for notes, as Anki takes them: milliseconds, beyond those of `entries`."""
    last = max((entry.note_id for entry in entries), default=0)
    return count(max(now * 1000, last - last % NOTE_STEP + NOTE_STEP), NOTE_STEP)


# ── ledger to text ───────────────────────────────────────────────────────────────────────────────


def text(ledger: Ledger) -> str:
    """Return `ledger` as text: same ledger, same text. `read` gives it back."""
    stamps = sorted(ledger.stamps, key=lambda stamp: stamp.note_type)
    entries = sorted(ledger.entries, key=lambda entry: entry.key)
    header = _HEADER.format(_format(entries))
    return "\n".join((header, *map(_line, stamps), *map(_line, entries), ""))


def _format(entries: Iterable[Entry]) -> int:
    """Return the oldest format that can hold `entries`: no reader is shut out without need."""
    return FORMAT if any(entry.kind == "cloze" for entry in entries) else 1


def _line(value: Entry | Stamp) -> str:
    names = _STAMP if isinstance(value, Stamp) else _ENTRY
    fields = {name: getattr(value, name) for name in names}
    if isinstance(value, Entry) and value.markdown:
        fields["markdown"] = True
    line = json.dumps(fields, ensure_ascii=False)
    return _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", line)


# ── what a build makes of it ─────────────────────────────────────────────────────────────────────


def digest(
    card: Card,
    deck: Deck,
    verified: bool,  # noqa: FBT001 - a fact
    besides: Collection[str] = (),
) -> str:
    """Return 32 hex digits that change when the note of `card` must be updated.

    They come from the source (what is asked and answered, section, the tags of `deck`, whether
    the answer is `verified`, whether the text is Markdown, what it shows `besides`: images by
    names that come from their content, a link) and from PRESENTATION, not from the HTML: a new
    highlighter or one more test case updates no note. Texts count as Anki keeps them: composed
    (NFC), with LF.
    """
    content = (
        PRESENTATION,
        card.kind,
        _plain(card.question),
        _plain(card.answered),
        _plain(card.section),
        sorted(set(map(_plain, deck.tags))),
        verified,
        *([sorted(map(_plain, card.tags)), card.reverse] if card.tags or card.reverse else ()),
        *(["markdown"] if card.asked else ()),
        *sorted(besides),
    )
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def _plain(literal: str) -> str:
    return unicodedata.normalize("NFC", literal.replace("\r\n", "\n"))


def renewed(  # noqa: PLR0913 - all that is known of a build
    ledger: Ledger,
    bank: Bank,
    exported: Collection[str],
    verified: Mapping[str, bool],
    note_types: Mapping[str, str],
    now: int,
    *,
    guid: Callable[[str], str],
    retire: bool,
    gone: Collection[str] = (),
    besides: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> Ledger:
    """Return the ledger after a build of `bank` at the UNIX time `now` (in seconds).

    `exported` are the keys of the cards in the package, `verified` says of a key whether its
    answer was (a key that is missing was not), `besides` holds what it shows besides its text,
    `note_types` are digests by name, and `guid` names a new note by its key. A time changes only
    with its digest, and then it rises, whatever the clock says. Cards that are not exported keep
    their entries as they are.

    With `retire`, the entries of cards that are not in the bank are retired if their file is one
    of the bank's, or of `gone`: those that are no longer there. While a card of the bank has no
    key none is retired, since each may be that card.
    """
    now = max(now, 1)
    entries = {entry.key: entry for entry in ledger.entries}
    numbers = _free_numbers(ledger.entries, now)
    shown = frozenset(exported)
    for deck in bank.decks:
        for card in deck.cards:
            if card.key in shown:
                before = entries.get(card.key) or _new(guid(card.key), next(numbers))
                known = verified.get(card.key, False)
                found = digest(card, deck, known, besides.get(card.key, ()))
                entries[card.key] = _entry(card, deck, before, found, now)
    files = {*gone, *(deck.file for deck in bank.decks)} if retire else set()
    entries |= {entry.key: replace(entry, retired=now) for entry in _left(ledger, bank, files)}
    ordered = tuple(entries[key] for key in sorted(entries))
    return Ledger(ordered, _stamped(ledger.stamps, note_types, now))


def noted(ledger: Ledger, key: str, guid: str, card: Card, deck: Deck, now: int) -> Entry:
    """Return an entry for a card that was never built: the next build gives it its time."""
    before = _new(guid, next(_free_numbers(ledger.entries, max(now, 1))))
    return replace(_entry(replace(card, key=key), deck, before, "", 0), mod=0)


def _new(guid: str, number: int) -> Entry:
    """Return what is known of a note that was never built: its names alone."""
    return Entry("", guid, number, 0, "", "", "", "", "question", "", "", "")


def _entry(card: Card, deck: Deck, before: Entry, found: str, now: int) -> Entry:
    return Entry(
        key=card.key,
        guid=before.guid,
        note_id=before.note_id,
        mod=_time(before, found, now),
        digest=found,
        file=deck.file,
        deck=deck.title,
        section=card.section,
        kind=card.kind,
        identifier=card.identifier,
        question=card.question,
        answer=card.answered,
        markdown=card.asked is not None,
    )


def _time(before: Entry | Stamp, found: str, now: int) -> int:
    """Return when it changed last: never earlier than before, later if the digest is another.

    A card that returns is later than its tombstone, so that its own text and tags come back.
    """
    if isinstance(before, Entry) and before.retired:
        return max(now, _buried(before) + 1)
    return before.mod if before.digest == found else max(now, before.mod + 1)


# ── what left the bank ───────────────────────────────────────────────────────────────────────────

RETIRED = "proofdeck::retired"
"""The tag of notes whose cards left the bank; the add-on knows it, too."""


def tombstones(ledger: Ledger) -> tuple[Bank, Ledger]:
    """Return the retired cards as a bank of their own, tagged, with the times of their notes.

    A package of it tags these notes in Anki, and nothing else: an import suspends no card, and
    whoever never had them would get them. The times are fixed by the ledger.
    """
    decks: dict[tuple[str, str], list[Card]] = {}
    times: list[Entry] = []
    for entry in ledger.entries:
        if entry.retired and entry.mod:
            decks.setdefault((entry.file, entry.deck), []).append(_card(entry))
            times.append(replace(entry, mod=_buried(entry)))
    bank = Bank(
        tuple(Deck(title, file, (RETIRED,), tuple(cards)) for (file, title), cards in decks.items())
    )
    return bank, Ledger(tuple(times), ledger.stamps)


def _buried(entry: Entry) -> int:
    return max(entry.mod + 1, entry.retired)


def _card(entry: Entry) -> Card:
    """Return a retired card as it was: a note has its type for ever."""
    place = Place(entry.file, 1, 1, 1, 1)
    answer: Text | Code | Markdown = Text(entry.answer, place)
    asked = None
    if entry.kind == "code":
        answer = Code(entry.answer, place)
    elif entry.markdown or entry.kind == "cloze":
        answer, asked = Markdown(entry.answer, place), Markdown(entry.question, place)
    return Card(
        entry.question, answer, entry.section, place, place,
        key=entry.key, asked=asked, cloze=entry.kind == "cloze",
    )  # fmt: skip


def _left(ledger: Ledger, bank: Bank, files: Collection[str]) -> Iterator[Entry]:
    """Yield the live entries of `files` whose cards are not in the bank, if that is certain."""
    keys = {card.key for card in bank.cards()}
    for entry in ledger.entries if "" not in keys else ():
        if entry.key not in keys and entry.file in files and not entry.retired:
            yield entry


def _stamped(stamps: Iterable[Stamp], note_types: Mapping[str, str], now: int) -> tuple[Stamp, ...]:
    found = {stamp.note_type: stamp for stamp in stamps}
    for name, new in note_types.items():
        before = found.get(name, Stamp(name, "", 0))
        found[name] = Stamp(name, new, _time(before, new, now))
    return tuple(found[name] for name in sorted(found))
