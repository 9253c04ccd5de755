"""Words as numbers: tf-idf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from math import log
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Case,
    Domain,
    Kernel,
    Mistake,
    Parameter,
    Result,
    Variant,
)

Corpus = Sequence[str] | Sequence[Sequence[str]]

IDF: dict[str, Callable[[int, int], float]] = {
    "log(N / df)": lambda n, df: log(n / df) if df else 0.0,
    "log((1 + N) / (1 + df)) + 1": lambda n, df: log((1 + n) / (1 + df)) + 1,
    "log(N / df) + 1": lambda n, df: log(n / df) + 1 if df else 0.0,
    "log(N / (1 + df))": lambda n, df: log(n / (1 + df)),
    "log(N / (1 + df)) + 1": lambda n, df: log(n / (1 + df)) + 1,
    "log((1 + N) / (1 + df))": lambda n, df: log((1 + n) / (1 + df)),
    "log10(N / df)": lambda n, df: log(n / df) / log(10) if df else 0.0,
}
TF: dict[str, Callable[[int, int], float]] = {
    "share": lambda count, length: count / length,
    "count": lambda count, _: float(count),
}


def tokens(document: str | Sequence[str]) -> list[str]:
    """Return the words of a document: a text with spaces, or a list of them."""
    return document.split() if isinstance(document, str) else list(document)


def weights(corpus: Corpus, tf: str, idf: str) -> list[dict[str, float]]:
    """Return for each document the tf-idf of each word of the corpus, in order of appearance.

    `tf` is "share" of the document's words, or "count"; `idf` is a key of `IDF`, of N documents of
    which df have the word. Spärck Jones, A statistical interpretation of term specificity (1972).
    """
    documents = [tokens(document) for document in corpus]
    vocabulary = dict.fromkeys(word for document in documents for word in document)
    df = {word: sum(word in document for document in documents) for word in vocabulary}
    return [
        {
            word: TF[tf](Counter(document)[word], len(document))
            * IDF[idf](len(documents), df[word])
            for word in vocabulary
        }
        for document in documents
    ]


def tf_idf(
    corpus: Corpus,
    *,
    tf: str = "share",
    idf: str = "log(N / df)",
    normed: bool = False,
    shape: str = "words",
) -> Result:
    """Return the tf-idf of each word in each of N documents; the arguments of `weights` say which.

    With `normed`, each document has length 1. `shape` is "words" for a dict a document of its own
    words, "all words" for dicts of all words of the corpus, "sorted" or "first seen" for a matrix
    (N, V) of words in that order, "with words" for the sorted matrix and a list of its words.
    """
    rows = weights(corpus, tf, idf)
    if normed:
        rows = [
            {word: v / np.sqrt(sum(x * x for x in row.values())) for word, v in row.items()}
            for row in rows
        ]
    vocabulary = list(rows[0])
    match shape:
        case "words":
            own = [set(tokens(document)) for document in corpus]
            return [
                {word: v for word, v in row.items() if word in words}
                for row, words in zip(rows, own, strict=True)
            ]
        case "all words":
            return rows
        case "sorted" | "with words":
            vocabulary.sort()
    matrix = np.array([[row[word] for word in vocabulary] for row in rows], dtype=np.float64)
    return (matrix, vocabulary) if shape == "with words" else matrix


def tf_idf_of_query(
    corpus: Corpus, query: Sequence[str], *, tf: str = "share", idf: str = "log(N / df)"
) -> Array:
    """Return the tf-idf (N, Q) of each word of a query in each document, 0 where it is nowhere."""
    rows = weights(corpus, tf, idf)
    return np.array([[row.get(word, 0.0) for word in tokens(query)] for row in rows])


def tf_idf_of_word(
    term: str,
    document: str | Sequence[str],
    corpus: Corpus,
    *,
    tf: str = "share",
    idf: str = "log(N / df)",
) -> float:
    """Return the tf-idf of a word of the corpus in one document, which need not be part of it."""
    documents = [tokens(one) for one in corpus]
    words = tokens(document)
    df = sum(term in one for one in documents)
    return TF[tf](words.count(term), len(words)) * IDF[idf](len(documents), df)


def _ordered(expected: Result, returned: Result) -> Result:
    """Return the matrix and its words in the order of the words that were returned."""
    matrix, vocabulary = expected
    words = list(returned[1]) if isinstance(returned[1], list | tuple) else []
    if sorted(map(str, words)) != vocabulary:
        return expected
    return matrix[:, [vocabulary.index(word) for word in words]], words


def _texts() -> list[list[str]]:
    return [
        ["the cat cat sat", "the dog dog dog"],
        ["a b a", "b c", "c c d"],
        ["one fish two fish", "red fish blue blue fish", "one car car old old old", "two by two"],
        ["blue sky blue sea", "green green sea red sky", "old red car car"],
    ]


def _drawn(rng: np.random.Generator, documents: int, words: int) -> list[str]:
    """Return documents of words of two letters; no two words have the same column."""
    names = [a + b for a, b in permutations("kelomit", 2)][:words]
    while True:
        corpus = [
            " ".join([f"own{i}", *rng.choice(names, size=int(rng.integers(2, 9))).tolist()])
            for i in range(documents)
        ]
        columns = np.round(tf_idf(corpus, shape="sorted"), 9)
        if np.unique(columns, axis=1).shape == columns.shape:
            return corpus


def _corpora(rng: np.random.Generator) -> list[list[str]]:
    return [*_texts(), ["tea"], *(_drawn(rng, n, words) for n, words in ((2, 3), (5, 4), (7, 9)))]


def _split(corpus: Sequence[str]) -> list[list[str]]:
    return [text.split() for text in corpus]


def _lists(rng: np.random.Generator) -> list[Case]:
    return [Case({"corpus": _split(corpus)}) for corpus in _corpora(rng)]


def _plain(rng: np.random.Generator) -> list[Case]:
    return [Case({"corpus": corpus}) for corpus in _corpora(rng)]


def _queries(rng: np.random.Generator) -> list[Case]:
    asked = [(corpus, _known(rng, corpus, 3)) for corpus in _corpora(rng)]
    return [
        Case({"corpus": _split(_texts()[0]), "query": ["cat"]}),
        *(Case({"corpus": _split(corpus), "query": query}) for corpus, query in asked),
    ]


def _known(rng: np.random.Generator, corpus: Sequence[str], most: int) -> list[str]:
    words = sorted({word for text in corpus for word in text.split()})
    return [str(word) for word in rng.permutation(words)[:most]]


def _unknown(rng: np.random.Generator) -> list[Case]:
    return [Case({"corpus": _split(corpus), "query": ["cat", "zebra"]}) for corpus in _texts()[:2]]


def _terms(rng: np.random.Generator, *, split: bool) -> list[Case]:
    cases = []
    for corpus in _corpora(rng):
        for term in _known(rng, corpus, 2):
            document = corpus[int(rng.integers(len(corpus)))]
            given: dict[str, Any] = {"term": term, "document": document, "corpus": corpus}
            if split:
                given |= {"document": document.split(), "corpus": _split(corpus)}
            cases.append(Case(given))
    return cases


_TOLD = {"share": "tf = count / length", "count": "tf = count"}
_SHAPED = {
    "words": "a dict a document",
    "all words": "a dict of all words a document",
    "sorted": "a matrix of sorted words",
    "first seen": "a matrix of words as they first occur",
    "with words": "(matrix, words)",
}


def _schemes(*, unit: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    for idf, tf in product(IDF, TF):
        yield f"{_TOLD[tf]}, idf = {idf}", {"tf": tf, "idf": idf}
    if unit:
        for idf in tuple(IDF)[:3]:
            yield f"rows of length 1, idf = {idf}", {"normed": True, "idf": idf}


def _mistaken(function: Callable[..., Result], **own: Any) -> Iterator[Mistake]:
    """Yield wrong counts for a function of the corpus, in the most usual schemes."""
    for tf in TF:
        yield Mistake(
            "df counts documents that have the word, not how often it occurs",
            partial(_by_occurrences, function, tf=tf, **own),
        )
        yield Mistake("multiply by the idf: this is the tf", partial(_flat, function, tf=tf, **own))


def _by_occurrences(function: Callable[..., Result], *, corpus: Corpus, **given: Any) -> Result:
    """Return tf-idf of the logarithm of N over how often words occur in all documents."""
    counts = Counter(word for document in corpus for word in tokens(document))
    right = function(corpus=corpus, **given, idf="log(N / df)")
    flat = function(corpus=corpus, **given, idf="log(N / df) + 1")
    factor = {word: log(len(corpus) / count) for word, count in counts.items()}
    return _rescaled(right, flat, factor, corpus, given)


def _flat(function: Callable[..., Result], *, corpus: Corpus, **given: Any) -> Result:
    """Return the tf alone."""
    right = function(corpus=corpus, **given, idf="log(N / df)")
    flat = function(corpus=corpus, **given, idf="log(N / df) + 1")
    return _rescaled(right, flat, None, corpus, given)


def _rescaled(
    right: Result, flat: Result, factor: dict[str, float] | None, corpus: Corpus, given: Any
) -> Result:
    """Return the tf, which is what two idf that are 1 apart differ by, times a factor a word."""
    if isinstance(right, list):
        return [
            {word: (two[word] - one[word]) * (factor[word] if factor else 1.0) for word in one}
            for one, two in zip(right, flat, strict=True)
        ]
    words = sorted({word for document in corpus for word in tokens(document)})
    names = given.get("query") or given.get("term") or words
    names = [names] if isinstance(names, str) else names
    scale = np.array([factor[word] if factor else 1.0 for word in names])
    return np.asarray(flat - right) * (scale if np.ndim(right) else scale[0])


_CORPUS = Parameter("corpus", ("documents", "docs", "texts", "sentences", "doc_list"))
_ALIASES = ("compute_tf_idf", "tfidf", "calculate_tf_idf", "tf_idf_matrix", "compute_tfidf")

_ALL = Kernel(
    name="tf_idf",
    aliases=(*_ALIASES, "tf_idf_scores", "tfidf_matrix", "calculate_tfidf"),
    parameters=(_CORPUS,),
    variants=tuple(
        Variant(
            f"{words}, {told}",
            partial(tf_idf, shape=shape, **scheme),
            align=_ordered if shape == "with words" else None,
        )
        for shape, words in _SHAPED.items()
        for told, scheme in _schemes(unit=shape != "all words")
    ),
    domains=(
        Domain("lists of words", _lists, alone=True),
        Domain("texts of words and spaces", _plain, alone=True),
    ),
    formula=r"\operatorname{tf}(t, d) \log \frac{N}{\operatorname{df}(t)}",
    source="Spärck Jones: A statistical interpretation of term specificity (1972)",
    mistakes=(
        *_mistaken(tf_idf, shape="words"),
        *_mistaken(tf_idf, shape="sorted"),
    ),
)

_QUERY = replace(
    _ALL,
    parameters=(_CORPUS, Parameter("query", ("query_terms", "terms", "words", "q"))),
    variants=tuple(
        Variant(told, partial(tf_idf_of_query, **scheme)) for told, scheme in _schemes(unit=False)
    ),
    domains=(
        Domain("words of a query", _queries, alone=True),
        Domain("words that no document has", _unknown),
    ),
    mistakes=tuple(_mistaken(tf_idf_of_query)),
)

_TERM = replace(
    _ALL,
    parameters=(
        Parameter("term", ("word", "t", "token", "w")),
        Parameter("document", ("doc", "d", "text")),
        _CORPUS,
    ),
    variants=tuple(
        Variant(told, partial(tf_idf_of_word, **scheme)) for told, scheme in _schemes(unit=False)
    ),
    domains=(
        Domain("one word, lists of words", partial(_terms, split=True), alone=True),
        Domain("one word, texts", partial(_terms, split=False), alone=True),
    ),
    mistakes=tuple(_mistaken(tf_idf_of_word)),
)

TF_IDF = replace(_ALL, forms=(_QUERY, _TERM))
