"""Kernels of every shape: several signatures, results, classes, functions and in-place answers."""

from __future__ import annotations

from dataclasses import replace

import judging
import numpy as np
import pytest

from builder.kernels import Shelf
from builder.kernels.kernel import (
    Array,
    Bundle,
    Case,
    Domain,
    Function,
    Kernel,
    Level,
    Method,
    Mistake,
    Parameter,
    Variant,
)
from builder.model import Cause, Status, Verdict
from builder.verify import Limits
from builder.verify.judge import judge
from builder.verify.sandbox import Sandbox


def _scaled(x: Array, by: float) -> Array:
    return np.asarray(x * by)


def _asked(rng: np.random.Generator) -> list[Case]:
    hint = "any number may be the factor"
    return [
        Case({"x": np.array([1.0, 2.0]), "by": 3.0}),
        Case({"x": rng.normal(size=(3, 2)), "by": -0.5}, hint=hint),
        Case({"x": np.array([1.0, 2.0]), "by": 1e300}, Level.STABILITY, "mind large factors"),
    ]


SCALE = Kernel(
    name="rescale",
    parameters=(Parameter("x"), Parameter("by", ("factor",))),
    variants=(Variant("", _scaled),),
    domains=(Domain("any array", _asked, alone=True),),
    formula="",
    source="",
    mistakes=(Mistake("multiply, don't add", lambda x, by: x + by),),
)


def _judged(sandbox: Sandbox, kernel: Kernel, source: str) -> Verdict:
    (only,) = judge(judging.card(source), sandbox, 1, Limits(), Shelf([kernel]))
    return only


# ── several signatures ───────────────────────────────────────────────────────────────────────────

