"""What could not be shown as it was meant: the findings of rendering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from builder.model import Place

Reason = Literal["bad-formula", "too-deep", "open-gap", "empty-question", "empty-answer", "no-gap"]


@dataclass(frozen=True, slots=True)
class Unset:
    """Something in a note that a card shows as it was written, because nothing else can be done.

    `reason` is a formula that cannot be set, text that is nested too deeply or is too large to be
    read as Markdown, a gap that is not closed within its paragraph, a side of which nothing is left
    to be seen, or a cloze that hides nothing.
    """

    reason: Reason
    place: Place
    message: str
    hint: str = ""
