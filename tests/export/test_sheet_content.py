"""What may stand in a card, on paper: each part and each block, read back from the sheet."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from typing import Any

import pdfplumber
import pytest
import written
from sheets import assert_accessible, lines, outline, outside, reader, squeezed
from views import (
    EVERYTHING,
    IMAGE,
    LISTS,
    TABLE,
    WIDE,
    cloze,
    code,
    edition_of,
    everything,
    gap,
    item,
    listing,
    paragraph,
    parts,
    png,
    question,
)

from builder.edition import (
    STYLES,
    CardView,
    Content,
    Formula,
    Hyperlink,
    Item,
    Items,
    Media,
    Paragraph,
    Picture,
    Quote,
    Run,
    Styled,
    Subheading,
    Table,
    Verbatim,
)
from builder.export import pdf
from builder.export.pdf import press

BOTH = (IMAGE, WIDE)


def sheet(*cards: CardView, media: tuple[Media, ...] = BOTH, **options: Any) -> bytes:
    """Return the one sheet of `cards`, about which there is nothing to say."""
    (artefact,), found = pdf.export(edition_of(*cards).decks[0], media=media, **options)
    assert found == ()
    return artefact.content


def answered(*blocks: Any, **options: Any) -> bytes:
    """Return a sheet of one card with these blocks as its answer."""
    return sheet(question("Q?", blocks), **options)


def text(content: bytes) -> str:
    return "\n".join(lines(content))


def tags(content: bytes) -> set[str]:
    """The kinds of parts that a screen reader is told of."""
    found: set[str] = set()

    def walk(node: Any) -> None:
        one = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(one, list):
            for child in one:
                walk(child)
        elif isinstance(one, dict):
            if "/S" in one:
                found.add(str(one["/S"])[1:])
            walk(one.get("/K", []))

    root: Any = reader(content).trailer["/Root"]
    walk(root["/StructTreeRoot"]["/K"])
    return found


def links(content: bytes) -> list[str]:
    """The addresses that one can click on."""
    notes = [
        note.get_object() for page in reader(content).pages for note in page.get("/Annots", [])
    ]
    return [str(note["/A"]["/URI"]) for note in notes]


# ── everything at once ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paper", ["a4", "letter"])
@pytest.mark.parametrize("landscape", [False, True])
def test_every_part_and_block_is_set(paper: pdf.Paper, landscape: bool) -> None:
    """A deck with everything is accessible, and nothing of it stands outside of its column."""
    edition = everything()
    (artefact,), found = pdf.export(
        edition.decks[0], media=edition.media, paper=paper, landscape=landscape, formulas=True
    )
    assert found == ()
    assert_accessible(artefact.content)
    assert outside(artefact.content) == []
    assert {"H1", "H2", "H3", "L", "LI", "Table", "TH", "Figure", "Formula", "Code"} <= tags(
        artefact.content
    )


@pytest.mark.parametrize("size", [4, 7, 12, 24])
def test_a_deck_as_people_write_it_is_set_in_every_size(size: float) -> None:
    """Formulas, tables and pictures keep to their column however large the text is."""
    (artefact,), found = pdf.export(
        written.DEMONSTRATION, media=written.MEDIA, font_size=size, formulas=True
    )
    assert found == ()
    assert_accessible(artefact.content)
    with pdfplumber.open(io.BytesIO(artefact.content)) as book:
        for page in book.pages:
            shown = [char for char in page.chars if char["text"].strip()]
            assert max(thing["x1"] for thing in (*shown, *page.rects)) <= page.width - 28


def test_all_text_of_a_deck_can_be_copied() -> None:
    """No word gets lost on its way to the paper."""
    (artefact,), _ = pdf.export(written.DEMONSTRATION, media=written.MEDIA)
    said = squeezed(text(artefact.content))
    for words in (
        "Dividing by", "Self-attention", "diffusion with text", "vision; with a schedule",
        "Watch out", "but neither biases nor norms", "stop early", "George Box", "[0, 1, 4]",
        "feed-forward network", "double descent", "reconstruction", "otherwise", "H2O",
    ):  # fmt: skip
        assert squeezed(words) in said


# ── parts ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("style", STYLES)
def test_text_of_every_style_is_shown(style: Any) -> None:
    content = answered(paragraph("before ", Styled(style, parts("inside")), " after"))
    assert "before inside after" in " ".join(text(content).split())


@pytest.mark.parametrize("outer", STYLES)
@pytest.mark.parametrize("inner", STYLES)
def test_styles_may_stand_in_each_other(outer: Any, inner: Any) -> None:
    """PDF/UA allows one line through or under text; two styles that draw one share it."""
    nested = Styled(outer, parts("a", Styled(inner, parts("b", Verbatim("c")))))
    linked = Hyperlink("https://example.org", (nested,))
    assert_accessible(answered(paragraph(linked), paragraph(gap(1, nested))))


def test_links_can_be_clicked() -> None:
    """An address is kept as it is, and what is shown of it is a link."""
    address = "https://example.org/a?b=1&c=%20#d"
    content = answered(paragraph(Hyperlink(address, parts("there"))))
    assert links(content) == [address]
    assert "there" in text(content)


@pytest.mark.parametrize("target", ["javascript:alert(1)", "file:///etc/passwd", "data:x", ""])
def test_no_link_leads_where_it_must_not(target: str) -> None:
    """Its text stays."""
    content = answered(paragraph(Hyperlink(target, parts("there"))))
    assert links(content) == []
    assert "there" in text(content)


def test_the_gaps_of_a_cloze_card_are_filled() -> None:
    """A sheet shows answers; gaps are strong and underlined, the rest of the sentence is not."""
    content = sheet(cloze("Adam keeps ", gap(1, "two", hint="how many"), " moments.", answer="Yes"))
    assert lines(content)[1:3] == ["Adam keeps two moments.", "Yes"]
    with pdfplumber.open(io.BytesIO(content)) as book:
        found = book.pages[0].extract_words(extra_attrs=["fontname"])
    faces = {word["text"]: word["fontname"] for word in found}
    assert faces["two"] != faces["Adam"] == faces["keeps"] == faces["moments."]


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
    b'<rect width="9" height="9"/></svg>'
)
GIF = bytes.fromhex("47494638396101000100800000ffffff0000002c00000000010001000002024401003b")


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", png(40, 20)), ("a.svg", SVG), ("a.gif", GIF)]
)
def test_pictures_are_set_with_their_description(name: str, content: bytes) -> None:
    """A screen reader says the description; an image without one is called a picture."""
    for alt in ("A curve", ""):
        made = answered(paragraph(Picture(name, alt)), media=(Media(name, content),))
        assert "Figure" in tags(made)


@pytest.mark.parametrize("width", [None, 10, 5000])
def test_a_picture_is_no_wider_than_its_column(width: int | None) -> None:
    """Nor so tall that it would fill the page."""
    media = (Media("wide.png", png(3000, 20)), Media("tall.png", png(20, 3000)))
    both = [paragraph(Picture(one.name, "alt", width)) for one in media]
    inline = paragraph("see ", Picture("wide.png", "alt", width), " there")
    content = answered(*both, inline, Items((Item((inline,)),)), media=media)
    with pdfplumber.open(io.BytesIO(content)) as book:
        images = book.pages[0].images
    assert len(images) == 4
    assert max(image["x1"] for image in images) < 298
    assert max(image["height"] for image in images) < 180


@pytest.mark.parametrize(
    "media",
    [(), (Media("a.png", b"no image"),), (Media("a.png", png(9, 9)[:60]),)],
    ids=["missing", "no image", "cut off"],
)
def test_a_picture_that_cannot_be_set_is_described(media: tuple[Media, ...]) -> None:
    """Its description stands in its place, and a remark says so at the card."""
    card = question("Q?", (paragraph("see ", Picture("a.png", "A curve")),))
    (artefact,), found = pdf.export(edition_of(card).decks[0], media=media)
    assert found == (
        pdf.Remark("the sheet shows the image `A curve` by its description", card.place),
    )
    assert "see [A curve]" in text(artefact.content)


def test_the_names_of_pictures_are_of_no_consequence() -> None:
    """They are files under names of our own: a name leads nowhere."""
    name = "../../../etc/#{1}\\passwd.png"
    content = answered(paragraph(Picture(name, "x")), media=(Media(name, png(9, 9)),))
    assert "Figure" in tags(content)


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────


def test_a_formula_that_is_not_set_stands_as_it_is_written() -> None:
    """Its TeX is in monospace; the renderer has said why."""
    content = answered(paragraph("so ", Formula(r"\unknown{x}", display=False)))
    assert r"so \unknown{x}" in text(content)


@pytest.mark.parametrize("mathml", ["<math><maction/></math>", "<math>", "<b>x</b>"])
def test_mathml_that_is_none_of_ours_is_remarked(mathml: str) -> None:
    """No formula is left unconverted without a word."""
    card = question("Q?", (Paragraph((Formula("x", display=False, mathml=mathml),)),))
    _, (found,) = pdf.export(edition_of(card).decks[0])
    assert isinstance(found, pdf.Remark)
    assert found.message.startswith("the sheet shows the formula `x` as TeX")


@pytest.mark.parametrize(
    "tex",
    [
        " + ".join(f"x_{{{i}}}" for i in range(60)),
        r"\left(" + " + ".join("abc" for _ in range(60)) + r"\right)",
        r"\begin{bmatrix}" + "&".join(["x"] * 60) + r"\end{bmatrix}",
        r"\begin{aligned} a &= " + " + ".join(["b"] * 80) + r"\end{aligned}",
    ],
)
@pytest.mark.parametrize("display", [True, False])
def test_a_long_formula_stays_in_its_column(tex: str, display: bool) -> None:
    """It goes on in the next line, or shrinks."""
    formula = written.math(tex, display=display)
    content = answered(Paragraph((formula,)), Items((Item((Paragraph((formula,)),)),)))
    with pdfplumber.open(io.BytesIO(content)) as book:
        shown = [char for page in book.pages for char in page.chars if char["top"] < 790]
    assert max(char["x1"] for char in shown) < 292


@pytest.mark.parametrize("tex", [r"\sqrt{" * 50 + "x" + "}" * 50, "x^{" * 30 + "x" + "}" * 30])
def test_a_formula_nested_beyond_all_measure_stands_as_tex(tex: str) -> None:
    """The typesetter would give up; a formula of a few levels is set wherever it stands."""
    _, found = pdf.export(edition_of(question("Q?", (written.shown(tex),))).decks[0])
    assert [type(one) for one in found] == [pdf.Remark]


def test_formulas_may_stand_deep_within_other_things() -> None:
    """A formula as deep as any, in strong text within lists within lists."""
    tex = r"\sqrt{" * 8 + "x" + "}" * 8
    part: Any = written.math(tex, display=True)
    for _ in range(60):
        part = Styled("strong", (part, Run("b")))
    block: Any = paragraph("a ", part)
    for _ in range(60):
        block = Items((Item((Quote((block,), "note"), paragraph("c"))),))
    content = answered(block, Items((Item((Table(("",), ((part,),), ((((part,)),),)),)),)))
    assert "Formula" in tags(content)


# ── blocks ───────────────────────────────────────────────────────────────────────────────────────


def test_lists_have_their_marks() -> None:
    """Bullets, numbers from where they start, and boxes that are ticked or not."""
    found = lines(answered(*LISTS))
    assert {"• one", "• inner", "3. third", "4. fourth", "☐ to do", "☑ done"} <= set(found)


def test_a_deep_list_is_indented_only_while_there_is_room() -> None:
    inner = Items((item("deepest"),))
    for _ in range(40):
        inner = Items((Item((paragraph("x"), inner)),), start=1_000_000)
    content = answered(inner)
    assert "deepest" in text(content)
    assert outside(content) == []


def test_tables_have_a_head_and_stay_in_their_column() -> None:
    """Long cells wrap, and each row is read as a row."""
    long = (parts("word " * 30), parts("x" * 90), parts("a"), parts(Verbatim("y" * 90)))
    content = answered(replace(TABLE, rows=(*TABLE.rows, long)))
    assert {"Table", "TH", "TD", "TR"} <= tags(content)
    assert outside(content) == []
    assert "optimizer" in text(content)
    assert text(content).replace("\n", "").count("x" * 9) >= 1


@pytest.mark.parametrize("count", [1, 12, 80])
def test_a_table_of_many_columns_is_set_as_well(count: int) -> None:
    """With too many for their column, each row becomes a paragraph."""
    cells = tuple(parts(f"cell{i}") for i in range(count))
    content = answered(Table(("",) * count, cells, (cells, cells)))
    assert squeezed(text(content)).count(f"cell{count - 1}") >= 2
    assert outside(content) == []


def test_a_callout_opens_with_its_title() -> None:
    """One without a title is called after its kind; a quotation has none."""
    named = Quote((paragraph("Look out."),), "warning", parts("Careful"))
    plain = Quote((paragraph("See."),), "note")
    content = answered(named, plain, Quote((paragraph("To be."),)))
    assert lines(content)[2:7] == ["Careful", "Look out.", "Note", "See.", "To be."]
    assert "BlockQuote" in tags(content)


def test_subheadings_skip_no_level() -> None:
    """Whatever the note's levels are; and the outline has questions, not these."""
    levels = (4, 6, 2, 3, 6, 1)
    content = sheet(
        question("Q?", tuple(Subheading(one, parts(f"h{one}")) for one in levels), section="S")
    )
    assert {"H1", "H2", "H3", "H4", "H5"} <= tags(content)
    assert [entry[:2] for entry in outline(content)] == [(1, "S"), (2, "Q?")]


