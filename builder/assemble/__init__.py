"""Documents become a bank: which text is a question, which an answer, which belongs to no card.

Two constructs hold cards:

    a plain fence with lines `Q:` and `A:`      question cards; see `literal`
    a python fence with comments `# N. Title`   code cards; see `program`

Every line of such a fence that is not blank goes into a card or into a `Stray`. What stands around
the fences is the author's prose; only a `Q:` or an `A:` in it is a stray.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from builder.assemble import frontmatter, literal, program
from builder.assemble.body import Body, Pieces
from builder.model import Allow, Bank, Card, Deck, Link, Reason, Stray
from builder.parse import Comment, Document, Fence, FrontMatter, Heading, Prose

__all__ = ["assemble"]

_PYTHON = {"python", "python3", "py"}
_PLAIN = {"", "text", "txt", "plaintext"}
# What people put before a question in the open: a list's mark, a quotation's, an emphasis.
_DRESS = re.compile(r"(?:[>*+-][ \t]+)*\**(?=[QA]:)")
_WIKI_LINK = re.compile(r"(?<!!)\[\[([^\[\]|#\n]+)(?:#([^\[\]|\n]*))?(?:\|([^\[\]\n]*))?\]\]")
_ALLOW = re.compile(r"allow[ \t]+(?P<rule>[\w-]+)[ \t]*:?[ \t]*(?P<reason>.*)", re.DOTALL)


def assemble(documents: Iterable[Document]) -> Bank:
    """Return the bank that `documents` hold, a deck each, in their order."""
    return Bank(tuple(_deck(document) for document in documents))


def _deck(document: Document) -> Deck:
    settings, faults = _settings(document)
    title = next((block.title for block in _headings(document, 1) if block.title), "")
    pieces = tuple(_pieces(document))
    strays = (*faults, *(piece for piece in pieces if isinstance(piece, Stray)))
    return Deck(
        title=settings.deck or title or PurePath(document.source.name).stem,
        file=document.source.name,
        tags=settings.tags,
        cards=tuple(piece for piece in pieces if isinstance(piece, Card)),
        strays=tuple(sorted(strays, key=lambda stray: stray.place)),
        links=tuple(_links(document)),
    )


def _headings(document: Document, level: int) -> Iterator[Heading]:
    for block in document.blocks:
        if isinstance(block, Heading) and block.level == level:
            yield block


def _settings(document: Document) -> tuple[frontmatter.Settings, Sequence[Stray]]:
    first = document.blocks[0] if document.blocks else None
    if not isinstance(first, FrontMatter):
        return frontmatter.Settings(), ()
    return frontmatter.read(Body.of(document.source.name, first.body))


# ── walking over the blocks ──────────────────────────────────────────────────────────────────────


def _pieces(document: Document) -> Pieces:
    section = ""
    allows: tuple[Allow, ...] = ()
    for block in document.blocks:
        match block:
            case Heading(level=2, title=title):
                section = title
            case Comment():
                yield from _unclosed(document, block)
                allows += _allows(document, block)
            case Prose():
                yield from _open_pairs(Body.of(document.source.name, block.lines).dedented())
            case Fence():
                yield from _unclosed(document, block)
                for piece in _fence_pieces(document, block):
                    yield _placed(piece, section, allows)
                allows = ()


def _fence_pieces(document: Document, fence: Fence) -> Pieces:
    body = Body.of(document.source.name, fence.body, fence.indent)
    language = fence.info.lower().partition(" ")[0]
    if language in _PYTHON:
        yield from program.read(body)
    elif language in _PLAIN and literal.holds_cards(body := body.dedented()):
        yield from literal.read(body)


def _placed(piece: Card | Stray, section: str, allows: tuple[Allow, ...]) -> Card | Stray:
    if isinstance(piece, Stray):
        return piece
    return replace(piece, section=section, allows=allows + piece.allows)


def _unclosed(document: Document, block: Fence | Comment) -> Iterator[Stray]:
    if not block.closed:
        opener = Body.of(document.source.name, block.lines[:1])
        yield Stray(Reason.UNCLOSED, opener.text.strip(), opener.place)


def _allows(document: Document, comment: Comment) -> tuple[Allow, ...]:
    found = _ALLOW.fullmatch(comment.text)
    if not found:
        return ()
    place = Body.of(document.source.name, comment.lines).place
    return (Allow(found["rule"], " ".join(found["reason"].split()), place),)


def _open_pairs(body: Body) -> Iterator[Stray]:
    """Yield the questions that stand in the open: outside a fence nothing is a card."""
    body = body.without(_DRESS)
    if literal.holds_cards(body):
        for entry in literal.entries(body):
            if entry.kind is literal.Kind.QUESTION:
                yield Stray(Reason.OPEN_QUESTION, entry.text, entry.body.place)
            elif entry.kind is literal.Kind.ANSWER and not entry.follows(literal.Kind.QUESTION):
                yield Stray(Reason.ANSWER_WITHOUT_QUESTION, entry.text, entry.body.place)


def _links(document: Document) -> Iterator[Link]:
    source = document.source
    for block in document.blocks:
        if isinstance(block, Prose):
            start, stop = block.lines[0].start, block.lines[-1].stop
            for found in _WIKI_LINK.finditer(source.text, start, stop):
                target, heading, alias = (part.strip() for part in found.groups(default=""))
                yield Link(target, heading, alias, source.place(*found.span()))
