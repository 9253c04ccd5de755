"""The reference kernels against oracles that share nothing with them but the definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
import pytest
import scipy.signal
import scipy.special
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from builder.kernels import CANON, find
from builder.kernels.activations.activation import softmax
from builder.kernels.convolutions.convolution import conv2d
from builder.kernels.kernel import (
    REQUIRED,
    Array,
    Case,
    Function,
    Kernel,
    Level,
    Mistake,
    Variant,
    short,
)
from builder.kernels.losses.loss import cross_entropy
from builder.kernels.norms.normalization import batchnorm_forward
from builder.verify import wire
from builder.verify.compare import Standard, comparable

NUMBERS = st.floats(-50, 50, width=32)
laws = settings(max_examples=60, deadline=None, derandomize=True)


def _arrays(shape: Any, elements: st.SearchStrategy[float] = NUMBERS) -> st.SearchStrategy[Array]:
    return arrays(np.float64, shape, elements=elements)


def _close(one: Array | float, other: Array | float) -> None:
    assert np.shape(one) == np.shape(other)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


# ── softmax ──────────────────────────────────────────────────────────────────────────────────────


@laws
@given(_arrays(array_shapes(max_dims=4, max_side=5)), st.data())
def test_softmax_is_scipys(x: Array, data: st.DataObject) -> None:
    """Along any axis of an array of any shape."""
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    _close(softmax(x, axis), scipy.special.softmax(x, axis=axis))


@laws
@given(_arrays(array_shapes(max_dims=2, max_side=6), st.floats(-1e4, 1e4)))
def test_softmax_sums_to_one_and_forgets_a_shift(x: Array) -> None:
    """However large the numbers are."""
    _close(softmax(x).sum(axis=-1), np.ones(x.shape[:-1]))
    _close(softmax(x + 3.0), softmax(x))


# ── cross-entropy ────────────────────────────────────────────────────────────────────────────────

PROBABILITIES = st.floats(1e-6, 1.0)


@laws
@given(_arrays(array_shapes(max_dims=2, max_side=6), PROBABILITIES), st.data())
def test_cross_entropy_is_entropy_and_divergence(p: Array, data: st.DataObject) -> None:
    """H(y, p) = H(y) + KL(y, p), both of scipy, where each row sums to 1."""
    p = p / p.sum(axis=-1, keepdims=True)
    y = data.draw(_arrays(p.shape, PROBABILITIES))
    y = y / y.sum(axis=-1, keepdims=True)
    by_scipy = float(np.sum(scipy.special.entr(y) + scipy.special.rel_entr(y, p)))
    for guard in ("added", "clipped", "clipped on both sides"):
        _close(cross_entropy(y, p, 1e-16, guard=guard), by_scipy)
    rows = len(p) if p.ndim == 2 else 1
    _close(cross_entropy(y, p, 1e-16, mean=True), by_scipy / rows)


@laws
@given(
    _arrays((3, 4), st.sampled_from([0.0, 1.0])),
    _arrays((3, 4), st.floats(0.0, 1.0)),
    st.sampled_from([1e-15, 1e-9, 1e-3]),
)
def test_cross_entropy_guards_the_logarithm(y: Array, p: Array, eps: float) -> None:
    """Zero times the logarithm of zero is zero, and eps keeps the rest finite."""
    _close(cross_entropy(y, p, eps), -scipy.special.xlogy(y, p + eps).sum())
    clipped = -scipy.special.xlogy(y, np.maximum(p, eps)).sum()
    _close(cross_entropy(y, p, eps, guard="clipped"), clipped)
    both = -scipy.special.xlogy(y, np.minimum(np.maximum(p, eps), 1 - eps)).sum()
    _close(cross_entropy(y, p, eps, guard="clipped on both sides"), both)


# ── batch normalization ──────────────────────────────────────────────────────────────────────────


@laws
@given(st.integers(1, 6), st.integers(1, 4), st.floats(1e-6, 1.0), st.data())
def test_batchnorm_is_exact_arithmetic(n: int, d: int, eps: float, data: st.DataObject) -> None:
    """Mean and variance as fractions, column by column."""
    x = data.draw(_arrays((n, d)))
    gamma, beta = data.draw(_arrays(d)), data.draw(_arrays(d))
    expected = np.empty((n, d))
    for j in range(d):
        column = [Fraction(float(v)) for v in x[:, j]]
        mean = sum(column, Fraction(0)) / n
        variance = sum(((v - mean) ** 2 for v in column), Fraction(0)) / n
        for i in range(n):
            scaled = float(column[i] - mean) / sqrt(variance + Fraction(eps))
            expected[i, j] = gamma[j] * scaled + beta[j]
    np.testing.assert_allclose(
        batchnorm_forward(x, gamma, beta, eps), expected, rtol=1e-7, atol=1e-7
    )


def test_batchnorm_without_eps_is_the_standard_score() -> None:
    """scipy.stats.zscore, where eps is 0, gamma 1 and beta 0."""
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(20, 5))
    _close(batchnorm_forward(x, np.ones(5), np.zeros(5), 0.0), scipy.stats.zscore(x))


def test_batchnorm_of_images_is_that_of_their_pixels() -> None:
    """A channel of (N, C, H, W) is one feature of N H W rows."""
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.normal(size=(3, 2, 4, 5)), rng.normal(size=2), rng.normal(size=2)
    pixels = x.transpose(0, 2, 3, 1).reshape(-1, 2)
    expected = batchnorm_forward(pixels, gamma, beta, 1e-5).reshape(3, 4, 5, 2)
    _close(batchnorm_forward(x, gamma, beta, 1e-5), expected.transpose(0, 3, 1, 2))


# ── convolution ──────────────────────────────────────────────────────────────────────────────────


@laws
@given(
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.integers(1, 3),
    st.integers(0, 2),
    st.data(),
)
def test_conv2d_is_scipys_correlation(
    size: tuple[int, int], window: tuple[int, int], stride: int, pad: int, data: st.DataObject
) -> None:
    """Of the padded image, every `stride` rows and columns."""
    size = (size[0] + window[0] - 1, size[1] + window[1] - 1)
    x, kernel = data.draw(_arrays(size)), data.draw(_arrays(window))
    everywhere = scipy.signal.correlate2d(np.pad(x, pad), kernel, mode="valid")
    _close(conv2d(x, kernel, stride, pad), everywhere[::stride, ::stride])
    rows = (size[0] + 2 * pad - window[0]) // stride + 1
    columns = (size[1] + 2 * pad - window[1]) // stride + 1
    assert conv2d(x, kernel, stride, pad).shape == (rows, columns)


# ── dropout: a kernel that judges by properties ──────────────────────────────────────────────────

DROPOUT = find("dropout_forward")


def _honest(x: Array, p: float, rng: np.random.Generator) -> Array:
    return x * (rng.random(x.shape) >= p) / (1 - p) if p < 1 else np.zeros_like(x)


def _whole_rows(x: Array, p: float, rng: np.random.Generator) -> Array:
    mask = rng.random((len(x), *(1,) * (x.ndim - 1))) >= p
    return x * mask / (1 - p)


def _not_scaled(x: Array, p: float, rng: np.random.Generator) -> Array:
    return x * (rng.random(x.shape) >= p)


def _too_few(x: Array, p: float, rng: np.random.Generator) -> Array:
    return x * (rng.random(x.shape) >= p / 2) / (1 - p)


def _judge(
    dropout: Callable[[Array, float, np.random.Generator], Array], seed: int
) -> list[str | None]:
    """Return what the kernel says of each case of its first domain."""
    assert DROPOUT
    rng = np.random.default_rng(seed)
    drops, said = DROPOUT.variants[0], []
    for case in DROPOUT.domains[0].cases(np.random.default_rng(seed)):
        x, p = case.arguments["x"], case.arguments["p"] if case.arguments["train"] else 0.0
        outputs = [dropout(x, p, rng) for _ in range(case.repeats)]
        assert drops.holds
        complaint = drops.holds(case.arguments, outputs)
        said.append(complaint.summary if complaint else None)
    return said


def test_honest_dropout_is_never_refused() -> None:
    """Over 400 seeds; a bound of 1 in 10^10 leaves no room for chance."""
    for seed in range(400):
        assert not any(_judge(_honest, seed)), seed


@pytest.mark.parametrize("wrong", [_whole_rows, _not_scaled, _too_few])
def test_wrong_dropout_is_always_refused(
    wrong: Callable[[Array, float, np.random.Generator], Array],
) -> None:
    """Whatever the seed is."""
    for seed in range(30):
        assert any(_judge(wrong, seed)), seed


# ── what every kernel of the canon keeps to ──────────────────────────────────────────────────────


def test_no_name_belongs_to_two_kernels() -> None:
    """A function's name says what it is judged by."""
    names = [name.lower() for kernel in CANON for name in {kernel.name, *kernel.aliases}]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("kernel", CANON, ids=lambda kernel: kernel.name)
