"""The command line."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import commands
import pdfplumber
import pytest
import reading

from builder import __version__
from builder.cli import main

GOOD = reading.pairs("a?", "b?")
FAULTY = "# Faulty\n\n```\nQ: c?\nloose\nA: d\n\nQ: e?\nA: f\n```\n"
ENDLESS = (
    "# Code\n\n```python\n# 1. Implement softmax\ndef softmax(x):\n    while True: pass\n```\n"
)

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SOURCE_DATE_EPOCH", "CI"):
        monkeypatch.delenv(name, raising=False)
    Path("good.md").write_text(GOOD, encoding="utf-8")
    Path("faulty.md").write_text(FAULTY, encoding="utf-8")


def written() -> list[str]:
    """Return all files beside the two notes."""
    found = {str(path.relative_to(".")) for path in Path().rglob("*") if path.is_file()}
    return sorted(found - {"good.md", "faulty.md"})


# ── exit statuses ────────────────────────────────────────────────────────────────────────────────


def test_clean_is_zero(capsys: Capsys) -> None:
    """Check writes nothing; build writes a deck and a sheet, and says so."""
    done = commands.run(capsys, "check", "good.md")
    assert (done.status, done.out, done.err) == (0, "2 cards, 0 errors, 0 warnings\n", "")
    assert written() == []
    done = commands.run(capsys, "build", "good.md", "-o", "o")
    assert (done.status, done.err) == (0, "")
    assert written() == ["o/good.apkg", "o/good.pdf", "proofdeck.lock"]
    assert [line.split(" (")[0] for line in done.out.splitlines()[1:]] == [
        "since the last build: 2 new", "wrote o/good.apkg", "wrote o/good.pdf",
    ]  # fmt: skip


def test_errors_are_one(capsys: Capsys) -> None:
    """No file is written, and the report says which cards it would be without."""
    done = commands.run(capsys, "build", "faulty.md")
    assert (done.status, done.err, written()) == (1, "", [])
    assert (
        "no deck was written; without these cards it can be, with --keep-going:\n"
        "  - c? (faulty.md:4)\n"
    ) in done.out
    assert commands.run(capsys, "check", "faulty.md").status == 1


def test_keep_going_writes_and_is_still_one(capsys: Capsys) -> None:
    """CI sees the fault, the learner has the rest."""
    done = commands.run(capsys, "build", "faulty.md", "--keep-going")
    assert (done.status, written()) == (
        1,
        ["output/faulty.apkg", "output/faulty.pdf", "proofdeck.lock"],
    )
    assert "left out of the deck:\n  - c? (faulty.md:4)\n" in done.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["check", "missing.md"], "missing.md: no such file or folder"),
        (["check"], "content: no such file or folder"),
        (["check", ""], "a path is empty"),
        (["check", "empty"], "empty: no Markdown note (`*.md`) in this folder"),
        (["check", "good.md", "binary.md"],
         "binary.md: a NUL byte at offset 1: this is no text file"),
        (["check", "latin.md"],
         "latin.md: byte 0xe9 in line 2 is not UTF-8: save the note as UTF-8"),
        (["check", "prose"],
         "no note here holds a card: write `Q:` and `A:` lines"),
        (["check", "good.md", "-k", "zzz"], "no question holds 'zzz', which -k asks for"),
        (["build", "good.md", "-o", "good.md/o"], "good.md/o: cannot write here: not a directory"),
        (["check", "good.md", "--tag", "zzz", "--tag", "y"],
         "no card has the tag 'zzz' or 'y', which --tag asks for"),
        (["build", "good.md", "--export", "docx"],
         "no exporter 'docx' is installed; there is apkg, csv, html, json, pdf"),
        (["build", "good.md", "--css", "none.css"], "none.css: no such file or directory"),
        (["build", "good.md", "--css", "latin.md"],
         "latin.md: byte 0xe9 in line 2 is not UTF-8: save the note as UTF-8"),
        (["check", "good.md", "--css", "fetching.css"],
         ("fetching.css: line 2 of the style sheet: `@import` would load a file: "
          "write its rules here")),
        (["build", "good.md", "--vault", "nowhere"], "nowhere: no such folder"),
        (["build", "good.md", "-o", ""], "the output folder (-o) has an empty name"),
        (["check", "\x1b[31m\n::error::"], "\\x1b[31m\\n::error::: no such file or folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_two_and_one_line(
    capsys: Capsys, arguments: list[str], line: str
) -> None:
    """On standard error, and nothing is written anywhere."""
    Path("empty").mkdir()
    Path("prose").mkdir()
    Path("prose/a.md").write_text("words", encoding="utf-8")
    Path("binary.md").write_bytes(b"a\0")
    Path("latin.md").write_bytes(b"a\ncaf\xe9")
    Path("fetching.css").write_text("p {}\n@import 'https://example.org/a.css'", encoding="utf-8")
    before = written()
    done = commands.run(capsys, *arguments)
    assert (done.status, done.out, done.err) == (2, "", f"proofdeck: {line}\n")
    assert written() == before


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--nope"], ["build", "--format", "xml"], ["deck"], ["check", "--export", "json"],
        ["build", "--pages", "0"], ["build", "--pages", "two"], ["build", "--font-size", "nan"],
        ["build", "--font-size", "100"], ["build", "--landscape", "--portrait"],
    ],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense_is_two(capsys: Capsys, arguments: list[str]) -> None:
    """The usage is shown."""
    with pytest.raises(SystemExit) as caught:
        commands.run(capsys, *arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("usage: proofdeck")


def children(process: int) -> set[int]:
    """Return the processes below `process`, and those below them."""
    found: set[int] = set()
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text(encoding="ascii").split()):
            found |= {child, *children(child)}
    return found


def alive(process: int) -> bool:
    """Tell whether a process is there, and no corpse."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in {"Z", "X"}


