"""Taking over decks that were made elsewhere, with packages of genanki and of Anki itself."""

from __future__ import annotations

import io
import sqlite3
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import genanki
import pytest
import reading
from anki.collection import (
    ExportAnkiPackageOptions,
    ImportAnkiPackageRequest,
    ImportLogWithChanges,
)
from anki.models import ChangeNotetypeRequest
from learner import Learner

from builder import history
from builder.adopt import adopt
from builder.adopt.package import Note, read
from builder.adopt.recognise import plain, recognise
from builder.assemble import assemble
from builder.build import build
from builder.changes import changes
from builder.model import CannotRunError, Entry
from builder.parse import parse
from builder.settings import Settings
from builder.source import Source
from builder.verify.limits import Order

NOW = int(time.time())
YESTERDAY = NOW - 86_400

BANK = """# Learning

```
Q: What is bias?
A: error from wrong assumptions

Q: What is *R&D*, and `why`?
A: research and development

Q: Never asked before?
A: indeed
```

```python
# 1. Implement softmax
def softmax(x):
    return x
```
"""
FRONTS = [
    ("What is <b>bias</b>?", "error from wrong assumptions"),
    ("what is *R&amp;D*,&nbsp;and<br>why?", "research"),
    ("Implement softmax", "<pre>def softmax(x): pass</pre>"),
    ("Where is Rome?", "Italy"),
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bank.md").write_text(BANK, encoding="utf-8")


def settings(now: int = NOW, output: str | None = None) -> Settings:
    """Return the settings of a run with the note."""
    return Settings(("bank.md",), now, Order(1), output=output, run=False)


def foreign(
    pairs: Sequence[tuple[str, ...]] = FRONTS, model: genanki.Model = genanki.BASIC_MODEL
) -> dict[str, str]:
    """Write `old.apkg` by genanki, GUIDs of its own kind, and return them by their first fields."""
    deck = genanki.Deck(1_234_567, "Old deck")
    for pair in pairs:
        deck.add_note(genanki.Note(model=model, fields=list(pair), tags=["old"]))
    genanki.Package(deck).write_to_file("old.apkg", timestamp=YESTERDAY)
    return {note.fields[0]: note.guid for note in deck.notes}


def entries() -> dict[str, Entry]:
    """Return what the ledger knows, by question."""
    return {entry.question: entry for entry in history.read(("bank.md",)).ledger.entries}


def package(now: int) -> bytes:
    """Build the note and return its deck."""
    assert build(settings(now, "out")).clean
    return Path("out/bank.apkg").read_bytes()


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────


def test_recognised_questions_take_over_the_guids() -> None:
    """HTML, entities, blanks, case and Markdown's signs make no other question."""
    guids = foreign()
    told = adopt(settings(), "old.apkg", force=False)
    found = entries()
    assert {question: entry.guid for question, entry in found.items()} == {
        "What is bias?": guids[FRONTS[0][0]],
        "What is *R&D*, and `why`?": guids[FRONTS[1][0]],
        "Implement softmax": guids[FRONTS[2][0]],
    }
    assert {(entry.mod, entry.digest) for entry in found.values()} == {(0, "")}
    assert len({entry.note_id for entry in found.values()}) == 3
    lines = told.splitlines()
    assert lines[:5] == [
        "proofdeck.lock: adopted 3 of 4 questions from old.apkg",
        "not recognised:",
        "  - Never asked before?",
        "notes that no question matched:",
        "  - Where is Rome?",
    ]
    assert "proofdeck code:" in lines
    assert "proofdeck question:" in lines


def test_the_next_build_stamps_what_was_adopted() -> None:
    """The package has the GUIDs and the time of the build; nothing else has changed by them."""
    guids = foreign()
    adopt(settings(), "old.apkg", force=False)
    assert changes(settings()).unchanged == 3
    assert len(read(package(NOW), "bank.apkg")) == 4
    assert guids[FRONTS[0][0]] in {note.guid for note in read(package(NOW), "bank.apkg")}
    assert {entry.mod for entry in entries().values()} == {NOW}


def test_built_cards_are_left_alone_unless_forced() -> None:
    """Their own GUIDs may have a history by now; a time never falls."""
    guids = foreign()
    package(NOW + 50)
    before = entries()
    told = adopt(settings(), "old.apkg", force=False)
    assert entries() == before
    lines = told.splitlines()
    assert lines[0] == "proofdeck.lock: adopted 0 of 4 questions from old.apkg"
    assert lines[1].startswith("recognised, but built before under a name of its own")
    assert lines[2] == "  - What is bias?"
    assert "Never asked" not in told
    assert "nid:" not in told
    assert "adopted 3 of 4" in adopt(settings(), "old.apkg", force=True)
    found = entries()["What is bias?"]
    assert (found.guid, found.digest) == (guids[FRONTS[0][0]], "")
    package(NOW)
    assert entries()["What is bias?"].mod == NOW + 51
    assert entries()["Never asked before?"] == before["Never asked before?"]


def test_adopting_twice_changes_nothing() -> None:
    """What has the GUID already is only counted; with force it is stamped anew."""
    foreign()
    adopt(settings(), "old.apkg", force=False)
    package(NOW)
    before = Path("proofdeck.lock").read_bytes()
    told = adopt(settings(), "old.apkg", force=False)
    assert "adopted 0 of 4" in told
    assert "3 questions had been adopted before" in told
    assert Path("proofdeck.lock").read_bytes() == before
    assert "adopted 3 of 4" in adopt(settings(), "old.apkg", force=True)
    assert entries()["What is bias?"].digest == ""


def test_nothing_recognised_writes_nothing() -> None:
    """No ledger is begun by a deck of something else."""
    foreign([("Where is Rome?", "Italy")])
    assert "adopted 0 of 4" in adopt(settings(), "old.apkg", force=False)
    assert not Path("proofdeck.lock").exists()


def test_what_is_told_is_harmless() -> None:
    """A note's text obeys no terminal, and a long list is cut."""
    foreign([(f"\x1b[31mred {number}\u202e", "x") for number in range(30)])
    told = adopt(settings(), "old.apkg", force=False)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "  and 10 more" in told


# ── recognising ──────────────────────────────────────────────────────────────────────────────────


def matched(bank: str, *fields: tuple[str, ...]) -> dict[str, int]:
    """Return the number of the note that each question of the note `bank` has."""
    notes = [Note(at, f"g{at}", 1, texts) for at, texts in enumerate(fields)]
    found = recognise(assemble([parse(Source("bank.md", bank))]), notes)
    assert len(found.pairs) + len(found.unmatched) == len(notes)
    return {card.question: note.number for card, note in found.pairs}


def test_any_field_may_ask() -> None:
    """The first one first: a later field counts for what is left over."""
    assert matched(BANK, ("7", "What is bias?"), ("What is bias?", "x")) == {"What is bias?": 1}
    assert matched(BANK, ("7", "Ctx", "What is bias?")) == {"What is bias?": 0}


def test_two_notes_that_ask_the_same_are_told_apart_by_their_answers() -> None:
    """Else neither is taken."""
    good = ("What is bias?", "error from wrong assumptions")
    assert matched(BANK, ("What is bias?", "a seam"), good) == {"What is bias?": 1}
    assert matched(BANK, ("What is bias?", "a"), ("What is bias?", "b")) == {}


def test_a_reworded_question_is_recognised_by_its_answer() -> None:
    """By the same evidence as an author's own rewording, and only when it is sure."""
    reworded = ("Explain what bias is", "error from wrong assumptions")
    assert matched(BANK, reworded) == {"What is bias?": 0}
    assert matched(BANK, ("What is biased?", "sampling")) == {}
    assert matched(BANK, ("Softmax, implement it", "def softmax(x):\n    return x")) == {
        "Implement softmax": 0
    }


def test_what_is_worded_otherwise_is_shown() -> None:
    """So that a person can look whether it is the same."""
    foreign([("Explain what bias is", "error from wrong assumptions")])
    told = adopt(settings(), "old.apkg", force=False)
    assert "  - What is bias? (was: Explain what bias is)" in told.splitlines()


def test_the_nearest_note_is_shown() -> None:
    """Of what may be meant and is not sure."""
    foreign([("What is the bias?", "a seam")])
    told = adopt(settings(), "old.apkg", force=False)
    assert "  - What is bias? (nearest note: What is the bias?)" in told.splitlines()


def test_fields_are_read_as_they_look() -> None:
    """Tags, entities, line ends, and the link back that Obsidian's exporter leaves."""
    assert plain("a<br>b<div>c</div>1 &lt; 2") == "a\nb\nc\n1 < 2"
    assert plain('Q?<br><a href="obsidian://open?vault=v" class="x">Obsidian</a>') == "Q?"
    assert plain("P(a<3) and <a href='x'>y</a>") == "P(a<3) and y"
    began = time.perf_counter()
    for piece in ("<a ", "<a obsidian://", "<div", "<!--", "&", "<a >", "def "):
        plain(piece * 5_000)
    assert time.perf_counter() - began < 2


def test_each_search_finds_notes_of_one_type() -> None:
    """Anki changes the types of no others."""
    deck = genanki.Deck(1_234_567, "Old deck")
    models = (genanki.BASIC_MODEL, genanki.BASIC_AND_REVERSED_CARD_MODEL)
    for model, pair in zip(models, FRONTS, strict=False):
        deck.add_note(genanki.Note(model=model, fields=list(pair)))
    genanki.Package(deck).write_to_file("old.apkg", timestamp=YESTERDAY)
    one, two = (note.number for note in read(Path("old.apkg").read_bytes(), "old.apkg"))
    told = adopt(settings(), "old.apkg", force=False)
    assert told.endswith(f"\nproofdeck question:\n  nid:{one}\n  nid:{two}")


def test_a_cloze_takes_over_a_cloze() -> None:
    """The step in Anki names our type of note; one that is worded otherwise may be another."""
    Path("bank.md").write_text(
        "# Deck\n\nC: {{c1::Rome}} is the capital of Italy\n\n"
        "C: The mean moves with {{c1::outliers}}, so take the {{c2::median}} where they are\n",
        encoding="utf-8",
    )
    near = "The mean moves with {{c1::outliers}}, take the {{c2::median}} where they are"
    rome = "{{c1::Rome}} is the <b>capital</b> of Italy"
    guids = foreign([(rome, ""), (near, ""), ("{{c1::What}}?", "")], genanki.CLOZE_MODEL)
    told = adopt(settings(), "old.apkg", force=False)
    assert [entry.guid for entry in entries().values()] == [guids[rome]]
    assert "proofdeck cloze:" in told.splitlines()
    assert f"(nearest note: {near})" in told


def test_an_unsure_card_is_left_alone() -> None:
    """It may be an earlier card: that is settled first."""
    package(NOW)
    reworded = BANK.replace("What is bias?\nA: error from", "What are biases?\nA: a seam, or")
    Path("bank.md").write_text(reworded, encoding="utf-8")
    foreign([("What are biases?", "x")])
    assert "may be earlier cards" in adopt(settings(), "old.apkg", force=True)
    assert "What are biases?" not in entries()


# ── packages ─────────────────────────────────────────────────────────────────────────────────────


def zipped(**members: bytes) -> bytes:
    """Return a zip file with a member for each argument, its name with a dot for the `_`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as found:
        for name, content in members.items():
            found.writestr(name.replace("_", "."), content)
    return file.getvalue()


def database(*statements: str) -> bytes:
    """Return an SQLite file that the statements make."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()


TABLE = "create table notes (id integer primary key, guid text, mid integer, flds text)"
ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no Anki package"),
        (b"PK\x03\x04rest", "no Anki package"),
        (zipped(other=b"x"), "it holds no collection"),
        (zipped(collection_anki2=b"x"), "no SQLite file"),
        (zipped(collection_anki2=b"SQLite format 3\0" + bytes(5000)), "cannot be read"),
        (zipped(collection_anki2=database(TABLE)[:4096]), "cannot be read"),
        (zipped(collection_anki2=database("create table other (x)")), "no table of notes"),
        (
            zipped(
                collection_anki2=database(
                    f"create view notes as {ENDLESS} x as id, 'g' as guid, 1 as mid, '' as flds"
                    " from c"
                )
            ),
            "no table of notes",
        ),
        (zipped(collection_anki2=bytes(250_000_001)), "larger than 250 MB"),
        (zipped(collection_anki21b=b"x", collection_anki2=b"y"), "Support older Anki versions"),
    ],
)
def test_what_cannot_be_read_is_told(content: bytes, why: str) -> None:
    """One line, with the file's name, and no other exception."""
    Path("old.apkg").write_bytes(content)
    with pytest.raises(CannotRunError, match=f"^old.apkg: .*{why}"):
        adopt(settings(), "old.apkg", force=False)


