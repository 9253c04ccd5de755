# ruff: noqa: E501 - one probe a line reads best
"""Probes from where answers run: each tries one thing that only a hole in the jail would allow.

A probe is the body of a function. It has got through where it returns anything but False, and where
its process ends; what is to come is an exception or an error number. Each runs behind the gate, most
by the numbers of system calls, as nothing but the kernel may stand between an answer and the
machine. As root all of them run again below an ordinary user.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from builder.verify.limits import STRICT
from builder.verify.sandbox import Call, Ending, Job, Raised, Reply, Returned, Sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="probes Linux's own jail")

# What every probe may use: `call` says whether a system call did anything at all.
TOOLS = """
import ctypes, os, signal, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
libc.mmap.restype = ctypes.c_void_p
FAILED = ctypes.c_void_p(-1).value
SIXTY_FOUR = {"x86_64": 0, "aarch64": 1}[%r]
room = ctypes.create_string_buffer(1 << 16)
instruction = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
ALLOW_ALL = struct.pack("HxxxxxxQ", 1, ctypes.addressof(instruction))

def call(numbers, *arguments):
    number = numbers[SIXTY_FOUR] if isinstance(numbers, tuple) else numbers
    plain = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    return libc.syscall(ctypes.c_long(number), *plain) != -1

def succeeds(attempt, *arguments, **named):
    attempt(*arguments, **named)
    return True

def run(code):
    page = libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_long(0))
    assert page not in (None, FAILED), "no page to run code in"
    ctypes.memmove(page, code, len(code))
    return ctypes.CFUNCTYPE(ctypes.c_long)(page)()
