"""The nouns of what is wrong with an image that a card would show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from builder.model import Embed


class Flaw(StrEnum):
    """Why an image cannot be shown. One that is HEAVY can; a person should know of it."""

    MISSING = "missing"
    OUTSIDE = "outside"
    REMOTE = "remote"
    LARGE = "large"
    HEAVY = "heavy"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Flawed:
    """An image of a note, and what is wrong with it: `told` completes "this image …"."""

    flaw: Flaw
    embed: Embed
    told: str
    hint: str = ""