def within(seconds: float, condition: object) -> bool:
    """Wait until `condition` holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_ctrl_c_is_130_and_leaves_no_process_behind() -> None:
    """Even while an answer runs for ever."""
    Path("endless.md").write_text(ENDLESS, encoding="utf-8")
    process = subprocess.Popen(
        commands.command("build", "--trust", "endless.md"),
        env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    seen: set[int] = set()

    def answering() -> bool:
        seen.update(children(process.pid))
        return len(seen) >= 2

    assert within(20, answering), "the answer never ran"
    time.sleep(0.1)
    seen.update(children(process.pid))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (
        130,
        "",
        "proofdeck: interrupted, nothing was written\n",
    )
    assert within(5, lambda: not any(map(alive, seen))), "a process was left behind"
    assert written() == ["endless.md"]


# ── options ──────────────────────────────────────────────────────────────────────────────────────


def test_only_some_cards(capsys: Capsys) -> None:
    """Upper case does not matter."""
    done = commands.run(capsys, "check", "good.md", "faulty.md", "-k", "E?")
    assert (done.status, done.out) == (0, "1 card, 0 errors, 0 warnings\n")


def test_only_cards_with_a_tag(capsys: Capsys) -> None:
    """A tag of theirs or of the note, or the name of their section; one of several is enough."""
    note = (
        "---\ntags: [ml::nets]\n---\n# Deck\n\n## Big O\n\n```\nQ: a?\nA: b\n```\n\n"
        "## Trees\n\n```\nQ: c?\nA: d\n\nQ: e?\nA: f\n```\n"
    )
    Path("tagged.md").write_text(note, encoding="utf-8")
    for tags, cards in (
        (["ML"], 3), (["ml::nets"], 3), (["trees"], 2), (["big-o"], 1), (["trees", "big-o"], 3),
    ):  # fmt: skip
        options = [word for tag in tags for word in ("--tag", tag)]
        done = commands.run(capsys, "check", "tagged.md", "good.md", *options)
        assert done.out.startswith(f"{cards} card")
    done = commands.run(capsys, "check", "tagged.md", "-k", "c?", "--tag", "trees")
    assert done.out.startswith("1 card,")


def test_the_sheet_is_set_as_it_is_wished(capsys: Capsys) -> None:
    """Its paper, and which way it is turned."""

    def size(*options: str) -> tuple[int, int]:
        arguments = ["build", "good.md", "-o", "o", "--export", "pdf", *options]
        assert commands.run(capsys, *arguments).status == 0
        with pdfplumber.open("o/good.pdf") as sheet:
            return round(sheet.pages[0].width), round(sheet.pages[0].height)

    assert sorted(size("--paper", "letter")) == [612, 792]
    assert size("--portrait") == (595, 842)
    assert size("--landscape") == (842, 595)


def test_a_sheet_that_cannot_have_so_few_pages_says_so(capsys: Capsys) -> None:
    """A warning, as the sheet is still there."""
    many = reading.pairs(*(f"How many questions are {number}?" for number in range(400)))
    Path("many.md").write_text(many, encoding="utf-8")
    arguments = ["build", "many.md", "-o", "o", "--export", "pdf", "--pages"]
    done = commands.run(capsys, *arguments, "1")
    assert done.status == 0
    assert "warning[X404]: the sheet has " in done.out


def test_a_style_sheet_of_the_learners_own_is_in_the_deck(capsys: Capsys) -> None:
    """Behind ours. A build without it changes the looks back."""
    Path("my.css").write_text(".card { color: rebeccapurple }", encoding="utf-8")
    arguments = ["build", "good.md", "-o", "o", "--export", "apkg"]
    assert commands.run(capsys, *arguments, "--css", "my.css").status == 0
    with zipfile.ZipFile("o/good.apkg") as package:
        assert b"rebeccapurple" in package.read("collection.anki2")
    assert commands.run(capsys, "check", "good.md", "--locked", "--css", "my.css").status == 0
    assert commands.run(capsys, "check", "good.md", "--locked").status == 1


def test_nothing_says_verified_when_nothing_ran(capsys: Capsys) -> None:
    """An endless answer is no error then."""
    Path("endless.md").write_text(ENDLESS, encoding="utf-8")
    done = commands.run(capsys, "check", "endless.md", "--no-run")
    assert done.out == "1 card, nothing was run, so nothing is verified, 0 errors, 0 warnings\n"
    assert done.status == 0


@pytest.mark.parametrize("command", ["build", "check"])
def test_json_is_all_that_stands_on_standard_output(capsys: Capsys, command: str) -> None:
    """Whether the bank is clean or not."""
    for note, status in (("good.md", 0), ("faulty.md", 1)):
        done = commands.run(capsys, command, note, "--format", "json")
        assert (done.status, done.err) == (status, "")
        report = json.loads(done.out)
        assert report["version"] == 1
        assert report["summary"]["errors"] == status
    assert commands.run(capsys, command, "missing", "--format", "json").out == ""


def test_a_seed_repeats_a_run(capsys: Capsys) -> None:
    """What is reported can be given."""
    arguments = ["check", "--trust", str(reading.BANK), "--format", "json", "--seed", "7"]
    first, second = (commands.run(capsys, *arguments).out for _ in range(2))
    assert first == second
    assert json.loads(first)["seed"] == 7


@pytest.mark.parametrize("epoch", ["abc", "-1", "1.5", "１", "1700000000000", "9" * 5000])
def test_a_time_that_is_none_is_refused(
    capsys: Capsys, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    """Letters, signs, and milliseconds."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    done = commands.run(capsys, "build", "good.md")
    assert done.status == 2
    assert done.err.endswith("it must be a number of seconds\n")
    assert written() == []


