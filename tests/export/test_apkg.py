"""What the real Anki makes of a package: imports, decks, order, text, schedules."""

from __future__ import annotations

import html
import io
import os
import re
import sqlite3
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from learner import Learner
from ledgers import MONDAY, TUESDAY, ledger_of
from views import cloze, edition_of, gap, listing, prose, text
from views import question as view

from builder.edition import Content, DeckView, Edition
from builder.export import cards
from builder.export.apkg import deck_name, export, guid, note_types, safe_tags
from builder.model import Ledger
from builder.render import printable

TITLE = "Interview Question Bank (Guide)"
EASES: tuple[Literal[1, 2, 3, 4], ...] = (3, 4, 1, 3, 2)


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    """Return a learner with an empty collection."""
    with Learner(tmp_path / "profile") as someone:
        yield someone


def package(edition: Edition, ledger: Ledger | None = None) -> bytes:
    """Return the bytes of the package of `edition`, with the times of Monday if not told others."""
    return export(edition, name="bank", ledger=ledger or ledger_of(edition)).content


def plain(field: str) -> str:
    """Undo a field's HTML: no tag, no entity."""
    return html.unescape(re.sub(r"<[^>]*>", "", field))


# ── the repository's own bank ────────────────────────────────────────────────────────────────────


def test_the_bank_imports_without_a_failure(learner: Learner, edition: Edition) -> None:
    """Every card becomes a new note, nothing is skipped, and no note has a second card yet."""
    log = learner.imports(package(edition))
    assert len(log.new) == learner.collection.card_count() == log.found_notes == 15
    told = {field.name for field, _ in log.ListFields()}
    assert told <= {"new", "found_notes", "dupe_resolution"}


def test_anki_finds_nothing_to_mend(learner: Learner, edition: Edition) -> None:
    """The database check is clean, and no card is empty."""
    learner.imports(package(edition))
    problems, fine = learner.collection.fix_integrity()
    assert fine
    assert "fixed" not in problems.lower()
    assert not learner.collection.get_empty_cards().notes


def test_cards_stand_in_their_section_in_the_order_of_the_note(
    learner: Learner, edition: Edition
) -> None:
    """The deck of a card is `Title::Section`, and it is due by its place in the document."""
    learner.imports(package(edition))
    found = [
        (card.due, learner.deck_of(card), plain(card.note().fields[0])) for card in learner.cards()
    ]
    assert found == [
        (due, f"{TITLE}::{card.section}", card.title)
        for due, card in enumerate(edition.decks[0].cards, start=1)
    ]


def test_every_field_holds_the_text_of_the_bank(learner: Learner, edition: Edition) -> None:
    """Question, answer, code and signature come back character for character."""
    learner.imports(package(edition))
    notes = {note.guid: note for note in learner.notes()}
    for card in edition.decks[0].cards:
        note = notes[guid(card.key)]
        answer = "Code" if card.kind == "code" else "Answer"
        assert plain(note[answer]) == text(card.answer)
        assert plain(note.fields[0]) == card.title
        assert (note["Section"], note["Evidence"]) == (card.section, card.evidence)


def test_tags_are_those_of_the_card(learner: Learner, edition: Edition) -> None:
    """A note carries the deck's tags and its section's."""
    learner.imports(package(edition))
    tags = [note.tags for note in learner.notes()]
    assert tags == [list(card.tags) for card in edition.decks[0].cards]


def test_a_code_card_shows_title_and_signature_before_code_and_evidence(
    learner: Learner, edition: Edition
) -> None:
    """The front gives the signature and nothing of the body; the back adds the evidence."""
    learner.imports(package(edition))
    front, back = learner.sides(learner.cards()[10])
    assert "Implement softmax" in front.html
    assert '<span class="k">def' in front.html
    assert "exp_x" not in front.html.split("</style>")[1]
    assert "exp_x" in back.html
    assert "verified: softmax, one vector" in back.html


def test_a_card_without_evidence_has_no_line_for_it(learner: Learner, edition: Edition) -> None:
    """What was not verified shows nothing at all."""
    learner.imports(package(edition))
    _, back = learner.sides(learner.cards()[11])
    assert 'class="evidence"' not in back.html