def test_code_in_any_language_keeps_its_indentation() -> None:
    content = answered(Items((Item((listing("if x {\n    y\n}", "c"),)),)))
    found = lines(content)
    start = found.index(next(line for line in found if line.endswith("if x {")))
    assert found[start + 1].endswith("    y")


def test_footnotes_are_numbered() -> None:
    found = text(answered(*EVERYTHING))
    assert "1 First note" in found
    assert "2 Second" in found


# ── questions ────────────────────────────────────────────────────────────────────────────────────


def test_a_rich_question_has_a_plain_title_in_the_outline() -> None:
    """The page shows the formula; the outline says what the title says."""
    asked: Content = (paragraph("What is ", written.math("x^2"), "?"), listing("x ** 2"))
    content = sheet(question(asked, "A square", title="What is x^2?"))
    assert outline(content) == [(1, "What is x^2?", 0)]
    assert {"x ** 2", "A square"} <= set(lines(content))


def test_a_question_without_a_sentence_is_headed_by_its_title() -> None:
    """Code or a formula on display stands below."""
    content = sheet(question((listing("print(1)"),), "1", title="What does print(1) print?"))
    assert lines(content)[1:4] == ["What does print(1) print?", "print(1)", "1"]


def test_the_formula_of_a_kernel_is_shown_on_demand() -> None:
    card = code("Implement f", formula=written.math(r"\sigma", display=True))
    assert "Formula" not in tags(sheet(card))
    assert "Formula" in tags(sheet(card, formulas=True))


