"""Remembers verdicts, so that an answer that has not changed isn't run again.

The cache lives in the user's own cache folder, never beside a bank: a pull request could carry
passes. A key is a hash of everything that can change a verdict: the answer, the prelude, the
limits, the isolation, the bank's own kernels, the versions of Python and numpy, and the sources of
kernels and judge themselves. Places are kept relative to the answer, so it may move in its note.

An entry is one small file, written beside and renamed, with a hash of its own content: whatever is
torn, foreign or from another version counts as not there. Time-outs are never kept: a machine may
just have been busy.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import version
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from builder import files
from builder.model import Code, Place, Status, Tier, Verdict
from builder.verify.limits import PRELUDE, Limits

_KEPT = frozenset((Status.MATCHES, Status.DIFFERS, Status.CRASHED))


Verdicts = tuple[Verdict, ...]


class Cache:
    """The verdicts on whole answers, in a folder; without a folder nothing is remembered."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder / "verdicts" if folder else None

    def get(self, key: str, code: Code) -> Verdicts | None:
        """Return what is remembered under `key` for the answer `code`, None where nothing is."""
        content = files.recall(self._folder / key[:2] / key) if self._folder else None
        try:
            return _read(content, code) if content else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    def put(self, key: str, code: Code, verdicts: Verdicts) -> None:
        """Remember `verdicts`; a disk that refuses only costs the next run its time."""
        if self._folder and all(verdict.status in _KEPT for verdict in verdicts):
            files.remember(self._folder / key[:2] / key, _written(verdicts, code))


def key(code: Code, limits: Limits, isolation: str, own: str = "") -> str:
    """Return the name of an entry: equal only where nothing that could change a verdict differs.

    `own` tells of the bank's own kernels.
    """
    told = (
        *_versions(),
        PRELUDE,
        code.source,
        str(limits.wall),
        str(limits.memory),
        isolation,
        own,
    )
    return hashlib.sha256("\0".join(map(repr, told)).encode()).hexdigest()


@cache
def _versions() -> tuple[str, ...]:
    """Return what judges: interpreter, numpy, and our own sources, kernels included."""
    own = hashlib.sha256()
    for package in ("builder.kernels", "builder.verify"):
        for path in sorted(_modules(resources(package)), key=str):
            own.update(path.read_bytes())
    return platform.python_version(), platform.machine(), version("numpy"), own.hexdigest()


def _modules(folder: Traversable) -> Iterator[Traversable]:
    """Yield the Python files below a package."""
    for path in folder.iterdir():
        if path.is_dir():
            yield from _modules(path)
        elif path.name.endswith(".py"):
            yield path


# ── one entry ────────────────────────────────────────────────────────────────────────────────────


def _written(verdicts: Verdicts, code: Code) -> bytes:
    told = [asdict(replace(one, place=_moved(one.place, code, -1))) for one in verdicts]
    content = json.dumps(told).encode()
    return hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _read(entry: bytes, code: Code) -> Verdicts | None:
    digest, _, content = entry.partition(b"\n")
    if hashlib.sha256(content).hexdigest().encode() != digest:
        return None
    return tuple(_verdict(told, code) for told in json.loads(content)) or None


def _verdict(told: dict[str, Any], code: Code) -> Verdict:
    rich = {
        "status": Status(told["status"]),
        "place": _moved(Place(**told["place"]), code, +1),
        "tiers": tuple(Tier(**tier) for tier in told["tiers"]),
        "evidence": tuple((caption, text) for caption, text in told["evidence"]),
    }
    return Verdict(**told | rich)


def _moved(place: Place, code: Code, sign: int) -> Place:
    """Return `place` counted from the answer instead of the file, or back with `sign` +1."""
    lines, columns = sign * (code.place.line - 1), sign * (code.place.column - 1)
    return Place(
        code.place.file if sign > 0 else "",
        place.line + lines,
        place.column + columns,
        place.end_line + lines,
        place.end_column + columns,
    )
