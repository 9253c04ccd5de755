"""The note types of the deck, and the fields of their notes: all that Anki keeps of a card.

Every id in this module is frozen. Anki refuses to update the notes of a note type whose id, fields
or templates differ from those that it knows, so the fields that later versions will fill and the
second templates are here from the start. Names, the templates' text and the CSS may change.
"""

from __future__ import annotations

from dataclasses import dataclass

from builder.edition import CardView, Content, Line, Listing
from builder.export.escaping import guarded, inline
from builder.export.markup import address, code, compact, formula, html
from builder.export.style import css

__all__ = [
    "CLOZE",
    "CODE",
    "QUESTION",
    "Field",
    "NoteType",
    "Template",
    "css",
    "fields",
    "note_type",
]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a note type. A spare one is folded away in Anki's editor."""

    id: int
    name: str
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of card that a note type makes: its two sides in Anki's template language."""

    id: int
    name: str
    front: str
    back: str


@dataclass(frozen=True, slots=True)
class NoteType:
    """What Anki calls a note type. The first field names the note and is never empty.

    One with `gaps` makes a card for each number of its gaps, instead of one for each template.
    """

    id: int
    name: str
    fields: tuple[Field, ...]
    templates: tuple[Template, ...]
    gaps: bool = False


# A front must not hold filters (genanki would then want every field filled), and all of it hangs
# on one field, so that a note without that field makes no card. The sides are built of `div`s
# only, because a field may hold any block of HTML.
_SECTION = '{{#Section}}<div class="section">{{Section}}</div>{{/Section}}'
_EVIDENCE = '{{#Evidence}}<div class="evidence">{{Evidence}}</div>{{/Evidence}}'
_QUESTION = '<div class="question" dir="auto">{{Question}}</div>'
_ANSWER = '<div class="answer" dir="auto">{{Answer}}</div>'
_TITLE = '<div class="question" dir="auto">{{Title}}</div>'
_SIGNATURE = '{{#Signature}}<div class="listing open">{{Signature}}</div>{{/Signature}}'
_CODE = '<div class="listing">{{Code}}</div>'
_FORMULA = '{{#Formula}}<div class="formula">{{Formula}}</div>{{/Formula}}'
_TEXT = '<div class="question statement" dir="auto">{{cloze:Text}}</div>'
_EXTRA = '<div class="answer" dir="auto">{{Extra}}</div>'
_SOURCE = '{{#Source}}<div class="source"><a href="{{Source}}">Open the note</a></div>{{/Source}}'
_LINE = '<hr id="answer">'


def _side(*parts: str) -> str:
    return '<div class="sheet">{}</div>'.format("\n".join(("", *parts, "")))


def _given(field: str, side: str) -> str:
    return "{{#" + field + "}}" + side + "{{/" + field + "}}"


QUESTION = NoteType(
    id=1764061380,
    name="proofdeck question",
    fields=(
        Field(4613937818241, "Question"),
        Field(4613937818242, "Answer"),
        Field(4613937818243, "Section"),
        Field(4613937818244, "Evidence", spare=True),
        Field(4613937818245, "Source", spare=True),
        Field(4613937818246, "Reverse", spare=True),
        Field(4613937818247, "Spare 1", spare=True),
        Field(4613937818248, "Spare 2", spare=True),
    ),
    templates=(
        Template(
            4613937818341,
            "Question",
            _given("Question", _side(_SECTION, _QUESTION)),
            _side(_SECTION, _QUESTION, _LINE, _ANSWER, _EVIDENCE, _SOURCE),
        ),
        Template(
            4613937818342,
            "Reverse",
            _given("Reverse", _given("Answer", _side(_SECTION, _ANSWER))),
            _side(_SECTION, _ANSWER, _LINE, _QUESTION, _EVIDENCE, _SOURCE),
        ),
    ),
)

