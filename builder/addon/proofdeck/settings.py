"""What the learner configured, checked: from Anki's JSON to a value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .constants import ProblemError

# What `proofdeck build -k TEXT` writes: a part of the bank, which must never pass for all of it.
_PART = "-selected.apkg"


@dataclass(frozen=True)
class Settings:
    """Where the package is, and how it is built: `command` is empty where it is not."""

    package: Path
    command: tuple[str, ...]
    folder: Path | None
    seconds: float


def read(given: Mapping[str, Any]) -> Settings:
    """Return the settings. Raises ProblemError, which names the entry to change."""
    command = given.get("build_command", [])
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise ProblemError(
            '`build_command` must be a list of words, as in ["proofdeck", "build", "content"].'
        )
    seconds = given.get("build_seconds", 600)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds <= 0:
        raise ProblemError("`build_seconds` must be a number above 0.")
    folder = _path(given, "build_folder")
    if folder and not (folder.is_absolute() and folder.is_dir()):
        raise ProblemError(f"`build_folder` is not the full path of a folder: {folder}")
    if command and not folder:
        raise ProblemError("`build_folder` is empty: in which folder shall `build_command` run?")
    package = _path(given, "package")
    if not package:
        raise ProblemError(
            "No package is configured yet. Say which one in Tools → Add-ons → proofdeck → Config:"
            " `package` is the .apkg file that `proofdeck build` writes, or its folder."
        )
    package = folder / package if folder else package
    if not package.is_absolute():
        raise ProblemError(f"`package` must be a full path, or `build_folder` be set: {package}")
    return Settings(Path(os.path.normpath(package)), tuple(command), folder, float(seconds))


def on_profile_open(given: Mapping[str, Any]) -> bool:
    """Tell whether to update whenever a profile opens."""
    return given.get("on_profile_open") is True


def newest(package: Path) -> Path:
    """Return the package file that `package` means: itself, or the newest one of the folder.

    Raises ProblemError where there is none.
    """
    try:
        if not package.is_dir():
            if not package.is_file():
                raise ProblemError(f"There is no package {package}")
            return package
        found = [file for file in package.glob("*.apkg") if not file.name.endswith(_PART)]
        if not found:
            raise ProblemError(f"There is no package (*.apkg) in {package}")
        return max(found, key=lambda file: (file.stat().st_mtime_ns, file.name))
    except OSError as error:
        raise ProblemError(f"{package} cannot be read: {error.strerror}") from error


def _path(given: Mapping[str, Any], name: str) -> Path | None:
    value = given.get(name, "")
    if not isinstance(value, str) or "\0" in value:
        raise ProblemError(f"`{name}` must be a path in quotes.")
    try:
        return Path(value.strip()).expanduser() if value.strip() else None
    except RuntimeError as error:  # nobody of this name has a home
        raise ProblemError(f"`{name}` cannot be understood: {value}") from error
