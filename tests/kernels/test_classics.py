"""Classic machine learning against scikit-learn, scipy, numpy.linalg, and definitions in full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.spatial
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.preprocessing import LabelBinarizer
from sklearn.tree import DecisionTreeClassifier

from builder.kernels.classics import clusters, components, words
from builder.kernels.classics.bayes import gaussian_naive_bayes
from builder.kernels.classics.clusters import kmeans, kmeans_anywhere
from builder.kernels.classics.components import pca
from builder.kernels.classics.descent import Convention, proportional
from builder.kernels.classics.labels import (
    entropy,
    entropy_of_shares,
    gini_impurity,
    gini_of_counts,
    one_hot,
)
from builder.kernels.classics.linear import (
    linear_regression,
    linear_regression_descent,
    linear_regression_descent_predict,
    linear_regression_line,
    linear_regression_predict,
)
from builder.kernels.classics.logistic import (
    logistic_regression,
    logistic_regression_predict,
    predict_logistic,
)
from builder.kernels.classics.neighbours import knn, nearest
from builder.kernels.classics.words import tf_idf, tf_idf_of_query, tf_idf_of_word
from builder.kernels.kernel import Array, Result

ORACLES = {
    "linear_regression": "sklearn.linear_model.LinearRegression",
    "logistic_regression": "scipy.optimize.approx_fprime, step by step",
    "kmeans": "sklearn.cluster.KMeans",
    "knn": "sklearn.neighbors.KNeighborsClassifier",
    "pca": "sklearn.decomposition.PCA",
    "gaussian_naive_bayes": "sklearn.naive_bayes.GaussianNB",
    "gini_impurity": "sklearn.tree.DecisionTreeClassifier",
    "entropy": "scipy.stats.entropy",
    "one_hot": "sklearn.preprocessing.LabelBinarizer",
    "tf_idf": "sklearn.feature_extraction.text.TfidfVectorizer",
}
SEEDS = range(20)
laws = settings(max_examples=60, deadline=None, derandomize=True)
LABELS = st.lists(st.integers(-3, 6), min_size=1, max_size=40)


def _close(one: Result, other: Result, rtol: float = 1e-9) -> None:
    assert np.shape(one) == np.shape(other)
    np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-9)


def _off(one: Result, other: Result) -> float:
    """Return the largest difference, relative to the largest number."""
    one, other = (np.asarray(x, dtype=np.float64) for x in (one, other))
    assert one.shape == other.shape
    return float(np.max(np.abs(one - other)) / (np.max(np.abs(other)) or 1.0))


def _noisy(rng: np.random.Generator, n: int = 12, d: int = 3) -> tuple[Array, Array]:
    x = rng.normal(size=(n, d)) + 0.5
    return x, x @ rng.normal(size=d) + 2.0 + rng.normal(size=n)


def _coins(rng: np.random.Generator, n: int = 9, d: int = 2) -> tuple[Array, Array]:
    x = rng.normal(size=(n, d))
    return x, (rng.random(n) < scipy.special.expit(x[:, 0])).astype(float)


# ── linear regression ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_regression_is_sklearns_and_scipys(seed: int) -> None:
    """With a bias and without one, for one target and for several."""
    rng = np.random.default_rng(seed)
    x, y = _noisy(rng)
    model = LinearRegression().fit(x, y)
    w, b = linear_regression(x, y, bias="pair")
    _close(w, model.coef_)
    _close(b, model.intercept_)
    _close(linear_regression(x, y, bias="pair", swapped=True)[0], b)
    _close(linear_regression(x, y), LinearRegression(fit_intercept=False).fit(x, y).coef_)
    ones = np.ones((len(x), 1))
    for bias, a in (("first", np.hstack((ones, x))), ("last", np.hstack((x, ones)))):
        _close(linear_regression(x, y, bias=bias), scipy.linalg.lstsq(a, y)[0])
        column = linear_regression(x, y, bias=bias, column=True)
        _close(column, scipy.linalg.lstsq(a, y[:, None])[0])
    targets = rng.normal(size=(len(x), 2))
    _close(linear_regression(x, targets), scipy.linalg.lstsq(x, targets)[0])
    test = rng.normal(size=(5, 3))
    _close(linear_regression_predict(x, y, test), model.predict(test))


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_regression_of_dependent_columns_is_the_pseudoinverse(seed: int) -> None:
    """Which has the least norm of all that fit best."""
    x, y = _noisy(np.random.default_rng(seed), 3, 5)
    _close(linear_regression(x, y), scipy.linalg.pinv(x) @ y)
    _close(linear_regression(np.hstack((x, x)), y), scipy.linalg.pinv(np.hstack((x, x))) @ y)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_line_is_scipys(seed: int) -> None:
    """Slope and intercept, in any order."""
    x, y = np.random.default_rng(seed).normal(size=(2, 9))
    line = scipy.stats.linregress(x, y)
    _close(np.array(linear_regression_line(x, y)), np.array([line.slope, line.intercept]))
    for shape in ("swapped", "first"):
        told = np.array(linear_regression_line(x, y, shape=shape))
        _close(told, np.array([line.intercept, line.slope]))
    _close(linear_regression_line(x, y, shape="last"), np.array([line.slope, line.intercept]))


def _numerically(
    loss: Callable[[Array], float], size: int, lr: float, n_iter: int
) -> tuple[Array, list[float]]:
    """Return the weights after steps along numerical gradients from zeros, and the losses."""
    w, losses = np.zeros(size), []
    for _ in range(n_iter):
        losses.append(loss(w))
        w = w - lr * scipy.optimize.approx_fprime(w, loss, 1e-7)
    return w, [*losses, loss(w)]


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_descent_follows_numerical_gradients(seed: int) -> None:
    """Of the mean squared error, halved, whole and summed, and of the cross-entropy."""
    rng = np.random.default_rng(seed)
    (x, y), (c, t) = _noisy(rng, 7, 2), _coins(rng)
    a, z = np.column_stack((np.ones(7), x)), np.column_stack((np.ones(9), c))
    for scale, factor in (("mean", 0.5 / 7), ("twice the mean", 1 / 7), ("sum", 0.5)):
        w, _ = _numerically(lambda w, f=factor: f * np.sum((a @ w - y) ** 2), 3, 0.02, 6)
        _close(linear_regression_descent(x, y, 0.02, 6, Convention("first", scale)), w, 1e-5)

    def cross_entropy(w: Array) -> float:
        p = scipy.special.expit(z @ w)
        return float(-np.mean(scipy.special.xlogy(t, p) + scipy.special.xlogy(1 - t, 1 - p)))

    w, losses = _numerically(cross_entropy, 3, 0.3, 6)
    _close(logistic_regression(c, t, 0.3, 6, Convention("first")), w, 1e-5)
    _close(logistic_regression(c, t, 0.3 / 9, 6, Convention("first", "sum")), w, 1e-5)
    for told, right in (("before", losses[:-1]), ("after", losses[1:])):
        _, found = logistic_regression(c, t, 0.3, 6, Convention("first", losses=told))
        _close(found, np.array(right), 1e-5)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradient_descent_returns_one_thing_in_any_shape(seed: int) -> None:
    """A bias before, behind or apart, and y and weights as columns."""
    rng = np.random.default_rng(seed)
    for fit, (x, y) in (
        (linear_regression_descent, _noisy(rng)),
        (logistic_regression, _coins(rng)),
    ):
        theta = fit(x, y, 0.05, 9, Convention("first"))
        w, b = fit(x, y, 0.05, 9, Convention("pair"))
        _close(theta, np.array([b, *w]))
        _close(fit(x, y, 0.05, 9, Convention("last")), np.array([*w, b]))
        _close(fit(x, y[:, None], 0.05, 9, Convention("first")), theta[:, None])
        _close(fit(x, y, 0.05, 9, Convention("first", column=True)), theta[:, None])
        _close(fit(np.column_stack((np.ones(len(x)), x)), y, 0.05, 9, Convention()), theta)


def test_descent_ends_at_the_optimum() -> None:
    """Of scikit-learn's models, after many steps."""
    rng = np.random.default_rng(0)
    x, y = _noisy(rng, 12, 2)
    model = LinearRegression().fit(x, y)
    w, b = linear_regression_descent(x, y, 0.1, 4000, Convention("pair"))
    _close(w, model.coef_)
    _close(b, model.intercept_)
    test = rng.normal(size=(6, 2))
    predicted = linear_regression_descent_predict(x, y, test, 0.1, 4000, Convention("first"))
    _close(predicted, model.predict(test))
    x, y = rng.normal(size=(40, 2)), rng.integers(2, size=40)
    model = LogisticRegression(C=np.inf, tol=1e-12, solver="newton-cholesky").fit(x, y)
    w, b = logistic_regression(x, y, 1.0, 3000, Convention("pair"))
    _close(np.array([*w, b]), np.array([*model.coef_[0], *model.intercept_]), 1e-6)
    p = logistic_regression_predict(x, y, test, 1.0, 3000, Convention("first"))
    _close(p, model.predict_proba(test)[:, 1], 1e-6)
    _close(predict_logistic(test, w, b), model.predict(test).astype(float))


