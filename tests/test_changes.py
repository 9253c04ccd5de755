"""What changed since the last build: told before an import, and settled by a person."""

from __future__ import annotations

import json
from pathlib import Path

import commands
import pytest
import reading
from images import png
from learner import Learner

from builder.export.apkg import note_types
from builder.history import read
from builder.model import Ledger

Capsys = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(*pairs: str, name: str = "bank.md") -> None:
    """Write a bank of `question = answer`."""
    lines = "\n\n".join("Q: {}\nA: {}".format(*pair.split(" = ")) for pair in pairs)
    Path(name).write_text(f"# Deck\n\n```\n{lines}\n```\n", encoding="utf-8")


FIRST = (
    "What does dropout do in training? = It drops random activations",
    "What is a learning rate? = The size of a step against the gradient",
    "Why is softmax shifted by its maximum? = So that no exponential overflows",
)


def _build(capsys: Capsys, *more: str) -> commands.Outcome:
    return commands.run(capsys, "build", "bank.md", "-o", "out", *more)


def _ledger() -> Ledger:
    return read(("bank.md",)).ledger


def test_an_unchanged_bank_changes_nothing(capsys: Capsys) -> None:
    """Neither the ledger nor a byte of the package; `diff` and `--locked` agree."""
    _write(*FIRST)
    assert "since the last build: 3 new" in _build(capsys).out
    before = Path("proofdeck.lock").read_bytes(), Path("out/bank.apkg").read_bytes()
    assert "since the last build: 3 unchanged" in _build(capsys).out
    assert (Path("proofdeck.lock").read_bytes(), Path("out/bank.apkg").read_bytes()) == before
    done = commands.run(capsys, "diff", "bank.md")
    assert (done.status, done.out) == (0, "the next import: 3 unchanged\n")
    assert commands.run(capsys, "check", "bank.md", "--locked").status == 0


def test_what_changed_is_told_word_by_word(capsys: Capsys) -> None:
    """Before the build that takes it over."""
    _write(*FIRST)
    _build(capsys)
    _write(
        "What does dropout do while training? = It drops random activations",
        "What is a learning rate? = The length of a step against the gradient",
        "What is a batch? = The examples of one step",
    )
    told = commands.run(capsys, "diff", "bank.md").out
    assert "reworded        What does dropout do [-in-]{+while+} training?  bank.md:4" in told
    assert "answer changed  What is a learning rate?  bank.md:7" in told
    assert "The [-size-]{+length+} of a step against the gradient" in told
    assert "new             What is a batch?  bank.md:10" in told
    assert "retired         Why is softmax shifted by its maximum?  bank.md" in told
    assert told.endswith("the next import: 1 new, 1 reworded, 1 answer changed, 1 retired\n")
    facts = json.loads(commands.run(capsys, "diff", "bank.md", "--format", "json").out)
    assert facts["summary"]["reworded"] == 1
    assert {change["kind"] for change in facts["changes"]} == {
        "new", "reworded", "answer changed", "retired",
    }  # fmt: skip


def test_a_reworded_question_keeps_its_guid_and_a_lost_one_comes_back(capsys: Capsys) -> None:
    """Under its first key; who left is kept as retired."""
    _write(*FIRST)
    _build(capsys)
    guids = {entry.key: entry.guid for entry in _ledger().entries}
    _write("What does dropout do while training? = It drops random activations", *FIRST[1:2])
    _build(capsys)
    assert {entry.key: entry.guid for entry in _ledger().entries} == guids
    assert [entry.key for entry in _ledger().entries if entry.retired] == [
        "deck/why-is-softmax-shifted-by-its-maximum"
    ]
    _write(*FIRST)
    assert "1 reworded" in _build(capsys).out
    assert not [entry for entry in _ledger().entries if entry.retired]


