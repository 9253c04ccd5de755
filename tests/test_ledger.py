"""The ledger as text, as git merges it, and after a build."""

from __future__ import annotations

import json
import random
import subprocess
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.ledger import (
    LARGEST,
    NOTE_STEP,
    RETIRED,
    LedgerError,
    digest,
    read,
    renewed,
    text,
    tombstones,
)
from builder.model import (
    Bank,
    CannotRunError,
    Card,
    Code,
    Deck,
    Entry,
    Kind,
    Ledger,
    Markdown,
    Place,
    Stamp,
    Text,
)
from builder.source import Source

NOW = 1_764_000_000
PLACE = Place("bank.md", 1, 1, 1, 1)
TYPES = {"proofdeck code": "c1", "proofdeck question": "q1"}
HEADER = text(Ledger()).strip()
ENTRY = Entry(
    key="deck/f",
    guid="jGfh-t9ath32nZeF",
    note_id=NOW * 1000,
    mod=NOW,
    digest="d1",
    file="bank.md",
    deck="Deck",
    section="One",
    kind="question",
    identifier="",
    question="What is f?",
    answer="a\nfunction",
)

# ── text ─────────────────────────────────────────────────────────────────────────────────────────

LITERALS = st.text(st.characters(codec="utf-8"), max_size=12)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
TIMES = st.integers(0, 2 * NOW)
ENTRIES = st.builds(
    Entry,
    key=NAMES, guid=NAMES, note_id=st.integers(1, 10**14), mod=TIMES, digest=LITERALS,
    file=LITERALS, deck=LITERALS, section=LITERALS, kind=st.sampled_from(get_args(Kind)),
    identifier=LITERALS, question=LITERALS, answer=LITERALS,
    retired=st.just(0) | TIMES,
)  # fmt: skip
LEDGERS = st.builds(
    Ledger,
    st.lists(ENTRIES, max_size=5, unique_by=tuple(map(attrgetter, ("key", "guid", "note_id"))))
    .map(lambda found: tuple(sorted(found, key=lambda entry: entry.key))),
    st.lists(st.builds(Stamp, NAMES, LITERALS, TIMES), max_size=3, unique_by=lambda s: s.note_type)
    .map(lambda found: tuple(sorted(found, key=lambda stamp: stamp.note_type))),
)  # fmt: skip


def reads(*lines: str) -> Ledger:
    """Return the ledger that `lines` make."""
    return read(Source("bank/proofdeck.lock", "\n".join(lines)))


def line(entry: Entry) -> str:
    """Return the line of one entry."""
    return text(Ledger((entry,))).splitlines()[1]


@given(LEDGERS)
def test_any_ledger_comes_back_from_its_text(ledger: Ledger) -> None:
    """Whatever the texts hold, each entry and each stamp is one line."""
    written = text(ledger)
    assert read(Source("l", written)) == ledger
    assert text(read(Source("l", written))) == written
    count = 1 + len(ledger.entries) + len(ledger.stamps)
    assert written.count("\n") == len(written.splitlines()) == count


@given(LEDGERS, st.randoms(use_true_random=False))
def test_the_order_of_a_ledger_is_no_part_of_its_text(
    ledger: Ledger, shuffle: random.Random
) -> None:
    """The same entries in another order are the same bytes."""
    entries, stamps = list(ledger.entries), list(ledger.stamps)
    shuffle.shuffle(entries)
    shuffle.shuffle(stamps)
    assert text(Ledger(tuple(entries), tuple(stamps))) == text(ledger)


def test_the_text_is_frozen() -> None:
    """Format 1 stays as it is: committed ledgers hold it."""
    ledger = Ledger((replace(ENTRY, question="C'est \u201cf\u201d\u2028?"),), (Stamp("t", "s", 7),))
    assert text(ledger) == (
        "# proofdeck.lock 1: what the builds made of each card, so that Anki knows it again. "
        "Commit this file; only proofdeck edits it.\n"
        '{"note_type": "t", "digest": "s", "mod": 7}\n'
        '{"key": "deck/f", "guid": "jGfh-t9ath32nZeF", "note_id": 1764000000000, '
        '"mod": 1764000000, "retired": 0, "digest": "d1", "file": "bank.md", "deck": "Deck", '
        '"section": "One", "kind": "question", "identifier": "", '
        '"question": "C\'est \u201cf\u201d\\u2028?", "answer": "a\\nfunction"}\n'
    )


