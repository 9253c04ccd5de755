"""Markdown becomes HTML that nobody has cleaned yet: the only importer of markdown and pymdownx."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from functools import cache
from typing import Any
from xml.etree.ElementTree import Element, ElementTree

from markdown import Markdown  # type: ignore[import-untyped]
from markdown import inlinepatterns as inline

from builder.render.blocks import Outline, blocks
from builder.render.tags import BLOCKS, INLINE, SWALLOWING, WORDS

_EXTENSIONS = (
    "nl2br",  # a line break in the note is one on the card, as note editors show it
    "pymdownx.betterem",
    "pymdownx.mark",
    "pymdownx.tilde",
    "pymdownx.magiclink",
)
# What is put aside before, what would change the text, and what would make links of names with @.
_UNWANTED = {
    "preprocessors": ("normalize_whitespace", "html_block"),
    "inlinePatterns": ("backtick", "linebreak", "autolink", "automail", "magic-mail"),
    "treeprocessors": ("prettify",),
}

_ATTRIBUTES = r"""(?:\s+[^\s"'=<>/]+(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'|[^\s"'=<>]+))?)*\s*/?"""
_TAG = rf"</?(?:{BLOCKS}|{INLINE}){_ATTRIBUTES}>"
_NO_TAG = re.compile(rf"(?!{_TAG})<", re.IGNORECASE)
# A bare `<label>` is somebody's word, one with attributes is a tag.
_GONE = re.compile(
    rf"</?(?:{SWALLOWING})\b[^<>]*>|</(?:{WORDS})\s*>|<(?:{WORDS})\s[^<>]*>", re.IGNORECASE
)
_ADDRESS = r"<((?:https?://|mailto:|obsidian://)[^<>\s]*)>"
_LINE_END = r"\\\n"

MOST_BRACKETS = 500
"""How many brackets may open in one paragraph: each is looked for through all of its text."""


class TooMuchError(ValueError):
    """A text that would take too long, or too deep a stack, to be read."""


def html(text: str) -> tuple[str, int]:
    """Return Markdown as HTML, and how deeply its lists and quotes stand within each other.

    Raises TooMuchError.
    """
    reader, parser = _reader()
    reader.reset()
    try:
        made = reader.convert(_GONE.sub("", text.expandtabs(4)))
    except RecursionError as error:
        raise TooMuchError("its marks stand too deeply within each other") from error
    # Signs by number were read before. One that comes together only here is text.
    return made.replace("&#", "&amp;#"), parser.deepest


@cache
def _reader() -> tuple[Any, _Blocks]:
    """Return the reader, which takes long to make, and its parser."""
    # A single tilde, like a caret, is a sign of mathematics, as note editors have it.
    configs = {"pymdownx.tilde": {"subscript": False}}
    reader = Markdown(extensions=_EXTENSIONS, extension_configs=configs, output_format="html")
    for registry, names in _UNWANTED.items():
        for name in names:
            getattr(reader, registry).deregister(name)
    tags = inline.HtmlInlineProcessor(inline.HTML_RE, reader)
    tags.compiled_re = re.compile(f"({_TAG})", re.IGNORECASE)
    patterns = reader.inlinePatterns
    patterns.register(inline.SubstituteTagInlineProcessor(_LINE_END, "br"), "line_end", 185)
    patterns.register(inline.AutolinkInlineProcessor(_ADDRESS, reader), "address", 120)
    patterns.register(tags, "html", 90)
    reader.ESCAPED_CHARS = list(string.punctuation)
    reader.parser = _Blocks(reader)
    return reader, reader.parser


class _Blocks:
    """Reads blocks in our way, in the place of Python-Markdown's own parser."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.deepest = 0

    def parseDocument(self, lines: Sequence[str]) -> ElementTree:  # noqa: N802
        """Return the tree of blocks. Raises TooMuchError."""
        root = Element(self._reader.doc_tag)
        outline = Outline("\n".join(lines), self._keep)
        blocks(root, lines, outline)
        if any((one.text or "").count("[") > MOST_BRACKETS for one in root.iter()):
            raise TooMuchError(f"it has more than {MOST_BRACKETS} brackets in one paragraph")
        self._reader.references.update(outline.references)
        self.deepest = outline.deepest
        return ElementTree(root)

    def _keep(self, raw: str) -> str:
        """Return what stands for HTML until the end. What is no tag in it is text."""
        return str(self._reader.htmlStash.store(_NO_TAG.sub("&lt;", raw)))
