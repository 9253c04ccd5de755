"""A deck that is edited, built and imported again: nothing that was learnt is lost.

A learner with a real Anki collection has studied a bank of 1,000 cards. Each case edits the bank,
builds it with its ledger, and imports the deck with the options of Anki's own dialog.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import pytest
from anki.collection import ImportLogWithChanges
from learner import Learner

from builder.build import build
from builder.export import cards
from builder.model import Change, ChangeKind
from builder.settings import Settings
from builder.verify.limits import Order

FILES, SECTIONS, CARDS = 4, 5, 50  # cards a section: 1,000 in all
HOUR, DAY = 3600, 86_400
EASES: tuple[Literal[1, 2, 3, 4], ...] = (3, 1, 3, 2, 4, 3)

_STARTS = [a + b for a in "bdfgklmnprst" for b in ("a", "i")]
_ENDS = ("lter", "snop", "vink", "dramp", "fosk", "gelth", "mund", "prax", "rinth", "quil")
_WORDS = [start + end for start in _STARTS for end in _ENDS]


# ── the bank ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Ask:
    """A card of the bank: a number that stays, what it asks and what the answer is."""

    number: int
    question: str
    answer: str


@dataclass(slots=True)
class Note:
    """A file of the bank: its tags, and the cards of each section."""

    title: str
    tags: list[str]
    sections: dict[str, list[Ask]]


@dataclass(slots=True)
class Bank:
    """A bank that can be edited. Each edit returns the numbers of the cards that it changed."""

    dice: random.Random
    notes: list[Note] = field(default_factory=list)
    last: int = 0

    @classmethod
    def whole(cls) -> Bank:
        """Return a bank of 1,000 cards, the same one each time."""
        bank = cls(random.Random(1))
        for file in range(FILES):
            sections = {
                f"Part {part} of {_STARTS[file]}": [bank.fresh() for _ in range(CARDS)]
                for part in range(SECTIONS)
            }
            bank.notes.append(Note(f"Matter {_STARTS[file]}", ["interview"], sections))
        return bank

    def fresh(self) -> Ask:
        """Return a new card."""
        self.last += 1
        one, two, three, *others = self.dice.sample(_WORDS, 9)
        answer = f"{' '.join(others[:3])} before\n   {' '.join(others[3:])} {self.last}"
        return Ask(self.last, f"What is the {one} {two} of a {three}?", answer)

    def write(self, folder: Path) -> None:
        """Write the files."""
        for at, note in enumerate(self.notes):
            lines = [f"---\ntags: [{', '.join(note.tags)}]\n---\n# {note.title}\n"]
            for section, asked in note.sections.items():
                pairs = "\n".join(f"Q: {ask.question}\nA: {ask.answer}\n" for ask in asked)
                lines.append(f"## {section}\n\n```\n{pairs}```\n")
            (folder / f"{at}.md").write_text("\n".join(lines), encoding="utf-8")

    def all(self) -> dict[int, Ask]:
        """Return all cards by their numbers."""
        sections = (asked for note in self.notes for asked in note.sections.values())
        return {ask.number: ask for asked in sections for ask in asked}

    def typo(self) -> set[int]:
        """Take a letter out of a question."""
        ask = self._some_card()
        ask.question = ask.question[:-4] + ask.question[-3:]
        return {ask.number}

    def reword(self) -> set[int]:
        """Ask in other words."""
        ask = self._some_card()
        words = ask.question.rstrip("?").split()
        ask.question = f"Define {words[-1]} by its {words[-4]}, in a sentence of your own."
        return {ask.number}

    def answer(self) -> set[int]:
        """Change an answer."""
        ask = self._some_card()
        ask.answer = f"{' '.join(self.dice.sample(_WORDS, 5))}, {ask.number}"
        return {ask.number}

    def rename_section(self) -> set[int]:
        """Give a section another name."""
        note = self.dice.choice(self.notes)
        old = self.dice.choice(list(note.sections))
        names = {name: f"{name} renamed" if name == old else name for name in note.sections}
        note.sections = {names[name]: asked for name, asked in note.sections.items()}
        return {ask.number for ask in note.sections[names[old]]}

    def move_to_section(self) -> set[int]:
        """Move a card to another section of its file."""
        note = self.dice.choice(self.notes)
        here, there = self.dice.sample(list(note.sections.values()), 2)
        return self._move(here, there)

    def move_to_file(self) -> set[int]:
        """Move a card to another file."""
        first, second = self.dice.sample(self.notes, 2)
        here, there = (self.dice.choice(list(note.sections.values())) for note in (first, second))
        return self._move(here, there)

    def reorder(self) -> set[int]:
        """Shuffle a section, and turn the sections of a file round: no note says otherwise."""
        note = self.dice.choice(self.notes)
        self.dice.shuffle(self.dice.choice(list(note.sections.values())))
        note.sections = dict(reversed(note.sections.items()))
        return set()

    def put_first(self) -> set[int]:
        """Put a new card before all others."""
        next(iter(self.notes[0].sections.values())).insert(0, self.fresh())
        return set()

    def delete(self) -> set[int]:
        """Delete a card."""
        asked = self._some_section()
        del asked[self.dice.randrange(len(asked))]
        return set()

    def retag(self) -> set[int]:
        """Give a file another tag."""
        note = self.dice.choice(self.notes)
        note.tags.append(f"tag-{len(note.tags)}")
        return {ask.number for asked in note.sections.values() for ask in asked}

    def _move(self, here: list[Ask], there: list[Ask]) -> set[int]:
        ask = here.pop(self.dice.randrange(len(here)))
        there.insert(self.dice.randrange(len(there)), ask)
        return {ask.number}

    def _some_section(self) -> list[Ask]:
        return self.dice.choice(list(self.dice.choice(self.notes).sections.values()))

    def _some_card(self) -> Ask:
        return self.dice.choice(self._some_section())


EDITS: dict[str, Callable[[Bank], set[int]]] = {
    "a typing error in a question": Bank.typo,
    "a question in other words": Bank.reword,
    "another answer": Bank.answer,
    "another name of a section": Bank.rename_section,
    "a card in another section": Bank.move_to_section,
    "a card in another file": Bank.move_to_file,
    "another order": Bank.reorder,
    "a new card before all others": Bank.put_first,
    "a card less": Bank.delete,
    "another tag of a deck": Bank.retag,
}


# ── the author and the learner ───────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Author:
    """Somebody with a bank in a folder, who builds it now and then, an hour apart."""

    folder: Path
    bank: Bank
    now: int

    def builds(self) -> bytes:
        """Write the notes, build them, and return the package."""
        self.now += HOUR
        self.bank.write(self.folder)
        paths, out = (str(self.folder),), str(self.folder / "out")
        # No sheet: it takes nine tenths of a build, and no learner imports it.
        settings = Settings(paths, self.now, Order(1), out, run=False, exporters=("apkg",))
        report = build(settings)
        assert report.clean, [found.message for found in report.diagnostics]
        self.changes = report.changes
        return (self.folder / "out" / "proofdeck.apkg").read_bytes()

    changes: tuple[Change, ...] = ()

    @property
    def ledger(self) -> Path:
        """Return where the ledger stands."""
        return self.folder / "proofdeck.lock"


def study(learner: Learner) -> None:
    """Answer each card at least once, a few several times and on a later day, and tidy up.

    Some notes are marked or have a tag, some cards a flag; some are suspended, some moved.
    """
    collection = learner.collection
    collection.set_config("fsrs", True)
    for config in collection.decks.all_config():
        config["new"]["perDay"] = config["rev"]["perDay"] = 9999
        collection.decks.update_config(config)
    names = (deck.name for deck in collection.decks.all_names_and_ids() if "::" not in deck.name)
    decks = [number for name in names if (number := collection.decks.id_for_name(name))]
    for deck in decks:
        collection.decks.select(deck)
        _answer_all(learner, "new")
    ids = learner.database.list("select id from cards order by id")
    collection.sched.set_due_date(ids[::5], "0")
    for deck in decks:
        collection.decks.select(deck)
        _answer_all(learner, "due")
    own = collection.decks.id("My own deck")
    assert own is not None
    collection.set_deck(ids[3::40], own)
    collection.sched.suspend_cards(ids[7::25])
    collection.set_user_flag_for_cards(3, ids[11::30])
    for at, one in enumerate(ids):
        if at % 20 in (5, 6):
            note = collection.get_card(one).note()
            note.add_tag("marked" if at % 20 == 5 else "mine::hard")
            collection.update_note(note)


def _answer_all(learner: Learner, what: Literal["new", "due"]) -> None:
    """Answer until nothing of this kind is left in the chosen deck."""
    scheduler = learner.collection.sched
    at = 0
    while (counts := scheduler.counts())[0 if what == "new" else 2]:
        assert sum(counts)
        learner.answers(EASES[at % len(EASES)])
        at += 1


@dataclass(frozen=True, slots=True)
class Memory:
    """All that a collection knows: cards (schedules, FSRS, flags, decks), reviews and notes."""

    cards: dict[int, Any]
    reviews: list[Any]
    notes: dict[int, Any]

    @classmethod
    def of(cls, learner: Learner) -> Memory:
        """Look it up."""
        rows = learner.database.all
        return cls(
            {row[0]: row for row in rows("select * from cards")},
            rows("select * from revlog order by id"),
            {row[0]: row for row in rows("select * from notes")},
        )


@dataclass(slots=True)
class Course:
    """An author and a learner, the notes of each card by its number, and what was learnt."""

    author: Author
    learner: Learner
    known: dict[int, int]
    learnt: Memory

    def goes_on(self, edited: set[int], new: int = 0) -> None:
        """Build, import, and see that all is as it was but what was `edited`, and what is new."""
        before = Memory.of(self.learner)
        log = self.learner.imports(self.author.builds())
        after = Memory.of(self.learner)
        assert _numbers(log, "updated") == {self.known[number] for number in edited}
        assert len(log.new) == len(after.notes) - len(before.notes) == new
        asked = self.author.bank.all()
        assert len(log.duplicate) == len(asked) - len(edited) - new
        assert not [*log.conflicting, *log.missing_notetype, *log.empty_first_field]

        assert after.reviews == self.learnt.reviews
        assert {one: after.cards[one] for one in before.cards} == before.cards
        assert {one: after.cards[one] for one in self.learnt.cards} == self.learnt.cards
        untouched = before.notes.keys() - _numbers(log, "updated")
        assert {one: after.notes[one] for one in untouched} == {
            one: before.notes[one] for one in untouched
        }
        self._learns_of(asked)

    def _learns_of(self, asked: dict[int, Ask]) -> None:
        """See that each card of the bank has one note, which is right; remember the new ones."""
        by_question: dict[str, list[int]] = {}
        for one, fields in self.learner.database.all("select id, flds from notes"):
            by_question.setdefault(fields.split("\x1f")[0], []).append(one)
        found = {number: by_question[ask.question] for number, ask in asked.items()}
        assert all(len(notes) == 1 for notes in found.values())
        for number, (note,) in found.items():
            assert self.known.setdefault(number, note) == note


def _numbers(log: ImportLogWithChanges.Log, what: str) -> set[int]:
    return {note.id.nid for note in getattr(log, what)}


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a bank that was built a day ago, and a collection that knows it."""
    folder = tmp_path_factory.mktemp("studied")
    (folder / "bank").mkdir()
    author = Author(folder / "bank", Bank.whole(), int(time.time()) - DAY)
    with Learner(folder / "profile") as learner:
        assert len(learner.imports(author.builds()).new) == FILES * SECTIONS * CARDS
        study(learner)
    return folder


