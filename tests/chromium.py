"""A headless Chromium: what a page holds after its scripts ran, and what it looks like.

A test that presses keys and buttons drives it: `with driven() as browser`. The rest needs nothing
but the program.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOW_TO_GET_IT = "no Chromium on the PATH: `apt-get install chromium`"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def program() -> str | None:
    """Return the path of the browser, if there is one."""
    return next((path for path in map(which, _NAMES) if path), None)


@contextmanager
def driven() -> Iterator[Browser]:
    """Give the browser to drive. A test without one is skipped."""
    import pytest
    from playwright.sync_api import sync_playwright

    found = program()
    if found is None:
        pytest.skip(HOW_TO_GET_IT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def dom(page: str, *, width: int, height: int = 800) -> str:
    """Return the HTML of `page` after its scripts ran in a window of `width` pixels."""
    return _run(page, width, height, "--dump-dom", "--virtual-time-budget=2000")


def picture(page: str, path: Path, *, width: int, height: int, scale: int = 2) -> None:
    """Write a PNG picture of `page`; `scale` is the number of dots a pixel."""
    target = path.resolve()
    _run(page, width, height, f"--screenshot={target}", f"--force-device-scale-factor={scale}")


def _run(page: str, width: int, height: int, *options: str) -> str:
    browser = program()
    if browser is None:
        raise FileNotFoundError(HOW_TO_GET_IT)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "page.html")
        file.write_text(page, encoding="utf-8")
        size = (f"--window-size={width},{height}", f"--user-data-dir={folder}/profile")
        command = (browser, *_QUIET, *size, *options, file.as_uri())
        done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    return done.stdout.decode("utf-8")