""" % platform.machine()  # noqa: UP031 - the text is full of braces

FILES = {
    "open": "return succeeds(open, '/etc/passwd')",
    "open by number": "return call((2, -1), b'/etc/passwd', 0)",
    "openat": "return call((257, 56), -100, b'/etc/passwd', 0)",
    "openat2": "return call(437, -100, b'/etc/passwd', bytes(24), 24)",
    "create": "return call((257, 56), -100, b'/tmp/proofdeck-probe', 0o101, 0o600)",
    "list a folder": "return succeeds(os.listdir, '/')",
    "getdents of a descriptor": "return any(call((217, 61), fd, room, 4096) for fd in range(99))",
    "stat": "return succeeds(os.stat, '/etc/passwd')",
    "statx": "return call((332, 291), -100, b'/etc/passwd', 0, 0xFFF, room)",
    "access": "return os.access('/etc/passwd', os.R_OK)",
    "readlink": "return succeeds(os.readlink, '/proc/self/exe')",
    "current folder": "return succeeds(os.getcwd)",
    "change folder": "return succeeds(os.chdir, '/')",
    "make a folder": "return succeeds(os.mkdir, '/tmp/proofdeck-probe')",
    "unlink": "return call((263, 35), -100, b'/tmp/proofdeck-bait', 0)",
    "rename": "return call((316, 276), -100, b'/tmp/proofdeck-bait', -100, b'/tmp/pd', 0)",
    "link": "return call((265, 37), -100, b'/tmp/proofdeck-bait', -100, b'/tmp/proofdeck-probe', 0)",
    "symlink": "return succeeds(os.symlink, '/etc/passwd', '/tmp/proofdeck-probe')",
    "chmod": "return succeeds(os.chmod, '/tmp/proofdeck-bait', 0o777)",
    "chown": "return succeeds(os.chown, '/tmp/proofdeck-bait', 1, 1)",
    "truncate": "return succeeds(os.truncate, '/tmp/proofdeck-bait', 0)",
    "change times": "return succeeds(os.utime, '/tmp/proofdeck-bait', (0, 0))",
    "a device": "return call((259, 33), -100, b'/tmp/proofdeck-probe', 0o020666, 0x103)",
    "a named pipe": "return succeeds(os.mkfifo, '/tmp/proofdeck-probe')",
    "a file in memory": "return succeeds(os.memfd_create, 'x')",
    "secret memory": "return call(447, 0)",
    "a temporary file": "return call((257, 56), -100, b'/tmp', 0o20200002, 0o600)",
    "extended attributes": "return succeeds(os.listxattr, '/etc/passwd')",
    "set an attribute": "return succeeds(os.setxattr, '/tmp/proofdeck-bait', 'user.a', b'b')",
    "statfs": "return succeeds(os.statvfs, '/')",
    "sync": "return call((306, 267), 0)",
    "own maps": "return succeeds(open, '/proc/self/maps')",
    "own memory": "return succeeds(open, '/proc/self/mem', 'r+b')",
    "own environment": "return succeeds(open, '/proc/self/environ')",
    "own descriptors": "return succeeds(os.listdir, '/proc/self/fd')",
    "memory of the parent": "return succeeds(open, f'/proc/{os.getppid()}/mem', 'rb')",
    "arguments of init": "return succeeds(open, '/proc/1/cmdline')",
    "inotify": "return call((294, 26), 0)",
    "fanotify": "return call((300, 262), 0, 0)",
    "chroot": "return succeeds(os.chroot, '/')",
    "mount": "return call((165, 40), b'none', b'/mnt', b'tmpfs', 0, None)",
    "new mount api": "return call(430, b'tmpfs', 0)",
    "unmount": "return call((166, 39), b'/mnt', 2)",
    "pivot_root": "return call((155, 41), b'/', b'/')",
    "file handles": "return call((303, 264), -100, b'/', struct.pack('II', 128, 0) + room.raw, room, 0)",
    "open by handle": "return call((304, 265), -100, struct.pack('II', 8, 1) + bytes(8), 0)",
    "io_uring": "return call(425, 8, bytearray(120) and room)",
    "asynchronous input": "return call((206, 0), 8, room)",
    "another ruleset": "return call(444, struct.pack('Q', 1), 8, 0)",
    "duplicate a descriptor": "return any(call((32, 23), fd) for fd in range(5))",
    "control a descriptor": "return any(call((72, 25), fd, 0, 0) for fd in range(5))",
    "control a device": "return any(call((16, 29), fd, 0x5401, room) for fd in range(5))",
    "splice": "return call((275, 76), 0, None, 4, None, 1, 0)",
    "send a file": "return call((40, 71), 4, 0, None, 16)",
    "poll": "return call((271, 73), room, 0, bytes(16), None, 0)",
}

NETWORK = {
    "tcp": "return succeeds(socket.create_connection, ('127.0.0.1', PORT), 1)",
    "a tcp socket": "return succeeds(socket.socket)",
    "tcp over ipv6": "return succeeds(socket.socket, socket.AF_INET6)",
    "udp": "return succeeds(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)",
    "unix": "return succeeds(socket.socket, socket.AF_UNIX)",
    "abstract unix": "return succeeds(socket.socket(socket.AF_UNIX).connect, chr(0) + 'proofdeck')",
    "raw": "return call((41, 198), 2, 3, 1)",
    "packet": "return call((41, 198), 17, 3, 0x300)",
    "netlink": "return call((41, 198), 16, 3, 0)",
    "vsock": "return call((41, 198), 40, 1, 0)",
    "kernel crypto": "return call((41, 198), 38, 5, 0)",
    "a pair": "return call((53, 199), 1, 1, 0, room)",
    "a pipe": "return call((293, 59), room, 0)",
    "connect a descriptor": "return any(call((42, 203), fd, room, 16) for fd in range(99))",
    "send on a descriptor": "return any(call((44, 206), fd, b'x', 1, 0, None, 0) for fd in range(99))",
    "receive a descriptor": "return any(call((47, 212), fd, room, 0x40) for fd in range(99))",
    "bind and listen": "return any(call((50, 201), fd, 1) for fd in range(99))",
    "resolve a name": "return succeeds(socket.getaddrinfo, 'localhost', 80)",
}

PROCESSES = {
    "fork": "return os.fork() >= 0",
    "fork by number": "return call((57, -1))",
    "vfork": "return call((58, -1))",
    "clone": "return call((56, 220), 17, 0, 0, 0, 0)",
    "clone3": "return call(435, struct.pack('11Q', 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0), 88)",
    "a thread": "import _thread\nreturn succeeds(_thread.start_new_thread, print, ())",
    "execve": "return call((59, 221), b'/bin/true', None, None)",
    "execveat": "return call((322, 281), 0, b'', None, None, 0x1000)",
    "posix_spawn": "return succeeds(os.posix_spawn, '/bin/true', ['true'], {})",
    "a shell": "return os.system('true') == 0",
    "trace the parent": "return call((101, 117), 16, os.getppid(), 0, 0)",
    "be traced": "return call((101, 117), 0, 0, 0, 0)",
    "read the parent's memory": "return call((310, 270), os.getppid(), room, 1, room, 1, 0)",
    "write the parent's memory": "return call((311, 271), os.getppid(), room, 1, room, 1, 0)",
    "a handle of the parent": "return call(434, os.getppid(), 0)",
    "a handle of init": "return call(434, 1, 0)",
    "a descriptor of another": "return any(call(438, fd, 0, 0) for fd in range(99))",
    "signal by handle": "return any(call(424, fd, 0, None, 0) for fd in range(99))",
    "is the parent there": "return succeeds(os.kill, os.getppid(), 0)",
    "kill the parent": "return call((62, 129), os.getppid(), 9)",
    "kill the whole group": "return call((62, 129), 0, 9)",
    "kill everybody": "return call((62, 129), -1, 9)",
    "kill init": "return call((62, 129), 1, 9)",
    "kill by thread": "return call((234, 131), os.getppid(), os.getppid(), 9)",
    "kill by thread, as of old": "return call((200, 130), os.getppid(), 9)",
    "queue a signal": "return call((129, 138), os.getppid(), 10, struct.pack('3i', 0, 0, -1) + bytes(116))",
    "kill itself": "return call((62, 129), os.getpid(), 9)",
    "a timer with signals": "return call((222, 107), 1, None, room)",
    "an alarm": "return call((38, 103), 0, struct.pack('4q', 0, 0, 1, 0), None)",
    "handle a signal": "return succeeds(signal.signal, signal.SIGTERM, signal.SIG_IGN)",
    "wait for another": "return call((61, 260), -1, None, 1, None)",
    "a session": "return call((112, 157))",
    "a group": "return call((109, 154), 0, 0)",
    "the parent's group": "return call((121, 155), os.getppid())",
    "limits of the parent": "return call((302, 261), os.getppid(), 9, None, room)",
    "its own limits": "return call((302, 261), 0, 9, struct.pack('QQ', 2**64 - 1, 2**64 - 1), None)",
    "its own limits, as of old": "return call((160, 164), 9, struct.pack('QQ', 2**64 - 1, 2**64 - 1))",
    "its own processor time": "return call((302, 261), 0, 0, struct.pack('QQ', 9**9, 9**9), None)",
    "another priority": "return call((141, 140), 0, 0, -20)",
    "a real-time scheduler": "return call((144, 119), 0, 1, struct.pack('i', 1))",
    "another processor": "return call((203, 122), 0, 8, struct.pack('Q', 1))",
    "the parent's processor": "return call((203, 122), os.getppid(), 8, struct.pack('Q', 1))",
    "another user": "return call((105, 146), 0) or call((105, 146), 65534)",
    "another group of users": "return call((106, 144), 0) or call((116, 159), 0, None)",
    "capabilities": "return call((126, 91), struct.pack('Ii', 0x20080522, 0), b'\\xff' * 24)",
    "a namespace": "return call((272, 97), 0x10000000)",
    "a mount namespace": "return call((272, 97), 0x20000)",
    "enter a namespace": "return any(call((308, 268), fd, 0) for fd in range(99))",
    "keys": "return call((250, 219), 0, -3, 1, 0, 0) or call((248, 217), b'user', b'a', b'b', 1, -3)",
    "bpf": "return call((321, 280), 0, room, 120)",
    "performance counters": "return call((298, 241), struct.pack('IIQ', 1, 112, 0) + bytes(96), 0, -1, -1, 0)",
    "faults to user space": "return call((323, 282), 1)",
    "another kernel": "return call((246, 104), 0, 0, None, 0)",
    "reboot": "return call((169, 142), 0xFEE1DEAD, 672274793, 0, None)",
    "the host's name": "return call((170, 161), b'proofdeck', 9)",
    "swap": "return call((167, 224), b'/tmp/proofdeck-bait', 0)",
    "a kernel module": "return call((175, 105), room, 16, b'') or call((313, 273), 0, b'', 0)",
    "ports": "return call((172, -1), 3) or call((173, -1), 0x80, 1, 1)",
    "the clock": "return call((227, 112), 0, struct.pack('qq', 0, 0))",
    "the kernel's log": "return call((103, 116), 3, room, 4096)",
    "accounting": "return call((163, 89), None)",
    "shared memory": "return call((29, 194), 0, 4096, 0o1600)",
    "a message queue": "return call((68, 186), 0, 0o1600) or call((240, 180), b'p', 0o100, 0o600, None)",
    "semaphores": "return call((64, 190), 0, 1, 0o1600)",
    "personality": "return call((135, 92), 0x40000)",
    "locked memory": "return call((149, 228), room, 4096) or call((151, 230), 3)",
    "memory of another node": "return call((256, 238), os.getppid(), 8, room, room)",
    "advice for the parent": "return call(440, 0, room, 1, 4, 0)",
    "dumpable again": "return call((157, 167), 4, 1, 0, 0, 0)",
    "outlive the parent": "return call((157, 167), 1, 0, 0, 0, 0)",
    "new privileges again": "return call((157, 167), 38, 0, 0, 0, 0)",
    "the filter replaced": "return call((157, 167), 22, 2, ALLOW_ALL, 0, 0)",
    "another filter": "return call((317, 277), 1, 0, ALLOW_ALL)",
    "a listener for the filter": "return call((317, 277), 1, 8, ALLOW_ALL)",
    "another name": "return call((157, 167), 15, b'systemd', 0, 0, 0)",
    "segments": "return call((158, -1), 0x1002, room)",
}

# As root these would do harm to the machine: with no capability they fail.
MEMORY = {
    "the page at zero": "return libc.mmap(None, ctypes.c_size_t(4096), 3, 0x32, -1, 0) != FAILED",
    "poison a page of the machine": "return call((28, 233), room, 0, 100)",
    "take a page from the machine": "return call((28, 233), room, 0, 101)",
    "a mapping beyond the limit": "return libc.mmap(None, ctypes.c_size_t(1 << 40), 3, 0x22, -1, 0) != FAILED",
    "a mapping without reserve": "return libc.mmap(None, ctypes.c_size_t(1 << 40), 0, 0x4022, -1, 0) != FAILED",
    "shared memory by mapping": "return libc.mmap(None, ctypes.c_size_t(1 << 40), 3, 0x21, -1, 0) != FAILED",
    "grow a mapping": "page = libc.mmap(None, 4096, 3, 0x22, -1, 0)\nreturn call((25, 216), ctypes.c_void_p(page), 4096, 1 << 40, 1)",
    "grow the heap": "now = libc.syscall(12, 0) if not SIXTY_FOUR else libc.syscall(214, 0)\nreturn (libc.syscall((12, 214)[SIXTY_FOUR], ctypes.c_long(now + (1 << 36))) > now)",
    "a gigabyte in Python": "return len(bytearray(1 << 30)) > 0",
    "a gigabyte in numpy": "import numpy\nreturn numpy.ones(1 << 27).size > 0",
}  # fmt: skip

# Machine code, as system calls of a foreign table have no name: each must end the process.
FOREIGN = {
    "a 32-bit call": "run(bytes.fromhex('b814000000cd80c3'))\nreturn True",
    "a 32-bit open": "run(bytes.fromhex('b805000000bb0000000031c9cd80c3'))\nreturn True",
    "an x32 call": "libc.syscall(ctypes.c_long(0x40000000 + 39))\nreturn True",
    "an x32 open": "libc.syscall(ctypes.c_long(0x40000000 + 2), b'/etc/passwd', 0)\nreturn True",
    "an x32 execve": "libc.syscall(ctypes.c_long(0x40000000 + 520), b'/bin/true', None, None)\nreturn True",
    "a number below all tables": "libc.syscall(ctypes.c_long(-1))\nreturn True",
    "a number beyond all tables": "libc.syscall(ctypes.c_long(1 << 31))\nreturn True",
}

PROBES = {
    f"{kind}: {title}": body
    for kind, probes in (
        ("files", FILES), ("network", NETWORK), ("processes", PROCESSES), ("memory", MEMORY),
    )
    for title, body in probes.items()
}  # fmt: skip


def reply_to(sandbox: Sandbox, body: str, folder: str = "/tmp", port: int = 9) -> Reply:
    """Return what came of a probe; its bait stands in `folder`, and a listener at `port`."""
    body = textwrap.indent(body.replace("/tmp", folder), "    ")
    source = f"{TOOLS}\nPORT = {port}\ndef probe():\n{body}\n"
    job = Job("", source, "probe", 1, (Call("probe", (), {}),), 0, 5.0, 1 << 28)
    return sandbox.run(job)


def gets_through(reply: Reply) -> bool:
    """Only a call that failed, in a process that went on to say so, has been contained."""
    match reply:
        case Reply((Raised() | Returned(False),), Ending.FINISHED):
            return False
    return True


@contextmanager
def baited() -> Iterator[str]:
    """Give a folder in which anybody may change all; it is as it was when the probes have run."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        bait = Path(folder, "proofdeck-bait")
        bait.write_text("bait")
        bait.chmod(0o666)
        before = _state(bait)
        yield folder
        assert _state(bait) == before
        assert bait.read_text() == "bait"
        assert [path.name for path in Path(folder).iterdir()] == [bait.name]


