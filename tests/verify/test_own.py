"""A bank's own kernels: files beside it, as untrusted as its answers."""

from __future__ import annotations

import os
from pathlib import Path

import commands
import pytest

from builder.kernels import Shelf
from builder.model import Misfit
from builder.source import Source
from builder.verify import Limits
from builder.verify.own import Written, kernel, read
from builder.verify.sandbox import Sandbox

CLIP = '''"""Pascanu, Mikolov, Bengio (2013)"""

ALIASES = ("keep_within",)
PARAMETERS = {"x": ("v", "grad"), "limit": ("bound",)}


def squash(x, limit=1.0):
    return np.minimum(np.maximum(x, -limit), limit)


def variant_upper(x, limit):
    """only from above"""
    return np.minimum(x, limit)


def mistake_lower(x, limit):
    """clip from above, too"""
    return np.maximum(x, -limit)


def mistake_that_raises(x, limit):
    raise ValueError


def cases(rng):
    return [{"x": np.array([0.5, -3.0, 2.0])}, {"x": rng.normal(size=(4, 3)), "limit": 0.25}]


def stability(rng):
    return [{"x": np.array([1e300, -1e300])}]
'''
RIGHT = "def squash(v, bound=1.0):\n    return np.clip(v, -bound, bound)\n"


def _bank(folder: Path, answer: str, **kernels: str) -> Path:
    (folder / "kernels").mkdir(exist_ok=True)
    for name, text in kernels.items():
        (folder / "kernels" / f"{name}.py").write_text(text, encoding="utf-8")
    note = folder / "bank.md"
    note.write_text(f"# Bank\n\n```python\n# 1. Question\n{answer}```\n", encoding="utf-8")
    return note


def _check(note: Path, *more: str) -> tuple[int, str]:
    done = commands.spawn("check", *more, str(note), XDG_CACHE_HOME=os.environ["XDG_CACHE_HOME"])
    return done.returncode, done.stdout.decode()


# ── what it is used for ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (RIGHT, "squash  holds for all of its cases (this bank's own kernel)"),
        (RIGHT.replace("squash", "keep_within"), "(this bank's own kernel)"),
        (
            "def squash(grad, limit):\n    return np.minimum(grad, limit)\n",
            "(this bank's own kernel: only from above)",
        ),
    ],
)
def test_an_answer_is_held_to_it(tmp_path: Path, answer: str, told: str) -> None:
    """By name and alias, with its parameters' names and its conventions; and it is said so."""
    status, report = _check(_bank(tmp_path, answer, squash=CLIP))
    assert (status, told in report) == (0, True), report


def test_a_wrong_answer_is_told_the_likely_cause(tmp_path: Path) -> None:
    """With the smallest input, in the answer's own names, and the mistake that its author knows."""
    answer = "def squash(v, bound=1.0):\n    return np.maximum(v, -bound)\n"
    status, report = _check(_bank(tmp_path, answer, squash=CLIP))
    assert status == 1
    assert "v = [0.5, -3., 2.], bound = 1.0" in report
    assert "= hint: clip from above, too" in report


def test_its_verdicts_are_remembered_until_it_changes(tmp_path: Path) -> None:
    """A cached pass must not outlive the kernel that it was held to."""
    note = _bank(tmp_path, RIGHT, squash=CLIP)
    assert _check(note)[0] == 0
    _bank(tmp_path, RIGHT, squash=CLIP.replace("limit), limit)", "limit), limit) * 2"))
    assert _check(note)[0] == 1
    _bank(tmp_path, RIGHT, squash=CLIP)
    assert _check(note)[0] == 0


