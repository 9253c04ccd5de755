"""Case files: Markdown that people read and tests run.

A case is a heading `## What is expected` with two fenced blocks of six backticks below it: the
note, and what is to come of it. Prose between them is for the reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

_MARK = re.compile(r"^(?:## (?P<name>[^\n]+)|`{6}\w*)$", re.MULTILINE)
_BLOCK = re.compile(r"^`{6}\w*\n(.*?)^`{6}$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its heading, the note, and the expected text."""

    name: str
    note: str
    expected: str


def read(path: Path) -> list[Case]:
    """Return the cases of a file; a case that is not well written is an error."""
    text = path.read_text(encoding="utf-8")
    found: list[Case] = []
    name, at = "", 0
    for mark in _MARK.finditer(text):
        if mark.start() < at:
            continue
        if mark["name"]:
            name = mark["name"]
            continue
        block = _BLOCK.match(text, mark.start())
        assert block, f"{path.name}: a block of {name!r} is not closed"
        at = block.end()
        found = _with(found, name, block[1])
    assert all(case.expected for case in found), f"{path.name}: a case lacks its second block"
    return found


def _with(found: list[Case], name: str, block: str) -> list[Case]:
    if found and found[-1].name == name:
        assert not found[-1].expected, f"{name!r} has more than two blocks"
        return [*found[:-1], Case(name, found[-1].note, block)]
    return [*found, Case(name, block, "")]


def parametrize(folder: Path) -> pytest.MarkDecorator:
    """Return the mark that runs a test with each `case` of the `*.md` files in a folder."""
    cases = [(file.stem, case) for file in sorted(folder.glob("*.md")) for case in read(file)]
    assert cases, f"no cases in {folder}"
    return pytest.mark.parametrize(
        "case", [case for _, case in cases], ids=[f"{stem}: {case.name}" for stem, case in cases]
    )
