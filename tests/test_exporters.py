"""Plug-ins: what is installed, what was asked for, and what one of them can spoil."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import commands
import pytest
import reading

from builder import exporters
from builder.demonstration import demonstration
from builder.edition import Edition, Finding
from builder.export import Exported, Occasion, Remark
from builder.model import Artefact, CannotRunError, Diagnostic, Severity
from builder.testing import occasion_of

BUILT_IN = ["apkg", "csv", "html", "json", "pdf"]
DATA = reading.REPOSITORY / "tests" / "data"

Export = Callable[[Edition, Occasion], Exported]


class Fake:
    """An entry point with its distribution, which is not on the disk."""

    group = exporters.GROUP

    def __init__(
        self, name: str, export: Export | None = None, owner: str = "other", version: str = "1.0"
    ) -> None:
        self.name = name
        self.module = f"{owner}.plugin"
        self.value = f"{self.module}:EXPORTER"
        self.dist = Named(owner, version)
        self.summary = "a summary"
        self.export = export

    def load(self) -> Fake:
        """Return an exporter."""
        return self


class Named:
    """A distribution."""

    def __init__(self, name: str, version: str) -> None:
        self.name = name
        self.version = version


Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that installs entry points in the place of all others."""

    def installed(*fakes: Fake) -> None:
        monkeypatch.setattr(metadata, "entry_points", lambda group: fakes)

    return installed


def writing(*names: str) -> Export:
    """Return an export that gives files of these names."""
    return lambda *_: Exported(tuple(Artefact(name, b"text") for name in names))


def run(*names: str) -> tuple[list[str], list[Diagnostic]]:
    """Run exporters on the demonstration; return their files' names and what is said."""
    edition = demonstration()
    done, remarks = exporters.export(exporters.chosen(names), edition, occasion_of(edition))
    return [artefact.name for artefact in done], remarks


# ── what is installed ────────────────────────────────────────────────────────────────────────────


def test_ours_are_installed_like_others() -> None:
    """By entry points, in the order of their names, each with its distribution."""
    found = exporters.installed()
    ours = [plugin for plugin in found if plugin.distribution.startswith("proofdeck ")]
    assert [plugin.name for plugin in ours] == BUILT_IN
    assert all(plugin.load().summary for plugin in ours)


def test_what_is_asked_for_comes_once_and_in_that_order() -> None:
    """Whatever the order of the entry points."""
    names = [plugin.name for plugin in exporters.chosen(["pdf", "apkg", "pdf"])]
    assert names == ["pdf", "apkg"]


def test_what_is_not_installed_ends_the_run() -> None:
    """The message names what there is."""
    with pytest.raises(CannotRunError, match=r"no exporter 'docx' .* apkg, csv, html, json, pdf"):
        exporters.chosen(["docx"])


def test_without_any_the_message_says_what_to_do(install: Install) -> None:
    """As in a folder that was copied and never installed."""
    install()
    with pytest.raises(CannotRunError, match="none at all: install proofdeck with pip"):
        exporters.chosen(["apkg"])


def test_only_what_is_asked_for_is_loaded(install: Install) -> None:
    """A plug-in that cannot be loaded spoils no run without it."""
    good, bad = Fake("good", writing("all.txt")), Fake("bad")
    bad.load = lambda: pytest.fail("it was loaded")  # type: ignore[method-assign]
    install(good, bad)
    assert run("good") == (["all.txt"], [])


def test_ours_counts_before_another_of_the_same_name(install: Install) -> None:
    """Whichever comes first; a warning names both."""
    ours = Fake("apkg", writing("all.apkg"), owner="proofdeck", version="0.1.0")
    theirs = Fake("apkg", writing("all.evil"), owner="a-plugin", version="9")
    for fakes in ((ours, theirs), (theirs, ours)):
        install(*fakes)
        names, (remark,) = run("apkg")
        assert names == ["all.apkg"]
        assert (remark.name, remark.severity) == ("exporter-hidden", Severity.WARNING)
        assert remark.message == (
            "`apkg` is the exporter of proofdeck 0.1.0, so that of a-plugin 9 cannot be used"
        )


def test_of_two_strangers_the_first_by_name_counts(install: Install) -> None:
    """So that it does not depend on the order of a folder."""
    install(Fake("x", writing("all.b"), owner="b"), Fake("x", writing("all.a"), owner="a"))
    assert run("x")[0] == ["all.a"]


def test_each_distribution_has_its_exporters(install: Install) -> None:
    """Ours come first."""
    install(Fake("x", owner="a"), Fake("pdf", owner="proofdeck"), Fake("b", owner="a"))
    assert exporters.by_distribution() == {"proofdeck 1.0": ("pdf",), "a 1.0": ("b", "x")}
    assert list(exporters.by_distribution()) == ["proofdeck 1.0", "a 1.0"]


# ── what one of them can spoil ───────────────────────────────────────────────────────────────────


def raising(error: BaseException) -> Export:
    """Return an export that raises."""

    def export(*_: object) -> Exported:
        raise error

    return export


