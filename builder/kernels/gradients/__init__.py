"""Gradients."""

from __future__ import annotations

from builder.kernels.gradients.affine import LINEAR_BACKWARD
from builder.kernels.gradients.backward import RELU_BACKWARD, SOFTMAX_BACKWARD
from builder.kernels.gradients.gradients import NUMERICAL_GRADIENT

KERNELS = (
    NUMERICAL_GRADIENT,
    RELU_BACKWARD,
    SOFTMAX_BACKWARD,
    LINEAR_BACKWARD,
)
