"""The press: a template and data become a PDF. The only module that knows typst.

Data is handed over as JSON, never as markup, and the typesetter sees an empty folder with nothing
in it but pictures, under names of our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from builder.export.pdf.looks import FONT_PACKAGES

if TYPE_CHECKING:
    import typst

Files = tuple[tuple[str, bytes], ...]
"""Names and contents: pictures, or the parts of a template."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Characters that turn the order of others around: on paper the text would not be what it says.
_DECEPTIVE = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# The scripts of India: our faces have none of them, and a long syllable is too much for the shaper.
_UNSHAPED = frozenset(map(chr, range(0x900, 0xE00)))

# What typst says of a glyph that no font has; odd characters stand there as `\u{200d}`.
_UNSHOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")

_PAGES = re.compile(rb"/Type/Pages/Count (\d+)")


def typeset(
    about: str, deck: str, pictures: Files, timestamp: int | None
) -> tuple[bytes, frozenset[str]]:
    """Return the sheet of `deck`, and the characters that had to be replaced in it.

    PDF/UA makes a missing glyph an error that names it. So nothing is looked up for the sheets
    that need no replacement, and the others are set again without the named characters.
    Raises `typst.TypstError`, a `RuntimeError`, for a sheet that can't be set for another reason.
    """
    from typst import TypstError

    missing = (_DECEPTIVE | _UNSHAPED).intersection(deck)
    while True:
        legible = deck.translate(dict.fromkeys(map(ord, missing), _REPLACEMENT))
        inputs = {"about": about, "deck": legible}
        try:
            return _compiled(template(), inputs, pictures, timestamp), missing
        except TypstError as error:
            found = _unshown(error.diagnostic) - missing
            if not found:
                raise
            missing |= found


def pages_of(content: bytes) -> int:
    """Return how many pages a sheet from this press has."""
    return max(map(int, _PAGES.findall(content)))


@lru_cache(maxsize=256)
def can_be_set(name: str, content: bytes) -> bool:
    """Tell whether the typesetter reads the image `content`, whose format `name` tells."""
    from typst import TypstError

    page = f'#set document(title: "A")\n#image("{name}", alt: "A", width: 9pt)'
    try:
        _compiled((("main.typ", page.encode()),), {}, ((name, content),), None)
    except TypstError:
        return False
    return True


def _unshown(diagnostic: str) -> frozenset[str]:
    """Return the characters that typst could not display, as its message says."""
    said = "".join(_UNSHOWN.findall(diagnostic))
    plain = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), said)
    return frozenset(char for char in plain if not char.isascii())


def _compiled(
    template: Files,
    inputs: dict[str, str],
    pictures: Files,
    timestamp: int | None,
) -> bytes:
    import typst

    with TemporaryDirectory(prefix="proofdeck-") as folder:
        for name, content in (*template, *pictures):
            (Path(folder) / name).write_bytes(content)
        main = Path(folder) / "main.typ"
        sheet = typst.Compiler(main, root=folder, font_paths=_fonts(), sys_inputs=inputs)
        with _no_panic():
            pdf = sheet.compile(format="pdf", pdf_standards=["ua-1"], timestamp=timestamp)
    assert isinstance(pdf, bytes), "without a path to write to, typst returns the bytes"
    return pdf


@contextmanager
def _no_panic() -> Iterator[None]:
    """Make a fault within the typesetter a `RuntimeError`: it comes as no `Exception` at all."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise RuntimeError(f"the typesetter failed: {error}") from None


@cache
def template() -> Files:
    """Return the template's files; the one to start with is `main.typ`."""
    parts = [one for one in files("builder.export.pdf").iterdir() if one.name.endswith(".typ")]
    return tuple(
        ("main.typ" if part.name == "sheet.typ" else part.name, part.read_bytes())
        for part in sorted(parts, key=lambda one: one.name)
    )


@cache
def _fonts() -> typst.Fonts:
    """Return our faces and typst's own, never the machine's: all machines print the same."""
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,
        font_paths=[_folder(package) for package in FONT_PACKAGES],
    )


def _folder(package: str) -> Path:
    """Return the folder of a font package; raises `ModuleNotFoundError` if it isn't installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package} is not installed", name=package)
    return Path(spec.origin).parent / "files"