# The back of a code card repeats no signature and has no `answer` anchor to scroll to: the box
# that showed the signature grows into the whole function, in the same place.
CODE = NoteType(
    id=1764061381,
    name="proofdeck code",
    fields=(
        Field(4613937818441, "Title"),
        Field(4613937818442, "Signature"),
        Field(4613937818443, "Code"),
        Field(4613937818444, "Section"),
        Field(4613937818445, "Evidence"),
        Field(4613937818446, "Formula", spare=True),
        Field(4613937818447, "Source", spare=True),
        Field(4613937818448, "From title", spare=True),
        Field(4613937818449, "Spare 1", spare=True),
        Field(4613937818450, "Spare 2", spare=True),
    ),
    templates=(
        Template(
            4613937818541,
            "Code",
            _given("Title", _side(_SECTION, _TITLE, _SIGNATURE)),
            _side(_SECTION, _TITLE, _CODE, _EVIDENCE, _FORMULA, _SOURCE),
        ),
        Template(
            4613937818542,
            "From title",
            _given("From title", _given("Title", _side(_SECTION, _TITLE))),
            _side(_SECTION, _TITLE, _CODE, _EVIDENCE, _FORMULA, _SOURCE),
        ),
    ),
)


# Its cards come from the gaps in the text, so that its front may and must have the filter.
CLOZE = NoteType(
    id=1764061382,
    name="proofdeck cloze",
    fields=(
        Field(4613937818641, "Text"),
        Field(4613937818642, "Extra"),
        Field(4613937818643, "Section"),
        Field(4613937818644, "Evidence", spare=True),
        Field(4613937818645, "Source", spare=True),
        Field(4613937818646, "Spare 1", spare=True),
        Field(4613937818647, "Spare 2", spare=True),
    ),
    templates=(
        Template(
            4613937818741,
            "Cloze",
            _side(_SECTION, _TEXT),
            _side(_SECTION, _TEXT, _given("Extra", _LINE + _EXTRA), _EVIDENCE, _SOURCE),
        ),
    ),
    gaps=True,
)


# ── the fields of one card ───────────────────────────────────────────────────────────────────────

_NOTE_TYPES = {"question": QUESTION, "code": CODE, "cloze": CLOZE}


def note_type(card: CardView) -> NoteType:
    """Return the note type that shows `card`."""
    return _NOTE_TYPES[card.kind]


def fields(card: CardView) -> tuple[str, ...]:
    """Return the HTML of each field of `card`, in the order of its note type's fields."""
    shared = {
        "Section": inline(card.section),
        "Evidence": _evidence(card),
        "Source": address(card.link),
    }
    filled = shared | _OWN[card.kind](card)
    return tuple(filled.get(field.name, "") for field in note_type(card).fields)


def _question(card: CardView) -> dict[str, str]:
    return {
        "Question": compact(card.question),
        "Answer": html(card.answer),
        "Reverse": "yes" if card.reverse else "",
    }


def _code(card: CardView) -> dict[str, str]:
    return {
        "Title": compact(card.question),
        "Signature": _signature(card.signature),
        "Code": _program(card.answer),
        "Formula": formula(card.formula) if card.formula else "",
    }


def _cloze(card: CardView) -> dict[str, str]:
    return {"Text": compact(card.question, guarded), "Extra": html(card.answer)}


_OWN = {"question": _question, "code": _code, "cloze": _cloze}


def _signature(lines: tuple[Line, ...]) -> str:
    """Return the headers of a program; where the last is a method's, its body is further in."""
    if not lines:
        return ""
    nested = "".join(run.text for run in lines[-1])[:1].isspace()
    return code(lines).replace("<pre>", '<pre class="nested">' if nested else "<pre>", 1)


def _program(answer: Content) -> str:
    """Return the code of an answer without a box: the template has one."""
    match answer:
        case (Listing(lines),):
            return code(lines)
        case _:
            return html(answer)


def _evidence(card: CardView) -> str:
    """Return the quiet line; without a tick where not all of the code was verified."""
    said = inline(card.evidence)
    return said if card.verified or not said else f'<span class="unverified">{said}</span>'
