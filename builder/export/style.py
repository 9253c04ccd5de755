"""The style sheet of the cards: ours, and behind it the learner's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files


def css(own: str = "") -> str:
    """Return the style sheet that all note types carry, with the learner's `own` at its end.

    Raises `ValueError` for a style that would load something or would not stay a style: the
    message names its line.
    """
    ours = files("builder.export").joinpath("card.css").read_text(encoding="utf-8")
    if not own.strip():
        return ours
    if found := next(_faults(own), None):
        raise ValueError(found)
    return f"{ours}\n{own.strip()}\n"


_LOADS = re.compile(
    r"(?P<file>@import)|(?P<set>image-set\(|(?<![\w-])(?:image|src)\()"
    r"|(?P<url>url\((?!\s*[\"']?data:))|(?P<end><[/!])",
    re.IGNORECASE,
)
_WHY = {
    "file": "`@import` would load a file: write its rules here",
    "set": "`{}…)` may load an image: write `url(data:…)`",
    "url": "`url(…)` would load something: only `url(data:…)` may stand here",
    "end": "`{}` would end the style sheet",
}


def _faults(own: str) -> Iterator[str]:
    """Yield what of a style sheet cannot be taken over, and why, with the number of its line."""
    plain, lines = _unescaped(own)
    for found in _LOADS.finditer(plain):
        why = _WHY[str(found.lastgroup)].format(found[0])
        yield f"line {lines[found.start()]} of the style sheet: {why}"


# An escape of CSS: a code of hexadecimal digits, which a blank may end, or any other character.
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})(?:\r\n|\s)?|(.))|(.)", re.IGNORECASE | re.DOTALL)


def _unescaped(own: str) -> tuple[str, list[int]]:
    r"""Return what a browser reads (`u\72l` is `url`), and the line of each of its characters."""
    chars: list[str] = []
    lines: list[int] = []
    line = 1
    for found in _ESCAPE.finditer(own):
        chars.append(_char(found[1]) if found[1] else found[2] or found[3])
        lines.append(line)
        line += found[0].count("\n")
    return "".join(chars), lines


def _char(digits: str) -> str:
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
