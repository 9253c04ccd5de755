"""What a run is asked to do: every choice of the command line as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from builder.verify.limits import Order

Paper = Literal["a4", "letter"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices of one run.

    `output` is the folder to write to, None to write nothing. `only` keeps the cards whose
    question holds this text. `now` is in UNIX seconds. `order` says how answers are judged; with
    `run` False none is. With `locked`, a run that would change the ledger fails. With
    `tombstones`, the notes of cards that left get a package of their own, which tags them.
    """

    paths: tuple[str, ...]
    now: int
    order: Order
    output: str | None = None
    only: str = ""
    run: bool = True
    keep_going: bool = False
    paper: Paper = "a4"
    locked: bool = False
    tombstones: bool = False
