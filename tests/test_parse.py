"""Markdown is cut into blocks: total, and nothing is lost."""

from __future__ import annotations

import pytest
import reading
from hypothesis import given
from hypothesis import strategies as st

from builder.parse import Blank, Comment, Document, Fence, FrontMatter, Heading, Prose

# Lines that mean something to the grammar, so that random texts reach its corners.
LINES = st.sampled_from([
    "", "  ", "\t", "text", "   text", "    text", "---", "---  ", "...", "- - -",
    "```", "````", "`````", "~~~", "~~~~", "  ```", "    ```", "```python", "``` a`b", "~~~ a`b",
    "# T", "## S ##", "###", "####### no", "#no", "   # T", "    # T", "<!--", "-->", "<!-- a -->",
    "<!-->", "text <!-- a", "  <!-- b", "Q: a", "A: b", "\x0c", "\u2028", "é",
])  # fmt: skip
MARKDOWN = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(LINES, max_size=20),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)


def kinds(text: str) -> list[str]:
    """Return the names of the blocks of a text, without the blank ones."""
    blocks = reading.document(text).blocks
    return [type(block).__name__ for block in blocks if not isinstance(block, Blank)]


def only(document: Document, kind: type) -> list:  # type: ignore[type-arg]
    """Return the blocks of one kind."""
    return [block for block in document.blocks if isinstance(block, kind)]


@given(st.one_of(st.text(), MARKDOWN))
def test_blocks_tile_the_text(text: str) -> None:
    """Whatever comes in, the lines of the blocks give it back, and no block is empty."""
    document = reading.document(text)
    lines = [line for block in document.blocks for line in block.lines]
    assert tuple(lines) == document.source.lines
    assert "".join(line.text + line.end for line in lines) == text
    assert all(block.lines for block in document.blocks)


@given(MARKDOWN)
def test_a_body_is_part_of_its_block(text: str) -> None:
    """A fence holds its opener, its body, and its closer where there is one."""
    for block in only(reading.document(text), Fence):
        assert block.lines[1 : 1 + len(block.body)] == block.body
        assert len(block.lines) == 1 + len(block.body) + block.closed
    for block in only(reading.document(text), FrontMatter):
        assert block.lines[1:-1] == block.body


@given(MARKDOWN)
def test_the_kind_of_line_end_changes_no_block(text: str) -> None:
    """CR LF, LF and CR mean the same."""
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    assert kinds(text) == kinds(unix)


@pytest.mark.parametrize(
    ("text", "info", "body", "closed"),
    [
        ("```\na\n```", "", ["a"], True),
        ("~~~\n```\n~~~", "", ["```"], True),
        ("```\n~~~\n```", "", ["~~~"], True),
        ("```\na\n`````", "", ["a"], True),
        ("````\n```\n````", "", ["```"], True),
        ("```\n``` python\n```", "", ["``` python"], True),
        ("```  python {x=1}  \na\n```", "python {x=1}", ["a"], True),
        ("~~~ a`b\n~~~", "a`b", [], True),
        ("   ```\n   a\n  ```  ", "", ["   a"], True),
        ("```\na\n    ```\n```", "", ["a", "    ```"], True),
        ("```\n\na\n", "", ["", "a"], False),
        ("```", "", [], False),
    ],
)
def test_fences(text: str, info: str, body: list[str], closed: bool) -> None:
    """A fence runs up to a closing run of its own sign that is at least as long."""
    (fence,) = only(reading.document(text), Fence)
    assert (fence.info, [line.text for line in fence.body], fence.closed) == (info, body, closed)


@pytest.mark.parametrize("text", ["    ```\n", "``\n", "``` a`b\n", "~~\n", "a ```\n"])
def test_what_opens_no_fence(text: str) -> None:
    """Four blanks, two signs, or a backtick in the info string after backticks."""
    assert kinds(text) == ["Prose"]


@pytest.mark.parametrize(
    ("line", "level", "title"),
    [
        ("# T", 1, "T"),
        ("###### T", 6, "T"),
        ("   ##\tT  ", 2, "T"),
        ("## T ##", 2, "T"),
        ("## T #  ", 2, "T"),
        ("## T#", 2, "T#"),
        ("## C# # b", 2, "C# # b"),
        ("##", 2, ""),
        ("## ##", 2, ""),
        ("## [[x]] `y`", 2, "[[x]] `y`"),
    ],
)
def test_headings(line: str, level: int, title: str) -> None:
    """Up to three blanks, one to six signs, a blank; a closing run is no part of the title."""
    (heading,) = reading.document(line).blocks
    assert isinstance(heading, Heading)
    assert (heading.level, heading.title) == (level, title)
    assert line[heading.start :].startswith(title)


@pytest.mark.parametrize("line", ["#T", "####### T", "    # T", "\\# T", "-# T"])
def test_what_is_no_heading(line: str) -> None:
    """A tag such as `#T`, seven signs, or four blanks."""
    assert kinds(line) == ["Prose"]


@pytest.mark.parametrize(
    ("text", "inside", "closed"),
    [
        ("<!-- a -->", "a", True),
        ("<!--\na\n\n# b\n-->", "a\n\n# b", True),
        ("<!-- a\n```\n", "a\n```", False),
    ],
)
def test_comments(text: str, inside: str, closed: bool) -> None:
    """A comment starts a line, and runs up to the line that closes it."""
    (comment,) = reading.document(text).blocks
    assert isinstance(comment, Comment)
    assert (comment.text, comment.closed) == (inside, closed)


def test_front_matter_stands_at_the_top_only() -> None:
    """Elsewhere a `---` is a rule, and one without a second is none either."""
    assert kinds("---\na: b\n---\n# T") == ["FrontMatter", "Heading"]
    assert kinds("---\na: b\n...\n# T") == ["FrontMatter", "Heading"]
    assert kinds("\n---\na: b\n---\n") == ["Prose"]
    assert kinds("---\na: b\n") == ["Prose"]
    assert kinds("--- a\n---\n") == ["Prose"]


def test_prose_ends_where_a_construct_begins() -> None:
    """A fence, a heading and a comment need no blank line in front of them."""
    text = "a\nb\n```\nc\n```\nd\n# e\nf\n<!-- g -->\nh"
    assert kinds(text) == [
        "Prose", "Fence", "Prose", "Heading", "Prose", "Comment", "Prose",
    ]  # fmt: skip
    (first, *_) = only(reading.document(text), Prose)
    assert [line.text for line in first.lines] == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "<!--\n" * 50_000,
        "<!-- x -->\n" * 50_000,
        "```x`\n" * 50_000,
        "```\n" * 50_001,
        "#\n" * 50_000,
        "---\n" * 50_000,
        "text\n" * 50_000,
        "# a" + " " * 50_000 + "b",
        "# " + "# " * 50_000,
        "`" * 200_000 + "x`",
        " " * 200_000 + "x",
        "[[" * 50_000,
        "[[a|" * 50_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_hostile_text_ends(text: str) -> None:
    """What would take quadratic time or worse would still be at work tomorrow."""
    reading.deck(text)
