"""The cheat sheet, read back with PDF readers: what it says, where it stands, how it looks."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from sheets import (
    A4,
    LETTER,
    MM,
    about,
    assert_accessible,
    chars,
    columns,
    homes,
    lines,
    outline,
    outside,
    reader,
    size,
    split_cards,
    squeezed,
)

from builder.edition import CardView, DeckView, Listing, Prose
from builder.export import pdf
from builder.export.pdf import looks, press
from builder.model import Bank, Card, Code, Deck, Place, Text
from builder.render import render

ROOT = Path(__file__).parents[2]

QUESTION = re.compile(r"(?m)^Q: (.*)\nA: ((?:(?!```|Q:).*\S.*\n)+)")
PROGRAM = re.compile(r"(?m)^# \d+\. (.*)\n((?:(?!```|# \d).*\n)+)")

HOSTILE = (
    '#read("/etc/passwd")',
    "#{ 1 + 1 } #eval(x) #sys.inputs",
    "$x$ and $$y$$",
    "*b* _i_ **s**",
    "@ref <label>",
    r"\ and \n and \u{41} and \#",
    "`raw` and ```block```",
    "// comment /* c */",
    "https://example.org/a/b?c=d#e",
    "- item",
    "+ item",
    "= head",
    "/ term: x",
    "~ -- --- ... \"double\" 'single' #",
    "[[x]] {y} (z",
    "</script><b>&amp;</b>",
    "fi ffi fl -> => != <= :: www",
    "∇ ∂ ∑ ∏ ⊙ ℝ ≤ ≥ ∈ ∀ → ⇒ ² σ ½",
)

# ── decks ────────────────────────────────────────────────────────────────────────────────────────


def question(ask: str, answer: str, section: str = "", line: int = 1) -> Card:
    place = Place("bank.md", line, 1, line + 1, 1)
    return Card(ask, Text(answer, place), section, place, place, key=ask)


def program(ask: str, source: str, section: str = "", line: int = 1) -> Card:
    place = Place("bank.md", line, 1, line + 1, 1)
    return Card(ask, Code(source, place), section, place, place, key=ask)


def deck_of(*cards: Card, title: str = "A deck", tags: tuple[str, ...] = ()) -> DeckView:
    return render(Bank((Deck(title, "bank.md", tags, cards),)), {}).decks[0]


def small_cards(count: int) -> list[Card]:
    """Cards whose first and last word tell which card they belong to."""
    return [
        question(f"q{i} What?", f"One = two\nthree e{i}", f"Part {i // 30}") for i in range(count)
    ]


def users_cards() -> Iterator[Card]:
    """The cards of the user's own bank: as little of a reader as that one file needs."""
    note = (ROOT / "tests" / "data" / "original-bank.md").read_text(encoding="utf-8")
    for part in note.split("\n## ")[1:]:
        section, _, rest = part.partition("\n")
        for ask, answer in QUESTION.findall(rest):
            yield question(ask, re.sub(r"(?m)^ {3}", "", answer.rstrip("\n")), section)
        for ask, source in PROGRAM.findall(rest):
            yield program(ask, source.strip("\n"), section)


@cache
def users_deck() -> DeckView:
    deck = deck_of(*users_cards(), title="Interview Question Bank (Guide)", tags=("ml",))
    assert len(deck.cards) == 15
    return deck


@cache
def users_sheet() -> bytes:
    return sheet(users_deck())


def sheet(deck: DeckView, **options: Any) -> bytes:
    (artefact,), findings = pdf.export(deck, **options)
    assert findings == ()
    return artefact.content


def answer_of(card: CardView) -> list[str]:
    (block,) = card.answer
    assert isinstance(block, Prose | Listing)
    return ["".join(run.text for run in line) for line in block.lines]


Change = Callable[[str, str], None]
MAY_BREAK = "breakable: plan.oversize.at(i)"


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """Change the template, to prove that a check can fail."""

    def change_it(old: str, new: str) -> None:
        files = [(name, content.decode()) for name, content in press.template()]
        assert sum(content.count(old) for _, content in files) == 1
        changed = tuple((name, content.replace(old, new).encode()) for name, content in files)
        monkeypatch.setattr(press, "template", lambda: changed)
        pdf._typeset.cache_clear()

    yield change_it
    pdf._typeset.cache_clear()


