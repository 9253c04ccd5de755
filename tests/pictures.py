"""Pictures of a code card's answer for the README, from the HTML that the real Anki renders.

    python tests/pictures.py DECK.apkg FOLDER

writes FOLDER/card-day.png and FOLDER/card-night.png, 800 pixels wide at two dots a pixel: show
them with `width="800"`. It needs the package `anki` and Chromium.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html import unescape
from pathlib import Path

import chromium
from learner import Learner, Side

from builder.render.math import mathml

WIDTH = 800
_TALLY = "<script>document.title = 'height ' + document.getElementById('qa').offsetHeight</script>"
_ROOM = 96
_FORMULA = re.compile(r"\\\[(.+?)\\\]", re.DOTALL)


def main(package: Path, folder: Path) -> None:
    """Write both pictures of the first verified code card of `package`."""
    folder.mkdir(parents=True, exist_ok=True)
    side = _answer(package.read_bytes())
    for name, night in (("day", False), ("night", True)):
        page = _FORMULA.sub(_set, side.page(night=night))
        target = folder / f"card-{name}.png"
        chromium.picture(page, target, width=WIDTH, height=_height(page))


def _answer(package: bytes) -> Side:
    """Return the back of the first card with code, and rather of one with evidence."""
    with tempfile.TemporaryDirectory() as folder, Learner(Path(folder)) as learner:
        learner.imports(package)
        backs = [learner.sides(card)[1] for card in learner.cards()]
    coded = [back for back in backs if 'class="listing"' in back.html]
    verified = [back for back in coded if 'class="evidence"' in back.html]
    if not coded:
        sys.exit("this package has no code card")
    return (verified or coded)[0]


def _set(formula: re.Match[str]) -> str:
    """Return a formula as MathML: there is no MathJax here."""
    return mathml(unescape(formula[1]), display=True)


def _height(page: str) -> int:
    """Return how many pixels the card needs, its margins included."""
    dump = chromium.dom(page.replace("</body>", f"{_TALLY}</body>"), width=WIDTH)
    found = re.search(r"<title>height (\d+)</title>", dump)
    if found is None:
        sys.exit("the browser did not measure the page")
    return int(found[1]) + _ROOM


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tests/pictures.py DECK.apkg FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
