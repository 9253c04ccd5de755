"""A rule: its code, the name that people use, how grave it is, and its page in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from builder.model import Diagnostic, Place, Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` is never reused; `name` reads well after "allow"; `page` explains it."""

    code: str
    name: str
    severity: Severity
    page: str

    def at(
        self,
        place: Place,
        message: str,
        *,
        label: str = "",
        notes: tuple[tuple[str, str], ...] = (),
        hint: str = "",
    ) -> Diagnostic:
        """Return the diagnostic of this rule at `place`."""
        return Diagnostic(self.code, self.name, self.severity, place, message, label, notes, hint)


def error(code: str, name: str, page: str) -> Rule:
    """Return a rule that fails the run."""
    return Rule(code, name, Severity.ERROR, " ".join(page.split()))


def warning(code: str, name: str, page: str) -> Rule:
    """Return a rule that fails nothing."""
    return Rule(code, name, Severity.WARNING, " ".join(page.split()))