# ── what it says ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_every_line_of_the_users_bank_can_be_copied(paper: pdf.Paper) -> None:
    """Sections, questions, answers and programs stand in the sheet's text line by line."""
    found = lines(sheet(users_deck(), paper=paper))
    wrapped = []
    for card in users_deck().cards:
        assert card.section in found
        assert card.title in found
        wrapped += [line for line in answer_of(card) if line not in found]
    assert [squeezed(line)[:8] for line in wrapped] == ["x_padded"]
    assert squeezed(wrapped[0]) in squeezed("".join(found))


def test_copied_code_keeps_its_indentation() -> None:
    """A program that fits its column comes out as it went in, blanks included."""
    source = 'class A:\n    def f(self):\n        if self:\n\n            return "a  b"'
    found = lines(sheet(deck_of(program("Write A", source))))
    start = found.index("class A:")
    wanted = [line for line in source.split("\n") if line]
    assert found[start : start + len(wanted)] == wanted


def test_a_tab_is_shown_as_blanks() -> None:
    """Tabs go to every fourth column, since paper has no tabs."""
    found = lines(sheet(deck_of(program("Tabs", "if x:\n\ty = 1\nab\tc = 2"))))
    assert {"    y = 1", "ab  c = 2"} <= set(found)


def test_a_long_code_line_wraps_without_a_trace_in_the_copied_text() -> None:
    """The pieces of a wrapped line joined are the line, with its indentation and nothing more."""
    line = "    total = " + " + ".join(f"weights[{i}]" for i in range(20))
    blob = "    blob = '" + "x" * 200 + "'"
    content = sheet(deck_of(program("Long", f"def f():\n{line}\n{blob}\n    return total")))
    found = lines(content)
    joined = "".join(found[found.index("def f():") + 1 : found.index("    return total")])
    assert joined == line + blob


def test_a_wrapped_code_line_hangs_and_is_marked() -> None:
    """The second piece starts deeper than the line, right of a sign that is drawn, not written."""
    content = sheet(deck_of(program("Long", "x = [" + "1, " * 30 + "]")))
    with pdfplumber.open(io.BytesIO(content)) as book:
        page = book.pages[0]
        first, second = (row for row in page.extract_text_lines() if "1, 1" in row["text"])
        signs = [sign for sign in (*page.curves, *page.lines) if sign["width"] < 6]
    assert first["x0"] + 3 < second["x0"]
    assert signs
    for sign in signs:
        assert first["x0"] < sign["x0"] <= sign["x1"] < second["x0"]
        assert second["top"] <= sign["top"] <= sign["bottom"] <= second["bottom"]


def test_hostile_text_comes_out_literally() -> None:
    """Whatever looks like markup, a path or code for the typesetter is only text."""
    answer = "\n".join(HOSTILE)
    cards = [question(text, answer, text) for text in HOSTILE]
    content = sheet(deck_of(*cards, program("Code", answer, "#sec"), title=HOSTILE[0]))
    found = lines(content)
    for text in HOSTILE:  # in each answer and in the code, as a section and as a question
        assert found.count(text) >= len(HOSTILE) + 3
    assert about(content).title == HOSTILE[0]
    assert "root:" not in "".join(found)


def test_prose_keeps_its_lines_and_leading_blanks() -> None:
    """Literal text stands as it is written: its lines, the blanks before and inside them."""
    found = lines(sheet(deck_of(question("Q?", "one\n   two\n\n      three   four"))))
    start = found.index("one")
    assert found[start : start + 3] == ["one", "   two", "      three   four"]


def test_the_evidence_stands_under_its_program() -> None:
    """A verified program says so after its last line."""
    deck = deck_of(program("Write f", "def f():\n    return 1"))
    card = replace(deck.cards[0], evidence="verified: softmax, one vector")
    found = lines(sheet(replace(deck, cards=(card,))))
    assert found[found.index("    return 1") + 1] == "verified: softmax, one vector"


def test_title_and_page_number_stand_on_every_page() -> None:
    """Each page says which sheet it belongs to and how many pages there are."""
    pages = reader(sheet(deck_of(*small_cards(150), title="Many cards"))).pages
    assert len(pages) > 1
    for i, page in enumerate(pages, 1):
        assert f"Many cards {i} / {len(pages)}" in page.extract_text()


# ── characters that no font has ──────────────────────────────────────────────────────────────────


