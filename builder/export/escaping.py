"""Text that means nothing but itself, wherever in a field of Anki's it stands.

There is one function for each place: between tags, in an attribute, in a formula. What comes out
of them is HTML, and Anki and MathJax read none of it as their own.
"""

from __future__ import annotations

import re
from html import escape

# ── between tags ─────────────────────────────────────────────────────────────────────────────────

# Where Anki would see a sound, speech, LaTeX, an input line or a formula in a field. A tag right
# after the first sign ends the construct, for Anki and for MathJax, and adds no character; an
# entity would not do, because Anki's editor writes entities back as plain signs.
_OPENER = re.compile(r"\[(?=sound:|anki:|latex\]|\$\$?\]|\[?type:)|\\(?=[(\[])", re.IGNORECASE)

# Anki composes characters of a field (NFC), and this one would melt into the `>` of a tag.
_SOLIDUS = "\u0338"


def inline(literal: str) -> str:
    """Return `literal` as HTML that shows exactly its characters, whatever Anki makes of them."""
    escaped = escape(literal, quote=False).replace(_SOLIDUS, "&#824;")
    return _OPENER.sub(r"<span>\g<0></span>", escaped)


_GAP_SIGN = re.compile(r"[{}]|:(?=:)|^:|:$")


def guarded(literal: str) -> str:
    """Return `literal` as `inline` does, for a field with gaps: no sign of it opens or ends one.

    >>> guarded("a::b")
    'a<span>:</span>:b'
    """
    return _GAP_SIGN.sub(r"<span>\g<0></span>", inline(literal))


# ── in an attribute ──────────────────────────────────────────────────────────────────────────────

_PAIR = re.compile(r"\{(?=\{)|\}(?=\})|:(?=:)")


def _spaced(literal: str) -> str:
    """Return `literal` with a blank in whatever Anki would read: for where no tag may stand."""
    return _PAIR.sub(r"\g<0> ", _OPENER.sub(r"\g<0> ", literal))


def attribute(value: str) -> str:
    """Return `value` for an attribute, in one line; a blank breaks up what Anki would read."""
    return escape(_spaced(" ".join(value.split())))


# ── in a formula ─────────────────────────────────────────────────────────────────────────────────


def tex(given: str) -> str:
    """Return TeX for between MathJax's delimiters; empty where it would not stay in there."""
    if not _settable(given):
        return ""
    return escape(_spaced(_TURN.sub(_turn, given)), quote=False)


_SIGN = re.compile(r"\\(?:[a-zA-Z]+|.|\Z)|[{}]", re.DOTALL)

# What would end the formula early, stay for the formulas of other cards, or make a link.
_ALIEN = frozenset({"\\", r"\(", r"\)", r"\[", r"\]"}) | {
    f"\\{name}"
    for name in (
        *("def", "edef", "gdef", "xdef", "let", "futurelet", "newcommand", "renewcommand"),
        *("providecommand", "newenvironment", "renewenvironment", "DeclareMathOperator"),
        *("DeclarePairedDelimiter", "definecolor", "require", "href", "url", "class", "cssId"),
        *("style", "data", "mmlToken", "texttip", "includegraphics", "Newextarrow"),
    )
}


def _settable(tex: str) -> bool:
    """Tell whether MathJax finds the end of `tex`: it counts braces, even those in comments."""
    depth = 0
    for sign in _SIGN.findall(tex):
        depth += (sign == "{") - (sign == "}")
        if depth < 0 or sign in _ALIEN:
            return False
    return depth == 0


# A line break before a bracket looks like the start or the end of a formula to Anki's editor.
_TURN = re.compile(r"\\\\(?=([()\[\]]))|\\.", re.DOTALL)


def _turn(found: re.Match[str]) -> str:
    match found[1]:
        case None:
            return found[0]
        case "[":  # an amount of space, which must follow at once
            return f"{found[0]}*"
        case _:
            return f"{found[0]} "
