"""Distances of texts: how many edits make one sequence of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from builder.kernels.kernel import Case, Domain, Kernel, Mistake, Parameter, Variant

Text = Sequence[Any]


def levenshtein(
    a: Text, b: Text, insertion: float = 1, deletion: float = 1, substitution: float = 1
) -> float:
    """Return the least cost of insertions, deletions and substitutions that make b of a.

    a and b are texts or lists of anything that can be compared. The table is that of Wagner,
    Fischer, The String-to-String Correction Problem (1974): row i, column j is the distance of
    the first i items of a and the first j items of b.
    """
    table = _table(a, b, insertion, deletion)
    for i, j in _inner(a, b):
        table[i][j] = min(
            table[i - 1][j] + deletion,
            table[i][j - 1] + insertion,
            table[i - 1][j - 1] + (substitution if a[i - 1] != b[j - 1] else 0),
        )
    return table[-1][-1]


def osa(a: Text, b: Text) -> float:
    """Return the least number of edits, where a swap of two neighbours is one edit, too.

    No part is edited twice: this is the optimal string alignment, not the distance of Damerau and
    Levenshtein. a and b as in `levenshtein`. Boytsov, Indexing Methods for Approximate Dictionary
    Searching (2011).
    """
    return _with_swaps(a, b, swap=1)


def _with_swaps(a: Text, b: Text, *, swap: float, near: bool = True) -> float:
    """Return what a table with swaps says; not `near` it forgets to look at one of the letters."""
    table = _table(a, b, 1, 1)
    for i, j in _inner(a, b):
        differs = int(a[i - 1] != b[j - 1])
        steps = table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + differs
        table[i][j] = min(steps)
        crossed = i > 1 and j > 1 and a[i - 1] == b[j - 2] and (a[i - 2] == b[j - 1] or not near)
        if crossed:
            table[i][j] = min(table[i][j], table[i - 2][j - 2] + swap)
    return table[-1][-1]


def _table(a: Text, b: Text, insertion: float, deletion: float) -> list[list[float]]:
    """Return a table whose first row and column count insertions and deletions."""
    first = [j * insertion for j in range(len(b) + 1)]
    return [first] + [[i * deletion] + [0.0] * len(b) for i in range(1, len(a) + 1)]


def _inner(a: Text, b: Text) -> Iterator[tuple[int, int]]:
    return ((i, j) for i in range(1, len(a) + 1) for j in range(1, len(b) + 1))


# ── well-known mistakes ──────────────────────────────────────────────────────────────────────────


def _positions(a: Text, b: Text, **_: float) -> float:
    return sum(bool(x != y) for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))


def _always_costs(a: Text, b: Text, **_: float) -> float:
    """Return the distance where a diagonal step always costs 1."""
    return max(len(a), len(b))


def _free_borders(a: Text, b: Text, **_: float) -> float:
    table = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, j in _inner(a, b):
        step = table[i - 1][j - 1] + int(a[i - 1] != b[j - 1])
        table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, step)
    return table[-1][-1]


def _common(a: Text, b: Text, **_: float) -> float:
    """Return the length of the longest common subsequence."""
    return (len(a) + len(b) - levenshtein(a, b, substitution=2)) / 2


def _unrestricted(a: Text, b: Text) -> float:
    """Return the distance of Damerau and Levenshtein, which edits between swapped letters, too."""
    table = _table(a, b, 1, 1)
    for i, j in _inner(a, b):
        differs = int(a[i - 1] != b[j - 1])
        steps = [table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + differs]
        steps += [
            table[k - 1][m - 1] + (i - k - 1) + 1 + (j - m - 1)
            for k in range(1, i)
            for m in range(1, j)
            if a[k - 1] == b[j - 1] and b[m - 1] == a[i - 1]
        ]
        table[i][j] = min(steps)
    return table[-1][-1]


_BORDERS = "an empty text is as far as the other is long: the first row and column count up"
_MISTAKES = (
    Mistake("letters may shift: compare by a table of prefixes, not place by place", _positions),
    Mistake(
        "a substitution costs 1, not an insertion and a deletion",
        lambda a, b, **_: levenshtein(a, b, substitution=2),
    ),
    Mistake("equal letters cost nothing: add 1 on the diagonal only if they differ", _always_costs),
    Mistake("a swap of neighbours is two edits here: this is the OSA", lambda a, b, **_: osa(a, b)),
    Mistake(_BORDERS, _free_borders),
    Mistake(
        "the table has a row and a column more than there are letters",
        lambda a, b, **_: levenshtein(a[:-1], b[:-1]),
    ),
    Mistake("this is the length of the longest common subsequence", _common),
    Mistake(
        "return the number of edits, not their share of the length",
        lambda a, b, **_: levenshtein(a, b) / max(len(a), len(b)),
    ),
    Mistake(
        "return the number of edits, not how alike the two are",
        lambda a, b, **_: 1 - levenshtein(a, b) / max(len(a), len(b)),
    ),
)


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


_WORDS = (
    ("cat", "cut"), ("ab", "b"), ("a", "ab"), ("", ""), ("a", ""), ("", "abc"), ("same", "same"),
    ("ab", "ba"), ("flaw", "lawn"), ("kitten", "sitting"), ("aab", "aa"), ("Gauß", "gauss"),
    ("abcd", "dabc"), ("ca", "abc"), ("xa", "ax"), ("abcde", "bacde"), ("cat", "act"),
    ("abcde", "abdce"), ("ab", "bc"), ("cb", "ba"), ("aaa", "a"), ("a", "aaa"),
)  # fmt: skip
"""Short enough for a recursion without a memory, which is slow and yet right."""


def _drawn(rng: np.random.Generator, letters: str, longest: int) -> str:
    return "".join(rng.choice(list(letters), size=rng.integers(1, longest + 1)))


def _texts(rng: np.random.Generator) -> list[Case]:
    drawn = [(_drawn(rng, letters, 6), _drawn(rng, letters, 7)) for letters in ("ab", "abc") * 6]
    return [Case({"a": a, "b": b}) for a, b in (*_WORDS, *drawn)]


def _lists(rng: np.random.Generator) -> list[Case]:
    one, other = (rng.integers(3, size=size).tolist() for size in (5, 6))
    pairs = [
        (["the", "cat", "sat"], ["the", "hat", "sat", "down"]),
        ([1, 2, 3], [2, 1, 3]),
        (one, other),
        ((), (1, 2)),
    ]
    return [Case({"a": a, "b": b}) for a, b in pairs]


def _costs(rng: np.random.Generator) -> list[Case]:
    hint = "use the costs that were passed"
    costs = ({"substitution": 2}, {"insertion": 2}, {"deletion": 3}, {"substitution": 3})
    both = {"insertion": 2, "deletion": 3, "substitution": 4}
    return [
        Case({"a": a, "b": b, **cost}, hint=hint)
        for cost in (*costs, both)
        for a, b in (("flaw", "lawn"), ("kit", "sitting"), ("sitting", "kit"), ("ab", "cd"))
    ]


_A = Parameter(
    "a",
    (
        *("s1", "str1", "word1", "source", "s", "x", "first", "string1", "seq1", "w1", "text1"),
        *("src", "left", "reference", "ref", "st1", "string_a", "str_a", "one", "u"),
    ),
)
_B = Parameter(
    "b",
    (
        *("s2", "str2", "word2", "target", "t", "y", "second", "string2", "seq2", "w2", "text2"),
        *("tgt", "right", "hypothesis", "hyp", "st2", "string_b", "str_b", "other", "v"),
    ),
)


def _cost(name: str, *short: str) -> Parameter:
    """Return a parameter for a cost, under all its usual names."""
    named = (f"{one}_cost" for one in (name, *short))
    reverse = (f"cost_{one}" for one in (name, *short))
    return Parameter(name, (*named, *reverse, *short), 1, least=1, most=2)


_SUBSTITUTION = replace(
    _cost("substitution", "substitute", "sub", "replace", "replacement"),
    default=None,
    usual=1,
    most=1,
)


LEVENSHTEIN = Kernel(
    name="levenshtein",
    aliases=(
        *("edit_distance", "levenshtein_distance", "min_distance", "mindistance", "lev"),
        *("minimum_edit_distance", "min_edit_distance", "lev_distance", "edit_dist"),
    ),
    parameters=(
        _A,
        _B,
        _cost("insertion", "insert", "ins"),
        _cost("deletion", "delete", "del", "remove"),
        _SUBSTITUTION,
    ),
    variants=(
        Variant("", levenshtein, defaults={"substitution": 1}),
        Variant(
            "a substitution costs 2",
            levenshtein,
            defaults={"substitution": 2},
            names=frozenset(_SUBSTITUTION.aliases),
        ),
    ),
    domains=(
        Domain("two texts", _texts, alone=True),
        Domain("lists of anything", _lists),
        Domain("any costs", _costs),
    ),
    formula=r"D_{ij} = \min(D_{i-1,j} + 1, \; D_{i,j-1} + 1, \; D_{i-1,j-1} + [a_i \ne b_j])",
    source="Wagner, Fischer: The String-to-String Correction Problem (1974)",
    mistakes=_MISTAKES,
)

OSA = Kernel(
    name="osa",
    aliases=(
        *("osa_distance", "optimal_string_alignment", "optimal_string_alignment_distance"),
        "restricted_damerau_levenshtein",
    ),
    parameters=(_A, _B),
    variants=(Variant("", osa),),
    domains=(
        Domain("two texts", _texts, alone=True),
        Domain("lists of anything", _lists),
    ),
    formula=r"D_{ij} = \min(D_{i-1,j} + 1, \; D_{i,j-1} + 1, \; D_{i-1,j-1} + [a_i \ne b_j], \; "
    r"D_{i-2,j-2} + 1 \text{ if } a_{i-1} a_i = b_j b_{j-1})",
    source="Boytsov: Indexing Methods for Approximate Dictionary Searching (2011)",
    mistakes=(
        Mistake("a swap of two neighbours is one edit", levenshtein),
        Mistake(
            "no part is edited twice: this is the distance of Damerau and Levenshtein",
            _unrestricted,
        ),
        Mistake("a swap costs 1", lambda a, b: _with_swaps(a, b, swap=0)),
        Mistake(
            "a swap needs both letters crossed: a[i] = b[j - 1] and a[i - 1] = b[j]",
            lambda a, b: _with_swaps(a, b, swap=1, near=False),
        ),
        *(one for one in _MISTAKES if "swap" not in one.hint),
    ),
)
