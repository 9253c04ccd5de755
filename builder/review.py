"""Reviews become values: `NAME.audit.toml` beside `NAME.md` says which mutants are right.

[[equivalent]]
function = "conv2d"
mutant = "out = np.ones((out_H, out_W))"
reason = "every value is overwritten"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence

from builder.audited import Reviewed
from builder.model import CannotRunError, Place
from builder.source import Source

SUFFIX = ".audit.toml"
LARGEST = 1 << 20
"""How many bytes a file of reviews may have."""

_FIELDS = ("function", "mutant", "reason")
_ENTRY = re.compile(r"\s*\[\[\s*(?:equivalent|\"equivalent\"|'equivalent')\s*\]\]")


def reviews(source: Source, note: str) -> Sequence[Reviewed]:
    """Return what `source` says of the answers in `note`, in its order.

    Raises CannotRunError, with the file and the reason, where it is not what it should be.
    """
    try:
        content = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CannotRunError(f"{source.name}: this is no TOML: {error}") from error
    for key in content:
        if key != "equivalent":
            raise CannotRunError(f"{source.name}: `{key}` means nothing here, only [[equivalent]]")
    entries = content.get("equivalent", [])
    if not isinstance(entries, list):
        raise CannotRunError(f"{source.name}: write [[equivalent]], in two pairs of brackets")
    places = _places(source, len(entries))
    found: dict[tuple[str, str], Reviewed] = {}
    for entry, place in zip(entries, places, strict=True):
        one = _reviewed(entry, note, place)
        if (one.function, one.mutant) in found:
            raise CannotRunError(f"{_at(place)}: {one.mutant!r} stands here twice")
        found[one.function, one.mutant] = one
    return tuple(found.values())


def _reviewed(entry: object, note: str, place: Place) -> Reviewed:
    if not isinstance(entry, dict):
        raise CannotRunError(f"{_at(place)}: an entry is a table with {_known()}")
    for key in entry:
        if key not in _FIELDS:
            raise CannotRunError(f"{_at(place)}: `{key}` means nothing here, only {_known()}")
    for name in _FIELDS:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise CannotRunError(f"{_at(place)}: an entry needs a `{name}`, and it is a text")
    function, mutant, reason = (entry[name].strip() for name in _FIELDS)
    return Reviewed(note, function, mutant, reason, place)


def _known() -> str:
    return ", ".join(f"`{name}`" for name in _FIELDS)


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _places(source: Source, count: int) -> Sequence[Place]:
    """Return where each entry starts; the file's first line where that cannot be told."""
    starts = [n for n, line in enumerate(source.lines, 1) if _ENTRY.match(line.text)]
    if len(starts) != count:
        return [Place(source.name, 1, 1, 1, 1)] * count
    widths = (len(source.lines[line - 1].text) for line in starts)
    return [
        Place(source.name, line, 1, line, width + 1)
        for line, width in zip(starts, widths, strict=True)
    ]
