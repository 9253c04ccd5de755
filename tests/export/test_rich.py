"""What the real Anki makes of clozes, images, formulas, and cards that go both ways."""

from __future__ import annotations

import html
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from learner import Learner
from ledgers import ledger_of
from views import (
    FRACTION,
    IMAGE,
    SQUARE,
    WIDE,
    cloze,
    code,
    edition_of,
    everything,
    gap,
    paragraph,
    png,
    question,
    text,
)

from builder.edition import CardView, Edition, Media, Picture
from builder.export.apkg import export
from builder.export.escaping import guarded
from builder.render import printable

LINK = "obsidian://open?vault=My%20notes&file=bank"


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    """Return a learner with an empty collection."""
    with Learner(tmp_path / "profile") as someone:
        yield someone


def package(*cards: CardView, changed: tuple[str, ...] = (), **given: str) -> bytes:
    """Return the package of `cards`."""
    return packed(edition_of(*cards), changed=changed, **given)


def packed(edition: Edition, *, changed: tuple[str, ...] = (), **given: str) -> bytes:
    """Return the package of `edition`; the notes `changed` are of Tuesday."""
    return export(edition, name="bank", ledger=ledger_of(edition, changed=changed), **given).content


def plain(side: str) -> str:
    """Return what a side of a card shows, without its style and its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", side.split("</style>")[1])).strip()


# ── everything ───────────────────────────────────────────────────────────────────────────────────


def test_an_edition_with_everything_imports_whole(
    learner: Learner, recwarn: pytest.WarningsRecorder
) -> None:
    """Five notes make a card more for the way back, and one for the second gap."""
    log = learner.imports(packed(everything()))
    assert (len(log.new), learner.collection.card_count()) == (5, 7)
    assert not recwarn.list
    problems, fine = learner.collection.fix_integrity()
    assert fine
    assert "fixed" not in problems.lower()
    assert not learner.collection.get_empty_cards().notes


def test_a_formula_of_a_kernel_stands_on_the_back(learner: Learner) -> None:
    """With Anki's delimiters, and nothing where there is none."""
    learner.imports(package(code("a", formula=FRACTION), code("b")))
    (front, back), (_, bare) = (learner.sides(card) for card in learner.cards())
    assert r'<div class="formula">\[\frac{a}{b}\]</div>' in back.html
    assert "frac" not in front.html.split("</style>")[1]
    assert 'class="formula"' not in bare.html.split("</style>")[1]


def test_the_way_back_to_the_note_is_a_link(learner: Learner) -> None:
    """On every kind of card, on its back alone, and only where there is a note to open."""
    for at, make in enumerate((question, code, lambda name, **given: cloze(gap(1, name), **given))):
        learner.imports(package(make("linked", link=LINK, key=f"{at}-a"), make("b", key=f"{at}-b")))
    shown = [[side.html.split("</style>")[1] for side in learner.sides(card)]
             for card in learner.cards()]  # fmt: skip
    link = '<a href="obsidian://open?vault=My%20notes&amp;file=bank">Open the note</a>'
    assert [[link in side for side in sides] for sides in shown].count([False, True]) == 3
    assert sum(side.count("<a ") for sides in shown for side in sides) == 3


def test_what_is_not_verified_has_no_tick(learner: Learner) -> None:
    """The line of such a card has a mark for the style sheet."""
    sure = question("a", evidence="verified: f", verified=True)
    learner.imports(package(sure, code("b", evidence="not verified: g")))
    sides = [learner.sides(card)[1].html for card in learner.cards()]
    assert '<div class="evidence">verified: f</div>' in sides[0]
    assert '<span class="unverified">not verified: g</span>' in sides[1]


# ── images ───────────────────────────────────────────────────────────────────────────────────────


def test_images_arrive_and_are_shown(learner: Learner) -> None:
    """Anki's own check of the media misses nothing and finds nothing to spare."""
    learner.imports(packed(everything()))
    folder = Path(learner.collection.media.dir())
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {
        image.name: image.content for image in (IMAGE, WIDE)
    }
    checked = learner.collection.media.check()
    assert (list(checked.missing), list(checked.unused)) == ([], [])


