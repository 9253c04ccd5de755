"""Rules about what an exporter could not show as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.edition import Finding
from builder.model import Diagnostic
from builder.rules.rule import warning

MISSING_GLYPH = warning(
    "X401",
    "missing-glyph",
    """The fonts of the printed sheet have no sign for a character, or it
    turns the order of others around, so the sheet shows a stand-in. The deck is not affected. Only
    `build`, which draws the sheet, can see this.""",
)


def missing_glyphs(findings: Iterable[Finding]) -> Iterator[Diagnostic]:
    """Yield a warning for each card with characters that the sheet cannot show."""
    for finding in findings:
        yield MISSING_GLYPH.at(
            finding.place,
            f"the sheet's fonts have no sign for `{finding.characters}`",
            hint="the deck shows it; on the sheet a stand-in is printed",
        )
