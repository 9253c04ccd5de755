"""Anki's template language, as far as the note types of the deck speak it.

A template holds `{{Field}}`, `{{filter:Field}}`, and parts that depend on a field: `{{#Field}}` up
to `{{/Field}}` stands where the field is filled, `{{^Field}}` where it is not. What a field holds
is never read as a template again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TAG = re.compile(r"\{\{([#^/]?)([^{}]*)\}\}")
_EMPTY = re.compile(r"(?:\s|&nbsp;|</?(?:br|div) ?/?>)*", re.IGNORECASE)


def side(template: str, fields: Mapping[str, str], *, number: int = 1, back: bool = False) -> str:
    """Return one side of a card: `template` with the HTML of `fields`.

    `number` is that of the gap which a cloze card asks for; its `back` shows what is in there.

    >>> side("{{#Hint}}({{Hint}}) {{/Hint}}{{Text}}", {"Hint": "", "Text": "{{Hint}}"})
    '{{Hint}}'
    """
    known = {**fields, f"c{number}": "given"}
    shown = [True]
    parts: list[str] = []
    for literal, sign, name in _tokens(template):
        parts += [literal] * shown[-1]
        if sign == "/":
            shown.pop()
        elif sign:
            filled = not _EMPTY.fullmatch(known.get(name, ""))
            shown.append(shown[-1] and filled == (sign == "#"))
        elif name and shown[-1]:
            parts.append(_filtered(name, known, number, back=back))
    return "".join(parts)


def _tokens(template: str) -> Iterator[tuple[str, str, str]]:
    """Yield what stands before each tag, the tag's sign and its name; both empty at the end."""
    end = 0
    for tag in _TAG.finditer(template):
        yield template[end : tag.start()], tag[1], tag[2].strip()
        end = tag.end()
    yield template[end:], "", ""


def _filtered(name: str, fields: Mapping[str, str], number: int, *, back: bool) -> str:
    *filters, field_name = name.split(":")
    value = fields.get(field_name, "")
    for one in reversed(filters):
        if one == "cloze":
            value = cloze(value, number, back=back)
    return value


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────

_MARK = re.compile(r"\{\{c(\d+)::|\}\}")


@dataclass(slots=True)
class _Open:
    """A gap whose end is not found yet: its number, and the HTML in it up to here."""

    number: int
    parts: list[str] = field(default_factory=list)


def cloze(text: str, number: int, *, back: bool = False) -> str:
    """Return `text` with its gaps as Anki shows them; those of `number` are open on the front.

    >>> cloze("{{c1::Paris::a city}} is in {{c2::France}}", 1)
    '<span class="cloze" data-ordinal="1">[a city]</span> is in \
<span class="cloze-inactive" data-ordinal="2">France</span>'
    """
    stack = [_Open(0)]
    end = 0
    for mark in _MARK.finditer(text):
        stack[-1].parts.append(text[end : mark.start()])
        end = mark.end()
        if mark[1]:
            stack.append(_Open(int(mark[1])))
        elif len(stack) > 1:
            gap = stack.pop()
            stack[-1].parts.append(_gap(gap, number, back=back))
        else:
            stack[-1].parts.append(mark[0])
    stack[-1].parts.append(text[end:])
    return "".join(part for gap in stack for part in gap.parts)


def _gap(gap: _Open, number: int, *, back: bool) -> str:
    content, _, hint = "".join(gap.parts).partition("::")
    look = "cloze" if gap.number == number else "cloze-inactive"
    shown = f"[{hint or '...'}]" if look == "cloze" and not back else content
    return f'<span class="{look}" data-ordinal="{gap.number}">{shown}</span>'
