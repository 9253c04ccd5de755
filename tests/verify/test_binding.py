"""Arguments are bound by what parameters are called, never by their position alone."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest

from builder.kernels import find
from builder.kernels.kernel import (
    Bundle,
    Case,
    Function,
    Kernel,
    Method,
    Parameter,
    Variant,
)
from builder.verify.binding import Binding, bind, bind_class
from builder.verify.sandbox import Call
from builder.verify.wire import Source

PLAIN = Variant("")
CONV = {"x": "X", "kernel": "K"}


def _bind(signature: str, kernel: str) -> Binding | str:
    function = ast.parse(f"def {kernel}({signature}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    known = find(kernel)
    assert known
    return bind(kernel, function.args, known)


def _call(signature: str, kernel: str, /, **arguments: Any) -> Call:
    bound = _bind(signature, kernel)
    assert isinstance(bound, Binding), bound
    case = Case(arguments)
    assert bound.expresses(case)
    return bound.call(case)


@pytest.mark.parametrize(
    ("signature", "positional", "named"),
    [
        ("x, kernel, stride=1, pad=0", (), {"x": "X", "kernel": "K", "stride": 2, "pad": 3}),
        ("kernel, x, pad, stride", (), {"x": "X", "kernel": "K", "stride": 2, "pad": 3}),
        ("image, w, s=1, padding=0", (), {"image": "X", "w": "K", "s": 2, "padding": 3}),
        ("X, W, Stride=1, PAD=0", (), {"X": "X", "W": "K", "Stride": 2, "PAD": 3}),
        ("*, k, img, strides=1, p=0", (), {"img": "X", "k": "K", "strides": 2, "p": 3}),
        ("x, kernel, stride=1, pad=0, /", ("X", "K", 2, 3), {}),
        ("kernel, x, /, pad, *, stride", ("K", "X"), {"pad": 3, "stride": 2}),
        ("x, kernel, stride=1, pad=0, mode='same', *rest, debug=None, **more", (),
         {"x": "X", "kernel": "K", "stride": 2, "pad": 3}),
    ],
)  # fmt: skip
def test_names_decide(signature: str, positional: tuple[Any, ...], named: dict[str, Any]) -> None:
    """In any order, under any known name, by position only where nothing else is possible."""
    call = _call(signature, "conv2d", **CONV, stride=2, pad=3)
    assert (call.positional, dict(call.named)) == (positional, named)


def test_a_gap_between_positional_arguments_is_filled() -> None:
    """A later one must not slip into an earlier one's place: the default goes in between."""
    call = _call("x, kernel, stride=1, pad=0, /", "conv2d", **CONV, pad=3)
    assert call == Call("conv2d", ("X", "K", 1, 3), {})
    assert _call("x, kernel, stride=4, pad=0, /", "conv2d", **CONV, pad=3).positional[2] == 4
    assert _call("x, kernel, stride=1, pad=0, /", "conv2d", **CONV).positional == ("X", "K")


@pytest.mark.parametrize("name", ["keep_prob", "p_keep", "keep_rate", "keep_p"])
def test_a_probability_to_keep_is_the_complement(name: str) -> None:
    """What is called keep takes 1 - p."""
    call = _call(f"x, {name}, train=True", "dropout_forward", x="X", p=0.25, train=False)
    assert call.named == {"x": "X", name: 0.75, "train": False}


def test_a_default_of_the_answer_is_what_the_reference_takes() -> None:
    """Its own constant, also as the complement; else the kernel's."""
    for signature, wanted in (
        ("x, kernel, stride=2, pad=1", {"stride": 2, "pad": 1}),
        ("x, kernel, stride=STEP, pad=-0", {"stride": 1, "pad": 0}),
        ("x, kernel", {"stride": 1, "pad": 0}),
        ("x, kernel, padding='valid'", {"stride": 1, "pad": 0}),
    ):
        bound = _bind(signature, "conv2d")
        assert isinstance(bound, Binding)
        assert {**CONV, **wanted}.items() <= bound.canonical(Case(CONV), PLAIN).items()
    bound = _bind("x, keep_prob=0.8", "dropout_forward")
    assert isinstance(bound, Binding)
    assert bound.assumed["train"] is True


def test_a_convention_fills_in_what_nobody_says() -> None:
    """The case goes before the answer's default, and that before the convention."""
    eps = Variant("eps {eps}", defaults={"eps": 1e-8})
    for signature, case, wanted in (
        ("x, gamma, beta", {}, 1e-8),
        ("x, gamma, beta, eps=EPS", {}, 1e-8),
        ("x, gamma, beta, eps=1e-3", {}, 1e-3),
        ("x, gamma, beta, eps", {}, 1e-5),
        ("x, gamma, beta, eps=1e-3", {"eps": 0.5}, 0.5),
    ):
        bound = _bind(signature, "batchnorm_forward")
        assert isinstance(bound, Binding)
        assert bound.canonical(Case(case), eps)["eps"] == wanted
    assert eps.told({"eps": None}) == "eps 1e-8"
    assert eps.told({"eps": 3e-6}) == "eps 3e-6"


