"""The audit's report, as people read it and as programs do."""

from __future__ import annotations

import json

from builder import rules
from builder.audited import (
    Audit,
    Audited,
    AuditReport,
    Mutant,
    Outcome,
    Reviewed,
    Stale,
    Trial,
)
from builder.model import Card, Code, Place
from builder.report import audit, audit_json

LINE = "    return e / e.sum()"


def answer(name: str, *outcomes: Outcome, possible: int = 0, line: int = 6) -> Audited:
    """Return an audited answer with a trial an outcome."""
    place = Place("n.md", line, 1, line + 1, 23)
    card = Card(
        "Implement it", Code(f"def {name}(x):\n{LINE}", place), "", place, place, 1, key=name
    )
    mutant = Mutant("", 2, 12, 2, 23, "return e / e.sum()", "return e")
    trials = tuple(
        Trial(mutant, outcome, "sum" if outcome == "told" else "") for outcome in outcomes
    )
    return Audited(card, (name,), trials, possible or len(outcomes))


def report(*answers: Audited, left: int = 0, stale: tuple[Stale, ...] = ()) -> AuditReport:
    """Return the report of an audit."""
    other = answers[0].card if answers else answer("f").card
    found = Audit(answers, (other,) * left, stale, "strict")
    diagnostics = rules.ordered(rules.on_audit(found))
    return AuditReport(found, diagnostics, {("n.md", 7): LINE}, 7)


def said(what: AuditReport, *, colour: bool = False) -> str:
    """Return a report as text."""
    return audit.text(what, colour=colour)


def test_a_missed_mutant_is_shown_at_its_place() -> None:
    """What it was, what it would be, what that means and what to do."""
    assert said(report(answer("softmax", Outcome.MISSED))).startswith("""\
error[M501]: `softmax` still matches with a mistake in it
 --> n.md:7:12
  |
7 |     return e / e.sum()
  |            ^^^^^^^^^^^ code answer 1, "Implement it"
  |
  = answer  return e / e.sum()
  = mutant  return e
  = why     no case tells them apart: both are right, or the kernel lacks a case
  = hint: what is right is reviewed in the note's .audit.toml, with the reason
""")


def test_what_is_missed_on_one_line_is_told_together() -> None:
    """The line once, and each mutant of it."""
    place = answer("f").card.place
    mutants = [
        Mutant("", 2, 12, 2, 13, "return e / e.sum()", "return x / e.sum()"),
        Mutant("", 2, 16, 2, 23, "return e / e.sum()", "return e / e.max()"),
    ]
    trials = tuple(Trial(mutant, Outcome.MISSED) for mutant in mutants)
    found = report(Audited(answer("f").card, ("f",), trials, 2))
    (only,) = found.diagnostics
    assert only.message == "`f` still matches with any of 2 mistakes in it"
    assert [text for caption, text in only.notes if caption == "mutant"] == [
        "return x / e.sum()", "return e / e.max()",
    ]  # fmt: skip
    assert (only.place.line, only.place.column, only.place.end_column) == (place.line + 1, 12, 23)


def test_the_table_has_the_worst_first_and_a_total() -> None:
    """What is equivalent is no mistake, so it counts for no score."""
    killed, told, same, missed = Outcome
    shown = said(
        report(
            answer("relu", killed, killed, told),
            answer("softmax", killed, killed, missed, same, possible=9),
        )
    )
    assert (
        "\n".join(shown.split("\n\n")[1:])
        == """\
answer   mutants  killed  told  equivalent  missed  score
softmax   4 of 9       2     0           1       1   66 %
relu           3       2     1           0       0  100 %
total    7 of 12       4     1           1       1   83 %
isolation strict: answers can open no file, no connection and no process
seed 7
2 answers audited, 7 mutants, 1 missed, 0 stale reviews
"""
    )


def test_a_hundred_percent_is_never_rounded_up() -> None:
    """One of a thousand is one."""
    found = answer("f", *[Outcome.KILLED] * 999, Outcome.MISSED)
    assert audit.score((found,)) == 99
    assert audit.score(()) == 100


def test_answers_of_one_name_are_told_apart() -> None:
    """By their places."""
    shown = said(report(answer("f", Outcome.KILLED), answer("f", Outcome.KILLED, line=40)))
    assert "f (n.md:6) " in shown
    assert "f (n.md:40)" in shown


def test_a_long_table_is_cut_after_the_worst() -> None:
    """The total counts all."""
    shown = said(report(*(answer(f"f{n}", Outcome.KILLED) for n in range(100))))
    assert "and 70 more answers\ntotal" in shown
    assert "100 answers audited, 100 mutants" in shown


def test_what_is_not_audited_is_said() -> None:
    """With the way to learn why."""
    assert "1 answer is not audited: " in said(report(left=1))
    assert "2 answers are not audited: " in said(report(left=2))


def test_a_mutant_that_ran_out_of_time_is_counted() -> None:
    """It is killed, and by the clock alone."""
    mutant = answer("f", Outcome.KILLED).trials[0].mutant
    late = Audited(answer("f").card, ("f",), (Trial(mutant, Outcome.KILLED, late=True),), 1)
    assert "seed 7, 1 mutant killed by the clock" in said(report(late))


def test_a_stale_review_is_a_warning_at_its_entry() -> None:
    """The run is not clean."""
    place = Place("n.audit.toml", 3, 1, 3, 15)
    stale = Stale(Reviewed("n.md", "f", "return e", "why", place), "it is noticed now")
    found = report(answer("f", Outcome.KILLED), stale=(stale,))
    assert said(found).startswith("warning[M502]: this review of `f` no longer applies\n")
    assert "--> n.audit.toml:3:1" in said(found)
    assert not found.clean
    assert report(answer("f", Outcome.KILLED)).clean


def test_what_comes_from_an_answer_is_harmless() -> None:
    """No escape reaches a terminal, neither from code nor from names."""
    evil = answer("f\x1b[31m", Outcome.MISSED)
    mutant = Mutant("", 2, 1, 2, 2, "x = '\x1b[2J\n::error::'", "x = '\u202e'")
    evil = Audited(evil.card, evil.functions, (Trial(mutant, Outcome.MISSED),), 1)
    shown = said(report(evil))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\n::error::" not in shown


def test_colour_marks_what_is_missed() -> None:
    """Only where it is asked for."""
    found = report(answer("f", Outcome.MISSED))
    assert "\x1b[1;31m1 missed\x1b[0m" in said(found, colour=True)
    assert "\x1b" not in said(found)


def test_programs_get_the_same_facts() -> None:
    """In plain ASCII, places as in the note."""
    killed, told, same, missed = Outcome
    text = audit_json.text(
        report(answer("f", killed, told, same, missed, possible=9), left=1), prelude="import é"
    )
    assert text.isascii()
    content = json.loads(text)
    assert content["summary"] == {
        "answers": 1, "mutants": 4, "killed": 1, "told": 1, "equivalent": 1, "missed": 1,
        "stale": 0, "score": 66,
    }  # fmt: skip
    (one,) = content["answers"]
    assert (one["key"], one["functions"], one["possible"], one["line"]) == ("f", ["f"], 9, 6)
    assert one["mutants"][1] == {
        "outcome": "told", "line": 7, "before": "return e / e.sum()", "after": "return e",
        "why": "sum", "late": False,
    }  # fmt: skip
    assert content["diagnostics"][0]["code"] == "M501"
    assert (content["version"], content["seed"], content["not_audited"]) == (1, 7, ["f"])
