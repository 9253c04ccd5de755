"""What convolutions of channels share: the reference, parameters, mistakes, cases and forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
    Variant,
    layouts,
)

Given = dict[str, Any]
Reference = Callable[..., Array]


def convolve(
    x: Array,
    w: Array,
    b: Array | float | None = None,
    stride: int = 1,
    pad: int = 0,
    dilation: int = 1,
) -> Array:
    """Return the cross-correlation of channels (..., C, *size) with filters (F, C, *window).

    Each axis of x is padded with `pad` zeros at both ends, the window has its elements `dilation`
    apart and moves by `stride`; b is (F,), a number or nothing. The result is (..., F, *size') in
    float64, with (size + 2 pad - dilation (window - 1) - 1) // stride + 1 along each axis.
    Dumoulin, Visin, A Guide to Convolution Arithmetic for Deep Learning (2016).
    """
    x, w = (np.asarray(a, dtype=np.float64) for a in (x, w))
    d = w.ndim - 2
    stride, pad, dilation = int(stride), int(pad), int(dilation)
    padded = np.pad(x, [(0, 0)] * (x.ndim - d) + [(pad, pad)] * d)
    reach = [dilation * (k - 1) + 1 for k in w.shape[2:]]
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=tuple(range(-d, 0)))
    steps: tuple[Any, ...] = (
        ...,
        *[slice(None, None, stride)] * d,
        *[slice(None, None, dilation)] * d,
    )
    windows = windows[steps]
    summed = [-2 * d - 1, *range(-d, 0)]
    out = np.tensordot(windows, w, axes=(summed, list(range(1, d + 2))))
    return np.moveaxis(out + (0.0 if b is None else np.asarray(b, dtype=np.float64)), -1, -d - 1)


def convolve_last(x: Array, w: Array, b: Array | float | None = None, **options: int) -> Array:
    """Return `convolve` of images (..., *size, C) with filters (*window, C, F)."""
    axis = 1 - np.ndim(w)
    filters = np.moveaxis(w, (-1, -2), (0, 1))
    bias = None if b is None else np.ravel(b)
    return np.moveaxis(convolve(np.moveaxis(x, -1, axis), filters, bias, **options), axis, -1)


# ── parameters ───────────────────────────────────────────────────────────────────────────────────

STRIDE = Parameter("stride", ("s", "strides"), default=1, absent="without stride", least=1, most=99)
PAD = Parameter("pad", ("padding", "p"), default=0, absent="without pad", least=0, most=9)
DILATION = Parameter("dilation", ("dilation_rate", "dilations", "dil"), default=1, least=1, most=1)
NUMBER = Parameter("b", ("bias",), default=0.0, least=-1e6, most=1e6)
"""The bias of a single channel."""

X = Parameter("x", ("input", "inputs", "a", "a_prev", "images", "image", "img", "batch", "signal"))
FILTERS = Parameter(
    "w", ("kernel", "kernels", "weight", "weights", "filter", "filters", "filt", "k")
)
BIAS = Parameter("b", ("bias", "biases"), default=None)
OPTIONS = Bundle(
    "conv_param",
    {"stride": "stride", "pad": "pad"},
    ("conv_params", "hparameters", "hparams", "hyperparameters", "params", "param"),
)


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────

NOT_FLIPPED = "networks correlate: the kernel is not flipped"


def deaf(reference: Reference, **options: Any) -> Reference:
    """Return `reference` with fixed options, whatever is passed."""
    return lambda **given: reference(**{**given, **options})


def option_mistakes(reference: Reference) -> tuple[Mistake, ...]:
    """Return the mistakes of whoever leaves an option out."""
    return (
        Mistake("pad with zeros: this one is not padded", deaf(reference, pad=0)),
        Mistake("move the window by the stride: this one moves it by 1", deaf(reference, stride=1)),
        Mistake(
            "space the kernel's elements by the dilation: here they are neighbours",
            deaf(reference, dilation=1),
        ),
        Mistake("add the bias to every output", deaf(reference, b=0.0)),
    )


def _first_channel(reference: Reference, axis: int, x: Array, **given: Any) -> Array:
    channels = np.moveaxis(np.array(x, dtype=np.float64), axis, 0)
    channels[1:] = 0
    return reference(x=np.moveaxis(channels, 0, axis), **given)


def _flipped(reference: Reference, window: tuple[int, ...], w: Array, **given: Any) -> Array:
    return reference(w=np.flip(w, window), **given)


# ── cases ────────────────────────────────────────────────────────────────────────────────────────


def _as_it_is(given: Given) -> Given:
    return given


def _one(given: Given) -> Given:
    return {**given, "x": given["x"][0]}


def _last(given: Given) -> Given:
    x, w = np.moveaxis(given["x"], 1, -1), np.moveaxis(given["w"], (0, 1), (-1, -2))
    return {**given, "x": x, "w": w}


def _long(given: Given) -> Given:
    """Return channels last with the bias as long as the filters: (1, ..., 1, F)."""
    bias = given["b"].reshape((1,) * (given["w"].ndim - 1) + (-1,))
    return {**_last(given), "b": bias}


@dataclass(frozen=True, slots=True)
class Channels:
    """What convolutions of channels with one signature are asked, channels first.

    Filters are (F, C, *window), or with `swapped` (C, F, *window). Each of `options` has a case.
    """

    dimensions: int
    options: tuple[Mapping[str, int], ...]
    swapped: bool = False

    def domain(
        self, words: str, arrange: Callable[[Given], Given] = _as_it_is
    ) -> tuple[Domain, ...]:
        """Return a domain with a bias, and one without, of arguments that `arrange` changes.

        The first is for answers that need a bias. The second asks the others without one; those
        that can take it must add it there, too.
        """
        return (
            self.biased(f"{words} with a bias", arrange),
            Domain(
                f"{words} without a bias", partial(self._cases, arrange, (False, True)), alone=True
            ),
        )

    def biased(self, words: str, arrange: Callable[[Given], Given]) -> Domain:
        """Return a domain in which each case has a bias."""
        return Domain(words, partial(self._cases, arrange, (True,)), alone=True)

    def _cases(
        self,
        arrange: Callable[[Given], Given],
        biases: tuple[bool, ...],
        rng: np.random.Generator,
    ) -> list[Case]:
        core, large = [], []
        for biased in biases:
            for given in map(arrange, self._arguments(rng)):
                if not biased:
                    del given["b"]
                core.append(Case(given))
            huge = {**given, "x": 1e4 * given["x"], "w": 1e4 * given["w"]}
            large.append(Case(huge, Level.STABILITY))
        return [*core, *large]

    def _arguments(self, rng: np.random.Generator) -> Iterator[Given]:
        """Yield arguments from small to large; N, C, F and all sizes differ."""
        size, window = (6, 5)[: self.dimensions], (2, 3)[: self.dimensions]

        def drawn(n: int, c: int, f: int) -> Given:
            w = self._filters(rng.normal(size=(f, c, *window)))
            return {"x": rng.normal(size=(n, c, *size)), "w": w, "b": rng.normal(size=f)}

        yield from self._by_hand()
        yield drawn(2, 3, 4)
        for view in layouts(rng.normal(size=(3, 2, *size))):
            yield {**drawn(1, 2, 3), "x": view}
        yield {name: array.astype(np.float32) for name, array in drawn(2, 2, 3).items()}
        for options in self.options:
            yield {**drawn(2, 3, 4), **options}

    def _by_hand(self) -> Iterator[Given]:
        twos, window = (2,) * self.dimensions, (*(1,) * (self.dimensions - 1), 2)
        x = np.arange(1.0, 9.0).reshape(-1, 2, *twos)[:1]
        one, two = np.array([1.0, 2.0]), np.array([1.0, 2.0, 0.0, -1.0])
        yield {"x": x[:, :1], "w": one.reshape(1, 1, *window), "b": np.array([10.0])}
        yield {"x": x, "w": self._filters(two.reshape(1, 2, *window)), "b": np.array([0.5])}
        whole = np.arange(-5, 7).reshape(3, 2, *window)
        yield {"x": x.astype(int), "w": self._filters(whole), "b": np.array([1, 0, -1])}

    def _filters(self, w: Array) -> Array:
        return w.swapaxes(0, 1) if self.swapped else w


# ── forms ────────────────────────────────────────────────────────────────────────────────────────

_WITH_OPTIONS: tuple[Mapping[str, int], ...] = (
    {"stride": 2},
    {"pad": 1},
    {"stride": 2, "pad": 1},
    {"stride": 3, "pad": 2},
    {"dilation": 2},
    {"stride": 2, "pad": 1, "dilation": 2},
)
_KINDS = {1: ("sequence", "CL", "LC"), 2: ("image", "CHW", "HWC")}
_FORMULAS = {
    1: r"y_{f i} = b_f + \sum_{c, u} x_{c,\, i s + u d} \, w_{f c u}",
    2: r"y_{f i j} = b_f + \sum_{c, u, v} x_{c,\, i s + u d,\, j s + v d} \, w_{f c u v}",
}
GUIDE = "Dumoulin, Visin: A Guide to Convolution Arithmetic for Deep Learning (2016)"


def channel_forms(name: str, dimensions: int) -> tuple[Kernel, ...]:
    """Return the signatures of a convolution of channels: channels first, and last."""
    kind, first, last = _KINDS[dimensions]
    asked = Channels(dimensions, _WITH_OPTIONS)
    domains = (*asked.domain(f"N{first} {kind}s"), *asked.domain(f"one {first} {kind}", _one))
    domains_last = (
        *asked.domain(f"N{last} {kind}s", _last),
        asked.biased(f"N{last} {kind}s with a bias ({'1, ' * (dimensions + 1)}F)", _long),
    )
    return (
        _form(name, dimensions, convolve, domains),
        _form(name, dimensions, convolve_last, domains_last),
    )


def _form(name: str, dimensions: int, reference: Reference, domains: tuple[Domain, ...]) -> Kernel:
    first = reference is convolve
    window = tuple(range(2, 2 + dimensions) if first else range(dimensions))
    axis = -1 - dimensions if first else -1
    return Kernel(
        name=name,
        parameters=(X, FILTERS, BIAS, STRIDE, PAD, DILATION),
        variants=(Variant("", reference),),
        domains=domains,
        formula=_FORMULAS[dimensions],
        source=GUIDE,
        cache=True,
        mistakes=(
            Mistake(NOT_FLIPPED, partial(_flipped, reference, window)),
            Mistake(
                "sum over all channels, not only the first",
                partial(_first_channel, reference, axis),
            ),
            *option_mistakes(reference),
        ),
        bundles=(OPTIONS,),
    )
