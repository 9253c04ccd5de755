"""The pipeline on one screen: from the notes on disk to a report and, if all is well, to files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from builder import files, history, rules, selection, verify
from builder.assemble import assemble
from builder.edition import Edition
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
from builder.settings import Settings
from builder.source import Source, UnreadableError, decode

Verdicts = Mapping[str, tuple[Verdict, ...]]

_LARGEST_KERNEL = 1 << 20


def build(settings: Settings, progress: verify.Progress = lambda *_: None) -> Report:
    """Read, judge and report a bank; write its deck and sheets if `settings` name a folder.

    Raises CannotRunError where the run cannot be done at all; a faulty bank is a report.
    """
    notes = files.find(settings.paths)
    sources, remarks = read(notes)
    past = history.read(settings.paths)
    found = identify(assemble(parse(source) for source in sources), past.ledger, past.gone)
    remarks += rules.on_reading(sources, found.bank, found.duplicates)
    remarks += rules.on_changes(found.changes)
    named = {note.name for note in notes if note.named}
    bank, remarks, skipped = selection.asked_for(found.bank, remarks, named, settings.only)
    bank, unsure = selection.with_keys(bank)

    own, unread = read(files.kernels(notes), _LARGEST_KERNEL)
    judged = _judged(bank, own, settings, progress)
    remarks += [*unread, *rules.on_kernels(judged.misfits)]
    remarks += rules.on_verdicts(bank, judged.verdicts)
    kept, left_out = selection.without_errors(bank, remarks)

    ledger = past.ledger
    if settings.output or settings.locked:
        ledger = _renewed(past, found.bank, kept, judged.verdicts, remarks, settings)
    if settings.locked and past.changes(ledger):
        remarks.append(rules.on_ledger(past.place.name))
    artefacts: Sequence[Artefact] = ()
    if settings.output and kept.decks and (settings.keep_going or not rules.errors(remarks)):
        artefacts, more = _exported(kept, judged.verdicts, ledger, settings)
        remarks += more
    written = files.write(settings.output, artefacts) if settings.output and artefacts else ()
    if written:
        past.keep(ledger)  # last: what is interrupted before is as if it had not begun

    diagnostics = rules.ordered(remarks)
    return Report(
        bank=bank,
        verdicts=judged.verdicts,
        diagnostics=diagnostics,
        excerpts=excerpts([*sources, *own], diagnostics),
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


def _judged(
    bank: Bank, own: Sequence[Source], settings: Settings, progress: verify.Progress
) -> verify.Judged:
    if not settings.run:
        return verify.not_run(bank)
    return verify.verify(bank, settings.order, progress, own)


def _renewed(
    past: history.History,
    bank: Bank,
    kept: Bank,
    verdicts: Verdicts,
    remarks: Iterable[Diagnostic],
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
        apkg.note_types(),
        settings.now,
        guid=apkg.guid,
        # What cannot be read, or is not asked for, has not left the bank.
        retire=not settings.only and not rules.errors(remarks),
        gone=past.gone,
    )


def _exported(
    bank: Bank, verdicts: Verdicts, ledger: Ledger, settings: Settings
) -> tuple[list[Artefact], list[Diagnostic]]:
    """Return the finished files, and what they could not show. Imports what only they need."""
    from builder.export import apkg, pdf
    from builder.render import render

    edition = render(bank, verdicts)
    if settings.only:
        # A part must not take the place of the whole that an earlier run wrote.
        parts = (replace(deck, name=f"{deck.name}-selected") for deck in edition.decks)
        edition = Edition(tuple(parts))
    # One deck goes by its note's name; several share a file.
    name = edition.decks[0].name if len(edition.decks) == 1 else "proofdeck"
    sheets = [pdf.export(deck, paper=settings.paper) for deck in edition.decks]
    decks = [apkg.export(edition, name=name, ledger=ledger)]
    gone, times = tombstones(ledger)
    if settings.tombstones and gone.decks:
        decks.append(apkg.export(render(gone, {}), name=f"{name}-retired", ledger=times))
    findings = [finding for _, found in sheets for finding in found]
    return [*decks, *(sheet for sheet, _ in sheets)], rules.on_export(findings)


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
