"""Text in, values out: the reading half of the pipeline, as the tests use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builder.assemble import assemble
from builder.identity import identify
from builder.model import Bank, Card, Deck, Markdown, Place
from builder.parse import Document, parse
from builder.source import Source

REPOSITORY = Path(__file__).parents[1]
BANK = REPOSITORY / "content" / "interview-question-bank.md"
ORIGINAL = REPOSITORY / "tests" / "data" / "original-bank.md"


def document(text: str, name: str = "note.md") -> Document:
    """Return the document that `text` holds."""
    return parse(Source(name, text))


def deck(text: str, name: str = "note.md") -> Deck:
    """Return the deck that `text` holds, its cards without keys."""
    return assemble([document(text, name)]).decks[0]


def bank(*texts: str) -> Bank:
    """Return the bank of the notes `texts`, its cards with keys."""
    return identify(
        assemble(document(text, f"note-{number}.md") for number, text in enumerate(texts, 1))
    ).bank


def pairs(*questions: str) -> str:
    """Return a note with a card for each question."""
    lines = "\n\n".join(f"Q: {question}\nA: because" for question in questions)
    return f"# Deck\n\n```\n{lines}\n```\n"


def shown(deck: Deck) -> str:
    """Return a deck as a person would write it down: the language of the case files."""
    lines = [f'deck "{deck.title}"{"".join(f" {tag}" for tag in deck.tags)}']
    for card in deck.cards:
        lines += _card(card)
    for stray in deck.strays:
        lines += [f"stray {stray.reason} {_place(stray.place)}", *_indented(stray.text)]
    lines += [
        f'link "{link.target}" heading "{link.heading}" alias "{link.alias}" {_place(link.place)}'
        for link in deck.links
    ]
    lines += [f'image "{embed.target}" {_place(embed.place)}' for embed in deck.embeds]
    return "\n".join(lines) + "\n"


def _card(card: Card) -> list[str]:
    section = f' in "{card.section}"' if card.section else ""
    number = f" {card.number}" if card.number is not None else ""
    both_ways = " and reverse" if card.reverse else ""
    return [
        f"{card.kind}{both_ways}{number} {_place(card.place)}{section}",
        *(f"  id {name}" for name in [card.identifier] if name),
        *(f"  tag {tag}" for tag in card.tags),
        *(f"  allow {allow.rule}: {allow.reason}" for allow in card.allows),
        f"  asks {_place(card.question_place)}",
        *_indented(card.question),
        *(_snippets(card.asked) if card.asked else ()),
        f"  answer {_place(card.answer.place)}",
        *_indented(card.answered),
        *(_snippets(card.answer) if isinstance(card.answer, Markdown) else ()),
    ]


def _snippets(side: Markdown) -> Iterator[str]:
    for one in side.snippets:
        place = _place(one.code.place)
        yield f"  fence {one.first}-{one.last} {one.language or 'plain'} {place}"
        yield from _indented(one.code.source)
    if side.program:
        yield f"  program {_place(side.program.place)}"
        yield from _indented(side.program.source)


def _indented(text: str) -> list[str]:
    return [f"    {line}".rstrip() for line in text.split("\n")]


def _place(place: Place) -> str:
    return f"{place.line}:{place.column}-{place.end_line}:{place.end_column}"
