"""A verdict is remembered exactly as long as nothing that could change it has changed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import judging
import pytest

from builder.model import Code, Place, Status, Tier, Verdict
from builder.verify import cache
from builder.verify.limits import Limits

HERE = Code("def f(x):\n    return x\n", Place("a.md", 10, 3, 12, 1))
THERE = Code(HERE.source, Place("b.md", 40, 1, 42, 1))
VERDICT = Verdict(
    Status.MATCHES, "f", Place("a.md", 10, 7, 10, 8), "softmax", "", "one vector",
    (Tier("core", 3, 3),), "", (("input", "x = [1.]"),), "", formula=r"\frac{1}{n}",
)  # fmt: skip


def key(code: Code = HERE, **changed: object) -> str:
    told = {"limits": Limits(), "isolation": "strict"}
    return cache.key(code, **told | changed)


def test_a_verdict_comes_back_as_it_was(tmp_path: Path) -> None:
    """What was put is what is got."""
    store = cache.Cache(tmp_path)
    store.put(key(), HERE, (VERDICT,))
    assert store.get(key(), HERE) == (VERDICT,)


def test_an_answer_may_move(tmp_path: Path) -> None:
    """In another note, on another line, the verdict points at the new place."""
    store = cache.Cache(tmp_path)
    store.put(key(), HERE, (VERDICT,))
    assert key(THERE) == key(HERE)
    moved = replace(VERDICT, place=Place("b.md", 40, 5, 40, 6))
    assert store.get(key(THERE), THERE) == (moved,)


@pytest.mark.parametrize(
    "other",
    [
        key(replace(HERE, source=HERE.source + " ")),
        key(limits=Limits(wall=1.0)),
        key(limits=Limits(memory=1)),
        key(isolation="limits"),
    ],
)
def test_whatever_can_change_a_verdict_changes_its_key(other: str) -> None:
    """A verdict is found under no other answer, kernel, limit or isolation."""
    assert other != key()


def test_a_changed_kernel_or_judge_forgets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sources of kernels and judge, and the versions below them, are part of the key."""
    before = key()
    monkeypatch.setattr(cache, "_versions", lambda: ("3.11", "x86_64", "2.0", "other sources"))
    assert key() != before


def test_the_sources_that_count_are_all_of_kernels_and_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more byte in any module of the two rooms is another version."""
    for package in ("kernels", "verify"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(cache, "resources", lambda name: tmp_path / name.partition(".")[2])
    versions = cache._versions.__wrapped__
    before = versions()
    assert versions() == before
    (tmp_path / "kernels" / "a.py").write_text("x = 2\n")
    assert versions() != before


@pytest.mark.parametrize("status", [Status.TIMED_OUT, Status.REFUSED, Status.NOT_RUN])
def test_only_what_was_seen_to_its_end_is_kept(tmp_path: Path, status: Status) -> None:
    """A time-out may have been a busy machine: it is tried again."""
    store = cache.Cache(tmp_path)
    store.put(key(), HERE, (VERDICT, replace(VERDICT, status=status)))
    assert store.get(key(), HERE) is None


def entries(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-9],
        lambda content: content.replace(b"matches", b"differs"),
        lambda content: b"\xff" * 100,
        lambda content: content.partition(b"\n")[2],
    ],
)
def test_a_damaged_entry_counts_as_not_there(tmp_path: Path, damage) -> None:
    """Torn by a crash or changed by hand: the answer is run again."""
    store = cache.Cache(tmp_path)
    store.put(key(), HERE, (VERDICT,))
    (entry,) = entries(tmp_path)
    entry.write_bytes(damage(entry.read_bytes()))
    assert store.get(key(), HERE) is None


def test_an_entry_of_another_shape_counts_as_not_there(tmp_path: Path) -> None:
    """Even with a right hash, what is no verdict is none."""
    store = cache.Cache(tmp_path)
    store.put(key(), HERE, (VERDICT,))
    (entry,) = entries(tmp_path)
    for told in ([], {}, [{"status": "matches"}], [{"status": "won"}], 7, [[]]):
        content = json.dumps(told).encode()
        digest = cache.hashlib.sha256(content).hexdigest().encode()
        entry.write_bytes(digest + b"\n" + content)
        assert store.get(key(), HERE) is None


def test_parallel_runs_share_it(tmp_path: Path) -> None:
    """Many writers of one entry leave one whole entry, and nothing beside it."""
    store = cache.Cache(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.put(key(), HERE, (VERDICT,)), range(200)))
    assert store.get(key(), HERE) == (VERDICT,)
    assert len(entries(tmp_path)) == 1


def test_a_disk_that_refuses_costs_only_time(tmp_path: Path) -> None:
    """Without a folder, or with a file in its way, nothing is remembered and nothing breaks."""
    (tmp_path / "file").write_text("")
    for store in (cache.Cache(None), cache.Cache(tmp_path / "file")):
        store.put(key(), HERE, (VERDICT,))
        assert store.get(key(), HERE) is None


def test_real_verdicts_survive(tmp_path: Path, sandbox) -> None:
    """The user's answers, and wrong ones with their evidence, come back equal."""
    store = cache.Cache(tmp_path)
    for card in judging.user_answers().values():
        code = judging.code(card)
        for source in (code, code.replace("np.", "np.abs", 1)):
            answer = judging.card(source).answer
            found = judging.verdicts(sandbox, source)
            store.put(key(answer), answer, found)
            assert store.get(key(answer), answer) == found