def test_losses_may_differ_by_a_factor_alone() -> None:
    """Halves and sums are conventions, another curve is not."""
    right = (np.zeros(2), np.array([0.7, 0.5, 0.4]))
    for factor in (0.5, 1.0, 12.0):
        told = (right[0], factor * right[1])
        _close(proportional(right, told)[1], told[1])
    for wrong in (np.array([0.7, 0.5, 0.5]), -right[1], np.zeros(3)):
        assert proportional(right, (right[0], wrong)) is right


# ── clusters ─────────────────────────────────────────────────────────────────────────────────────


def _blobs(rng: np.random.Generator) -> tuple[Array, Array]:
    """Return points with a start from which no cluster is ever empty."""
    while True:
        x = rng.normal(size=(20, 2))
        if clusters._settled(x, x[:3], 20):
            return x, x[:3].copy()


@pytest.mark.parametrize("seed", SEEDS)
def test_kmeans_is_sklearns(seed: int) -> None:
    """Centroids, labels and inertia from a given start, at rest."""
    x, init = _blobs(np.random.default_rng(seed))
    model = KMeans(3, init=init, n_init=1, tol=0, algorithm="lloyd").fit(x)
    centroids, labels, inertia = kmeans(x, init, results="cli")
    _close(centroids, model.cluster_centers_)
    _close(labels, model.labels_)
    _close(inertia, model.inertia_)
    _close(kmeans(x, init, results="l", last=False), labels)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_step_of_kmeans_is_its_definition(seed: int) -> None:
    """Assign by scipy's tree, then take means; an empty cluster stays."""
    rng = np.random.default_rng(seed)
    x, centroids = rng.normal(size=(12, 2)), rng.normal(size=(4, 2)) * 2
    init = centroids
    for steps in range(1, 6):
        labels = scipy.spatial.cKDTree(centroids).query(x)[1]
        before = centroids
        centroids = np.array(
            [x[labels == j].mean(axis=0) if (labels == j).any() else before[j] for j in range(4)]
        )
        found, last = kmeans(x, init, steps, results="cl")
        _close(found, centroids)
        _close(last, scipy.spatial.cKDTree(centroids).query(x)[1])
        _close(kmeans(x, init, steps, results="l", last=False), labels)


