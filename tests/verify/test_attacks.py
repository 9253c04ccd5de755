"""Attacks on the verdict: whatever a cheating answer does, it does not pass, nor hurts the next.

`cases/attacks` holds one answer an attack and what must be said of it: `refused` by the gate, as
users get it, and all the other facts with the gate open, for what stands behind it must hold by
itself. Without `refused` the gate has nothing against the answer, and the same facts hold for both.
"""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from judging import Example, card, examples, name, no_gate

from builder.model import Status, Verdict
from builder.verify.judge import judge
from builder.verify.limits import Limits
from builder.verify.sandbox import Ending, Job, Reply, Returned, Sandbox
from builder.verify.wire import Opaque

ATTACKS = examples("attacks")
HONEST = ("honest: ", "frames: noise and a right value")
RIGHT = card("def softmax(x):\n    e = np.exp(x - np.max(x))\n    return e / e.sum()\n")
WRONG = card("def softmax(x):\n    e = np.exp(x - np.max(x))\n    return e / e.max()\n")
ENOUGH = Limits(wall=30.0, memory=1 << 29)


def _limits(example: Example) -> Limits:
    """Return little time for what runs for ever, plenty where a busy machine must not matter."""
    late = ("status", "timed-out") in example.facts
    return Limits(wall=0.6 if late else ENOUGH.wall, memory=ENOUGH.memory)


def _verdict(example: Example, sandbox: Sandbox, *, gate: bool) -> Verdict:
    """Return the verdict on `softmax`, or on the whole answer where the gate refuses that."""
    with nullcontext() if gate else no_gate():
        judged = judge(card(example.code), sandbox, 1, _limits(example))
    return next(one for one in judged if one.function in ("softmax", None))


def _facts(example: Example, *, gate: bool) -> dict[str, str]:
    facts = dict(example.facts)
    refused = facts.pop("refused", None)
    return {"status": "refused", "summary": refused} if gate and refused else facts


def _told(fact: str, verdict: Verdict) -> str:
    if fact == "line":
        return str(verdict.place.line)
    return dict(verdict.evidence).get(fact) or str(getattr(verdict, fact, ""))


@pytest.mark.parametrize("gate", [True, False], ids=["as users run it", "with the gate open"])
@pytest.mark.parametrize("example", ATTACKS, ids=name)
def test_an_attack_gets_the_verdict_it_deserves(
    sandbox: Sandbox, example: Example, *, gate: bool
) -> None:
    """And the right answer after it passes, and the wrong one after it fails."""
    found = _verdict(example, sandbox, gate=gate)
    for fact, words in _facts(example, gate=gate).items():
        told = _told(fact, found)
        assert told == words if fact in ("status", "line", "domain") else words in told, found
    assert (found.status is Status.MATCHES) == name(example).startswith(HONEST)
    assert all(line.isprintable() for line in (found.summary, found.hint, *sum(found.evidence, ())))
    assert judge(RIGHT, sandbox, 1, ENOUGH)[0].status is Status.MATCHES
    assert judge(WRONG, sandbox, 1, ENOUGH)[0].status is Status.DIFFERS


# ── whatever comes back ──────────────────────────────────────────────────────────────────────────


class Stranger:
    """In the place of a sandbox: returns the same value to every call, well or badly at the end."""

    def __init__(self, value: object, ending: Ending = Ending.FINISHED) -> None:
        self.reply = (value, ending)

    def run(self, job: Job) -> Reply:
        value, ending = self.reply
        return Reply(tuple(Returned(value) for _ in job.calls), ending)


NUMBERS = [0, 1, -1, True, 10**400, -(10**5000), 0.0, -0.0, 1e308, np.nan, np.inf, 5e-324]
ARRAYS = [
    np.full(shape, value, dtype)
    for shape in ((), (0,), (1,), (2,), (3, 2), (2, 0, 3), (1,) * 16)
    for dtype, value in (
        ("<f8", 0), ("<f8", np.nan), ("<f8", np.inf), ("<f8", 1.7e308), ("<f4", -np.inf),
        ("<f2", 1), ("|b1", 1), ("|i1", -1), ("<u8", 2**64 - 1), ("<i8", -(2**63)),
    )
]  # fmt: skip
OTHERS = [
    None, "", "0.5", "\udc80\x1b", [], (), {}, [[]], [None], [[1], [1, 2]], [1, "a"], {"a": {}},
    {1: 2}, Opaque(""), Opaque("a b"), Opaque("\n::error::"), [Opaque("Yes")], [np.zeros(2), 1.0],
    (np.zeros(2), None), (np.zeros(2), np.zeros(2)), [[[np.zeros((1,) * 16)]]], [np.zeros((0, 2))],
    [10**400, -(10**400)], [True, 10**400], [np.zeros(1 << 20)] * 3, [0.0] * 5000,
]  # fmt: skip
STRANGE = [*NUMBERS, *ARRAYS, *OTHERS]
WHOLE = ("softmax", "cross_entropy", "batchnorm_forward", "dropout_forward", "conv2d")
KERNELS = {example.kernel: card(example.code) for example in examples("right")}


def _nested(depth: int) -> object:
    value: object = np.zeros((1,) * 16)
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_value_of_a_stranger_passes_or_breaks_the_judge(kernel: str) -> None:
    """Whatever the wire may bring, as the answer to all calls, is a verdict and no pass.

    A few kernels of different sorts meet all of it, the others a share.
    """
    all_of_it = [*STRANGE, *(_nested(depth) for depth in (1, 20, 40, 41))]
    share = 1 if kernel in WHOLE else 12
    for value in all_of_it[list(KERNELS).index(kernel) % share :: share]:
        for ending in (Ending.FINISHED, Ending.EXITED):
            (found, *_) = judge(KERNELS[kernel], Stranger(value, ending), 1, ENOUGH)
            assert found.status in (Status.DIFFERS, Status.CRASHED), value
            assert found.summary.isprintable()
