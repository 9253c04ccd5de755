"""Bank and verdicts become an edition."""

from __future__ import annotations

import subprocess
import sys

import pytest
import reading
from outline import outline, text

from builder.edition import Formula, Media
from builder.model import Place, Status, Verdict
from builder.render import Vault, evidence, render, rendered

HERE = Place("note.md", 1, 1, 1, 1)


# ── evidence ─────────────────────────────────────────────────────────────────────────────────────


def verdict(status: Status, domain: str = "", variant: str = "") -> Verdict:
    """Return a verdict on softmax."""
    return Verdict(status, "softmax", HERE, "softmax", variant=variant, domain=domain)


def test_evidence_says_what_was_verified() -> None:
    """Kernel, variant and domain, without counts or versions."""
    one = verdict(Status.MATCHES, "one vector")
    other = verdict(Status.MATCHES, "one vector", "mean")
    assert evidence([one]) == "verified: softmax, one vector"
    assert evidence([one, other]) == "verified: softmax, one vector; softmax, mean, one vector"
    assert evidence([verdict(Status.MATCHES)]) == "verified: softmax"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.MATCHES, Status.ALLOWED}))
def test_no_evidence_without_a_match_of_all(status: Status) -> None:
    """One function that is not verified silences the card."""
    assert evidence([verdict(Status.MATCHES), verdict(status)]) == ""
    assert evidence([]) == ""


def test_an_answer_that_was_let_pass_says_so() -> None:
    """Nobody is to think that it was verified."""
    let_pass = Verdict(Status.ALLOWED, "g", HERE, summary="why")
    assert evidence([let_pass]) == "not verified"
    assert evidence([verdict(Status.MATCHES), let_pass]) == "verified: softmax; not verified: g"


# ── decks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_is_tagged_by_its_note_and_its_section() -> None:
    """Sorted, and each once."""
    note = "---\ntags: [ml, a-b]\n---\n# D\n## A & B\n```\nQ: a?\nA: b\n```\n"
    view = render(reading.bank(note), {}).decks[0]
    assert (view.title, view.name) == ("D", "note-1")
    assert view.cards[0].tags == ("a-and-b", "a-b", "ml")
    assert view.cards[0].section == "A & B"


def test_the_users_bank_is_shown_as_it_stands() -> None:
    """Fifteen cards, five of them with a signature."""
    (deck,) = render(reading.bank(reading.BANK.read_text(encoding="utf-8")), {}).decks
    codes = [card for card in deck.cards if card.kind == "code"]
    assert (len(deck.cards), len(codes)) == (15, 5)
    assert [text(one.signature) for one in codes] == [
        "def softmax(x):",
        "def cross_entropy(y_true, y_pred):",
        "def batchnorm_forward(x, gamma, beta, eps=1e-5):",
        "def dropout_forward(x, p, train=True):",
        "def conv2d(x, kernel, stride=1, pad=0):",
    ]


# ── cards in the open ────────────────────────────────────────────────────────────────────────────

OPEN = """# D
## S

Q: What is **softmax**, $p_i$? #reverse #tag
A: ![[plot.png]] and [[Logits|logits]]

- a
- b

C: It is {{c1::stable}} for `x` and $y$.

Q: ![alt](gone.png)
A: $\\nosuchthing$
"""


def test_a_card_in_the_open_is_read_as_markdown() -> None:
    """Its question, its answer and its gaps."""
    question, cloze, _ = render(reading.bank(OPEN), {}).cards()
    assert outline(question.question) == "paragraph What is ‹strong softmax›, ‹math p_i›?\n"
    assert outline(question.answer).startswith("paragraph plot.png and logits\nlist\n")
    assert (question.reverse, question.tags) == (True, ("s", "tag"))
    assert outline(cloze.question) == (
        "paragraph It is ‹gap 1 stable› for ‹code x› and ‹math y›.\n"
    )
    assert (cloze.kind, cloze.answer) == ("cloze", ())


def test_a_title_is_one_line_of_plain_text() -> None:
    """Formulas are their TeX, gaps are left out, images are what they show."""
    assert [card.title for card in render(reading.bank(OPEN), {}).cards()] == [
        "What is softmax, p_i?",
        "It is […] for x and y.",
        "alt",
    ]


def test_the_edition_holds_the_images_that_are_shown() -> None:
    """Each once, by its name; others stay where they are."""
    shown, other = Media("plot-1.png", b"1"), Media("other-2.png", b"2")
    images = {("note-1.md", "plot.png"): shown, ("note-2.md", "plot.png"): other}
    edition = render(reading.bank(OPEN), {}, images=images)
    assert edition.media == (shown,)
    assert "‹picture plot-1.png plot.png›" in outline(next(edition.cards()).answer)


def test_a_vault_makes_links() -> None:
    """To the note of a card, and to the notes that it names."""
    vault = Vault("My notes", {"note-1.md": "ML/note 1.md"})
    card = next(render(reading.bank(OPEN), {}, vault=vault).cards())
    assert card.link == "obsidian://open?vault=My%20notes&file=ML%2Fnote%201.md"
    link = "obsidian://open?vault=My%20notes&file=Logits"
    assert f"‹link {link} logits›" in outline(card.answer)


def test_a_note_outside_of_the_vault_has_no_link() -> None:
    """Nothing would open."""
    (*_, card) = render(reading.bank(OPEN), {}, vault=Vault("v")).cards()
    assert card.link == ""


def test_what_cannot_be_shown_is_told() -> None:
    """With its place in the file."""
    (unset,) = rendered(reading.bank(OPEN), {}).unset
    assert (unset.reason, unset.place) == ("bad-formula", Place("note-1.md", 13, 4, 13, 18))
    assert "nosuchthing" in unset.message


def test_a_bank_without_cards_in_the_open_needs_no_markdown() -> None:
    """What only they need is not loaded."""
    script = (
        "import sys\nsys.path.insert(0, 'tests')\nimport reading\n"
        "from builder.render import render\n"
        "render(reading.bank(reading.pairs('a?')), {})\n"
        "assert not {'markdown', 'pymdownx', 'nh3', 'math_core'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=reading.REPOSITORY)


# ── formulas of kernels ──────────────────────────────────────────────────────────────────────────

CODE = "# D\n```python\n# 1. f\ndef f(x):\n    return x\n```\n"


def formula(*verdicts: Verdict) -> Formula | None:
    """Return the formula of a code card with these verdicts."""
    bank = reading.bank(CODE)
    (card,) = bank.cards()
    return next(render(bank, {card.key: verdicts}).cards()).formula


def matched(kernel: str, tex: str) -> Verdict:
    """Return a verdict on an answer that matches a kernel."""
    return Verdict(Status.MATCHES, "f", HERE, kernel, formula=tex)


def test_a_code_card_shows_the_formula_of_its_kernel() -> None:
    """Where it matches exactly one, and that has one."""
    shown = formula(matched("a", "x^2"), matched("a", "x^2"))
    assert shown
    assert (shown.tex, shown.display) == ("x^2", True)
    assert shown.mathml.startswith("<math")
    assert formula(matched("a", "x"), matched("b", "y")) is None
    assert formula(matched("a", "")) is None
    assert formula(Verdict(Status.DIFFERS, "f", HERE, "a", formula="x")) is None
    assert formula() is None


def test_a_formula_that_cannot_be_set_has_no_mathml() -> None:
    """Exporters show its TeX."""
    assert formula(matched("a", r"\nosuchthing")) == Formula(r"\nosuchthing", display=True)