def test_a_missing_file_is_told() -> None:
    """With its name."""
    with pytest.raises(CannotRunError, match=r"^none\.apkg: no such file"):
        adopt(settings(), "none.apkg", force=False)


def test_a_computed_column_computes_nothing() -> None:
    """Nothing of a stranger's schema is run."""
    made = database(
        "create table notes (id integer, guid text, mid integer, flds text as (hex(mid)))",
        "insert into notes (id, guid, mid) values (1, 'g', 1)",
    )
    with pytest.raises(CannotRunError, match="its notes are computed"):
        read(zipped(collection_anki2=made), "x")


def test_odd_rows_are_passed_over() -> None:
    """Of two notes with one GUID the first counts; what is no text or no number is none."""
    made = database(
        "create table notes (id, guid, mid, flds)",
        "insert into notes values (2, 'g', 1, 'second'), (1, 'g', 1, 'first' || char(31) || 'b'),"
        " (3, x'00', 1, 'blob'), (4, null, 1, ''), ('n', 'h', 1, ''), (6, '', 1, 'empty'),"
        " (7, cast(x'ff41' as text), 1, 'halves')",
    )
    assert read(zipped(collection_anki2=made), "x") == (
        Note(1, "g", 1, ("first", "b")),
        Note(7, "\ufffdA", 1, ("halves",)),
    )


