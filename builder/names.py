"""How titles become names: slugs for keys and tags, stems for files."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath

_SPOKEN = {"+": " plus ", "#": " sharp ", "&": " and ", "%": " percent ", "*": " star "}
_LONGEST = 80


def slug(title: str) -> str:
    """Return `title` as lower-case words joined by hyphens, in any script.

    Signs that tell two titles apart are spelled out, so that "C vs C++" and "C vs C#" differ.
    A title without a word gives "untitled".

    >>> slug("L1 vs L2 regularization?")
    'l1-vs-l2-regularization'
    """
    spoken = "".join(_SPOKEN.get(sign, sign) for sign in unicodedata.normalize("NFKC", title))
    words = "".join(sign if _in_word(sign) else " " for sign in spoken.lower()).split()
    return "-".join(words)[:_LONGEST].rstrip("-") or "untitled"


# Signs that questions may gain or lose and still ask the same.
_ORDINARY = frozenset("?.,;:!'\"()`_-‐‑–—’‘“”„«»…¿¡？。，；：！、（）「」『』《》")


def is_told_by_slug(title: str) -> bool:
    """Tell whether the slug of `title` loses nothing that may make it another title.

    >>> is_told_by_slug("What is C++, briefly?"), is_told_by_slug("Is a > b?")
    (True, False)
    """
    found = slug(title)
    if found == "untitled" or len(found) >= _LONGEST - 1:  # a hyphen may have been cut off, too
        return False
    return all(map(_is_told, unicodedata.normalize("NFC", title)))


def _is_told(sign: str) -> bool:
    if sign in _ORDINARY or sign in _SPOKEN or sign.isspace():
        return True
    return _in_word(sign) and unicodedata.normalize("NFKC", sign) == sign


def _in_word(sign: str) -> bool:
    """Tell letters, digits and the marks on them (the vowels of Hindi and Thai) from the rest."""
    return unicodedata.category(sign)[0] in "LNM"


def stems(files: Sequence[str]) -> tuple[str, ...]:
    """Return a file stem for each path: its own where that is unique, else with its folders.

    No two are the same, not even on a disk that takes "Bank" and "bank" for one name: where the
    folders don't tell them apart either, a number does.

    >>> stems(["a/bank.md", "b/bank.md", "c.md"])
    ('a-bank', 'b-bank', 'c')
    """
    plain = [PurePath(file).stem for file in files]
    count = Counter(stem.casefold() for stem in plain)
    found: dict[str, str] = {}
    for file, stem in zip(files, plain, strict=True):
        full = stem if count[stem.casefold()] == 1 else "-".join((*_folders(file), stem))
        unique = next(name for name in _numbered(full) if name.casefold() not in found)
        found[unique.casefold()] = unique
    return tuple(found.values())


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in itertools.count(2))


def _folders(file: str) -> tuple[str, ...]:
    return tuple(part for part in PurePath(file).parent.parts if part not in {"..", "/"})
