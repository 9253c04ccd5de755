"""The add-on in the real Anki desktop, without a display: a test to be run by hand.

    python tests/desktop_addon.py PROOFDECK FOLDER

PROOFDECK is the command `proofdeck` as a path; screenshots are written to FOLDER. It needs what
`desktop.py` needs. It prints what it checked, ends with 1 when something is wrong, and kills an
Anki that hangs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
PHASES = {"installs": 60, "updates": 240, "opens": 120, "closes": 60}  # seconds for each Anki
MONDAY = 1_764_000_000
DAY = 86_400
PATIENCE = 60  # seconds until something happens in the window
PRESETS = {
    "updateNotes": "Always",
    "updateNotetypes": "Never",
    "mergeNotetypes": True,
    "withScheduling": True,
}

SOFTMAX = """\
# 1. Implement softmax
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / e.sum()
"""
CARDS = {
    "Bias vs Variance?": "Bias = error from wrong assumptions",
    "What does dropout do?": "It switches units off at random",
    "What is a learning rate?": "The size of a step of the descent",
    "Precision?": "The part of the found that is right",
    "Recall?": "The part of the right that is found",
    "What is an epoch?": "One pass over the training data",
    "Why a validation set?": "To choose without looking at the test",
}
LEAVES, REWORDED, ARRIVES = "Precision?", "Recall?", "What is early stopping?"
CHANGED = {
    **{question: answer for question, answer in CARDS.items() if question != LEAVES},
    REWORDED: "How much of what is right was found",
    ARRIVES: "To end the training when the validation loss rises",
}


def main(proofdeck: Path, folder: Path) -> int:
    """Run all phases, each in an Anki of its own; return the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="anki-") as base:
        for phase, seconds in PHASES.items():
            started = time.monotonic()
            problem = run(phase, seconds, [base, str(proofdeck), str(folder)])
            if problem:
                print(f"FAILED: Anki {phase}: {problem}")
                return 1
            print(f"ok: Anki {phase} ({time.monotonic() - started:.0f} s)\n", flush=True)
    return 0


def run(phase: str, seconds: int, arguments: list[str]) -> str:
    """Run one phase, and return what went wrong."""
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, str(HERE), "--inside", phase, *arguments],
            stderr=errors,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return f"still running after {seconds} s"
        finally:
            end(process)
        errors.seek(0)
        text = errors.read()
    if status or "Traceback" in text:
        return f"exit status {status}\n{text}"
    return ""


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of an Anki and its helpers."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def check(what: str, found: object, wanted: object = True) -> None:
    """Print what is checked; raise AssertionError if it is not so."""
    assert found == wanted, f"{what}\n  found:  {found!r}\n  wanted: {wanted!r}"
    print(f"  - {what}", flush=True)


# ── inside Anki ──────────────────────────────────────────────────────────────────────────────────


# What a phase waits for, one after the other.
Steps = Iterator[Callable[[], object]]