def test_missing_characters_are_replaced_and_reported_at_their_card() -> None:
    """A sheet with signs that no font has is made all the same, and says what is missing where."""
    deck = deck_of(
        question("Plain?", "yes", line=3),
        question("漢字?", "a 😀 b 😀", line=9),
        program("Code", "x = '한'  # 字", line=20),
    )
    (artefact,), findings = pdf.export(deck)
    assert [(f.characters, f.place.line) for f in findings] == [("字漢😀", 9), ("字한", 20)]
    found = lines(artefact.content)
    assert {"\ufffd\ufffd?", "a \ufffd b \ufffd", "x = '\ufffd'  # \ufffd"} <= set(found)
    assert_accessible(artefact.content)


def test_a_missing_character_of_a_heading_is_reported_at_the_next_card() -> None:
    """Title and section have no place of their own: the first card below stands for them."""
    cards = [question(f"Q{i}?", "a", "部", line=i) for i in (1, 2)]
    (artefact,), findings = pdf.export(deck_of(*cards, title="題"))
    assert [(f.characters, f.place.line) for f in findings] == [("部題", 1)]
    assert about(artefact.content).title == "題"


def test_text_that_turns_other_text_around_is_made_visible() -> None:
    """A direction override can't make code on paper read differently from the code that runs."""
    (artefact,), findings = pdf.export(deck_of(program("Code", "x = 'a\u202edcb\u202c'", line=5)))
    assert [(f.characters, f.place.line) for f in findings] == [("\u202c\u202e", 5)]
    assert "x = 'a\ufffddcb\ufffd'" in lines(artefact.content)


def test_an_error_of_another_kind_is_not_swallowed(change: Change) -> None:
    """Only missing glyphs are mended; a fault of the template is an error, not an endless loop."""
    change("#let gutter = 5.6mm", "#let gutter = 5.6mm + true")
    with pytest.raises(RuntimeError, match="cannot add"):
        pdf.export(deck_of(question("Q?", "a")))


# ── where it stands ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("count", "landscape"), [(2, False), (3, True)])
def test_a_thousand_cards_stay_whole_and_inside(count: int, landscape: bool) -> None:
    """In two or three columns no card is split, and nothing sticks out."""
    deck = deck_of(*small_cards(1000))
    content = sheet(deck, landscape=landscape)
    assert len(columns(*size(content))) == count
    assert outside(content) == []
    assert split_cards(content, 1000) == []


def test_the_check_for_split_cards_can_fail(change: Change) -> None:
    """Were cards allowed to break, the check above would see it."""
    change(MAY_BREAK, "breakable: true")
    assert split_cards(sheet(deck_of(*small_cards(150))), 150) != []


LONG = {
    "words": question("W" * 90, "ab " + "W" * 300, "S" * 90),
    "glued words": question("Q?", "\u00a0".join(["glue"] * 60)),
    "code": program("Long", "x = '" + "y" * 300 + "'"),
}


@pytest.mark.parametrize("card", LONG.values(), ids=LONG)
def test_what_is_longer_than_a_line_stays_in_its_column(card: Card) -> None:
    """Endless words and code lines are broken, and nothing of them is lost."""
    content = sheet(deck_of(card))
    answer = card.answer.text if isinstance(card.answer, Text) else card.answer.source
    assert outside(content) == []
    assert squeezed(card.section + card.question + answer) in squeezed("".join(lines(content)))


def test_a_line_of_ten_thousand_characters_is_set_too() -> None:
    """Typst ends a loop of so many rounds; a line of data is no reason to fail."""
    text = "".join(lines(sheet(deck_of(program("Long", "x = '" + "y" * 12_000 + "'")))))
    assert text.count("y") == 12_000


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("words", "map(text).join(nick)", "map(text).join()"),
        ("code", "if it.text.len() <= cells", "if true"),
    ],
)
def test_the_check_for_text_outside_can_fail(name: str, old: str, new: str, change: Change) -> None:
    """Were long text not broken, the check above would see it."""
    change(old, new)
    assert outside(sheet(deck_of(LONG[name]))) != []


def oversize_deck() -> DeckView:
    code = "\n".join(f"line_{i:03} = {i}" for i in range(200))
    prose = "\n".join(f"Sentence {i:03}." for i in range(200))
    return deck_of(
        question("Before?", "yes", "Part"),
        program("Code", code, "Part"),
        question("Prose?", prose, "Next"),
        question("After?", "yes", "Next"),
    )


