"""Values and messages as one harmless line: whatever comes from an answer is shown through here."""

from __future__ import annotations

import numpy as np

from builder.kernels.kernel import Array
from builder.verify.wire import Opaque

_LONGEST = 160
_MOST_ELEMENTS = 24


def harmless(text: str, longest: int = _LONGEST) -> str:
    """Return `text` on one line, cut, with everything escaped that a terminal could obey."""
    shown = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def show(value: object) -> str:
    """Return `value` as a person would write it: an array by its numbers, or by its shape."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, float):
        return f"{value:.6g}" if value != int_or_nan(value) else f"{value:.1f}"
    if isinstance(value, Opaque):
        return harmless(value.kind)
    return harmless(repr(value))


def int_or_nan(value: float) -> float:
    """Return `value` rounded where it is a whole number of modest size, else NaN."""
    return float(round(value)) if abs(value) < 1e6 else float("nan")


def _array(array: Array) -> str:
    kind = "" if array.dtype.str in ("<f8", "<i8", "|b1") else f" ({array.dtype})"
    if array.size > _MOST_ELEMENTS:
        first = ", ".join(show(item) for item in array.ravel()[:4].tolist())
        return f"shape {array.shape}, [{first}, …]{kind}"
    text = np.array2string(array, separator=", ", precision=6, max_line_width=10_000)
    return " ".join(text.split()) + kind
