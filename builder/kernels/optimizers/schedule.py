"""What steers an optimizer: learning-rate schedules, and clipped gradients beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import cos, nan, pi
from typing import Any

import numpy as np

from builder.kernels.kernel import Case, Domain, Kernel, Method, Mistake, Parameter, Variant


def cosine_lr(
    step: float,
    T_max: float,  # noqa: N803 - its name everywhere
    lr_max: float,
    lr_min: float = 0.0,
    warmup: float = 0.0,
    *,
    later: str = "nowhere",
) -> float:
    """Return the learning rate of a step: half a cosine from `lr_max` down to `lr_min`.

    The rate is `lr_min` at step `T_max`, and `later` "held" or "rising" again along the cosine or
    starting "anew" at `lr_max`, or "nowhere" (NaN). It rises from 0 along a line in the first
    `warmup` steps, and falls in those left. Loshchilov, Hutter, SGDR (2017).
    """
    if step < warmup:
        return lr_max * step / warmup
    passed = (step - warmup) / (T_max - warmup)
    if passed > 1.0:
        passed = {"held": 1.0, "rising": passed, "anew": passed % 1.0, "nowhere": nan}[later]
    return lr_min + (lr_max - lr_min) * (1 + cos(pi * passed)) / 2


_LATER = {
    "nowhere": "",
    "held": "lr_min after T_max",
    "rising": "rises again after T_max",
    "anew": "starts anew after T_max",
}


def _scheduled(*asked: tuple[float, ...], hint: str = "") -> list[Case]:
    names = ("step", "T_max", "lr_max", "lr_min", "warmup")
    return [Case(dict(zip(names, values, strict=False)), hint=hint) for values in asked]


def _falling(rng: np.random.Generator) -> list[Case]:
    drawn = [(int(rng.integers(1, 100)), 100, rng.uniform(0.1, 1.0)) for _ in range(2)]
    floors = [(step, total, top, top * 0.1) for step, total, top in drawn]
    used = "fall to the lr_min that was passed"
    return [
        *_scheduled((5, 10, 0.5), (0, 10, 0.5), (10, 10, 0.5), (1, 4, 2.0), (3, 4, 2.0)),
        *_scheduled((1, 1, 1.0), (7, 13, 1e-3)),
        *_scheduled((5, 10, 0.5, 0.1), (0, 10, 0.5, 0.1), (10, 10, 0.5, 0.1), hint=used),
        *_scheduled((2, 6, 1.0, 0.25), (1, 8, 3, 1), hint=used),
        *_scheduled(*drawn),
        *_scheduled(*floors, hint=used),
    ]


def _any(rng: np.random.Generator) -> list[Case]:
    later = _scheduled((12, 10, 0.5), (25, 10, 0.5), (17, 10, 1.0, 0.2), (9, 4, 2.0, 0.5))
    return [*_falling(rng), *later]


def _warming(rng: np.random.Generator) -> list[Case]:
    told = "rise from 0 to lr_max in the steps of the warmup, and fall in those left"
    steps = ((0, 10, 0.5, 0.0, 4), (2, 10, 0.5, 0.0, 4), (4, 10, 0.5, 0.0, 4))
    more = ((7, 10, 0.5, 0.1, 4), (10, 10, 0.5, 0.1, 4), (30, 100, 0.3, 0.01, 10))
    return _scheduled(*steps, *more, hint=told)


def _wrong_lr(fall: Callable[[float], float]) -> Callable[..., float]:
    """Return a schedule that has fallen to the share `fall` of what it may when `x` has passed."""

    def wrong(step: float, T_max: float, lr_max: float, lr_min: float, **_: Any) -> float:  # noqa: N803
        return lr_min + (lr_max - lr_min) * fall(step / T_max)

    return wrong


def _without_floor(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**given, "lr_min": 0.0}


COSINE_LR = Kernel(
    name="cosine_lr",
    aliases=(
        *("cosine_annealing", "cosine_schedule", "cosine_decay", "cosine_annealing_lr"),
        *("cosine_lr_schedule", "cosine_learning_rate", "cosineannealinglrscheduler"),
        *("cosineannealinglr", "cosine_scheduler", "cosinelr", "cosine_decay_schedule"),
        *("cosine_lr_scheduler", "cosineannealing", "cosinescheduler", "cosinelrscheduler"),
        *("cosine_annealing_schedule", "get_cosine_lr", "cosineannealingscheduler"),
    ),
    parameters=(
        Parameter(
            "step",
            (
                *("t", "epoch", "t_cur", "iteration", "current_step", "it", "i", "cur_step"),
                *("global_step", "iter", "current_epoch", "n", "step_num", "T_cur"),
            ),
        ),
        Parameter(
            "T_max",
            (
                *("T", "t_max", "total_steps", "max_steps", "num_steps", "n_steps", "total"),
                *("total_epochs", "epochs", "max_epochs", "num_epochs", "decay_steps", "max_iters"),
                *("n_epochs", "total_iters", "max_step", "tmax", "num_training_steps", "T_i"),
                *(
                    "t_total",
                    "T_total",
                    "period",
                    "n_iter",
                    "steps",
                    "total_iterations",
                    "max_iter",
                ),
            ),
        ),
        Parameter(
            "lr_max",
            (
                *("initial_lr", "base_lr", "lr", "eta_max", "max_lr", "lr0", "lr_init", "peak_lr"),
                *("lr_start", "learning_rate", "init_lr", "initial_learning_rate", "eta0"),
                *(
                    "start_lr",
                    "base_learning_rate",
                    "max_learning_rate",
                    "init_value",
                    "lr_initial",
                ),
            ),
        ),
        Parameter(
            "lr_min",
            (
                *("min_lr", "eta_min", "lr_end", "final_lr", "end_lr", "min_learning_rate"),
                *("lr_final", "minimum_lr", "lrmin"),
            ),
            0.0,
            absent="lr_min = 0",
            least=1e-9,
            most=1.0,
        ),
        Parameter(
            "warmup",
            ("warmup_steps", "num_warmup_steps", "n_warmup", "warmup_iters", "warmup_epochs"),
            0,
            least=0,
            most=1000,
        ),
    ),
    variants=tuple(
        Variant(words, partial(cosine_lr, later=later)) for later, words in _LATER.items()
    ),
    domains=(
        Domain("any step", _any, alone=True),
        Domain("steps up to T_max", _falling, alone=True),
        Domain("a linear warmup", _warming),
    ),
    formula=r"\eta_t = \eta_{\min} + \frac{\eta_{\max} - \eta_{\min}}{2} "
    r"\left(1 + \cos \frac{\pi t}{T}\right)",
    source="Loshchilov, Hutter: SGDR (2017)",
    mistakes=(
        Mistake("halve the sum: (1 + cos) goes from 2 to 0", _wrong_lr(lambda x: 1 + cos(pi * x))),
        Mistake("this rises: add the cosine to 1", _wrong_lr(lambda x: (1 - cos(pi * x)) / 2)),
        Mistake(
            "go through half a period: cos(pi * step / T_max)",
            _wrong_lr(lambda x: (1 + cos(2 * pi * x)) / 2),
        ),
        Mistake("add 1 to the cosine and halve the sum", _wrong_lr(lambda x: cos(pi * x))),
        Mistake(
            "go through half a period, from 2 to 0: this is a quarter of one",
            _wrong_lr(lambda x: cos(pi * x / 2)),
        ),
        Mistake("fall along a cosine, not along a line", _wrong_lr(lambda x: 1 - x)),
        Mistake("pi is missing: cos(pi * step / T_max)", _wrong_lr(lambda x: (1 + cos(x)) / 2)),
        Mistake(
            "scale the fall by lr_max - lr_min",
            lambda lr_min, **given: lr_min + cosine_lr(lr_min=0.0, **given),
        ),
        Mistake("fall to lr_min, not to 0", lambda **given: cosine_lr(**_without_floor(given))),
    ),
    methods=(Method(("get_lr", "__call__", "lr", "get", "get_learning_rate", "step"), {}),),
)
