"""Bytes become text with positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.source import Source, UnreadableError, decode


def test_a_byte_order_mark_is_taken_off() -> None:
    """Columns count from the first visible character, and a mark elsewhere is text."""
    assert decode("n", b"\xef\xbb\xbf# T\n").text == "# T\n"
    assert decode("n", "a\ufeff".encode()).text == "a\ufeff"


def test_three_kinds_of_line_end_and_no_others() -> None:
    """LF, CR LF and CR end a line; what Unicode and Python take for one as well does not."""
    text = "a\nb\r\nc\rd\x0be\x0cf\x1cg\x85h\u2028i\u2029j"
    lines = Source("n", text).lines
    assert [line.text for line in lines] == ["a", "b", "c", text[7:]]
    assert [line.end for line in lines] == ["\n", "\r\n", "\r", ""]
    assert [line.number for line in lines] == [1, 2, 3, 4]


def test_the_last_line_needs_no_end() -> None:
    """A text that ends with a line end has no empty line behind it."""
    assert [line.text for line in Source("n", "a\n").lines] == ["a"]
    assert [line.text for line in Source("n", "a").lines] == ["a"]
    assert [line.text for line in Source("n", "\n\n").lines] == ["", ""]
    assert Source("n", "").lines == ()


@given(st.text(alphabet=st.sampled_from("a\n\r\x0b\x85\u2028é"), max_size=40))
def test_lines_tile_the_text(text: str) -> None:
    """Joined with their ends the lines are the text, and each starts where the last one stops."""
    lines = Source("n", text).lines
    assert "".join(line.text + line.end for line in lines) == text
    assert [line.start for line in lines[1:]] == [line.stop for line in lines[:-1]]
    assert all(text[line.start : line.stop] == line.text + line.end for line in lines)


@given(st.text(alphabet=st.sampled_from("a\n\ré"), min_size=1, max_size=40), st.data())
def test_a_position_names_its_character(text: str, data: st.DataObject) -> None:
    """Line and column lead back to the offset."""
    source = Source("n", text)
    offset = data.draw(st.integers(0, len(text) - 1))
    line, column = source.position(offset)
    assert source.lines[line - 1].start + column - 1 == offset


def test_places_count_characters_from_one() -> None:
    """A place is a line, a column, and an exclusive end."""
    place = Source("n.md", "é日\nabc\n").place(1, 6)
    assert (place.file, place.line, place.column, place.end_line, place.end_column) == (
        "n.md", 1, 2, 2, 4,
    )  # fmt: skip


def test_an_empty_text_has_a_first_position() -> None:
    """Even a note of no bytes can be pointed at."""
    assert Source("n", "").position(0) == (1, 1)


def test_a_nul_is_no_text() -> None:
    """Binary files are known by it; the offset counts the mark at the start of the file."""
    with pytest.raises(UnreadableError, match=r"NUL byte at offset 1: this is no text file"):
        decode("n", b"a\0b")
    with pytest.raises(UnreadableError, match=r"offset 4"):
        decode("n", b"\xef\xbb\xbfa\0b")


@pytest.mark.parametrize(
    ("content", "byte", "line"),
    [
        (b"a\nb\xff\n", "0xff", 2),
        (b"\xe9", "0xe9", 1),
        (b"a\r\nb\r\n\xc3", "0xc3", 3),
        (b"a\rb\r\xc3(", "0xc3", 3),
        (b"\xed\xa0\x80", "0xed", 1),
    ],
)
def test_what_is_not_utf_8_is_named_with_its_line(content: bytes, byte: str, line: int) -> None:
    """The message says which byte, in which line, and what to do."""
    with pytest.raises(UnreadableError) as caught:
        decode("n", content)
    assert str(caught.value) == (f"byte {byte} in line {line} is not UTF-8: save the note as UTF-8")


@given(st.binary(max_size=60))
def test_decoding_gives_text_or_says_why_not(content: bytes) -> None:
    """No bytes raise anything else, and text is kept as it stands."""
    try:
        source = decode("n", content)
    except UnreadableError:
        return
    assert source.text.encode() == content.removeprefix(b"\xef\xbb\xbf")
