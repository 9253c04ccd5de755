"""The python fence: comments `# N. Title` in the first column cut it into code cards.

A title is one only between statements: within a function, a string or a bracket it is a comment
like any other. Where the fence as a whole is no Python, two slices that parse together but not
apart are one item. Right under its title an item may have directives, which are no code:

    # id: a-key               the card's explicit key
    # allow RULE: reason      silences one rule for this card
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from builder import syntax
from builder.assemble.body import Body, BodyLine, Pieces
from builder.model import Allow, Card, Code, Place, Reason, Stray

_TITLE = re.compile(r"#[ \t]*(?P<number>\d{1,9})\.(?:[ \t]+(?P<title>.*))?$")
_IDENTIFIER = re.compile(r"#[ \t]*id:[ \t]*(?P<id>\S.*)")
_ALLOW = re.compile(r"#[ \t]*allow[ \t]+(?P<rule>[\w-]+)[ \t]*:?[ \t]*(?P<reason>.*)$")

# How many comments that look like titles one broken item may hold before it is taken as it is.
_MOST_JOINED = 16


def read(body: Body) -> Pieces:
    """Yield the cards and the strays of a python fence, in their order."""
    starts = _titles(body)
    before = body.cut(0, starts[0] if starts else None)
    if before:
        yield Stray(Reason.UNTITLED_CODE, before.text, before.place)
    for start, stop in pairwise([*starts, len(body.lines)]):
        yield _item(body, start, stop)


def _item(body: Body, start: int, stop: int) -> Card | Stray:
    title_line = body.lines[start]
    found = _title(title_line)
    allows, identifier, directives = _directives(body, start + 1, stop)
    code = body.cut(start + 1 + directives, stop)
    whole, place = body.cut(start, stop).place, body.cut(start, start + 1).place
    title = (found["title"] or "").strip()
    if not title:
        return Stray(Reason.EMPTY_QUESTION, title_line.text, whole)
    if not code:
        return Stray(Reason.QUESTION_WITHOUT_ANSWER, title, whole)
    return Card(
        question=title,
        answer=Code(code.text, code.block_place),
        section="",
        place=whole,
        question_place=_title_place(place, title_line, found),
        number=int(found["number"]),
        identifier=identifier,
        allows=allows,
    )


def is_title(line: BodyLine) -> bool:
    """Tell whether a line looks like the title of an item."""
    return bool(_TITLE.match(line.text))


def _title(line: BodyLine) -> re.Match[str]:
    found = _TITLE.match(line.text)
    assert found, "only lines that look like a title are asked"
    return found


def _title_place(place: Place, line: BodyLine, found: re.Match[str]) -> Place:
    column = line.column + found.start("title")
    return Place(place.file, place.line, column, place.end_line, place.end_column)


def _directives(body: Body, start: int, stop: int) -> tuple[tuple[Allow, ...], str, int]:
    """Return the wishes under a title, the explicit key, and how many lines they take."""
    allows: list[Allow] = []
    identifier = ""
    for count, line in enumerate(body.lines[start:stop]):
        if named := _IDENTIFIER.match(line.text):
            identifier = named["id"].rstrip()
        elif wish := _ALLOW.match(line.text):
            place = body.cut(start + count, start + count + 1).place
            allows.append(Allow(wish["rule"], wish["reason"].strip(), place))
        else:
            return tuple(allows), identifier, count
    return tuple(allows), identifier, stop - start


# ── where items start ────────────────────────────────────────────────────────────────────────────


def _titles(body: Body) -> list[int]:
    """Return the indices of the lines that are titles."""
    looks = [i for i, line in enumerate(body.lines) if _TITLE.match(line.text)]
    tree = syntax.tree(body.text)
    if isinstance(tree, ast.Module):
        inside = _inside(tree)
        return [i for i in looks if i + 1 not in inside]
    return list(_joined(body, looks))


def _inside(tree: ast.Module) -> set[int]:
    """Return the numbers of the lines within a statement: all of its lines but the first."""
    spans = ((_first_line(node), node.end_lineno or node.lineno) for node in tree.body)
    return {line for first, last in spans for line in range(first + 1, last + 1)}


def _first_line(node: ast.stmt) -> int:
    """Return where a statement starts: a definition does at its first decorator."""
    parts: list[ast.stmt | ast.expr] = [node, *getattr(node, "decorator_list", [])]
    return min(part.lineno for part in parts)


def _joined(body: Body, looks: Sequence[int]) -> Iterator[int]:
    """Yield the starts of items, where a slice may need the next ones to be Python."""
    at = 0
    bounds = [*looks, len(body.lines)]
    while at < len(looks):
        yield looks[at]
        at = _end(body, bounds, at)


def _end(body: Body, bounds: Sequence[int], at: int) -> int:
    """Return the index of the bound where the item that starts at bound `at` ends."""

    def parses(first: int, last: int) -> bool:
        text = "\n".join(line.text for line in body.lines[bounds[first] : bounds[last]])
        return syntax.parses(text)

    last = min(len(bounds) - 1, at + 1 + _MOST_JOINED)
    if not parses(at, at + 1):
        return next((end for end in range(at + 2, last + 1) if parses(at, end)), at + 1)
    end = at + 1
    while end < last and not parses(end, end + 1) and parses(at, end + 1):
        end += 1
    return end
