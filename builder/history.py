"""A bank's ledger on the disk: where it stands, and what it says of files as people know them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from builder import files, ledger
from builder.model import CannotRunError, Ledger
from builder.source import Source, UnreadableError, decode


@dataclass(frozen=True, slots=True)
class History:
    """A ledger with its place and its source, None where there is none yet.

    `gone` are the files that it speaks of and that are no longer there.
    """

    place: files.Found
    ledger: Ledger
    source: Source | None
    gone: frozenset[str]

    def changes(self, new: Ledger) -> bool:
        """Tell whether `new` says something else."""
        return self.source is None or self._written(new) != self.source.text

    def keep(self, new: Ledger) -> None:
        """Write `new`, if it says something else."""
        if self.source is None:
            files.merges_by_lines(self.place)
        if self.changes(new):
            files.keep(self.place, self._written(new).encode())

    def _written(self, new: Ledger) -> str:
        return ledger.text(_renamed(new, lambda name: files.within(self.place, name)))


def read(paths: tuple[str, ...]) -> History:
    """Return the history of the notes at `paths`. Raises LedgerError where it cannot be read."""
    place = files.ledger(paths)
    if not files.exists(place.name):
        return History(place, Ledger(), None, frozenset())
    try:
        source = decode(place.name, files.read(place, ledger.LARGEST))
    except UnreadableError as error:
        raise CannotRunError(f"{place.name}: {error}") from error
    found = _renamed(ledger.read(source), lambda name: files.known_as(place, name))
    names = {entry.file for entry in found.entries}
    return History(place, found, source, frozenset(n for n in names if not files.exists(n)))


def _renamed(found: Ledger, named: Callable[[str], str]) -> Ledger:
    names = {file: named(file) for file in {entry.file for entry in found.entries}}
    entries = (replace(entry, file=names[entry.file]) for entry in found.entries)
    return Ledger(tuple(entries), found.stamps)
