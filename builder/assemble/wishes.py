"""What an author wishes in a comment: a rule to be silent for a card, a key for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from builder.assemble.body import Body
from builder.model import Allow, Place
from builder.parse import Comment

_ALLOW = re.compile(r"allow[ \t]+(?P<rule>[\w-]+)[ \t]*:?[ \t]*(?P<reason>.*)", re.DOTALL)
_IDENTIFIER = re.compile(r"id:[ \t]*(?P<id>\S.*)")


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that is wished for one card."""

    allows: tuple[Allow, ...] = ()
    identifier: str = ""

    @classmethod
    def read(cls, text: str, place: Place) -> Wishes:
        """Return what the text of a comment at `place` wishes for; most comments wish nothing."""
        if found := _IDENTIFIER.fullmatch(text):
            return cls(identifier=found["id"].rstrip())
        if found := _ALLOW.fullmatch(text):
            return cls((Allow(found["rule"], " ".join(found["reason"].split()), place),))
        return cls()

    @classmethod
    def of(cls, several: Iterable[Wishes]) -> Wishes:
        """Return the wishes of all."""
        found = cls()
        for one in several:
            found = found.and_those(one)
        return found

    def and_those(self, later: Wishes) -> Wishes:
        """Return these wishes and later ones; the later key wins."""
        return Wishes(self.allows + later.allows, later.identifier or self.identifier)

    def __bool__(self) -> bool:
        """Whether anything is wished."""
        return bool(self.allows or self.identifier)


def wishes(file: str, comments: Iterable[Comment]) -> Iterator[Wishes]:
    """Yield what each of the comments of `file` wishes for."""
    for comment in comments:
        yield Wishes.read(comment.text, Body.of(file, comment.lines).place)
