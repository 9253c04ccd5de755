"""The parts of the README that are made from the code: help, kernels, rules.

    python tests/readme.py

writes them anew; a test holds the README to them.
"""

from __future__ import annotations

import argparse
import os
import re
import runpy
from pathlib import Path

from builder.cli import parser
from builder.kernels import TOPICS
from builder.rules import RULES
from builder.verify.gate import ALLOWED

ROOT = Path(__file__).parents[1]
README, SECURITY = ROOT / "README.md", ROOT / "SECURITY.md"
KERNELS = ROOT / "builder" / "kernels" / "README.md"
_VERIFY = Path(__file__).parent / "verify"


def current(text: str) -> str:
    """Return the README's `text` with every generated part as the code says it now."""
    return _filled(
        text,
        {
            "help": _help(),
            "imports": _imports(),
            "kernels": _kernels(),
            "rules": _rules(),
            "security": _security(),
        },
    )


def secure(text: str) -> str:
    """Return the `text` of SECURITY.md with the numbers of today's attacks and probes."""
    return _filled(text, {"security": _security()})


def _filled(text: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        marks = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        text, count = marks.subn(lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text)
        assert count == 1, f"there is one place for {name}"
    return text


def _security() -> str:
    files = sorted((_VERIFY / "cases" / "attacks").glob("*.md"))
    count = {file.stem: file.read_text(encoding="utf-8").count("\n## ") for file in files}
    attacks = sum(number for stem, number in count.items() if stem != "honest")
    probes = runpy.run_path(str(_VERIFY / "test_containment.py"))["PROBES"]
    return "\n".join(
        (
            "| what is tried at every test run | how many | get through |",
            "|---|---|---|",
            f"| answers that cheat, before the gate and behind it | {attacks} | 0 |",
            f"| answers that only look odd, and must pass | {count['honest']} | all |",
            f"| probes of the jail, as root and as an ordinary user | {len(probes)} | 0 |",
        )
    )


def _help() -> str:
    os.environ["COLUMNS"] = "92"
    top = parser()
    commands = next(
        action for action in top._actions if isinstance(action, argparse._SubParsersAction)
    )
    blocks = [top.format_help(), *(command.format_help() for command in commands.choices.values())]
    return "```text\n" + "\n".join(block.rstrip() + "\n" for block in blocks) + "```"


def _imports() -> str:
    return ", ".join(f"`{module}`" for module in ALLOWED)


def _kernels() -> str:
    rows = ["| topic | kernels |", "|---|---|"]
    for topic, kernels in TOPICS.items():
        rows.append(f"| {topic} | {', '.join(f'`{kernel.name}`' for kernel in kernels)} |")
    return "\n".join(rows)


def reference(text: str) -> str:
    """Return the `text` of the kernels' page with its table as the code says it now."""
    return _filled(text, {"reference": _reference()})


def measured(text: str, figures: str) -> str:
    """Return the `text` of the kernels' page with new figures, which `tests/measure.py` makes."""
    return _filled(text, {"measured": figures})


def _reference() -> str:
    parts = []
    for topic, kernels in TOPICS.items():
        parts += [
            f"### {topic}",
            "",
            "| kernel | holds for, at most | also known as | after |",
            "|---|---|---|---|",
        ]
        for kernel in kernels:
            domains = "; ".join(domain.words for domain in kernel.domains)
            names = ", ".join(f"`{alias}`" for alias in kernel.aliases)
            parts.append(f"| `{kernel.signature}` | {domains} | {names} | {kernel.source} |")
        parts.append("")
    return "\n".join(parts).rstrip()


def _rules() -> str:
    rows = ["| code | name | | what it means |", "|---|---|---|---|"]
    rows += [f"| {rule.code} | {rule.name} | {rule.severity} | {rule.page} |" for rule in RULES]
    return "\n".join(rows)


if __name__ == "__main__":
    for page, renew in ((README, current), (SECURITY, secure), (KERNELS, reference)):
        page.write_text(renew(page.read_text(encoding="utf-8")), encoding="utf-8")
