"""MathML as a tree that the template can set: each node is a name and what it is of.

The names are those of `formula.typ`, beside this module, where each calls one function of the
typesetter. Nothing in the tree is source text of any language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

Node = list[Any]


class UnsettableError(ValueError):
    """A formula that the sheet cannot set. The message says what is in the way."""


def tree(mathml: str) -> Node:
    """Return the `<math>` element `mathml` as a tree. Raises `UnsettableError`.

    >>> tree("<math><msup><mi>x</mi><mn>2</mn></msup></math>")
    ['attach', ['sign', 'x'], {'tr': ['number', '2']}]
    """
    try:
        formula = ET.fromstring(mathml)  # noqa: S314 - the renderer's, without a DTD
    except ET.ParseError:
        raise UnsettableError("is not well-formed") from None
    if formula.tag != "math":
        raise UnsettableError("is none")
    only = formula[0] if len(formula) == 1 else None
    if only is not None and only.tag == "mtable" and _is_aligned(only):
        node: Node = ["lines", [_aligned(row) for row in only]]
    else:
        node = _row(formula)
    if _depth(node) > _DEEPEST:
        raise UnsettableError("is nested too deep")
    return node


# The typesetter nests calls only so far.
_DEEPEST = 20


def _depth(value: Any) -> int:
    """Return how many nodes stand within each other."""
    if isinstance(value, dict):
        return max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        own = bool(value) and isinstance(value[0], str)
        return own + max(map(_depth, value), default=0)
    return 0


def _node(element: ET.Element) -> Node:
    convert = _CONVERTERS.get(element.tag)
    if convert is None:
        raise UnsettableError(f"has a part called {element.tag!r}")
    return convert(element)


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────

_APPLY = "\u2061"
_UNSEEN = frozenset({"\u2061", "\u2062", "\u2063", "\u2064", ""})
_THREE = {".": "…", "·": "⋯"}
_OPENING = frozenset("([{⟨⌊⌈|‖⟦⦃⎰")
_FENCES = frozenset("([{⟨⌊⌈|‖⟦)]}⟩⌋⌉⟧/\\↑↓↕⇑⇓⇕⎰⎱⟮⟯⌜⌝⌞⌟")


def _row(element: ET.Element) -> Node:
    r"""Return what stands side by side; in `\left( … \right)`, between fences that grow."""
    parts = list(element)
    if len(parts) >= 2 and _grows(parts[0]) and _grows(parts[-1]):
        edges = ["sign", _text(parts[0])], ["sign", _text(parts[-1])]
        return ["fenced", edges[0], _joined(_nodes(parts[1:-1])), edges[1]]
    return _styled(element, _joined(_nodes(parts)))


def _grows(element: ET.Element) -> bool:
    """Tell whether a sign is a fence that grows with what it holds; an unseen one is, too."""
    return (
        element.tag == "mo"
        and element.get("stretchy") != "false"
        and not element.get("minsize")
        and (_text(element) in _FENCES or element.text == "\u2063")
    )


def _nodes(elements: Sequence[ET.Element]) -> list[Node]:
    nodes: list[Node] = []
    for element in elements:
        if element.tag == "mo" and element.text == _APPLY:
            if nodes:
                nodes[-1] = _operator(nodes[-1])
        else:
            nodes.append(_node(element))
    return nodes


def _operator(node: Node) -> Node:
    """Return `node` as the name of a function, which it is if arguments follow."""
    if node[0] == "name":
        return ["operator", node[1]]
    if node[0] in {"attach", "limits"}:
        return [node[0], _operator(node[1]), *node[2:]]
    return node


def _joined(nodes: Iterable[Node]) -> Node:
    """Return `nodes` as one, without rows in rows; three dots are one sign."""
    flat: list[Node] = []
    for node in nodes:
        flat += node[1] if node[0] == "row" else [node]
    kept: list[Node] = []
    for node in flat:
        kept.append(node)
        for dot, dots in _THREE.items():
            if kept[-3:] == [["sign", dot]] * 3:
                kept[-3:] = [["sign", dots]]
    return kept[0] if len(kept) == 1 else ["row", kept]


def _styled(element: ET.Element, node: Node) -> Node:
    """Return `node` in the style that `element` asks for."""
    style = element.get("displaystyle")
    if style is None or element.tag == "math":
        return node
    level = element.get("scriptlevel", "0")
    if style == "false" and level in {"1", "2"}:
        return ["style", "script" if level == "1" else "sscript", node]
    return ["style", "display" if style == "true" else "inline", node]


# ── signs ────────────────────────────────────────────────────────────────────────────────────────


def _text(element: ET.Element) -> str:
    """Return the text of an element, without marks that choose a variant of a sign."""
    text = "".join(element.itertext()).replace("\xa0", " ")
    return "".join(char for char in text if char not in "\ufe00\ufe01\u2061\u2062\u2063\u2064")


def _identifier(element: ET.Element) -> Node:
    text = _text(element)
    if not text:
        return ["row", []]
    if len(text) > 1:
        return ["name", text]
    return ["upright" if element.get("mathvariant") == "normal" else "sign", text]


def _number(element: ET.Element) -> Node:
    return ["number", _text(element)]


def _sign(element: ET.Element) -> Node:
    text = _text(element)
    if text in _UNSEEN:
        return ["row", []]
    if size := element.get("minsize"):
        return ["sized", text, _ems(size)]
    if element.get("stretchy") == "true":
        return ["middle", text]
    if set(text) <= {"′"} and text:
        return ["primes", len(text)]
    primes = {"″": 2, "‴": 3, "⁗": 4}
    if text in primes:
        return ["primes", primes[text]]
    return ["sign", text] if len(text) == 1 else ["operator", text]


def _words(element: ET.Element) -> Node:
    r"""Return text within a formula, part by part: `\textbf` and its like are elements."""
    parts: list[Node] = [["text", "", element.text or ""]]
    for child in element:
        parts += [["text", child.tag, _text(child)], ["text", "", child.tail or ""]]
    return _joined([kind, tag, text.replace("\xa0", " ")] for kind, tag, text in parts if text)


def _space(element: ET.Element) -> Node:
    declared = element.get("style", "").removeprefix("margin-left:").rstrip(";")
    width = _ems(element.get("width") or declared or "0")
    return ["space", width] if width else ["row", []]


def _ems(length: str) -> float:
    """Return a length in em. Others than that and points are no use of ours."""
    number = length.rstrip("abcdefghijklmnopqrstuvwxyz%")
    try:
        ems = float(number) * {"pt": 0.1, "ex": 0.43, "mu": 1 / 18}.get(length[len(number) :], 1.0)
    except ValueError:
        return 0.0
    return round(max(-2.0, min(ems, 20.0)), 4)


# ── scripts, accents, fractions, roots ───────────────────────────────────────────────────────────

_ACCENTS = {
    "ˆ": "\u0302", "^": "\u0302", "\u0302": "\u0302", "˜": "\u0303", "~": "\u0303",
    "\u0303": "\u0303", "¯": "\u0304", "\u0304": "\u0304", "˘": "\u0306", "˙": "\u0307",
    "\u0307": "\u0307", "¨": "\u0308", "\u0308": "\u0308", "˚": "\u030a", "ˇ": "\u030c",
    "´": "\u0301", "`": "\u0300", "→": "\u20d7", "⃗": "\u20d7", "←": "\u20d6", "⃖": "\u20d6",
    "\u20db": "\u20db", "\u20dc": "\u20dc",
}  # fmt: skip
_BRACES = {
    "⏞": "overbrace", "⏟": "underbrace", "⎴": "overbracket", "⎵": "underbracket",
    "⏜": "overparen", "⏝": "underparen",
}  # fmt: skip
_LINES = frozenset({"\u0332", "_", "‾", "¯", "―", "\u0305"})
_LARGE = frozenset("∑∏∐⋃⋂⨆⨅⋁⋀⨁⨂⨀⨄")
_ARROWS = frozenset("→←↔⇒⇐⇔↦↪↩⟶⟵⟷⟹⟸⟺↠↞⇀↼⇁↽⇌⇋")


def _attached(*places: str) -> Callable[[ET.Element], Node]:
    """Return what sets scripts at `places` of the first child."""

    def convert(element: ET.Element) -> Node:
        base, *scripts = map(_node, element)
        return ["attach", base, _scripts(places, scripts)]

    return convert


def _scripts(places: Sequence[str], scripts: Sequence[Node]) -> dict[str, Node]:
    given = zip(places, scripts, strict=True)
    return {
        place: _small(script) if script[0] == "stack" else script
        for place, script in given
        if script != ["row", []]
    }


def _small(node: Node) -> Node:
    """Return a script; stacked lines in it have the size of any other script."""
    if node[0] == "stack":
        return ["stack", *map(_small, node[1:])]
    return ["style", "script", node]


def _limits(*places: str) -> Callable[[ET.Element], Node]:
    """Return what sets things above and below the first child: limits, accents or braces."""

    def convert(element: ET.Element) -> Node:
        base, *others = element
        if len(others) == 1:
            if others[0].tag == "mspace":
                return _node(base)  # it only widens an arrow
            if (decorated := _decorated(element.tag, base, others[0])) is not None:
                return decorated
            if places == ("b",) and (braced := _node(base))[0] == "brace":
                return [*braced, _node(others[0])]
            if places == ("t",) and (braced := _node(base))[0] == "brace":
                return [*braced, _node(others[0])]
        scripts = _scripts(places, list(map(_node, others)))
        if _text(base) in _ARROWS:
            return ["arrow", _text(base), scripts]
        return ["limits", _operator(_node(base)), scripts, _is_movable(base)]

    return convert


def _is_movable(base: ET.Element) -> bool:
    """Tell whether limits stand beside the sign within a line, as those of a sum do."""
    return _text(base) in _LARGE and base.get("movablelimits") != "false"


def _decorated(tag: str, base: ET.Element, mark: ET.Element) -> Node | None:
    """Return `base` with an accent, a line or a brace; None if `mark` is a limit."""
    sign = _text(mark)
    if mark.tag != "mo":
        return None
    if sign in _BRACES:
        return ["brace", _BRACES[sign], _node(base)]
    if sign in _LINES and (mark.get("stretchy") == "true" or tag == "munder"):
        return ["line", "overline" if tag == "mover" else "underline", _node(base)]
    if tag == "mover" and sign in _ACCENTS:
        return ["accent", _node(base), _ACCENTS[sign]]
    return None


def _fraction(element: ET.Element) -> Node:
    above, below = map(_node, element)
    if element.get("linethickness") in {"0", "0em", "0pt"}:
        return _styled(element, ["stack", above, below])
    return _styled(element, ["fraction", above, below])


def _root(element: ET.Element) -> Node:
    radicand, index = map(_node, element)
    return ["root", index, radicand]


def _square_root(element: ET.Element) -> Node:
    return ["root", None, _row(element)]


def _enclosed(element: ET.Element) -> Node:
    parts = [child for child in element if child.tag != "mrow" or len(child) or child.text]
    inner, notation = _joined(_nodes(parts)), element.get("notation", "")
    if "strike" in notation:
        return ["cancel", inner, notation]
    return ["boxed", inner]


def _hidden(element: ET.Element) -> Node:
    return ["hidden", _row(element)]


def _prescripts(element: ET.Element) -> Node:
    parts = list(element)
    turn = [child.tag for child in parts].index("mprescripts")
    base, *after = map(_node, parts[:turn])
    before = list(map(_node, parts[turn + 1 :]))
    scripts = {**_scripts(("br", "tr")[: len(after)], after[:2])}
    return ["attach", base, {**scripts, **_scripts(("bl", "tl")[: len(before)], before[:2])}]


# ── tables ───────────────────────────────────────────────────────────────────────────────────────

_ALIGNMENTS = {"left": "left", "right": "right"}


def _declared(element: ET.Element, name: str) -> str:
    for declaration in element.get("style", "").split(";"):
        key, _, value = declaration.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _is_spanning(table: ET.Element) -> bool:
    """Tell whether a table has an empty first column, and a last one for an equation's tag."""
    return _declared(table, "width") == "100%"


