"""Watching: real files, real events, and a real thread that builds."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path

import commands
import pytest
import reading

from builder.model import CannotRunError
from builder.settings import Settings
from builder.verify.limits import Order
from builder.watch import watch

PATIENCE = 30.0
FAULTY = "# Faulty\n\n```\nQ: c?\nloose\nA: d\n```\n"
RELU = "# Code\n\n```python\n# 1. Implement ReLU\ndef relu(x):\n    return np.maximum(x, 0)\n```\n"


class Watcher:
    """A watch in a thread, and what it has said."""

    def __init__(self, *paths: str, output: str | None, run: bool) -> None:
        order = Order(1, trust=True)
        self._settings = Settings(paths=paths, now=0, order=order, output=output, run=run)
        self._said: queue.Queue[str] = queue.Queue()
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            watch(self._settings, self._said.put, self.stop)
        except BaseException as error:
            self.error = error

    def says(self, *words: str) -> str:
        """Wait for something that holds all `words`, and return it."""
        heard = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and not self.error:
            try:
                heard.append(self._said.get(timeout=0.1))
            except queue.Empty:
                continue
            if all(word in heard[-1] for word in words):
                return heard[-1]
        raise AssertionError(f"{words} never came, but {heard} and {self.error!r}")

    def said(self) -> list[str]:
        """Return what was said and not yet waited for."""
        return [self._said.get() for _ in range(self._said.qsize())]

    def end(self) -> None:
        """Stop it, and wait until it has ended."""
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


Start = Callable[..., Watcher]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Start]:
    """Start watching in a folder of its own; all end with the test."""
    monkeypatch.chdir(tmp_path)
    Path("bank").mkdir()
    Path("bank/a.md").write_text(reading.pairs("a?"), encoding="utf-8")
    started: list[Watcher] = []

    def starting(*paths: str, output: str | None = None, run: bool = False) -> Watcher:
        started.append(Watcher(*(paths or ("bank",)), output=output, run=run))
        return started[-1]

    yield starting
    for one in started:
        one.end()


def save(name: str, content: str | bytes) -> None:
    """Write a note in place."""
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def replace(name: str, content: str, beside: str) -> None:
    """Write `beside`, then rename it to its place."""
    save(beside, content)
    Path(beside).replace(name)


def test_a_save_builds_again(start: Start) -> None:
    """A line says when, what changed, what came of it, and how long it took."""
    watching = start(output="out")
    assert "bank: 1 card, wrote 2 files (" in watching.says("bank:")
    before = Path("out/a.apkg").read_bytes()
    save("bank/a.md", reading.pairs("a?", "b?"))
    line = watching.says("a.md")
    assert "bank/a.md: 2 cards, wrote 2 files (" in line
    assert line[2] == line[5] == ":"
    assert Path("out/a.apkg").read_bytes() != before


@pytest.mark.parametrize("beside", ["bank/.a.md.swp", "bank/4913", "bank/a.md~", "other.tmp"])
def test_an_editor_may_write_beside_and_rename(start: Start, beside: str) -> None:
    """The note has another inode then, and the other file is gone."""
    watching = start()
    watching.says("1 card")
    replace("bank/a.md", reading.pairs("a?", "b?"), beside)
    assert "bank/a.md: 2 cards" in watching.says("2 cards")
    replace("bank/a.md", reading.pairs("a?", "b?", "c?"), beside)
    watching.says("bank/a.md: 3 cards")


def test_a_note_named_itself_is_watched_though_it_is_renamed_away(start: Start) -> None:
    """As editors do that keep a backup."""
    watching = start("bank/a.md")
    watching.says("1 card")
    Path("bank/a.md").rename("bank/a.md~")
    save("bank/a.md", reading.pairs("a?", "b?"))
    watching.says("bank/a.md: 2 cards")


def test_a_link_is_watched_where_it_leads_to(start: Start) -> None:
    """It is the file there that is edited."""
    Path("link.md").symlink_to("bank/a.md")
    watching = start("link.md")
    watching.says("1 card")
    save("bank/a.md", reading.pairs("a?", "b?"))
    watching.says("link.md: 2 cards")


def test_a_half_saved_note_is_said_and_the_next_save_mends_it(start: Start) -> None:
    """Bytes that end within a character are no text, whether the note is named or found."""
    watching = start("bank/a.md")
    watching.says("1 card")
    save("bank/a.md", reading.pairs("ä?").encode().partition(b"\xa4")[0])
    watching.says("bank/a.md: ", "is not UTF-8")
    save("bank/a.md", reading.pairs("ä?"))
    watching.says("bank/a.md: 1 card")

    folder = start("bank")
    folder.says("1 card")
    save("bank/a.md", b"# \xff")
    folder.says("1 error")
    folder.says("error[", "UTF-8")
    save("bank/a.md", b"")
    folder.says("bank/a.md: ")
    save("bank/a.md", reading.pairs("ä?"))
    folder.says("bank/a.md: 1 card")


def test_what_stays_broken_is_shown_once(start: Start) -> None:
    """Moved lines don't make another error of it; a new one is shown, and the mended are gone."""
    watching = start(output="out")
    watching.says("1 card")
    save("bank/b.md", FAULTY)
    assert "wrote" not in watching.says("bank/b.md: 1 error")
    shown = watching.says("error[")
    assert "bank/b.md:5" in shown
    save("bank/b.md", FAULTY.replace("# Faulty\n", "# Faulty\n\n"))
    watching.says("bank/b.md: still 1 error")
    assert watching.said() == []
    save("bank/c.md", FAULTY.replace("c?", "d?"))
    watching.says("bank/c.md: 2 errors")
    assert "bank/c.md" in watching.says("error[")
    assert watching.said() == []
    save("bank/c.md", reading.pairs("x?"))
    watching.says("bank/c.md: still 1 error")
    save("bank/b.md", reading.pairs("y?"))
    watching.says("bank/b.md: 3 cards, wrote 4 files")


