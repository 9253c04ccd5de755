"""Beam search: the likeliest sequences, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from math import exp, log
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Arguments,
    Array,
    Case,
    Domain,
    Function,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
    layouts,
)

Beams = list[tuple[list[int], float]]
"""Sequences of tokens with the sums of their log-probabilities, the likeliest first."""


def beam_search(
    step_fn: Callable[[list[int]], Array],
    beam_width: int,
    max_len: int,
    start: int | None = None,
    end: int | None = None,
) -> Beams:
    """Return the `beam_width` likeliest sequences that are found when no more are kept a step.

    `step_fn` returns the log-probabilities (V,) of the token after a sequence, which begins with
    `start` unless that is None. There are `max_len` steps; a sequence that came to `end` stays as
    it is. Lowerre, The HARPY Speech Recognition System (1976).
    """
    beams: Beams = [([] if start is None else [start], 0.0)]
    for _ in range(max_len):
        grown: Beams = []
        for tokens, score in beams:
            if len(tokens) > (start is not None) and tokens[-1] == end:
                grown.append((tokens, score))
            else:
                steps = enumerate(np.asarray(step_fn(tokens), dtype=np.float64).tolist())
                grown += [([*tokens, token], score + step) for token, step in steps]
        beams = sorted(grown, key=lambda beam: -beam[1])[:beam_width]
    return beams


def beam_search_table(log_probs: Array, beam_width: int) -> Beams:
    """Return the beams where `log_probs` (T, V) says of each step what its tokens cost."""
    return beam_search(lambda tokens: log_probs[len(tokens)], beam_width, len(log_probs))


_SHAPES: dict[str, Callable[[Beams], Any]] = {
    "sequences with their scores": list,
    "the best sequence": lambda beams: beams[0][0],
    "the best sequence and its score": lambda beams: beams[0],
    "sequences": lambda beams: [tokens for tokens, _ in beams],
    "sequences and scores": lambda beams: tuple(map(list, zip(*beams, strict=True))),
}
_SIGNS: dict[str, Callable[[float], float]] = {
    "": lambda score: score,
    "negative log-probabilities": lambda score: -score,
    "probabilities": exp,
}


def _of_table(
    log_probs: Array,
    beam_width: int,
    *,
    shape: str,
    sign: str = "",
    search: Callable[[Array, int], Beams] = beam_search_table,
) -> Any:
    beams = search(np.asarray(log_probs, dtype=np.float64), beam_width)
    return _SHAPES[shape]([(tokens, _SIGNS[sign](score)) for tokens, score in beams])


def _of_probs(probs: Array, beam_width: int, **how: Any) -> Any:
    return _of_table(np.log(probs), beam_width, **how)


def _of_steps(
    *,
    shape: str,
    told: bool,
    counted: bool,
    search: Callable[..., Beams] = beam_search,
    **given: Any,
) -> Any:
    """Return beams: with the start token or without, and counting it in max_len or not."""
    start = given["start"]
    steps = given["max_len"] - int(counted and start is not None)
    beams = search(given["step_fn"], given["beam_width"], steps, start, given["end"])
    cut = 0 if told or start is None else 1
    return _SHAPES[shape]([(tokens[cut:], score) for tokens, score in beams])


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


def _tables(name: str, rng: np.random.Generator) -> list[Case]:
    by_hand = np.array([[0.5, 0.4, 0.1], [0.3, 0.6, 0.1]])
    drawn = [rng.dirichlet(np.ones(v), size=t) for t, v in ((2, 3), (3, 4), (4, 3), (5, 6), (7, 2))]
    asked: list[tuple[Array, int]] = [
        (by_hand, 2),
        (by_hand, 1),
        (by_hand[:1], 2),
        *((p, width) for p in drawn for width in (2, 3)),
        (drawn[0], 9),
        *((p, 4) for p in layouts(drawn[1])),
    ]
    given = np.log if name == "log_probs" else np.asarray
    return [Case({name: given(p), "beam_width": width}) for p, width in asked]


def _long_tables(rng: np.random.Generator) -> list[Case]:
    p = rng.dirichlet(np.full(5, 20.0), size=600)
    hint = "add logarithms: a product of many probabilities is 0"
    return [Case({"probs": p, "beam_width": 2}, Level.STABILITY, hint)]


_NEVER = 3
"""The token that no sequence of a plain case has, for answers that insist on one for the end."""


def _function(rows: Array) -> Function:
    """Return a model that looks at the last token, before the first at token 0, and the length.

    Without the length, sequences that take the same steps in another order would be ties.
    """
    logs = [[round(log(p), 6) for p in row] for row in rows]
    last, length = "int(tokens[-1]) if len(tokens) else 0", "(1 + len(tokens) / 10)"

    def model(tokens: Sequence[int]) -> Array:
        row = np.array(logs)[tokens[-1] if len(tokens) else 0]
        return np.asarray(row * (1 + len(tokens) / 10))

    return Function(f"lambda tokens: np.array({logs})[{last}] * {length}", model)


_GARDEN = np.array(
    [
        [0.1, 0.5, 0.4, 1e-12],
        [0.4, 0.33, 0.27, 1e-12],
        [0.04, 0.9, 0.06, 1e-12],
        [0.31, 0.28, 0.41, 1e-12],
    ]
)
"""The likeliest first token leads to less likely sequences than the second one."""
_ENDING = np.array(
    [[0.05, 0.6, 0.34, 0.01], [0.1, 0.2, 0.69, 0.01], [0.1, 0.08, 0.8, 0.02], [0.4, 0.3, 0.2, 0.1]]
)


_STAYS = "a sequence that came to its end stays as it is, and competes with the others"


def _models(rng: np.random.Generator) -> list[Case]:
    rows = [
        np.hstack([0.999 * rng.dirichlet(np.ones(3), size=4), np.full((4, 1), 1e-12)])
        for _ in range(4)
    ]
    asked = [
        *((_GARDEN, width, steps) for width, steps in ((2, 2), (1, 2), (2, 3), (3, 4))),
        *((row, width, steps) for row in rows for width, steps in ((2, 3), (3, 4), (1, 5))),
    ]
    plain = [
        Case({"step_fn": _function(row), "beam_width": width, "max_len": steps + 1})
        for row, width, steps in asked
    ]
    model = {"step_fn": _function(_GARDEN), "beam_width": 2, "max_len": 3}
    ending = {"step_fn": _function(_ENDING), "end": 2}
    soon = {"step_fn": _function(np.vstack([[0.05, 0.3, 0.64, 0.01], _ENDING[1:]])), "end": 2}
    return [
        *plain,
        Case({**model, "start": 1}, hint="begin with the start token that was passed"),
        *(
            Case({**ending, "beam_width": width, "max_len": steps}, hint=_STAYS)
            for width, steps in ((2, 3), (2, 5), (3, 6))
        ),
        Case({**soon, "beam_width": 2, "max_len": 3}, hint=_STAYS),
    ]


_STARTS = {True: "", False: "without the start token"}
_COUNTS = {False: "", True: "max_len counts the start token"}


def _always(arguments: Arguments) -> bool:
    return True


def _plain(arguments: Arguments) -> bool:
    """Tell whether no sequence ends: where one does, which others are kept is a convention."""
    return arguments["end"] in (None, _NEVER)


# ── well-known mistakes ──────────────────────────────────────────────────────────────────────────


def _greedy(model: Any, beam_width: int, *rest: Any) -> Beams:
    """Return what one beam finds."""
    return _search(model)(model, 1, *rest)


def _wider(model: Any, beam_width: int, *rest: Any) -> Beams:
    return _search(model)(model, beam_width + 1, *rest)


def _worst(model: Any, beam_width: int, *rest: Any) -> Beams:
    """Return the least likely sequences, which the same search finds with the other sign."""
    flipped = (lambda tokens: -np.asarray(model(tokens))) if callable(model) else -model
    return [(tokens, -score) for tokens, score in _search(model)(flipped, beam_width, *rest)]


def _reversed(model: Any, beam_width: int, *rest: Any) -> Beams:
    return _search(model)(model, beam_width, *rest)[::-1]


def _last_step(model: Any, beam_width: int, *rest: Any) -> Beams:
    """Return what is found where a score is the last token's alone."""
    found: Beams = []
    for tokens, _ in _search(model)(model, beam_width, *rest):
        before = model(tokens[:-1]) if callable(model) else model[len(tokens) - 1]
        found.append((tokens, float(before[tokens[-1]])))
    return found


