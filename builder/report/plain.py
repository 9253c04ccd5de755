"""Text from a stranger becomes harmless: one line, and nothing that a terminal would obey."""

from __future__ import annotations

import unicodedata

TAB = 4


def harmless(text: str) -> str:
    """Return `text` with tabs as blanks, and with control and invisible signs spelled out."""
    return "".join(sign if sign.isprintable() else _spelled(sign) for sign in text.expandtabs(TAB))


def _spelled(sign: str) -> str:
    return sign.encode("unicode_escape", "backslashreplace").decode("ascii")


def width(text: str) -> int:
    """Return how many columns `text` takes on a terminal."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
