"""The judge: right answers of every style pass, wrong ones fail where they stand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from judging import Example, bank, card, examples, name, no_gate, user_answers, verdict, verdicts

from builder.kernels import CANON, find
from builder.model import Allow, Card, Cause, Place, Status, Verdict
from builder.verify import Limits
from builder.verify.judge import judge
from builder.verify.sandbox import Sandbox

SEEDS = range(50)
FEW = range(8)  # of the styles' seeds; all fifty take a minute, and have been run
USER = user_answers()
RIGHT, WRONG = examples("right"), examples("wrong")


def _over(seeds: range, sandbox: Sandbox, asked: Card) -> list[Verdict]:
    with ThreadPoolExecutor(3) as pool:
        judged = pool.map(lambda seed: judge(asked, sandbox, seed, Limits()), seeds)
        return [verdicts[-1] for verdicts in judged]


# ── no false alarms ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("function", "variant", "domain"),
    [
        ("softmax", "", "one vector"),
        ("cross_entropy", "sum, log(p + 1e-9)", "one-hot rows, one vector, soft labels"),
        ("batchnorm_forward", "", "training mode on (N, D), any eps"),
        ("dropout_forward", "", "0 <= p < 1"),
        ("conv2d", "", "one channel"),
    ],
)
def test_the_users_answers_hold_as_far_as_they_reach(
    sandbox: Sandbox, function: str, variant: str, domain: str
) -> None:
    """Each passes with fifty seeds, and each verdict says the same convention and reach."""
    for found in _over(SEEDS, sandbox, USER[function]):
        assert (found.status, found.variant, found.domain) == (Status.MATCHES, variant, domain)


@pytest.mark.parametrize("example", RIGHT, ids=name)
def test_a_right_answer_passes_in_any_style(sandbox: Sandbox, example: Example) -> None:
    """No seed raises a false alarm, and the verdict names the convention and the reach."""
    for found in _over(FEW, sandbox, card(example.code)):
        assert not example.disagreement(found)


def test_every_kernel_is_tried_with_many_styles() -> None:
    """A kernel that joins the canon brings right and wrong answers along."""
    for kernel in CANON:
        right, wrong = (8, 15) if kernel.name in USER else (3, 4)
        assert sum(example.kernel == kernel.name for example in RIGHT) >= right
        assert sum(example.kernel == kernel.name for example in WRONG) >= wrong


# ── wrong answers ────────────────────────────────────────────────────────────────────────────────


def _limits(example: Example) -> Limits:
    """Return little time where it is to run out, plenty where a busy machine must not matter."""
    return Limits(wall=1.0 if ("status", "timed-out") in example.facts else 10.0)


@pytest.mark.parametrize("example", WRONG, ids=name)
def test_a_wrong_answer_fails_at_its_line(sandbox: Sandbox, example: Example) -> None:
    """It is found in a note, at its place there, and shown with what it was asked."""
    found = bank(f"# Title\n\n```python\n# 1. {example.title}\n{example.code}```\n")
    (asked,) = found.cards()
    with no_gate():
        judged = judge(asked, sandbox, 1, _limits(example))
    assert not example.disagreement(judged[-1], 5)


@pytest.mark.parametrize("example", [one for one in WRONG if one.kernel in USER][::6], ids=name)
def test_the_other_four_answers_do_not_notice(sandbox: Sandbox, example: Example) -> None:
    """In the user's bank a wrong answer is an error, and all others hold as they did."""
    wrong = USER | {example.kernel: card(example.code)}
    judged = {question: judge(one, sandbox, 1, _limits(example)) for question, one in wrong.items()}
    assert judged.pop(example.kernel)[-1].status is not Status.MATCHES
    assert [one.status for (one,) in judged.values()] == [Status.MATCHES] * 4


# ── the same answer, the same verdict ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("function", USER)
def test_the_same_seed_gives_the_same_verdict(sandbox: Sandbox, function: str) -> None:
    """A verdict is a function of the answer, the kernel and the seed."""
    asked = USER[function]
    assert judge(asked, sandbox, 7, Limits()) == judge(asked, sandbox, 7, Limits())


def test_a_random_answer_draws_the_same_numbers_for_the_same_seed(sandbox: Sandbox) -> None:
    """The generators of numpy and of the standard library are seeded for each process."""
    source = """
import random
def softmax(x):
    return np.array([random.random(), np.random.rand()])
"""
    one, again, other = (verdict(sandbox, source, seed=seed) for seed in (3, 3, 4))
    assert one == again
    assert one.evidence != other.evidence


# ── what is judged ───────────────────────────────────────────────────────────────────────────────


def test_helpers_have_no_verdict(sandbox: Sandbox) -> None:
    """A function that another one names is judged through that one."""
    source = "def peak(x):\n    return x.max()\ndef softmax(x):\n    e = np.exp(x - peak(x))\n"
    (only,) = verdicts(sandbox, source + "    return e / e.sum()\n")
    assert (only.function, only.status) == ("softmax", Status.MATCHES)


