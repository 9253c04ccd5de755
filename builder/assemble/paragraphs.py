"""The open: paragraphs `Q:`, `A:` and `C:` outside a fence become cards whose text is Markdown.

    line starts with   where                     opens
    `Q:`               anywhere                  a question
    `A:`               anywhere                  the answer to the question above, or what the back
                                                 of the cloze above says besides
    `C:`               first in its paragraph,   a sentence with `{{c1::gaps}}`, or ==gaps==
                       or with a gap behind it

What was opened goes on over paragraphs, lists, tables and fences to the next of these lines, to a
heading of the first three levels, a line `---`, a comment with a wish for the next card, or a fence
that holds cards itself. At the end of a question or a cloze may stand, in any order:

    ^a-key            the card's explicit key, and so does a comment `<!-- id: a-key -->`
    #a/tag            a tag of this card
    #reverse          asks for a card from the answer to the question, too
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from builder.assemble import snippets
from builder.assemble.body import Body, BodyLine, Pieces
from builder.assemble.wishes import Wishes, wishes
from builder.model import Card, Markdown, Place, Reason, Stray
from builder.parse import Comment

_MARK = re.compile(r"(?P<mark>[QAC]):(?=[ \t]|$)[ \t]*")
_WIDTH = len("Q: ")
_RULE = re.compile(r" {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_NAMES = re.compile(r"\^(?P<id>[A-Za-z0-9-]+)|#(?P<tag>[\w/-]+)")
_MOST_NAMES = 32
_GAP = re.compile(r"\{\{c(?:500|[1-4]\d\d|[1-9]\d?)::")
_HIGHLIGHT = re.compile(r"(?<!=)==(?=[^\s=])[^=]+==(?!=)")


# What people write in the place of a mark: dressed as a list, a quotation, a heading or in bold
# letters, in small letters, in full, with a number.
_DRESS = r"[ \t]*(?:(?:[>*+-]|\d{1,3}[.)]|#{1,6}|\[[ x]\])[ \t]+|>)*[*_]{0,3}"
_SLIP = re.compile(
    _DRESS + r"(?:(?P<Q>[Qq](?:uestion)?)|[Aa](?:nswer)?)[ \t]?\d{0,3}[*_]{0,3}[ \t]?:[*_]{0,3}"
)


def slips(body: Body) -> Iterator[Stray]:
    """Yield the questions that open nothing for the way in which they are marked.

    One that no answer follows may be part of a sentence, unless it is a heading.
    """
    fenced = snippets.numbers(body)
    asked: Body | None = None
    for at, line in enumerate(body.lines):
        found = None if line.number in fenced else _SLIP.match(line.text)
        if found and _MARK.match(line.text):
            if asked and found["Q"] is None:
                yield Stray(Reason.DRESSED_QUESTION, asked.text.strip(), asked.place)
            asked = None
        elif found and found["Q"]:
            asked = Body(body.file, body.lines[at : at + 1])
            if line.text.lstrip().startswith("#"):
                yield Stray(Reason.DRESSED_QUESTION, asked.text.strip(), asked.place)
                asked = None
        elif found and asked:
            yield Stray(Reason.DRESSED_QUESTION, asked.text.strip(), asked.place)
            asked = None


class Region:
    """The lines of neighbouring blocks, from the first mark on."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: list[BodyLine] = []
        self.marks: list[tuple[int, str]] = []
        self.comments: dict[int, Comment] = {}

    def add(self, body: Body, *, opaque: bool = False) -> None:
        """Add the lines of a block; nothing opens in one that is `opaque`."""
        if not opaque:
            start = len(self.lines)
            self.marks += [(start + at, mark) for at, mark in _marks(body)]
        self.lines += body.lines

    def add_comment(self, comment: Comment, body: Body) -> None:
        """Add a comment: it shows nothing, so its height is kept, and what is behind its end."""
        self.comments[len(self.lines)] = comment
        *rest, last = body.lines
        start = last.text.find("-->") + len("-->") if comment.closed else len(last.text)
        self.lines += (replace(line, text="") for line in rest)
        self.lines += [BodyLine(last.number, last.column + start, last.text[start:])]

    @property
    def asks(self) -> bool:
        """Whether the last mark is that of a question or a cloze, still without an answer."""
        return bool(self.marks) and self.marks[-1][1] != "A"


def start(body: Body) -> int | None:
    """Return the index of the first line that opens a card, or an answer; None without one."""
    return next((at for at, _ in _marks(body)), None)


def _marks(body: Body) -> Iterator[tuple[int, str]]:
    """Yield the index and the mark of each line that opens something."""
    for at, line in enumerate(body.lines):
        found = _MARK.match(line.text)
        if found and (found["mark"] != "C" or at == 0 or _has_gap(line.text)):
            yield at, found["mark"]


