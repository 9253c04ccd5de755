"""What a run is asked to do: every choice of the command line as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

from builder.export import Looks
from builder.verify.limits import Order


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of one run.

    `output` is the folder to write to, None to write nothing; `exporters` are the names of those
    that write, `looks` how people want to see it. `only` keeps the cards whose question holds this
    text, `tags` those with one of these tags. `vault` is the folder in which images are looked for,
    and to which links lead. `now` is in UNIX seconds. `order` says how answers are judged; with
    `run` False none is. With `locked`, a run that would change the ledger fails. With
    `tombstones`, the notes of cards that left get a package of their own, which tags them.
    """

    paths: tuple[str, ...]
    now: int
    order: Order
    output: str | None = None
    only: str = ""
    tags: tuple[str, ...] = ()
    run: bool = True
    keep_going: bool = False
    exporters: tuple[str, ...] = ("apkg", "pdf")
    looks: Looks = field(default_factory=Looks)
    vault: str | None = None
    locked: bool = False
    tombstones: bool = False

    @property
    def partial(self) -> bool:
        """Whether only some of the cards are asked for."""
        return bool(self.only or self.tags)
