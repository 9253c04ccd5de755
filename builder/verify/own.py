"""A bank's own kernels: files of Python beside it, which run where answers run and nowhere else.

The file's name is the kernel's, and its function of that name is the reference. `cases(rng)`
returns the arguments of each case, small ones first; `stability(rng)` more of them, on which a
naive formula breaks. A function `variant_…` is another convention, and `mistake_…` a well-known
wrong answer; the first line of its docstring says which. `ALIASES` are more names of the function,
and `PARAMETERS` more names of its parameters.

Such a file is as untrusted as an answer. What it returns comes over the wire as plain values, so
the kernel that is made of it in this process only looks them up.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import inf
from pathlib import PurePath
from typing import Any

from builder import syntax
from builder.kernels import Shelf
from builder.kernels.kernel import (
    REQUIRED,
    Arguments,
    Case,
    Domain,
    Kernel,
    Level,
    Mistake,
    Parameter,
    Variant,
)
from builder.model import Code, Misfit, Place
from builder.source import Source
from builder.verify import gate
from builder.verify.binding import parameters
from builder.verify.compare import comparable
from builder.verify.limits import PRELUDE, Limits
from builder.verify.sandbox import Call, Job, Raised, Returned, Sandbox
from builder.verify.show import harmless

_WORDS = "this bank's own kernel"
_CASES, _STABILITY = "cases", "stability"

# Runs in the jail, before the file. Each reference gets arguments of its own.
_ASKING = """
import copy as _copy

def _questions(references, mistakes, defaults, seed):
    rng, asked = np.random.default_rng(seed), []
    for level in ("cases", "stability"):
        for given in globals()[level](rng) if level in globals() else ():
            arguments = {**defaults, **given}
            results = [globals()[name](**_copy.deepcopy(arguments)) for name in references]
            wrong = [_attempt(globals()[name], _copy.deepcopy(arguments)) for name in mistakes]
            asked.append((level, arguments, results, wrong))
    return asked

def _attempt(function, arguments):
    try:
        return [function(**arguments)]
    except Exception:
        return []
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A kernel's file that can be asked: what is known of it before it runs."""

    source: Source
    name: str
    about: str
    aliases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    functions: Mapping[str, ast.FunctionDef]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a function can be known by."""
        return self.name, *self.aliases

    def called(self, prefix: str) -> tuple[str, ...]:
        """Return the functions whose names start with `prefix`, in order."""
        return tuple(name for name in self.functions if name.startswith(prefix))

    def words(self, name: str) -> str:
        """Return the first line of a function's docstring, else what its name says."""
        told = ast.get_docstring(self.functions[name]) or name.partition("_")[2].replace("_", " ")
        return harmless(told.split("\n")[0])


# ── before it runs ───────────────────────────────────────────────────────────────────────────────


def read(source: Source, canon: Shelf) -> Written | Misfit:
    """Return the kernel that a file holds, or why it holds none. Nothing of it runs."""
    tree = syntax.tree(source.text)
    if isinstance(tree, syntax.Fault):
        return _misfit(source, tree.line, f"this is no Python: {harmless(tree.message)}", "mend it")
    if refused := gate.refusal(source.text, tree):
        return _misfit(source, refused.line, refused.message, refused.hint, refused.column)
    name = PurePath(source.name).stem
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for needed, what in ((name, "the reference"), (_CASES, "what it is asked")):
        if needed not in functions:
            hint = "a kernel has its file's name, and a function `cases(rng)`"
            return _misfit(source, 1, f"this kernel has no function `{needed}`: {what}", hint)
    constants = dict(_constants(tree))
    aliases, others = constants.get("ALIASES", ()), constants.get("PARAMETERS", {})
    if (
        not _are_names(aliases)
        or not isinstance(others, dict)
        or not all(map(_are_names, others.values()))
    ):
        hint = '`ALIASES = ("name",)`, `PARAMETERS = {"x": ("z", "inputs")}`'
        return _misfit(source, 1, "this kernel's names cannot be read", hint)
    known = next((one for one in (name, *aliases) if canon.find(one)), None)
    if known:
        hint = "the canon's kernels cannot be replaced: choose another name"
        return _misfit(source, 1, f"`{known}` is a kernel of the canon", hint)
    takes = tuple(_parameters(functions[name], others))
    if any(one.default is None for one in takes):
        message = "a default is no plain constant"
        return _misfit(source, functions[name].lineno, message, "write a number, or text")
    about = harmless((ast.get_docstring(tree) or name).split("\n")[0])
    return Written(source, name, about, tuple(aliases), takes, functions)


