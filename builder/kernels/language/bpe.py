"""Byte-pair encoding: count pairs of neighbours, merge one of them; learning is beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import Case, Domain, Kernel, Mistake, Parameter, Variant
from builder.kernels.language.merging import (
    FORMULA,
    LEARNING,
    SOURCE,
    Pair,
    counted,
    form,
    get_stats,
    get_vocab_stats,
    merge,
    merge_tokens,
    merge_vocab,
)

_PAIRS = (
    ([1, 2, 3, 1, 2], (1, 2), 4), ([1, 1, 1], (1, 1), 2), ([3, 1, 2], (1, 2), 9),
    ([1, 2, 3], (1, 2), 9), ([1, 2, 1], (2, 1), 5), ([1, 2], (2, 1), 3), ([7], (7, 7), 8),
    ([5, 6, 7, 8], (1, 2), 9), ([1, 1, 1, 1], (1, 1), 256), ([1, 2, 1, 2, 1], (1, 2), 3),
    ([1, 1, 2, 2], (1, 2), 3), ([0, 0, 1], (0, 1), 2), ([4, 2, 3, 1, 2], (4, 2), 0),
)  # fmt: skip


def _ids(rng: np.random.Generator) -> list[Case]:
    drawn = [
        (rng.integers(3, size=n).tolist(), tuple(rng.integers(3, size=2).tolist()), 3 + n)
        for n in (4, 6, 9, 12, 15, 20, 25)
    ]
    asked = (*_PAIRS, *drawn)
    return [Case({"ids": ids, "pair": pair, "idx": idx}) for ids, pair, idx in asked]


def _empty(rng: np.random.Generator) -> list[Case]:
    return [Case({"ids": [], "pair": (1, 2), "idx": 3})]


def _tokens(rng: np.random.Generator) -> list[Case]:
    drawn = [(rng.choice(list("abc"), size=n), rng.choice(list("abc"), 2)) for n in (6, 9, 15, 20)]
    asked = [
        *((list(tokens), (one, other)) for tokens, one, other in _SPELLED),
        *((tokens.tolist(), tuple(pair.tolist())) for tokens, pair in drawn),
    ]
    return [Case({"ids": tokens, "pair": pair}) for tokens, pair in asked]


_SPELLED = (
    ("abab", "a", "b"), ("aaa", "a", "a"), ("cab", "a", "b"), ("abc", "b", "a"), ("b", "b", "b"),
    (("lo", "w", "e", "r"), "lo", "w"), (("ab", "a", "b"), "a", "b"), (("a", "ab"), "a", "a"),
)  # fmt: skip

_VOCABS = (
    {"l o w </w>": 5, "l o w e r </w>": 2},
    {"a a a": 3, "b a a": 1},
    {"xa b": 2, "a b": 4, "a bx": 1},
    {"n e w e s t </w>": 6, "w i d e s t </w>": 3},
    {"a": 7},
)


def _vocabs(rng: np.random.Generator) -> list[Case]:
    pairs = (("l", "o"), ("a", "a"), ("a", "b"), ("e", "s"), ("a", "a"))
    more = [({"l o w </w>": 5}, ("w", "</w>")), ({"a b . c": 1, "a bxc": 2}, (".", "c"))]
    asked = (*zip(_VOCABS, pairs, strict=True), *more)
    return [Case({"pair": pair, "vocab": vocab}) for vocab, pair in asked]


def _counted_ids(rng: np.random.Generator) -> list[Case]:
    given = ([1, 2, 3, 1, 2], [1, 1, 1], [2, 1], [1, 2, 1, 2, 1], [4, 4, 5, 4, 4])
    drawn = [rng.integers(3, size=n).tolist() for n in (5, 8, 13, 21)]
    return [Case({"ids": ids}) for ids in (*given, *drawn, [*"banana"], [*"mississippi"])]


def _counted_vocabs(rng: np.random.Generator) -> list[Case]:
    drawn = {" ".join(rng.choice(list("abc"), 5)): int(n) for n in rng.permutation(9)[:4] + 1}
    return [Case({"vocab": vocab}) for vocab in (*_VOCABS[:4], drawn)]


# ── well-known mistakes ──────────────────────────────────────────────────────────────────────────


def _without_a_step(ids: Sequence[Any], pair: Pair, idx: Any) -> list[Any]:
    """Return what is merged where both tokens of a pair are looked at again."""
    ends = [*ids, object()]
    return [idx if (a, b) == pair else a for a, b in zip(ids, ends[1:], strict=True)]


def _first_only(ids: Sequence[Any], pair: Pair, idx: Any) -> list[Any]:
    found = next((i for i in range(len(ids)) if tuple(ids[i : i + 2]) == pair), None)
    return list(ids) if found is None else [*ids[:found], idx, *ids[found + 2 :]]


def _last_lost(ids: Sequence[Any], pair: Pair, idx: Any) -> list[Any]:
    merged = merge(ids, pair, idx)
    return merged if tuple(ids[-2:]) == pair and merged[-1] == idx else merged[:-1]


def _any_order(ids: Sequence[Any], pair: Pair, idx: Any) -> list[Any]:
    low = merge(ids, pair, idx)
    return merge(low, (pair[1], pair[0]), idx)


def _by_spelling(pair: Pair, vocab: Mapping[str, int]) -> dict[str, int]:
    return {w.replace(" ".join(pair), "".join(pair)): count for w, count in vocab.items()}


_MERGE_MISTAKES: tuple[tuple[str, Callable[..., list[Any]]], ...] = (
    ("after a merge go on two places further: its second token is used up", _without_a_step),
    ("merge each occurrence of the pair, not the first alone", _first_only),
    ("the last token is lost where it is in no pair", _last_lost),
    ("a pair has an order: (a, b) is not (b, a)", _any_order),
)


def _of_tokens(wrong: Callable[..., list[Any]], ids: Sequence[str], pair: Pair) -> list[Any]:
    return wrong(ids, pair, "".join(pair))


def _apart(ids: Sequence[Any]) -> Iterable[Pair]:
    return zip(ids[::2], ids[1::2], strict=False)


def _unordered(ids: Sequence[Any]) -> dict[Pair, int]:
    counts = get_stats(ids)
    return {p: n + (counts.get(p[::-1], 0) if p[0] != p[1] else 0) for p, n in counts.items()}


# ── the kernel and its forms ─────────────────────────────────────────────────────────────────────

_IDS = Parameter("ids", ("tokens", "token_ids", "seq", "sequence", "symbols", "word"))
_PAIR = Parameter("pair", ("best_pair", "top_pair", "best", "p", "pair_to_merge", "bigram"))
_IDX = Parameter(
    "idx", ("new_id", "new_token", "index", "new_idx", "token_id", "z", "new_token_id", "new")
)
_VOCAB = Parameter("vocab", ("v_in", "vocabulary", "word_freqs", "words", "corpus", "splits"))

_FORMS = (
    form(
        (_IDS, _PAIR),
        (Variant("tokens of text", merge_tokens),),
        (Domain("lists of tokens", _tokens, alone=True),),
        (Mistake(hint, partial(_of_tokens, wrong)) for hint, wrong in _MERGE_MISTAKES),
    ),
    form(
        (_PAIR, _VOCAB),
        (Variant("words of a vocabulary", merge_vocab),),
        (Domain("a vocabulary", _vocabs, alone=True),),
        (Mistake("a token ends at a space: (a, b) is not in `xa b`", _by_spelling),),
    ),
    form(
        (_IDS,),
        (Variant("counts of pairs", get_stats),),
        (Domain("a list of ids", _counted_ids, alone=True),),
        (
            Mistake("pairs overlap: (2, 3) follows (1, 2)", lambda ids: dict(Counter(_apart(ids)))),
            Mistake("count pairs, not single tokens", lambda ids: dict(Counter(ids))),
            Mistake("the last pair is missing", lambda ids: get_stats(ids[:-1])),
            Mistake("a pair has an order: (a, b) is not (b, a)", _unordered),
        ),
    ),
    form(
        (_VOCAB,),
        (Variant("counts of pairs", get_vocab_stats),),
        (Domain("a vocabulary", _counted_vocabs, alone=True),),
        (
            Mistake(
                "count a pair as often as its word occurs",
                lambda vocab: get_vocab_stats(dict.fromkeys(vocab, 1)),
            ),
            Mistake(
                "a token ends at a space: split the word",
                lambda vocab: counted([(list(word), count) for word, count in vocab.items()]),
            ),
        ),
    ),
    *LEARNING,
)

BPE_MERGE = Kernel(
    name="bpe_merge",
    aliases=(
        *("merge", "merge_pair", "merge_ids", "merge_tokens", "merge_vocab", "apply_merge"),
        *("get_stats", "get_pairs", "get_pair_counts", "count_pairs", "pair_counts"),
        *("bpe", "learn_bpe", "train_bpe", "bpe_train", "byte_pair_encoding"),
    ),
    parameters=(_IDS, _PAIR, _IDX),
    variants=(Variant("", merge),),
    domains=(
        Domain("token ids", _ids, alone=True),
        Domain("no ids", _empty),
    ),
    formula=FORMULA,
    source=SOURCE,
    mistakes=tuple(Mistake(hint, wrong) for hint, wrong in _MERGE_MISTAKES),
    forms=_FORMS,
)
