"""Content as a person would write it down: the language of the case files of rendering.

A block is a line, what stands in it is indented below. Within a line, what is not plain text
stands in ‹ › behind a word that says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.edition import (
    Block,
    Content,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Inline,
    Items,
    Line,
    Listing,
    Paragraph,
    Parts,
    Picture,
    Prose,
    Quote,
    Rule,
    Run,
    Styled,
    Subheading,
    Table,
    Turn,
    Verbatim,
)


def outline(content: Content) -> str:
    """Return the outline of `content`."""
    return "".join(f"{line}\n".replace(" \n", "\n") for line in _lines(content))


def _lines(content: Iterable[Block]) -> Iterator[str]:
    for block in content:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Prose(lines):
            yield "literal"
            yield from _indented(map(_text, lines))
        case Listing(lines, language):
            yield f"listing {language}".rstrip()
            yield from _indented(f"|{_text(line)}" for line in lines)
        case Paragraph(parts):
            yield f"paragraph {said(parts)}"
        case Subheading(level, parts):
            yield f"heading {level} {said(parts)}"
        case Rule():
            yield "rule"
        case _:
            yield from _large(block)


def _large(block: Items | Table | Quote | Footnotes) -> Iterator[str]:
    match block:
        case Items(items, start):
            yield "list" if start is None else f"list from {start}"
            for item in items:
                yield {None: "  item", True: "  done", False: "  to do"}[item.done]
                yield from _indented(_indented(_lines(item.blocks)))
        case Table(columns, head, rows):
            yield f"table {' '.join(column or '-' for column in columns)}"
            yield from _indented(_row(row) for row in (head, *rows))
        case Quote(blocks, kind, title):
            yield f"callout {kind}: {said(title)}" if kind else "quote"
            yield from _indented(_lines(blocks))
        case Footnotes(notes):
            yield "footnotes"
            for number, note in enumerate(notes, 1):
                yield f"  {number}"
                yield from _indented(_indented(_lines(note)))


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def text(lines: Iterable[Line]) -> str:
    """Return what the runs of lines say."""
    return "\n".join(map(_text, lines))


def _text(line: Line) -> str:
    return "".join(run.text for run in line)


def _row(cells: Iterable[Parts]) -> str:
    return " ‖ ".join(map(said, cells))


def said(parts: Iterable[Inline]) -> str:
    """Return the outline of what stands within a line."""
    return "".join(map(_part, parts))


def _part(part: Inline) -> str:
    match part:
        case Run(text):
            return text
        case Styled(style, parts):
            return f"‹{style} {said(parts)}›"
        case Verbatim(text):
            return f"‹code {text}›"
        case Hyperlink(target, parts):
            return f"‹link {target} {said(parts)}›"
        case Picture(name, alt, width):
            return f"‹picture {name}{f' {width}' if width else ''} {alt}›"
        case Formula(tex, display, mathml):
            kind = "display" if display else "math"
            return f"‹{kind}{'' if mathml else ' unset'} {tex}›"
        case Turn():
            return "‹turn›"
        case Gap(number, parts, hint):
            return f"‹gap {number}{f' ({hint})' if hint else ''} {said(parts)}›"
