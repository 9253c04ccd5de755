"""Documents become a bank: each case file says what of which note."""

from __future__ import annotations

from pathlib import Path

import cases
import reading


@cases.parametrize(Path(__file__).parent / "cases")
def test_a_note_becomes_what_its_case_says(case: cases.Case) -> None:
    """Cards, strays and links come out as written in the case file."""
    assert reading.shown(reading.deck(case.note)) == case.expected
