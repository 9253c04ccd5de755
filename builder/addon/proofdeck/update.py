"""One update of a collection from a package, as one undo step. Knows Anki's library, and no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anki.import_export_pb2 import ImportAnkiPackageRequest, ImportResponse

from . import memory
from .constants import ACTION, LEARNERS_TAGS, NOTE_TYPES, RETIRED, ProblemError
from .outcome import Outcome, Titles, plain
from .package import Package
from .plan import Held, Plan, plan

if TYPE_CHECKING:  # at run time Anki's modules import each other in a circle
    from anki.collection import Collection, OpChanges
    from anki.dbproxy import DBProxy

# The collection's configuration: by the id of each retired note the cards that we suspended.
RETIRED_KEY = "proofdeckRetired"

# Where Anki keeps the options of the last import as the defaults of the next one.
_PRESETS = ("mergeNotetypes", "withScheduling", "withDeckConfigs", "updateNotes", "updateNotetypes")
_SUSPENDED = -1

Texts = Mapping[int, tuple[str, str]]  # the fields and the tags of notes, by the notes' ids


def survey(collection: Collection, package: Package, remembered: Path) -> Plan:
    """Return what an update from `package` would have to do; changes nothing.

    `remembered` is the file that says which notes earlier updates brought.
    """
    banks = memory.load(remembered)
    known = memory.known(banks, collection.path, package.path, package.notes)
    newer = any(
        package.types.get(number, 0) > mod
        for number, mod in _database(collection).all("select id, mtime_secs from notetypes")
    )
    return plan(package.notes, _held(collection), known, _retired(collection), newer)


def apply(collection: Collection, package: Package, todo: Plan, remembered: Path) -> Outcome:
    """Do what `todo` says, and remember in the file `remembered` which notes the package has.

    Raises ProblemError when Anki refuses; unless that is `halfway`, the collection is as it was.
    """
    if todo.idle:
        remarks = _remember(collection, package, remembered)
        return Outcome(None, {}, {}, {}, {}, (), len(package.notes), remarks)
    before = _texts(collection)
    step = collection.add_custom_undo_entry(ACTION)
    log = _import(collection, package)
    try:
        _put_back_tags(collection, before)
        _retire(collection, todo)
        _bring_back(collection, todo)
        if todo.retired != _retired(collection):
            value = {str(number): list(cards) for number, cards in todo.retired.items()}
            collection.set_config(RETIRED_KEY, value, undoable=True)
        changes = collection.merge_undo_entries(step)
    except Exception as error:
        undone = _take_back(collection, step)
        how = "halfway" if undone else "halfway, and cannot be taken back"
        raise ProblemError(
            f"The update of {package.path.name} failed {how}: {error}", halfway=not undone
        ) from error
    remarks = _remember(collection, package, remembered)
    return _outcome(package, todo, log, (before, _texts(collection)), changes, remarks)


def _outcome(
    package: Package,
    todo: Plan,
    log: ImportResponse.Log,
    texts: tuple[Texts, Texts],
    changes: OpChanges,
    remarks: tuple[str, ...],
) -> Outcome:
    """Return what was done. A note whose time alone is new counts as unchanged."""
    before, after = texts
    new = sorted(after.keys() - before.keys())
    retired = [note.id for note in todo.retiring]
    returned = [note.id for note in todo.returning]
    changed = {number for number in after.keys() & before.keys() if after[number] != before[number]}
    updated = sorted(changed.difference(retired, returned))
    refused = [
        plain(note.fields[0]) if note.fields else ""
        for queue in (
            log.conflicting,
            log.missing_notetype,
            log.missing_deck,
            log.empty_first_field,
        )
        for note in queue
    ]
    told = len(new) + len(updated) + len(returned) + len(refused)

    def titles(numbers: Iterable[int]) -> Titles:
        return {number: plain(after[number][0]) for number in numbers}

    return Outcome(
        changes=changes,
        new=titles(new),
        updated=titles(updated),
        retired=titles(retired),
        returned=titles(returned),
        refused=tuple(refused),
        unchanged=max(len(package.notes) - told, 0),
        remarks=remarks,
    )


def _import(collection: Collection, package: Package) -> ImportResponse.Log:
    """Import the package, and leave the presets of Anki's import dialog as they were.

    Raises ProblemError when Anki refuses; then the step for the undo is gone again.
    """
    presets = {name: collection.get_config(name) for name in _PRESETS}
    # Without options: update what is newer; no merge, no scheduling, no deck options.
    request = ImportAnkiPackageRequest(package_path=str(package.path))
    try:
        log = collection.import_anki_package(request).log
    except Exception as error:
        if collection.undo_status().undo == ACTION:  # Anki may have forgotten all steps
            collection.undo()
        raise ProblemError(f"Anki could not import {package.path.name}: {error}") from error
    for name, value in presets.items():
        if value is None:
            collection.remove_config(name)
        elif collection.get_config(name) != value:
            collection.set_config(name, value, undoable=True)
    return log


def _retire(collection: Collection, todo: Plan) -> None:
    if todo.retiring:
        collection.tags.bulk_add([note.id for note in todo.retiring], RETIRED)  # type: ignore[misc]
    if todo.suspend:
        collection.sched.suspend_cards(todo.suspend)  # type: ignore[arg-type]


def _bring_back(collection: Collection, todo: Plan) -> None:
    if todo.returning:
        notes: Any = [note.id for note in todo.returning]
        collection.tags.bulk_remove(notes, RETIRED)
    if todo.unsuspend:
        collection.sched.unsuspend_cards(todo.unsuspend)  # type: ignore[arg-type]


def _put_back_tags(collection: Collection, before: Texts) -> None:
    """Give notes the tags again that are the learner's and that the import replaced."""
    after = _texts(collection)
    for tag in LEARNERS_TAGS:
        lost: Any = [
            number
            for number in before.keys() & after.keys()
            if _tagged(before[number], tag) and not _tagged(after[number], tag)
        ]
        if lost:
            collection.tags.bulk_add(sorted(lost), tag)


