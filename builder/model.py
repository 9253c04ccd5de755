"""The nouns that the stages hand to each other: frozen values without behaviour of their own.

Everything here is immutable (slotted dataclasses, tuples), so a stage can only answer with new
values. This module imports nothing of the package, and every other room may import it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class CannotRunError(Exception):
    """The run cannot be done at all. The message is one line for people: what, and why."""


# ── places ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of a file: lines and columns count characters from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


# ── the bank ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Text:
    """A literal answer: what the note's preview shows is what the card shows."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Code:
    """A Python answer.

    `source` is dedented by the indentation of its fence; its first line stands in the file at
    `place.line`, and each of its columns is `place.column - 1` further right there.
    """

    source: str
    place: Place


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block within Markdown: the lines `first` to `last` of its text, from 0.

    `language` is the first word behind the fence's mark, in lower case. The code is without the
    fence and without its indentation.
    """

    first: int
    last: int
    language: str
    code: Code


@dataclass(frozen=True, slots=True)
class Markdown:
    """A question or an answer that stands in the open: Markdown, with its fenced blocks.

    `program` is what is verified: all its Python, in one piece, with empty lines for whatever
    stands between, so that its lines are those of the file.
    """

    text: str
    place: Place
    snippets: tuple[Snippet, ...] = ()
    program: Code | None = None


Kind = Literal["question", "code", "cloze"]


@dataclass(frozen=True, slots=True)
class Allow:
    """A wish of the author that one rule be silent for one card, and why."""

    rule: str
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class Card:
    """One question with its answer, and where both stand. `key` is empty until `identify` ran.

    A card from the open has its question as Markdown in `asked`, too. That of a `cloze` card has
    the gaps; its answer, which may be empty, is what the back says besides. `tags` are those of
    this card alone; `reverse` asks for a card that goes from the answer to the question.
    """

    question: str
    answer: Text | Code | Markdown
    section: str
    place: Place
    question_place: Place
    number: int | None = None
    identifier: str = ""
    allows: tuple[Allow, ...] = ()
    key: str = ""
    asked: Markdown | None = None
    cloze: bool = False
    reverse: bool = False
    tags: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What the card asks for: words, a program, or what is missing."""
        if self.cloze:
            return "cloze"
        return "code" if isinstance(self.answer, Code) else "question"

    @property
    def answered(self) -> str:
        """The answer as it stands in the note, without its fence."""
        return self.answer.source if isinstance(self.answer, Code) else self.answer.text

    @property
    def code(self) -> Code | None:
        """The Python that is to be verified, None where there is none."""
        if isinstance(self.answer, Markdown):
            return self.answer.program
        return self.answer if isinstance(self.answer, Code) else None


class Reason(StrEnum):
    """Why a piece of text belongs to no card."""

    QUESTION_WITHOUT_ANSWER = "question-without-answer"
    ANSWER_WITHOUT_QUESTION = "answer-without-question"
    EMPTY_QUESTION = "empty-question"
    STRAY_TEXT = "stray-text"
    UNTITLED_CODE = "untitled-code"
    DRESSED_QUESTION = "dressed-question"
    CLOZE_WITHOUT_GAP = "cloze-without-gap"
    UNCLOSED = "unclosed-block"
    FRONT_MATTER = "front-matter"


@dataclass(frozen=True, slots=True)
class Stray:
    """Text that looks like part of a card and belongs to none: reported, never dropped."""

    reason: Reason
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Link:
    """A wiki-link of the note: `[[target#heading|alias]]`."""

    target: str
    heading: str
    alias: str
    place: Place


@dataclass(frozen=True, slots=True)
class Embed:
    """An image that a card shows: `target` is how the note names its file."""

    target: str
    place: Place


