"""Pictures for the README: a code card's answer as the real Anki renders it, and the preview.

    python tests/pictures.py DECK.apkg PREVIEW.html FOLDER

writes FOLDER/card-day.png and FOLDER/card-night.png, 800 pixels wide at two dots a pixel, and
FOLDER/preview.png, the answers of the preview's formulas. It needs the package `anki` and Chromium.
"""

from __future__ import annotations

import re
import sys
import tempfile
from contextlib import closing
from html import unescape
from pathlib import Path

import chromium
from learner import Learner, Side

from builder.render.math import mathml

WIDTH = 800
_TALLY = "<script>document.title = 'height ' + document.getElementById('qa').offsetHeight</script>"
_ROOM = 96
_FORMULA = re.compile(r"\\\[(.+?)\\\]", re.DOTALL)


def main(package: Path, preview: Path, folder: Path) -> None:
    """Write both pictures of the first verified code card of `package`, and one of `preview`."""
    folder.mkdir(parents=True, exist_ok=True)
    side = _answer(package.read_bytes())
    for name, night in (("day", False), ("night", True)):
        page = _FORMULA.sub(_set, side.page(night=night))
        target = folder / f"card-{name}.png"
        chromium.picture(page, target, width=WIDTH, height=_height(page))
    _photograph(preview, folder / "preview.png")


def _photograph(preview: Path, target: Path) -> None:
    """Write a picture of the cards about formulas, with their answers."""
    with chromium.driven() as browser, closing(browser.new_page()) as page:
        page.set_viewport_size({"width": 1080, "height": 900})
        page.goto(f"{preview.resolve().as_uri()}")
        page.keyboard.press("a")
        page.locator("#section").select_option(label="Formulas")
        page.wait_for_timeout(300)
        page.screenshot(path=target)


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
    if len(sys.argv) != 4:
        sys.exit("usage: python tests/pictures.py DECK.apkg PREVIEW.html FOLDER")
    main(*map(Path, sys.argv[1:]))