@pytest.mark.parametrize(
    ("export", "why"),
    [
        (raising(ValueError("two\nlines")), "ValueError: two lines"),
        (raising(KeyError()), "KeyError"),
        (raising(SystemExit(0)), "SystemExit: 0"),
        (raising(RecursionError("deep")), "RecursionError: deep"),
        (lambda *_: None, "AttributeError: 'NoneType' object has no attribute 'artefacts'"),
        (writing("../all.txt"), "ValueError: '../all.txt' is no plain file name"),
        (writing("all/../../x"), "ValueError: 'all/../../x' is no plain file name"),
        (writing("all\\x"), r"ValueError: 'all\\x' is no plain file name"),
        (writing("/etc/passwd"), "ValueError: '/etc/passwd' is no plain file name"),
        (writing("all\0"), r"ValueError: 'all\x00' is no plain file name"),
        (writing("notes.txt"), "ValueError: 'notes.txt' begins with the name of no deck"),
        (writing("all.txt", "all.TXT"), "ValueError: there are two files 'all.TXT'"),
        (writing("all.first"), "ValueError: there are two files 'all.first'"),
    ],
)  # fmt: skip
def test_a_failure_costs_its_own_files_alone(install: Install, export: Export, why: str) -> None:
    """What came before and what comes after is whole; the error names the distribution."""
    install(
        Fake("first", writing("all.first")),
        Fake("bad", export, owner="some-plugin", version="2.1"),
        Fake("last", writing("demonstration.last")),
    )
    names, (remark,) = run("first", "bad", "last")
    assert names == ["all.first", "demonstration.last"]
    assert (remark.name, remark.severity) == ("exporter-failed", Severity.ERROR)
    assert remark.message == "the exporter `bad` failed, and wrote nothing"
    assert remark.notes == (("from", "some-plugin 2.1"), ("raised", why))
    assert remark.hint == "tell the authors of some-plugin, or leave the exporter out"
    assert remark.place.file == "some-plugin/plugin.py"


def test_ctrl_c_is_no_failure_of_an_exporter(install: Install) -> None:
    """It ends the run."""
    install(Fake("slow", raising(KeyboardInterrupt())))
    with pytest.raises(KeyboardInterrupt):
        run("slow")


def test_something_else_than_an_exporter_is_a_failure(install: Install) -> None:
    """The message says what it lacks."""
    fake = Fake("odd")
    fake.load = object  # type: ignore[method-assign, assignment]
    install(fake)
    _, (remark,) = run("odd")
    assert remark.notes[1][1] == "TypeError: `other.plugin:EXPORTER` has no `summary`"


def test_what_cannot_be_shown_is_a_warning_at_its_card(install: Install) -> None:
    """Each finding of an exporter, as long as the exporter did not fail."""
    place = next(demonstration().cards()).place
    found = Exported((), (Finding("☃", place), Remark("it turns the page", place, "turn it")))
    install(Fake("x", lambda *_: found))
    _, (glyph, other) = run("x")
    assert (glyph.name, glyph.place) == ("missing-glyph", place)
    assert (other.name, other.severity) == ("shown-otherwise", Severity.WARNING)
    assert (other.message, other.place, other.hint) == ("it turns the page", place, "turn it")


# ── real distributions ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the plug-ins of `tests/data` are installed by pip."""
    folder = tmp_path_factory.mktemp("plugins")
    for name in ("plugin", "broken-plugin"):
        subprocess.run(
            [
                sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet",
                "--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder),
                str(DATA / name),
            ],
            check=True, timeout=120,
        )  # fmt: skip
    return folder


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(plugins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return a function that runs the command where the plug-ins are installed."""
    monkeypatch.chdir(tmp_path)
    Path("good.md").write_text(reading.pairs("a?", "b?"), encoding="utf-8")

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(reading.REPOSITORY), str(plugins)))
        return subprocess.run(
            commands.command(*arguments),
            env=commands.environment() | {"PYTHONPATH": path},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    return command


def test_a_plug_in_is_installed_and_used(command: Command) -> None:
    """By name, on the command line; nothing else is written then."""
    done = command("build", "good.md", "--export", "flash", "-o", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert [file.name for file in Path("out").iterdir()] == ["good.txt"]
    assert Path("out/good.txt").read_text(encoding="utf-8") == "1. a?\n2. b?\n"


def test_a_plug_in_that_cannot_be_imported_spoils_nothing_else(command: Command) -> None:
    """The error stands at its line, and the run fails with the other files written."""
    done = command(
        "build", "good.md", "-o", "out",
        *("--export", "flash", "--export", "broken", "--export", "absent", "--export", "json"),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert sorted(file.name for file in Path("out").iterdir()) == ["good.json", "good.txt"]
    assert (
        "error[X402]: the exporter `broken` failed, and wrote nothing\n"
        " --> proofdeck_broken.py:5:1\n"
        "  = from    proofdeck-broken 0.3\n"
        "  = raised  KeyError: 'a name that nobody set'\n"
    ) in done.stdout
    assert "ModuleNotFoundError: No module named 'proofdeck_absent'" in done.stdout


def test_the_list_names_all_and_says_which_cannot_be_loaded(command: Command) -> None:
    """With what each writes, and who brought it."""
    done = command("exporters")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert sorted(lines) == sorted([*BUILT_IN, "absent", "broken", "flash"])
    assert lines["apkg"].endswith("(proofdeck 0.1.0; hides that of proofdeck-broken 0.3)")
    assert lines["flash"] == (
        "flash    the questions of each deck as plain text (proofdeck-flash 1.2)"
    )
    assert "cannot be loaded: KeyError: 'a name that nobody set'" in lines["broken"]


def test_the_version_tells_who_brought_exporters(command: Command) -> None:
    """What a report of a fault needs."""
    done = command("--version")
    assert done.stdout == (
        "proofdeck 0.1.0\n"
        "exporters of proofdeck 0.1.0: apkg, csv, html, json, pdf\n"
        "exporters of proofdeck-broken 0.3: absent, apkg, broken\n"
        "exporters of proofdeck-flash 1.2: flash\n"
    )
