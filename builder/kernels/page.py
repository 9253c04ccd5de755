"""The reference page of the kernels: what is known, and how answers may name things."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from textwrap import wrap

from builder.kernels import NAMES, TOPICS, find
from builder.kernels.kernel import REQUIRED, Kernel, Parameter
from builder.model import CannotRunError

_MOST_VARIANTS = 12
_COLUMN, _WIDEST = 40, 100


def page(name: str | None) -> str:
    """Return the page of the kernel that a function called `name` is judged by, or of all.

    Raises CannotRunError for a name that nobody knows, with the nearest one that is known.
    """
    if name is None:
        return "\n".join(_overview()) + "\n"
    kernel = find(name)
    if kernel is None:
        near = get_close_matches(name, NAMES, n=1)
        known = f"did you mean {near[0]!r}?" if near else "`proofdeck kernels` lists all"
        raise CannotRunError(f"no kernel is known for {name!r}: {known}")
    return "\n".join(_lines(kernel)) + "\n"


def _overview() -> Iterator[str]:
    """Yield a line or more a kernel, topic by topic: its signature, and where it is asked."""
    for topic, kernels in TOPICS.items():
        yield topic
        for kernel in kernels:
            first, indent = f"  {kernel.signature:{_COLUMN}}  ", " " * (_COLUMN + 4)
            if len(first) > len(indent):
                yield from wrap(first, _WIDEST, subsequent_indent="      ")
                first = indent
            yield from wrap(first + _domains(kernel), _WIDEST, subsequent_indent=indent)
        yield ""


def _domains(kernel: Kernel) -> str:
    return "; ".join(domain.words for domain in kernel.domains)


def _lines(kernel: Kernel) -> Iterator[str]:
    yield kernel.signature
    rows = [
        ("also called", ", ".join(kernel.aliases)),
        *((parameter.name, _names(parameter)) for parameter in kernel.parameters),
        ("returns", "the result, or (result, cache)" if kernel.cache else ""),
        ("holds for", _domains(kernel)),
        ("conventions", _variants(kernel)),
        ("formula", kernel.formula),
        ("after", kernel.source),
    ]
    widest = max(len(caption) for caption, text in rows if text)
    yield from (f"  {caption:{widest}}  {text}" for caption, text in rows if text)


def _names(parameter: Parameter) -> str:
    """Return what else a parameter may be called, and what its absence means."""
    parts = []
    if parameter.aliases:
        parts.append(f"or {', '.join(parameter.aliases)}")
    if parameter.complements:
        parts.append(f"1 minus it as {', '.join(parameter.complements)}")
    if parameter.default is not REQUIRED:
        parts.append("may be left out")
    return "; ".join(parts) or "needed"


def _variants(kernel: Kernel) -> str:
    defaults = {one.name: one.default for one in kernel.parameters if one.default is not REQUIRED}
    words = [variant.told(defaults) for variant in kernel.variants]
    told = list(dict.fromkeys(word or "the usual one" for word in words))
    if len(told) == 1:
        return ""
    more = f"; and {len(told) - _MOST_VARIANTS} more" if len(told) > _MOST_VARIANTS else ""
    return "; ".join(told[:_MOST_VARIANTS]) + more
