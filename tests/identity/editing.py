"""A bank as its author sees it: notes that are edited, while we remember which card is which."""

from __future__ import annotations

import functools
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import reading
from identity.corpus import corpus

from builder.assemble import assemble
from builder.identity import Identified, identify, new_key
from builder.identity.evidence import words
from builder.model import (
    Bank,
    Card,
    ChangeKind,
    Code,
    Deck,
    Entry,
    Ledger,
    Place,
    Text,
)

CANON = reading.REPOSITORY / "content" / "ml-coding-canon.md"


@dataclass(frozen=True)
class Item:
    """A card as its author thinks of it: its name, and the names of what it is a copy of."""

    name: int
    question: str
    answer: str
    section: str
    file: str
    title: str
    kind: Literal["question", "code"] = "question"
    identifier: str = ""
    others: tuple[str, ...] = ()
    parents: tuple[int, ...] = ()


def bank_of(items: Sequence[Item], order: Sequence[str] = ()) -> Bank:
    """Return the bank of `items`, a deck for each file, its cards in their order."""
    titles = {item.file: item.title for item in items}
    files = order or sorted(titles)
    return Bank(
        tuple(
            Deck(titles[file], file, (), tuple(_cards(items, file)))
            for file in files
            if file in titles
        )
    )


def _cards(items: Sequence[Item], file: str) -> list[Card]:
    cards = []
    for line, item in enumerate((item for item in items if item.file == file), 1):
        place = Place(file, line, 1, line, 9)
        answer = Code(item.answer, place) if item.kind == "code" else Text(item.answer, place)
        cards.append(
            Card(item.question, answer, item.section, place, place, identifier=item.identifier)
        )
    return cards


def names_of(items: Sequence[Item]) -> dict[tuple[str, int], Item]:
    """Return the item of each place in the bank of `items`."""
    count: Counter[str] = Counter()
    found = {}
    for item in items:
        count[item.file] += 1
        found[item.file, count[item.file]] = item
    return found


def renewed(found: Identified, old: Ledger | None = None, time: int = 1) -> Ledger:
    """Return the ledger after a build of `found`: numbers in document order, nothing forgotten."""
    before = {entry.key: entry for entry in (old or Ledger()).entries}
    last = max((entry.note_id for entry in before.values()), default=0)
    for deck in found.bank.decks:
        for card in deck.cards:
            if not card.key:
                continue
            if card.key not in before:
                last += 1
            number = before[card.key].note_id if card.key in before else last
            answer = card.answer.source if isinstance(card.answer, Code) else card.answer.text
            before[card.key] = Entry(
                card.key, card.key, number, 1, "", deck.file, deck.title, card.section, card.kind,
                card.identifier, card.question, answer,
            )  # fmt: skip
    there = {card.key for card in found.bank.cards()}
    for change in found.changes:
        if change.kind is ChangeKind.RETIRED and change.before and change.before.key not in there:
            before[change.before.key] = replace(before[change.before.key], retired=time)
    return Ledger(tuple(sorted(before.values(), key=lambda entry: entry.key)))


@functools.cache
def everything() -> tuple[Item, ...]:
    """Return the corpus, and the code cards of our own banks as the real parser reads them."""
    items = [
        Item(0, one.question, one.answer, one.section, "theory.md", "Theory",
             others=one.paraphrases)
        for one in corpus()
    ]  # fmt: skip
    for path, file in ((CANON, "canon.md"), (reading.BANK, "bank.md")):
        deck = assemble([reading.document(path.read_text(encoding="utf-8"), file)]).decks[0]
        items += [
            Item(0, card.question, card.answer.source, card.section, file, deck.title, "code",
                 card.identifier)
            for card in deck.cards
            if isinstance(card.answer, Code)
        ]  # fmt: skip
    return tuple(replace(item, name=number) for number, item in enumerate(items, 1))


# ── one author at work ───────────────────────────────────────────────────────────────────────────


