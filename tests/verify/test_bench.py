"""The bench: many answers in one run, within its budget, and with what earlier runs found."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import commands
import judging
import pytest
import reading
from unlocked import without_a_jail

from builder.model import Card, Code, Status
from builder.verify import Judged, verify
from builder.verify.bench import Bench
from builder.verify.limits import LIMITS, NONE, STRICT, Limits, Order, SandboxError

RIGHT = "def softmax(x):\n    e = np.exp(x - np.max(x))\n    return e / e.sum()\n"
WRONG = RIGHT.replace("e.sum()", "e.max()")
ENDLESS = "def softmax(x):\n    while True:\n        pass\n"
SHORT = Limits(wall=1.0)

linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="strict is Linux's level")


def ordered(**how: object) -> Order:
    return replace(Order(seed=1), **how)


def run(order: Order, *sources: str) -> Judged:
    """Judge a note with an answer a source."""
    fences = (f"```python\n# 1. Question {n}\n{source}```\n" for n, source in enumerate(sources, 1))
    return verify(reading.bank("# T\n\n" + "\n".join(fences)), order, lambda *_: None)


def statuses(judged: Judged) -> list[Status]:
    return [verdict.status for verdicts in judged.verdicts.values() for verdict in verdicts]


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("a sandbox was started")

    monkeypatch.setattr("builder.verify.bench.Sandbox", refuse)


# ── the budget of the run ────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("nothing_starts")
def test_what_there_is_no_time_for_is_not_run() -> None:
    """Its verdict blames the run and not the answer, and nothing is started for it."""
    judged = run(ordered(budget=0.0), RIGHT)
    ((verdict,),) = judged.verdicts.values()
    assert (verdict.status, verdict.function) == (Status.TIMED_OUT, None)
    assert verdict.summary == "this answer was not run: the time for this run, 0 s, is spent"
    assert verdict.place.line == 5
    assert (judged.isolation, judged.ran) == (NONE, False)


def test_an_answer_that_the_end_of_the_budget_stops_is_told_so() -> None:
    """It did not have the time that an answer may have, so it isn't told to look for a loop."""
    with Bench(ordered(budget=1.0)) as bench:
        (verdict,) = bench.judge(judging.card(ENDLESS))
        assert verdict.summary == "`softmax` was stopped: the time for this run, 1 s, is spent"
        (verdict,) = bench.judge(judging.card(RIGHT))
        assert verdict.summary == "this answer was not run: the time for this run, 1 s, is spent"


def test_an_answer_that_takes_its_own_time_is_to_blame_itself() -> None:
    """As long as the run has time left."""
    with Bench(ordered(limits=SHORT)) as bench:
        (verdict,) = bench.judge(judging.card(ENDLESS))
    assert verdict.summary == "`softmax` did not return within 1 s"


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core waits for its answer")
def test_a_hanging_answer_delays_nobody_but_itself() -> None:
    """Forty answers are judged on another core while one runs for ever."""
    ended: dict[str, float] = {}
    cards = [replace(judging.card(ENDLESS), key="endless")]
    cards += [replace(judging.card(RIGHT + f"# {n}\n"), key=str(n)) for n in range(40)]

    def one(card: Card) -> Status:
        (verdict,) = bench.judge(card)
        ended[card.key] = time.monotonic()
        return verdict.status

    with Bench(ordered(limits=Limits(wall=4.0))) as bench, ThreadPoolExecutor(2) as pool:
        found = list(pool.map(one, cards))
    assert found == [Status.TIMED_OUT, *[Status.MATCHES] * 40]
    assert max(ended, key=lambda key: ended[key]) == "endless"


# ── what is remembered ───────────────────────────────────────────────────────────────────────────


