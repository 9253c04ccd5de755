"""What Markdown must not touch is put aside: code, formulas, wiki-links, gaps, comments.

In their place stands a token, two signs that no text can hold with a number between them. So a
formula may hold underscores and bars, and a table cell may hold a formula: who reads the Markdown
later sees one word. What stands further left in the text comes first, so nothing is found in code.

    `code`  ``co`de``               a Verbatim
    a fenced block                  a Listing, as the note's snippets say
    $tex$                           a Formula; no blank inside the dollars, no digit behind them
    $$tex$$                         a Formula on display; at the start of a line it may have lines
    [[Note#Heading|alias]] ![[…]]   a Wiki
    [^1]  ^[a note]                 a NoteMark, unless it opens the note itself
    {{c1::text::hint}}              a GapStart and a GapEnd, on a cloze card
    &#42;                           the sign itself
    %%comment%%  <!-- comment -->  <script>…</script>  <style>…</style>    nothing
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from builder.edition import Formula, Listing, Run, Verbatim
from builder.model import Markdown, Snippet
from builder.render.code import highlight, language
from builder.render.literal import printable

# Signs that Unicode keeps for a program's own use: they are no characters, and no text holds them.
_FIRST, _FIRST_OF_BLOCK, _LAST = "\ufdd0", "\ufdd1", "\ufdd2"
TOKEN = re.compile(f"[{_FIRST}{_FIRST_OF_BLOCK}]([0-9]+){_LAST}")
BLOCK_TOKEN = re.compile(f"{_FIRST_OF_BLOCK}[0-9]+{_LAST}")
HALF = re.compile(f"[{_FIRST}{_FIRST_OF_BLOCK}{_LAST}]")  # Markdown may cut a token in two
_FORBIDDEN = re.compile("[\ufdd0-\ufdef]")

# The marks of quotes and items in front of what a line holds.
_MARKS = re.compile(r"^(?:[ \t]*(?:>|(?:[-*+]|\d{1,9}[.)])(?=[ \t])))*[ \t]*")

_SIGN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<code>`+)"
    r"|(?P<formula>\$\$?)"
    r"|(?P<comment>%%|<!--)"
    r"|(?P<hidden><(?:script|style)\b)"
    r"|(?P<wiki>!?\[\[)"
    r"|(?P<note>\[\^)"
    r"|(?P<inline_note>\^\[)"
    r"|(?P<number>&\#)"
    r"|(?P<gap>\{\{c[1-9])"
    r"|(?P<hint>::)"
    r"|(?P<end>\}\})",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\$(?![\s$])(?P<tex>(?:\\.|[^\\$])+)(?<!\s)\$(?!\d)", re.DOTALL)
_DISPLAY = re.compile(r"\$\$(?P<tex>(?:\\.|\$(?!\$)|[^\\$])+)\$\$", re.DOTALL)
_HIDDEN = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style")}
_WIKI = re.compile(
    r"(?P<embed>!?)\[\[(?P<target>[^\[\]|#\n\\]*)(?:\#(?P<heading>[^\[\]|\n\\]*))?"
    r"(?:\\?\|(?P<alias>[^\[\]\n]*))?\]\]"
)
_NOTE = re.compile(r"\[\^(?P<name>[^\[\]\s]+)\]")
_INLINE_NOTE = re.compile(r"\^\[(?P<text>[^\[\]\n]+)\]")
_NUMBER = re.compile(r"&#(?:[0-9]{1,8}|x[0-9a-f]{1,6});?", re.IGNORECASE)
_GAP = re.compile(r"\{\{c(?P<number>500|[1-4]\d\d|[1-9]\d?)::", re.IGNORECASE)
_HINT = re.compile(r"::(?P<hint>[^{}\n]{0,200})\}\}")

# Where a paragraph ends, as far as a line can tell: no span of code and no formula goes over it.
_BREAK = re.compile(r"\n[ \t>]*(?:\n|$|[-*+][ \t]|\d{1,9}[.)][ \t]|\#{1,6}[ \t])")


@dataclass(frozen=True, slots=True)
class Wiki:
    """A wiki-link or, with `embed`, what it embeds."""

    target: str
    heading: str
    alias: str
    embed: bool


@dataclass(frozen=True, slots=True)
class NoteMark:
    """The mark of a footnote in the text."""

    name: str


@dataclass(frozen=True, slots=True)
class GapStart:
    """Where a gap of a cloze opens; `start` counts characters."""

    number: int
    source: str
    start: int


@dataclass(frozen=True, slots=True)
class GapEnd:
    """Where a gap of a cloze closes."""

    source: str
    hint: str = ""


Thing = Run | Verbatim | Formula | Listing | Wiki | NoteMark | GapStart | GapEnd


@dataclass(frozen=True, slots=True)
class Aside:
    """One thing that was put aside, and its stretch of the text."""

    thing: Thing
    source: str
    start: int


@dataclass(frozen=True, slots=True)
class Remainder:
    """The text with tokens, and what they stand for, by number."""

    text: str
    asides: tuple[Aside, ...]


def put_aside(markdown: Markdown, *, cloze: bool = False) -> Remainder:
    """Return the text of `markdown` with tokens for all that Markdown must not touch."""
    lines = [_one_line(line) for line in markdown.text.split("\n")]
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    fences = [_Fence.of(snippet, lines, starts) for snippet in markdown.snippets]
    scanner = _Scanner("\n".join(lines), fences, cloze=cloze)
    for fence in fences:
        scanner.scan_to(fence.start)
        scanner.put(fence.listing, fence.start, fence.end)
    scanner.scan_to(starts[-1] - 1)
    return scanner.remainder()


@dataclass(frozen=True, slots=True)
class _Fence:
    """A fenced block and its stretch of the text, without the marks in front of it."""

    listing: Listing
    start: int
    end: int

    @classmethod
    def of(cls, snippet: Snippet, lines: Sequence[str], starts: Sequence[int]) -> _Fence:
        """Return the stretch of `snippet`; `starts` are where `lines` start."""
        marks = _MARKS.match(lines[snippet.first])
        start = starts[snippet.first] + (marks.end() if marks else 0)
        return cls(_listing(snippet), start, starts[snippet.last + 1] - 1)


def _listing(snippet: Snippet) -> Listing:
    source = printable(snippet.code.source)
    return Listing(highlight(source, snippet.language), language(snippet.language))


def _one_line(line: str) -> str:
    """Return a line without what some readers take for a line end, or for a token."""
    return _FORBIDDEN.sub("\ufffd", printable(line).replace("\n", " "))


class _Scanner:
    """Reads a text from left to right, once."""

    def __init__(self, text: str, fences: Sequence[_Fence], *, cloze: bool) -> None:
        self._source = text
        self._fences = [*(fence.start for fence in fences), len(text)]
        for fence in fences:  # nothing else is found in them, and no paragraph goes over them
            text = text[: fence.start] + "\n" * (fence.end - fence.start) + text[fence.end :]
        self._text = text
        self._cloze = cloze
        self._at = 0
        self._open = 0
        self._pieces: list[str] = []
        self._notes: list[str] = []
        self._asides: list[Aside] = []
        self._breaks = [found.start() for found in _BREAK.finditer(text)] + [len(text)]
        self._runs: dict[int, list[int]] = {}
        for run in re.finditer("`+", text):
            self._runs.setdefault(len(run[0]), []).append(run.start())

    def remainder(self) -> Remainder:
        """Return the text that was read, and what was put aside."""
        return Remainder("".join((*self._pieces, *self._notes)), tuple(self._asides))

    def scan_to(self, stop: int) -> None:
        """Read on to `stop`; a span or a comment may go beyond."""
        while self._at < stop:
            sign = _SIGN.search(self._text, self._at, stop)
            if not sign:
                break
            self._keep(sign.start())
            name = str(sign.lastgroup)
            if not _READERS[name](self, sign):
                self._keep(sign.end())
        self._keep(stop)

    def put(self, thing: Thing, start: int, end: int) -> bool:
        """Put aside what stands from `start` to `end`, unless that has been read already."""
        if start >= self._at:
            self._keep(start)
            self._pieces.append(self._token(thing, start, end))
            self._at = end
        return True

    def _token(self, thing: Thing, start: int, end: int) -> str:
        self._asides.append(Aside(thing, self._source[start:end], start))
        first = _FIRST_OF_BLOCK if isinstance(thing, Listing) else _FIRST
        return f"{first}{len(self._asides) - 1}{_LAST}"

    def _keep(self, end: int) -> None:
        if end > self._at:
            self._pieces.append(self._text[self._at : end])
            self._at = end

    def _line(self, at: int) -> str:
        """Return what stands before `at` on its line."""
        return self._text[self._text.rfind("\n", 0, at) + 1 : at]

    def _joined(self, text: str, start: int) -> str:
        """Return lines without the quotation marks that stand before all but the first."""
        depth = _MARKS.match(self._line(start) + "x")
        marks = depth[0].count(">") if depth else 0
        return re.sub(rf"\n(?:[ \t]*>){{0,{marks}}}", "\n", text) if marks else text

    def _unbarred(self, text: str, start: int) -> str:
        r"""Return what a table's cell holds: there a bar is written `\|`."""
        return text.replace(r"\|", "|") if self._line(start).lstrip(" >\t")[:1] == "|" else text

    # ── one for each sign: they tell whether they took it ────────────────────────────────────────

    def _escape(self, sign: re.Match[str]) -> bool:
        self._keep(sign.end())
        return True

    def _code(self, sign: re.Match[str]) -> bool:
        start, end = sign.span()
        runs = self._runs.get(len(sign[0]), [])
        later = bisect_right(runs, start)
        if later == len(runs) or runs[later] >= self._breaks[bisect_left(self._breaks, start)]:
            return False
        code = self._joined(self._text[end : runs[later]], start)
        code = re.sub(r"[ \t]*\n[ \t]*", " ", code)
        if code.strip() and code[0] == code[-1] == " ":
            code = code[1:-1]
        return self.put(Verbatim(self._unbarred(code, start)), start, runs[later] + len(sign[0]))

    def _formula(self, sign: re.Match[str]) -> bool:
        start, display = sign.start(), sign[0] == "$$"
        block = display and not _MARKS.sub("", self._line(start), count=1)
        ends = self._fences if block else self._breaks
        stop = ends[bisect_left(ends, start)]
        found = (_DISPLAY if display else _FORMULA).match(self._text, start, stop)
        if not found or not found["tex"].strip():
            return False
        tex = self._unbarred(self._joined(found["tex"], start), start).strip()
        return self.put(Formula(tex, display), start, found.end())

    def _comment(self, sign: re.Match[str]) -> bool:
        end = self._text.find("-->" if sign[0] == "<!--" else "%%", sign.end())
        if end >= 0:
            return self.put(Run(""), sign.start(), end + len("-->" if sign[0] == "<!--" else "%%"))
        return self.put(Run(sign[0]), *sign.span())

    def _hidden(self, sign: re.Match[str]) -> bool:
        closing = _HIDDEN[sign[0][1:].lower()].search(self._text, sign.end())
        return self.put(Run(""), sign.start(), closing.end()) if closing else False

    def _wiki(self, sign: re.Match[str]) -> bool:
        found = _WIKI.match(self._text, sign.start())
        if not found or not (found["target"].strip() or found["heading"]):
            return False
        target, heading, alias = (
            " ".join((found[name] or "").split()) for name in ("target", "heading", "alias")
        )
        return self.put(Wiki(target, heading, alias, bool(found["embed"])), *found.span())

    def _note(self, sign: re.Match[str]) -> bool:
        found = _NOTE.match(self._text, sign.start())
        if not found:
            return False
        opens_line = not self._line(sign.start()).strip(" \t>")
        if opens_line and self._text.startswith(":", found.end()):
            return False
        return self.put(NoteMark(found["name"]), *found.span())

    def _inline_note(self, sign: re.Match[str]) -> bool:
        found = _INLINE_NOTE.match(self._text, sign.start())
        if not found:
            return False
        self.put(NoteMark(f"^{sign.start()}"), *sign.span())
        before, self._pieces = self._pieces, []
        self.scan_to(found.end() - 1)
        self._notes += [f"\n\n[^^{sign.start()}]: ", *self._pieces]
        self._pieces, self._at = before, max(self._at, found.end())
        return True

    def _number(self, sign: re.Match[str]) -> bool:
        found = _NUMBER.match(self._text, sign.start())
        if not found:
            return self.put(Run(sign[0]), *sign.span())
        return self.put(Run(_one_line(html.unescape(found[0])) or "\ufffd"), *found.span())

    def _gap(self, sign: re.Match[str]) -> bool:
        found = _GAP.match(self._text, sign.start()) if self._cloze else None
        if not found:
            return False
        self._open += 1
        start = GapStart(int(found["number"]), found[0], found.start())
        return self.put(start, *found.span())

    def _hint(self, sign: re.Match[str]) -> bool:
        found = _HINT.match(self._text, sign.start()) if self._open else None
        if not found:
            return False
        self._open -= 1
        return self.put(GapEnd(found[0], found["hint"].strip()), *found.span())

    def _end(self, sign: re.Match[str]) -> bool:
        if not self._open:
            return False
        self._open -= 1
        return self.put(GapEnd(sign[0]), *sign.span())


_READERS: dict[str, Callable[[_Scanner, re.Match[str]], bool]] = {
    "escape": _Scanner._escape,
    "code": _Scanner._code,
    "formula": _Scanner._formula,
    "comment": _Scanner._comment,
    "hidden": _Scanner._hidden,
    "wiki": _Scanner._wiki,
    "note": _Scanner._note,
    "inline_note": _Scanner._inline_note,
    "number": _Scanner._number,
    "gap": _Scanner._gap,
    "hint": _Scanner._hint,
    "end": _Scanner._end,
}
