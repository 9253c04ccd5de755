"""Every card of a package in the real Anki desktop, without a display: a test to be run by hand.

    python tests/desktop_cards.py DECK.apkg FOLDER

Front and back of each card are shown by day and by night, in a narrow and in a wide window. Each
page is asked whether anything is wrong with it, and a picture of it is written to FOLDER. It needs
what `desktop.py` needs. It prints what is wrong, and then the number of cards and pages; it ends
with 1 when something was wrong or nothing happened for a minute.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aqt  # after `desktop`, which sets what Qt reads
from aqt.qt import QTimer
from aqt.theme import Theme
from desktop import import_package, make_profile

WIDTHS = {"narrow": 420, "wide": 1000}
HEIGHT = 900
THEMES = {"day": Theme.LIGHT, "night": Theme.DARK}
PATIENCE = 60
TICK_MS = 40
PAINTED_S = 0.35  # what the page says comes before its picture
QUIET_TICKS = 4  # how often a page must say the same before it counts as drawn

# What the page says of itself.
LOOK = """
(() => {
  if (!document.getElementById("qa")) return "{}";
  const all = selector => [...document.querySelectorAll("#qa " + selector)];
  const page = document.scrollingElement;
  const wide = all("*").filter(node => node.getBoundingClientRect().right > innerWidth + 1
    && !node.closest(".listing, .aligned, .scroll, mjx-container, p, li, .question, .formula"));
  return JSON.stringify({
    width: innerWidth,
    shown: getComputedStyle(document.getElementById("qa")).opacity === "1"
      && all(".sheet").length === 1 && !all("[data-old]").length,
    night: document.body.classList.contains("nightMode"),
    text: document.getElementById("qa").innerText,
    overflow: page.scrollWidth - page.clientWidth,
    beyond: wide.map(node => node.className || node.localName),
    formulas: all("mjx-container").length,
    faults: all("mjx-merror, [data-mjx-error]").length,
    images: all("img").length,
    loaded: all("img").filter(image => image.complete && image.naturalWidth > 0).length,
    active: all("*").filter(node => /^(script|iframe|object|embed|form|input|link|meta)$/.test(
      node.localName) || node.getAttributeNames().some(name => /^on/i.test(name))
    ).map(node => node.outerHTML.slice(0, 80)),
    owned: String(window.owned || ""),
  });
})()
"""

# What is there now is not what is waited for.
MARK_OLD = """document.querySelectorAll("#qa *").forEach(node => { node.dataset.old = 1 })"""

Page = dict[str, Any]
Steps = Iterator[Callable[[], object]]


class Gallery:
    """The running Anki, where the pictures go, and what was found."""

    def __init__(self, package: Path, folder: Path) -> None:
        self.package, self.folder = package, folder
        self.faults: list[str] = []
        self.pages = self.cards = 0
        self._said: list[Page] = []

    def shows_all(self) -> Steps:
        """Show each side of each card in each window and theme."""
        yield lambda: aqt.mw is not None and aqt.mw.col is not None and aqt.mw.isVisible()
        import_package(self.package)
        numbers = aqt.mw.col.db.list("select id from cards order by due, ord")
        for place, number in enumerate(numbers):
            self.cards += 1
            self._marks_old()
            self._bring(number, numbers)
            yield lambda number=number: self._asked(number)
            yield from self._shows_side(f"{place:02}-front", "front")
            self._marks_old()
            aqt.mw.reviewer._showAnswer()
            yield from self._shows_side(f"{place:02}-back", "back")

    def _bring(self, number: int, numbers: list[int]) -> None:
        """Start to review the one card with this number."""
        collection = aqt.mw.col
        collection.sched.bury_cards([other for other in numbers if other != number])
        collection.sched.unbury_cards([number])
        collection.decks.select(collection.get_card(number).did)
        aqt.mw.moveToState("review")

    def _asked(self, number: int) -> bool:
        card = aqt.mw.reviewer.card
        return aqt.mw.state == "review" and card is not None and card.id == number

    def _marks_old(self) -> None:
        aqt.mw.web.page().runJavaScript(MARK_OLD)

    def _shows_side(self, name: str, side: str) -> Steps:
        self._said = []
        yield lambda: self._says("shown")
        for theme_name, theme in THEMES.items():
            aqt.mw.set_theme(theme)
            for size, width in WIDTHS.items():
                aqt.mw.resize(width, HEIGHT)
                self._said = []
                yield lambda width=width, night=theme_name == "night": self._drawn(width, night)
                self.pages += 1
                page = self._said[-1]
                self._judge(f"{name}-{size}-{theme_name}", page, side)
                since = time.monotonic()
                yield lambda since=since: time.monotonic() - since > PAINTED_S
                path = self.folder / f"{name}-{size}-{theme_name}.png"
                aqt.mw.grab().save(str(path))

    def _drawn(self, width: int, night: bool) -> bool:
        """Tell whether the page has said the same, and that all is there, several times."""
        if not self._says("shown"):
            return False
        last = self._said[-QUIET_TICKS:]
        return (
            len(last) == QUIET_TICKS
            and all(page == last[0] for page in last)
            and last[0]["night"] is night
            and abs(last[0]["width"] - width) < 40
        )

    def _says(self, what: str) -> bool:
        """Ask the page, and return what its last answer said of `what`."""
        aqt.mw.web.page().runJavaScript(LOOK, lambda said: self._said.append(json.loads(said)))
        return bool(self._said and self._said[-1].get(what))

    def _judge(self, name: str, page: Page, side: str) -> None:
        """Note what is wrong with a page."""
        card = aqt.mw.reviewer.card
        html = card.question() if side == "front" else card.answer()
        body = html.split("</style>", 1)[1]
        # What a gap hides is in an attribute, and there is no formula in a text of ours.
        wanted = len(re.findall(r"\\[(\[]", re.sub(r"<[^>]*>", "\0", body)))
        checks = {
            "the page scrolls sideways": page["overflow"] > 0,
            f"{page['beyond']} stand out of the page": bool(page["beyond"]),
            f"{page['formulas']} of {wanted} formulas are set": page["formulas"] != wanted,
            "a formula has a fault": page["faults"] > 0,
            f"{page['loaded']} of {page['images']} images are loaded": page["loaded"]
            != page["images"]
            or page["images"] != len(re.findall("<img ", body)),
            f"something active is in it: {page['active']}": bool(page["active"]),
            f"a script ran: {page['owned']}": bool(page["owned"]),
            "it shows nothing": not page["text"].strip(),
        }
        self.faults += [f"{name}: {what}" for what, wrong in checks.items() if wrong]

    def tells(self) -> int:
        """Print what was found; return the exit status."""
        print(*self.faults, sep="\n" if self.faults else "", flush=True)
        print(f"{self.cards} cards, {self.pages} pages, {len(self.faults)} faults", flush=True)
        return int(bool(self.faults) or not self.cards)


def drive(steps: Steps, leave: Callable[[int], object]) -> None:
    """Go on with `steps` whenever what it waits for has come; `leave` at its end."""
    waiting: list[Any] = [lambda: True, time.monotonic()]

    def tick() -> None:
        try:
            wait, since = waiting
            if wait():
                waiting[:] = [next(steps), time.monotonic()]
            elif time.monotonic() - since > PATIENCE:
                raise TimeoutError("nothing happened for a minute")
        except StopIteration:
            leave(0)
            return
        except BaseException:
            traceback.print_exc()
            leave(1)
            return
        QTimer.singleShot(TICK_MS, tick)

    QTimer.singleShot(500, tick)


def main(package: Path, folder: Path) -> None:
    """Look at every card of `package`; the process ends with 1 when something is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="anki-"))
    make_profile(base)
    app = aqt._run(["anki", "-b", str(base), "-p", "User 1", "-l", "en_US"], exec=False)
    assert app is not None
    gallery = Gallery(package.resolve(), folder)

    def leave(status: int) -> None:
        status = gallery.tells() or status
        sys.stdout.flush()
        os._exit(status)  # nothing of this profile is to be kept, and Qt takes its time

    drive(gallery.shows_all(), leave)
    app.exec()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tests/desktop_cards.py DECK.apkg FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
