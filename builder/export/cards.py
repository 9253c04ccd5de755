"""The note types of the deck, and the HTML of their fields: all that Anki shows of a card.

Every id in this module is frozen. Anki refuses to update the notes of a note type whose id, fields
or templates differ from those that it knows, so the fields that later versions will fill and the
second templates are here from the start. Names, the templates' text and the CSS may change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from builder.edition import Block, CardView, Content, Line, Listing, Prose, Run


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
    """What Anki calls a note type. The first field names the note and is never empty."""

    id: int
    name: str
    fields: tuple[Field, ...]
    templates: tuple[Template, ...]


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
            _side(_SECTION, _QUESTION, '<hr id="answer">', _ANSWER, _EVIDENCE),
        ),
        Template(
            4613937818342,
            "Reverse",
            _given("Reverse", _given("Answer", _side(_SECTION, _ANSWER))),
            _side(_SECTION, _ANSWER, '<hr id="answer">', _QUESTION),
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
            _side(_SECTION, _TITLE, _CODE, _EVIDENCE),
        ),
        Template(
            4613937818542,
            "From title",
            _given("From title", _given("Title", _side(_SECTION, _TITLE))),
            _side(_SECTION, _TITLE, _CODE, _EVIDENCE),
        ),
    ),
)


def css() -> str:
    """Return the style sheet that both note types carry."""
    return files("builder.export").joinpath("card.css").read_text(encoding="utf-8")


# ── the fields of one card ───────────────────────────────────────────────────────────────────────


def note_type(card: CardView) -> NoteType:
    """Return the note type that shows `card`."""
    return CODE if card.kind == "code" else QUESTION


def fields(card: CardView) -> tuple[str, ...]:
    """Return the HTML of each field of `card`, in the order of its note type's fields."""
    filled = _filled(card)
    return tuple(filled.get(field.name, "") for field in note_type(card).fields)


def _filled(card: CardView) -> dict[str, str]:
    shared = {"Section": inline(card.section), "Evidence": inline(card.evidence)}
    if card.kind == "code":
        return shared | {
            "Title": _caption(card.question),
            "Signature": listing(card.signature) if card.signature else "",
            "Code": html(card.answer),
        }
    return shared | {"Question": _caption(card.question), "Answer": html(card.answer)}


def html(content: Content) -> str:
    """Return blocks as HTML."""
    return "\n".join(map(_block, content))


def _block(block: Block) -> str:
    match block:
        case Prose():
            return text(block.lines)
        case Listing():
            return listing(block.lines)
        case _:
            raise NotImplementedError(block)


def _caption(question: Content) -> str:
    match question:
        case (Prose(lines),):
            return caption("\n".join("".join(run.text for run in line) for line in lines))
        case _:
            return html(question)


_COLLAPSING = re.compile(r"^ | $|  |[\t\n]")


def caption(question: str) -> str:
    """Return a question as HTML: bare where that shows it whole, so that a search finds it."""
    if _COLLAPSING.search(question):
        return text([(Run(line),) for line in question.split("\n")])
    return inline(question)


# Blanks that align columns, or signs that draw a frame: such text needs letters of one width.
_ALIGNED = re.compile(r"[^\s.!?:;,][ \t]{2,}\S|\S\t|[\u2500-\u259f]")


def text(lines: Sequence[Line]) -> str:
    """Return literal text as HTML: a block a line, with the newlines between the blocks.

    Without its tags the result is the text itself, character for character.
    """
    aligned = any(_ALIGNED.search("".join(run.text for run in line)) for line in lines)
    opening = '<div class="text aligned">' if aligned else '<div class="text">'
    blocks = "</div>\n<div>".join("".join(map(_prose_run, line)) for line in lines)
    return f"{opening}<div>{blocks}</div></div>"


def _prose_run(run: Run) -> str:
    return f"<b>{inline(run.text)}</b>" if run.role == "term" else inline(run.text)


def listing(lines: Sequence[Line]) -> str:
    """Return highlighted code as HTML: a span for each run that has a role, newlines kept."""
    body = "\n".join("".join(map(_code_run, line)) for line in lines)
    return f"<pre><code>{body}</code></pre>"


def _code_run(run: Run) -> str:
    return f'<span class="{run.role}">{inline(run.text)}</span>' if run.role else inline(run.text)


# Where Anki would see a sound, speech, LaTeX, an input line or a formula in a field. A tag right
# after the first sign ends the construct, for Anki and for MathJax, and adds no character; an
# entity would not do, because Anki's editor writes entities back as plain signs.
_OPENER = re.compile(r"\[(?=sound:|anki:|latex\]|\$\$?\]|\[?type:)|\\(?=[(\[])", re.IGNORECASE)

# Anki composes characters of a field (NFC), and this one would melt into the `>` of a tag.
_SOLIDUS = "\u0338"


def inline(literal: str) -> str:
    """Return `literal` as HTML that shows exactly its characters, whatever Anki makes of them."""
    escaped = escape(literal, quote=False).replace(_SOLIDUS, "&#824;")
    return _OPENER.sub(r"<span>\g<0></span>", escaped)
