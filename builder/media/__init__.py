"""The images that cards show: found on the disk as the notes mean them, and looked over.

Nothing is fetched, and nothing is read from outside of the folder that was named, or the vault. A
target means the file of that name beside the note, or in one of FOLDERS there or further up; in a
vault it may also be a path from the vault's own folder, or the end of any path in it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from builder import files
from builder.edition import Media
from builder.images import Flaw, Flawed
from builder.media.formats import KNOWN, SUFFIXES, UnfitError, VastError, format_of
from builder.model import Bank, Embed, Place

FOLDERS = ("attachments", "assets", "images", "img", "media")
"""Where programs and people put the images of a note."""

LARGEST = 10_000_000  # bytes of one image
HEAVY = 1_000_000  # from here on people are told
ALTOGETHER = 500_000_000  # bytes of all images of a run
MOST_FILES = 500_000  # in a vault

Parts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The images of a bank: what each target of each note means, and what is wrong with others.

    `found` is by the note's file and the target as it stands there.
    """

    found: Mapping[tuple[str, str], Media]
    flaws: tuple[Flawed, ...]

    @property
    def media(self) -> tuple[Media, ...]:
        """Every image once, by name."""
        by_name = {one.name: one for one in self.found.values()}
        return tuple(by_name[name] for name in sorted(by_name))

    def by_card(self, bank: Bank) -> Mapping[str, frozenset[str]]:
        """Return the names of the images that the cards of `bank` show, by the cards' keys."""
        names: defaultdict[str, set[str]] = defaultdict(set)
        for deck in bank.decks:
            keys = {line: card.key for card in deck.cards for line in _lines(card.place)}
            for embed in deck.embeds:
                media = self.found.get((deck.file, embed.target))
                if media and embed.place.line in keys:
                    names[keys[embed.place.line]].add(media.name)
        return {key: frozenset(found) for key, found in names.items()}


def gather(bank: Bank, notes: Sequence[files.Found], vault: str | None = None) -> Gathered:
    """Return the images that the cards of `bank` show; `notes` are where it was read from.

    Raises FileError where the vault is no folder, or too large to be looked through.
    """
    by_name = {note.name: note for note in notes}
    shelf = _Shelf(files.folder(vault) if vault is not None else None)
    found: dict[tuple[str, str], Media] = {}
    flaws: list[Flawed] = []
    for deck in bank.decks:
        for embed in deck.embeds:
            try:
                media = shelf.image(by_name[deck.file], embed)
            except _FlawedError as error:
                flaws.append(error.flawed)
            else:
                if media not in found.values() and len(media.content) > HEAVY:
                    size = _megabytes(len(media.content))
                    flaws.append(Flawed(Flaw.HEAVY, embed, f"has {size}"))
                found[deck.file, embed.target] = media
    return Gathered(found, tuple(flaws))


class _FlawedError(Exception):
    """An image cannot be shown."""

    def __init__(self, flaw: Flaw, embed: Embed, told: str, hint: str = "") -> None:
        super().__init__(told)
        self.flawed = Flawed(flaw, embed, told, hint)


def _lines(place: Place) -> range:
    return range(place.line, place.end_line + 1)


def _megabytes(size: int) -> str:
    return f"{size / 10**6:.1f} MB"


# ── where it may stand ───────────────────────────────────────────────────────────────────────────


@dataclass
class _Shelf:
    """All images that were read, and where others may be found."""

    vault: Path | None
    _read: dict[tuple[Path, Parts], bytes] = field(default_factory=dict)

    def image(self, note: files.Found, embed: Embed) -> Media:
        """Return the image that `embed` means in `note`. Raises _FlawedError."""
        _refuse_remote(embed)
        places = self._places(note)
        for root, parts in self._candidates(places, embed.target):
            content = self._content(root, parts, embed)
            if content is not None:
                return _media(parts[-1], content, embed)
        if any(_joined(at, _unquoted(embed.target)) for _, at in places):
            raise _FlawedError(Flaw.MISSING, embed, "is not there")
        raise _FlawedError(Flaw.OUTSIDE, embed, _OUTSIDE)

    def _places(self, note: files.Found) -> tuple[tuple[Path, Parts], ...]:
        """Return the roots that hold the note, each with the path of its folder from there."""
        roots = dict.fromkeys((note.root or note.path.parent, self.vault))
        return tuple((root, at) for root in roots if root and (at := _at(root, note)) is not None)

    def _candidates(
        self, places: Sequence[tuple[Path, Parts]], target: str
    ) -> Iterator[tuple[Path, Parts]]:
        """Yield where the target may be: a root and the path below it, the likeliest first."""
        spellings = dict.fromkeys(_spellings(target))
        for root, at in places:
            for name in spellings:
                yield from ((root, parts) for parts in _around(at, name))
        if self.vault:
            at = dict(places).get(self.vault, ())
            for name in spellings:
                found = (_joined((), name), *self._index.ending_in(name, at))
                yield from ((self.vault, parts) for parts in found if parts)

    @cached_property
    def _index(self) -> _Index:
        assert self.vault, "only a vault is looked through"
        return _Index(files.named_like(self.vault, SUFFIXES, MOST_FILES))

    def _content(self, root: Path, parts: Parts, embed: Embed) -> bytes | None:
        if (root, parts) in self._read:
            return self._read[root, parts]
        try:
            content = files.below(root, parts, LARGEST + 1)
        except files.LinkError as error:
            raise _FlawedError(Flaw.OUTSIDE, embed, "is a link, or is behind one") from error
        except files.FileError as error:
            raise _FlawedError(Flaw.MISSING, embed, f"cannot be read: {error}") from error
        if content is None:
            return None
        if len(content) > LARGEST:
            raise _FlawedError(
                Flaw.LARGE, embed, f"is larger than {_megabytes(LARGEST)}, which is the most"
            )
        if sum(map(len, self._read.values())) + len(content) > ALTOGETHER:
            most = _megabytes(ALTOGETHER)
            raise _FlawedError(Flaw.LARGE, embed, f"makes all images larger than {most}")
        self._read[root, parts] = content
        return content