def test_a_folder_has_its_own(tmp_path: Path) -> None:
    """What stands beside one bank says nothing of another."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    _bank(tmp_path / "one", RIGHT, squash=CLIP)
    note = _bank(tmp_path / "other", RIGHT)
    note.write_text(note.read_text(encoding="utf-8").replace("Question", "Other"), encoding="utf-8")
    status, report = _check(tmp_path)
    assert status == 1
    assert report.count("no reference kernel is known for `squash`") == 1


def test_new_inputs_are_drawn_for_each_seed(sandbox: Sandbox) -> None:
    """And the same ones for the same."""
    written = read(Source("kernels/squash.py", CLIP), Shelf())
    assert isinstance(written, Written)
    drawn = []
    for seed in (1, 1, 2):
        made = kernel(written, sandbox, seed, Limits())
        assert not isinstance(made, Misfit)
        drawn.append(made.domains[0].cases(None)[1].arguments["x"].tobytes())  # type: ignore[arg-type]
    assert drawn[0] == drawn[1] != drawn[2]


# ── what it may not do ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["softmax", "stable_softmax"])
def test_none_of_the_canon_is_replaced(tmp_path: Path, name: str) -> None:
    """Neither by its name nor by an alias; the canon goes on judging."""
    lenient = f"def {name}(x):\n    return x\ndef cases(rng):\n    return [{{'x': 1.0}}]\n"
    note = _bank(tmp_path, "def softmax(x):\n    return x\n", **{name: lenient})
    status, report = _check(note)
    assert status == 1
    assert f"`{name}` is a kernel of the canon" in report
    assert "error[V301]: `softmax`" in report
    aliased = f"ALIASES = ('{name}',)\n" + lenient.replace(name, "mine")
    (tmp_path / "kernels" / f"{name}.py").unlink()
    assert f"`{name}` is a kernel of the canon" in _check(_bank(tmp_path, RIGHT, mine=aliased))[1]


def test_it_runs_in_the_jail(tmp_path: Path) -> None:
    """A kernel that reaches out finds what an answer finds, and is reported at its line."""
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="utf-8")
    for attempt in (
        f"open({str(secret)!r}, 'w')",
        "__builtins__['__import__']('os').fork()",
        "__builtins__['__import__']('socket').socket()",
    ):
        text = CLIP.replace("    return [{", f"    {attempt}\n    return [{{", 1)
        status, report = _check(_bank(tmp_path, RIGHT, squash=text))
        assert status == 1
        assert "error[V308]: this kernel raises" in report
        assert f"{tmp_path}/kernels/squash.py:26" in report
    assert secret.read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def squash(", "def other(", "this kernel has no function `squash`"),
        ("def cases(", "def asked(", "this kernel has no function `cases`"),
        ("ALIASES", "import os\nALIASES", "`os` may not be imported"),
        ("ALIASES", "print(1)\nALIASES", "this statement would run"),
        ("ALIASES", "ALIASES = (1\nX", "this is no Python"),
        ('("keep_within",)', '"keep_within"', "names cannot be read"),
        ('("bound",)', "3", "names cannot be read"),
        ("limit=1.0", "limit=np.inf", "a default is no plain constant"),
        ("    return [{", "    return 3\n    return [{", "this kernel raises TypeError"),
        ("    return [{", "    return []\n    return [{", "there are no cases"),
        ("    return [{", "    return [3]\n    return [{", "this kernel raises TypeError"),
        ("    return np.minimum(np.maximum", "    return object\n    np.minimum(np.maximum",
         "something that cannot be compared"),
        ("    return np.minimum(np.maximum", "    return 10**400\n    np.minimum(np.maximum",
         "something that cannot be compared"),
        ("    return [{", "    while True: pass\n    return [{", "did not return its cases"),
    ],
)  # fmt: skip
def test_one_that_cannot_be_used_is_an_error_at_its_place(
    sandbox: Sandbox, old: str, new: str, told: str
) -> None:
    """With what is the matter and what to do; nothing is ever raised."""
    found = read(Source("kernels/squash.py", CLIP.replace(old, new, 1)), Shelf())
    if isinstance(found, Written):
        made = kernel(found, sandbox, 1, Limits(wall=1.0))
        assert isinstance(made, Misfit)
        found = made
    assert told in found.message
    assert found.hint


@pytest.mark.parametrize(
    "answered",
    [
        "3", "[3]", "[('cases', 1, [], [])]", "[('cases', {}, [], [])]",
        "[('cases', {'x': 1.0, 'limit': 1.0}, [], [])]",
        "[('cases', {'x': 1.0, 'limit': 1.0}, [1.0, object()], [[], []])]",
        "[('cases', {'x': object(), 'limit': 1.0}, [1.0, 1.0], [[], []])]",
        "[('cases', {'z': 1.0}, [1.0, 1.0], [[], []])]",
    ],
)  # fmt: skip
def test_a_forged_reply_is_no_kernel(sandbox: Sandbox, answered: str) -> None:
    """The file can put itself in the place of what asks it, and gains nothing."""
    forged = CLIP + f"\n\ndef _questions(*_):\n    return {answered}\n"
    written = read(Source("kernels/squash.py", forged), Shelf())
    assert isinstance(written, Written)
    assert isinstance(kernel(written, sandbox, 1, Limits()), Misfit)


def test_two_files_cannot_share_a_name(tmp_path: Path) -> None:
    """The first one keeps it."""
    other = CLIP.replace("def squash", "def twice").replace("keep_within", "squash")
    status, report = _check(_bank(tmp_path, RIGHT, squash=CLIP, twice=other))
    assert status == 1
    assert "`squash` is a kernel of" in report
    assert "error[V301]" not in report


def test_only_the_kernels_that_an_answer_speaks_of_are_run(tmp_path: Path) -> None:
    """And none of them gives an answer more time than others have."""
    endless = CLIP.replace("squash", "other").replace("keep_within", "alike")
    endless = endless.replace("    return [{", "    while True: pass\n    return [{", 1)
    status, report = _check(_bank(tmp_path, RIGHT, squash=CLIP, other=endless))
    assert (status, "V308" in report) == (0, False), report


def test_a_default_that_cannot_be_compared_is_no_crash(tmp_path: Path) -> None:
    """A list as a default, and arrays in a list in a case."""
    kernel = (
        "def mine(x, w=[1]):\n    return x\n\n\ndef cases(rng):\n"
        "    return [{'x': 1.0}, {'x': 2.0, 'w': [np.array([1.0, 2.0])]}]\n"
    )
    status, report = _check(_bank(tmp_path, "def mine(x):\n    return x\n", mine=kernel))
    assert (status, "mine  holds for" in report) == (0, True), report


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """What it leads to is none of the report's business."""
    note = _bank(tmp_path, RIGHT, squash=CLIP)
    (tmp_path / "kernels" / "linked.py").symlink_to("/etc/passwd")
    status, report = _check(note)
    assert (status, "root:" in report) == (0, False)


