"""How an answer's function is called: its parameters are bound by name, never by position alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from builder.kernels.kernel import REQUIRED, Arguments, Case, Kernel, Parameter, Variant
from builder.verify.sandbox import Call


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of the answer that takes a parameter of the kernel, or 1 minus it."""

    name: str
    complement: bool = False

    def value(self, value: Any) -> Any:
        """Return what to pass for the kernel's `value`."""
        return 1 - value if self.complement else value


@dataclass(frozen=True, slots=True)
class Binding:
    """Which parameters of the answer take which of the kernel.

    `assumed` holds what the kernel must take where a case says nothing: the answer's own default
    where that is a plain constant, else the kernel's. It is passed for those that are `insisted`
    on. `positional` are the leading parameters that cannot be passed by name, in the kernel's
    names. `absent` says in words what the answer lacks.
    """

    function: str
    slots: Mapping[str, Slot]
    assumed: Mapping[str, Any]
    insisted: frozenset[str] = frozenset()
    positional: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def canonical(self, case: Case, variant: Variant) -> dict[str, Any]:
        """Return the arguments of `variant`'s reference for `case`."""
        return variant.arguments({**self.assumed, **case.arguments})

    def follows(self, variant: Variant) -> bool:
        """Tell whether the names of the answer's parameters leave `variant` open to it."""
        return not variant.names or any(slot.name in variant.names for slot in self.slots.values())

    def expresses(self, case: Case) -> bool:
        """Tell whether the answer can be asked `case`: it takes all that the case sets."""
        return all(
            name in self.slots or _equal(value, self.assumed[name])
            for name, value in case.arguments.items()
        )

    def call(self, case: Case) -> Call:
        """Return the call that asks `case`."""
        always = {name: self.assumed[name] for name in self.slots if name in self.insisted}
        given = {name: value for name, value in case.arguments.items() if name in self.slots}
        given = {**always, **given}
        leading = self._leading(given)
        return Call(
            self.function,
            tuple(self._passed(name, given) for name in leading),
            {
                self.slots[name].name: self._passed(name, given)
                for name in given
                if name not in leading
            },
        )

    def _leading(self, given: Arguments) -> tuple[str, ...]:
        """Return the parameters to pass by position: up to the last one that is given."""
        last = max((at for at, name in enumerate(self.positional) if name in given), default=-1)
        return self.positional[: last + 1]

    def _passed(self, name: str, given: Arguments) -> Any:
        return self.slots[name].value(given[name] if name in given else self.assumed[name])

    def told(self, case: Case) -> Iterator[tuple[str, Any]]:
        """Yield the names and the values that the answer is called with for `case`."""
        call = self.call(case)
        leading = (self.slots[name].name for name in self.positional)
        yield from zip(leading, call.positional, strict=False)
        yield from call.named.items()


def bind(function: str, arguments: ast.arguments, kernel: Kernel) -> Binding | str:
    """Return how `function` takes the kernel's parameters, or in words why it cannot be asked."""
    positional = {argument.arg for argument in arguments.posonlyargs}
    slots: dict[str, Slot] = {}
    own: dict[str, Any] = {}
    for name, default in _parameters(arguments):
        parameter, slot = _match(name, kernel)
        if parameter is None:
            if default is REQUIRED or name in positional:
                return f"its parameter `{name}` is none that {kernel.signature} has"
        elif parameter.name in slots:
            return f"`{slots[parameter.name].name}` and `{name}` both mean `{parameter.name}`"
        elif not isinstance(default, str):  # padding="valid" is not the number that we would pass
            slots[parameter.name] = slot
            own[parameter.name] = default
    lacking = [p.name for p in kernel.parameters if p.default is REQUIRED and p.name not in slots]
    if lacking:
        return f"it has no parameter for `{lacking[0]}` of {kernel.signature}"
    return _binding(function, kernel, slots, own, positional)


def _binding(
    function: str,
    kernel: Kernel,
    slots: Mapping[str, Slot],
    own: Mapping[str, Any],
    positional: set[str],
) -> Binding:
    assumed: dict[str, Any] = {}
    insisted: set[str] = set()
    for parameter in kernel.parameters:
        name = parameter.name
        if parameter.default is REQUIRED:
            continue
        assumed[name] = parameter.default
        if own.get(name) is REQUIRED:
            insisted.add(name)
            assumed[name] = parameter.usual if parameter.default is None else parameter.default
        elif parameter.allows(own.get(name)):
            assumed[name] = slots[name].value(own[name])
    return Binding(
        function,
        slots,
        assumed,
        frozenset(insisted),
        tuple(name for name, slot in slots.items() if slot.name in positional),
        tuple(p.absent for p in kernel.parameters if p.absent and p.name not in slots),
    )


def _parameters(arguments: ast.arguments) -> Iterator[tuple[str, Any]]:
    """Yield each parameter's name with its default: REQUIRED, a constant, or None if unknown."""
    named = [*arguments.posonlyargs, *arguments.args]
    defaults = [REQUIRED] * (len(named) - len(arguments.defaults))
    defaults += [_constant(node) for node in arguments.defaults]
    yield from ((argument.arg, default) for argument, default in zip(named, defaults, strict=True))
    for argument, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield argument.arg, REQUIRED if node is None else _constant(node)


def _constant(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _match(name: str, kernel: Kernel) -> tuple[Parameter | None, Slot]:
    for spelling in (name, name.lower()):
        for parameter in kernel.parameters:
            if spelling in (parameter.name, *parameter.aliases):
                return parameter, Slot(name)
            if spelling in parameter.complements:
                return parameter, Slot(name, complement=True)
    return None, Slot(name)


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
