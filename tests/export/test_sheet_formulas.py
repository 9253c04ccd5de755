"""MathML becomes a tree of the typesetter's functions, and every formula is set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import written
from sheets import lines, outside, squeezed
from views import edition_of, paragraph, question

from builder.export import pdf
from builder.export.pdf.formulas import UnsettableError, tree
from builder.render.math import mathml

FORMULAS = Path(__file__).parents[1] / "data" / "formulas.md"
DISPLAYED = re.compile(r"^([^\n]+):\n\n\$\$\n(.*?)\n\$\$", re.MULTILINE | re.DOTALL)
COLLECTION = dict(DISPLAYED.findall(FORMULAS.read_text(encoding="utf-8")))

X = ["sign", "x"]
Y = ["sign", "y"]


def parsed(tex: str) -> Any:
    return tree(mathml(tex, display=True))


@pytest.mark.parametrize(
    ("tex", "node"),
    [
        ("x", X),
        ("12", ["number", "12"]),
        (r"\mathrm{d}", ["upright", "d"]),
        (r"\operatorname{sim}(x)", ["row", [["operator", "sim"], ["sign", "("], X, ["sign", ")"]]]),
        (r"\mathrm{TP}", ["name", "TP"]),
        (r"\text{if }", ["text", "", "if "]),
        (r"\text{if $x$}", ["row", [["text", "", "if "], X]]),
        ("x_y", ["attach", X, {"br": Y}]),
        ("x^y_x", ["attach", X, {"br": X, "tr": Y}]),
        ("x''", ["attach", X, {"tr": ["primes", 2]}]),
        (r"\sum_x^y", ["limits", ["sign", "∑"], {"b": X, "t": Y}, True]),
        (r"\operatorname*{argmin}_x", ["limits", ["operator", "argmin"], {"b": X}, False]),
        (r"\max_x", ["limits", ["operator", "max"], {"b": X}, False]),
        (r"\frac x y", ["fraction", X, Y]),
        (r"\dfrac x y", ["style", "display", ["fraction", X, Y]]),
        (r"\binom x y", ["fenced", ["sign", "("], ["stack", X, Y], ["sign", ")"]]),
        (r"\sqrt x", ["root", None, X]),
        (r"\sqrt[y]x", ["root", Y, X]),
        (r"\hat x", ["accent", X, "\u0302"]),
        (r"\vec x", ["accent", X, "\u20d7"]),
        (r"\overline{x}", ["line", "overline", X]),
        (r"\underline{x}", ["line", "underline", X]),
        (r"\underbrace{x}_{y}", ["brace", "underbrace", X, Y]),
        (r"\overbrace{x}", ["brace", "overbrace", X]),
        (r"\left( x \right)", ["fenced", ["sign", "("], X, ["sign", ")"]]),
        (r"\left. x \right|_y", ["attach", ["fenced", ["sign", ""], X, ["sign", "|"]], {"br": Y}]),
        (r"\left\{ x \middle| y \right\}",
         ["fenced", ["sign", "{"], ["row", [X, ["middle", "|"], Y]], ["sign", "}"]]),
        (r"\left( x / y \right)",
         ["fenced", ["sign", "("], ["row", [X, ["sign", "/"], Y]], ["sign", ")"]]),
        (r"x \ldots y", ["row", [X, ["sign", "…"], Y]]),
        (r"\quad", ["space", 1.0]),
        (r"\cancel{x}", ["cancel", X, "updiagonalstrike"]),
        (r"\boxed{x}", ["boxed", X]),
        (r"\xrightarrow{x}", ["row", [["space", 0.2778], ["arrow", "→", {"t": ["row", [
            ["space", 0.4286], X, ["space", 0.4286]]]}], ["space", 0.2778]]]),
        (r"\begin{aligned} x &= y \\ y &= x \end{aligned}",
         ["lines", [[X, ["row", [["sign", "="], Y]]], [Y, ["row", [["sign", "="], X]]]]]),
        (r"\begin{bmatrix} x & y \end{bmatrix}", ["fenced", ["sign", "["], [
            "matrix", [[X, Y]], ["center", "center"], [], [], False], ["sign", "]"]]),
        (r"\begin{array}{l|r} x & y \\ \hline y \end{array}",
         ["matrix", [[X, Y], [Y, ["row", []]]], ["left", "right"], [1], [1], False]),
    ],
)  # fmt: skip
def test_each_construct_has_its_node(tex: str, node: Any) -> None:
    assert parsed(tex) == node


@pytest.mark.parametrize("name", COLLECTION)
def test_formulas_of_interviews_are_trees(name: str) -> None:
    """Each one, on display and within a line."""
    for display in (True, False):
        assert tree(mathml(COLLECTION[name], display=display))


def test_formulas_of_interviews_are_set() -> None:
    """All on one sheet, on display and within a line; nothing is left as TeX or stands outside."""
    cards = [
        question(name, (written.shown(tex), paragraph("so ", written.math(tex), ".")))
        for name, tex in COLLECTION.items()
    ]
    (artefact,), found = pdf.export(edition_of(*cards).decks[0])
    assert found == ()
    assert outside(artefact.content) == []
    assert "\\" not in "".join(lines(artefact.content))


@pytest.mark.parametrize("said", ["softmax", "argmin", "reconstruction", "otherwise", "MultiHead"])
def test_names_in_formulas_can_be_copied(said: str) -> None:
    chosen = [tex for tex in COLLECTION.values() if said in tex]
    card = question("Q?", tuple(map(written.shown, chosen)))
    (artefact,), _ = pdf.export(edition_of(card).decks[0])
    assert squeezed("".join(lines(artefact.content))).count(said) >= len(chosen)


@pytest.mark.parametrize(
    ("element", "why"),
    [
        ("<math><maction/></math>", "has a part called 'maction'"),
        ("<math", "is not well-formed"),
        ("<p/>", "is none"),
        ("<math>" + "<msqrt>" * 40 + "</msqrt>" * 40 + "</math>", "is nested too deep"),
    ],
)
def test_what_cannot_be_set_is_told(element: str, why: str) -> None:
    with pytest.raises(UnsettableError, match=re.escape(why)):
        tree(element)
