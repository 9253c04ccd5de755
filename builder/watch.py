"""Builds once, then again at every save: the only importer of watchfiles.

An event of the file system only says that something may have happened. What did happen is read
from the notes themselves, compared with what the last build saw: so swap files, temporary files,
our own output and a save without a change start nothing, and no order of events can mislead.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder import files
from builder.build import build
from builder.media.formats import SUFFIXES as IMAGES
from builder.model import CannotRunError, Diagnostic, Report, Severity, Status
from builder.report import text
from builder.report.plain import harmless
from builder.settings import Settings

if TYPE_CHECKING:
    from watchfiles import Change

Say = Callable[[str], None]
"""Takes one or more lines, without a line end behind the last one."""

Clock = Callable[[], float]
"""Tells the time in UNIX seconds."""

_Snapshot = Mapping[str, bytes]
"""What tells whether a file that a build reads has changed, by the names that people know."""

# Milliseconds: a save is over when nothing more came for a step, and waited for up to the debounce;
# after an idle time without events it is checked that the watched folders are still the same.
_STEP = 50
_DEBOUNCE = 400
_IDLE = 100

_MOST_NAMES = 3
_MOST_FILES = 20_000  # below a folder: images in one with more are not watched


def watch(
    settings: Settings,
    say: Say,
    stop: threading.Event | None = None,
    *,
    clock: Clock = time.time,
    built: Callable[[Report], None] = lambda _: None,
) -> None:
    """Build, say in a line what came of it, and do so again at every save, until `stop` is set.

    `built` gets each report before anything is said of it. Verdicts are remembered from build to
    build, those of a run without a cache until it ends. Each build has the time of `clock` as its
    own. Raises CannotRunError where the first build cannot be done at all; later on that is said,
    and the next save may mend it. A KeyboardInterrupt passes: the build that it ends has written
    nothing.
    """
    stop = stop or threading.Event()
    with _remembering(settings) as remembering:
        session = _Session(remembering, say, clock, built)
        for _ in _saves(session.folders, stop):
            session.look()
            if stop.is_set():
                return


@contextmanager
def _remembering(settings: Settings) -> Iterator[Settings]:
    """Give settings that remember verdicts: without a cache in a folder that is removed again."""
    if settings.order.cache:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="proofdeck-") as folder:
        yield replace(settings, order=replace(settings.order, cache=Path(folder)))


# ── when to look ─────────────────────────────────────────────────────────────────────────────────


def _saves(folders: Callable[[], _Folders], stop: threading.Event) -> Iterator[None]:
    """Yield when the notes may have changed: at once, after events, and when a folder is another.

    A folder that is removed and made again is another one, even where the system gives it the old
    number: no event of it would arrive any more. What happens while the caller works is told
    afterwards.
    """
    import watchfiles

    while not stop.is_set():
        watched = folders()
        if not watched.identities:
            yield
            stop.wait(_IDLE / 1000)
            continue
        events = watchfiles.watch(
            *watched.identities, watch_filter=None, recursive=watched.recursive,
            stop_event=stop, step=_STEP, debounce=_DEBOUNCE,
            rust_timeout=_IDLE, yield_on_timeout=True, ignore_permission_denied=True,
        )  # fmt: skip
        try:
            yield from _heard(events, watched, folders)
        except (OSError, RuntimeError) as error:  # the latter is watchfiles' own
            if folders() == watched:
                raise CannotRunError(f"the notes cannot be watched: {error}") from error
        finally:
            events.close()


def _heard(
    events: Iterator[set[tuple[Change, str]]], watched: _Folders, folders: Callable[[], _Folders]
) -> Iterator[None]:
    """Yield once when `events` are on, then after each of them, until the folders are others."""
    from watchfiles import Change

    first = True
    for event in events:
        if event or first:
            yield
        first = False
        removed = any((Change.deleted, folder) in event for folder in watched.identities)
        if removed or folders() != watched:
            return


@dataclass(frozen=True, slots=True)
class _Folders:
    """Which folders to watch, with the numbers that the system knows them by.

    `recursive` is False where only single notes are asked for: the folder around a note may be
    somebody's home.
    """

    identities: Mapping[str, tuple[int, int]]
    recursive: bool


def _folders(paths: Sequence[str]) -> _Folders:
    asked = [Path(path) for path in paths]
    below = [path for path in asked if path.is_dir()]
    # A note may be a link: it changes where it stands, and where it leads to.
    beside = [
        folder
        for path in asked
        if path not in below
        for note in (path.absolute(), path.resolve())
        for folder in (note.parent, note.parent / "kernels")
    ]
    found = {str(folder.resolve()): _identity(folder) for folder in (*below, *beside)}
    known = {folder: identity for folder, identity in found.items() if identity}
    return _Folders(known, recursive=bool(below))


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if folder.is_dir() else None


# ── what has changed ─────────────────────────────────────────────────────────────────────────────


def _snapshot(paths: Sequence[str]) -> _Snapshot:
    """Return what the files of a build hold; those that cannot be read are not there."""
    notes: list[files.Found] = []
    for path in paths:
        try:
            notes += files.find((path,))
        except CannotRunError:
            continue
    images = {
        name: repr(state).encode()
        for path in paths
        for name, state in files.saved(path, IMAGES, _MOST_FILES).items()
    }
    return images | {
        found.name: digest
        for found in (*notes, *files.kernels(notes))
        if (digest := _digest(found)) is not None
    }


def _ledger(paths: tuple[str, ...]) -> _Snapshot:
    """Return the same for the ledger, which a build writes itself."""
    try:
        place = files.ledger(paths)
    except CannotRunError:
        return {}
    digest = _digest(place)
    return {} if digest is None else {place.name: digest}


def _digest(found: files.Found) -> bytes | None:
    try:
        return hashlib.sha256(files.read(found)).digest()
    except CannotRunError:
        return None


def _changes(before: _Snapshot, after: _Snapshot) -> str:
    """Return what differs, in words; empty where nothing does."""
    names = sorted(name for name in {**before, **after} if before.get(name) != after.get(name))
    told = [name if name in after else f"{name} (gone)" for name in names[:_MOST_NAMES]]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "")


# ── building, and what to say of it ──────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Session:
    """What was seen, built and said so far."""

    settings: Settings
    say: Say
    clock: Clock
    built: Callable[[Report], None]
    seen: _Snapshot | None = None
    shown: frozenset[tuple[str, ...]] = field(default_factory=frozenset)

    def folders(self) -> _Folders:
        """Return the folders in which something could happen to the notes."""
        return _folders(self.settings.paths)

    def look(self) -> None:
        """Build if the notes are not what they were; say what changed and what came of it."""
        paths = self.settings.paths
        notes = _snapshot(paths)
        if self.seen is None:
            self._build(", ".join(paths), first=True)
        elif changed := _changes(self.seen, {**notes, **_ledger(paths)}):
            self._build(changed, first=False)
        else:
            return
        # What was read before the build, as it may have changed since; what was written by it.
        self.seen = {**notes, **_ledger(paths)}

    def _build(self, what: str, *, first: bool) -> None:
        now, start = self.clock(), time.monotonic()
        try:
            report = build(replace(self.settings, now=int(now)))
            self.built(report)
            result, blocks = self._told(report)
        except CannotRunError as error:
            if first:
                raise
            result, blocks = self._broken(str(error)), []
        spent = time.monotonic() - start
        of_day = time.strftime("%H:%M:%S", time.localtime(now))
        self.say(harmless(f"{of_day}  {what}: {result} ({spent:.2f} s)"))
        for block in blocks:
            self.say(block + "\n")

    def _broken(self, why: str) -> str:
        before, self.shown = self.shown, frozenset({(why,)})
        return "still the same error" if before == self.shown else why

    def _told(self, report: Report) -> tuple[str, list[str]]:
        """Return the result in a few words, and the diagnostics that were not shown before."""
        told = {_named(found): found for found in report.diagnostics}
        fresh = [found for name, found in told.items() if name not in self.shown]
        self.shown = frozenset(told)
        still = "still " if report.diagnostics and not fresh else ""
        pen = text.Pen(colour=False)
        blocks = ["\n".join(text.diagnostic(found, report.excerpts, pen)) for found in fresh]
        return still + _result(report), blocks


def _named(found: Diagnostic) -> tuple[str, ...]:
    """Return what makes a diagnostic the same one, though its lines may have moved."""
    return found.code, found.place.file, found.message


def _result(report: Report) -> str:
    """Return in a few words what came of a build: errors come first."""
    said = [
        text.plural(number, severity.value)
        for severity in Severity
        if (number := report.count(severity))
    ]
    judged = [one for verdicts in report.verdicts.values() for one in verdicts]
    right = sum(verdict.status is Status.MATCHES for verdict in judged)
    if report.isolation != "none":
        said.append(f"{right} of {len(judged)} verified")
    else:
        said.append(text.plural(sum(1 for _ in report.bank.cards()), "card"))
    if report.written:
        said.append(f"wrote {text.plural(len(report.written), 'file')}")
    return ", ".join(said)