@pytest.mark.parametrize(
    "header", [HEADER, "# proofdeck.lock 1", "# proofdeck.lock 1.7 new words", "# proofdeck.lock 2"]
)
def test_later_minor_versions_are_read(header: str) -> None:
    """Unknown fields, comments, empty lines and a second header (of a merge) are passed over."""
    later = line(ENTRY)[:-1] + ', "colour": ["red"]}'
    assert reads(header, HEADER, "", "# a comment", later).entries == (ENTRY,)


def test_line_ends_of_windows_are_read() -> None:
    """Git may check a ledger out with CR LF."""
    assert read(Source("l", f"{HEADER}\r\n{line(ENTRY)}\r\n")).entries == (ENTRY,)


# ── damage ───────────────────────────────────────────────────────────────────────────────────────


def without(name: str) -> str:
    """Return the line of an entry that lacks a field."""
    raw = json.loads(line(ENTRY))
    del raw[name]
    return json.dumps(raw)


def having(**fields: object) -> str:
    """Return the line of an entry with other fields, escaped to ASCII."""
    return json.dumps({**json.loads(line(ENTRY)), **fields})


@pytest.mark.parametrize("name", json.loads(line(ENTRY)))
def test_a_missing_field_is_damage(name: str) -> None:
    """Each field is needed, and the message names the one that is missing."""
    with pytest.raises(LedgerError, match=f"lock:2: .*the field `{name}` is missing: restore it"):
        reads(HEADER, without(name))


@pytest.mark.parametrize(
    ("damaged", "what"),
    [
        ("{", "no JSON"),
        (line(ENTRY)[:-9], "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"mod": ' + "9" * 5000 + "}", "no JSON"),
        ("[1]", "no JSON object"),
        ("{}", "`key` is missing"),
        ('{"note_type": "t", "digest": "s"}', "`mod` is missing"),
        (having(key=""), "`key` is empty"),
        (having(guid=7), "`guid` is no text"),
        (having(mod="7"), "`mod` is no whole number from 0 to 100000000000"),
        (having(mod=True), "`mod` is no whole number"),
        (having(mod=1.0), "`mod` is no whole number"),
        (having(mod=-1), "`mod` is no whole number"),
        (having(note_id=0), "`note_id` is no whole number"),
        (having(note_id=2**63), "`note_id` is no whole number"),
        (having(retired=None), "`retired` is no whole number"),
        (having(kind="clozen"), "`kind` is no kind of card"),
        (having(answer="\ud800"), "`answer` holds half a character"),
    ],
)
def test_a_damaged_line_is_named(damaged: str, what: str) -> None:
    """The message says file, line, what is wrong, and what to do."""
    with pytest.raises(LedgerError) as caught:
        reads(HEADER, line(replace(ENTRY, key="other", guid="other")), damaged)
    message = str(caught.value)
    assert message.startswith("bank/proofdeck.lock:3: the ledger is damaged, ")
    assert what in message
    assert message.endswith(": restore it with `git checkout -- bank/proofdeck.lock`")
    assert "\n" not in message
    assert isinstance(caught.value, CannotRunError)


@pytest.mark.parametrize(
    "first", ["", "# words", line(ENTRY), "# proofdeck.lock", "# proofdeck.lock x"]
)
def test_a_file_without_a_header_is_damaged(first: str) -> None:
    """Not even an empty file is a ledger: nobody knows what it lost."""
    with pytest.raises(LedgerError, match=r"lock:1: .*does not start with `# proofdeck\.lock 1`"):
        reads(first)


@pytest.mark.parametrize(
    "lines", [("# proofdeck.lock 3",), (HEADER, "# proofdeck.lock 12.1 x", "{")]
)
def test_another_format_asks_for_an_upgrade(lines: tuple[str, ...]) -> None:
    """The number comes first, whatever the lines then hold."""
    with pytest.raises(LedgerError, match=r"lock:[12]: .* format (3|12), .*: upgrade proofdeck$"):
        reads(*lines)


