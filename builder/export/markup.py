"""What a card holds becomes HTML for the fields of an Anki note.

Nothing but the tags and attributes written down here comes out, whatever a bank says: its text is
escaped, its links are held against a list, and what Anki or MathJax would read in it as a sound, a
formula or a gap is broken up. Without its tags, literal text is still the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from urllib.parse import quote

from builder.edition import (
    SCHEMES,
    Block,
    Content,
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
    Style,
    Styled,
    Subheading,
    Table,
    Turn,
    Verbatim,
)
from builder.export.escaping import attribute, guarded, inline, tex

# How literal text is escaped: `inline`, or `guarded` where gaps are.
Say = Callable[[str], str]

# ── literal text ─────────────────────────────────────────────────────────────────────────────────

# Blanks that align columns, or signs that draw a frame: such text needs letters of one width.
_ALIGNED = re.compile(r"[^\s.!?:;,][ \t]{2,}\S|\S\t|[\u2500-\u259f]")


def text(lines: Sequence[Line], say: Say = inline) -> str:
    """Return literal text as HTML: a block a line, with the newlines between the blocks.

    Without its tags the result is the text itself, character for character.
    """
    aligned = any(_ALIGNED.search("".join(run.text for run in line)) for line in lines)
    opening = '<div class="text aligned">' if aligned else '<div class="text">'
    blocks = "</div>\n<div>".join(_inner(line, say) for line in lines)
    return f"{opening}<div>{blocks}</div></div>"


def code(lines: Sequence[Line], say: Say = inline) -> str:
    """Return highlighted code as HTML: a span for each run that has a role, newlines kept."""
    return f"<pre><code>{_newlines(_inner(line, say) for line in lines)}</code></pre>"


_COLLAPSING = re.compile(r"^ | $|  |[\t\n]")


def caption(question: str) -> str:
    """Return a question as HTML: bare where that shows it whole, so that a search finds it."""
    if _COLLAPSING.search(question):
        return text([(Run(line),) for line in question.split("\n")])
    return inline(question)


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────


def html(content: Content, say: Say = inline) -> str:
    """Return blocks as HTML; the long ones stand in boxes that can be scrolled."""
    return _newlines(_block(block, say) for block in content)


def compact(content: Content, say: Say = inline) -> str:
    """Return blocks as HTML; a sole paragraph or line is bare, so that a search finds it."""
    match content:
        case (Prose(lines),) if say is inline:
            return caption("\n".join("".join(run.text for run in line) for line in lines))
        case (Paragraph(parts),):
            return _inner(parts, say)
        case _:
            return html(content, say)


def _newlines(pieces: Iterable[str]) -> str:
    return "\n".join(pieces)


def _block(block: Block, say: Say) -> str:
    match block:
        case Prose(lines):
            return text(lines, say)
        case Listing(lines):
            return f'<div class="listing">{code(lines, say)}</div>'
        case Paragraph(parts):
            return f"<p>{_inner(parts, say)}</p>"
        case Subheading(level, parts):
            level = min(max(level, 1), 6)
            return f"<h{level}>{_inner(parts, say)}</h{level}>"
        case Items():
            return _list(block, say)
        case Table():
            return _table(block, say)
        case Quote():
            return _quote(block, say)
        case Footnotes(notes):
            listed = _newlines(f"<li>{_tight(note, say)}</li>" for note in notes)
            return f'<ol class="footnotes">\n{listed}\n</ol>'
        case Rule():
            return "<hr>"


def _list(items: Items, say: Say) -> str:
    listed = _newlines(_item(item, say) for item in items.items)
    if items.start is not None:
        start = "" if items.start == 1 else f' start="{items.start}"'
        return f"<ol{start}>\n{listed}\n</ol>"
    tasks = any(item.done is not None for item in items.items)
    return f'<ul class="tasks">\n{listed}\n</ul>' if tasks else f"<ul>\n{listed}\n</ul>"


_BOXES = {
    None: "",
    False: '<span class="box">☐</span> ',
    True: '<span class="box done">☑</span> ',
}


def _item(item: Item, say: Say) -> str:
    return f"<li>{_BOXES[item.done]}{_tight(item.blocks, say)}</li>"


def _tight(content: Content, say: Say) -> str:
    """Return the blocks of an item: a sole paragraph, or one before other blocks, is bare."""
    match content:
        case (Paragraph(parts), *rest) if not any(isinstance(one, Paragraph) for one in rest):
            return _newlines((_inner(parts, say), *(_block(one, say) for one in rest)))
        case _:
            return html(content, say)


def _table(table: Table, say: Say) -> str:
    """Return a table in a box that can be scrolled: a row a line."""
    head = [_row("th", table.head, table, say)] if any(table.head) else []
    rows = [_row("td", row, table, say) for row in table.rows]
    body = _newlines((*(f"<thead>{row}</thead>" for row in head), "<tbody>", *rows, "</tbody>"))
    return f'<div class="scroll"><table>\n{body}\n</table></div>'


def _row(tag: str, cells: Sequence[Parts], table: Table, say: Say) -> str:
    aligned = zip(cells, table.columns, strict=True)
    return "<tr>{}</tr>".format(
        "".join(
            f"<{tag}{_ALIGNMENT.get(align, '')}>{_inner(cell, say)}</{tag}>"
            for cell, align in aligned
        )
    )


_ALIGNMENT = {name: f' class="{name}"' for name in ("left", "center", "right")}

# The kinds of callouts, by the looks that they share.
_LOOKS = {
    "note": ("note", "info", "abstract", "summary", "tldr", "todo"),
    "tip": ("tip", "hint", "important", "success", "check", "done"),
    "warning": ("warning", "caution", "attention"),
    "danger": ("danger", "error", "bug", "failure", "fail", "missing"),
    "question": ("question", "help", "faq"),
    "example": ("example",),
    "quote": ("quote", "cite"),
}
_LOOK = {kind: look for look, kinds in _LOOKS.items() for kind in kinds}


def _quote(block: Quote, say: Say) -> str:
    inner = html(block.blocks, say)
    if not block.kind:
        return f"<blockquote>{inner}</blockquote>"
    look = _LOOK.get(block.kind.lower(), "note")
    title = _inner(block.title, say) or say(block.kind.capitalize())
    head = f'<div class="callout-title">{title}</div>'
    return f'<div class="callout callout-{look}">{_newlines(filter(None, (head, inner)))}</div>'


# ── within a line ────────────────────────────────────────────────────────────────────────────────


def _inner(parts: Parts, say: Say) -> str:
    return "".join(_part(part, say) for part in _joined(parts))


def _joined(parts: Parts) -> Iterator[Inline]:
    """Yield `parts` with neighbouring plain runs as one: what Anki would read may span them."""
    for plain, group in groupby(parts, lambda part: isinstance(part, Run) and not _class(part)):
        if plain:
            yield Run("".join(part.text for part in group if isinstance(part, Run)))
        else:
            yield from group


# The roles that have looks of their own.
_ROLES = frozenset({"k", "nf", "nb", "nd", "m", "s", "c", "term"})


def _class(run: Run) -> str:
    return run.role if run.role in _ROLES else ""


_TAGS: dict[Style, str] = {
    "strong": "strong",
    "emphasis": "em",
    "highlight": "mark",
    "deleted": "del",
    "inserted": "ins",
    "subscript": "sub",
    "superscript": "sup",
    "key": "kbd",
}


def _part(part: Inline, say: Say) -> str:
    match part:
        case Run():
            return _run(part, say)
        case Styled(style, parts):
            return f"<{_TAGS[style]}>{_inner(parts, say)}</{_TAGS[style]}>"
        case Verbatim(written):
            return f"<code>{say(written)}</code>"
        case Hyperlink(target, parts):
            return _link(target, _inner(parts, say))
        case Picture():
            return _image(part)
        case Formula():
            return formula(part, say)
        case Turn():
            return "<br>"
        case Gap():
            return _gap(part, say)


def _run(run: Run, say: Say) -> str:
    match _class(run):
        case "":
            return say(run.text)
        case "term":
            return f"<b>{say(run.text)}</b>"
        case role:
            return f'<span class="{role}">{say(run.text)}</span>'


def _image(picture: Picture) -> str:
    width = f' width="{picture.width}"' if picture.width else ""
    return f'<img src="{attribute(picture.name)}" alt="{attribute(picture.alt)}"{width}>'


def _link(target: str, shown: str) -> str:
    found = address(target)
    return f'<a href="{found}">{shown}</a>' if found else shown


# All that may stand in an address but brackets, which may be a sound to Anki.
_PLAIN_IN_ADDRESSES = "%/:?#@!$&'()*+,;=~"


def address(target: str) -> str:
    """Return the address of a link, ready for an attribute; empty if its scheme is not allowed.

    >>> address("https://example.org/a b?c=1&d={2}")
    'https://example.org/a%20b?c=1&amp;d=%7B2%7D'
    """
    scheme, colon, _ = target.partition(":")
    if not colon or scheme.lower() not in SCHEMES:
        return ""
    return escape(quote(target, safe=_PLAIN_IN_ADDRESSES)).replace("::", ":&#58;")


# ── gaps and formulas ────────────────────────────────────────────────────────────────────────────

# Anki shows a hint in brackets, so that these would be a sound, speech, LaTeX or an input line.
_IN_BRACKETS = re.compile(r"(?=sound:|anki:|latex\Z|\$\$?\Z|type:)(.)", re.IGNORECASE)


def _gap(gap: Gap, say: Say) -> str:
    inner = _inner(gap.parts, say)
    if say is not guarded:
        return inner
    hint = guarded(" ".join(gap.hint.split()))
    hint = _IN_BRACKETS.sub(r"<span>\1</span>", hint, count=1) if _IN_BRACKETS.match(hint) else hint
    return f"{{{{c{gap.number}::{inner}{hint and '::' + hint}}}}}"


def formula(given: Inline, say: Say = inline) -> str:
    """Return a formula as Anki's MathJax takes it, and as code where that could not set it."""
    if not isinstance(given, Formula):
        return _part(given, say)
    safe = tex(given.tex) if given.mathml else ""
    if not safe:
        return f'<code class="tex">{say(given.tex)}</code>'
    return rf"\[{safe}\]" if given.display else rf"\({safe}\)"