def test_what_an_answer_insists_on_is_passed() -> None:
    """A parameter without a default gets the kernel's, where a case says nothing of it."""
    call = _call("x, kernel, stride, pad", "conv2d", **CONV)
    assert call.named == {**CONV, "stride": 1, "pad": 0}
    call = _call("x, gamma, beta, eps", "batchnorm_forward", x=1, gamma=2, beta=3)
    assert call.named["eps"] == 1e-5


@pytest.mark.parametrize(
    ("signature", "absent"),
    [
        ("x, kernel, stride=1, pad=0", ()),
        ("x, kernel, pad=0", ("without stride",)),
        ("x, kernel", ("without stride", "without pad")),
        ("x, kernel, stride=1, padding='same'", ("without pad",)),
    ],
)
def test_a_lack_is_told_and_not_asked(signature: str, absent: tuple[str, ...]) -> None:
    """An answer without an option is asked without it, and its reach says so."""
    bound = _bind(signature, "conv2d")
    assert isinstance(bound, Binding)
    assert bound.absent == absent
    assert bound.expresses(Case(CONV))
    assert bound.expresses(Case({**CONV, "stride": 1, "pad": 0}))
    assert bound.expresses(Case({**CONV, "stride": 2})) == ("without stride" not in absent)


@pytest.mark.parametrize(
    ("kernel", "signature", "why"),
    [
        ("softmax", "", "it has no parameter for `x`"),
        ("softmax", "*args", "it has no parameter for `x`"),
        ("softmax", "**kwargs", "it has no parameter for `x`"),
        ("softmax", "x, q", "its parameter `q` is none that softmax(x, axis=-1) has"),
        ("softmax", "x, z", "`x` and `z` both mean `x`"),
        ("softmax", "x, z=None", "`x` and `z` both mean `x`"),
        ("softmax", "x, debug=0, axis=-1, /", "its parameter `debug` is none"),
        ("softmax", "*, q, x", "its parameter `q` is none"),
        ("dropout_forward", "x, p, keep_prob", "`p` and `keep_prob` both mean `p`"),
        ("cross_entropy", "y_true", "it has no parameter for `y_pred`"),
        ("batchnorm_forward", "self, x, gamma, beta", "its parameter `self` is none"),
    ],
)
def test_what_cannot_be_called_is_told_in_words(kernel: str, signature: str, why: str) -> None:
    """Nothing is guessed: the name that nobody knows, lacks or has twice is in the message."""
    bound = _bind(signature, kernel)
    assert isinstance(bound, str)
    assert why in bound


def test_a_name_that_says_drop_or_keep_is_held_to_it() -> None:
    """Only a plain p may mean either."""
    dropout = find("dropout_forward")
    assert dropout
    keeps = next(variant for variant in dropout.variants if variant.words == "p keeps")
    for name, open_to_it in (("p", True), ("prob", True), ("drop_prob", False),
                             ("rate", False), ("keep_prob", False)):  # fmt: skip
        bound = _bind(f"x, {name}", "dropout_forward")
        assert isinstance(bound, Binding)
        assert bound.follows(keeps) == open_to_it


def test_the_call_is_told_with_the_answers_own_names() -> None:
    """Positional ones, too."""
    bound = _bind("x, w, /, padding=0", "conv2d")
    assert isinstance(bound, Binding)
    case = Case({**CONV, "pad": 2})
    assert list(bound.told(case)) == [("x", "X"), ("w", "K"), ("padding", 2)]


@pytest.mark.parametrize(
    ("kernel", "signature", "eps"),
    [
        ("batchnorm_forward", "x, gamma, beta, eps=1e-3", 1e-3),
        ("batchnorm_forward", "x, gamma, beta, eps=0.0", None),
        ("batchnorm_forward", "x, gamma, beta, eps=-1e-5", None),
        ("batchnorm_forward", "x, gamma, beta, eps=0.5", None),
        ("cross_entropy", "y, p, eps=1e-12", 1e-12),
        ("cross_entropy", "y, p, eps=0", None),
        ("cross_entropy", "y, p, eps=0.01", None),
    ],
)
def test_a_default_without_sense_is_no_convention(
    kernel: str, signature: str, eps: float | None
) -> None:
    """An eps of 0 guards nothing: the reference must not follow it into nan."""
    bound = _bind(signature, kernel)
    assert isinstance(bound, Binding)
    assert bound.assumed["eps"] == eps


# ── dicts, functions, classes ────────────────────────────────────────────────────────────────────

POOL = Kernel(
    name="pool",
    parameters=(
        Parameter("x"),
        Parameter("size", ("k",)),
        Parameter("stride", default=1),
        Parameter("f", default=None),
    ),
    variants=(PLAIN,),
    domains=(),
    formula="",
    source="",
    bundles=(Bundle("param", {"size": "size", "step": "stride"}, ("config",), {"mode": "max"}),),
)


