"""How titles become names: slugs for keys and tags, stems for files."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

_SPOKEN = {"+": " plus ", "#": " sharp ", "&": " and ", "%": " percent ", "*": " star "}
_GAP = re.compile(r"[^\w]+|_+")
_LONGEST = 80


def slug(title: str) -> str:
    """Return `title` as lower-case words joined by hyphens, in any script.

    Signs that tell two titles apart are spelled out, so that "C vs C++" and "C vs C#" differ.
    A title without a word gives "untitled".

    >>> slug("L1 vs L2 regularization?")
    'l1-vs-l2-regularization'
    """
    spoken = "".join(_SPOKEN.get(sign, sign) for sign in unicodedata.normalize("NFKC", title))
    return _GAP.sub("-", spoken.lower()).strip("-")[:_LONGEST].rstrip("-") or "untitled"


def stems(files: Sequence[str]) -> tuple[str, ...]:
    """Return a file stem for each path: its own where that is unique, else with its folders.

    >>> stems(["a/bank.md", "b/bank.md", "c.md"])
    ('a-bank', 'b-bank', 'c')
    """
    plain = [PurePath(file).stem for file in files]
    count = Counter(plain)
    return tuple(
        stem if count[stem] == 1 else "-".join((*_folders(file), stem))
        for file, stem in zip(files, plain, strict=True)
    )


def _folders(file: str) -> tuple[str, ...]:
    return tuple(part for part in PurePath(file).parent.parts if part not in {"..", "/"})
