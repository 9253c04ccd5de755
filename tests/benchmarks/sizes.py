"""Make decks of banks of all sizes, with us and with others in turn, and print what that costs.

    python tests/benchmarks/sizes.py [--sizes 15,1000] [--runs 3] [--readme]

Every tool gets the same cards, half of them code or all. All run in turn, round after round, so
that what else the machine does falls on all alike; a ratio is that of one round. With `--readme`
the table is written into the README. Seconds depend on the machine; the ratios should not.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import banks
import peers

REPOSITORY = Path(__file__).parents[2]
_UNIT = "ankdown"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds of CPU and of the clock, MiB of memory, MB of package."""

    cpu: float
    wall: float
    memory: float
    package: float


def cost(tool: peers.Tool, bank: Path) -> Cost:
    """Return what it costs to make a deck of the bank in this folder, from nothing."""
    with tempfile.TemporaryDirectory() as output:
        environment = {**os.environ, **tool.environment, "XDG_CACHE_HOME": f"{output}/cache"}
        start = time.perf_counter()
        process = subprocess.Popen(
            tool.command(bank, Path(output)), env=environment, stdout=subprocess.DEVNULL
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{tool.name} failed with {process.returncode}")
        (package,) = Path(output).glob("*.apkg")
        size = package.stat().st_size / 1e6
        (bank / "proofdeck.lock").unlink(missing_ok=True)
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, size)


def costs(
    tools: Sequence[peers.Tool], count: int, runs: int, *, all_code: bool
) -> list[list[Cost]]:
    """Return for each tool what every round cost."""
    found: list[list[Cost]] = [[] for _ in tools]
    bank = list(banks.cards(count, all_code=all_code))
    with tempfile.TemporaryDirectory() as folder:
        places = []
        for tool in tools:
            place = Path(folder, tool.name)
            place.mkdir()
            banks.WRITERS[tool.name](bank, place)
            places.append(place)
        for _ in range(runs):
            for at, tool in enumerate(tools):
                found[at].append(cost(tool, places[at]))
    return found


def rows(tools: Sequence[peers.Tool], sizes: Sequence[int], runs: int) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| cards | tool | CPU s | wall s | MiB | MB | CPU / {_UNIT} | wall / {_UNIT} |"
    yield "|---|---|---|---|---|---|---|---|"
    for count in sizes:
        for all_code in (False, True):
            found = costs(tools, count, runs if count < 100_000 else 1, all_code=all_code)
            unit = next((found[at] for at, one in enumerate(tools) if one.name == _UNIT), None)
            kind = f"{count:,}, {'all' if all_code else 'half'} code"
            for tool, mine in zip(tools, found, strict=True):
                yield f"| {kind} | {_row(tool.name, mine, unit)} |"


def _row(name: str, mine: Sequence[Cost], unit: Sequence[Cost] | None) -> str:
    middle = [
        statistics.median(getattr(one, field) for one in mine)
        for field in ("cpu", "wall", "memory", "package")
    ]
    cells = [name, f"{middle[0]:.2f}", f"{middle[1]:.2f}", f"{middle[2]:.0f}", f"{middle[3]:.2f}"]
    for field in ("cpu", "wall"):
        pairs = zip(mine, unit or (), strict=False)
        cells.append(_spread([getattr(a, field) / getattr(b, field) for a, b in pairs]))
    return " | ".join(cells)


def _spread(ratios: Sequence[float]) -> str:
    """Return the median of some ratios, and the least and the greatest."""
    if not ratios:
        return ""
    middle = f"{statistics.median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.2f} to {max(ratios):.2f})"


def machine() -> str:
    """Return on what, and when."""
    today = datetime.now(tz=UTC).date()
    cores = os.cpu_count()
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}, {today}"


def main() -> None:
    """Print the table, line by line as it is found."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--sizes", default="15,1000,10000,100000")
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--readme", action="store_true", help="write the table into the README")
    chosen = options.parse_args()
    tools = [*peers.others(REPOSITORY / "output" / "peers"), peers.plain(), peers.ours()]
    lines = [f"On {machine()}; the median of {chosen.runs} rounds:", ""]
    print("\n".join(lines))
    for line in rows(tools, [int(size) for size in chosen.sizes.split(",")], chosen.runs):
        print(line, flush=True)
        lines.append(line)
    if chosen.readme:
        readme = REPOSITORY / "README.md"
        head, mark, rest = readme.read_text(encoding="utf-8").partition("<!-- begin: sizes -->\n")
        _, end, after = rest.partition("<!-- end: sizes -->")
        readme.write_text(f"{head}{mark}{chr(10).join(lines)}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