@dataclass
class Author:
    """Edits a bank at random, and remembers which cards were edited, and how.

    `done` has the kinds of edit by the names of items; nobody could tell a card whose question and
    answer were both written anew, so this is never done.
    """

    chance: random.Random
    items: list[Item]
    unused: list[Item]
    deleted: list[Item] = field(default_factory=list)
    done: dict[int, list[str]] = field(default_factory=dict)
    count: Counter[str] = field(default_factory=Counter)
    next: int = 10_000
    before: frozenset[str] = frozenset()

    def edit(self, kind: str) -> None:
        """Make one edit of a kind, if it is possible."""
        EDITS[kind](self)
        self.count[kind] += 1

    def pick(self, *without: str) -> int:
        """Return the place of an item to which none of the edits `without` was made."""
        fit = [
            at
            for at, item in enumerate(self.items)
            if not {*self.done.get(item.name, ())} & {*without}
        ]
        return self.chance.choice(fit)

    def change(self, at: int, kind: str, **values: str) -> None:
        """Give the item at a place other values, and remember it."""
        self.items[at] = replace(self.items[at], **values)  # type: ignore[arg-type]
        self.done.setdefault(self.items[at].name, []).append(kind)

    def asked(self) -> set[str]:
        """Return all questions, also those of the last build, so that nothing is asked twice."""
        return self.before | {" ".join(item.question.casefold().split()) for item in self.items}


def _typo(author: Author) -> None:
    at = author.pick("reword", "typo")
    old = author.items[at].question
    new = misspelt(old, author.chance)
    if new.casefold() not in author.asked():
        author.change(at, "typo", question=new)


def misspelt(question: str, chance: random.Random) -> str:
    """Return a question with a slip in one of its longer words."""
    words = [found.span() for found in re.finditer(r"[A-Za-z]{4,}", question)]
    start, stop = chance.choice(words or [(0, len(question))])
    at = chance.randrange(start, stop - 1)
    slips = (
        question[:at] + question[at + 1] + question[at] + question[at + 2 :],
        question[:at] + question[at + 1 :],
        question[: at + 1] + question[at:],
        question[:at] + chance.choice("aeinrst") + question[at + 1 :],
    )
    return chance.choice(slips)


_FRAMES = ("In short: {}", "Explain: {}", "{} Explain", "Interview question: {}", "{} And why?")
_CODE = (
    ("Implement", "Write"), ("Implement", "Code up"), ("Implement", "How do you implement"),
    ("Implement", "From scratch:"), ("Implement", "Using numpy only, implement"),
)  # fmt: skip


def reworded(item: Item, chance: random.Random) -> str:
    """Return other words for the question of an item."""
    if item.others and chance.random() < 0.85:
        return chance.choice(item.others)
    if item.kind == "code" and item.question.startswith("Implement"):
        return item.question.replace(*chance.choice(_CODE), 1)
    return chance.choice(_FRAMES).format(item.question)


def _reword(author: Author) -> None:
    at = author.pick("reword", "typo", "rewrite", "swap answers", "swap questions")
    new = reworded(author.items[at], author.chance)
    if new.casefold() not in author.asked():
        author.change(at, "reword", question=new)


def _correct(author: Author) -> None:
    """Change a little of an answer."""
    at = author.pick("swap answers", "swap questions", "rewrite")
    item = author.items[at]
    if item.kind == "code":
        new = item.answer + "\n    # checked by hand"
    else:
        parts = item.answer.split(" ")
        more = author.chance.choice(["often", "all", "mostly"])
        parts.insert(author.chance.randrange(len(parts) + 1), more)
        new = " ".join(parts)
    author.change(at, "correct", answer=new)


