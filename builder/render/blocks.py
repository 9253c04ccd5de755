"""The blocks of Markdown as CommonMark and note editors see them, as a tree of elements.

Python-Markdown's own blocks are those of 2004: a list needs a blank line before it and four spaces
for each level. Here a list may follow a line of text, and two spaces, four or a tab nest one.

    line starts with           becomes
    `- ` `* ` `+ ` `1. ` `1)`  `ul` or `ol`, and `[ ]` or `[x]` behind it an `input`
    `>`                        `blockquote`; `[!note] Title` in it a callout, titled by a `header`
    `#` to `######`            `h1` to `h6`, and so does a line of `===` or `---` below text
    `---` `***` `___`          `hr`
    `|`, over a line of `---`  `table`
    `[^1]:`                    `aside`, which holds a footnote
    `[name]:` and an address   nothing: a link may refer to it
    four spaces                `pre`
    the tag of a block         itself, up to the next blank line
    anything else              `p`, where ` ^block-id` at its end vanishes

Tokens stand for what is not read here; see `aside`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from xml.etree.ElementTree import Element, SubElement

from builder.render.aside import BLOCK_TOKEN
from builder.render.tags import BLOCKS, INLINE

DEEPEST = 16
"""Lists and quotes within each other: more than anybody reads, and far from what tires a stack."""

_INDENTED = "    "
_ITEM = re.compile(r"(?P<indent> {0,3})(?P<mark>[-*+]|(?P<number>\d{1,9})[.)])(?P<gap> +|$)")
_TASK = re.compile(r"\[(?P<state>[ xX])\](?: +|$)")
_QUOTE = re.compile(r" {0,3}> ?")
_CALLOUT = re.compile(
    r"\[!(?P<kind>[\w-]{1,40})(?:\|[^\]]*)?\][+-]?(?: +(?P<title>.*))?$", re.ASCII
)
_HEADING = re.compile(r" {0,3}(?P<level>#{1,6})(?: +(?P<text>.*?))??(?: +#+)? *$")
_UNDERLINE = re.compile(r" {0,3}(?P<sign>=+|-+) *$")
_RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *$")
_NOTE = re.compile(r" {0,3}\[\^(?P<name>[^\[\]\s]+)\]: *")
_REFERENCE = re.compile(
    r" {0,3}\[(?P<name>[^\[\]^]+)\]: *<?(?P<target>[^\s<>]+)>?(?: +[\"'(](?P<title>.*)[\"')])? *$"
)
_HTML = re.compile(rf" {{0,3}}</?(?:{BLOCKS})(?=[\s/>]|$)", re.IGNORECASE)
_TAG_ALONE = re.compile(rf" {{0,3}}</?(?:{INLINE})(?:\s[^<>]*)?> *$", re.IGNORECASE)
_DELIMITERS = re.compile(r" {0,3}\|? *:?-+:? *(?:\| *:?-+:? *)*\|? *$")
_BLOCK_ID = re.compile(r"(?:^|\s+)\^(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]+$")
_BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")


@dataclass(slots=True)
class Outline:
    """What a text holds besides its tree: where links lead, and whether it was too deep."""

    text: str
    keep_html: Callable[[str], str]
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    deepest: int = 0


def blocks(parent: Element, lines: Sequence[str], outline: Outline, depth: int = 0) -> None:
    """Append to `parent` the elements that `lines` hold."""
    outline.deepest = max(outline.deepest, depth)
    at = 0
    while at < len(lines):
        at = next(end for read in _READERS if (end := read(parent, lines, at, outline, depth)) > at)


Reader = Callable[[Element, Sequence[str], int, Outline, int], int]

# ── leaves ───────────────────────────────────────────────────────────────────────────────────────


def _blank(_: Element, lines: Sequence[str], at: int, *__: object) -> int:
    return at if lines[at].strip() else at + 1


def _token(parent: Element, lines: Sequence[str], at: int, *_: object) -> int:
    if not _is_token(lines[at]):
        return at
    SubElement(parent, "p").text = lines[at].strip()
    return at + 1


def _is_token(line: str) -> bool:
    return bool(BLOCK_TOKEN.match(line.strip()))


def _code(parent: Element, lines: Sequence[str], at: int, outline: Outline, *_: object) -> int:
    end = at
    while end < len(lines) and (lines[end].startswith(_INDENTED) or not lines[end].strip()):
        end += 1
    end = _without_blanks(lines, at, end)
    if end > at:
        code = "\n".join(line[len(_INDENTED) :] for line in lines[at:end])
        SubElement(parent, "p").text = outline.keep_html(f"<pre>\n{escape(code)}</pre>")
    return end


def _heading(parent: Element, lines: Sequence[str], at: int, *_: object) -> int:
    found = _HEADING.match(lines[at])
    if not found:
        return at
    _add_text(SubElement(parent, f"h{len(found['level'])}"), found["text"] or "")
    return at + 1


def _rule(parent: Element, lines: Sequence[str], at: int, *_: object) -> int:
    if not _RULE.match(lines[at]):
        return at
    SubElement(parent, "hr")
    return at + 1


def _html(parent: Element, lines: Sequence[str], at: int, outline: Outline, *_: object) -> int:
    if not _HTML.match(lines[at]) and not _TAG_ALONE.match(lines[at]):
        return at
    end = at
    while end < len(lines) and lines[end].strip():
        end += 1
    SubElement(parent, "p").text = outline.keep_html("\n".join(lines[at:end]))
    return end


def _reference(_: Element, lines: Sequence[str], at: int, outline: Outline, *__: object) -> int:
    """Read where links lead that refer to it; without such a link it is text."""
    found = _REFERENCE.match(lines[at])
    if not found or outline.text.count(f"[{found['name']}]") < 2:
        return at
    name = " ".join(found["name"].lower().split())
    outline.references.setdefault(name, (found["target"], found["title"] or ""))
    return at + 1


def _paragraph(parent: Element, lines: Sequence[str], at: int, *_: object) -> int:
    """Read text up to a blank line or another block. A line below it may make it a heading."""
    end = at + 1
    while end < len(lines) and lines[end].strip():
        if underline := _UNDERLINE.match(lines[end]):
            heading = SubElement(parent, "h1" if underline["sign"][0] == "=" else "h2")
            _add_text(heading, _text(lines[at:end]))
            return end + 1
        if _interrupts(lines[end]) or _opens_table(lines, end):
            break
        end += 1
    _add_text(SubElement(parent, "p"), _text(lines[at:end]))
    return end


def _text(lines: Sequence[str]) -> str:
    return "\n".join(line.strip() for line in lines)


def _add_text(element: Element, text: str) -> None:
    element.text = _BLOCK_ID.sub("", text)


def _interrupts(line: str) -> bool:
    """Tell whether a line ends the paragraph above it, without a blank line between them."""
    item = _ITEM.match(line)
    if item and item.end() < len(line) and item["number"] in {None, "1"}:
        return True
    patterns = (_QUOTE, _HEADING, _RULE, _HTML, _NOTE)
    return _is_token(line) or any(pattern.match(line) for pattern in patterns)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def _opens_table(lines: Sequence[str], at: int) -> bool:
    if at + 1 >= len(lines) or "|" not in lines[at] + lines[at + 1]:
        return False
    if not _DELIMITERS.match(lines[at + 1]) or "|" not in lines[at]:
        return False
    return len(_cells(lines[at])) == len(_cells(lines[at + 1]))


def _table(parent: Element, lines: Sequence[str], at: int, *_: object) -> int:
    if not _opens_table(lines, at):
        return at
    aligns = [_align(cell) for cell in _cells(lines[at + 1])[:MOST_COLUMNS]]
    table = SubElement(parent, "table")
    _row(SubElement(table, "thead"), "th", lines[at], aligns)
    body = SubElement(table, "tbody")
    end = at + 2
    while end < len(lines) and lines[end].strip() and not _interrupts(lines[end]):
        if not _BLOCK_ID.match(lines[end].strip()):
            _row(body, "td", lines[end], aligns)
        end += 1
    return end


MOST_COLUMNS = 100
"""Columns of a table: the cells of others are joined in the last one."""


def _row(parent: Element, tag: str, line: str, aligns: Sequence[str]) -> None:
    row = SubElement(parent, "tr")
    cells = [*_cells(line), *[""] * len(aligns)]
    surplus = filter(None, cells[len(aligns) - 1 :])
    for cell, align in zip((*cells[: len(aligns) - 1], " | ".join(surplus)), aligns, strict=True):
        SubElement(row, tag, {"align": align} if align else {}).text = cell


def _cells(line: str) -> list[str]:
    """Return the cells of a row: bars part them, and one at either end is for show."""
    parts = _BAR.sub("\\1\n", line.strip()).split("\n")
    parts = parts[1:] if not parts[0].strip() and len(parts) > 1 else parts
    parts = parts[:-1] if not parts[-1].strip() and len(parts) > 1 else parts
    return [part.strip().replace("\\|", "|") for part in parts]


def _align(delimiter: str) -> str:
    left, right = delimiter.startswith(":"), delimiter.endswith(":")
    return "center" if left and right else "left" if left else "right" if right else ""


# ── containers ───────────────────────────────────────────────────────────────────────────────────


def _quote(parent: Element, lines: Sequence[str], at: int, outline: Outline, depth: int) -> int:
    if not _QUOTE.match(lines[at]) or depth >= DEEPEST:
        return at
    inner: list[str] = []
    end = at
    while end < len(lines):
        mark = _QUOTE.match(lines[end])
        if not mark and not (inner[-1].strip() and _goes_on(inner[-1], lines[end])):
            break
        inner.append(lines[end][mark.end() if mark else 0 :])
        end += 1
    quote = SubElement(parent, "blockquote")
    callout = _CALLOUT.match(inner[0].strip())
    if callout:
        quote.set("data-kind", callout["kind"].lower())
        title = callout["title"] or callout["kind"].replace("-", " ").capitalize()
        SubElement(quote, "header").text = title
    blocks(quote, inner[1:] if callout else inner, outline, depth + 1)
    return end


def _note(parent: Element, lines: Sequence[str], at: int, outline: Outline, depth: int) -> int:
    mark = _NOTE.match(lines[at])
    if not mark or depth >= DEEPEST:
        return at
    end = _end_of_container(lines, at, 2)
    note = SubElement(parent, "aside", {"data-name": mark["name"]})
    rest = (line[min(len(_INDENTED), _indent(line)) :] for line in lines[at + 1 : end])
    blocks(note, [lines[at][mark.end() :], *rest], outline, depth + 1)
    return end


def _list(parent: Element, lines: Sequence[str], at: int, outline: Outline, depth: int) -> int:
    first = _item(lines[at])
    if not first or depth >= DEEPEST:
        return at
    start = {"start": str(int(first["number"]))} if first["number"] else {}
    element = SubElement(parent, "ol" if first["number"] else "ul", start)
    item: re.Match[str] | None = first
    while item and item["mark"][-1] == first["mark"][-1]:
        end = _end_of_container(lines, at, len(item["indent"]) + 2)
        _add_item(SubElement(element, "li"), item, lines[at:end], outline, depth)
        at = end
        while end < len(lines) and not lines[end].strip():
            end += 1
        item = _item(lines[end]) if end < len(lines) else None
        at = end if item and item["mark"][-1] == first["mark"][-1] else at
    return at


def _item(line: str) -> re.Match[str] | None:
    return None if _RULE.match(line) else _ITEM.match(line)


def _add_item(
    element: Element, mark: re.Match[str], lines: Sequence[str], outline: Outline, depth: int
) -> None:
    gap = len(mark["gap"])
    width = mark.end("mark") + (gap if 1 <= gap <= len(_INDENTED) else 1)
    inner = [lines[0][width:], *(line[min(width, _indent(line)) :] for line in lines[1:])]
    task = _TASK.match(inner[0])
    if task:
        done = {} if task["state"] == " " else {"checked": ""}
        SubElement(element, "input", {"type": "checkbox", **done})
        inner[0] = inner[0][task.end() :]
    blocks(element, inner, outline, depth + 1)


def _end_of_container(lines: Sequence[str], at: int, indent: int) -> int:
    """Return where the item or note at `at` ends: it holds what is indented, and a text's rest."""
    end = at + 1
    while end < len(lines):
        line = lines[end]
        if line.strip() and _indent(line) < indent:
            above = lines[end - 1]
            if not above.strip() or _item(line) or not _goes_on(above, line):
                break
        end += 1
    return _without_blanks(lines, at, end)


def _goes_on(above: str, line: str) -> bool:
    """Tell whether a line goes on with the paragraph above although it lacks its indentation."""
    bare = above.strip(" >")
    ended = not bare or _is_token(bare) or _HEADING.match(bare) or _RULE.match(bare)
    return bool(line.strip()) and not ended and not _interrupts(line)


def _without_blanks(lines: Sequence[str], start: int, end: int) -> int:
    while end > start and not lines[end - 1].strip():
        end -= 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_READERS: tuple[Reader, ...] = (
    _blank, _token, _code, _heading, _rule, _quote, _list, _table, _html, _note, _reference,
    _paragraph,
)  # fmt: skip