def _search(model: Any) -> Callable[..., Beams]:
    return beam_search if callable(model) else beam_search_table


_WRONG: tuple[tuple[str, Callable[..., Beams]], ...] = (
    ("keep beam_width sequences: this is the greedy one alone", _greedy),
    ("keep beam_width sequences, not one more", _wider),
    ("keep the likeliest sequences, not the least likely", _worst),
    ("the likeliest sequence stands first", _reversed),
    ("a score is the sum over all tokens, not the last one's", _last_step),
)


# ── the kernel and its forms ─────────────────────────────────────────────────────────────────────

_SOURCE = "Lowerre: The HARPY Speech Recognition System (1976)"
_FORMULA = r"\operatorname*{arg\,max}_{y} \sum_t \log P(y_t \mid y_{<t})"
_WIDTH = Parameter(
    "beam_width", ("k", "beam_size", "width", "num_beams", "beam", "b", "n_beams", "beams")
)


def _mistakes(of: Callable[..., Any], **how: Any) -> tuple[Mistake, ...]:
    return tuple(
        Mistake(hint, partial(of, shape=shape, search=search, **how))
        for hint, search in _WRONG
        for shape in _SHAPES
    )


def _scored(signs: Sequence[str], of: Callable[..., Any]) -> tuple[Variant, ...]:
    """Return each shape of a result, with each sign of its scores where it has any."""
    return tuple(
        Variant(", ".join(filter(None, (shape, sign))), partial(of, shape=shape, sign=sign))
        for shape in _SHAPES
        for sign in (signs if "score" in shape else signs[:1])
    )


