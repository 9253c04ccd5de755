"""The vault that notes stand in: how a card's link opens one of them in Obsidian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Vault:
    """A vault's name, and by the file of each note of the bank its path inside the vault."""

    name: str
    paths: Mapping[str, str] = field(default_factory=dict)

    def link(self, target: str) -> str:
        """Return the address of a note by its name or path, with `#Heading` or without.

        >>> Vault("My notes").link("ML/Softmax#Why?")
        'obsidian://open?vault=My%20notes&file=ML%2FSoftmax%23Why%3F'
        """
        return f"obsidian://open?vault={_quoted(self.name)}&file={_quoted(target)}"

    def link_to(self, file: str) -> str:
        """Return the address of a note of the bank, "" where it is not in the vault."""
        path = self.paths.get(file, "")
        return self.link(path) if path else ""


def _quoted(text: str) -> str:
    """Return `text` percent-encoded; a lone half of a character pair becomes a question mark."""
    return quote(text.encode(errors="replace"), safe="")
