"""Rules about the images of cards: each must be there offline, on a phone as on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from builder.images import Flaw, Flawed
from builder.model import Diagnostic
from builder.rules.rule import Rule, error, warning

MISSING_IMAGE = error(
    "I601",
    "missing-image",
    """No file has the name that the note gives for an image, so the card would show a gap where
    its author meant a picture, and may be wrong without it. The file stands beside the note, or in
    a folder `attachments`, `assets`, `images`, `img` or `media` there or further up. With `--vault
    FOLDER` it may stand anywhere in that folder, as in Obsidian.""",
)
IMAGE_OUTSIDE = error(
    "I602",
    "image-outside",
    """An image stands outside of the folder that was named, or behind a link, or is named by a
    path of this computer. It is not read: a bank must not put other files of yours into a deck.
    Move it below the bank, name the folder that holds both, or name the vault with `--vault
    FOLDER`.""",
)
REMOTE_IMAGE = error(
    "I603",
    "remote-image",
    """An image stands on another computer. Nothing is fetched, neither by a build nor by a card:
    cards work offline, and tell nobody when you study. Save the image beside the note.""",
)
LARGE_IMAGE = error(
    "I604",
    "large-image",
    """An image has more than 10 MB or 50 million pixels, or all images together have more than
    500 MB. Each learner would load it onto each device; a smaller one shows as much.""",
)
UNSUPPORTED_IMAGE = error(
    "I605",
    "unsupported-image",
    """An image is none that every Anki shows: PNG, JPEG, GIF, WebP, AVIF or SVG, with the suffix
    that fits its content. An SVG may only draw: one with a script, an event handler, HTML or a
    link to something else is refused.""",
)
HEAVY_IMAGE = warning(
    "I606",
    "heavy-image",
    """An image has more than 1 MB. It is shown, but each learner loads it onto each device, and a
    card is rarely wider than 800 pixels: save it smaller, or as WebP.""",
)


class _Told(NamedTuple):
    rule: Rule
    hint: str


_TOLD = {
    Flaw.MISSING: _Told(
        MISSING_IMAGE, "put it beside the note or into `attachments`, or name a `--vault FOLDER`"
    ),
    Flaw.OUTSIDE: _Told(IMAGE_OUTSIDE, "move it below the bank, or name the folder of both"),
    Flaw.REMOTE: _Told(REMOTE_IMAGE, "save it beside the note, and name the file"),
    Flaw.LARGE: _Told(LARGE_IMAGE, "save it smaller"),
    Flaw.HEAVY: _Told(HEAVY_IMAGE, "save it smaller, or as WebP"),
    Flaw.UNSUPPORTED: _Told(UNSUPPORTED_IMAGE, "save it as PNG, JPEG, GIF, WebP, AVIF or SVG"),
}


def images(found: Iterable[Flawed]) -> Iterator[Diagnostic]:
    """Yield what is to be said about each image that cannot be shown, or is heavy."""
    for one in found:
        rule, hint = _TOLD[one.flaw]
        yield rule.at(one.embed.place, f"this image {one.told}", hint=one.hint or hint)