def test_only_a_ledger_with_a_cloze_needs_a_new_reader() -> None:
    """Older versions are told to upgrade by its format, and read all others."""
    cloze = replace(ENTRY, kind="cloze", question="{{c1::f}}", answer="")
    assert text(Ledger((ENTRY,))).startswith("# proofdeck.lock 1: ")
    assert text(Ledger((cloze,))).startswith("# proofdeck.lock 2: ")
    assert read(Source("l", text(Ledger((cloze,))))).entries == (cloze,)
    newer = text(Ledger((replace(cloze, key="z", guid="z", note_id=1),)))
    merged = read(Source("l", text(Ledger((ENTRY,))) + newer))
    assert [entry.kind for entry in merged.entries] == ["question", "cloze"]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| base", "=======", ">>>>>>> theirs"])
def test_a_conflict_is_no_ledger(marker: str) -> None:
    """The message says how to end the merge, wherever the marker stands."""
    for lines, number in (((marker, HEADER), 1), ((HEADER, line(ENTRY), marker), 3)):
        with pytest.raises(LedgerError, match=f"lock:{number}: a merge stopped .*merge=union"):
            reads(*lines)


def test_one_guid_for_two_cards_is_damage() -> None:
    """Anki would update one note with two cards."""
    with pytest.raises(LedgerError, match=r"lock:3: .*'deck/f' and 'other' have one GUID"):
        reads(HEADER, line(ENTRY), line(replace(ENTRY, key="other", note_id=5)))


def test_a_huge_file_is_not_read() -> None:
    """Memory stays bounded: the size is looked at first."""
    with pytest.raises(LedgerError, match="larger than 64 MB"):
        read(Source("l", " " * (LARGEST + 1)))


# ── two branches ─────────────────────────────────────────────────────────────────────────────────


def test_of_two_lines_the_newest_counts() -> None:
    """Then the one that is not retired, then the text decides."""
    newer = replace(ENTRY, mod=NOW + 1, retired=NOW + 1)
    live = replace(ENTRY, mod=NOW + 1)
    other = replace(live, answer="z")
    assert reads(HEADER, line(ENTRY), line(newer)).entries == (newer,)
    assert reads(HEADER, line(live), line(newer)).entries == (live,)
    assert reads(HEADER, line(other), line(live)).entries == (other,)
    stamps = [f'{{"note_type": "t", "digest": "{mod}", "mod": {mod}}}' for mod in (8, 9, 7)]
    assert reads(HEADER, *stamps).stamps == (Stamp("t", "9", 9),)


