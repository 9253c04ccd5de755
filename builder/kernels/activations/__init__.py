"""Activations."""

from __future__ import annotations

from builder.kernels.activations.activation import LOG_SOFTMAX, LOGSUMEXP, SOFTMAX
from builder.kernels.activations.rectifier import ELU, GELU, LEAKY_RELU, RELU, SELU, SOFTPLUS
from builder.kernels.activations.sigmoid import MISH, SIGMOID, SOFTSIGN, SWIGLU, SWISH, TANH

KERNELS = (
    RELU,
    LEAKY_RELU,
    ELU,
    SELU,
    SIGMOID,
    TANH,
    SOFTPLUS,
    SOFTSIGN,
    GELU,
    SWISH,
    SWIGLU,
    MISH,
    SOFTMAX,
    LOG_SOFTMAX,
    LOGSUMEXP,
)
