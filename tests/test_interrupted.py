"""Builds that are killed: nothing is half-written, and nothing that was known is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_lowercase

from commands import command, environment

from builder import ledger
from builder.build import build
from builder.ledger import NOTE_STEP
from builder.model import Ledger
from builder.settings import Settings
from builder.source import Source
from builder.verify.limits import Order

KILLS = 200
MONDAY = 1_764_000_000
NOTES = {"one.md": ascii_lowercase[:13], "two.md": ascii_lowercase[13:]}  # by the last letter
PLEASE, NEXT = "Please explain ", "\n"
FILES = ("bank/proofdeck.lock", "out/proofdeck.apkg", "out/one.pdf", "out/two.pdf")
TEMPORARY = ".proofdeck-*"
_IN_TURN = threading.Lock()  # builds in this process: they share its working folder and its fonts


@dataclass(slots=True)
class Lane:
    """A folder in which a bank is edited and built, again and again."""

    folder: Path
    dice: random.Random
    questions: list[str] = field(default_factory=list)
    now: int = MONDAY
    whole: float = 0.0

    def edit(self) -> None:
        """Add a card in front, reword or remove one; write the notes, an hour later."""
        self.now += 3600
        while len(self.questions) < 8:
            self.questions.append(self._fresh())
        at = self.dice.randrange(len(self.questions))
        match self.dice.randrange(3):
            case 0:
                self.questions.insert(0, self._fresh())
            case 1:
                what = self.questions[at].removeprefix(PLEASE)
                self.questions[at] = what if what != self.questions[at] else PLEASE + what
            case _:
                del self.questions[at]
        (self.folder / "bank").mkdir(exist_ok=True)
        for name, start in NOTES.items():
            cards = [f"Q: {q}\nA: {q[-9:-1]}\n" for q in self.questions if q[-2] in start]
            text = f"# Deck\n\n```\nQ: {start}?\nA: {name}\n\n{NEXT.join(cards)}```\n"
            (self.folder / "bank" / name).write_text(text)

    def _fresh(self) -> str:
        words = ("".join(self.dice.choices(ascii_lowercase, k=8)) for _ in range(3))
        return f"{' '.join(words)}?"

    def start(self) -> subprocess.Popen[bytes]:
        """Start the build in a process group of its own."""
        return subprocess.Popen(
            command("build", "bank", "--no-run", "-o", "out"),
            cwd=self.folder,
            env=environment(SOURCE_DATE_EPOCH=str(self.now)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def build(self) -> None:
        """Build in this process, at the same time of the calendar."""
        paths, out = (str(self.folder / "bank"),), str(self.folder / "out")
        with _IN_TURN:
            report = build(Settings(paths, self.now, Order(1), out, run=False))
        assert report.clean, report.diagnostics
        assert {card.question for card in report.bank.cards()} >= set(self.questions)

    def contents(self) -> dict[str, bytes]:
        """Return what stands in each file of a build."""
        return {name: (self.folder / name).read_bytes() for name in FILES}

    def known(self) -> Ledger:
        """Return the ledger."""
        text = (self.folder / "bank" / "proofdeck.lock").read_text()
        return ledger.read(Source("proofdeck.lock", text))

    def left_behind(self) -> list[Path]:
        """Return the temporary files."""
        return list(self.folder.rglob(TEMPORARY))


def _kill(process: subprocess.Popen[bytes]) -> bool:
    """Kill the group of `process`; tell whether that came before its end."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGKILL), complaint
    return process.returncode != 0


def _wait(lane: Lane, process: subprocess.Popen[bytes], *, for_writing: bool) -> None:
    """Wait for a random moment of the whole build, or of the part in which it writes."""
    if not for_writing:
        time.sleep(lane.dice.uniform(0, lane.whole))
        return
    until = time.monotonic() + 60
    folders = (lane.folder / "out", lane.folder / "bank")
    while process.poll() is None and time.monotonic() < until:
        if any(next(one.glob(TEMPORARY), None) for one in folders):
            break
        time.sleep(0.0002)
    time.sleep(lane.dice.choice((0, lane.dice.uniform(0, 0.004), lane.dice.uniform(0, 0.012))))


def _interrupted(lane: Lane, *, for_writing: bool) -> tuple[bool, bool]:
    """Edit, build, kill, look, build; tell whether it was killed, and in the midst of writing."""
    old, before = lane.contents(), lane.known()
    lane.edit()
    process = lane.start()
    _wait(lane, process, for_writing=for_writing)
    killed = _kill(process)
    halfway, strays = lane.contents(), lane.left_behind()
    lane.build()
    new, after = lane.contents(), lane.known()
    for name in FILES:
        assert halfway[name] in (old[name], new[name]), f"{name} is neither old nor new"
    if halfway[FILES[0]] != old[FILES[0]]:
        assert halfway == new, "the ledger is written before the rest"
    names = {(entry.key, entry.guid) for entry in after.entries}
    assert names >= {(entry.key, entry.guid) for entry in before.entries}
    assert len({entry.guid for entry in after.entries}) == len(after.entries)
    assert all(entry.note_id % NOTE_STEP == 0 for entry in after.entries)
    for stray in strays:
        stray.unlink(missing_ok=True)  # so that the next round sees the first one of its own
    return killed, bool(strays) or (halfway != old and halfway != new)


def _rounds(lane: Lane, kills: int) -> Iterator[tuple[bool, bool]]:
    lane.edit()
    for _ in range(2):  # the first one is slower
        started = time.monotonic()
        process = lane.start()
        assert process.wait(timeout=60) == 0
        lane.whole = time.monotonic() - started
        process.communicate()
    left = kills
    for number in range(2 * kills):
        killed, midst = _interrupted(lane, for_writing=number % 3 == 0)
        yield killed, midst
        left -= killed
        if not left:
            break


def test_a_killed_build_leaves_each_file_as_it_was_or_as_it_is_to_be(tmp_path: Path) -> None:
    """200 builds are killed (kill -9) at random moments, and each file stays whole.

    Two thirds of the moments are spread over the whole build, the others begin where the first file
    is written. Each artefact and the ledger is the old one or the new one, byte for byte, the
    ledger changes last, and the next build finishes the work: no key and no GUID is lost.
    """
    lanes = []
    for name in ("left", "right"):
        (tmp_path / name).mkdir()
        lanes.append(Lane(tmp_path / name, random.Random(name)))
    with ThreadPoolExecutor(len(lanes)) as pool:
        told = pool.map(lambda lane: list(_rounds(lane, KILLS // len(lanes))), lanes)
        rounds = [one for lane in told for one in lane]
    assert sum(killed for killed, _ in rounds) == KILLS
    assert sum(midst for _, midst in rounds) > KILLS / 20


def test_what_a_killed_build_leaves_behind_harms_nobody(tmp_path: Path) -> None:
    """A temporary file beside the notes or the deck is no note, and no later build trips over."""
    lane = Lane(tmp_path, random.Random(1))
    lane.edit()
    lane.build()
    wanted = lane.contents()
    for folder in ("bank", "out"):
        (tmp_path / folder / f"{TEMPORARY[:-1]}killed").write_bytes(b"# Half\n\n```\nQ: a?")
    lane.build()
    assert lane.contents() == wanted
