"""Gated recurrent cells, and how any cell's weights may lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations, product
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Parameter,
    Variant,
    layouts,
)

Inputs = Mapping[str, Any]

# ── layouts: rows @ w, rows @ w.T, or w @ columns ────────────────────────────────────────────────

ROWS, TURNED, COLUMNS = "rows", "turned", "columns"
LAYOUTS = (
    ("a batch of rows", ROWS, 2),
    ("one vector", ROWS, 1),
    ("rows @ W.T", TURNED, 2),
    ("W @ one vector", TURNED, 1),
    ("W @ columns", COLUMNS, 2),
)
_STATES = ("x", "h", "c")


def arranged(given: Inputs, layout: str) -> dict[str, Any]:
    """Return what lies as rows @ w in another layout, or the other way round."""

    def turned(name: str, a: Any) -> Any:
        if not isinstance(a, np.ndarray) or layout == ROWS:
            return a
        if name in _STATES:
            return a.T if layout == COLUMNS else a
        if name.startswith("b"):
            return a.reshape(-1, 1) if layout == COLUMNS and a.ndim == 1 else a.reshape(-1)
        return a.T

    return {name: turned(name, a) for name, a in given.items()}


def layout_of(given: Inputs) -> str:
    """Tell the layout from shapes: x is never as wide as h, nor as all gates of h together."""
    x, h = given["x"], given["h"]
    joined = "wh" not in given and not any(name.startswith("u_") for name in given)
    w = next(a for name, a in given.items() if name.startswith("w"))
    if x.ndim == 2 and x.shape[0] != h.shape[0]:
        return COLUMNS
    return ROWS if w.shape[0] == x.shape[-1] + joined * h.shape[-1] else TURNED


def oriented(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return a reference for any layout from one for rows @ w."""

    def reference(**given: Any) -> Any:
        layout = layout_of(given)
        out = step(**arranged(given, layout))
        if layout != COLUMNS:
            return out
        return tuple(a.T for a in out) if isinstance(out, tuple) else out.T

    return reference


Draw = Callable[[np.random.Generator, int, int, int], Inputs]


def cell_domains(draw: Draw, *, words: str = "", biased: bool = True) -> tuple[Domain, ...]:
    """Return a domain for each layout; `draw` gives inputs for n rows of width d, h of width w.

    Unless `biased`, most cases set no bias.
    """
    return tuple(
        Domain(told + words, partial(_cases, draw, layout, ndim, biased), alone=True)
        for told, layout, ndim in LAYOUTS
    )


def _cases(
    draw: Draw,
    layout: str,
    ndim: int,
    biased: bool,  # noqa: FBT001
    rng: np.random.Generator,
) -> list[Case]:
    def case(n: int, d: int, w: int, change: Callable[[Array], Array] | None = None,
             level: Level = Level.CORE, hint: str = "") -> Case:  # fmt: skip
        rows = draw(rng, n, d, w)
        flat = {k: a[0] if ndim == 1 and k in _STATES else a for k, a in rows.items()}
        laid = arranged(flat, layout)
        made = {k: change(a) if change else a for k, a in laid.items()}
        if not biased and (n, d, w) not in ((1, 2, 1), (last, 3, 2)):
            made = {k: a for k, a in made.items() if k[0] != "b"}
        return Case(made, level, hint)

    last = 1 if ndim == 1 else 5
    return [
        case(1, 2, 1, lambda a: np.copysign(np.ceil(2 * abs(a)) / 2, a)),
        case(last, 2, 1),
        case(1, 2, 3),
        case(last, 3, 2),
        case(last, 3, 2, lambda a: layouts(a)[-1]),
        case(last, 2, 3, lambda a: a.astype(np.float32)),
        case(last, 2, 3, lambda a: 40.0 * a, Level.STABILITY,
             "use np.tanh, and a sigmoid that stands large numbers"),
    ]  # fmt: skip


# ── gates ────────────────────────────────────────────────────────────────────────────────────────


