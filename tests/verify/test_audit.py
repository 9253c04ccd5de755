"""The audit: which mistakes in right answers nobody would notice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import judging
import pytest
from unlocked import without_a_jail

from builder.assemble import assemble
from builder.audited import Audit, Outcome, Reviewed, Trial
from builder.identity import identify
from builder.model import Bank, Place
from builder.parse import parse
from builder.source import Source
from builder.verify import audit as audits
from builder.verify.audit import audit
from builder.verify.limits import NONE, STRICT, Order, SandboxError
from builder.verify.mutants import MOST

RIGHT = "def softmax(x):\n    e = np.exp(x - np.max(x))\n    return e / e.sum()\n"
WRONG = RIGHT.replace("e.sum()", "e.max()")
UNKNOWN = "def frobnicate(x):\n    return x + 1\n"
# A product with one shows no mistake to anybody.
IDLE = RIGHT.replace("return e", "e = e * np.ones(1)\n    return e")
COUNTING = """\
def relu(x):
    n = 0
    while n < 3:
        n += 1
    return np.maximum(0, x)
"""
ONES = "e = e"
linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="strict is Linux's level")


def bank(*answers: str) -> Bank:
    """Return a bank with an answer a source."""
    fences = (
        f"```python\n# 1. Question {n}\n{text.rstrip()}\n```\n" for n, text in enumerate(answers, 1)
    )
    return identify(assemble([parse(Source("n.md", "# T\n\n" + "\n".join(fences)))])).bank


def review(mutant: str, function: str = "softmax", note: str = "n.md") -> Reviewed:
    """Return a review of a mutant."""
    return Reviewed(note, function, mutant, "it is the same", Place("n.audit.toml", 1, 1, 1, 1))


def audited(*answers: str, reviewed: Sequence[Reviewed] = (), whole: bool = True) -> Audit:
    """Audit a bank with an answer a source."""
    return audit(bank(*answers), reviewed, Order(seed=1), lambda *_: None, whole=whole)


def trials(found: Audit, outcome: Outcome) -> list[Trial]:
    """Return the trials that ended with `outcome`."""
    return [trial for one in found.answers for trial in one.trials if trial.outcome is outcome]


def lines(found: Audit, outcome: Outcome) -> list[str]:
    """Return the changed lines of the mutants that ended with `outcome`."""
    return [trial.mutant.after for trial in trials(found, outcome)]


@linux
def test_all_mistakes_in_a_good_answer_are_noticed() -> None:
    """Each is run as an answer is: behind the gate, in the jail."""
    found = audited(RIGHT)
    assert found.isolation == STRICT
    (answer,) = found.answers
    assert answer.functions == ("softmax",)
    assert len(answer.trials) == answer.possible > 20
    assert answer.count(Outcome.KILLED) == answer.possible


def test_what_passes_and_is_not_told_is_missed() -> None:
    """The mutant is there with its place."""
    found = audited(IDLE)
    assert ONES in lines(found, Outcome.MISSED)
    (trial,) = [one for one in trials(found, Outcome.MISSED) if one.mutant.after == ONES]
    assert (trial.mutant.line, trial.mutant.column) == (3, 9)


def test_a_convention_or_a_reach_that_the_reader_is_told_is_no_miss() -> None:
    """A verdict that says something else than the answer's."""
    source = judging.code(judging.user_answers()["cross_entropy"])
    (told,) = trials(audited(source), Outcome.TOLD)
    assert told.mutant.after == "return -np.sum(y_true * np.log(y_pred + 1e-08))"
    assert "1e-8" in told.why