@pytest.mark.parametrize("seed", SEEDS)
def test_kmeans_from_anywhere_is_the_best_partition(seed: int) -> None:
    """Of two clear clusters, among all ways to part the points in two."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(7, 2)) + 20.0 * np.array([[0, 0]] * 3 + [[1, -1]] * 4)
    parts = [
        (set(some), set(range(7)) - set(some))
        for n in (1, 2, 3)
        for some in combinations(range(7), n)
    ]

    def inertia(parts: tuple[set[int], ...]) -> float:
        return sum(float(np.sum((x[list(p)] - x[list(p)].mean(axis=0)) ** 2)) for p in parts)

    best = min(parts, key=inertia)
    found = kmeans_anywhere(x, 2, results="cl")
    assert {frozenset(np.flatnonzero(found[1] == j).tolist()) for j in (0, 1)} == set(
        map(frozenset, best)
    )
    swapped = (found[0][::-1], 1 - found[1])
    aligned = clusters._renamed(found, swapped, results="cl")
    _close(aligned[0], swapped[0])
    _close(aligned[1], swapped[1])


# ── neighbours ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
def test_knn_is_sklearns(seed: int) -> None:
    """For two labels and more, of many rows and of one; both give ties to the smallest."""
    rng = np.random.default_rng(seed)
    x, test = rng.normal(size=(25, 3)), rng.normal(size=(9, 3))
    for classes, k in ((2, 1), (2, 5), (3, 4), (4, 25)):
        y = rng.integers(-1, classes - 1, size=25)
        expected = KNeighborsClassifier(k).fit(x, y).predict(test)
        _close(knn(x, y, test, k), expected)
        _close(knn(x, y, test[0], k), expected[0])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_nearest_are_those_of_trees(seed: int) -> None:
    """Of scipy's and of scikit-learn's."""
    rng = np.random.default_rng(seed)
    points, query = rng.normal(size=(20, 3)), rng.normal(size=3)
    gaps, chosen = scipy.spatial.cKDTree(points).query(query, k=6)
    found = nearest(points, query, 6, results="distances, indices")
    _close(found[0], gaps)
    _close(found[1], chosen)
    _close(nearest(points, query, 6), points[chosen])
    _close(
        nearest(points, query, 6, results="indices"),
        NearestNeighbors().fit(points).kneighbors(query[None], 6)[1][0],
    )


# ── principal components ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
def test_pca_is_sklearns_up_to_signs(seed: int) -> None:
    """Projection, components, variances and their shares."""
    x = components._cloud(np.random.default_rng(seed), 12, 4)
    model = PCA(3, svd_solver="full").fit(x)
    right = (model.transform(x), model.components_)
    found = components._signed(pca(x, 3, results="pr"), right, results="pr")
    _close(found[0], right[0])
    _close(found[1], right[1])
    _close(pca(x, 3, results="c"), pca(x, 3, results="r").T)
    _, variances, shares = pca(x, 3, results="pve")
    _close(variances, model.explained_variance_)
    _close(shares, model.explained_variance_ratio_)


@pytest.mark.parametrize("seed", SEEDS)
def test_pca_of_scaled_columns_is_that_of_the_correlation(seed: int) -> None:
    """Whose eigenvectors and eigenvalues numpy finds by another way."""
    x = components._cloud(np.random.default_rng(seed), 15, 3)
    values, vectors = np.linalg.eigh(np.corrcoef(x.T))
    for scaled in (0, 1):
        columns, variances = pca(x, results="cv", scaled=scaled, ddof=scaled)
        _close(variances, values[::-1])
        _close(components._signed(columns, vectors[:, ::-1], results="c"), vectors[:, ::-1])
        _close(components._varies({"x": x}), True)


# ── naive Bayes ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
def test_gaussian_naive_bayes_is_sklearns(seed: int) -> None:
    """With priors as frequent as the classes, and with equal ones."""
    rng = np.random.default_rng(seed)
    x, test = rng.normal(size=(30, 3)), rng.normal(size=(60, 3))
    y = rng.choice([-2, 0, 7], p=[0.6, 0.3, 0.1], size=30)
    y[:6] = [-2, -2, 0, 0, 7, 7]
    model = GaussianNB(var_smoothing=0).fit(x, y)
    _close(gaussian_naive_bayes(x, y, test), model.predict(test))
    flat = GaussianNB(priors=np.full(3, 1 / 3), var_smoothing=0).fit(x, y)
    _close(gaussian_naive_bayes(x, y, test, prior=False), flat.predict(test))


@pytest.mark.parametrize("seed", SEEDS)
def test_gaussian_naive_bayes_is_scipys_densities(seed: int) -> None:
    """With variances divided by n - 1."""
    rng = np.random.default_rng(seed)
    x, y, test = rng.normal(size=(20, 2)), np.repeat([0, 1], (14, 6)), rng.normal(size=(40, 2))
    scores = [
        np.log(np.mean(y == c))
        + scipy.stats.norm(x[y == c].mean(0), x[y == c].std(0, ddof=1)).logpdf(test).sum(1)
        for c in (0, 1)
    ]
    _close(gaussian_naive_bayes(x, y, test, ddof=1), np.argmax(scores, axis=0))


# ── labels ───────────────────────────────────────────────────────────────────────────────────────


@laws
@given(LABELS)
def test_gini_impurity_is_exact_arithmetic(y: list[int]) -> None:
    """The share of pairs, drawn with replacement, that differ."""
    differ = Fraction(sum(a != b for a in y for b in y), len(y) ** 2)
    _close(gini_impurity(np.array(y)), float(differ))
    _close(gini_impurity([str(label) for label in y]), float(differ))
    _close(gini_of_counts(np.array(list(Counter(y).values()))), float(differ))


@laws
@given(LABELS)
def test_entropy_is_scipys(y: list[int]) -> None:
    """In bits and nats, of labels, shares and counts."""
    counts = np.array(list(Counter(y).values()))
    for base in (2.0, np.e):
        expected = scipy.stats.entropy(counts, base=base)
        _close(entropy(np.array(y), base=base), expected)
        _close(entropy([str(label) for label in y], base=base), expected)
        _close(entropy_of_shares(np.array([*counts, 0]), base=base, counts=True), expected)
        _close(entropy_of_shares(counts / len(y), base=base), expected)
        p = counts / len(y)
        guarded = -scipy.special.xlogy(p, p + 1e-3).sum() / np.log(base)
        _close(entropy(np.array(y), base=base, eps=1e-3), guarded)


@laws
@given(LABELS)
def test_impurities_are_those_of_the_root_of_a_tree(y: list[int]) -> None:
    """Of scikit-learn, by either criterion."""
    x = np.arange(len(y))[:, None]
    for criterion, impurity in (("gini", gini_impurity), ("entropy", entropy)):
        tree = DecisionTreeClassifier(criterion=criterion).fit(x, y).tree_
        _close(impurity(np.array(y)), tree.impurity[0])


@laws
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(7, 9))
def test_one_hot_is_its_definition(y: list[int], num_classes: int) -> None:
    """Entry by entry, and scikit-learn's where there are three labels or more."""
    rows = [[float(label == c) for c in range(num_classes)] for label in y]
    _close(one_hot(np.array(y), num_classes), np.array(rows))
    _close(one_hot(y[0], num_classes), np.array(rows[0]))
    _close(one_hot(np.array([y, y]), num_classes), np.array([rows, rows]))
    _close(one_hot(np.array(y)), np.array(rows)[:, : max(y) + 1])
    _close(one_hot(np.array(y), columns="transposed"), np.array(rows)[:, : max(y) + 1].T)
    if len(set(y)) > 2:
        _close(one_hot(np.array(y), columns="seen"), LabelBinarizer().fit_transform(y))


