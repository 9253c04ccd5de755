"""The page of all cards, in the Chromium that is installed: what people see, press and print."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pdfplumber
import pytest
import views
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from builder.edition import CardView, DeckView, Edition, Formula, Media, Picture
from builder.export.html import contained, export
from builder.model import Diagnostic, Place, Severity

HOSTILE = (
    "</script><script>window.pwned = 1</script>",
    "<!--<script>",
    "<img src=x onerror='window.pwned = 1'>",
    "{{Question}} {{#Answer}} {{FrontSide}} {{c1::gap}}",
    "</template></style></title><svg onload=window.pwned=1>",
    '"><iframe src="https://example.org/">',
    "$title ${policy} \u2028 \u202e \\u003c/script> & &lt;b>",
    "javascript:window.pwned=1",
)


def placed(card: CardView, line: int, last: int | None = None) -> CardView:
    """Return `card` as it stands in the lines from `line` to `last` of the note."""
    return replace(card, place=Place("bank.md", line, 1, last or line, 9))


BANK = Edition(
    (
        DeckView("Interviews", "interviews", (
            placed(views.question("Bias vs Variance?", "Wrong assumptions", tags=("ml",)), 3, 4),
            placed(views.question("Why a résumé?", "Because", section="People"), 6, 7),
            placed(views.code("Softmax", section="Code", tags=("ml", "np"), verified=True), 9, 12),
            placed(views.code("Dropout", "def drop(x):\n    pass", section="Code"), 14, 16),
            placed(views.question("Both ways?", "Back again", reverse=True), 18, 19),
            placed(views.cloze("Adam keeps ", views.gap(1, "two"), " of ", views.gap(2, "them"),
                               "."), 21),
        )),
        DeckView("Else", "else", (placed(views.question("Another deck?", section="Code"), 30),)),
    )
)  # fmt: skip

DIFFERS = Diagnostic(
    "V301", "wrong-value", Severity.ERROR, Place("bank.md", 15, 5, 15, 9),
    "`drop` returns nan", "code answer 2", (("input", "x = 1"), ("returned", "nan")), "use p",
)  # fmt: skip
STRAY = Diagnostic(
    "D101", "stray-text", Severity.WARNING, Place("bank.md", 1, 1, 1, 6), "no card has this"
)
EXCERPTS = {("bank.md", 15): "def drop(x):", ("bank.md", 1): "stray text"}

SHOWN = 9  # cards that Anki makes of the bank: one goes both ways, one has two gaps

Look = Callable[..., Page]


@pytest.fixture
def look(browser: Browser, tmp_path: Path) -> Generator[Look]:
    """Open the page of an edition; at the end nothing was complained of, asked for or run."""
    opened: list[Page] = []
    complaints: list[str] = []
    asked: list[str] = []

    def looking(
        edition: Edition = BANK,
        asked_for: str = "",
        diagnostics: Sequence[Diagnostic] = (DIFFERS, STRAY),
        css: str = "",
        **context: object,
    ) -> Page:
        file = tmp_path / "preview.html"
        file.write_bytes(made(edition, diagnostics, css=css))
        page = browser.new_context(**context).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(10_000)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{file.as_uri()}{asked_for}")
        opened.append(page)
        return page

    yield looking
    for page in opened:
        assert page.evaluate("window.pwned") is None
        page.context.close()
    assert complaints == []
    assert [one for one in asked if not one.startswith("file:")] == []
    assert {urlsplit(one).path for one in asked} <= {str(tmp_path / "preview.html")}


def made(edition: Edition, diagnostics: Sequence[Diagnostic] = (), **given: object) -> bytes:
    """Return the bytes of the page."""
    return export(
        edition, name="x", diagnostics=diagnostics, excerpts=EXCERPTS,
        **given,  # type: ignore[arg-type]
    ).content  # fmt: skip


def titles(page: Page) -> list[str]:
    """Return the titles of the cards that are shown."""
    return [
        title.removeprefix(f"Card {number}: ")
        for title in page.locator(".entry:visible h3").all_text_contents()
        for number in [title.split(":")[0].split()[1]]
    ]


def state(page: Page) -> dict[str, str]:
    """Return what the address says."""
    asked = parse_qs(urlsplit(page.url).fragment)
    return {name: value for name, (value,) in asked.items()}


# ── cards ────────────────────────────────────────────────────────────────────────────────────────


def test_every_card_that_anki_makes_is_shown(look: Look) -> None:
    """A note that goes both ways has two, and so has one with two gaps."""
    page = look()
    expect(page.locator("#count")).to_have_text(f"{SHOWN} cards")
    expect(page.locator("h3")).to_have_count(SHOWN)
    assert titles(page)[4:8] == [
        "Question: Both ways?",
        "Reverse: Both ways?",
        "Gap 1: Adam keeps two of them.",
        "Gap 2: Adam keeps two of them.",
    ]


def test_a_click_turns_a_card(look: Look) -> None:
    """The front hides the answer; a second click hides it again; so does the button."""
    page = look()
    card = page.locator("article", has_text="Bias vs Variance?")
    expect(card).not_to_contain_text("Wrong assumptions")
    card.locator(".face").click()
    expect(card).to_contain_text("Wrong assumptions")
    button = card.get_by_role("button", name="Hide answer")
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(card).not_to_contain_text("Wrong assumptions")
    assert page.locator(".face").evaluate_all("all => all.every(one => one.shadowRoot)")


def test_a_gap_is_open_on_its_own_card(look: Look) -> None:
    """The other gap of the note is filled there; the back fills both."""
    page = look()
    first, second = page.locator("article", has_text="Adam").all()
    expect(first).to_contain_text("Adam keeps [...] of them.")
    expect(second).to_contain_text("Adam keeps two of [...].")
    second.locator(".face").click()
    expect(second).to_contain_text("Adam keeps two of them.")
    expect(second.locator(".cloze")).to_have_text("them")


def test_everything_that_a_card_may_hold_is_shown(look: Look) -> None:
    """Formulas are set by the browser, images are in the page, code has its colours."""
    page = look(views.everything(), "#answers=shown")
    rich = page.locator("article", has_text="A heading")
    expect(rich.locator("math msup").first).to_be_visible()
    assert rich.locator("mfrac").evaluate("one => one.namespaceURI").endswith("MathML")
    for image in rich.locator("img").all():
        image.scroll_into_view_if_needed()
        assert image.evaluate("one => one.decode().then(() => one.naturalWidth)") in {320, 1600}
    assert rich.locator("img").first.get_attribute("src").startswith("data:image/png;base64,")
    expect(rich).to_contain_text(r"\unknown{x}")
    assert "\\(" not in rich.inner_text()
    code = page.locator("article", has_text="Implement softmax")
    expect(code.locator(".listing .k").first).to_have_text("def")
    expect(code.get_by_role("link", name="Open the note")).to_be_visible()


def test_a_formula_keeps_its_styles_though_the_page_forbids_them(look: Look) -> None:
    """The script sets what a policy against styles in attributes would drop."""
    mathml = '<math><mrow style="color:#ff0000;"><mi>x</mi><mtext> style="b"</mtext></mrow></math>'
    page = look(views.edition_of(views.question((views.paragraph(Formula("x", False, mathml)),))))
    assert page.locator("mrow").evaluate("one => getComputedStyle(one).color") == "rgb(255, 0, 0)"
    expect(page.locator("mtext")).to_have_text(' style="b"')


def test_an_image_that_is_not_there_is_not_asked_for(look: Look) -> None:
    """Its description stands in its place."""
    lost = views.paragraph(Picture("lost.png", "a lost curve"))
    page = look(views.edition_of(views.question((lost,))))
    expect(page.get_by_alt_text("a lost curve")).to_be_attached()


def test_a_card_does_not_style_the_page(look: Look) -> None:
    """The learner's own style sheet reaches the cards, and only them."""
    page = look(css="h1, .face, .question { color: rgb(1, 2, 3) !important }")
    colour = "one => getComputedStyle(one).color"
    assert page.locator(".question").first.evaluate(colour) == "rgb(1, 2, 3)"
    assert page.locator("h1").evaluate(colour) != "rgb(1, 2, 3)"