FORMS = replace(
    SCALE,
    forms=(
        replace(
            SCALE,
            parameters=(Parameter("x"), Parameter("up"), Parameter("down")),
            variants=(Variant("by a fraction", lambda x, up, down: np.asarray(x * up / down)),),
            domains=(
                Domain(
                    "two numbers",
                    lambda _: [Case({"x": np.array([1.0, 2.0]), "up": 3.0, "down": 4.0})],
                    alone=True,
                ),
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("source", "domain", "variant"),
    [
        ("def rescale(x, by):\n    return x * by\n", "any array", ""),
        ("def rescale(x, up, down):\n    return x * up / down\n", "two numbers", "by a fraction"),
    ],
)
def test_an_answer_is_asked_in_the_form_that_it_has(
    sandbox: Sandbox, source: str, domain: str, variant: str
) -> None:
    """Its parameters say which of the signatures it follows."""
    found = _judged(sandbox, FORMS, source)
    assert (found.status, found.domain, found.variant) == (Status.MATCHES, domain, variant)


def test_a_form_that_nobody_knows_is_refused(sandbox: Sandbox) -> None:
    """With the names of the first one, which is the usual one."""
    found = _judged(sandbox, FORMS, "def rescale(x, sideways):\n    return x\n")
    assert (found.status, found.cause) == (Status.REFUSED, Cause.CALL)
    assert "rescale(x, by)" in found.summary


def test_where_several_forms_fit_one_of_them_must_hold(sandbox: Sandbox) -> None:
    """Names alone don't always tell; of those that fail, the one that reaches furthest is told."""
    power = replace(SCALE, variants=(Variant("to a power", lambda x, by: np.asarray(x**by)),))
    power = replace(power, domains=(replace(SCALE.domains[0], cases=lambda rng: _asked(rng)[:1]),))
    both = replace(SCALE, forms=(power,))
    assert (
        _judged(sandbox, both, "def rescale(x, by):\n    return x ** by\n").variant == "to a power"
    )
    wrong = _judged(sandbox, both, "def rescale(x, by):\n    return x * 3.0\n")
    assert dict(wrong.evidence)["input"].endswith("by = -0.5")
    assert wrong.hint == "any number may be the factor"


# ── several results ──────────────────────────────────────────────────────────────────────────────

BOTH = replace(
    SCALE,
    variants=(
        Variant("sum last", lambda x, by: (x * by, float(np.sum(x * by)))),
        Variant("sum first", lambda x, by: (float(np.sum(x * by)), x * by)),
    ),
    cache=True,
)


@pytest.mark.parametrize(
    ("returned", "variant"),
    [
        ("x * by, np.sum(x * by)", "sum last"),
        ("[np.sum(x * by), x * by]", "sum first"),
        ("x * by, np.sum(x * by), {'x': x}", "sum last"),
    ],
)
def test_results_are_held_each_by_itself(sandbox: Sandbox, returned: str, variant: str) -> None:
    """Their order is a convention, and a cache may follow them."""
    found = _judged(sandbox, BOTH, f"def rescale(x, by):\n    return {returned}\n")
    assert (found.status, found.variant) == (Status.MATCHES, variant)


def test_the_nearest_convention_is_told(sandbox: Sandbox) -> None:
    """Not the first: whoever returns the sum first learns that the sum is wrong."""
    found = _judged(sandbox, BOTH, "def rescale(x, by):\n    return np.max(x * by), x * by\n")
    assert found.summary == ("`rescale` returns 6.0 where the reference returns 9.0 in result 1")


# ── hints ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("x + by", "multiply, don't add"),
        ("x + by + 1e-7", "multiply, don't add"),
        ("x * np.minimum(by, 1e9)", "mind large factors"),
        ("x * abs(by)", "any number may be the factor"),
        ("x * by if by > 0 else None[0]", "any number may be the factor"),
    ],
)
def test_the_likely_cause_is_told(sandbox: Sandbox, body: str, hint: str) -> None:
    """A well-known mistake though it is a little off; else what the case was made for."""
    assert _judged(sandbox, SCALE, f"def rescale(x, by):\n    return {body}\n").hint == hint


# ── dicts, functions, classes, changes in place ──────────────────────────────────────────────────


def test_a_dict_of_options_is_passed_as_one(sandbox: Sandbox) -> None:
    """And shown as one."""
    kernel = replace(SCALE, bundles=(Bundle("config", {"factor": "by"}, fixed={"mode": "up"}),))
    right = "def rescale(x, config):\n    return x * config['factor']\n"
    assert _judged(sandbox, kernel, right).status is Status.MATCHES
    wrong = _judged(sandbox, kernel, "def rescale(x, config):\n    return x\n")
    assert dict(wrong.evidence)["input"] == "config = {'mode': 'up', 'factor': 3.0}, x = [1., 2.]"


def test_an_argument_may_be_a_function(sandbox: Sandbox) -> None:
    """It is called where the answer runs, and its expression is shown."""
    square = Function("lambda v: v ** 2", lambda v: v**2)
    kernel = replace(
        SCALE,
        parameters=(Parameter("f"), Parameter("x")),
        variants=(Variant("", lambda f, x: np.asarray(2 * f(x))),),
        domains=(Domain("any", lambda _: [Case({"f": square, "x": np.array([3.0])})], alone=True),),
        mistakes=(),
    )
    right = "def rescale(f, x):\n    return f(x) + f(x)\n"
    assert _judged(sandbox, kernel, right).status is Status.MATCHES
    wrong = _judged(sandbox, kernel, "def rescale(f, x):\n    return f(x)\n")
    assert dict(wrong.evidence)["input"] == "f = lambda v: v ** 2, x = [3.]"


CLASS = """
class Rescale:
    def __init__(self, by):
        self.by = by

    def fit(self, x):
        self.x = x
        return self

    def transform(self):
        return self.x * self.by
"""


def test_an_answer_may_be_a_class(sandbox: Sandbox) -> None:
    """It is made, then its methods are called; the last one returns the result."""
    methods = (Method(("fit",), {}), Method(("transform", "predict"), {}))
    kernel = replace(SCALE, methods=methods)
    assert _judged(sandbox, kernel, CLASS).status is Status.MATCHES
    wrong = _judged(sandbox, kernel, CLASS.replace("* self.by", "+ self.by"))
    assert (wrong.status, wrong.hint) == (Status.DIFFERS, "multiply, don't add")
    lacking = _judged(sandbox, kernel, CLASS.replace("def fit", "def learn"))
    assert lacking.summary == "`Rescale` cannot be called: it has no method `fit`"
    raising = _judged(sandbox, kernel, CLASS.replace("self.x = x", "raise ValueError(x.shape)"))
    assert (raising.status, raising.place.line) == (Status.CRASHED, 7)


def test_a_class_is_unchecked_where_only_functions_are_known(sandbox: Sandbox) -> None:
    """Nobody knows what its methods would be called."""
    assert _judged(sandbox, SCALE, CLASS).status is Status.UNCHECKED


@pytest.mark.parametrize("in_place", [False, True])
def test_arguments_may_be_changed_only_where_a_kernel_lets_them(
    sandbox: Sandbox, in_place: bool
) -> None:
    """An optimizer may; each call gets arrays of its own."""
    kernel = replace(SCALE, in_place=in_place)
    found = _judged(sandbox, kernel, "def rescale(x, by):\n    x *= by\n    return x\n")
    assert (found.status is Status.MATCHES) == in_place
    if not in_place:
        assert found.hint == "the caller's array is not yours to change: work on a copy"


# ── what an answer's own defaults may not do ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "source",
    [
        "def scaled_dot_product_attention(q, k, v, mask=1e999):\n    return 0.0\n",
        "def sample(logits, temperature=1.0, top_k=0):\n    return 0\n",
        "def sample_token(logits, temperature=1.0, top_k=-1, top_p=-1):\n    return 0\n",
        "def cosine_lr(step, T_max, lr_max, lr_min=0.0, warmup=10**19):\n    return 0.0\n",
        "def cosine_lr(step, T_max, lr_max, lr_min=0.0, warmup=1e999):\n    return 0.0\n",
        "def one_hot(y, num_classes=20000000):\n    return y\n",
        "def conv1d(x, w, pad=10**12):\n    return x\n",
    ],
)
def test_a_default_does_not_empty_the_question(sandbox: Sandbox, source: str) -> None:
    """Neither by making every answer right, nor by keeping the judge busy."""
    (found,) = judge(judging.card(source), sandbox, 1, Limits())
    assert found.status is not Status.MATCHES


def test_a_great_many_functions_are_not_judged(sandbox: Sandbox) -> None:
    """They are refused at once: so large an answer is not even looked at."""
    source = "".join(f"def f{number}():0\n" for number in range(5000))
    (found,) = judge(judging.card(source), sandbox, 1, Limits())
    assert (found.status, found.cause, found.place.line) == (Status.REFUSED, Cause.GATE, 1)