def _rewrite(author: Author) -> None:
    """Write an answer anew."""
    at = author.pick("reword", "swap answers", "swap questions", "correct")
    item = author.items[at]
    code = f"def answer_{item.name}(values):\n    total = {item.name}\n    return [total, *values]"
    text = f"Somebody wrote this text number {item.name} over again, in sentences of one's own"
    author.change(at, "rewrite", answer=code if item.kind == "code" else text)


def _reorder(author: Author) -> None:
    at = author.pick()
    item = author.items.pop(at)
    fit = [
        place
        for place, other in enumerate(author.items)
        if (other.file, other.section) == (item.file, item.section)
    ]
    author.items.insert(author.chance.choice(fit or [at]), item)
    author.done.setdefault(item.name, []).append("reorder")


def _insert(author: Author) -> None:
    """Put a new card somewhere, often at the beginning."""
    if author.unused:
        item = author.unused.pop(author.chance.randrange(len(author.unused)))
        if item.question.casefold() not in author.asked():
            at = author.chance.choice([0, author.chance.randrange(len(author.items))])
            there = author.items[at]
            new = replace(item, file=there.file, title=there.title, section=there.section)
            author.items.insert(at, new)


def _replace(author: Author) -> None:
    """Put a card in the place of the one that is most like it, which goes."""
    if author.unused and len(author.items) > 30:
        item = author.unused.pop(author.chance.randrange(len(author.unused)))
        mine = {*words(item.question.casefold())}
        at = max(
            range(len(author.items)),
            key=lambda at: len(mine & {*words(author.items[at].question.casefold())}),
        )
        old = author.items[at]
        if item.question.casefold() not in author.asked():
            new = replace(item, file=old.file, title=old.title, section=old.section)
            author.items[at] = new
            author.deleted.append(old)


def _delete(author: Author) -> None:
    if len(author.items) > 30:
        author.deleted.append(author.items.pop(author.pick()))


def _restore(author: Author) -> None:
    if author.deleted:
        item = author.deleted.pop()
        there = author.chance.choice(author.items)
        if item.question not in {other.question for other in author.items}:
            new = replace(item, file=there.file, title=there.title, section=there.section)
            author.items.append(new)
            author.done.setdefault(item.name, []).append("restore")


def _two(author: Author) -> tuple[int, int] | None:
    without = ("reword", "typo", "rewrite", "correct", "swap answers", "swap questions")
    one = author.pick(*without)
    fit = [
        at
        for at, item in enumerate(author.items)
        if item.kind == author.items[one].kind
        and at != one
        and not {*author.done.get(item.name, ())} & {*without}
    ]
    return (one, author.chance.choice(fit)) if fit else None


def _swap_answers(author: Author) -> None:
    if two := _two(author):
        one, other = two
        first, second = author.items[one].answer, author.items[other].answer
        author.change(one, "swap answers", answer=second)
        author.change(other, "swap answers", answer=first)


def _swap_questions(author: Author) -> None:
    """Who reads it afterwards follows the questions: these took the other's answer and place."""
    if two := _two(author):
        one, other = two
        a, b = author.items[one], author.items[other]
        author.change(one, "swap questions", answer=b.answer, section=b.section, file=b.file,
                      title=b.title)  # fmt: skip
        author.change(other, "swap questions", answer=a.answer, section=a.section, file=a.file,
                      title=a.title)  # fmt: skip
        author.items[one], author.items[other] = author.items[other], author.items[one]


def _move(author: Author) -> None:
    """Move a card to another section, perhaps of another file."""
    at, there = author.pick(), author.chance.choice(author.items)
    item = author.items.pop(at)
    author.items.append(replace(item, section=there.section, file=there.file, title=there.title))
    author.done.setdefault(item.name, []).append("move")


def _all(author: Author, kind: str, chosen: Callable[[Item], bool], **values: str) -> None:
    for at, item in enumerate(author.items):
        if chosen(item):
            author.change(at, kind, **values)


def _rename_section(author: Author) -> None:
    there = author.chance.choice(author.items)
    _all(author, "rename section",
         lambda item: (item.file, item.section) == (there.file, there.section),
         section=f"{there.section} II")  # fmt: skip