@given(
    st.lists(
        st.builds(
            replace, st.just(ENTRY),
            key=st.sampled_from("abc"), mod=st.integers(1, 2), retired=st.integers(0, 1),
            note_id=st.integers(1, 3), answer=st.sampled_from(["x", "y"]),
        ).map(lambda entry: replace(entry, guid=f"guid of {entry.key}")),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_doubled_lines_are_settled_whatever_their_order(
    entries: list[Entry], shuffle: random.Random
) -> None:
    """Each key stands once, no note number twice, and settling again changes nothing."""
    lines = [HEADER, *map(line, entries)]
    found = reads(HEADER, *lines)
    shuffle.shuffle(lines)
    assert reads(HEADER, *lines) == found
    assert [entry.key for entry in found.entries] == sorted({entry.key for entry in entries})
    assert len({entry.note_id for entry in found.entries}) == len(found.entries)
    assert read(Source("l", text(found))) == found


def test_git_merges_two_branches_by_the_lines_of_both(tmp_path: Path) -> None:
    """A union merge of two ledgers that changed the same place gives a ledger."""
    base = _built(None, _bank("a", "b"))
    ours = _built(base, _bank("a", "b changed", "c"), NOW + 10)
    theirs = _built(base, _bank("a", "b otherwise", "d"), NOW + 20)
    for name, ledger in (("ours", ours), ("base", base), ("theirs", theirs)):
        (tmp_path / name).write_text(text(ledger), encoding="utf-8")
    command = ["git", "merge-file", "-p", "--union", "ours", "base", "theirs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    merged = read(Source("l", done.stdout.decode()))
    assert [entry.key for entry in merged.entries] == ["a", "b", "c", "d"]
    assert merged.entries[1] == _named(theirs)["b"]
    assert len({entry.note_id for entry in merged.entries}) == 4


# ── digests ──────────────────────────────────────────────────────────────────────────────────────


def _card(question: str, answer: str = "yes", *, key: str = "") -> Card:
    """Return a card whose key is the first word of its question, unless another is given."""
    found = key or question.split(" ", maxsplit=1)[0]
    return Card(question, Text(answer, PLACE), "", PLACE, PLACE, key=found)


def _deck(*cards: Card, file: str = "bank.md", tags: tuple[str, ...] = ()) -> Deck:
    return Deck("Deck", file, tags, cards)


def _bank(*questions: str) -> Bank:
    return Bank((_deck(*map(_card, questions)),))


def test_what_a_learner_sees_is_in_the_digest() -> None:
    """Question, answer, kind, section, tags and the check: each makes another digest."""
    card, deck = _card("Q"), _deck()
    found = {
        digest(card, deck, False),
        digest(card, deck, True),
        digest(replace(card, question="q"), deck, False),
        digest(replace(card, answer=Text("no", PLACE)), deck, False),
        digest(replace(card, answer=Code("yes", PLACE)), deck, False),
        digest(replace(card, section="S"), deck, False),
        digest(card, _deck(tags=("t",)), False),
    }
    assert len(found) == 7
    assert all(len(one) == 32 and int(one, 16) for one in found)


def test_what_stands_in_the_open_has_digests_of_its_own() -> None:
    """The same text as Markdown looks otherwise; so does another image under the same name."""
    card, deck = _card("Q"), _deck()
    opened = replace(card, answer=Markdown("yes", PLACE), asked=Markdown("Q", PLACE))
    found = {
        digest(card, deck, False),
        digest(opened, deck, False),
        digest(opened, deck, False, ["a.png"]),
        digest(opened, deck, False, ["b.png"]),
        digest(replace(opened, cloze=True), deck, False),
        digest(replace(opened, reverse=True), deck, False),
        digest(replace(opened, tags=("t",)), deck, False),
    }
    assert len(found) == 7
    assert digest(opened, deck, False, {"a", "b"}) == digest(opened, deck, False, ["b", "a"])


def test_what_a_learner_does_not_see_is_not_in_it() -> None:
    """Key, number, place, file and the order of the tags are no part of a note."""
    card, deck = _card("Q"), _deck(tags=("a", "b"))
    found = digest(card, deck, False)
    moved = replace(card, key="k", number=7, identifier="i", place=replace(PLACE, line=9))
    assert digest(moved, _deck(file="other.md", tags=("b", "a", "b")), False) == found


@given(LITERALS, LITERALS)
def test_texts_count_as_anki_keeps_them(question: str, answer: str) -> None:
    """Composed or not, with CR LF or LF: it is the same note."""
    deck = _deck()
    plain = _card(question, answer + ".\n", key="k")
    other = _card(
        unicodedata.normalize("NFD", question),
        unicodedata.normalize("NFD", answer) + ".\r\n",
        key="k",
    )
    assert digest(plain, deck, False) == digest(other, deck, False)


def test_a_digest_is_frozen() -> None:
    """Another value would update every note of every learner."""
    assert digest(_card("Q"), _deck(tags=("t",)), True) == "ec762ea0b148afaf7e0cd39dcc552c70"


# ── after a build ────────────────────────────────────────────────────────────────────────────────


def _built(
    before: Ledger | None,
    bank: Bank,
    now: int = NOW,
    *,
    exported: Collection[str] | None = None,
    verified: Mapping[str, bool] | None = None,
    types: Mapping[str, str] = TYPES,
    retire: bool = True,
    gone: Collection[str] = (),
) -> Ledger:
    keys = [card.key for card in bank.cards()] if exported is None else exported
    return renewed(
        before or Ledger(), bank, keys, verified or {}, types, now,
        guid=lambda key: f"guid of {key}", retire=retire, gone=gone,
    )  # fmt: skip


def _named(ledger: Ledger) -> dict[str, Entry]:
    return {entry.key: entry for entry in ledger.entries}


def test_a_new_card_gets_an_entry() -> None:
    """With the names that it keeps for ever, and what it is."""
    card = Card("Implement f", Code("f = 1", PLACE), "S", PLACE, PLACE, identifier="f", key="d/f")
    bank = Bank((_deck(card, file="x.md"),))
    (entry,) = _built(None, bank).entries
    assert entry == Entry(
        "d/f", "guid of d/f", NOW * 1000, NOW, digest(card, bank.decks[0], False),
        "x.md", "Deck", "S", "code", "f", "Implement f", "f = 1",
    )  # fmt: skip


def test_note_numbers_count_up_in_the_order_of_the_note() -> None:
    """Beyond all that are taken, retired ones too, and with room for the numbers of cards."""
    ledger = _built(None, _bank("b", "a"))
    assert [(e.key, e.note_id - NOW * 1000) for e in ledger.entries] == [("a", NOTE_STEP), ("b", 0)]
    later = _named(_built(ledger, _bank("b", "d", "c"), NOW - 50))
    assert later["a"].retired
    assert [later[key].note_id - NOW * 1000 for key in "badc"] == [0, 10, 20, 30]


def test_an_image_that_was_painted_anew_is_a_change() -> None:
    """Its note must be updated, or Anki shows the old one."""
    card = replace(_card("a"), answer=Markdown("b", PLACE), asked=Markdown("a", PLACE))
    bank = Bank((_deck(card),))

    def built(before: Ledger, image: str) -> Ledger:
        return renewed(
            before, bank, {"a"}, {}, TYPES, NOW,
            guid=str, retire=True, besides={"a": frozenset({image})},
        )  # fmt: skip

    first = built(Ledger(), "1.png")
    assert built(first, "1.png") == first
    assert built(first, "2.png").entries[0].mod > first.entries[0].mod


QUESTIONS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["x", "y"])),
    max_size=6, unique_by=lambda card: card[0],
).map(lambda cards: Bank((_deck(*(_card(*card) for card in cards)),)))  # fmt: skip
CLOCKS = st.integers(0, 2 * NOW)


