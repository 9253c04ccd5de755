"""The Anki add-on, without the desktop: what it plans, remembers and does to real collections."""

from __future__ import annotations

import ast
import doctest
import io
import json
import os
import sqlite3
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path
from threading import Event, Timer

import genanki
import pytest
from learner import Learner

from builder import __version__
from builder.addon import package as packed
from builder.addon import retired_search
from builder.addon.proofdeck import building, constants, memory, outcome, settings, update
from builder.addon.proofdeck import package as packages
from builder.addon.proofdeck.constants import CancelledError, ProblemError
from builder.addon.proofdeck.outcome import Outcome
from builder.addon.proofdeck.plan import Held, plan
from builder.export import cards
from builder.model import Entry, Ledger

SOURCES = Path(packages.__file__).parent
MONDAY = 1_764_000_000
TUESDAY = MONDAY + 86_400
WEDNESDAY = TUESDAY + 86_400
PRESETS = "get_import_anki_package_presets"

# What a bank holds: by GUID the question, the answer and the time of the last change.
Bank = Mapping[str, tuple[str, str, int]]
BANK: Bank = {
    "a": ("What is A?", "one", MONDAY),
    "b": ("What is B?", "two", MONDAY),
    "c": ("What is C?", "three", MONDAY),
}


def write(path: Path, bank: Bank, kind: int = cards.QUESTION.id, deck: str = "Bank") -> Path:
    """Write a package of `bank` as proofdeck does, each note with a time of its own."""
    model = genanki.Model(
        kind,
        cards.QUESTION.name,
        fields=[{"id": field.id, "name": field.name} for field in cards.QUESTION.fields],
        templates=[
            {"id": side.id, "name": side.name, "qfmt": side.front, "afmt": side.back}
            for side in cards.QUESTION.templates
        ],
    )
    made = genanki.Deck(1 << 41, deck)
    blanks = [""] * (len(cards.QUESTION.fields) - 2)
    for guid, (question, answer, _) in bank.items():
        made.add_note(genanki.Note(model, [question, answer, *blanks], guid=guid, tags=["bank"]))
    with closing(sqlite3.connect(":memory:")) as database:
        genanki.Package(made).write_to_db(database.cursor(), MONDAY, count(MONDAY * 1000))
        for guid, (_, _, mod) in bank.items():
            database.execute("update notes set mod = ? where guid = ?", (mod, guid))
        database.commit()
        content = database.serialize()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("collection.anki2", content)
        archive.writestr("media", "{}")
    return path


class Someone(Learner):
    """A learner who has the add-on, without Anki's window around it."""

    def updates(self, path: Path) -> Outcome:
        """Do what the menu entry does with the package at `path`."""
        found = packages.read(path)
        remembered = self.folder / "user_files" / "packages.json"
        todo = update.survey(self.collection, found, remembered)
        return update.apply(self.collection, found, todo, remembered)

    def state(self) -> tuple[list[object], ...]:
        """Return all that an undo has to bring back."""
        return (
            self.database.all("select guid, flds, tags from notes order by guid"),
            self.database.all("select id, queue, type, due, ivl, reps from cards order by id"),
            self.database.all("select * from revlog order by id"),
            self.database.all("select key, cast(val as text) from config order by key"),
        )

    def card(self, guid: str) -> int:
        """Return the id of a note's card."""
        return int(self.database.scalar(
            "select cards.id from cards join notes on nid = notes.id where guid = ?", guid
        ))  # fmt: skip

    def suspended(self) -> set[str]:
        """Return the GUIDs of the notes with a suspended card."""
        return set(self.database.list(
            "select guid from cards join notes on nid = notes.id where queue = -1"
        ))  # fmt: skip

    def tagged(self, tag: str = constants.RETIRED) -> set[str]:
        """Return the GUIDs of the notes with the tag."""
        rows = self.database.all("select guid, tags from notes")
        return {guid for guid, tags in rows if tag in tags.split()}

    def reviews(self, times: int) -> None:
        """Answer that many cards."""
        for _ in range(times):
            card = self.collection.sched.getCard()
            assert card is not None
            self.collection.sched.answerCard(card, 3)