def test_a_card_taller_than_a_column_breaks_between_lines() -> None:
    """Every line of it is there, whole and inside a column."""
    content = sheet(oversize_deck())
    found = lines(content)
    for i in range(200):
        assert found.count(f"line_{i:03} = {i}") == 1
        assert found.count(f"Sentence {i:03}.") == 1
    assert outside(content) == []


def test_the_check_for_clipped_cards_can_fail(change: Change) -> None:
    """Were such a card not allowed to break, the check above would see it."""
    change(MAY_BREAK, "breakable: false")
    assert outside(sheet(oversize_deck())) != []


def test_a_section_stays_with_its_first_card() -> None:
    """No section's bar stands alone at the end of a column."""
    cards = [question(f"q{i} What?", "one\ntwo\nthree", f"S{i}") for i in range(120)]
    home = homes(sheet(deck_of(*cards)))
    assert len(set(home.values())) > 3
    assert [i for i in range(120) if home[f"S{i}"] != home[f"q{i}"]] == []


@pytest.mark.parametrize("count", [7, 60, 115, 177, 219])
def test_the_orientation_that_needs_fewer_pages_wins(count: int) -> None:
    """Portrait with two columns, unless landscape with three needs fewer pages."""
    deck = deck_of(*small_cards(count))
    chosen = sheet(deck)
    portrait = len(reader(sheet(deck, landscape=False)).pages)
    landscape = len(reader(sheet(deck, landscape=True)).pages)
    assert len(reader(chosen).pages) == min(portrait, landscape)
    assert (size(chosen)[0] > size(chosen)[1]) == (landscape < portrait)


def test_both_orientations_are_chosen_at_times() -> None:
    """The rule above is no formality: there are decks for either."""
    widths = {round(size(sheet(deck_of(*small_cards(count))))[0] / MM) for count in (7, 177)}
    assert widths == {210, 297}


@pytest.mark.parametrize(("paper", "wanted"), [("a4", A4), ("letter", LETTER)])
def test_the_paper_is_the_one_asked_for(paper: pdf.Paper, wanted: tuple[float, float]) -> None:
    """A4 or Letter."""
    assert size(sheet(users_deck(), paper=paper)) == pytest.approx(wanted, abs=0.1)


def test_the_paper_is_a4_unless_asked_otherwise() -> None:
    """The default is the paper of most of the world."""
    assert size(users_sheet()) == pytest.approx(A4, abs=0.1)


def test_the_last_columns_end_level() -> None:
    """The cards of the last page are shared out evenly."""
    ends: dict[int, float] = {}
    for char in chars(sheet(deck_of(*small_cards(31)))):
        ends[char["column"]] = max(ends.get(char["column"], 0), char["bottom"])
    assert len(ends) == 2
    assert max(ends.values()) < 1.15 * min(ends.values())


def test_margins_are_wide_enough_for_any_printer() -> None:
    """Nothing is printed within 9 mm of an edge."""
    with pdfplumber.open(io.BytesIO(users_sheet())) as book:
        page = book.pages[0]
        things = [*page.chars, *page.rects, *page.lines, *page.curves]
    assert min(thing["x0"] for thing in things) >= 9 * MM
    assert max(thing["x1"] for thing in things) <= page.width - 9 * MM
    assert min(thing["top"] for thing in things) >= 9 * MM
    assert max(thing["bottom"] for thing in things) <= page.height - 9 * MM


# ── finding one's way ────────────────────────────────────────────────────────────────────────────


def test_the_outline_leads_to_every_section_and_question() -> None:
    """Sections on the first level, their questions below, each on the page where it stands."""
    deck = deck_of(*small_cards(150))
    content = sheet(deck)
    wanted: list[tuple[int, str]] = []
    for card in deck.cards:
        if (1, card.section) not in wanted:
            wanted.append((1, card.section))
        wanted.append((2, card.title))
    found = outline(content)
    assert [(depth, title) for depth, title, _ in found] == wanted
    texts = [page.extract_text().split("\n") for page in reader(content).pages]
    assert all(title in texts[page] for _, title, page in found)
    assert len({page for _, _, page in found}) > 1


