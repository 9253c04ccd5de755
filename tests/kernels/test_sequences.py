"""Attention, positions and recurrent cells against onnx's evaluator, or against a property."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.reference
import pytest
from onnx import TensorProto, helper

from builder.kernels.kernel import Array
from builder.kernels.sequences.attention import (
    SCALED_DOT_PRODUCT_ATTENTION,
    multi_head_attention,
    scaled_dot_product_attention,
)
from builder.kernels.sequences.gates import arranged, gru_cell, lstm_cell, oriented
from builder.kernels.sequences.position import causal_mask, positional_encoding, rope, rotated
from builder.kernels.sequences.recurrent import rnn_forward, rnn_step

ORACLES = {
    "scaled_dot_product_attention": "onnx Attention",
    "multi_head_attention": "onnx Attention with heads",
    "causal_mask": "onnx Trilu",
    "positional_encoding": "PE(p + k) is PE(p), turned by k",
    "rope": "onnx RotaryEmbedding",
    "rnn_step": "onnx RNN",
    "lstm_cell": "onnx LSTM",
    "gru_cell": "onnx GRU",
}
SEEDS = range(20)


def _onnx(operator: str, inputs: Sequence[Any], outputs: int = 1, **attributes: Any) -> list[Array]:
    """Return what onnx's reference evaluator makes of float64 inputs; None leaves one out."""
    names = ["" if a is None else f"i{at}" for at, a in enumerate(inputs)]
    made = [f"o{at}" for at in range(outputs)]
    node = helper.make_node(operator, names, made, **attributes)
    given = {name: a for name, a in zip(names, inputs, strict=True) if name}
    types = {np.dtype(bool): TensorProto.BOOL, np.dtype("int64"): TensorProto.INT64}
    described = [
        helper.make_tensor_value_info(name, types.get(a.dtype, TensorProto.DOUBLE), a.shape)
        for name, a in given.items()
    ]
    results = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in made]
    graph = helper.make_graph([node], "graph", described, results)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)])
    return list(onnx.reference.ReferenceEvaluator(model).run(None, given))


def _apart(one: Any, other: Any) -> float:
    """Return the largest relative difference, for results of one shape."""
    one, other = np.asarray(one), np.asarray(other)
    assert one.shape == other.shape
    return float(np.abs(one - other).max() / max(np.abs(other).max(), 1e-300))


# ── attention ────────────────────────────────────────────────────────────────────────────────────


def _attention(rng: np.random.Generator) -> float:
    n, m, d, e = rng.integers(1, 6, 4)
    q, k, v = (rng.normal(size=(2, 3, *s)) for s in ((n, d), (m, d), (m, e)))
    seen = rng.random((n, m)) < 0.6
    seen[:, 0] = True
    bias = rng.normal(size=(n, m))
    # onnx keeps its scale in single precision, so q is scaled beforehand.
    short = q / np.sqrt(d)
    (plain,), (kept,), (added,) = (
        _onnx("Attention", inputs, scale=1.0)
        for inputs in ((short, k, v), (short, k, v, seen), (short, k, v, bias))
    )
    square = (q, q, rng.normal(size=(2, 3, n, e)))
    (causal,) = _onnx("Attention", (short, *square[1:]), is_causal=1, scale=1.0)
    return max(
        _apart(scaled_dot_product_attention(q, k, v), plain),
        _apart(scaled_dot_product_attention(q, k, v, seen), kept),
        _apart(scaled_dot_product_attention(q, k, v, ~seen, kind="hides"), kept),
        _apart(scaled_dot_product_attention(q, k, v, seen.astype(int)), kept),
        _apart(scaled_dot_product_attention(q, k, v, bias, kind="added"), added),
        _apart(scaled_dot_product_attention(*square, causal=True), causal),
    )


