"""Byte-pair encoding of a corpus: which pairs of neighbours are merged, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from builder.kernels.kernel import Case, Domain, Kernel, Mistake, Parameter, Variant

Pair = tuple[Any, Any]
Words = list[tuple[list[Any], int]]
"""Words as lists of tokens, each with how often it occurs."""

SOURCE = "Sennrich, Haddow, Birch: Neural Machine Translation of Rare Words (2016)"


def get_stats(ids: Sequence[Any]) -> dict[Pair, int]:
    """Return how often each pair of neighbours occurs in `ids`, overlaps included."""
    return counted([(list(ids), 1)])


def get_vocab_stats(vocab: Mapping[str, int]) -> dict[Pair, int]:
    """Return how often each pair occurs in words whose tokens are parted by spaces."""
    return counted([(word.split(), count) for word, count in vocab.items()])


def counted(words: Words) -> dict[Pair, int]:
    """Return how often each pair occurs in all words."""
    counts: Counter[Pair] = Counter()
    for tokens, count in words:
        for pair in pairwise(tokens):
            counts[pair] += count
    return dict(counts)


def merge(ids: Sequence[Any], pair: Pair, idx: Any) -> list[Any]:
    """Return `ids` with `idx` in the place of each `pair` of neighbours, from left to right.

    No token is part of two merges. Sennrich, Haddow, Birch (2016), after Gage (1994).
    """
    merged: list[Any] = []
    rest = list(ids)
    while rest:
        width = 2 if tuple(rest[:2]) == tuple(pair) else 1
        merged.append(idx if width == 2 else rest[0])
        rest = rest[width:]
    return merged


def merge_tokens(ids: Sequence[str], pair: Pair) -> list[str]:
    """Return `merge` for tokens of text: the new token is the two of `pair` written together."""
    return merge(ids, pair, "".join(pair))


def merge_vocab(pair: Pair, vocab: Mapping[str, int]) -> dict[str, int]:
    """Return `vocab`, whose words are tokens parted by spaces, with `pair` merged in each word."""
    return {" ".join(merge_tokens(word.split(), pair)): count for word, count in vocab.items()}


def learn_bpe(
    words: Words, num_merges: int, token: Callable[[Pair, int], Any]
) -> list[tuple[Pair, Any]]:
    """Return the pairs that are merged, in their order, each with the token it becomes.

    At each step it is the most frequent pair; where none is left, this ends. `token` names what
    the pair of a step becomes. Sennrich, Haddow, Birch (2016), algorithm 1.
    """
    learned: list[tuple[Pair, Any]] = []
    for step in range(num_merges):
        counts = counted(words)
        if not counts:
            break
        pair = max(counts, key=counts.__getitem__)
        new = token(pair, step)
        learned.append((pair, new))
        words = [(merge(tokens, pair, new), count) for tokens, count in words]
    return learned


# ── what answers are asked to learn from, and in what form they return it ────────────────────────


def _joined(pair: Pair, _: int) -> str:
    return "".join(pair)


_ENDS: dict[str, Callable[[str], list[str]]] = {
    "": list,
    "</w> after each word": lambda word: [*word, "</w>"],
    "</w> joined to each last letter": lambda word: [*word[:-1], f"{word[-1]}</w>"],
    "_ after each word": lambda word: [*word, "_"],
}
_ID_SHAPES = (
    *("new token of each pair", "pairs", "ids"),
    *("ids, and new token of each pair", "new token of each pair, and ids"),
)
_SHAPES: dict[str, Callable[[list[tuple[Pair, Any]]], Any]] = {
    "pairs": lambda learned: [pair for pair, _ in learned],
    "new tokens": lambda learned: [new for _, new in learned],
    "new token of each pair": dict,
    "rank of each pair": lambda learned: {pair: rank for rank, (pair, _) in enumerate(learned)},
}


def _of_words(corpus: Iterable[str], end: str) -> Words:
    return [(_ENDS[end](word), 1) for word in corpus]


def _of_text(corpus: str, end: str) -> Words:
    return [(list(corpus), 1)] if end == _WHOLE else _of_words(corpus.split(), end)


def _of_counts(corpus: Mapping[str, int], end: str) -> Words:
    return [(_ENDS[end](word), count) for word, count in corpus.items()]


def _of_vocab(corpus: Mapping[str, int], end: str) -> Words:
    return [(word.split(), count) for word, count in corpus.items()]


_WHOLE = "spaces are letters"


def _learned(
    corpus: Any, num_merges: int, *, read: Callable[[Any, str], Words], end: str, shape: str
) -> Any:
    return _SHAPES[shape](learn_bpe(read(corpus, end), num_merges, _joined))


def _learned_ids(
    corpus: Sequence[int] | str, num_merges: int, *, first: int | None, shape: str
) -> Any:
    """Return what is learned of ids, or of the bytes of a text.

    New ids count up from `first`, or from the largest id.
    """
    corpus = list(corpus.encode()) if isinstance(corpus, str) else corpus
    start = max(corpus) + 1 if first is None else first
    learned = learn_bpe([(list(corpus), 1)], num_merges, lambda _, step: start + step)
    if "ids" not in shape:
        return _SHAPES[shape](learned)
    ids = list(corpus)
    for pair, new in learned:
        ids = merge(ids, pair, new)
    both = (ids, dict(learned))
    return ids if shape == "ids" else both if shape.startswith("ids") else both[::-1]


# ── cases ────────────────────────────────────────────────────────────────────────────────────────

# No pair is ever as frequent as the best one, whatever is done about the ends of words: which one
# of two is merged first is not a matter of right and wrong.
_CORPORA: tuple[tuple[int, tuple[tuple[str, int], ...]], ...] = (
    (1, (("cdc", 1), ("cdb", 1))),
    (1, (("bc", 2), ("bbc", 1), ("ac", 4))),
    (2, (("bc", 2), ("bbc", 1), ("ac", 4))),
    (3, (("bc", 2), ("bbc", 1), ("ac", 4))),
    (4, (("bab", 5), ("abab", 1), ("aab", 2))),
    (4, (("aaccaa", 1), ("aacb", 3), ("aab", 2))),
    (4, (("bad", 5), ("bdba", 1), ("ad", 2), ("cba", 3))),
    (5, (("bcb", 5), ("bccb", 4), ("bcca", 3), ("cbb", 1))),
)
_NOTHING_LEFT = (2, (("a", 1),))


def _renamed(rng: np.random.Generator) -> list[tuple[int, dict[str, int]]]:
    """Return the corpora, and once more with other letters: that makes no ties."""
    letters = "".join(rng.permutation(list("etaoin"))[:4])
    renamed = str.maketrans("abcd", letters)
    return [
        *((n, dict(words)) for n, words in _CORPORA),
        *((n, {w.translate(renamed): c for w, c in words}) for n, words in _CORPORA[3:]),
    ]


def _corpora(made: Callable[[dict[str, int]], Any], rng: np.random.Generator) -> list[Case]:
    return [Case({"corpus": made(words), "num_merges": n}) for n, words in _renamed(rng)]


def _few_pairs(made: Callable[[dict[str, int]], Any], rng: np.random.Generator) -> list[Case]:
    n, words = _NOTHING_LEFT
    hint = "stop when there is no pair left"
    return [Case({"corpus": made(dict(words)), "num_merges": n}, hint=hint)]


def _listed(words: Mapping[str, int]) -> list[str]:
    return [word for word, count in words.items() for _ in range(count)]


def _text(words: Mapping[str, int]) -> str:
    return " ".join(_listed(words))


def _spaced(words: Mapping[str, int]) -> dict[str, int]:
    return {" ".join([*word, "</w>"]): count for word, count in words.items()}


def _id_list(words: Mapping[str, int]) -> list[int]:
    return [ord(letter) % 32 for letter in _text(words)]


# ── well-known mistakes ──────────────────────────────────────────────────────────────────────────


def _at_once(words: Words, num_merges: int) -> list[Pair]:
    counts = counted(words)
    return sorted(counts, key=counts.__getitem__, reverse=True)[:num_merges]


def _rarest(words: Words, num_merges: int) -> list[Pair]:
    counts = counted(words)
    return [min(counts, key=counts.__getitem__)][:num_merges]


def _learning_mistakes(read: Callable[[Any, str], Words], end: str) -> tuple[Mistake, ...]:
    def pairs(words: Words, num_merges: int) -> list[Pair]:
        return [pair for pair, _ in learn_bpe(words, num_merges, _joined)]

    wrong: tuple[tuple[str, Callable[[Words, int], list[Pair]]], ...] = (
        ("merge the pair before the next one is counted", _at_once),
        ("merge the most frequent pair, not the rarest", _rarest),
        ("count a pair as often as its word occurs", lambda w, n: pairs(_once(w), n)),
        ("this is a merge less than was asked for", lambda w, n: pairs(w, n - 1)),
        ("this is a merge more than was asked for", lambda w, n: pairs(w, n + 1)),
    )
    return tuple(
        Mistake(hint, lambda corpus, num_merges, of=of: of(read(corpus, end), num_merges))
        for hint, of in wrong
    )


def _once(words: Words) -> Words:
    return [(list(word), 1) for word in dict.fromkeys(tuple(tokens) for tokens, _ in words)]


# ── the forms ────────────────────────────────────────────────────────────────────────────────────

_COUNT = Parameter(
    "num_merges", ("n", "n_merges", "merges", "k", "num_iters", "iterations", "n_iter", "steps")
)
FORMULA = (
    r"(a, b) = \operatorname*{arg\,max}_{(x, y)} \#\{i : t_i = x, \, t_{i+1} = y\}, "
    r"\quad a \, b \mapsto ab"
)


def form(
    names: Sequence[Parameter],
    variants: Iterable[Variant],
    domains: Iterable[Domain],
    mistakes: Iterable[Mistake] = (),
    *,
    cache: bool = False,
) -> Kernel:
    """Return another signature of the kernel."""
    return Kernel(
        "bpe_merge", tuple(names), tuple(variants), tuple(domains), FORMULA, SOURCE,
        cache=cache, mistakes=tuple(mistakes),
    )  # fmt: skip


def _learning(
    what: str,
    names: tuple[str, ...],
    read: Callable[[Any, str], Words],
    made: Callable[[dict[str, int]], Any],
    ends: Sequence[str],
    more: tuple[Variant, ...] = (),
) -> Kernel:
    """Return the form that learns merges from a corpus that is read and made like this."""
    variants = (
        Variant(
            ", ".join(filter(None, (shape, end))),
            partial(_learned, read=read, end=end, shape=shape),
        )
        for shape in _SHAPES
        for end in ends
    )
    return form(
        (Parameter("corpus", names), _COUNT),
        (*variants, *more),
        (
            Domain(what, partial(_corpora, made), alone=True),
            Domain(f"{what} with fewer pairs than merges", partial(_few_pairs, made)),
        ),
        (one for end in ends for one in _learning_mistakes(read, end)),
        cache=True,
    )


def _id_variants(first: int | None, where: str) -> tuple[Variant, ...]:
    return tuple(
        Variant(f"{shape}, {where}", partial(_learned_ids, first=first, shape=shape))
        for shape in _ID_SHAPES
    )


LEARNING = (
    _learning("words", ("words", "texts", "word_list"), _of_words, _listed, tuple(_ENDS)),
    _learning(
        "a text", ("text", "data", "string"), _of_text, _text, (*_ENDS, _WHOLE),
        _id_variants(256, "of its bytes"),
    ),
    _learning(
        "words with their counts", ("word_freqs", "word_counts", "freqs", "word_freq", "counts"),
        _of_counts, dict, tuple(_ENDS),
    ),
    _learning("a vocabulary", ("vocab", "vocabulary", "v_in"), _of_vocab, _spaced, ("",)),
    form(
        (Parameter("corpus", ("ids", "tokens", "token_ids", "sequence")), _COUNT),
        (*_id_variants(256, "from 256"), *_id_variants(None, "from the largest id")),
        (Domain("token ids", partial(_corpora, _id_list), alone=True),),
    ),
)  # fmt: skip
