"""Looks an answer over before it runs: what it is made of must be what a reader sees.

The jail is what holds an answer; the gate is there so that a refusal can point at a column and say
what is allowed, and so that the code on the card is the code that ran. At most 64 KB pass, made of

    imports          of `ALLOWED` modules, anywhere
    definitions      functions, classes and lambdas, each name once
    constants        assignments of literals, names, and what `np`, `math` or `float` make of them
    texts            a docstring; and a block `if __name__ == "__main__":`, which never runs

with no invisible character anywhere, and no name that only looks like another one.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

ALLOWED = (
    "__future__", "abc", "bisect", "cmath", "collections", "copy", "dataclasses", "decimal", "enum",
    "fractions", "functools", "heapq", "itertools", "math", "numbers", "numpy", "operator",
    "random", "re", "statistics", "string", "typing",
)  # fmt: skip
"""The modules that an answer may import: they compute, and reach nothing outside."""

LARGEST = 64 * 1024
"""How many bytes of UTF-8 an answer may take."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an answer is not run: a place in its source, what stands there, and what may."""

    line: int
    column: int
    width: int
    message: str
    hint: str


def refusal(source: str, tree: ast.Module) -> Refusal | None:
    """Return the first thing in `source`, whose syntax tree is `tree`, that must not run."""
    found = [*_characters(source), *_names(source), *_statements(source, tree), *_imports(tree)]
    if size := too_large(source):
        found.append(size)
    return min(found, key=lambda one: (one.line, one.column), default=None)


def too_large(source: str) -> Refusal | None:
    """Return why `source` is more than anybody looks at, None if it isn't."""
    size = len(source.encode("utf-8", "surrogatepass"))
    if size <= LARGEST:
        return None
    message = f"this answer takes {size} bytes, and at most {LARGEST} are run"
    return Refusal(1, 1, 1, message, "split it into several answers")


# ── what the eye cannot see ──────────────────────────────────────────────────────────────────────


def _characters(source: str) -> Iterator[Refusal]:
    for number, line in enumerate(source.split("\n"), 1):
        if line.isprintable() and line.isascii():
            continue
        for column, sign in enumerate(line, 1):
            if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and sign != "\t":
                name = unicodedata.name(sign, "a control character").lower()
                message = f"an invisible character, U+{ord(sign):04X} ({name})"
                yield Refusal(
                    number, column, 1, message, "delete it: what runs must be what is seen"
                )


_WORD = re.compile(r"[^\W\d_]+")
_MICRO = "\N{MICRO SIGN}"  # what keyboards type for μ
# Greek letters that look like Latin ones. Alone they are variables like any other (ν, Τ).
_DOUBLES = frozenset("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧικνορυχϲϳ")


def _names(source: str) -> Iterator[Refusal]:
    """Refuse names that Python reads as another name, or a person does."""
    if source.isascii():
        return
    hint = "write it in plain letters; Greek ones are fine by themselves"
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and not token.string.isascii():
            line, column = token.start
            for word in _WORD.findall(token.string):
                if why := _deceptive(word):
                    yield Refusal(line, column + 1, len(token.string), why, hint)


def _deceptive(word: str) -> str:
    """Return why `word` is not what it looks like, empty if it is."""
    foreign = [sign for sign in word if not sign.isascii()]
    if any(_script(sign) == "math" for sign in foreign):
        return f"`{word}` is not spelled with the letters that it shows"
    latin = any(_script(sign) == "latin" for sign in word)
    if latin and any(sign in _DOUBLES or _script(sign) == "other" for sign in foreign):
        return f"`{word}` mixes letters that look alike"
    return ""


def _script(sign: str) -> str:
    """Return "latin", "greek" or "cjk", "math" for what Python reads as other letters, "other"."""
    if sign == _MICRO:
        return "greek"
    if unicodedata.normalize("NFKC", sign) != sign:
        return "math"
    script = unicodedata.name(sign, "").partition(" ")[0].lower()
    return script if script in ("latin", "greek", "cjk") else "other"


# ── what it is made of ───────────────────────────────────────────────────────────────────────────


def _statements(source: str, tree: ast.Module) -> Iterator[Refusal]:
    """Refuse what does something when the answer is defined, and names that are given twice."""
    seen: set[str] = set()
    for node in tree.body:
        if not _is_definition(node):
            yield _at(
                source,
                node,
                _DOING,
                "keep imports, functions, classes and constants; compute the rest in a function",
            )
        name = getattr(node, "name", None)
        if name in seen:
            yield _at(source, node, f"`{name}` is defined twice", "keep the one that is the answer")
        if name:
            seen.add(name)


_DOING = "this statement would run when the answer is defined"


def _is_definition(node: ast.stmt) -> bool:
    match node:
        case (
            ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import()
            | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant())
        ):  # fmt: skip
            return True
        case ast.Assign(targets=targets, value=value):
            return all(map(_is_own_name, targets)) and _is_constant(value)
        case ast.AnnAssign(target=target, value=value) if _is_own_name(target):
            return value is None or _is_constant(value)
        case ast.If(test=test, orelse=[]):
            # Nobody runs an answer as a script, so this block never does anything.
            return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")
    return type(node).__name__ == "TypeAlias"


def _is_own_name(target: ast.expr) -> bool:
    """Tell whether `target` is a name, and none that Python itself gives a meaning to."""
    return isinstance(target, ast.Name) and not target.id.startswith("__")


_PLAIN = (
    ast.Constant, ast.Name, ast.Attribute, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.UnaryOp,
    ast.BinOp, ast.Subscript, ast.Slice, ast.keyword, ast.operator, ast.unaryop, ast.expr_context,
)  # fmt: skip
_MAKERS = frozenset(
    ("np", "numpy", "math", "bool", "complex", "dict", "float", "frozenset", "int", "list", "range",
     "set", "slice", "str", "tuple")
)  # fmt: skip


def _is_constant(value: ast.expr) -> bool:
    """Tell whether `value` is a lambda, or made of literals, names and calls of `_MAKERS`."""
    if isinstance(value, ast.Lambda):
        return True
    return all(isinstance(part, _PLAIN) or _makes_constant(part) for part in ast.walk(value))


def _makes_constant(part: ast.AST) -> bool:
    function = part.func if isinstance(part, ast.Call) else None
    while isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, ast.Name) and function.id in _MAKERS


def _imports(tree: ast.Module) -> Iterator[Refusal]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                wanted = [name.name for name in names]
            case ast.ImportFrom(module=module, level=level):
                wanted = ["." * level + (module or "")]
            case _:
                continue
        for module_name in wanted:
            if module_name.partition(".")[0] not in ALLOWED:
                width = (node.end_col_offset or 1) - node.col_offset
                yield Refusal(
                    node.lineno, node.col_offset + 1, width,
                    f"`{module_name}` may not be imported by an answer",
                    f"allowed are {', '.join(ALLOWED)}",
                )  # fmt: skip


def _at(source: str, node: ast.stmt, message: str, hint: str) -> Refusal:
    line = source.replace("\r", "\n").split("\n")[node.lineno - 1]
    start = len(line.encode()[: node.col_offset].decode())
    return Refusal(node.lineno, start + 1, len(line) - start, message, hint)