def is_rule(line: str) -> bool:
    """Tell whether a line is a line across, which ends what is open."""
    return bool(_RULE.match(line))


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one mark opened: its text without the mark, and what the comments in it wish for."""

    mark: str
    place: Place
    body: Body
    comments: tuple[Comment, ...] = ()

    @property
    def text(self) -> str:
        return self.body.text


def read(region: Region, before: Wishes) -> Pieces:
    """Yield the cards and the strays of a region; `before` holds what was wished in front of it."""
    asked: _Entry | None = None
    for entry in _entries(region):
        if entry.mark != "A":
            yield from _finished(asked, None, before)
            before = before if asked is None else Wishes()
            asked = entry
            continue
        if asked is None:
            yield Stray(Reason.ANSWER_WITHOUT_QUESTION, entry.text, entry.place)
        else:
            yield from _finished(asked, entry, before)
        asked, before = None, Wishes()
    yield from _finished(asked, None, before)


def _entries(region: Region) -> Iterator[_Entry]:
    ends = [at for at, _ in region.marks[1:]] + [len(region.lines)]
    for (at, mark), stop in zip(region.marks, ends, strict=True):
        whole = Body(region.file, tuple(region.lines[at:stop])).cut(0)
        comments = tuple(found for line, found in region.comments.items() if at <= line < stop)
        yield _Entry(mark, whole.place, _unmarked(whole), comments)


def _unmarked(whole: Body) -> Body:
    """Return the lines without the mark and the indentation that lines them up behind it."""
    first, *rest = whole.lines
    found = _MARK.match(first.text)
    assert found, "an entry starts with a mark"
    cut = BodyLine(first.number, first.column + found.end(), first.text[found.end() :])
    aligned = Body(whole.file, tuple(rest)).dedented(_WIDTH)
    return Body(whole.file, (cut, *aligned.lines))


# ── cards ────────────────────────────────────────────────────────────────────────────────────────


def _finished(asked: _Entry | None, answer: _Entry | None, before: Wishes) -> Pieces:
    """Yield the card that two entries make, or why they make none."""
    if asked is None:
        return
    place = _span(asked.place, answer.place if answer else asked.place)
    heading = _Heading.of(asked)
    cloze = asked.mark == "C"
    if not heading.body:
        yield Stray(Reason.EMPTY_QUESTION, asked.text.strip(), place)
    elif cloze and not _has_gap(heading.body.text):
        yield Stray(Reason.CLOZE_WITHOUT_GAP, heading.body.text, place)
    elif not cloze and not (answer and answer.body.cut(0)):
        yield Stray(Reason.QUESTION_WITHOUT_ANSWER, heading.body.text, place)
    else:
        yield _card(heading, answer, place, before, cloze=cloze)


def _card(
    heading: _Heading, answer: _Entry | None, place: Place, before: Wishes, *, cloze: bool
) -> Card:
    question = snippets.markdown(heading.body)
    wished = before.and_those(heading.wishes)
    nothing = Markdown("", question.place)
    return Card(
        question=question.text,
        answer=snippets.verified(answer.body.cut(0)) if answer and answer.body.cut(0) else nothing,
        section="",
        place=place,
        question_place=question.place,
        identifier=wished.identifier,
        allows=wished.allows,
        asked=question,
        cloze=cloze,
        reverse="reverse" in heading.tags and not cloze,
        tags=tuple(sorted(heading.tags - {"reverse"})),
    )


@dataclass(frozen=True, slots=True)
class _Heading:
    """A question without what its end says about the card."""

    body: Body
    tags: frozenset[str]
    wishes: Wishes

    @classmethod
    def of(cls, entry: _Entry) -> _Heading:
        """Take the comments and the last words off a question."""
        fenced = snippets.numbers(entry.body)
        body, found = _uncommented(entry.body, fenced)
        found = Wishes.of(wishes(body.file, entry.comments)).and_those(found)
        tags: set[str] = set()
        for _ in range(_MOST_NAMES):
            body = body.cut(0)
            last = body.lines[-1] if body else None
            rest, name = _last_word(last.text) if last and last.number not in fenced else ("", None)
            if not last or not name:
                break
            if name["tag"]:
                tags.add(name["tag"].strip("/").replace("/", "::"))
            else:
                found = Wishes(found.allows, found.identifier or name["id"])
            body = Body(body.file, (*body.lines[:-1], replace(last, text=rest)))
        return cls(body, frozenset(tags), found)


def _last_word(line: str) -> tuple[str, re.Match[str] | None]:
    """Return a line without its last word, and the word, if it is a tag or a key."""
    line = line.rstrip(" \t")
    rest, _, word = line.replace("\t", " ").rpartition(" ")
    name = _NAMES.fullmatch(word)
    if name and name["tag"] and not any(map(str.isalpha, name["tag"])):
        name = None
    return line[: len(rest)], name


def _uncommented(body: Body, fenced: Collection[int]) -> tuple[Body, Wishes]:
    """Take the wishes in comments off the lines."""
    found = Wishes()
    lines: list[BodyLine] = []
    for line in body.lines:
        kept, at = "", 0
        for start, end in () if line.number in fenced else _comments(line.text):
            place = Place(
                body.file, line.number, line.column + start, line.number, line.column + end
            )
            if wished := Wishes.read(line.text[start + 4 : end - 3].strip(), place):
                found = found.and_those(wished)
                kept, at = kept + line.text[at:start].rstrip(), end
        lines.append(replace(line, text=kept + line.text[at:]))
    return Body(body.file, tuple(lines)), found


def _comments(text: str) -> Iterator[tuple[int, int]]:
    """Yield where comments that end on their line start and end."""
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield start, end + 3
        start = text.find("<!--", end + 3)


def _has_gap(text: str) -> bool:
    opener = _GAP.search(text)
    return bool((opener and "}}" in text[opener.end() :]) or _HIGHLIGHT.search(text))


def _span(first: Place, last: Place) -> Place:
    return Place(first.file, first.line, first.column, last.end_line, last.end_column)
