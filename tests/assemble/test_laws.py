"""The laws of assembling: nothing is lost, and nothing depends on what it should not."""

from __future__ import annotations

import re

import reading
from hypothesis import assume, given
from hypothesis import strategies as st

from builder.assemble import assemble
from builder.model import Code, Deck, Markdown, Place, Reason

LITERAL = st.sampled_from([
    "Q: a", "Q:", "Q:  ", "Q:b", "A: c", "A:", "A:\td", "   more", "\tmore", "  ", "", "other",
    " Q: e", "Q : f", "q: g", "QA: h", "~~~", "## i", "% j ::", "# 1. k", "日本", "\u3000l", "\x0c",
])  # fmt: skip
PROGRAM = st.sampled_from([
    "# 1. a", "# 2. b", "# 3.", "#4. c", "# id: d", "# allow e: f", "# comment", "", "   ",
    "def f():", "    return 1", "x = 1", '"""', "(", ")", "@g", "if h:", "else:", "\tj", "é = 'Q:'",
    "\\", "\x0c",
])  # fmt: skip
OPEN = st.sampled_from([
    "Q: a", "Q:", "A: b", "A:", "C: {{c1::c}}", "C: ==d==", "C: e", "- f", "  - g", "> h", "", "  ",
    "```python", "  ```python", "> ~~~", "```", "  ```", "~~~", "x = 1", "  y = 2", "\tz", "text",
    "#### i", "| j |", "#tag ^k", "![[l.png]]", "$$", "Q: m ^n #o", "    Q: p",
])  # fmt: skip
FENCE_OF_CARDS = re.compile(r"^ *(```|~~~)\s*[QA]:", re.MULTILINE)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def claimed(deck: Deck) -> set[int]:
    """Return the numbers of the lines that a card or a stray holds."""
    places: list[Place] = [card.place for card in deck.cards]
    places += [stray.place for stray in deck.strays]
    return {line for place in places for line in range(place.line, place.end_line + 1)}


def written(fence: str, lines: list[str], end: str) -> str:
    """Return a note with one fence."""
    return end.join([fence, *lines, fence[:3]]) + end


def filled(lines: list[str]) -> set[int]:
    """Return the numbers, in the note, of the lines of a fence that are not blank."""
    return {number for number, line in enumerate(lines, 2) if line.strip()}


@given(st.lists(LITERAL, max_size=14), ENDS)
def test_every_line_of_a_plain_card_fence_is_claimed(lines: list[str], end: str) -> None:
    """Each line that is not blank belongs to a card or to a stray."""
    if any(line.startswith(("Q:", "A:")) for line in lines):
        assert filled(lines) <= claimed(reading.deck(written("```", lines, end)))


@given(st.lists(PROGRAM, max_size=14), ENDS)
def test_every_line_of_a_python_fence_is_claimed(lines: list[str], end: str) -> None:
    """Each line that is not blank belongs to a card or to a stray, Python or not."""
    assert filled(lines) <= claimed(reading.deck(written("```python", lines, end)))


@given(st.lists(OPEN, max_size=14), ENDS)
def test_every_line_that_is_open_is_claimed(lines: list[str], end: str) -> None:
    """From the first mark on, each line that is not blank belongs to a card or to a stray."""
    lines = ["Q: first", *lines]
    assume(not FENCE_OF_CARDS.search("\n".join(lines)))
    filled = {number for number, line in enumerate(lines, 1) if line.strip()}
    assert filled <= claimed(reading.deck(end.join(lines)))


@given(st.lists(OPEN, max_size=14))
def test_programs_in_the_open_stand_where_they_say(lines: list[str]) -> None:
    """Line by line a program is the end of the note's line, or empty."""
    note = ["Q: first", "A: b", *lines]
    for card in reading.deck("\n".join(note)).cards:
        if card.code and isinstance(card.answer, Markdown):
            first = card.code.place.line - 1
            for number, line in enumerate(card.code.source.split("\n"), first):
                assert note[number].endswith(line)
        if isinstance(card.answer, Markdown):
            for one in card.answer.snippets:
                assert 0 <= one.first < one.last < len(card.answer.text.split("\n"))


@given(st.lists(PROGRAM, max_size=14))
def test_code_stands_where_it_says(lines: list[str]) -> None:
    """Line by line the source of a code card is the text of the note at its place."""
    note = written("```python", lines, "\n")
    for card in reading.deck(note).cards:
        assert isinstance(card.answer, Code)
        first = card.answer.place.line - 1
        source = card.answer.source.split("\n")
        assert note.split("\n")[first : first + len(source)] == source


@given(st.lists(st.one_of(LITERAL, PROGRAM), max_size=14), ENDS, st.sampled_from(["", "python"]))
def test_the_kind_of_line_end_changes_nothing(lines: list[str], end: str, language: str) -> None:
    """CR LF and CR give the same cards and strays as LF."""
    fence = f"```{language}"
    other = reading.deck(written(fence, lines, end))
    assert other == reading.deck(written(fence, lines, "\n"))


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_files_changes_nothing(names: list[str]) -> None:
    """A deck depends on its own note alone."""
    documents = {
        name: reading.document(f"# {name}\n\n{reading.pairs(name)}", f"{name}.md") for name in names
    }
    alone = {name: assemble([document]).decks[0] for name, document in documents.items()}
    together = assemble(documents[name] for name in names).decks
    assert together == tuple(alone[name] for name in names)


@given(st.lists(st.text(max_size=30), max_size=12))
def test_any_text_can_be_read(lines: list[str]) -> None:
    """Front matter, fences and prose of any signs raise nothing."""
    for opener in ("---", "```", "```python", "<!-- allow", ""):
        reading.deck("\n".join([opener, *lines, opener[:3], *lines]))


@given(st.text(alphabet="[]{}&*!|>'\"%@`#,:?-a1~\\ux \n\t", max_size=40))
def test_any_front_matter_can_be_read(text: str) -> None:
    """YAML's own corners end in settings or in one stray, never in an exception."""
    deck = reading.deck(f"---\n{text}\n---\n")
    assert all(stray.reason is Reason.FRONT_MATTER for stray in deck.strays[:1])


def test_front_matter_cannot_explode() -> None:
    """Aliases that stand for aliases, and nesting without end, cost next to nothing."""
    bomb = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 40)
    )
    assert reading.deck(f"---\n{bomb}tags: *a39\n---\n").tags == ()
    for text in ("[" * 20_000, "{" * 20_000, "- " * 20_000, "a: &a [*a]", '"\\UFFFFFFFF"'):
        (stray,) = reading.deck(f"---\n{text}\n---\n").strays
        assert stray.reason is Reason.FRONT_MATTER
