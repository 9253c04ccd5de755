"""Rules about cards: what belongs to none, and what asks the same as another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from shlex import quote
from typing import NamedTuple

from builder.model import Change, Deck, Diagnostic, Duplicate, Place, Reason, Stray
from builder.rules.rule import Rule, error
from builder.rules.text import FRONT_MATTER, UNCLOSED

QUESTION_WITHOUT_ANSWER = error(
    "B201",
    "question-without-answer",
    """A `Q:` line that no `A:` follows, or a numbered title without code below it. It makes no
    card until somebody answers it.""",
)
ANSWER_WITHOUT_QUESTION = error(
    "B202",
    "answer-without-question",
    """An `A:` line without a `Q:` before it, or a second answer to the same question. Write the
    question above it; the lines of one answer are indented below its `A:`.""",
)
EMPTY_QUESTION = error(
    "B203",
    "empty-question",
    """A `Q:` line or a numbered title with nothing behind it. Anki makes no card from a note whose
    first field is empty.""",
)
DUPLICATE_QUESTION = error(
    "B204",
    "duplicate-question",
    """Two cards of one deck ask the same. Anki would keep a history for only one of them; reword
    one, or give one a key of its own.""",
)
UNTITLED_CODE = error(
    "B205",
    "untitled-code",
    """Code that stands before the first `# 1. Title` of its fence, so nobody knows what it
    answers. `import numpy as np` is not needed: it runs before every answer.""",
)
STRAY_TEXT = error(
    "B206",
    "stray-text",
    """A line of a card fence that is neither a `Q:` nor an `A:` nor indented below one. Indent it
    to make it part of the answer above.""",
)
DRESSED_QUESTION = error(
    "B212",
    "dressed-question",
    """A question that is marked in another way than with `Q:` at the start of its line: in a list,
    a quotation, a heading or bold letters, as `q:` or `Question:`. It opens no card, and may stand
    unseen in the answer above. The line of its answer starts with `A:`.""",
)
CLOZE_WITHOUT_GAP = error(
    "B211",
    "cloze-without-gap",
    """A paragraph `C:` that hides nothing. A gap is `{{c1::what is hidden}}`, or `==so==`; gaps
    with one number are hidden together.""",
)
NO_CARDS = error(
    "B208",
    "no-cards",
    """The note that was named holds no card: no `Q:` with an `A:`, no `C:`, and no python fence
    with numbered titles.""",
)


UNSURE = error(
    "B209",
    "unsure-match",
    """A question that may be an earlier one, reworded: to guess wrong would give its history to
    another card, or lose it. Say which it is, once: `proofdeck match OLD NEW` if it is the same,
    `proofdeck match --new NEW` if it is not. Until then the old card stays as it is in Anki.""",
)
LOCKED = error(
    "B210",
    "ledger-changes",
    """With `--locked`, which is for CI, the ledger `proofdeck.lock` must be what a build would
    leave behind. Run `proofdeck build` and commit the ledger with the notes.""",
)


class _Told(NamedTuple):
    rule: Rule
    message: str
    hint: str


_TOLD = {
    Reason.QUESTION_WITHOUT_ANSWER: _Told(
        QUESTION_WITHOUT_ANSWER,
        "this question has no answer",
        "write its answer below it",
    ),
    Reason.ANSWER_WITHOUT_QUESTION: _Told(
        ANSWER_WITHOUT_QUESTION,
        "this answer has no question of its own",
        "put a `Q:` line above it, or indent it to continue the answer above",
    ),
    Reason.EMPTY_QUESTION: _Told(
        EMPTY_QUESTION,
        "this question is empty",
        "write the question on this line",
    ),
    Reason.STRAY_TEXT: _Told(
        STRAY_TEXT,
        "this text belongs to no card",
        "indent it to continue the answer above, or move it out of the fence",
    ),
    Reason.UNTITLED_CODE: _Told(
        UNTITLED_CODE,
        "this code stands under no numbered title",
        "put `# 1. Title` above it, with the number and the dot",
    ),
    Reason.DRESSED_QUESTION: _Told(
        DRESSED_QUESTION,
        "this looks like a question, and opens no card",
        "start the line with `Q:`, and the line of its answer with `A:`",
    ),
    Reason.CLOZE_WITHOUT_GAP: _Told(
        CLOZE_WITHOUT_GAP,
        "this sentence hides nothing",
        "write `{{c1::what is hidden}}`, or `==so==`",
    ),
    Reason.UNCLOSED: _Told(
        UNCLOSED,
        "this block is never closed and swallows the rest of the note",
        "close it with the signs that opened it",
    ),
    Reason.FRONT_MATTER: _Told(
        FRONT_MATTER,
        "this front matter cannot be read",
        "only `deck: text` and `tags: [words]` are needed",
    ),
}


_SLIP = re.compile(r"\s*\**([QAqa])\s?\**:")
_OUTSIDE = re.compile(r"#{1,6} |`{3}\w")
_NUMPY = re.compile(r"^\s*(?:import|from) numpy", re.MULTILINE)


def strays(deck: Deck) -> Iterator[Diagnostic]:
    """Yield an error for each piece of text that belongs to no card."""
    for stray in deck.strays:
        rule, message, hint = _TOLD[stray.reason]
        if stray.reason is Reason.FRONT_MATTER:
            message = f"{message}: {stray.text}"
        yield rule.at(stray.place, message, hint=_closer(stray) or hint)


def _closer(stray: Stray) -> str:
    """Return a hint for text that looks like a known slip, empty where none is known."""
    slip = _SLIP.match(stray.text)
    if stray.reason is Reason.STRAY_TEXT and slip:
        return f"write `{slip[1].upper()}:` in the first column"
    if stray.reason is Reason.STRAY_TEXT and _OUTSIDE.match(stray.text):
        return "is the fence above closed? A line of three backticks ends it"
    if stray.reason is Reason.UNTITLED_CODE and _NUMPY.search(stray.text):
        return "`import numpy as np` can go, it runs before every answer; else put a title above"
    return ""


def duplicates(found: Iterable[Duplicate]) -> Iterator[Diagnostic]:
    """Yield an error for each card that asks what another one asks already."""
    for duplicate in found:
        place, identifier = duplicate.first.question_place, duplicate.card.identifier
        message, hint = "this question stands in the deck already", "reword one, or remove it"
        if identifier:
            message = f"another card has the id `{identifier}` already"
            way = "`# id:`" if duplicate.card.kind == "code" else "`^id`"
            hint = f"give one of the two another {way}"
        first = ("first", f"{place.file}:{place.line}:{place.column}")
        yield DUPLICATE_QUESTION.at(
            duplicate.card.question_place, message, notes=(first,), hint=hint
        )


def no_cards(file: str) -> Diagnostic:
    """Return the error for a note that was named and holds nothing."""
    return NO_CARDS.at(
        Place(file, 1, 1, 1, 1),
        "this note holds no card",
        hint="write `Q:` and `A:` lines, or `# 1. Title` in a python fence",
    )


def unsure(change: Change) -> Diagnostic:
    """Return the error for a card that may be one of several of the ledger."""
    assert change.card, "it is a card of the bank that nobody is sure of"
    place = change.card.question_place
    first = change.candidates[0].key if change.candidates else "OLD"
    name = quote(f"{place.file}:{place.line}")
    where = "" if place.file.startswith("content/") else f" --in {quote(place.file)}"
    same = f"proofdeck match {quote(first)} {name}{where}"
    other = f"proofdeck match --new {name}{where}"
    return UNSURE.at(
        place,
        "this question may be an earlier one, reworded",
        label="new, or the same as before?",
        notes=tuple((one.key, one.question) for one in change.candidates),
        hint=f"`{same}` if it is, `{other}` if not",
    )


def locked(file: str) -> Diagnostic:
    """Return the error for a ledger that a build would change."""
    return LOCKED.at(
        Place(file, 1, 1, 1, 1),
        "this run would change the ledger, which is locked",
        hint="run `proofdeck build`, look at `git diff`, and commit the ledger with the notes",
    )
