"""Which notes each package brought: a small file beside the add-on, so no other bank is touched.

It is not part of the collection, whose configuration Anki syncs as a whole. It only ever says too
much after an undo, and that does no harm: a note that is not in the collection cannot retire.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .constants import ProblemError


@dataclass(frozen=True)
class Bank:
    """The GUIDs that one package brought into one collection.

    `last` are those of its last update; `gone` came earlier and may still be in the collection.
    """

    collection: str
    package: str
    last: frozenset[str]
    gone: frozenset[str] = frozenset()


def load(file: Path) -> tuple[Bank, ...]:
    """Return what is remembered; nothing where the file is missing or damaged."""
    try:
        return tuple(_bank(entry) for entry in json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def save(file: Path, banks: Iterable[Bank]) -> None:
    """Write `banks` to `file` in one step. Raises ProblemError if the disk refuses."""
    text = json.dumps([_entry(bank) for bank in banks], indent=1)
    beside = file.with_suffix(".new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, file)  # noqa: PTH105 # as one step on Windows, too
    except OSError as error:
        raise ProblemError(
            f"The update is done, but not remembered: {file} cannot be written ({error.strerror})."
            " Cards that leave the bank may not be noticed."
        ) from error


def known(
    banks: Iterable[Bank], collection: str, package: Path, inside: Collection[str]
) -> frozenset[str]:
    """Return the GUIDs that earlier updates from `package` brought into `collection`.

    What another package still brings is left out. A package whose folder was moved is recognised:
    the old file is gone, its name is the same, and at least half of its notes are still `inside`.
    """
    here = [bank for bank in banks if bank.collection == collection]
    own = [bank for bank in here if bank.package == str(package)]
    own = own or [bank for bank in here if _moved(bank, package, inside)]
    others = (bank for bank in here if bank not in own and Path(bank.package).is_file())
    brought = frozenset(guid for bank in own for guid in bank.last | bank.gone)
    return brought - {guid for bank in others for guid in bank.last}


def after(
    banks: Iterable[Bank],
    collection: str,
    package: Path,
    inside: Collection[str],
    present: Collection[str],
) -> tuple[Bank, ...]:
    """Return what is to be remembered after an update.

    `present` are the GUIDs of all our notes that the collection holds.
    """
    banks = tuple(banks)
    brought: set[str] = set()
    kept = []
    mine = any((bank.collection, bank.package) == (collection, str(package)) for bank in banks)
    for bank in banks:
        same = bank.collection == collection
        if same and (bank.package == str(package) or (not mine and _moved(bank, package, inside))):
            brought |= bank.last | bank.gone
        else:
            kept.append(bank)
    gone = frozenset(brought & set(present)) - frozenset(inside)
    return (*kept, Bank(collection, str(package), frozenset(inside), gone))


def _moved(bank: Bank, package: Path, inside: Collection[str]) -> bool:
    old = Path(bank.package)
    shared = len(bank.last & frozenset(inside))
    return old.name == package.name and not old.exists() and 2 * shared >= len(bank.last)


def _bank(entry: dict[str, Any]) -> Bank:
    return Bank(
        str(entry["collection"]),
        str(entry["package"]),
        frozenset(map(str, entry["last"])),
        frozenset(map(str, entry["gone"])),
    )


def _entry(bank: Bank) -> dict[str, object]:
    return {
        "collection": bank.collection,
        "package": bank.package,
        "last": sorted(bank.last),
        "gone": sorted(bank.gone),
    }
