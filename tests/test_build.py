"""The pipeline: from notes on disk to a report and to files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import reading

from builder.build import build
from builder.demonstration import demonstration
from builder.model import CannotRunError, Report, Severity, Status
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


def built(*paths: str, run: bool = False, **choices: Any) -> Report:
    """Build the notes at `paths` into `out`."""
    order = Order(1, trust=True)
    return build(Settings(paths=paths, now=0, order=order, output="out", run=run, **choices))


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


def test_a_part_of_several_notes_does_not_replace_the_whole() -> None:
    """Neither their package nor their sheets; a tag makes a part as a text does."""
    put("bank/a.md", GOOD.replace("# Deck", "---\ntags: [one]\n---\n# Deck"))
    put("bank/b.md", GOOD.replace("# Deck", "---\ntags: [two]\n---\n# Other"))
    built("bank")
    built("bank", only="a?")
    built("bank", tags=("one",))
    assert names() == [
        "a-selected.apkg", "a-selected.pdf", "a.pdf", "b-selected.pdf", "b.pdf",
        "proofdeck-selected.apkg", "proofdeck.apkg",
    ]  # fmt: skip


def test_a_part_retires_no_card() -> None:
    """What is not asked for has not left the bank."""
    put("bank.md", GOOD.replace("```", "## Some\n\n```", 1))
    built("bank.md")
    built("bank.md", tags=("some",), only="a?")
    assert '"retired": 0' in Path("proofdeck.lock").read_text(encoding="utf-8")
    assert not built("bank.md").changes


def test_an_exporter_that_is_missing_ends_the_run_before_anything_is_judged() -> None:
    """A typing mistake costs no minute."""
    put("code.md", CODE)
    told: list[object] = []
    settings = Settings(("code.md",), 0, Order(1, trust=True), "out", exporters=("pdff",))
    with pytest.raises(CannotRunError, match="no exporter 'pdff'"):
        build(settings, lambda *step: told.append(step))
    assert not told


def test_cards_that_left_get_a_package_of_their_own() -> None:
    """If a package is asked for, and beside it."""
    put("bank.md", GOOD)
    built("bank.md")
    put("bank.md", reading.pairs("a?"))
    built("bank.md", tombstones=True)
    assert names() == ["bank-retired.apkg", "bank.apkg", "bank.pdf"]
    for file in Path("out").iterdir():
        file.unlink()
    built("bank.md", tombstones=True, exporters=("json",))
    assert names() == ["bank.json"]


# ── what cards show besides their text ───────────────────────────────────────────────────────────

OPEN = "# Open\n\nQ: What is {}?\nA: This\n\n```\nQ: plain?\nA: yes\n```\n"


def test_an_image_is_in_the_package() -> None:
    """Under a name that comes from its content."""
    (dot,) = demonstration().media
    put("bank/open.md", OPEN.format("![a dot](dot.png)"))
    put("bank/dot.png", dot.content)
    report = built("bank", exporters=("json", "apkg"))
    assert report.clean
    (media,) = json.loads(Path("out/open.json").read_bytes())["media"]
    assert media["name"] == dot.name
    with zipfile.ZipFile("out/open.apkg") as package:
        assert dot.content in [package.read(name) for name in package.namelist()]


def test_a_card_whose_image_is_missing_is_left_out() -> None:
    """The error stands at the image; the next card is whole."""
    put("bank/open.md", OPEN.format("![a dot](dot.png)"))
    report = built("bank", exporters=("json",), keep_going=True)
    assert rules_of(report) == ["missing-image"]
    (card,) = json.loads(Path("out/open.json").read_bytes())["decks"][0]["cards"]
    assert card["title"] == "plain?"


@pytest.mark.parametrize("output", ["out", None])
def test_a_formula_that_cannot_be_set_is_a_warning_at_its_card(output: str | None) -> None:
    """Whether a deck is written or not."""
    put("open.md", OPEN.format("$\\nosuchcommand$"))
    report = build(Settings(("open.md",), 0, Order(1), output, run=False, keep_going=True))
    (found,) = report.diagnostics
    assert (found.name, found.severity, found.place.line) == ("bad-formula", Severity.WARNING, 3)
    assert not report.left_out


def test_in_a_vault_cards_lead_to_their_notes() -> None:
    """By the vault's name and the note's path in it; without a vault there is no link."""
    put("My notes/ml/open.md", OPEN.format("it"))

    def links(**choices: str) -> set[str]:
        built("My notes/ml", exporters=("json",), **choices)
        (deck,) = json.loads(Path("out/open.json").read_bytes())["decks"]
        return {card["link"] for card in deck["cards"]}

    assert links() == {""}
    (link,) = links(vault="My notes")
    assert link.startswith("obsidian://open?vault=My%20notes&file=ml%2Fopen")


def test_a_slip_of_one_question_costs_its_neighbour_nothing() -> None:
    """Text below a question that has no answer yet belongs to that one, not to the card before."""
    put("k.md", "# K\n\n```\nQ: Good?\nA: yes\n\nQ: Bad?\nAnswer: no\n\nQ: Last?\nA: fine\n```\n")
    report = built("k.md", keep_going=True)
    assert not report.left_out
    assert rules_of(report) == ["question-without-answer", "stray-text"]
    assert sum(change.card is not None for change in report.changes) == 2
