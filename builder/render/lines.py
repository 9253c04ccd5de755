"""The parts of a line, put in order: text in one run, and no blanks at the ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from builder.edition import Inline, Parts, Run, Turn

BLANKS = re.compile(r"[ \t\n\r\f]+")
"""What counts as one blank, as in HTML; a blank that does not break is none of them."""


def merged(parts: Iterable[Inline]) -> Parts:
    """Return the parts with neighbouring text in one run, and without empty ones."""
    found: list[Inline] = []
    for is_text, some in groupby(parts, key=lambda part: isinstance(part, Run)):
        if is_text:
            text = "".join(part.text for part in some if isinstance(part, Run))
            found += [Run(BLANKS.sub(" ", text))] if text else []
        else:
            found += some
    return tuple(found)


def trimmed(parts: Iterable[Inline]) -> Parts:
    """Return the parts of a line without blanks and line breaks at their ends."""
    found = list(merged(parts))
    for at, part in enumerate(found):
        if isinstance(part, Run):
            starts = at == 0 or isinstance(found[at - 1], Turn)
            ends = at == len(found) - 1 or isinstance(found[at + 1], Turn)
            text = part.text.lstrip(" ") if starts else part.text
            found[at] = Run(text.rstrip(" ") if ends else text)
    shown = [at for at, part in enumerate(found) if part not in (Turn(), Run(""))]
    return merged(found[shown[0] : shown[-1] + 1]) if shown else ()
