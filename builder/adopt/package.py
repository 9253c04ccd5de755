"""Reading the notes of a stranger's Anki package: bounded, in memory, and nothing else of it."""

from __future__ import annotations

import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from builder.model import CannotRunError

LARGEST = 500_000_000  # bytes of a package, its pictures and sounds included
_LARGEST_COLLECTION = 250_000_000  # bytes, unpacked; and characters of all notes together
_MOST_NOTES = 500_000
_LONGEST_NAME = 200  # characters of a GUID
_MOST_FIELDS = 30
_LONGEST_FIELD = 20_000  # characters that are looked at

# SQLite is stopped after so many of its own steps; a note takes about ten.
_STEPS = 100_000_000

_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Note:
    """A note: its number and its GUID, its note type's number, and the HTML of its fields."""

    number: int
    guid: str
    note_type: int
    fields: tuple[str, ...]


def read(content: bytes, name: str) -> tuple[Note, ...]:
    """Return the notes in the package `content`, which people know as `name`, by their numbers.

    Of two notes with one GUID the first counts. Raises CannotRunError for what is no package,
    is damaged or larger than any deck, or needs a version of Anki's format that we cannot read.
    """
    try:
        return tuple(_notes(_collection(content)))
    except CannotRunError as error:
        raise CannotRunError(f"{name}: {error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CannotRunError(f"{name}: this is no Anki package: {error}") from error
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise CannotRunError(f"{name}: the collection in it cannot be read: {error}") from error


def _collection(content: bytes) -> bytes:
    """Return the package's SQLite file.

    A package of a new Anki holds a stand-in beside the real one, so the newest counts.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = set(package.namelist())
        if "collection.anki21b" in names:
            raise CannotRunError(
                "this package has a format that only Anki itself reads: export the deck again, "
                'with "Support older Anki versions" switched on'
            )
        found = next((one for one in ("collection.anki21", "collection.anki2") if one in names), "")
        if not found:
            raise CannotRunError("this is no Anki package: it holds no collection")
        if package.getinfo(found).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CannotRunError("this is no Anki package: it is packed in another way")
        with package.open(found) as file:
            collection = file.read(_LARGEST_COLLECTION + 1)
    if len(collection) > _LARGEST_COLLECTION:
        raise CannotRunError(f"its collection is larger than {_LARGEST_COLLECTION // 10**6} MB")
    if not collection.startswith(_MAGIC):
        raise CannotRunError("the collection in it is no SQLite file")
    # A file that was left in the mode with a second file (WAL) opens alone as well.
    return collection[:18] + b"\x01\x01" + collection[20:]


def _notes(collection: bytes) -> Iterable[Note]:
    found: dict[str, Note] = {}
    size = 0
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(collection)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST_COLLECTION // 5)
        connection.set_progress_handler(lambda: 1, _STEPS)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection.execute("pragma trusted_schema = off")
        _refuse_no_table(connection)
        connection.set_authorizer(_reads_only)
        rows = connection.execute("select id, guid, mid, flds from notes order by id")
        for count, (number, guid, note_type, fields) in enumerate(rows, start=1):
            if not (type(number) is type(note_type) is int and type(guid) is type(fields) is str):
                continue
            size += len(fields)
            if count > _MOST_NOTES or size > _LARGEST_COLLECTION:
                raise CannotRunError("its notes are more than any deck has")
            if 0 < len(guid) <= _LONGEST_NAME:
                found.setdefault(guid, Note(number, guid, note_type, _parts(fields)))
    return found.values()


def _refuse_no_table(connection: sqlite3.Connection) -> None:
    """Refuse a view, a virtual table and computed columns: nothing of the schema is run."""
    rows = connection.execute("select type, sql from sqlite_master where name = 'notes'").fetchall()
    kind, sql = rows[0] if rows else ("", "")
    if kind != "table" or "".join(str(sql).split()).upper().startswith("CREATEVIRTUAL"):
        raise CannotRunError("the collection in it has no table of notes")
    if any(hidden for *_, hidden in connection.execute("pragma table_xinfo(notes)")):
        raise CannotRunError("the collection in it cannot be read: its notes are computed")


_ALLOWED = {(sqlite3.SQLITE_SELECT, None), (sqlite3.SQLITE_READ, "notes")}


def _reads_only(action: int, table: str | None, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if (action, table) in _ALLOWED else sqlite3.SQLITE_DENY


def _parts(fields: str) -> tuple[str, ...]:
    parts = fields.split("\x1f", _MOST_FIELDS)[:_MOST_FIELDS]
    return tuple(part[:_LONGEST_FIELD] for part in parts)
