"""The plain fence: `Q:` and `A:` lines become question cards whose text is literal.

    line kind   looks like                      question    answer     neither
    QUESTION    `Q:` in the first column        new entry   new entry  new entry
    ANSWER      `A:` in the first column        new entry   new entry  new entry
    MORE        blanks, then text               joins       joins      other text
    BLANK       nothing                         joins       joins      joins
    OTHER       text in the first column        other text  other text joins

An entry ends where the next begins; blank lines at its end don't count. A question and the answer
after it are a card; whatever finds no partner is a stray. A card reaches over the other text right
behind it, because that may well be a part of its answer that lost its indentation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from builder.assemble.body import Body, BodyLine, Pieces
from builder.model import Card, Place, Reason, Stray, Text

_MARK = re.compile(r"(?P<mark>[QA]):[ \t]*")


class Kind(Enum):
    """What a line, or the entry that it opens, is."""

    QUESTION = auto()
    ANSWER = auto()
    MORE = auto()
    BLANK = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line with the lines that continue it. `before` is the kind of the entry in front."""

    kind: Kind
    body: Body
    before: Kind | None

    def follows(self, kind: Kind) -> bool:
        """Whether the entry in front is of `kind`."""
        return self.before is kind

    @property
    def text(self) -> str:
        """The text without its mark and without the indentation that the mark asks for."""
        first, *rest = self.body.lines
        mark = _MARK.match(first.text)
        if not mark:
            return self.body.text
        return "\n".join((first.text[mark.end() :].rstrip(), *_dedented(rest))).strip("\n")

    @property
    def text_place(self) -> Place:
        """Where the text stands: without the mark, unless there is nothing else."""
        place = self.body.place
        mark = _MARK.match(self.body.lines[0].text)
        if not self.text or not mark or mark.end() == len(self.body.lines[0].text):
            return place
        column = self.body.lines[0].column + mark.end()
        return Place(place.file, place.line, column, place.end_line, place.end_column)


def holds_cards(body: Body) -> bool:
    """Tell whether a line of `body` opens a question or an answer."""
    return any(_MARK.match(line.text) for line in body.lines)


def read(body: Body) -> Pieces:
    """Yield the cards and the strays of a plain fence."""
    card: Card | None = None
    for piece in _pieces(body):
        if piece is None:
            if card:
                yield card
            card = None
            continue
        if isinstance(piece, Stray) and piece.reason is Reason.STRAY_TEXT:
            if card:
                card = replace(card, place=_joined(card.place, piece.place))
            yield piece
            continue
        if card:
            yield card
        card = piece if isinstance(piece, Card) else None
        if card is None:
            yield piece
    if card:
        yield card


def _pieces(body: Body) -> Iterator[Card | Stray | None]:
    """Yield the cards and the strays; None where a stray says nothing of the card before it."""
    waiting: Entry | None = None
    for entry in entries(body):
        match entry.kind:
            case Kind.QUESTION:
                yield from _unanswered(waiting)
                waiting = entry
            case Kind.ANSWER:
                yield from _pair(waiting, entry)
                waiting = None
            case _:
                if waiting:
                    yield None
                yield Stray(Reason.STRAY_TEXT, entry.text, entry.body.place)
    yield from _unanswered(waiting)


def _joined(start: Place, end: Place) -> Place:
    return Place(start.file, start.line, start.column, end.end_line, end.end_column)


def entries(body: Body) -> Iterator[Entry]:
    """Yield the entries of `body`, in their order."""
    kinds = [_kind(line) for line in body.lines]
    before: Kind | None = None
    start = 0
    for at, kind in enumerate(kinds):
        opens = kind in (Kind.QUESTION, Kind.ANSWER)
        if at > start and (opens or (kind is Kind.OTHER and kinds[start] is not Kind.OTHER)):
            yield from (found := _entry(kinds[start], body.cut(start, at), before))
            before = found[0].kind if found else before
            start = at
    yield from _entry(kinds[start], body.cut(start), before) if kinds else ()


def _entry(kind: Kind, body: Body, before: Kind | None) -> Sequence[Entry]:
    if not body:
        return ()
    opens = kind in (Kind.QUESTION, Kind.ANSWER)
    return (Entry(kind if opens else Kind.OTHER, body, before),)


def _kind(line: BodyLine) -> Kind:
    mark = _MARK.match(line.text)
    if mark:
        return Kind.QUESTION if mark["mark"] == "Q" else Kind.ANSWER
    if line.blank:
        return Kind.BLANK
    return Kind.MORE if line.indent else Kind.OTHER


def _pair(question: Entry | None, answer: Entry) -> Pieces:
    if question is None:
        yield Stray(Reason.ANSWER_WITHOUT_QUESTION, answer.text, answer.body.place)
    elif not question.text.strip():
        yield Stray(Reason.EMPTY_QUESTION, answer.text, _span(question, answer))
    elif not answer.text.strip():
        yield Stray(Reason.QUESTION_WITHOUT_ANSWER, question.text, _span(question, answer))
    else:
        yield _card(question, answer)


def _span(question: Entry, answer: Entry) -> Place:
    return _joined(question.body.place, answer.body.place)


def _card(question: Entry, answer: Entry) -> Card:
    return Card(
        question=question.text,
        answer=Text(answer.text, answer.text_place),
        section="",
        place=_span(question, answer),
        question_place=question.text_place,
    )


def _unanswered(question: Entry | None) -> Pieces:
    if question is not None:
        reason = Reason.QUESTION_WITHOUT_ANSWER if question.text.strip() else Reason.EMPTY_QUESTION
        yield Stray(reason, question.text, question.body.place)


def _dedented(lines: Sequence[BodyLine]) -> Iterator[str]:
    """Take off what the lines share of the indentation that lines them up behind the mark."""
    widths = [len(line.indent.expandtabs(4)) for line in lines if not line.blank]
    cut = min([len("A: "), *widths])
    for line in lines:
        text = line.indent.expandtabs(4) + line.text.lstrip()
        yield text[cut:].rstrip()