# ── tf-idf ───────────────────────────────────────────────────────────────────────────────────────


def _vectorizer(**options: object) -> TfidfVectorizer:
    return TfidfVectorizer(token_pattern=r"\S+", lowercase=False, **options)


@pytest.mark.parametrize("seed", SEEDS)
def test_tf_idf_is_sklearns(seed: int) -> None:
    """With both of its idf, normed and not; a matrix of sorted words."""
    corpus = words._drawn(np.random.default_rng(seed), 5, 6)
    for smooth, idf in ((True, "log((1 + N) / (1 + df)) + 1"), (False, "log(N / df) + 1")):
        for norm in (None, "l2"):
            model = _vectorizer(smooth_idf=smooth, norm=norm)
            expected = model.fit_transform(corpus).toarray()
            found, names = tf_idf(
                corpus, tf="count", idf=idf, normed=norm == "l2", shape="with words"
            )
            _close(found, expected)
            assert names == model.get_feature_names_out().tolist()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("idf", words.IDF)
def test_tf_idf_is_its_definition(seed: int, idf: str) -> None:
    """Word by word, as the name of each idf says, in any shape."""
    corpus = words._drawn(np.random.default_rng(seed), 4, 6)
    documents = [text.split() for text in corpus]
    formula = idf.replace("N", "4").replace("log10", "np.log10").replace("log(", "np.log(")
    seen = list(dict.fromkeys(" ".join(corpus).split()))
    every = tf_idf(corpus, idf=idf, shape="all words")
    for document, row, own in zip(documents, every, tf_idf(documents, idf=idf), strict=True):
        for word in seen:
            df = sum(word in one for one in documents)
            value = eval(formula, {"np": np, "df": df}) * document.count(word) / len(document)
            _close(row[word], value)
            _close(tf_idf_of_word(word, document, documents, idf=idf), value)
        assert own == {word: row[word] for word in document}
    matrix = tf_idf(corpus, idf=idf, shape="first seen")
    _close(matrix, np.array([[row[word] for word in seen] for row in every]))
    query = [*seen[:2], "nowhere"]
    _close(tf_idf_of_query(corpus, query, idf=idf), np.column_stack((matrix[:, :2], np.zeros(4))))


