"""Values become bytes and bytes become values, between a trusted and an untrusted process.

The worker loads this file on its own, so it imports numpy and the standard library, nothing else.
A frame is a magic word, two lengths, a JSON header that describes one value as nested lists, and a
payload with the raw bytes of its arrays. Only exact types travel: None, bool, int, float, str,
list, tuple, dict (whose keys are str, int or short tuples of them) and numpy arrays of plain
dtypes. Anything else arrives as `Opaque`, by its name alone. Nothing of a stranger is ever called:
no pickle, no `np.load`, no `__array__`.
"""

from __future__ import annotations

import collections
import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

HEAD = struct.Struct("!4sIQ")
_MAGIC = b"pdk1"

MOST_HEADER = 1 << 20
MOST_PAYLOAD = 1 << 26
_MOST_NODES = 20_000
_MOST_KEYS = 1_000
_LONGEST_KEY = 4
_MOST_DEPTH = 40
_MOST_AXES = 16  # numpy can stack no more than 64: those of an array, and a list a level
_LONGEST_AXIS = 1 << 40

_DTYPES = frozenset(
    ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
)

Array = npt.NDArray[Any]


class WireError(ValueError):
    """The bytes are no frame of ours."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that does not travel; `kind` names its type."""

    kind: str


@dataclass(frozen=True, slots=True)
class Source:
    """A function as an argument: the expression that makes it where the answer runs."""

    expression: str


# ── values to bytes ──────────────────────────────────────────────────────────────────────────────


def encode(value: object) -> bytes:
    """Return `value` as one frame.

    An array keeps the order of its axes in memory and their direction, so that a transposed or a
    reversed view arrives as one.
    """
    payload: list[bytes] = []
    header = json.dumps(_node(value, payload, 0), separators=(",", ":")).encode()
    body = b"".join(payload)
    return HEAD.pack(_MAGIC, len(header), len(body)) + header + body


_LEAVES: dict[type, tuple[str, Callable[[Any], str]]] = {
    int: ("int", hex),
    float: ("float", float.hex),
    str: ("str", str),
    Source: ("source", lambda source: source.expression),
}


def _node(value: object, payload: list[bytes], depth: int) -> list[Any]:
    if depth > _MOST_DEPTH:
        return ["opaque", "a deeply nested value"]
    kind = type(value)
    if value is None or kind is bool:
        return ["just", value]
    if kind in _LEAVES:
        name, text = _LEAVES[kind]
        return [name, text(value)]
    if kind is list or kind is tuple:
        items = [_node(item, payload, depth + 1) for item in value]  # type: ignore[attr-defined]
        return [kind.__name__, items]
    if kind in _DICTS:
        return _dict_node(value, payload, depth)  # type: ignore[arg-type]
    if kind is np.ndarray or isinstance(value, np.generic):
        return _array_node(np.asarray(value), payload)
    return ["opaque", str(kind.__name__)[:100]]


# They are read by `dict.items` itself: what a stranger's own class would do is never asked.
_DICTS = (dict, collections.Counter, collections.defaultdict, collections.OrderedDict)


def _dict_node(value: dict[object, object], payload: list[bytes], depth: int) -> list[Any]:
    items = list(dict.items(value))
    if not all(_is_key(key) for key, _ in items):
        return ["opaque", "a dict with keys other than str and int"]
    pairs = ([_node(key, payload, depth), _node(item, payload, depth + 1)] for key, item in items)
    return ["dict", list(pairs)]


def _is_key(key: object) -> bool:
    """Tell whether a dict may have this key: text, a whole number, or a tuple of those."""
    if type(key) is tuple:
        return len(key) <= _LONGEST_KEY and all(type(part) in (str, int) for part in key)
    return type(key) in (str, int)


def _array_node(array: Array, payload: list[bytes]) -> list[Any]:
    if array.dtype.str not in _DTYPES:
        return ["opaque", f"an array of dtype {array.dtype}"[:100]]
    if array.ndim > _MOST_AXES:
        return ["opaque", f"an array of {array.ndim} axes"]
    flips = [axis for axis, stride in enumerate(array.strides) if stride < 0]
    order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
    dense = np.flip(array, tuple(flips)).transpose(order)
    payload.append(dense.tobytes())
    return ["array", array.dtype.str, list(dense.shape), order, flips]


