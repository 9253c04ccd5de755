"""Reading a sheet back: what it says, where its characters stand, and what a reader is told."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pdfplumber
import pypdf

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
LETTER = (612, 792)
GUTTER, SIDE, FOOT = 5.6 * MM, 10 * MM, 15 * MM


def reader(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def about(content: bytes) -> pypdf.DocumentInformation:
    found = reader(content).metadata
    assert found is not None
    return found


def lines(content: bytes) -> list[str]:
    """The lines that one gets when one copies all text, page by page."""
    return [line for page in reader(content).pages for line in page.extract_text().split("\n")]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def size(content: bytes) -> tuple[float, float]:
    box = reader(content).pages[0].mediabox
    return float(box.width), float(box.height)


def columns(width: float, height: float) -> list[tuple[float, float]]:
    """The left and right edges of a page's columns."""
    count = 3 if width > height else 2
    each = (width - 2 * SIDE - (count - 1) * GUTTER) / count
    starts = [SIDE + i * (each + GUTTER) for i in range(count)]
    return [(start, start + each) for start in starts]


def column_of(char: dict[str, Any], edges: list[tuple[float, float]]) -> int | None:
    for i, (left, right) in enumerate(edges):
        if left - 0.1 <= char["x0"] and char["x1"] <= right + 0.1:
            return i
    return None


def _size_of_most(found: list[dict[str, Any]]) -> float:
    sizes = [round(char["size"], 2) for char in found]
    return max(set(sizes), key=sizes.count, default=0.0)


@lru_cache(maxsize=2)
def chars(content: bytes) -> list[dict[str, Any]]:
    """All characters but the title's and the footers', with their column (None: in none)."""
    found = []
    with pdfplumber.open(io.BytesIO(content)) as book:
        for page in book.pages:
            edges = columns(page.width, page.height)
            end = page.height - FOOT + 1
            title = 1.6 * _size_of_most(page.chars)
            for char in page.chars:
                footer = end < char["top"] < page.height
                if char["size"] < title and not footer:
                    inside = char["top"] >= 9 * MM and char["bottom"] <= end
                    column = column_of(char, edges) if inside else None
                    found.append({**char, "column": column})
    return found


def outside(content: bytes) -> list[str]:
    """The characters that stand in no column."""
    return [char["text"] for char in chars(content) if char["column"] is None]


def homes(content: bytes) -> dict[str, tuple[int, int | None]]:
    """Page and column of each word that is a letter and a number."""
    found: dict[str, tuple[int, int | None]] = {}
    word = ""
    for char in chars(content):
        starts = char["text"].isalpha()
        word = char["text"] if starts else word + char["text"]
        if re.fullmatch(r"[a-zA-Z]\d+", word):
            found[word] = (char["page_number"], char["column"])
    return found


def split_cards(content: bytes, count: int) -> list[int]:
    """The cards of `small_cards` whose first and last word stand in different columns."""
    home = homes(content)
    return [i for i in range(count) if home[f"q{i}"] != home[f"e{i}"]]


def outline(content: bytes) -> list[tuple[int, str, int]]:
    """Depth, title and page number of each bookmark."""
    book = reader(content)

    def walk(entries: Any, depth: int) -> Iterator[tuple[int, str, int]]:
        for entry in entries:
            if isinstance(entry, list):
                yield from walk(entry, depth + 1)
            else:
                page = book.get_destination_page_number(entry)
                assert page is not None
                yield depth, str(entry.title), page

    return list(walk(book.outline, 1))


def assert_accessible(content: bytes) -> None:
    root: Any = reader(content).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
