"""Content as one line of plain text: for titles, lists and searches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from builder.edition import (
    Block,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Inline,
    Items,
    Listing,
    Paragraph,
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


def holds(content: object, kind: type) -> bool:
    """Tell whether there is a node of `kind` somewhere within `content`."""
    if isinstance(content, kind):
        return True
    if isinstance(content, tuple):
        return any(holds(one, kind) for one in content)
    return is_dataclass(content) and any(
        holds(getattr(content, one.name), kind) for one in fields(content)
    )


def plain(content: Iterable[Block]) -> str:
    """Return what `content` says on one line: formulas as their TeX, gaps as "[…]"."""
    return " ".join(" ".join(_said(content)).split())


def _said(content: Iterable[Block]) -> Iterator[str]:
    for block in content:
        match block:
            case Prose(lines):
                yield from ("".join(run.text for run in line) for line in lines)
            case Listing():
                yield block.source
            case Paragraph(parts) | Subheading(_, parts):
                yield words(parts)
            case Items(items):
                for item in items:
                    yield from _said(item.blocks)
            case Table(_, head, rows):
                yield from (words(cell) for row in (head, *rows) for cell in row)
            case Quote(blocks, _, title):
                yield words(title)
                yield from _said(blocks)
            case Footnotes() | Rule():
                pass


def words(parts: Iterable[Inline]) -> str:
    """Return what `parts` say."""
    return "".join(map(_word, parts))


def _word(part: Inline) -> str:
    match part:
        case Run(text) | Verbatim(text):
            return text
        case Formula(tex):
            return tex
        case Picture(_, alt):
            return alt
        case Styled(_, parts) | Hyperlink(_, parts):
            return words(parts)
        case Turn():
            return " "
        case Gap():
            return "[…]"
