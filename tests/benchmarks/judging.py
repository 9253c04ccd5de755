"""Print what judging costs: the jail, the five full suites, and a thousand answers in one run.

Run it as `python tests/benchmarks/judging.py [ANSWERS]`. Nothing is asserted: machines differ. CPU
time is that of this process and of all that it started, once those have ended.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import judging  # noqa: E402 - found by the path above
from unlocked import without_a_jail  # noqa: E402

from builder.model import Card  # noqa: E402
from builder.verify.bench import Bench  # noqa: E402
from builder.verify.limits import Limits, Order  # noqa: E402
from builder.verify.sandbox import Call, Job, Sandbox  # noqa: E402

ENDLESS = "def softmax(x):\n    while True:\n        pass\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall clock and of CPU."""

    wall: float
    cpu: float


def cost(work: Callable[[], object]) -> Cost:
    """Return what `work` costs, with the processes that it has started and ended."""
    before, start = _cpu(), time.monotonic()
    work()
    return Cost(time.monotonic() - start, _cpu() - before)


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def per_answer(runs: int) -> float:
    """Return the CPU seconds of an answer that does nothing, beyond those of the warm process."""
    job = Job("", "def f(): return 1", "b", 1, (Call("f", (), {}),), 0, 10.0, 1 << 28)

    def several(times: int) -> None:
        with Sandbox() as sandbox:
            for _ in range(times):
                sandbox.run(job)

    return (cost(lambda: several(runs + 50)).cpu - cost(lambda: several(50)).cpu) / runs


def script(card: Card) -> float:
    """Return the CPU seconds of `python answer.py`: an interpreter, numpy, and the definition."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(f"import numpy as np\n{judging.code(card)}")
        file.flush()
        command = [sys.executable, file.name]
        return statistics.median(
            cost(lambda: subprocess.run(command, check=True)).cpu for _ in range(5)
        )


def suite(card: Card, times: int = 30) -> float:
    """Return the CPU seconds of one full suite, beyond those of the warm process."""

    def several(count: int) -> None:
        with Bench(Order(seed=1)) as bench:
            for _ in range(count):
                bench.judge(card)

    return (cost(lambda: several(times + 5)).cpu - cost(lambda: several(5)).cpu) / times


def thousand(answers: int, order: Order) -> tuple[Cost, int]:
    """Judge the five answers again and again and one that hangs; return how many were remembered.

    The hanging one stands first; what comes after it is judged beside it.
    """
    from builder.verify import verify

    cards = list(judging.user_answers().values())
    many = [replace(judging.card(ENDLESS), key="endless")]
    for number in range(answers):
        card = cards[number % len(cards)]
        code = replace(card.answer, source=f"{judging.code(card)}# {number}\n")
        many.append(replace(card, answer=code, key=str(number)))
    bank = judging.bank("# none\n")
    with_cards = replace(bank, decks=(replace(bank.decks[0], cards=tuple(many)),))
    found = []
    spent = cost(lambda: found.append(verify(with_cards, order, lambda *_: None)))
    return spent, found[0].remembered


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def _children() -> str:
    tasks = Path("/proc/self/task").glob("*/children")
    return " ".join(task.read_text() for task in tasks).strip() or "none"


def main() -> None:
    """Print all figures."""
    answers = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    jailed = per_answer(300)
    with tempfile.TemporaryDirectory() as folder, without_a_jail(Path(folder)):
        plain = per_answer(300)
    print(f"an answer in the jail: {1e3 * jailed:.1f} ms of CPU, {1e3 * (jailed - plain):+.1f} ms")
    print(f"a fork with limits:    {1e3 * plain:.1f} ms of CPU")
    for name, card in judging.user_answers().items():
        judged, alone = suite(card), script(card)
        print(
            f"the suite of {name:18} {1e3 * judged:6.1f} ms of CPU,"
            f" {judged / alone:.2f} of `python answer.py` ({1e3 * alone:.0f} ms)"
        )
    open_ones = _descriptors()
    with tempfile.TemporaryDirectory() as cache:
        order = Order(seed=1, limits=Limits(wall=10.0), cache=Path(cache))
        for title in ("none remembered", "all but one remembered"):
            spent, remembered = thousand(answers, order)
            print(
                f"{answers} answers and a hanging one, {title}: {spent.wall:.1f} s,"
                f" {spent.cpu:.1f} s of CPU, {remembered} remembered"
            )
    peaks = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print("peak memory: {:.0f} MB here, {:.0f} MB in the largest process of answers".format(*peaks))
    print(f"left behind: {_descriptors() - open_ones} descriptors, processes: {_children()}")


if __name__ == "__main__":
    main()
