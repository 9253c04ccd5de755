"""Metrics."""

from __future__ import annotations

from builder.kernels.metrics.boxes import IOU
from builder.kernels.metrics.confusion import CONFUSION_MATRIX
from builder.kernels.metrics.counting import ACCURACY_SCORE, F1_SCORE, PRECISION, RECALL
from builder.kernels.metrics.cumulated import NDCG
from builder.kernels.metrics.ranking import AVERAGE_PRECISION, ROC_AUC
from builder.kernels.metrics.similarity import COSINE_SIMILARITY, R2_SCORE
from builder.kernels.metrics.suppression import NMS

KERNELS = (
    ACCURACY_SCORE,
    PRECISION,
    RECALL,
    F1_SCORE,
    CONFUSION_MATRIX,
    ROC_AUC,
    AVERAGE_PRECISION,
    NDCG,
    R2_SCORE,
    COSINE_SIMILARITY,
    IOU,
    NMS,
)
