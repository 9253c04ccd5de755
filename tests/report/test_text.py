"""The report as people read it."""

from __future__ import annotations

from pathlib import Path

import cases
import pytest
import reading

from builder.build import build
from builder.model import Bank, Diagnostic, Place, Report, Severity, Status, Tier, Verdict, Written
from builder.report import text
from builder.settings import Settings
from builder.verify.limits import Order


@cases.parametrize(Path(__file__).parent / "cases")
def test_a_note_is_reported_as_its_case_says(
    case: cases.Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole report of `check --no-run`, word for word."""
    monkeypatch.chdir(tmp_path)
    Path("bank.md").write_text(case.note, encoding="utf-8", newline="")
    report = build(Settings(paths=("bank.md",), now=0, order=Order(1), run=False))
    assert said(report) == case.expected


def said(report: Report, *, colour: bool = False, building: bool = False) -> str:
    """Return a report as text."""
    return text.text(report, colour=colour, prelude="import numpy as np", building=building)


def one(
    line: str, column: int, end: int, *, message: str = "why", label: str = "", hint: str = ""
) -> Report:
    """Return the report of one diagnostic on a line."""
    place = Place("n.md", 7, column, 7, end)
    found = Diagnostic("D101", "name", Severity.ERROR, place, message, label, (), hint)
    return Report(Bank(()), {}, (found,), {("n.md", 7): line}, "none", None)


def carets(line: str, column: int, end: int) -> tuple[str, str]:
    """Return an excerpt, and the line of carets below it."""
    lines = said(one(line, column, end)).split("\n")
    return lines[3], lines[4]


@pytest.mark.parametrize(
    ("line", "column", "end", "excerpt", "below"),
    [
        ("abc def", 5, 8, "7 | abc def", "  |     ^^^"),
        ("\tabc", 2, 5, "7 |     abc", "  |     ^^^"),
        ("ab\tcd\tef", 4, 6, "7 | ab  cd  ef", "  |     ^^"),
        ("a\tb\tc", 3, 5, "7 | a   b   c", "  |     ^^^^"),
        ("日本 x", 4, 5, "7 | 日本 x", "  |      ^"),
        ("日本 x", 1, 3, "7 | 日本 x", "  | ^^^^"),
        ("e\u0301 x", 4, 5, "7 | e\u0301 x", "  |   ^"),
        ("\x1b[0mx", 5, 6, "7 | \\x1b[0mx", "  |        ^"),
        ("abc", 4, 4, "7 | abc", "  |    ^"),
        ("abc", 9, 9, "7 | abc", "  |    ^"),
        ("", 1, 1, "7 |", "  | ^"),
    ],
)
def test_the_caret_stands_below_its_text(
    line: str, column: int, end: int, excerpt: str, below: str
) -> None:
    """Under tabs, wide signs, marks and signs that are spelled out."""
    assert carets(line, column, end) == (excerpt, below)


def test_a_long_line_is_shown_around_its_caret() -> None:
    """At most a hundred signs of it, the caret below what it means."""
    excerpt, below = carets("x" * 500 + "HERE" + "y" * 500, 501, 505)
    assert len(excerpt) <= 106
    assert excerpt.startswith("7 | …xxx")
    assert excerpt[below.index("^") : below.rindex("^") + 1] == "HERE"


def test_a_long_mark_ends_with_the_line_that_is_shown() -> None:
    """A block over a thousand signs has no thousand carets."""
    excerpt, below = carets("x" * 1000, 1, 1001)
    assert len(excerpt) - len("…") == len(below) == 104


HOSTILE = "\x1b]0;title\x07 \r::error::no\n\u202e ::stop-commands::x\u2028y"


def test_a_stranger_cannot_write_lines_of_their_own() -> None:
    """Wherever the text stands, it stays on its line, and no line starts as a CI's command."""
    place = Place(f"{HOSTILE}.md", 1, 1, 2, 1)
    note = "::warning::a"
    found = Diagnostic(
        "D101", "name", Severity.ERROR, place, HOSTILE, HOSTILE, (("note", HOSTILE),), HOSTILE
    )
    bank = reading.bank(f"```\nQ: {note}\nA: b\n```\n")
    card = next(bank.cards())
    verdict = Verdict(Status.MATCHES, HOSTILE, place, "softmax", domain="one vector")
    report = Report(
        bank, {card.key: (verdict,)}, (found,), {(place.file, 1): HOSTILE}, "limits", 1,
        left_out=(card,), written=(Written(f"{HOSTILE}.pdf", 1),),
    )  # fmt: skip
    plain = said(report)
    harmless = said(one("x", 1, 2))
    assert plain.replace("\n", "").isprintable()
    assert all(not line.lstrip().startswith("::") for line in plain.split("\n"))
    assert "\x1b" not in harmless


def test_colour_is_nothing_but_colour() -> None:
    """Without its escapes a coloured report is the plain one."""
    report = one("abc", 1, 2, hint="do")
    coloured = said(report, colour=True)
    assert coloured.startswith("\x1b[1;31merror[D101]\x1b[0m\x1b[1m: why\x1b[0m\n")
    for escape in ("0", "1;31", "1;33", "1;34", "1", "2"):
        coloured = coloured.replace(f"\x1b[{escape}m", "")
    assert coloured == said(report)


def test_the_margin_is_as_wide_as_the_number() -> None:
    """So that all bars stand below each other."""
    place = Place("n.md", 1234, 1, 1234, 2)
    found = Diagnostic("D101", "name", Severity.WARNING, place, "why", "label", (), "do")
    report = Report(Bank(()), {}, (found,), {("n.md", 1234): "abc"}, "none", None)
    assert said(report).split("\n")[:7] == [
        "warning[D101]: why",
        "    --> n.md:1234:1",
        "     |",
        "1234 | abc",
        "     | ^ label",
        "     |",
        "     = hint: do",
    ]


def test_notes_are_lined_up() -> None:
    """Evidence reads as a table."""
    found = Diagnostic(
        "V301", "wrong-answer", Severity.ERROR, Place("n.md", 1, 1, 1, 2), "why",
        notes=(("input", "x = 1"), ("returned", "2")),
    )  # fmt: skip
    lines = said(Report(Bank(()), {}, (found,), {}, "none", None)).split("\n")
    assert lines[2:4] == ["  = input     x = 1", "  = returned  2"]


# ── the summary ──────────────────────────────────────────────────────────────────────────────────

BANK = reading.bank(reading.pairs("a?", "b?") + "```python\n# 1. Write f\nf = 1\n```\n")
CODE = list(BANK.cards())[2]
ERROR = Diagnostic("B201", "name", Severity.ERROR, Place("n.md", 1, 1, 1, 2), "why")


def judged(*verdicts: Verdict, isolation: str = "limits", seed: int | None = 5) -> Report:
    """Return the report of a bank whose code card has these verdicts."""
    return Report(BANK, {CODE.key: verdicts}, (), {}, isolation, seed)


def verdict(status: Status, name: str = "softmax") -> Verdict:
    """Return a verdict on a function."""
    tiers = (Tier("core", 4, 4),)
    return Verdict(status, name, CODE.place, name, domain="one vector", variant="v", tiers=tiers)


def test_the_summary_counts() -> None:
    """Cards, verified functions, errors and warnings, with the word that fits the number."""
    last = said(judged(verdict(Status.MATCHES), verdict(Status.DIFFERS, "g"))).splitlines()[-1]
    assert last == "3 cards, 1 of 2 functions verified, 0 errors, 0 warnings"
    last = said(judged(verdict(Status.ALLOWED))).splitlines()[-1]
    assert last == "3 cards, 0 of 1 functions verified, 1 allowed unverified, 0 errors, 0 warnings"


def test_the_summary_says_how_far_an_answer_holds() -> None:
    """A line for each function that matches, with its domain and variant."""
    assert said(judged(verdict(Status.MATCHES))).splitlines()[0] == (
        "softmax  holds for one vector (v)"
    )


def test_nothing_claims_to_be_verified_when_nothing_ran() -> None:
    """Neither isolation nor seed is named."""
    shown = said(judged(verdict(Status.NOT_RUN), isolation="none", seed=None))
    assert shown == "3 cards, nothing was run, so nothing is verified, 0 errors, 0 warnings\n"


def report_of(**more: object) -> Report:
    """Return the report of a bank with an error."""
    return Report(BANK, {}, (ERROR,), {}, "none", None, **more)  # type: ignore[arg-type]


def test_cards_that_are_left_out_are_named() -> None:
    """Whether a deck was written, could be, or was not wanted."""
    some = {"left_out": (CODE,)}
    line = "  - Write f (note-1.md:11)"
    everything = {"left_out": tuple(BANK.cards())}
    wrote = {"written": (Written("o/a.apkg", 999), Written("o/a.pdf", 12_345))}
    without = "no deck was written; without these cards it can be, with --keep-going:"
    assert [without, line] == said(report_of(**some), building=True).splitlines()[3:5]
    shown = said(report_of(**some)).splitlines()
    assert shown[3:5] == ["a deck would be without these cards:", line]
    shown = said(report_of(**some, **wrote), building=True).splitlines()
    assert shown[3:5] == ["left out of the deck:", line]
    assert shown[-2:] == ["wrote o/a.apkg (999 bytes)", "wrote o/a.pdf (12 kB)"]
    shown = said(report_of(**everything), building=True).splitlines()
    assert shown[3] == "no deck was written:"
    shown = said(report_of(), building=True).splitlines()
    assert shown[3] == "no deck was written; it can be, with --keep-going"
    assert "deck" not in said(report_of())
