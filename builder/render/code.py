"""Code becomes coloured lines: the only importer of pygments.

Colours are not decided here: a run carries the role of its text, and each exporter has a style for
each role.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType
from pygments.util import ClassNotFound

from builder import syntax
from builder.edition import Line, Run

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


LONGEST = 10_000
"""Characters of code that are coloured."""


def highlight(source: str, language: str = "python") -> tuple[Line, ...]:
    """Return the lines of `source` as runs: neighbours of one role are merged, blanks join in.

    A `language` that nobody knows has no colours, and neither has code that is very long: lexers
    may take quadratic time.
    """
    lexer = _lexer(language) if len(source) <= LONGEST else None
    pieces = [(_role(token), text) for token, text in lexer.get_tokens(source)] if lexer else []
    if "".join(text for _, text in pieces) != source:
        pieces = [("", source)]  # nobody knows the language, or its lexer loses signs
    lines: list[Line] = []
    for line in _split(pieces):
        merged = groupby(_blanks_joined(line), key=itemgetter(0))
        lines.append(tuple(Run("".join(text for _, text in run), role) for role, run in merged))
    return tuple(lines)


def language(word: str) -> str:
    """Return Pygments' name of the language that `word` stands for, "" where nobody knows it."""
    lexer = _lexer(word)
    return lexer.aliases[0] if lexer else ""


@cache
def _lexer(language: str) -> Lexer | None:
    if language in {"python", "python3", "py"}:
        return PythonLexer(stripnl=False, ensurenl=False)
    try:
        return find_lexer_class_by_name(language)(stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


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


def signatures(source: str) -> Iterator[str]:
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
