"""Text from a stranger becomes harmless: one line, and nothing that a terminal would obey."""

from __future__ import annotations

import unicodedata
from itertools import accumulate

TAB = 4


def harmless(text: str) -> str:
    """Return `text` with tabs as blanks, and with control and invisible signs spelled out."""
    return "".join(sign if sign.isprintable() else _spelled(sign) for sign in text.expandtabs(TAB))


def _spelled(sign: str) -> str:
    return sign.encode("unicode_escape", "backslashreplace").decode("ascii")


def width(text: str) -> int:
    """Return how many columns `text` takes on a terminal."""
    return sum(map(_columns, text))


def fitting(text: str, columns: int) -> str:
    """Return as much of the start of `text` as fits into `columns`."""
    ends = accumulate(map(_columns, text))
    return "".join(sign for sign, end in zip(text, ends, strict=True) if end <= columns)


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
