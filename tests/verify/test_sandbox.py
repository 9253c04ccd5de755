"""The sandbox: whatever an answer does, there is a reply, and nothing of it is left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from builder.verify.limits import SandboxError
from builder.verify.sandbox import Call, Ending, Job, Raised, Reply, Returned, Sandbox

FD = Path("/proc/self/fd")
linux = pytest.mark.skipif(not FD.exists(), reason="needs /proc, as Linux has it")


def _job(source: str, *calls: Call, wall: float = 10.0, memory: int = 1 << 28) -> Job:
    source = textwrap.dedent(source)
    asked = calls or (Call("f", (), {}),)
    return Job("import numpy as np", source, "bank.md", 1, asked, 7, wall, memory)


def _run(sandbox: Sandbox, body: str, wall: float = 10.0) -> Reply:
    """Run the body of a function once."""
    return sandbox.run(_job("def f():\n" + textwrap.indent(body, "    "), wall=wall))


def _returned(reply: Reply) -> list[object]:
    return [output.value for output in reply.outputs if isinstance(output, Returned)]


def _children(pid: int) -> set[int]:
    """Return all descendants of a process."""
    found = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | _children(child)
    return found


def _descriptors() -> set[str]:
    return {path.name for path in FD.iterdir()}


# ── what comes back ──────────────────────────────────────────────────────────────────────────────


def test_outputs_come_in_the_order_of_the_calls(sandbox: Sandbox) -> None:
    """Values and exceptions alike, with the line in the note."""
    source = "\n\ndef f(n, /, *, by=1):\n    return n / by\n"
    calls = [Call("f", (n,), {"by": by}) for n, by in ((6, 2), (1, 0), (6.0, 4))]
    reply = sandbox.run(_job(source, *calls))
    assert reply == Reply(
        (
            Returned(3.0),
            Raised("ZeroDivisionError", "division by zero", 4, defining=False),
            Returned(1.5),
        ),
        Ending.FINISHED,
    )


def test_arguments_arrive_as_they_were_sent(sandbox: Sandbox) -> None:
    """Arrays with their layout, read-only; every plain value with its type."""
    x = np.asfortranarray(np.arange(6.0).reshape(2, 3))[::-1]
    source = """
    def f(x, more):
        return x.strides, x.flags.writeable, x.sum(), more
    """
    more = {"a": [1, (2.5, None)], "b": True}
    (returned,) = _returned(sandbox.run(_job(source, Call("f", (x,), {"more": more}))))
    strides, writeable, total, back = returned  # type: ignore[misc]
    assert (strides, writeable, float(total), back) == (x.strides, False, 15.0, more)


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("1 / 0", "ZeroDivisionError", 1),
        ("def f(): return 1\nraise SystemExit(0)", "SystemExit", 2),
        ("import no_such_module", "ModuleNotFoundError", 1),
    ],
)
def test_a_definition_that_fails_is_told_once(
    sandbox: Sandbox, source: str, kind: str, line: int
) -> None:
    """There is nothing to call then."""
    reply = sandbox.run(_job(source, Call("f", (), {}), Call("f", (), {})))
    (only,) = reply.outputs
    assert isinstance(only, Raised)
    assert (only.kind, only.line, only.defining) == (kind, line, True)
    assert reply.ending is Ending.FINISHED


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ("while True: pass", Ending.LATE),
        ("import time\ntime.sleep(60)", Ending.LATE),
        ("sum(iter(int, 1))", Ending.LATE),
        ("while True: print('x' * 9999)", Ending.LATE),
        ("while True:\n    try:\n        while 1: pass\n    except: pass", Ending.LATE),
        ("import os\nos._exit(0)", Ending.EXITED),
        ("import os\nos._exit(3)", Ending.EXITED),
        ("import os\nos.close(4)", None),
        ("import os\nos.closerange(0, 100)", None),
        ("import ctypes\nctypes.string_at(0)", None),
        ("import os\nos.write(4, b'x' * 100)", Ending.GARBLED),
        ("import os\nos.write(4, b'pdk1' + b'\\xff' * 12)", Ending.GARBLED),
        ("import os\nos.write(4, b'pdk1' + bytes(12))", Ending.GARBLED),
    ],
)
def test_an_ending_has_a_name(sandbox: Sandbox, body: str, ending: Ending | None) -> None:
    """Late, exited, killed or garbled: a reply, and never an exception."""
    reply = _run(sandbox, body, wall=0.6 if ending is Ending.LATE else 10.0)
    if ending:
        assert (reply.outputs, reply.ending) == ((), ending)
    else:
        assert reply.ending in (Ending.KILLED, Ending.EXITED, Ending.FINISHED)


def test_an_exit_status_is_told(sandbox: Sandbox) -> None:
    """It is the answer's own, even where it is no failure."""
    assert _run(sandbox, "import os\nos._exit(3)").detail == 3
    assert _run(sandbox, "import os\nos._exit(0)").detail == 0


