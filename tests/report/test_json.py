"""The report as programs read it."""

from __future__ import annotations

import json

import pytest
import reading

from builder.build import build
from builder.model import Bank, Diagnostic, Place, Report, Severity, Status, Tier, Verdict, Written
from builder.report import json as report_json
from builder.settings import Settings
from builder.verify.limits import Order

KINDS = {"question", "code"}
STATUSES = {
    "matches", "differs", "crashed", "timed-out", "refused", "unchecked", "allowed", "not-run",
}  # fmt: skip
CARD = {"kind", "key", "question", "section", "file", "line", "verdicts"}
VERDICT = {"status", "function", "kernel", "variant", "cases", "tiers", "line"}
DIAGNOSTIC = {
    "code", "name", "severity", "file", "line", "column", "end_line", "end_column", "message",
    "notes", "hint",
}  # fmt: skip


def of(report: Report) -> dict:  # type: ignore[type-arg]
    """Return what a program reads."""
    return json.loads(report_json.text(report, prelude="import numpy as np"))  # type: ignore[no-any-return]


@pytest.mark.parametrize("run", [True, False])
def test_the_users_bank_has_the_documented_fields(run: bool) -> None:
    """All of version 1, and what was added to it."""
    settings = Settings(paths=(str(reading.ORIGINAL),), now=0, order=Order(3, trust=True), run=run)
    report = of(build(settings))
    assert report.keys() == {
        "version", "isolation", "seed", "prelude", "cards", "diagnostics", "summary",
    }  # fmt: skip
    assert report["version"] == 1
    assert report["isolation"] in ({"strict", "seatbelt", "limits"} if run else {"none"})
    assert report["seed"] == (3 if run else None)
    assert len(report["cards"]) == 15
    for card in report["cards"]:
        assert card.keys() == CARD
        assert card["kind"] in KINDS
        assert len(card["verdicts"]) == (card["kind"] == "code")
        for verdict in card["verdicts"]:
            assert verdict.keys() >= VERDICT
            assert verdict["status"] == ("matches" if run else "not-run")
            assert all(tier.keys() == {"held", "cases"} for tier in verdict["tiers"].values())
    (diagnostic,) = report["diagnostics"]
    assert diagnostic.keys() == DIAGNOSTIC
    assert (diagnostic["name"], diagnostic["line"], diagnostic["column"]) == ("mojibake", 52, 49)
    assert report["summary"] == {
        "cards": 15, "functions": 5, "verified": 5 if run else 0, "errors": 0, "warnings": 1,
        "left_out": [], "skipped": 0, "files": [], "remembered": 0,
    }  # fmt: skip
    assert [card["line"] for card in report["cards"]][-1] == 82


def test_a_report_is_plain_ascii_whatever_it_holds() -> None:
    """No reader needs to know an encoding, and half a sign from a file's name breaks nothing."""
    place = Place("g\udcff.md", 1, 2, 3, 4)
    found = Diagnostic("D101", "n", Severity.ERROR, place, "é\x1b\u2028", "l", (("a", "b"),), "h")
    report = Report(
        Bank(()), {}, (found,), {}, "none", None, written=(Written("o/é.pdf", 7),), skipped=2
    )
    written = report_json.text(report, prelude="p")
    assert written.isascii()
    assert written.endswith("}\n")
    assert of(report)["diagnostics"] == [
        {
            "code": "D101", "name": "n", "severity": "error", "file": "g\udcff.md", "line": 1,
            "column": 2, "end_line": 3, "end_column": 4, "message": "é\x1b\u2028",
            "notes": [{"caption": "a", "text": "b"}], "hint": "h",
        }
    ]  # fmt: skip
    assert of(report)["summary"]["files"] == [{"path": "o/é.pdf", "size": 7}]
    assert of(report)["summary"]["skipped"] == 2


def test_a_verdict_is_told_in_full() -> None:
    """Cases are counted over the tiers."""
    bank = reading.bank("```python\n# 1. Write f\n\nf = 1\n```\n")
    (card,) = bank.cards()
    tiers = (Tier("core", 4, 4), Tier("wider", 1, 3))
    verdict = Verdict(
        Status.MATCHES, "f", Place("n.md", 4, 1, 4, 2), "softmax", "v", "one vector", tiers
    )
    report = Report(bank, {card.key: (verdict,)}, (), {}, "limits", 1, left_out=(card,))
    assert of(report)["cards"][0] == {
        "kind": "code", "key": "note-1/write-f", "question": "Write f", "section": "",
        "file": "note-1.md", "line": 2,
        "verdicts": [
            {
                "status": "matches", "function": "f", "kernel": "softmax", "variant": "v",
                "domain": "one vector", "beyond": "", "cases": 7,
                "tiers": {"core": {"held": 4, "cases": 4}, "wider": {"held": 1, "cases": 3}},
                "line": 4,
            }
        ],
    }  # fmt: skip
    assert of(report)["summary"]["left_out"] == ["note-1/write-f"]


def test_every_status_has_a_documented_name() -> None:
    """Programs branch on them."""
    assert {status.value for status in Status} == STATUSES
