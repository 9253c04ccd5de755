"""What an update did, in words."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time Anki's modules import each other in a circle
    from anki.collection import OpChanges

Titles = Mapping[int, str]  # the first fields of notes as plain text, by the notes' ids


@dataclass(frozen=True)
class Outcome:
    """What an update did. `changes` is Anki's own account, None where nothing was to be done.

    `refused` are notes that Anki would not take in, `unchanged` counts the others. `remarks` are
    sentences for people.
    """

    changes: OpChanges | None
    new: Titles
    updated: Titles
    retired: Titles
    returned: Titles
    refused: tuple[str, ...]
    unchanged: int
    remarks: tuple[str, ...] = ()


def groups(outcome: Outcome) -> Mapping[str, Titles]:
    """Return the notes that an update changed, by what became of them."""
    return {
        "new": outcome.new,
        "updated": outcome.updated,
        "retired": outcome.retired,
        "returned": outcome.returned,
    }


def counted(outcome: Outcome) -> str:
    """Return an outcome in one line.

    >>> counted(Outcome(None, {}, {}, {1: "Q"}, {}, (), 3))
    'Question bank: 1 retired, 3 unchanged'
    """
    said = [f"{len(titles)} {name}" for name, titles in groups(outcome).items() if titles]
    said += [f"{len(outcome.refused)} refused by Anki"] * bool(outcome.refused)
    return "Question bank: " + ", ".join([*said, f"{outcome.unchanged} unchanged"])


_BLOCK = re.compile(r"</?(?:br|div|li|ol|p|pre|ul)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def plain(fields: str) -> str:
    r"""Return the first of a note's fields as one line of plain text.

    >>> plain("What is<br><b>x &lt; y</b>?\x1fthe answer")
    'What is x < y?'
    """
    text = _TAG.sub("", _BLOCK.sub(" ", fields.partition("\x1f")[0]))
    return " ".join(html.unescape(text).split())