def test_results_before_the_end_are_kept(sandbox: Sandbox) -> None:
    """What came back before an answer left is known, and what is missing, too."""
    source = "import os\ndef f(n):\n    return n if n < 2 else os._exit(0)\n"
    reply = sandbox.run(_job(source, *(Call("f", (n,), {}) for n in range(4))))
    assert (_returned(reply), reply.ending) == ([0, 1], Ending.EXITED)


def test_a_failed_process_never_finishes(sandbox: Sandbox) -> None:
    """Every result arrived, but the process did not end well: that is no good ending."""
    body = "import sys\nos = sys.modules['os']\nreal = os._exit\n"
    reply = _run(sandbox, body + "os._exit = lambda status: real(9)\nreturn 1")
    assert _returned(reply) == [1]
    assert (reply.ending, reply.detail) == (Ending.EXITED, 9)


@pytest.mark.parametrize(
    "patch",
    [
        "lambda reply: encode(reply) + b'more'",
        "lambda reply: encode(reply) * 2",
        "lambda reply: encode(reply)[:-1] + b'x'",
        "lambda reply: encode({'returned': 1, 'more': 2})",
        "lambda reply: encode([1])",
        "lambda reply: encode(None)",
        "lambda reply: b'pdk1' + (2**20 + 1).to_bytes(4, 'big') + bytes(8)",
    ],
)
def test_a_forged_frame_is_no_result(sandbox: Sandbox, patch: str) -> None:
    """An answer can write what it likes; more or less than a frame a call is nothing."""
    body = "import sys\nwire = sys.modules['wire']\nencode = wire.encode\n"
    assert _run(sandbox, f"{body}wire.encode = {patch}\nreturn 1").ending is Ending.GARBLED


def test_floods_go_nowhere(sandbox: Sandbox) -> None:
    """Standard output and error are not read, and so cannot block or fill anything."""
    body = "import sys\nfor _ in range(2000): print('x' * 5000), sys.stderr.write('y' * 5000)\n"
    assert _returned(_run(sandbox, body + "return 5")) == [5]


def test_too_large_a_reply_is_refused(sandbox: Sandbox) -> None:
    """By its announced length, before it is read."""
    job = _job("def f():\n    return np.zeros((1 << 23) + 1)", memory=1 << 30)
    assert sandbox.run(job).ending is Ending.GARBLED


def test_memory_is_limited(sandbox: Sandbox) -> None:
    """By an exception that Python can raise."""
    (output,) = _run(sandbox, "return len(bytearray(1 << 30))").outputs
    assert isinstance(output, Raised)
    assert output.kind == "MemoryError"


# ── what an answer can reach ─────────────────────────────────────────────────────────────────────


@linux
def test_a_child_has_no_descriptor_but_its_own(sandbox: Sandbox) -> None:
    """Nothing, nowhere, the job that it has read, and its own pipe."""
    body = """
    import os
    found = []
    for fd in range(1100):
        try:
            os.lseek(fd, 0, 1)
            found.append(fd)
        except OSError as error:
            if error.errno != 9:
                found.append(fd)
    return found
    """
    (found,) = _returned(_run(sandbox, textwrap.dedent(body)))
    assert isinstance(found, list)
    assert set(found) <= {0, 1, 2, 3, 4}


def test_a_child_knows_no_reference(sandbox: Sandbox) -> None:
    """Nothing of the package is loaded, in its path, in its arguments or in its environment."""
    body = """
    import sys, os
    return [list(sys.modules), sys.path, sys.argv, list(os.environ)]
    """
    (found,) = _returned(_run(sandbox, textwrap.dedent(body)))
    modules, path, _, environment = found  # type: ignore[misc]
    assert not [name for name in modules if name.startswith(("builder", "kernel", "scipy"))]
    assert "" not in path
    assert not {"HOME", "PATH", "USER", "GITHUB_TOKEN"} & set(environment)


