"""Classic machine learning."""

from __future__ import annotations

from builder.kernels.classics.bayes import GAUSSIAN_NAIVE_BAYES
from builder.kernels.classics.clusters import KMEANS
from builder.kernels.classics.components import PCA
from builder.kernels.classics.labels import ENTROPY, GINI_IMPURITY, ONE_HOT
from builder.kernels.classics.linear import LINEAR_REGRESSION
from builder.kernels.classics.logistic import LOGISTIC_REGRESSION
from builder.kernels.classics.neighbours import KNN
from builder.kernels.classics.words import TF_IDF

KERNELS = (
    LINEAR_REGRESSION,
    LOGISTIC_REGRESSION,
    KMEANS,
    KNN,
    PCA,
    GAUSSIAN_NAIVE_BAYES,
    GINI_IMPURITY,
    ENTROPY,
    ONE_HOT,
    TF_IDF,
)
