"""How an answer is called: its parameters are bound by name, never by position alone.

A function is one step. A class takes several: it is made, then its methods are called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from builder.kernels.kernel import (
    COMPLEMENT,
    REQUIRED,
    Arguments,
    Bundle,
    Case,
    Function,
    Kernel,
    Parameter,
    Variant,
    short,
)
from builder.verify.sandbox import Call
from builder.verify.wire import Source


@dataclass(frozen=True, slots=True)
class Slot:
    """A parameter of the answer that takes a parameter of the kernel, or 1 minus it.

    With a `key` it is a dict, and the value stands there.
    """

    name: str
    complement: bool = False
    key: str = ""

    def value(self, value: Any) -> Any:
        """Return what to pass for the kernel's `value`."""
        if isinstance(value, Function):
            return Source(value.expression)
        return 1 - value if self.complement else value


@dataclass(frozen=True, slots=True)
class Step:
    """One call that an answer takes: of a function or a class, or of a method of what that made.

    `slots` are by the kernel's names. `positional` are the leading parameters that cannot be
    passed by name. `fixed` are entries of dicts that are always the same.
    """

    function: str
    slots: Mapping[str, Slot]
    positional: tuple[str, ...] = ()
    fixed: Mapping[str, Arguments] = field(default_factory=dict)

    def call(self, given: Arguments, assumed: Arguments) -> Call:
        """Return the call that passes what is `given` of the kernel's parameters."""
        values: dict[str, Any] = {name: dict(entries) for name, entries in self.fixed.items()}
        for name in given:
            slot = self.slots.get(name)
            if slot and slot.key:
                values.setdefault(slot.name, {})[slot.key] = slot.value(given[name])
            elif slot:
                values[slot.name] = slot.value(given[name])
        leading = self._leading(values, assumed)
        named = {name: value for name, value in values.items() if name not in self.positional}
        return Call(self.function, leading, named)

    def _leading(self, values: Arguments, assumed: Arguments) -> tuple[Any, ...]:
        """Return what to pass by position: up to the last one that is given."""
        by_name = {slot.name: name for name, slot in self.slots.items()}
        last = max((at for at, name in enumerate(self.positional) if name in values), default=-1)
        return tuple(
            values[name]
            if name in values
            else self.slots[by_name[name]].value(assumed[by_name[name]])
            for name in self.positional[: last + 1]
        )


@dataclass(frozen=True, slots=True)
class Binding:
    """Which parameters of the answer take which of the kernel.

    `assumed` holds what the kernel must take where a case says nothing: the answer's own default
    where that is a plain constant, else the kernel's. It is passed for those that are `insisted`
    on. `absent` says in words what the answer lacks. `defaults` are its own, where they differ from
    the usual ones.
    """

    function: str
    steps: tuple[Step, ...]
    assumed: Mapping[str, Any]
    insisted: frozenset[str] = frozenset()
    absent: tuple[str, ...] = ()
    in_place: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def slots(self) -> dict[str, Slot]:
        """All slots, by the kernel's names."""
        return {name: slot for step in self.steps for name, slot in step.slots.items()}

    def canonical(self, case: Case, variant: Variant) -> dict[str, Any]:
        """Return the arguments of `variant`'s reference for `case`."""
        return variant.arguments({**self.assumed, **case.arguments})

    def follows(self, variant: Variant) -> bool:
        """Tell whether the names of the answer's parameters leave `variant` open to it."""
        return not variant.names or any(slot.name in variant.names for slot in self.slots.values())

    def told_of(self, variant: Variant) -> str:
        """Return the words for the convention that the answer follows, and its own defaults."""
        own = (
            f"{self.slots[name].name}={short(value)} by default"
            for name, value in self.defaults.items()
            if f"{{{name}}}" not in variant.words and variant.defaults.get(name) != value
        )
        return ", ".join(filter(None, (variant.told(self.assumed), *own)))

    def expresses(self, case: Case) -> bool:
        """Tell whether the answer can be asked `case`: it takes all that the case sets."""
        slots = self.slots
        return all(
            name in slots or _equal(value, self.assumed[name])
            for name, value in case.arguments.items()
        )

    def call(self, case: Case) -> Call:
        """Return the call that asks `case`."""
        always = {name: self.assumed[name] for name in self.slots if name in self.insisted}
        given = {**always, **case.arguments}
        first, *then = (step.call(given, self.assumed) for step in self.steps)
        return replace(first, then=tuple(then), in_place=self.in_place)

    def told(self, case: Case) -> Iterator[tuple[str, Any]]:
        """Yield the names and the values that the answer is called with for `case`."""
        call = self.call(case)
        for step, one in zip(self.steps, (call, *call.then), strict=True):
            yield from zip(step.positional, one.positional, strict=False)
            yield from one.named.items()


def bind(function: str, arguments: ast.arguments, kernel: Kernel) -> Binding | str:
    """Return how `function` takes the kernel's parameters, or in words why it cannot be asked."""
    return _bound(function, [(function, arguments, {})], kernel)


def bind_class(definition: ast.ClassDef, kernel: Kernel) -> Binding | str:
    """Return how a class is made and asked, or in words why it cannot be."""
    own = {node.name: node.args for node in definition.body if isinstance(node, ast.FunctionDef)}
    calls: list[tuple[str, ast.arguments, Mapping[str, str]]] = []
    made = own.get("__init__") or _fields(definition)
    calls.append((definition.name, _without_self(made), {}))
    for method in kernel.methods:
        name = next((name for name in method.names if name in own), None)
        if name is None:
            return f"it has no method `{method.names[0]}`"
        calls.append((name, _without_self(own[name]), method.parameters))
    return _bound(definition.name, calls, kernel)


