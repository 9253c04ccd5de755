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
from math import inf, isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Arguments = Mapping[str, Any]
Result = Any
"""What a reference returns, and so what an answer must: a number or an array of numbers; a `tuple`
of several results, each judged by itself; or text, a `list` of texts or tuples, a `dict`."""

REQUIRED = object()
"""The default of a parameter that every answer must have."""


COMPLEMENT = "1 - "
"""Stands before a parameter's name where an answer takes 1 minus its value."""


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
        if not isinstance(default, bool | int | float) or not isfinite(default):
            return False
        return self.least <= default <= self.most


@dataclass(frozen=True, slots=True)
class Function:
    """An argument that is a function: what the answer is given, as Python, and what we call."""

    expression: str
    value: Callable[..., Any]

    def __call__(self, *arguments: Any) -> Any:
        """Call it, as a reference does."""
        return self.value(*arguments)


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
    align: Callable[[Result, Result], Result] | None = None

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
class Bundle:
    """A dict that answers may take instead of single parameters: `conv_param["stride"]`.

    `keys` maps each key to the parameter whose value stands there, or "1 - p" for 1 minus it;
    `fixed` are entries that are always passed as they are, {"mode": "train"}.
    """

    name: str
    keys: Mapping[str, str]
    aliases: tuple[str, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """A call of a method of a class: its name, and which parameters of the kernel it may take.

    `names` are what it may be called. `parameters` maps the name of a parameter of the method to
    the kernel's: `fit(X, y)` takes `X_train` under the name of X, and `predict(X)` takes `X_test`.
    """

    names: tuple[str, ...]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A reference: names, parameters, conventions, and the domains in which answers are asked.

    `formula` is LaTeX; `source` says where it comes from. With `cache`, an answer may return one
    thing more than the reference does, as in `(out, cache)`, and is judged without that last one.
    `mistakes` are recognised by what they return. `forms` are other signatures under the same
    name, each with conventions and cases of its own. With `methods`, an answer may be a class: it
    is made with the parameters that `__init__` names, then each method is called in turn, and the
    last one returns the result. With `in_place`, answers may change the arrays they are given.
    Where a kernel is `patient`, a slow reference gives answers more time.
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
    bundles: tuple[Bundle, ...] = ()
    methods: tuple[Method, ...] = ()
    forms: tuple[Kernel, ...] = ()
    in_place: bool = False
    patient: bool = True

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
    if isinstance(number, bool):
        return str(number)
    return f"{number:g}".replace("e-0", "e-")