def _is_aligned(table: ET.Element) -> bool:
    """Tell whether a table is a derivation: its cells are aligned right and left in turn."""
    if table.get("displaystyle") != "true":
        return False
    wanted = ("right", "left") * 64
    return all(
        all(
            _declared(cell, "text-align") == side
            for cell, side in zip(_cells(table, row)[0], wanted, strict=False)
        )
        for row in table
    )


def _cells(table: ET.Element, row: ET.Element) -> tuple[list[ET.Element], ET.Element | None]:
    """Return the cells of a row, and the one with the equation's tag."""
    cells = list(row)
    if _is_spanning(table) and len(cells) >= 2:
        return cells[1:-1], cells[-1] if len(cells[-1]) else None
    return cells, None


def _aligned(row: ET.Element) -> list[Node]:
    """Return a line of a derivation, cell by cell; an equation's tag stands at its end."""
    cells = list(row)
    if cells and _declared(cells[0], "width"):
        cells = cells[1:-1] + ([cells[-1]] if len(cells[-1]) else [])
    pairs = [_row(cell) for cell in cells]
    return [cell if i == 0 or i % 2 else _joined([_GAP, cell]) for i, cell in enumerate(pairs)]


_GAP: Node = ["space", 1.6]  # between two equations of one line


def _table(element: ET.Element) -> Node:
    if _is_spanning(element) or _is_aligned(element):
        return ["derivation", [_aligned(row) for row in element]]
    rows = [list(row) for row in element]
    width = max((len(row) for row in rows), default=0)
    first = max(rows, key=len, default=[])
    cells = [[_row(cell) for cell in row] + [["row", []]] * (width - len(row)) for row in rows]
    return [
        "matrix",
        cells,
        [_ALIGNMENTS.get(_declared(cell, "text-align"), "center") for cell in first],
        [i + 1 for i, cell in enumerate(first[:-1]) if _declared(cell, "border-right")],
        [i for i, row in enumerate(rows) if i and row and _declared(row[0], "border-top")],
        element.get("displaystyle") == "true",
    ]


_CONVERTERS: dict[str, Callable[[ET.Element], Node]] = {
    "mrow": _row,
    "mstyle": _row,
    "mpadded": _row,
    "mtd": _row,
    "mi": _identifier,
    "mn": _number,
    "mo": _sign,
    "mtext": _words,
    "ms": _words,
    "mspace": _space,
    "msub": _attached("br"),
    "msup": _attached("tr"),
    "msubsup": _attached("br", "tr"),
    "munder": _limits("b"),
    "mover": _limits("t"),
    "munderover": _limits("b", "t"),
    "mmultiscripts": _prescripts,
    "mfrac": _fraction,
    "msqrt": _square_root,
    "mroot": _root,
    "mtable": _table,
    "menclose": _enclosed,
    "mphantom": _hidden,
}
