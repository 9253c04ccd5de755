"""What the stages found becomes diagnostics for people. Pure; sorted by file, place and code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from builder.audited import Audit
from builder.images import Flawed
from builder.model import (
    Bank,
    Change,
    ChangeKind,
    Diagnostic,
    Duplicate,
    Misfit,
    Severity,
    Verdict,
)
from builder.rules import audit, export, markdown, media, text, verification
from builder.rules import bank as bank_rules
from builder.rules.rule import Rule
from builder.source import Source

RULES: tuple[Rule, ...] = tuple(
    sorted(
        {
            thing
            for module in (text, bank_rules, verification, export, audit, media, markdown)
            for thing in vars(module).values()
            if isinstance(thing, Rule)
        },
        key=lambda rule: rule.code,
    )
)
"""Every rule, by code."""


def on_reading(
    sources: Iterable[Source], bank: Bank, duplicates: Iterable[Duplicate]
) -> list[Diagnostic]:
    """Return what is to be said about the text of the notes and about their cards."""
    found = [remark for source in sources for remark in text.mojibake(source)]
    found += [remark for deck in bank.decks for remark in bank_rules.strays(deck)]
    return found + list(bank_rules.duplicates(duplicates))


def on_images(found: Iterable[Flawed]) -> list[Diagnostic]:
    """Return what is to be said about images that cannot be shown."""
    return list(media.images(found))


def on_verdicts(bank: Bank, verdicts: Mapping[str, Sequence[Verdict]]) -> list[Diagnostic]:
    """Return what is to be said about the answers that were judged."""
    judged = ((card, verdicts.get(card.key, ())) for card in bank.cards())
    return [remark for card, ones in judged for remark in verification.verdicts(card, ones)]


def on_changes(changes: Iterable[Change]) -> list[Diagnostic]:
    """Return what a person must settle before a build."""
    return [bank_rules.unsure(one) for one in changes if one.kind is ChangeKind.UNSURE]


def on_ledger(file: str) -> Diagnostic:
    """Return the error for the ledger `file`, which is locked and would change."""
    return bank_rules.locked(file)


def on_kernels(misfits: Iterable[Misfit]) -> list[Diagnostic]:
    """Return what is to be said about kernels of a bank's own that cannot be used."""
    return [verification.misfit(one) for one in misfits]


def on_audit(found: Audit) -> list[Diagnostic]:
    """Return what is to be said about the checks themselves."""
    return list(audit.findings(found))


def errors(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return those of `diagnostics` that fail the run."""
    return [remark for remark in diagnostics if remark.severity is Severity.ERROR]


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return `diagnostics` without repeats, by file, place and code."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda remark: (remark.place, remark.code)))
