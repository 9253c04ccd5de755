"""How strong the checks are: every small change to a right answer fails, or is known to be none."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from unittest.mock import patch

import pytest
import reading

from builder.assemble import assemble
from builder.audited import Audit, Outcome
from builder.identity import identify
from builder.parse import parse
from builder.review import reviews
from builder.source import Source, decode
from builder.verify.audit import audit
from builder.verify.limits import Order

REVIEWS = reading.BANK.with_suffix(".audit.toml")

# What may pass because the reader is told, by the line that differs.
TOLD = [
    "return -np.sum(y_true * np.log(y_pred + 1e-08))",
    "def batchnorm_forward(x, gamma, beta, eps=0.0001):",
    "def dropout_forward(x, p, train=False):",
    "def conv2d(x, kernel, stride=2, pad=0):",
    "def conv2d(x, kernel, stride=1, pad=1):",
]


@pytest.fixture(scope="module")
def found() -> Audit:
    """Try all mutants of the user's answers, however many an ordinary audit would try."""
    bank = identify(assemble([parse(decode("bank.md", reading.BANK.read_bytes()))])).bank
    reviewed = reviews(Source("bank.audit.toml", REVIEWS.read_text("utf-8")), "bank.md")
    with patch("builder.verify.audit.MOST", 10_000):
        return audit(bank, reviewed, Order(seed=0), lambda *_: None, whole=True)


def lines(found: Audit, outcome: Outcome) -> Sequence[str]:
    """Return the changed lines of the mutants that ended with `outcome`."""
    trials = (trial for answer in found.answers for trial in answer.trials)
    return [trial.mutant.after for trial in trials if trial.outcome is outcome]


def test_every_mutant_fails_but_those_that_are_right(found: Audit) -> None:
    """All of them are run; those that pass are known one by one, each with a reason."""
    assert [answer.functions for answer in found.answers] == [
        ("softmax",), ("cross_entropy",), ("batchnorm_forward",), ("dropout_forward",), ("conv2d",),
    ]  # fmt: skip
    assert lines(found, Outcome.MISSED) == []
    assert lines(found, Outcome.TOLD) == TOLD


def test_every_review_is_of_use(found: Audit) -> None:
    """The list of what is known to be right holds nothing else."""
    assert found.stale == ()
    assert len(lines(found, Outcome.EQUIVALENT)) == REVIEWS.read_text("utf-8").count("[[")


def test_there_are_many_mutants(found: Audit) -> None:
    """The figure that the checks are rated by does not shrink unseen."""
    assert sum(len(answer.trials) for answer in found.answers) >= 320


def test_what_is_run_is_the_answer_but_for_one_line(found: Audit) -> None:
    """So a mistake that is noticed is that mistake."""
    for answer in found.answers:
        original = ast.unparse(ast.parse(answer.card.answer.source)).splitlines()
        for trial in answer.trials:
            lines = trial.mutant.source.splitlines()
            assert len(set(lines) - set(original)) <= 1
