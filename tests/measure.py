"""Measure how good the reference kernels are, and write the figures into their page.

    python tests/measure.py

takes a few minutes: it runs every mutant of every answer in the bank of the canon, and every right
answer with fifty seeds.
"""

from __future__ import annotations

import importlib.util
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import judging
import readme

from builder.assemble import assemble
from builder.audited import Audit, Outcome
from builder.identity import identify
from builder.kernels import CANON, TOPICS
from builder.model import Bank, Card, Status
from builder.parse import parse
from builder.review import reviews
from builder.source import Source, decode
from builder.verify import Limits
from builder.verify.audit import audit
from builder.verify.judge import judge
from builder.verify.limits import Order
from builder.verify.sandbox import Sandbox

NOTE = readme.ROOT / "content" / "ml-coding-canon.md"
SEEDS = range(50)


def main() -> None:
    """Measure all, and write the page."""
    bank = identify(assemble([parse(decode("canon.md", NOTE.read_bytes()))])).bank
    cards = list(bank.cards())
    with Sandbox() as sandbox:
        kernels = {card.key: _kernel(sandbox, card) for card in cards}
        seconds = _seconds(sandbox, cards, kernels)
        asked, alarms = _fairness(sandbox, cards)
    page = readme.KERNELS.read_text(encoding="utf-8")
    tried = _audited(bank)
    told = f"{asked} right answers, {len(SEEDS)} seeds each: {asked * len(SEEDS)} verdicts"
    whole = f"`proofdeck check` of the whole bank, {len(cards)} answers, nothing remembered"
    lines = [
        *_table(_oracles(), _mutants(tried, kernels), seconds),
        "",
        f"{told}, {alarms} false alarms.",
        "",
        f"{whole}: {_whole():.1f} s of CPU.",
        *_worst(seconds),
    ]
    readme.KERNELS.write_text(readme.measured(page, "\n".join(lines)), encoding="utf-8")


def _kernel(sandbox: Sandbox, card: Card) -> str:
    (verdict,) = judge(card, sandbox, 0, Limits())
    assert verdict.status is Status.MATCHES, card.question
    return str(verdict.kernel)


def _oracles() -> dict[str, tuple[str, float]]:
    """Return each kernel's oracle, and the largest relative difference to it."""
    file = Path(__file__).parent / "kernels" / "test_oracles.py"
    spec = importlib.util.spec_from_file_location("test_oracles", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.table())


def _audited(bank: Bank) -> Audit:
    file = NOTE.with_suffix(".audit.toml")
    known = reviews(Source(file.name, file.read_text("utf-8")), "canon.md")
    return audit(bank, known, Order(seed=0), _progress, whole=True)


def _progress(done: int, total: int, _: str) -> None:
    if sys.stderr.isatty():
        print(f"\rmutant {done + 1}/{total}", end="", file=sys.stderr)


def _mutants(audit: Audit, kernels: dict[str, str]) -> dict[str, list[int]]:
    """Return how many mutants of each kernel's answers had which outcome."""
    counts = {kernel.name: [0] * len(Outcome) for kernel in CANON}
    for answer in audit.answers:
        for trial in answer.trials:
            counts[kernels[answer.card.key]][list(Outcome).index(trial.outcome)] += 1
    return counts


def _seconds(sandbox: Sandbox, cards: Iterable[Card], kernels: dict[str, str]) -> dict[str, float]:
    """Return how long the judging of each kernel's slowest answer takes, start to end."""
    slowest: dict[str, float] = {}
    for card in cards:
        times = []
        for seed in range(5):
            start = time.perf_counter()
            judge(card, sandbox, seed, Limits())
            times.append(time.perf_counter() - start)
        name = kernels[card.key]
        slowest[name] = max(slowest.get(name, 0.0), statistics.median(times))
    return slowest


def _fairness(sandbox: Sandbox, cards: Iterable[Card]) -> tuple[int, int]:
    """Return how many right answers were asked, and how many verdicts called one wrong."""
    asked = [judging.card(one.code) for one in judging.examples("right")] + list(cards)

    def wrong(card: Card) -> int:
        verdicts = (judge(card, sandbox, seed, Limits())[-1] for seed in SEEDS)
        return sum(verdict.status is not Status.MATCHES for verdict in verdicts)

    with ThreadPoolExecutor(3) as pool:
        return len(asked), sum(pool.map(wrong, asked))


def _whole() -> float:
    """Return the CPU seconds of a check of the whole bank."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "builder", "check", "--no-cache", str(NOTE)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=readme.ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _table(
    oracles: dict[str, tuple[str, float]], mutants: dict[str, list[int]], seconds: dict[str, float]
) -> list[str]:
    lines = [
        "| kernel | oracle | differs by | mutants | noticed | told | equivalent | missed | ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for kernels in TOPICS.values():
        for kernel in kernels:
            oracle, far = oracles[kernel.name]
            counts = mutants[kernel.name]
            lines.append(
                f"| {kernel.name} | {oracle} | {far:.0e} | {sum(counts)} "
                f"| {' | '.join(map(str, counts))} | {1000 * seconds[kernel.name]:.0f} |"
            )
    totals = [sum(column) for column in zip(*mutants.values(), strict=True)]
    lines.append(f"| **all** | | | {sum(totals)} | {' | '.join(map(str, totals))} | |")
    return lines


def _worst(seconds: dict[str, float]) -> list[str]:
    worst = sorted(seconds, key=lambda name: -seconds[name])[:5]
    told = ", ".join(f"{name} {1000 * seconds[name]:.0f} ms" for name in worst)
    return [f"The dearest to judge, by wall clock: {told}."]


if __name__ == "__main__":
    main()
