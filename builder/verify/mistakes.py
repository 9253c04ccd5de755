"""What may stand in the place of one node of a program: each is one mistake that people make."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

_ARITHMETIC: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv, ast.Mult),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd, ast.BitOr),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_ONE_WAY = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)

_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.Gt, ast.LtE, ast.Eq),
    ast.LtE: (ast.GtE, ast.Lt, ast.Eq),
    ast.Gt: (ast.Lt, ast.GtE, ast.Eq),
    ast.GtE: (ast.LtE, ast.Gt, ast.Eq),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}

_CONFUSED = {
    "abs": ("square",), "add": ("subtract", "multiply"), "all": ("any",), "any": ("all",),
    "append": ("extend",), "arccos": ("arcsin",), "arcsin": ("arccos",), "argmax": ("argmin",),
    "argmin": ("argmax",), "argsort": ("sort",), "ceil": ("floor",), "cos": ("sin",),
    "cosh": ("sinh",), "cumprod": ("cumsum",), "cumsum": ("sum", "cumprod"),
    "divide": ("multiply",), "dot": ("multiply", "outer"), "exp": ("exp2", "expm1", "log"),
    "expm1": ("exp",), "fabs": ("square",), "floor": ("ceil",), "hstack": ("vstack",),
    "log": ("log2", "log10", "log1p"), "log10": ("log",), "log1p": ("log",), "log2": ("log",),
    "matmul": ("multiply",), "max": ("min", "mean", "sum"), "maximum": ("minimum",),
    "mean": ("sum", "max"), "median": ("mean",), "min": ("max", "mean"), "minimum": ("maximum",),
    "multiply": ("divide", "add"), "normal": ("uniform",), "ones": ("zeros",),
    "ones_like": ("zeros_like",), "outer": ("multiply",), "prod": ("sum",), "rand": ("randn",),
    "randn": ("rand",), "round": ("floor",), "sin": ("cos",),
    "sinh": ("cosh",), "sort": ("argsort",), "sorted": ("list",), "sqrt": ("square", "abs"),
    "square": ("sqrt", "abs"), "standard_normal": ("random",), "std": ("var",),
    "subtract": ("add",), "sum": ("max", "mean", "cumsum"), "tan": ("tanh",),
    "tanh": ("tan", "arctan"), "tril": ("triu",), "triu": ("tril",), "uniform": ("normal",),
    "var": ("std", "sum"), "vstack": ("hstack",), "zeros": ("ones",),
    "zeros_like": ("ones_like",),
}  # fmt: skip

# What gives the same whichever way round, and what only turns its argument into another type.
_EITHER_WAY = frozenset(
    ("add", "allclose", "array_equal", "hypot", "isclose", "logaddexp", "max", "maximum", "min",
     "minimum", "multiply", "swapaxes")
)  # fmt: skip
_UNSIGNED = frozenset(("abs", "absolute", "fabs", "norm", "square"))
_CONVERSIONS = frozenset(("array", "asanyarray", "asarray", "atleast_1d", "float", "item", "list"))

_AXES = (0, 1, -1, None)
_MOST_SWAPS = 3


def changes(node: ast.AST, local: Sequence[str]) -> Iterator[ast.AST]:
    """Yield what may stand for `node`; `local` are the names that its function itself gives."""
    match node:
        case ast.stmt():
            yield from _other_statements(node)
        case ast.BinOp() | ast.UnaryOp() | ast.BoolOp() | ast.Compare():
            yield from _other_operations(node)
        case ast.Call():
            yield from _other_calls(node, local)
        case ast.Attribute() | ast.Name():
            yield from _other_names(node, local)
        case ast.expr():
            yield from _other_expressions(node)
        case ast.keyword(arg="axis", value=value):
            yield from (ast.keyword("axis", axis) for axis in _other_axes(value))
        case ast.comprehension(target, source, [_, *_], is_async):
            yield ast.comprehension(target, source, [], is_async)


def _other_axes(value: ast.expr) -> Iterator[ast.expr]:
    """Yield other axes; the last one is often the second, which is no mistake."""
    late = isinstance(value, ast.Constant) and value.value not in (0, None)
    for axis in map(literal, _AXES):
        if ast.dump(axis) != ast.dump(value) and not (late and isinstance(axis, ast.UnaryOp)):
            yield axis


def _other_expressions(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value):
            yield from map(literal, _other_values(value))
        case ast.IfExp(test, body, orelse):
            yield from (body, orelse, ast.IfExp(test, orelse, body))
        case ast.Slice():
            yield from _other_slices(node)
        case ast.Tuple(parts, context) | ast.List(parts, context):
            yield from (type(node)(swapped, context) for swapped in _swapped(parts))


def _other_names(node: ast.Attribute | ast.Name, local: Sequence[str]) -> Iterator[ast.expr]:
    """Yield functions that are taken for one another, and a matrix that is not transposed."""
    match node:
        case ast.Attribute(value, name, ast.Load()):
            yield from (ast.Attribute(value, other, node.ctx) for other in _CONFUSED.get(name, ()))
            if name == "T":
                yield value
        case ast.Name(name, ast.Load()) if name not in local:
            yield from (ast.Name(other, node.ctx) for other in _CONFUSED.get(name, ()))


def is_none(parent: ast.AST, node: ast.AST, other: ast.AST) -> bool:
    """Tell whether `other` for `node`, in `parent`, is no mistake: a sign or an order is lost."""
    match node, other:
        case ast.BinOp(left, ast.Sub()), ast.BinOp(_, ast.Sub(), right):
            return left is right and _loses_sign(parent)
        case ast.Tuple(), ast.Tuple():
            return isinstance(parent, ast.keyword) and parent.arg == "axis"
    return False


def _loses_sign(node: ast.AST) -> bool:
    match node:
        case ast.BinOp(_, ast.Pow(), ast.Constant(int() as power)):
            return power % 2 == 0
        case ast.Call(function):
            return _called(function) in _UNSIGNED
    return False


def _called(function: ast.expr) -> str:
    return str(getattr(function, "attr", None) or getattr(function, "id", ""))


def literal(value: object) -> ast.expr:
    """Return `value` as it is written: a sign is an operator of its own."""
    if isinstance(value, int | float) and not isinstance(value, bool) and str(value)[0] == "-":
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)  # type: ignore[arg-type]


def _other_values(value: object) -> tuple[object, ...]:
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1)
        case float():
            return (value * 10, -value, 0.0) if value else (1.0,)
    return ()


# ── statements ───────────────────────────────────────────────────────────────────────────────────


def _other_statements(node: ast.stmt) -> Iterator[ast.stmt]:
    match node:
        case ast.If(test, body, orelse):
            if not isinstance(test, ast.Constant):
                yield ast.If(ast.Constant(value=True), body, orelse)
                yield ast.If(ast.Constant(value=False), body, orelse)
            return
        case ast.AugAssign(target, op, value):
            for other in _ARITHMETIC[type(op)]:
                yield ast.AugAssign(target, other(), value)
            yield ast.Assign([target], value, lineno=0)
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()
    if isinstance(node, _DELETED) and not _does_nothing(node):
        yield ast.Pass()


def _does_nothing(node: ast.stmt) -> bool:
    """Tell whether a statement only notes a type, or turns a name's value into another type."""
    match node:
        case ast.AnnAssign(value=None):
            return True
        case ast.Assign([ast.Name(name)], ast.Call(function, [ast.Name(same), *_])):
            return name == same and _called(function) in _CONVERSIONS
    return False


