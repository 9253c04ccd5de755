"""What the README says of the program is what the program does."""

from __future__ import annotations

import re

import readme

from builder.cli import main

TEXT = readme.README.read_text(encoding="utf-8")


def test_the_generated_parts_are_current() -> None:
    """`make readme` would change nothing; how help names an option's value is Python's business."""
    named = re.compile(r"(-\w) [A-Z]+, (--\w+)")

    def plain(text: str) -> str:
        return " ".join(named.sub(r"\1, \2", text).split())

    assert plain(readme.current(TEXT)) == plain(TEXT)
    security = readme.SECURITY.read_text(encoding="utf-8")
    assert readme.secure(security) == security


def test_the_bank_of_the_example_is_clean(tmp_path, capsys) -> None:
    """Whoever starts from the README's example gets two questions, two answers and no error."""
    found = re.search(r"````markdown\n(.*?)````", TEXT, re.DOTALL)
    assert found
    note = tmp_path / "note.md"
    note.write_text(re.sub(r"  +\(optional.*\)", "", found[1]), encoding="utf-8")
    assert main(["check", str(note)]) == 0
    assert "4 cards" in capsys.readouterr().out


def test_the_diagnostic_of_the_example_is_real(tmp_path, capsys) -> None:
    """The error that the README shows is what such an answer gets."""
    shown = re.search(r"## When an answer is wrong\n\n(.*?)\n\n", TEXT, re.DOTALL)
    assert shown
    bank = (readme.README.parent / "content" / "interview-question-bank.md").read_text("utf-8")
    note = tmp_path / "note.md"
    note.write_text(bank.replace("np.exp(x - np.max(x))", "np.exp(x)"), encoding="utf-8")
    assert main(["check", str(note)]) == 1
    printed = capsys.readouterr().out.replace(note.as_posix(), "content/interview-question-bank.md")
    for line in shown[1].splitlines():
        assert line.removeprefix("    ") in printed


def test_every_picture_is_there() -> None:
    """No link of the README to a picture is broken."""
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert len(pictures) == 3
    assert all((readme.README.parent / picture).is_file() for picture in pictures)
