"""The audit as JSON for programs. Version 1, as the other report: fields may be added to it."""

from __future__ import annotations

import json
from typing import Any

from builder.audited import Audited, AuditReport, Outcome, Trial
from builder.report.audit import score
from builder.report.json import VERSION, diagnostic


def text(report: AuditReport, *, prelude: str) -> str:
    """Return the report as one JSON object, indented, with a newline at its end."""
    audit = report.audit
    content = {
        "version": VERSION,
        "isolation": audit.isolation,
        "seed": report.seed,
        "prelude": prelude,
        "answers": [_answer(answer) for answer in audit.answers],
        "not_audited": [card.key for card in audit.left],
        "diagnostics": [diagnostic(found) for found in report.diagnostics],
        "summary": {
            "answers": len(audit.answers),
            "mutants": sum(len(answer.trials) for answer in audit.answers),
            **{
                outcome.value: sum(answer.count(outcome) for answer in audit.answers)
                for outcome in Outcome
            },
            "stale": len(audit.stale),
            "score": score(audit.answers),
        },
    }
    return json.dumps(content, ensure_ascii=True, indent=2) + "\n"


def _answer(answer: Audited) -> dict[str, Any]:
    card = answer.card
    return {
        "key": card.key,
        "question": card.question,
        "file": card.place.file,
        "line": card.place.line,
        "functions": list(answer.functions),
        "possible": answer.possible,
        "score": score((answer,)),
        "mutants": [_trial(trial, card.answer.place.line) for trial in answer.trials],
    }


def _trial(trial: Trial, first: int) -> dict[str, Any]:
    mutant = trial.mutant
    return {
        "outcome": trial.outcome.value,
        "line": first + mutant.line - 1,
        "before": mutant.before,
        "after": mutant.after,
        "why": trial.why,
        "late": trial.late,
    }
