"""Rules: each has a code, a name and a page, and no two are alike."""

from __future__ import annotations

import re

import reading

from builder import rules
from builder.assemble import assemble
from builder.edition import Finding
from builder.identity import identify
from builder.model import (
    Cause,
    Diagnostic,
    Place,
    Reason,
    Severity,
    Status,
    Stray,
    Verdict,
)
from builder.rules import bank as bank_rules
from builder.rules import export, verification
from builder.rules.rule import error, warning

HERE = Place("note.md", 3, 1, 3, 4)


def test_every_rule_has_a_code_a_name_and_a_page() -> None:
    """Codes carry their stage's letter, names read well after "allow", pages are sentences."""
    assert rules.RULES
    for rule in rules.RULES:
        assert re.fullmatch(r"D1\d\d|B2\d\d|V3\d\d|X4\d\d|M5\d\d|I6\d\d|T7\d\d", rule.code)
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert len(rule.page) > 40
        assert rule.page.endswith(".")
        assert "  " not in rule.page


def test_codes_and_names_are_unique() -> None:
    """Both are for ever, so none may mean two things."""
    assert len({rule.code for rule in rules.RULES}) == len(rules.RULES)
    assert len({rule.name for rule in rules.RULES}) == len(rules.RULES)


def test_codes_never_change_their_meaning() -> None:
    """A bank's `allow` comments name rules; a new rule is added here, none is changed.

    B207 said that a question in the open makes no card; now it does, and the code stays unused.
    """
    assert {
        "D101": "mojibake", "D102": "unclosed-block", "D103": "front-matter", "D104": "unreadable",
        "B201": "question-without-answer", "B202": "answer-without-question",
        "B203": "empty-question", "B204": "duplicate-question", "B205": "untitled-code",
        "B206": "stray-text", "B208": "no-cards", "B211": "cloze-without-gap",
        "B212": "dressed-question",
        "V301": "wrong-answer", "V302": "crash", "V303": "time-out", "V304": "no-kernel",
        "V305": "syntax-error", "V306": "unknown-parameter", "X401": "missing-glyph",
        "X402": "exporter-failed", "X403": "exporter-hidden", "X404": "shown-otherwise",
        "M501": "missed-mutant", "M502": "stale-review",
    }.items() <= (found := {rule.code: rule.name for rule in rules.RULES}).items()  # fmt: skip
    assert "B207" not in found


def test_only_what_the_deck_survives_is_a_warning() -> None:
    """Wrong encodings and missing glyphs leave a deck that works."""
    found = {rule.name for rule in rules.RULES if rule.severity is Severity.WARNING}
    assert {"mojibake", "missing-glyph"} <= found


def test_a_page_is_one_paragraph() -> None:
    """However it is broken into lines in the source."""
    assert error("D1", "a", "one\n    two").page == warning("D1", "a", "one two").page == "one two"


def test_every_reason_for_a_stray_is_told() -> None:
    """What belongs to no card is never dropped in silence."""
    for reason in Reason:
        deck = reading.deck("")
        stray = Stray(reason, "text", HERE)
        (found,) = bank_rules.strays(type(deck)(deck.title, deck.file, deck.tags, (), (stray,)))
        assert (found.severity, found.place) == (Severity.ERROR, HERE)
        assert found.message
        assert found.hint


def test_a_duplicate_names_the_first() -> None:
    """By file, line and column."""
    duplicates = identify(assemble([reading.document(reading.pairs("a?", "a?"))])).duplicates
    (found,) = bank_rules.duplicates(duplicates)
    assert (found.name, found.place.line) == ("duplicate-question", 7)
    assert found.notes == (("first", "note.md:4:4"),)


def test_diagnostics_are_sorted_and_come_once() -> None:
    """By file, place and code; those of one place and code keep the order they were found in."""

    def at(file: str, line: int, code: str, message: str) -> Diagnostic:
        place = Place(file, line, 1, line, 2)
        return Diagnostic(code, "name", Severity.ERROR, place, message)

    found = [
        at("b", 1, "D101", "x"), at("a", 2, "D102", "z"), at("a", 2, "D102", "y"),
        at("a", 2, "D101", "x"), at("a", 1, "V301", "x"), at("b", 1, "D101", "x"),
    ]  # fmt: skip
    order = rules.ordered(found)
    assert [(one.place.file, one.place.line, one.code, one.message) for one in order] == [
        ("a", 1, "V301", "x"), ("a", 2, "D101", "x"), ("a", 2, "D102", "z"), ("a", 2, "D102", "y"),
        ("b", 1, "D101", "x"),
    ]  # fmt: skip


def test_the_order_of_equals_is_no_matter_of_chance() -> None:
    """Strings hash differently in every process; the order of a report must not."""
    found = [Diagnostic("D101", "name", Severity.ERROR, HERE, str(n)) for n in range(30, 0, -1)]
    assert list(rules.ordered(found)) == found


def test_each_verdict_that_is_no_match_has_its_rule() -> None:
    """A refusal has the rule of its cause."""
    (card,) = reading.bank("```python\n# 1. Write f\nf = 1\n```\n").cards()

    def codes(status: Status, cause: Cause | None = None) -> list[str]:
        told = {"summary": "why", "evidence": (("a", "b"),), "hint": "do", "cause": cause}
        verdict = Verdict(status, "f", HERE, **told)
        found = list(verification.verdicts(card, [verdict]))
        assert all(one.label == 'code answer 1, "Write f"' for one in found)
        assert all(
            (one.message, one.notes, one.hint) == ("why", (("a", "b"),), "do") for one in found
        )
        return [one.code for one in found]

    assert codes(Status.DIFFERS) == ["V301"]
    assert codes(Status.CRASHED) == ["V302"]
    assert codes(Status.TIMED_OUT) == ["V303"]
    assert codes(Status.UNCHECKED) == ["V304"]
    assert codes(Status.REFUSED, Cause.SYNTAX) == ["V305"]
    assert codes(Status.REFUSED, Cause.CALL) == ["V306"]
    assert codes(Status.REFUSED, Cause.GATE) == ["V307"]
    assert codes(Status.MATCHES) == codes(Status.ALLOWED) == codes(Status.NOT_RUN) == []


def test_a_missing_glyph_is_a_warning_at_its_card() -> None:
    """It names the signs."""
    found = export.missing_glyph(Finding("𝛁", HERE))
    assert (found.severity, found.place) == (Severity.WARNING, HERE)
    assert found.message == "the sheet's fonts have no sign for `𝛁`"
