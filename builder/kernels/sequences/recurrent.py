"""One step of recurrent cells, and the plain one along a whole sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.activations.activation import softmax
from builder.kernels.kernel import (
    REQUIRED,
    Array,
    Bundle,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
)
from builder.kernels.sequences.gates import (
    BH,
    BX,
    ROWS,
    TURNED,
    WH,
    WX,
    B,
    H,
    Inputs,
    X,
    arranged,
    cell_domains,
    gru_cell,
    oriented,
    sigmoid,
    sums,
    taking,
    weights_of,
    with_forms,
)

# ── the plain cell ───────────────────────────────────────────────────────────────────────────────


def rnn_step(x: Array, h: Array, wx: Array, wh: Array, **biases: Array | None) -> Array:
    """Return tanh(x wx + h wh + b), (N, H) or (H,), in float64.

    x is (N, D), h (N, H), wx (D, H), wh (H, H), and each bias (H,). Elman, Finding Structure in
    Time (1990).
    """
    total = np.asarray(x, dtype=np.float64) @ wx + np.asarray(h, dtype=np.float64) @ wh
    for bias in biases.values():
        total = total + (0.0 if bias is None else bias)
    return np.tanh(total)


def rnn_forward(
    x: Array, h: Array | None, wx: Array, wh: Array, b: Array, *, returns: str = "all"
) -> Array | tuple[Array, Array]:
    """Return the states after each of the T steps along x, from h or from 0, in float64.

    x is (T, D) with h (H,), or with h (N, H) it is (N, T, D) or (T, N, D), and the states lie as x
    does. wx is (D, H), or it is (H, D) and both matrices are meant transposed. `returns` is "all",
    "last" for the last state alone, "both", or "more" for all with h before them.
    """
    if wx.shape[0] != x.shape[-1]:
        wx, wh = wx.T, wh.T
    if h is None:
        h = np.zeros((*x.shape[:-2], wh.shape[0]))
    axis = 1 if x.ndim == 3 and x.shape[0] == len(h) else 0
    states = [np.asarray(h, dtype=np.float64)]
    for step in np.moveaxis(x, axis, 0):
        states.append(rnn_step(step, states[-1], wx, wh, b=b.reshape(-1)))
    last = states[-1]
    if returns == "last":
        return last
    steps = np.stack(states[returns != "more" :], axis=axis)
    return (steps, last) if returns == "both" else steps


def _with_output(*, soft: bool, y_first: bool, **given: Any) -> tuple[Array, Array]:
    h = rnn_step(**{name: given[name] for name in ("x", "h", "wx", "wh", "b")})
    y = h @ given["why"] + given["by"]
    y = softmax(y) if soft else y
    return (y, h) if y_first else (h, y)


def _drawn(rng: np.random.Generator, n: int, d: int, w: int, *, names: str) -> Inputs:
    sizes = {"x": (n, d), "h": (n, w), "wx": (d, w), "wh": (w, w), "why": (w, 4),
             "b": (w,), "bx": (w,), "bh": (w,), "by": (4,)}  # fmt: skip
    return {name: rng.normal(size=sizes[name]) for name in ("x", "h", *names.split())}


def _along(rng: np.random.Generator, *, lead: str, layout: str, optional: bool) -> list[Case]:
    """Return sequences, where `lead` has the letters N and T in the order of x's axes."""
    cases = []
    for t, d, w in ((1, 2, 1), (2, 2, 1), (3, 2, 3), (4, 3, 2), (7, 3, 2)):
        axes = tuple({"N": 2 if t != 2 else 3, "T": t}[letter] for letter in lead)
        x = rng.normal(size=(*axes, d))
        h = rng.normal(size=(*axes[: lead.index("T")], *axes[lead.index("T") + 1 :], w))
        rest = arranged(_drawn(rng, 1, d, w, names="wx wh b"), layout)
        given = {**rest, "x": np.round(x) if t == 1 else x, "h": h}
        if optional and t not in (1, 3):
            del given["h"]
        cases.append(Case(given))
    cases.append(Case({k: a.astype(np.float32) for k, a in cases[3].arguments.items()}))
    big = {**cases[2].arguments, "x": 400.0 * cases[2].arguments["x"]}
    cases.append(Case(big, Level.STABILITY, "use np.tanh"))
    return cases


_RETURNS = {
    "both": "all states and the last",
    "all": "all states",
    "last": "the last state",
    "more": "all states, the first in front",
}
_LEADS = {"T": "one sequence", "NT": "a batch (N, T, D)", "TN": "steps of a batch (T, N, D)"}
_WORDS = {ROWS: "", TURNED: " (W @ x)"}


