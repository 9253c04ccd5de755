"""The preview: a page that is written and opened, and a server that follows the notes."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import reading
import views
from playwright.sync_api import Browser, expect

from builder.export import Looks
from builder.model import CannotRunError
from builder.preview import Server, follow, preview, serving
from builder.settings import Settings
from builder.verify.limits import Order

PATIENCE = 30.0
FAULTY = "# Faulty\n\n```\nQ: c?\nloose\nA: d\n```\n"
PAGE = b'<html data-reload="events?1">one'


def settings(**given: object) -> Settings:
    """Return the settings of a run that runs no answer."""
    return Settings(paths=("bank",), now=0, order=Order(1), run=False, **given)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of one's own, with one note."""
    monkeypatch.chdir(tmp_path)
    Path("bank").mkdir()
    save(reading.pairs("a?"))


def save(text: str) -> None:
    """Write the note."""
    Path("bank/a.md").write_text(text, encoding="utf-8")


# ── a file ───────────────────────────────────────────────────────────────────────────────────────


def test_a_preview_is_a_page_that_is_opened() -> None:
    """It is written into the output folder, and nothing else is: no deck, no ledger."""
    opened: list[str] = []
    report = preview(settings(output="out"), lambda *_: None, opened.append)
    (address,) = opened
    assert Path(unquote(urlsplit(address).path)) == Path("out/a.html").resolve()
    assert [one.path for one in report.written] == ["out/a.html"]
    assert sorted(path.name for path in Path().rglob("*.*")) == ["a.html", "a.md"]
    assert b"connect-src" not in Path("out/a.html").read_bytes()


def test_a_faulty_bank_has_a_preview_too() -> None:
    """It shows the cards that are right, and what is wrong."""
    save(reading.pairs("a?") + FAULTY)
    report = preview(settings(output="out"), lambda *_: None, lambda _: None)
    assert not report.clean
    page = Path("out/a.html").read_text(encoding="utf-8")
    for found in report.diagnostics:
        assert f'"code":"{found.code}"' in page


def test_a_page_has_the_formulas_and_images_of_its_cards() -> None:
    """Set as MathML, and as part of the page."""
    Path("bank/curve.png").write_bytes(views.png(4, 4))
    save("# Open\n\nQ: What is $x^2$?\n\nA: This: ![[curve.png]]\n")
    report = preview(settings(output="out"), lambda *_: None, lambda _: None)
    assert report.clean
    page = Path("out/a.html").read_text(encoding="utf-8")
    assert "\\u003cmsup>" in page
    assert "data:image/png;base64," in page


def test_a_style_sheet_that_would_load_something_is_refused() -> None:
    """As it is for a deck."""
    given = settings(output="out", looks=Looks(css="@import 'x.css';"))
    with pytest.raises(CannotRunError, match="@import"):
        preview(given, lambda *_: None, lambda _: None)


def test_a_part_has_a_page_of_its_own() -> None:
    """It does not take the place of the whole."""
    save(reading.pairs("a?", "b?"))
    preview(settings(output="out", only="b"), lambda *_: None, lambda _: None)
    assert [path.name for path in Path("out").iterdir()] == ["a-selected.html"]


def test_several_notes_share_a_page() -> None:
    """As they share a deck's file."""
    Path("bank/b.md").write_text(reading.pairs("b?"), encoding="utf-8")
    preview(settings(output="out"), lambda *_: None, lambda _: None)
    assert [path.name for path in Path("out").iterdir()] == ["proofdeck.html"]


def test_what_cannot_be_built_has_no_preview() -> None:
    """The error passes, and nothing is opened."""
    Path("bank/a.md").unlink()
    opened: list[str] = []
    with pytest.raises(CannotRunError):
        preview(settings(output="out"), lambda *_: None, opened.append)
    assert not opened


# ── a server ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve PAGE."""
    with serving() as server:
        server.update(PAGE)
        yield server


@contextmanager
def asked(
    server: Server, path: str, *, host: str | None = None, method: str = "GET"
) -> Iterator[http.client.HTTPResponse]:
    """Give the answer to a request."""
    with closing(http.client.HTTPConnection(server.host, timeout=PATIENCE)) as connection:
        connection.putrequest(method, path, skip_host=True)
        if host != "":
            connection.putheader("Host", host or server.host)
        connection.endheaders()
        with closing(connection.getresponse()) as answer:
            yield answer


def test_the_page_is_served_to_this_machine_alone(server: Server) -> None:
    """With headers that let nobody frame, keep or guess at it."""
    assert server.server_address[0] == "127.0.0.1"
    assert server.address.startswith("http://127.0.0.1:")
    with asked(server, server.path) as answer:
        assert (answer.status, answer.read()) == (200, PAGE)
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Python" not in answer.headers["Server"]


@pytest.mark.parametrize("path", ["/", "/x/", "/../etc/passwd", "//", "/%2e%2e/", "/favicon.ico"])
def test_nothing_else_is_served(server: Server, path: str) -> None:
    """Neither a file, nor the page under another path."""
    for one in (path, f"{server.path}{path.strip('/')}x"):
        with asked(server, one) as answer:
            assert answer.status == 404
            assert PAGE not in answer.read()


