"""How strong the checks are: every small change to a right answer fails, or is known to be none."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

import pytest
from judging import code, user_answers, verdict

from builder.model import Status
from builder.verify.sandbox import Sandbox

ANSWERS = {function: code(card) for function, card in user_answers().items()}

_OPERATORS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Gt: (ast.Lt, ast.GtE, ast.Eq),
    ast.USub: (ast.UAdd,),
}
_NAMES = {
    "exp": ("exp2", "expm1", "log"),
    "max": ("min", "mean", "sum"),
    "sum": ("max", "mean", "cumsum"),
    "log": ("log2", "log10", "log1p"),
    "mean": ("sum", "max"),
    "var": ("std", "sum"),
    "sqrt": ("square", "abs"),
    "rand": ("randn",),
    "zeros": ("ones",),
    "i": ("j",),
    "j": ("i",),
    "H": ("W",),
    "W": ("H",),
    "kH": ("kW",),
    "kW": ("kH",),
    "out_H": ("out_W",),
    "out_W": ("out_H",),
    "gamma": ("beta",),
    "beta": ("gamma",),
    "mu": ("var",),
    "y_true": ("y_pred",),
    "y_pred": ("y_true",),
    "x_padded": ("x",),
}


def _constants(value: object) -> tuple[object, ...]:
    match value:
        case bool():
            return (not value,)
        case int():
            return (value + 1, value - 1)
        case float():
            return (value * 10, -value, 0.0)
    return ()


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what may stand for one node; each is a single mistake that people make."""
    match node:
        case ast.BinOp() | ast.Compare() | ast.UnaryOp():
            yield from _other_operations(node)
        case ast.Constant(value):
            yield from map(ast.Constant, _constants(value))
        case ast.Call(function, arguments, [_, *_]):
            yield ast.Call(function, arguments, [])
        case ast.Call(ast.Attribute(), [only], []):
            yield only
        case ast.If(_, body, orelse):
            yield ast.If(ast.Constant(value=True), body, orelse)
            yield ast.If(ast.Constant(value=False), body, orelse)
        case _:
            yield from _other_names(node)


def _other_operations(node: ast.BinOp | ast.Compare | ast.UnaryOp) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left, op, right):
            for other in _OPERATORS.get(type(op), ()):
                yield ast.BinOp(left, other(), right)
            if isinstance(op, ast.Sub | ast.Div | ast.FloorDiv):
                yield ast.BinOp(right, op, left)
            yield left
            yield right
        case ast.Compare(left, [op], [right]):
            for other in _OPERATORS[type(op)]:
                yield ast.Compare(left, [other()], [right])
        case ast.UnaryOp(_, operand):
            yield operand


def _other_names(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Attribute(value, name):
            yield from (ast.Attribute(value, other, node.ctx) for other in _NAMES.get(name, ()))
        case ast.Name(name, ast.Load()):
            yield from (ast.Name(other, node.ctx) for other in _NAMES.get(name, ()))
        case ast.Slice(lower, upper):
            yield ast.Slice(None, upper)
            yield ast.Slice(lower, None)
        case ast.Tuple([first, second], ast.Load()):
            yield ast.Tuple([second, first], ast.Load())
        case ast.Tuple([ast.Name(), ast.Name()] as names, ast.Store()):
            yield ast.Tuple(names[::-1], ast.Store())


class _At(ast.NodeTransformer):
    """Replaces the node with a certain number, counted as the tree is walked."""

    def __init__(self, number: int, replacement: ast.AST | None) -> None:
        self.left, self.replacement = number, replacement

    def visit(self, node: ast.AST) -> ast.AST | None:
        self.left -= 1
        if self.left == -1:
            return self.replacement
        return super().generic_visit(node)


def _numbered(tree: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []

    class Lister(ast.NodeVisitor):
        def visit(self, node: ast.AST) -> None:
            found.append(node)
            self.generic_visit(node)

    Lister().visit(tree)
    return found


def mutants(source: str) -> list[str]:
    """Return every program that is one mistake away from `source`, each once, in order."""
    tree = ast.parse(source)
    found: dict[str, None] = {}
    for number, node in enumerate(_numbered(tree)):
        replacements: list[ast.AST | None] = [*_changes(node)]
        if isinstance(node, ast.Assign | ast.Return | ast.If):
            replacements.append(ast.Pass())
        for replacement in replacements:
            changed = _At(number, replacement).visit(copy.deepcopy(tree))
            text = ast.unparse(ast.fix_missing_locations(changed))
            found[text] = None
    found.pop(ast.unparse(tree), None)
    return list(found)


# What may pass, by the line that differs, and why.
SURVIVORS = {
    "softmax": {},
    "cross_entropy": {
        "return -np.sum(y_true * np.log(y_pred + 1e-08))": "a usual eps; the verdict says which",
    },
    "batchnorm_forward": {
        "def batchnorm_forward(x, gamma, beta, eps=0.0001):": "its own default is a convention",
    },
    "dropout_forward": {
        "def dropout_forward(x, p, train=False):": "its own default is a convention",
        "mask = (np.random.rand(*x.shape) >= p) / (1 - p)": "equal but once in 2^53",
    },
    "conv2d": {
        "def conv2d(x, kernel, stride=2, pad=0):": "its own default is a convention",
        "def conv2d(x, kernel, stride=1, pad=1):": "its own default is a convention",
        "out = np.ones((out_H, out_W))": "every value is overwritten",
    },
}


@pytest.mark.parametrize("function", ANSWERS)
def test_every_mutant_fails_but_those_that_are_right(sandbox: Sandbox, function: str) -> None:
    """All of them are run; those that pass are known one by one, each with a reason."""
    lines = set(ast.unparse(ast.parse(ANSWERS[function])).splitlines())
    survivors = set()
    for mutant in mutants(ANSWERS[function]):
        if verdict(sandbox, mutant).status is Status.MATCHES:
            survivors |= {line.strip() for line in mutant.splitlines() if line not in lines}
    assert survivors == set(SURVIVORS[function])


def test_there_are_many_mutants() -> None:
    """The figure that the checks are rated by does not shrink unseen."""
    assert sum(len(mutants(source)) for source in ANSWERS.values()) >= 220
