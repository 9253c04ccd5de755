"""The edition that the exporters' tests share: the bank of this repository, read by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.edition import Edition
from builder.model import Bank, Card, Code, Deck, Place, Status, Text, Verdict
from builder.names import slug
from builder.render import render

BANK = Path(__file__).parents[2] / "content" / "interview-question-bank.md"
_SECTION = re.compile(r"^## ([^\n]+)\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_QUESTION = re.compile(r"^Q: (.+)\nA: ((?:.+\n?)+)", re.MULTILINE)
_CODE = re.compile(r"^# \d+\. (.+)\n((?:(?!# \d).*\n?)+)", re.MULTILINE)
_HERE = Place("bank.md", 1, 1, 1, 1)


@pytest.fixture(scope="session")
def bank() -> Bank:
    """Return the repository's own bank."""
    text = BANK.read_text(encoding="utf-8")
    cards = (card for title, body in _SECTION.findall(text) for card in _cards(title, body))
    return Bank((Deck("Interview Question Bank (Guide)", "bank.md", ("ml",), tuple(cards)),))


@pytest.fixture(scope="session")
def edition(bank: Bank) -> Edition:
    """Return the bank as it is shown, its first code answer verified."""
    place = next(bank.cards()).place
    verdict = Verdict(Status.MATCHES, "softmax", place, "softmax", domain="one vector")
    return render(bank, {"implement-softmax": (verdict,)})


def _cards(section: str, body: str) -> list[Card]:
    questions = [
        _card(title, Text(re.sub(r"\n {3}", "\n", answer).rstrip(), _HERE), section)
        for title, answer in _QUESTION.findall(body)
    ]
    codes = [
        _card(title, Code(source.rstrip(), _HERE), section) for title, source in _CODE.findall(body)
    ]
    return questions + codes


def _card(question: str, answer: Text | Code, section: str) -> Card:
    return Card(question, answer, section, _HERE, _HERE, key=slug(question))
