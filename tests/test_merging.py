"""Two people with one bank in git: their branches merge, and every card stays what it is."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import pytest
from anki.collection import ImportLogWithChanges
from learner import Learner

from builder import ledger
from builder.build import build
from builder.export.apkg import note_types
from builder.ledger import LedgerError
from builder.model import Entry, Report
from builder.settings import Settings
from builder.source import Source
from builder.verify.limits import Order

MONDAY = 1_764_000_000
HOUR = 3600
LOCK = "proofdeck.lock"
UNION = f"{LOCK} merge=union\n"
_MARKER = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7}).*\n", re.MULTILINE)

Pair = tuple[str, str]  # a question and its answer


@dataclass(slots=True)
class Repository:
    """A bank under git: `bank.md`, its ledger, and the package of the last build beside it."""

    folder: Path
    now: int = MONDAY

    def git(self, *arguments: str, fails: bool = False) -> str:
        """Run git, without what this machine or its user has set; it must fail if it `fails`."""
        quiet = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        ran = subprocess.run(
            ["git", *arguments],
            cwd=self.folder, env=quiet | alone, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert bool(ran.returncode) is fails, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def begin(self, pairs: Sequence[Pair], *, union: bool = True) -> None:
        """Make the repository, with a first build of `pairs`."""
        self.folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Somebody")
        self.git("config", "user.email", "somebody@example.org")
        (self.folder / ".gitignore").write_text("out/\n")
        self.commits(pairs)  # the first build has git merge by union
        if not union:
            self.git("rm", "--quiet", ".gitattributes")
            self.git("commit", "--quiet", "--message", "No union")

    def branch(self, name: str, pairs: Sequence[Pair]) -> bytes:
        """Make a branch off `main` with a build of `pairs`; return the package."""
        self.git("checkout", "--quiet", "-b", name, "main")
        return self.commits(pairs)

    def commits(self, pairs: Sequence[Pair]) -> bytes:
        """Write the note, build and commit; return the package."""
        cards = "\n".join(f"Q: {question}\nA: {answer}\n" for question, answer in pairs)
        (self.folder / "bank.md").write_text(f"# Bank\n\n```\n{cards}```\n")
        self.builds()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Build")
        return self.package

    def builds(self) -> Report:
        """Build an hour later; the bank must be clean."""
        self.now += HOUR
        where = (str(self.folder / "bank.md"),)
        report = build(Settings(where, self.now, Order(1), str(self.folder / "out"), run=False))
        assert report.clean, report.diagnostics
        return report

    @property
    def package(self) -> bytes:
        """Return the package of the last build."""
        return (self.folder / "out" / "bank.apkg").read_bytes()

    @property
    def lock(self) -> Path:
        """Return where the ledger stands."""
        return self.folder / LOCK

    def entries(self, revision: str = "") -> tuple[Entry, ...]:
        """Return the ledger's entries, now or in a commit."""
        text = self.git("show", f"{revision}:{LOCK}") if revision else self.lock.read_text()
        return ledger.read(Source(LOCK, text)).entries


def _pair(dice: random.Random) -> Pair:
    words = ["".join(dice.choices(ascii_lowercase, k=8)) for _ in range(9)]
    return f"{' '.join(words[:4])}?", f"{' '.join(words[4:])}."


def _edited(pairs: Sequence[Pair], side: int, dice: random.Random) -> list[Pair]:
    """Return `pairs` after what one of two people did: each edits cards that the other lets be.

    Some are reworded, some answered anew, some deleted, and behind some comes a new one.
    """
    found: list[Pair] = []
    for at, (question, answer) in enumerate(pairs):
        if at % 4 != 2 * side:
            found.append((question, answer))
            continue
        match dice.randrange(5):
            case 0:
                found.append((f"Please explain {question}", answer))
            case 1:
                found.append((question, f"{answer} Always."))
            case 2:
                found += [(question, answer), _pair(dice)]
            case 3:
                pass
            case _:
                found.append((question, answer))
    return found


@dataclass(slots=True)
class Split:
    """A repository whose branches `left` and `right` were built, and their packages."""

    repository: Repository
    left: bytes
    right: bytes


