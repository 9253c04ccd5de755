# ruff: noqa: E501 - one source a line reads best
"""The gate lets every honest answer through, and points at the column of what it refuses."""

from __future__ import annotations

import ast

import judging
import pytest

from builder.verify.gate import LARGEST, Refusal, refusal
from builder.verify.limits import PRELUDE


def refused(source: str) -> Refusal | None:
    return refusal(source, ast.parse(source))


HONEST = {
    "the prelude": PRELUDE,
    "imports of what computes": "import math\nfrom collections import Counter, deque\nimport numpy.linalg as la",
    "an import within a function": "def f(x):\n    from functools import reduce\n    return reduce(max, x)",
    "a future": "from __future__ import annotations\ndef f(x: int) -> int: ...",
    "constants": "EPS = 1e-9\nSIZES: tuple[int, ...] = (1, 2 * 3)\nPI2 = np.pi * 2\nx: int",
    "constants that numpy makes": "EPS = np.finfo(float).eps\nrng = np.random.default_rng(0)\nr = math.sqrt(2)",
    "a main block": 'def f(): pass\nif __name__ == "__main__":\n    print(f())',
    "a docstring": '"""What this is about."""\ndef f(): pass',
    "a lambda and another name for it": "relu = lambda x: np.maximum(x, 0)\nReLU = relu",
    "classes and decorators": "class Net:\n    def __init__(self): self.w = 0\n    def __call__(self, x): return x",
    "an async function": "async def f(x): return x",
    "Greek variables": "def f(x, μ, σ2, Δw, γ=1.0):\n    µ = x.mean()  # typed as the micro sign\n    return (x - µ) / σ2",
    "names in other scripts": "def f(größe, année, 数据): return größe",
    "signs in comments and texts": "def f(x):\n    # O(n²), “quoted”, ½, é, 日本語, 😀 and Cyrillic а\n    return 'ﬁ ①'",
}


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_honest_code_passes(source: str) -> None:
    """What a person would write for an interview is not refused."""
    assert refused(source) is None


@pytest.mark.parametrize("example", judging.examples("right"), ids=judging.name)
def test_every_right_answer_of_the_cases_passes(example: judging.Example) -> None:
    """No answer that the judge passes is refused by the gate."""
    assert refused(example.code) is None


REFUSED = {
    "a module that reaches outside": ("import os", 1, 1, "`os` may not be imported"),
    "one of several": ("import math, sys", 1, 1, "`sys` may not"),
    "a relative import": ("from . import kernels", 1, 1, "`.` may not"),
    "ours": ("from builder.kernels import find", 1, 1, "`builder.kernels` may not"),
    "an import deep inside": ("def f(x):\n    if x:\n        import socket", 3, 9, "`socket`"),
    "a call when it is defined": ("x = open('/etc/passwd')", 1, 1, "would run when"),
    "a print": ("def f(): pass\nprint(f())", 2, 1, "would run when"),
    "a block under another condition": ("if __name__ != '__main__':\n    f()", 1, 1, "would run"),
    "a name of Python's own": ("__name__ = '__main__'", 1, 1, "would run when"),
    "a lone carriage return": ("x = 1\rprint(1)", 1, 6, "U+000D"),
    "a loop": ("for i in range(9): pass", 1, 1, "would run when"),
    "a patch of numpy": ("np.exp = abs", 1, 1, "would run when"),
    "a comprehension": ("t = [i for i in range(9)]", 1, 1, "would run when"),
    "a walrus": ("x = (y := 3)", 1, 1, "would run when"),
    "a deletion": ("del np", 1, 1, "would run when"),
    "a name given twice": ("def f(): pass\nclass f: pass", 2, 1, "`f` is defined twice"),
    "text turned around": ("x = 'a\u202eb'", 1, 7, "U+202E (right-to-left override)"),
    "a zero-width space": ("def f(x):\n    return x\u200b'", 2, 13, "U+200B"),
    "a soft hyphen in a comment": ("# so\u00adft", 1, 5, "U+00AD"),
    "a form feed": ("x = 1 \x0c", 1, 7, "U+000C"),
    "a Cyrillic letter in a Latin name": ("def sоftmax(x): pass", 1, 5, "look alike"),
    "a Greek letter in a Latin name": ("def cοnv2d(x): pass", 1, 5, "look alike"),
    "styled letters": ("def 𝐬𝐨𝐟𝐭(x): pass", 1, 5, "not spelled with the letters"),
    "a ligature": ("ﬁlter = 1", 1, 1, "not spelled with the letters"),
    "full-width letters": ("def f(ｘ): pass", 1, 7, "not spelled with the letters"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "line", "column", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_points_at_its_column_and_says_what_is_allowed(
    source: str, line: int, column: int, words: str
) -> None:
    """The caret stands under what must not run, and the hint says what may."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        tree = ast.Module([], [])
    found = refusal(source, tree)
    assert found is not None
    assert (found.line, found.column) == (line, column)
    assert words in found.message
    assert found.hint


def test_a_size_limit_counts_bytes() -> None:
    """64 KB of UTF-8 pass, one byte more does not."""
    fits = "x = '" + "é" * ((LARGEST - 6) // 2) + "'"
    assert refused(fits) is None
    assert "at most 65536" in getattr(refused(fits + " "), "message", "")


def test_the_first_of_several_faults_is_told() -> None:
    """Whoever mends from top to bottom is told from top to bottom."""
    assert getattr(refused("import os\nx = 'a\u200b'"), "line", 0) == 1


def test_an_encoding_cookie_changes_nothing() -> None:
    """The text was decoded before: a cookie is a comment like any other."""
    assert refused("# -*- coding: utf-7 -*-\nx = '+AGE-'") is None