class Desk:
    """The running Anki, a bank beside it, and where the pictures go."""

    def __init__(self, base: Path, proofdeck: Path, pictures: Path) -> None:
        self.base, self.proofdeck, self.pictures = base, proofdeck, pictures
        self.bank = base / "bank"
        self.package = self.bank / "output" / "bank.apkg"

    @property
    def mw(self) -> Any:
        """Anki's main window."""
        import aqt

        return aqt.mw

    def writes(self, cards: dict[str, str], *, day: int, code: str = SOFTMAX) -> None:
        """Write the bank, and let the clock of its builds show `day` days after Monday."""
        self.bank.mkdir(exist_ok=True)
        text = "\n\n".join(f"Q: {question}\nA: {answer}" for question, answer in cards.items())
        (self.bank / "bank.md").write_text(
            f"# Machine Learning\n\n## Basics\n\n```\n{text}\n```\n\n## Coding\n\n"
            f"```python\n{code}```\n"
        )
        os.environ["SOURCE_DATE_EPOCH"] = str(MONDAY + day * DAY)

    def configures(self, **changes: object) -> None:
        """Configure the add-on as a learner would, with `changes`."""
        command = [str(self.proofdeck), "build", "bank.md", "-o", "output"]
        settings = {
            "package": "output", "build_command": command, "build_folder": str(self.bank),
            "build_seconds": 120, "on_profile_open": False,
        }  # fmt: skip
        self.mw.addonManager.writeConfig("proofdeck", {**settings, **changes})

    def triggers(self) -> None:
        """Choose the entry of the menu Tools."""
        entries = [
            action
            for action in self.mw.form.menuTools.actions()
            if action.text() == "Update question bank"
        ]
        assert len(entries) == 1, "the menu Tools has the entry once"
        entries[0].trigger()

    def window(self, name: str) -> Any:
        """Return the open window of that name, None where there is none."""
        from aqt.qt import QApplication

        windows = [one for one in QApplication.topLevelWidgets() if one.objectName() == name]
        return next((one for one in windows if one.isVisible()), None)

    def open(self, name: str) -> Callable[[], object]:
        """Return what tells that this window has opened; another one of ours is a failure."""

        def look() -> object:
            other = {"proofdeckReport", "proofdeckFailure"} - {name}
            for one in map(self.window, other):
                assert one is None, f"unexpected: {self.text(one)}"
            return self.window(name)

        return look

    def text(self, window: Any) -> str:
        """Return what a window of ours says."""
        from aqt.qt import QLabel, QTextBrowser

        labels = [label.text() for label in window.findChildren(QLabel)]
        texts = [text.toPlainText() for text in window.findChildren(QTextBrowser)]
        return "\n".join([*labels, *texts])

    def closes(self, name: str, picture: str = "") -> str:
        """Take a picture of a window by day and by night, close it, and return what it said."""
        window = self.window(name)
        said = self.text(window)
        if picture:
            window.grab().save(str(self.pictures / f"{picture}.png"))
        window.close()
        return said

    def looks(self, picture: str) -> Steps:
        """Bring the main window to the front, wait until it is drawn, and take a picture."""
        self.mw.activateWindow()
        self.mw.deckBrowser.refresh()
        since = time.monotonic()
        yield lambda: time.monotonic() - since > 1.5
        self.mw.grab().save(str(self.pictures / f"{picture}.png"))

    def notes(self) -> dict[str, tuple[str, str]]:
        """Return fields and tags of all notes, by their titles."""
        rows = self.mw.col.db.all("select sfld, flds, tags from notes")
        return {title: (fields, tags) for title, fields, tags in rows}

    def queues(self) -> dict[str, int]:
        """Return the queue of each note's card, by the note's title."""
        rows = self.mw.col.db.all("select sfld, queue from cards join notes on nid = notes.id")
        return dict(rows)

    def schedule(self) -> tuple[object, ...]:
        """Return the review history, and the schedules without the suspension."""
        cards = "select id, nid, did, type, due, ivl, factor, reps, lapses from cards order by id"
        return (
            self.mw.col.db.all("select * from revlog order by id"),
            {row[0]: row for row in self.mw.col.db.all(cards)},
        )

    def presets(self) -> object:
        """Return what Anki's import dialog would offer."""
        return str(self.mw.col._backend.get_import_anki_package_presets())

    def state(self) -> tuple[object, ...]:
        """Return all that an undo has to bring back."""
        suspended = self.mw.col.get_config("proofdeckRetired")
        return (self.notes(), self.queues(), self.schedule(), self.presets(), suspended)


def installs(desk: Desk) -> Steps:
    """Anki's add-on manager takes the file, and a learner configures it."""
    from anki.buildinfo import version
    from aqt.addons import InstallOk

    from builder.addon import package

    print(f"  Anki {version}")
    made = package()
    file = desk.base / made.name
    file.write_bytes(made.content)
    installed = desk.mw.addonManager.install(str(file))
    check("the add-on manager installs the file", isinstance(installed, InstallOk), True)
    check("this Anki is one that it is for", installed.compatible)
    folder = Path(desk.mw.addonManager.addonsFolder("proofdeck"))
    check("its default configuration is found", desk.mw.addonManager.getConfig("proofdeck"),
          json.loads((folder / "config.json").read_text()))  # fmt: skip
    check(
        "it has a help text", "build_command" in desk.mw.addonManager.addonConfigHelp("proofdeck")
    )
    desk.configures()
    yield lambda: True


