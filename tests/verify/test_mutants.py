"""One mistake at a time: which programs stand a mistake away from an answer."""

from __future__ import annotations

import ast
import time

import pytest
from judging import code, user_answers

from builder.verify.mutants import MOST, every, mutants


def after(body: str, arguments: str = "x, y") -> list[str]:
    """Return the changed lines of the mutants of a function with one statement."""
    return [mutant.after for mutant in every(f"def f({arguments}):\n    {body}\n")]


@pytest.mark.parametrize(
    ("body", "mistakes"),
    [
        ("return x + y", ["return x - y", "return x * y", "return x", "return y"]),
        ("return x - y", ["return y - x"]),
        ("return x @ y", ["return y @ x", "return x * y"]),
        ("return x ** 2", ["return x * 2", "return 2 ** x", "return x ** 3", "return x ** 1"]),
        ("return -x", ["return x"]),
        ("return not x", ["return x"]),
        ("return x + 0.5", ["return x + 5.0", "return x + -0.5", "return x + 0.0"]),
        ("return g(x, train=True)", ["return g(x, train=False)", "return g(x)", "return x"]),
        ("return x.sum(axis=0)", ["return x.sum(axis=1)", "return x.sum(axis=-1)",
                                  "return x.sum(axis=None)", "return x.sum()", "return x"]),
        ("return x.max(axis=-1, keepdims=True)", ["return x.max(axis=-1)",
                                                  "return x.max(axis=0, keepdims=True)"]),
        ("return x < y", ["return x > y", "return x <= y", "return x == y"]),
        ("return x <= y", ["return x >= y", "return x < y"]),
        ("return x >= y", ["return x <= y", "return x > y"]),
        ("return x == y", ["return x != y"]),
        ("return x != y", ["return x == y"]),
        ("return 0 < x <= y", ["return 0 > x <= y", "return 0 < x < y", "return 0 <= x <= y"]),
        ("return np.exp(x)", ["return x", "return np.log(x)"]),
        ("return np.dot(x, y)", ["return np.dot(y, x)", "return np.outer(x, y)"]),
        ("return max(x)", ["return min(x)"]),
        ("return any(x)", ["return all(x)"]),
        ("return x.T", ["return x"]),
        ("return np.sqrt(x)", ["return np.square(x)", "return np.abs(x)"]),
        ("for i in range(x): pass", ["for i in range(x - 1):", "for i in range(x + 1):",
                                     "for i in range(1, x):", "pass  # for i in range(x):"]),
        ("return x[1:y]", ["return x[:y]", "return x[1:]", "return x[1:y + 1]",
                           "return x[0:y]", "return x[2:y]"]),
        ("return x[::-1]", ["return x[:]"]),
        ("return x and y", ["return x or y", "return x", "return y"]),
        ("return x if y else 0", ["return x", "return 0", "return 0 if y else x"]),
        ("return x, y", ["return (y, x)"]),
        ("if x > 0: return y", ["if True:", "if False:", "if x >= 0:", "pass  # return y"]),
        ("while x: break", ["continue", "pass  # break"]),
        ("x += y", ["x -= y", "x *= y", "x = y", "pass  # x += y"]),
        ("return [a for a in x if a > y]", ["return [a for a in x]"]),
    ],
)  # fmt: skip
def test_every_likely_mistake_is_made(body: str, mistakes: list[str]) -> None:
    """An operator, an operand, a constant, an axis, a call, a bound, a condition, a statement."""
    assert set(mistakes) <= set(after(body))


@pytest.mark.parametrize(
    "source",
    [
        "def f(x: 'int > 1' = None) -> 'a + b':\n    '''Adds 1.'''\n",
        "@g(1)\ndef f(x):\n    raise ValueError('at most %d' % 1)\n",
        "def f(x):\n    assert x > 0, 'above 0'\n",
        "def f(x):\n    if x < 0 or len(x) != 3:\n        raise ValueError\n",
        "def f(x):\n    x = np.asarray(x)\n",
        "from math import sin\nimport numpy as np\n",
        "class A(g(1)):\n    x: int\n",
        "if __name__ == '__main__':\n    print(1 + 1)\n",
        "def f(:\n",
        "",
    ],
)
def test_what_computes_nothing_is_left_alone(source: str) -> None:
    """Annotations, docstrings, decorators, errors, imports; what is no Python has no mutants."""
    assert every(source) == ()


