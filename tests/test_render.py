"""Bank and verdicts become an edition."""

from __future__ import annotations

import ast
from itertools import pairwise

import pytest
import reading
from hypothesis import given
from hypothesis import strategies as st

from builder.model import Line, Listing, Place, Prose, Run, Status, Verdict
from builder.render import evidence, printable, render

HERE = Place("note.md", 1, 1, 1, 1)
PYTHONISH = st.lists(
    st.sampled_from([
        "def f(a: int = 1):", "\n", "    ", "\t", " ", "'''", '"', "'", "# c", "x", "f'{", "}",
        "\\", "class A", "lambda", "@d", "(", ")", "[", "]", "é", "0x", "1_000", "async ", "λ",
        "💥", "%",
        "-> ", ":", ";", "!r", "\x0c", "return", "None", "\u2028",
    ]),
    max_size=30,
).map("".join)  # fmt: skip


def listing(source: str) -> Listing:
    """Return the answer of a code card with this source."""
    indented = source.replace("\n", "\n  ")
    note = f"  ~~~~~~~~~~python\n  # 1. Title\n  {indented}\n  ~~~~~~~~~~\n"
    answer = render(reading.bank(note), {}).decks[0].cards[0].answer
    assert isinstance(answer, Listing)
    return answer


def prose(answer: str) -> Prose:
    """Return the answer of a question card with this text."""
    lines = answer.replace("\n", "\n   ")
    view = render(reading.bank(f"```\nQ: a?\nA: {lines}\n```\n"), {}).decks[0].cards[0].answer
    assert isinstance(view, Prose)
    return view


def text(lines: tuple[Line, ...]) -> str:
    """Return what the runs say."""
    return "\n".join("".join(run.text for run in line) for line in lines)


# ── prose ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("Precision = TP/(TP+FP)", (Run("Precision", "term"), Run(" = TP/(TP+FP)"))),
        ("Mini-batch = a = b", (Run("Mini-batch", "term"), Run(" = a = b"))),
        ("no term", (Run("no term"),)),
        ("a == b", (Run("a == b"),)),
        ("a=b", (Run("a=b"),)),
        ("P(A|B) = P(B|A)", (Run("P(A|B) = P(B|A)"),)),
        ("if n is odd or even = x", (Run("if n is odd or even = x"),)),
        ("= b", (Run("= b"),)),
        ("w" * 49 + " = b", (Run("w" * 49 + " = b"),)),
    ],
)
def test_the_word_that_a_line_defines_is_a_term(line: str, runs: Line) -> None:
    """A short text before the first ` = ` of a line."""
    assert prose(line).lines == (runs,)


def test_a_term_may_be_indented_and_lines_may_be_empty() -> None:
    """The blanks are a run of their own, and an empty line has none."""
    assert prose("a\n\n  b = c").lines == (
        (Run("a"),), (), (Run("  "), Run("b", "term"), Run(" = c")),
    )  # fmt: skip


@given(st.text(alphabet="ab =\t<é", max_size=60).filter(str.strip).map(str.strip))
def test_runs_of_prose_give_the_line_back(line: str) -> None:
    """Whatever is a term, no sign is lost."""
    assert text(prose(line).lines) == line


# ── code ─────────────────────────────────────────────────────────────────────────────────────────


@given(st.one_of(PYTHONISH, st.text(max_size=60)).map(printable))
def test_runs_of_code_give_the_source_back(source: str) -> None:
    """Python or not, the listing is the code as it stands in the note."""
    note = f"~~~~~~~~~~python\n# 1. Title\n{source}\n~~~~~~~~~~\n"
    bank = reading.bank(note)
    for card, view in zip(bank.cards(), render(bank, {}).decks[0].cards, strict=True):
        assert isinstance(view.answer, Listing)
        assert text(view.answer.lines) == printable(card.answer.source)  # type: ignore[union-attr]