def test_a_question_with_a_sign_is_found_by_the_search_of_anki(learner: Learner) -> None:
    """A learner who types the question as it is printed finds the note."""
    question = 'Is x < y & y > "z" in n² steps?'
    learner.imports(package(edition_of(view(question), view("Something else"))))
    query = learner.collection.build_search_string('"Is x < y & y > \\"z\\" in n² steps?"')
    assert len(learner.collection.find_notes(query)) == 1


# ── decks, tags, keys ────────────────────────────────────────────────────────────────────────────

HEADINGS = (
    "C++: the std::vector",
    "a:::b",
    "::",
    'the "Bias" deck',
    "Default",
    "  wide\tand\x07odd ",
    "\u00a0e\u0301\u3000",
    "Part 1:",
    ":Part 2",
    "x\\y*z_",
    "<b>&amp;",
)


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_deck_keeps_its_name(learner: Learner, heading: str) -> None:
    """The name in the package is the name after the import, for titles and for sections."""
    shown = edition_of(view("a"), view("b", section=heading), title=heading)
    learner.imports(package(shown))
    names = [learner.deck_of(card) for card in learner.cards()]
    assert names == [deck_name(heading), deck_name(heading, heading)]
    assert [name.count("::") for name in names] == [0, 0 if not heading.strip() else 1]


@given(st.text(max_size=12), st.text(st.sampled_from(': ":\u0338\t\x1fAa'), max_size=6))
def test_a_deck_name_has_no_empty_level(title: str, section: str) -> None:
    """Each level holds something, and no blank or colon at its edges."""
    for level in deck_name(title, section).split("::"):
        assert level == level.strip() != ""
        assert level.strip(":") == level
        assert not re.search('[\x00-\x1f\x7f"]', level)


def test_two_spellings_of_a_section_share_a_deck(learner: Learner) -> None:
    """Anki doesn't tell the case of a deck's name apart; it would rename the second."""
    shown = (view("a", section="Intro"), view("b", section="INTRO"), view("c", section="Stra\xdfe"))
    learner.imports(package(edition_of(*shown, view("d", section="STRASSE"))))
    decks = [learner.deck_of(card) for card in learner.cards()]
    assert decks == ["Deck::Intro", "Deck::Intro", "Deck::Stra\xdfe", "Deck::Stra\xdfe"]


def test_no_deck_is_made_without_need(learner: Learner) -> None:
    """Beside Anki's own deck there are the sections that hold cards, and their parent."""
    learner.imports(package(edition_of(view("a", section="One"))))
    names = [deck.name for deck in learner.collection.decks.all_names_and_ids()]
    assert names == ["Deck", "Deck::One", "Default"]


def test_two_notes_of_one_title_share_their_decks(learner: Learner) -> None:
    """Two files may make one deck; positions run on over both."""
    first, second = DeckView("Deck", "a", (view("a"),)), DeckView("Deck", "b", (view("b"),))
    learner.imports(package(Edition((first, second))))
    places = [(learner.deck_of(card), card.due) for card in learner.cards()]
    assert places == [("Deck", 1), ("Deck", 2)]


def test_tags_are_made_safe_for_anki(learner: Learner) -> None:
    """A blank becomes a hyphen, an empty tag or level is left out, one case is kept."""
    tags = ("machine learning", "ML::", "ml", "::", "", "a\u3000b", 'x"y', "e\u0301", "deep::nets")
    learner.imports(package(edition_of(view("a", tags=tags))))
    assert learner.notes()[0].tags == safe_tags(tags)
    assert safe_tags(tags) == ["a-b", "deep::nets", "machine-learning", "ML", "x-y", "\xe9"]


def test_two_cards_of_one_key_are_refused() -> None:
    """Anki would make two notes of them and update only one."""
    with pytest.raises(ValueError, match="two cards have the key 'a'"):
        package(edition_of(view("a"), view("a")))


