"""The bank that this was all made for, and banks much longer."""

from __future__ import annotations

import cProfile
import pstats

import reading

from builder.model import Card, Code, Deck

QUESTIONS = [
    (10, "Bias vs Variance?"),
    (14, "L1 vs L2 regularization?"),
    (18, "Precision vs Recall?"),
    (22, "Bagging vs Boosting?"),
    (26, "Batch vs Stochastic Gradient Descent?"),
    (31, "Why ReLU over sigmoid?"),
    (36, "What is dropout?"),
    (41, "BatchNorm purpose?"),
    (46, "Attention mechanism?"),
    (51, "Transformer vs RNN?"),
    (59, "Implement softmax"),
    (64, "Implement cross-entropy loss"),
    (68, "Implement batch normalization forward"),
    (75, "Implement dropout forward"),
    (82, "Implement convolution (simple)"),
]


def read(original: bool) -> Deck:
    """Return the deck of the user's bank: the untouched original, or the repaired one."""
    path = reading.ORIGINAL if original else reading.BANK
    return reading.deck(path.read_bytes().decode(), "bank.md")


def test_the_repaired_bank_differs_in_one_sign() -> None:
    """Nothing but the sign that was read in a wrong encoding was touched."""
    original = reading.ORIGINAL.read_bytes().decode()
    assert reading.BANK.read_bytes().decode() == original.replace("Â²", "²")
    assert original.count("Â") == 1


def test_the_original_gives_its_fifteen_cards() -> None:
    """Questions, lines and sections as they stand in the note, and no text without a card."""
    deck = read(original=True)
    assert deck.title == "Interview Question Bank (Guide)"
    assert [(card.place.line, card.question) for card in deck.cards] == QUESTIONS
    assert [card.section for card in deck.cards] == (
        ["Rapid-Fire Questions (Know Immediately)"] * 10 + ["Common Coding Questions"] * 5
    )
    assert [card.number for card in deck.cards] == [None] * 10 + [1, 2, 3, 4, 5]
    assert deck.strays == ()
    assert [link.target for link in deck.links] == [
        "20-ML-Core/ML Cheat Sheet",
        "20-ML-Core/Guide/Study Schedule Summary (Guide)",
    ]


def test_its_answers_are_its_text() -> None:
    """Each answer is the note's text without marks and indentation; code is taken as it stands."""
    note = reading.ORIGINAL.read_text(encoding="utf-8").split("\n")
    for card in read(original=True).cards:
        place = card.answer.place
        lines = note[place.line - 1 : place.end_line]
        if isinstance(card.answer, Code):
            assert card.answer.source == "\n".join(lines)
        else:
            assert card.answer.text == "\n".join(line[3:] for line in lines)


def test_the_repair_changes_one_answer() -> None:
    """All other cards of the original are those of the repaired bank."""
    pairs = zip(read(original=True).cards, read(original=False).cards, strict=True)
    (changed,) = [(old, new) for old, new in pairs if old != new]
    assert "O(nÂ²)" in text(changed[0])
    assert text(changed[0]).replace("Â²", "²") == text(changed[1])


def test_without_its_last_newline_and_with_others_it_reads_the_same() -> None:
    """CR LF, CR and a byte order mark change no card."""
    note = reading.BANK.read_text(encoding="utf-8")
    expected = read(original=False).cards
    for other in (note.rstrip("\n"), note.replace("\n", "\r\n"), note.replace("\n", "\r")):
        assert reading.deck(other, "bank.md").cards == expected


def text(card: Card) -> str:
    """Return the text of an answer."""
    return card.answer.source if isinstance(card.answer, Code) else card.answer.text


# ── work, counted in calls: a quadratic step would show as four times as many ────────────────────


def calls(note: str) -> int:
    """Return how many function calls it takes to read a note."""
    profile = cProfile.Profile()
    profile.runcall(reading.bank, note)
    return pstats.Stats(profile).total_calls  # type: ignore[attr-defined, no-any-return]


def literal(count: int) -> str:
    """Return a note with one plain fence of many cards."""
    return reading.pairs(*(f"Question {number}?" for number in range(count)))


def program(count: int, body: str = "def f():\n    return 1") -> str:
    """Return a note with one python fence of many items."""
    items = "\n".join(f"# {number}. Item {number}\n{body}" for number in range(count))
    return f"```python\n{items}\n```\n"


def test_work_grows_with_the_text_and_no_faster() -> None:
    """Twice the cards take about twice the calls, in whole and in broken fences."""
    broken = "def f(:"
    open_ended = "x = ("
    for make in (
        literal,
        program,
        lambda count: program(count, broken),
        lambda count: program(count, open_ended),
        lambda count: program(count).replace("return 1", "return (", 1),
    ):
        assert calls(make(400)) < 2.3 * calls(make(200))


def test_ten_thousand_cards_are_read() -> None:
    """A fence may be as long as a book."""
    deck = reading.bank(literal(10_000), program(10_000))
    assert [len(list(one.cards)) for one in deck.decks] == [10_000, 10_000]