def _heads(rng: np.random.Generator) -> float:
    n, m, width, h = rng.integers(1, 5, 4)
    d = width * h
    q, k, v = (rng.normal(size=(2, rows, d)) for rows in (n, m, m))
    w = {f"w_{name}": rng.normal(size=(d, d)) for name in "qkvo"}
    b = {f"b_{name}": rng.normal(size=d) for name in "qkvo"}
    seen = rng.random((n, m)) < 0.6
    seen[:, 0] = True
    parts = [a @ w[f"w_{name}"] + b[f"b_{name}"] for name, a in zip("qkv", (q, k, v), strict=True)]
    heads = {"q_num_heads": int(h), "kv_num_heads": int(h), "scale": 1.0}
    parts[0] /= np.sqrt(width)  # onnx keeps its scale in single precision
    (joined,) = _onnx("Attention", (*parts, seen), **heads)
    expected = joined @ w["w_o"] + b["b_o"]
    given = {"q": q, "k": k, "v": v, "n_heads": int(h), "mask": seen}
    turned = {name: a.T for name, a in w.items()}
    (bare,) = _onnx("Attention", (q / np.sqrt(width), k, v), **heads)
    return max(
        _apart(multi_head_attention({**given, **w, **b}), expected),
        _apart(multi_head_attention({**given, **turned, **b, "transposed": True}), expected),
        _apart(multi_head_attention({**given, "mask": None}), bare),
        _same_forms(rng, q, w, int(h)),
    )


def _same_forms(rng: np.random.Generator, x: Array, w: dict[str, Array], h: int) -> float:
    """Compare the ways in which the same weights may be given."""
    apart = multi_head_attention({"x": x, **w, "n_heads": h})
    packed = np.concatenate([w[f"w_{name}"] for name in "qkv"], axis=1)
    own = {f"w_{name}": np.stack(np.split(w[f"w_{name}"], h, axis=1)) for name in "qkv"}
    return max(
        _apart(
            multi_head_attention({"x": x, "w_qkv": packed, "w_o": w["w_o"], "n_heads": h}), apart
        ),
        _apart(multi_head_attention({"x": x, **own, "w_o": w["w_o"]}), apart),
        _apart(multi_head_attention({"q": x, "k": x, "v": x, **w, "n_heads": h}), apart),
    )


def _mask(rng: np.random.Generator) -> float:
    n = int(rng.integers(1, 9))
    (lower,) = _onnx("Trilu", (np.ones((n, n)),), upper=0)
    added = np.where(lower == 1, 0.0, -np.inf)
    assert np.array_equal(causal_mask(n), lower)
    assert np.array_equal(causal_mask(n, hides=True), 1 - lower)
    assert np.array_equal(causal_mask(n, -np.inf, lead=2), added[None, None])
    return _apart(causal_mask(n, -1e9), np.where(lower == 1, 0.0, -1e9))