# ── a learner's history ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    """Return somebody who has learned the cards of `old.apkg`, flagged and buried some."""
    foreign()
    with Learner(tmp_path / "learner") as one:
        one.imports(Path("old.apkg").read_bytes())
        one.collection.decks.select(one.collection.decks.id("Old deck"))
        for _ in FRONTS:
            one.answers(4)
        one.collection.set_user_flag_for_cards(3, [one.cards()[0].id])
        yield one


def scheduled(learner: Learner) -> list[object]:
    """Return the schedule, the flag, the deck and the reviews of each card that was learned."""
    return learner.database.all(
        "select id, nid, did, ord, type, queue, due, ivl, factor, reps, flags, data,"
        " (select count() from revlog where cid = cards.id) from cards where reps > 0 order by id"
    )


def change_types(learner: Learner, told: str) -> None:
    """Do what the command says: change the types of the notes that each search finds."""
    lines = told.splitlines()
    models = learner.collection.models
    for name in ("proofdeck question", "proofdeck code"):
        found = learner.collection.find_notes(lines[lines.index(f"{name}:") + 1].strip())
        new = models.by_name(name)
        assert new
        old = learner.collection.get_note(found[0]).mid
        info = models.change_notetype_info(old_notetype_id=old, new_notetype_id=new["id"])
        request = ChangeNotetypeRequest()
        request.CopyFrom(info.input)
        request.note_ids.extend(found)
        models.change_notetype_of_notes(request)


