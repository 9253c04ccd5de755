"""The processes of answers: whatever ends a run, nothing of it lives on, and nothing leaks."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import commands
import judging
import pytest
from unlocked import without_a_jail

from builder.model import Status
from builder.verify import processes
from builder.verify.limits import LIMITS, SandboxError
from builder.verify.processes import Seatbelt, Warm
from builder.verify.sandbox import Call, Ending, Job, Reply, Returned, Sandbox, _written

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")

ENDLESS = "def softmax(x):\n    while True:\n        pass\n"


def job(body: str, wall: float = 10.0) -> Job:
    source = f"import os, time\ndef f():\n    {body}\n"
    return Job("", source, "bank.md", 1, (Call("f", (), {}),), 0, wall, 1 << 28)


def family(pid: int) -> set[int]:
    """Return all descendants of a process."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | family(child)
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Wait for `condition`, and say whether it came."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


# ── a run that is ended ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command on two answers that run for ever, once both of them run."""
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(f"# T\n\n```python\n# 1. {name}?\n{ENDLESS}```\n")
    process = subprocess.Popen(
        commands.command("check", "--no-cache", str(tmp_path)),
        env=commands.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    answers = min(2, os.cpu_count() or 1)
    try:
        assert within(10, lambda: len(family(process.pid)) == 1 + answers)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_whatever_ends_the_command_ends_its_answers(
    endless: subprocess.Popen[bytes], number: signal.Signals
) -> None:
    """Also where it gets no chance to tidy up: neither the warm process nor an answer lives on."""
    ours = family(endless.pid)
    endless.send_signal(number)
    out, err = endless.communicate(timeout=10)
    assert endless.returncode == (130 if number is signal.SIGINT else -number)
    assert within(5, lambda: not any(map(alive, ours)))
    assert out == b""
    assert err.count(b"\n") == (number is signal.SIGINT)


def test_without_the_warm_process_the_command_says_so(endless: subprocess.Popen[bytes]) -> None:
    """One line and exit status 2: no verdict is made up, and its answers die with it."""
    ours = family(endless.pid)
    warm = next(pid for pid in ours if family(pid))
    os.kill(warm, signal.SIGKILL)
    out, err = endless.communicate(timeout=10)
    assert (endless.returncode, out) == (2, b"")
    assert err == b"proofdeck: the process that runs answers has died\n"
    assert within(5, lambda: not any(map(alive, ours)))


def test_an_answer_without_its_parent_dies_even_where_that_was_killed() -> None:
    """The warm process need not tidy up: the kernel does."""
    before = family(os.getpid())
    with Sandbox() as sandbox, ThreadPoolExecutor(1) as pool:
        (warm,) = family(os.getpid()) - before
        running = pool.submit(sandbox.run, job("while True: pass"))
        assert within(5, lambda: bool(family(warm)))
        (answer,) = family(warm)
        os.kill(warm, signal.SIGKILL)
        with pytest.raises(SandboxError):
            running.result(5)
        assert within(5, lambda: not alive(answer))


# ── many runs ────────────────────────────────────────────────────────────────────────────────────


def test_two_hundred_answers_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No descriptor, no process and no file, whatever their ending was."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    bodies = ("return 1", "os._exit(3)", "raise KeyError", "os.write(4, b'x')", "os.abort()")
    with Sandbox() as sandbox:
        before, relatives = descriptors(), family(os.getpid())
        with ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(sandbox.run, (job(bodies[n % 5]) for n in range(200))))
        assert descriptors() == before
        assert family(os.getpid()) == relatives
    assert replies[::5] == [Reply((Returned(1),), Ending.FINISHED)] * 40
    assert not list(tmp_path.iterdir())


def test_a_parent_with_no_descriptor_to_spare_says_so() -> None:
    """An error of ours, not a traceback, and not a verdict."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Sandbox() as sandbox:
        before = descriptors()
        resource.setrlimit(resource.RLIMIT_NOFILE, (before - 1, hard))
        try:
            with pytest.raises(SandboxError, match="Too many open files"):
                sandbox.run(job("return 1"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert descriptors() == before
        assert sandbox.run(job("return 1")).outputs == (Returned(1),)


def test_an_interpreter_that_cannot_be_started_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the system has no process left."""
    before = descriptors()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(SandboxError, match="No such file"):
        Warm()
    assert descriptors() == before


