"""The Anki add-on that keeps a collection in step with a bank, and its packing.

The add-on itself is the folder `proofdeck`. It is data to us: it runs in Anki's Python, imports
nothing of this package, and nothing here imports it.
"""

from __future__ import annotations

import io
import json
import zipfile
from importlib.resources import files

from builder import __version__
from builder.model import Artefact, Ledger

_MANIFEST = "manifest.json"
_SUFFIXES = (".py", ".json", ".md")


def package() -> Artefact:
    """Return `proofdeck.ankiaddon`, which Anki installs: always the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in sorted(_sources().items()):
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return Artefact("proofdeck.ankiaddon", file.getvalue())


def retired_search(ledger: Ledger) -> str:
    """Return what finds the retired notes in Anki's Browse, empty where none is retired.

    It is for learners without the add-on: no package can suspend a card, but whoever has found
    the notes can, with two keys. Notes that a learner never had are simply not found.
    """
    numbers = [str(entry.note_id) for entry in ledger.entries if entry.retired]
    return f"nid:{','.join(sorted(numbers))}" if numbers else ""


def _sources() -> dict[str, bytes]:
    """Return the add-on's files by name; the manifest says our version."""
    folder = files("builder.addon").joinpath("proofdeck")
    found = {
        entry.name: entry.read_bytes()
        for entry in folder.iterdir()
        if entry.is_file() and entry.name.endswith(_SUFFIXES)
    }
    manifest = json.loads(found[_MANIFEST]) | {"human_version": __version__}
    return found | {_MANIFEST: json.dumps(manifest, indent=2).encode()}
