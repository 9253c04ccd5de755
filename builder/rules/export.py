"""Rules about exporters: what one could not show as it stands, and one that could not work."""

from __future__ import annotations

from builder.edition import Finding
from builder.model import Diagnostic, Place
from builder.rules.rule import error, warning

MISSING_GLYPH = warning(
    "X401",
    "missing-glyph",
    """The fonts of the printed sheet have no sign for a character, or it
    turns the order of others around, so the sheet shows a stand-in. The deck is not affected. Only
    `build`, which draws the sheet, can see this.""",
)
EXPORTER_FAILED = error(
    "X402",
    "exporter-failed",
    """An exporter that was asked for with `--export` could not be loaded, or failed on its way. It
    wrote nothing; the files of the others are whole. The message names the distribution that
    brought it, whose authors can tell more; the bank is not at fault.""",
)
EXPORTER_HIDDEN = warning(
    "X403",
    "exporter-hidden",
    """Two distributions bring an exporter of the same name, and only one of them can be asked for.
    Ours counts before others. Remove one of the two distributions.""",
)
SHOWN_OTHERWISE = warning(
    "X404",
    "shown-otherwise",
    """An exporter shows something otherwise than the note has it, or than it was asked for: a
    picture that the printed sheet cannot hold, a sheet of more pages than `--pages` allows. The
    other files are not affected.""",
)


def missing_glyph(finding: Finding) -> Diagnostic:
    """Return the warning for a card with characters that the sheet cannot show."""
    return MISSING_GLYPH.at(
        finding.place,
        f"the sheet's fonts have no sign for `{finding.characters}`",
        hint="the deck shows it; on the sheet a stand-in is printed",
    )


def shown_otherwise(place: Place, message: str, hint: str = "") -> Diagnostic:
    """Return the warning for what an exporter shows otherwise than it was meant."""
    return SHOWN_OTHERWISE.at(place, message, hint=hint)


def failed(exporter: str, distribution: str, place: Place, why: str) -> Diagnostic:
    """Return the error for an exporter of `distribution` that raised something at `place`."""
    return EXPORTER_FAILED.at(
        place,
        f"the exporter `{exporter}` failed, and wrote nothing",
        notes=(("from", distribution), ("raised", why)),
        hint=f"tell the authors of {distribution.partition(' ')[0]}, or leave the exporter out",
    )


def hidden(exporter: str, distribution: str, other: str, place: Place) -> Diagnostic:
    """Return the warning for the exporter of `distribution` that hides the one of `other`."""
    return EXPORTER_HIDDEN.at(
        place,
        f"`{exporter}` is the exporter of {distribution}, so that of {other} cannot be used",
        hint="remove one of the two distributions, or ask for another name of the exporter",
    )
