"""Python text becomes a syntax tree, or a fault with its place: quiet, and never an exception."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a text is no Python: line and column count from 1."""

    line: int
    column: int
    message: str


def tree(source: str) -> ast.Module | Fault:
    """Return the syntax tree of `source`, or the first fault that Python finds in it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        last = source.count("\n") + 1
        line = min(max(error.lineno or 1, 1), last)
        return Fault(line, max(error.offset or 1, 1), error.msg or "invalid syntax")
    except (ValueError, RecursionError, MemoryError) as error:
        return Fault(1, 1, f"Python cannot read this: {str(error) or type(error).__name__}")


def parses(source: str) -> bool:
    """Tell whether `source` is Python."""
    return isinstance(tree(source), ast.Module)