@pytest.fixture
def course(studied: Path, tmp_path: Path) -> Iterator[Course]:
    """Return a course of a case's own."""
    shutil.copytree(studied, tmp_path / "own")
    author = Author(tmp_path / "own" / "bank", Bank.whole(), int(time.time()))
    with Learner(tmp_path / "own" / "profile") as learner:
        found = Course(author, learner, {}, Memory.of(learner))
        found._learns_of(author.bank.all())
        yield found


# ── the cases ────────────────────────────────────────────────────────────────────────────────────


def test_the_learner_has_studied_everything_in_every_way(course: Course) -> None:
    """What the cases below keep is worth keeping."""
    count = course.learner.database.scalar
    assert count("select count(distinct cid) from revlog") == FILES * SECTIONS * CARDS
    assert count("select count(distinct ease) from revlog where ease > 0") == 4
    assert count("select count(*) from cards where type = 2 and reps > 1") > 50
    assert count("select count(*) from cards where lapses > 0") > 10
    assert count("select count(*) from cards where queue = -1") == 40
    assert count("select count(*) from cards where flags = 3") > 30
    assert count("select count(*) from cards where data like '%\"s\":%'") > 900  # FSRS: stability
    assert count("select count(*) from notes where tags like '% marked %'") == 50
    own = course.learner.collection.decks.id_for_name("My own deck")
    assert count("select count(*) from cards where did = ?", own) == 25


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edit_updates_its_own_notes_alone(
    course: Course, edit: Callable[[Bank], set[int]]
) -> None:
    """No schedule, review or note of another card changes, and no note comes twice."""
    edited = edit(course.author.bank)
    course.goes_on(edited, new=1 if edit is Bank.put_first else 0)


