"""Every card in the browser: as a page in the output folder, or one that follows the notes.

The only importer of http.server and webbrowser. What is served is the one page, to this machine
alone, under a path that nobody can guess and under no other name than the address: a page of
somebody else's can neither find it nor read it, even where that page's own name leads here.
"""

from __future__ import annotations

import secrets
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from builder import files
from builder.build import build
from builder.model import Artefact, CannotRunError, Report
from builder.scene import scene
from builder.settings import Settings
from builder.verify import Progress
from builder.watch import Clock, Say, watch

Open = Callable[[str], object]
"""Shows an address to people; false where it could not."""


def preview(settings: Settings, progress: Progress, show: Open = webbrowser.open) -> Report:
    """Judge the bank, write a page of all its cards, faulty ones too, and `show` it.

    Neither a deck nor the ledger is written. Raises CannotRunError as `build` does.
    """
    report = build(replace(settings, output=None), progress)
    written = files.write(settings.output or "output", [page(report, settings)])
    show(Path(written[0].path).absolute().as_uri())
    return replace(report, written=written)


def follow(
    settings: Settings,
    say: Say,
    stop: threading.Event | None = None,
    *,
    clock: Clock,
    show: Open = webbrowser.open,
) -> None:
    """Serve the page, `show` it, and load it again in the browser after every save, until `stop`.

    Nothing is written. What is said, and how it ends, is as `watch` has it.
    """
    with serving() as server:

        def built(report: Report) -> None:
            first = not server.page
            server.update(page(report, settings, reload=True).content)
            if first:
                say(f"preview at {server.address} (Ctrl-C ends it)")
                show(server.address)

        watch(replace(settings, output=None), say, stop, clock=clock, built=built)


def page(report: Report, settings: Settings, *, reload: bool = False) -> Artefact:
    """Return the page for what a build has found.

    Raises CannotRunError where an image, or the style sheet that was asked for, cannot be used.
    """
    from builder.export import html

    stage, _ = scene(report.bank, files.find(settings.paths), settings.vault)
    edition, _ = stage.show(report.bank, report.verdicts)
    suffix = "-selected" if settings.partial else ""
    try:
        return html.export(
            edition,
            name=f"{edition.decks[0].name if len(edition.decks) == 1 else 'proofdeck'}{suffix}",
            diagnostics=report.diagnostics,
            excerpts=report.excerpts,
            css=settings.looks.css,
            reload=reload,
        )
    except ValueError as error:
        raise CannotRunError(str(error)) from error


# ── the server ───────────────────────────────────────────────────────────────────────────────────

_HERE = "127.0.0.1"
_PULSE = 10  # seconds between two signs of life, so that a browser that has gone is noticed


class Server(ThreadingHTTPServer):
    """Serves one page, and tells whoever looks at it when there is another one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((_HERE, 0), _Handler)
        self.page = b""
        self.open = True
        self.changed = threading.Condition()
        self.path = f"/{secrets.token_urlsafe(16)}/"
        self.host = f"{_HERE}:{self.server_port}"

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.host}{self.path}"

    def update(self, page: bytes) -> None:
        """Serve `page` from now on."""
        with self.changed:
            self.page = page
            self.changed.notify_all()

    def replaced(self, mark: bytes) -> bool:
        """Wait for a while; tell whether a page without `mark` is served, or none any more."""
        with self.changed:
            return self.changed.wait_for(lambda: not (self.open and mark in self.page), _PULSE)

    def end(self) -> None:
        """Stop serving, and let go of everybody who waits for another page."""
        with self.changed:
            self.open = False
            self.changed.notify_all()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away in the middle."""


@contextmanager
def serving() -> Iterator[Server]:
    """Give a server that answers, at a free port, until the end of the block."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    server_version = "proofdeck"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """Send the page, or tell when it has become an old one."""
        path, _, asked = self.path.partition("?")
        if self.headers.get_all("Host") != [self.server.host]:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif path == self.server.path:
            self._head("text/html; charset=utf-8")
            self.wfile.write(self.server.page)
        elif path == f"{self.server.path}events":
            self._head("text/event-stream")
            self._tell(f'"events?{asked}"'.encode())
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _head(self, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        for name, value in (
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def _tell(self, asked: bytes) -> None:
        """Wait until the page is no longer the one that has asked, then say so."""
        with suppress(OSError):
            while not self.server.replaced(asked):
                self.wfile.write(b": still the same\n\n")
            if self.server.open:
                self.wfile.write(b"data: another page\n\n")

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - its name there
        """Keep the terminal for what is said of the notes."""
