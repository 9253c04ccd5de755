"""How an answer's function is called: its parameters are bound by name, never by position alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.kernels.kernel import REQUIRED, Case, Kernel, Parameter
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
    where that is a plain constant, else the kernel's. `positional` are the leading parameters that
    cannot be passed by name.
    """

    function: str
    slots: Mapping[str, Slot]
    assumed: Mapping[str, Any]
    positional: tuple[str, ...] = ()
    missing: tuple[str, ...] = field(default=())

    def canonical(self, case: Case) -> dict[str, Any]:
        """Return the kernel's arguments for `case`."""
        return {**self.assumed, **case.arguments}

    def expresses(self, case: Case) -> bool:
        """Tell whether the answer can be asked `case`: it takes all that the case sets."""
        return all(
            name in self.slots or _equal(value, self.assumed[name])
            for name, value in case.arguments.items()
        )

    def call(self, case: Case) -> Call:
        """Return the call that asks `case`."""
        bound = (
            (self.slots[name], value)
            for name, value in case.arguments.items()
            if name in self.slots
        )
        named = {slot.name: slot.value(value) for slot, value in bound}
        leading = tuple(named.pop(name) for name in self.positional if name in named)
        return Call(self.function, leading, named)


def bind(function: ast.FunctionDef | ast.AsyncFunctionDef, kernel: Kernel) -> Binding | str:
    """Return how `function` takes the kernel's parameters, or in words why it cannot be asked."""
    slots: dict[str, Slot] = {}
    assumed = {p.name: p.default for p in kernel.parameters if p.default is not REQUIRED}
    parameters = list(_parameters(function))
    for name, default in parameters:
        parameter, slot = _match(name, kernel)
        if parameter is None:
            if default is REQUIRED:
                return f"its parameter `{name}` is none that {kernel.signature} has"
        elif parameter.name in slots:
            return f"`{slots[parameter.name].name}` and `{name}` both mean `{parameter.name}`"
        else:
            slots[parameter.name] = slot
            if isinstance(default, bool | int | float):
                assumed[parameter.name] = slot.value(default)
    lacking = [p.name for p in kernel.parameters if p.default is REQUIRED and p.name not in slots]
    if lacking:
        return f"it has no parameter for `{lacking[0]}` of {kernel.signature}"
    return Binding(
        function.name,
        slots,
        assumed,
        tuple(argument.arg for argument in function.args.posonlyargs),
        tuple(p.name for p in kernel.parameters if p.name not in slots),
    )


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, Any]]:
    """Yield each parameter's name with its default: REQUIRED, a constant, or None if unknown."""
    arguments = function.args
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