def test_notes_and_folders_come_and_go(start: Start) -> None:
    """A folder that was removed and made again is watched like the first."""
    Path("bank/deep").mkdir()
    watching = start()
    watching.says("1 card")
    save("bank/deep/b.md", reading.pairs("b?"))
    watching.says("bank/deep/b.md: 2 cards")
    Path("bank/deep").rename("bank/moved")
    watching.says("bank/deep/b.md (gone)", "bank/moved/b.md")
    Path("bank/moved/b.md").unlink()
    watching.says("bank/moved/b.md (gone): 1 card")
    shutil.rmtree("bank")
    watching.says("no such file or folder")
    Path("bank").mkdir()
    save("bank/a.md", reading.pairs("a?", "b?"))
    watching.says("bank/a.md: 2 cards")
    save("bank/a.md", reading.pairs("a?", "b?", "c?"))
    watching.says("bank/a.md: 3 cards")


def test_an_image_that_is_drawn_anew_builds_again(start: Start) -> None:
    """Cards show it, so it is a part of the bank; a file of another kind is none."""
    Path("bank/img").mkdir()
    save("bank/img/x.gif", b"GIF89a")
    watching = start()
    watching.says("1 card")
    save("bank/img/notes.txt", "no")
    save("bank/img/x.gif", b"GIF89a, and more")
    watching.says("bank/img/x.gif: ")


def test_a_folder_made_again_under_its_old_number_is_watched(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File systems like to give a number away again: it does not say that a folder is the same."""
    one = {True: (1, 1), False: None}
    monkeypatch.setattr("builder.watch._identity", lambda folder: one[folder.is_dir()])
    watching = start()
    watching.says("1 card")
    shutil.rmtree("bank")
    Path("bank").mkdir()
    watching.says("bank/a.md (gone)")
    save("bank/a.md", reading.pairs("a?", "b?"))
    watching.says("bank/a.md: 2 cards")


def test_nothing_else_starts_a_build(start: Start) -> None:
    """Our own output in the notes' folder, swap and hidden files, and a save of the same."""
    watching = start(output="bank")
    watching.says("wrote 2 files")
    for name in (".a.md.swp", "a.md~", "4913", "#a.md#", ".#a.md", "x.tmp", ".hidden.md", "a.txt"):
        save(f"bank/{name}", "x")
    Path("bank/.git").mkdir()
    save("bank/.git/note.md", reading.pairs("no?"))
    save("bank/a.md", reading.pairs("a?"))
    os.utime("bank/a.md")
    time.sleep(0.5)  # as long as events are gathered at most
    save("bank/b.md", reading.pairs("b?"))
    assert " bank/b.md: 2 cards" in watching.says("card")
    watching.end()
    assert watching.said() == []


def test_only_what_changed_is_judged_again(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the run has no cache: what it remembers goes with it."""
    from builder.verify import bench

    judged: list[str] = []
    judge = bench.judge

    def telling(card, *rest):
        judged.append(card.question)
        return judge(card, *rest)

    monkeypatch.setattr(bench, "judge", telling)
    save("bank/code.md", RELU)
    watching = start(run=True)
    watching.says("1 of 1 verified")
    save("bank/a.md", reading.pairs("a?", "b?"))
    watching.says("bank/a.md: 1 of 1 verified")
    assert len(judged) == 1
    save("bank/code.md", RELU.replace("(x, 0)", "(x, 1)"))
    watching.says("bank/code.md: 1 error, 0 of 1 verified")
    watching.says("error[V")
    assert len(judged) == 2


def test_a_kernel_of_the_banks_own_is_watched(start: Start) -> None:
    """Even in a folder that is made later, beside a note that is named itself."""
    watching = start("bank/a.md", run=True)
    watching.says("1 card")
    Path("bank/kernels").mkdir()
    save("bank/kernels/mine.py", "x = 1\n")
    watching.says("bank/kernels/mine.py: ")
    save("bank/kernels/mine.py", "x = 2\n")
    watching.says("bank/kernels/mine.py: ")


def test_a_first_build_that_cannot_be_done_is_an_error(start: Start) -> None:
    """A mistyped path is not waited for."""
    watching = start("missing")
    watching.thread.join(PATIENCE)
    assert isinstance(watching.error, CannotRunError)


def test_stop_ends_it(start: Start) -> None:
    """Without a build, a word or an error."""
    watching = start()
    watching.says("1 card")
    watching.end()
    assert watching.error is None
    assert watching.said() == []


SCRIPT = """
from builder.settings import Settings
from builder.verify.limits import Order
from builder.watch import watch
settings = Settings(("bank",), 0, Order(1, trust=True), run=False)
try:
    watch(settings, lambda line: print(line, flush=True))
except KeyboardInterrupt:
    raise SystemExit(130) from None
"""


def test_ctrl_c_ends_it(start: Start) -> None:
    """While it waits, as a KeyboardInterrupt; in a process of its own, which gets the signal."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], env=commands.environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    assert "1 card" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (130, "", "")
