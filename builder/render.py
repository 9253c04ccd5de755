"""Bank and verdicts become an edition: each card's content, ready for HTML and for paper.

The only importer of pygments. Colours are not decided here: a run carries the role of its text,
and each exporter has a style for each role.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from builder import syntax
from builder.model import (
    Bank,
    Card,
    CardView,
    Code,
    Deck,
    DeckView,
    Edition,
    Line,
    Listing,
    Prose,
    Run,
    Status,
    Verdict,
)
from builder.names import slug, stems

_ROLES: dict[_TokenType, str] = {
    Keyword: "k",
    Operator.Word: "k",
    Name.Function: "nf",
    Name.Class: "nf",
    Name.Builtin: "nb",
    Name.Exception: "nb",
    Name.Decorator: "nd",
    Number: "m",
    String: "s",
    Comment: "c",
}

# Characters that some readers take for a line end and others don't, and those that no card can
# hold: left alone, the deck, the sheet and the note would count lines differently.
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")

# "Precision = TP/(TP+FP)": the one to four words that a line of an answer defines.
_TERM = re.compile(r"(\s*)(?=.{1,48} = )(\w[\w'/.-]*(?: [\w'/.-]+){0,3})(?= = )")


def render(bank: Bank, verdicts: Mapping[str, Sequence[Verdict]]) -> Edition:
    """Return the edition of `bank`; `verdicts` are by card key, and a card may have none."""
    names = stems([deck.file for deck in bank.decks])
    return Edition(
        tuple(
            _deck_view(deck, name, verdicts) for deck, name in zip(bank.decks, names, strict=True)
        )
    )


def _deck_view(deck: Deck, name: str, verdicts: Mapping[str, Sequence[Verdict]]) -> DeckView:
    cards = (_card_view(card, deck.tags, verdicts.get(card.key, ())) for card in deck.cards)
    return DeckView(printable(deck.title), name, tuple(cards))


def _card_view(card: Card, tags: tuple[str, ...], verdicts: Sequence[Verdict]) -> CardView:
    return CardView(
        key=card.key,
        question=printable(card.question),
        answer=_listing(card.answer) if isinstance(card.answer, Code) else _prose(card.answer.text),
        section=printable(card.section),
        evidence=evidence(verdicts),
        tags=tuple(sorted({*tags, *([slug(card.section)] if card.section else [])})),
        place=card.place,
    )


def printable(text: str) -> str:
    """Return `text` with one kind of line end and without characters that no card can hold."""
    return _CONTROLS.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def evidence(verdicts: Sequence[Verdict]) -> str:
    """Return the quiet line of a code card: what was verified and what was not, without counts.

    Empty where nothing was run, or where a function failed.
    """
    right = [verdict for verdict in verdicts if verdict.status is Status.MATCHES]
    exempt = [verdict for verdict in verdicts if verdict.status is Status.ALLOWED]
    if not verdicts or len(right) + len(exempt) < len(verdicts):
        return ""
    said = (", ".join(filter(None, (one.kernel, one.variant, one.domain))) for one in right)
    parts = ["verified: " + "; ".join(said)] if right else []
    unsaid = ", ".join(one.function for one in exempt if one.function)
    parts += ["not verified" + (f": {unsaid}" if unsaid and right else "")] if exempt else []
    return "; ".join(parts)


# ── prose ────────────────────────────────────────────────────────────────────────────────────────


def _prose(text: str) -> Prose:
    return Prose(tuple(_defining(line) for line in printable(text).split("\n")))


def _defining(line: str) -> Line:
    found = _TERM.match(line)
    if not found:
        return (Run(line),) if line else ()
    indent, term = found.groups()
    runs = (Run(indent), Run(term, "term"), Run(line[found.end() :]))
    return tuple(run for run in runs if run.text)


# ── code ─────────────────────────────────────────────────────────────────────────────────────────


def _listing(code: Code) -> Listing:
    source = printable(code.source)
    signature = "\n".join(_signatures(source))
    return Listing(_highlight(source), _highlight(signature) if signature else ())


@cache
def _lexer() -> PythonLexer:
    return PythonLexer(stripnl=False, ensurenl=False)


def _highlight(source: str) -> tuple[Line, ...]:
    """Return the lines of `source` as runs: neighbours of one role are merged, blanks join in."""
    lines: list[Line] = []
    pieces = [(_role(token), text) for token, text in _lexer().get_tokens(source)]
    for line in _split(pieces):
        merged = groupby(_blanks_joined(line), key=itemgetter(0))
        lines.append(tuple(Run("".join(text for _, text in run), role) for role, run in merged))
    return tuple(lines)


def _split(pieces: Sequence[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    line: list[tuple[str, str]] = []
    for role, text in pieces:
        first, *rest = text.split("\n")
        line.append((role, first))
        for part in rest:
            yield line
            line = [(role, part)]
    yield line


def _blanks_joined(line: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Give a blank the role before it: a space has no colour, so it needs no run of its own."""
    before = ""
    for role, text in line:
        if text:
            before = before if text.isspace() else role
            yield before, text


@cache
def _role(token: _TokenType | None) -> str:
    while token:
        if token in _ROLES:
            return _ROLES[token]
        token = token.parent
    return ""


def _signatures(source: str) -> Iterator[str]:
    """Yield the header of each public top-level function and class, as it is written."""
    tree = syntax.tree(source)
    if not isinstance(tree, ast.Module):
        return
    lines = source.split("\n")
    for node in tree.body:
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            yield _header(lines[node.lineno - 1 : node.end_lineno])


def _header(lines: Sequence[str]) -> str:
    """Return the text of a definition up to the colon that ends its header."""
    depth = lambdas = 0
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        if token.string == "lambda" and depth == 0:
            lambdas += 1
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == ":" and depth == 0 and lambdas:
                lambdas -= 1
            elif token.string == ":" and depth == 0:
                row, column = token.end
                return "\n".join((*lines[: row - 1], lines[row - 1][:column]))
    return lines[0]
