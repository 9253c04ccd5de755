"""How a sheet is asked for: its pages, its paper, the size of its text; its volumes and answers."""

from __future__ import annotations

import ast
import io
from typing import Any

import pdfplumber
import pytest
import written
from sheets import about, assert_accessible, outline, outside, reader, size
from views import code, edition_of, question

from builder.edition import DeckView
from builder.export import pdf
from builder.export.pdf import volumes
from builder.export.pdf.answers import answers


def small_deck(count: int, section: int = 30) -> DeckView:
    """Return a deck with sections of so many cards."""
    cards = [
        question(f"q{i} What?", f"one\ntwo e{i}", section=f"S{i // section}") for i in range(count)
    ]
    return edition_of(*cards).decks[0]


def pages(content: bytes) -> int:
    return len(reader(content).pages)


def body_size(content: bytes) -> float:
    """The size of most text on the first page."""
    with pdfplumber.open(io.BytesIO(content)) as book:
        sizes = [round(char["size"], 2) for char in book.pages[0].chars]
    return max(set(sizes), key=sizes.count)


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("count", "wanted"), [(30, 1), (40, 1), (100, 3), (300, 7), (300, 8), (300, 9)]
)
def test_the_asked_number_of_pages_is_met(count: int, wanted: int) -> None:
    """The text is as large as so many pages allow."""
    (artefact,), found = pdf.export(small_deck(count), pages=wanted)
    assert found == ()
    assert pages(artefact.content) == wanted
    assert outside(artefact.content) == []
    assert 7 <= body_size(artefact.content) <= 12


def test_larger_text_would_need_more_pages() -> None:
    """A quarter of a point more, and there is one page too many."""
    (artefact,), _ = pdf.export(small_deck(150), pages=2)
    chosen = body_size(artefact.content)
    for landscape in (False, True):
        (larger,), _ = pdf.export(small_deck(150), font_size=chosen + 0.25, landscape=landscape)
        assert pages(larger.content) > 2


@pytest.mark.parametrize(
    ("wanted", "had", "hint"),
    [
        (1, 11, "for 1 its text would have to be smaller than 7 pt"),
        (90, 15, "for 90 its text would have to be larger than 12 pt"),
    ],
)
def test_a_number_of_pages_that_cannot_be_is_remarked(wanted: int, had: int, hint: str) -> None:
    """The sheet comes as near as text allows that one can read, and says so at its first card."""
    deck = small_deck(500)
    (artefact,), (found,) = pdf.export(deck, pages=wanted)
    assert isinstance(found, pdf.Remark)
    assert (found.place, found.hint) == (deck.cards[0].place, hint)
    assert found.message == f"the sheet has {pages(artefact.content)} pages instead of {wanted}"
    assert abs(pages(artefact.content) - had) <= 3


def test_a_card_that_is_longer_than_a_page_is_fitted_too() -> None:
    """The plan may be a page short of it; the sheet is not."""
    long = "\n".join(f"line {i}" for i in range(260))
    deck = edition_of(question("Before?"), question("Long?", long), question("After?")).decks[0]
    (artefact,), found = pdf.export(deck, pages=2)
    assert (pages(artefact.content), found) == (2, ())


def test_the_size_of_the_text_is_the_one_asked_for() -> None:
    """With a number of pages it is the largest that may be."""
    for asked, given in ((9.5, {}), (7.5, {"pages": 1})):
        (artefact,), _ = pdf.export(small_deck(20), font_size=asked, **given)  # type: ignore[arg-type]
        assert body_size(artefact.content) == asked


@pytest.mark.parametrize("landscape", [False, True])
@pytest.mark.parametrize("wanted", [None, 1, 2])
def test_the_paper_is_turned_as_asked(landscape: bool, wanted: int | None) -> None:
    (artefact,), _ = pdf.export(small_deck(60), landscape=landscape, pages=wanted)
    width, height = size(artefact.content)
    assert (width > height) == landscape


@pytest.mark.parametrize("wanted", [1, 2])
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_rich_cards_fill_the_asked_pages_as_well(paper: pdf.Paper, wanted: int) -> None:
    """What is measured for the plan is what is set: pictures, tables and formulas, too."""
    (artefact,), found = pdf.export(
        written.DEMONSTRATION, media=written.MEDIA, paper=paper, pages=wanted, formulas=True
    )
    assert found == ()
    assert pages(artefact.content) == wanted


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def attached(content: bytes) -> dict[str, str]:
    return {name: one[0].decode() for name, one in reader(content).attachments.items()}