def _split(folder: Path, seed: int, *, union: bool = True) -> Split:
    dice = random.Random(seed)
    pairs = [_pair(dice) for _ in range(60)]
    repository = Repository(folder)
    repository.begin(pairs, union=union)
    left, right = (_edited(pairs, side, dice) for side in (0, 1))
    now = repository.now
    package = repository.branch("left", left)
    repository.now = now  # in the same hour: both give their new notes the same numbers
    split = Split(repository, package, repository.branch("right", right))
    repository.git("checkout", "--quiet", "-b", "merged")
    return split


def _asks(entries: Sequence[Entry]) -> dict[str, str]:
    return {entry.key: entry.question for entry in entries if not entry.retired}


def _settled(repository: Repository) -> None:
    """See that the merged bank, after a build, has all that either side knew, and nothing twice."""
    sides = {name: repository.entries(name) for name in ("main", "left", "right")}
    report = repository.builds()
    merged = repository.entries()
    known = {(one.key, one.guid) for entries in sides.values() for one in entries}
    assert {(one.key, one.guid) for one in merged} == known
    for names in ([one.guid for one in merged], [one.note_id for one in merged]):
        assert max(Counter(names).values()) == 1
    live = _asks(merged)
    assert sorted(live.values()) == sorted(card.question for card in report.bank.cards())
    base = _asks(sides["main"])
    for entries in (sides["left"], sides["right"]):
        side = _asks(entries)
        for key, question in side.items():  # what one of them wrote is there
            assert key not in base or base[key] == question or live[key] == question
            assert key in base or live[key] == question
        assert not (base.keys() - side.keys()) & live.keys()  # and what one deleted is not
    lines = repository.lock.read_text().splitlines()
    assert len(lines) == len(set(lines)) == 1 + len(note_types()) + len(merged)


# ── with merge=union ─────────────────────────────────────────────────────────────────────────────


def test_the_first_build_tells_git_how_to_merge(tmp_path: Path) -> None:
    """Git finds the line for the ledger, and for it alone; a line taken out stays out."""
    repository = Repository(tmp_path / "bank")
    repository.begin([_pair(random.Random(0))])
    told = repository.git("check-attr", "merge", LOCK, "bank.md").splitlines()
    assert told == [f"{LOCK}: merge: union", "bank.md: merge: unspecified"]
    (repository.folder / ".gitattributes").write_text("")
    repository.commits([_pair(random.Random(1))])
    assert not (repository.folder / ".gitattributes").read_text()


@pytest.mark.parametrize("seed", range(4))
def test_two_branches_merge_by_themselves(tmp_path: Path, seed: int) -> None:
    """Both added, reworded, answered and deleted cards; the next build knows all of them."""
    repository = _split(tmp_path / "bank", seed).repository
    repository.git("merge", "--quiet", "--no-edit", "left")
    _settled(repository)
    text = repository.lock.read_text()
    repository.builds()
    assert repository.lock.read_text() == text


def test_who_merges_whom_does_not_matter(tmp_path: Path) -> None:
    """The ledger after the next build is the same, line for line."""
    repository = _split(tmp_path / "bank", 5).repository
    now, texts = repository.now, []
    for ours, theirs in (("left", "right"), ("right", "left")):
        repository.git("checkout", "--quiet", "--force", "-B", f"into-{ours}", ours)
        repository.git("merge", "--quiet", "--no-edit", theirs)
        repository.now = now
        repository.builds()
        texts.append(repository.lock.read_text())
    assert texts[0] == texts[1]


def test_a_card_that_both_added_is_one(tmp_path: Path) -> None:
    """They wrote the same question into different places, with different answers."""
    dice = random.Random(6)
    pairs = [_pair(dice) for _ in range(8)]
    question = "What is a hash table?"
    repository = Repository(tmp_path / "bank")
    repository.begin(pairs)
    repository.branch("left", [(question, "Buckets by hash."), *pairs])
    repository.branch("right", [*pairs, (question, "Keys with values.")])
    repository.git("checkout", "--quiet", "-b", "merged")
    repository.git("merge", "--quiet", "--no-edit", "left")
    note = repository.folder / "bank.md"  # the author keeps one of the two
    note.write_text(note.read_text().replace(f"Q: {question}\nA: Buckets by hash.\n\n", ""))
    _settled(repository)