# ── what was found ───────────────────────────────────────────────────────────────────────────────


def test_a_diagnostic_stands_beside_its_card(look: Look) -> None:
    """With the line that it is about, and what to do; the others stand above all cards."""
    page = look()
    card = page.locator("article", has_text="Dropout")
    for text in ("error V301", "`drop` returns nan", "bank.md:15", "x = 1", "Hint: use p"):
        expect(card.locator(".problem")).to_contain_text(text)
    expect(card.locator(".problem code")).to_have_text("def drop(x):")
    expect(card.locator(".problem mark")).to_have_text("drop")
    expect(card.locator(".badge")).to_have_text("✗ 1 error")
    expect(page.locator("article .problem")).to_have_count(1)
    expect(page.locator("#problems .problem")).to_contain_text("no card has this")
    expect(page.locator("#problems h2")).to_have_text("1 remark on the rest of the notes")


def test_a_place_that_ends_before_a_line_does_not_hold_it(look: Look) -> None:
    """The end of a place is not in it."""
    card = replace(views.question("Why?"), place=Place("bank.md", 14, 1, 15, 1))
    page = look(views.edition_of(card))
    expect(page.locator("#problems .problem")).to_have_count(2)


# ── finding ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("VARIANCE", ["Bias vs Variance?"]),
        ("assumptions wrong", ["Bias vs Variance?"]),
        ("resume", ["Why a résumé?"]),
        ("def drop", ["Dropout"]),
        ("keeps two of them", ["Gap 1: Adam keeps two of them.", "Gap 2: Adam keeps two of them."]),
        ("<div", []),
    ],
)
def test_a_search_finds_words_of_both_sides(look: Look, words: str, found: list[str]) -> None:
    """Whatever their case, accents and order; how many were found is told aloud."""
    page = look()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(words)
    expect(page.get_by_role("status").first).to_have_text(f"{len(found)} of {SHOWN} cards")
    assert titles(page) == found
    assert page.locator("#none").is_visible() is not bool(found)
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox")).not_to_be_focused()