# ── a process an answer, as on macOS ─────────────────────────────────────────────────────────────


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with a fresh interpreter an answer; `env` takes the place of `sandbox-exec`."""
    monkeypatch.setattr("builder.verify.sandbox.host", lambda: Seatbelt(("/usr/bin/env",)))
    with Sandbox() as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("return 1", Ending.FINISHED),
        ("os._exit(3)", Ending.EXITED),
        ("os.abort()", Ending.KILLED),
        ("while True: pass", Ending.LATE),
        ("os.write(4, b'x' * 99)", Ending.GARBLED),
    ],
)
def test_a_fresh_interpreter_gives_the_same_endings(
    fresh: Sandbox, body: str, ending: Ending
) -> None:
    """Its host starts, reads and ends it as the warm process does, and leaves nothing."""
    before, open_ones = family(os.getpid()), descriptors()
    assert fresh.run(job(body, 1.0 if ending is Ending.LATE else 10.0)).ending is ending
    assert (family(os.getpid()), descriptors()) == (before, open_ones)


def test_fresh_interpreters_run_side_by_side(fresh: Sandbox) -> None:
    """Each thread gets its own reply."""
    with ThreadPoolExecutor(4) as pool:
        replies = pool.map(fresh.run, [job(f"return {n}") for n in range(8)])
    assert [reply.outputs for reply in replies] == [(Returned(n),) for n in range(8)]


def test_closing_ends_a_fresh_interpreter_that_runs(fresh: Sandbox) -> None:
    """Ctrl-C comes in one thread while others wait for their answers."""
    before = family(os.getpid())
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(fresh.run, job("while True: pass"))
        assert within(5, lambda: bool(family(os.getpid()) - before))
        fresh.close()
        with pytest.raises(SandboxError):
            running.result(5)
    assert family(os.getpid()) == before


def test_any_two_descriptors_will_do(fresh: Sandbox) -> None:
    """A worker moves its descriptors before it closes all others: none may be lost on the way."""
    host = Seatbelt(("/usr/bin/env",))
    read, write = os.pipe()
    with _written(job("return 1")) as file, os.fdopen(read, "rb") as pipe:
        unlucky = fcntl.fcntl(write, fcntl.F_DUPFD, file.fileno() + 100)
        assert unlucky == file.fileno() + 100
        os.close(write)
        process = host.start(file.fileno(), unlucky)
        os.close(unlucky)
        assert pipe.read(4) == b"pdk1"
        host.end(process)


def test_the_profile_names_what_an_interpreter_needs() -> None:
    """Nothing of ours but the worker's own files, and no path that could break out of its text."""
    profile = processes._profile()
    assert profile.startswith("(version 1)\n(deny default)\n")
    assert "(allow network" not in profile
    assert "(allow file-write*" not in profile
    assert processes._quoted('a"b\\c') == '"a\\"b\\\\c"'


# ── no jail at all ───────────────────────────────────────────────────────────────────────────────

FORKS = "[os.fork() for _ in range(4)]; time.sleep(60)"


def test_forks_die_with_their_answer_even_without_a_jail(tmp_path: Path) -> None:
    """The whole group is ended, whether the answer had to be stopped or not."""
    with without_a_jail(tmp_path), Sandbox() as sandbox:
        assert sandbox.level == LIMITS
        relatives = family(os.getpid())
        for body in (FORKS, f"{FORKS.partition(';')[0]}; return 1"):
            sandbox.run(job(body, 0.5))
            assert within(5, lambda: family(os.getpid()) == relatives)


def test_without_a_jail_the_right_answers_still_pass(tmp_path: Path) -> None:
    """And the wrong ones still fail: the judge does not lean on the jail."""
    right = "def softmax(x):\n    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()\n"
    with without_a_jail(tmp_path), Sandbox() as sandbox:
        assert judging.verdict(sandbox, right).status is Status.MATCHES
        assert judging.verdict(sandbox, right.replace("sum", "max")).status is Status.DIFFERS
        assert judging.verdict(sandbox, ENDLESS, wall=0.3).status is Status.TIMED_OUT
        leaving = "def softmax(x):\n    __import__('os')._exit(0)\n"
        assert judging.verdict(sandbox, leaving).status is Status.CRASHED
