"""TeX formulas as MathML.

The only importer of math_core, which is loaded with the first formula. What comes back from it is
read again and held against lists of what a formula needs: no link, script, identifier or foreign
style can come out of here, whatever the formula says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from html.entities import html5
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from math_core import LatexToMathML


class BadFormulaError(ValueError):
    """TeX that cannot be set. `offset` counts characters from 0: it is where the fault shows."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


def mathml(tex: str, *, display: bool) -> str:
    r"""Return `tex`, which stands without its dollars, as a `<math>` element.

    Numbered environments are set without their numbers, as note editors do. Line ends of every
    kind count as blanks.
    Raises `BadFormulaError` for what cannot be set: an unknown command, an unclosed brace, a
    definition of one's own commands, a formula beyond all measure.

    >>> mathml("x^2", display=False)
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    """
    text = _LINE_ENDS.sub(_blanks, tex)
    _check_text(text)
    formula = _read(_convert(text, display=display))
    for element in formula.iter():
        _check(element)
    return ET.tostring(formula, encoding="unicode", short_empty_elements=False)


# ── what comes in ────────────────────────────────────────────────────────────────────────────────

# Deeper nesting than anybody writes, and far from what would exhaust the converter's stack.
_MOST_CHARACTERS = 4000
_MOST_BRACES = 60
_DEEPEST = 120

_UNSETTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x85\u2028\u2029]")


def _blanks(line_end: re.Match[str]) -> str:
    """Return as many blanks as there were characters, with an LF, which ends a comment."""
    return "\n".rjust(len(line_end[0]))


def _check_text(tex: str) -> None:
    if not tex.strip():
        raise BadFormulaError("the formula is empty")
    if odd := _UNSETTABLE.search(tex):
        raise BadFormulaError(f"{odd[0]!a} cannot stand in a formula", odd.start())
    # They could expand without end, or deeper than the converter's stack.
    if definition := _DEFINITION.search(tex):
        raise BadFormulaError("a formula cannot define commands", definition.start())
    if len(tex) > _MOST_CHARACTERS:
        raise BadFormulaError(
            f"the formula is longer than {_MOST_CHARACTERS:,} characters", _MOST_CHARACTERS
        )
    depth = 0
    for offset, char in enumerate(tex):
        depth += (char == "{") - (char == "}")
        if depth > _MOST_BRACES:
            raise BadFormulaError(f"braces are nested more than {_MOST_BRACES} deep", offset)


# What other converters know and this one does not: environments under other names, and formulas
# within text.
_ENVIRONMENTS = {
    **{name: f"{name}*" for name in ("equation", "align", "gather", "multline", "alignat")},
    "split": "aligned",
    "smallmatrix": "matrix",
}
_FOREIGN = re.compile(
    r"\\(?P<edge>begin|end)\{(?P<name>" + "|".join(_ENVIRONMENTS) + r")\}"
    r"|\\(?:text|mbox)\{(?P<mixed>[^{}$]*(?:\$[^$]*\$[^{}$]*)*)\}"
    r"|\\substack\s*\{(?P<stack>(?:[^{}]|\{[^{}]*\})*)\}"
)


def _known(foreign: re.Match[str]) -> str:
    """Return the same in the converter's own words."""
    edge, environment, mixed, stack = foreign.groups()
    if edge:
        return f"\\{edge}{{{_ENVIRONMENTS[environment]}}}"
    if stack is not None:
        return _stacked(stack.split(r"\\"))
    words, *rest = mixed.split("$")
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return "{" + _text(words) + "".join(f"{{{tex}}}{_text(after)}" for tex, after in pairs) + "}"


def _stacked(lines: list[str]) -> str:
    stack = f"{{{lines[-1]}}}"
    for line in reversed(lines[:-1]):
        stack = rf"{{{{{line}}} \atop {stack}}}"
    return stack


def _text(words: str) -> str:
    return rf"\text{{{words}}}" if words else ""


def _position(tex: str, offset: int) -> int:
    """Return where in `tex` stands what has `offset` once its foreign parts are rewritten."""
    for foreign in _FOREIGN.finditer(tex):
        if foreign.start() >= offset:
            break
        offset = max(offset - len(_known(foreign)) + len(foreign[0]), foreign.start())
    return min(offset, len(tex))


