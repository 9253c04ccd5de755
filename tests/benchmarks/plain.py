"""The script that people write for themselves: python-markdown, codehilite and genanki.

Run it as `python plain.py FOLDER DECK.apkg`; the folder holds `bank.json`, pairs of Markdown.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import genanki
import markdown

MODEL = genanki.Model(
    1607392319, "Plain", fields=[{"name": "Front"}, {"name": "Back"}],
    templates=[{"name": "Card", "qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr>{{Back}}"}],
)  # fmt: skip

folder, package = sys.argv[1:]
reader = markdown.Markdown(extensions=["fenced_code", "codehilite"])
deck = genanki.Deck(2059400110, "Plain")
for pair in json.loads(Path(folder, "bank.json").read_text(encoding="utf-8")):
    fields = [reader.reset().convert(text) for text in pair]
    deck.add_note(genanki.Note(MODEL, fields))
genanki.Package(deck).write_to_file(package)