def test_a_card_without_a_section_stands_on_the_first_level() -> None:
    """It has no bar above it, and the outline skips no level."""
    cards = question("A?", "a"), question("B?", "b", "S"), question("C?", "c")
    found = outline(sheet(deck_of(*cards)))
    assert [entry[:2] for entry in found] == [(1, "A?"), (1, "S"), (2, "B?"), (1, "C?")]


def test_the_sheet_is_made_for_screen_readers() -> None:
    """It is PDF/UA-1: tagged, with a language and a title."""
    assert_accessible(users_sheet())


def test_a_reader_is_told_title_and_tags() -> None:
    """Title and keywords are the deck's own, and there is no date unless one is given."""
    found = about(users_sheet())
    assert found.title == "Interview Question Bank (Guide)"
    assert "ml" in str(found.keywords).split(", ")
    assert found.creation_date is None


def test_the_date_is_the_one_given() -> None:
    """A time stamp in UNIX seconds becomes the document's date, in UTC."""
    found = about(sheet(users_deck(), timestamp=1_700_000_000)).creation_date
    assert found is not None
    assert found.isoformat() == "2023-11-14T22:13:20+00:00"


def test_a_title_without_a_word_is_the_decks_name() -> None:
    """Every document has a title."""
    assert about(sheet(deck_of(question("Q?", "a"), title="  "))).title == "bank"


def test_a_deck_without_cards_is_a_sheet_with_a_title() -> None:
    """Nothing to show is no reason to fail."""
    assert lines(sheet(deck_of(title="Empty")))[0] == "Empty"


# ── how it looks ─────────────────────────────────────────────────────────────────────────────────


def luminance(colour: tuple[float, ...]) -> float:
    """The relative luminance of WCAG 2; a colour of one channel is grey."""
    red, green, blue = colour if len(colour) == 3 else colour * 3

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def channels(colour: str) -> tuple[float, ...]:
    return tuple(value / 255 for value in bytes.fromhex(colour.removeprefix("#")))


def test_the_contrast_formula_is_the_known_one() -> None:
    """Black on white is 21:1, and #767676 on white is the well-known 4.54:1."""
    assert contrast((0,), (1, 1, 1)) == pytest.approx(21)
    assert contrast(channels("#767676"), (1,)) == pytest.approx(4.54, abs=0.01)


def test_every_ink_is_dark_enough_on_every_ground() -> None:
    """Text has 7:1 or better on paper, on code's ground and on a section's bar."""
    inks = [
        looks.PALETTE["ink"],
        looks.PALETTE["quiet"],
        *(look.fill for look in looks.LOOKS.values()),
    ]
    grounds = ["#ffffff", looks.PALETTE["fill"], looks.PALETTE["bar"]]
    faint = [(i, g) for i in inks for g in grounds if contrast(channels(i), channels(g)) < 7]
    assert faint == []


def test_grounds_are_at_most_five_per_cent_grey() -> None:
    """More than that prints as dots."""
    assert min(*channels(looks.PALETTE["fill"]), *channels(looks.PALETTE["bar"])) >= 0.95


def test_all_printed_text_is_dark_and_large_enough() -> None:
    """What the PDF really holds: 6 pt or more, 7:1 or better even on the darkest ground."""
    roles = program("Roles", "@deco\nclass A:\n    x = print('s', 1)  # c")
    with pdfplumber.open(io.BytesIO(sheet(deck_of(*users_cards(), roles)))) as book:
        every = list(chain.from_iterable(page.chars for page in book.pages))
    colours = {char["non_stroking_color"] for char in every}
    darkest = channels(looks.PALETTE["bar"])
    assert min(char["size"] for char in every) >= 6
    assert len(colours) == len({look.fill for look in looks.LOOKS.values()})
    assert [colour for colour in colours if contrast(colour, darkest) < 7] == []


def test_roles_of_code_survive_greyscale() -> None:
    """Keywords, definitions, comments and plain code differ by more than their colour."""
    shapes = [
        (look.weight, look.style, look.underline)
        for look in (looks.LOOKS["k"], looks.LOOKS["nf"], looks.LOOKS["c"], looks.Look("#000000"))
    ]
    assert all(one != other for one, other in combinations(shapes, 2))


def test_sizes_are_those_of_a_cheat_sheet() -> None:
    """Body text has 8 pt, a section's title a little more, code more than 6."""
    every = chars(users_sheet())
    assert {round(c["size"], 1) for c in every if "Plex" in c["fontname"]} == {8.0, 8.6}
    assert {round(c["size"], 1) for c in every if "Mono" in c["fontname"]} == {6.7}