@given(PYTHONISH)
def test_neighbours_of_one_look_are_one_run(source: str) -> None:
    """No run is empty, and none has the role of the one before."""
    note = f"~~~~~~~~~~python\n# 1. Title\nx{source}\n~~~~~~~~~~\n"
    for view in render(reading.bank(note), {}).decks[0].cards:
        assert isinstance(view.answer, Listing)
        for line in view.answer.lines:
            assert all(run.text for run in line)
            roles = [run.role for run in line]
            assert all(one != other for one, other in pairwise(roles))


def test_roles() -> None:
    """Each kind of token has the role that its style is found by."""
    lines = listing("@d\nclass A:\n    x = not 1  # c\n    def f(): return len('s')").lines
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
    assert text(listing(source).signature) == signature


@given(PYTHONISH)
def test_a_signature_is_the_start_of_a_definition(source: str) -> None:
    """Whatever parses, its header with an empty body parses as well."""
    try:
        tree = ast.parse(f"def f(x={source}): pass")
    except (SyntaxError, ValueError):
        return
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.FunctionDef):
        found = text(listing(printable(f"def f(x={source}): pass")).signature)
        assert not found or ast.parse(f"{found} pass")


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────


def verdict(status: Status, domain: str = "", variant: str = "") -> Verdict:
    """Return a verdict on softmax."""
    return Verdict(status, "softmax", HERE, "softmax", variant=variant, domain=domain)


def test_evidence_says_what_was_verified() -> None:
    """Kernel, variant and domain, without counts or versions."""
    one = verdict(Status.MATCHES, "one vector")
    other = verdict(Status.MATCHES, "one vector", "mean")
    assert evidence([one]) == "verified: softmax, one vector"
    assert evidence([one, other]) == "verified: softmax, one vector; softmax, mean, one vector"
    assert evidence([verdict(Status.MATCHES)]) == "verified: softmax"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.MATCHES, Status.ALLOWED}))
def test_no_evidence_without_a_match_of_all(status: Status) -> None:
    """One function that is not verified silences the card."""
    assert evidence([verdict(Status.MATCHES), verdict(status)]) == ""
    assert evidence([]) == ""


def test_an_answer_that_was_let_pass_says_so() -> None:
    """Nobody is to think that it was verified."""
    let_pass = Verdict(Status.ALLOWED, "g", HERE, summary="why")
    assert evidence([let_pass]) == "not verified"
    assert evidence([verdict(Status.MATCHES), let_pass]) == "verified: softmax; not verified: g"


# ── decks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_is_tagged_by_its_note_and_its_section() -> None:
    """Sorted, and each once."""
    note = "---\ntags: [ml, a-b]\n---\n# D\n## A & B\n```\nQ: a?\nA: b\n```\n"
    view = render(reading.bank(note), {}).decks[0]
    assert (view.title, view.name) == ("D", "note-1")
    assert view.cards[0].tags == ("a-and-b", "a-b", "ml")
    assert view.cards[0].section == "A & B"


def test_no_card_holds_what_readers_take_for_different_line_ends() -> None:
    """They become newlines; control signs become a visible stand-in."""
    assert printable("a\r\nb\x0bc\x0cd\x85e\u2028f\tg\x1b[31m\x7f\x9b\ufffe") == (
        "a\nb\nc\nd\ne\nf\tg\ufffd[31m\ufffd\ufffd\ufffd"
    )


def test_the_users_bank_is_shown_as_it_stands() -> None:
    """Fifteen cards, five of them with a signature."""
    (deck,) = render(reading.bank(reading.BANK.read_text(encoding="utf-8")), {}).decks
    listings = [card.answer for card in deck.cards if isinstance(card.answer, Listing)]
    assert (len(deck.cards), len(listings)) == (15, 5)
    assert [text(one.signature) for one in listings] == [
        "def softmax(x):",
        "def cross_entropy(y_true, y_pred):",
        "def batchnorm_forward(x, gamma, beta, eps=1e-5):",
        "def dropout_forward(x, p, train=True):",
        "def conv2d(x, kernel, stride=1, pad=0):",
    ]
