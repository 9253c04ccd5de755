"""What the next import will do, as text with a word diff, and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from builder.model import Change, ChangeKind, ChangesReport, Entry
from builder.report.plain import harmless
from builder.report.text import Pen, changed, diagnostic

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
_LONGEST_TEXT = 20_000  # characters of an answer beyond which no words are compared
_MOST_LINES = 12


def text(report: ChangesReport, *, colour: bool) -> str:
    """Return a line a change, with its words where they changed, and a summary."""
    pen = Pen(colour)
    blocks = ["\n".join(diagnostic(one, report.excerpts, pen)) for one in report.diagnostics]
    blocks += ["\n".join(_lines(change, pen)) for change in report.changes]
    if report.looks:
        which = ", ".join(harmless(name) for name in report.looks)
        blocks.append(f"the looks of {which} changed: no note is touched by that")
    if report.everything:
        blocks.append(
            "nearly every note changes: the import replaces the learner's own tags on them"
        )
    return "\n".join([*blocks, f"the next import: {changed(report.changes, report.unchanged)}", ""])


def as_json(report: ChangesReport) -> str:
    """Return the same facts for programs."""
    facts = {
        "version": 1,
        "changes": [_facts(change) for change in report.changes],
        "unchanged": report.unchanged,
        "note_types": list(report.looks),
        "summary": {
            kind.value: sum(change.kind is kind for change in report.changes) for kind in ChangeKind
        },
    }
    return json.dumps(facts, indent=2, ensure_ascii=True) + "\n"


def _facts(change: Change) -> dict[str, object]:
    card, before = change.card, change.before
    return {
        "kind": change.kind.value,
        "key": card.key if card and card.key else before.key if before else None,
        "file": card.place.file if card else before.file if before else None,
        "line": card.question_place.line if card else None,
        "question": card.question if card else before.question if before else None,
        "before": {
            "question": before.question,
            "answer": before.answer,
            "file": before.file,
            "section": before.section,
        }
        if before
        else None,
        "candidates": [{"key": one.key, "question": one.question} for one in change.candidates],
    }


# ── one change ───────────────────────────────────────────────────────────────────────────────────

_STYLES = {
    ChangeKind.NEW: "new",
    ChangeKind.RETIRED: "error",
    ChangeKind.UNSURE: "warning",
}


def _lines(change: Change, pen: Pen) -> Iterator[str]:
    card, before = change.card, change.before
    question = card.question if card else before.question if before else ""
    where = (
        f"{card.place.file}:{card.question_place.line}" if card else before.file if before else ""
    )
    kind = pen(_STYLES.get(change.kind, "rule"), f"{change.kind:<14}")
    if change.kind is ChangeKind.REWORDED and card and before:
        question = _words(before.question, card.question, pen)
    else:
        question = harmless(" ".join(question.split()))
    yield f"{kind}  {question}  {pen('quiet', harmless(where))}"
    if change.kind is ChangeKind.ANSWER and card and before:
        yield from _answers(before.answer, card.answered, pen)
    if change.kind is ChangeKind.MOVED and card and before:
        yield f"                from {harmless(_stands(before))}"
    if change.kind is ChangeKind.NEW and before:
        was = f"was a {before.kind} card: Anki changes no note's type, so it starts anew"
        yield f"                {was}"
    for one in change.candidates:
        question = harmless(" ".join(one.question.split()))
        yield f"                is it {harmless(one.key)}?  {question}"


def _stands(before: Entry) -> str:
    return f"{before.file}, {before.section}" if before.section else before.file


def _answers(old: str, new: str, pen: Pen) -> Iterator[str]:
    """Yield the lines that changed, with their words; nothing where there would be too much."""
    if len(old) + len(new) > _LONGEST_TEXT:
        return
    before, after = old.splitlines(), new.splitlines()
    lines: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "replace":
            lines.append(_words("\n".join(before[a:b]), "\n".join(after[c:d]), pen))
        elif kind == "delete":
            lines += [_words(line, "", pen) for line in before[a:b]]
        elif kind == "insert":
            lines += [_words("", line, pen) for line in after[c:d]]
    shown = [part for line in lines for part in line.split("\n")]
    yield from (f"                {line}" for line in shown[:_MOST_LINES])
    if len(shown) > _MOST_LINES:
        yield f"                … {len(shown) - _MOST_LINES} more lines"


def _words(old: str, new: str, pen: Pen) -> str:
    """Return both texts in one: `[-what left-]` and `{+what came+}`."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    parts: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        left, came = "".join(before[a:b]), "".join(after[c:d])
        if kind == "equal":
            parts.append(_safe(left))
            continue
        if left:
            parts.append(pen("error", f"[-{_safe(left)}-]"))
        if came:
            parts.append(pen("new", f"{{+{_safe(came)}+}}"))
    return "".join(parts)


def _safe(part: str) -> str:
    return "\n".join(harmless(line) for line in part.split("\n"))
