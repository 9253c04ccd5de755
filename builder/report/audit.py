"""The audit as people read it: what would pass unnoticed, then a table of the answers, worst first.

A score is the share of mutants that are noticed, of those that are mistakes at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.audited import Audited, AuditReport, Outcome
from builder.report.plain import harmless, width
from builder.report.text import Pen, diagnostic, isolation, plural

_MOST_ROWS = 30
_HEAD = ("answer", "mutants", *(outcome.value for outcome in Outcome), "score")


def text(report: AuditReport, *, colour: bool) -> str:
    """Return the whole report."""
    pen = Pen(colour)
    blocks = ["\n".join(diagnostic(one, report.excerpts, pen)) for one in report.diagnostics]
    if report.audit.answers:
        blocks.append("\n".join(_table(report.audit.answers, pen)))
    blocks.append("\n".join(_summary(report, pen)))
    return "\n\n".join(blocks) + "\n"


# ── the table ────────────────────────────────────────────────────────────────────────────────────


def _table(answers: Sequence[Audited], pen: Pen) -> Iterator[str]:
    worst = sorted(answers, key=lambda one: (-one.count(Outcome.MISSED), score((one,))))
    shown = worst[:_MOST_ROWS]
    rows = [_HEAD, *((name, *_figures((one,))) for name, one in zip(_names(shown), shown,
            strict=True)), ("total", *_figures(answers))]  # fmt: skip
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        if number == len(rows) - 1 and len(worst) > len(shown):
            yield pen("quiet", f"and {plural(len(worst) - len(shown), 'more answer')}")
        cells = (" " * (space - width(cell)) + cell for cell, space in
                 zip(row[1:], widths[1:], strict=True))  # fmt: skip
        line = "  ".join((row[0] + " " * (widths[0] - width(row[0])), *cells))
        yield pen("quiet", line) if number == 0 else _marked(line, row, pen)


def _marked(line: str, row: Sequence[str], pen: Pen) -> str:
    style = "error" if row[-2] != "0" else "rule" if row[0] == "total" else ""
    return pen(style, line) if style else line


def _figures(answers: Sequence[Audited]) -> tuple[str, ...]:
    tried = sum(len(answer.trials) for answer in answers)
    possible = sum(answer.possible for answer in answers)
    counts = (sum(one.count(outcome) for one in answers) for outcome in Outcome)
    return (
        f"{tried} of {possible}" if tried < possible else str(tried),
        *map(str, counts),
        f"{score(answers)} %",
    )


def score(answers: Sequence[Audited]) -> int:
    """Return how many of a hundred mistakes are noticed: all hundred only if none is missed."""
    missed = sum(one.count(Outcome.MISSED) for one in answers)
    noticed = sum(one.count(Outcome.KILLED) + one.count(Outcome.TOLD) for one in answers)
    return 100 * noticed // (noticed + missed) if missed else 100


def _names(answers: Sequence[Audited]) -> list[str]:
    """Return the functions of each answer, and its place where that is not enough."""
    names = [harmless(", ".join(one.functions)) for one in answers]
    return [
        f"{name} ({harmless(one.card.place.file)}:{one.card.place.line})"
        if names.count(name) > 1 else name
        for name, one in zip(names, answers, strict=True)
    ]  # fmt: skip


# ── the summary ──────────────────────────────────────────────────────────────────────────────────


def _summary(report: AuditReport, pen: Pen) -> Iterator[str]:
    audit = report.audit
    if audit.isolation != "none":
        yield pen("quiet", isolation(audit.isolation))
    if report.seed is not None:
        late = sum(trial.late for answer in audit.answers for trial in answer.trials)
        slow = f", {plural(late, 'mutant')} killed by the clock" if late else ""
        yield pen("quiet", f"seed {report.seed}{slow}")
    if audit.left:
        be = "is" if len(audit.left) == 1 else "are"
        yield (
            f"{plural(len(audit.left), 'answer')} {be} not audited: wrong, or not verified; "
            "`proofdeck check` says why"
        )
    yield _counts(report, pen)


def _counts(report: AuditReport, pen: Pen) -> str:
    audit = report.audit
    missed = sum(answer.count(Outcome.MISSED) for answer in audit.answers)
    stale = len(audit.stale)
    tried = sum(len(answer.trials) for answer in audit.answers)
    return ", ".join(
        (
            f"{plural(len(audit.answers), 'answer')} audited",
            plural(tried, "mutant"),
            pen("error", f"{missed} missed") if missed else "0 missed",
            pen("warning", plural(stale, "stale review")) if stale else "0 stale reviews",
        )
    )