@given(QUESTIONS, QUESTIONS, CLOCKS, CLOCKS, CLOCKS)
def test_an_unchanged_bank_keeps_its_ledger(
    first: Bank, bank: Bank, one: int, two: int, three: int
) -> None:
    """Whatever the clock says, building again changes nothing."""
    ledger = _built(_built(None, first, one), bank, two)
    assert _built(ledger, bank, three) == ledger
    assert read(Source("l", text(ledger))) == ledger


@given(st.lists(st.tuples(QUESTIONS, CLOCKS, st.booleans()), max_size=6))
def test_no_time_falls_and_no_name_changes(builds: list[tuple[Bank, int, bool]]) -> None:
    """Over any history; a time rises if and only if the content changed, or the card returned."""
    ledger = Ledger()
    for bank, now, retire in builds:
        before, ledger = _named(ledger), _built(ledger, bank, now, retire=retire)
        after = _named(ledger)
        assert set(before) <= set(after)
        assert len({entry.note_id for entry in ledger.entries}) == len(after)
        for key, old in before.items():
            new = after[key]
            assert (new.guid, new.note_id) == (old.guid, old.note_id)
            same = new.digest == old.digest and not (old.retired and not new.retired)
            assert new.mod == old.mod if same else new.mod > old.mod
        assert not [card for card in bank.cards() if after[card.key].retired]


@given(CLOCKS, CLOCKS, CLOCKS)
def test_there_and_back_again_is_three_rising_times(one: int, two: int, three: int) -> None:
    """A to B to A: Anki must take each of them for new."""
    first = _built(None, _bank("a"), one, types={"t": "1"})
    second = _built(first, _bank("a changed"), two, types={"t": "2"})
    third = _built(second, _bank("a"), three, types={"t": "1"})
    times = [ledger.entries[0].mod for ledger in (first, second, third)]
    assert times == sorted(set(times))
    stamps = [ledger.stamps[0].mod for ledger in (first, second, third)]
    assert stamps == sorted(set(stamps))
    assert first.entries[0].digest == third.entries[0].digest != second.entries[0].digest


def test_a_change_is_stamped_with_the_clock() -> None:
    """Only the note that changed gets the time of the build."""
    ledger = _named(_built(_built(None, _bank("a", "b")), _bank("a", "b changed"), NOW + 60))
    assert (ledger["a"].mod, ledger["b"].mod) == (NOW, NOW + 60)


def test_a_verdict_that_changed_updates_its_note() -> None:
    """A card that says whether it was verified is another one when that changes."""
    ledger = _built(_built(None, _bank("a", "b")), _bank("a", "b"), NOW + 1, verified={"b": True})
    assert [entry.mod for entry in ledger.entries] == [NOW, NOW + 1]