_OUTSIDE = "stands outside of the bank's folder"
_REMOTE = re.compile(r"(?:https?|ftp):|//", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:file|app|[a-z]):", re.IGNORECASE)


def _refuse_remote(embed: Embed) -> None:
    if _REMOTE.match(embed.target):
        raise _FlawedError(Flaw.REMOTE, embed, "stands on another computer")
    if _ELSEWHERE.match(embed.target):
        raise _FlawedError(Flaw.OUTSIDE, embed, _OUTSIDE)
    if embed.target.lower().startswith("data:"):
        hint = "save it as a file beside the note"
        raise _FlawedError(Flaw.UNSUPPORTED, embed, "is written out in its address", hint)


def _spellings(target: str) -> Iterator[str]:
    """Yield what a target may be called on the disk: some disks take letters apart from signs."""
    for name in (target, _unquoted(target)):
        yield name
        yield unicodedata.normalize("NFC", name)
        yield unicodedata.normalize("NFD", name)


def _unquoted(target: str) -> str:
    """Return the target with its percent signs read, where they stand for text."""
    try:
        return unquote(target, errors="strict")
    except UnicodeDecodeError:
        return target


def _at(root: Path, note: files.Found) -> Parts | None:
    """Return the folder of `note` as a path from `root`, None where it is elsewhere."""
    if root == note.path.parent:  # the note itself may be a link
        return ()
    folder, base = note.path.parent.resolve(), root.resolve()
    return folder.relative_to(base).parts if folder.is_relative_to(base) else None


def _around(at: Parts, name: str) -> Iterator[Parts]:
    """Yield where an image called `name` may be for a note in the folder `at`, all below a root."""
    parts = _joined(at, name)
    if parts:
        yield parts
    if parts == (*at, name):  # a name alone
        for depth in range(len(at), -1, -1):
            yield from ((*at[:depth], folder, name) for folder in FOLDERS)


def _joined(at: Parts, name: str) -> Parts:
    """Return the path `name` from the folder `at`, nothing where it leads out of the root."""
    parts = list(at)
    if not name or name.startswith("/") or "\0" in name:
        return ()
    for part in name.split("/"):
        if part == ".." and not parts:
            return ()
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


class _Index:
    """The images of a vault, by the last part of their paths."""

    def __init__(self, paths: Sequence[Parts]) -> None:
        self._named: defaultdict[str, list[Parts]] = defaultdict(list)
        for parts in paths:
            self._named[_folded(parts[-1])].append(parts)

    def ending_in(self, name: str, at: Parts) -> list[Parts]:
        """Return the images whose paths end in `name`: those below the folder `at` come first.

        Then the shorter ones do, as in Obsidian; what is left is decided by the alphabet.
        """
        wanted = [_folded(part) for part in name.split("/")]
        found = [
            parts
            for parts in self._named.get(wanted[-1], ())
            if [_folded(part) for part in parts[-len(wanted) :]] == wanted
        ]
        return sorted(found, key=lambda parts: (parts[: len(at)] != at, len(parts), parts))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


# ── what it is ───────────────────────────────────────────────────────────────────────────────────


def _media(name: str, content: bytes, embed: Embed) -> Media:
    """Return the image under the name that Anki keeps it by: of its content, safe on any disk."""
    try:
        suffix = format_of(name, content)
    except VastError as error:
        raise _FlawedError(Flaw.LARGE, embed, str(error)) from error
    except UnfitError as error:
        hint = f"save it as {KNOWN}"
        raise _FlawedError(Flaw.UNSUPPORTED, embed, str(error), hint) from error
    return Media(f"proofdeck-{hashlib.sha256(content).hexdigest()[:16]}.{suffix}", content)
