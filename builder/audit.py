"""The audit on one screen: from the notes on disk to what their checks would not notice."""

from __future__ import annotations

from collections.abc import Sequence

from builder import build, files, review, rules, selection, verify
from builder.assemble import assemble
from builder.audited import AuditReport, Reviewed
from builder.identity import identify
from builder.model import CannotRunError
from builder.parse import parse
from builder.settings import Settings
from builder.source import Source, UnreadableError, decode
from builder.verify.limits import NONE


def audit(settings: Settings, progress: verify.Progress = lambda *_: None) -> AuditReport:
    """Put mistakes into every right answer, and report those that nobody would notice.

    Raises CannotRunError where that cannot be done at all.
    """
    from builder.verify.audit import audit as tried

    notes = files.find(settings.paths)
    sources, remarks = build.read(notes)
    bank = identify(assemble(parse(source) for source in sources)).bank
    named = {note.name for note in notes if note.named}
    bank, remarks, _ = selection.asked_for(bank, remarks, named, settings.only, settings.tags)
    lists, reviewed = _reviews(notes)

    own, unread = build.read(files.kernels(notes))
    found = tried(bank, reviewed, settings.order, progress, whole=not settings.partial, own=own)
    remarks += [*unread, *rules.on_kernels(found.misfits), *rules.on_audit(found)]
    diagnostics = rules.ordered(remarks)
    return AuditReport(
        audit=found,
        diagnostics=diagnostics,
        excerpts=build.excerpts([*sources, *own, *lists], diagnostics),
        seed=settings.order.seed if found.isolation != NONE else None,
    )


def _reviews(notes: Sequence[files.Found]) -> tuple[list[Source], list[Reviewed]]:
    """Read the file of reviews beside each of `notes`."""
    lists: list[Source] = []
    found: list[Reviewed] = []
    for note in notes:
        beside = files.beside(note, review.SUFFIX, review.LARGEST)
        if beside is None:
            continue
        name, content = beside
        try:
            source = decode(name, content)
        except UnreadableError as error:
            raise CannotRunError(f"{name}: {error}") from error
        lists.append(source)
        found += review.reviews(source, note.name)
    return lists, found