@pytest.fixture(scope="module")
def folder() -> Iterator[str]:
    with baited() as prepared:
        yield prepared


def _state(path: Path) -> tuple[int, ...]:
    now = path.stat()
    return now.st_mode, now.st_uid, now.st_nlink, now.st_mtime_ns, now.st_ctime_ns


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A port of this machine on which nobody may knock."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.setblocking(False)
        yield listener.getsockname()[1]
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_the_level_is_strict(sandbox: Sandbox) -> None:
    """Else all that follows would say nothing."""
    assert sandbox.level == STRICT


@pytest.mark.parametrize("body", PROBES.values(), ids=PROBES)
def test_no_probe_gets_through(sandbox: Sandbox, folder: str, port: int, body: str) -> None:
    """It meets an exception or an error; and the next process runs as if nothing had been."""
    reply = reply_to(sandbox, body, folder, port)
    assert not gets_through(reply), reply
    assert reply_to(sandbox, "return 1").outputs == (Returned(1),)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code for x86_64")
@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_system_call_is_deadly(sandbox: Sandbox, body: str) -> None:
    """The kernel ends the process by a signal before the call does anything."""
    reply = reply_to(sandbox, body)
    assert (reply.outputs, reply.ending) == ((), Ending.KILLED), reply


def test_machine_code_runs_so_that_the_foreign_calls_were_made(sandbox: Sandbox) -> None:
    """A page of code that only returns gets its result back."""
    if platform.machine() == "x86_64":
        (output,) = reply_to(sandbox, "return run(bytes.fromhex('b82a000000c3'))").outputs
        assert output == Returned(42)