def test_cards_are_chosen_by_section_tag_and_verdict(look: Look) -> None:
    """A section is one of its deck; the choices add up, and can be undone at once."""
    page = look()
    page.get_by_label("Section").select_option(label="Code")
    assert titles(page) == ["Softmax", "Dropout"]
    page.get_by_label("Tag").select_option("np")
    assert titles(page) == ["Softmax"]
    page.get_by_label("Errors 1").check()
    assert titles(page) == []
    page.get_by_role("button", name="Show all cards").click()
    expect(page.locator("#count")).to_have_text(f"{SHOWN} cards")
    for verdict, found in (("Verified 1", ["Softmax"]), ("Not verified 1", ["Dropout"])):
        page.get_by_label(verdict, exact=True).check()
        assert titles(page) == found


# ── looks ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_day_and_night_follow_the_system_until_one_is_chosen(look: Look, scheme: str) -> None:
    """Page and cards change together."""
    page = look(color_scheme=scheme)
    night = page.get_by_role("button", name="Night")
    dark = scheme == "dark"
    expect(night).to_have_attribute("aria-pressed", str(dark).lower())
    assert shades(page) == (dark, dark)
    night.click()
    assert shades(page) == (not dark, not dark)
    assert state(page) == {"theme": "day" if dark else "night"}
    page.keyboard.press("n")
    assert state(page) == {}


def shades(page: Page) -> tuple[bool, bool]:
    """Tell whether the page is dark, and whether its first card is."""
    luminance = "one => getComputedStyle(one).backgroundColor.match(/\\d+/)[0] < 128"
    return (
        page.locator("body").evaluate(luminance),
        page.locator(".face .card").first.evaluate(luminance),
    )


def test_a_card_is_as_wide_as_a_phone(look: Look) -> None:
    """The card's own rules for narrow windows hold there."""
    page = look()
    card = page.locator(".face").first
    wide = card.bounding_box()
    padding = "one => parseFloat(getComputedStyle(one.shadowRoot.firstChild).paddingLeft)"
    before = card.evaluate(padding)
    page.get_by_role("button", name="Phone").click()
    narrow = card.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] == 400 < wide["width"]
    assert card.evaluate(padding) < before
    assert state(page) == {"width": "phone"}


