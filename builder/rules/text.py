"""Rules about the text of a note. The only importer of ftfy, and only for text beyond ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.model import Diagnostic, Place
from builder.rules.rule import error, warning
from builder.source import Source, SourceLine

MOJIBAKE = warning(
    "D101",
    "mojibake",
    """Characters that were saved in one encoding and read in another: `Â²` where `²` was meant.
    The card shows them as they stand; replace them with the text that the diagnostic proposes.""",
)
UNCLOSED = error(
    "D102",
    "unclosed-block",
    """A fence or a comment that is never closed swallows the rest of the note. Close it with the
    signs that opened it.""",
)
FRONT_MATTER = error(
    "D103",
    "front-matter",
    """The YAML between the two `---` lines at the top cannot be read, so neither the deck's name
    nor its tags are known. Only `deck` (one line of text) and `tags` (words) are looked at.""",
)
UNREADABLE = error(
    "D104",
    "unreadable",
    """A file of the folder cannot be read or is not UTF-8 text, so none of its cards are in the
    deck. Save it as UTF-8, or move it out of the folder.""",
)


# "Â" as a word of its own: a letter that is spoken of, which ftfy takes for a blank gone wrong.
_LETTER = re.compile(r"(?<![^\s“‘«(])Â(?![^\s”’»)])")


def mojibake(source: Source) -> Iterator[Diagnostic]:
    """Yield a warning for each line with text in the wrong encoding."""
    if source.text.isascii():
        return
    from ftfy import fix_encoding

    for line in source.lines:
        if not line.text.isascii() and (repaired := fix_encoding(line.text)) != line.text:
            honest = _LETTER.sub("A", line.text)
            if fix_encoding(honest) != honest:
                yield _mojibake(source, line, repaired)


def _mojibake(source: Source, line: SourceLine, repaired: str) -> Diagnostic:
    before, wrong, right = _difference(line.text, repaired)
    start = line.start + before
    return MOJIBAKE.at(
        source.place(start, start + len(wrong)),
        f"`{wrong}` looks like `{right}`, read in the wrong encoding",
        notes=(("repaired", repaired.strip()),),
        hint=f"replace `{wrong}` with `{right}`",
    )


def _difference(old: str, new: str) -> tuple[int, str, str]:
    """Return where two lines begin to differ, and what stands there in each."""
    before = _alike(old, new)
    after = _alike(old[before:][::-1], new[before:][::-1])
    # A caret below a lone "Â" would be too small: the sign it belongs to is part of the fault.
    if before + after == len(new):
        after = max(after - 1, 0)
    return before, old[before : len(old) - after], new[before : len(new) - after]


def _alike(one: str, other: str) -> int:
    """Return how many characters at the start of both are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def unreadable(file: str, why: str) -> Diagnostic:
    """Return the error for a file that is no text."""
    return UNREADABLE.at(
        Place(file, 1, 1, 1, 1), f"this file cannot be read: {why}", hint="save it as UTF-8 text"
    )
