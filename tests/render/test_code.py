"""Code becomes coloured lines."""

from __future__ import annotations

import ast
from itertools import pairwise

import pytest
import reading
from hypothesis import given, settings
from hypothesis import strategies as st
from outline import text

from builder.edition import CardView, Listing, Run
from builder.render import render
from builder.render.code import highlight, language
from builder.render.literal import printable

laws = settings(deadline=None)  # the first example loads a lexer
PYTHONISH = st.lists(
    st.sampled_from([
        "def f(a: int = 1):", "\n", "    ", "\t", " ", "'''", '"', "'", "# c", "x", "f'{", "}",
        "\\", "class A", "lambda", "@d", "(", ")", "[", "]", "é", "0x", "1_000", "async ", "λ",
        "💥", "%",
        "-> ", ":", ";", "!r", "\x0c", "return", "None", "\u2028",
    ]),
    max_size=30,
).map("".join)  # fmt: skip


def card(source: str) -> CardView:
    """Return a code card with this source."""
    indented = source.replace("\n", "\n  ")
    note = f"  ~~~~~~~~~~python\n  # 1. Title\n  {indented}\n  ~~~~~~~~~~\n"
    return next(render(reading.bank(note), {}).cards())


def listed(view: CardView) -> Listing:
    """Return the answer of a code card."""
    (block,) = view.answer
    assert isinstance(block, Listing)
    return block


@laws
@given(st.one_of(PYTHONISH, st.text(max_size=60)).map(printable))
def test_runs_of_code_give_the_source_back(source: str) -> None:
    """Python or not, the listing is the code as it stands in the note."""
    note = f"~~~~~~~~~~python\n# 1. Title\n{source}\n~~~~~~~~~~\n"
    bank = reading.bank(note)
    for card, view in zip(bank.cards(), render(bank, {}).cards(), strict=True):
        assert listed(view).source == printable(card.answered)


@laws
@given(PYTHONISH)
def test_neighbours_of_one_look_are_one_run(source: str) -> None:
    """No run is empty, and none has the role of the one before."""
    note = f"~~~~~~~~~~python\n# 1. Title\nx{source}\n~~~~~~~~~~\n"
    for view in render(reading.bank(note), {}).cards():
        for line in listed(view).lines:
            assert all(run.text for run in line)
            roles = [run.role for run in line]
            assert all(one != other for one, other in pairwise(roles))


def test_roles() -> None:
    """Each kind of token has the role that its style is found by."""
    lines = listed(card("@d\nclass A:\n    x = not 1  # c\n    def f(): return len('s')")).lines
    assert lines[0] == (Run("@d", "nd"),)
    assert lines[1] == (Run("class ", "k"), Run("A", "nf"), Run(":"))
    assert [run.role for run in lines[2]] == ["", "k", "m", "c"]
    assert {run.role for run in lines[3]} == {"", "k", "nf", "nb", "s"}


@pytest.mark.parametrize(
    ("source", "signature"),
    [
        ("def f(x):\n    return x", "def f(x):"),
        ("def f(x): return x", "def f(x):"),
        ("x = 1\n\ndef f(\n    x: dict[str, int],\n    *, y={1: 2},\n) -> int:\n    return x",
         "def f(\n    x: dict[str, int],\n    *, y={1: 2},\n) -> int:"),
        ("def f(x=lambda y: y): return x", "def f(x=lambda y: y):"),
        ("def f(x) -> lambda: 1: return x", "def f(x) -> lambda: 1:"),
        ('def f(x=":", y="#"):  # a: b\n    pass', 'def f(x=":", y="#"):'),
        ("def f(x=a[1:2]): pass", "def f(x=a[1:2]):"),
        ("def f(x,  # a: comment\n      y): pass", "def f(x,  # a: comment\n      y):"),
        ("@cache\ndef f(x):\n    return x", "def f(x):"),
        ("async def f(x): pass", "async def f(x):"),
        ("class A(B, metaclass=C):\n    def f(self): pass", "class A(B, metaclass=C):"),
        ("class A: x = 1", "class A:"),
        ("def f(): pass\ndef _g(): pass\ndef h(): pass", "def f():\ndef h():"),
        ("def f(a, \\\n      b): pass", "def f(a, \\\n      b):"),
        ("x = 1", ""),
        ("def f(:", ""),
    ],
)  # fmt: skip
def test_signatures(source: str, signature: str) -> None:
    """The header of each public function and class, as it is written."""
    assert text(card(source).signature) == signature


@laws
@given(PYTHONISH)
def test_a_signature_is_the_start_of_a_definition(source: str) -> None:
    """Whatever parses, its header with an empty body parses as well."""
    try:
        tree = ast.parse(f"def f(x={source}): pass")
    except (SyntaxError, ValueError):
        return
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef):
        found = text(card(printable(f"def f(x={source}): pass")).signature)
        assert not found or ast.parse(f"{found} pass")


# ── other languages ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("word", "name"),
    [("py", "python"), ("c++", "cpp"), ("sh", "bash"), ("nobody-knows", ""), ("", "")],
)
def test_a_language_goes_by_one_name(word: str, name: str) -> None:
    """Whatever its author calls it."""
    assert language(word) == name


@pytest.mark.parametrize(
    "word", ["c", "js", "rust", "sql", "json", "html", "diff", "pycon", "", "x"]
)
@laws
@given(source=st.text(max_size=60).map(printable))
def test_runs_of_any_language_give_the_source_back(word: str, source: str) -> None:
    """No lexer may lose a sign."""
    assert text(highlight(source, word)) == source
