"""Text in a wrong encoding is found, and honest text is left alone."""

from __future__ import annotations

import pytest
import reading

from builder.model import Diagnostic
from builder.rules.text import mojibake
from builder.source import Source


def found(text: str) -> list[Diagnostic]:
    """Return what the rule says of a text."""
    return list(mojibake(Source("bank.md", text)))


def test_the_original_has_one() -> None:
    """At the sign that is wrong, two columns wide, with the repaired line."""
    (one,) = found(reading.ORIGINAL.read_text(encoding="utf-8"))
    place = one.place
    assert (place.line, place.column, place.end_line, place.end_column) == (52, 49, 52, 51)
    assert one.message == "`Â²` looks like `²`, read in the wrong encoding"
    assert one.notes == (("repaired", "A: Transformer = parallel, global attention, O(n²) memory"),)
    assert one.hint == "replace `Â²` with `²`"


def test_the_repaired_bank_has_none() -> None:
    """Its `²` is honest."""
    assert found(reading.BANK.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("n = 5Â°C", "Â°", "°"),
        ("cafÃ© au lait", "Ã©", "é"),
        ("a â€” b", "â€”", "—"),
        ("itâ€™s", "â€™", "’"),
        ("Â£5", "Â£", "£"),
    ],
)
def test_what_is_wrong_is_marked(text: str, wrong: str, right: str) -> None:
    """The caret stands below the wrong signs and no others."""
    (one,) = found(text)
    assert text[one.place.column - 1 : one.place.end_column - 1] == wrong
    assert one.hint == f"replace `{wrong}` with `{right}`"


@pytest.mark.parametrize(
    "text",
    [
        "é è ü ß ñ å ø", "n² and x³, 5 ± 1 µm, 20 °C, ¼", "“quotes” ‘single’ „low“ «guillemets»",
        "日本語のテキスト", "什么是 softmax？", "😀 👍🏽 👩‍💻", "α β Σ ∂ ∇ ≤ ≈ √", "Привет, мир",
        "Â", "PÂTÉ À L’ÂGE", "L’ÂME", "SÃO PAULO – NÃO", "În România: Âă, â, Î", "Ấn Độ, Ân, Â Ă Ê",
        "naïve Bayes", "Gödel’s – Erdős", "50 € – 60 €", "…", "→ ⇒ ⟨x|y⟩", "नमस्ते", "שלום", "“Â”",
    ],
)  # fmt: skip
def test_honest_text_is_left_alone(text: str) -> None:
    """Signs beyond ASCII are no fault."""
    assert found(f"before {text} after\n{text}\n") == []


def test_long_text_is_no_burden() -> None:
    """Neither many lines nor one of many signs."""
    assert len(found("é “日本” n²\n" * 5_000 + "Â²" * 20_000)) == 1
