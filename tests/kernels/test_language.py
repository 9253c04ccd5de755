"""Kernels of language against brute force, exact arithmetic, scipy and scikit-learn."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from builder.kernels.kernel import Array, Case, Kernel
from builder.kernels.language import beams, bpe, decoding, merging, sampling, truncation
from builder.kernels.language.text import levenshtein, osa

ORACLES = {
    "levenshtein": "breadth-first search among all texts",
    "osa": "search for the cheapest script of edits from left to right",
    "bpe_merge": "recount by regular structure: text replacement and counting of slices",
    "top_k": "scipy.special.softmax of the largest subset",
    "top_p": "smallest of all subsets, in exact fractions",
    "sample": "scipy.special.softmax",
    "beam_search": "all sequences",
    "perplexity": "exp of sklearn.metrics.log_loss",
}
SEEDS = range(20)


def differences() -> dict[str, float]:
    """Return the largest relative difference between reference and oracle over all seeds."""
    measures = {
        "levenshtein": _levenshtein, "osa": _osa, "bpe_merge": _bpe, "top_k": _top_k,
        "top_p": _top_p, "sample": _sample, "beam_search": _beam_search,
        "perplexity": _perplexity,
    }  # fmt: skip
    return {
        name: max(measure(np.random.default_rng(seed)) for seed in SEEDS)
        for name, measure in measures.items()
    }


def test_every_reference_agrees_with_its_oracle() -> None:
    """To many more digits than an answer has to."""
    found = differences()
    assert set(found) == set(ORACLES)
    assert max(found.values()) < 1e-12, found


def _apart(one: Array | float, other: Array | float) -> float:
    assert np.shape(one) == np.shape(other)
    scale = np.abs(other).max(initial=1e-300)
    return float(np.max(np.abs(np.asarray(one) - other), initial=0.0) / scale)


# ── edit distances ───────────────────────────────────────────────────────────────────────────────


def _text(rng: np.random.Generator, longest: int) -> str:
    return "".join(rng.choice(list("ab"), rng.integers(longest + 1)))


def _edited(text: str) -> set[str]:
    """Return every text that one edit makes."""
    places = range(len(text) + 1)
    found = {text[:i] + text[i + 1 :] for i in places[:-1]}
    found |= {text[:i] + x + text[i:] for i in places for x in "ab"}
    return found | {text[:i] + x + text[i + 1 :] for i in places[:-1] for x in "ab"}


def _levenshtein(rng: np.random.Generator) -> float:
    a, b = _text(rng, 4), _text(rng, 4)
    steps, reached = 0, {a}
    while b not in reached:
        steps += 1
        reached |= {after for before in reached for after in _edited(before) if len(after) <= 5}
    return abs(levenshtein(a, b) - steps)


def _scripts(a: str, b: str) -> int:
    """Return the fewest edits that make b of a, where a swapped pair is never edited again."""
    if not a or not b:
        return len(a) + len(b)
    ways = [_scripts(a[1:], b) + 1, _scripts(a, b[1:]) + 1]
    ways.append(_scripts(a[1:], b[1:]) + (a[0] != b[0]))
    if len(a) > 1 and len(b) > 1 and a[:2] == b[1::-1]:
        ways.append(_scripts(a[2:], b[2:]) + 1)
    return min(ways)


def _osa(rng: np.random.Generator) -> float:
    a, b = _text(rng, 6), _text(rng, 6)
    return abs(osa(a, b) - _scripts(a, b))


@pytest.mark.parametrize("seed", SEEDS)
def test_costs_are_those_of_all_alignments(seed: int) -> None:
    """The cheapest way through the grid of two texts, among all of them."""
    rng = np.random.default_rng(seed)
    a, b = _text(rng, 4), _text(rng, 4)
    insertion, deletion, substitution = rng.integers(1, 5, size=3).tolist()
    best = math.inf
    for kept in range(min(len(a), len(b)) + 1):
        for i, j in product(combinations(range(len(a)), kept), combinations(range(len(b)), kept)):
            pairs = sum(a[x] != b[y] for x, y in zip(i, j, strict=True)) * substitution
            cost = pairs + (len(a) - kept) * deletion + (len(b) - kept) * insertion
            best = min(best, cost)
    assert levenshtein(a, b, insertion, deletion, substitution) == best


# ── byte-pair encoding ───────────────────────────────────────────────────────────────────────────


def _bpe(rng: np.random.Generator) -> float:
    text = "".join(rng.choice(list("abc"), rng.integers(1, 30)))
    pair = tuple(rng.choice(list("abc"), 2).tolist())
    merged = merging.merge(list(text), pair, "#")
    wrong = merged != list(text.replace("".join(pair), "#"))
    slices = Counter(text[i : i + 2] for i in range(len(text) - 1))
    wrong |= {"".join(p): n for p, n in merging.get_stats(text).items()} != slices
    return float(wrong | _relearned_wrongly(text))


def _relearned_wrongly(text: str) -> bool:
    """Tell whether a step takes a pair that another one outnumbers."""
    tokens = list(text)
    for pair, new in merging.learn_bpe([(tokens, 1)], 4, lambda pair, _: "".join(pair)):
        counts = Counter(pairwise(tokens))
        if counts[pair] != max(counts.values()):
            return True
        tokens = merging.merge(tokens, pair, new)
    return "".join(tokens) != text


def test_no_corpus_has_a_tie() -> None:
    """Under no convention is a second pair as frequent as the one that is merged."""
    for form in bpe.BPE_MERGE.forms:
        if [one.name for one in form.parameters] != ["corpus", "num_merges"]:
            continue
        for case in form.domains[0].cases(np.random.default_rng(0)):
            for words, wanted in _read(case):
                _assert_no_tie(words, wanted)


def _read(case: Case) -> list[tuple[list[tuple[list[object], int]], int]]:
    corpus, n = case.arguments["corpus"], case.arguments["num_merges"]
    if isinstance(corpus, dict):
        spaced = any(" " in word for word in corpus)
        words = [(word.split() if spaced else list(word), count) for word, count in corpus.items()]
    elif isinstance(corpus, str):
        words = [(list(word), 1) for word in corpus.split()]
        return [([(list(corpus), 1)], n), *((ended, n) for ended in _ended(words))]
    elif isinstance(corpus[0], str):
        words = [(list(word), 1) for word in corpus]
    else:
        return [([(list(corpus), 1)], n)]
    return [(ended, n) for ended in (_ended(words) if not isinstance(corpus, dict) else [words])]


def _ended(words: list[tuple[list[object], int]]) -> list[list[tuple[list[object], int]]]:
    return [
        words,
        [([*word, "</w>"], count) for word, count in words],
        [([*word[:-1], f"{word[-1]}</w>"], count) for word, count in words],
    ]


def _assert_no_tie(words: list[tuple[list[object], int]], wanted: int) -> None:
    learned = merging.learn_bpe(words, wanted, lambda pair, _: pair)
    assert len(learned) == wanted
    for pair, new in learned:
        counts: Counter[object] = Counter()
        for word, count in words:
            for one in pairwise(word):
                counts[one] += count
        top = counts.most_common(2)
        assert top[0][0] == pair
        assert len(top) == 1 or top[1][1] < top[0][1]
        words = [(merging.merge(word, pair, new), count) for word, count in words]


# ── filters and draws ────────────────────────────────────────────────────────────────────────────


def _top_k(rng: np.random.Generator) -> float:
    logits, k = rng.normal(size=6), int(rng.integers(1, 7))
    best = max(combinations(range(6), k), key=lambda subset: logits[list(subset)].sum())
    cut = np.full(6, -np.inf)
    cut[list(best)] = logits[list(best)]
    assert np.array_equal(truncation.top_k_filter(logits, k), cut)
    return _apart(truncation.top_k_filter(logits, k, softly=True), scipy.special.softmax(cut))


def _top_p(rng: np.random.Generator) -> float:
    logits, p = rng.normal(scale=2.0, size=6), float(rng.uniform(0.05, 0.99))
    probs = scipy.special.softmax(logits)
    exact = [Fraction(float(x)) for x in probs]
    subsets = (s for size in range(1, 7) for s in combinations(range(6), size))
    reaching = [s for s in subsets if sum(exact[i] for i in s) >= Fraction(p)]
    fewest = min(map(len, reaching))
    best = max((s for s in reaching if len(s) == fewest), key=lambda s: sum(exact[i] for i in s))
    total = sum(exact[i] for i in best)
    expected = np.array([float(x / total) if i in best else 0.0 for i, x in enumerate(exact)])
    cut = np.where(expected > 0, logits, -np.inf)
    assert np.array_equal(truncation.top_p_filter(logits, p), cut)
    kept = sampling.top_p_mask(probs, p)
    return max(
        _apart(truncation.top_p_filter(logits, p, softly=True), expected),
        _apart(sampling.renormalised(probs, kept), expected),
    )


def _sample(rng: np.random.Generator) -> float:
    logits, temperature = rng.normal(scale=3.0, size=(3, 5)), float(rng.uniform(0.1, 5.0))
    expected = scipy.special.softmax(logits / temperature, axis=-1)
    return _apart(sampling.distribution(logits, temperature), expected)


@pytest.mark.parametrize(
    "kernel", [truncation.TOP_K, truncation.TOP_P, sampling.SAMPLE], ids=lambda k: k.name
)
def test_honest_draws_pass_and_others_fail(kernel: Kernel) -> None:
    """No false alarm among many draws from the right law; a shifted index always fails."""
    for form in (kernel, *kernel.forms):
        for variant in form.variants:
            law = getattr(variant.holds, "keywords", {}).get("law")
            if not law:
                continue
            judged = [
                (rng, case)
                for seed in SEEDS[:3]
                for rng in [np.random.default_rng(seed)]
                for domain in form.domains
                for case in domain.cases(rng)
            ]
            defaults = {one.name: one.default for one in form.parameters}
            failed = 0
            for rng, case in judged:
                arguments = {**defaults, **case.arguments}
                probs = np.atleast_2d(law(**arguments))
                drawn = [
                    [rng.choice(row.size, p=row) for row in probs] for _ in range(case.repeats)
                ]
                shape = np.shape(case.arguments.get("logits", case.arguments.get("probs")))[:-1]
                right = [np.reshape(one, shape) for one in drawn]
                assert variant.holds(arguments, right) is None
                shifted = [(one + 1) % probs.shape[-1] for one in right]
                failed += variant.holds(arguments, shifted) is not None
            assert failed > len(judged) / 3


# ── beams and perplexity ─────────────────────────────────────────────────────────────────────────


def _beam_search(rng: np.random.Generator) -> float:
    """Wide beams find what there is; a table's beams are the best of all at any width."""
    table, width = np.log(rng.dirichlet(np.ones(3), size=4)), int(rng.integers(1, 30))
    everything = sorted(
        ((sum(table[t, x] for t, x in enumerate(s)), s) for s in product(range(3), repeat=4)),
        reverse=True,
    )[:width]
    found = beams.beam_search_table(table, width)
    assert [tuple(tokens) for tokens, _ in found] == [s for _, s in everything]
    model = rng.dirichlet(np.ones(3), size=(5, 3))
    wide = beams.beam_search(lambda s: np.log(model[len(s), s[-1]]), 81, 4, start=0)
    scores = [
        sum(math.log(model[t + 1, ([0, *s])[t], s[t]]) for t in range(4))
        for s in product(range(3), repeat=4)
    ]
    return max(
        _apart(np.array([s for _, s in found]), np.array([s for s, _ in everything])),
        _apart(np.array([s for _, s in wide]), np.sort(scores)[::-1]),
    )


