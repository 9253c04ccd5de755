"""Formulas come out as MathML that is right and harmless, or not at all."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from subprocess import run
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.render.math import BadFormulaError, mathml

FORMULAS = Path(__file__).parents[1] / "data" / "formulas.md"
DISPLAYED = re.compile(r"^([^\n]+):\n\n\$\$\n(.*?)\n\$\$", re.MULTILINE | re.DOTALL)


def formulas() -> dict[str, str]:
    return dict(DISPLAYED.findall(FORMULAS.read_text(encoding="utf-8")))


def signs(element: str) -> str:
    """All that is shown of a formula, without what cannot be seen."""
    shown = "".join(ET.fromstring(element).itertext())
    return "".join(
        char for char in shown if char.isprintable() and char not in " \u2061\u2062\u2063"
    )


# ── what is set ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "tex"), formulas().items(), ids=list(formulas()))
def test_formulas_of_interviews_are_set(name: str, tex: str) -> None:
    """Each formula of the collection becomes one `<math>` element on display."""
    assert ET.fromstring(mathml(tex, display=True)).attrib == {"display": "block"}


def test_the_collection_is_worth_its_name() -> None:
    """The collection has at least sixty formulas."""
    assert len(formulas()) >= 60


def test_a_formula_within_a_line_is_not_on_display() -> None:
    assert mathml("x^2", display=False) == "<math><msup><mi>x</mi><mn>2</mn></msup></math>"


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\operatorname*{argmin}_\theta f", "argminθf"),
        (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "a=bc=d"),
        (r"\begin{split} a &= b \\ c &= d \end{split}", "a=bc=d"),
        (r"\text{if $x > 0$ or not}", "ifx>0ornot"),
        (r"\mbox{yes}", "yes"),
        (r"\sum_{\substack{a \\ b \\ c}} x", "∑abcx"),
        (r"a < b \& c", "a<b&c"),
    ],
)
def test_what_is_written_is_what_is_shown(tex: str, shown: str) -> None:
    assert signs(mathml(tex, display=True)) == shown


@pytest.mark.parametrize("environment", ["equation", "align", "gather", "multline"])
def test_equations_get_no_numbers(environment: str) -> None:
    r"""`align` is set as `align*`: a card has no second equation to tell this one from."""
    tex = rf"\begin{{{environment}}} x \end{{{environment}}}"
    assert signs(mathml(tex, display=True)) == "x"


def test_line_ends_of_every_kind_are_blanks() -> None:
    """A comment ends where its line ends, whichever sign ends it."""
    for line_end in ("\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"):
        assert signs(mathml(f"a % no{line_end}b", display=False)) == "ab"


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tex", "message", "offset"),
    [
        (r"a + \nonsense{b}", r'unknown command "\nonsense"', 4),
        (r"\frac{1}{", 'expected closing token "}", but reached end of input', 9),
        (r"😀é \nonsense", r'unknown command "\nonsense"', 3),
        ("a\r\n\\nonsense", r'unknown command "\nonsense"', 3),
        (r"\begin{align} a \\ \nonsense \end{align}", r'unknown command "\nonsense"', 19),
        (r"\text{if $x$} \nonsense", r'unknown command "\nonsense"', 14),
        (r"\substack{a \\ b} \nonsense", r'unknown command "\nonsense"', 18),
        ("  ", "the formula is empty", 0),
        ("x\0", r"'\x00' cannot stand in a formula", 1),
        ("x\ud800", r"'\ud800' cannot stand in a formula", 1),
        (r"x \def\a{\a\a}\a", "a formula cannot define commands", 2),
        ("x" * 5000, "the formula is longer than 4,000 characters", 4000),
        ("{" * 61 + "}" * 61, "braces are nested more than 60 deep", 60),
        (r"\hspace{1000em}", "a space of 1000em is too wide", 0),
    ],
)
def test_what_cannot_be_set_is_refused_where_it_stands(tex: str, message: str, offset: int) -> None:
    """The message is plain, and the offset counts characters of the formula as it was given."""
    with pytest.raises(BadFormulaError) as refused:
        mathml(tex, display=True)
    assert (str(refused.value), refused.value.offset) == (message, offset)


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:alert(1)}{x}",
        r"\url{https://example.org}",
        r"\htmlClass{a}{b}",
        r"\htmlData{onclick=alert(1)}{b}",
        r"\includegraphics{/etc/passwd}",
        r"\eqref{elsewhere}",
        r"\color{expression(alert(1))}x",
        r"\text{</math><script>alert(1)</script>}",
    ],
)
def test_nothing_gets_out_of_a_formula(tex: str) -> None:
    """No link, no script, no file: such a formula is refused, or its text is but text."""
    try:
        formula = ET.fromstring(mathml(tex, display=True))
    except BadFormulaError:
        return
    assert all(element.tag.startswith("m") for element in formula.iter())


def test_a_label_leaves_no_identifier() -> None:
    """Two cards on one page could not both have it."""
    tex = r"\begin{align} x \label{body} \end{align}"
    assert "body" not in mathml(tex, display=True)


@pytest.mark.parametrize(
    "tex",
    [
        "x" + "'" * 3998,
        r"\sqrt " * 660 + "x",
        r"\left(" * 300 + "x" + r"\right)" * 300,
        r"\substack{" + r"\\" * 1990 + "}",
        "$" * 3900,
        r"\text{" + "$" * 3900 + "}",
    ],
)
def test_no_formula_is_deep_or_long_enough_to_hurt(tex: str) -> None:
    """Whatever is nested deeper than anybody writes is refused, or set in no time."""
    try:
        assert len(mathml(tex, display=True)) < 300_000
    except BadFormulaError as refused:
        assert 0 <= refused.offset <= len(tex)  # noqa: PT017 - both ends are fine


PIECES = st.sampled_from(
    [
        r"\frac",
        r"\left",
        r"\right",
        r"(",
        r")",
        r"[",
        r"]",
        r"{",
        r"}",
        r"_",
        r"^",
        r"x",
        r"1",
        r"\text",
        r"\mathbf",
        r"\sqrt",
        r"\hat",
        r"\begin{align}",
        r"\end{align}",
        r"&",
        r"\\",
        r"\limits",
        r"\sum",
        r"\operatorname",
        r"*",
        r"|",
        r".",
        r"'",
        r"%",
        r"$",
        r"#",
        r"~",
        r"\,",
        r"\overset",
        r"\underbrace",
        r"\label",
        r"\color",
        r"red",
        r"\not",
        r"\over",
        r"\atop",
        r"\substack",
        r"\begin{cases}",
        r"\end{cases}",
        r"é",
        r"日",
        r"😀",
        r"\ldots",
        r"\hspace",
        r"{1em}",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=14).map(" ".join))
def test_every_text_is_set_or_refused(tex: str) -> None:
    """Nothing else is ever raised, and the position is within the text."""
    try:
        ET.fromstring(mathml(tex, display=True))
    except BadFormulaError as refused:
        assert 0 <= refused.offset <= len(tex)  # noqa: PT017 - both ends are fine


def test_nothing_is_loaded_before_the_first_formula() -> None:
    """A bank without formulas does not wait for the converter."""
    code = "import sys, builder.render.math; sys.exit('math_core' in sys.modules)"
    assert run([sys.executable, "-c", code], check=False).returncode == 0
