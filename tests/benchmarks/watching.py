"""Print how long a save takes to become finished files, beside a full build in a new process.

Run it as `python tests/benchmarks/watching.py [RUNS]`. The bank has 1,000 cards: 200 code answers
and 800 questions, as one note and as 21 notes. Wall clock, the median of some edits, each of them
another one. Nothing is asserted: machines differ.
"""

from __future__ import annotations

import itertools
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from builder.settings import Settings  # noqa: E402 - found by the path above
from builder.verify.limits import Order  # noqa: E402
from builder.watch import watch  # noqa: E402

CANON = REPOSITORY / "content" / "ml-coding-canon.md"
ANSWER = re.compile(r"^# \d+\. (.*?)\n(.*?)(?=^# \d+\. |^```)", re.DOTALL | re.MULTILINE)
CODE, TOPICS, PAIRS = 200, 20, 40
PATIENCE = 600.0


def answers() -> str:
    """Return a section of code answers: those of the canon, again and again, titled anew."""
    canon = itertools.cycle(ANSWER.findall(CANON.read_text(encoding="utf-8")))
    cards = (
        f"# {number}. {title}, take {number}\n{code.rstrip()}\n"
        for number, (title, code) in enumerate(itertools.islice(canon, CODE), 1)
    )
    return "## Code\n\n```python\n" + "\n".join(cards) + "```\n"


def topic(number: int) -> str:
    """Return a section of questions."""
    pairs = (
        f"Q: What is term {pair} of topic {number}?\nA: Term = what topic {number} says of it\n"
        f"   and {pair} more words, so that the answer has a second line\n"
        for pair in range(PAIRS)
    )
    return f"## Topic {number}\n\n```\n" + "\n".join(pairs) + "```\n"


def bank(folder: Path, *, notes: bool) -> None:
    """Write the bank: as a note for each section, or as a single one."""
    folder.mkdir()
    sections = [answers(), *map(topic, range(TOPICS))]
    parts = sections if notes else ["\n".join(sections)]
    for number, part in enumerate(parts):
        text = f"# Bank {number}\n\n{part}"
        (folder / f"note-{number:02}.md").write_text(text, encoding="utf-8")


def edit(folder: Path, pattern: str, text: str) -> None:
    """Save one note anew: the first that matches, with what matched replaced by `text`."""
    for note in sorted(folder.glob("*.md")):
        old = note.read_text(encoding="utf-8")
        new = re.sub(pattern, text, old, count=1)
        if new != old:
            note.write_text(new, encoding="utf-8")
            return
    raise SystemExit(f"nothing matches {pattern}")


def full(folder: Path, *options: str) -> float:
    """Return the seconds of a build in a new process."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "builder", "build", *options]
    start = time.monotonic()
    subprocess.run(
        [*command, str(folder), "-o", str(folder.parent / "full")],
        env=environment, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.monotonic() - start


def edits(folder: Path, runs: int) -> Iterator[tuple[str, float]]:
    """Watch, and yield for each kind of edit the median of the seconds that it took."""
    said: queue.Queue[str] = queue.Queue()
    stop = threading.Event()
    order = Order(1, cache=folder.parent / "cache" / "proofdeck")
    settings = Settings((str(folder),), 0, order, output=str(folder.parent / "out"))
    watching = threading.Thread(target=watch, args=(settings, said.put, stop), daemon=True)
    watching.start()
    try:
        print(" ", said.get(timeout=PATIENCE))
        for what, pattern, text in (
            ("an edited question card", r"A: Term = .*", "A: Term = edit {}"),
            ("an edited code answer", r"(def relu\(x\):)(  # .*)?", r"\1  # edit {}"),
        ):
            spent = []
            for run in range(runs):
                start = time.monotonic()
                edit(folder, pattern, text.format(run))
                line = said.get(timeout=PATIENCE)
                spent.append(time.monotonic() - start)
                assert "wrote" in line, line
            print(" ", line)
            yield what, statistics.median(spent)
    finally:
        stop.set()
        watching.join(PATIENCE)


def main() -> None:
    """Print seconds and ratios."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for notes in (False, True):
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            os.environ["XDG_CACHE_HOME"] = str(home / "cache")
            folder = home / "bank"
            bank(folder, notes=notes)
            print("one note for each section" if notes else "one note")
            unit = full(folder)
            print(f"  a build in a new process, nothing remembered  {unit:.2f} s")
            again = statistics.median(full(folder) for _ in range(runs))
            print(f"  a build in a new process, all remembered      {again:.2f} s")
            for what, seconds in edits(folder, runs):
                print(
                    f"  {what:24} {seconds:.2f} s  {seconds / unit:.2f} of the first,"
                    f" {seconds / again:.2f} of the second"
                )


if __name__ == "__main__":
    main()
