"""Markdown in the open becomes the content of a card: each case file says what of which text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outline import outline

from builder import edition
from builder.assemble import snippets
from builder.assemble.body import Body
from builder.edition import (
    SCHEMES,
    STYLES,
    Block,
    Content,
    Footnotes,
    Formula,
    Gap,
    Hyperlink,
    Inline,
    Items,
    Listing,
    Media,
    Paragraph,
    Picture,
    Quote,
    Run,
    Styled,
    Subheading,
    Table,
    Turn,
    Verbatim,
)
from builder.model import Markdown, Place
from builder.render.rich import LONGEST, Page, read
from builder.render.unset import Unset
from builder.render.vault import Vault
from builder.source import Source

HERE = Place("note.md", 1, 1, 1, 1)
IMAGES = {("note.md", "image.png"): Media("m.png", b"")}


def page(text: str, vault: Vault | None = None) -> Page:
    """Return what a text shows; one behind `C: ` is that of a cloze."""
    cloze = text.startswith("C: ")
    body = Body.of("note.md", Source("note.md", text.removeprefix("C: ")).lines)
    markdown = snippets.markdown(body) if body else Markdown("", HERE)
    return read(markdown, images=IMAGES, vault=vault, cloze=cloze)


def shown(text: str, vault: Vault | None = None) -> str:
    """Return the outline of what a text shows, and of what it cannot show."""
    found = page(text, vault)
    return outline(found.content) + "".join(map(told, found.unset))


def told(unset: Unset) -> str:
    """Return a finding as the case files have it."""
    place = unset.place
    span = f"{place.line}:{place.column}-{place.end_line}:{place.end_column}"
    return f"unset {unset.reason} {span} {unset.message}\n"


@cases.parametrize(Path(__file__).parent / "cases")
def test_a_text_shows_what_its_case_says(case: cases.Case) -> None:
    """Blocks, what stands in their lines, and findings."""
    assert shown(case.note.removesuffix("\n")) == case.expected


# ── what is not for case files ───────────────────────────────────────────────────────────────────


def test_control_signs_and_tokens_of_our_own_are_replaced() -> None:
    """Nothing in a text can be taken for what was put aside from it."""
    assert shown("\x1b[31m a\x00 b\u2028c \ufdd00\ufdd2 \ufdd10\ufdd2 \x02wzxhzdk:0\x03") == (
        "paragraph \ufffd[31m a\ufffd b c \ufffd0\ufffd \ufffd0\ufffd \ufffdwzxhzdk:0\ufffd\n"
    )


def test_places_count_from_where_the_text_stands() -> None:
    """The first line by its column too, for a question stands behind its mark."""
    text = "a $\\x{$\n\nb $\\y{$"
    found = read(Markdown(text, Place("n.md", 7, 4, 9, 8)), images={})
    assert [unset.place for unset in found.unset] == [
        Place("n.md", 7, 6, 7, 11),
        Place("n.md", 9, 3, 9, 8),
    ]


def test_a_formula_has_its_mathml() -> None:
    """As it is shown: within a line or on display."""
    line, display = page("$x$ $$x$$").content
    assert isinstance(line, Paragraph)
    assert isinstance(display, Paragraph)
    for paragraph, wanted in ((line, False), (display, True)):
        (formula,) = paragraph.parts
        assert isinstance(formula, Formula)
        assert formula.display is wanted
        assert ('display="block"' in formula.mathml) is wanted


def test_wiki_links_lead_into_the_vault() -> None:
    """Percent-encoded, with their headings; one to the same note needs its path."""
    vault = Vault("a&b", {"note.md": "d/note.md"})
    start = "obsidian://open?vault=a%26b&file="
    assert shown("[[Né#x y|z]] [[#Here]]", vault) == (
        f"paragraph ‹link {start}N%C3%A9%23x%20y z› ‹link {start}d%2Fnote.md%23Here Here›\n"
    )
    assert shown("[[#Here]]", Vault("v")) == "paragraph Here\n"


def test_a_list_that_is_too_deep_is_shown_flat_and_told() -> None:
    """Its marks are text from there on."""
    found = page("> " * 30 + "x")
    assert [unset.reason for unset in found.unset] == ["too-deep"]
    assert outline(found.content).endswith("paragraph " + "> " * 14 + "x\n")


def test_a_text_that_is_too_long_is_shown_as_it_stands() -> None:
    """No card can be learned that has one."""
    found = page("**a**\n" * LONGEST)
    assert outline(found.content).startswith("literal\n  **a**\n")
    assert [unset.reason for unset in found.unset] == ["too-deep"]


# ── laws ─────────────────────────────────────────────────────────────────────────────────────────

laws = settings(deadline=None)  # the first example loads all that Markdown needs
WORDS = [
    "a", "b c", "\n", "\n\n", "  ", "    ", "\t", "- ", "1. ", "> ", "# ", "| a | b |\n|---|---|\n",
    "|", "```", "```py\n", "~~~", "`", "``", "$", "$$", "\\", "**", "*", "_", "==", "~~", "~", "^",
    "[[", "]]", "![[", "image.png", "[", "](", ")", "](http://x.org)", "![", "[^1]", "[^1]: ", "^[",
    "{{c1::", "{{c2::", "::", "}}", "%%", "<!--", "-->", "<b>", "</b>", "<div>", "</div>", "<ul>",
    "<li>", "<table>", "<td>", "<pre>", "</pre>", "<script>", "</script>", "<br>", "<img src=x>",
    "<a href='javascript:x'>", "<details>", "<summary>", "<iframe>", "<input type=checkbox>", "&#",
    "&#60;", "&lt;", "&amp;", "---", "===", "[ ] ", "[x] ", "[!note] ", "https://x.org", "\u2028",
    "\ufdd0", "0", "\ufdd2", "\x02", "\x03", "\x00", "é", "💥", " ^id", "[a]: x\n", "<", ">", "\r",
]  # fmt: skip
TEXTS = st.one_of(st.lists(st.sampled_from(WORDS), max_size=40).map("".join), st.text(max_size=80))


@laws
@given(TEXTS, st.sampled_from(["", "C: "]))
def test_no_text_raises_and_all_keep_the_contract(text: str, mark: str) -> None:
    """Whatever is written, a card holds nothing but what exporters know."""
    found = page(mark + text, Vault("v"))
    check(found.content)
    assert found == page(mark + text, Vault("v"))


@laws
@given(st.text(alphabet="abc .,é\n", max_size=80))
def test_words_without_marks_come_out_whole(text: str) -> None:
    """Plain text is what it is."""
    said = outline(page(text).content).replace("paragraph ", "").replace("‹turn›", " ").split()
    assert [word for word in said if word != "paragraph"] == text.split()


SHOWN = [
    "\n", "\n\n", "  ", "    ", "- ", "1. ", "> ", "# ", "|", "| a | b |\n|---|---|\n", "|---|",
    "`", "``", "```", "```py\n", "$", "$$", "**", "*", "_", "==", "~~", "[", "]", "(", ")", "^[",
    "[^1]", "[^1]: ", "::", "{{", "}}", "<", ">", "&", "<b>", "</b>", "<div>", "</div>", "<ul>",
    "<li>", "<table>", "<tr>", "<td>", "</table>", "<details>", "<summary>", "<pre>", "</pre>",
    "<iframe>", "</script>", "---", "===", "\\", "[ ] ", "[!note] ",
]  # fmt: skip


@laws
@given(st.lists(st.lists(st.sampled_from(SHOWN), max_size=3).map("".join), max_size=12))
def test_no_word_is_lost(marks: list[str]) -> None:
    """Marks may mean anything or nothing, words between them are shown."""
    words = [f"w{number}z" for number in range(len(marks))]
    said = shown("".join(mark + word for mark, word in zip(marks, words, strict=True)))
    assert [word for word in words if word not in said] == []


def check(content: Iterable[Block]) -> None:
    """Assert that content keeps the contract of `edition`."""
    for block in content:
        assert type(block).__module__ == edition.__name__
        for inner in inner_blocks(block):
            check(inner)
        for line in lines(block):
            check_line(line)


def inner_blocks(block: Block) -> Iterator[Content]:
    """Yield what stands in a block."""
    match block:
        case Items(items):
            assert items
            yield from (item.blocks for item in items)
        case Quote(blocks):
            yield blocks
        case Footnotes(notes):
            yield from notes


def lines(block: Block) -> Iterator[Iterable[Inline]]:
    """Yield the lines of a block."""
    match block:
        case Paragraph(parts):
            assert parts
            yield parts
        case Subheading(level, parts):
            assert 1 <= level <= 6
            yield parts
        case Quote(title=title):
            yield title
        case Table(columns, head, rows):
            assert all(len(row) == len(columns) for row in (head, *rows))
            yield from (cell for row in (head, *rows) for cell in row)
        case Listing(listed):
            assert all(isinstance(run.text, str) for line in listed for run in line)


def check_line(parts: Iterable[Inline]) -> None:
    """Assert that what stands within a line keeps the contract."""
    for part in parts:
        match part:
            case Run(text):
                assert text
                assert not set(text) & set("\n\t\x00\x1b\x02\x03\ufdd0\ufdd1\ufdd2")
            case Styled(style, inner):
                assert style in STYLES
                check_line(inner)
            case Hyperlink(target, inner):
                assert target.partition(":")[0].lower() in SCHEMES
                check_line(inner)
            case Gap(number, inner):
                assert number > 0
                check_line(inner)
            case Picture(name):
                assert name == "m.png"
            case Formula(tex):
                assert tex.strip()
            case _:
                assert isinstance(part, Verbatim | Turn)


# ── hostile sizes ────────────────────────────────────────────────────────────────────────────────

LARGE = {
    "a long line": "a" * 1_000_000,
    "quotes": ">" * 10_000,
    "lists in lists": "- " * 5_000 + "x",
    "lists below lists": "\n".join("  " * depth + "- a" for depth in range(200)),
    "five thousand lists": "\n".join("  " * depth + "- a" for depth in range(5_000)),
    "unclosed tags": "<b>" * 10_000,
    "boxes": "<div>" * 9_000,
    "unclosed attributes": "<a " + "a " * 20_000,
    "brackets": "[" * 20_000,
    "images": "![a](" * 9_000,
    "unclosed emphasis": "***a*a*a*a " * 4_000,
    "emphasis in emphasis": "*a **b " * 1_500 + "b** a* " * 1_500,
    "dollars": "$a " * 15_000,
    "ticks": "`a ``b ```c " * 4_000,
    "comments": "<!--" * 12_000,
    "scripts": "<script>" * 6_000,
    "gaps": "C: " + "{{c1::" * 3_000 + "}}" * 3_000,
    "hints": "C: {{c1::" + "::" * 20_000,
    "signs by number": "&#" * 24_000,
    "a wide table": "|a" * 12_000 + "|\n" + "|-" * 12_000 + "|\n",
    "a long table": "|a|b|\n|-|-|\n" + "|x|y|\n" * 8_000,
    "names of links": "".join(f"[a{number}]: b\n\n" for number in range(4_500)),
    "footnotes": "".join(f"[^{number}]: b\n\n" for number in range(4_500)),
    "footnotes in footnotes": "^[a" * 15_000,
    "addresses": "http://a.b " * 4_500,
    "lines": "a\n" * 24_000,
    "backslashes": "\\" * 49_000,
    "stars": "*" * 49_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_no_text_takes_minutes(name: str) -> None:
    """Each takes a second or two at most, so twenty are a sign of something quadratic."""
    text = LARGE[name]
    markdown = Markdown(text.removeprefix("C: "), HERE)
    begun = time.perf_counter()
    found = read(markdown, images={}, cloze=text.startswith("C: "))
    assert time.perf_counter() - begun < 20
    check(block for block in found.content if not isinstance(block, edition.Prose))
