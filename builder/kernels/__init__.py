"""The reference kernels, by topic. Only the judge may know them: no answer ever sees one."""

from __future__ import annotations

from collections.abc import Iterable

from builder.kernels import (
    activations,
    classics,
    convolutions,
    gradients,
    language,
    losses,
    metrics,
    norms,
    optimizers,
    sequences,
)
from builder.kernels.kernel import Kernel

__all__ = ["CANON", "NAMES", "TOPICS", "Kernel", "Shelf", "find"]

TOPICS = {
    "Activations": activations.KERNELS,
    "Losses": losses.KERNELS,
    "Normalization and regularization": norms.KERNELS,
    "Convolution and pooling": convolutions.KERNELS,
    "Attention and recurrent cells": sequences.KERNELS,
    "Gradients": gradients.KERNELS,
    "Optimizers": optimizers.KERNELS,
    "Metrics": metrics.KERNELS,
    "Classic machine learning": classics.KERNELS,
    "Text and decoding": language.KERNELS,
}
"""The kernels of each topic, in the order of the reference page."""

CANON: tuple[Kernel, ...] = tuple(kernel for kernels in TOPICS.values() for kernel in kernels)
"""Every kernel."""

_BY_NAME = {name: kernel for kernel in CANON for name in (kernel.name, *kernel.aliases)}

NAMES = tuple(_BY_NAME)
"""Every name that a function can be known by."""


class Shelf:
    """Kernels by every name that a function can be known by: the canon's, and a bank's own."""

    def __init__(self, own: Iterable[Kernel] = ()) -> None:
        self._own = {name: kernel for kernel in own for name in (kernel.name, *kernel.aliases)}

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a function can be known by."""
        return *NAMES, *self._own

    def find(self, function: str) -> Kernel | None:
        """Return the kernel for a function of this name, None where nobody knows it.

        The canon goes first: no bank can replace a kernel of it.
        """
        return find(function) or self._own.get(function) or self._own.get(function.lower())


def find(function: str) -> Kernel | None:
    """Return the kernel that a function of this name is judged by, None where nobody knows it."""
    return _BY_NAME.get(function) or _BY_NAME.get(function.lower())