_PROBABILITIES = Kernel(
    name="beam_search",
    parameters=(
        Parameter("probs", ("data", "probabilities", "prob", "predictions", "matrix", "y")),
        _WIDTH,
    ),
    variants=_scored(tuple(_SIGNS), _of_probs),
    domains=(
        Domain("a table of probabilities", partial(_tables, "probs"), alone=True),
        Domain("long tables", _long_tables),
    ),
    formula=_FORMULA,
    source=_SOURCE,
    mistakes=_mistakes(_of_probs),
)

_STEPS = Kernel(
    name="beam_search",
    parameters=(
        Parameter(
            "step_fn",
            (
                *("step", "model", "next_log_probs", "log_prob_fn", "score_fn", "fn", "f"),
                *("log_probs_fn", "get_log_probs", "next_token_log_probs", "model_fn", "predict"),
            ),
        ),
        _WIDTH,
        Parameter(
            "max_len", ("max_length", "steps", "max_steps", "length", "n_steps", "num_steps")
        ),
        Parameter(
            "start",
            ("bos", "start_token", "sos", "bos_id", "start_id", "bos_token", "initial"),
            None,
            usual=0,
        ),
        Parameter("end", ("eos", "end_token", "eos_id", "eos_token", "end_id"), None, usual=_NEVER),
    ),
    variants=tuple(
        Variant(
            ", ".join(filter(None, (shape, _STARTS[told], _COUNTS[counted]))),
            partial(_of_steps, shape=shape, told=told, counted=counted),
            applies=_always if "best" in shape else _plain,
        )
        for shape, told, counted in product(_SHAPES, _STARTS, _COUNTS)
    ),
    domains=(Domain("a model", _models, alone=True),),
    formula=_FORMULA,
    source=_SOURCE,
    mistakes=(
        *_mistakes(_of_steps, told=True, counted=False),
        *_mistakes(_of_steps, told=False, counted=False),
    ),
)

BEAM_SEARCH = Kernel(
    name="beam_search",
    aliases=("beam_search_decode", "beam_search_decoder", "beam_decode", "beam_search_decoding"),
    parameters=(
        Parameter("log_probs", ("log_p", "logp", "logprobs", "log_prob", "table", "scores")),
        _WIDTH,
    ),
    variants=_scored(tuple(_SIGNS)[:2], _of_table),
    domains=(Domain("a table of log-probabilities", partial(_tables, "log_probs"), alone=True),),
    formula=_FORMULA,
    source=_SOURCE,
    mistakes=_mistakes(_of_table),
    forms=(_PROBABILITIES, _STEPS),
)
