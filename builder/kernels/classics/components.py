"""Principal components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from builder.kernels.kernel import (
    Arguments,
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Method,
    Mistake,
    Parameter,
    Result,
    Variant,
    layouts,
)


def pca(
    x: Array,
    k: int | None = None,
    *,
    results: str = "p",
    scaled: int | None = None,
    ddof: int = 1,
) -> Result:
    """Return principal components of x (N, D), the largest variance first, in float64.

    x is centred and, unless `scaled` is None, divided by its standard deviation with that ddof.
    Without k, there are min(N, D) components. `results` are letters: p for the projection (N, k),
    c for components as columns (D, k), r for rows (k, D), v for variances (k,), e for explained
    shares of all variance. Signs are arbitrary. Jolliffe, Principal Component Analysis (2002).
    """
    x = np.asarray(x, dtype=np.float64)
    centred = x - x.mean(axis=0)
    if scaled is not None:
        centred = centred / x.std(axis=0, ddof=scaled)
    _, s, rows = np.linalg.svd(centred, full_matrices=False)
    known = {
        "p": centred @ rows[:k].T,
        "c": rows[:k].T,
        "r": rows[:k],
        "v": s[:k] ** 2 / (len(x) - ddof),
        "e": s[:k] ** 2 / np.sum(s**2),
    }
    chosen = tuple(known[letter] for letter in results)
    return chosen if len(chosen) > 1 else chosen[0]


def _signed(expected: Result, returned: Result, *, results: str) -> Result:
    """Return `expected` with the signs of its components that are nearest to those returned."""
    parts = expected if len(results) > 1 else (expected,)
    others = returned if len(results) > 1 else (returned,)
    if any(np.shape(one) != np.shape(other) for one, other in zip(parts, others, strict=True)):
        return expected
    agreement = 0.0
    for part, other, letter in zip(parts, others, results, strict=True):
        if letter in "pcr":
            product = np.asarray(part) * np.asarray(other, dtype=np.float64)
            agreement = agreement + product.sum(axis=1 if letter == "r" else 0)
    signs = np.where(np.asarray(agreement) < 0, -1.0, 1.0)
    flip = {"p": signs, "c": signs, "r": signs[:, None]}
    flipped = tuple(
        part * flip.get(letter, 1.0) for part, letter in zip(parts, results, strict=True)
    )
    return flipped if len(results) > 1 else flipped[0]


def _apart(x: Array) -> bool:
    """Tell whether the variances differ clearly, those of the scaled columns as well."""
    centred = x - x.mean(axis=0)
    for one in (centred, centred / centred.std(axis=0)):
        s = np.linalg.svd(one, compute_uv=False)
        if np.any(s[:-1] < 1.15 * s[1:]) or s[-1] < 0.1:
            return False
    return True


def _cloud(rng: np.random.Generator, n: int, d: int) -> Array:
    """Return points whose components are clear, and whose mean is far from zero."""
    while True:
        mixed = np.linalg.qr(rng.normal(size=(d, d)))[0]
        x = rng.normal(size=(n, d)) * 1.9 ** -np.arange(d) @ mixed * 3.0 + rng.normal(size=d)
        if _apart(x):
            return np.asarray(x)


def _clouds(rng: np.random.Generator) -> list[Case]:
    tiny = np.array([[1.0, 1.0], [2.0, 3.0], [4.0, 4.0], [5.0, 8.0]])
    x, wide = _cloud(rng, 9, 3), _cloud(rng, 12, 4)
    constant = np.column_stack((_cloud(rng, 7, 2), np.full(7, 4.0)))
    centre = "centre the columns before anything else"
    asked = [
        (tiny, 1),
        (np.array([[1, 7, 2], [4, 2, 9], [5, 5, 0], [8, 1, 1], [2, 6, 6]]), 1),
        (tiny, 2),
        *((view, 2) for view in layouts(x)),
        (constant, 2),
        *((_cloud(rng, n, d), k) for n, d, k in ((7, 2, 1), (16, 4, 3), (30, 5, 2), (11, 3, 3))),
    ]
    return [
        *(Case({"x": a, "k": k}) for a, k in asked),
        Case({"x": wide.astype(np.float32), "k": 2}, slack=1e-3),
        *(Case({"x": _cloud(rng, n, d)}) for n, d in ((10, 4), (9, 3))),
        Case({"x": 1e4 * wide, "k": 2}, Level.STABILITY, centre),
        Case({"x": wide + 1e6, "k": 2}, Level.STABILITY, centre, slack=1e-6),
    ]


def _wide(rng: np.random.Generator) -> list[Case]:
    away = np.array([[3.0, -1.0, 0.0, 2.0, 1.0], [-2.0, 1.0, 0.0, 1.0, 2.0], [0.0] * 5])
    return [Case({"x": away + 0.1 * rng.normal(size=(3, 5)), "k": k}) for k in (1, 2)]


def _always(arguments: Arguments) -> bool:
    return True


def _varies(arguments: Arguments) -> bool:
    return bool(np.all(np.std(np.asarray(arguments["x"], dtype=np.float64), axis=0) > 0))


_RESULTS = {
    "p": "projection",
    "c": "components as columns",
    "r": "components as rows",
    "pc": "(projection, columns)",
    "pr": "(projection, rows)",
    "cp": "(columns, projection)",
    "pe": "(projection, explained shares)",
    "pce": "(projection, columns, explained shares)",
    "pre": "(projection, rows, explained shares)",
}
_VARIANCES = {
    "pv": "(projection, variances)",
    "cv": "(columns, variances)",
    "vc": "(variances, columns)",
    "rv": "(rows, variances)",
    "pcv": "(projection, columns, variances)",
    "prv": "(projection, rows, variances)",
}


def _variants() -> Iterator[Variant]:
    for scaled, told in {None: "", 0: "scaled columns", 1: "columns scaled by n - 1"}.items():
        for results, words in _RESULTS.items() if scaled is None else list(_RESULTS.items())[:5]:
            yield Variant(
                ", ".join(filter(None, (words, told))),
                partial(pca, results=results, scaled=scaled),
                applies=_always if scaled is None else _varies,
                align=partial(_signed, results=results),
            )
    for ddof, divisor in {1: "n - 1", 0: "n"}.items():
        for results, words in _VARIANCES.items():
            yield Variant(
                f"{words}, divided by {divisor}",
                partial(pca, results=results, ddof=ddof),
                align=partial(_signed, results=results),
            )


def _directions(x: Array) -> Array:
    """Return all components of x as rows, the largest first."""
    return np.asarray(pca(x, results="r"))


def _centred(x: Array) -> Array:
    return np.asarray(x - np.mean(x, axis=0), dtype=np.float64)


def _uncentred(x: Array, k: int | None) -> tuple[Array, Array]:
    rows = np.linalg.svd(np.asarray(x, dtype=np.float64), full_matrices=False)[2][:k]
    return x @ rows.T, rows.T


def _unshifted(x: Array, k: int | None) -> tuple[Array, Array]:
    rows = _directions(x)[:k]
    return x @ rows.T, rows.T


def _smallest(x: Array, k: int | None) -> tuple[Array, Array]:
    rows = _directions(x)[::-1][:k]
    return _centred(x) @ rows.T, rows.T


def _whitened(x: Array, k: int | None) -> tuple[Array, Array]:
    projection, variances, columns = pca(x, k, results="pvc")
    return projection / np.sqrt(variances), columns * np.sqrt(variances)


def _mistakes() -> Iterator[Mistake]:
    """Yield each mistake for projection and components, with either sign."""
    known = {
        "centre x before its components are taken": _uncentred,
        "project the centred x": _unshifted,
        "take the largest variances: these are the smallest": _smallest,
        "components have length 1, whatever the variance": _whitened,
    }
    for hint, wrong in known.items():
        for at in (0, 1):
            for sign in (1.0, -1.0):
                if not (wrong is _unshifted and at):
                    yield Mistake(
                        hint,
                        lambda x, k=None, wrong=wrong, at=at, sign=sign: sign * wrong(x, k)[at],
                    )


_PCA = Kernel(
    name="pca",
    aliases=("principal_component_analysis", "pca_transform", "pca_fit_transform", "compute_pca"),
    parameters=(
        Parameter("x", ("data", "features", "matrix", "a", "samples", "points")),
        Parameter(
            "k",
            ("n_components", "num_components", "components", "n", "n_component", "dim", "dims"),
            None,
            usual=1,
            least=1,
            most=3,
        ),
    ),
    variants=tuple(_variants()),
    domains=(
        Domain("clear components", _clouds, alone=True),
        Domain("more columns than rows", _wide),
    ),
    formula=r"Z = (X - \bar X) V_k, \quad X - \bar X = U \Sigma V^\top",
    source="Jolliffe: Principal Component Analysis (2002)",
    mistakes=tuple(_mistakes()),
)

PCA = replace(
    _PCA,
    forms=tuple(
        replace(_PCA, methods=methods)
        for methods in (
            (Method(("fit",), {"X": "x"}), Method(("transform", "project"), {"X": "x"})),
            (Method(("fit_transform",), {"X": "x"}),),
        )
    ),
)