def _tagged(note: tuple[str, str], tag: str) -> bool:
    return tag in note[1].casefold().split()


def _take_back(collection: Collection, step: int) -> bool:
    """Undo what a failed update did, and tell whether that worked.

    When one of Anki's own steps fails, Anki undoes that step and forgets all earlier ones.
    """
    try:
        collection.merge_undo_entries(step)
        collection.undo()
    except Exception:  # Anki has no name for "there is no such step any more"
        return False
    return True


def _remember(collection: Collection, package: Package, file: Path) -> tuple[str, ...]:
    present = [note.guid for note in _held(collection)]
    banks = memory.load(file)
    try:
        memory.save(
            file, memory.after(banks, collection.path, package.path, package.notes, present)
        )
    except ProblemError as error:
        return (str(error),)
    return ()


# ── reading the collection ───────────────────────────────────────────────────────────────────────


def _database(collection: Collection) -> DBProxy:
    database = collection.db
    if database is None:
        raise ProblemError("The collection is closed. Try again in a moment.")
    return database


_TYPES = ", ".join(map(str, NOTE_TYPES))


def _held(collection: Collection) -> list[Held]:
    """Return all notes of our note types."""
    cards: dict[int, list[tuple[int, int]]] = {}
    database = _database(collection)
    for note, card, queue in database.all(
        f"select nid, id, queue from cards where nid in (select id from notes where mid in ({_TYPES}))"  # noqa: S608, E501
    ):
        cards.setdefault(note, []).append((card, queue))
    return [
        Held(
            number,
            guid,
            mod,
            tuple(card for card, _ in cards.get(number, ())),
            tuple(card for card, queue in cards.get(number, ()) if queue == _SUSPENDED),
        )
        for number, guid, mod in database.all(
            f"select id, guid, mod from notes where mid in ({_TYPES})"  # noqa: S608
        )
    ]


def _texts(collection: Collection) -> Texts:
    """Return the fields and the tags of all notes of our note types, by their ids."""
    rows: Iterable[Any] = _database(collection).all(
        f"select id, flds, tags from notes where mid in ({_TYPES})"  # noqa: S608
    )
    return {number: (fields, tags) for number, fields, tags in rows}


def _retired(collection: Collection) -> dict[int, tuple[int, ...]]:
    """Return the notes that updates retired, with the cards that they suspended."""
    try:
        given = collection.get_config(RETIRED_KEY, {})
        return {int(number): tuple(map(int, cards)) for number, cards in given.items()}
    except (AttributeError, TypeError, ValueError):  # somebody else wrote there
        return {}
