"""The lines of a block without their indentation, and where they stand in the file."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.model import Card, Place, Stray
from builder.source import SourceLine

Pieces = Iterator[Card | Stray]


@dataclass(frozen=True, slots=True)
class BodyLine:
    """One line; `column` is where its text starts in the file's line, from 1."""

    number: int
    column: int
    text: str

    @property
    def blank(self) -> bool:
        """Whether nothing but white space stands here."""
        return not self.text.strip()

    @property
    def indent(self) -> str:
        """The white space in front of the text."""
        return self.text[: len(self.text) - len(self.text.lstrip())]


@dataclass(frozen=True, slots=True)
class Body:
    """Neighbouring lines of one file."""

    file: str
    lines: tuple[BodyLine, ...]

    @classmethod
    def of(cls, file: str, lines: Sequence[SourceLine], indent: int = 0) -> Body:
        """Return `lines` with up to `indent` leading spaces taken off each."""
        return cls(file, tuple(_line(line, indent) for line in lines))

    def cut(self, start: int, stop: int | None = None) -> Body:
        """Return the lines from index `start` up to `stop`, without blank lines at either end."""
        end = len(self.lines) if stop is None else stop
        while start < end and self.lines[start].blank:
            start += 1
        while start < end and self.lines[end - 1].blank:
            end -= 1
        return Body(self.file, self.lines[start:end])

    def dedented(self, most: int = sys.maxsize) -> Body:
        """Return the lines without the leading spaces that all share, `most` of them at most."""
        widths = (_spaces(line.text) for line in self.lines if not line.blank)
        shared = min((most, *widths))
        return Body(self.file, tuple(_cut(line, shared) for line in self.lines))

    @property
    def text(self) -> str:
        """The lines joined by newlines."""
        return "\n".join(line.text for line in self.lines)

    @property
    def place(self) -> Place:
        """From the first line's first visible character to the last line's end."""
        first, last = self.lines[0], self.lines[-1]
        start = first.column + len(first.indent)
        return Place(self.file, first.number, start, last.number, last.column + len(last.text))

    @property
    def block_place(self) -> Place:
        """Like `place`, from the column where the first line's text starts, indented or not."""
        first, last = self.lines[0], self.lines[-1]
        end = last.column + len(last.text)
        return Place(self.file, first.number, first.column, last.number, end)

    def first(self) -> Body:
        """Return the first line alone."""
        return Body(self.file, self.lines[:1])

    def without(self, dress: re.Pattern[str]) -> Body:
        """Return the lines without what `dress` matches at their starts."""
        found = ((line, dress.match(line.text)) for line in self.lines)
        lines = (_cut_off(line, match.end() if match else 0) for line, match in found)
        return Body(self.file, tuple(lines))

    def __bool__(self) -> bool:
        """Whether there are lines."""
        return bool(self.lines)


def _line(line: SourceLine, indent: int) -> BodyLine:
    return _cut(BodyLine(line.number, 1, line.text), indent)


def _cut(line: BodyLine, indent: int) -> BodyLine:
    cut = min(indent, _spaces(line.text))
    return _cut_off(line, cut)


def _cut_off(line: BodyLine, count: int) -> BodyLine:
    return BodyLine(line.number, line.column + count, line.text[count:])


def _spaces(text: str) -> int:
    return len(text) - len(text.lstrip(" "))
