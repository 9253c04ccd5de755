"""Print what a build of this repository's bank costs, in units of importing what it is made with.

Run it as `python tests/benchmarks/startup.py [RUNS]`. CPU time of the process and of its children;
the median of some runs, as one of them may have had to warm a cache.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
BANK = str(REPOSITORY / "content")
IMPORTS = "import numpy, markdown, pygments, genanki, typst"


def cpu(*arguments: str) -> float:
    """Return the CPU seconds of one run of this Python, its children included."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    before = os.times()
    subprocess.run(
        [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    after = os.times()
    return (after.children_user + after.children_system) - (
        before.children_user + before.children_system
    )


def median(runs: int, *arguments: str) -> float:
    """Return the median CPU seconds of some runs, without the first one."""
    cpu(*arguments)
    return statistics.median(cpu(*arguments) for _ in range(runs))


def main() -> None:
    """Print seconds and ratios."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    unit = median(runs, "-c", IMPORTS)
    print(f"{IMPORTS}: {unit:.2f} s of CPU")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in {
            "build": ("build", "--no-cache", BANK, "-o", folder),
            "check": ("check", "--no-cache", BANK),
            "check, unchanged": ("check", BANK),
            "check --no-run": ("check", "--no-run", BANK),
            "--version": ("--version",),
        }.items():
            seconds = median(runs, "-m", "builder", *arguments)
            print(f"proofdeck {name:16}  {seconds:.2f} s  {seconds / unit:.2f} times")


if __name__ == "__main__":
    main()
