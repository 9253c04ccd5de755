"""The edition on paper: each deck becomes one PDF, a cheat sheet to print and hang up.

The only importer of typst. The template `sheet.typ`, beside this module, says how a sheet is set;
this module hands it a deck's content as JSON, never as markup, and an empty folder as all that it
could read. Faces, colours and the looks of code are decided here, where
tests can read them too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from builder.edition import CardView, Content, DeckView, Finding, Line, Listing, Prose
from builder.model import Artefact

if TYPE_CHECKING:
    import typst

Paper = Literal["a4", "letter"]

# ── looks ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Look:
    """How a role of code is printed: its colour, and what tells it apart without colour."""

    fill: str
    weight: int = 400
    style: Literal["normal", "italic"] = "normal"
    underline: bool = False


# Inks have a contrast of 7:1 or better on white and on both grounds; the grounds are at most 5 %
# grey, which a printer lays down evenly.
PALETTE = {
    "ink": "#111111",
    "quiet": "#4a4a4a",
    "line": "#a8a8a8",
    "fill": "#f6f6f6",
    "bar": "#f3f3f3",
}
LOOKS = {
    "k": Look("#0b3d91", weight=700),
    "nf": Look("#111111", weight=700, underline=True),
    "nb": Look("#5b2a86"),
    "nd": Look("#6b4000"),
    "m": Look("#7a2e00"),
    "s": Look("#14532d"),
    "c": Look("#4a4a4a", style="italic"),
}

# The first face is ours; the next ones, which typst carries itself, lend it signs.
FACES = {
    "body": ("IBM Plex Sans", "New Computer Modern Math", "DejaVu Sans Mono"),
    "code": ("JetBrains Mono", "DejaVu Sans Mono", "New Computer Modern Math"),
}
_FONT_PACKAGES = ("fontpkg_ibm_plex_sans", "fontpkg_jetbrains_mono")

_TAB = 4
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Characters that turn the order of others around: on paper the text would not be what it says.
_DECEPTIVE = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# What typst says of a glyph that no font has; odd characters stand there as `\u{200d}`.
_UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


def export(
    deck: DeckView, *, paper: Paper = "a4", timestamp: int | None = None
) -> tuple[Artefact, tuple[Finding, ...]]:
    """Return the cheat sheet of `deck`, and a finding for each card that it can't show in full.

    `timestamp` is the document's date in UNIX seconds; without it the document has none. A
    character that no font has, or that turns others around, is printed as U+FFFD and named in the
    finding of its card.
    Raises `typst.TypstError`, a `RuntimeError`, for a sheet that can't be set for another reason.
    """
    about = _about(deck, paper, dated=timestamp is not None)
    content, missing = _typeset(_template(), about, _shown(deck), timestamp)
    return Artefact(f"{deck.name}.pdf", content), tuple(_findings(deck, missing))


# ── the deck as data ─────────────────────────────────────────────────────────────────────────────


def _about(deck: DeckView, paper: Paper, *, dated: bool) -> str:
    """Return as JSON how the sheet looks, and what a reader says of the document."""
    about = {
        "title": _title(deck),
        "keywords": sorted({tag for card in deck.cards for tag in card.tags}),
        "dated": dated,
        "paper": paper,
        "fonts": FACES,
        "palette": PALETTE,
        "looks": {role: asdict(look) for role, look in LOOKS.items()},
    }
    return json.dumps(about, ensure_ascii=False)


def _shown(deck: DeckView) -> str:
    """Return as JSON what stands on the paper."""
    cards = [_card(card, bar) for card, bar in zip(deck.cards, _bars(deck), strict=True)]
    return json.dumps({"title": _title(deck), "cards": cards}, ensure_ascii=False)


def _title(deck: DeckView) -> str:
    return " ".join(deck.title.split()) or deck.name


def _bars(deck: DeckView) -> Iterator[str]:
    """Yield for each card the title of the section that starts with it, else nothing."""
    for before, section in pairwise(("", *(card.section for card in deck.cards))):
        yield section if section != before else ""


def _card(card: CardView, bar: str) -> dict[str, Any]:
    return {
        "bar": bar,
        "section": card.section,
        "question": ["".join(run for run, _ in _line(line)) for line in _lines(card.question)],
        "kind": "code" if card.kind == "code" else "prose",
        "lines": [_line(line) for line in _lines(card.answer)],
        "evidence": card.evidence,
    }


def _lines(content: Content) -> Iterator[Line]:
    for block in content:
        if isinstance(block, Prose | Listing):
            yield from block.lines


def _line(line: Line) -> list[tuple[str, str]]:
    """Return the runs of `line` with tabs as blanks: a tab has no glyph, only a place to go to."""
    before, runs = "", []
    for run in line:
        start = len(before.expandtabs(_TAB))
        before += run.text
        runs.append((before.expandtabs(_TAB)[start:], run.role))
    return runs


# ── characters that no font has ──────────────────────────────────────────────────────────────────


def _unshown(diagnostic: str) -> frozenset[str]:
    """Return the characters that typst could not display, as its message says."""
    said = "".join(_UNSHOWN.findall(diagnostic))
    plain = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), said)
    return frozenset(char for char in plain if not char.isascii())


def _findings(deck: DeckView, missing: frozenset[str]) -> Iterator[Finding]:
    """Yield a finding for each card that lacks a character; headings count with what follows."""
    heading = _title(deck)
    for card, bar in zip(deck.cards, _bars(deck), strict=True):
        runs = (run.text for line in _lines(card.question + card.answer) for run in line)
        lost = missing.intersection("".join((heading, bar, card.evidence, *runs)))
        if lost:
            yield Finding("".join(sorted(lost)), card.place)
        heading = ""


# ── typst ────────────────────────────────────────────────────────────────────────────────────────


# Whoever watches builds again and again: only the sheets that changed are set anew.
@lru_cache(maxsize=64)
def _typeset(
    template: bytes, about: str, deck: str, timestamp: int | None
) -> tuple[bytes, frozenset[str]]:
    """Return the sheet, and the characters that had to be replaced in it.

    PDF/UA makes a missing glyph an error that names it. So nothing is looked up for the sheets
    that need no replacement, and the others are set again without the named characters.
    """
    from typst import TypstError

    missing = _DECEPTIVE.intersection(deck)
    while True:
        legible = deck.translate(dict.fromkeys(map(ord, missing), _REPLACEMENT))
        try:
            return _compile(template, {"about": about, "deck": legible}, timestamp), missing
        except TypstError as error:
            found = _unshown(error.diagnostic) - missing
            if not found:
                raise
            missing |= found


def _compile(template: bytes, inputs: dict[str, str], timestamp: int | None) -> bytes:
    import typst

    with TemporaryDirectory(prefix="proofdeck-") as nothing:
        sheet = typst.Compiler(template, root=nothing, font_paths=_fonts(), sys_inputs=inputs)
        pdf = sheet.compile(format="pdf", pdf_standards=["ua-1"], timestamp=timestamp)
    assert isinstance(pdf, bytes), "without a path to write to, typst returns the bytes"
    return pdf


@cache
def _template() -> bytes:
    return files("builder.export").joinpath("sheet.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Return our faces and typst's own, never the machine's: all machines print the same."""
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[_folder(package) for package in _FONT_PACKAGES],
    )


def _folder(package: str) -> Path:
    """Return the folder of a font package; raises `ModuleNotFoundError` if it isn't installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package} is not installed", name=package)
    return Path(spec.origin).parent / "files"
