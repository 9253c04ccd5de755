"""The reference kernels, by topic. Only the judge may know them: no answer ever sees one."""

from __future__ import annotations

from builder.kernels.activation import SOFTMAX
from builder.kernels.convolution import CONV2D
from builder.kernels.kernel import Kernel
from builder.kernels.loss import CROSS_ENTROPY
from builder.kernels.normalization import BATCHNORM_FORWARD
from builder.kernels.regularization import DROPOUT_FORWARD

__all__ = ["CANON", "Kernel", "find"]

CANON = (SOFTMAX, CROSS_ENTROPY, BATCHNORM_FORWARD, DROPOUT_FORWARD, CONV2D)
"""Every kernel, in the order of the reference page."""

_BY_NAME = {name: kernel for kernel in CANON for name in (kernel.name, *kernel.aliases)}


def find(function: str) -> Kernel | None:
    """Return the kernel that a function of this name is judged by, None where nobody knows it."""
    return _BY_NAME.get(function) or _BY_NAME.get(function.lower())