def test_a_new_card_is_new_to_the_learner(course: Course) -> None:
    """It has no schedule, and stands in the deck of its section."""
    course.author.bank.put_first()
    course.goes_on(set(), new=1)
    (card,) = (one for one in course.learner.cards() if one.id not in course.learnt.cards)
    assert (card.type, card.queue, card.reps) == (0, 0, 0)
    assert course.learner.deck_of(card) == f"Matter {_STARTS[0]}::Part 0 of {_STARTS[0]}"


def test_a_card_that_was_deleted_and_comes_back_is_the_same_one(course: Course) -> None:
    """Its schedule waits for it; its text and tags are brought anew."""
    asked = next(iter(course.author.bank.notes[0].sections.values()))
    gone = asked.pop(4)
    course.goes_on(set())
    assert [change.kind for change in course.author.changes] == [ChangeKind.RETIRED]
    asked.append(gone)
    course.goes_on({gone.number})
    assert [change.kind for change in course.author.changes] == [ChangeKind.RETURNED]


def test_another_style_updates_no_note(course: Course) -> None:
    """The note types take it over."""
    with patch("builder.export.cards.css", lambda _="": ".card { color: teal }"):
        course.goes_on(set())
    stored = course.learner.database.list("select config from notetypes")
    assert any(b"teal" in bytes(one) for one in stored)
    names = [kind.name for kind in course.learner.collection.models.all_names_and_ids()]
    assert names.count(cards.QUESTION.name) == 1


