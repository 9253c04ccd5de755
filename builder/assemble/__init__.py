"""Documents become a bank: which text is a question, which an answer, which belongs to no card.

Three constructs hold cards:

    a plain fence with lines `Q:` and `A:`      question cards of literal text; see `literal`
    a python fence with comments `# N. Title`   code cards; see `program`
    paragraphs `Q:`, `A:`, `C:` in the open     question and cloze cards; see `paragraphs`

Every line of such a fence that is not blank goes into a card or into a `Stray`, and so does what is
open. Other text is the author's prose; only a mark in it that opens nothing is a stray.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath

from builder.assemble import embeds, frontmatter, literal, paragraphs, program
from builder.assemble.body import Body, Pieces
from builder.assemble.wishes import Wishes
from builder.model import Bank, Card, Deck, Link, Reason, Stray
from builder.parse import Block, Comment, Document, Fence, FrontMatter, Heading, Prose

__all__ = ["assemble"]

_PYTHON = {"python", "python3", "py"}
_PLAIN = {"", "text", "txt", "plaintext"}
# What people put before a question in the open: a list's mark, a quotation's, an emphasis.
_DRESS = re.compile(r"(?:[>*+-][ \t]+)*\**(?=[QA]:)")
_WIKI_LINK = re.compile(r"(?<!!)\[\[([^\[\]|#\n]+)(?:#([^\[\]|\n]*))?(?:\|([^\[\]\n]*))?\]\]")

_SECTION = 2
_LOWEST = 3  # headings below this level are part of an answer


def assemble(documents: Iterable[Document]) -> Bank:
    """Return the bank that `documents` hold, a deck each, in their order."""
    return Bank(tuple(_deck(document) for document in documents))


def _deck(document: Document) -> Deck:
    settings, faults = _settings(document)
    title = next((block.title for block in _headings(document, 1) if block.title), "")
    pieces = tuple(_pieces(document))
    cards = tuple(piece for piece in pieces if isinstance(piece, Card))
    strays = (*faults, *(piece for piece in pieces if isinstance(piece, Stray)))
    return Deck(
        title=settings.deck or title or PurePath(document.source.name).stem,
        file=document.source.name,
        tags=settings.tags,
        cards=cards,
        strays=tuple(sorted(strays, key=lambda stray: stray.place)),
        links=tuple(_links(document)),
        embeds=tuple(embeds.shown(cards)),
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
    walk = _Walk(document.source.name)
    told: set[int] = set()
    for block in document.blocks:
        for piece in walk.over(block):
            told.add(piece.place.line)
            yield piece
    yield from walk.close()
    yield from (slip for slip in _slips(document) if slip.place.line not in told)


def _slips(document: Document) -> Iterator[Stray]:
    """Yield what is marked as a question, in prose or in a card, and opens nothing."""
    spoken = (block.lines for block in document.blocks if isinstance(block, Prose | Heading))
    lines = tuple(line for block in spoken for line in block)
    yield from paragraphs.slips(Body.of(document.source.name, lines))


class _Walk:
    """Where a walk over the blocks stands: in which section, what is open, what was wished."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._section = ""
        self._wishes = Wishes()
        self._open: paragraphs.Region | None = None

    def over(self, block: Block) -> Pieces:
        """Yield the pieces that are complete with `block`."""
        match block:
            case Heading(level=level, title=title):
                if level <= _LOWEST:
                    yield from self.close()
                else:
                    self._continue(block)
                if level == _SECTION:
                    self._section = title
            case Comment():
                yield from self._comment(block)
            case Fence():
                yield from self._fence(block)
            case Prose():
                yield from self._prose(block)
            case _:
                self._continue(block)

    def close(self) -> Pieces:
        """Yield the pieces of what is open."""
        if self._open:
            pieces = paragraphs.read(self._open, self._wishes)
            self._open, self._wishes = None, Wishes()
            yield from map(self._placed, pieces)

    def _continue(self, block: Block) -> None:
        if self._open:
            self._open.add(Body.of(self._file, block.lines), opaque=True)

    def _comment(self, comment: Comment) -> Pieces:
        yield from _unclosed(self._file, comment)
        body = Body.of(self._file, comment.lines)
        wished = Wishes.read(comment.text, body.place)
        if self._open and (self._open.asks or not wished):
            self._open.add_comment(comment, body)
            return
        if wished:
            yield from self.close()
            self._wishes = self._wishes.and_those(wished)

    def _fence(self, fence: Fence) -> Pieces:
        yield from _unclosed(self._file, fence)
        if self._open and not _starts_cards(self._file, fence):
            self._continue(fence)
            return
        yield from self.close()
        yield from map(self._placed, self._wishing(list(_fence_pieces(self._file, fence))))
        self._wishes = Wishes()

    def _wishing(self, pieces: Sequence[Card | Stray]) -> Pieces:
        """Give the cards of a fence what was wished for them; a key is for one card alone."""
        cards = sum(isinstance(piece, Card) for piece in pieces)
        for piece in pieces:
            if isinstance(piece, Card):
                key = piece.identifier or (self._wishes.identifier if cards == 1 else "")
                piece = replace(  # noqa: PLW2901 - the same card, with more on it
                    piece, identifier=key, allows=self._wishes.allows + piece.allows
                )
            yield piece

    def _prose(self, block: Prose) -> Pieces:
        body = Body.of(self._file, block.lines)
        if self._open and paragraphs.is_rule(body.lines[0].text):
            yield from self.close()
        start = 0 if self._open else paragraphs.start(body)
        if start != 0:
            yield from _dressed(body.cut(0, start).dedented())
        if start is not None:
            self._open = self._open or paragraphs.Region(self._file)
            self._open.add(Body(self._file, body.lines[start:]))

    def _placed(self, piece: Card | Stray) -> Card | Stray:
        return piece if isinstance(piece, Stray) else replace(piece, section=self._section)


def _fence_pieces(file: str, fence: Fence) -> Pieces:
    body = Body.of(file, fence.body, fence.indent)
    if _language(fence) in _PYTHON:
        yield from program.read(body)
    elif _language(fence) in _PLAIN and literal.holds_cards(body := body.dedented()):
        yield from literal.read(body)


def _starts_cards(file: str, fence: Fence) -> bool:
    """Tell whether the first line of a fence is that of a card: then the fence is no answer."""
    body = Body.of(file, fence.body, fence.indent).cut(0)
    if _language(fence) in _PYTHON:
        return bool(body) and program.is_title(body.lines[0])
    return bool(body) and _language(fence) in _PLAIN and literal.holds_cards(body.first())


def _language(fence: Fence) -> str:
    return fence.info.lower().partition(" ")[0]


def _unclosed(file: str, block: Fence | Comment) -> Iterator[Stray]:
    if not block.closed:
        opener = Body.of(file, block.lines[:1])
        yield Stray(Reason.UNCLOSED, opener.text.strip(), opener.place)


def _dressed(body: Body) -> Iterator[Stray]:
    """Yield the questions and answers in prose that open nothing, for what stands before them."""
    body = body.without(_DRESS)
    if literal.holds_cards(body):
        for entry in literal.entries(body):
            if entry.kind is literal.Kind.QUESTION:
                yield Stray(Reason.DRESSED_QUESTION, entry.text, entry.body.place)
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
