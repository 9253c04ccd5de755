"""Attention: scaled dot products, many heads, and masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from builder.kernels.activations.activation import softmax
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
)

Inputs = Mapping[str, Any]


def scaled_dot_product_attention(  # noqa: PLR0913
    q: Array, k: Array, v: Array, mask: Array | None = None,
    *, causal: bool = False, kind: str = "keeps", weights: bool = False,
) -> Array | tuple[Array, Array]:  # fmt: skip
    """Return softmax(q kᵀ / √d) v in float64, and with `weights` that softmax beside it.

    q is (..., n, d), k (..., m, d) and v (..., m, e). Where `mask` is nonzero, a query sees a key
    if it "keeps", or doesn't if it "hides", or it is "added" to the scores. With `causal`, query i
    sees the keys up to i. Vaswani et al., Attention Is All You Need (2017), equation 1.
    """
    q, k, v = (np.asarray(a, dtype=np.float64) for a in (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
    if mask is not None:
        hidden = mask == 0 if kind == "keeps" else mask != 0
        scores = scores + (mask if kind == "added" else np.where(hidden, -np.inf, 0.0))
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:]) == 1, scores, -np.inf)
    shares = softmax(scores)
    return (shares @ v, shares) if weights else shares @ v


def multi_head_attention(given: Inputs, **option: Any) -> Array | tuple[Array, Array]:
    """Return the attention of `n_heads` heads side by side, times w_o if there is one.

    `given` holds q, k and v (..., n, d), or one x; their weights w_q, w_k and w_v (d, d), one
    matrix a head (n_heads, d, d / n_heads), or w_qkv (d, 3 d); biases; and maybe `transposed`, for
    x @ w.T. Head i has the i-th slice of the columns. Vaswani et al. (2017).
    """
    turn = np.transpose if given.get("transposed") else np.asarray
    packed = np.split(given["w_qkv"], 3, axis=1) if "w_qkv" in given else (None,) * 3
    heads, n_heads = list[Array](), given.get("n_heads")
    for name, part in zip("qkv", packed, strict=True):
        x = np.asarray(given.get("x", given.get(name)), dtype=np.float64)
        w = given.get(f"w_{name}", part)
        if w is not None:
            n_heads = n_heads or len(w)
            x = x @ (np.concatenate(list(w), axis=1) if w.ndim == 3 else turn(w))
        x = x if given.get(f"b_{name}") is None else x + given[f"b_{name}"]
        heads.append(np.stack(np.split(x, n_heads or 1, axis=-1), axis=-3))
    q, k, v = heads
    out = scaled_dot_product_attention(q, k, v, given.get("mask"), **option)
    values, shares = out if isinstance(out, tuple) else (out, None)
    joined = np.concatenate(list(np.moveaxis(values, -3, 0)), axis=-1)
    joined = joined if given.get("w_o") is None else joined @ turn(given["w_o"])
    joined = joined if given.get("b_o") is None else joined + given["b_o"]
    return joined if shares is None else (joined, shares)


# ── masks ────────────────────────────────────────────────────────────────────────────────────────

_NEUTRAL = ("mask", "attn_mask", "attention_mask", "m", "masks", "padding_mask", "pad_mask")
_TELLING = {"keeps": ("keep_mask", "keep", "visible"), "hides": ("hide_mask", "hidden"),
            "added": ("additive_mask", "attn_bias", "attention_bias")}  # fmt: skip
_MASKS = (*_NEUTRAL[1:], *(name for names in _TELLING.values() for name in names))


def _is(sort: str, arguments: Arguments) -> bool:
    """Tell whether the mask, if any, is of this sort: boolean, 0/1, or to be added."""
    mask = arguments["mask"]
    if mask is None or mask.dtype == bool:
        return mask is None or sort == "boolean"
    return bool(sort == ("added" if mask.min() < 0 else "0/1"))


_CONVENTIONS = (
    ("mask: True keeps", "boolean", "keeps"),
    ("mask: True hides", "boolean", "hides"),
    ("mask: 1 keeps", "0/1", "keeps"),
    ("mask: 1 hides", "0/1", "hides"),
    ("mask is added", "added", "added"),
    ("", "boolean", "keeps"),  # the only one for answers that take no mask
)


def _variants(reference: Callable[..., Any], words: str = "") -> tuple[Variant, ...]:
    """Return what `reference` may return by each convention of masks; words stand in front."""
    return tuple(
        Variant(
            ", ".join(filter(None, (words, told, "with weights" * weights))),
            partial(reference, kind=kind, weights=weights),
            applies=partial(_is, sort),
            names=frozenset((*_NEUTRAL, *_TELLING[kind]) if told else ()),
        )
        for weights, (told, sort, kind) in product((False, True), _CONVENTIONS)
    )


def _masked(
    inputs: Inputs, visible: Array, gap: float = -np.inf, level: Level = Level.CORE, hint: str = ""
) -> list[Case]:
    """Return cases with three masks that say the same; the boolean one last, to be told of."""
    number: Array = visible.astype(float if gap == -np.inf else int)
    masks = (np.where(visible, 0.0, gap), number, visible)
    return [Case({**inputs, "mask": mask}, level, hint) for mask in masks]


def _visible(rng: np.random.Generator, *shape: int) -> Array:
    """Return which keys each query sees: neither none nor all, so True may keep or hide."""
    seen = rng.random(shape) < 0.5
    seen[..., 0], seen[..., -1] = True, False
    return rng.permuted(seen, axis=-1)


# ── one head ─────────────────────────────────────────────────────────────────────────────────────

_ROWS = {"q": [[1, 0], [0, 2]], "k": [[1, 0], [3, 1]], "v": [[1, 2], [3, 5]]}
_HAND = {name: np.array(rows, dtype=np.float64) for name, rows in _ROWS.items()}
_OVERFLOW = "subtract each row's maximum before the exponential"
_HIDE = "hide a score before the softmax, with a number so low that nothing is left of it"


def _qkv(rng: np.random.Generator, *shape: int) -> dict[str, Array]:
    """Return q (…, n, d), k (…, m, d) and v (…, m, e) for a shape of n, m, d, e, …."""
    n, m, d, e, *lead = shape
    shapes = {"q": (n, d), "k": (m, d), "v": (m, e)}
    return {name: rng.normal(size=(*lead, *one)) for name, one in shapes.items()}


def _times(factor: float, inputs: Inputs) -> dict[str, Array]:
    return {**inputs, "q": factor * inputs["q"], "k": factor * inputs["k"]}


def _plain(rng: np.random.Generator) -> list[Case]:
    drawn = _qkv(rng, 4, 4, 3, 3)
    small: list[Inputs] = [
        {**_HAND, "q": _HAND["q"][:1]},
        _HAND,
        {name: np.array([[value]]) for name, value in (("q", 2.0), ("k", 3.0), ("v", 5.0))},
        {**_HAND, "q": np.ones((2, 2)), "k": np.ones((2, 2))},
        {name: np.array(rows) for name, rows in _ROWS.items()},
        _qkv(rng, 3, 5, 2, 4),
        *({name: layouts(a)[i] for name, a in drawn.items()} for i in (0, 1)),
        {name: a.astype(np.float32) for name, a in _qkv(rng, 3, 4, 2, 2).items()},
    ]  # fmt: skip
    return [
        *(Case(inputs) for inputs in small),
        *(Case({**_qkv(rng, n, n, 2, 3), "causal": True}) for n in (2, 5)),
        Case(_times(40.0, drawn), Level.STABILITY, _OVERFLOW),
        Case({**drawn, "k": drawn["k"] + 1e3}, Level.STABILITY, _OVERFLOW),
    ]


def _sequence(rng: np.random.Generator, *, optional: bool) -> list[Case]:
    return [
        *(_plain(rng) if optional else []),
        *_masked(_HAND, np.eye(2) == 1),
        *_masked(_qkv(rng, 3, 4, 3, 2), np.tri(3, 4) == 1, -1e9),
        *_masked(_qkv(rng, 4, 4, 2, 4), _visible(rng, 4, 4)),
        *_masked(_times(30.0, _qkv(rng, 3, 3, 2, 2)), _visible(rng, 3, 3), -np.inf,
                 Level.STABILITY, _HIDE),
    ]  # fmt: skip


def _batch(rng: np.random.Generator, *, lead: tuple[int, ...], optional: bool) -> list[Case]:
    drawn = _qkv(rng, 3, 4, 5, 2, *lead)
    plain = [
        Case(_qkv(rng, 2, 3, 2, 1, *lead)),
        Case(drawn),
        Case({**_qkv(rng, 3, 3, 2, 4, *lead), "causal": True}),
        Case(_times(40.0, drawn), Level.STABILITY, _OVERFLOW),
    ]
    return [
        *(plain if optional else []),
        *_masked(_qkv(rng, 2, 2, 3, 1, *lead), _visible(rng, *lead, 2, 2)),
        *_masked(drawn, _visible(rng, *lead, 3, 4)),
        *_masked(_times(40.0, drawn), _visible(rng, *lead, 3, 4), -np.inf, Level.STABILITY, _HIDE),
    ]


def _domains(*, optional: bool) -> tuple[Domain, ...]:
    masked = "" if optional else " with a mask"
    asked = {"one sequence": partial(_sequence, optional=optional)} | {
        words: partial(_batch, lead=lead, optional=optional)
        for words, lead in (("a batch", (2,)), ("a batch of heads", (2, 3)))
    }
    return (
        *(Domain(words + masked, cases, alone=True) for words, cases in asked.items()),
        Domain("one mask for a batch",
               lambda rng: _masked(_qkv(rng, 3, 4, 2, 3, 2), _visible(rng, 3, 4))),
    )  # fmt: skip


def _attend(q: Array, k: Array, v: Array, mask: Array | None, *, causal: bool,  # noqa: PLR0913
            scale: float | None = None, axis: int = -1, after: bool = False) -> Array:  # fmt: skip
    """Return attention with another factor, another axis, or the mask at a wrong place."""
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    seen = np.ones(scores.shape, bool) if mask is None else np.broadcast_to(mask, scores.shape) == 1
    seen = seen & (np.tri(*scores.shape[-2:]) == 1) if causal else seen
    if after:
        return np.asarray((softmax(scores, axis) * seen) @ v)
    return np.asarray(softmax(np.where(seen, scores, -np.inf), axis) @ v)


_MASK = Parameter("mask", _MASKS, None, absent="without mask", least=np.inf)
_CAUSAL = Parameter("causal", ("is_causal", "use_causal_mask", "masked"), default=False)
_Q = Parameter("q", ("query", "queries", "qs"))
_K, _V = Parameter("k", ("key", "keys", "ks")), Parameter("v", ("value", "values", "vs"))
_X = Parameter("x", ("inputs", "input", "embeddings", "hidden_states", "tokens", "seq"))
_WEIGHTS = tuple(
    Parameter(f"w_{a}", (f"w{a}", f"weight_{a}", f"{a}_weight", f"{word}_weights", f"{a}_proj",
                         f"w_{word}", f"w{word}"))
    for a, word in (("q", "query"), ("k", "key"), ("v", "value"))
)  # fmt: skip
_SCALE = "divide the scores by the root of d, the width of queries and keys"

_ATTENTION = Kernel(
    name="scaled_dot_product_attention",
    aliases=("attention", "self_attention", "masked_attention", "dot_product_attention", "sdpa",
             "scaled_dot_attention", "masked_self_attention", "cross_attention",
             "scaled_dot_product", "single_head_attention"),
    parameters=(_Q, _K, _V, _MASK, _CAUSAL),
    variants=_variants(scaled_dot_product_attention),
    domains=_domains(optional=True),
    formula=r"\operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V",
    source="Vaswani et al.: Attention Is All You Need (2017), equation 1",
    mistakes=(
        Mistake(_SCALE, partial(_attend, scale=1.0)),
        Mistake(_SCALE, lambda q, **given: _attend(q, **given, scale=1.0 / q.shape[-1])),
        Mistake(_SCALE, lambda k, **given: _attend(k=k, **given, scale=k.shape[-2] ** -0.5)),
        Mistake("each query's weights sum to 1: softmax over the last axis",
                partial(_attend, axis=-2)),
        Mistake("a hidden score is -inf before the softmax, not 0",
                lambda q, k, v, mask, **_: softmax(q @ k.T / q.shape[1] ** 0.5 * mask) @ v),
        Mistake("hide scores before the softmax, or the weights don't sum to 1",
                partial(_attend, after=True)),
        Mistake("the mask is ignored", lambda **given: _attend(**{**given, "mask": None})),
        Mistake("multiply the weights by v",
                lambda v, **given: _attend(v=np.eye(v.shape[-2]), **given)),
    ),
)  # fmt: skip

# ── many heads ───────────────────────────────────────────────────────────────────────────────────

_HEADS = Parameter("n_heads", ("num_heads", "h", "heads", "n_head", "nhead", "nheads"))
_W_O = Parameter("w_o", ("wo", "w_out", "wout", "weight_o", "o_proj", "w_output", "out_proj"))
_BIASES = tuple(Parameter(f"b_{a}", (f"b{a}", f"bias_{a}"), None, usual=0.0) for a in "qkvo")
_PACKED = Parameter("w_qkv", ("wqkv", "w", "qkv_weight", "c_attn", "in_proj_weight"))
_FORMS: dict[str, tuple[str, tuple[Parameter, ...]]] = {
    "self": ("x with weights", (_X, *_WEIGHTS, _W_O, _HEADS, *_BIASES, _MASK)),
    "cross": ("q, k and v with weights", (_Q, _K, _V, *_WEIGHTS, _W_O, _HEADS, *_BIASES, _MASK)),
    "bare": ("q, k and v without weights", (_Q, _K, _V, _HEADS, _MASK)),
    "packed": ("x with w_qkv", (_X, _PACKED, _W_O, _HEADS, _MASK)),
    "own": ("x with weights for each head", (_X, *_WEIGHTS, _W_O, _MASK)),
    "single": ("x with weights", (_X, *_WEIGHTS, _MASK)),
}  # fmt: skip
_SIZES = ((2, 2, 2), (2, 4, 2), (1, 4, 4), (3, 6, 2), (5, 6, 3), (3, 4, 1))


def _given(rng: np.random.Generator, form: str, lead: Sequence[int], size: Sequence[int],
           more: int = 0) -> dict[str, Any]:  # fmt: skip
    """Return inputs of (n, d, heads) for a form; k and v have `more` rows than q."""
    n, d, h = size
    shapes: dict[str, tuple[int, ...]] = {"x": (*lead, n, d)}
    if form in ("cross", "bare"):
        shapes = {name: (*lead, n if name == "q" else n + more, d) for name in "qkv"}
    if form == "packed":
        shapes["w_qkv"] = (d, 3 * d)
    elif form != "bare":
        shapes |= {f"w_{name}": (h, d, d // h) if form == "own" else (d, d) for name in "qkv"}
    if form not in ("bare", "single"):
        shapes["w_o"] = (d, d)
    drawn: dict[str, Any] = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return drawn if form in ("single", "own") else {**drawn, "n_heads": h}


def _changed(given: Inputs, change: Callable[[Array], Array]) -> dict[str, Any]:
    return {name: a if name == "n_heads" else change(a) for name, a in given.items()}


def _many(rng: np.random.Generator, *, form: str, lead: tuple[int, ...]) -> list[Case]:
    draw = partial(_given, rng, form, lead)
    hand = _changed(draw(_SIZES[0]), lambda a: np.copysign(np.ceil(abs(a)), a))
    big = {k: 40.0 * a if k in ("x", "q", "k") else a for k, a in draw((3, 4, 2)).items()}
    biases = {f"b_{name}": rng.normal(size=4) for name in "qkvo"}
    return [
        Case(hand),
        *(Case(draw(size)) for size in _SIZES),
        Case(_changed(hand, lambda a: a.astype(int))),
        Case(_changed(draw((3, 4, 2)), lambda a: layouts(a)[-1])),
        Case(_changed(draw((3, 4, 2)), lambda a: a.astype(np.float32))),
        *(Case({**draw((3, 4, 2)), **biases}) for _ in range(form in ("self", "cross"))),
        *_masked(draw((3, 4, 2)), _visible(rng, 3, 3)),
        Case(big, Level.STABILITY, _OVERFLOW),
    ]


def _calls(**own: Any) -> Callable[..., Any]:
    """Return the reference, which takes a mapping, as one that takes parameters."""

    def called(kind: str = "keeps", *, weights: bool = False, **given: Any) -> Any:
        out = multi_head_attention(given | own, kind=kind, weights=weights)
        single = weights and "w_o" not in given and "n_heads" not in given
        return (out[0], out[1][..., 0, :, :]) if single else out

    return called


def _heads(given: Inputs, split: Callable[[Array, int], Array], **own: Any) -> Array:
    """Return the attention of heads of x that are split by `split` and joined as is right."""
    q, k, v = (split(given["x"] @ given[f"w_{name}"], given["n_heads"]) for name in "qkv")
    out = _attend(q, k, v, None, causal=False, **own)
    return np.asarray(np.concatenate(list(out), axis=-1) @ given["w_o"])


_HEAD = "divide the scores by the root of a head's width"
_SPLITS: dict[str, Callable[[Array, int], Array]] = {
    "": lambda a, h: np.stack(np.split(a, h, axis=-1)),
    "split the columns, then move the heads to the front: a reshape alone mixes rows":
        lambda a, h: a.reshape(h, len(a), -1),
    "a head is a slice of neighbouring columns: reshape to (n, heads, width)":
        lambda a, h: np.stack([a[:, i::h] for i in range(h)]),
}  # fmt: skip


def _form(form: str, base: Kernel) -> Kernel:
    words, parameters = _FORMS[form]
    own = {"n_heads": 1} if form == "single" else {}
    turns = (False, True) if form in ("self", "cross", "single") else (False,)
    domains = [
        Domain(f"{told}{words}", partial(_many, form=form, lead=lead), alone=True)
        for told, lead in (("", ()), ("a batch of ", (2,)))
    ]
    if form in ("cross", "bare"):
        domains.append(Domain("keys of another number", lambda rng: [
            Case(_given(rng, form, (), size, more=2)) for size in _SIZES[1:4]]))  # fmt: skip
    variants = [_variants(_calls(**own, transposed=turn), "x @ W.T" * turn) for turn in turns]
    return replace(base, parameters=parameters, variants=sum(variants, ()), domains=tuple(domains))


_MULTI_HEAD = Kernel(
    name="multi_head_attention",
    aliases=("mha", "multihead_attention", "multi_head_self_attention", "multi_headed_attention",
             "multihead_self_attention"),
    parameters=(), variants=(), domains=(),
    formula=r"\operatorname{concat}_i\!\left(\operatorname{attention}"
    r"(Q W_i^Q, K W_i^K, V W_i^V)\right) W^O",
    source="Vaswani et al.: Attention Is All You Need (2017)",
    mistakes=(
        Mistake(f"{_HEAD}, not of the model's",
                lambda **g: _heads(g, _SPLITS[""], scale=g["x"].shape[-1] ** -0.5)),
        Mistake(_HEAD, lambda **g: _heads(g, _SPLITS[""], scale=1.0)),
        *(Mistake(hint, partial(lambda split, **g: _heads(g, split), split))
          for hint, split in _SPLITS.items() if hint),
        Mistake("split into heads: this is one head", _calls(n_heads=1)),
        Mistake("multiply by w_o at the end", _calls(w_o=None)),
        Mistake("the mask is ignored", _calls(mask=None)),
    ),
)  # fmt: skip
SCALED_DOT_PRODUCT_ATTENTION = replace(_ATTENTION, forms=(
    replace(_ATTENTION, domains=_domains(optional=False),
            parameters=(_Q, _K, _V, replace(_MASK, default=REQUIRED), _CAUSAL)),
    _form("single", replace(_ATTENTION, mistakes=())),
))  # fmt: skip
MULTI_HEAD_ATTENTION = replace(_form("self", _MULTI_HEAD), forms=tuple(
    _form(form, replace(_MULTI_HEAD, mistakes=())) for form in ("cross", "bare", "packed", "own")
))  # fmt: skip