@pytest.mark.parametrize("host", ["", "evil.example", "localhost", "127.0.0.1", "127.0.0.1:1"])
def test_a_name_that_leads_here_is_turned_away(server: Server, host: str) -> None:
    """A stranger's page whose name was made to mean this machine can read nothing."""
    for path in (server.path, f"{server.path}events?1"):
        with asked(server, path, host=host) as answer:
            assert answer.status == 421
            assert PAGE not in answer.read()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_done_to_it(server: Server, method: str) -> None:
    """The page can be read, and that is all."""
    with asked(server, server.path, method=method) as answer:
        assert answer.status == 501


def test_each_server_has_a_path_of_its_own(server: Server) -> None:
    """That nobody can guess."""
    with serving() as other:
        assert other.path != server.path
    assert len(server.path) > 20


def test_an_old_page_is_told_so_at_once(server: Server) -> None:
    """So that no change is missed between loading and listening."""
    with asked(server, f"{server.path}events?0") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.read() == b"data: another page\n\n"


def test_a_page_is_told_when_another_one_is_there(server: Server) -> None:
    """It waits until then."""
    with asked(server, f"{server.path}events?1") as answer:
        threading.Timer(0.2, server.update, (PAGE.replace(b"?1", b"?2"),)).start()
        assert answer.read() == b"data: another page\n\n"


def test_whoever_waits_is_let_go_at_the_end() -> None:
    """The stream ends, and says nothing."""
    with serving() as server:
        server.update(PAGE)
        with asked(server, f"{server.path}events?1") as answer:
            threading.Timer(0.2, server.end).start()
            assert answer.read() == b""


# ── a server that follows the notes ──────────────────────────────────────────────────────────────


class Follower:
    """A preview that follows the notes, in a thread."""

    def __init__(self, given: Settings) -> None:
        self.said: list[str] = []
        self.opened: list[str] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(given,))
        self.thread.start()

    def _run(self, given: Settings) -> None:
        follow(given, self.said.append, self.stop, clock=time.time, show=self.opened.append)

    def hears(self, text: str) -> None:
        """Wait until something was said that holds `text`."""
        deadline = time.monotonic() + PATIENCE
        while not any(text in line for line in self.said):
            assert time.monotonic() < deadline, self.said
            assert self.thread.is_alive(), self.said
            time.sleep(0.02)

    def end(self) -> None:
        """Stop it, and wait until it has ended."""
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def follower() -> Generator[Follower]:
    """Follow the note."""
    one = Follower(settings(output="out"))
    yield one
    one.end()


def test_a_save_makes_another_page(follower: Follower) -> None:
    """Whoever looks at the old one is told; the address stays; nothing is written."""
    follower.hears("1 card")
    (address,) = follower.opened
    follower.hears(f"preview at {address} (Ctrl-C ends it)")
    parts = urlsplit(address)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)) as connection:
        connection.request("GET", parts.path)
        first = connection.getresponse().read()
        old = re.search(rb'data-reload="(events\?\w+)"', first)
        assert old
        connection.request("GET", parts.path + old[1].decode())
        events = connection.getresponse()
        save(reading.pairs("a?", "what is new?"))
        assert events.read().endswith(b"data: another page\n\n")
        connection.request("GET", parts.path)
        assert b"what is new?" in connection.getresponse().read()
    assert follower.opened == [address]
    assert [path.name for path in Path().rglob("*.*")] == ["a.md"]


def test_the_browser_shows_another_page_by_itself(follower: Follower, browser: Browser) -> None:
    """It stays where it was: the same card, in the same look."""
    follower.hears("1 card")
    with closing(browser.new_page()) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{follower.opened[0]}#view=focus&theme=night&card=a")
        expect(page.locator("#position")).to_have_text("1 of 1")
        save(reading.pairs("a?", "b?"))
        expect(page.locator("#position")).to_have_text("1 of 2", timeout=PATIENCE * 1000)
        assert urlsplit(page.url).fragment == "view=focus&theme=night&card=a"
        assert not complaints


def test_the_browser_stays_where_it_was_in_the_list(follower: Follower, browser: Browser) -> None:
    """The card at the top of the window is there again."""
    follower.hears("1 card")
    save(reading.pairs(*(f"number {number}?" for number in range(60))))
    follower.hears("60 cards")
    with closing(browser.new_page()) as page:
        page.goto(follower.opened[0])
        where = "one => Math.round(one.getBoundingClientRect().top)"
        card = page.locator("article", has_text="number 40?")
        card.evaluate("one => one.scrollIntoView()")
        before = card.evaluate(where)
        save(reading.pairs(*(f"number {number}?" for number in range(61))))
        expect(page.locator("#count")).to_have_text("61 cards", timeout=PATIENCE * 1000)
        page.wait_for_timeout(500)
        assert abs(card.evaluate(where) - before) <= 2


def test_a_broken_note_is_said_and_the_page_stays(follower: Follower) -> None:
    """The next save mends it."""
    follower.hears("1 card")
    Path("bank/a.md").unlink()
    follower.hears("(gone)")
    save(reading.pairs("a?", "b?", "c?"))
    follower.hears("3 cards")


def test_a_preview_that_cannot_begin_raises() -> None:
    """And leaves no server behind."""
    Path("bank/a.md").unlink()
    with pytest.raises(CannotRunError):
        follow(settings(), lambda _: None, clock=time.time, show=lambda _: None)
    assert not [one for one in threading.enumerate() if "serve_forever" in one.name]
