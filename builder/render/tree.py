"""A tree of tags becomes the blocks of a card: every tag is read as what a card can show of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, groupby

from builder.edition import (
    SCHEMES,
    Align,
    Block,
    Content,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Inline,
    Item,
    Items,
    Listing,
    Paragraph,
    Parts,
    Quote,
    Rule,
    Run,
    Style,
    Styled,
    Subheading,
    Table,
    Turn,
    Verbatim,
)
from builder.render.aside import HALF, TOKEN, GapEnd, GapStart, NoteMark
from builder.render.clean import BLOCKS, Node
from builder.render.code import highlight
from builder.render.lines import BLANKS, merged, trimmed

_STYLES: dict[str, Style] = {
    "b": "strong", "strong": "strong", "em": "emphasis", "i": "emphasis", "var": "emphasis",
    "mark": "highlight", "del": "deleted", "s": "deleted", "strike": "deleted",
    "ins": "inserted", "u": "inserted", "sub": "subscript", "sup": "superscript", "kbd": "key",
}  # fmt: skip
_VERBATIM = frozenset({"code", "samp", "tt"})
_ALIGNS: dict[str, Align] = {"left": "left", "center": "center", "right": "right"}
_DEEPEST_GAPS = 8  # more than that Anki does not read
_NUMBER = re.compile(r"[1-9][0-9]{0,3}")
_SIZED = re.compile(r"(?P<alt>.*)\|[ ]*(?P<width>[1-9][0-9]{0,3})(?:x[0-9]+)?[ ]*", re.DOTALL)

# What a token stands for, once all is known of it but its surroundings.
Ready = Inline | Listing | GapStart | GapEnd | NoteMark
Part = Inline | Listing | GapStart | GapEnd


class Gardener:
    """Reads one tree. `ready` and `sources` are what tokens stand for, and how it was written.

    `picture` makes what shows an image of a target, a description and a width; `inline` sets a
    formula within a line. With `numbered` every highlight is a gap. `unclosed` are the openings of
    gaps that are not closed where they should be.
    """

    def __init__(
        self,
        ready: Sequence[Ready],
        sources: Sequence[str],
        *,
        picture: Callable[[str, str, int | None], Inline],
        inline: Callable[[Formula], Formula],
        numbered: bool = False,
    ) -> None:
        self._ready = ready
        self._sources = sources
        self._picture = picture
        self._inline = inline
        self._gap_numbers = count(1) if numbered else None
        self._notes: dict[str, Node] = {}
        self._cited: list[str] = []
        self.unclosed: set[GapStart] = set()

    def content(self, root: Node) -> Content:
        """Return the blocks of a whole text, its footnotes last."""
        for name, note in _notes(root):
            self._notes.setdefault(name, note)
        blocks = self._blocks(root)
        notes = tuple(self._blocks(self._notes[name]) for name in self._in_order())
        return (*blocks, Footnotes(notes)) if notes else blocks

    def _in_order(self) -> Iterator[str]:
        """Yield the names of footnotes as they are cited, in other notes too, then the rest."""
        at = 0
        for name in ("", *self._notes):
            if name and name not in self._cited:
                self._cited.append(name)
            while at < len(self._cited):
                yield self._cited[at]
                at += 1

    # ── blocks ───────────────────────────────────────────────────────────────────────────────────

    def _blocks(self, node: Node) -> Content:
        found: list[Block] = []
        for boxed, children in groupby(node.children, key=_is_box):
            if boxed:
                for child in children:
                    assert isinstance(child, Node)
                    found += self._block(child)
            else:
                found += self._paragraphs(part for child in children for part in self._parts(child))
        return tuple(found)

    def _block(self, node: Node) -> Iterable[Block]:
        match node.tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                return (Subheading(int(node.tag[1]), self._line(node)),)
            case "summary" | "dt":
                return self._paragraphs(self._styled("strong", self._line(node)))
            case "ul" | "ol":
                return self._list(node)
            case "blockquote":
                return (self._quote(node),)
            case "table":
                return self._table(node)
            case "pre":
                return (Listing(highlight(self._source(node).strip("\n"), "")),)
            case "hr":
                return (Rule(),)
            case "aside" if self._notes.get(node.attributes.get("data-name", "")) is node:
                return ()
            case _:
                return self._blocks(node)

    def _paragraphs(self, parts: Iterable[Part]) -> Iterator[Block]:
        """Yield paragraphs: code and formulas on display stand alone."""
        for alone, some in groupby(self._with_gaps(parts), key=_stands_alone):
            if alone:
                yield from (one if isinstance(one, Listing) else Paragraph((one,)) for one in some)
            elif line := trimmed(self._inlined(one) for one in some):
                yield Paragraph(line)

    def _list(self, node: Node) -> Iterator[Block]:
        items: list[Item] = []
        for stray, children in groupby(node.children, key=_is_stray):
            if stray:
                item = self._item(Node("li", {}, list(children)))
                items += [item] if item.blocks else []
            else:
                items += (self._item(child) for child in children if isinstance(child, Node))
        if items:
            yield Items(tuple(items), _start(node))

    def _item(self, node: Node) -> Item:
        first = node.children[0] if node.children else ""
        if isinstance(first, Node) and first.attributes.get("type") == "checkbox":
            return Item(self._blocks(node), "checked" in first.attributes)
        return Item(self._blocks(node))

    def _quote(self, node: Node) -> Quote:
        kind = node.attributes.get("data-kind", "")
        first = node.children[0] if node.children else ""
        if not kind or isinstance(first, str) or first.tag != "header":
            return Quote(self._blocks(node))
        rest = Node(node.tag, {}, node.children[1:])
        return Quote(self._blocks(rest), kind, self._line(first))

    def _table(self, node: Node) -> Iterator[Block]:
        captions = (one for one in node.children if isinstance(one, Node) and one.tag == "caption")
        yield from (block for one in captions for block in self._blocks(one))
        rows = [
            [cell for cell in row.children if isinstance(cell, Node) and cell.tag in {"td", "th"}]
            for row in _rows(node)
        ]
        width = max(map(len, rows), default=0)
        if not width:
            return
        first = max(rows, key=len)
        columns = tuple(_ALIGNS.get(cell.attributes.get("align", ""), "") for cell in first)
        lines = [tuple(map(self._line, row)) + ((),) * (width - len(row)) for row in rows]
        headed = rows[0] and all(cell.tag == "th" for cell in rows[0])
        head = lines.pop(0) if headed else ((),) * width
        yield Table(columns, head, tuple(lines))

    # ── within a line ────────────────────────────────────────────────────────────────────────────

    def _line(self, node: Node) -> Parts:
        """Return all that `node` holds as one line."""
        return trimmed(self._inner(node))

    def _inner(self, node: Node) -> Parts:
        parts = (part for child in node.children for part in self._parts(child))
        return merged(self._inlined(part) for part in self._with_gaps(parts))

    def _inlined(self, part: Inline | Listing) -> Inline:
        """Return what shows `part` within a line."""
        match part:
            case Listing():
                return Verbatim(" ".join(part.source.split()))
            case Formula(display=True):
                return self._inline(part)
            case Gap(number, (Formula(display=True) as formula,), hint):
                return Gap(number, (self._inlined(formula),), hint)
            case _:
                return part

    def _parts(self, node: Node | str) -> Iterable[Part]:
        if isinstance(node, str):
            return self._pieces(node)
        if node.tag in _STYLES:
            return self._styled(_STYLES[node.tag], self._inner(node))
        if node.tag in _VERBATIM:
            return (Verbatim(BLANKS.sub(" ", self._source(node))),)
        match node.tag:
            case "a":
                return self._link(node)
            case "img":
                return (self._image(node),)
            case "br":
                return (Turn(),)
            case tag if tag in BLOCKS:
                return (Turn(), *self._inner(node), Turn())
            case _:
                return self._inner(node)

    def _pieces(self, text: str) -> Iterator[Part]:
        """Yield the text between tokens, and what they stand for."""
        for at, piece in enumerate(TOKEN.split(text)):
            if at % 2 == 0:
                yield Run(BLANKS.sub(" ", HALF.sub("", piece)))
                continue
            ready = self._ready[int(piece)]
            yield self._mark(ready, int(piece)) if isinstance(ready, NoteMark) else ready

    def _mark(self, mark: NoteMark, token: int) -> Inline:
        if mark.name not in self._notes:
            return Run(self._sources[token])
        if mark.name not in self._cited:
            self._cited.append(mark.name)
        return Styled("superscript", (Run(str(self._cited.index(mark.name) + 1)),))

    def _styled(self, style: Style, parts: Parts) -> Parts:
        if all(isinstance(part, Run) and part.text.isspace() for part in parts):
            return parts
        if style == "highlight" and self._gap_numbers:
            return (Gap(next(self._gap_numbers), parts),)
        return (Styled(style, parts),)

    def _link(self, node: Node) -> Parts:
        target = self._restored(node.attributes.get("href", ""))
        shown = self._inner(node)
        scheme, colon, _ = target.partition(":")
        if " " in target:  # "[a](see below)" is no link to anybody else
            return (Run("["), *shown, Run(f"]({target})"))
        if not colon or scheme.lower() not in SCHEMES:
            return shown
        return (Hyperlink(target, shown or (Run(target),)),)

    def _image(self, node: Node) -> Inline:
        alt = self._restored(node.attributes.get("alt", ""))
        width = node.attributes.get("width", "").removesuffix("px")
        found = _SIZED.fullmatch(alt)
        alt, width = (found["alt"], found["width"]) if found else (alt, width)
        number = int(width) if _NUMBER.fullmatch(width) else None
        return self._picture(self._restored(node.attributes.get("src", "")), alt, number)

    def _source(self, node: Node) -> str:
        """Return the text in `node` with what tokens stand for as it was written."""
        pieces = (one if isinstance(one, str) else self._source(one) for one in node.children)
        return self._restored("".join(pieces))

    def _restored(self, text: str) -> str:
        return HALF.sub("", TOKEN.sub(lambda token: self._sources[int(token[1])], text))

    def _with_gaps(self, parts: Iterable[Part]) -> Iterator[Inline | Listing]:
        """Yield the parts with each gap as one; what is not closed, or not opened, is text."""
        open_gaps: list[tuple[GapStart, list[Inline | Listing]]] = []
        for part in parts:
            done: Inline | Listing
            match part:
                case GapStart() if len(open_gaps) < _DEEPEST_GAPS:
                    open_gaps.append((part, []))
                    continue
                case GapStart(source=source):
                    self.unclosed.add(part)
                    done = Run(source)
                case GapEnd(hint=hint) if open_gaps:
                    start, inside = open_gaps.pop()
                    done = self._gap(start.number, inside, hint)
                case GapEnd(source=source):
                    done = Run(source)
                case _:
                    done = part
            if open_gaps:
                open_gaps[-1][1].append(done)
            else:
                yield done
        for start, inside in open_gaps:
            self.unclosed.add(start)
            yield Run(start.source)
            yield from inside

    def _gap(self, number: int, inside: Iterable[Inline | Listing], hint: str) -> Gap:
        shown = [one for one in inside if one != Run("")]
        match shown:
            case [Formula(display=True) as formula]:
                return Gap(number, (formula,), hint)
            case _:
                return Gap(number, merged(map(self._inlined, shown)), hint)


def _is_box(child: Node | str) -> bool:
    """Tell whether a block is in it: a bold list is a list."""
    if isinstance(child, str):
        return False
    return child.tag in BLOCKS or (
        child.tag not in _VERBATIM and any(_is_box(one) for one in child.children)
    )


def _is_stray(child: Node | str) -> bool:
    """Tell whether something in a list is none of its items."""
    return isinstance(child, str) or child.tag != "li"


def _start(node: Node) -> int | None:
    if node.tag != "ol":
        return None
    start = node.attributes.get("start", "")
    return int(start) if start.isdecimal() and len(start) < 10 else 1


def _stands_alone(part: Inline | Listing) -> bool:
    match part:
        case Listing() | Formula(display=True) | Gap(_, (Formula(display=True),)):
            return True
        case _:
            return False


def _notes(node: Node) -> Iterator[tuple[str, Node]]:
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == "aside" and "data-name" in child.attributes:
                yield child.attributes["data-name"], child
            yield from _notes(child)


def _rows(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == "tr":
                yield child
            elif child.tag in {"thead", "tbody", "tfoot"}:
                yield from _rows(child)
