"""Values and messages as one harmless line: whatever comes from an answer is shown through here."""

from __future__ import annotations

import numpy as np

from builder.kernels.kernel import Array
from builder.verify.wire import Opaque, Source

_LONGEST = 160
_MOST_ELEMENTS = 24
_MOST_ITEMS = 4


def harmless(text: str, longest: int = _LONGEST) -> str:
    """Return `text` on one line, cut, with everything escaped that a terminal could obey."""
    shown = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text[: longest + 1])
    for order in ("##[", "::"):  # a CI log takes orders: the one anywhere, the other at a start
        if order in shown:
            shown = shown.replace(order, f"\\x{ord(order[0]):02x}{order[1:]}")
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")


def show(value: object) -> str:
    """Return `value` as a person would write it: an array by its numbers, or by its shape."""
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, float):
        return f"{value:.6g}" if value != _whole(value) else f"{value:.1f}"
    if isinstance(value, Opaque):
        return harmless(value.kind)
    if isinstance(value, Source):
        return harmless(value.expression)
    if isinstance(value, list | tuple | dict):
        return _items(value)
    if type(value) is int and abs(value) >= 10**_MOST_ELEMENTS:
        return f"a whole number of {value.bit_length()} bits"
    return harmless(repr(value[: _LONGEST + 1] if isinstance(value, str) else value))


def _items(values: list[object] | tuple[object, ...] | dict[object, object]) -> str:
    """Return the first few items, in the brackets of their kind."""
    first, last = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}[type(values)]
    parts = [_item(value) for value in list(values)[:_MOST_ITEMS]]
    if isinstance(values, dict):
        parts = [f"{show(key)}: {_item(values[key])}" for key in list(values)[:_MOST_ITEMS]]
    more = ", …" if len(values) > _MOST_ITEMS else "," if len(values) == 1 and first == "(" else ""
    return harmless(f"{first}{', '.join(parts)}{more}{last}")


def _item(value: object) -> str:
    return show(value.item() if isinstance(value, np.ndarray) and not value.ndim else value)


def _whole(value: float) -> float:
    """Return `value` rounded where it is a whole number of modest size, else NaN."""
    return float(round(value)) if abs(value) < 1e6 else float("nan")


def _array(array: Array) -> str:
    kind = "" if array.dtype.str in ("<f8", "<i8", "|b1") else f" ({array.dtype})"
    if array.size > _MOST_ELEMENTS:
        first = ", ".join(show(item) for item in array.flat[:4].tolist())
        return f"shape {array.shape}, [{first}, …]{kind}"
    text = np.array2string(array, separator=", ", precision=6, max_line_width=10_000)
    text = " ".join(text.split())
    for padded, tight in (("[ ", "["), (" ]", "]"), (" ,", ",")):
        text = text.replace(padded, tight)
    return text + kind
