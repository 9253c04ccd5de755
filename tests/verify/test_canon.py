"""The bank of the canon: an answer a kernel, each right, and each of its mutants noticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import reading
from judging import code

from builder.assemble import assemble
from builder.audited import Audit, Outcome
from builder.identity import identify
from builder.kernels import CANON, find
from builder.model import Bank, Card, Status
from builder.parse import parse
from builder.review import reviews
from builder.source import Source, decode
from builder.verify import Limits
from builder.verify.audit import audit
from builder.verify.judge import judge
from builder.verify.limits import Order
from builder.verify.sandbox import Sandbox

NOTE = reading.REPOSITORY / "content" / "ml-coding-canon.md"
REVIEWS = NOTE.with_suffix(".audit.toml")
SEEDS = range(8)  # all fifty take long, and have been run


def _bank() -> Bank:
    return identify(assemble([parse(decode("canon.md", NOTE.read_bytes()))])).bank


BANK = _bank()
CARDS = {card.question: card for card in BANK.cards()}
SECTIONS = list(dict.fromkeys(card.section for card in CARDS.values()))


def _verdict(sandbox: Sandbox, card: Card, seed: int) -> tuple[Status, str, str]:
    (found,) = judge(card, sandbox, seed, Limits())
    return found.status, found.variant, found.domain


@pytest.mark.parametrize("question", CARDS)
def test_an_answer_is_right_whatever_it_is_asked(sandbox: Sandbox, question: str) -> None:
    """With each seed the same verdict: it matches, in the same convention and reach."""
    (found,) = {_verdict(sandbox, CARDS[question], seed) for seed in SEEDS}
    assert found[0] is Status.MATCHES


def test_every_kernel_has_an_answer(sandbox: Sandbox) -> None:
    """So that the deck is the canon, and the canon is audited."""
    answered = {
        verdict.kernel for card in CARDS.values() for verdict in judge(card, sandbox, 0, Limits())
    }
    assert answered == {kernel.name for kernel in CANON}


def test_the_answers_are_short_enough_to_learn() -> None:
    """At most thirty lines of at most 88 columns, about ten in the middle."""
    lines = [code(card).splitlines() for card in CARDS.values()]
    assert max(map(len, lines)) <= 30
    assert sorted(map(len, lines))[len(lines) // 2] <= 10
    assert max(len(line) for answer in lines for line in answer) <= 88


@pytest.fixture(scope="module", params=SECTIONS)
def found(request: pytest.FixtureRequest) -> Audit:
    """Try the mutants of a section's answers."""
    deck = BANK.decks[0]
    cards = tuple(card for card in deck.cards if card.section == request.param)
    names = {card.question for card in cards}
    known = reviews(Source("canon.audit.toml", REVIEWS.read_text("utf-8")), "canon.md")
    assert names
    part = replace(BANK, decks=(replace(deck, cards=cards),))
    return audit(part, known, Order(seed=0), lambda *_: None, whole=False)


def test_every_mutant_fails_or_is_told_or_is_known_to_be_right(found: Audit) -> None:
    """Those that are known are reviewed one by one, each with its reason; and each is of use."""
    missed = [
        (answer.functions, trial.mutant.before, trial.mutant.after)
        for answer in found.answers
        for trial in answer.trials
        if trial.outcome is Outcome.MISSED
    ]
    assert not missed
    assert not found.stale
    assert not found.left


def test_reviews_speak_of_answers_that_are_there() -> None:
    """No review outlives its answer."""
    known = reviews(Source("canon.audit.toml", REVIEWS.read_text("utf-8")), "canon.md")
    source = "\n".join(code(card) for card in CARDS.values())
    assert all(f" {one.function}" in source for one in known)
    assert all(find(one.function) for one in known)
