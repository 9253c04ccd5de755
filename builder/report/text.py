"""The report as people read it at a terminal: diagnostics, then a closing summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from builder.model import Card, Change, ChangeKind, Diagnostic, Report, Severity, Status, Verdict
from builder.report.plain import harmless, width

_COLOURS = {
    "error": "1;31",
    "warning": "1;33",
    "rule": "1",
    "frame": "1;34",
    "quiet": "2",
    "new": "32",
}
_WIDEST = 100
_MOST_VERDICTS = 30

_ISOLATION = {
    "strict": "answers can open no file, no connection and no process",
    "limits": "time, memory and processes are limited, files and network are not",
}


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes with colour or without."""

    colour: bool

    def __call__(self, style: str, text: str) -> str:
        """Return `text` in a style of the table above."""
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if self.colour and text else text


def text(report: Report, *, colour: bool, prelude: str, building: bool) -> str:
    """Return the whole report; `building` says whether a deck was wanted."""
    pen = Pen(colour)
    blocks = ["\n".join(diagnostic(found, report.excerpts, pen)) for found in report.diagnostics]
    blocks.append("\n".join(_summary(report, pen, prelude, building=building)))
    return "\n\n".join(blocks) + "\n"


# ── one diagnostic ───────────────────────────────────────────────────────────────────────────────


def diagnostic(
    found: Diagnostic, excerpts: Mapping[tuple[str, int], str], pen: Pen
) -> Iterator[str]:
    """Yield the lines of one diagnostic, which shows one of `excerpts`."""
    place = found.place
    margin = " " * len(str(place.line))
    yield pen(found.severity, f"{found.severity}[{found.code}]") + pen(
        "rule", f": {harmless(found.message)}"
    )
    yield f"{margin}{pen('frame', '-->')} {harmless(place.file)}:{place.line}:{place.column}"
    excerpt = excerpts.get((place.file, place.line))
    bar = pen("frame", "|")
    if excerpt is not None:
        yield f"{margin} {bar}"
        yield from _excerpt(found, excerpt, margin, pen)
        yield f"{margin} {bar}"
    widest = max((len(caption) for caption, _ in found.notes), default=0)
    equals = pen("frame", "=")
    for caption, note in found.notes:
        yield f"{margin} {equals} {caption:{widest}}  {harmless(note)}"
    if found.hint:
        yield f"{margin} {equals} hint: {harmless(found.hint)}"


def _excerpt(found: Diagnostic, line: str, margin: str, pen: Pen) -> Iterator[str]:
    place = found.place
    start = min(place.column - 1, len(line))
    stop = place.end_column - 1 if place.end_line == place.line else len(line)
    cut = _window(start)
    shown = harmless(line[cut : cut + _WIDEST]) + "…" * (len(line) > cut + _WIDEST)
    left = width(harmless(line[cut:start]))
    right = width(harmless(line[cut : min(max(stop, start), cut + _WIDEST)]))
    bar = pen("frame", "|")
    dots = "…" if cut else ""
    yield f"{pen('frame', str(place.line))} {bar} {dots}{shown}".rstrip()
    carets = pen(found.severity, "^" * max(right - left, 1))
    below = " " * (left + len(dots)) + carets
    more = place.end_line - place.line
    label = found.label or (f"and {plural(more, 'more line')}" if more else "")
    yield f"{margin} {bar} {below} {harmless(label)}".rstrip()


def _window(start: int) -> int:
    """Return from which column to show a line, so that what starts at `start` is seen."""
    return 0 if start < _WIDEST * 3 // 4 else start - _WIDEST // 4


# ── the summary ──────────────────────────────────────────────────────────────────────────────────


def _summary(report: Report, pen: Pen, prelude: str, *, building: bool) -> Iterator[str]:
    yield from _verdicts(report)
    if report.isolation != "none":
        yield pen("quiet", isolation(report.isolation))
        yield pen("quiet", ", ".join(_circumstances(report, prelude)))
    yield from _left_out(report, building=building)
    yield _counts(report, pen)
    if report.written:
        shown = {card.place for card in report.bank.cards()} - {
            card.place for card in report.left_out
        }
        told = [one for one in report.changes if one.card is None or one.card.place in shown]
        same = len(shown - {one.card.place for one in told if one.card})
        yield f"since the last build: {changed(told, same)}"
    for file in report.written:
        yield f"wrote {harmless(file.path)} ({_size(file.size)})"


