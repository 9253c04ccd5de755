"""What others make of the same cards: installed beside us, each into an environment of its own."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent

PINNED = {"ankdown": "ankdown==0.7.1", "mnemocards": "mnemocards==0.1.5"}


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that makes a deck of a folder: how it is called, and what it cannot do."""

    name: str
    command: Callable[[Path, Path], Sequence[str]]
    environment: Mapping[str, str]


def ours(*more: str, name: str = "proofdeck") -> Tool:
    """Return a build of ours that writes the deck alone, as others do."""

    def command(folder: Path, output: Path) -> Sequence[str]:
        return [
            sys.executable, "-m", "builder", "build", "--no-run", "--export", "apkg",
            str(folder), "-o", str(output), *more,
        ]  # fmt: skip

    return Tool(name, command, {"PYTHONPATH": str(_HERE.parents[1])})


def plain() -> Tool:
    """Return the script that people write for themselves."""

    def command(folder: Path, output: Path) -> Sequence[str]:
        return [sys.executable, str(_HERE / "plain.py"), str(folder), str(output / "deck.apkg")]

    return Tool("plain", command, {})


def others(folder: Path) -> list[Tool]:
    """Return the tools of others that can be installed below `folder`; say which cannot."""
    commands: Mapping[str, Callable[[str], Callable[[Path, Path], Sequence[str]]]] = {
        "ankdown": lambda program: lambda bank, output: [
            program, "-r", str(bank), "-p", str(output / "deck.apkg"), "--highlight",
        ],
        "mnemocards": lambda program: lambda bank, output: [
            program, "generate", str(bank), "-o", str(output),
        ],
    }  # fmt: skip
    found = []
    for name, make in commands.items():
        program = folder / name / "bin" / name
        if not program.exists() and not _installed(name, folder / name):
            print(f"{name} cannot be installed here, so it is left out", file=sys.stderr)
            continue
        found.append(Tool(name, make(str(program)), {}))
    return found


def _installed(name: str, folder: Path) -> bool:
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "install", PINNED[name]]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