def test_the_words_of_a_matrix_may_have_any_order() -> None:
    """Its columns are put into that order."""
    right = tf_idf(["a b a", "b c"], shape="with words")
    matrix, names = words._ordered(right, (np.zeros((2, 3)), ["c", "a", "b"]))
    _close(matrix, right[0][:, [2, 0, 1]])
    assert names == ["c", "a", "b"]
    assert words._ordered(right, (np.zeros((2, 3)), ["c", "a", "x"])) is right


# ── the largest differences, for the table ───────────────────────────────────────────────────────


def _linear_difference(rng: np.random.Generator) -> float:
    x, y = _noisy(rng)
    model = LinearRegression().fit(x, y)
    return _off(linear_regression(x, y, bias="first"), np.array([model.intercept_, *model.coef_]))


def _logistic_difference(rng: np.random.Generator) -> float:
    x, y = _coins(rng)

    def loss(w: Array) -> float:
        z = x @ w[:2] + w[2]
        return float(-np.mean(scipy.special.log_expit(np.where(y == 1, z, -z))))

    def gradient(w: Array) -> Array:  # central differences: the error is of the second order
        steps = 1e-5 * np.eye(3)
        return np.array([(loss(w + step) - loss(w - step)) / 2e-5 for step in steps])

    w = np.zeros(3)
    for _ in range(5):
        w = w - 0.3 * gradient(w)
    return _off(logistic_regression(x, y, 0.3, 5, Convention("last")), w)