def test_a_guid_or_a_number_of_two_cards_is_refused() -> None:
    """Anki would take the two for one note."""
    shown = edition_of(view("a"), view("b"))
    first, second = ledger_of(shown).entries
    for shared, what in (
        (replace(second, guid=first.guid), "'a' and 'b' have the GUID"),
        (replace(second, note_id=first.note_id), "'a' and 'b' have the note number"),
    ):
        with pytest.raises(ValueError, match=what):
            package(shown, replace(ledger_of(shown), entries=(first, shared)))
        # What the ledger knows beside the cards of this package is not in the way.
        assert package(edition_of(view("a")), replace(ledger_of(shown), entries=(first, shared)))


def test_a_card_without_an_entry_is_refused() -> None:
    """So is a note type without a stamp: nothing is made up."""
    shown = edition_of(view("a"))
    with pytest.raises(ValueError, match="the card 'a' has no entry in the ledger"):
        package(shown, Ledger(stamps=ledger_of(shown).stamps))
    with pytest.raises(ValueError, match="the note type 'proofdeck question' has no stamp"):
        package(shown, Ledger(ledger_of(shown).entries))


def test_an_empty_edition_is_a_package_without_notes(learner: Learner) -> None:
    """A bank without cards imports as nothing."""
    assert not learner.imports(package(Edition(()))).new


# ── importing again ──────────────────────────────────────────────────────────────────────────────


def test_importing_the_same_package_again_changes_nothing(
    learner: Learner, edition: Edition
) -> None:
    """All notes are duplicates, none is new and none is updated."""
    learner.imports(package(edition))
    log = learner.imports(package(edition))
    assert (len(log.duplicate), len(log.new), len(log.updated)) == (15, 0, 0)


def test_an_edited_answer_arrives_and_no_review_is_lost(learner: Learner, edition: Edition) -> None:
    """After reviews, an edited package updates the text and leaves all schedules as they are."""
    learner.imports(package(edition))
    deck = learner.collection.decks.id_for_name(TITLE)
    assert deck is not None
    learner.collection.decks.select(deck)
    for ease in EASES:
        learner.answers(ease)
    before = _history(learner)
    log = learner.imports(_on_tuesday(edition))
    assert (len(log.updated), len(log.duplicate), len(log.new)) == (1, 14, 0)
    assert _history(learner) == before
    assert "edited" in learner.notes()[0]["Answer"]


def test_other_notes_keep_what_the_learner_did_to_them(learner: Learner, edition: Edition) -> None:
    """The note that was edited loses a tag of the learner's, and no other note does."""
    learner.imports(package(edition))
    for note in learner.notes():
        note.add_tag("marked")
        note["Section"] += " (mine)"
        learner.collection.update_note(note)
    # As if that had been long ago: Anki compares the time of the learner's edit with ours.
    learner.database.execute("update notes set mod = ?", MONDAY)
    learner.imports(_on_tuesday(edition))
    assert [note.has_tag("marked") for note in learner.notes()] == [False] + [True] * 14
    assert [note["Section"].endswith("(mine)") for note in learner.notes()] == [False] + [True] * 14


def test_an_edit_and_its_undoing_arrive_a_second_apart(learner: Learner, edition: Edition) -> None:
    """A time that rose by one is enough, each time, whatever the learner's clock says."""
    ledger = ledger_of(edition)
    first, *others = ledger.entries
    learner.imports(package(edition, ledger))
    for later, shown in ((1, _edited(edition)), (2, edition), (3, _edited(edition))):
        entries = (replace(first, mod=first.mod + later), *others)
        log = learner.imports(package(shown, replace(ledger, entries=entries)))
        assert (len(log.updated), len(log.duplicate)) == (1, 14)
        assert ("edited" in learner.notes()[0]["Answer"]) is (shown is not edition)