def test_an_image_within_a_gap_arrives(learner: Learner) -> None:
    """It is hidden on the front and shown on the back."""
    hidden = cloze("A curve: ", gap(1, Picture(IMAGE.name, "A curve")))
    learner.imports(packed(edition_of(hidden, media=(IMAGE,))))
    front, back = learner.sides(learner.cards()[0])
    assert re.sub(r' data-cloze="[^"]*"', "", front.html).count("<img") == 0
    assert f'<img src="{IMAGE.name}" alt="A curve">' in back.html
    assert not learner.collection.media.check().unused


def test_another_image_comes_with_its_note(learner: Learner) -> None:
    """Its name is another one, since names come from the content."""
    other = Media("curve-99999999.png", png(20, 20))
    for image, changed in ((IMAGE, ()), (other, ("a",))):
        shown = question("a", (paragraph(Picture(image.name, "A curve")),))
        learner.imports(packed(edition_of(shown, media=(image,)), changed=changed))
    assert other.name in learner.notes()[0]["Answer"]
    assert Path(learner.collection.media.dir(), other.name).read_bytes() == other.content


def test_the_bytes_of_a_package_with_images_are_the_same() -> None:
    """The members have numbers and no dates; their names stand in `media`."""
    first = packed(everything())
    assert first == packed(everything())
    with zipfile.ZipFile(io.BytesIO(first)) as file:
        assert file.namelist() == ["collection.anki2", "media", "0", "1"]
        assert file.read("media").decode() == f'{{"0": "{IMAGE.name}", "1": "{WIDE.name}"}}'
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# ── gaps ─────────────────────────────────────────────────────────────────────────────────────────

ADAM = cloze(
    "Adam keeps ", gap(1, "two", hint="how many"), " moments and ", gap(2, SQUARE), ", not ",
    gap(1, "one"), ".", answer="See the paper.", key="adam",
)  # fmt: skip


def test_all_gaps_of_a_number_make_one_card(learner: Learner) -> None:
    """The front hides them, with their hints, and shows the others; the back shows all."""
    learner.imports(package(ADAM))
    first, second = (learner.sides(card) for card in learner.cards())
    assert plain(first[0].html) == r"Adam keeps [how many] moments and \(x^2\), not [...]."
    assert plain(second[0].html) == "Adam keeps two moments and [...], not one."
    for _, back in (first, second):
        assert plain(back.html).split() == (
            r"Adam keeps two moments and \(x^2\), not one. See the paper.".split()  # noqa: SIM905
        )


def test_a_gap_more_is_a_card_more_and_loses_no_review(learner: Learner) -> None:
    """The cards that were learnt keep their schedules over an import again."""
    learner.imports(package(ADAM))
    deck = learner.collection.decks.id_for_name("Deck")
    assert deck is not None
    learner.collection.decks.select(deck)
    answered = learner.answers(4)
    before = (
        learner.database.all("select * from cards"),
        learner.database.all("select * from revlog"),
    )
    more = replace(ADAM, question=(paragraph(*ADAM.question[0].parts, gap(3, "ever")),))  # type: ignore[union-attr]
    log = learner.imports(package(more, changed=("adam",)))
    assert (len(log.updated), len(log.new)) == (1, 0)
    after = (
        learner.database.all("select * from cards"),
        learner.database.all("select * from revlog"),
    )
    assert [row for row in after[0] if row in before[0]] == before[0]
    assert after[1] == before[1]
    assert answered.id in [row[0] for row in before[0]]
    assert [card.ord for card in learner.notes()[0].cards()] == [0, 1, 2]


def test_gaps_within_gaps_are_all_cards(learner: Learner) -> None:
    """Those inside count as well, and so do high numbers."""
    nested = cloze("a ", gap(1, "b ", gap(2, "c"), " d"), " ", gap(14, "e"))
    learner.imports(package(nested, question("next")))
    assert [card.ord for card in learner.notes()[0].cards()] == [0, 1, 13]
    assert not learner.collection.get_empty_cards().notes
    assert plain(learner.sides(learner.cards()[1])[0].html) == "a b [...] d e"


