"""Source becomes a document: Markdown cut into blocks. Never raises, and loses nothing.

The grammar, line by line; the first rule that fits wins, blank lines belong to no rule:

    front matter   `---` as the very first line, up to a line `---` or `...`
    fence          up to 3 spaces, then 3 or more ` or ~, then an info string (without ` after `);
                   up to a closing run of the same sign, at least as long; unclosed: to the end
    comment        a line that starts with `<!--`, up to the line that holds `-->`; unclosed: to
                   the end; none if other text follows it on its only line
    heading        up to 3 spaces, 1 to 6 `#`, then a blank or the line's end
    prose          whatever else: neighbouring lines make one block

Blocks hold whole lines. Together they tile the text: joined, their lines give it back exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from builder.source import Source, SourceLine

Lines = tuple[SourceLine, ...]


@dataclass(frozen=True, slots=True)
class Blank:
    """Empty lines, or lines of white space."""

    lines: Lines


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The YAML between two rules at the top; `body` is without the rules."""

    lines: Lines
    body: Lines


@dataclass(frozen=True, slots=True)
class Heading:
    """`## Title`: `start` is the offset of the title in the text."""

    lines: Lines
    level: int
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block. `indent` columns of blanks are to be taken off each line of the body."""

    lines: Lines
    info: str
    body: Lines
    indent: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """An HTML comment; `text` is what stands between its marks."""

    lines: Lines
    text: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Prose:
    """Any other Markdown."""

    lines: Lines


Block = Blank | FrontMatter | Heading | Fence | Comment | Prose


@dataclass(frozen=True, slots=True)
class Document:
    """A source and its blocks, in order."""

    source: Source
    blocks: tuple[Block, ...]


_OPENER = re.compile(r"(?P<indent> {0,3})(?P<run>`{3,}(?=[^`]*$)|~{3,})[ \t]*(?P<info>.*)")
_HEADING = re.compile(r"(?P<lead> {0,3}(?P<run>#{1,6})(?:[ \t]+|$))(?P<title>.*)")
_FRONT_RULE = re.compile(r"---[ \t]*$")
_FRONT_END = re.compile(r"(?:---|\.\.\.)[ \t]*$")


def parse(source: Source) -> Document:
    """Return the document that `source` holds."""
    return Document(source, tuple(_blocks(source.lines)))


def _blocks(lines: Lines) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        block = _block(lines, at)
        yield block
        at += len(block.lines)


def _block(lines: Lines, at: int) -> Block:
    return (
        _blank(lines, at)
        or (_front_matter(lines) if at == 0 else None)
        or _fence(lines, at)
        or _comment(lines, at)
        or _heading(lines[at])
        or _prose(lines, at)
    )


def _blank(lines: Lines, at: int) -> Blank | None:
    run = tuple(takewhile(lambda line: not line.text.strip(), _from(lines, at)))
    return Blank(run) if run else None


def _front_matter(lines: Lines) -> FrontMatter | None:
    if not _FRONT_RULE.match(lines[0].text):
        return None
    end = next((i for i in range(1, len(lines)) if _FRONT_END.match(lines[i].text)), None)
    return None if end is None else FrontMatter(lines[: end + 1], lines[1:end])


def _fence(lines: Lines, at: int) -> Fence | None:
    opener = _OPENER.match(lines[at].text)
    if not opener:
        return None
    run = opener["run"]
    closing = re.compile(rf" {{0,3}}{re.escape(run[0])}{{{len(run)},}}[ \t]*$")
    end = next((i for i in range(at + 1, len(lines)) if closing.match(lines[i].text)), len(lines))
    return Fence(
        lines=lines[at : end + 1],
        info=opener["info"].strip(),
        body=lines[at + 1 : end],
        indent=len(opener["indent"]),
        closed=end < len(lines),
    )


def _comment(lines: Lines, at: int) -> Comment | None:
    if not _opens_comment(lines[at]):
        return None
    end = next((i for i in range(at, len(lines)) if "-->" in lines[i].text), len(lines))
    run = lines[at : end + 1]
    if len(run) == 1 and end < len(lines) and _says_more(run[0].text.strip()):
        return None
    inside = "\n".join(line.text for line in run).lstrip().removeprefix("<!--")
    return Comment(run, inside.partition("-->")[0].strip(), closed=end < len(lines))


def _says_more(text: str) -> bool:
    """Tell whether text stands behind the comments of a line: they are part of a sentence then."""
    while text.startswith("<!--"):
        text = text.partition("-->")[2].strip()
    return bool(text)


def _opens_comment(line: SourceLine) -> bool:
    return line.text.lstrip().startswith("<!--")


def _heading(line: SourceLine) -> Heading | None:
    found = _HEADING.match(line.text)
    if not found:
        return None
    title = _without_closing_run(found["title"]).strip()
    return Heading((line,), len(found["run"]), title, line.start + len(found["lead"]))


def _without_closing_run(title: str) -> str:
    """Take off the `##` that may end a heading; by hand, as a pattern would take cubic time."""
    bare = title.rstrip(" \t").rstrip("#")
    return title if bare and bare[-1] not in " \t" else bare


def _prose(lines: Lines, at: int) -> Prose:
    rest = range(at + 1, len(lines))
    end = next((i for i in rest if _interrupts(lines, i)), len(lines))
    return Prose(lines[at:end])


def _interrupts(lines: Lines, at: int) -> bool:
    text = lines[at].text
    return bool(
        not text.strip() or _OPENER.match(text) or _HEADING.match(text) or _opens_comment(lines[at])
    )


def _from(lines: Sequence[SourceLine], at: int) -> Iterator[SourceLine]:
    return (lines[i] for i in range(at, len(lines)))