def test_a_new_style_arrives_alone(
    learner: Learner, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer stamp brings the CSS into the same note types, and touches no note."""
    learner.imports(package(edition))
    notes = learner.database.all("select * from notes")
    monkeypatch.setattr("builder.export.cards.css", lambda _="": ".card { color: teal }")
    learner.imports(package(edition))
    assert "teal" not in _style(learner)
    log = learner.imports(package(edition, ledger_of(edition, stamp=MONDAY + 1)))
    assert "teal" in _style(learner)
    assert (len(log.updated), len(log.duplicate)) == (0, 15)
    assert learner.database.all("select * from notes") == notes
    names = [kind.name for kind in learner.collection.models.all_names_and_ids()]
    assert [name for name in names if name.startswith("proofdeck")] == [
        cards.CODE.name,
        cards.QUESTION.name,
    ]


def _style(learner: Learner) -> str:
    """Return the style sheet as the database has it: the collection's own copy may be old."""
    stored = learner.database.list("select config from notetypes")
    return b"".join(map(bytes, stored)).decode(errors="replace")


def test_the_ledger_names_the_notes_and_their_cards(learner: Learner, edition: Edition) -> None:
    """GUID, number and time are those of the ledger, and a card has the number of its note."""
    ledger = ledger_of(edition, changed=["implement-softmax"])
    learner.imports(package(edition, ledger))
    entries = sorted((entry.note_id, entry.guid, entry.mod) for entry in ledger.entries)
    found = learner.database.all("select id, guid, mod from notes order by id")
    assert [tuple(row) for row in found] == entries
    numbers = [entry.note_id for entry in ledger.entries]
    assert learner.database.list("select id from cards order by id") == numbers
    assert learner.database.list("select nid from cards order by id") == numbers


def test_a_card_keeps_its_number_when_others_come_and_go(edition: Edition) -> None:
    """What stands in the package about a note depends on its entry, not on its place."""
    ledger = ledger_of(edition)
    fewer = Edition((replace(edition.decks[0], cards=edition.decks[0].cards[5:]),))
    rows = "select c.id, n.id, n.guid, n.mod, n.flds from cards c join notes n on n.id = c.nid"
    assert set(_rows(package(fewer, ledger), rows)) < set(_rows(package(edition, ledger), rows))


def test_another_card_of_a_note_has_the_next_number() -> None:
    """The second card of a note, too, has a number that comes from the note's."""
    found = _rows(package(edition_of(view("a", reverse=True))), "select id, ord, mod from cards")
    assert found == [(MONDAY * 1000, 0, MONDAY), (MONDAY * 1000 + 1, 1, MONDAY)]


def test_many_cards_of_a_note_take_no_number_of_the_next() -> None:
    """The ledger leaves room for ten; the others lie in the past, at a place of their own."""
    shown = edition_of(
        *(
            cloze(*(gap(number, "x") for number in range(1, 31)), key=str(at), title=str(at))
            for at in range(20)
        )
    )
    found = _rows(package(shown), "select id, nid, ord from cards")
    assert len({row[0] for row in found}) == len(found) == 600
    assert all(number == note + ord_ for number, note, ord_ in found if ord_ < 10)
    assert all(0 < number < 10**12 for number, _, ord_ in found if ord_ >= 10)
    assert package(shown) == package(shown)


def _rows(package: bytes, query: str) -> list[Sequence[Any]]:
    """Return what a query finds in the collection of a package."""
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        content = file.read("collection.anki2")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(content)
        return connection.execute(query).fetchall()


def _history(learner: Learner) -> list[Sequence[object]]:
    """Return all that Anki knows of the learner's progress."""
    database = learner.database
    columns = "id, nid, did, type, queue, due, ivl, factor, reps, lapses, left, data"
    schedule = database.all(f"select {columns} from cards")
    history = schedule + database.all("select * from revlog")
    assert len(history) == 20
    return history


def _on_tuesday(edition: Edition) -> bytes:
    """Return the package of the next day, with another answer on the first card."""
    changed = [edition.decks[0].cards[0].key]
    return package(_edited(edition), ledger_of(edition, changed=changed))


def _edited(edition: Edition) -> Edition:
    first, *others = edition.decks[0].cards
    changed = replace(first, answer=(prose("edited\n" + text(first.answer)),))
    return Edition((replace(edition.decks[0], cards=(changed, *others)),))


def test_a_guid_comes_from_the_key_alone() -> None:
    """The id is frozen: another value would cost every learner the history of the card."""
    assert guid("bias-vs-variance") == "jGfh-t9ath32nZeF"
    assert len({guid(str(number)) for number in range(1000)}) == 1000


# ── later fields ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [cards.QUESTION, cards.CODE], ids=lambda kind: kind.name)
def test_the_second_card_comes_when_its_field_is_filled(
    learner: Learner, edition: Edition, kind: cards.NoteType
) -> None:
    """The second template waits: a learner who fills its field gets one more card."""
    learner.imports(package(edition))
    note = next(note for note in learner.notes() if note.mid == kind.id)
    assert len(note.cards()) == 1
    note[kind.templates[1].name] = "yes"
    learner.collection.update_note(note)
    assert [card.ord for card in note.cards()] == [0, 1]
    assert note.cards()[1].question() != note.cards()[0].question()


def test_the_ids_of_the_note_types_are_frozen(learner: Learner, edition: Edition) -> None:
    """Anki keeps our ids of fields and templates; another one would block every update."""
    learner.imports(package(edition))
    learner.imports(package(edition_of(cloze(gap(1, "a")), title="Gaps")))
    for kind in (cards.QUESTION, cards.CODE, cards.CLOZE):
        stored = learner.note_type(kind.id)
        assert [(field["id"], field["name"]) for field in stored["flds"]] == [
            (field.id, field.name) for field in kind.fields
        ]
        assert [side["id"] for side in stored["tmpls"]] == [side.id for side in kind.templates]
    assert _frozen(cards.QUESTION) == (1764061380, 4613937818241, 8, 4613937818341, 2)
    assert _frozen(cards.CODE) == (1764061381, 4613937818441, 10, 4613937818541, 2)
    assert _frozen(cards.CLOZE) == (1764061382, 4613937818641, 7, 4613937818741, 1)


def _frozen(kind: cards.NoteType) -> tuple[int, int, int, int, int]:
    fields, templates = kind.fields, kind.templates
    return kind.id, fields[0].id, len(fields), templates[0].id, len(templates)


# ── literal text ─────────────────────────────────────────────────────────────────────────────────

HOSTILE = (
    "[sound:horn.mp3] [latex]x[/latex] [$]y[/$] [$$]z[/$$] [anki:tts lang=en_US]hello[/anki:tts]\n"
    "[anki:play:q:0] [[type:Answer]] [[type:nc:Answer]] \\(a\\) \\[b\\] {{c1::cloze}} {{Answer}}\n"
    "<script>document.title = 'owned'</script><img src=x onerror=alert(1)>&nbsp;&lt;\n"
    "\u0338> \u0338 <\u0338 <!-- --> ]]> {{=<% %>=}} \\\\( [SOUND:a.mp3] </div></pre>"
)


@pytest.mark.parametrize("answer", ["prose", "code"])
def test_hostile_text_shows_literally(learner: Learner, answer: str) -> None:
    """Nothing in a literal text plays, runs or is replaced on a card that Anki rendered."""
    body: Content = (prose(HOSTILE) if answer == "prose" else listing(HOSTILE),)
    question = HOSTILE.replace("\n", " ")
    learner.imports(package(edition_of(view(question, body, section=question))))
    (card,) = learner.cards()
    assert not card.question_av_tags()
    assert not card.answer_av_tags()
    for side in learner.sides(card):
        shown = side.html.split("</style>")[1]
        assert nfc(plain(shown)).count(nfc(question)) == 2
        assert not re.search(r"<(?!/?(?:div|span|hr|pre|code)\b)|\[\[?type:|\\[(\[]", shown)
    assert nfc(HOSTILE) in nfc(plain(learner.sides(card)[1].html))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=8))