def test_what_was_reviewed_is_equivalent_and_says_why() -> None:
    """Only where it would be missed, in its own note, for its own function."""
    found = audited(IDLE, reviewed=[review(ONES)])
    assert {trial.why for trial in trials(found, Outcome.EQUIVALENT)} == {"it is the same"}
    assert ONES not in lines(found, Outcome.MISSED)
    for other in (review(ONES, "relu"), review(ONES, note="m.md")):
        assert ONES in lines(audited(IDLE, reviewed=[other]), Outcome.MISSED)


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (review("return e * e.sum()"), "it is noticed now"),
        (review("return e / 77"), "no such mutant"),
        (review("return e", "relu"), "no answer of n.md defines `relu`"),
    ],
)
def test_a_review_that_no_longer_applies_is_stale(entry: Reviewed, why: str) -> None:
    """It was noticed, it is gone, or its function is."""
    (stale,) = audited(RIGHT, reviewed=[entry]).stale
    assert stale.reviewed is entry
    assert why in stale.why


def test_a_review_of_what_is_not_audited_is_kept() -> None:
    """The answer is wrong today, or was not asked for."""
    assert audited(WRONG, reviewed=[review("return e")]).stale == ()
    assert audited(RIGHT, reviewed=[review("x", "relu")], whole=False).stale == ()


def test_answers_that_are_wrong_or_unknown_are_not_audited() -> None:
    """They are counted, and nothing of them is mutated."""
    found = audited(WRONG, UNKNOWN, RIGHT)
    assert [card.question for card in found.left] == ["Question 1", "Question 2"]
    assert [one.card.question for one in found.answers] == ["Question 3"]


def test_a_mutant_that_loops_for_ever_is_killed_soon() -> None:
    """By the clock, and that is said of it."""
    start = time.monotonic()
    found = audited(COUNTING)
    late = {trial.mutant.after for trial in trials(found, Outcome.KILLED) if trial.late}
    assert "pass  # n += 1" in late
    assert time.monotonic() - start < 60


def test_a_review_is_not_stale_because_its_mutant_was_late() -> None:
    """A busy machine is no argument."""
    assert audited(COUNTING, reviewed=[review("pass  # n += 1", "relu")]).stale == ()


def test_no_more_than_some_mutants_are_tried_but_all_reviewed_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So that a review never looks stale only because its mutant was not drawn."""
    monkeypatch.setattr(audits, "MOST", 3)
    reviewed = [review(line) for line in ("return e / e.max()", "return e / e.mean()")]
    (answer,) = audited(RIGHT, reviewed=reviewed).answers
    assert 3 <= len(answer.trials) <= 5 < answer.possible <= MOST
    assert {one.mutant for one in reviewed} <= {trial.mutant.after for trial in answer.trials}


def test_nothing_is_remembered(tmp_path: Path) -> None:
    """Neither verdicts on mutants nor those on the answers."""
    order = Order(seed=1, cache=tmp_path / "cache")
    audit(bank(RIGHT), (), order, lambda *_: None, whole=True)
    assert not (tmp_path / "cache").exists()


def test_progress_counts_answers_and_then_mutants() -> None:
    """From the first to the last."""
    told: list[tuple[int, int, str]] = []
    audit(bank(RIGHT), (), Order(seed=1), lambda *what: told.append(what), whole=True)
    answer, *mutants = told
    assert answer == (0, 1, "Question 1")
    assert mutants == [(done, len(mutants), "Question 1") for done in range(len(mutants))]


def test_a_bank_without_code_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to run."""
    monkeypatch.setattr("builder.verify.bench.Sandbox", None)
    found = audited(reviewed=[review("x")])
    assert (found.answers, found.left, found.isolation) == ((), (), NONE)
    assert len(found.stale) == 1


def test_where_answers_cannot_be_locked_in_nothing_runs(tmp_path: Path) -> None:
    """Unless somebody trusts them, as with `check`."""
    with without_a_jail(tmp_path), pytest.raises(SandboxError, match="--trust"):
        audited(RIGHT)


def test_the_same_seed_gives_the_same_audit() -> None:
    """Outcome by outcome."""
    assert audited(IDLE).answers == audited(IDLE).answers