def test_where_all_is_remembered_nothing_starts(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Neither a process nor a canary; the report still says how the answers were locked in."""
    order = ordered(cache=tmp_path)
    first = run(order, RIGHT, WRONG)
    assert (first.remembered, first.ran) == (0, True)
    request.getfixturevalue("nothing_starts")
    again = run(order, RIGHT, WRONG)
    assert again.verdicts == first.verdicts
    assert statuses(again) == [Status.MATCHES, Status.DIFFERS]
    assert (again.remembered, again.ran, again.isolation) == (2, False, first.isolation)


def test_only_what_is_new_is_run(tmp_path: Path) -> None:
    """One remembered, one not."""
    order = ordered(cache=tmp_path)
    run(order, RIGHT)
    judged = run(order, RIGHT, WRONG)
    assert (judged.remembered, judged.ran) == (1, True)
    assert statuses(judged) == [Status.MATCHES, Status.DIFFERS]


def test_what_is_remembered_needs_no_budget(tmp_path: Path) -> None:
    """And what timed out for want of one is not remembered as a time-out."""
    order = ordered(cache=tmp_path)
    assert statuses(run(replace(order, budget=0.0), RIGHT)) == [Status.TIMED_OUT]
    assert statuses(run(order, RIGHT)) == [Status.MATCHES]
    assert statuses(run(replace(order, budget=0.0), RIGHT)) == [Status.MATCHES]


def test_a_time_out_is_tried_again(tmp_path: Path) -> None:
    """A machine may have been busy."""
    order = ordered(cache=tmp_path, limits=SHORT)
    for _ in range(2):
        judged = run(order, ENDLESS)
        assert (statuses(judged), judged.remembered) == ([Status.TIMED_OUT], 0)


def test_without_a_cache_nothing_is_remembered() -> None:
    """Each run judges anew."""
    for _ in range(2):
        assert run(ordered(), RIGHT).remembered == 0


def test_runs_side_by_side_share_what_they_find(tmp_path: Path) -> None:
    """None sees half an entry, and all say the same."""
    order = ordered(cache=tmp_path)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: run(order, RIGHT, WRONG, RIGHT + "#\n"), range(8)))
    assert all(judged.verdicts == runs[0].verdicts for judged in runs)
    assert run(order, RIGHT, WRONG, RIGHT + "#\n").remembered == 3


def test_a_bench_that_is_closed_starts_nothing() -> None:
    """Ctrl-C comes while other threads wait for their turn."""
    bench = Bench(ordered())
    bench.close()
    with pytest.raises(SandboxError, match="the run was ended"):
        bench.judge(judging.card(RIGHT))


def test_progress_is_told_before_each_verdict() -> None:
    """With the question that is in work."""
    told: list[tuple[int, int, str]] = []
    bank = reading.bank(
        f"# T\n\n```python\n# 1. One\n{RIGHT}```\n```python\n# 2. Two\n{WRONG}```\n"
    )
    verify(bank, ordered(), lambda *step: told.append(step))
    assert told == [(0, 2, "One"), (1, 2, "Two")]


def test_a_bank_without_code_starts_nothing(nothing_starts: None) -> None:
    """There is nothing to isolate."""
    bank = reading.bank("# T\n\n```\nQ: a?\nA: b\n```\n")
    assert verify(bank, ordered(), lambda *_: None) == Judged({})


# ── where nothing can be locked in ───────────────────────────────────────────────────────────────


@pytest.fixture
def note(tmp_path: Path) -> str:
    path = tmp_path / "note.md"
    path.write_text(f"# T\n\n```python\n# 1. Implement softmax\n{RIGHT}```\n")
    return str(path)


@linux
def test_here_answers_are_locked_in() -> None:
    """The canary has measured it."""
    assert run(ordered(), RIGHT).isolation == STRICT


def test_without_a_jail_nothing_runs_without_trust(tmp_path: Path) -> None:
    """And no process is left waiting."""
    with without_a_jail(tmp_path), Bench(ordered()) as bench:
        with pytest.raises(SandboxError, match="cannot be locked in on this system"):
            bench.judge(judging.card(RIGHT))
        assert bench.isolation == NONE


def test_without_a_jail_the_command_cannot_run(
    tmp_path: Path, note: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so in one line, and what can be done."""
    with without_a_jail(tmp_path):
        outcome = commands.run(capsys, "check", "--no-cache", note)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("proofdeck: answers cannot be locked in on this system")
    assert "--trust" in outcome.err
    assert outcome.err.count("\n") == 1


def test_with_trust_answers_run_and_the_report_says_how(
    tmp_path: Path,
    note: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody takes a pass of such a run for one of another."""
    monkeypatch.delenv("CI", raising=False)
    with without_a_jail(tmp_path):
        outcome = commands.run(capsys, "check", "--no-cache", "--trust", note)
    assert outcome.status == 0, outcome.err
    assert f"isolation {LIMITS}" in outcome.out


def test_in_ci_trust_is_not_heard(
    tmp_path: Path,
    note: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What CI runs on comes from strangers, and so may the command line."""
    monkeypatch.setenv("CI", "true")
    with without_a_jail(tmp_path):
        outcome = commands.run(capsys, "check", "--no-cache", "--trust", note)
    assert (outcome.status, outcome.out) == (2, "")


def test_a_pass_without_a_jail_is_no_pass_elsewhere(tmp_path: Path) -> None:
    """What an answer did where nothing held it is not remembered for where something does."""
    order = ordered(cache=tmp_path / "cache", trust=True)
    with without_a_jail(tmp_path):
        assert run(order, RIGHT).isolation == LIMITS
    judged = run(order, RIGHT)
    assert (judged.remembered, judged.isolation != LIMITS) == (0, True)


def test_trust_changes_nothing_where_there_is_a_jail() -> None:
    """It is no switch to turn the jail off."""
    assert run(ordered(trust=True), RIGHT).isolation == run(ordered(), RIGHT).isolation


def test_a_card_is_code_or_not_asked() -> None:
    """Only code cards have verdicts."""
    bank = reading.bank(f"# T\n\n```\nQ: a?\nA: b\n```\n\n```python\n# 1. S\n{RIGHT}```\n")
    (code,) = (card for card in bank.cards() if isinstance(card.answer, Code))
    assert list(verify(bank, ordered(), lambda *_: None).verdicts) == [code.key]


def test_a_system_without_a_fork_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows nothing is started, and one line says what helps."""
    monkeypatch.delattr("os.fork")
    with pytest.raises(SandboxError, match=r"Subsystem for Linux, or .* --no-run"):
        run(ordered(), RIGHT)