@pytest.fixture
def someone(tmp_path: Path) -> Iterator[Someone]:
    """Return a learner with an empty collection."""
    with Someone(tmp_path / "profile") as learner:
        yield learner


@pytest.fixture
def bank(tmp_path: Path) -> Callable[[Bank], Path]:
    """Return what writes the next version of one package."""
    return lambda notes: write(tmp_path / "bank.apkg", notes)


def titles(of: Mapping[int, str]) -> set[str]:
    """Return the titles of one group of an outcome."""
    return set(of.values())


# ── an update of a collection ────────────────────────────────────────────────────────────────────


def test_the_first_update_brings_the_bank(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """All is new, and nothing else happens."""
    done = someone.updates(bank(BANK))
    assert titles(done.new) == {"What is A?", "What is B?", "What is C?"}
    assert (done.updated, done.retired, done.returned, done.unchanged) == ({}, {}, {}, 0)
    assert not someone.suspended()


def test_a_changed_bank_is_one_step(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """What changed is updated, what left retires, reviews stay, and one undo takes all back."""
    someone.updates(bank(BANK))
    someone.collection.decks.select(someone.collection.decks.id("Bank"))
    someone.reviews(3)
    before = someone.state()
    done = someone.updates(
        bank({
            "a": ("What is A?", "one, really", TUESDAY),
            "b": BANK["b"],
            "d": ("What is D?", "four", TUESDAY),
        })
    )  # fmt: skip
    assert titles(done.new) == {"What is D?"}
    assert titles(done.updated) == {"What is A?"}
    assert titles(done.retired) == {"What is C?"}
    assert (done.returned, done.refused, done.unchanged) == ({}, (), 1)
    assert someone.suspended() == someone.tagged() == {"c"}
    assert someone.state()[2] == before[2]
    assert someone.collection.undo_status().undo == constants.ACTION
    someone.collection.undo()
    assert someone.state() == before
    assert titles(someone.updates(bank({"a": BANK["a"], "b": BANK["b"]})).retired) == {"What is C?"}


def test_a_stamp_alone_is_no_change(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """Notes with a new time and the old text are imported, and counted as unchanged."""
    someone.updates(bank(BANK))
    done = someone.updates(bank({guid: (q, a, TUESDAY) for guid, (q, a, _) in BANK.items()}))
    assert (done.updated, done.unchanged) == ({}, 3)


def test_nothing_to_do_is_no_step(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """The same package again leaves even the undo queue alone."""
    someone.updates(bank(BANK))
    someone.collection.undo()
    someone.collection.redo()
    before = (someone.state(), someone.collection.undo_status())
    done = someone.updates(bank(BANK))
    assert done.changes is None
    assert done.unchanged == 3
    assert (someone.state(), someone.collection.undo_status()) == before


def test_who_returns_is_unsuspended(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """A note that is back loses the tag, whether its text is newer or not."""
    rest = {"a": BANK["a"]}
    someone.updates(bank(BANK))
    someone.updates(bank(rest))
    assert someone.suspended() == someone.tagged() == {"b", "c"}
    done = someone.updates(bank({**rest, "b": BANK["b"], "c": ("What is C?", "3", TUESDAY)}))
    assert titles(done.returned) == {"What is B?", "What is C?"}
    assert someone.suspended() == someone.tagged() == set()
    assert not someone.collection.get_config(update.RETIRED_KEY)


def test_what_the_learner_suspended_stays(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """Only cards that an update suspended are unsuspended by one."""
    someone.updates(bank(BANK))
    someone.collection.sched.suspend_cards([someone.card("c")])
    someone.updates(bank({"a": BANK["a"], "b": BANK["b"]}))
    done = someone.updates(bank(BANK))
    assert titles(done.returned) == {"What is C?"}
    assert someone.suspended() == {"c"}
    assert not someone.tagged()


def test_a_retired_card_may_be_taken_up(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """Whoever unsuspends a retired card keeps it: the next update does not retire it again."""
    someone.updates(bank(BANK))
    someone.updates(bank({"a": BANK["a"], "b": BANK["b"]}))
    someone.collection.sched.unsuspend_cards([someone.card("c")])
    done = someone.updates(bank({"a": ("What is A?", "1", TUESDAY), "b": BANK["b"]}))
    assert not done.retired
    assert not someone.suspended()


def test_other_banks_are_not_touched(someone: Someone, tmp_path: Path) -> None:
    """Neither what was imported by hand nor what another package brings ever retires."""
    other = write(tmp_path / "other.apkg", {"x": ("X?", "x", MONDAY), "b": BANK["b"]}, deck="Bank")
    someone.imports(write(tmp_path / "hand.apkg", {"h": ("H?", "h", MONDAY)}).read_bytes())
    someone.updates(other)
    someone.updates(write(tmp_path / "bank.apkg", BANK))
    done = someone.updates(write(tmp_path / "bank.apkg", {"a": BANK["a"]}))
    assert titles(done.retired) == {"What is C?"}
    assert someone.suspended() == {"c"}


def test_a_moved_bank_is_recognised(someone: Someone, tmp_path: Path) -> None:
    """The package's folder has another name now; what it brought is still known."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    someone.updates(write(old / "bank.apkg", BANK))
    old.rename(new)
    done = someone.updates(write(new / "bank.apkg", {"a": BANK["a"], "b": BANK["b"]}))
    assert titles(done.retired) == {"What is C?"}


@pytest.mark.parametrize("chosen", [None, (True, 1, 2, True), (False, 0, 0, False)])
def test_presets_stay(
    someone: Someone, bank: Callable[[Bank], Path], chosen: tuple[bool, int, int, bool] | None
) -> None:
    """The next import by hand offers what the learner chose the last time."""
    if chosen:
        presets = getattr(someone.collection._backend, PRESETS)()
        presets.merge_notetypes, presets.update_notes, presets.update_notetypes = chosen[:3]
        presets.with_scheduling = chosen[3]
        request = update.ImportAnkiPackageRequest(package_path=str(bank(BANK)), options=presets)
        someone.collection.import_anki_package(request)
    before = someone.state()[3], getattr(someone.collection._backend, PRESETS)()
    someone.updates(bank({**BANK, "d": ("D?", "d", TUESDAY)}))
    mine = [row for row in someone.state()[3] if row in before[0]]
    assert mine == before[0]
    added = {row[0] for row in someone.state()[3]} - {row[0] for row in before[0]}
    assert not added & {*update._PRESETS}
    assert getattr(someone.collection._backend, PRESETS)() == before[1]


def test_marks_stay(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """An updated note keeps the learner's mark, though an import replaces its tags."""
    someone.updates(bank(BANK))
    number = someone.database.scalar("select id from notes where guid = 'a'")
    someone.collection.tags.bulk_add([number], "marked")
    someone.database.execute("update notes set mod = ? where guid = 'a'", MONDAY)
    done = someone.updates(bank({**BANK, "a": ("What is A?", "1", TUESDAY)}))
    assert titles(done.updated) == {"What is A?"}
    assert someone.tagged("marked") == {"a"}


def test_a_note_of_another_type_is_refused(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """A learner may have changed a note's type: that note is reported, and not ours any more."""
    someone.updates(bank(BANK))
    basic = someone.collection.models.by_name("Basic")
    assert basic is not None
    someone.database.execute("update notes set mid = ?, mod = 1 where guid = 'a'", basic["id"])
    done = someone.updates(bank({**BANK, "a": ("What is A?", "1", TUESDAY)}))
    assert done.refused == ("What is A?",)
    someone.updates(bank({"b": BANK["b"], "c": BANK["c"]}))
    assert not someone.suspended()


def test_a_failed_import_changes_nothing(
    someone: Someone, bank: Callable[[Bank], Path], tmp_path: Path
) -> None:
    """The package was fine when it was looked at, and is gone or broken when Anki reads it."""
    someone.updates(bank(BANK))
    path = bank({"a": ("What is A?", "1", TUESDAY), "b": BANK["b"]})
    found = packages.read(path)
    remembered = tmp_path / "packages.json"
    todo = update.survey(someone.collection, found, remembered)
    before = someone.state()
    for spoil in (lambda: path.write_bytes(b"PK\5\6" + bytes(18)), path.unlink):
        spoil()
        with pytest.raises(ProblemError, match=r"^Anki could not import bank\.apkg: "):
            update.apply(someone.collection, found, todo, remembered)
        assert someone.state() == before
        assert not someone.collection.undo_status().undo  # neither an empty step of ours
    assert not remembered.exists()


def test_a_failure_after_the_import_is_undone(
    someone: Someone, bank: Callable[[Bank], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the import had done already is taken back."""
    someone.updates(bank(BANK))
    before = someone.state()

    def fail(*_: object) -> None:
        raise ValueError("something else")

    monkeypatch.setattr(update, "_bring_back", fail)
    with pytest.raises(ProblemError, match="failed halfway: something else"):
        someone.updates(bank({"d": ("D?", "d", TUESDAY)}))
    assert someone.state() == before


def test_a_full_disk_is_told(someone: Someone, bank: Callable[[Bank], Path]) -> None:
    """The update is done all the same; only the next one will know less."""
    (someone.folder / "user_files").write_text("no folder")
    done = someone.updates(bank(BANK))
    assert len(done.new) == 3
    assert "not remembered" in done.remarks[0]


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────


def held(*guids: str) -> list[Held]:
    """Return a note a GUID, with one card each."""
    return [Held(number, guid, MONDAY, (number * 10,)) for number, guid in enumerate(guids, 1)]


def test_most_of_a_bank_is_doubtful() -> None:
    """Five notes and more than half: somebody is asked; a few or less than half just retire."""
    many = [f"n{number}" for number in range(20)]

    def doubtful(inside: list[str], known: list[str]) -> bool:
        return plan(dict.fromkeys(inside, 0), held(*many), set(known), {}).doubtful

    assert doubtful(many[15:], many)
    assert not doubtful(many[10:], many)
    assert not doubtful(many[4:5], many[:5])
    assert doubtful(["new"], many[:5])


def test_newer_types_are_something_to_do() -> None:
    """A change of the style sheet alone is imported."""
    assert plan({"a": MONDAY}, held("a"), {"a"}, {}).idle
    assert not plan({"a": MONDAY}, held("a"), {"a"}, {}, newer_types=True).idle
    assert not plan({"a": TUESDAY}, held("a"), {"a"}, {}).idle
    assert not plan({"a": MONDAY, "b": MONDAY}, held("a"), {"a"}, {}).idle


def test_only_what_is_suspended_is_unsuspended() -> None:
    """A card that the learner took up meanwhile may be buried today, and stays so."""
    note = Held(1, "a", MONDAY, (10, 11), suspended=(11,))
    todo = plan({"a": MONDAY}, [note], set(), {1: (10, 11)})
    assert todo.unsuspend == (11,)


def test_the_retired_that_are_deleted_are_forgotten() -> None:
    """What is remembered in the collection does not grow for ever."""
    todo = plan({"a": MONDAY}, held("a", "b"), set(), {2: (20,), 3: (30,)})
    assert todo.retired == {2: (20,)}


# ── what is remembered ───────────────────────────────────────────────────────────────────────────


def test_memory_survives_the_disk(tmp_path: Path) -> None:
    """What is saved is loaded; a missing or damaged file is an empty memory."""
    file = tmp_path / "user_files" / "packages.json"
    assert memory.load(file) == ()
    banks = (memory.Bank("c", "p", frozenset("ab"), frozenset("x")),)
    memory.save(file, banks)
    assert memory.load(file) == banks
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]
    for broken in ("", "{}", "[1]", '[{"collection": 1}]', "[[]]", '{"a": 1}', "\0"):
        file.write_text(broken)
        assert memory.load(file) == ()


def test_another_bank_of_the_same_name_is_none_that_moved(tmp_path: Path) -> None:
    """A bank is recognised after a move only if at least half of it is still there."""
    gone = memory.Bank("c", str(tmp_path / "old" / "bank.apkg"), frozenset("abcd"))
    new = tmp_path / "bank.apkg"
    assert memory.known([gone], "c", new, set("ab")) == set("abcd")
    assert memory.known([gone], "c", new, set("axyz")) == set()
    assert memory.known([gone], "another profile", new, set("ab")) == set()
    assert memory.after([gone], "c", new, set("ab"), set("abc")) == (
        memory.Bank("c", str(new), frozenset("ab"), frozenset("c")),
    )


def test_a_bank_that_is_still_there_did_not_move(tmp_path: Path) -> None:
    """Two banks of one name are two banks, and a card that both bring belongs to both."""
    old, new = tmp_path / "old" / "bank.apkg", tmp_path / "bank.apkg"
    other = memory.Bank("c", str(old), frozenset("ab"))
    mine = memory.Bank("c", str(new), frozenset("bc"), frozenset("d"))
    assert memory.known([other, mine], "c", new, set("c")) == set("bcd")
    old.parent.mkdir()
    old.touch()
    assert memory.known([other], "c", new, set("ab")) == set()
    assert memory.known([other, mine], "c", new, set("c")) == set("cd")
    assert memory.after([other], "c", new, set("ab"), set("ab"))[0] == other


def test_what_left_is_not_forgotten(tmp_path: Path) -> None:
    """As long as the collection has it: an undone update can be done again, however late."""
    package = tmp_path / "bank.apkg"
    banks: tuple[memory.Bank, ...] = ()
    for inside in ("abc", "ab", "a"):
        banks = memory.after(banks, "c", package, set(inside), set("abc"))
    assert memory.known(banks, "c", package, set("a")) == set("abc")
    banks = memory.after(banks, "c", package, set("a"), set("ab"))
    assert banks == (memory.Bank("c", str(package), frozenset("a"), frozenset("b")),)


# ── packages ─────────────────────────────────────────────────────────────────────────────────────


def test_a_package_is_read(tmp_path: Path) -> None:
    """Its GUIDs with their times, and the times of its note types."""
    found = packages.read(write(tmp_path / "bank.apkg", BANK))
    assert found.notes == dict.fromkeys("abc", MONDAY)
    assert found.types == {cards.QUESTION.id: MONDAY}


def _truncated(path: Path) -> None:
    path.write_bytes(write(path, BANK).read_bytes()[:-300])


def _damaged(path: Path) -> None:
    content = bytearray(write(path, BANK).read_bytes())
    content[200:400] = b"\xff" * 200
    path.write_bytes(content)


def _zip_of(name: str, content: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)

    return make


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.mkdir(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "is broken, or no package"),
        (lambda path: path.write_bytes(b"not a zip"), "is broken, or no package"),
        (_truncated, "is broken, or no package"),
        (_damaged, "is broken, or no package"),
        (_zip_of("media", b"{}"), "is broken, or no package"),
        (_zip_of("collection.anki2", b"no database"), "is broken, or no package"),
        (_zip_of("collection.anki2", b""), "is broken, or no package"),
        (_zip_of("collection.anki21b", b""), "exported by Anki"),
        (lambda path: write(path, {}), "holds no note"),
        (lambda path: write(path, BANK, kind=12345), "not a package of proofdeck"),
    ],
)  # fmt: skip
def test_what_is_no_package_is_said(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    """One sentence for people, whatever is wrong with the file."""
    path = tmp_path / "bank.apkg"
    make(path)
    with pytest.raises(ProblemError, match=message):
        packages.read(path)


# ── settings ─────────────────────────────────────────────────────────────────────────────────────


def test_the_default_settings_ask_for_a_package() -> None:
    """A fresh add-on says what to configure, and does nothing when a profile opens."""
    given = json.loads((SOURCES / "config.json").read_text())
    assert not settings.on_profile_open(given)
    with pytest.raises(ProblemError, match="No package is configured yet"):
        settings.read(given)


def test_every_setting_is_explained() -> None:
    """The help beside Anki's editor names each entry."""
    text = (SOURCES / "config.md").read_text()
    for name in json.loads((SOURCES / "config.json").read_text()):
        assert f"- **{name}**: " in text


def test_settings_are_read(tmp_path: Path) -> None:
    """A relative package is below the build's folder; `~` is the home."""
    command = ["proofdeck", "build"]
    found = settings.read({
        "package": "output", "build_folder": str(tmp_path), "build_command": command,
    })  # fmt: skip
    assert found == settings.Settings(tmp_path / "output", tuple(command), tmp_path, 600.0)
    assert settings.read({"package": "~/x.apkg"}).package == Path.home() / "x.apkg"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"package": "x.apkg"}, "must be a full path"),
        ({"package": 3}, "`package` must be a path"),
        ({"package": "a\0b"}, "`package` must be a path"),
        ({"package": "~nobody-of-this-name/x"}, "cannot be understood"),
        ({"package": "/x", "build_command": "proofdeck build"}, "must be a list of words"),
        ({"package": "/x", "build_command": ["a", 1]}, "must be a list of words"),
        ({"package": "/x", "build_command": ["a"]}, "in which folder"),
        ({"package": "/x", "build_folder": "relative"}, "not the full path of a folder"),
        ({"package": "/x", "build_folder": "/no/such/folder"}, "not the full path of a folder"),
        ({"package": "/x", "build_seconds": 0}, "above 0"),
        ({"package": "/x", "build_seconds": "10"}, "above 0"),
        ({"package": "/x", "build_seconds": True}, "above 0"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, object], message: str) -> None:
    """The sentence says which entry to change."""
    with pytest.raises(ProblemError, match=message):
        settings.read(given)


def test_a_folder_means_its_newest_package(tmp_path: Path) -> None:
    """But never what `-k` made of a part of the bank: all the rest would retire."""
    with pytest.raises(ProblemError, match="no package"):
        settings.newest(tmp_path)
    for number, name in enumerate(("old.apkg", "new.apkg", "bank-selected.apkg", "new.pdf")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (MONDAY + number, MONDAY + number))
    assert settings.newest(tmp_path).name == "new.apkg"
    assert settings.newest(tmp_path / "old.apkg").name == "old.apkg"
    with pytest.raises(ProblemError, match="There is no package"):
        settings.newest(tmp_path / "none.apkg")


# ── the build ────────────────────────────────────────────────────────────────────────────────────


def run(script: str, folder: Path, seconds: float = 30, cancelled: Event | None = None) -> object:
    """Run a Python script as the build command."""
    return building.run([sys.executable, "-c", script], folder, seconds, cancelled or Event())


def test_a_build_is_run_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that it prints is kept, without colours; Anki's own interpreter is not its business."""
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    script = "import os, sys; print('\\x1b[31mé', os.getcwd(), file=sys.stderr); sys.exit(1)"
    assert run(script, tmp_path) == building.Built(1, f"é {tmp_path.resolve()}\n")


def test_a_build_that_cannot_start(tmp_path: Path) -> None:
    """The command is named."""
    with pytest.raises(ProblemError, match="cannot be run: /no/proofdeck: No such file"):
        building.run(["/no/proofdeck"], tmp_path, 1, Event())
    with pytest.raises(ProblemError, match="cannot be run"):
        building.run(["a\0b"], tmp_path, 1, Event())


CHILDREN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def _gone(number: int) -> bool:
    for _ in range(50):
        try:
            state = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_build_has_a_time_limit(tmp_path: Path) -> None:
    """It is ended with all that it started, and what it had printed is shown."""
    with pytest.raises(ProblemError, match=r"longer than 0\.5 s and") as caught:
        run(CHILDREN, tmp_path, 0.5)
    if sys.platform == "linux":
        assert _gone(int(caught.value.details.split()[0]))


def test_a_build_can_be_cancelled(tmp_path: Path) -> None:
    """At once, though it ignores an interrupt."""
    cancelled = Event()
    script = "import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)"
    Timer(0.3, cancelled.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        run(script, tmp_path, cancelled=cancelled)
    assert time.monotonic() - started < 10


def test_a_report_is_understood(tmp_path: Path) -> None:
    """What proofdeck prints today has the form that the add-on reads."""
    (tmp_path / "bank.md").write_text("# Bank\n\n```\nQ: Why?\nA:\n\nQ: How?\nA: So.\n```\n")
    built = building.run(
        [sys.executable, "-m", "builder", "check", "--no-run", "bank.md"], tmp_path, 60, Event()
    )
    assert built.status == 1
    first, *_ = building.findings(built.output)
    assert first.severity == "error"
    assert first.place.startswith("bank.md:4:")
    assert first.message


# ── the add-on's file ────────────────────────────────────────────────────────────────────────────


def test_the_file_is_an_addon() -> None:
    """What Anki's add-on manager wants: no folder on top, a manifest; nothing that is not ours."""
    made = packed()
    assert made.name == "proofdeck.ankiaddon"
    with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
        contents = {name: archive.read(name) for name in names}
    assert names == sorted(names)
    assert {"__init__.py", "config.json", "config.md", "manifest.json"} <= set(names)
    assert not [name for name in names if "/" in name or "__pycache__" in name]
    assert manifest["package"] == "proofdeck"
    assert manifest["min_point_version"] == 231000
    assert manifest["human_version"] == __version__
    for name, content in contents.items():
        assert name == "manifest.json" or content == (SOURCES / name).read_bytes()


def test_the_file_is_always_the_same() -> None:
    """Same sources, same bytes."""
    assert packed() == packed()


def test_retired_notes_are_found_without_the_addon(
    someone: Someone, bank: Callable[[Bank], Path]
) -> None:
    """Anki keeps the numbers of the notes, so the ledger knows what to search for."""
    assert not retired_search(Ledger())
    path = bank(BANK)
    someone.updates(path)
    numbers = dict(someone.database.all("select guid, id from notes"))
    with closing(sqlite3.connect(":memory:")) as database, zipfile.ZipFile(path) as archive:
        database.deserialize(archive.read("collection.anki2"))
        given = dict(database.execute("select guid, id from notes").fetchall())
    blank = dict.fromkeys(("digest", "file", "deck", "section", "identifier", "question"), "")
    entries = [
        Entry(key=guid, guid=guid, note_id=given[guid], mod=MONDAY, kind="question",
              answer="", retired=TUESDAY if guid != "b" else 0, **blank)
        for guid in BANK
    ]  # fmt: skip
    found = someone.collection.find_notes(retired_search(Ledger(tuple(entries))))
    assert set(found) == {numbers["a"], numbers["c"]}


def test_the_addon_knows_our_note_types() -> None:
    """It cannot import them, so they stand in it."""
    ours = [cards.QUESTION.id, cards.CODE.id, cards.CLOZE.id]
    assert ours == list(constants.NOTE_TYPES)


@pytest.mark.parametrize("file", sorted(SOURCES.glob("*.py")), ids=lambda file: file.name)
def test_the_addon_stands_alone(file: Path) -> None:
    """The grammar of Python 3.9, the standard library, Anki, and relative imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            top = name.split(".")[0]
            assert top in {"anki", "aqt"} or top in sys.stdlib_module_names
            assert top != "aqt" or file.name in {"__init__.py", "desktop.py", "windows.py"}


@pytest.mark.parametrize("module", [building, outcome])
def test_its_examples_hold(module: object) -> None:
    """What the docstrings show is so."""
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