def test_all_cases_of_a_kernel_fit_on_the_wire(kernel: Kernel) -> None:
    """In each of its forms: what the worker would refuse to read is blamed on no answer."""
    for form in (kernel, *kernel.forms):
        assert all(one.name == kernel.name for one in kernel.forms)
        cases = [case for domain in form.domains for case in domain.cases(np.random.default_rng(0))]
        calls = [_plain(case.arguments) for case in cases for _ in range(case.repeats)]
        frame = wire.encode(calls)
        header, payload = wire.lengths(frame[: wire.HEAD.size])
        body = frame[wire.HEAD.size :]
        assert wire.decode(body[:header], body[header : header + payload])


def _plain(value: object) -> object:
    """Return arguments as they travel: a function by its expression."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return wire.Source(value.expression) if isinstance(value, Function) else value


def _is_told(kernel: Kernel, mistake: Mistake, variant: Variant, case: Case) -> bool:
    """Tell whether what a mistake returns for `case` is wrong; it need not be able to return."""
    given = {p.name: p.default for p in kernel.parameters if p.default is not REQUIRED}
    arguments = variant.arguments({**given, **case.arguments})
    try:
        with np.errstate(all="ignore"):
            made = mistake.reference(**arguments)
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return False
    if not variant.applies(arguments) or not comparable(made):
        return False
    return not Standard(variant, case, arguments).holds([made] * case.repeats)


@pytest.mark.parametrize("kernel", CANON, ids=lambda kernel: kernel.name)
class TestCanon:
    """The contract of the judge with a kernel."""

    def test_names_are_its_own(self, kernel: Kernel) -> None:
        """No other kernel answers to them, and no two parameters share one."""
        for name in (kernel.name, *kernel.aliases):
            assert find(name) is kernel
            assert find(name.upper()) is kernel
        names = [n for p in kernel.parameters for n in (p.name, *p.aliases, *p.complements)]
        assert len(names) == len(set(names))

    def test_cases_are_the_same_for_the_same_seed(self, kernel: Kernel) -> None:
        """And name only parameters of the kernel, with all that are required."""
        names = {parameter.name for parameter in kernel.parameters}
        required = {p.name for p in kernel.parameters if p.default is REQUIRED}
        for domain in kernel.domains:
            one, other = (domain.cases(np.random.default_rng(5)) for _ in range(2))
            assert repr(one) == repr(other)
            for case in one:
                assert required <= set(case.arguments) <= names

    def test_an_answer_without_options_is_asked(self, kernel: Kernel) -> None:
        """One with nothing but the required parameters has a domain of its own to stand in."""
        options = {p.name: p.default for p in kernel.parameters if p.default is not REQUIRED}
        plain = 0
        for domain in kernel.domains:
            cases = domain.cases(np.random.default_rng(0))
            assert cases[0].level is Level.CORE
            for case in cases if domain.alone else ():
                set_here = {name: v for name, v in case.arguments.items() if name in options}
                plain += all(
                    type(v) is type(options[n]) and v == options[n] for n, v in set_here.items()
                )
        assert plain

    def test_small_cases_come_first(self, kernel: Kernel) -> None:
        """The first counterexample is one to redo by hand."""
        for domain in (domain for domain in kernel.domains if domain.alone):
            first = domain.cases(np.random.default_rng(0))[0]
            arrays = [v for v in first.arguments.values() if isinstance(v, np.ndarray)]
            assert max((array.size for array in arrays), default=1) <= 36

    def test_a_mistake_is_told_from_the_truth(self, kernel: Kernel) -> None:
        """Each well-known mistake is wrong on some case, by every usual convention."""
        cases = [
            case
            for domain in kernel.domains
            if domain.alone
            for case in domain.cases(np.random.default_rng(0))
        ]
        variants = [variant for variant in kernel.variants if not variant.names][:2]
        for mistake in kernel.mistakes:
            for variant in variants:
                told = (_is_told(kernel, mistake, variant, case) for case in cases)
                assert any(told), (mistake.hint, variant.words)

    def test_words_are_filled_in(self, kernel: Kernel) -> None:
        """A convention tells its own eps, or the one that the answer brings."""
        given = {p.name: p.default for p in kernel.parameters}
        for variant in kernel.variants:
            assert "{" not in variant.told(given)


@pytest.mark.parametrize(
    ("number", "text"), [(1e-9, "1e-9"), (1e-15, "1e-15"), (0.001, "0.001"), (3e-6, "3e-6")]
)
def test_short_numbers_are_written_as_in_code(number: float, text: str) -> None:
    """1e-9, not 1e-09."""
    assert short(number) == text
