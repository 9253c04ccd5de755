"""Rules about images and formulas: every flaw is told where it stands, with what to do."""

from __future__ import annotations

import pytest

from builder import rules
from builder.images import Flaw, Flawed
from builder.model import Embed, Place, Severity
from builder.rules import markdown

HERE = Place("note.md", 3, 1, 3, 4)
CODES = {
    Flaw.MISSING: "I601", Flaw.OUTSIDE: "I602", Flaw.REMOTE: "I603", Flaw.LARGE: "I604",
    Flaw.UNSUPPORTED: "I605", Flaw.HEAVY: "I606",
}  # fmt: skip


@pytest.mark.parametrize("flaw", Flaw)
def test_each_flaw_has_its_rule(flaw: Flaw) -> None:
    """A card that cannot show what its author meant is wrong; one that is heavy is not."""
    (found,) = rules.on_images([Flawed(flaw, Embed("a.png", HERE), "is odd")])
    assert (found.code, found.place, found.message) == (CODES[flaw], HERE, "this image is odd")
    assert found.hint
    assert (found.severity is Severity.WARNING) is (flaw is Flaw.HEAVY)


def test_a_flaw_may_know_better_what_to_do() -> None:
    """Its own hint comes first."""
    (found,) = rules.on_images([Flawed(Flaw.REMOTE, Embed("a", HERE), "is far", "bring it")])
    assert found.hint == "bring it"


def test_these_codes_never_change_their_meaning() -> None:
    """Nor do the names that people allow."""
    assert {
        "I601": "missing-image", "I602": "image-outside", "I603": "remote-image",
        "I604": "large-image", "I605": "unsupported-image", "I606": "heavy-image",
        "T701": "bad-formula", "T702": "too-deep", "T703": "open-gap",
    }.items() <= {rule.code: rule.name for rule in rules.RULES}.items()  # fmt: skip


def test_what_cannot_be_set_is_told_in_its_own_words() -> None:
    """With a hint of its own, or one that always helps."""
    found = markdown.bad_formula(HERE, "an unknown command `\\foo`")
    assert (found.code, found.place) == ("T701", HERE)
    assert found.message == "an unknown command `\\foo`"
    assert found.hint == "a dollar sign is written `\\$`"
    assert markdown.bad_formula(HERE, "no", "do this").hint == "do this"
    assert markdown.too_deep(HERE, "forty lists").hint == "write it flatter"
    assert markdown.open_gap(HERE, "a gap").hint == "close it in its paragraph, with `}}`"