def imported(learner: Learner, package: bytes, **options: object) -> ImportLogWithChanges.Log:
    """Import with some options changed in Anki's dialog."""
    path = learner.folder / "package.apkg"
    path.write_bytes(package)
    chosen = learner.collection._backend.get_import_anki_package_presets()
    for name, value in options.items():
        setattr(chosen, name, value)
    request = ImportAnkiPackageRequest(package_path=str(path), options=chosen)
    return learner.collection.import_anki_package(request).log


def exported(learner: Learner, *, legacy: bool) -> None:
    """Export everything to `old.apkg`, by Anki."""
    learner.collection.export_anki_package(
        out_path="old.apkg",
        options=ExportAnkiPackageOptions(with_scheduling=True, legacy=legacy),
        limit=None,
    )


@pytest.mark.parametrize("by_anki", [False, True])
def test_the_way_that_is_told_keeps_the_history(learner: Learner, by_anki: bool) -> None:
    """Build, import, change the types in Anki, import with "Always": our cards, their history."""
    if by_anki:
        exported(learner, legacy=True)
    told = adopt(settings(), "old.apkg", force=False)
    assert "adopted 3 of 4" in told
    before = scheduled(learner)
    assert len(before) == 4
    deck = package(NOW - 10)

    log = imported(learner, deck)
    assert (len(log.new), len(log.conflicting), len(log.updated)) == (1, 3, 0)
    assert scheduled(learner) == before
    change_types(learner, told)
    assert learner.collection.schema_changed()
    assert len(imported(learner, deck).updated) == 0  # the change made them newer than the deck
    assert len(imported(learner, deck, update_notes=1).updated) == 3
    assert scheduled(learner) == before

    notes = {note.guid: note for note in learner.notes()}
    bias = notes[entries()["What is bias?"].guid]
    assert bias["Question"] == "What is bias?"
    assert "old" not in bias.tags
    assert len(notes) == 5
    assert learner.collection.fix_integrity()[1]
    assert not learner.collection.get_empty_cards().notes


