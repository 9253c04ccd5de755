"""Answers for the judge: the real bank's, one answer on its own, and the case files of Markdown.

A case file is a note that people can read. Under each `##` stands an answer in a python fence, and
below it what the judge must say of it, an item a fact:

    - status: differs            the same, word for word
    - line: 2                    counted from the answer's first line
    - input: x = [0., 1000.]     every other fact: words that must stand in it
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from builder.assemble import assemble
from builder.model import Bank, Card, Code, Place, Verdict
from builder.parse import parse
from builder.source import decode
from builder.verify.judge import judge
from builder.verify.limits import Limits
from builder.verify.sandbox import Sandbox

DATA = Path(__file__).parent / "data" / "original-bank.md"
_CASES = Path(__file__).parent / "verify" / "cases"
_CASE = re.compile(
    r"^## (?P<title>[^\n]+)\n+```python\n(?P<code>.*?)^```\n+(?P<facts>(?:- [^\n]+\n?)+)",
    re.MULTILINE | re.DOTALL,
)
_FACT = re.compile(r"^- (\w+): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """An answer to the question of `kernel`, and what the judge must say of it."""

    kernel: str
    title: str
    code: str
    facts: tuple[tuple[str, str], ...]

    def disagreement(self, verdict: Verdict, first_line: int = 1) -> str:
        """Return which fact `verdict` lacks, empty where it has them all."""
        if verdict.status in ("differs", "crashed", "timed-out") and not verdict.evidence:
            return "no input is shown"
        for name, wanted in self.facts:
            found = self._found(name, verdict, first_line)
            if not (found == wanted if name in _EXACT else wanted in found):
                return f"{name} is {found!r}, not {wanted!r}"
        return ""

    def _found(self, name: str, verdict: Verdict, first_line: int) -> str:
        if name == "line":
            return str(verdict.place.line - first_line + 1)
        if name in ("input", "expected", "returned", "tier"):
            return dict(verdict.evidence).get(name, "")
        return str(getattr(verdict, name))


_EXACT = ("status", "line", "domain", "variant")


def examples(folder: str) -> list[Example]:
    """Return the cases of `tests/verify/cases/<folder>`, in the order of files and headings."""
    return [case for path in sorted((_CASES / folder).glob("*.md")) for case in _read(path)]


def _read(path: Path) -> Iterator[Example]:
    text = path.read_text(encoding="utf-8")
    found = list(_CASE.finditer(text))
    assert len(found) == text.count("\n## "), f"{path.name} has a case that is not complete"
    for case in found:
        yield Example(path.stem, case["title"], case["code"], tuple(_FACT.findall(case["facts"])))


def name(example: Example) -> str:
    """Return how pytest calls the example."""
    return f"{example.kernel}: {example.title}"


def bank(text: str | None = None) -> Bank:
    """Return the bank of a note's text; without one, the user's."""
    source = decode("bank.md", DATA.read_bytes() if text is None else text.encode())
    return assemble([parse(source)])


def user_answers() -> dict[str, Card]:
    """Return the user's five code cards, by the name of their function."""
    cards = [card for card in bank().cards() if isinstance(card.answer, Code)]
    return {re.search(r"def (\w+)", code(card)).group(1): card for card in cards}


def code(card: Card) -> str:
    """Return the source of a code card."""
    assert isinstance(card.answer, Code)
    return card.answer.source


def card(source: str, line: int = 1, column: int = 1) -> Card:
    """Return a code card whose answer starts at this place of a note."""
    last = line + source.count("\n")
    place = Place("bank.md", line, column, last, 1)
    title = Place("bank.md", line - 1, 1, line - 1, 9)
    return Card("Question", Code(source, place), "", place, title)


def verdicts(
    sandbox: Sandbox, source: str, *, seed: int = 0, wall: float = 10.0, memory: int = 1 << 29
) -> tuple[Verdict, ...]:
    """Return what the judge says of an answer that the gate did not look at."""
    with no_gate():
        return judge(card(source), sandbox, seed, Limits(wall, memory))


def no_gate() -> AbstractContextManager[object]:
    """Open the gate: what stands behind it must hold by itself."""
    return patch("builder.verify.gate.refusal", lambda *_: None)


def verdict(sandbox: Sandbox, source: str, *, seed: int = 0, wall: float = 10.0) -> Verdict:
    """Return the only verdict on an answer with one function."""
    (only,) = verdicts(sandbox, source, seed=seed, wall=wall)
    return only