def sigmoid(x: Array) -> Array:
    """Return the logistic function without overflow."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


@dataclass(frozen=True, slots=True)
class Weights:
    """What every form of a cell comes down to: a matrix and a bias for each gate, of x and of h."""

    wx: Mapping[str, Array]
    wh: Mapping[str, Array]
    bx: Mapping[str, Array]
    bh: Mapping[str, Array]


def weights_of(given: Inputs, gates: str, *, x_first: bool = False) -> Weights:
    """Gather the weights of `gates`, in their order where they are stacked side by side.

    Each is one matrix w of x and one u of h, or one w of both, h above x unless `x_first`.
    """

    def gathered(*names: str) -> dict[str, Array]:
        for name in names:
            if given.get(name) is not None:
                parts = np.split(np.asarray(given[name], float), len(gates), axis=-1)
                return dict(zip(gates, parts, strict=True))
            if given.get(f"{name}_{gates[0]}") is not None:
                return {gate: np.asarray(given[f"{name}_{gate}"], float) for gate in gates}
        return {}

    wx, wh = gathered("wx", "w"), gathered("wh", "u")
    if not wh:
        above = given["x"].shape[-1] if x_first else given["h"].shape[-1]
        parts = {gate: (w[:above], w[above:]) for gate, w in wx.items()}
        wx, wh = ({gate: pair[i ^ x_first] for gate, pair in parts.items()} for i in (1, 0))
    zero = dict.fromkeys(gates, np.zeros(()))
    return Weights(wx, wh, gathered("b", "bx") or zero, gathered("bh") or zero)


def lstm_cell(
    given: Inputs, *, order: str = "ifog", x_first: bool = False, c_first: bool = False
) -> tuple[Array, Array]:
    """Return the next h and c, (N, H) or (H,), in float64 of an LSTM without peepholes.

    `given` holds x (N, D), h and c (N, H), and weights; `order` is that of input gate, forget gate,
    output gate and candidate g where they are stacked: wx (D, 4H), wh (H, 4H), b (4H,).
    Hochreiter, Schmidhuber (1997), with the forget gate of Gers, Schmidhuber, Cummins (2000).
    """
    gate = sums(given, order, x_first=x_first)
    c = sigmoid(gate["f"]) * given["c"] + sigmoid(gate["i"]) * np.tanh(gate["g"])
    h = sigmoid(gate["o"]) * np.tanh(c)
    return (c, h) if c_first else (h, c)


def sums(given: Inputs, order: str, *, x_first: bool = False) -> dict[str, Array]:
    """Return what each gate sums up, in float64."""
    x, h = (np.asarray(given[name], dtype=np.float64) for name in "xh")
    w = weights_of(given, order, x_first=x_first)
    return {g: x @ w.wx[g] + h @ w.wh[g] + w.bx[g] + w.bh[g] for g in order}


def gru_cell(
    given: Inputs,
    *,
    order: str = "zrn",
    x_first: bool = False,
    after: bool = False,
    inside: bool = False,
    keeps: bool = True,
) -> Array:
    """Return the next h, (N, H) or (H,), in float64.

    `given` holds x (N, D), h (N, H) and weights of the update gate z, the reset gate r and the
    candidate n. The reset gate scales h, or else, `after` the product, h's share of the candidate,
    with a bias of its own, or with the only one, `inside`. z is the share of the old h if it
    `keeps`, else that of the new. Cho et al. (2014).
    """
    x, h = (np.asarray(given[name], dtype=np.float64) for name in "xh")
    w = weights_of(given, order, x_first=x_first)
    gate = sums(given, order, x_first=x_first)
    z, r = sigmoid(gate["z"]), sigmoid(gate["r"])
    outer, inner = w.bx["n"], w.bh["n"]
    if inside:
        outer, inner = inner, outer
    past = r * (h @ w.wh["n"] + inner) if after else (r * h) @ w.wh["n"] + inner
    n = np.tanh(x @ w.wx["n"] + outer + past)
    return np.asarray(z * h + (1 - z) * n if keeps else (1 - z) * h + z * n)


# ── forms ────────────────────────────────────────────────────────────────────────────────────────

X = Parameter("x", ("xt", "x_t", "inputs", "input"))
H = Parameter("h", ("prev_h", "h_prev", "h_t", "a_prev", "h0", "h_t_1", "hidden", "h_prev_t", "hx",
                    "prev_hidden", "hidden_state", "ht", "hprev", "state", "a"))  # fmt: skip
_C = Parameter("c", ("prev_c", "c_prev", "c_t", "c_t_1", "c0", "cell", "cell_state", "ct", "cx",
                     "cprev", "c_state"))  # fmt: skip
WX = Parameter("wx", ("w_x", "wxh", "w_xh", "w_ih", "wih", "wax", "u", "w_ax", "weight_ih"))
WH = Parameter("wh", ("w_h", "whh", "w_hh", "waa", "w_aa", "weight_hh", "u_h", "wr"))
B = Parameter("b", ("bias", "b_h", "bh", "ba", "biases"))
BX = Parameter("bx", ("b_ih", "b_x", "bih", "bias_ih"))
BH = Parameter("bh", ("b_hh", "b_h", "bhh", "bias_hh"))

# Each gate's names, in the letters that end the names of its weights.
_LETTERS = {
    "lstm_cell": {"i": "iu", "f": "f", "o": "o", "g": "gc"},
    "gru_cell": {"z": "zu", "r": "r", "n": "nhcg"},
}
_STACKS = {
    "stacked": ("wx", "wh", "b"),
    "two biases": ("wx", "wh", "bx", "bh"),
    "joined": ("w", "b"),
}
_WORDS = {
    "stacked": "",
    "two biases": "biases of x and h",
    "joined": "one matrix for h and x",
    "apart": "a matrix a gate for x and for h",
    "both": "a matrix a gate for h and x",
}


_HEADS = {"w": ("w_", "w", "w_x", "wx", "wx_"), "u": ("u_", "u", "w_h", "wh", "wh_"),
          "b": ("b_", "b")}  # fmt: skip


def _gate_parameters(cell: str, prefix: str) -> tuple[Parameter, ...]:
    """Return the parameters w_i, w_f, … with all that people call them."""
    heads = (*_HEADS[prefix], *(["w_i"] if cell == "gru_cell" and prefix == "w" else []))
    tail = {"w": "x", "u": "h", "b": ""}[prefix]

    def spelled(letter: str) -> tuple[str, ...]:
        tails = (f"w_{letter}{tail}", f"w{letter}{tail}") if tail else ()
        return (*(head + letter for head in heads), *tails)

    return tuple(
        Parameter(
            f"{prefix}_{gate}",
            tuple(dict.fromkeys(name for one in letters for name in spelled(one))),
        )
        for gate, letters in _LETTERS[cell].items()
    )


def _drawn(cell: str, form: str, rng: np.random.Generator, n: int, d: int, w: int) -> Inputs:
    """Return the inputs of a form, all as rows @ w."""
    gates = _LETTERS[cell]
    high = {"w": d if form == "apart" else d + w, "u": w, "wx": d, "wh": w}
    sizes: dict[str, tuple[int, ...]] = {"x": (n, d), "h": (n, w)}
    sizes |= {"c": (n, w)} if "f" in gates else {}
    if form in _STACKS:
        wide = len(gates) * w
        sizes |= {a: (wide,) if a[0] == "b" else (high[a], wide) for a in _STACKS[form]}
    else:
        for prefix, gate in product("wub" if form == "apart" else "wb", gates):
            sizes[f"{prefix}_{gate}"] = (w,) if prefix == "b" else (high[prefix], w)
    return {name: rng.normal(size=size) for name, size in sizes.items()}


def _variants(cell: str, form: str, *, biased: bool) -> tuple[Variant, ...]:
    """Return the conventions of a form: the order of gates, of h and x, and those of the cell."""
    stacked, joined = form in _STACKS, form in ("joined", "both")
    if cell == "lstm_cell":
        orders = ["".join(order) for order in permutations("ifog")] if stacked else [""]
        results = (False, True) if form != "joined" else (False,)
        return tuple(
            Variant(
                _told(f"gates {', '.join(order)}" * stacked, _JOINED[x_first] * joined,
                      "returns c, h" * c_first),
                taking(lstm_cell, order=order or "ifog", x_first=x_first, c_first=c_first),
            )
            for c_first, x_first, order in product(results, (False, True)[: 1 + joined], orders)
        )  # fmt: skip
    orders = ["".join(order) for order in permutations("zrn")] if stacked else [""]
    resets = _RESETS if biased and form != "two biases" else _RESETS[:2]
    return tuple(
        Variant(
            _told(f"gates {', '.join(order)}" * stacked, _JOINED[x_first] * joined, words,
                  _SHARES[keeps]),
            taking(gru_cell, order=order or "zrn", x_first=x_first, keeps=keeps, **option),
        )
        for x_first, (words, option), keeps, order in product(
            (False, True)[: 1 + joined], resets[:1] if joined else resets, _SHARES, orders
        )
    )  # fmt: skip


_JOINED = {False: "h before x", True: "x before h"}
_SHARES = {True: "z keeps the old h", False: "z takes the new h"}
_RESETS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("reset before the product", {}),
    ("reset after the product", {"after": True}),
    ("reset after product and bias", {"after": True, "inside": True}),
)


def _told(*words: str) -> str:
    return ", ".join(filter(None, words))


def taking(cell: Callable[..., Any], **option: Any) -> Callable[..., Any]:
    """Return `cell`, which takes a mapping of rows, as a reference for any layout."""
    return oriented(lambda **given: cell(given, **option))


_NAMED = {"wx": WX, "wh": WH, "b": B, "bx": BX, "bh": BH,
          "w": Parameter("w", ("weights", "weight", "wxh", "w_all"))}  # fmt: skip


def with_forms(cell: Kernel) -> Kernel:
    """Return `cell` with its parameters, conventions and cases, for every way weights may lie."""
    rest = [(form, biased) for biased in (True, False) for form in _WORDS]
    forms = [_form(cell, *one) for one in rest if one != ("two biases", False)]
    return replace(forms[0], forms=tuple(forms[1:]))


def _form(cell: Kernel, form: str, biased: bool) -> Kernel:  # noqa: FBT001
    """Return one form of the cell; without `biased`, its biases may be left out."""
    kind = cell.name
    if form in _STACKS:
        weights = tuple(_NAMED[name] for name in _STACKS[form])
    else:
        prefixes = "wub" if form == "apart" else "wb"
        weights = tuple(p for prefix in prefixes for p in _gate_parameters(kind, prefix))
    if not biased:
        weights = tuple(replace(p, default=None) if p.name[0] == "b" else p for p in weights)
    told = "; ".join(filter(None, (_WORDS[form], "" if biased else "biases or none")))
    words = f" ({told})" if told else ""
    states = (X, H, _C) if kind == "lstm_cell" else (X, H)
    return replace(
        cell,
        parameters=(*states, *weights),
        variants=_variants(kind, form, biased=biased),
        domains=cell_domains(partial(_drawn, kind, form), biased=biased, words=words),
        bundles=cell.bundles if form == "both" and biased else (),
    )