def test_processor_time_is_limited(sandbox: Sandbox) -> None:
    """Beside the wall clock, so that a parent that is stopped lets nothing run for ever."""
    source = "import os\ndef probe():\n    while True:\n        pass\n"
    reply = sandbox.run(Job("", source, "probe", 1, (Call("probe", (), {}),), 0, 0.5, 1 << 28))
    assert reply.ending is Ending.LATE


# ── as an ordinary user ──────────────────────────────────────────────────────────────────────────

NOBODY = 65534
SYSTEM = "/usr/bin/python3"

# Runs every probe in a sandbox of an ordinary user, and prints what each of them met.
AS_USER = """
import json, os, sys
import numpy as np
from builder.verify.sandbox import Sandbox
import probes
assert os.getuid() and os.geteuid(), "still root"
with Sandbox() as sandbox:
    met = {name: probes.gets_through(probes.reply_to(sandbox, body, sys.argv[1])) for name, body in probes.PROBES.items()}
    foreign = [probes.reply_to(sandbox, body).ending for body in probes.FOREIGN.values()]
    print(json.dumps([sandbox.level, met, foreign]))
"""


@pytest.fixture
def system_python() -> str:
    """An interpreter that everybody may run, and that can import our numpy."""
    if os.getuid():
        pytest.skip("not root: the other tests have run as an ordinary user already")
    # One that starts itself once more: `setpriv` can start what its user cannot.
    own_again = "import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)"
    code = f"{own_again}; print(sys.version_info[:2])"
    own = str(sys.version_info[:2])
    for python in (sys.executable, SYSTEM):
        with_rights = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", python, "-c", code]
        if shutil.which("setpriv") and Path(python).exists():
            found = subprocess.run(
                with_rights, capture_output=True, text=True, cwd="/", check=False
            )
            if found.stdout.strip() == own:
                return python
    pytest.skip(f"no Python {own} that an ordinary user may run")


