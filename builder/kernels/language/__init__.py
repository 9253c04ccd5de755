"""Text and decoding."""

from __future__ import annotations

from builder.kernels.language.beams import BEAM_SEARCH
from builder.kernels.language.bpe import BPE_MERGE
from builder.kernels.language.decoding import PERPLEXITY
from builder.kernels.language.sampling import SAMPLE
from builder.kernels.language.text import LEVENSHTEIN, OSA
from builder.kernels.language.truncation import TOP_K, TOP_P

KERNELS = (
    LEVENSHTEIN,
    OSA,
    BPE_MERGE,
    TOP_K,
    TOP_P,
    SAMPLE,
    BEAM_SEARCH,
    PERPLEXITY,
)
