"""Which exporters are installed, ours among them, and a run of those that were asked for.

A plug-in is code that somebody installed on purpose, so it is trusted; but a mistake in it costs
its own files alone. Nothing is loaded before it is asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from itertools import groupby
from pathlib import Path
from traceback import walk_tb

from builder.edition import Edition, Finding
from builder.export import Exporter, Occasion, Remark
from builder.model import Artefact, CannotRunError, Diagnostic, Place
from builder.rules.export import failed, hidden, missing_glyph, shown_otherwise

GROUP = "proofdeck.exporters"
_OURS = "proofdeck"


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed exporter: its name and its distribution with the version.

    `hidden` are other distributions with an exporter of this name, which can't be reached.
    """

    name: str
    distribution: str
    entry: metadata.EntryPoint
    hidden: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Where its code begins."""
        return _top(f"{self.entry.module.replace('.', '/')}.py")

    def load(self) -> Exporter:
        """Return the exporter. Raises whatever its module does."""
        loaded = self.entry.load()
        for needed in ("summary", "export"):
            if not hasattr(loaded, needed):
                raise TypeError(f"`{self.entry.value}` has no `{needed}`")
        exporter: Exporter = loaded
        return exporter


def installed() -> tuple[Plugin, ...]:
    """Return the exporters by name. Of several with one name ours counts, else the first one."""
    found: dict[str, list[metadata.EntryPoint]] = {}
    for entry in sorted(metadata.entry_points(group=GROUP), key=_rank):
        found.setdefault(entry.name, []).append(entry)
    return tuple(
        Plugin(name, _distribution(first), first, tuple(map(_distribution, others)))
        for name, (first, *others) in sorted(found.items())
    )


def by_distribution() -> Mapping[str, tuple[str, ...]]:
    """Return the names of the exporters that each distribution brings, ours first."""
    entries = sorted(metadata.entry_points(group=GROUP), key=_rank)
    return {
        distribution: tuple(sorted(entry.name for entry in brought))
        for distribution, brought in groupby(entries, _distribution)
    }


def page() -> Iterator[str]:
    """Yield a line for each exporter: its name, what it writes, and who brought it."""
    for plugin in installed():
        try:
            told = plugin.load().summary
        except (Exception, SystemExit) as error:  # whatever a stranger's code may raise
            told = f"cannot be loaded: {_why(error)}"
        others = "".join(f"; hides that of {other}" for other in plugin.hidden)
        yield f"{plugin.name:8} {told} ({plugin.distribution}{others})"


def chosen(names: Iterable[str]) -> tuple[Plugin, ...]:
    """Return the exporters called `names`, none of them twice.

    Raises CannotRunError, which names those that there are, for one that is not installed.
    """
    known = {plugin.name: plugin for plugin in installed()}
    for name in names:
        if name not in known:
            there = ", ".join(known) or "none at all: install proofdeck with pip"
            raise CannotRunError(f"no exporter {name!r} is installed; there is {there}")
    return tuple(known[name] for name in dict.fromkeys(names))


def export(
    plugins: Iterable[Plugin], edition: Edition, occasion: Occasion
) -> tuple[list[Artefact], list[Diagnostic]]:
    """Return what `plugins` make of `edition`, and what is to be said about it and about them."""
    artefacts: list[Artefact] = []
    remarks: list[Diagnostic] = []
    for plugin in plugins:
        whose, owner = plugin.name, plugin.distribution
        remarks += [hidden(whose, owner, other, plugin.place) for other in plugin.hidden]
        try:
            exported = plugin.load().export(edition, occasion)
            whole = [*artefacts, *exported.artefacts]
            more = list(map(_told, exported.findings))
            for fault in misnamed(whole, edition, occasion):
                raise ValueError(fault)
        except (Exception, SystemExit) as error:  # whatever a stranger's code may raise
            remarks.append(failed(whose, owner, _raised_at(error, plugin), _why(error)))
        else:
            artefacts, remarks = whole, remarks + more
    return artefacts, remarks


def _told(found: Finding | Remark) -> Diagnostic:
    if isinstance(found, Finding):
        return missing_glyph(found)
    return shown_otherwise(found.place, found.message, found.hint)


def misnamed(artefacts: Sequence[Artefact], edition: Edition, occasion: Occasion) -> Iterator[str]:
    """Yield what is wrong with the names of `artefacts`, and with two that are the same."""
    stems = (occasion.name, *(deck.name for deck in edition.decks))
    taken: set[str] = set()
    for artefact in artefacts:
        name = artefact.name
        if set(name) & set("/\\\0"):
            yield f"{name!r} is no plain file name"
        elif not name.startswith(stems):
            yield f"{name!r} begins with the name of no deck"
        elif name.casefold() in taken:
            yield f"there are two files {name!r}"
        taken.add(name.casefold())


# ── whose it is, and what went wrong ─────────────────────────────────────────────────────────────


def _rank(entry: metadata.EntryPoint) -> tuple[bool, str, str]:
    owner = _owner(entry)
    return owner != _OURS, owner, entry.value


def _owner(entry: metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist else ""


def _distribution(entry: metadata.EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown distribution"


def _top(file: str) -> Place:
    return Place(file, 1, 1, 1, 1)


def _why(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _raised_at(error: BaseException, plugin: Plugin) -> Place:
    """Return the innermost line of the plug-in's own package that led to `error`."""
    package = plugin.entry.module.partition(".")[0]
    lines = [
        (frame.f_code.co_filename, line)
        for frame, line in walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package
    ]
    if isinstance(error, SyntaxError) and error.filename:
        lines.append((error.filename, error.lineno or 1))
    if not lines:
        return plugin.place
    file, line = lines[-1]
    return Place(_shortened(file), line, 1, line, 1)


def _shortened(file: str) -> str:
    """Return `file` as it is imported: from the folder of the path that holds it."""
    for folder in sys.path:
        if folder and Path(file).is_relative_to(folder):
            return Path(file).relative_to(folder).as_posix()
    return Path(file).name
