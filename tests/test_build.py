"""The pipeline: from notes on disk to a report and to files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import reading

from builder.build import build
from builder.model import CannotRunError, Report, Status
from builder.settings import Settings
from builder.verify.limits import Order

GOOD = reading.pairs("a?", "b?")
FAULTY = "# Faulty\n\n```\nQ: c?\nloose\nA: d\n\nQ: e?\nA: f\n```\n"
CODE = "# Code\n\n```python\n# 1. Implement softmax\ndef softmax(x):\n    return x\n```\n"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, content: str | bytes) -> None:
    """Write a note."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def built(*paths: str, keep_going: bool = False, only: str = "", run: bool = False) -> Report:
    """Build the notes at `paths` into `out`."""
    return build(
        Settings(
            paths=paths,
            now=0,
            order=Order(1, trust=True),
            output="out",
            only=only,
            run=run,
            keep_going=keep_going,
        )
    )


def names() -> list[str]:
    """Return what was written."""
    return sorted(file.name for file in Path("out").glob("*")) if Path("out").exists() else []


def rules_of(report: Report) -> list[str]:
    """Return the names of the rules that speak."""
    return [found.name for found in report.diagnostics]


def test_one_note_gives_a_deck_and_a_sheet_of_its_name() -> None:
    """The report says where they are and how large."""
    put("bank.md", GOOD)
    report = built("bank.md")
    assert report.clean
    assert names() == ["bank.apkg", "bank.pdf"]
    assert [(file.path, file.size) for file in report.written] == [
        (f"out/{name}", Path("out", name).stat().st_size) for name in names()
    ]


def test_several_notes_give_one_package_and_a_sheet_each() -> None:
    """Named after the command, as no note's name fits all."""
    put("bank/a.md", GOOD)
    put("bank/deep/b.md", CODE)
    assert built("bank").clean
    assert names() == ["a.pdf", "b.pdf", "proofdeck.apkg"]


def test_notes_of_one_name_do_not_overwrite_each_other() -> None:
    """Their folders tell their sheets apart."""
    put("x/bank.md", GOOD)
    put("y/bank.md", CODE)
    put("x-bank.md", FAULTY.replace("loose\n", ""))
    built("x", "y", "x-bank.md")
    assert len(names()) == 4


def test_an_error_writes_no_file_and_says_which_cards_would_be_left_out() -> None:
    """Not even those of a note that is clean."""
    put("bank/a.md", GOOD)
    put("bank/b.md", FAULTY)
    report = built("bank")
    assert not report.clean
    assert names() == []
    assert report.written == ()
    assert [card.question for card in report.left_out] == ["c?"]


def test_keep_going_writes_the_rest() -> None:
    """The report stays one of a faulty bank."""
    put("b.md", FAULTY)
    report = built("b.md", keep_going=True)
    assert not report.clean
    assert names() == ["b.apkg", "b.pdf"]
    assert [card.question for card in report.left_out] == ["c?"]


def test_keep_going_with_nothing_left_writes_nothing() -> None:
    """An empty deck is no deck."""
    put("b.md", FAULTY.partition("\nQ: e?")[0] + "```\n")
    report = built("b.md", keep_going=True)
    assert len(report.left_out) == 1
    assert names() == []


def test_files_of_an_earlier_run_stay_when_a_bank_breaks() -> None:
    """The last good deck is better than none."""
    put("bank.md", GOOD)
    built("bank.md")
    before = Path("out/bank.apkg").read_bytes()
    put("bank.md", FAULTY)
    built("bank.md")
    assert Path("out/bank.apkg").read_bytes() == before


def test_some_cards_only() -> None:
    """A fault elsewhere does not matter then; a note without such a card is left out."""
    put("bank/a.md", GOOD)
    put("bank/b.md", FAULTY)
    report = built("bank", only="B?")
    assert report.clean
    assert [card.question for card in report.bank.cards()] == ["b?"]
    assert names() == ["a-selected.apkg", "a-selected.pdf"]


