"""The bank that uses every construct, from the note on the disk to what people hold in hands.

    python tests/test_demonstration.py

stores its sheet anew, as text and as a picture, once somebody has looked at it.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from learner import Learner
from pypdf import PdfReader

from builder.build import build
from builder.model import Report
from builder.settings import Settings
from builder.verify.limits import Order

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATA = Path(__file__).parent / "data" / "demonstration"
NAME = "demonstration"
CARDS, NOTES = 18, 14  # one card goes both ways, the clozes have three gaps and two


@dataclass(frozen=True, slots=True)
class Built:
    """A built bank: the report, and the folder of its files."""

    report: Report
    folder: Path

    def read(self, suffix: str) -> bytes:
        """Return one of its files."""
        return (self.folder / f"{NAME}.{suffix}").read_bytes()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build a copy of the bank with every exporter that comes along."""
    return _build(tmp_path_factory.mktemp("bank"))


def _build(folder: Path) -> Built:
    shutil.copytree(DATA, folder / "notes")
    exporters = ("apkg", "csv", "html", "json", "pdf")
    settings = Settings(
        (str(folder / "notes"),), 0, Order(1, trust=True), str(folder / "out"), exporters=exporters
    )
    return Built(build(settings), folder / "out")


def test_it_is_clean_and_all_its_code_is_verified(built: Built) -> None:
    """No error, no warning; the Python of an answer in the open counts as well."""
    assert built.report.diagnostics == ()
    assert sum(len(verdicts) for verdicts in built.report.verdicts.values()) == 3
    assert len(built.report.written) == 5


def test_the_real_anki_makes_all_its_cards(built: Built, tmp_path: Path) -> None:
    """None is empty, and the images have arrived."""
    with Learner(tmp_path / "anki") as learner:
        assert len(learner.imports(built.read("apkg")).new) == NOTES
        cards = learner.cards()
        assert len(cards) == CARDS
        assert not learner.collection.get_empty_cards().notes
        assert learner.collection.media.check().missing == []
        assert len(list(Path(learner.collection.media.dir()).iterdir())) == 2
        shown = " ".join(side.html for card in cards for side in learner.sides(card))
    for said in (r"\[", r"\(", "<table", "<mark", "<img", "callout", 'class="k"', "<sup"):
        assert said in shown


def test_its_sheet_says_what_it_said_before(built: Built) -> None:
    """Word by word the text is the stored one."""
    said = _said(built.read("pdf"))
    assert said.split() == (DATA / "sheet.txt").read_text(encoding="utf-8").split()


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="`apt-get install poppler-utils`")
def test_its_sheet_looks_as_it_looked_before(built: Built) -> None:
    """Dot by dot at 40 dpi, in shades of grey: fewer than one in a hundred differ much."""
    drawn, stored = _grey(built.folder / f"{NAME}.pdf"), (DATA / "sheet.pgm").read_bytes()
    assert drawn[:15] == stored[:15]  # the size
    differ = sum(abs(one - other) > 48 for one, other in zip(drawn, stored, strict=True))
    assert differ < len(stored) / 100


def test_its_preview_shows_all_cards_and_asks_for_nothing(built: Built, browser: Browser) -> None:
    """No complaint, no request, and each image is drawn."""
    from playwright.sync_api import expect

    complaints: list[str] = []
    asked: list[str] = []
    with closing(browser.new_page()) as page:
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((built.folder / f"{NAME}.html").as_uri())
        page.keyboard.press("a")
        # Cards are drawn when there is time for them, and images after that.
        expect(page.locator("article")).to_have_count(CARDS)
        drawn = page.locator("img").evaluate_all(
            "all => Promise.all(all.map(one => one.decode().then(() => one.naturalWidth)))"
        )
        assert drawn
        assert all(drawn)
    assert not complaints
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []


def _said(sheet: bytes) -> str:
    """Return the text of all pages."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(sheet)).pages)


def _grey(sheet: Path) -> bytes:
    """Return the first page as a grey picture."""
    command = ("pdftoppm", "-r", "40", "-gray", "-singlefile", str(sheet))
    return subprocess.run(command, check=True, capture_output=True).stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as somewhere:
        made = _build(Path(somewhere))
        (DATA / "sheet.txt").write_text(_said(made.read("pdf")) + "\n", encoding="utf-8")
        (DATA / "sheet.pgm").write_bytes(_grey(made.folder / f"{NAME}.pdf"))
