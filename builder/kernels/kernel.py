"""What a reference kernel is made of: frozen values that a person can write in about twenty lines.

A kernel knows how its function is named and called, what it must return, and where it is asked.
Each `Domain` is a set of cases that belong together, in words that complete "holds for …"; an
answer is right when it holds in one of the domains that stand alone, and the others say how far
it reaches. Each `Variant` is a convention that is no error: an answer must keep to one of them on
all cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arguments = Mapping[str, Any]

REQUIRED = object()
"""The default of a parameter that every answer must have."""


class Level(StrEnum):
    """What a case asks: the plain definition, or numbers on which a naive formula breaks."""

    CORE = "core"
    STABILITY = "stability"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its canonical name, others that people give it, and what its absence means.

    `complements` are names under which answers take 1 minus the value ("keep_prob" for p).
    `absent` completes "holds for …" where an answer lacks the parameter and so reaches less far.
    `usual` is passed to an answer that insists on a parameter whose default here is None. An
    answer's own default is a convention of its own, if it lies between `least` and `most`.
    """

    name: str
    aliases: tuple[str, ...] = ()
    default: object = REQUIRED
    complements: tuple[str, ...] = ()
    absent: str = ""
    usual: object = None
    least: float = -inf
    most: float = inf

    def allows(self, default: object) -> bool:
        """Tell whether an answer's own default is a number that may be taken for a convention."""
        return isinstance(default, bool | int | float) and self.least <= default <= self.most


@dataclass(frozen=True, slots=True)
class Case:
    """One question to an answer: canonical arguments, and what to tell people if it fails.

    `slack` is an absolute tolerance on top of the usual one, for an ill-conditioned case. A case
    with `repeats` is called that often, for answers that are random.
    """

    arguments: Arguments
    level: Level = Level.CORE
    hint: str = ""
    slack: float = 0.0
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Domain:
    """Cases that belong together, from small to large."""

    words: str
    cases: Callable[[np.random.Generator], Sequence[Case]]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why outputs are not what a kernel allows, in words and numbers for people."""

    summary: str
    expected: str = ""
    returned: str = ""
    hint: str = ""


Property = Callable[[Arguments, Sequence[Array]], Complaint | None]
"""Judges the outputs of all repeats of one case, each an array of numbers of any shape."""


def _always(arguments: Arguments) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Variant:
    """A convention: what an answer of this kind returns, or what must hold of what it returns.

    `reference` takes the canonical arguments by name and computes in float64. A random answer has
    a `holds` instead. `applies` leaves cases out that mean nothing under this convention.
    `defaults` are what it takes where neither the case nor the answer says; `words` may name them
    in braces. With `names`, it is open only to answers that have a parameter of such a name.
    """

    words: str
    reference: Callable[..., Any] | None = None
    holds: Property | None = None
    applies: Callable[[Arguments], bool] = _always
    defaults: Arguments = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def arguments(self, given: Arguments) -> dict[str, Any]:
        """Return `given` with this convention's value for each argument that is None."""
        own = {name: value for name, value in self.defaults.items() if given.get(name) is None}
        return {**given, **own}

    def told(self, given: Arguments) -> str:
        """Return the words for an answer that takes `given` of its own accord."""
        values = self.arguments(given).items()
        return self.words.format_map(
            {name: short(value) if isinstance(value, float) else value for name, value in values}
        )


@dataclass(frozen=True, slots=True)
class Mistake:
    """A well-known wrong answer: what it computes, and what to tell whoever gives it."""

    hint: str
    reference: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A reference: names, parameters, conventions, and the domains in which answers are asked.

    `formula` is LaTeX; `source` says where it comes from. With `cache`, an answer may return
    `(out, cache)` and is judged by `out`. `mistakes` are recognised by what they return.
    """

    name: str
    parameters: tuple[Parameter, ...]
    variants: tuple[Variant, ...]
    domains: tuple[Domain, ...]
    formula: str
    source: str
    aliases: tuple[str, ...] = ()
    cache: bool = False
    mistakes: tuple[Mistake, ...] = ()

    @property
    def signature(self) -> str:
        """The canonical signature, `softmax(x, axis=-1)`."""
        parts = (
            parameter.name
            if parameter.default is REQUIRED
            else f"{parameter.name}={parameter.default!r}"
            for parameter in self.parameters
        )
        return f"{self.name}({', '.join(parts)})"


def layouts(array: Array) -> tuple[Array, ...]:
    """Return `array` in memory orders that a right answer doesn't notice: reversed, transposed."""
    reversed_view = array[::-1].copy()[::-1]
    transposed = np.asfortranarray(array)
    return (reversed_view, transposed) if array.ndim > 1 else (reversed_view,)


def short(number: float) -> str:
    """Return `number` as it is written in code: 1e-9, not 1e-09."""
    return f"{number:g}".replace("e-0", "e-")