def test_a_locked_ledger_is_not_changed(capsys: Capsys) -> None:
    """The run fails, says what to do, and writes nothing."""
    _write(*FIRST)
    done = _build(capsys, "--locked")
    assert done.status == 1
    assert "error[B210]: this run would change the ledger" in done.out
    assert "run `proofdeck build`" in done.out
    assert not Path("proofdeck.lock").exists()
    assert not Path("out").exists()


TWINS = (
    "How does dropout work in a convolution? = It drops whole channels at random",
    "How does dropout work in a transformer? = It drops attention weights at random",
)


def test_an_unsure_match_waits_for_a_person(capsys: Capsys) -> None:
    """Nothing is built until it is settled, and neither answer loses a history."""
    _write("How does dropout work in the last layers? = It drops activations", FIRST[1])
    _build(capsys)
    (old,) = [entry.key for entry in _ledger().entries if "dropout" in entry.key]
    _write(
        "How does dropout work in conv layers? = It drops activations",
        "How does dropout work in linear layers? = It drops activations",
        FIRST[1],
    )
    done = _build(capsys)
    assert done.status == 1
    assert "error[B209]: this question may be an earlier one, reworded" in done.out
    assert f"proofdeck match {old} bank.md:4" in done.out
    assert not [entry for entry in _ledger().entries if entry.retired]
    settled = commands.run(capsys, "match", old, "bank.md:4", "--in", "bank.md")
    assert (settled.status, old in settled.out) == (0, True)
    assert commands.run(capsys, "match", "--new", "bank.md:7", "--in", "bank.md").status == 0
    assert _build(capsys).status == 0
    questions = {entry.key: entry.question for entry in _ledger().entries}
    assert questions[old] == "How does dropout work in conv layers?"
    assert len(questions) == 3


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("match", "bank.md:4"), "say `match OLD NEW`"),
        (("match", "--new", "old", "bank.md:4"), "say `match OLD NEW`"),
        (("match", "no-such-key", "bank.md:4"), "the ledger has no card 'no-such-key'"),
        (("match", "--new", "bank.md:99"), "means no card"),
    ],
)
def test_what_cannot_be_settled_is_told(
    capsys: Capsys, arguments: tuple[str, ...], why: str
) -> None:
    """With exit status 2 and nothing changed."""
    _write(*FIRST)
    _build(capsys)
    before = Path("proofdeck.lock").read_bytes()
    done = commands.run(capsys, *arguments, "--in", "bank.md")
    assert done.status == 2
    assert why in done.err
    assert Path("proofdeck.lock").read_bytes() == before


def test_a_damaged_ledger_is_never_started_anew(capsys: Capsys) -> None:
    """It is told where and what to do; nothing is written."""
    _write(*FIRST)
    _build(capsys)
    text = Path("proofdeck.lock").read_text(encoding="utf-8")
    Path("proofdeck.lock").write_text(text.replace('"guid"', '"giud"', 1), encoding="utf-8")
    done = _build(capsys)
    assert done.status == 2
    first = 2 + len(note_types())
    assert f"proofdeck.lock:{first}: the ledger is damaged" in done.err
    assert "git checkout" in done.err


def test_a_part_of_the_bank_retires_nothing(capsys: Capsys) -> None:
    """Neither `-k`, nor a note of several, nor a bank with errors."""
    Path("content").mkdir()
    _write(*FIRST, name="content/one.md")
    Path("content/other.md").write_text(reading.pairs("Other?"), encoding="utf-8")
    commands.run(capsys, "build", "content", "-o", "out")
    lock = Path("content/proofdeck.lock")
    before = lock.read_bytes()
    for arguments in (("content", "-k", "dropout"), ("content/one.md",)):
        assert commands.run(capsys, "build", *arguments, "-o", "out").status == 0
        assert lock.read_bytes() == before
    _write(*FIRST[:2], name="content/one.md")
    faulty = Path("content/other.md")
    faulty.write_text("# D\n\n```\nQ: c?\nloose\nA: d\n```\n", encoding="utf-8")
    commands.run(capsys, "build", "content", "-o", "out", "--keep-going")
    assert not [entry for entry in read(("content",)).ledger.entries if entry.retired]