def test_nothing_of_one_answer_reaches_the_next(sandbox: Sandbox) -> None:
    """What one changes in numpy, builtins or the wire is gone with its process."""
    body = """
    import builtins, sys
    np.exp = np.log = builtins.sum = lambda *_: 7
    sys.modules["wire"].MOST_HEADER = 5
    return 1
    """
    assert _returned(_run(sandbox, textwrap.dedent(body))) == [1]
    assert _returned(_run(sandbox, "return float(np.exp(0.0)), sum([1, 2])")) == [(1.0, 3)]


def test_the_seed_decides_what_is_drawn(sandbox: Sandbox) -> None:
    """In each process anew."""
    body = "import random\nreturn random.random(), float(np.random.rand())"
    assert _returned(_run(sandbox, body)) == _returned(_run(sandbox, body))


# ── many at a time ───────────────────────────────────────────────────────────────────────────────


def test_threads_get_their_own_replies(sandbox: Sandbox) -> None:
    """Side by side, some of them late, some gone."""
    bodies = ["return {n}", "import os\nos._exit({n})", "while True: pass", "raise KeyError({n})"]

    def one(n: int) -> Reply:
        wall = 0.3 if n % 4 == 2 else 10.0
        return _run(sandbox, bodies[n % 4].format(n=n), wall)

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(one, range(40)))
    for n, reply in enumerate(replies):
        match n % 4:
            case 0:
                assert _returned(reply) == [n]
            case 1:
                assert (reply.ending, reply.detail) == (Ending.EXITED, n)
            case 2:
                assert reply.ending is Ending.LATE
            case 3:
                assert isinstance(reply.outputs[0], Raised)
                assert reply.outputs[0].message == str(n)


# ── nothing is left ──────────────────────────────────────────────────────────────────────────────

FAMILY = """
import os, time
for _ in range(5):
    try:
        if not os.fork():
            time.sleep(60)
            os._exit(0)
    except OSError:
        break
"""


@linux
@pytest.mark.parametrize("end", ["return 1", "os._exit(0)", "while True: pass"])
def test_no_process_outlives_its_answer(end: str) -> None:
    """Children of children are gone when the reply is there."""
    before = _children(os.getpid())
    with Sandbox() as sandbox:
        _run(sandbox, FAMILY + end, wall=0.5)
        (warm,) = _children(os.getpid()) - before
        assert not _children(warm)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@linux
def test_nothing_is_left_after_closing() -> None:
    """No process, no descriptor, no thread; after an exception in the parent as well."""
    processes, descriptors, threads = (
        _children(os.getpid()),
        _descriptors(),
        threading.active_count(),
    )
    with contextlib.suppress(KeyError), Sandbox() as sandbox:
        _run(sandbox, "return 1")
        _run(sandbox, "while True: pass", wall=0.2)
        raise KeyError
    assert _children(os.getpid()) == processes
    assert _descriptors() == descriptors
    assert threading.active_count() == threads


@linux
def test_ctrl_c_ends_everything() -> None:
    """An interrupted run leaves no process, not even one that runs for ever."""
    program = """
    import sys
    from builder.verify.sandbox import Call, Job, Sandbox
    with Sandbox() as sandbox:
        sandbox.run(Job("", "def f(): return 1", "b", 1, (Call("f", (), {}),), 0, 9.0, 1 << 28))
        print("ready", flush=True)
        endless = "def f():\\n    while True: pass"
        sandbox.run(Job("", endless, "b", 1, (Call("f", (), {}),), 0, 60.0, 1 << 28))
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        family = _children(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    assert family
    assert not [pid for pid in family if _alive(pid)]


@linux
def test_a_dead_warm_process_is_an_error_of_ours() -> None:
    """No verdict is made up where nothing can run any more."""
    before = _children(os.getpid())
    with Sandbox() as sandbox:
        (warm,) = _children(os.getpid()) - before
        os.kill(warm, signal.SIGKILL)
        with pytest.raises(SandboxError):
            _run(sandbox, "return 1")
        with pytest.raises(SandboxError):
            _run(sandbox, "return 1")


def test_a_closed_sandbox_runs_nothing() -> None:
    """And closing it again does no harm."""
    sandbox = Sandbox()
    sandbox.close()
    with pytest.raises(SandboxError):
        _run(sandbox, "return 1")
    sandbox.close()