def test_the_weights_of_attention_sum_to_one() -> None:
    """And they are what multiplies v."""
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(3, 4, 3))
    out, shares = scaled_dot_product_attention(q, k, v, weights=True)
    np.testing.assert_allclose(shares.sum(axis=-1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(shares @ v, out, rtol=1e-14)


def test_no_query_is_blind_in_any_case() -> None:
    """Under either reading of a mask each row has a key left, so nothing depends on 0 / 0."""
    kernel = SCALED_DOT_PRODUCT_ATTENTION
    for form in (kernel, *kernel.forms):
        for domain in form.domains:
            for case in domain.cases(np.random.default_rng(3)):
                mask = case.arguments.get("mask")
                if mask is not None and mask.min() >= 0:
                    assert (mask != 0).any(axis=-1).all()
                    assert (mask == 0).any(axis=-1).all()


# ── positions ────────────────────────────────────────────────────────────────────────────────────


def _turned(table: Array, step: int, base: float) -> Array:
    """Return an interleaved encoding turned on by `step` positions, pair by pair."""
    d = table.shape[1]
    out = np.empty_like(table)
    for i in range(d // 2):
        a = step * base ** (-2 * i / d)
        matrix = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
        out[:, 2 * i : 2 * i + 2] = table[:, 2 * i : 2 * i + 2] @ matrix.T
    return out


def _encoding(rng: np.random.Generator) -> float:
    n, d, step = int(rng.integers(2, 9)), 2 * int(rng.integers(1, 6)), int(rng.integers(1, 5))
    base = float(rng.uniform(10, 1e5))
    table = positional_encoding(n + step, d, base)
    assert np.array_equal(table[0], np.tile([0.0, 1.0], d // 2))
    halves = positional_encoding(n + step, d, base, order="sines, then cosines")
    pairs = table.reshape(-1, d // 2, 2)
    assert np.array_equal(halves, np.concatenate([pairs[..., 0], pairs[..., 1]], axis=1))
    assert np.array_equal(positional_encoding(n, d - 1, base).shape, (n, d - 1))
    return _apart(table[step:], _turned(table[:n], step, base))


def _rotary(rng: np.random.Generator) -> float:
    n, d = int(rng.integers(1, 7)), 2 * int(rng.integers(1, 5))
    x = rng.normal(size=(2, 3, n, d))
    angles = np.outer(np.arange(n), 1e4 ** (-np.arange(0, d, 2) / d))
    tables = [np.broadcast_to(a, (2, *a.shape)).copy() for a in (np.cos(angles), np.sin(angles))]
    worst = 0.0
    for halves in (False, True):
        (expected,) = _onnx("RotaryEmbedding", (x, *tables), interleaved=int(not halves))
        found = rope(x, halves=halves)
        swapped = rope(np.swapaxes(x, 1, 2), halves=halves, axis=-3)
        wide = [
            np.tile(a, 2) if halves else np.repeat(a, 2, -1)
            for a in (np.cos(angles), np.sin(angles))
        ]
        worst = max(
            worst,
            _apart(found, expected),
            _apart(np.swapaxes(swapped, 1, 2), expected),
            _apart(rotated(x, *wide, halves=halves), expected),
            _apart(rope(x[0, 0, -1], n - 1, halves=halves), expected[0, 0, -1]),
        )
    return worst


@pytest.mark.parametrize("halves", [False, True])
def test_rotated_products_depend_on_the_distance_alone(halves: bool) -> None:
    """This is what the rotation is for."""
    q, k = np.random.default_rng(1).normal(size=(2, 8))
    near, far = (
        rope(q, m, halves=halves) @ rope(k, n, halves=halves) for m, n in ((2, 5), (40, 43))
    )
    assert near == pytest.approx(far, rel=1e-12)


# ── recurrent cells ──────────────────────────────────────────────────────────────────────────────


def _gate_inputs(rng: np.random.Generator, gates: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return inputs of a cell with separate matrices by gate number, and as onnx stacks them."""
    n, d, h = (int(a) for a in rng.integers(1, 5, 3))
    ours = {"x": rng.normal(size=(n, d)), "h": rng.normal(size=(n, h))}
    parts = {"w": (d, h), "u": (h, h), "bx": (h,), "bh": (h,)}
    drawn = {name: rng.normal(size=(gates, *size)) for name, size in parts.items()}
    theirs = {
        "W": np.concatenate([a.T for a in drawn["w"]])[None],
        "R": np.concatenate([a.T for a in drawn["u"]])[None],
        "B": np.concatenate([*drawn["bx"], *drawn["bh"]])[None],
    }
    return ours | drawn, theirs


def _stacked(ours: dict[str, Any]) -> dict[str, Any]:
    """Return the same weights side by side."""
    named = {"wx": "w", "wh": "u", "bx": "bx", "bh": "bh"}
    wide = {name: np.concatenate(list(ours[of]), axis=-1) for name, of in named.items()}
    return {"x": ours["x"], "h": ours["h"], **wide}


def _joined(given: dict[str, Any], *, x_first: bool) -> dict[str, Any]:
    """Return the same cell with one matrix for h and x, and one bias."""
    pair = (given["wx"], given["wh"]) if x_first else (given["wh"], given["wx"])
    rest = {name: given[name] for name in ("x", "h", "c") if name in given}
    return {**rest, "w": np.concatenate(pair), "b": given["bx"] + given["bh"]}


def _plain(rng: np.random.Generator) -> float:
    ours, theirs = _gate_inputs(rng, 1)
    x, h, steps = ours["x"], ours["h"], int(rng.integers(1, 5))
    wx, wh, bx, bh = (ours[name][0] for name in ("w", "u", "bx", "bh"))
    xs = rng.normal(size=(steps, *x.shape))
    fixed = (*theirs.values(), None)
    _, one = _onnx("RNN", (x[None], *fixed, h[None]), 2, hidden_size=h.shape[1])
    every, last = _onnx("RNN", (xs, *fixed, h[None]), 2, hidden_size=h.shape[1])
    states = rnn_forward(xs[:, 0], h[0], wx, wh, bx + bh)
    both = rnn_forward(xs[:, 0], h[0], wx, wh, bx + bh, returns="both")
    return max(
        _apart(rnn_step(x, h, wx, wh, bx=bx, bh=bh), one[0]),
        _apart(states, every[:, 0, 0]),
        _apart(both[1], last[0, 0]),
    )


def _lstm(rng: np.random.Generator) -> float:
    ours, theirs = _gate_inputs(rng, 4)  # onnx's order: input, output, forget, candidate
    c = rng.normal(size=ours["h"].shape)
    inputs = (ours["x"][None], *theirs.values(), None, ours["h"][None], c[None])
    _, h_next, c_next = _onnx("LSTM", inputs, 3, hidden_size=c.shape[1])
    wide = {**_stacked(ours), "c": c}
    named = {f"{name}_{gate}": ours[name][at] for at, gate in enumerate("iofg") for name in "wu"}
    biases = {f"b_{gate}": ours["bx"][at] + ours["bh"][at] for at, gate in enumerate("iofg")}
    found = [
        lstm_cell(wide, order="iofg"),
        lstm_cell({"x": ours["x"], "h": ours["h"], "c": c, **named, **biases}),
        *(lstm_cell(_joined(wide, x_first=first), order="iofg", x_first=first) for first in (0, 1)),
        lstm_cell(wide, order="iofg", c_first=True)[::-1],
    ]
    return max(max(_apart(h, h_next[0]), _apart(c, c_next[0])) for h, c in found)


def _gru(rng: np.random.Generator) -> float:
    ours, theirs = _gate_inputs(rng, 3)  # onnx's order: update, reset, candidate
    wide, h = _stacked(ours), ours["h"]
    worst = 0.0
    for after in (False, True):
        inputs = (ours["x"][None], *theirs.values(), None, h[None])
        _, expected = _onnx(
            "GRU", inputs, 2, hidden_size=h.shape[1], linear_before_reset=int(after)
        )
        flipped = {
            **wide,
            **{name: _negated(wide[name], h.shape[1]) for name in wide if name not in "xh"},
        }
        found = [
            gru_cell(wide, order="zrn", after=after),
            gru_cell(
                flipped, order="zrn", after=after, keeps=False
            ),  # 1 - sigmoid(z) = sigmoid(-z)
        ]
        if not after:
            joined = _joined(wide, x_first=False)
            found.append(gru_cell(joined, order="zrn"))
        worst = max(worst, *(_apart(one, expected[0]) for one in found))
    return worst


def _negated(a: Array, width: int) -> Array:
    """Return weights whose first gate is negative."""
    return np.concatenate([-a[..., :width], a[..., width:]], axis=-1)


def _laid() -> float:
    """Return how far the layouts of one cell are apart."""
    rng, worst = np.random.default_rng(2), 0.0
    sizes = {"x": (5, 3), "h": (5, 2), "wx": (3, 2), "wh": (2, 2), "b": (2,)}
    given = {name: rng.normal(size=size) for name, size in sizes.items()}
    step = oriented(rnn_step)
    for layout in ("turned", "columns"):
        out = step(**arranged(given, layout))
        worst = max(worst, _apart(out.T if layout == "columns" else out, rnn_step(**given)))
    return worst


def test_a_layout_changes_nothing() -> None:
    """Rows @ w, rows @ w.T and w @ columns are one computation."""
    assert _laid() < 1e-15


# ── all of them ──────────────────────────────────────────────────────────────────────────────────

_CHECKS: dict[str, Callable[[np.random.Generator], float]] = {
    "scaled_dot_product_attention": _attention,
    "multi_head_attention": _heads,
    "causal_mask": _mask,
    "positional_encoding": _encoding,
    "rope": _rotary,
    "rnn_step": _plain,
    "lstm_cell": _lstm,
    "gru_cell": _gru,
}


def differences() -> dict[str, float]:
    """Return for each kernel the largest relative difference to its oracle over all seeds."""
    return {
        name: max(check(np.random.default_rng(seed)) for seed in SEEDS)
        for name, check in _CHECKS.items()
    }


@pytest.mark.parametrize("name", ORACLES)
def test_a_reference_is_its_oracle(name: str) -> None:
    """For twenty seeds each, in every form and convention that the oracle knows."""
    assert max(_CHECKS[name](np.random.default_rng(seed)) for seed in SEEDS) < 1e-12
