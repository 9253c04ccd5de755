"""A card that becomes one of another kind, in the real Anki: it starts anew, and nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import commands
import pytest
from learner import Learner

from builder.history import read
from builder.model import Entry

Capsys = pytest.CaptureFixture[str]

QUESTION = "```\nQ: Implement relu\nA: the larger of x and 0\n```\n"
CODE = "```python\n# 1. Implement relu\ndef relu(x):\n    return np.maximum(x, 0)\n```\n"
NAMED = {
    "question": "Q: What does relu return? ^relu\n\nA: the larger of x and 0\n",
    "cloze": "C: relu returns the larger of x and {{c1::0}} ^relu\n",
    "code": CODE.replace("relu\n", "relu\n# id: relu\n", 1),
}
OTHER = "\n```\nQ: What is dropout?\nA: activations are dropped at random\n```\n"


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Learner]:
    """Return a learner beside an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    with Learner(tmp_path / "anki") as learner:
        yield learner


def _write(cards: str) -> None:
    Path("bank.md").write_text(f"# Deck\n\n{cards}{OTHER}", encoding="utf-8")


def _built(capsys: Capsys, *more: str) -> bytes:
    done = commands.run(
        capsys, "build", "bank.md", "-o", "out", "--trust", "--export", "apkg", *more
    )
    assert done.status == 0, done
    return Path("out/bank.apkg").read_bytes()


def _entries() -> dict[str, Entry]:
    """Return the entries that are not those of OTHER, by their kinds."""
    found = read(("bank.md",)).ledger.entries
    return {entry.kind: entry for entry in found if "dropout" not in entry.key}


def test_anki_takes_each_kind_of_card_for_a_note_of_its_own(
    learner: Learner, capsys: Capsys
) -> None:
    """Every import goes through, and what was learnt of the old note stays with it."""
    _write(QUESTION)
    assert len(learner.imports(_built(capsys)).new) == 2
    _write(CODE)
    log = learner.imports(_built(capsys))
    assert (len(log.new), len(log.conflicting)) == (1, 0)
    entries = _entries()
    assert entries["question"].key == "deck/implement-relu"
    assert entries["question"].retired
    assert entries["code"].key.startswith("deck/implement-relu-")
    assert not entries["code"].retired
    assert learner.database.scalar("select count() from notes") == 3


def test_back_again_is_the_old_card(learner: Learner, capsys: Capsys) -> None:
    """With its key, and so with its history."""
    keys = []
    for cards in (QUESTION, CODE, QUESTION, CODE):
        _write(cards)
        log = learner.imports(_built(capsys))
        assert not log.conflicting
        keys += [[entry.key for entry in _entries().values() if not entry.retired]]
    assert keys[:2] == keys[2:]
    assert learner.database.scalar("select count() from notes") == 3


@pytest.mark.parametrize("old", NAMED)
@pytest.mark.parametrize("new", NAMED)
def test_not_even_an_id_makes_one_note_of_two_kinds(
    learner: Learner, capsys: Capsys, old: str, new: str
) -> None:
    """The id is the card's for ever, but only as long as Anki can keep the note."""
    for kind in (old, new):
        _write(NAMED[kind])
        assert not learner.imports(_built(capsys)).conflicting
    entries = _entries()
    assert set(entries) == {old, new}
    assert entries[old].key == "deck/relu"
    assert bool(entries[old].retired) is (old != new)
    assert learner.database.scalar("select count() from notes") == len(entries) + 1


def test_diff_says_so(learner: Learner, capsys: Capsys) -> None:
    """The new card says what it was; the old one leaves."""
    del learner
    _write(QUESTION)
    _built(capsys)
    _write(CODE)
    told = commands.run(capsys, "diff", "bank.md").out
    assert "was a question card: Anki changes no note's type, so it starts anew" in told
    assert "1 new, 1 retired" in told
    facts = json.loads(commands.run(capsys, "diff", "bank.md", "--format", "json").out)
    assert [change["kind"] for change in facts["changes"]] == ["new", "retired"]
    assert facts["changes"][0]["before"]["question"] == "Implement relu"


def test_nobody_can_settle_that_two_kinds_are_one(learner: Learner, capsys: Capsys) -> None:
    """It is refused, with the reason; the ledger stays."""
    del learner
    _write(QUESTION)
    _built(capsys)
    before = Path("proofdeck.lock").read_bytes()
    _write(CODE)
    done = commands.run(capsys, "match", "deck/implement-relu", "Implement relu", "--in", "bank.md")
    assert done.status == 2
    assert "is a question card and 'Implement relu' a code card" in done.err
    assert Path("proofdeck.lock").read_bytes() == before


def test_a_retired_cloze_is_tagged_as_a_cloze(learner: Learner, capsys: Capsys) -> None:
    """Its tombstone has its note type and its gap, or Anki would refuse it."""
    _write(NAMED["cloze"])
    learner.imports(_built(capsys))
    _write("")
    _built(capsys, "--tombstones")
    log = learner.imports(Path("out/bank-retired.apkg").read_bytes())
    assert (len(log.updated), len(log.conflicting)) == (1, 0)
    tagged = learner.collection.find_cards("tag:proofdeck::retired")
    assert len(tagged) == 1
    assert learner.collection.get_card(tagged[0]).note().fields[0]


def test_a_cloze_may_have_more_cards_than_notes_are_apart(learner: Learner, capsys: Capsys) -> None:
    """Thirty gaps beside a neighbour: each card has a number of its own."""
    gaps = " ".join(f"{{{{c{number}::w{number}}}}}" for number in range(1, 31))
    _write(f"C: {gaps}\n\nC: {gaps} {{{{c31::more}}}}\n")
    learner.imports(_built(capsys))
    assert learner.database.scalar("select count() from cards") == 30 + 31 + 1
    assert learner.collection.fix_integrity()[1]