# ── the converter ────────────────────────────────────────────────────────────────────────────────

_DEFINITION = re.compile(r"\\(?:g?def|let|(?:new|renew|provide)command)(?![a-zA-Z])")
_OFFSET_AND_MESSAGE = re.compile(r"(\d+): (.*)", re.DOTALL)


def _convert(tex: str, *, display: bool) -> str:
    from math_core import LatexError

    try:
        known = _FOREIGN.sub(_known, tex)
        return _converter().convert_with_local_state(known, displaystyle=display)
    except LatexError as error:
        said = _OFFSET_AND_MESSAGE.fullmatch(str(error))
        offset, message = (int(said[1]), said[2]) if said else (0, str(error))
        raise BadFormulaError(_plain(message), _position(tex, offset)) from None


@cache
def _converter() -> LatexToMathML:
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False, allow_unreliable_rendering=True)


def _plain(message: str) -> str:
    """Return what the converter says as we say it: in lower case, without a full stop."""
    legible = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message)
    return legible[:1].lower() + legible[1:].rstrip(".")


# ── what comes out ───────────────────────────────────────────────────────────────────────────────

_ELEMENT = re.compile(
    r"math|m(?:row|i|o|n|text|s|space|frac|sqrt|root|style|padded|phantom|enclose|error)"
    r"|m(?:sub|sup|subsup|under|over|underover|multiscripts|prescripts|table|tr|td)"
    r"|none|code|b|i"
)
_ATTRIBUTE = re.compile(
    r"display|displaystyle|scriptlevel|stretchy|symmetric|largeop|movablelimits|fence|separator"
    r"|form|[lr]space|(?:min|max)size|accent|accentunder|linethickness|mathvariant|notation"
    r"|width|height|depth|voffset|columnspan|rowspan|style|class"
)
_PROPERTY = re.compile(
    r"text-align|justify-items|color|width|vertical-align|white-space|math-(?:style|depth|shift)"
    r"|(?:padding|margin|border)(?:-(?:left|right|top|bottom))?|font-feature-settings"
)
_VALUE = re.compile(r"[\w\s.,#%+-]*")
_NAMED_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)(\w+;)")
_LENGTH = re.compile(r"\d+(?:\.\d*)?(?=em|ex|pt|mm|cm|in|px|mu)")
_LONGEST = 60


def _read(xml: str) -> ET.Element:
    plain = _NAMED_ENTITY.sub(lambda name: html5.get(name[1], ""), xml)
    try:
        formula = ET.fromstring(plain)  # noqa: S314 - the converter's, without a DTD
    except ET.ParseError:
        raise BadFormulaError("a character that cannot stand in a formula") from None
    if any(depth > _DEEPEST for depth in _depths(formula)):
        raise BadFormulaError(f"the formula is nested more than {_DEEPEST} deep")
    return formula


def _depths(element: ET.Element) -> Iterator[int]:
    """Yield the depth of each level of the tree, from 1."""
    level, depth = [element], 1
    while level:
        yield depth
        level, depth = [child for parent in level for child in parent], depth + 1


def _check(element: ET.Element) -> None:
    """Take the name off a labelled equation; raise `BadFormulaError` for what has no place here."""
    element.attrib.pop("id", None)
    if not _ELEMENT.fullmatch(element.tag):
        raise BadFormulaError("a formula cannot refer to another one")
    for name, value in element.attrib.items():
        if not _ATTRIBUTE.fullmatch(name) or not _harmless(name, value):
            raise BadFormulaError(f"a formula cannot set {name} to {value!r}")
        if any(float(length) > _LONGEST for length in _LENGTH.findall(value)):
            raise BadFormulaError(f"a space of {value} is too wide")


def _harmless(name: str, value: str) -> bool:
    if name != "style":
        return bool(_VALUE.fullmatch(value))
    declarations = [one.partition(":") for one in value.split(";") if one.strip()]
    return all(
        _PROPERTY.fullmatch(prop.strip()) and _VALUE.fullmatch(given)
        for prop, _, given in declarations
    )
