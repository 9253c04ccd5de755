"""What a package holds, read with nothing but the standard library."""

from __future__ import annotations

import json
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from .constants import NOTE_TYPES, ProblemError

_COLLECTION = "collection.anki2"
_NEWER = {"collection.anki21", "collection.anki21b"}  # what Anki itself exports


@dataclass(frozen=True)
class Package:
    """A package: `notes` has the times of change by GUID, `types` by the note type's id."""

    path: Path
    notes: Mapping[str, int]
    types: Mapping[int, int]


def read(path: Path) -> Package:
    """Return what the package at `path` holds. Raises ProblemError where it is not proofdeck's."""
    try:
        with zipfile.ZipFile(path) as archive:
            if _NEWER & set(archive.namelist()):
                raise ProblemError(f"{path.name} was exported by Anki, not built by proofdeck.")
            content = archive.read(_COLLECTION)
        notes, types = _tables(content)
    except OSError as error:
        raise ProblemError(f"{path} cannot be read: {error.strerror or error}") from error
    except (
        zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError,
        sqlite3.Error, RuntimeError, AttributeError, TypeError,
    ) as error:  # fmt: skip
        raise ProblemError(f"{path.name} is broken, or no package. Build it anew.") from error
    if not notes:
        raise ProblemError(f"{path.name} holds no note.")
    if not {kind for _, kind, _ in notes} <= set(NOTE_TYPES):
        raise ProblemError(f"{path.name} is not a package of proofdeck: it has other note types.")
    return Package(path, {guid: mod for guid, _, mod in notes}, types)


def _tables(content: bytes) -> tuple[list[tuple[str, int, int]], dict[int, int]]:
    with tempfile.TemporaryDirectory(prefix="proofdeck-") as folder:
        file = Path(folder, _COLLECTION)
        file.write_bytes(content)
        with closing(sqlite3.connect(file)) as database:
            notes = database.execute("select guid, mid, mod from notes").fetchall()
            models = json.loads(database.execute("select models from col").fetchone()[0])
    return notes, {int(number): int(model["mod"]) for number, model in models.items()}