def updates(desk: Desk) -> Steps:
    """All that the menu entry does, one after the other."""
    yield from first_update(desk)
    yield from changed_bank(desk)
    yield from troubles(desk)
    yield from questions(desk)


def first_update(desk: Desk) -> Steps:
    """The bank comes in; then the learner reviews."""
    desk.writes(CARDS, day=0)
    for name, value in PRESETS.items():
        desk.mw.col.set_config(name, value)
    presets = desk.presets()
    desk.triggers()
    desk.triggers()  # a second click does nothing
    yield desk.open("proofdeckReport")
    said = desk.closes("proofdeckReport", "first-update")
    check("the first update brings all cards", set(desk.notes()), {*CARDS, "Implement softmax"})
    check("and says so", "The question bank is up to date" in said)
    check("the learner's import presets stay", desk.presets(), presets)
    desk.mw.col.decks.select(desk.mw.col.decks.id_for_name("Machine Learning"))
    for _ in range(6):
        card = desk.mw.col.sched.getCard()
        desk.mw.col.sched.answerCard(card, 4 if card.id % 2 else 3)
    check("six reviews are done", len(desk.mw.col.db.all("select * from revlog")), 6)

    before = (desk.state(), desk.mw.col.undo_status())
    desk.triggers()
    yield desk.open("proofdeckReport")
    said = desk.closes("proofdeckReport", "nothing-to-do")
    check("the same bank again: nothing to update", "Nothing to update" in said)
    check(
        "nothing is changed, not even the undo", (desk.state(), desk.mw.col.undo_status()), before
    )


def changed_bank(desk: Desk) -> Steps:
    """An answer is reworded, a card leaves, a card arrives; then undo, and the card returns."""
    from aqt.theme import Theme

    desk.writes(CHANGED, day=1)
    before = desk.state()
    notes, (log, cards) = desk.notes(), desk.schedule()
    desk.triggers()
    yield desk.open("proofdeckReport")
    yield from browsing(desk)
    said = desk.closes("proofdeckReport", "report")
    after = desk.notes()
    check("one note is new", after.keys() - notes.keys(), {ARRIVES})
    changed = {title for title in notes if after[title][0] != notes[title][0]}
    check("the text of one note is changed", changed, {REWORDED})
    tagged = {title for title in notes if after[title][1] != notes[title][1]}
    check("the tags of one note are changed", tagged, {LEAVES})
    check("it is tagged as retired", "proofdeck::retired" in after[LEAVES][1].split())
    suspended = {title for title, queue in desk.queues().items() if queue == -1}
    check("it is suspended, and nothing else", suspended, {LEAVES})
    check("the review history is untouched", desk.schedule()[0], log)
    kept = {number: row for number, row in desk.schedule()[1].items() if number in cards}
    check("and so are the schedules", kept, cards)
    check("the presets stay", desk.presets(), before[3])
    numbers = [said.split(f"\n{name}\n")[0].split("\n")[-1]
               for name in ("new", "updated", "retired", "returned", "unchanged")]  # fmt: skip
    check("the report counts 1 new, 1 updated, 1 retired, 6 unchanged", numbers, [*"11106"])

    yield from desk.looks("main-window")
    check("one undo is offered", desk.mw.col.undo_status().undo, "Update question bank")
    wanted, _ = desk.state(), desk.mw.undo()
    yield lambda: desk.mw.col.undo_status().redo == "Update question bank"
    check("after one undo all is as before", desk.state(), before)
    desk.mw.redo()
    yield lambda: desk.mw.col.undo_status().undo == "Update question bank"
    check("after a redo all is as after the update", desk.state(), wanted)
    desk.mw.undo()
    yield lambda: desk.mw.col.undo_status().redo == "Update question bank"
    desk.mw.set_theme(Theme.DARK)
    desk.triggers()
    yield desk.open("proofdeckReport")
    desk.closes("proofdeckReport", "report-night")
    desk.mw.set_theme(Theme.LIGHT)
    check("after an undo the update can be done again", desk.state()[:2], wanted[:2])
    yield from returning(desk)


