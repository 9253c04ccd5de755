"""Markdown in the open becomes the content of a card.

    put aside     what Markdown must not touch is replaced by tokens      `aside`
    read          Markdown becomes HTML, its blocks as CommonMark's       `html`, `blocks`
    clean         HTML is sanitised and becomes a tree of tags            `clean`
    grow          tags and tokens become what a card can show             `tree`

No text makes this raise: what cannot be read so is shown as it was written, and reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from builder.edition import Content, Formula, Hyperlink, Inline, Media, Picture, Prose, Run
from builder.model import Markdown, Place
from builder.render.aside import Aside, GapStart, Remainder, Wiki, put_aside
from builder.render.blocks import DEEPEST
from builder.render.clean import clean, too_open
from builder.render.html import TooMuchError, html
from builder.render.literal import printable
from builder.render.math import BadFormulaError, mathml
from builder.render.tree import Gardener, Ready
from builder.render.unset import Unset
from builder.render.vault import Vault

# What stands behind the bar of an embedded image: a description, a width, or both.
_WIDTH = re.compile(r"(?:(?P<alt>.*)\|)? *(?P<width>[1-9][0-9]{0,3})(?:x[0-9]+)? *")

LONGEST = 50_000
"""Characters of one question or answer that are read as Markdown."""

Images = Mapping[tuple[str, str], Media]

_GAP = re.compile(r"\{\{c[1-9]\d*::")


@dataclass(frozen=True, slots=True)
class Page:
    """What a text shows, the images in it, and what could not be shown as it was meant."""

    content: Content
    shown: tuple[Media, ...] = ()
    unset: tuple[Unset, ...] = ()


def read(
    markdown: Markdown, *, images: Images, vault: Vault | None = None, cloze: bool = False
) -> Page:
    """Return the content that `markdown` holds. `cloze` looks for gaps in it."""
    if len(markdown.text) > LONGEST:
        return _as_written(markdown, f"this text has more than {LONGEST:,} characters")
    try:
        return _Reading(markdown, images, vault, cloze=cloze).page()
    except TooMuchError as error:
        return _as_written(markdown, f"this text cannot be read as Markdown: {error}")


def _as_written(markdown: Markdown, message: str) -> Page:
    lines = printable(markdown.text).split("\n")
    prose = Prose(tuple((Run(line),) if line else () for line in lines))
    unset = Unset("too-deep", markdown.place, message, "make several cards of it")
    return Page((prose,), unset=(unset,))


class _Reading:
    """One text on its way."""

    def __init__(
        self, markdown: Markdown, images: Images, vault: Vault | None, *, cloze: bool
    ) -> None:
        self._markdown = markdown
        self._images = images
        self._vault = vault
        self._cloze = cloze
        self._shown: list[Media] = []
        self._unset: list[Unset] = []

    def page(self) -> Page:
        """Read the text."""
        remainder = put_aside(self._markdown, cloze=self._cloze)
        made, depth = html(remainder.text)
        if too_open(made):
            raise TooMuchError("many of its tags are not closed")
        if depth >= DEEPEST:
            self._report_depth()
        gardener = Gardener(
            [self._ready(aside) for aside in remainder.asides],
            [aside.source for aside in remainder.asides],
            picture=self._picture,
            inline=_inline,
            numbered=self._cloze and not any(_gaps(remainder)),
        )
        content = gardener.content(clean(made))
        for gap in _gaps(remainder):
            if gap.thing in gardener.unclosed:
                self._report_gap(gap)
        if self._cloze:
            self._report_idle(remainder)
        return Page(content, tuple(self._shown), tuple(self._unset))

    def _report_depth(self) -> None:
        message = f"lists or quotes stand more than {DEEPEST} deep within each other"
        self._unset.append(Unset("too-deep", self._markdown.place, message, "write it flatter"))

    def _report_gap(self, aside: Aside) -> None:
        message = f"the gap `{aside.source}` is not closed within its paragraph"
        hint = "close it with `}}` in the same paragraph, cell or emphasis"
        self._unset.append(Unset("open-gap", self._place(aside), message, hint))

    def _report_idle(self, remainder: Remainder) -> None:
        """Report gaps that hide nothing: code and formulas are shown as they are written."""
        for aside in remainder.asides:
            if not isinstance(aside.thing, GapStart) and (gap := _GAP.search(aside.source)):
                message = f"the gap `{gap[0]}` stands in a formula or in code, and hides nothing"
                hint = "put the whole formula, or all of the code, into the gap"
                self._unset.append(Unset("open-gap", self._place(aside), message, hint))

    def _ready(self, aside: Aside) -> Ready:
        match aside.thing:
            case Formula(tex, display):
                return self._formula(tex, aside, display=display)
            case Wiki() as wiki if wiki.embed:
                return self._embed(wiki)
            case Wiki() as wiki:
                return self._link(wiki)
            case thing:
                return thing

    # ── formulas ─────────────────────────────────────────────────────────────────────────────────

    def _formula(self, tex: str, aside: Aside, *, display: bool) -> Formula:
        try:
            return Formula(tex, display, mathml(tex, display=display))
        except BadFormulaError as error:
            message = f"this formula cannot be set: {error}"
            self._unset.append(Unset("bad-formula", self._place(aside), message))
            return Formula(tex, display)

    def _place(self, aside: Aside) -> Place:
        """Return where something stands: exactly by its lines, by columns as near as is known."""
        before, inside = self._markdown.text[: aside.start], aside.source
        start, first = self._position(before)
        end, last = self._position(before + inside)
        return Place(self._markdown.place.file, start, first, end, last)

    def _position(self, before: str) -> tuple[int, int]:
        place = self._markdown.place
        line, column = before.count("\n"), len(before) - before.rfind("\n")
        return place.line + line, column if line else place.column + column - 1

    # ── links and images ─────────────────────────────────────────────────────────────────────────

    def _link(self, wiki: Wiki) -> Inline:
        shown = Run(_said(wiki))
        target = wiki.target
        if not self._vault:
            return shown
        if not target:
            target = self._vault.paths.get(self._markdown.place.file, "")
        if not target:
            return shown
        return Hyperlink(self._vault.link("#".join(filter(None, (target, wiki.heading)))), (shown,))

    def _embed(self, wiki: Wiki) -> Inline:
        """Return an image, or the name of the note that is embedded."""
        if (self._markdown.place.file, wiki.target) not in self._images:
            return Run(_said(wiki) if not _WIDTH.fullmatch(wiki.alias) else wiki.target)
        found = _WIDTH.fullmatch(wiki.alias)
        alt, width = (found["alt"] or "", int(found["width"])) if found else (wiki.alias, None)
        return self._picture(wiki.target, alt, width)

    def _picture(self, target: str, alt: str, width: int | None) -> Inline:
        file = self._markdown.place.file
        media = self._images.get((file, target)) or self._images.get((file, unquote(target)))
        alt = alt or _file_name(target)
        if not media:
            return Run(alt)
        self._shown.append(media)
        return Picture(media.name, alt, width)


def _gaps(remainder: Remainder) -> Iterator[Aside]:
    return (aside for aside in remainder.asides if isinstance(aside.thing, GapStart))


def _inline(formula: Formula) -> Formula:
    """Return a formula on display as one within a line."""
    try:
        return Formula(formula.tex, display=False, mathml=mathml(formula.tex, display=False))
    except BadFormulaError:
        return Formula(formula.tex, display=False)


def _said(wiki: Wiki) -> str:
    """Return what a note editor shows of a wiki-link."""
    path = " > ".join(filter(None, (wiki.target, *wiki.heading.split("#"))))
    return wiki.alias or path


def _file_name(target: str) -> str:
    return unquote(target.rpartition("/")[2])