# ── whatever it is ───────────────────────────────────────────────────────────────────────────────

WORDS = (
    "x" * 200, "word " * 40, "\ufffd" * 120, "é" * 200, "ﬁ" * 90, "—" * 120, "א" * 120,
    "a\u0301" * 120, "\u2060a" * 120, "a\xa0" * 120, "█" * 120, "𝐱" * 120, "\u1100" * 200,
    "क्" * 200, "👩\u200d" * 90, "\u200b" * 90, "漢" * 120, "∑" * 120, "ﷺ" * 40,
)  # fmt: skip


def odd_content(chance: random.Random, depth: int = 0) -> Content:
    """Blocks in blocks, of words that nobody can break well."""

    def line() -> Any:
        return parts(*(odd_part(chance) for _ in range(chance.randint(1, 3))))

    inner = odd_content(chance, depth + 1) if depth < 2 else (paragraph("end"),)
    choices: tuple[Any, ...] = (
        Paragraph(line()),
        listing("    " * chance.randint(0, 30) + chance.choice(WORDS)),
        Items((Item(inner), item(chance.choice(WORDS))), start=chance.choice([None, 99_999])),
        Table(("",) * 3, (line(), line(), line()), ((line(), line(), line()),)),
        Quote(inner, chance.choice(["", "note"]), line()),
        Subheading(3, line()),
    )
    return tuple(chance.sample(choices, 2))


def odd_part(chance: random.Random) -> Any:
    word = chance.choice(WORDS)
    plain = Run(word, chance.choice(["", "term"]))
    return chance.choice([
        plain, plain, Verbatim(word), Styled(chance.choice(STYLES), (plain,)),
        Hyperlink("https://example.org", (plain,)),
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_no_text_leaves_its_column(seed: int) -> None:
    """Whatever the words are, and wherever they stand."""
    chance = random.Random(seed)
    card = question(chance.choice(WORDS), odd_content(chance), section=chance.choice(WORDS))
    (artefact,), _ = pdf.export(edition_of(card).decks[0], landscape=bool(seed % 2))
    assert outside(artefact.content) == []
    assert_accessible(artefact.content)


def test_a_fault_of_the_typesetter_is_an_error_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panic would else get past whoever handles exceptions; this one is provoked on purpose."""
    monkeypatch.setattr(press, "_UNSHAPED", frozenset())
    with pytest.raises(RuntimeError, match="the typesetter failed"):
        answered(paragraph("क्" * 200))
