"""What an answer defines: the functions to ask, read from its syntax tree before anything runs."""

from __future__ import annotations

import ast
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from builder.kernels import Shelf
from builder.model import Code, Place


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that an answer gives to a function, or to something else that could be called.

    `arguments` is None where they cannot be read: for a class.
    """

    name: str
    node: ast.stmt
    arguments: ast.arguments | None


def asked(tree: ast.Module, shelf: Shelf) -> Sequence[Definition]:
    """Return what is to be judged, in order; of two definitions of one name, the last.

    Helpers, which another statement of the answer names, are judged through that one; a function
    whose name a kernel of `shelf` knows is never a helper.
    """
    last = {definition.name: definition for definition in _definitions(tree)}
    loaded = _loaded(tree)
    return [
        one
        for one in last.values()
        if shelf.find(one.name) or not loaded[one.name] - {id(one.node)}
    ]


def _definitions(tree: ast.Module) -> Iterator[Definition]:
    known: dict[str, Definition] = {}
    for node in tree.body:
        if definition := _definition(node, known):
            known[definition.name] = definition
            yield definition


def _definition(node: ast.stmt, known: dict[str, Definition]) -> Definition | None:
    match node:
        case ast.FunctionDef(name=name, args=arguments):
            return Definition(name, node, arguments)
        case ast.AsyncFunctionDef(name=name, args=arguments):
            return Definition(name, node, arguments)
        case ast.ClassDef(name=name):
            return Definition(name, node, None)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return _assigned(name, node, value, known)
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return _assigned(name, node, value, known)
    return None


def _assigned(
    name: str, node: ast.stmt, value: ast.expr | None, known: dict[str, Definition]
) -> Definition | None:
    """Return the definition that `name = lambda …` or `name = other_name` is, if it is one."""
    match value:
        case ast.Lambda(args=arguments):
            return Definition(name, node, arguments)
        case ast.Name(id=other) if other in known:
            return Definition(name, node, known[other].arguments)
    return None


def _loaded(tree: ast.Module) -> Mapping[str, set[int]]:
    """Return which statements read each name, by their ids."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for node in tree.body:
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
                found[part.id].add(id(node))
    return found


def place(code: Code, definition: Definition) -> Place:
    """Return where the name stands in the note, or the statement's start if it cannot be found."""
    node = definition.node
    text = code.source.split("\n")[node.lineno - 1]
    start = len(text.encode()[: node.col_offset].decode())  # `col_offset` counts bytes of UTF-8
    start += _keyword(text[start:])
    line, column = code.place.line + node.lineno - 1, code.place.column + start
    return Place(code.place.file, line, column, line, column + _width(text[start:], definition))


def _keyword(statement: str) -> int:
    """Return how many characters `async def ` and its like take at the start of `statement`."""
    rest = statement
    while rest.split(maxsplit=1)[:1] in (["async"], ["def"], ["class"]):
        rest = rest.lstrip()[len(rest.split(maxsplit=1)[0]) :].lstrip()
    return len(statement) - len(rest)


def _width(text: str, definition: Definition) -> int:
    """Return the width of the name at the start of `text`; Python reads names in NFKC."""
    widths = range(1, len(text) + 1)
    fits = (n for n in widths if unicodedata.normalize("NFKC", text[:n]) == definition.name)
    return next(fits, 1)
