"""Attention and recurrent cells."""

from __future__ import annotations

from builder.kernels.sequences.attention import MULTI_HEAD_ATTENTION, SCALED_DOT_PRODUCT_ATTENTION
from builder.kernels.sequences.position import CAUSAL_MASK, POSITIONAL_ENCODING, ROPE
from builder.kernels.sequences.recurrent import GRU_CELL, LSTM_CELL, RNN_STEP

KERNELS = (
    SCALED_DOT_PRODUCT_ATTENTION,
    MULTI_HEAD_ATTENTION,
    CAUSAL_MASK,
    POSITIONAL_ENCODING,
    ROPE,
    RNN_STEP,
    LSTM_CELL,
    GRU_CELL,
)