def test_no_window_is_too_narrow(look: Look) -> None:
    """Nothing sticks out of a phone's window, in no view."""
    for asked_for in ("", "#view=focus", "#width=phone&answers=shown"):
        page = look(views.everything(), asked_for, viewport={"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_long_code_can_be_scrolled_with_the_keyboard(look: Look) -> None:
    """Where it is wider than its card it takes the focus, and the arrows then stay with it."""
    long = views.code("Long", f"def f(x):\n    return {'x + ' * 60}x")
    page = look(views.edition_of(long, views.code("Short")), "#answers=shown")
    listing = page.locator("article", has_text="Long").locator("[tabindex='0']")
    listing.focus()
    page.keyboard.press("ArrowRight")
    expect(listing).not_to_have_js_property("scrollLeft", 0)
    assert state(page) == {"answers": "shown"}
    expect(page.locator("article", has_text="Short").locator("[tabindex='0']")).to_have_count(0)


# ── one card at a time ───────────────────────────────────────────────────────────────────────────


def test_the_keyboard_does_it_all(look: Look) -> None:
    """Focus, turn, next, previous, back to the list."""
    page = look()
    page.keyboard.press("f")
    assert titles(page) == ["Bias vs Variance?"]
    expect(page.locator("#position")).to_have_text(f"1 of {SHOWN}")
    page.keyboard.press("Space")
    expect(page.locator("article:visible")).to_contain_text("Wrong assumptions")
    assert state(page) == {"view": "focus", "card": "Bias vs Variance?", "side": "back"}
    page.keyboard.press("Enter")
    expect(page.locator("article:visible")).not_to_contain_text("Wrong assumptions")
    first, second, third = "Bias vs Variance?", "Why a résumé?", "Softmax"
    for key, title in (
        ("j", second), ("ArrowRight", third), ("k", second), ("ArrowLeft", first), ("k", first)
    ):  # fmt: skip
        page.keyboard.press(key)
        assert titles(page) == [title]
    page.keyboard.press("j")
    expect(page.locator("article:visible")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("article:visible")).to_have_count(SHOWN)


def test_the_buttons_do_it_too(look: Look) -> None:
    """A button keeps the focus, so that it can be pressed again."""
    page = look(asked_for="#view=focus")
    following = page.get_by_role("button", name="Next")
    following.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert titles(page) == ["Softmax"]
    expect(following).to_be_focused()
    page.locator("#flip").click()
    expect(page.locator("#flip")).to_have_text("Hide answer")
    page.get_by_role("button", name="Previous").click()
    assert titles(page) == ["Why a résumé?"]


def test_a_new_card_shows_its_front(look: Look) -> None:
    """Unless all answers are asked for."""
    page = look(asked_for="#view=focus&side=back&card=Softmax")
    expect(page.locator("article:visible")).to_contain_text("return x")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(page.locator("article:visible")).not_to_contain_text("return x")
    page.keyboard.press("a")
    page.keyboard.press("k")
    expect(page.locator("article:visible")).to_contain_text("Because")


def test_keys_are_left_to_who_types_and_to_the_browser(look: Look) -> None:
    """Letters go into the search, a blank scrolls the list, and Ctrl is the browser's."""
    page = look(asked_for="#q=")
    page.get_by_role("searchbox").fill("")
    page.keyboard.type("jfan ")
    assert state(page) == {"q": "jfan "}
    page.get_by_role("searchbox").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("Space")
    page.keyboard.press("Control+f")
    assert state(page) == {}


def test_the_address_says_it_all(look: Look) -> None:
    """Who is sent it sees the same, and the way back leads back."""
    page = look()
    page.keyboard.press("n")
    page.keyboard.press("p")
    page.get_by_label("Tag").select_option("ml")
    page.get_by_role("searchbox").fill("soft & max")
    page.get_by_role("searchbox").fill("f")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.keyboard.press("Space")
    again = look(asked_for=f"#{urlsplit(page.url).fragment}")
    for one in (page, again):
        assert titles(one) == ["Softmax"]
        expect(one.locator("article:visible")).to_contain_text("return x")
        assert shades(one) == (True, True)
        assert one.locator(".entry.current .face").bounding_box()["width"] == 400  # type: ignore[index]
    again.evaluate("location.hash = '#verdict=errors&unknown=1&__proto__=2'")
    expect(again.locator("#count")).to_have_text(f"1 of {SHOWN} cards")
    assert titles(again) == ["Dropout"]


@pytest.mark.parametrize(
    "odd", ["#view=x&verdict=x&section=x&tag=x&card=x", "#&=%00%", "#verdict=constructor"]
)
def test_an_odd_address_does_no_harm(look: Look, odd: str) -> None:
    """What it asks for is not there, and that is all."""
    page = look(asked_for=odd)
    expect(page.locator("h1")).to_be_visible()


# ── paper ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked_for", ["", "#view=focus&theme=night"])
def test_all_cards_are_printed_with_their_answers(look: Look, asked_for: str) -> None:
    """Without a control, in the colours of the day, whatever the window shows."""
    page = look(asked_for=asked_for)
    with pdfplumber.open(io.BytesIO(page.pdf(format="A4", print_background=True))) as printed:
        text = " ".join(" ".join(one.extract_text() for one in printed.pages).split())
    for card in BANK.cards():
        assert card.title.split(" two")[0] in text
    for answer in ("Wrong assumptions", "Because", "return x", "Back again", "keeps two of them"):
        assert answer in text
    for control in ("Show answer", "Night", "Search", "All sections", "Next", "bank.md"):
        assert control not in text
    expect(page.locator("article:visible").first).not_to_contain_text("Wrong assumptions")


# ── everybody ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("view", ["list", "focus"])
@pytest.mark.parametrize("theme", ["day", "night"])
def test_nothing_is_in_the_way_of_anybody(look: Look, view: str, theme: str) -> None:
    """No finding of axe-core, and a contrast of 7:1 at least for all text."""
    for edition in (BANK, views.everything()):
        asked_for = f"#view={view}&theme={theme}&answers=shown"
        page = look(edition, asked_for, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        strict = Axe().run(page, options={"runOnly": ["color-contrast-enhanced"]})
        assert strict.violations_count == 0, strict.generate_report()


def test_whoever_dislikes_motion_sees_none(look: Look) -> None:
    """A card turns at once."""
    page = look(reduced_motion="reduce")
    page.locator(".face").first.click()
    assert page.evaluate("document.getAnimations().length") == 0


# ── what cannot be trusted ───────────────────────────────────────────────────────────────────────


def test_no_text_breaks_out(look: Look) -> None:
    """In no place of a card, of a deck, of a diagnostic: it is shown as it is."""
    cards = [
        views.question(text, text, key=f"k{at}", section=text, tags=(text,), link=text)
        for at, text in enumerate(HOSTILE)
    ]
    more = [
        views.code(text, views.listing(text), key=f"c{at}", evidence=text)
        for at, text in enumerate(HOSTILE)
    ]
    gaps = [
        views.cloze(text, views.gap(1, text, hint=text), key=f"g{at}")
        for at, text in enumerate(HOSTILE)
    ]
    deck = DeckView("".join(HOSTILE), "x", (*cards, *more, *gaps))
    found = [
        replace(
            STRAY, message=text, label=text, hint=text, notes=((text, text),), code=text,
            place=Place(text, 1, 1, 1, 9),
        )
        for text in HOSTILE
    ]  # fmt: skip
    page = look(Edition((deck,)), "#answers=shown", found)
    expect(page.locator("h3")).to_have_count(3 * len(HOSTILE))
    for at, text in enumerate(HOSTILE):
        whole = " ".join(text.split())
        assert whole in " ".join((page.locator(".question").nth(at).text_content() or "").split())
    expect(page.locator("iframe, object, embed, form")).to_have_count(0)
    for link in page.locator("a").all():
        assert not (link.get_attribute("href") or "").startswith("javascript")


def test_no_text_of_the_bank_can_be_the_mark_of_a_formula() -> None:
    """A mark that somebody writes is text."""
    square = views.question((views.paragraph("formula", views.SQUARE, "at0!"),))
    shown = made(views.edition_of(square)).decode()
    assert re.search(r"formula\\u003cmath>.*?at0!", shown)


def test_the_policy_lets_nothing_in_and_nothing_out() -> None:
    """Style and script by their digests, images from the page; a server only to load it again."""
    policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', made(BANK))
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].decode().split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules[name])
    assert rules["img-src"] == "data:"
    assert "connect-src" not in rules
    assert b"connect-src 'self'" in made(BANK, reload=True)


def test_a_policy_that_is_broken_would_be_seen(look: Look, browser: Browser) -> None:
    """The browser does hold the page against it: another script would not run."""
    page = browser.new_page()
    page.set_content(made(BANK).decode().replace('"use strict";', '"use strict";;'))
    expect(page.locator("h3")).to_have_count(0)
    page.close()


# ── bytes ────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_edition_makes_the_same_bytes() -> None:
    """And another one makes others, which a server can tell apart."""
    assert made(BANK, (DIFFERS,)) == made(BANK, (DIFFERS,))
    addresses = {
        re.search(rb'data-reload="(events\?\w+)"', made(edition, reload=True))[1]  # type: ignore[index]
        for edition in (BANK, BANK, views.everything())
    }
    assert len(addresses) == 2


def test_a_page_may_be_empty(look: Look) -> None:
    """An edition without a deck, or with one that has no card, is a page all the same."""
    for edition in (Edition(()), views.edition_of()):
        page = look(edition, diagnostics=())
        expect(page.locator("#count")).to_have_text("0 cards")
        for key in ("f", "j", "Space", "a", "Escape"):
            page.keyboard.press(key)


def test_a_thousand_cards_are_no_burden(look: Look) -> None:
    """Each is made when it is near; a jump to the last one makes that one at once."""
    source = views.HIGHLIGHTED
    edition = views.edition_of(
        *(
            views.code(f"Implement {at}", source, key=f"k{at}", section=f"S{at % 9}")
            for at in range(1000)
        )
    )
    size = len(made(edition))
    start = time.perf_counter()
    page = look(edition, "#view=focus&card=k999&side=back", diagnostics=())
    expect(page.locator("article:visible")).to_contain_text("np.exp")
    print(f"\n1,000 cards: {size:,} bytes, shown in {time.perf_counter() - start:.2f} s")
    expect(page.locator("article")).to_have_count(1000, timeout=30_000)
    listed = look(edition, "#card=k500", diagnostics=())
    expect(listed.locator("article").filter(has_text="Implement 500")).to_be_in_viewport()
    assert size < 3_000_000


# ── small parts ──────────────────────────────────────────────────────────────────────────────────


def test_data_is_json_that_ends_no_script() -> None:
    """It can be read again, and has no `<`."""
    page = made(views.edition_of(*(views.question(text, key=text) for text in HOSTILE))).decode()
    data = page.split('id="data">')[1].split("</script>")[0]
    assert "<" not in data
    assert [card["title"] for card in json.loads(data)["cards"]] == [
        " ".join(text.split()) for text in HOSTILE
    ]


def test_images_have_their_types() -> None:
    """As the ends of their names tell."""
    media = [Media(f"a.{ending}", b"x") for ending in ("svg", "jpg", "webp")]
    page = made(views.edition_of(media=media)).decode()
    for kind in ("svg+xml", "jpeg", "webp"):
        assert f"data:image/{kind};base64,eA==" in page


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("@media (max-width: 30rem){a{}}", "@container (max-width: 30rem){a{}}"),
        ("@media(min-width:1px)", "@container(min-width:1px)"),
        ("@media print{a{margin:1.5vw 2vwx}}", "@media print{a{margin:1.5cqi 2vwx}}"),
    ],
)
def test_a_card_takes_its_frame_for_the_window(given: str, shown: str) -> None:
    """Where its style asks for the window's width."""
    assert contained(given) == shown