def test_every_other_function_has_one(sandbox: Sandbox) -> None:
    """What nothing is known about is reported beside what passes, never passed along with it."""
    source = "def softmax(x):\n    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()\n"
    found = verdicts(sandbox, source + "def gelu2(x):\n    return x\nclass Net:\n    pass\n")
    assert [(one.function, one.status) for one in found] == [
        ("softmax", Status.MATCHES),
        ("gelu2", Status.UNCHECKED),
        ("Net", Status.UNCHECKED),
    ]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("x = 1\n", Status.UNCHECKED),
        ("", Status.UNCHECKED),
        ("if True:\n    def softmax(x):\n        return x\n", Status.UNCHECKED),
        ("softmax = np.exp\n", Status.UNCHECKED),
        ("class softmax:\n    pass\n", Status.UNCHECKED),
        ("def f(x):\n    return x\nsoftmax = f\n", Status.DIFFERS),
        ("softmax = lambda x: x\n", Status.DIFFERS),
        ("softmax: object = lambda x: x\n", Status.DIFFERS),
        ("def softmax(x):\n    return x\nsoftmax = None\n", Status.CRASHED),
        ("def softmax(*args):\n    return args\n", Status.REFUSED),
        ("def softmax(x, q):\n    return x\n", Status.REFUSED),
        ("def softmax(x, z):\n    return x\n", Status.REFUSED),
        ("def softmax(x):\n    return x\nreturn\n", Status.CRASHED),
        ("import no_such_module\ndef softmax(x):\n    return x\n", Status.CRASHED),
        ("def softmax(x):\n    return x\n1/0\n", Status.CRASHED),
        ("def np():\n    pass\ndef softmax(x):\n    return np.exp(x)\n", Status.CRASHED),
        ("def softmax(x:\n", Status.REFUSED),
        ("\0", Status.REFUSED),
        ("(" * 500, Status.REFUSED),
    ],
)
def test_nothing_passes_without_being_judged(sandbox: Sandbox, source: str, status: Status) -> None:
    """Whatever has no function that can be asked is unchecked or refused, or fails."""
    assert verdicts(sandbox, source)[-1].status is status


def test_of_two_definitions_the_last_counts(sandbox: Sandbox) -> None:
    """Python keeps the last one, and so does the judge, with its parameters."""
    right = (
        "def softmax({x}):\n    return np.exp({x} - {x}.max()) / np.exp({x} - {x}.max()).sum()\n"
    )
    only = verdict(sandbox, "def softmax(a, b):\n    return 0\n" + right.format(x="z"))
    assert (only.status, only.place.line) == (Status.MATCHES, 3)


def test_a_decorated_function_is_judged_with_its_decorator(sandbox: Sandbox) -> None:
    """What runs is what stands there, and the caret stands under the name."""
    source = """
def doubled(f):
    return lambda x: 2 * f(x)

@doubled
def softmax(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()
"""
    found = verdicts(sandbox, source)[-1]
    assert (found.status, found.place.line, found.place.column) == (Status.DIFFERS, 6, 5)


@pytest.mark.parametrize(
    ("source", "column", "width"),
    [
        ("def softmax(x):\n    return x", 5, 7),
        ("async def softmax(x):\n    return x", 11, 7),
        ("def \\\n  softmax(x):\n    return x", 5, 1),
        ("def   ſoftmax(x):\n    return x", 7, 7),
        ("'ü'; softmax = lambda x: x", 6, 7),
    ],
)
def test_the_caret_marks_the_name(sandbox: Sandbox, source: str, column: int, width: int) -> None:
    """Columns count characters, and names are found as Python reads them."""
    place = verdict(sandbox, source).place
    assert (place.line, place.column, place.end_column - place.column) == (1, column, width)


def test_an_allowed_answer_is_allowed(sandbox: Sandbox) -> None:
    """A wish with a reason takes the place of a kernel; one without is not heard."""
    place = Place("bank.md", 1, 1, 1, 1)
    for reason, status in (("a sketch", Status.ALLOWED), ("", Status.UNCHECKED)):
        asked = card("def sketch(x):\n    return x\n")
        asked = Card(asked.question, asked.answer, "", asked.place, asked.question_place,
                     allows=(Allow("no-kernel", reason, place),))  # fmt: skip
        (found,) = judge(asked, sandbox, 0, Limits())
        assert found.status is status


# ── a pass needs a good end ──────────────────────────────────────────────────────────────────────

RIGHT_SOFTMAX = """
def softmax(x):
    {before}
    e = np.exp(x - np.max(x))
    return e / e.sum()
"""