def _kmeans_difference(rng: np.random.Generator) -> float:
    x, init = _blobs(rng)
    return _off(kmeans(x, init), KMeans(3, init=init, n_init=1, tol=0).fit(x).cluster_centers_)


def _knn_difference(rng: np.random.Generator) -> float:
    x, y, test = rng.normal(size=(25, 3)), rng.integers(3, size=25), rng.normal(size=(20, 3))
    return _off(knn(x, y, test, 4), KNeighborsClassifier(4).fit(x, y).predict(test))


def _pca_difference(rng: np.random.Generator) -> float:
    x = components._cloud(rng, 12, 4)
    expected = PCA(3, svd_solver="full").fit_transform(x)
    return _off(components._signed(pca(x, 3), expected, results="p"), expected)


def _bayes_difference(rng: np.random.Generator) -> float:
    x, y, test = rng.normal(size=(30, 3)), np.repeat([0, 1, 2], 10), rng.normal(size=(60, 3))
    expected = GaussianNB(var_smoothing=0).fit(x, y).predict(test)
    return _off(gaussian_naive_bayes(x, y, test), expected)


def _gini_difference(rng: np.random.Generator) -> float:
    y = rng.integers(5, size=30)
    tree = DecisionTreeClassifier().fit(np.arange(30)[:, None], y).tree_
    return _off(gini_impurity(y), tree.impurity[0])


def _entropy_difference(rng: np.random.Generator) -> float:
    y = rng.integers(5, size=30)
    return _off(entropy(y), scipy.stats.entropy(np.bincount(y), base=2))


def _one_hot_difference(rng: np.random.Generator) -> float:
    y = np.concatenate((np.arange(4), rng.integers(4, size=9)))
    return _off(one_hot(y), LabelBinarizer().fit_transform(y))


def _tf_idf_difference(rng: np.random.Generator) -> float:
    corpus = words._drawn(rng, 5, 6)
    found = tf_idf(corpus, idf="log((1 + N) / (1 + df)) + 1", normed=True, shape="sorted")
    return _off(found, _vectorizer().fit_transform(corpus).toarray())


_DIFFERENCES = {
    "linear_regression": _linear_difference,
    "logistic_regression": _logistic_difference,
    "kmeans": _kmeans_difference,
    "knn": _knn_difference,
    "pca": _pca_difference,
    "gaussian_naive_bayes": _bayes_difference,
    "gini_impurity": _gini_difference,
    "entropy": _entropy_difference,
    "one_hot": _one_hot_difference,
    "tf_idf": _tf_idf_difference,
}


def differences() -> dict[str, float]:
    """Return the largest difference of each reference from its oracle, over all seeds."""
    return {
        name: max(difference(np.random.default_rng(seed)) for seed in SEEDS)
        for name, difference in _DIFFERENCES.items()
    }


def test_no_difference_is_large() -> None:
    """Each kernel has an oracle, and a difference from it that rounding explains."""
    assert set(ORACLES) == set(_DIFFERENCES)
    assert max(differences().values()) < 1e-8
