"""Banks of any size for benchmarks: the same cards as our notes, and as what other tools read.

Code answers have 4 to 9 lines, and no two are alike. Same number, same bank.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("softmax", "layer_norm", "attention", "conv2d", "adam_step", "dropout", "cross_entropy")
_WORDS = ("scores", "weights", "logits", "hidden", "labels", "mask", "state", "gate", "batch")
_SECTION = 100


@dataclass(frozen=True, slots=True)
class Card:
    """A question, and an answer in Python or in words."""

    question: str
    answer: str
    code: bool


def cards(count: int, *, all_code: bool) -> Iterator[Card]:
    """Yield `count` cards, every second one of code, or all."""
    chance = random.Random(7)
    for number in range(count):
        name = f"{chance.choice(_NAMES)}_{number}"
        if all_code or number % 2:
            yield Card(f"Implement {name.replace('_', ' ')}", _code(name, chance), code=True)
        else:
            yield Card(f"What does {name} cost?", _words(chance), code=False)


def _words(chance: random.Random) -> str:
    first, second = chance.sample(_WORDS, 2)
    size = chance.randrange(100, 999)
    return f"O({size} n) for the {first}, and it keeps the {second} in {chance.random():.3f} GB"


def _code(name: str, chance: random.Random) -> str:
    one, other = chance.sample(_WORDS, 2)
    always = (
        f"    {one} = x - np.max(x, axis=axis, keepdims=True)",
        f"    {other} = np.exp({one} * {chance.random():.4f})  # {chance.choice(_WORDS)} fit",
    )
    sometimes = (
        (
            f"    if {one}.ndim > {chance.randrange(2, 5)} and not np.isfinite({other}).all():",
            f"        raise ValueError(f'{name}: {{x.shape!r}} is too deep')",
        ),
        (f"    {other} += sum({one}.ravel()[i] for i in range({chance.randrange(2, 9)}))",),
        (f"    {other} /= {other}.sum(axis, keepdims=True) + eps",),
    )
    kept = [line for some in sometimes if chance.random() < 0.6 for line in some]
    told = f'    """Return the {one} of a batch, {chance.randrange(1000)} at a time."""'
    return "\n".join(
        (
            f"def {name}(x, axis=-1, eps=1e-{chance.randrange(5, 12)}):",
            *((told,) if chance.random() < 0.4 else ()),
            *always,
            *kept,
            f"    return np.asarray({other}, dtype=np.float64) if {one}.size else None",
        )
    )


# ── as notes of ours ─────────────────────────────────────────────────────────────────────────────


def note(bank: Sequence[Card]) -> str:
    """Return a note with these cards, in sections of a hundred."""
    parts = ["# Benchmark\n"]
    for start in range(0, len(bank), _SECTION):
        some = bank[start : start + _SECTION]
        parts.append(f"## Section {start // _SECTION + 1}\n")
        pairs = [f"Q: {card.question}\nA: {card.answer}\n" for card in some if not card.code]
        items = [card for card in some if card.code]
        programs = [
            f"# {at}. {card.question}\n{card.answer}\n" for at, card in enumerate(items, start=1)
        ]
        parts += [f"```\n{chr(10).join(pairs)}```\n"] if pairs else []
        parts += [f"```python\n{chr(10).join(programs)}```\n"] if programs else []
    return "\n".join(parts)


def ours(bank: Sequence[Card], folder: Path) -> None:
    """Write the note into a folder."""
    (folder / "bank.md").write_text(note(bank), encoding="utf-8")


# ── as others want them ──────────────────────────────────────────────────────────────────────────


def _shown(card: Card) -> str:
    return f"```python\n{card.answer}\n```" if card.code else card.answer


def ankdown(bank: Sequence[Card], folder: Path) -> None:
    """Write what `ankdown -r FOLDER` reads."""
    text = "\n\n---\n\n".join(f"{card.question}\n\n%\n\n{_shown(card)}\n\n%\n\nml" for card in bank)
    (folder / "bank.md").write_text(text + "\n", encoding="utf-8")


def mnemocards(bank: Sequence[Card], folder: Path) -> None:
    """Write what `mnemocards generate FOLDER` reads."""
    text = "\n\n".join(f"<<<\n{card.question}\n---\n{_shown(card)}\n>>>" for card in bank)
    (folder / "bank.md").write_text(text + "\n", encoding="utf-8")
    decks = [{"name": "Benchmark", "src": [{"type": "markdown", "file": "bank.md"}]}]
    packages = {"packages": [{"name": "bank", "decks": decks}]}
    (folder / "cards_config.json").write_text(json.dumps(packages), encoding="utf-8")


def plain(bank: Sequence[Card], folder: Path) -> None:
    """Write what `plain.py` reads."""
    pairs = [[card.question, _shown(card)] for card in bank]
    (folder / "bank.json").write_text(json.dumps(pairs), encoding="utf-8")


WRITERS: dict[str, Callable[[Sequence[Card], Path], None]] = {
    "proofdeck": ours, "ankdown": ankdown, "mnemocards": mnemocards, "plain": plain,
}  # fmt: skip