@pytest.mark.parametrize(
    ("before", "status"),
    [
        ("import os; os.write(4, b'pdk1')", Status.CRASHED),
        ("import os; os.close(4)", Status.CRASHED),
        ("import os, threading; threading.Timer(0.2, os.write, (4, b'x')).start()", None),
        ("import atexit, os; atexit.register(os._exit, 3)", Status.MATCHES),
        ("import sys; sys.modules['wire'].encode = lambda reply: b''", Status.CRASHED),
    ],
)
def test_right_values_and_a_bad_end_are_no_pass(
    sandbox: Sandbox, before: str, status: Status | None
) -> None:
    """Frames beside those of the results are a failure, even where every result is right."""
    found = verdict(sandbox, RIGHT_SOFTMAX.format(before=before), wall=2.0)
    assert found.status in ((status,) if status else (Status.MATCHES, Status.CRASHED))
    if status is Status.MATCHES:
        assert found.cases


def test_frames_after_the_last_one_are_a_failure(sandbox: Sandbox) -> None:
    """An answer that counts its calls and adds bytes to the last reply has left the protocol."""
    source = """
import os
encode = __import__("sys").modules["wire"].encode
def more(reply):
    return encode(reply) + b"more"
calls = []
def softmax(x):
    calls.append(x)
    if x.dtype == "uint8":
        __import__("sys").modules["wire"].encode = more
    e = np.exp(x - np.max(x))
    return e / e.sum()
"""
    found = verdicts(sandbox, source)[-1]
    assert found.status is Status.CRASHED
    assert found.summary == "`softmax` sent something that is no result"


def test_what_an_answer_says_is_harmless(sandbox: Sandbox) -> None:
    """Names and messages of a stranger reach nobody's terminal or log as they are."""
    source = """
def softmax(x):
    return type("\\x1b[31m\\n::error::##[error]\\u202e", (), {})()
"""
    found = verdict(sandbox, source)
    assert found.summary.isprintable()
    assert "##[" not in found.summary
    assert "::" not in found.summary


def test_an_endless_definition_is_late(sandbox: Sandbox) -> None:
    """Not only calls are bounded in time."""
    source = "def softmax(x):\n    return x\nwhile True:\n    pass\n"
    assert verdict(sandbox, source, wall=0.5).status is Status.TIMED_OUT


# ── answers that nobody can check ────────────────────────────────────────────────────────────────


def _allowed(source: str, reason: str = "it draws") -> Card:
    wish = Allow("no-kernel", reason, Place("bank.md", 1, 1, 1, 9))
    return replace(card(source), allows=(wish,))


def test_an_exempted_answer_is_not_even_looked_over(sandbox: Sandbox) -> None:
    """It may import what it likes and print what it likes, because nobody runs it."""
    asked = _allowed("import torch\n\nclass Net(torch.nn.Module): ...\n\nprint(Net())\n")
    (only,) = judge(asked, sandbox, 0, Limits())
    assert (only.status, only.summary) == (Status.ALLOWED, "it draws")


def test_an_exemption_frees_no_known_function(sandbox: Sandbox) -> None:
    """An author cannot wave a wrong softmax through."""
    (only,) = judge(_allowed("def softmax(x):\n    return x\n"), sandbox, 0, Limits())
    assert only.status is Status.DIFFERS
    (only,) = judge(_allowed("import os\ndef softmax(x): ...\n"), sandbox, 0, Limits())
    assert (only.status, only.cause) == (Status.REFUSED, Cause.GATE)


def test_an_exemption_needs_a_reason(sandbox: Sandbox) -> None:
    """Without one it is as if it were not there, and the hint says why."""
    (only,) = judge(_allowed("def g(): ...\n", reason=""), sandbox, 0, Limits())
    assert only.status is Status.UNCHECKED
    assert "needs a reason" in only.hint


def test_a_near_miss_of_a_name_is_told(sandbox: Sandbox) -> None:
    """Whoever drops a letter is told which function was meant."""
    (only,) = judge(card("def sofmax(x): ...\n"), sandbox, 0, Limits())
    assert "did you mean `softmax`?" in only.hint


def test_what_a_right_answer_does_not_hold_for_is_told(sandbox: Sandbox) -> None:
    """A pass says how far it reaches, and how far it does not."""
    (only,) = judge(USER["softmax"], sandbox, 0, Limits())
    assert (only.domain, only.beyond) == ("one vector", "a batch of rows, small integers")


def test_only_a_right_answer_has_its_kernels_formula(sandbox: Sandbox) -> None:
    """It may stand on the card; a wrong answer has nothing to stand beside."""
    right = verdict(sandbox, "def relu(x):\n    return np.maximum(x, 0)\n")
    wrong = verdict(sandbox, "def relu(x):\n    return x\n")
    assert (right.formula, wrong.formula) == (find("relu").formula, "")
    assert right.formula
