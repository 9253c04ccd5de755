"""The programs that are one plausible mistake away from an answer, to see which of them are caught.

Annotations, docstrings, decorators and imports stay as they are: they compute nothing. So does what
refuses an input, `assert …` and `if …: raise …`: no kernel asks what may be refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from builder import syntax
from builder.audited import DELETED, Mutant
from builder.verify import mistakes

MOST = 120
"""How many mutants of one answer are tried; of more, this many are taken evenly."""

_MOST_SIGNS = 4_000_000
_T = TypeVar("_T")


def mutants(source: str) -> Sequence[Mutant]:
    """Return programs one mistake away from `source`, each once, in its order: at most `MOST`."""
    return evenly(every(source), MOST)


def every(source: str) -> Sequence[Mutant]:
    """Return every program that is one mistake away from `source`, each once, in its order.

    Of a very long answer it is only as many as can be written down in a few seconds.
    """
    tree = syntax.tree(source)
    if isinstance(tree, syntax.Fault):
        return ()
    lines, found = source.replace("\r", "\n").split("\n"), dict[str, Mutant]()
    try:
        original = ast.dump(tree)
        changes = [
            (spot, other)
            for spot in sorted(_spots(tree), key=_Spot.position)
            for other in (*mistakes.changes(spot.node, spot.local), *spot.others())
            if not mistakes.is_none(spot.parent, spot.node, other)
        ]
        for spot, other in evenly(changes, max(MOST, _MOST_SIGNS // (len(source) + 1))):
            mutant = _mutant(tree, spot, other, lines)
            if mutant.source not in found and _is_another(mutant.source, original):
                found[mutant.source] = mutant
    except RecursionError:
        pass  # nested deeper than Python writes it down again: what was found has to do
    return tuple(found.values())


def evenly(items: Sequence[_T], most: int) -> Sequence[_T]:
    """Return all of `items`, or `most` of them with equal gaps."""
    if len(items) <= most:
        return items
    return tuple(items[at * len(items) // most] for at in range(most))


def _is_another(text: str, original: str) -> bool:
    made = syntax.tree(text)
    return isinstance(made, ast.Module) and ast.dump(made) != original


# ── the places of a program ──────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Line:
    """A statement without what is indented below it: the names it uses, and those it gives."""

    node: ast.AST
    number: int
    used: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Scope:
    """A function: the names that it gives, each with its kind and the line from where it holds."""

    given: dict[str, tuple[str, int]] = field(default_factory=dict)

    def give(self, name: str, kind: str, line: int) -> None:
        """Note that `name` holds after `line`; what it was first counts."""
        self.given.setdefault(name, (kind, line))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node that may be exchanged: in which field of its parent it stands, and on which line."""

    node: ast.AST
    parent: ast.AST
    name: str
    index: int | None
    line: _Line
    lines: list[_Line]
    scope: _Scope

    def position(self) -> tuple[int, int]:
        """Return where the node stands, for sorting."""
        return getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0)

    @property
    def local(self) -> Sequence[str]:
        """The names that the function gives."""
        return tuple(self.scope.given)

    def put(self, node: ast.AST) -> None:
        """Let `node` stand here."""
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.index] = node

    def others(self) -> Iterator[ast.AST]:
        """Yield names of the same function that are in use nearby and could be meant."""
        match self.node:
            case ast.Name(name, ast.Load()) if name in self.scope.given and self.name != "func":
                yield from (ast.Name(other, ast.Load()) for other in self._nearby(name))

    def _nearby(self, name: str) -> Sequence[str]:
        """Return at most three names: two in use nearby, and what `name` was made from.

        Those of the same kind as `name` come first, then the nearest.
        """
        kind, made = self.scope.given[name]
        ranks: dict[str, tuple[bool, int]] = {}
        at = self.line.number
        for line in self.lines[max(at - 1, 0) : at + 2]:
            for other in self._known(line, name):
                rank = self.scope.given[other][0] != kind, abs(line.number - at)
                ranks[other] = min(rank, ranks.get(other, rank))
        names = sorted(ranks, key=ranks.__getitem__)[:2]
        if kind in ("local", _PACK):
            names += self._known(self.lines[made], name)[:1]
        return tuple(dict.fromkeys(names))

    def _known(self, line: _Line, name: str) -> Sequence[str]:
        """Return the names of `line` that could stand here, but for `name`."""
        given, at = self.scope.given, self.line.number
        return [
            other
            for other in line.used
            if other != name and other in given and given[other][1] < at
        ]


