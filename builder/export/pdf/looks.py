"""How a sheet looks: its inks, its faces, and what tells the parts of code apart without colour.

They are decided here, and handed to the template, so that tests can read them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
    "math": ("New Computer Modern Math", "DejaVu Sans Mono"),
}
FONT_PACKAGES = ("fontpkg_ibm_plex_sans", "fontpkg_jetbrains_mono")

# Sizes of the body's text, in points: the usual one, and those between which a sheet is fitted.
USUAL_SIZE = 8.0
SMALLEST_SIZE = 7.0
LARGEST_SIZE = 12.0
