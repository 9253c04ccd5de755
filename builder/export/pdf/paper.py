"""A deck as data for the template: what stands on the paper, and not how it is set.

Content goes in as values only. Names of kinds are those of `content.typ`, beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from builder.edition import (
    SCHEMES,
    Block,
    CardView,
    Content,
    DeckView,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Inline,
    Item,
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
from builder.export.pdf.formulas import UnsettableError, tree

Data = dict[str, Any]

_TAB = 4
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
# Characters of a word of several looks, whose width nobody can tell before it is set.
_ENDLESS = 40
_ENDLESS_IN_A_CELL = 12
# How far the typesetter is asked to nest blocks and parts: it nests calls only so far.
_DEEPEST_BLOCK = 6
_DEEPEST_PART = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """One card as data, and what in it the sheet cannot show: each entry completes "shows …"."""

    data: Data
    remarks: tuple[str, ...]


def title_of(deck: DeckView) -> str:
    """Return the deck's title in one line; a sheet is never without."""
    return " ".join(deck.title.split()) or deck.name


def shown(deck: DeckView, pictures: Mapping[str, str], *, formulas: bool) -> tuple[Shown, ...]:
    """Return the cards of `deck` as data.

    `pictures` are the files of those images that can be set, by the images' names. With `formulas`
    the formula of its kernel stands under a code card.
    """
    return tuple(
        _Card(card, pictures, formulas=formulas).shown(bar)
        for card, bar in zip(deck.cards, _bars(deck), strict=True)
    )


def _bars(deck: DeckView) -> Iterator[str]:
    """Yield for each card the title of the section that starts with it, else nothing."""
    for before, section in pairwise(("", *(card.section for card in deck.cards))):
        yield section if section != before else ""


@dataclass(slots=True)
class _Card:
    """Turns one card into data, and notes what cannot be shown."""

    card: CardView
    pictures: Mapping[str, str]
    formulas: bool
    remarks: list[str] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)

    def shown(self, bar: str) -> Shown:
        """Return the card as data; `bar` is the title of the section that starts with it."""
        card = self.card
        asked, rest = self._asked(card.question)
        # Without a section above it a question is of the first level: no level is skipped.
        data: Data = {
            "bar": _one_line(bar),
            "level": 2 if _one_line(card.section) else 1,
            "kind": card.kind,
            "title": _one_line(card.title) or card.key,
            "asked": asked,
            "blocks": [*self._blocks(rest), *self._blocks(card.answer), *self._formula()],
            "evidence": _one_line(card.evidence),
        }
        return Shown(data, tuple(dict.fromkeys(self.remarks)))

    def _asked(self, question: Content) -> tuple[Data, Content]:
        """Return what of the question stands in the heading, and what stands below."""
        match question:
            case (Prose(lines), *rest):
                return {"is": "prose", "lines": [_line(one) for one in lines]}, tuple(rest)
            case (Paragraph(parts), *rest) if not _on_display(parts):
                return self._paragraph(parts), tuple(rest)
            case _:
                title = Run(_one_line(self.card.title) or self.card.key)
                return self._paragraph((title,)), question

    def _formula(self) -> Iterator[Data]:
        if self.formulas and self.card.kind == "code" and self.card.formula:
            yield self._block(Paragraph((self.card.formula,)))

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────

    def _blocks(self, content: Content, depth: int = 0) -> list[Data]:
        """Return blocks. What is nested beyond all measure stands side by side."""
        if depth < _DEEPEST_BLOCK:
            return [self._block(block, depth + 1) for block in content]
        return [self._block(leaf, depth) for block in content for leaf in _leaves(block)]

    def _block(self, block: Block, depth: int = 0) -> Data:
        match block:
            case Prose(lines):
                return {"is": "prose", "lines": [_line(line) for line in lines]}
            case Listing(lines):
                return {"is": "code", "lines": [_line(line) for line in lines]}
            case Paragraph(parts):
                return self._alone(parts) if _on_display(parts) else self._paragraph(parts)
            case Subheading(level, parts):
                return {
                    "is": "subheading",
                    "level": self._depth(level),
                    "title": _one_line("".join(_pieces(parts))) or "…",
                    "parts": self._parts(parts),
                }
            case Items(items, start):
                shown = [self._item(one, depth) for one in items]
                return {"is": "items", "start": start, "items": shown}
            case Table(columns, head, rows):
                return {
                    "is": "table",
                    "columns": columns,
                    "head": self._cells(head),
                    "rows": [self._cells(row) for row in rows],
                }
            case Quote(blocks, kind, title):
                return {
                    "is": "quote",
                    "kind": kind,
                    "title": self._parts(title or (Run(kind.capitalize()),)),
                    "blocks": self._blocks(blocks, depth),
                }
            case Footnotes(notes):
                return {"is": "notes", "notes": [self._blocks(note, depth) for note in notes]}
            case Rule():
                return {"is": "rule"}

    def _item(self, item: Item, depth: int) -> Data:
        return {"done": item.done, "blocks": self._blocks(item.blocks, depth)}

    def _depth(self, level: int) -> int:
        """Return how deep a subheading stands below the question: no level is skipped."""
        while self.levels and self.levels[-1] >= level:
            self.levels.pop()
        self.levels.append(level)
        return len(self.levels)

    def _alone(self, parts: Parts) -> Data:
        """Return the one part of a paragraph that has a line of its own."""
        part = self._part(next(part for part in parts if not _is_blank(part)))
        if isinstance(part, dict) and part["is"] in {"formula", "picture"}:
            return part
        return {"is": "paragraph", "parts": [part]}

    def _paragraph(self, parts: Parts) -> Data:
        return {"is": "paragraph", "parts": self._parts(parts)}

    # ── parts of a line ──────────────────────────────────────────────────────────────────────────

    def _parts(self, parts: Parts, endless: int = _ENDLESS) -> list[Any]:
        """Return the parts of a line. In a tight one each word may break anywhere."""
        tight = _is_tight(parts, endless)
        return [self._part(part, tight=tight) for part in parts]

    def _cells(self, cells: Iterable[Parts]) -> list[list[Any]]:
        return [self._parts(cell, _ENDLESS_IN_A_CELL) for cell in cells]

    def _part(self, part: Inline, *, tight: bool = False, depth: int = 0) -> Any:
        def within(parts: Parts) -> list[Any]:
            flat = parts if depth < _DEEPEST_PART else tuple(_leaves_of_line(parts))
            return [self._part(one, tight=tight, depth=depth + 1) for one in flat]

        match part:
            case Run(text, role):
                return _folded(text), role, tight
            case Styled(style, inner):
                return {"is": "styled", "style": style, "parts": within(inner)}
            case Verbatim(text):
                return {"is": "verbatim", "text": _folded(text), "tight": tight}
            case Hyperlink(target, inner):
                return self._link(target, within(inner))
            case Picture():
                return self._picture(part)
            case Formula():
                return self._set(part)
            case Turn():
                return {"is": "turn"}
            case Gap(_, inner):
                return {"is": "gap", "parts": within(inner)}

    def _link(self, target: str, parts: list[Any]) -> Data:
        if target.partition(":")[0].lower() not in SCHEMES:
            return {"is": "styled", "style": "inserted", "parts": parts}
        return {"is": "link", "to": target, "parts": parts}

    def _picture(self, picture: Picture) -> Any:
        said = _one_line(picture.alt) or "picture"
        file = self.pictures.get(picture.name)
        if file is None:
            self.remarks.append(f"the image `{said}` by its description")
            return {"is": "styled", "style": "emphasis", "parts": [(f"[{said}]", "", False)]}
        return {"is": "picture", "file": file, "alt": said, "width": picture.width}

    def _set(self, formula: Formula) -> Data:
        """Return a formula as a tree; one that cannot be set stands as TeX in monospace."""
        tex = _one_line(formula.tex)
        try:
            if formula.mathml:
                return {"is": "formula", "tree": tree(formula.mathml), "tex": tex or "formula"}
        except UnsettableError as error:
            self.remarks.append(f"the formula `{tex}` as TeX, since its MathML {error}")
        return {"is": "verbatim", "text": tex, "tight": False}


