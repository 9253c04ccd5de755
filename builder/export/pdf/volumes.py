"""Large decks in volumes, each of them set in a process of its own.

The typesetter keeps what it has set, about a third of a megabyte a card, and gives it back only
with its process.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from builder.edition import DeckView
from builder.export.pdf import press

MOST_CARDS = 2000
"""A deck with more cards becomes several volumes."""

# How far from its place, as a share of a volume, a section's start may draw a break.
_REACH = 0.2

_SCRIPT = (
    "import sys; sys.path[:] = sys.argv[1:]; from builder.export.pdf.volumes import serve; serve()"
)


def volumes(deck: DeckView) -> tuple[DeckView, ...]:
    """Return `deck` cut into volumes of about one size, where sections start if that is near."""
    if len(deck.cards) <= MOST_CARDS:
        return (deck,)
    cuts = [0, *_cuts(deck), len(deck.cards)]
    return tuple(
        replace(deck, name=f"{deck.name}-{number}", cards=deck.cards[first:last])
        for number, (first, last) in enumerate(pairwise(cuts), 1)
    )


def _cuts(deck: DeckView) -> Iterator[int]:
    """Yield where the second volume and those behind it start."""
    sections = [
        i for i, (one, next_) in enumerate(pairwise(deck.cards), 1) if one.section != next_.section
    ]
    total, start = len(deck.cards), 0
    for left in range(-(-total // MOST_CARDS), 1, -1):
        ideal = start + (total - start) / left
        reach = _REACH * (total - start) / left
        low = max(ideal - reach, total - MOST_CARDS * (left - 1))
        high = min(ideal + reach, start + MOST_CARDS)
        near = [cut for cut in sections if low <= cut <= high]
        start = min(near, key=lambda cut: abs(cut - ideal)) if near else round(ideal)
        yield start


# ── a process of its own ─────────────────────────────────────────────────────────────────────────


def typeset_apart(
    about: str, deck: str, pictures: press.Files, timestamp: int | None
) -> tuple[bytes, frozenset[str]]:
    """Do what `press.typeset` does in a fresh process. Raises `RuntimeError` where that fails."""
    order = {
        "about": about,
        "deck": deck,
        "pictures": [(name, base64.b64encode(one).decode()) for name, one in pictures],
        "timestamp": timestamp,
    }
    done = subprocess.run(  # noqa: S603 - this very Python, and a script of ours
        [sys.executable, "-I", "-c", _SCRIPT, *sys.path],
        input=json.dumps(order).encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RuntimeError(said[-1] if said else f"the press ended with {done.returncode}")
    missing, _, content = done.stdout.partition(b"\n")
    return content, frozenset(json.loads(missing))


def serve() -> None:
    """Read an order from standard input, and write the missing characters and the sheet."""
    order = json.load(sys.stdin.buffer)
    pictures = tuple((name, base64.b64decode(one)) for name, one in order["pictures"])
    content, missing = press.typeset(order["about"], order["deck"], pictures, order["timestamp"])
    sys.stdout.buffer.write(json.dumps(sorted(missing)).encode() + b"\n" + content)