def _fields(definition: ast.ClassDef) -> ast.arguments:
    """Return the arguments of the `__init__` that a dataclass gets; of other classes, none."""
    named: list[ast.arg] = [ast.arg("self")]
    defaults: list[ast.expr] = []
    if any("dataclass" in ast.unparse(one) for one in definition.decorator_list):
        for node in definition.body:
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    named.append(ast.arg(name))
                    defaults += [value] if value else []
    return ast.arguments([], named, None, [], [], None, defaults)


def _without_self(arguments: ast.arguments) -> ast.arguments:
    if arguments.posonlyargs:
        named, leading = arguments.args, arguments.posonlyargs[1:]
    else:
        named, leading = arguments.args[1:], []
    return ast.arguments(
        leading, named, arguments.vararg, arguments.kwonlyargs, arguments.kw_defaults,
        arguments.kwarg, arguments.defaults,
    )  # fmt: skip


# ── parameters to slots ──────────────────────────────────────────────────────────────────────────

_Called = tuple[str, ast.arguments, Mapping[str, str]]


def _bound(function: str, calls: Sequence[_Called], kernel: Kernel) -> Binding | str:
    steps: list[Step] = []
    own: dict[str, Any] = {}
    for name, arguments, names in calls:
        step = _step(name, arguments, _renamed(kernel, names), own)
        if isinstance(step, str):
            return step
        steps.append(step)
    slots = {name for step in steps for name in step.slots}
    lacking = [p.name for p in kernel.parameters if p.default is REQUIRED and p.name not in slots]
    if lacking:
        return f"it has no parameter for `{lacking[0]}` of {kernel.signature}"
    return _binding(function, kernel, tuple(steps), own)


def _renamed(kernel: Kernel, names: Mapping[str, str]) -> Kernel:
    """Return the kernel as a method sees it, which has names of its own for some parameters."""
    if not names:
        return kernel
    parameters = [
        replace(one, aliases=tuple(name for name, of in names.items() if of == one.name))
        if one.name in names.values()
        else replace(one, aliases=tuple(name for name in one.aliases if name not in names))
        for one in kernel.parameters
    ]
    return replace(kernel, parameters=tuple(parameters))


def _step(
    function: str, arguments: ast.arguments, kernel: Kernel, own: dict[str, Any]
) -> Step | str:
    """Return the call of one function, and note in `own` what its defaults are."""
    positional = [argument.arg for argument in arguments.posonlyargs]
    slots: dict[str, Slot] = {}
    fixed: dict[str, Arguments] = {}
    for name, default in parameters(arguments):
        bundle = _bundle(name, kernel)
        parameter, slot = _match(name, kernel)
        if bundle:
            entries = dict(_entries(name, bundle))
            taken = next((of for of in entries if of in slots), None)
            if taken:
                return f"`{slots[taken].name}` and `{name}` both mean `{taken}`"
            slots |= entries
            own |= dict.fromkeys(entries, REQUIRED)
            fixed[name] = bundle.fixed
        elif parameter is None:
            if default is REQUIRED or name in positional:
                return f"its parameter `{name}` is none that {kernel.signature} has"
        elif parameter.name in slots:
            return f"`{slots[parameter.name].name}` and `{name}` both mean `{parameter.name}`"
        elif not isinstance(default, str):  # padding="valid" is not the number that we would pass
            slots[parameter.name] = slot
            own[parameter.name] = default
    return Step(function, slots, tuple(positional), fixed)


def _binding(
    function: str, kernel: Kernel, steps: tuple[Step, ...], own: Mapping[str, Any]
) -> Binding:
    assumed: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    insisted: set[str] = set()
    slots = {name: slot for step in steps for name, slot in step.slots.items()}
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
        usual = parameter.usual if parameter.default is None else parameter.default
        if isinstance(own.get(name), bool | int | float) and slots[name].value(own[name]) != usual:
            defaults[name] = own[name]
    return Binding(
        function,
        steps,
        assumed,
        frozenset(insisted),
        tuple(p.absent for p in kernel.parameters if p.absent and p.name not in slots),
        kernel.in_place,
        defaults,
    )


def parameters(arguments: ast.arguments) -> Iterator[tuple[str, Any]]:
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


def _entries(name: str, bundle: Bundle) -> Iterator[tuple[str, Slot]]:
    """Yield the parameters that a dict called `name` takes, and where in it."""
    for key, of in bundle.keys.items():
        yield of.removeprefix(COMPLEMENT), Slot(name, of.startswith(COMPLEMENT), key)


def _bundle(name: str, kernel: Kernel) -> Bundle | None:
    return next((one for one in kernel.bundles if name in (one.name, *one.aliases)), None)


def _match(name: str, kernel: Kernel) -> tuple[Parameter | None, Slot]:
    for spelling in (name, name.lower()):
        for parameter in kernel.parameters:
            if spelling in (parameter.name, *parameter.aliases):
                return parameter, Slot(name)
            if spelling in parameter.complements:
                return parameter, Slot(name, complement=True)
    return None, Slot(name)


def _equal(one: Any, other: Any) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except ValueError:  # arrays within them
        return False