@pytest.mark.parametrize("apart", [False, True])
def test_the_best_sequence_does_not_hang_on_what_becomes_of_finished_ones(apart: bool) -> None:
    """They keep their place among the beams, or make room for another one."""
    (domain,) = beams.BEAM_SEARCH.forms[1].domains
    for case in domain.cases(np.random.default_rng(0)):
        given = dict(case.arguments)
        if "end" not in given:
            continue
        live, done = [([], 0.0)], []
        for _ in range(given["max_len"]):
            grown = [
                ([*tokens, i], score + step)
                for tokens, score in live
                for i, step in enumerate(given["step_fn"](tokens))
            ]
            grown.sort(key=lambda beam: -beam[1])
            if apart:
                done += [beam for beam in grown if beam[0][-1] == given["end"]]
                grown = [beam for beam in grown if beam[0][-1] != given["end"]]
                live = grown[: given["beam_width"]]
            else:
                best = grown[: given["beam_width"]]
                done += [beam for beam in best if beam[0][-1] == given["end"]]
                live = [beam for beam in best if beam[0][-1] != given["end"]]
        tokens, score = max(done + live, key=lambda beam: beam[1])
        found = beams.beam_search(**given)[0]
        assert found[0] == tokens
        assert math.isclose(found[1], score, rel_tol=1e-12)


def _perplexity(rng: np.random.Generator) -> float:
    probs, targets = rng.dirichlet(np.ones(4), size=7), rng.integers(4, size=7)
    expected = math.exp(sklearn.metrics.log_loss(targets, probs, labels=range(4)))
    chosen = np.log(probs[np.arange(7), targets])
    mask = np.append(np.ones(7), np.zeros(3))
    padded = np.append(chosen, rng.normal(size=3))
    return max(
        _apart(found, expected)
        for found in (
            decoding.perplexity(chosen),
            decoding.perplexity(padded, mask),
            decoding.perplexity(chosen / math.log(2), base=2),
        )
    )
