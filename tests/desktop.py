"""Pictures of a package in the real Anki desktop, without a display: for people, not a test.

    python tests/desktop.py DECK.apkg FOLDER

It needs a Python with `pip install aqt pyqt6 pyqt6-webengine` (about 500 MB), and on a bare Debian
`apt-get install libasound2 libdbus-1-3 libegl1 libfontconfig1 libgbm1 libgl1 libnss3 libpulse0
libxcomposite1 libxdamage1 libxkbcommon0 libxkbfile1 libxrandr2 libxtst6`.

The pictures are the front and the back of three cards (the first, and in this repository's bank the
first and the last with code), by day and by night, in a narrow and in a wide window.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = "--disable-gpu --no-sandbox"

import aqt  # after the environment that Qt reads
from anki.collection import ImportAnkiPackageRequest
from aqt.profiles import ProfileManager, VideoDriver
from aqt.qt import QTimer
from aqt.theme import Theme

WINDOWS = {"narrow": (420, 760), "wide": (1100, 760)}
THEMES = {"day": Theme.LIGHT, "night": Theme.DARK}
PLACES = (0, 10, 14)
PATIENCE_MS = 900

Step = Callable[[], object]


def main(package: Path, folder: Path) -> None:
    """Import `package` into a fresh profile and write the pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="anki-"))
    make_profile(base)
    app = aqt._run(["anki", "-b", str(base), "-p", "User 1", "-l", "en_US"], exec=False)
    assert app is not None
    _walk(iter(list(_steps(package.resolve(), folder))))
    app.exec()


def make_profile(base: Path) -> None:
    """Make a profile that starts without a dialog, an update check or a graphics card."""
    manager = ProfileManager(base)
    manager.setupMeta()
    manager.meta.update(firstRun=False, check_for_updates=False, defaultLang="en_US")
    manager.create("User 1")
    manager.load("User 1")
    manager.set_video_driver(VideoDriver.Software)
    manager.save()
    manager.db.close()


def _walk(steps: Iterator[Step]) -> None:
    """Run one step after the other, each after a pause in which Anki can draw."""

    def go_on() -> None:
        step = next(steps, None)
        if step is not None:
            step()
            QTimer.singleShot(PATIENCE_MS, go_on)

    QTimer.singleShot(3 * PATIENCE_MS, go_on)


def _steps(package: Path, folder: Path) -> Iterator[Step]:
    yield lambda: import_package(package)
    for place in PLACES:
        yield lambda place=place: _review(place)
        for side in ("front", "back"):
            if side == "back":
                yield _turn_over
            for size, (width, height) in WINDOWS.items():
                yield lambda width=width, height=height: aqt.mw.resize(width, height)
                for name, theme in THEMES.items():
                    yield lambda theme=theme: aqt.mw.set_theme(theme)
                    path = folder / f"{place:02}-{side}-{size}-{name}.png"
                    yield lambda path=path: aqt.mw.grab().save(str(path))
    yield _leave


def import_package(package: Path) -> None:
    """Import `package` with the options of Anki's own dialog."""
    options = aqt.mw.col._backend.get_import_anki_package_presets()
    request = ImportAnkiPackageRequest(package_path=str(package), options=options)
    aqt.mw.col.import_anki_package(request)


def _review(place: int) -> None:
    """Bring the new card at `place` to the front and start to review."""
    collection = aqt.mw.col
    numbers = collection.db.list("select id from cards order by due")
    card = collection.get_card(numbers[min(place, len(numbers) - 1)])
    collection.sched.bury_cards([number for number in numbers if number != card.id])
    collection.sched.unbury_cards([card.id])
    collection.decks.select(card.did)
    aqt.mw.moveToState("review")


def _turn_over() -> None:
    aqt.mw.reviewer._showAnswer()


def _leave() -> None:
    aqt.mw.unloadProfileAndExit()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python tests/desktop.py DECK.apkg FOLDER")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