def test_a_build_after_the_change_needs_no_option(learner: Learner) -> None:
    """Types may come with any deck of ours; then the build is newer than the change."""
    told = adopt(settings(), "old.apkg", force=False)
    before = scheduled(learner)
    imported(learner, package(NOW - 10))
    change_types(learner, told)
    again = adopt(settings(), "old.apkg", force=True)
    assert "adopted 3 of 4" in again
    assert len(imported(learner, package(NOW + 3600)).updated) == 3
    assert scheduled(learner) == before


def test_merging_note_types_would_double_the_cards(learner: Learner) -> None:
    """So the command warns of it: the old cards stay beside new ones without a history."""
    adopt(settings(), "old.apkg", force=False)
    imported(learner, package(NOW), merge_notetypes=True)
    assert len(learner.cards()) == 4 + 1 + 3


def test_notes_with_our_types_need_no_step(tmp_path: Path) -> None:
    """Their GUIDs are all that was missing: somebody lost the ledger of a deck of ours."""
    Path("bank.md").write_text(BANK.replace("# Learning", "# Earlier"), encoding="utf-8")
    with Learner(tmp_path / "one") as one:
        one.imports(package(NOW))
        exported(one, legacy=True)
    before = {question: entry.guid for question, entry in entries().items()}
    Path("proofdeck.lock").unlink()
    Path("bank.md").write_text(BANK, encoding="utf-8")
    told = adopt(settings(), "old.apkg", force=False)
    assert told == "proofdeck.lock: adopted 4 of 4 questions from old.apkg"
    assert {question: entry.guid for question, entry in entries().items()} == before


def test_a_package_of_the_new_format_is_refused(learner: Learner) -> None:
    """What stands beside its collection is a stand-in that asks for an upgrade."""
    exported(learner, legacy=False)
    with pytest.raises(CannotRunError, match="Support older Anki versions"):
        adopt(settings(), "old.apkg", force=False)


# ── what an import keeps, and what it overwrites ─────────────────────────────────────────────────


def versions() -> tuple[bytes, bytes, bytes]:
    """Return our deck of yesterday, one with another answer of this hour, and one of tomorrow."""
    found = []
    for now, answer in ((YESTERDAY, "one"), (NOW - 3600, "two"), (NOW + 86_400, "three")):
        Path("bank.md").write_text(reading.pairs("a?", "b?").replace("because", answer))
        found.append(package(now))
    return found[0], found[1], found[2]


def test_what_a_learner_changed_stays_until_the_card_is_newer(tmp_path: Path) -> None:
    """An edit or a tag is newer than our older change; a later change of ours replaces both."""
    first, second, third = versions()
    with Learner(tmp_path / "one") as one:
        one.imports(first)
        edited, tagged = one.notes()
        edited["Answer"] = "mine"
        one.collection.update_note(edited)
        one.collection.tags.bulk_add([tagged.id], "marked")
        assert len(one.imports(second).duplicate) == 2
        assert [note["Answer"] == "mine" for note in one.notes()] == [True, False]
        assert one.notes()[1].has_tag("marked")
        assert len(one.imports(third).updated) == 2
        assert "three" in one.notes()[0]["Answer"]
        assert not one.notes()[1].has_tag("marked")


def test_where_and_how_a_card_is_stays(tmp_path: Path) -> None:
    """Its deck, also a renamed one, its flag and whether it is suspended."""
    first, _, third = versions()
    with Learner(tmp_path / "one") as one:
        one.imports(first)
        decks = one.collection.decks
        moved, renamed = one.cards()
        one.collection.set_deck([moved.id], decks.id("Mine"))
        decks.rename(renamed.did, "Renamed")
        one.collection.sched.suspend_cards([moved.id])
        one.collection.set_user_flag_for_cards(3, [moved.id])
        assert len(one.imports(third).updated) == 2
        cards = {card.id: card for card in one.cards()}
        assert one.deck_of(cards[moved.id]) == "Mine"
        assert one.deck_of(cards[renamed.id]) == "Renamed"
        assert (cards[moved.id].queue, cards[moved.id].user_flag()) == (-1, 3)


def test_what_was_deleted_comes_back_as_new(tmp_path: Path) -> None:
    """A note or a whole deck, as long as it is in the package: suspend what you do not want."""
    first, *_ = versions()
    with Learner(tmp_path / "one") as one:
        one.imports(first)
        one.collection.remove_notes([one.notes()[0].id])
        assert len(one.imports(first).new) == 1
        one.collection.decks.remove([one.cards()[0].did])
        assert len(one.imports(first).new) == 2
