"""Bank and verdicts become an edition: what each card shows, ready for HTML and for paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.edition import CardView, Content, DeckView, Edition, Line, Listing
from builder.model import Bank, Card, Code, Deck, Status, Verdict
from builder.names import slug, stems
from builder.render import literal
from builder.render.code import highlight, signatures
from builder.render.literal import printable


def render(bank: Bank, verdicts: Mapping[str, Sequence[Verdict]]) -> Edition:
    """Return the edition of `bank`; `verdicts` are by card key, and a card may have none."""
    names = stems([deck.file for deck in bank.decks])
    return Edition(
        tuple(
            _deck_view(deck, name, verdicts) for deck, name in zip(bank.decks, names, strict=True)
        )
    )


def _deck_view(deck: Deck, name: str, verdicts: Mapping[str, Sequence[Verdict]]) -> DeckView:
    cards = (_card_view(card, deck.tags, verdicts.get(card.key, ())) for card in deck.cards)
    return DeckView(printable(deck.title), name, tuple(cards))


def _card_view(card: Card, tags: tuple[str, ...], verdicts: Sequence[Verdict]) -> CardView:
    return CardView(
        key=card.key,
        kind=card.kind,
        title=" ".join(printable(card.question).split()),
        question=literal.question(card.question),
        answer=_answer(card),
        section=printable(card.section),
        evidence=evidence(verdicts),
        tags=tuple(sorted({*tags, *card.tags, *([slug(card.section)] if card.section else [])})),
        place=card.place,
        signature=_signature(card),
        verified=bool(verdicts) and all(one.status is Status.MATCHES for one in verdicts),
        reverse=card.reverse,
    )


def _answer(card: Card) -> Content:
    if isinstance(card.answer, Code):
        return (Listing(highlight(printable(card.answer.source)), "python"),)
    return literal.answer(card.answer.text)


def _signature(card: Card) -> tuple[Line, ...]:
    """Return the headers of what a code card asks for."""
    if not isinstance(card.answer, Code):
        return ()
    signature = "\n".join(signatures(printable(card.answer.source)))
    return highlight(signature) if signature else ()


def evidence(verdicts: Sequence[Verdict]) -> str:
    """Return the quiet line of a code card: what was verified and what was not, without counts.

    Empty where nothing was run, or where a function failed.
    """
    right = [verdict for verdict in verdicts if verdict.status is Status.MATCHES]
    exempt = [verdict for verdict in verdicts if verdict.status is Status.ALLOWED]
    if not verdicts or len(right) + len(exempt) < len(verdicts):
        return ""
    said = (", ".join(filter(None, (one.kernel, one.variant, one.domain))) for one in right)
    parts = ["verified: " + "; ".join(said)] if right else []
    unsaid = ", ".join(one.function for one in exempt if one.function)
    parts += ["not verified" + (f": {unsaid}" if unsaid and right else "")] if exempt else []
    return "; ".join(parts)
