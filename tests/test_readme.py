"""What the README says of the program is what the program does."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from types import ModuleType

import judging
import numpy as np
import pytest
import readme

from builder.cli import main
from builder.kernels import CANON, Shelf
from builder.kernels import kernel as vocabulary
from builder.testing import check_exporter
from builder.verify import Limits
from builder.verify.judge import judge
from builder.verify.sandbox import Sandbox

TEXT = readme.README.read_text(encoding="utf-8")


def test_the_generated_parts_are_current() -> None:
    """`make readme` would change nothing; how help names an option's value is Python's business."""
    named = re.compile(r"(-\w) [A-Z]+, (--\w+)")

    def plain(text: str) -> str:
        return " ".join(named.sub(r"\1, \2", text).split())

    assert plain(readme.current(TEXT)) == plain(TEXT)
    security = readme.SECURITY.read_text(encoding="utf-8")
    assert readme.secure(security) == security


def test_the_kernels_page_is_current() -> None:
    """Its reference is made from the kernels, and each of them has been measured."""
    text = readme.KERNELS.read_text(encoding="utf-8")
    assert readme.reference(text) == text
    measured = re.findall(r"^\| (\w+) \| .* \| (\d+) \| \d+ \|$", text, re.MULTILINE)
    assert [name for name, _ in measured] == [kernel.name for kernel in CANON]
    assert {missed for _, missed in measured} == {"0"}
    assert " 0 false alarms" in text


def test_the_kernel_of_the_example_judges(tmp_path, capsys) -> None:
    """A file as the page shows it, beside a bank, holds right answers and refuses wrong ones."""
    text = readme.KERNELS.read_text(encoding="utf-8")
    found = re.search(r"```python\n(\"\"\"Pascanu.*?)```", text, re.DOTALL)
    assert found
    assert found[1].count("\n") <= 25
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "clip_by_value.py").write_text(found[1], encoding="utf-8")
    note = tmp_path / "note.md"
    for body, status in (("np.clip(g, -clip, clip)", 0), ("np.minimum(g, clip)", 1)):
        answer = f"def clip_values(g, clip=1.0):\n    return {body}\n"
        note.write_text(f"# T\n\n```python\n# 1. Clip\n{answer}```\n", encoding="utf-8")
        assert main(["check", str(note)]) == status
        shown = capsys.readouterr().out
        assert ("this bank's own kernel" in shown) == (status == 0)
        assert ("clip what is below -limit, too" in shown) == (status == 1)


def test_the_kernel_of_the_canon_in_the_example_judges() -> None:
    """The value that the page shows is a kernel."""
    text = readme.KERNELS.read_text(encoding="utf-8")
    found = re.search(r"```python\n(SOFTSIGN = .*?)```", text, re.DOTALL)
    assert found
    space = {"np": np, **vars(vocabulary)}
    exec(found[1], space)
    own = replace(space["SOFTSIGN"], name="soft_clip", aliases=())
    for body, status in (("x / (1 + np.abs(x))", "matches"), ("x / (1 + x)", "differs")):
        answer = judging.card(f"def soft_clip(x):\n    return {body}\n")
        with Sandbox() as sandbox:
            (verdict,) = judge(answer, sandbox, 0, Limits(), Shelf([own]))
        assert verdict.status == status


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


def test_the_missed_mutant_of_the_example_is_real(tmp_path, capsys) -> None:
    """An audit without reviews reports what the README shows, and the review shown is ours."""
    shown = re.search(r"(    error\[M501\].*?)\n\n", TEXT, re.DOTALL)
    review = re.search(r"(    \[\[equivalent\]\].*?)\n\n", TEXT, re.DOTALL)
    assert shown
    assert review
    content = readme.README.parent / "content"
    note = tmp_path / "note.md"
    note.write_bytes((content / "interview-question-bank.md").read_bytes())
    assert main(["audit", str(note), "-k", "dropout"]) == 1
    printed = capsys.readouterr().out.replace(note.as_posix(), "content/interview-question-bank.md")
    assert "".join(f"{line[4:]}\n" for line in shown[1].splitlines()) in printed
    reviews = (content / "interview-question-bank.audit.toml").read_text("utf-8")
    assert "".join(f"{line[4:]}\n" for line in review[1].splitlines()) in reviews


def test_the_exporter_that_it_shows_keeps_the_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it may be copied."""
    (shown,) = re.findall(r"```python\n([^`]*class Flash.*?)```", TEXT, re.DOTALL)
    module = ModuleType("shown")
    monkeypatch.setitem(sys.modules, "shown", module)
    exec(shown, module.__dict__)
    check_exporter(module.EXPORTER)


def test_every_picture_is_there() -> None:
    """No link of the README to a picture is broken."""
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT)
    assert len(pictures) == 4
    assert all((readme.README.parent / picture).is_file() for picture in pictures)
