"""Normalization of images by channels: of instances, and of groups of channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from builder.kernels.kernel import (
    Array,
    Bundle,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    layouts,
)
from builder.kernels.norms.gains import (
    BETA,
    EPS,
    FORWARD,
    GAMMA,
    OFFSET,
    OPTIONAL,
    OWN_EPS,
    Axes,
    Cases,
    Normal,
    X,
    gains,
    learnt,
    mistakes,
    normalized,
    slack,
    variants,
    with_forms,
)


def group_norm(  # noqa: PLR0913
    x: Array,
    gamma: Array | float | None,
    beta: Array | float | None,
    num_groups: int,
    eps: float,
    *,
    axis: int = 1,
    normal: Normal = normalized,
) -> Array:
    """Return gamma * (x - mean) / sqrt(var + eps) + beta in float64, a group at a time.

    x is (N, C, ...), or its C channels lie along `axis`. Each image is normalized by itself: mean
    and biased variance of a group are taken over C / num_groups neighbouring channels and all of
    space. gamma and beta are (C,), or of a shape that broadcasts. Wu, He, Group Normalization
    (2018).
    """
    first = np.moveaxis(np.asarray(x, dtype=np.float64), axis, 1)
    groups = first.reshape(len(first), num_groups, -1)
    scaled = np.moveaxis(normal(groups, (2,), eps).reshape(first.shape), 1, axis)
    return learnt(scaled, gamma, beta, axis)


def instance_norm(
    x: Array,
    gamma: Array | float | None,
    beta: Array | float | None,
    eps: float,
    *,
    axis: int = 1,
    normal: Normal = normalized,
) -> Array:
    """Return gamma * (x - mean) / sqrt(var + eps) + beta in float64, a channel at a time.

    x is (N, C, ...), or its C channels lie along `axis`. Mean and biased variance are taken over
    space, for each channel of each image. gamma and beta are (C,), or of a shape that broadcasts.
    Ulyanov, Vedaldi, Lempitsky, Instance Normalization (2016).
    """
    x = np.asarray(x, dtype=np.float64)
    space = tuple(at for at in range(1, x.ndim) if at != axis % x.ndim)
    return learnt(normal(x, space, eps), gamma, beta, axis)


Question = tuple[Array, dict[str, int]]


def _images(rng: np.random.Generator, groups: Sequence[int]) -> list[Question]:
    """Return images of as many channels as `groups` divide; the last two cancel a naive formula.

    The numbers of groups are told where there are any; images without stand for themselves.
    """
    corner = np.array([0.0, 4.0, 10.0, 30.0, 1.0, 9.0, 5.0, 7.0, 2.0, 3.0, 6.0, 16.0])
    channels = 6 if groups else 2
    arrays: list[Array] = [
        corner[:4].reshape(1, 4, 1, 1) if groups else corner[:2].reshape(1, 1, 1, 2),
        corner.reshape(1, 6, 1, 2) if groups else corner[:8].reshape(1, 2, 2, 2),
        corner.astype(int).reshape(2, 2, 1, 3),
        np.full((1, 2, 2, 1), 3.0),
        *layouts(rng.normal(size=(2, channels, 2, 3))),
        rng.normal(size=(2, channels, 3, 2)).astype(np.float32),
        rng.normal(3.0, 2.0, size=(3, channels, 3, 3)),
        1e-2 * rng.normal(size=(2, channels, 1, 4)),
        rng.normal(scale=1e4, size=(2, channels, 2, 3)),
        1e7 + rng.normal(size=(2, channels, 3, 2)),
    ]
    fitting = (2, 3, 2, 1, *groups, 3, 2, 3)
    own = [{"num_groups": one} for one in fitting] if groups else [{}] * len(arrays)
    return list(zip(arrays, own, strict=True))


def _asked(questions: Sequence[Question], axis: int, rng: np.random.Generator) -> list[Case]:
    cases: list[Case] = []
    for at, (image, own) in enumerate(questions):
        last = at >= len(questions) - 2
        x = np.ascontiguousarray(np.moveaxis(image, 1, axis)) if axis != 1 else image
        learnable = gains(image, image.shape[1], None if at < 4 else rng)
        count = own["num_groups"] if own else image.shape[1]
        flat = image.reshape(len(image) * count, -1)
        level, hint = (Level.STABILITY, OFFSET) if last else (Level.CORE, "")
        loose = slack(flat, (1,)) if last else 0.0
        cases.append(Case({"x": x, **learnable, **own}, level, hint, slack=loose))
    passed = {**cases[4].arguments, "eps": 1e-2}
    return [*cases[:8], Case(passed, hint=OWN_EPS), *cases[8:]]


def _domains(
    groups: Sequence[int], axis: int, words: tuple[str, str], *, shaped: bool = False
) -> tuple[Domain, ...]:
    """Return the domains of images and, beside them, of sequences; `shaped` asks gammas in 4-D."""

    def images(rng: np.random.Generator) -> list[Case]:
        return _asked(_images(rng, groups), axis, rng)

    def sequences(rng: np.random.Generator) -> list[Case]:
        own: dict[str, Any] = {"num_groups": groups[0]} if groups else {}
        arrays: list[Array] = [
            rng.normal(size=(2, 6, 5)),
            rng.normal(size=(1, 6, 2)).astype(np.float32),
        ]
        return [
            Case({"x": np.ascontiguousarray(np.moveaxis(x, 1, axis)), **gains(x, 6, rng), **own})
            for x in arrays
        ]

    broadcast = Domain("gamma and beta of (1, C, 1, 1)", partial(_shaped, images), alone=True)
    return (
        Domain(words[0], images, alone=True),
        *([broadcast] if shaped else []),
        Domain(words[1], sequences),
    )


def _shaped(cases: Cases, rng: np.random.Generator) -> list[Case]:
    def shaped(name: str, value: Any) -> Any:
        return value.reshape(1, -1, 1, 1) if name in OPTIONAL else value

    return [
        replace(case, arguments={name: shaped(name, it) for name, it in case.arguments.items()})
        for case in cases(rng)
    ]


_FIRST, _LAST = ("NCHW images", "NCL sequences"), ("NHWC images", "NLC sequences")


def _family(kernel: Kernel, groups: Sequence[int], size: Parameter) -> Kernel:
    """Return `kernel` with its domains and all its forms: channels first, and channels last."""
    reference = kernel.variants[0].reference
    assert reference is not None, "a layer computes"

    def forms(axis: int, words: tuple[str, str]) -> Iterator[Kernel]:
        own = partial(reference, axis=axis)
        one = replace(
            kernel,
            variants=variants(own),
            domains=_domains(groups, axis, words),
            mistakes=tuple(
                replace(mistake, reference=partial(mistake.reference, axis=axis))
                for mistake in kernel.mistakes
            ),
        )
        whole = with_forms(one, size, lambda x: int(x.shape[axis]))
        yield replace(whole, forms=())
        yield from whole.forms

    _, *first = forms(1, _FIRST)
    return replace(
        kernel,
        domains=_domains(groups, 1, _FIRST, shaped=True),
        methods=FORWARD,
        forms=(*first, *forms(-1, _LAST)),
    )


def _over_batch(x: Array, axes: Axes, eps: float) -> Array:
    return normalized(x, (0, *axes), eps)


def _over_image(x: Array, axes: Axes, eps: float) -> Array:
    return normalized(x, tuple(range(1, x.ndim)), eps)


def _interleaved(x: Array, num_groups: int, axis: int = 1, **given: Any) -> Array:
    """Give channels to groups in turn, as dealing cards does."""
    x = np.moveaxis(np.asarray(x, dtype=np.float64), axis, 1)
    order = np.argsort(np.arange(x.shape[1]) % num_groups, kind="stable")
    bare = {**given, "gamma": None, "beta": None}
    out = group_norm(x[:, order], num_groups=num_groups, **bare)[:, np.argsort(order)]
    return learnt(np.moveaxis(out, 1, axis), given.get("gamma"), given.get("beta"), axis)


def _regrouped(groups: Callable[[int, int], int]) -> Callable[..., Array]:
    """Return `group_norm` with the number of groups that `groups` makes of C and the right one."""

    def wrong(x: Array, num_groups: int, axis: int = 1, **given: Any) -> Array:
        count = groups(x.shape[axis], num_groups)
        return group_norm(x, num_groups=count, axis=axis, **given)

    return wrong


GROUP_NORM = _family(
    Kernel(
        name="group_norm",
        aliases=(
            "groupnorm",
            "group_normalization",
            "group_norm_forward",
            "groupnorm_forward",
            "spatial_groupnorm_forward",
        ),
        parameters=(
            X,
            GAMMA,
            BETA,
            Parameter("num_groups", ("g", "groups", "n_groups", "group", "ngroups", "n_group")),
            EPS,
        ),
        variants=variants(group_norm),
        domains=(),
        formula=r"y = \gamma_c \, \frac{x - \mu_g}{\sqrt{\sigma_g^2 + \varepsilon}} + \beta_c",
        source="Wu, He: Group Normalization (2018)",
        cache=True,
        bundles=(Bundle("gn_param", {"eps": "eps"}, ("params", "param")),),
        mistakes=(
            *mistakes(group_norm),
            Mistake("neighbouring channels share a group: reshape to (N, G, C // G)", _interleaved),
            Mistake(
                "num_groups counts the groups, not the channels in one",
                _regrouped(lambda channels, groups: channels // groups),
            ),
            Mistake(
                "take mean and variance of each group by itself, not of the whole image",
                _regrouped(lambda *_: 1),
            ),
            Mistake(
                "a group is more than one channel: this is instance normalization",
                _regrouped(lambda channels, _: channels),
            ),
            Mistake("normalize each image by itself", partial(group_norm, normal=_over_batch)),
        ),
    ),
    (2, 3, 1, 6),
    Parameter("num_channels", ("channels", "c", "n_channels", "num_features", "dim")),
)

INSTANCE_NORM = _family(
    Kernel(
        name="instance_norm",
        aliases=(
            "instancenorm",
            "instance_normalization",
            "instance_norm_forward",
            "instancenorm2d",
            "instance_norm2d",
            "instance_norm_2d",
        ),
        parameters=(X, replace(GAMMA, aliases=(*GAMMA.aliases, "g")), BETA, EPS),
        variants=variants(instance_norm),
        domains=(),
        formula=r"y = \gamma_c \, \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} + \beta_c",
        source="Ulyanov, Vedaldi, Lempitsky: Instance Normalization (2016)",
        cache=True,
        bundles=(Bundle("in_param", {"eps": "eps"}, ("params", "param")),),
        mistakes=(
            *mistakes(instance_norm),
            Mistake(
                "normalize each image by itself: over the batch, too, it is batch normalization",
                partial(instance_norm, normal=_over_batch),
            ),
            Mistake(
                "normalize each channel by itself: over all of them, it is layer normalization",
                partial(instance_norm, normal=_over_image),
            ),
        ),
    ),
    (),
    Parameter("num_features", ("channels", "c", "n_channels", "num_channels", "dim", "features")),
)