_DELETED = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.For, ast.While, ast.Break,
    ast.Continue,
)  # fmt: skip


# ── operations ───────────────────────────────────────────────────────────────────────────────────


def _other_operations(
    node: ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare,
) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left, op, right):
            for other in _ARITHMETIC[type(op)]:
                yield ast.BinOp(left, other(), right)
            if isinstance(op, _ONE_WAY):
                yield ast.BinOp(right, op, left)
            yield left
            yield right
        case ast.UnaryOp(_, operand):
            yield operand
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for rest in _without_one(values):
                yield ast.BoolOp(op, rest) if len(rest) > 1 else rest[0]
        case ast.Compare(left, ops, rights):
            for at, comparison in enumerate(ops):
                for other_op in _COMPARISONS[type(comparison)]:
                    yield ast.Compare(left, [*ops[:at], other_op(), *ops[at + 1 :]], rights)


def _without_one(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    for at in range(len(items)):
        yield [*items[:at], *items[at + 1 :]]


def _swapped(items: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    """Yield `items` with two neighbours in each other's place."""
    for at in range(min(len(items) - 1, _MOST_SWAPS)):
        if not any(isinstance(item, ast.Starred) for item in items[at : at + 2]):
            yield [*items[:at], items[at + 1], items[at], *items[at + 2 :]]


# ── calls and slices ─────────────────────────────────────────────────────────────────────────────


def _other_calls(node: ast.Call, local: Sequence[str]) -> Iterator[ast.expr]:
    function, arguments, keywords = node.func, node.args, node.keywords
    if (inner := _operand(node, local)) is not None:
        yield inner
    for at in range(len(keywords)):
        yield ast.Call(function, arguments, [*keywords[:at], *keywords[at + 1 :]])
    if _called(function) not in _EITHER_WAY:
        yield from (ast.Call(function, other, keywords) for other in _swapped(arguments))
    if isinstance(function, ast.Name) and function.id == "range":
        yield from (ast.Call(function, other, keywords) for other in _other_ranges(arguments))


def _operand(node: ast.Call, local: Sequence[str]) -> ast.expr | None:
    """Return what a call is about: the object of a method, else the first argument."""
    if _called(node.func) in _CONVERSIONS:
        return None
    match node.func:
        case ast.Attribute(ast.Name(name)) if name in local:
            return node.func.value
        case ast.Attribute(ast.Attribute() | ast.Name()):
            pass  # a function of a module
        case ast.Attribute(value):
            return value
    first = node.args[0] if node.args else None
    return None if isinstance(first, ast.Starred) else first


def _other_ranges(arguments: Sequence[ast.expr]) -> Iterator[list[ast.expr]]:
    if len(arguments) == 1:
        yield [literal(1), *arguments]
    for at, bound in enumerate(arguments[:2]):
        for other in _off_by_one(bound):
            yield [*arguments[:at], other, *arguments[at + 1 :]]


def _other_slices(node: ast.Slice) -> Iterator[ast.expr]:
    lower, upper, step = node.lower, node.upper, node.step
    if lower and not (isinstance(lower, ast.Constant) and lower.value == 0):
        yield ast.Slice(None, upper, step)
        yield from (ast.Slice(other, upper, step) for other in _off_by_one(lower))
    if upper:
        yield ast.Slice(lower, None, step)
        yield from (ast.Slice(lower, other, step) for other in _off_by_one(upper))
    if step:
        yield ast.Slice(lower, upper, None)


def _off_by_one(bound: ast.expr) -> Iterable[ast.expr]:
    """Return neighbours of `bound`; those of a number are its own mistakes."""
    if isinstance(bound, ast.Constant | ast.Starred):
        return ()
    return [ast.BinOp(bound, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub())]