@pytest.fixture
def everybodys_folder() -> Iterator[Path]:
    """A folder that an ordinary user may read, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_no_probe_of_an_ordinary_user_gets_through(
    system_python: str, everybodys_folder: Path
) -> None:
    """The same jail, by the same measure, without the privileges of whoever starts it."""
    library = Path(np.__file__).parent
    own = Path(__file__).parents[2] / "builder"
    skipped = shutil.ignore_patterns("__pycache__", "tests", "*.pyi")
    for package in (library, library.with_name("numpy.libs"), own):
        if package.exists():
            shutil.copytree(package, everybodys_folder / package.name, ignore=skipped)
    (everybodys_folder / "probes.py").write_text(_without_pytest(Path(__file__).read_text()))
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with baited() as folder:
        done = subprocess.run(
            [*command, system_python, "-B", "-c", AS_USER, folder],
            env={"PYTHONPATH": str(everybodys_folder), "OPENBLAS_NUM_THREADS": "1"},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    level, met, foreign = json.loads(done.stdout)
    assert level == STRICT
    assert met.keys() == PROBES.keys()
    assert [probe for probe, through in met.items() if through] == []
    if platform.machine() == "x86_64":
        assert set(foreign) == {Ending.KILLED}


def _without_pytest(source: str) -> str:
    """Return the part of this file that needs no pytest: tools, probes, and how they are run."""
    head, _, rest = source.partition("pytestmark = ")
    probes = rest.partition("\n")[2].partition("@pytest.fixture")[0]
    return head.replace("import pytest\n", "") + probes