@pytest.mark.parametrize(
    ("body", "same"),
    [
        ("return np.maximum(x, y)", "return np.maximum(y, x)"),
        ("return (x - y) ** 2", "return (y - x) ** 2"),
        ("return np.abs(x - y)", "return np.abs(y - x)"),
        ("return float(x + y)", "return x + y"),
    ],
)
def test_what_is_known_to_be_no_mistake_is_not_made(body: str, same: str) -> None:
    """Nobody has to review it."""
    assert same not in after(body)
    assert len(after(body)) > 3


def test_a_difference_whose_sign_counts_is_swapped() -> None:
    """Below an odd power, or alone."""
    assert "return (y - x) ** 3" in after("return (x - y) ** 3")
    assert "return np.exp(y - x)" in after("return np.exp(x - y)")


def test_names_of_the_same_function_are_taken_for_one_another() -> None:
    """Those in use nearby, of one kind first; never one that is not given yet, or is a module's."""
    source = (
        "def f(x, gamma, beta):\n    mu = x.mean()\n    centred = x - mu\n"
        "    return gamma * centred + beta\n"
    )
    lines = {mutant.after for mutant in every(source)}
    assert {
        "return beta * centred + beta",
        "return gamma * centred + gamma",
        "return gamma * mu + beta",
        "return gamma * x + beta",
    } <= lines
    assert not [line for line in lines if "np" in line or "= centred" in line]


def test_loops_and_packs_are_taken_for_one_another() -> None:
    """`i` for `j`, and height for width."""
    source = (
        "def f(x):\n    h, w = x.shape\n    for i in range(h):\n        for j in range(w):\n"
        "            x[i, j] = i\n"
    )
    lines = {mutant.after for mutant in every(source)}
    assert {
        "w, h = x.shape", "for i in range(w):", "for j in range(h):", "x[j, i] = i", "x[i, j] = j",
    } <= lines  # fmt: skip


@pytest.mark.parametrize("source", [code(card) for card in user_answers().values()])
def test_a_mutant_is_another_program_and_comes_once(source: str) -> None:
    """In the order of the answer, the same at every call."""
    found = every(source)
    assert found == every(source)
    assert len({ast.dump(ast.parse(mutant.source)) for mutant in found}) == len(found)
    assert ast.dump(ast.parse(source)) not in {ast.dump(ast.parse(one.source)) for one in found}
    places = [(mutant.line, mutant.column) for mutant in found]
    assert places == sorted(places)


def test_the_place_is_that_of_the_change() -> None:
    """In characters of the answer, whatever they take in bytes and wherever comments stand."""
    source = "def f(σ, x):\n    # a comment\n    μ = 'é'; return σ - x\n"
    (swapped,) = [mutant for mutant in every(source) if mutant.after == "return x - σ"]
    text = source.split("\n")[swapped.line - 1]
    assert text[swapped.column - 1 : swapped.end_column - 1] == "σ - x"
    assert swapped.before == "return σ - x"


def test_many_mutants_are_thinned_evenly() -> None:
    """From the first to near the last, and those are among all."""
    source = "def f(x):\n" + "".join(f"    x = x + {number}\n" for number in range(100))
    all_of_them, some = every(source), mutants(source)
    assert (len(some), len(all_of_them) > 3 * MOST) == (MOST, True)
    assert set(some) <= set(all_of_them)
    assert some[0] == all_of_them[0]
    assert some[-1].line > 98


def test_a_long_answer_takes_seconds() -> None:
    """Of thousands of mutants only some are written down; deep nesting is no trouble."""
    long = "def f(a, b):\n" + "".join(f"    x{n} = a * {n} + b\n" for n in range(900))
    start = time.process_time()
    assert MOST <= len(every(long)) < 900
    assert time.process_time() - start < 30
    assert len(every("def f(a):\n    return " + "-" * 60 + "a")) > 0
    assert every("def f(a):\n    return " + "-" * 900 + "a") is not None
