"""The `>>>` examples of an answer are promises, and it is held to them."""

from __future__ import annotations

from dataclasses import replace

import judging
import pytest

from builder.model import Allow, Place, Status, Verdict
from builder.verify import Limits
from builder.verify.judge import judge
from builder.verify.sandbox import Sandbox

RELU = '''def relu(x):
    """Return x where it is positive.

    {example}
    """
    return np.maximum(x, 0)
'''


def _verdicts(sandbox: Sandbox, example: str, source: str = RELU) -> tuple[Verdict, ...]:
    text = source.replace("{example}", example.replace("\n", "\n    "))
    return judge(judging.card(text), sandbox, 1, Limits())


@pytest.mark.parametrize(
    "example",
    [
        ">>> relu(np.array([-1.0, 2.0]))\narray([0., 2.])",
        ">>> relu(-1.0)\n0.0",
        ">>> relu(-1.0)\nnp.float64(0.0)",
        ">>> x = np.array([1, -1])\n>>> relu(x).sum()\n1",
        ">>> print(relu(np.arange(3)))\n[0 1   2]",
        ">>> relu(np.arange(100))\narray([ 0, ...99])",
        ">>> {}[5]\nTraceback (most recent call last):\n    ...\nKeyError: 5",
        ">>> def f(x):\n...     return relu(x) + 1\n>>> f(1)\n2",
        "no example at all",
        ">>>not an example",
    ],
)
def test_what_holds_is_not_mentioned(sandbox: Sandbox, example: str) -> None:
    """As Python's prompt shows it, with or without numpy's name of a type."""
    (found,) = _verdicts(sandbox, example)
    assert (found.status, found.summary) == (Status.MATCHES, "")


@pytest.mark.parametrize(
    ("example", "status", "expected", "returned"),
    [
        (">>> relu(-1.0)\n1.0", Status.DIFFERS, "1.0", "np.float64(0.0)"),
        (">>> relu(-1.0)", Status.DIFFERS, "nothing", "np.float64(0.0)"),
        (">>> x = relu(-1.0)\n0.0", Status.DIFFERS, "0.0", "nothing"),
        (">>> relu()\n0.0", Status.CRASHED, "0.0", "TypeError: relu() missing 1"),
        (
            ">>> relu(1)\nTraceback (most recent call last):\nValueError: no",
            Status.DIFFERS,
            "",
            "1",
        ),
        (">>> print('::error::')\nno", Status.DIFFERS, "no", r"\x3a:error\x3a:"),
    ],
)
def test_what_does_not_hold_is_an_error_at_its_line(
    sandbox: Sandbox, example: str, status: Status, expected: str, returned: str
) -> None:
    """With what was typed, what it should show and what it shows."""
    (found,) = _verdicts(sandbox, example)
    evidence = dict(found.evidence)
    assert (found.status, found.function, found.place.line) == (status, "relu", 4)
    assert found.summary == "`relu` shows something else than its own example says"
    assert expected in evidence["expected"]
    assert returned in evidence["returned"]


def test_the_first_wrong_one_is_told(sandbox: Sandbox) -> None:
    """At its own line."""
    (found,) = _verdicts(sandbox, ">>> relu(1)\n1\n>>> relu(2)\n3\n>>> relu(3)\n4")
    assert (found.place.line, dict(found.evidence)["input"]) == (6, "relu(2)")


def test_a_wrong_answer_is_told_beside_its_kernel(sandbox: Sandbox) -> None:
    """Both that the reference says something else, and its own example."""
    wrong = RELU.replace("maximum", "minimum")
    found = _verdicts(sandbox, ">>> relu(2)\n2", wrong)
    assert [one.place.line for one in found] == [1, 4]


def test_an_allowed_answer_is_held_to_its_examples_all_the_same(sandbox: Sandbox) -> None:
    """Nobody knows its function, and still it may not contradict itself."""
    place = Place("bank.md", 1, 1, 1, 2)
    for shown, statuses in (("3", [Status.ALLOWED]), ("4", [Status.ALLOWED, Status.DIFFERS])):
        source = (
            f'def third(x):\n    """\n    >>> third(9)\n    {shown}\n    """\n    return x // 3\n'
        )
        asked = replace(judging.card(source), allows=(Allow("no-kernel", "a toy", place),))
        assert [one.status for one in judge(asked, sandbox, 1, Limits())] == statuses


def test_examples_of_helpers_and_methods_count(sandbox: Sandbox) -> None:
    """Wherever a docstring stands."""
    source = (
        "def top(x):\n    '''\n    >>> top(1)\n    2\n    '''\n    return x\n\n"
        "def relu(x):\n    return np.maximum(top(x), 0)\n"
    )
    found = judge(judging.card(source), sandbox, 1, Limits())
    assert [(one.function, one.status) for one in found] == [
        ("relu", Status.MATCHES),
        ("top", Status.DIFFERS),
    ]


def test_an_example_cannot_escape(sandbox: Sandbox) -> None:
    """It runs where answers run, and ends like them."""
    (found,) = _verdicts(sandbox, ">>> import os\n>>> os._exit(0)\n")
    assert found.status is Status.CRASHED
    (found,) = _verdicts(sandbox, ">>> open('/etc/passwd').read()[:4]\n'root'")
    assert found.status is Status.CRASHED


def test_an_example_that_is_to_be_skipped_is_skipped(sandbox: Sandbox) -> None:
    """doctest's own options are understood; so is the whole name of an exception."""
    traceback = "Traceback (most recent call last):"
    for example in (
        ">>> relu(1)  # doctest: +SKIP\n5",
        f">>> relu([][0])  # doctest: +IGNORE_EXCEPTION_DETAIL\n{traceback}\nIndexError: whatever",
        f">>> np.linalg.inv(np.eye(2) * 0)\n{traceback}\nnumpy.linalg.LinAlgError: Singular matrix",
    ):
        (found,) = _verdicts(sandbox, example)
        assert found.status is Status.MATCHES, example


def test_escapes_in_a_docstring_do_not_lead_astray(sandbox: Sandbox) -> None:
    """A docstring may have more lines than the answer."""
    source = (
        'def relu(x):\n    "\\n\\n\\n\\n\\n\\n\\n\\n\\n>>> 1\\n2\\n"\n    return np.maximum(x, 0)\n'
    )
    (found,) = judge(judging.card(source), sandbox, 1, Limits())
    assert (found.status, found.place.line) == (Status.DIFFERS, 4)