def test_the_answers_in_code_are_attached() -> None:
    """One file has them all in order, each under its title, and it parses."""
    sources = ("def f(x):\n\treturn x", "class A:\n    '''漢 \\u202e'''\n\n\nA()")
    deck = edition_of(
        code("First\none", sources[0]), question("Prose?"), code("Second", sources[1])
    ).decks[0]
    (artefact,), _ = pdf.export(deck)
    wanted = f"# 1. First one\n{sources[0]}\n\n\n# 2. Second\n{sources[1]}\n"
    assert attached(artefact.content) == {"deck.py": wanted}
    assert len(ast.parse(wanted).body) == 3


def test_answers_are_exact_where_paper_is_not() -> None:
    """Signs that no font has are in the file as they are."""
    deck = edition_of(code("Signs", "x = '漢\u202e'")).decks[0]
    (artefact,), found = pdf.export(deck)
    assert len(found) == 1
    assert attached(artefact.content)["deck.py"] == "# 1. Signs\nx = '漢\u202e'\n"


def test_a_deck_without_code_has_no_attachment() -> None:
    (artefact,), _ = pdf.export(small_deck(2))
    assert attached(artefact.content) == {}
    assert answers(small_deck(2)) == ""


# ── volumes ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def thin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Volumes of forty cards."""
    monkeypatch.setattr(volumes, "MOST_CARDS", 40)


def test_decks_are_whole_up_to_a_limit() -> None:
    """A deck of two thousand cards is one sheet, and one more card makes it two."""
    assert [len(one.cards) for one in volumes.volumes(small_deck(2000))] == [2000]
    assert [one.name for one in volumes.volumes(small_deck(2001))] == ["deck-1", "deck-2"]


@pytest.mark.parametrize("count", [41, 100, 161, 399])
@pytest.mark.parametrize("section", [1, 7, 30, 1000])
@pytest.mark.usefixtures("thin")
def test_volumes_have_all_cards_in_order(count: int, section: int) -> None:
    """None is too large, and none is much smaller than others."""
    deck = small_deck(count, section)
    parts = volumes.volumes(deck)
    assert tuple(card for part in parts for card in part.cards) == deck.cards
    sizes = [len(part.cards) for part in parts]
    assert len(parts) == -(-count // 40)
    assert max(sizes) <= 40
    assert min(sizes) >= 0.5 * max(sizes)


@pytest.mark.usefixtures("thin")
def test_volumes_start_with_a_section_if_one_is_near() -> None:
    starts = [part.cards[0].title for part in volumes.volumes(small_deck(110, 12))]
    assert [int(title.split()[0][1:]) % 12 for title in starts] == [0, 0, 0]


@pytest.mark.usefixtures("thin")
def test_each_volume_is_a_sheet_of_its_own() -> None:
    """It says which of how many it is, and has the outline and the findings of its own cards."""
    deck = small_deck(79)
    odd = (*deck.cards, question("漢?", section="S2"))
    artefacts, found = pdf.export(DeckView("Many", "many", odd))
    assert [artefact.name for artefact in artefacts] == ["many-1.pdf", "many-2.pdf"]
    assert [getattr(one, "characters", "") for one in found] == ["漢"]
    for number, artefact in enumerate(artefacts, 1):
        assert_accessible(artefact.content)
        assert about(artefact.content).title == "Many"
        for page in reader(artefact.content).pages:
            assert f"Many · volume {number} of 2" in page.extract_text()
    assert sum(depth == 2 for one in artefacts for depth, *_ in outline(one.content)) == 80


@pytest.mark.usefixtures("thin")
def test_volumes_are_the_same_bytes_each_time() -> None:
    """A process of its own makes no difference."""
    deck = small_deck(50)
    assert pdf.export(deck) == pdf.export(deck)


@pytest.mark.usefixtures("thin")
def test_volumes_share_the_asked_pages() -> None:
    artefacts, found = pdf.export(small_deck(80), pages=2)
    assert [pages(artefact.content) for artefact in artefacts] == [1, 1]
    assert found == ()


@pytest.mark.usefixtures("thin")
def test_what_fails_in_a_process_fails_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the last line that the process wrote."""
    monkeypatch.setattr(volumes, "_SCRIPT", "raise SystemExit('no paper')")
    with pytest.raises(RuntimeError, match="no paper"):
        pdf.export(small_deck(50))


def test_options_are_those_of_the_build() -> None:
    """Whoever knows how a sheet is asked for has them by name."""
    looks: dict[str, Any] = {
        "paper": "letter", "pages": 1, "landscape": True, "font_size": 9.0, "formulas": True,
    }  # fmt: skip
    (artefact,), _ = pdf.export(small_deck(3), media=(), timestamp=0, **looks)
    assert size(artefact.content) == (792, 612)