@pytest.mark.parametrize("epoch", ["0", "1", "315532800", "1700000000", "4294967296", ""])
def test_a_time_makes_the_same_bytes(
    capsys: Capsys, monkeypatch: pytest.MonkeyPatch, epoch: str
) -> None:
    """Before 1980 and after 2106 as well; an empty one counts as none."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert commands.run(capsys, "build", "good.md", "-o", "one").status == 0
    if epoch:
        assert commands.run(capsys, "build", "good.md", "-o", "two").status == 0
        for name in ("good.apkg", "good.pdf"):
            assert Path("one", name).read_bytes() == Path("two", name).read_bytes()


def test_the_version(capsys: Capsys) -> None:
    """As the package has it."""
    with pytest.raises(SystemExit) as caught:
        commands.run(capsys, "--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"proofdeck {__version__}\nexporters of proofdeck ")


# ── the audit ────────────────────────────────────────────────────────────────────────────────────

ANSWERS = (
    "# Code\n\n```python\n# 1. Implement softmax\ndef softmax(x):\n"
    "    e = np.exp(x - np.max(x))\n    {}return e / e.sum()\n```\n"
)
REVIEW = '[[equivalent]]\nfunction = "softmax"\nmutant = "{}"\nreason = "times one"\n'


def test_an_audit_is_zero_when_every_mistake_is_noticed(capsys: Capsys) -> None:
    """It writes nothing, and says nothing on the way."""
    Path("code.md").write_text(ANSWERS.format(""), encoding="utf-8")
    done = commands.run(capsys, "audit", "--trust", "code.md", "--seed", "7")
    assert (done.status, done.err) == (0, "")
    assert "seed 7" in done.out
    assert re.search(
        r"^1 answer audited, \d+ mutants, 0 missed, 0 stale reviews$", done.out, re.MULTILINE
    )
    assert written() == ["code.md"]


def test_what_nobody_would_notice_is_one_until_it_is_reviewed(capsys: Capsys) -> None:
    """Each mutant with its place; a review beside the note says why it is right."""
    Path("code.md").write_text(ANSWERS.format("e = e * np.ones(1)\n    "), encoding="utf-8")
    done = commands.run(capsys, "audit", "--trust", "code.md", "--format", "json")
    assert (done.status, done.err) == (1, "")
    mutants = json.loads(done.out)["answers"][0]["mutants"]
    missed = {one["after"]: one["line"] for one in mutants if one["outcome"] == "missed"}
    assert missed["e = e"] == 7
    reviews = "".join(map(REVIEW.format, missed))
    Path("code.audit.toml").write_text(reviews, encoding="utf-8")
    assert commands.run(capsys, "audit", "--trust", "code.md").status == 0
    Path("code.audit.toml").write_text(reviews + REVIEW.format("gone"), encoding="utf-8")
    done = commands.run(capsys, "audit", "--trust", ".", "-k", "softmax")
    assert done.status == 1
    assert "warning[M502]: this review of `softmax` no longer applies\n" in done.out
    assert "--> code.audit.toml:" in done.out


def test_an_audit_that_cannot_be_done_is_two_and_one_line(capsys: Capsys) -> None:
    """A broken file of reviews is named with its reason, before anything runs."""
    for content, said in (
        (b"[[", "code.audit.toml: this is no TOML: "),
        (b"\xff", "code.audit.toml: byte 0xff in line 1 is not UTF-8"),
        (b"#" * 2_000_000, "code.audit.toml: larger than 1048576 bytes"),
    ):
        Path("code.md").write_text(ANSWERS.format(""), encoding="utf-8")
        Path("code.audit.toml").write_bytes(content)
        done = commands.run(capsys, "audit", "--trust", "code.md")
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert done.err.startswith(f"proofdeck: {said}")
    assert commands.run(capsys, "audit", "missing").status == 2


def test_an_audit_of_questions_has_nothing_to_do(capsys: Capsys) -> None:
    """And one of wrong answers says so."""
    done = commands.run(capsys, "audit", "good.md")
    assert (done.status, done.out) == (
        0, "0 answers audited, 0 mutants, 0 missed, 0 stale reviews\n",
    )  # fmt: skip
    Path("code.md").write_text(ANSWERS.format("e = e + 1\n    "), encoding="utf-8")
    done = commands.run(capsys, "audit", "--trust", "code.md")
    assert "1 answer is not audited: wrong, or not verified; `proofdeck check` says" in done.out


def test_our_own_bank_misses_nothing(capsys: Capsys) -> None:
    """Nor is one of its reviews stale."""
    done = commands.run(capsys, "audit", "--trust", str(reading.BANK), "--format", "json")
    assert done.status == 0
    summary = json.loads(done.out)["summary"]
    assert (summary["answers"], summary["missed"], summary["stale"]) == (5, 0, 0)


# ── exporters ────────────────────────────────────────────────────────────────────────────────────


def test_only_what_is_asked_for_is_written(capsys: Capsys) -> None:
    """Each exporter once, however often it is named."""
    options = ["--export", "json", "--export", "csv", "--export", "json"]
    assert commands.run(capsys, "build", "good.md", "-o", "o", *options).status == 0
    assert written() == ["o/good.csv", "o/good.json", "proofdeck.lock"]


def test_the_list_of_exporters_tells_what_each_writes(capsys: Capsys) -> None:
    """And who brought it."""
    done = commands.run(capsys, "exporters")
    assert (done.status, done.err) == (0, "")
    assert f"pdf      a sheet of each deck, to print (proofdeck {__version__})\n" in done.out


# ── the preview ──────────────────────────────────────────────────────────────────────────────────


def test_a_preview_shows_faulty_cards_too() -> None:
    """It writes a page, and neither a deck nor the ledger; the status is that of a check."""
    done = commands.spawn("preview", "faulty.md", "-o", "o", BROWSER="true")
    assert (done.returncode, done.stderr) == (1, b"")
    assert written() == ["o/faulty.html"]
    assert done.stdout.endswith(b"2 cards, 1 error, 0 warnings\nwrote o/faulty.html\n")
    done = commands.spawn("preview", "good.md", "--format", "json", "-k", "b?", BROWSER="true")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["summary"]["files"][0]["path"] == "output/good-selected.html"


# ── surroundings ─────────────────────────────────────────────────────────────────────────────────


def test_the_surroundings_change_no_byte() -> None:
    """Neither time zone nor locale nor hash seed nor the current folder."""
    Path("original-bank.md").write_bytes(reading.ORIGINAL.read_bytes())
    Path("faults.md").write_text(FAULTY + "---\n" + GOOD, encoding="utf-8")
    worlds: list[Mapping[str, str]] = [
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
    ]
    outcomes = []
    for number, world in enumerate(worlds):
        Path("proofdeck.lock").unlink(missing_ok=True)
        done = commands.spawn(
            "build", "--trust", "original-bank.md", "-o", f"o{number}", "--seed", "1",
            "--format", "json", SOURCE_DATE_EPOCH="1700000000", **world,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, b"")
        files = {file.name: file.read_bytes() for file in Path(f"o{number}").iterdir()}
        faults = commands.spawn("check", "faults.md", **world)
        outcomes.append((done.stdout.replace(f"o{number}/".encode(), b"o/"), files, faults.stdout))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1].keys() == {"original-bank.apkg", "original-bank.pdf"}


def test_an_encoding_without_a_sign_spells_it_out() -> None:
    """A report is better than a traceback."""
    Path("moji.md").write_text(reading.pairs("n“²” Â²?"), encoding="utf-8")
    done = commands.spawn("check", "moji.md", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"\xc2\xb2" in done.stdout


def test_a_file_whose_name_is_no_text_is_built() -> None:
    """Its name is spelled out where it is shown."""
    name = os.fsdecode(b"g\xff.md")
    try:
        Path(name).write_text(reading.pairs("Â²?"), encoding="utf-8")
    except OSError:
        pytest.skip("this disk wants names that are text")
    done = commands.spawn("build", name, "-o", "o")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--> g\\udcff.md:" in done.stdout


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which `proofdeck` stands for the command."""
    prelude = f'proofdeck() {{ "{sys.executable}" -m builder "$@"; }}\nset -o pipefail\n'
    return subprocess.run(
        ["bash", "-c", prelude + line],
        env=commands.environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_stop_nothing(closed: str) -> None:
    """Not even the processes that answers run in, whose pipes would get their numbers."""
    note = "interview-question-bank.md"
    Path(note).write_bytes(reading.BANK.read_bytes())
    done = shell(f"proofdeck build --trust '{note}' -o o {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert written()[:2] == [note, "o/interview-question-bank.apkg"]
    assert written()[2:] == ["o/interview-question-bank.pdf", "proofdeck.lock"]


def test_a_reader_that_has_enough_is_no_fault() -> None:
    """`| head` ends the command without a word."""
    many = reading.pairs(*(f"Â² {number}?" for number in range(3000)))
    Path("many.md").write_text(many, encoding="utf-8")
    done = shell("proofdeck check many.md | head -n 1")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_said() -> None:
    """Where the report goes into a file."""
    done = shell("proofdeck check good.md > /dev/full")
    assert (done.returncode, done.stderr) == (
        2, "proofdeck: the report cannot be written: No space left on device\n",
    )  # fmt: skip


# ── a terminal ───────────────────────────────────────────────────────────────────────────────────


def on_terminal(*arguments: str, columns: int = 40, **more: str) -> str:
    """Return what the command writes to a terminal."""
    parent, child = pty.openpty()
    ioctl(child, TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        commands.command(*arguments), env=commands.environment(**more),
        stdin=child, stdout=child, stderr=child,
    )  # fmt: skip
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(parent)
    process.wait(timeout=20)
    return shown.decode()


def test_a_terminal_has_colours_and_progress() -> None:
    """Progress is one line that is wiped, and no wider than the terminal."""
    Path("code.md").write_text(
        "```python\n# 1. 日本語日本語日本語日本語日本語日本語 \x1b[31m\n"
        "def softmax(x):\n    return x\n```\n",
        encoding="utf-8",
    )
    shown = on_terminal("check", "--trust", "code.md")
    assert "\r\x1b[2Kjudging 1/1  日本語日本語日本語日本語日\r\x1b[2K" in shown
    assert "\x1b[1;31merror[V301]\x1b[0m" in shown


def test_no_colour_where_it_is_not_wanted() -> None:
    """`NO_COLOR` is honoured, and an empty one means nothing."""
    assert "\x1b[1;31m" not in on_terminal("check", "faulty.md", NO_COLOR="1")
    assert "\x1b[1;31m" in on_terminal("check", "faulty.md", NO_COLOR="")


def test_neither_where_there_is_no_terminal() -> None:
    """In a file and in CI a report is plain text."""
    done = commands.spawn("check", "faulty.md")
    assert b"\x1b" not in done.stdout
    assert b"\r" not in done.stdout
    assert done.stderr == b""


# ── what is remembered ───────────────────────────────────────────────────────────────────────────


def test_an_unchanged_answer_is_not_run_again(capsys: Capsys) -> None:
    """The second run remembers; `--no-cache` and a seed run it again."""

    def run(*options: str) -> tuple[int, object]:
        assert main(["check", "--trust", str(reading.BANK), "--format", "json", *options]) == 0
        report = json.loads(capsys.readouterr().out)
        return report["summary"]["remembered"], report["seed"]

    assert run()[0] == 0
    assert run() == (5, None)
    assert run("--no-cache")[0] == 0
    assert run("--seed", "7") == (0, 7)


def test_the_cache_can_be_cleared(capsys: Capsys) -> None:
    """It says what it removed, and a second time that there was nothing."""
    assert main(["check", "--trust", str(reading.BANK)]) == 0
    capsys.readouterr()
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out.startswith("removed ")
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out == "nothing was remembered\n"
