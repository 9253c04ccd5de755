"""Normalization and regularization."""

from __future__ import annotations

from builder.kernels.norms.groups import GROUP_NORM, INSTANCE_NORM
from builder.kernels.norms.layers import LAYER_NORM, RMS_NORM
from builder.kernels.norms.length import L2_NORMALIZE
from builder.kernels.norms.normalization import BATCHNORM_FORWARD
from builder.kernels.norms.penalty import L2_PENALTY
from builder.kernels.norms.regularization import DROPOUT_FORWARD
from builder.kernels.norms.scaling import STANDARDIZE

KERNELS = (
    LAYER_NORM,
    BATCHNORM_FORWARD,
    INSTANCE_NORM,
    GROUP_NORM,
    RMS_NORM,
    STANDARDIZE,
    L2_NORMALIZE,
    DROPOUT_FORWARD,
    L2_PENALTY,
)