def _rename_file(author: Author) -> None:
    there = author.chance.choice(author.items)
    title = author.chance.choice([there.title, f"{there.title} anew"])
    _all(author, "rename file", lambda item: item.file == there.file,
         file=f"new-{there.file}", title=title)  # fmt: skip


def _split_file(author: Author) -> None:
    there = author.chance.choice(author.items)
    title = author.chance.choice([there.title, there.section])
    _all(author, "split file",
         lambda item: (item.file, item.section) == (there.file, there.section),
         file=f"{author.chance.randrange(10**6)}.md", title=title)  # fmt: skip


def _join_files(author: Author) -> None:
    one, other = author.chance.choice(author.items), author.chance.choice(author.items)
    if one.file != other.file:
        _all(author, "join files", lambda item: item.file == one.file,
             file=other.file, title=other.title)  # fmt: skip


def _copy(author: Author) -> None:
    """Copy a card, and make the copy ask something else."""
    at = author.pick()
    item = author.items[at]
    author.next += 1
    new = replace(item, name=author.next, parents=(*item.parents, item.name), identifier="",
                  question=author.chance.choice((reworded(item, author.chance),
                                                 f"{item.question} An example?")))  # fmt: skip
    if new.question.casefold() not in author.asked():
        author.items.insert(at + author.chance.choice([0, 1]), new)
        author.done.setdefault(item.name, []).append("copied")


EDITS: dict[str, Callable[[Author], None]] = {
    "typo": _typo, "reword": _reword, "correct": _correct, "rewrite": _rewrite,
    "reorder": _reorder, "insert": _insert, "replace": _replace, "delete": _delete,
    "restore": _restore, "swap answers": _swap_answers, "swap questions": _swap_questions,
    "move": _move, "rename section": _rename_section, "rename file": _rename_file,
    "split file": _split_file, "join files": _join_files, "copy": _copy,
}  # fmt: skip

# How often an author does it: whole files are seldom moved.
OFTEN = {
    "typo": 6, "reword": 6, "correct": 5, "rewrite": 2, "reorder": 3, "insert": 4, "replace": 2,
    "delete": 3, "restore": 2, "swap answers": 1, "swap questions": 1, "move": 3,
    "rename section": 0.3, "rename file": 0.15, "split file": 0.3, "join files": 0.2, "copy": 2,
}  # fmt: skip


# What befalls many cards at once says little of each, so it does not count for its key being kept.
WHOLESALE = {"rename section", "rename file", "split file", "join files"}