@pytest.mark.parametrize("card", [cloze("no gap"), cloze("{{c1::a}}"), cloze(gap(0, "a"))])
def test_a_cloze_card_without_a_gap_is_refused(card: CardView) -> None:
    """Anki would take it and never ask it."""
    with pytest.raises(ValueError, match=r"the cloze card '.*' has no gap"):
        package(card)


SIGNS = (
    "{{c2::",
    "}}",
    "::",
    "{",
    "}",
    ":",
    "[sound:a]",
    "<b>",
    "\\(x\\)",
    "a",
    " b",
    "&#58;",
    "\n",
)
wild = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=6).map("".join) | st.text(
    st.characters(codec="utf-8"), min_size=1, max_size=8
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(wild, wild, wild, st.just("") | wild)
def test_any_text_in_and_around_a_gap_is_literal(
    learner: Learner, before: str, inside: str, behind: str, hint: str
) -> None:
    """One card, whose sides show exactly the text, but for what HTML folds."""
    before, inside, behind, hint = (
        f".{printable(one)}" if one else "" for one in (before, inside, behind, hint)
    )
    learner.collection.remove_notes(learner.collection.find_notes(""))
    learner.imports(package(cloze(before, gap(1, inside, hint=hint), behind)))
    (card,) = learner.cards()
    assert not card.question_av_tags()
    front, back = (folded(plain(side.html)) for side in learner.sides(card))
    assert front == folded(f"{before}[{' '.join(hint.split()) or '...'}]{behind}")
    assert back == folded(before + inside + behind)


def folded(text: str) -> str:
    """Return `text` as Anki stores and a browser shows it."""
    return " ".join(unicodedata.normalize("NFC", text).split())


# ── both ways ────────────────────────────────────────────────────────────────────────────────────


def test_a_card_with_a_way_back_is_two_cards(learner: Learner) -> None:
    """The second asks for the question; other notes have one card."""
    learner.imports(package(question("Capital of France?", "Paris", reverse=True), question("b")))
    cards = learner.cards()
    assert [card.ord for card in cards] == [0, 1, 0]
    front, back = learner.sides(cards[1])
    assert plain(front.html) == "Paris"
    assert plain(back.html).split("\n")[-1] == "Capital of France?"


def test_a_way_back_can_be_added_later(learner: Learner) -> None:
    """The note gets its second card, and the first keeps what it has."""
    card = question("Capital of France?", "Paris", key="a")
    learner.imports(package(card))
    first = learner.database.all("select * from cards")
    learner.imports(package(replace(card, reverse=True), changed=("a",)))
    assert learner.database.all("select * from cards")[:1] == first
    assert [card.ord for card in learner.notes()[0].cards()] == [0, 1]


# ── the learner's own style ──────────────────────────────────────────────────────────────────────


def test_a_learners_style_is_on_every_card(learner: Learner) -> None:
    """Of every note type, behind ours."""
    learner.imports(packed(everything(), css=".card { color: teal }"))
    for card in learner.cards():
        style = learner.sides(card)[0].html.split("</style>")[0]
        assert style.rstrip().endswith(".card { color: teal }")


def test_a_style_that_loads_something_stops_the_export() -> None:
    """Before anything is made."""
    with pytest.raises(ValueError, match="line 1 of the style sheet"):
        packed(everything(), css="@import 'a.css'")


def test_the_text_of_a_note_is_found_by_a_search(learner: Learner) -> None:
    """A statement with gaps, too, but for the gaps themselves."""
    learner.imports(package(ADAM, question("Something else")))
    assert len(learner.collection.find_notes('"See the paper"')) == 1
    assert text(ADAM.question).startswith("Adam keeps two")
    assert guarded("Adam keeps") == "Adam keeps"
