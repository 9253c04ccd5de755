"""Locks the calling process in, for good and without privileges. Linux on x86_64 and aarch64.

The worker loads this file on its own, so it imports nothing but the standard library. Four walls,
each of which would do for most of what the others stop:

    the kernel forgets us   no capability, not even root's, and no new privileges; no core dump, no
                            debugger, death with the parent
    resource limits         memory, CPU time, no file, no process, no further descriptor
    Landlock                no path, no TCP port, no abstract socket, no signal to the outside
    seccomp                 only the system calls below, none of which takes a path, a process or
                            an address; any other fails with EPERM, a foreign table is deadly

Everything a process needs must be open and imported before it locks itself in.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 4, 38, 22
_SECCOMP_MODE_FILTER = 2
_NO_CAPABILITIES = struct.pack("Ii", 0x20080522, 0), bytes(24)  # of this thread, none of any set

# What computing, sleeping and writing a reply takes.
_CALLS = {
    "x86_64": {
        "read": 0, "write": 1, "close": 3, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
        "brk": 12, "rt_sigprocmask": 14, "rt_sigreturn": 15, "sched_yield": 24, "mremap": 25,
        "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "gettimeofday": 96,
        "getrusage": 98, "sigaltstack": 131, "gettid": 186, "futex": 202, "restart_syscall": 219,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
        "getrandom": 318, "membarrier": 324, "rseq": 334,
    },
    "aarch64": {
        "close": 57, "lseek": 62, "read": 63, "write": 64, "exit": 93, "exit_group": 94,
        "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
        "clock_nanosleep": 115, "sched_yield": 124, "restart_syscall": 128, "sigaltstack": 132,
        "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165, "gettimeofday": 169,
        "getpid": 172, "gettid": 178, "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222,
        "mprotect": 226, "madvise": 233, "getrandom": 278, "membarrier": 283, "rseq": 293,
    },
}  # fmt: skip
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Classic BPF: load a word, jump if equal, jump if greater or equal, return.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCH = 0, 4  # offsets in `struct seccomp_data`
_ALLOW, _KILL, _EPERM = 0x7FFF0000, 0x80000000, 0x00050001
_X32 = 0x40000000

# Landlock has the same numbers everywhere. Rights are added version by version.
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_FILE_RIGHTS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 5: 0xFFFF}
_NET_RIGHTS = {4: 0x3}
_SCOPES = {6: 0x3}


def limit(seconds: int, memory: int) -> None:
    """Set limits that this process cannot raise again.

    `seconds` are of CPU time; `memory`, in bytes, comes on top of what is mapped already. Limits
    that a system does not know are left out. Root isn't held by the number of processes.
    """
    wanted = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: _mapped() + memory,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
    }
    for kind, number in wanted.items():
        _, hard = resource.getrlimit(kind)
        most = number if hard == resource.RLIM_INFINITY else min(number, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            continue


def _mapped() -> int:
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 1 << 30


class Jail:
    """All that can be prepared before the process exists that is to be locked in.

    Raises OSError on a system, and KeyError on an architecture, that this module does not know.
    """

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError("no jail is known for this system")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long
        self._program = _program(os.uname().machine)
        self._version = self._libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)

    def lock(self, parent: int) -> None:
        """Lock this process in; it must not survive the process `parent`.

        Raises OSError where the kernel refuses.
        """
        if self._libc.capset(*_NO_CAPABILITIES):
            raise OSError(ctypes.get_errno(), "capset")
        self._prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
        self._prctl(_PR_SET_DUMPABLE, 0)
        self._prctl(_PR_SET_NO_NEW_PRIVS, 1)
        self._landlock()
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(self._filter()))

    def _prctl(self, option: int, value: int, pointer: object = None) -> None:
        if self._libc.prctl(option, ctypes.c_ulong(value), pointer, None, None):
            raise OSError(ctypes.get_errno(), f"prctl {option}")

    def _landlock(self) -> None:
        """Forbid every path and port that Landlock knows of; older kernels know fewer or none."""
        if self._version < 1:
            return
        tables = (_FILE_RIGHTS, _NET_RIGHTS, _SCOPES)
        rights = (_newest(table, self._version) for table in tables)
        size = 8 if self._version < 4 else 16 if self._version < 6 else 24
        attributes = struct.pack("QQQ", *rights)[:size]
        ruleset = self._libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
        if ruleset < 0 or self._libc.syscall(_RESTRICT_SELF, ruleset, 0):
            raise OSError(ctypes.get_errno(), "Landlock")
        os.close(ruleset)

    def _filter(self) -> ctypes.Structure:
        class Filter(ctypes.Structure):
            _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

        return Filter(len(self._program) // 8, self._program)


def _newest(table: dict[int, int], version: int) -> int:
    return max((rights for since, rights in table.items() if since <= version), default=0)


def _program(machine: str) -> bytes:
    """Return the filter as BPF instructions: two jump offsets and a number each."""
    instructions = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
    ]
    for number in sorted(_CALLS[machine].values()):
        instructions += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    instructions.append((_RETURN, 0, 0, _EPERM))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
