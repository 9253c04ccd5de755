"""Bank and verdicts become an edition: what each card shows, ready for HTML and for paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from builder.edition import (
    CardView,
    Content,
    DeckView,
    Edition,
    Formula,
    Gap,
    Line,
    Listing,
    Media,
    Picture,
)
from builder.model import Bank, Card, Code, Deck, Markdown, Status, Text, Verdict
from builder.names import slug, stems
from builder.render import literal
from builder.render.code import highlight, signatures
from builder.render.literal import printable
from builder.render.plain import holds, plain
from builder.render.unset import Unset
from builder.render.vault import Vault

__all__ = ["Images", "Rendered", "Unset", "Vault", "evidence", "render", "rendered"]

Verdicts = Mapping[str, Sequence[Verdict]]
Images = Mapping[tuple[str, str], Media]
"""Images by the file of their note and by their target as it is written there."""

_WRITE = "write it as text: comments, empty tags and keys show nothing"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An edition, and what in it could not be shown as it was meant."""

    edition: Edition
    unset: tuple[Unset, ...] = ()


def render(
    bank: Bank, verdicts: Verdicts, *, images: Images | None = None, vault: Vault | None = None
) -> Edition:
    """Return the edition of `bank`, for those who ask no further; see `rendered`."""
    return rendered(bank, verdicts, images=images, vault=vault).edition


def rendered(
    bank: Bank, verdicts: Verdicts, *, images: Images | None = None, vault: Vault | None = None
) -> Rendered:
    """Return the edition of `bank`; `verdicts` are by card key, and a card may have none.

    An image that `images` does not know shows its description. Without a `vault` no card and no
    wiki-link leads to a note.
    """
    renderer = _Renderer(verdicts, images or {}, vault)
    names = stems([deck.file for deck in bank.decks])
    decks = tuple(renderer.deck(deck, name) for deck, name in zip(bank.decks, names, strict=True))
    media = {one.name: one for one in renderer.shown}
    edition = Edition(decks, tuple(media[name] for name in sorted(media)))
    return Rendered(edition, tuple(renderer.unset))


class _Renderer:
    """Renders card after card, and gathers which images they show and what they cannot show."""

    def __init__(self, verdicts: Verdicts, images: Images, vault: Vault | None) -> None:
        self._verdicts = verdicts
        self._images = images
        self._vault = vault
        self.shown: list[Media] = []
        self.unset: list[Unset] = []

    def deck(self, deck: Deck, name: str) -> DeckView:
        """Return one deck as it is shown."""
        return DeckView(
            printable(deck.title), name, tuple(self._card(card, deck) for card in deck.cards)
        )

    def _card(self, card: Card, deck: Deck) -> CardView:
        verdicts = self._verdicts.get(card.key, ())
        question = self._question(card)
        return CardView(
            key=card.key,
            kind=card.kind,
            title=plain(question) or card.key,
            question=question,
            answer=self._answer(card.answer),
            section=printable(card.section),
            evidence=evidence(verdicts),
            tags=_tags(card, deck),
            place=card.place,
            signature=_signature(card),
            formula=_formula(verdicts),
            verified=bool(verdicts) and all(one.status is Status.MATCHES for one in verdicts),
            reverse=card.reverse,
            link=self._vault.link_to(deck.file) if self._vault else "",
        )

    def _question(self, card: Card) -> Content:
        if card.asked is None:
            return literal.question(card.question)
        content = self._read(card.asked, cloze=card.cloze)
        if card.cloze and not holds(content, Gap):
            message = "this sentence hides nothing, once it is read"
            hint = "a gap in a formula, in code or in a comment is none"
            self.unset.append(Unset("no-gap", card.question_place, message, hint))
        elif not plain(content) and not holds(content, Picture):
            message = "nothing of this question is to be seen"
            self.unset.append(Unset("empty-question", card.question_place, message, _WRITE))
        return content

    def _answer(self, answer: Text | Code | Markdown) -> Content:
        match answer:
            case Text():
                return literal.answer(answer.text)
            case Code():
                return (Listing(highlight(printable(answer.source)), "python"),)
            case Markdown():
                content = self._read(answer)
                if answer.text and not content:
                    message = "nothing of this answer is to be seen"
                    self.unset.append(Unset("empty-answer", answer.place, message, _WRITE))
                return content

    def _read(self, markdown: Markdown, *, cloze: bool = False) -> Content:
        """Read Markdown. What this needs is loaded with the first card in the open."""
        from builder.render.rich import read

        page = read(markdown, images=self._images, vault=self._vault, cloze=cloze)
        self.shown += page.shown
        self.unset += page.unset
        return page.content


def _tags(card: Card, deck: Deck) -> tuple[str, ...]:
    section = [slug(card.section)] if card.section else []
    return tuple(sorted({*deck.tags, *card.tags, *section}))


def _signature(card: Card) -> tuple[Line, ...]:
    """Return the headers of what a code card asks for."""
    if not isinstance(card.answer, Code):
        return ()
    signature = "\n".join(signatures(printable(card.answer.source)))
    return highlight(signature) if signature else ()


def _formula(verdicts: Iterable[Verdict]) -> Formula | None:
    """Return the formula of the one kernel that the code was matched against, if it has one."""
    right = [verdict for verdict in verdicts if verdict.status is Status.MATCHES]
    if len({verdict.kernel for verdict in right}) != 1 or not right[0].formula:
        return None
    from builder.render.math import BadFormulaError, mathml

    tex = right[0].formula
    try:
        return Formula(tex, display=True, mathml=mathml(tex, display=True))
    except BadFormulaError:
        return Formula(tex, display=True)


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
