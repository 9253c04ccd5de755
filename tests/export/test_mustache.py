"""Anki's template language: fields, what depends on them, and gaps."""

from __future__ import annotations

import re

import pytest

from builder.export import mustache


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("{{A}}-{{B}}-{{C}}", "{{B}}--"),
        ("{{#A}}a{{#B}}b{{/B}}{{/A}}{{^B}}c{{/B}}", "ac"),
        ("{{#B}}{{#A}}no{{/A}}{{^A}}no{{/A}}{{/B}}.", "."),
        ("{{#Blank}}no{{/Blank}}", ""),
        ("{{ A }}{{hint:A}}{", "{{B}}{{B}}{"),
        ("{{cloze:Text}}{{#c2}}!{{/c2}}{{#c1}}?{{/c1}}", "{GAP}x]</span>!"),
    ],
)
def test_templates_are_filled_as_anki_does(template: str, shown: str) -> None:
    """Once: what a field holds is no template."""
    fields = {"A": "{{B}}", "B": "", "Blank": "<br> <div></div>&nbsp;", "Text": "{{c2::y::x}}"}
    shown = shown.replace("{GAP}", '<span class="cloze" data-ordinal="2">[')
    assert mustache.side(template, fields, number=2) == shown


def test_gaps_may_stand_in_each_other_and_may_be_broken() -> None:
    """What is not closed is shown to its end, and an end without a start is text."""
    nested = "{{c1::a {{c2::b}} c}} }} {{c3::d"
    front = re.sub(r'<span class="cloze(-inactive)?" data-ordinal="(\d)">', r"<\2\1:", nested)
    assert front == nested
    shown = mustache.cloze(nested, 2).replace("</span>", ">")
    shown = re.sub(r'<span class="(cloze)(?:-(i)nactive)?" data-ordinal="(\d)">', r"<\3\2:", shown)
    assert shown == "<1i:a <2:[...]> c> }} d"
