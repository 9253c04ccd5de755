"""An SVG is a program of a kind: only one that merely draws is shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_NAMESPACE = "http://www.w3.org/2000/svg"
_ACTING = frozenset({
    "filter", "feimage",  # a filter may take any time that it likes
    "script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener",
})  # fmt: skip
_LINKS = frozenset({"href", "src"})
_INLINE = re.compile(r"data:image/(?:png|jpeg|gif|webp)[;,]", re.IGNORECASE)

# What style sheets and attributes can load with.
_LOADS = re.compile(r"@import|image-set\s*\(|\bsrc\s*\(|javascript:", re.IGNORECASE)
_URL = re.compile(r"""url\(\s*["']?\s*(.{0,24})""", re.IGNORECASE | re.DOTALL)

_INNER = re.compile(r"""url\(\s*["']?\s*#([^"')\s]+)""", re.IGNORECASE)

_ENCODING = "is no UTF-8 text: save it as UTF-8"
_DEEPEST = 200
# A drawing may use a part of itself many times, and that part another one: so few bytes may stand
# for more elements than anybody can draw.
_DRAWN = 200_000


class _RefusedError(Exception):
    """The drawing does more than draw: the message completes "this image …"."""


def refuse_unsafe(content: bytes) -> str:
    """Return why an SVG is not shown, completing "this image …"; empty for one that only draws."""
    try:
        if b"\0" in content:  # expat would take it for UTF-16
            return _ENCODING
        _Drawing().read(content.decode())
    except UnicodeDecodeError:
        return _ENCODING
    except expat.ExpatError as error:
        return f"is no well-formed SVG: {expat.ErrorString(error.code)} in line {error.lineno}"
    except _RefusedError as refused:
        return str(refused)
    return ""


@dataclass(slots=True)
class _Part:
    """An element with all below it: its id, how many they are, and the ids that they use."""

    name: str = ""
    size: int = 1
    uses: list[str] = field(default_factory=list)


class _Drawing:
    """Reads an SVG from its start, and stops at what could act, or reach for something."""

    def __init__(self) -> None:
        self._open: list[_Part] = []
        self._named: dict[str, _Part] = {}
        self._style: list[str] | None = None
        self._styled: set[str] = set()  # what any element may draw, by the style sheet

    def read(self, content: str) -> None:
        """Read all of it. Raises ExpatError and _RefusedError."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = _declared
        parser.EntityDeclHandler = _entity
        parser.ProcessingInstructionHandler = _instruction
        parser.StartElementHandler = self._starts
        parser.EndElementHandler = self._ends
        parser.CharacterDataHandler = self._text
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no names

    def _starts(self, name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self._open and (space, local) != (_NAMESPACE, "svg"):
            raise _RefusedError("is no SVG: its root is another element")
        if len(self._open) >= _DEEPEST:
            raise _RefusedError("is nested too deeply")
        if local.lower() in _ACTING:
            raise _RefusedError(
                f"holds `<{local.lower()}>`: only drawings that merely draw are shown"
            )
        part = _Part()
        for attribute, value in attributes.items():
            _look_at(local, attribute, value)
            if attribute == "id":
                part.name = value
            if local == "use" and attribute.rpartition(" ")[2] == "href":
                part.uses.append(value.strip().removeprefix("#"))
            part.uses += _INNER.findall(value)  # masks, patterns and the like are drawn as well
        self._open.append(part)
        if local.lower() == "style":
            self._style = []

    def _ends(self, name: str) -> None:
        if self._style is not None and name.rpartition(" ")[2].lower() == "style":
            sheet = "".join(self._style)
            _look_at_style(sheet)
            self._styled.update(_INNER.findall(sheet))
            self._style = None
        part = self._open.pop()
        if part.name:
            self._named.setdefault(part.name, part)
        if self._open:
            self._open[-1].size += part.size
            self._open[-1].uses += part.uses
        elif self._drawn(part, ()) * part.size ** len(self._styled) > _DRAWN:
            raise _RefusedError("draws its own parts too many times")

    def _text(self, text: str) -> None:
        if self._style is not None:
            self._style.append(text)

    def _drawn(self, part: _Part, within: tuple[str, ...]) -> int:
        """Return how many elements are drawn for `part`; counting stops where it is too many."""
        drawn = part.size
        for name in part.uses:
            used = self._named.get(name)
            if used and name not in within and len(within) < _DEEPEST:
                drawn += self._drawn(used, (*within, name))
            if drawn > _DRAWN:
                break
        return drawn


def _declared(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding and encoding.lower() not in ("utf-8", "us-ascii"):
        raise _RefusedError(f"is in {encoding[:20]!a}: save it as UTF-8")


def _entity(*_: object) -> None:
    raise _RefusedError("defines entities, which may stand for anything")


def _instruction(target: str, _data: str) -> None:
    raise _RefusedError(f"holds the instruction `<?{target[:20]}?>`, which could load something")


def _look_at(element: str, attribute: str, value: str) -> None:
    """Refuse an attribute that acts or reaches for something."""
    space, _, name = attribute.rpartition(" ")
    lower = name.lower()
    if not space and lower.startswith("on"):
        raise _RefusedError(f"holds the event handler `{name[:20]}`")
    if (space and lower == "base") or (lower == "attributename" and _acts(value)):
        raise _RefusedError(f"changes where links lead, with `{name}` of `<{element}>`")
    if lower in _LINKS and not _is_inner(value):
        raise _RefusedError(f"links to something else, with `{name}` of `<{element}>`")
    # A backslash may spell any word in CSS.
    if _loads(value) or ("\\" in value and "(" in value):
        raise _RefusedError(f"loads something else, with `{name[:20]}` of `<{element}>`")


def _acts(animated: str) -> bool:
    local = animated.rpartition(":")[2].strip().lower()
    return local in _LINKS or local.startswith("on")


def _look_at_style(sheet: str) -> None:
    if _loads(sheet) or "\\" in sheet:
        raise _RefusedError("loads something else from its style sheet")


def _loads(style: str) -> bool:
    return bool(_LOADS.search(style)) or not all(map(_is_inner, _URL.findall(style)))


def _is_inner(link: str) -> bool:
    """Tell whether a link leads to a part of the drawing, or to a picture within it."""
    plain = link.strip()
    return not plain or plain.startswith("#") or bool(_INLINE.match(plain))
