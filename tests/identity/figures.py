"""Count what becomes of the keys in a great many edits.

PYTHONPATH=tests python tests/identity/figures.py 10000
"""

from __future__ import annotations

import sys

from identity.editing import EDITS, Fate, live


def main(edits: int, seed: int = 0) -> None:
    """Edit, build, and print the figures."""
    fate, made, steps = Fate(), 0, (1, 3, 10, 40)
    while made < edits:
        made += live(min(200, edits), steps[seed % len(steps)], seed, fate)
        seed += 1
    print(f"{made} edits: {fate.kept} kept, {fate.unsure} unsure, {len(fate.lost)} lost,"
          f" {len(fate.wrong)} unsure without the right one, {len(fate.swapped)} swapped;"
          f" {fate.new} new, {len(fate.new_unsure)} of them unsure")  # fmt: skip
    kinds = [*EDITS, "copied"]
    for kind in kinds:
        row = {result: n for (one, result), n in sorted(fate.by_kind.items()) if one == kind}
        if row:
            print(f"  {kind:15}", row)
    for title, rows in (("swapped", fate.swapped), ("lost", fate.lost), ("wrong", fate.wrong),
                        ("new, unsure", fate.new_unsure)):  # fmt: skip
        for row in rows[:30]:
            print(title, row)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