def test_without_a_run_nothing_is_verified() -> None:
    """Neither in the report nor in what is written, and nothing is held against an answer."""
    put("code.md", CODE)
    report = built("code.md")
    assert report.clean
    assert (report.isolation, report.seed) == ("none", None)
    statuses = [one.status for verdicts in report.verdicts.values() for one in verdicts]
    assert statuses == [Status.NOT_RUN]
    with zipfile.ZipFile("out/code.apkg") as package:
        assert all(b"verified:" not in package.read(name) for name in package.namelist())
    assert b"verified" not in Path("out/code.pdf").read_bytes()


def test_a_run_without_code_starts_nothing() -> None:
    """Then no isolation is claimed."""
    put("a.md", GOOD)
    report = built("a.md", run=True)
    assert (report.isolation, report.seed, report.verdicts) == ("none", None, {})


def test_a_wrong_answer_is_an_error_at_its_card() -> None:
    """The caret stands in the note, and the card would be left out."""
    put("code.md", CODE)
    report = built("code.md", run=True)
    (found,) = report.diagnostics
    assert (found.name, found.place.file, found.place.line) == ("wrong-answer", "code.md", 5)
    assert report.excerpts[("code.md", 5)] == "def softmax(x):"
    assert [card.question for card in report.left_out] == ["Implement softmax"]
    assert report.seed == 1


def test_progress_is_told_before_each_answer() -> None:
    """How many are judged, of how many, and which comes next."""
    put("code.md", CODE)
    told: list[tuple[int, int, str]] = []
    build(
        Settings(paths=("code.md",), now=0, order=Order(1, trust=True)),
        lambda *step: told.append(step),
    )
    assert told == [(0, 1, "Implement softmax")]


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("content", [b"\xff\xfe", b"PK\0\0"])
def test_what_is_no_text_ends_the_run_when_it_is_named(content: bytes) -> None:
    """The message names the file, and says why."""
    put("a.md", GOOD)
    put("b.md", content)
    with pytest.raises(CannotRunError, match=r"^b\.md: .* (not UTF-8|no text file)"):
        built("a.md", "b.md")
    assert names() == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"PK\0\0"])
def test_what_is_no_text_is_an_error_when_it_is_found(content: bytes) -> None:
    """The other notes are still read."""
    put("bank/a.md", GOOD)
    put("bank/b.md", content)
    report = built("bank")
    assert rules_of(report) == ["unreadable"]
    assert len(list(report.bank.cards())) == 2
    assert names() == []
    built("bank", keep_going=True)
    assert names() == ["a.apkg", "a.pdf"]


def test_a_note_without_cards() -> None:
    """Named it is an error, found it is counted, and alone it ends the run."""
    put("bank/a.md", GOOD)
    put("bank/b.md", "# Prose\n")
    report = built("bank")
    assert (report.clean, report.skipped) == (True, 1)
    assert rules_of(built("bank/a.md", "bank/b.md")) == ["no-cards"]
    put("prose/b.md", "")
    with pytest.raises(CannotRunError, match="no note here holds a card"):
        built("prose")


def test_faults_of_one_line_come_in_one_order() -> None:
    """By file, line, column and code."""
    put("bank/b.md", FAULTY)
    put("bank/a.md", "---\ntags: {}\ndeck: []\n---\n```\nA: nÂ²\n```\n")
    assert rules_of(built("bank")) == [
        "front-matter", "front-matter", "answer-without-question", "mojibake", "stray-text",
    ]  # fmt: skip


def test_a_part_does_not_replace_the_whole() -> None:
    """What -k builds has names of its own."""
    put("note.md", reading.pairs("A?", "B?"))
    whole = [file.path for file in built("note.md").written]
    part = [file.path for file in built("note.md", only="B?").written]
    assert whole == ["out/note.apkg", "out/note.pdf"]
    assert part == ["out/note-selected.apkg", "out/note-selected.pdf"]


def test_a_slip_of_one_question_costs_its_neighbour_nothing() -> None:
    """Text below a question that has no answer yet belongs to that one, not to the card before."""
    put("k.md", "# K\n\n```\nQ: Good?\nA: yes\n\nQ: Bad?\nAnswer: no\n\nQ: Last?\nA: fine\n```\n")
    report = built("k.md", keep_going=True)
    assert not report.left_out
    assert rules_of(report) == ["question-without-answer", "stray-text"]
    assert sum(change.card is not None for change in report.changes) == 2
