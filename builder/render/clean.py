"""HTML from a note becomes a tree of the tags that a card can hold: the only importer of nh3.

What comes out has these tags and attributes and no others, is nested as HTML asks for, and no
deeper than DEEPEST: the text of what is left out stays, but for scripts and styles.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from builder.edition import SCHEMES

DEEPEST = 80
"""Tags within each other."""

BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "summary",
    "table", "ul",
})  # fmt: skip
_WITHIN = frozenset({"input", "li", "tbody", "td", "tfoot", "th", "thead", "tr"})
_INLINE = frozenset({
    "a", "b", "br", "code", "del", "em", "i", "img", "ins", "kbd", "mark", "s", "samp", "strike",
    "strong", "sub", "sup", "tt", "u", "var",
})  # fmt: skip
_VOID = frozenset({"br", "hr", "img", "input"})
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "width"},
    "ol": {"start"},
    "input": {"type", "checked"},
    "th": {"align"},
    "td": {"align"},
    "blockquote": {"data-kind"},
    "aside": {"data-name"},
}


@dataclass(slots=True)
class Node:
    """A tag with what stands in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)


# What HTML opens again in each paragraph until it is closed.
_FORMATTING = re.compile(
    r"<(?P<close>/?)(?P<name>a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b",
    re.IGNORECASE,
)
MOST_OPEN = 100


def too_open(html: str) -> bool:
    """Tell whether so many tags are not closed that each paragraph would repeat them all."""
    depth: Counter[str] = Counter()
    for tag in _FORMATTING.finditer(html):
        name = tag["name"].lower()
        depth[name] = max(0, depth[name] - 1) if tag["close"] else depth[name] + 1
        if depth[name] > MOST_OPEN:
            return True
    return False


def clean(html: str) -> Node:
    """Return the tree of `html`, whatever it holds."""
    cleaned = nh3.clean(
        html,
        tags=set(BLOCKS | _WITHIN | _INLINE),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        url_schemes=set(SCHEMES),
        link_rel=None,
    )
    grower = _Grower()
    grower.feed(cleaned)
    grower.close()
    return grower.root


class _Grower(HTMLParser):
    """Grows the tree out of clean HTML, in which every tag that is not void is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("body")
        self._stack = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        deep = len(self._stack) > DEEPEST
        if not deep:
            self._stack[-1].children.append(node)
        if tag not in _VOID:
            self._stack.append(self._stack[-1] if deep else node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and len(self._stack) > 1:
            self._stack.pop()

    def handle_data(self, data: str) -> None:
        self._stack[-1].children.append(data)