def test_twenty_edits_in_a_row_lose_nothing(course: Course) -> None:
    """Each build follows on what the one before has left in the ledger."""
    dice = random.Random(20)
    edits = [*EDITS.values(), *dice.sample(list(EDITS.values()), 10)]
    dice.shuffle(edits)
    for edit in edits:
        edited = edit(course.author.bank)
        course.goes_on(edited, new=1 if edit is Bank.put_first else 0)
    assert not course.learner.collection.fix_integrity()[0].startswith("Found")


def test_a_build_without_an_edit_is_the_same_package(course: Course) -> None:
    """Byte for byte, and so is the ledger; nothing is imported."""
    first, ledger = course.author.builds(), course.author.ledger.read_bytes()
    before = Memory.of(course.learner)
    assert course.author.builds() == first
    assert course.author.ledger.read_bytes() == ledger
    log = course.learner.imports(first)
    assert len(log.duplicate) == FILES * SECTIONS * CARDS
    assert Memory.of(course.learner) == before
    course.goes_on(set())


def test_a_lost_ledger_costs_no_schedule(course: Course) -> None:
    """Every note is updated, which takes the learner's own tags; no note comes twice."""
    course.author.ledger.unlink()
    course.goes_on(set(course.author.bank.all()))
    assert (
        course.learner.database.scalar("select count(*) from notes where tags like '%marked%'") == 0
    )