def _sequences(*, optional: bool) -> tuple[Domain, ...]:
    leads = list(_LEADS)[: 2 if optional else 3]
    return tuple(
        Domain(
            _LEADS[lead] + _WORDS[layout],
            partial(_along, lead=lead, layout=layout, optional=optional),
            alone=True,
        )
        for lead in leads
        for layout in _WORDS
    )


_SKIPPED = "x, h and b make one sum, and tanh squeezes it"


def _plain_mistakes() -> Iterator[Mistake]:
    def step(change: Callable[..., Any]) -> Callable[..., Any]:
        return oriented(lambda **g: change(g["x"] @ g["wx"], g["h"] @ g["wh"], g.get("b", 0.0)))

    yield Mistake("the bias is missing", step(lambda a, c, _: np.tanh(a + c)))
    yield Mistake("squeeze the sum with tanh", step(lambda a, c, b: a + c + b))
    yield Mistake("the plain cell has tanh, no sigmoid", step(lambda a, c, b: sigmoid(a + c + b)))
    yield Mistake("the old state is missing", step(lambda a, _, b: np.tanh(a + b)))
    yield Mistake("the plain cell has tanh, no relu",
                  step(lambda a, c, b: np.maximum(0.0, a + c + b)))  # fmt: skip
    yield Mistake(_SKIPPED, step(lambda a, c, b: np.tanh(a + c) + b))
    yield Mistake(
        "the weights of h are transposed",
        oriented(lambda **g: rnn_step(**{**g, "wh": g["wh"].T})),
    )


_WX = replace(WX, aliases=(*WX.aliases, "w_in", "w_input"))
_WH = replace(WH, aliases=(*WH.aliases, "w", "w_rec", "w_hidden"))
_SEQUENCE_X = replace(X, aliases=(*X.aliases, "input_sequence", "xs", "sequence", "seq"))
_FIRST_H = replace(H, aliases=(*H.aliases, "initial_hidden_state", "h_0", "h_init", "a0"))
_WHY = Parameter("why", ("w_hy", "wy", "w_y", "wya", "w_ya", "v", "w_out"))
_BY = Parameter("by", ("b_y", "c", "b_out"))

_PLAIN = Kernel(
    name="rnn_step",
    aliases=("rnn_step_forward", "rnn_cell", "rnn_cell_forward", "rnn_forward", "rnn",
             "vanilla_rnn_step", "simple_rnn", "vanilla_rnn", "rnn_forward_pass", "elman_step"),
    parameters=(X, H, _WX, _WH, B),
    variants=(Variant("", oriented(rnn_step)),),
    domains=cell_domains(partial(_drawn, names="wx wh b")),
    formula=r"h' = \tanh(x W_x + h W_h + b)",
    source="Elman: Finding Structure in Time (1990)",
    cache=True,
    mistakes=tuple(_plain_mistakes()),
)  # fmt: skip


def _along_form(h: Parameter) -> Kernel:
    return replace(
        _PLAIN,
        parameters=(_SEQUENCE_X, h, _WX, _WH, B),
        variants=tuple(
            Variant(words, partial(rnn_forward, returns=returns))
            for returns, words in _RETURNS.items()
        ),
        domains=_sequences(optional=h.default is not REQUIRED),
        mistakes=(
            Mistake(
                "each step starts from the state before it, not from the first one",
                lambda x, h, wx, wh, b: np.stack(
                    [rnn_forward(x[t : t + 1], h, wx, wh, b, returns="last") for t in range(len(x))]
                ),
            ),
            Mistake(
                "start from the h that was passed",
                lambda h, **given: rnn_forward(h=np.zeros_like(h), **given),
            ),
        ),
    )


RNN_STEP = replace(
    _PLAIN,
    forms=(
        replace(
            _PLAIN,
            parameters=(X, H, _WX, _WH, BX, BH),
            domains=cell_domains(
                partial(_drawn, names="wx wh bx bh"), words=" (biases of x and h)"
            ),
            mistakes=(),
        ),
        replace(
            _PLAIN,
            parameters=(X, H, _WX, _WH, replace(B, default=None)),
            domains=cell_domains(
                partial(_drawn, names="wx wh b"), words=" (bias or none)", biased=False
            ),
        ),
        replace(
            _PLAIN,
            parameters=(X, H, _WX, _WH, _WHY, B, _BY),
            variants=tuple(
                Variant(
                    ", ".join(("returns y, h" if y_first else "returns h, y",
                               "softmax" if soft else "y as it is")),
                    oriented(partial(_with_output, soft=soft, y_first=y_first)),
                )
                for y_first in (False, True)
                for soft in (False, True)
            ),
            domains=cell_domains(
                partial(_drawn, names="wx wh why b by"), words=" (with an output)"
            ),
            bundles=(Bundle("parameters", {"Wax": "wx", "Waa": "wh", "Wya": "why", "ba": "b",
                                           "by": "by"}, ("params",)),),
            mistakes=(),
        ),
        _along_form(_FIRST_H),
        _along_form(replace(_FIRST_H, default=None, absent="from h = 0")),
    ),
)  # fmt: skip

