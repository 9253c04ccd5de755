"""What cards show of the disk besides their notes, and the step of the build that shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder import files, media, rules
from builder.edition import Edition
from builder.model import Bank, Diagnostic, Verdict
from builder.rules import markdown

_TOLD = {
    "bad-formula": markdown.bad_formula,
    "too-deep": markdown.too_deep,
    "open-gap": markdown.open_gap,
    "empty-question": markdown.nothing_to_see,
    "empty-answer": markdown.nothing_said,
    "no-gap": markdown.no_gap,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """The images of a bank, and the vault that links lead to.

    `vault` is its name, "" where there is none; `paths` are those of the notes in it, by the names
    that people know them by.
    """

    images: media.Gathered
    vault: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)

    def besides(self, bank: Bank) -> Mapping[str, frozenset[str]]:
        """Return by key what a card shows besides its text: its images, the link to its note."""
        shown = self.images.by_card(bank)
        if not self.vault:
            return shown
        return {
            card.key: shown.get(card.key, frozenset()) | {f"{self.vault}/{self.paths[deck.file]}"}
            for deck in bank.decks
            if deck.file in self.paths
            for card in deck.cards
        }

    def show(
        self, bank: Bank, verdicts: Mapping[str, Sequence[Verdict]]
    ) -> tuple[Edition, list[Diagnostic]]:
        """Return the edition of `bank`, and what in it cannot be shown as it is meant."""
        if not bank.decks:
            return Edition(()), []
        from builder.render import Vault, rendered  # it costs 100 ms that an empty bank saves

        vault = Vault(self.vault, self.paths) if self.vault else None
        shown = rendered(bank, verdicts, images=self.images.found, vault=vault)
        told = (_TOLD[one.reason](one.place, one.message, one.hint) for one in shown.unset)
        return shown.edition, list(told)


def scene(
    bank: Bank, notes: Sequence[files.Found], vault: str | None
) -> tuple[Scene, list[Diagnostic]]:
    """Return the scene for `bank`, which was read from `notes`, and what is wrong with its images.

    Raises FileError where the folder `vault` cannot be looked through.
    """
    images = media.gather(bank, notes, vault)
    flaws = rules.on_images(images.flaws)
    if not vault:
        return Scene(images), flaws
    root = Path(vault).resolve()
    at = {note.name: note.path.resolve() for note in notes}
    paths = {
        name: path.relative_to(root).with_suffix("").as_posix()
        for name, path in at.items()
        if path.is_relative_to(root)
    }
    return Scene(images, root.name, paths), flaws
