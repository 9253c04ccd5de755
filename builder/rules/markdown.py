"""Rules about the Markdown of cards that stand in the open: what cannot be shown as it stands."""

from __future__ import annotations

from builder.model import Diagnostic, Place
from builder.rules.bank import CLOZE_WITHOUT_GAP, EMPTY_QUESTION, QUESTION_WITHOUT_ANSWER
from builder.rules.rule import error, warning

BAD_FORMULA = warning(
    "T701",
    "bad-formula",
    """A formula between dollars is no TeX that can be set, so its source stands on the card where
    a formula was meant. Mend it; a dollar that is no formula's is written `\\$`.""",
)
TOO_DEEP = error(
    "T702",
    "too-deep",
    """Lists or quotes stand within each other so deeply that nobody could read the card. Write it
    flatter.""",
)
OPEN_GAP = error(
    "T703",
    "open-gap",
    """A gap `{{c1::…}}` or ==…== of a cloze that does not end in the paragraph in which it starts,
    so Anki would not know what to hide. Close it there; a gap in each paragraph may have one
    number.""",
)


def nothing_to_see(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the error for a question of which nothing is left to be seen."""
    return EMPTY_QUESTION.at(place, message, hint=hint)


def nothing_said(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the error for an answer of which nothing is left to be seen."""
    return QUESTION_WITHOUT_ANSWER.at(place, message, hint=hint)


def no_gap(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the error for a cloze that hides nothing, once it is read."""
    return CLOZE_WITHOUT_GAP.at(place, message, hint=hint)


def bad_formula(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the error for a formula that cannot be set."""
    return BAD_FORMULA.at(place, message, hint=hint or "a dollar sign is written `\\$`")


def too_deep(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the error for a text whose parts stand too deeply within each other."""
    return TOO_DEEP.at(place, message, hint=hint or "write it flatter")


def open_gap(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the error for a gap of a cloze that is not closed."""
    return OPEN_GAP.at(place, message, hint=hint or "close it in its paragraph, with `}}`")