def _bound(signature: str, kernel: Kernel) -> Binding | str:
    function = ast.parse(f"def pool({signature}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    return bind("pool", function.args, kernel)


@pytest.mark.parametrize("name", ["param", "config"])
def test_a_dict_takes_several_parameters(name: str) -> None:
    """Under its keys, with those that a case leaves out, and with what is always the same."""
    bound = _bound(f"x, {name}", POOL)
    assert isinstance(bound, Binding)
    call = bound.call(Case({"x": "X", "size": 2}))
    assert call.named == {"x": "X", name: {"mode": "max", "size": 2, "step": 1}}
    call = bound.call(Case({"x": "X", "size": 2, "stride": 3}))
    assert call.named[name] == {"mode": "max", "size": 2, "step": 3}
    assert bound.call(Case({"x": "X", "size": 2})).named[name]["step"] == 1


def test_a_dict_may_hold_the_complement() -> None:
    """A probability to keep instead of one to drop."""
    keeping = replace(POOL, bundles=(Bundle("param", {"keep": "1 - size"}),))
    bound = _bound("x, param", keeping)
    assert isinstance(bound, Binding)
    assert bound.call(Case({"x": "X", "size": 0.25})).named["param"] == {"keep": 0.75}


def test_a_dict_and_a_parameter_of_it_do_not_go_together() -> None:
    """Nobody could say which one counts."""
    assert _bound("x, k, param", POOL) == "`k` and `param` both mean `size`"


def test_a_function_is_made_where_the_answer_runs() -> None:
    """What travels is its expression."""
    double = Function("lambda w: 2 * w", lambda w: 2 * w)
    bound = _bound("x, k, f", POOL)
    assert isinstance(bound, Binding)
    call = bound.call(Case({"x": 1, "size": 2, "f": double}))
    assert call.named["f"] == Source("lambda w: 2 * w")


MODEL = replace(
    POOL,
    name="model",
    parameters=(
        Parameter("X_train", ("X",)),
        Parameter("y_train"),
        Parameter("X_test", ("query",)),
        Parameter("lr", default=0.1),
    ),
    methods=(
        Method(("fit", "train"), {"X": "X_train", "y": "y_train"}),
        Method(("predict",), {"X": "X_test"}),
    ),
    bundles=(),
)


def _class(body: str) -> Binding | str:
    tree = ast.parse(body)
    (node,) = tree.body
    assert isinstance(node, ast.ClassDef)
    return bind_class(node, MODEL)


@pytest.mark.parametrize(
    "made",
    [
        "def __init__(self, lr=0.5): pass",
        "def __init__(self, *, lr): pass",
        "def __init__(self, epochs=3, lr=0.1): pass",
    ],
)
def test_a_class_is_made_and_its_methods_are_called(made: str) -> None:
    """Each with the parameters that it names, which may mean another thing in each."""
    bound = _class(
        f"class Model:\n    {made}\n    def train(self, X, y): pass\n    def predict(self, X): pass"
    )
    assert isinstance(bound, Binding)
    case = Case({"X_train": 1, "y_train": 2, "X_test": 3, "lr": 0.25})
    call = bound.call(case)
    assert (call.function, call.named) == ("Model", {"lr": 0.25})
    assert [(one.function, one.named) for one in call.then] == [
        ("train", {"X": 1, "y": 2}),
        ("predict", {"X": 3}),
    ]
    assert list(bound.told(case)) == [("lr", 0.25), ("X", 1), ("y", 2), ("X", 3)]


def test_a_dataclass_is_made_of_its_fields() -> None:
    """It has no `__init__` that anybody wrote."""
    bound = _class(
        "@dataclass\nclass Model:\n    lr: float = 0.1\n"
        "    def fit(self, X, y): pass\n    def predict(self, X): pass"
    )
    assert isinstance(bound, Binding)
    assert bound.call(Case({"X_train": 1, "y_train": 2, "X_test": 3, "lr": 1.0})).named == {
        "lr": 1.0
    }


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("def fit(self, X, y): pass", "it has no method `predict`"),
        ("def predict(self, X): pass", "it has no method `fit`"),
        (
            "def fit(self, X): pass\n    def predict(self, X): pass",
            "it has no parameter for `y_train`",
        ),
        ("def __init__(self, k): pass\n    def fit(self, X, y): pass", "its parameter `k` is none"),
    ],
)
def test_a_class_that_cannot_be_asked_is_told_why(body: str, why: str) -> None:
    """By the first thing that it lacks, or has too much."""
    if "(self, k)" in body:
        body += "\n    def predict(self, X): pass"
    found = _class(f"class Model:\n    {body}")
    assert isinstance(found, str)
    assert found.startswith(why)
