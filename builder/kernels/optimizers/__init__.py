"""Optimizers."""

from __future__ import annotations

from builder.kernels.optimizers.adam import ADAM, ADAMW
from builder.kernels.optimizers.adaptive import ADAGRAD, RMSPROP
from builder.kernels.optimizers.clipping import CLIP_GRAD_NORM
from builder.kernels.optimizers.optimizer import NESTEROV, SGD_MOMENTUM
from builder.kernels.optimizers.schedule import COSINE_LR

KERNELS = (
    SGD_MOMENTUM,
    NESTEROV,
    ADAGRAD,
    RMSPROP,
    ADAM,
    ADAMW,
    CLIP_GRAD_NORM,
    COSINE_LR,
)