def browsing(desk: Desk) -> Steps:
    """A link of the report shows its notes in Anki's browser."""
    import aqt
    from aqt.qt import QTextBrowser, QUrl

    text = desk.window("proofdeckReport").findChild(QTextBrowser)
    notes = re.findall(r'href="(nid:[\d,]+)"[^>]*>(?:<span[^>]*>)?([^<]+)', text.toHtml())
    link = next(target for target, name in notes if name == LEAVES)
    text.anchorClicked.emit(QUrl(link))
    yield lambda: aqt.dialogs._dialogs["Browser"][1]
    browser = aqt.dialogs._dialogs["Browser"][1]
    yield lambda: browser.table.len() == 1
    check("a link of the report opens the browser", browser.isVisible())
    found = desk.mw.col.find_notes(browser.current_search())
    check("and that is the retired one", [desk.mw.col.get_note(one).fields[0] for one in found],
          [LEAVES])  # fmt: skip
    browser.close()
    yield lambda: aqt.dialogs._dialogs["Browser"][1] is None


def returning(desk: Desk) -> Steps:
    """The card that left is back."""
    before = desk.schedule()
    desk.writes({**CHANGED, LEAVES: CARDS[LEAVES]}, day=2)
    desk.triggers()
    yield desk.open("proofdeckReport")
    said = desk.closes("proofdeckReport", "returned")
    check("a card that returns is told", f"Returned show all\n{LEAVES}" in said)
    check("no card is suspended any more", -1 in desk.queues().values(), False)
    check("no note is tagged any more", "retired" in desk.notes()[LEAVES][1], False)
    check("history and schedules are untouched", desk.schedule(), before)


def troubles(desk: Desk) -> Steps:
    """Whatever is wrong is said, and changes nothing."""
    desk.writes(CARDS, day=3, code=SOFTMAX.replace(" - np.max(x)", ""))
    cases: list[tuple[str, dict[str, object], str]] = [
        ("a build with an error", {}, "bank.md:"),
        ("a build that cannot run", {"build_command": [str(desk.proofdeck), "build", "none.md"]},
         "exit status 2"),
        ("a command that is not there", {"build_command": ["/no/proofdeck"]}, "/no/proofdeck"),
        ("a build that takes too long", {"build_command": ["sleep", "60"], "build_seconds": 1},
         "longer than 1 s"),
        ("a missing package", {"build_command": [], "package": "none.apkg"}, "no package"),
        ("a broken package", {"build_command": [], "package": "bank.md"}, "broken"),
        ("a wrong configuration", {"build_command": "proofdeck build"}, "list of words"),
        ("no configuration", {"package": ""}, "No package is configured yet"),
    ]  # fmt: skip
    for number, (name, changes, word) in enumerate(cases):
        desk.configures(**changes)
        before = (desk.state(), desk.mw.col.undo_status())
        desk.triggers()
        yield desk.open("proofdeckFailure")
        said = desk.closes("proofdeckFailure", f"failure-{number}")
        check(f"{name} is said", word in said or said)
        check("nothing is changed", (desk.state(), desk.mw.col.undo_status()), before)
        check("that is said", "Nothing in your collection was changed." in said)
    desk.configures()


def questions(desk: Desk) -> Steps:
    """Most of a bank leaves: the learner is asked. And a build can be cancelled."""
    from aqt.qt import QApplication, QMessageBox

    def asked() -> Any:
        window = QApplication.activeModalWidget()
        ours = isinstance(window, QMessageBox) and "Shall they be suspended" in window.text()
        return window if ours else None

    def answers(button: QMessageBox.StandardButton, picture: str = "") -> None:
        box = asked()
        if picture:
            box.grab().save(str(desk.pictures / f"{picture}.png"))
        box.button(button).click()

    few = dict(list(CARDS.items())[:2])
    desk.writes(few, day=4)
    before = desk.state()
    desk.triggers()
    yield asked
    answers(QMessageBox.StandardButton.No, "question")
    yield lambda: asked() is None
    check("“No” to a large retirement changes nothing", desk.state(), before)
    desk.triggers()
    yield asked
    answers(QMessageBox.StandardButton.Yes)
    yield desk.open("proofdeckReport")
    desk.closes("proofdeckReport", "many-retired")
    suspended = {title for title, queue in desk.queues().items() if queue == -1}
    check("“Yes” retires", suspended, {*CARDS, ARRIVES} - set(few))

    desk.configures(build_command=["sleep", "60"])
    before = desk.state()
    desk.triggers()
    yield lambda: desk.window("proofdeckBuilding")
    window = desk.window("proofdeckBuilding")
    window.grab().save(str(desk.pictures / "building.png"))
    window.cancel()
    yield lambda: desk.window("proofdeckBuilding") is None
    check("a cancelled build changes nothing", desk.state(), before)
    started = time.monotonic()
    yield lambda: time.monotonic() - started > 1
    desk.writes(CARDS, day=5)
    desk.configures(on_profile_open=True)


