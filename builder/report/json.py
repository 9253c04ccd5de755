"""The report as JSON for programs. Version 1; the README describes every field.

Fields may be added within a version; none is renamed or removed.
"""

from __future__ import annotations

import json
from typing import Any

from builder.model import Card, Diagnostic, Report, Severity, Status, Verdict

VERSION = 1


def text(report: Report, *, prelude: str) -> str:
    """Return the report as one JSON object, indented, with a newline at its end."""
    content = {
        "version": VERSION,
        "isolation": report.isolation,
        "seed": report.seed,
        "prelude": prelude,
        "cards": [_card(card, report) for card in report.bank.cards()],
        "diagnostics": [diagnostic(found) for found in report.diagnostics],
        "summary": _summary(report),
    }
    return json.dumps(content, ensure_ascii=True, indent=2) + "\n"


def _card(card: Card, report: Report) -> dict[str, Any]:
    return {
        "kind": card.kind,
        "key": card.key,
        "question": card.question,
        "section": card.section,
        "file": card.place.file,
        "line": card.place.line,
        "verdicts": [_verdict(verdict) for verdict in report.verdicts.get(card.key, ())],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status.value,
        "function": verdict.function,
        "kernel": verdict.kernel,
        "variant": verdict.variant,
        "domain": verdict.domain,
        "beyond": verdict.beyond,
        "cases": verdict.cases,
        "tiers": {tier.name: {"held": tier.held, "cases": tier.cases} for tier in verdict.tiers},
        "line": verdict.place.line,
    }


def diagnostic(found: Diagnostic) -> dict[str, Any]:
    """Return one diagnostic."""
    return {
        "code": found.code,
        "name": found.name,
        "severity": found.severity.value,
        "file": found.place.file,
        "line": found.place.line,
        "column": found.place.column,
        "end_line": found.place.end_line,
        "end_column": found.place.end_column,
        "message": found.message,
        "notes": [{"caption": caption, "text": text} for caption, text in found.notes],
        "hint": found.hint,
    }


def _summary(report: Report) -> dict[str, Any]:
    judged = [one for verdicts in report.verdicts.values() for one in verdicts]
    return {
        "cards": sum(1 for _ in report.bank.cards()),
        "functions": len(judged),
        "verified": sum(verdict.status is Status.MATCHES for verdict in judged),
        "errors": report.count(Severity.ERROR),
        "warnings": report.count(Severity.WARNING),
        "left_out": [card.key for card in report.left_out],
        "skipped": report.skipped,
        "remembered": report.remembered,
        "files": [{"path": file.path, "size": file.size} for file in report.written],
    }
