"""Which images the cards in the open show: read off their Markdown, but for its code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from builder.model import Card, Embed, Markdown, Place

_EMBED = re.compile(
    r"!\[\[(?P<wiki>[^\[\]|#\n]+)[^\[\]\n]*\]\]"
    r"|!\[[^\[\]\n]*\]\([ \t]*(?:<(?P<angle>[^<>\n]+)>|(?P<plain>[^\s()<>]+))[^()\n]*\)"
    r"|<img\b[^<>]{0,400}?(?<![\w-])src[ \t]*=[ \t]*[\"']?(?P<html>[^\s\"'<>]+)[^<>]*>",
    re.IGNORECASE,
)
_LONGEST = 50_000  # longer texts are not read as Markdown
_TICKS = re.compile("`+")
# What else is embedded, a note or a document, reads as its name.
_IMAGES = (
    *(".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif"),
    *(".bmp", ".tif", ".tiff", ".heic", ".ico"),
)
_TARGETS = ("wiki", "angle", "plain", "html")


def shown(cards: Iterable[Card]) -> Iterator[Embed]:
    """Yield every image of the cards' questions and answers, in their order."""
    for card in cards:
        for side in (card.asked, card.answer):
            if isinstance(side, Markdown):
                yield from _of(side)


def _of(side: Markdown) -> Iterator[Embed]:
    fenced = {at for one in side.snippets for at in range(one.first, one.last + 1)}
    for at, line in enumerate(side.text.split("\n")):
        for found in () if at in fenced else _EMBED.finditer(_spoken(line)):
            target = next(filter(None, map(found.group, _TARGETS)), "")
            if target and (not found["wiki"] or target.strip().lower().endswith(_IMAGES)):
                yield Embed(target.strip(), _place(side.place, at, found))


def _spoken(line: str) -> str:
    """Return a line with blanks for code and comments, and for what is escaped."""
    line = _without_code(line[:_LONGEST])
    for opener, closer in (("<!--", "-->"), ("%%", "%%")):
        start = line.find(opener)
        while start >= 0 and (end := line.find(closer, start + len(opener))) >= 0:
            end += len(closer)
            line = line[:start] + " " * (end - start) + line[end:]
            start = line.find(opener, end)
    return line.replace("\\!", "  ")


def _without_code(line: str) -> str:
    """Return a line with blanks for its spans of code, each between two equal runs of ticks."""
    runs = [found.span() for found in _TICKS.finditer(line)]
    later: dict[int, list[int]] = {}
    for start, end in reversed(runs):
        later.setdefault(end - start, []).append(end)
    at, kept = 0, []
    for start, end in runs:
        ends = later[end - start]
        ends.pop()
        if start >= at and ends:
            kept += [line[at:start], " " * (ends[-1] - start)]
            at = ends[-1]
    return "".join((*kept, line[at:]))


def _place(place: Place, at: int, found: re.Match[str]) -> Place:
    """Return where an image stands: exactly by its line, by its column as near as is known."""
    shift = place.column - 1 if at == 0 else 0
    first, last = (column + 1 + shift for column in found.span())
    return Place(place.file, place.line + at, first, place.line + at, last)
