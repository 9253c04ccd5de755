"""Convolution and pooling."""

from __future__ import annotations

from builder.kernels.convolutions.convolution import CONV2D
from builder.kernels.convolutions.pooling import AVG_POOL2D, GLOBAL_AVG_POOL, MAX_POOL2D
from builder.kernels.convolutions.sliding import CONV1D, CONV_TRANSPOSE2D

KERNELS = (
    CONV2D,
    CONV1D,
    CONV_TRANSPOSE2D,
    MAX_POOL2D,
    AVG_POOL2D,
    GLOBAL_AVG_POOL,
)
