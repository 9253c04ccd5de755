"""Bytes become text with positions. The only module that splits text into lines.

A source keeps the text as it stands in the file, line ends included, so that everything cut from
it can be put together again. Only LF, CR LF and CR end a line, as in CommonMark.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from builder.model import Place

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


class UnreadableError(Exception):
    """The bytes are no text; the message says why, in a few words."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line without its end. `start` is the offset of its first character in the text."""

    number: int
    start: int
    text: str
    end: str

    @property
    def stop(self) -> int:
        """The offset behind the line and its end: where the next line starts."""
        return self.start + len(self.text) + len(self.end)


@dataclass(frozen=True)
class Source:
    """The text of one note and the name under which people know it."""

    name: str
    text: str

    @cached_property
    def lines(self) -> tuple[SourceLine, ...]:
        """All lines; a text that ends with a line end has no empty line behind it."""
        found = (match for match in _LINE.finditer(self.text) if match.group())
        return tuple(
            SourceLine(number, match.start(), match[1], match[2])
            for number, match in enumerate(found, 1)
        )

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        return tuple(line.start for line in self.lines) or (0,)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of the character at `offset`."""
        index = bisect_right(self._starts, offset) - 1
        return index + 1, offset - self._starts[index] + 1

    def place(self, start: int, stop: int) -> Place:
        """Return the place of `text[start:stop]`."""
        return Place(self.name, *self.position(start), *self.position(max(start, stop)))


def decode(name: str, content: bytes) -> Source:
    """Return the source that `content` holds, without a byte order mark.

    Raises UnreadableError where the bytes are not UTF-8, or hold a NUL as only binary files do.
    """
    body = content.removeprefix(_BOM)
    if b"\0" in body:
        raise UnreadableError(f"a NUL byte at offset {content.index(0)}: this is no text file")
    try:
        return Source(name, body.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = len(_LINE_END.findall(body[: error.start])) + 1
        raise UnreadableError(
            f"byte 0x{body[error.start]:02x} in line {line} is not UTF-8: save the note as UTF-8"
        ) from error