@dataclass(frozen=True, slots=True)
class Deck:
    """What one note of the bank holds. `file` is the note's path as it is shown to people."""

    title: str
    file: str
    tags: tuple[str, ...]
    cards: tuple[Card, ...]
    strays: tuple[Stray, ...] = ()
    links: tuple[Link, ...] = ()
    embeds: tuple[Embed, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A card that asks what another one, `first`, asks already."""

    card: Card
    first: Card


@dataclass(frozen=True, slots=True)
class Bank:
    """All decks of one run, in the order of their files."""

    decks: tuple[Deck, ...]

    def cards(self) -> Iterator[Card]:
        """Every card, deck by deck, in the order of the notes."""
        for deck in self.decks:
            yield from deck.cards


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────


class Status(StrEnum):
    """How the judging of one function ended."""

    MATCHES = "matches"
    DIFFERS = "differs"
    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    REFUSED = "refused"
    UNCHECKED = "unchecked"
    ALLOWED = "allowed"
    NOT_RUN = "not-run"


class Cause(StrEnum):
    """Why an answer was refused: it does not parse, must not run, or cannot be called."""

    SYNTAX = "syntax"
    GATE = "gate"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Tier:
    """How many of a tier's cases held. The tiers are `core`, `stability` and `wider`."""

    name: str
    held: int
    cases: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge says about one function of a code answer.

    `domain` says in words where the answer holds ("one vector"), `beyond` where it was asked, too,
    and does not; `variant` names the convention it
    follows, empty where there is only one. `summary`, `evidence` and `hint` are for people, and
    harmless to print: whatever comes from an answer has been escaped to one line. `formula` is
    what the kernel computes, in TeX: only an answer that matches has one, and not every kernel.
    """

    status: Status
    function: str | None
    place: Place
    kernel: str | None = None
    variant: str = ""
    domain: str = ""
    tiers: tuple[Tier, ...] = ()
    summary: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    cause: Cause | None = None
    beyond: str = ""
    formula: str = ""

    @property
    def cases(self) -> int:
        """How many cases were judged."""
        return sum(tier.cases for tier in self.tiers)


# ── the ledger: what earlier builds made of the bank ─────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Entry:
    """What a ledger knows of one card: its names, when its note changed, and what it was.

    `key` names it for ever; `guid` is Anki's name of its note and `note_id` the note's number.
    `digest` is that of the note's content, `mod` the UNIX time in seconds when it changed last.
    `retired` is the time when it left the bank, 0 while it is there. The rest is what the card
    was at the last build: enough to recognise it when it is reworded or moved. `markdown` tells
    that its texts are Markdown.
    """

    key: str
    guid: str
    note_id: int
    mod: int
    digest: str
    file: str
    deck: str
    section: str
    kind: Kind
    identifier: str
    question: str
    answer: str
    retired: int = 0
    markdown: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a ledger knows of one note type: the digest of its fields, templates and CSS."""

    note_type: str
    digest: str
    mod: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries by key, and a stamp for each note type."""

    entries: tuple[Entry, ...] = ()
    stamps: tuple[Stamp, ...] = ()


class ChangeKind(StrEnum):
    """What became of a card since the last build."""

    NEW = "new"
    REWORDED = "reworded"
    ANSWER = "answer changed"
    MOVED = "moved"
    RETURNED = "returned"
    RETIRED = "retired"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: of `card`, None where it left the bank, against `before`, None where it is new.

    A new card has a `before` if it was of another kind. A card may have several changes, one of a
    kind. An unsure one has the candidates of the ledger that it may be, best first, and its card
    has no key.
    """

    kind: ChangeKind
    card: Card | None
    before: Entry | None = None
    candidates: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a kernel of a bank's own cannot be used: where, what, and what to do."""

    place: Place
    message: str
    hint: str


# ── files to write ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Artefact:
    """A finished file: its name in the output folder and its bytes."""

    name: str
    content: bytes


# ── diagnostics ──────────────────────────────────────────────────────────────────────────────────


class Severity(StrEnum):
    """An error fails the run; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One remark for people: where, what, why (`notes`), and what to do (`hint`).

    `label` stands beside the caret. Notes are pairs of a caption and a text.
    """

    code: str
    name: str
    severity: Severity
    place: Place
    message: str
    label: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    hint: str = ""


# ── the report ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: its path as people know it, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run has to say. Reporters turn it into text or JSON.

    `excerpts` are the lines that diagnostics show, by file and number. `isolation` is "none" and
    `seed` None where nothing was run. `left_out` are the cards with an error: those that the deck
    lacks, or would lack. `skipped` counts notes without a card, `remembered` the answers whose
    verdicts come from an earlier run. `changes` are those since the last build.
    """

    bank: Bank
    verdicts: Mapping[str, tuple[Verdict, ...]]
    diagnostics: tuple[Diagnostic, ...]
    excerpts: Mapping[tuple[str, int], str]
    isolation: str
    seed: int | None
    left_out: tuple[Card, ...] = ()
    written: tuple[Written, ...] = ()
    skipped: int = 0
    remembered: int = 0
    changes: tuple[Change, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many diagnostics are of `severity`."""
        return sum(diagnostic.severity is severity for diagnostic in self.diagnostics)

    @property
    def clean(self) -> bool:
        """Whether the bank has no error."""
        return not self.count(Severity.ERROR)


@dataclass(frozen=True, slots=True)
class ChangesReport:
    """What the next import will do: the changes, and how many cards stay as they are.

    `looks` names the note types that changed; `everything` tells that nearly all notes change.
    """

    changes: tuple[Change, ...]
    unchanged: int
    looks: tuple[str, ...] = ()
    everything: bool = False
    diagnostics: tuple[Diagnostic, ...] = ()
    excerpts: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        """Whether nothing is left to be settled."""
        return not any(one.severity is Severity.ERROR for one in self.diagnostics)