def _misfit(source: Source, line: int, message: str, hint: str, column: int = 1) -> Misfit:
    line = min(max(line, 1), max(len(source.lines), 1))
    return Misfit(Place(source.name, line, column, line, column + 1), message, hint)


def _constants(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                try:
                    yield name, ast.literal_eval(value)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue


def _are_names(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(one, str) for one in value)


def _parameters(
    function: ast.FunctionDef, others: Mapping[str, Sequence[str]]
) -> Iterator[Parameter]:
    """Yield what the reference takes. An answer's own default is never asked: cases say it all."""
    for name, default in parameters(function.args):
        yield Parameter(name, tuple(others.get(name, ())), default, least=inf)


# ── where it runs ────────────────────────────────────────────────────────────────────────────────


def kernel(written: Written, sandbox: Sandbox, seed: int, limits: Limits) -> Kernel | Misfit:
    """Run a kernel's file in a jail of its own; return the kernel, or why there is none."""
    references, mistakes = (written.name, *written.called("variant_")), written.called("mistake_")
    defaults = {one.name: one.default for one in written.parameters if one.default is not REQUIRED}
    source = written.source
    call = Call("_questions", (references, mistakes, defaults, seed), {})
    job = Job(
        PRELUDE + _ASKING, source.text, source.name, 1, (call,), seed, limits.wall, limits.memory
    )
    reply = sandbox.run(job)
    match reply.outputs:
        case (Returned(list() as asked),):
            return _kernel(written, asked, references, mistakes)
        case (Raised(kind, message, line, _),):
            said = harmless(f"{kind}: {message}")
            return _misfit(source, line or 1, f"this kernel raises {said}", "mend the kernel")
    message = f"this kernel did not return its cases within {limits.wall:g} s"
    return _misfit(source, 1, message, "make it quicker, or its cases smaller")


def _kernel(
    written: Written, asked: list[Any], references: Sequence[str], mistakes: Sequence[str]
) -> Kernel | Misfit:
    cases: list[Case] = []
    results: list[Sequence[Any]] = []
    wrong: list[Sequence[Any]] = []
    names = [one.name for one in written.parameters]
    for one in asked:
        match one:
            case (str(level), dict(arguments), list(right), list(faulty)) if (
                set(arguments) == set(names)
                and (len(right), len(faulty)) == (len(references), len(mistakes))
                and all(map(comparable, arguments.values()))
            ):
                stable = Level.CORE if level == _CASES else Level.STABILITY
                given = {name: arguments[name] for name in names}
                cases.append(Case(given, stable))
                results.append(right)
                wrong.append(faulty)
            case _:
                line = written.functions[_CASES].lineno
                hint = f"each case is a dict of arguments of `{written.name}`"
                return _misfit(written.source, line, "a case is none", hint)
    if not any(case.level is Level.CORE for case in cases):
        line = written.functions[_CASES].lineno
        return _misfit(written.source, line, "there are no cases", "return a list of some")
    if not all(comparable(value) for right in results for value in right):
        message = "the reference returns something that cannot be compared"
        hint = "return numbers, arrays, texts, or tuples, lists and dicts of them"
        return _misfit(written.source, written.functions[written.name].lineno, message, hint)
    table = _Table(tuple(cases), tuple(results), tuple(wrong))
    return Kernel(
        name=written.name,
        aliases=written.aliases,
        parameters=written.parameters,
        variants=tuple(
            Variant(
                f"{_WORDS}: {written.words(name)}" if at else _WORDS,
                partial(table.right, at),
            )
            for at, name in enumerate(references)
        ),
        domains=(Domain("all of its cases", lambda _: cases, alone=True),),
        mistakes=tuple(
            Mistake(written.words(name), partial(table.wrong, at))
            for at, name in enumerate(mistakes)
        ),
        formula="",
        source=written.about,
        patient=False,
    )


@dataclass(frozen=True)
class _Table:
    """What a kernel's file returned for each case: right results, and well-known wrong ones."""

    cases: tuple[Case, ...]
    results: tuple[Sequence[Any], ...]
    faulty: tuple[Sequence[Any], ...]

    @cached_property
    def _rows(self) -> Mapping[tuple[int, ...], int]:
        """The cases, by the identity of their arguments."""
        return {
            tuple(id(value) for value in case.arguments.values()): row
            for row, case in enumerate(self.cases)
        }

    def right(self, at: int, **arguments: Any) -> Any:
        """Return what the reference with this number gives for `arguments`."""
        return self.results[self._row(arguments)][at]

    def wrong(self, at: int, **arguments: Any) -> Any:
        """Return what the mistake with this number gives. Raises ValueError where it raised."""
        (value,) = self.faulty[self._row(arguments)][at]
        return value

    def _row(self, arguments: Arguments) -> int:
        """Return the case whose very objects these are; they are never copied on their way."""
        return self._rows[tuple(id(arguments[name]) for name in self.cases[0].arguments)]


# ── the shelf of each folder ─────────────────────────────────────────────────────────────────────


class Shelves:
    """The kernels that the notes of each folder are judged by: the canon's, and its own.

    A folder's own kernels run when the first answer speaks of them. `misfits` are those that
    cannot be used, as far as that is known by then.
    """

    def __init__(self, files: Sequence[Source]) -> None:
        self._lock = threading.Lock()
        self._written: dict[str, list[Written]] = {}
        self._files: dict[str, list[Source]] = {}
        self._made: dict[str, Kernel | Misfit] = {}
        self._misfits: list[Misfit] = []
        names: dict[tuple[str, str], str] = {}
        for file in files:
            folder = str(PurePath(file.name).parent.parent)
            self._files.setdefault(folder, []).append(file)
            written = read(file, Shelf())
            if isinstance(written, Misfit):
                self._misfits.append(written)
            elif twice := next((one for one in written.names if (folder, one) in names), None):
                message = f"`{twice}` is a kernel of {names[folder, twice]}, too"
                self._misfits.append(_misfit(file, 1, message, "give one of them another name"))
            else:
                names |= dict.fromkeys(((folder, one) for one in written.names), file.name)
                self._written.setdefault(folder, []).append(written)

    @property
    def misfits(self) -> tuple[Misfit, ...]:
        """The kernels that cannot be used, and why."""
        late = (made for made in list(self._made.values()) if isinstance(made, Misfit))
        return (*self._misfits, *late)

    def told(self, code: Code) -> str:
        """Return all that could change a verdict on `code`: the kernels of its own folder."""
        files = self._files.get(_folder(code), ())
        return "\0".join(part for file in files for part in (PurePath(file.name).name, file.text))

    def shelf(self, code: Code, sandbox: Sandbox, seed: int, limits: Limits) -> Shelf:
        """Return the kernels for an answer; of its folder's own, those that it speaks of."""
        folder = _folder(code)
        with self._lock:
            for written in self._written.get(folder, ()):
                named = any(name in code.source for name in written.names)
                if named and written.source.name not in self._made:
                    self._made[written.source.name] = kernel(written, sandbox, seed, limits)
            known = (self._made.get(file.name) for file in self._files.get(folder, ()))
            return Shelf(made for made in known if isinstance(made, Kernel))


def _folder(code: Code) -> str:
    return str(PurePath(code.place.file).parent)