def test_any_text_comes_back_from_anki(learner: Learner, texts: list[str]) -> None:
    """A field without its HTML is the text, but for Anki's composing of characters (NFC)."""
    learner.collection.remove_notes(learner.collection.find_notes(""))
    shown = [printable(text) for text in texts]
    views = [view(f"?{text}", text, key=str(at)) for at, text in enumerate(shown)]
    learner.imports(package(edition_of(*views)))
    notes = learner.notes()
    assert [nfc(plain(note["Answer"])) for note in notes] == list(map(nfc, shown))
    assert [nfc(plain(note["Question"])) for note in notes] == [nfc(f"?{text}") for text in shown]


def nfc(text: str) -> str:
    """Return `text` as Anki stores it."""
    return unicodedata.normalize("NFC", text)


# ── reproducible ─────────────────────────────────────────────────────────────────────────────────

_BUILD = """
import hashlib
from builder.export.apkg import export, guid, note_types
from builder.edition import CardView, DeckView, Edition, Prose, Run
from builder.model import Entry, Ledger, Place, Stamp
place = Place("bank.md", 1, 1, 1, 1)
yes = (Prose(((Run("yes"),),)),)
cards = tuple(
    CardView(
        str(n), "question", f"Question {n}", yes, yes, f"S{n % 3}", "", ("b", "a", "c"), place
    )
    for n in range(30)
)
about = ("", "", "", "", "question", "", "", "")
ledger = Ledger(
    tuple(Entry(str(n), guid(str(n)), 10 * n + 1, 1764000000 + n, *about) for n in range(30)),
    tuple(Stamp(name, digest, 1764000000) for name, digest in note_types().items()),
)
artefact = export(Edition((DeckView("Deck", "deck", cards),)), name="bank", ledger=ledger)
print(sorted(note_types().items()))
print(artefact.name, hashlib.sha256(artefact.content).hexdigest())
"""