def test_a_move_refreshes_the_texts_and_no_time() -> None:
    """File, deck and id are what the card was last; its note is as it was."""
    moved = replace(_card("a"), identifier="new-id")
    bank = Bank((replace(_deck(moved, file="new.md"), title="Other"),))
    before = _built(None, _bank("a"))
    (entry,) = _built(before, bank, NOW + 1).entries
    assert entry == replace(
        before.entries[0], file="new.md", deck="Other", identifier="new-id"
    )  # fmt: skip


def test_a_card_that_is_not_exported_keeps_its_entry() -> None:
    """It is in the bank, so it is not retired; a new one without a note has none."""
    before = _built(None, _bank("a", "b"))
    bank = _bank("a changed", "b changed", "c")
    ledger = _named(_built(before, bank, NOW + 1, exported=["a"]))
    assert ledger["b"] == _named(before)["b"]
    assert ledger["a"].mod == NOW + 1
    assert "c" not in ledger


def test_a_card_that_left_is_retired_and_may_come_back() -> None:
    """It keeps all that is known of it; it comes back later than its tombstone."""
    before = _built(None, _bank("a", "b"))
    left = _built(before, _bank("a"), NOW + 1)
    assert _named(left)["b"] == replace(_named(before)["b"], retired=NOW + 1)
    assert _built(left, _bank("a"), NOW + 2) == left
    back = _built(left, _bank("a", "b"), NOW - 9)
    assert _named(back)["b"] == replace(_named(before)["b"], mod=NOW + 2)
    assert _built(back, _bank("a", "b"), NOW + 9) == back
    changed = _named(_built(left, _bank("a", "b changed"), NOW + 3))["b"]
    assert (changed.retired, changed.mod) == (0, NOW + 3)


def test_only_the_files_of_the_run_lose_cards() -> None:
    """Another note's cards stay, unless the note is gone; and none leaves without `retire`."""
    before = _built(None, Bank((_deck(_card("a")), _deck(_card("b"), file="other.md"))))
    assert not _named(_built(before, _bank("a"), NOW + 1))["b"].retired
    assert _named(_built(before, _bank("a"), NOW + 1, gone=["other.md"]))["b"].retired == NOW + 1
    for gone in ([], ["other.md", "bank.md"]):
        assert _built(before, Bank(()), NOW + 1, retire=False, gone=gone) == before


def test_nothing_is_retired_while_a_card_has_no_key() -> None:
    """It may be any of those that seem to be missing."""
    before = _built(None, _bank("a", "b"))
    unsure = Bank((_deck(_card("a"), replace(_card("b reworded"), key="")),))
    assert _built(before, unsure, NOW + 1, exported=["a"]) == before


def test_note_types_have_times_of_their_own() -> None:
    """A style that changed touches no note, and an unknown note type stays."""
    before = replace(
        _built(None, _bank("a")), stamps=(Stamp("later", "x", 5), Stamp("t", "1", NOW))
    )
    after = _built(before, _bank("a"), NOW + 9, types={"t": "2", "u": "1"})
    assert after.entries == before.entries
    assert after.stamps == (
        Stamp("later", "x", 5), Stamp("t", "2", NOW + 9), Stamp("u", "1", NOW + 9),
    )  # fmt: skip


def test_who_left_makes_a_bank_of_its_own() -> None:
    """With what the cards were, a tag, and times between their last and that of their return."""
    before = _built(None, _bank("a", "b"))
    assert tombstones(before) == (Bank(()), replace(before, entries=()))
    left = _built(before, _bank("a"), NOW + 1)
    gone, times = tombstones(left)
    (card,) = gone.cards()
    assert (card.question, card.key) == (_named(left)["b"].question, "b")
    assert gone.decks[0].tags == (RETIRED,)
    (entry,) = times.entries
    back = _named(_built(left, _bank("a", "b"), NOW + 1))["b"]
    assert _named(before)["b"].mod < entry.mod < back.mod


@pytest.mark.parametrize("kind", get_args(Kind))
def test_who_left_is_of_its_kind_for_ever(kind: Kind) -> None:
    """Or Anki would refuse to tag its note; a cloze has its gaps."""
    left = replace(ENTRY, kind=kind, question="{{c1::f}}", retired=NOW + 1)
    gone, _ = tombstones(Ledger((left,)))
    (card,) = gone.cards()
    assert (card.kind, card.question, card.answered) == (kind, left.question, left.answer)
    assert (card.asked.text if card.asked else "") == (card.question if kind == "cloze" else "")