# ── gated cells ──────────────────────────────────────────────────────────────────────────────────


def _flawed(change: Callable[..., Any]) -> Callable[..., Any]:
    """Return a wrong cell: `change` makes h and c of i, f, o, g and c, gates squeezed already."""

    def step(**given: Any) -> Any:
        raw = sums(given, "ifog")
        i, f, o = (sigmoid(raw[name]) for name in "ifo")
        return change(i, f, o, raw["g"], given["c"])

    return oriented(step)


def _of(o: Array, c: Array) -> tuple[Array, Array]:
    return o * np.tanh(c), c


def _flawed_gru(given: Inputs, *, reset: bool = True, squash: Any = np.tanh) -> Array:
    w, gate = weights_of(given, "zrn"), sums(given, "zrn")
    past = (sigmoid(gate["r"]) if reset else 1.0) * given["h"]
    n = squash(given["x"] @ w.wx["n"] + w.bx["n"] + past @ w.wh["n"])
    return np.asarray(sigmoid(gate["z"]) * given["h"] + (1 - sigmoid(gate["z"])) * n)


_CANDIDATE = "the candidate goes through tanh, not through a sigmoid"
_SWAPPED = "the forget gate scales the old c, the input gate the candidate: they are swapped"
_LSTM_FLAWS: dict[str, Callable[..., Any]] = {
    _CANDIDATE: lambda i, f, o, g, c: _of(o, f * c + i * sigmoid(g)),
    "h is the output gate times tanh(c)": lambda i, f, o, g, c: (
        o * (f * c + i * np.tanh(g)), f * c + i * np.tanh(g)),
    "the forget gate scales the old c": lambda i, _, o, g, c: _of(o, c + i * np.tanh(g)),
    "the input gate scales the candidate": lambda _, f, o, g, c: _of(o, f * c + np.tanh(g)),
    "add what is left of the old c": lambda i, _, o, g, __: _of(o, i * np.tanh(g)),
    _SWAPPED: lambda i, f, o, g, c: _of(o, i * c + f * np.tanh(g)),
    "h is made of the new c": lambda i, f, o, g, c: (o * np.tanh(c), f * c + i * np.tanh(g)),
}  # fmt: skip


def _unbiased(given: Inputs) -> Array:
    return gru_cell({name: a for name, a in given.items() if name[0] != "b"})


_PARAMETERS = Bundle(
    "parameters",
    {f"{kind}{gate}": f"{kind.lower()}_{to}"
     for gate, to in (("f", "f"), ("i", "i"), ("c", "g"), ("o", "o")) for kind in "Wb"},
    ("params",),
)  # fmt: skip

LSTM_CELL = with_forms(
    Kernel(
        name="lstm_cell",
        aliases=("lstm_step", "lstm_step_forward", "lstm_cell_forward", "lstm", "lstm_unit"),
        parameters=(),
        variants=(),
        domains=(),
        formula=r"c' = \sigma(f) \odot c + \sigma(i) \odot \tanh(g), "
        r"\quad h' = \sigma(o) \odot \tanh(c')",
        source="Hochreiter, Schmidhuber (1997); Gers, Schmidhuber, Cummins (2000)",
        cache=True,
        mistakes=tuple(Mistake(hint, _flawed(change)) for hint, change in _LSTM_FLAWS.items()),
        bundles=(_PARAMETERS,),
    )
)
GRU_CELL = with_forms(
    Kernel(
        name="gru_cell",
        aliases=("gru_step", "gru_step_forward", "gru_cell_forward", "gru", "gru_unit"),
        parameters=(),
        variants=(),
        domains=(),
        formula=r"h' = z \odot h + (1 - z) \odot \tanh(x W + (r \odot h) U + b)",
        source="Cho et al.: Learning Phrase Representations (2014)",
        cache=True,
        mistakes=(
            Mistake("the reset gate scales h in the candidate", taking(_flawed_gru, reset=False)),
            Mistake(_CANDIDATE, taking(_flawed_gru, squash=sigmoid)),
            Mistake("the biases are missing", taking(_unbiased)),
        ),
    )
)
