"""The reference kernels, by topic. Only the judge may know them: no answer ever sees one."""

from __future__ import annotations

from builder.kernels.activation import LOG_SOFTMAX, LOGSUMEXP, SOFTMAX
from builder.kernels.binary import BCE_WITH_LOGITS, BINARY_CROSS_ENTROPY
from builder.kernels.classification import HINGE_LOSS, SOFTMAX_CROSS_ENTROPY
from builder.kernels.contrastive import INFO_NCE, TRIPLET_LOSS
from builder.kernels.convolution import CONV2D
from builder.kernels.divergence import KL_DIVERGENCE, KL_DIVERGENCE_NORMAL
from builder.kernels.kernel import Kernel
from builder.kernels.loss import CROSS_ENTROPY
from builder.kernels.normalization import BATCHNORM_FORWARD
from builder.kernels.rectifier import ELU, GELU, LEAKY_RELU, RELU, SELU, SOFTPLUS
from builder.kernels.regression import HUBER_LOSS, MAE, MSE
from builder.kernels.regularization import DROPOUT_FORWARD
from builder.kernels.sigmoid import MISH, SIGMOID, SOFTSIGN, SWIGLU, SWISH, TANH

__all__ = ["CANON", "NAMES", "Kernel", "find"]

CANON = (
    *(RELU, LEAKY_RELU, ELU, SELU, SIGMOID, TANH, SOFTPLUS, SOFTSIGN, GELU, SWISH, SWIGLU, MISH),
    *(SOFTMAX, LOG_SOFTMAX, LOGSUMEXP),
    *(MSE, MAE, HUBER_LOSS, CROSS_ENTROPY, SOFTMAX_CROSS_ENTROPY, BINARY_CROSS_ENTROPY),
    *(BCE_WITH_LOGITS, HINGE_LOSS, KL_DIVERGENCE, KL_DIVERGENCE_NORMAL, INFO_NCE, TRIPLET_LOSS),
    *(BATCHNORM_FORWARD, DROPOUT_FORWARD, CONV2D),
)
"""Every kernel, in the order of the reference page."""

_BY_NAME = {name: kernel for kernel in CANON for name in (kernel.name, *kernel.aliases)}

NAMES = tuple(_BY_NAME)
"""Every name that a function can be known by."""


def find(function: str) -> Kernel | None:
    """Return the kernel that a function of this name is judged by, None where nobody knows it."""
    return _BY_NAME.get(function) or _BY_NAME.get(function.lower())
