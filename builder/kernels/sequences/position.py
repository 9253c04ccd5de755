"""Positions: encodings, rotations, and who may see whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    REQUIRED,
    Arguments,
    Array,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
    short,
)

_INTERLEAVED, _HALVES = "sine and cosine in turn", "sines, then cosines"


def encoded(
    positions: Array | float, d_model: int, base: float = 1e4, *, order: str = _INTERLEAVED
) -> Array:
    """Return the encoding (..., d_model) in float64 of `positions` of any shape.

    Pair i has the frequency base^(-2i / d_model). Vaswani et al. (2017).
    """
    power = np.arange(0, d_model, 2) / d_model
    angles = np.asarray(positions, dtype=np.float64)[..., None] / base**power
    if order == _INTERLEAVED:
        both = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
        return both.reshape(*angles.shape[:-1], -1)[..., :d_model]
    return np.concatenate([np.sin(angles), np.cos(angles)[..., : d_model // 2]], axis=-1)


def positional_encoding(
    seq_len: int, d_model: int, base: float = 1e4, *, order: str = _INTERLEAVED, lead: bool = False
) -> Array:
    """Return the encoding (seq_len, d_model) of the positions from 0, or (1, …) with `lead`."""
    table = encoded(np.arange(seq_len), d_model, base, order=order)
    return table[None] if lead else table


def _added(x: Array, base: float, *, order: str) -> Array:
    return np.asarray(x + encoded(np.arange(x.shape[-2]), x.shape[-1], base, order=order))


def _in_orders(reference: Callable[..., Any], words: str = "", **own: Any) -> Iterator[Variant]:
    for order in (_INTERLEAVED, _HALVES):
        yield Variant(f"{order}, base {{base}}{words}", partial(reference, order=order, **own))


def _lengths(rng: np.random.Generator) -> list[Case]:
    sizes = ((2, 2), (1, 2), (3, 4), (1, 4), (2, 6), (5, 4), (4, 8), (7, 10), (10, 6))
    return [
        *(Case({"seq_len": n, "d_model": d}) for n, d in sizes),
        *(Case({"seq_len": 4, "d_model": 6, "base": b}, hint="use the base that was passed")
          for b in (100.0, 500.0)),
        *(Case({"seq_len": int(n), "d_model": int(2 * d)}) for n, d in rng.integers(3, 12, (2, 2))),
        Case({"seq_len": 600, "d_model": 4}, Level.STABILITY),
    ]  # fmt: skip


def _odd(rng: np.random.Generator) -> list[Case]:
    return [Case({"seq_len": n, "d_model": d}) for n, d in ((2, 1), (3, 3), (4, 5))]


def _some_positions(rng: np.random.Generator, *, single: bool) -> list[Case]:
    given = [1, 0, 3, 10] if single else map(np.array, ([1, 0], [2], [5, 1, 3], [0.0, 1.5]))
    return [Case({"positions": a, "d_model": d}) for a in given for d in (2, 4, 6)]


def _embedded(rng: np.random.Generator, *, lead: tuple[int, ...]) -> list[Case]:
    drawn = [rng.normal(size=(*lead, n, d)) for n, d in ((3, 4), (5, 6), (2, 8), (1, 4))]
    arrays = (np.zeros((*lead, 2, 2)), *drawn, *layouts(drawn[1]), drawn[0].astype("f4"))
    return [Case({"x": a}) for a in arrays]


def _unpaired(seq_len: int, d_model: int, base: float, factor: float) -> Array:
    """Return an encoding whose sines and cosines have frequencies of their own."""
    column = np.arange(d_model)
    angles = np.arange(seq_len)[:, None] / base ** (factor * column / d_model)
    return np.where(column % 2 == 0, np.sin(angles), np.cos(angles))


_PAIRED = "a sine and its cosine share a frequency: the exponent is 2i / d of pair i"
_BASE = Parameter("base", ("theta", "n", "max_wavelength", "rope_theta", "max_period"), 1e4,
                  least=2.0, most=1e7)  # fmt: skip
_WIDTH = Parameter("d_model", ("d", "dim", "embed_dim", "model_dim", "d_embed", "embedding_dim",
                               "emb_dim", "hidden_size", "depth"))  # fmt: skip

_ENCODING = Kernel(
    name="positional_encoding",
    aliases=("pos_encoding", "sinusoidal_positional_encoding", "sinusoidal_encoding",
             "get_positional_encoding", "sinusoidal_position_encoding", "position_encoding",
             "sinusoidal_embedding", "positional_encodings", "sinusoidal_positional_embedding"),
    parameters=(
        Parameter("seq_len", ("position", "max_len", "length", "seq_length", "n_positions", "l",
                              "t", "num_positions", "sequence_length", "max_seq_len", "max_length",
                              "positions", "pos")),
        _WIDTH,
        _BASE,
    ),
    variants=(
        *_in_orders(positional_encoding),
        *_in_orders(positional_encoding, ", shape (1, n, d)", lead=True),
    ),
    domains=(
        Domain("an even width", _lengths, alone=True),
        Domain("an odd width", _odd),
    ),
    formula=r"p_{t,2i} = \sin\frac{t}{10000^{2i/d}}, \quad p_{t,2i+1} = \cos\frac{t}{10000^{2i/d}}",
    source="Vaswani et al.: Attention Is All You Need (2017)",
    mistakes=(
        Mistake("sines stand in the even columns, cosines in the odd ones",
                lambda d_model, **given: positional_encoding(d_model=d_model, **given)[
                    :, np.arange(d_model) ^ 1]),
        Mistake(_PAIRED, partial(_unpaired, factor=1.0)),
        Mistake(_PAIRED, partial(_unpaired, factor=2.0)),
        Mistake("divide the position by the power: later pairs turn more slowly",
                lambda base, **given: positional_encoding(**given, base=1.0 / base)),
        Mistake("positions count from 0",
                lambda seq_len, **given: encoded(np.arange(seq_len) + 1, **given)),
        Mistake("each position is a row", lambda **given: positional_encoding(**given).T),
        Mistake("the exponent is 2i / d of pair i, not i / d",
                lambda seq_len, d_model, base: encoded(np.arange(seq_len), d_model, base**0.5)),
    ),
)  # fmt: skip


def _encoding_form(reference: Callable[..., Any], *parameters: Parameter, **domains: Any) -> Kernel:
    return replace(
        _ENCODING,
        parameters=(*parameters, _BASE),
        variants=tuple(_in_orders(reference)),
        domains=tuple(Domain(words, cases, alone=True) for words, cases in domains.items()),
        mistakes=(),
    )


_GIVEN = Parameter("positions", ("position", "pos", "t", "p", "timesteps", "timestep", "m"))
_EMBEDDED = Parameter("x", ("embeddings", "inputs", "token_embeddings", "input"))
POSITIONAL_ENCODING = replace(_ENCODING, forms=(
    _encoding_form(encoded, _GIVEN, _WIDTH, **{
        "positions that are given": partial(_some_positions, single=False),
        "one position": partial(_some_positions, single=True),
    }),
    _encoding_form(_added, _EMBEDDED, **{
        "added to x": partial(_embedded, lead=()),
        "added to a batch x": partial(_embedded, lead=(2,)),
    }),
))  # fmt: skip

# ── rotations ────────────────────────────────────────────────────────────────────────────────────


def turned(x: Array, *, halves: bool) -> Array:
    """Return x (..., d) with each pair (a, b) as (-b, a): a quarter of a turn."""
    if halves:
        first, second = np.split(x, 2, axis=-1)
        return np.concatenate([-second, first], axis=-1)
    return np.stack([-x[..., 1::2], x[..., ::2]], axis=-1).reshape(x.shape)


def rope(
    x: Array, positions: Any = None, base: float = 1e4, *, halves: bool = False, axis: int = -2
) -> Array:
    """Return x (..., n, d) in float64 with its pairs rotated: pair i by t * base^(-2i / d) radians.

    A pair is two neighbours, or else element i of both `halves`. t is the position along `axis`
    from 0, or of `positions`, (n,), or a number for a vector x. Su et al., RoFormer (2021).
    """
    x = np.asarray(x, dtype=np.float64)
    if positions is None:
        positions = np.arange(x.shape[axis])
    width = x.shape[-1]
    angles = np.multiply.outer(positions, base ** (-np.arange(0, width, 2) / width))
    angles = angles[:, None] if axis == -3 else angles
    return rotated(x, np.cos(angles), np.sin(angles), halves=halves)


def rotated(x: Array, cos: Array, sin: Array, *, halves: bool = False) -> Array:
    """Return x (..., d) rotated by angles whose `cos` and `sin` are (..., d / 2) or (..., d)."""
    x = np.asarray(x, dtype=np.float64)
    if cos.shape[-1] < x.shape[-1]:
        cos, sin = (np.concatenate([a, a], -1) if halves else np.repeat(a, 2, -1)
                    for a in (cos, sin))  # fmt: skip
    return np.asarray(x * cos + turned(x, halves=halves) * sin)


def _both(q: Array, k: Array, **given: Any) -> tuple[Array, ...]:
    return tuple((rotated if "cos" in given else rope)(x, **given) for x in (q, k))


_PAIRS = {False: "pairs of neighbours", True: "pairs of halves"}


def _rotations(
    reference: Callable[..., Any], base: str = ", base {base}", **own: Any
) -> tuple[Variant, ...]:
    return tuple(
        Variant(
            words + base, partial(reference, halves=halves, **own), None, partial(_fits, halves)
        )
        for halves, words in _PAIRS.items()
    )


def _fits(halves: bool, arguments: Arguments) -> bool:  # noqa: FBT001
    """Tell whether cos, if it has the full width, repeats itself as this order of pairs does."""
    cos, x = arguments.get("cos"), arguments.get("x", arguments.get("q"))
    if cos is None or x is None or cos.shape[-1] < x.shape[-1]:
        return True
    return np.array_equal(*(np.split(cos, 2, -1) if halves else (cos[..., ::2], cos[..., 1::2])))


def _inputs(rng: np.random.Generator, lead: tuple[int, ...], *, names: str) -> list[dict[str, Any]]:
    hand = np.array([[1.0, 2.0], [3.0, 4.0]]) * np.ones((*lead, 1, 1))
    drawn = [rng.normal(size=(*lead, n, d)) for n, d in ((2, 4), (1, 4), (3, 4), (5, 8), (7, 6))]
    arrays = [hand, *drawn, *layouts(drawn[2]), np.round(3 * drawn[2]).astype(int)]
    arrays.append(drawn[3].astype("f4"))
    return [{name: a if name in "xq" else a + 1 for name in names} for a in arrays]


def _plain(rng: np.random.Generator, *, lead: tuple[int, ...], names: str = "x") -> list[Case]:
    given = _inputs(rng, lead, names=names)
    return [
        *(Case(inputs) for inputs in given),
        *(Case({**given[4], "base": b}, hint="use the base that was passed") for b in (100.0, 5e5)),
    ]


def _heads_last(rng: np.random.Generator) -> list[Case]:
    shapes = ((1, 2, 3, 2), (2, 3, 2, 4), (1, 5, 4, 6))
    return [Case({"x": rng.normal(size=shape)}) for shape in shapes]


def _at_positions(rng: np.random.Generator, *, single: bool) -> list[Case]:
    several = ((2, (0, 1)), (4, (1, 0)), (4, (3,)), (6, (2, 5, 1)), (8, (0, 1, 2, 3)))
    one = ((2, 1), (2, 0), (4, 2), (6, 5), (8, 11), (4, 1))
    given = [(rng.normal(size=d), t) for d, t in one] if single else [
        (rng.normal(size=(len(t), d)), np.array(t)) for d, t in several
    ]  # fmt: skip
    return [Case({"x": x, "positions": t}) for x, t in given]


def _tables(rng: np.random.Generator, *, names: str, full: bool) -> list[Case]:
    cases = []
    for inputs in _inputs(rng, (), names=names):
        x = inputs[names[0]]
        angles = np.outer(np.arange(len(x)), 1e4 ** (-np.arange(0, x.shape[1], 2) / x.shape[1]))
        for a in [np.tile(angles, 2), np.repeat(angles, 2, axis=-1)] if full else [angles]:
            cos, sin = (f(a).astype(np.result_type(x, "f4")) for f in (np.cos, np.sin))
            cases.append(Case({**inputs, "cos": cos, "sin": sin}))
    return cases


_ROTATED = Parameter("x", ("q", "query", "queries", "vec", "v", "xq", "inputs", "embeddings"))
_POSITIONS = Parameter("positions", ("position", "pos", "m", "t", "p", "position_ids"), None)
_TABLES = tuple(Parameter(a, (f"{a}s", f"freqs_{a}", f"{a}_table")) for a in ("cos", "sin"))
_QK = (Parameter("q", ("xq", "query", "queries")), Parameter("k", ("xk", "key", "keys")))


_FLAWS: dict[str, Callable[..., Any]] = {
    "turn the other way: (a cos - b sin, a sin + b cos)": lambda t, base: (-t, base),
    "positions count from 0": lambda t, base: (t + 1, base),
    "pair i turns by t * base^(-2i / d), not base^(-i / d)": lambda t, base: (t, base**0.5),
}


def _flawed(x: Array, positions: Any, base: float, *, hint: str, halves: bool) -> Array:
    t = np.arange(x.shape[-2]) if positions is None else np.asarray(positions)
    return rope(x, *_FLAWS[hint](t, base), halves=halves)


_ROPE = Kernel(
    name="rope",
    aliases=("apply_rope", "rotary_embedding", "apply_rotary_emb", "rotary", "apply_rotary_pos_emb",
             "apply_rotary", "rotary_position_embedding", "rotary_positional_embedding",
             "apply_rotary_embedding", "rope_embedding"),
    parameters=(_ROTATED, _POSITIONS, _BASE),
    variants=_rotations(rope),
    domains=(
        Domain("one sequence", partial(_plain, lead=()), alone=True),
        Domain("a batch", partial(_plain, lead=(2,)), alone=True),
        Domain("a batch of heads", partial(_plain, lead=(2, 3)), alone=True),
    ),
    formula=r"(a, b) \mapsto (a \cos t\theta_i - b \sin t\theta_i, \,"
    r" a \sin t\theta_i + b \cos t\theta_i),"
    r" \quad \theta_i = 10000^{-2i/d}",
    source="Su et al.: RoFormer (2021)",
    mistakes=(
        *(Mistake(hint, partial(_flawed, hint=hint, halves=halves))
          for hint in _FLAWS for halves in _PAIRS),
        Mistake("this adds an encoding: rotate instead",
                lambda x, base, **_: _added(x, base, order=_INTERLEAVED)),
    ),
)  # fmt: skip


def _rope_form(
    parameters: tuple[Parameter, ...], variants: tuple[Variant, ...], *domains: tuple[str, Any]
) -> Kernel:
    asked = tuple(Domain(words, cases, alone=True) for words, cases in domains)
    return replace(_ROPE, parameters=parameters, variants=variants, domains=asked)


ROPE = replace(_ROPE, forms=(
    _rope_form((_ROTATED, _BASE), _rotations(rope, axis=-3),
               ("a batch (B, n, heads, d)", _heads_last)),
    _rope_form((_ROTATED, replace(_POSITIONS, default=REQUIRED), _BASE), _rotations(rope),
               ("positions that are given", partial(_at_positions, single=False)),
               ("one vector at a position", partial(_at_positions, single=True))),
    _rope_form((_ROTATED, *_TABLES), _rotations(rotated, ""),
               ("tables of half the width", partial(_tables, names="x", full=False)),
               ("tables of the full width", partial(_tables, names="x", full=True))),
    _rope_form((*_QK, *_TABLES), _rotations(_both, ""),
               ("q and k, tables of half the width", partial(_tables, names="qk", full=False)),
               ("q and k, tables of the full width", partial(_tables, names="qk", full=True))),
    _rope_form((*_QK, _BASE), _rotations(_both),
               ("q and k of one sequence", partial(_plain, lead=(), names="qk")),
               ("q and k, a batch of heads", partial(_plain, lead=(2, 3), names="qk"))),
))  # fmt: skip

# ── who sees whom ────────────────────────────────────────────────────────────────────────────────


def causal_mask(n: int, gap: float | None = None, *, hides: bool = False, lead: int = 0) -> Array:
    """Return the (n, n) mask under which position i sees the positions up to i, in float64.

    It is 1 where a position is seen, or where it `hides`; or else 0 there and `gap` elsewhere, to
    be added to scores. `lead` axes of length 1 stand in front. Vaswani et al. (2017).
    """
    seen = np.tri(n)
    mask = (1.0 - seen if hides else seen) if gap is None else np.where(seen == 1, 0.0, gap)
    return mask.reshape((1,) * lead + (n, n))


def _sizes(rng: np.random.Generator) -> list[Case]:
    return [Case({"n": n}) for n in (2, 1, 3, 4, 5, *map(int, rng.integers(6, 24, size=3)))]


def _told(gap: float) -> str:
    return short(gap).replace("e+0", "e").replace("e+", "e")


_LOWEST = [float(np.finfo(kind).min) for kind in (np.float32, np.float64)]
_GAPS = (-np.inf, -1e9, *(-(10.0**i) for i in (4, 5, 6, 7, 8, 10, 12, 15, 18, 20, 30)), *_LOWEST)
_LEADS = {0: "", 1: ", shape (1, n, n)", 2: ", shape (1, 1, n, n)"}
_SORTS: dict[str, dict[str, Any]] = {"True is seen": {}, "True is hidden": {"hides": True}} | {
    f"0 and {_told(gap)}, to be added": {"gap": gap} for gap in _GAPS
}
_LENGTH = Parameter("n", ("size", "seq_len", "t", "length", "sz", "seq_length", "l", "seqlen",
                          "sequence_length", "max_len", "s", "context_length", "block_size",
                          "n_tokens"))  # fmt: skip
_DIAGONAL = "a position sees itself: keep the diagonal"
CAUSAL_MASK = Kernel(
    name="causal_mask",
    aliases=("create_causal_mask", "make_causal_mask", "get_causal_mask", "subsequent_mask",
             "look_ahead_mask", "create_look_ahead_mask", "build_causal_mask",
             "generate_causal_mask", "generate_square_subsequent_mask"),
    parameters=(_LENGTH,),
    variants=tuple(
        Variant(words + told, partial(causal_mask, lead=lead, **option))
        for lead, told in _LEADS.items() for words, option in _SORTS.items()
    ),
    domains=(Domain("any length", _sizes, alone=True),),
    formula=r"m_{ij} = [\, j \le i \,]",
    source="Vaswani et al.: Attention Is All You Need (2017)",
    mistakes=(
        Mistake(_DIAGONAL, lambda n: np.tri(n, k=-1)),
        Mistake(_DIAGONAL, lambda n: 1 - np.tri(n, k=-1)),
        Mistake(_DIAGONAL, lambda n: np.where(np.tri(n, k=-1) == 1, 0.0, -np.inf)),
        Mistake(_DIAGONAL, lambda n: np.where(np.tri(n, k=-1) == 1, 0.0, -1e9)),
        Mistake("row i sees the columns up to i", lambda n: causal_mask(n).T),
        Mistake("row i sees the columns up to i", lambda n: causal_mask(n, -np.inf).T),
        Mistake("0 * inf is NaN: choose with np.where",
                lambda n: np.where(np.tri(n) == 1, np.nan, -np.inf)),
    ),
)  # fmt: skip
