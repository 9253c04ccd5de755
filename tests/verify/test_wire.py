"""The wire: exact types travel, strangers don't, and no bytes can hurt the one who reads them."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from builder.verify import wire
from builder.verify.wire import HEAD, MOST_HEADER, Opaque, WireError, decode, encode, lengths

laws = settings(max_examples=150, deadline=None, derandomize=True)

DTYPES = ["?", "i1", "u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    PLAIN | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def _through(value: object) -> Any:
    frame = encode(value)
    header, payload = lengths(frame[: HEAD.size])
    body = frame[HEAD.size :]
    assert len(body) == header + payload
    return decode(body[:header], body[header:])


def _frame(node: object, payload: bytes = b"") -> Any:
    header = node if isinstance(node, bytes) else json.dumps(node).encode()
    return decode(header, payload)


def _same(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    match one:
        case list() | tuple():
            return len(one) == len(other) and all(map(_same, one, other))
        case dict():
            return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
        case np.ndarray():
            return (
                one.dtype == other.dtype
                and one.shape == other.shape
                and (one.tobytes() == other.tobytes())
            )
        case float():
            return one.hex() == other.hex()
    return bool(one == other)


def _plain(value: object) -> bool:
    match value:
        case list() | tuple():
            return type(value) in (list, tuple) and all(map(_plain, value))
        case dict():
            return all(type(key) in (str, int) and _plain(value[key]) for key in value)
        case np.ndarray():
            return type(value) is np.ndarray and not value.flags.writeable
    return value is None or type(value) in (bool, int, float, str, Opaque)


# ── what travels ─────────────────────────────────────────────────────────────────────────────────


@laws
@given(VALUES)
def test_a_value_comes_back_as_it_was(value: object) -> None:
    """Types, signs of zero, NaN, order of keys, shapes and bytes: everything that is plain."""
    assert _same(value, _through(value))


@laws
@given(arrays("<f8", array_shapes(min_dims=1, max_dims=3, max_side=4)), st.data())
def test_layouts_are_kept(array: Any, data: st.DataObject) -> None:
    """A transposed, reversed or strided view arrives with its axes in the same order in memory."""
    axes = data.draw(st.permutations(range(array.ndim)))
    steps = tuple(slice(None, None, data.draw(st.sampled_from([1, -1, 2]))) for _ in axes)
    view = array.transpose(axes)[steps]
    found = _through(view)
    assert np.array_equal(view, found, equal_nan=True)
    if all(n > 1 for n in view.shape):
        assert [np.sign(n) for n in view.strides] == [np.sign(n) for n in found.strides]
        assert list(np.argsort(np.abs(view.strides))) == list(np.argsort(np.abs(found.strides)))


def test_arrays_arrive_read_only() -> None:
    """Nobody can change an input, nor make it writable again."""
    found = _through(np.arange(6.0).reshape(2, 3)[::-1].T)
    assert not found.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        found.flags.writeable = True


class Loud:
    """Nothing of a stranger may be called."""

    def __array__(self, *_: object) -> Any:
        raise AssertionError("called")

    __eq__ = __iter__ = __len__ = __reduce__ = __str__ = __array__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


class Number(int):
    pass


class Words(dict[str, int]):
    pass


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Loud(), "Loud"),
        (Number(3), "Number"),
        (Words(a=1), "Words"),
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        (1j, "complex"),
        (np.ma.masked_array([1.0], [True]), "MaskedArray"),
        (np.array([None, 1]), "an array of dtype object"),
        (np.array([1j]), "an array of dtype complex128"),
        (np.array(["a"]), "an array of dtype <U1"),
        (np.array([1.0], dtype=">f8"), "an array of dtype >f8"),
        (np.zeros(2, dtype=[("a", "f8")]), "an array of dtype [('a', '<f8')]"),
        ({1.5: 1}, "a dict with keys other than str and int"),
        ({True: 1}, "a dict with keys other than str and int"),
        (type, "type"),
        (lambda: 1, "function"),
    ],
)
def test_strangers_arrive_by_name_alone(value: object, kind: str) -> None:
    """A subclass is a stranger, too: it could lie about anything."""
    assert _through(value) == Opaque(kind)
    assert _through([value]) == [Opaque(kind)]


def test_what_is_nested_too_deeply_is_cut() -> None:
    """A list in a list in a list, even one that holds itself, ends somewhere."""
    value: list[object] = []
    value.append(value)
    found = _through(value)
    depth = 0
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert isinstance(found, Opaque)
    assert depth < 50


# ── what is refused ──────────────────────────────────────────────────────────────────────────────

ARRAY = ["array", "<f8", [2], [0], []]


@pytest.mark.parametrize(
    "node",
    [
        b"",
        b"[",
        b"null",
        b"NaN",
        b'["just", NaN]',
        b'["float", Infinity]',
        b'{"a": 1}',
        b'["list", [{"a": 1}]]',
        b'\xff\xfe["just",null]',
        '["just", null]'.encode("utf-16"),
        b'["str", "\xc3\xa9"]',
        b"[" * 100_000,
        b'["list",[' * 50_000,
        b'["just", 1' + b"0" * 5000 + b"]",
        ["just", 1],
        ["just"],
        ["just", "text"],
        ["int", 5],
        ["int", "5"],
        ["int", " 0x5"],
        ["int", "0x_5"],
        ["int", "0X5"],
        ["int", "zz"],
        ["float", 1.5],
        ["float", "1.5"],
        ["float", "0x1.8p+99999"],
        ["float", "infinity"],
        ["str", None],
        ["str", ["a"]],
        ["opaque", 3],
        ["other", "x"],
        [["list"], "x"],
        ["list", "abc"],
        ["list", {"a": 1}],
        ["list", 3],
        ["dict", [["str", "a"]]],
        ["dict", [[["str", "a"], ["just", None], ["just", None]]]],
        ["dict", [[["float", (1.5).hex()], ["just", None]]]],
        ["dict", [[["list", []], ["just", None]]]],
        ["dict", [[["str", "a"], ["just", None]], [["str", "a"], ["just", True]]]],
        ["dict", [[["int", hex(n)], ["just", None]] for n in range(1001)]],
        ["list", [["just", None]] * 20_001],
        ["array", "|O", [1], [0], []],
        ["array", ">f8", [1], [0], []],
        ["array", "<c16", [1], [0], []],
        ["array", ["<f8"], [1], [0], []],
        ["array", "<f8", [-1], [0], []],
        ["array", "<f8", [True], [0], []],
        ["array", "<f8", [1.0], [0], []],
        ["array", "<f8", [1 << 41], [0], []],
        ["array", "<f8", [1 << 30, 1 << 30], [0, 1], []],
        ["array", "<f8", [1 << 39, 0, 1 << 39, 1 << 39], [0, 1, 2, 3], []],
        ["array", "<f8", [0] * 33, list(range(33)), []],
        ["array", "<f8", 2, [0], []],
        ["array", "<f8", [2], [1], []],
        ["array", "<f8", [2], [], []],
        ["array", "<f8", [1, 2], [0, 0], []],
        ["array", "<f8", [2], ["0"], []],
        ["array", "<f8", [2], [0], [0, 0]],
        ["array", "<f8", [2], [0], [1]],
        ["array", "<f8", [2], [0], [-1]],
        ["array", "<f8", [2], [0]],
        ["array", "<f8", [2], [0], [], []],
        ["array", "<f8", [3], [0], []],
        ["list", [ARRAY, ARRAY]],
        ["just", None],
        ["array", "<f8", [1], [0], []],
    ],
    ids=lambda node: str(node)[:40],
)
def test_bytes_that_nobody_of_ours_wrote_are_refused(node: object) -> None:
    """Each with a payload of 16 bytes: too few for some, left over for others."""
    with pytest.raises(WireError):
        _frame(node, bytes(16))


def test_the_payload_belongs_to_one_array_each() -> None:
    """Two arrays never share bytes, and none is left."""
    half = ["array", "<f8", [1], [0], []]
    first, second = _frame(["list", [half, half]], np.array([1.0, 2.0]).tobytes())
    assert (first[0], second[0]) == (1.0, 2.0)


@pytest.mark.parametrize(
    "head",
    [
        HEAD.pack(b"pdk2", 2, 0),
        HEAD.pack(b"pdk1", MOST_HEADER + 1, 0),
        HEAD.pack(b"pdk1", 2, wire.MOST_PAYLOAD + 1),
        HEAD.pack(b"pdk1", 2**32 - 1, 2**64 - 1),
    ],
)
def test_a_head_cannot_promise_too_much(head: bytes) -> None:
    """What would be too large is refused before a byte of it is read."""
    with pytest.raises(WireError):
        lengths(head)


def test_numbers_of_any_size_arrive() -> None:
    """Whole numbers travel in base 16, where Python sets no limit, and cost what they weigh."""
    assert _through(-(7**3000)) == -(7**3000)
    assert _through(1 << 800_000) == 1 << 800_000


# ── fuzzing ──────────────────────────────────────────────────────────────────────────────────────

SEEDS = [
    {"returned": np.arange(6.0).reshape(2, 3)},
    {"returned": (np.zeros((2, 0, 3), "f4").T, [1, -2.5, "text", None, True])},
    {"raised": "ValueError", "message": "no", "line": 3, "doing": "calling"},
    {"returned": [[1.0, 2.0], [3.0, 4.0]], 7: np.arange(8, dtype="i2")[::-2]},
    np.array(1.5),
]


def _flipped(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _cut(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 20)]


def _spliced(data: bytearray, rng: random.Random) -> None:
    start, to = rng.randrange(len(data)), rng.randrange(len(data))
    data[to:to] = data[start : start + rng.randint(1, 20)]


def _signs(data: bytearray, rng: random.Random) -> None:
    to = rng.randrange(len(data))
    data[to : to + rng.randint(0, 2)] = rng.choice(
        (b"[", b"]", b",", b'"', b"0", b"9" * 9, b"-", b"1e9", b"null", b"true", b"{", b"\\u0000")
    )


def _random_node(rng: random.Random, depth: int = 0) -> object:
    words = [
        "array",
        "list",
        "tuple",
        "dict",
        "int",
        "float",
        "str",
        "just",
        "opaque",
        "<f8",
        "0x1",
    ]
    match rng.randrange(6 if depth < 4 else 4):
        case 0:
            return rng.choice(words)
        case 1:
            return rng.choice([None, True, 0, 1, -1, 2**70, 1.5])
        case 2:
            return [rng.randrange(3) for _ in range(rng.randrange(4))]
        case 3:
            return [rng.choice(words), rng.choice(words)]
    return [rng.choice(words), *(_random_node(rng, depth + 1) for _ in range(rng.randrange(5)))]


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flipped, _cut, _spliced, _signs)


def _mutated(rng: random.Random) -> tuple[bytes, bytes]:
    frame = encode(rng.choice(SEEDS))
    header, _ = lengths(frame[: HEAD.size])
    if rng.random() < 0.25:
        return json.dumps(_random_node(rng)).encode(), bytes(rng.randrange(64))
    data = bytearray(frame[HEAD.size :])
    rng.choice(CHANGES)(data, rng)
    return bytes(data[:header]), bytes(data[header:])


def test_a_hundred_thousand_broken_frames_do_no_harm() -> None:
    """The decoder returns plain values or raises WireError, and nothing else, whatever it reads."""
    rng = random.Random(2024)
    read = 0
    for _ in range(100_000):
        header, payload = _mutated(rng)
        try:
            value = decode(header, payload)
        except WireError:
            continue
        read += 1
        assert _plain(value)
    assert 0 < read < 50_000, "the frames are neither all whole nor all refused"


def test_a_reply_costs_no_more_than_its_size() -> None:
    """Colliding keys are few by decree, so the worst dict is compared half a million times."""
    prime = sys.hash_info.modulus
    pairs = [[["int", hex(n * prime)], ["just", None]] for n in range(1, 1001)]
    assert len(_frame(["dict", pairs])) == 1000