def author(seed: int, cards: int | None = None) -> Author:
    """Return an author with most of the corpus, the rest being what may be inserted."""
    chance = random.Random(seed)
    items = list(everything())
    unused = set(chance.sample(range(len(items)), len(items) // 6))
    kept = [item for at, item in enumerate(items) if at not in unused]
    if cards:
        kept = [kept[at] for at in sorted(chance.sample(range(len(kept)), cards))]
    return Author(chance, kept, [items[at] for at in sorted(unused)])


# ── what became of the keys ──────────────────────────────────────────────────────────────────────


@dataclass
class Fate:
    """How many edited cards kept their keys; what was taken from somebody is named."""

    kept: int = 0
    unsure: int = 0
    lost: list[tuple[str, str, list[str]]] = field(default_factory=list)
    wrong: list[tuple[str, list[str]]] = field(default_factory=list)
    swapped: list[tuple[str, str, str, list[str]]] = field(default_factory=list)
    new: int = 0
    new_unsure: list[tuple[str, str]] = field(default_factory=list)
    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)


class Story:
    """A bank over several builds: the ledger, and the key of each item by its name."""

    def __init__(self, author: Author) -> None:
        self.author = author
        found = identify(bank_of(author.items), Ledger())
        self.found = found
        self.ledger = renewed(found)
        self.keys: dict[int, str] = {}
        self.families: dict[int, set[int]] = {}
        self._remember()
        author.before = frozenset(author.asked())

    def build(self, fate: Fate) -> Identified:
        """Build what the author made of the bank, and count what became of the keys."""
        items = self.author.items
        present = {item.file for item in items}
        gone = {entry.file for entry in self.ledger.entries} - present
        found = identify(bank_of(items), self.ledger, gone)
        owners = {key: name for name, key in self.keys.items()}
        unsure = {
            (change.card.place.file, change.card.place.line): change.candidates
            for change in found.changes
            if change.kind is ChangeKind.UNSURE and change.card
        }
        places = names_of(items)
        for card in found.bank.cards():
            item = places[card.place.file, card.place.line]
            done = self.author.done.get(item.name, [])
            old = self.keys.get(item.name, "")
            owner = owners.get(card.key, 0)
            offered = [entry.key for entry in unsure.get((card.place.file, card.place.line), ())]
            if owner and not self.families[owner] & {item.name, *item.parents}:
                fate.swapped.append((item.question, card.key, old, done))
                result = "swapped"
            elif not old:
                fate.new += 1
                if not card.key:
                    fate.new_unsure.append((item.question, offered[0]))
                continue
            elif card.key == old:
                fate.kept += bool({*done} - WHOLESALE)
                result = "kept"
            elif not card.key and old in offered:
                fate.unsure += 1
                result = "unsure"
            elif not card.key and not self._went_to_a_copy(found, item):
                fate.wrong.append((item.question, done))
                result = "wrong"
            else:
                fate.lost.append((item.question, old, done))
                result = "lost"
            for kind in done:
                fate.by_kind[kind, result] += 1
        self.found = self.settled(found)
        self.ledger = renewed(self.found, self.ledger)
        self._remember()
        self.author.done.clear()
        self.author.before = frozenset()
        self.author.before = frozenset(self.author.asked())
        return found

    def _went_to_a_copy(self, found: Identified, item: Item) -> bool:
        """Tell whether the key of `item` is now that of a copy, which is all that it was."""
        places, key = names_of(self.author.items), self.keys[item.name]
        heirs = (
            places[card.place.file, card.place.line]
            for card in found.bank.cards()
            if card.key == key
        )
        return any(self.families[item.name] & {heir.name, *heir.parents} for heir in heirs)

    def settled(self, found: Identified) -> Identified:
        """Return what was found once the author has said which card is which."""
        places, ledger = names_of(self.author.items), self.ledger
        for change in found.changes:
            if change.kind is ChangeKind.UNSURE and (card := change.card):
                name = places[card.place.file, card.place.line].name
                key = self.keys.get(name, "")
                if not key or key in {one.key for one in found.bank.cards()}:  # a copy has it
                    key = new_key(found.bank, ledger, card)
                found = replace(found, bank=_with_key(found.bank, card, key))
        return found

    def _remember(self) -> None:
        places = names_of(self.author.items)
        for card in self.found.bank.cards():
            if card.key:
                item = places[card.place.file, card.place.line]
                self.keys[item.name] = card.key
                self.families[item.name] = {item.name, *item.parents}


def _with_key(bank: Bank, unsure: Card, key: str) -> Bank:
    return Bank(
        tuple(
            replace(
                deck,
                cards=tuple(
                    replace(card, key=key) if card.place == unsure.place else card
                    for card in deck.cards
                ),
            )
            for deck in bank.decks
        )
    )


def live(edits: int, each: int, seed: int, fate: Fate) -> int:
    """Let an author make so many edits before each build; return how many were made."""
    story = Story(author(seed))
    made = 0
    while made < edits:
        for _ in range(each):
            kind = story.author.chance.choices(list(OFTEN), list(OFTEN.values()))[0]
            story.author.edit(kind)
            made += 1
        story.build(fate)
    return made