def fonts(content: bytes) -> list[Any]:
    found: dict[str, Any] = {}
    for page in reader(content).pages:
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            found[font.get_object()["/BaseFont"]] = font.get_object()
    return list(found.values())


ARROWS = "a -> b => c != d - > e = > f ! = g <= < ="


def glyphs_of_arrows() -> int:
    """How many glyphs the code face of a sheet uses for `ARROWS`."""
    found = fonts(sheet(deck_of(program("Arrows", ARROWS))))
    maps = [f["/ToUnicode"].get_data().decode() for f in found if "Mono" in f["/BaseFont"]]
    return sum(len(re.findall(r"(?m)^<[0-9A-F]{4}> <(?!FFFF>)", table)) for table in maps)


def test_code_has_no_ligatures() -> None:
    """`->` is two signs on paper, as in the source: each character has one glyph."""
    assert glyphs_of_arrows() == len(set(ARROWS))


def test_the_check_for_ligatures_can_fail(change: Change) -> None:
    """With the face's own setting there are more glyphs than characters."""
    change("features: (calt: 0, liga: 0)", "features: (calt: 1)")
    assert glyphs_of_arrows() > len(set(ARROWS))


def test_all_fonts_are_embedded_and_subset() -> None:
    """The sheet prints the same everywhere and carries only the glyphs it uses."""
    found = fonts(users_sheet())
    assert len(found) >= 4
    for font in found:
        assert re.match(r"/[A-Z]{6}\+(IBMPlexSans|JetBrainsMono)", font["/BaseFont"])
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def poppler(tool: str, *arguments: str | Path) -> str:
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"needs {tool}: apt-get install poppler-utils")
    said = subprocess.run([path, *arguments], capture_output=True, check=True)
    return said.stdout.decode("utf-8")


def test_another_reader_sees_the_same_fonts(tmp_path: Path) -> None:
    """Poppler agrees: each font embedded, subset, and mapped to Unicode."""
    (tmp_path / "sheet.pdf").write_bytes(users_sheet())
    rows = poppler("pdffonts", tmp_path / "sheet.pdf").splitlines()[2:]
    assert len(rows) == len(fonts(users_sheet()))
    assert [row for row in rows if not re.search(r" yes +yes +yes ", row)] == []


def test_another_reader_copies_the_same_text(tmp_path: Path) -> None:
    """Poppler, too, reads the columns one after the other."""
    (tmp_path / "sheet.pdf").write_bytes(users_sheet())
    said = poppler("pdftotext", "-raw", "-enc", "UTF-8", tmp_path / "sheet.pdf", "-")
    assert squeezed(said) == squeezed("".join(lines(users_sheet())))


# ── the same bytes, soon ─────────────────────────────────────────────────────────────────────────

DIGESTS = """
import hashlib, runpy
made = runpy.run_path("tests/export/test_pdf.py")
for stamp in (None, 1_700_000_000):
    print(hashlib.sha256(made["sheet"](made["users_deck"](), timestamp=stamp)).hexdigest())
"""


def test_the_same_deck_gives_the_same_bytes_anywhere() -> None:
    """Neither time zone, hash seed, clock nor environment leaves a trace in the sheet."""
    settings = (
        {"TZ": "UTC", "PYTHONHASHSEED": "1"},
        {"TZ": "Asia/Kolkata", "PYTHONHASHSEED": "2", "SOURCE_DATE_EPOCH": "1"},
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", DIGESTS],
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **setting},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for setting in settings
    ]
    one, other = (run.communicate()[0].split() for run in runs)
    assert len(set(one)) == 2
    assert one == other


def test_the_users_sheet_is_one_small_page() -> None:
    """One page, at most 160 kB."""
    content = users_sheet()
    assert len(content) <= 160_000
    assert len(reader(content).pages) == 1


def test_the_artefact_is_named_after_the_deck() -> None:
    """One PDF a deck, under the deck's own stem."""
    assert pdf.export(users_deck())[0][0].name == "bank.pdf"


def test_a_font_package_that_is_not_installed_is_named() -> None:
    """The error says which package is missing."""
    with pytest.raises(ModuleNotFoundError, match="fontpkg_no_such_face"):
        press._folder("fontpkg_no_such_face")