def changed(changes: Sequence[Change], unchanged: int) -> str:
    """Return the short form: how many changes there are of each kind.

    >>> changed((), 3)
    '3 unchanged'
    """
    counts = Counter(change.kind for change in changes)
    parts = [f"{counts[kind]} {kind}" for kind in ChangeKind if counts[kind]]
    return ", ".join([*parts, *([f"{unchanged} unchanged"] if unchanged or not parts else [])])


def isolation(level: str) -> str:
    """Return how far answers were locked in at `level`."""
    return f"isolation {level}: {_ISOLATION[level]}"


def _circumstances(report: Report, prelude: str) -> Iterator[str]:
    yield f"prelude `{prelude}`"
    if report.seed is not None:
        yield f"seed {report.seed}"
    if report.remembered:
        yield f"{plural(report.remembered, 'answer')} unchanged and not run again"


def _verdicts(report: Report) -> Iterator[str]:
    judged = [one for verdicts in report.verdicts.values() for one in verdicts]
    right = [verdict for verdict in judged if verdict.status is Status.MATCHES]
    if not right or len(right) > _MOST_VERDICTS:
        return
    names = _told_apart(right)
    widest = max(map(len, names))
    for name, verdict in zip(names, right, strict=True):
        yield f"{name:{widest}}  holds for {_reach(verdict)}"
    yield ""


def _told_apart(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the functions' names, with their lines where a name stands more than once."""
    names = [harmless(verdict.function or "") for verdict in verdicts]
    return [
        f"{name} in line {verdict.place.line}" if names.count(name) > 1 else name
        for name, verdict in zip(names, verdicts, strict=True)
    ]


def _reach(verdict: Verdict) -> str:
    variant = f" ({verdict.variant})" if verdict.variant else ""
    beyond = f"; not for {verdict.beyond}" if verdict.beyond else ""
    return f"{verdict.domain}{variant}{beyond}"


def _left_out(report: Report, *, building: bool) -> Iterator[str]:
    if not report.left_out and (report.written or not building):
        return
    if report.written:
        yield "left out of the deck:"
    elif not building:
        yield "a deck would be without these cards:"
    else:
        yield _undone(report)
    # A line that starts with what the author wrote could be a command to a CI's log.
    yield from (f"  - {_named(card)}" for card in report.left_out)
    yield ""


def _undone(report: Report) -> str:
    said = "no deck was written"
    errors = (one for one in report.diagnostics if one.severity is Severity.ERROR)
    faulty = any(one.name != "exporter-failed" for one in errors)
    if faulty and len(report.left_out) < sum(1 for _ in report.bank.cards()):
        without = "without these cards it can be" if report.left_out else "it can be"
        said = f"{said}; {without}, with --keep-going"
    return f"{said}:" if report.left_out else said


def _named(card: Card) -> str:
    question = harmless(" ".join(card.question.split()))
    return f"{question} ({harmless(card.place.file)}:{card.place.line})"


def _counts(report: Report, pen: Pen) -> str:
    cards = tuple(report.bank.cards())
    counted = [plural(len(cards), "card")]
    judged = [one for verdicts in report.verdicts.values() for one in verdicts]
    if report.isolation != "none":
        counted.append(f"{_count(judged, Status.MATCHES)} of {len(judged)} functions verified")
    elif judged:
        counted.append("nothing was run, so nothing is verified")
    if allowed := _count(judged, Status.ALLOWED):
        counted.append(f"{allowed} allowed unverified")
    if report.skipped:
        counted.append(f"{plural(report.skipped, 'note')} without cards skipped")
    for severity in Severity:
        number = report.count(severity)
        said = plural(number, severity.value)
        counted.append(pen(severity, said) if number else said)
    return ", ".join(counted)


def _count(verdicts: Sequence[Verdict], status: Status) -> int:
    return sum(verdict.status is status for verdict in verdicts)


def plural(number: int, noun: str) -> str:
    """Return `number` and `noun`, in its plural where there is not one."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _size(size: int) -> str:
    return f"{size} bytes" if size < 1000 else f"{size / 1000:.0f} kB"