# ── bytes to values ──────────────────────────────────────────────────────────────────────────────


def lengths(head: bytes) -> tuple[int, int]:
    """Return the lengths of header and payload that the head of a frame announces.

    Raises WireError where they are beyond what we accept, or where this is no frame.
    """
    magic, header, payload = HEAD.unpack(head)
    if magic != _MAGIC:
        _refuse("no magic word")
    if header > MOST_HEADER or payload > MOST_PAYLOAD:
        _refuse("too large")
    return header, payload


def decode(header: bytes, payload: bytes) -> object:
    """Return the value of a frame whose head was read with `lengths`. Arrays are read-only.

    Raises WireError where the bytes are anything but what `encode` writes.
    """
    try:
        text = header.decode("ascii")
        node = json.loads(text, object_pairs_hook=_refuse, parse_constant=_refuse)
        reader = _Reader(payload)
        value = reader.value(node, 0)
    except WireError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, RecursionError) as error:
        raise WireError(f"malformed: {type(error).__name__}") from None
    if reader.at != len(payload):
        _refuse("bytes left over")
    return value


def _refuse(why: object) -> NoReturn:
    raise WireError(str(why)[:100])


class _Reader:
    """Reads nodes in order and takes each array's bytes off the payload as it comes."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.at = 0
        self.nodes = 0

    def value(self, node: Any, depth: int) -> object:
        self.nodes += 1
        if self.nodes > _MOST_NODES or depth > _MOST_DEPTH + 1:
            _refuse("too many nodes")
        if type(node) is not list or len(node) < 2:
            _refuse("no node")
        kind, what, *more = node
        match kind:
            case "array":
                return self._array(what, *more)
            case "list":
                return list(self._items(what, depth))
            case "tuple":
                return tuple(self._items(what, depth))
            case "dict":
                return self._dict(what, depth)
            case _:
                return _leaf(kind, what)

    def _items(self, nodes: Any, depth: int) -> Iterator[object]:
        if type(nodes) is not list:
            _refuse("no items")
        return (self.value(node, depth + 1) for node in nodes)

    def _dict(self, pairs: Any, depth: int) -> dict[object, object]:
        if type(pairs) is not list or len(pairs) > _MOST_KEYS:
            _refuse("too many keys")
        found: dict[object, object] = {}
        for key, item in pairs:
            name = self.value(key, _MOST_DEPTH)
            if not _is_key(name) or name in found:
                _refuse("no key, or one that is there already")
            found[name] = self.value(item, depth + 1)
        return found

    def _array(self, dtype: Any, shape: Any, order: Any, flips: Any) -> Array:
        if dtype not in _DTYPES or not all(type(part) is list for part in (shape, order, flips)):
            _refuse("no array")
        if len(shape) > _MOST_AXES:
            _refuse("too many axes")
        if any(type(n) is not int or not 0 <= n < _LONGEST_AXIS for n in shape):
            _refuse("no shape")
        if sorted(order) != list(range(len(shape))) or any(axis not in order for axis in flips):
            _refuse("no axes")
        count = 1
        for n in shape:
            count *= n
        size = count * np.dtype(dtype).itemsize
        if size > len(self.payload) - self.at or len(set(flips)) != len(flips):
            _refuse("array beyond the payload")
        flat = np.frombuffer(self.payload, dtype, count, self.at)
        self.at += size
        array = flat.reshape(shape).transpose(np.argsort(order)) if shape else flat.reshape(())
        return np.flip(array, flips) if flips else array


def _leaf(kind: object, what: object) -> object:
    if kind == "just" and (what is None or type(what) is bool):
        return what
    if type(what) is str:
        match kind:
            case "int" if hex(number := int(what, 16)) == what:
                return number
            case "float" if (real := float.fromhex(what)).hex() == what:
                return real
            case "str":
                return what
            case "source":
                return Source(what)
            case "opaque":
                return Opaque(what[:100])
    _refuse("an unknown node")