# ── text ─────────────────────────────────────────────────────────────────────────────────────────


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _folded(text: str) -> str:
    """Return `text` without line ends and tabs: within a line they are blanks."""
    return _LINE_ENDS.sub(" ", text).replace("\t", " ").replace("\0", "\N{REPLACEMENT CHARACTER}")


def _line(line: Line) -> list[tuple[str, str]]:
    """Return the runs of `line` with tabs as blanks: a tab has no glyph, only a place to go to."""
    before, runs = "", []
    for run in line:
        start = len(before.expandtabs(_TAB))
        before += _LINE_ENDS.sub(" ", run.text).replace("\0", "\N{REPLACEMENT CHARACTER}")
        runs.append((before.expandtabs(_TAB)[start:], run.role))
    return runs


def _leaves(block: Block) -> Iterator[Block]:
    """Yield the blocks within blocks, without what they stand in."""
    match block:
        case Items(items):
            yield from (leaf for item in items for one in item.blocks for leaf in _leaves(one))
        case Quote(blocks):
            yield from (leaf for one in blocks for leaf in _leaves(one))
        case Footnotes(notes):
            yield from (leaf for note in notes for one in note for leaf in _leaves(one))
        case _:
            yield block


def _leaves_of_line(parts: Parts) -> Iterator[Inline]:
    """Yield the parts within parts, without their style."""
    for part in parts:
        match part:
            case Styled(_, inner) | Hyperlink(_, inner) | Gap(_, inner):
                yield from _leaves_of_line(inner)
            case _:
                yield part


def _on_display(parts: Parts) -> bool:
    """Tell whether a paragraph is but one picture, or one formula on display."""
    said = [part for part in parts if not _is_blank(part)]
    match said:
        case [Formula(display=True)] | [Picture()]:
            return True
    return False


def _is_blank(part: Inline) -> bool:
    return isinstance(part, Run) and not part.text.strip()


def _is_tight(parts: Parts, endless: int) -> bool:
    """Tell whether a word goes on over parts of several looks, further than a line might reach."""
    pieces = list(_pieces(parts))
    words = "".join(pieces).split(" ")
    within = {word for piece in pieces for word in piece.split(" ")}
    return any(len(word) > endless and word not in within for word in words)


def _pieces(parts: Iterable[Inline]) -> Iterator[str]:
    for part in parts:
        match part:
            case Run(text) | Verbatim(text):
                yield text
            case Styled(_, inner) | Hyperlink(_, inner) | Gap(_, inner):
                yield from _pieces(inner)
            case Formula() | Picture() | Turn():
                yield " "