def opens(desk: Desk) -> Steps:
    """The profile opens, and the bank is updated by itself."""
    yield lambda: -1 not in {desk.queues()[title] for title in CARDS}
    check("the profile opens, and what returned is unsuspended", len(desk.notes()), 9)
    check("no window opens for that", desk.window("proofdeckReport"), None)
    yield from desk.looks("profile-opened")
    desk.configures(build_command=["sleep", "60"], on_profile_open=True)


def closes(desk: Desk) -> Steps:
    """The learner leaves while the bank is built."""
    yield lambda: desk.window("proofdeckBuilding")
    check("the profile opens, and the bank is being built", True)


def inside(phase: str, base: Path, proofdeck: Path, pictures: Path) -> None:
    """Run one phase in an Anki of its own; the process ends with 1 when something is wrong."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--disable-gpu --no-sandbox"
    os.environ["SOURCE_DATE_EPOCH"] = str(MONDAY + 5 * DAY)
    os.environ["XDG_CACHE_HOME"] = str(base / "cache")
    sys.path.insert(0, str(HERE.parents[1]))
    import aqt

    profile = base / "anki"
    if not profile.exists():
        profile.mkdir()
        make_profile(profile)
    app = aqt._run(["anki", "-b", str(profile), "-p", "User 1", "-l", "en_US"], exec=False)
    assert app is not None
    desk = Desk(base, proofdeck, pictures)
    scenario = {"installs": installs, "updates": updates, "opens": opens, "closes": closes}[phase]
    drive(started(desk, scenario), desk)
    app.exec()


def make_profile(base: Path) -> None:
    """Make a profile that starts without a dialog, an update check or a graphics card."""
    from aqt.profiles import ProfileManager, VideoDriver

    manager = ProfileManager(base)
    manager.setupMeta()
    manager.meta.update(firstRun=False, check_for_updates=False, defaultLang="en_US")
    manager.create("User 1")
    manager.load("User 1")
    manager.set_video_driver(VideoDriver.Software)
    manager.save()
    manager.db.close()


def started(desk: Desk, scenario: Callable[[Desk], Steps]) -> Steps:
    """Wait for the collection, then go through the scenario."""
    yield lambda: desk.mw is not None and desk.mw.col is not None and desk.mw.isVisible()
    yield from scenario(desk)


def drive(steps: Steps, desk: Desk) -> None:
    """Go on with `steps` whenever what it waits for has come; end Anki at its end."""
    from aqt.qt import QTimer

    waiting: list[Any] = [lambda: True, time.monotonic()]

    def tick() -> None:
        try:
            wait, since = waiting
            if wait():
                waiting[:] = [next(steps), time.monotonic()]
            else:
                assert time.monotonic() - since < PATIENCE, "nothing happened for a minute"
        except StopIteration:
            QTimer.singleShot(200, desk.mw.unloadProfileAndExit)
            return
        except BaseException:
            traceback.print_exc()
            sys.stdout.flush()
            os._exit(1)
        QTimer.singleShot(150, tick)

    QTimer.singleShot(500, tick)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"] and len(sys.argv) == 6:
        inside(sys.argv[2], *map(Path, sys.argv[3:]))
    elif len(sys.argv) == 3:
        sys.exit(main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()))
    else:
        sys.exit("usage: python tests/desktop_addon.py PROOFDECK FOLDER")
