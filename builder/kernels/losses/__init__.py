"""Losses."""

from __future__ import annotations

from builder.kernels.losses.binary import BCE_WITH_LOGITS, BINARY_CROSS_ENTROPY
from builder.kernels.losses.classification import HINGE_LOSS, SOFTMAX_CROSS_ENTROPY
from builder.kernels.losses.contrastive import INFO_NCE, TRIPLET_LOSS
from builder.kernels.losses.divergence import KL_DIVERGENCE, KL_DIVERGENCE_NORMAL
from builder.kernels.losses.focal import FOCAL_LOSS
from builder.kernels.losses.loss import CROSS_ENTROPY
from builder.kernels.losses.regression import HUBER_LOSS, MAE, MSE

KERNELS = (
    MSE,
    MAE,
    HUBER_LOSS,
    CROSS_ENTROPY,
    SOFTMAX_CROSS_ENTROPY,
    BINARY_CROSS_ENTROPY,
    BCE_WITH_LOGITS,
    FOCAL_LOSS,
    HINGE_LOSS,
    KL_DIVERGENCE,
    KL_DIVERGENCE_NORMAL,
    INFO_NCE,
    TRIPLET_LOSS,
)
