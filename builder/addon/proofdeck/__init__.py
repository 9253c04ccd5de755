"""Keep an Anki collection in step with a proofdeck question bank.

This package is an Anki add-on: the standard library and Anki's own API, and nothing else. It runs
from Anki 23.10 on, whose Python is 3.9. Only `desktop` and `windows` know Qt.
"""

from importlib.util import find_spec

if find_spec("aqt"):  # tests read the other modules outside of the desktop
    from aqt import mw  # type: ignore[import-not-found]

    if mw is not None:
        from . import desktop

        desktop.install()
