"""The add-on in Anki's window: its menu entry, its hooks, and the way through an update."""

from __future__ import annotations

import time
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import aqt  # type: ignore[import-not-found]
from aqt import gui_hooks
from aqt.operations import CollectionOp, QueryOp  # type: ignore[import-not-found]
from aqt.qt import QAction, qconnect  # type: ignore[import-not-found]
from aqt.utils import askUser, tooltip  # type: ignore[import-not-found]

from . import building, package, settings, update, windows
from .constants import ACTION, RETIRED, CancelledError, ProblemError
from .outcome import Outcome, counted

if TYPE_CHECKING:
    from .plan import Plan

_REMEMBERED = Path(__file__).parent / "user_files" / "packages.json"
_AFTER_OPENING_MS = 1000


def install() -> None:
    """Add the menu entry and the hooks; called once, when Anki loads its add-ons."""
    runner = _Runner()
    action = QAction(ACTION, aqt.mw)
    action.setObjectName("proofdeckUpdate")
    qconnect(action.triggered, lambda _checked: runner.start())
    aqt.mw.form.menuTools.addAction(action)
    gui_hooks.profile_did_open.append(runner.profile_opened)
    gui_hooks.sync_did_finish.append(runner.sync_finished)
    gui_hooks.profile_will_close.append(runner.profile_closes)


class _Runner:
    """Runs one update at a time. Every method but `_build`'s task runs on the main thread."""

    def __init__(self) -> None:
        self._busy = False
        self._quiet = False
        self._after_sync = False
        self._cancelled = Event()
        self._output = ""

    def start(self, *, quiet: bool = False) -> None:
        """Begin an update; a quiet one says nothing if nothing is new."""
        if self._busy:
            tooltip("The question bank is being updated already.")
            return
        self._busy, self._quiet, self._output = True, quiet, ""
        self._cancelled = Event()
        try:
            chosen = settings.read(aqt.mw.addonManager.getConfig(__name__) or {})
        except ProblemError as problem:
            self._fail(problem)
            return
        if chosen.command:
            self._build(chosen)
        else:
            self._survey(chosen, ())

    # ── hooks ────────────────────────────────────────────────────────────────────────────────────

    def profile_opened(self) -> None:
        """Update if that is configured: after Anki's own sync, which may replace everything."""
        if settings.on_profile_open(aqt.mw.addonManager.getConfig(__name__) or {}):
            self._after_sync = aqt.mw.can_auto_sync()
            if not self._after_sync:
                aqt.mw.progress.single_shot(_AFTER_OPENING_MS, lambda: self.start(quiet=True))

    def sync_finished(self) -> None:
        """Go on with what waited for the first sync."""
        if self._after_sync:
            self._after_sync = False
            aqt.mw.progress.single_shot(_AFTER_OPENING_MS, lambda: self.start(quiet=True))

    def profile_closes(self) -> None:
        """End a build that still runs: Anki would wait for it."""
        self._after_sync = False
        self._cancelled.set()

    # ── the way through an update ────────────────────────────────────────────────────────────────

    def _build(self, chosen: settings.Settings) -> None:
        cancelled, folder, started = self._cancelled, chosen.folder, time.time()
        assert folder is not None
        window = windows.building(cancelled.set)

        def done(future: Future[building.Built]) -> None:
            with suppress(RuntimeError):  # Anki may have ended, and the window with it
                window.deleteLater()
            try:
                built = future.result()
            except CancelledError:
                self._busy = False
                return
            except Exception as error:  # whatever it is, the learner is told
                self._fail(error)
                return
            if cancelled.is_set():  # it ended just before that
                self._busy = False
            elif built.status:
                self._fail(windows.failed_build(built.status, built.output))
            else:
                self._output = built.output
                self._survey(chosen, _stale(chosen, started))

        aqt.mw.taskman.run_in_background(
            lambda: building.run(chosen.command, folder, chosen.seconds, cancelled),
            done,
            uses_collection=False,
        )

    def _survey(self, chosen: settings.Settings, remarks: tuple[str, ...]) -> None:
        def look(collection: Any) -> tuple[package.Package, Plan]:
            found = package.read(settings.newest(chosen.package))
            return found, update.survey(collection, found, _REMEMBERED)

        QueryOp(
            parent=aqt.mw, op=look, success=lambda seen: self._confirm(seen[0], seen[1], remarks)
        ).failure(self._fail).run_in_background()

    def _confirm(self, found: package.Package, todo: Plan, remarks: tuple[str, ...]) -> None:
        """Ask before most of a bank retires: that may be a wrong file, or half a build."""
        if todo.doubtful and not askUser(
            f"{len(todo.retiring)} cards of your collection, most of this bank, are not in"
            f" {found.path.name} any more. Shall they be suspended and tagged {RETIRED}?\n\n"
            "“No” changes nothing.",
            title=ACTION,
            defaultno=True,
        ):
            self._busy = False
            return
        self._apply(found, todo, remarks)

    def _apply(self, found: package.Package, todo: Plan, remarks: tuple[str, ...]) -> None:
        if todo.idle:  # not a step that could be undone
            QueryOp(
                parent=aqt.mw,
                op=lambda collection: update.apply(collection, found, todo, _REMEMBERED),
                success=lambda outcome: self._tell(outcome, found, remarks),
            ).failure(self._fail).run_in_background()
            return
        CollectionOp(
            aqt.mw, lambda collection: update.apply(collection, found, todo, _REMEMBERED)
        ).success(lambda outcome: self._tell(outcome, found, remarks)).failure(
            self._fail
        ).run_in_background()

    def _tell(self, outcome: Outcome, found: package.Package, remarks: tuple[str, ...]) -> None:
        self._busy = False
        troubled = bool(outcome.refused or outcome.remarks or remarks)
        if self._quiet and not troubled:
            if outcome.changes is not None:
                tooltip(counted(outcome))
            return
        windows.report(outcome, str(found.path), self._output, remarks)

    def _fail(self, error: Exception) -> None:
        self._busy = False
        if not isinstance(error, ProblemError):
            error = ProblemError(f"The update failed: {error!r}")
        windows.failure(error)


def _stale(chosen: settings.Settings, started: float) -> tuple[str, ...]:
    """Return a remark if a build that went well did not write the package that is configured."""
    try:
        written = settings.newest(chosen.package).stat().st_mtime
    except (OSError, ProblemError):
        return ()  # the import will say it
    if written >= started - 2:  # some disks keep no finer times
        return ()
    return ("The build did not write this package. Is `package` the file that it writes?",)