def test_whoever_learnt_from_a_branch_goes_on_with_the_merged_deck(tmp_path: Path) -> None:
    """Each note is recognised, no schedule changes, and only what the other side added is new."""
    split = _split(tmp_path / "bank", 7)
    repository = split.repository
    repository.git("merge", "--quiet", "--no-edit", "left")
    repository.builds()
    digests = {one.guid: one.digest for one in repository.entries() if not one.retired}
    merged = set(digests)
    for name, package in (("left", split.left), ("right", split.right)):
        with Learner(tmp_path / name) as learner:
            learner.imports(package)
            learner.database.execute("update cards set due = 9, ivl = 9, type = 2, queue = 2")
            guids = set(learner.database.list("select guid from notes"))
            before = learner.database.all("select * from cards order by id")
            log = learner.imports(repository.package)
            assert len(log.new) == len(merged - guids)
            known = {one.guid: one.digest for one in repository.entries(name)}
            updated = {guid for guid in merged & guids if known[guid] != digests[guid]}
            assert _guids(learner, log.updated) == updated
            assert set(learner.database.list("select guid from notes")) == guids | merged
            assert learner.database.scalar("select count(*) from notes") == len(guids | merged)
            ids = {row[0] for row in before}
            after = learner.database.all("select * from cards order by id")
            assert [row for row in after if row[0] in ids] == before


def _guids(learner: Learner, notes: Iterable[ImportLogWithChanges.Note]) -> set[str]:
    numbers = {note.id.nid for note in notes}
    rows = learner.database.all("select id, guid from notes")
    return {guid for number, guid in rows if number in numbers}


# ── without it ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def stopped(tmp_path: Path) -> Repository:
    """Return a repository in which a merge stopped at the ledger alone."""
    repository = _split(tmp_path / "bank", 8, union=False).repository
    told = repository.git("merge", "--no-edit", "left", fails=True)
    assert f"Merge conflict in {LOCK}" in told
    assert "Merge conflict in bank.md" not in told
    return repository


def test_an_unfinished_merge_is_told_with_its_line_and_the_way_out(stopped: Repository) -> None:
    """Nothing is built, and the ledger stays as git left it."""
    text = stopped.lock.read_text()
    first = text[: text.index("<<<<<<<")].count("\n") + 1
    with pytest.raises(LedgerError) as told:
        stopped.builds()
    where, _, what = str(told.value).partition(": ")
    assert where.endswith(f"{LOCK}:{first}")
    assert what == (
        "a merge stopped here: remove the lines that start with `<<<<<<<`, `|||||||`, `=======` "
        "and `>>>>>>>` and keep all others, or merge again with `proofdeck.lock merge=union` in "
        ".gitattributes"
    )
    assert stopped.lock.read_text() == text


def test_the_lines_of_both_sides_are_a_merged_ledger(stopped: Repository) -> None:
    """The first way out: remove the markers, keep all other lines."""
    stopped.lock.write_text(_MARKER.sub("", stopped.lock.read_text()))
    _settled(stopped)


def test_the_line_for_git_is_enough_to_merge_again(stopped: Repository) -> None:
    """The second way out: give up the merge, write the line, merge again."""
    stopped.git("merge", "--abort")
    (stopped.folder / ".gitattributes").write_text(UNION)
    stopped.git("merge", "--quiet", "--no-edit", "left")
    _settled(stopped)


def test_a_conflict_in_the_style_of_diff3_is_solved_in_the_same_way(tmp_path: Path) -> None:
    """Then the lines of the common ancestor are kept, too, and do no harm."""
    repository = _split(tmp_path / "bank", 9, union=False).repository
    repository.git("config", "merge.conflictStyle", "diff3")
    repository.git("merge", "--no-edit", "left", fails=True)
    assert "|||||||" in repository.lock.read_text()
    repository.lock.write_text(_MARKER.sub("", repository.lock.read_text()))
    _settled(repository)