_PACK = "pack"
_UNSEEN = frozenset(("annotation", "returns", "decorator_list", "type_params", "bases"))
_CLOSED = (
    ast.Raise, ast.Assert, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.JoinedStr,
    ast.pattern,
)  # fmt: skip
_LINES = (ast.stmt, ast.ExceptHandler, ast.match_case)
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
_PARTS = (ast.expr, ast.stmt, ast.arguments, ast.comprehension, ast.keyword, ast.withitem)


def _spots(tree: ast.Module) -> Sequence[_Spot]:
    found: list[_Spot] = []
    lines: list[_Line] = []
    for index, node in enumerate(tree.body):
        if not isinstance(node, ast.If):  # `if __name__ == …`
            line = _Line(node, 0)
            _visit(_Spot(node, tree, "body", index, line, lines, _Scope()), found)
    return found


def _visit(spot: _Spot, found: list[_Spot]) -> None:
    """Add `spot`, and all below it, to `found`."""
    node, lines = spot.node, spot.lines
    if isinstance(node, _CLOSED) or _is_docstring(node) or _refuses(node):
        return
    if isinstance(node, _LINES):
        spot = replace(spot, line=_Line(node, len(lines)))
        lines.append(spot.line)
    found.append(spot)
    scope = _inner(node, spot.line, spot.scope)
    for name, value in ast.iter_fields(node):
        if name not in _UNSEEN:
            for index, child in _numbered(value):
                if isinstance(child, (*_PARTS, *_LINES)):
                    _visit(_Spot(child, node, name, index, spot.line, lines, scope), found)


def _inner(node: ast.AST, line: _Line, scope: _Scope) -> _Scope:
    """Note the names of `node` in its line and in `scope`; return the scope of what is below it."""
    _give(node, line, scope)
    if isinstance(node, ast.Name):
        line.used.append(node.id)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return scope
    scope = _Scope(dict(scope.given))
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            scope.give(argument.arg, "parameter", line.number - 1)
            line.used.append(argument.arg)
    return scope


def _numbered(value: object) -> Iterator[tuple[int | None, object]]:
    if isinstance(value, list):
        yield from enumerate(value)
    else:
        yield None, value


def _give(node: ast.AST, line: _Line, scope: _Scope) -> None:
    """Note in `scope` what `node` gives a name to; what loops and packs give is of its own kind."""
    match node:
        case ast.For(target=target) | ast.AsyncFor(target=target):
            kind, first = "loop", line.number
        case ast.comprehension(target):
            kind, first = f"comprehension {line.number}", line.number - 1
        case ast.Assign(targets=[ast.Tuple() as target]):
            kind, first = _PACK, line.number
        case ast.Name(ctx=ast.Store()):
            target, kind, first = node, "local", line.number
        case _:
            return
    for part in ast.walk(target):
        if isinstance(part, ast.Name):
            scope.give(part.id, kind, first)


def _refuses(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and not node.orelse
        and all(isinstance(part, ast.Raise) for part in node.body)
    )


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# ── one mutant ───────────────────────────────────────────────────────────────────────────────────


def _mutant(tree: ast.Module, spot: _Spot, other: ast.AST, lines: Sequence[str]) -> Mutant:
    """Return `tree` with `other` at `spot`; the tree is afterwards what it was."""
    before = _header(spot.line.node)
    spot.put(other)
    try:
        source = ast.unparse(tree)
        whole = spot.line.node is spot.node
        after = f"{DELETED}{before}" if isinstance(other, ast.Pass) else _header(
            other if whole else spot.line.node)  # fmt: skip
    finally:
        spot.put(spot.node)
    node = spot.node
    line, end_line = getattr(node, "lineno", 1), getattr(node, "end_lineno", 1)
    return Mutant(
        source,
        line,
        _column(lines, line, getattr(node, "col_offset", 0)),
        end_line,
        _column(lines, end_line, getattr(node, "end_col_offset", 0)),
        before,
        after,
    )


def _header(node: ast.AST) -> str:
    """Return a statement as one line, without its body and without what stands above it."""
    fields: dict[str, object] = dict(ast.iter_fields(node))
    bare: dict[str, object] = {
        name: [] for name in (*_BODIES, "decorator_list") if isinstance(fields.get(name), list)
    }
    text = ast.unparse(type(node)(**{**fields, **bare, "lineno": 0}))
    return " ".join(text.split("\n")).strip()


def _column(lines: Sequence[str], line: int, offset: int) -> int:
    """Return a column in characters; Python counts bytes of UTF-8."""
    return len(lines[line - 1].encode()[:offset].decode(errors="ignore")) + 1