def test_the_bytes_depend_on_edition_and_ledger_alone() -> None:
    """Other time zones, hash seeds, folders and locales make the same file."""
    worlds = (
        {"TZ": "UTC", "PYTHONHASHSEED": "0"},
        {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "1", "LC_ALL": "C"},
        {"TZ": "America/St_Johns", "PYTHONHASHSEED": "2", "PYTHONUTF8": "0"},
    )
    assert len({_built(world) for world in worlds}) == 1


def _built(world: dict[str, str]) -> str:
    root = str(Path(cards.__file__).parents[2])
    command = [sys.executable, "-c", _BUILD]
    environment = {**os.environ, "PYTHONPATH": root, **world}
    return subprocess.run(
        command, env=environment, capture_output=True, check=True, text=True
    ).stdout


def test_what_the_ledger_says_of_others_changes_no_byte(edition: Edition) -> None:
    """Only the entries of the package's own cards are in it, in whatever order they stand."""
    ledger = ledger_of(edition)
    stranger = replace(
        ledger.entries[0], key="x", guid="x", note_id=1, mod=TUESDAY, retired=TUESDAY
    )
    more = replace(ledger, entries=(stranger, *reversed(ledger.entries)))
    assert package(edition, ledger) == package(edition, more)
    assert package(edition, ledger) != package(edition, ledger_of(edition, stamp=TUESDAY))


def test_no_time_in_the_package_comes_from_a_clock(edition: Edition) -> None:
    """Beside the ledger's there are only the constants that genanki writes."""
    times = "select crt, mod / 1000, scm / 1000 from col union all select mod, 0, 0 from notes"
    assert set(_rows(package(edition), times)) == {
        (1411124400, 1425279151, 1425279151),
        (MONDAY, 0, 0),
    }
    assert {row[0] for row in _rows(package(edition), "select mod from cards")} == {MONDAY}


def test_a_digest_changes_with_what_a_note_type_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields, templates and CSS, and nothing else: an upgrade of genanki is no change."""
    before = note_types()
    assert list(before) == [cards.QUESTION.name, cards.CODE.name, cards.CLOZE.name]
    assert len(set(before.values())) == 3
    monkeypatch.setattr("builder.export.cards.css", lambda _="": "")
    styled = note_types()
    template = replace(cards.CODE.templates[0], front="x")
    changed = replace(cards.CODE, templates=(template, *cards.CODE.templates[1:]))
    monkeypatch.setattr("builder.export.apkg._KINDS", (cards.QUESTION, changed))
    assert not set(before.values()) & set(styled.values())
    assert note_types()[cards.QUESTION.name] == styled[cards.QUESTION.name]
    assert note_types()[cards.CODE.name] != styled[cards.CODE.name]


def test_genanki_has_no_warning_about_our_html(
    recwarn: pytest.WarningsRecorder, learner: Learner
) -> None:
    """Every field is HTML that genanki finds well formed."""
    package(edition_of(view(HOSTILE, HOSTILE)))
    assert not recwarn.list
