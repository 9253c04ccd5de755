"""Files of reviews: what they may say, and what is said of those that are broken."""

from __future__ import annotations

import pytest

from builder.model import CannotRunError
from builder.review import reviews
from builder.source import Source

ENTRY = '[[equivalent]]\nfunction = "f"\nmutant = "{}"\nreason = "the same"\n'


def read(text: str) -> list[tuple[str, str, str, int]]:
    """Return what a file says, with the line of each entry."""
    found = reviews(Source("n.audit.toml", text), "n.md")
    assert {one.note for one in found} <= {"n.md"}
    return [(one.function, one.mutant, one.reason, one.place.line) for one in found]


def test_entries_are_read_in_their_order_and_with_their_lines() -> None:
    """Comments and empty lines are fine, and so is a file without entries."""
    text = f"# why\n\n{ENTRY.format('a = 1')}\n{ENTRY.format('b = 2')}"
    assert read(text) == [("f", "a = 1", "the same", 3), ("f", "b = 2", "the same", 8)]
    assert read("") == []


def test_an_entry_whose_line_cannot_be_told_stands_in_the_first() -> None:
    """Where texts hold what looks like an entry, or entries are written inline."""
    assert read('equivalent = [{function = "f", mutant = "a", reason = "b"}]')[0][3] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[equivalent", "n.audit.toml: this is no TOML: "),
        ("x = 1", "n.audit.toml: `x` means nothing here, only [[equivalent]]"),
        ("[equivalent]", "n.audit.toml: write [[equivalent]], in two pairs of brackets"),
        ("equivalent = [1]", "n.audit.toml:1: an entry is a table with `function`, `mutant`"),
        ("\n[[equivalent]]\n", "n.audit.toml:2: an entry needs a `function`, and it is a text"),
        (ENTRY.format(" "), "n.audit.toml:1: an entry needs a `mutant`, and it is a text"),
        (ENTRY.format("a").replace('"the same"', '""'), "an entry needs a `reason`"),
        (ENTRY.format("a").replace('"the same"', "7"), "an entry needs a `reason`"),
        (ENTRY.format("a") + "why = 1\n", "n.audit.toml:1: `why` means nothing here, only"),
        (ENTRY.format("a") * 2, "n.audit.toml:5: 'a' stands here twice"),
        ("a = " + "[" * 5000, "n.audit.toml: this is no TOML: "),
    ],
)
def test_a_broken_file_is_named_with_the_reason(text: str, said: str) -> None:
    """Line by line where that can be told."""
    with pytest.raises(CannotRunError) as caught:
        read(text)
    assert said in str(caught.value)