def test_a_giant_result_is_no_kernel(sandbox: Sandbox) -> None:
    """What would fill the parent's memory is refused."""
    text = CLIP.replace("    return np.minimum(np.maximum", "    return np.zeros(9_000_000, 'i1')\n"
                        "    np.minimum(np.maximum", 1)  # fmt: skip
    written = read(Source("kernels/squash.py", text), Shelf())
    assert isinstance(written, Written)
    assert isinstance(kernel(written, sandbox, 1, Limits()), Misfit)


def test_a_default_of_its_own_is_told(tmp_path: Path) -> None:
    """A case says all arguments, so a default is never asked; the reader learns what it is."""
    status, report = _check(_bank(tmp_path, RIGHT.replace("bound=1.0", "bound=2.0"), squash=CLIP))
    assert (status, "bound=2 by default" in report) == (0, True), report


def test_a_kernel_that_was_renamed_is_another(tmp_path: Path) -> None:
    """Its verdicts are not remembered under the old name."""
    note = _bank(tmp_path, RIGHT, squash=CLIP)
    assert _check(note)[0] == 0
    (tmp_path / "kernels" / "squash.py").rename(tmp_path / "kernels" / "other.py")
    status, report = _check(note)
    assert (status, "no reference kernel is known for `squash`" in report) == (1, True), report
