"""The front matter: YAML at the top of a note. The only importer of yaml, and only where needed.

    deck: Machine learning     the deck's name, instead of the first heading
    tags: [ml, interview]      tags for every card; words in one string are tags as well

Other keys belong to other programs and are left alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from builder.assemble.body import Body
from builder.model import Reason, Stray


@dataclass(frozen=True, slots=True)
class Settings:
    """What a note says about its deck; an empty name means that it says nothing."""

    deck: str = ""
    tags: tuple[str, ...] = ()


def read(body: Body) -> tuple[Settings, Sequence[Stray]]:
    """Return the settings, and the fault where the text is no YAML or not what is expected."""
    if not body.cut(0):
        return Settings(), ()
    import yaml

    try:
        # The base loader makes nothing but text, lists and dicts: safer than the safe one.
        values = yaml.load(body.text, Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        # The last two are what yaml lets through for an escape such as "\UFFFFFFFF".
        return Settings(), (_fault(body, error),)
    if not isinstance(values, dict):
        return Settings(), (Stray(Reason.FRONT_MATTER, "expected `key: value` lines", body.place),)
    deck, tags = values.get("deck", ""), values.get("tags", "")
    faults = [
        Stray(Reason.FRONT_MATTER, f"`{key}` must be {wanted}", _line_of(key, body).place)
        for key, wanted, parts in (
            ("deck", "one line of text", [deck]),
            ("tags", "a list of words", tags if isinstance(tags, list) else [tags]),
        )
        if not all(map(_is_text, parts))
    ]
    return Settings(_words(deck), tuple(sorted(set(_tags(tags))))), faults


def _fault(body: Body, error: Exception) -> Stray:
    mark = getattr(error, "problem_mark", None)
    line = body.lines[min(mark.line, len(body.lines) - 1) if mark else 0]
    problem = str(getattr(error, "problem", None) or "this is no YAML")
    return Stray(Reason.FRONT_MATTER, problem, Body(body.file, (line,)).place)


def _line_of(key: str, body: Body) -> Body:
    """Return the line of `key`, or all lines where it is written in another way."""
    lines = tuple(line for line in body.lines if line.text.startswith(f"{key}:"))
    return Body(body.file, lines[-1:] or body.lines)


def _is_text(value: object) -> bool:
    """Tell whether `value` is text that a card can hold: escapes in YAML can make any sign."""
    return isinstance(value, str) and not any(
        unicodedata.category(sign) in {"Cc", "Cs"} and not sign.isspace() for sign in value
    )


def _words(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) and _is_text(value) else ""


def _tags(value: object) -> list[str]:
    """Return tags as Anki holds them: without the spaces that would separate them."""
    if isinstance(value, list):
        return ["-".join(tag.split()) for tag in value if _is_text(tag) and tag.strip()]
    return value.replace(",", " ").split() if isinstance(value, str) and _is_text(value) else []
