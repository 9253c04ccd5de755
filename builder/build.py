"""The pipeline on one screen: from the notes on disk to a report and, if all is well, to files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from builder import files, history, rules, selection, verify
from builder.assemble import assemble
from builder.edition import Edition
from builder.export import Occasion
from builder.identity import identify
from builder.ledger import renewed, tombstones
from builder.model import (
    Artefact,
    Bank,
    CannotRunError,
    Diagnostic,
    Ledger,
    Report,
    Status,
    Verdict,
)
from builder.parse import parse
from builder.scene import scene
from builder.settings import Settings
from builder.source import Source, UnreadableError, decode

if TYPE_CHECKING:
    from builder.exporters import Plugin

Verdicts = Mapping[str, tuple[Verdict, ...]]

_LARGEST_KERNEL = 1 << 20


def build(settings: Settings, progress: verify.Progress = lambda *_: None) -> Report:
    """Read, judge and report a bank; write its deck and sheets if `settings` name a folder.

    Raises CannotRunError where the run cannot be done at all; a faulty bank is a report.
    """
    plugins = _plugins(settings)
    notes = files.find(settings.paths)
    sources, remarks = read(notes)
    past = history.read(settings.paths)
    found = identify(assemble(parse(source) for source in sources), past.ledger, past.gone)
    stage, flaws = scene(found.bank, notes, settings.vault)
    remarks += rules.on_reading(sources, found.bank, found.duplicates)
    remarks += [*flaws, *rules.on_changes(found.changes)]
    named = {note.name for note in notes if note.named}
    bank, remarks, skipped = selection.asked_for(
        found.bank, remarks, named, settings.only, settings.tags
    )
    bank, unsure = selection.with_keys(bank)

    own, unread = read(files.kernels(notes), _LARGEST_KERNEL)
    texts = [*sources, *own]
    judged = _judged(bank, own, settings, progress)
    remarks += [*unread, *rules.on_kernels(judged.misfits)]
    remarks += rules.on_verdicts(bank, judged.verdicts)
    shown = bank if settings.output else selection.in_the_open(bank)
    edition, unset = stage.show(shown, judged.verdicts)
    remarks += unset
    kept, left_out = selection.without_errors(bank, remarks)

    ledger = past.ledger
    if settings.output or settings.locked:
        besides = stage.besides(found.bank)
        ledger = _renewed(past, found.bank, kept, judged.verdicts, remarks, besides, settings)
    if settings.locked and past.changes(ledger):
        remarks.append(rules.on_ledger(past.place.name))
    artefacts: Sequence[Artefact] = ()
    if settings.output and kept.decks and (settings.keep_going or not rules.errors(remarks)):
        if left_out:
            edition, _ = stage.show(kept, judged.verdicts)
        artefacts, more = _exported(edition, plugins, ledger, remarks, texts, settings)
        remarks += more
    written = files.write(settings.output, artefacts) if settings.output and artefacts else ()
    if written:
        past.keep(ledger)  # last: what is interrupted before is as if it had not begun

    diagnostics = rules.ordered(remarks)
    return Report(
        bank=bank,
        verdicts=judged.verdicts,
        diagnostics=diagnostics,
        excerpts=excerpts(texts, diagnostics),
        isolation=judged.isolation,
        seed=settings.order.seed if judged.ran else None,
        remembered=judged.remembered,
        left_out=(*left_out, *unsure),
        written=written,
        skipped=skipped,
        changes=found.changes,
    )


def read(
    notes: Sequence[files.Found], most: int | None = None
) -> tuple[list[Source], list[Diagnostic]]:
    """Read `notes`: one that was named must be text, one found in a folder may be an error."""
    sources: list[Source] = []
    remarks: list[Diagnostic] = []
    for note in notes:
        try:
            sources.append(decode(note.name, files.read(note, most)))
        except (UnreadableError, files.FileError) as error:
            if note.named:
                raise CannotRunError(f"{note.name}: {error}") from error
            remarks.append(rules.text.unreadable(note.name, str(error)))
    return sources, remarks


def _plugins(settings: Settings) -> Sequence[Plugin]:
    """Return the exporters that will write; one that is not installed ends the run at once."""
    if not settings.output:
        return ()
    from builder import exporters

    return exporters.chosen(settings.exporters)


def _judged(
    bank: Bank, own: Sequence[Source], settings: Settings, progress: verify.Progress
) -> verify.Judged:
    if not settings.run:
        return verify.not_run(bank)
    return verify.verify(bank, settings.order, progress, own)


def _renewed(  # noqa: PLR0913, PLR0917 - all that is known of a build
    past: history.History,
    bank: Bank,
    kept: Bank,
    verdicts: Verdicts,
    remarks: Iterable[Diagnostic],
    besides: Mapping[str, Collection[str]],
    settings: Settings,
) -> Ledger:
    """Return the ledger after a build of the cards that are `kept`; needs no exporter's package."""
    from builder.export import apkg

    exempt = {
        key for key, ones in verdicts.items() if any(one.status is Status.ALLOWED for one in ones)
    }
    keys = {card.key for card in kept.cards()}
    return renewed(
        past.ledger,
        bank,
        keys,
        {key: key not in exempt for key in keys},
        apkg.note_types(settings.looks.css),
        settings.now,
        guid=apkg.guid,
        # What cannot be read, or is not asked for, has not left the bank.
        retire=not settings.partial and not rules.errors(remarks),
        gone=past.gone,
        besides=besides,
    )


def _exported(
    edition: Edition,
    plugins: Sequence[Plugin],
    ledger: Ledger,
    remarks: Iterable[Diagnostic],
    texts: Iterable[Source],
    settings: Settings,
) -> tuple[list[Artefact], list[Diagnostic]]:
    """Return the finished files, and what is to be said about them. Imports what only they need."""
    from builder import exporters
    from builder.render import render

    # A part must not take the place of the whole that an earlier run wrote.
    suffix = "-selected" if settings.partial else ""
    decks = tuple(replace(deck, name=f"{deck.name}{suffix}") for deck in edition.decks)
    # One deck goes by its note's name; several share a file.
    name = decks[0].name if len(decks) == 1 else f"proofdeck{suffix}"
    told = rules.ordered(remarks)
    occasion = Occasion(name, ledger, told, excerpts(texts, told), settings.looks)
    artefacts, found = exporters.export(plugins, replace(edition, decks=decks), occasion)
    gone, times = tombstones(ledger)
    if settings.tombstones and gone.decks:
        packages = [one for one in plugins if one.name == "apkg"]
        occasion = replace(occasion, name=f"{name}-retired", ledger=times)
        more = exporters.export(packages, render(gone, {}), occasion)
        artefacts, found = artefacts + more[0], found + more[1]
    return artefacts, found


def excerpts(
    sources: Iterable[Source], diagnostics: Iterable[Diagnostic]
) -> Mapping[tuple[str, int], str]:
    """Return the line that each of `diagnostics` shows, by file and number."""
    by_name = {source.name: source for source in sources}
    places = {(found.place.file, found.place.line) for found in diagnostics}
    return {
        (file, line): by_name[file].lines[line - 1].text
        for file, line in places
        if file in by_name and line <= len(by_name[file].lines)
    }
