"""Fenced blocks within Markdown, in lists and quotations too, with their places in the file.

A fence may stand behind blanks, quotation marks and the mark of a list. What stands before it is
taken off each of its lines as far as it is there.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator

from builder.assemble.body import Body, BodyLine
from builder.model import Code, Markdown, Place, Snippet

_OPENER = re.compile(
    r"(?P<before>[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]+|>)*)(?P<run>`{3,}(?=[^`]*$)|~{3,})"
    r"[ \t]*(?P<info>.*)"
)
_CLOSER = re.compile(r"[ \t>]*(?P<run>`{3,}|~{3,})[ \t]*$")
_PYTHON = frozenset({"python", "python3", "py"})
_SESSION = re.compile(r"\s*>>>")


def markdown(body: Body) -> Markdown:
    """Return the text of `body`, which is not empty, with the fenced blocks in it."""
    return Markdown(body.text, body.place, _snippets(body))


def verified(body: Body) -> Markdown:
    """Return the same with the program that its Python makes, which is to be verified."""
    found = _snippets(body)
    codes = [
        one.code
        for one in found
        if one.language in _PYTHON and one.code.source and not _SESSION.match(one.code.source)
    ]
    return Markdown(body.text, body.place, found, _joined(codes) if codes else None)


def numbers(body: Body) -> frozenset[int]:
    """Return the numbers of the lines in the file that belong to fenced blocks."""
    found = _snippets(body)
    return frozenset(
        body.lines[at].number for one in found for at in range(one.first, one.last + 1)
    )


def _snippets(body: Body) -> tuple[Snippet, ...]:
    return tuple(_found(body))


def _found(body: Body) -> Iterator[Snippet]:
    closers = _Closers(body)
    at = 0
    while at < len(body.lines):
        opener = _OPENER.match(body.lines[at].text)
        end = closers.after(at, opener["run"]) if opener else None
        if opener and end:
            language = opener["info"].strip().lower().partition(" ")[0]
            inside = [_bare(line, opener["before"]) for line in body.lines[at + 1 : end]]
            yield Snippet(at, end, language, _code(body, body.lines[at], inside))
            at = end
        at += 1


class _Closers:
    """The lines that may close a fence. A search that failed once is not done again."""

    def __init__(self, body: Body) -> None:
        found = ((at, _CLOSER.match(line.text)) for at, line in enumerate(body.lines))
        self._runs = [(at, closer["run"]) for at, closer in found if closer]
        self._failed: dict[str, int] = {}

    def after(self, at: int, run: str) -> int | None:
        """Return the index of the line that closes a fence opened by `run`, None without one."""
        if len(run) >= self._failed.get(run[0], len(run) + 1):
            return None
        start = bisect(self._runs, at, key=lambda closer: closer[0])
        for index in range(start, len(self._runs)):
            end, closing = self._runs[index]
            if closing.startswith(run):
                return end
        self._failed[run[0]] = len(run)
        return None


def _bare(line: BodyLine, before: str) -> BodyLine:
    """Take off what stands before the fence: quotation marks, and no more blanks than there."""
    cut = 0
    for sign in before:
        if cut < len(line.text) and (line.text[cut] in " \t" or line.text[cut] == sign == ">"):
            cut += 1
    return BodyLine(line.number, line.column + cut, line.text[cut:])


def _code(body: Body, opener: BodyLine, lines: list[BodyLine]) -> Code:
    if not lines:
        return Code("", Place(body.file, opener.number, 1, opener.number, 1))
    first, last = lines[0], lines[-1]
    end = last.column + len(last.text)
    place = Place(body.file, first.number, first.column, last.number, end)
    return Code("\n".join(line.text for line in lines), place)


def _joined(codes: list[Code]) -> Code:
    """Return all of them as one, with empty lines for the lines of the note between them."""
    first, last = codes[0].place, codes[-1].place
    source = ""
    for code in codes:
        gap = code.place.line - first.line - source.count("\n")
        source += "\n" * gap + code.source
    place = Place(first.file, first.line, first.column, last.end_line, last.end_column)
    return Code(source, place)