def test_the_ledger_of_a_folder_serves_the_notes_below(capsys: Capsys) -> None:
    """Named by their paths from it, so that it may be used from anywhere."""
    Path("content/deep").mkdir(parents=True)
    _write(*FIRST, name="content/deep/one.md")
    commands.run(capsys, "build", "content", "-o", "out")
    assert {entry.file for entry in read(("content",)).ledger.entries} == {"content/deep/one.md"}
    assert '"file": "deep/one.md"' in Path("content/proofdeck.lock").read_text(encoding="utf-8")
    done = commands.run(capsys, "build", "content/deep/one.md", "-o", "out")
    assert "3 unchanged" in done.out
    assert not Path("content/deep/proofdeck.lock").exists()


def test_git_is_told_how_to_merge_it(capsys: Capsys) -> None:
    """When the ledger is new, and under git; what stands in the file already stays."""
    _write(*FIRST)
    _build(capsys)
    assert not Path(".gitattributes").exists()
    Path("proofdeck.lock").unlink()
    Path(".git").mkdir()
    Path(".gitattributes").write_text("*.png binary", encoding="utf-8")
    for _ in range(2):
        _build(capsys)
        told = Path(".gitattributes").read_text(encoding="utf-8")
        assert told == "*.png binary\nproofdeck.lock merge=union\n"
        Path("proofdeck.lock").unlink()


def test_tombstones_tag_who_left_and_come_off_again(tmp_path: Path, capsys: Capsys) -> None:
    """In the real Anki: the notes keep their schedules, and lose the tag when they return."""
    _write(*FIRST)
    _build(capsys)
    with Learner(tmp_path / "anki") as learner:
        learner.imports(Path("out/bank.apkg").read_bytes())
        (deck,) = [one for one in learner.collection.decks.all_names_and_ids() if one.id != 1]
        learner.collection.decks.select(deck.id)
        assert len([learner.answers(4) for _ in range(3)]) == 3
        rows = learner.database.all("select id, due, ivl, reps, queue from cards order by id")

        def tagged() -> int:
            found = learner.database.scalar("select count() from notes where tags like '%retired%'")
            return int(found)

        _write(*FIRST[:2])
        assert "wrote out/bank-retired.apkg" in _build(capsys, "--tombstones").out
        learner.imports(Path("out/bank-retired.apkg").read_bytes())
        assert tagged() == 1
        _write(*FIRST)
        _build(capsys)
        learner.imports(Path("out/bank.apkg").read_bytes())
        assert tagged() == 0
        after = learner.database.all("select id, due, ivl, reps, queue from cards order by id")
        assert after == rows
        assert learner.database.scalar("select count() from notes") == 3


def test_an_update_of_nearly_all_notes_is_announced(capsys: Capsys) -> None:
    """Whatever makes it: here the tags, of which no single change is told."""
    _write(*(f"What is thing {word}? = It is {word}" for word in "abcdefghijkl"))
    _build(capsys, "--export", "apkg")
    told = commands.run(capsys, "diff", "bank.md").out
    assert "nearly every note changes" not in told
    text = Path("bank.md").read_text(encoding="utf-8")
    Path("bank.md").write_text(f"---\ntags: [new]\n---\n{text}", encoding="utf-8")
    told = commands.run(capsys, "diff", "bank.md").out
    assert "nearly every note changes" in told
    assert "12 unchanged" in told


def test_an_image_that_was_painted_anew_updates_its_note(capsys: Capsys) -> None:
    """Or Anki would show the old one for ever."""
    note = "# Deck\n\nQ: What is this? ![](a.png)\n\nA: a picture\n"
    Path("bank.md").write_text(note, encoding="utf-8")
    times = []
    for size in (1, 1, 2):
        Path("a.png").write_bytes(png(size, size))
        assert _build(capsys, "--export", "apkg").status == 0
        times += [entry.mod for entry in _ledger().entries]
    assert times[0] == times[1] < times[2]
