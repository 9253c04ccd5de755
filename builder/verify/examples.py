"""The `>>>` examples of an answer: lines typed at Python's prompt, and what it must show."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.model import Code, Place, Status, Verdict
from builder.verify.limits import PRELUDE, Limits
from builder.verify.sandbox import Job, Output, Raised, Returned, Sandbox
from builder.verify.show import harmless

_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
# Characters of a docstring beyond which nobody reads its examples, and neither does doctest.
_LONGEST = 8_000
# numpy 2 shows its scalars with their type; an answer's author may not.
_TYPED = re.compile(r"np\.(?:float|int|bool|str|uint)\d*_?\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a function's docstring; `line` counts from the answer's first."""

    function: str
    source: str
    want: str
    line: int
    raises: str | None
    flags: int = 0


def examples(code: Code, tree: ast.Module) -> Sequence[Example]:
    """Return the examples in all docstrings of an answer, in order."""
    return tuple(_examples(tree)) if ">>>" in code.source else ()


def _examples(tree: ast.Module) -> Iterator[Example]:
    parser = doctest.DocTestParser()
    for owner in tree.body:
        for node in ast.walk(owner):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            text = ast.get_docstring(node, clean=False) or ""
            if len(text) > _LONGEST:
                continue
            try:
                found = parser.get_examples(text)
            except ValueError:  # it looks like an example, and is none
                continue
            start = node.body[0].lineno
            for one in found:
                name = getattr(owner, "name", node.name)
                flags = sum(flag for flag, on in one.options.items() if on)
                if not flags & doctest.SKIP:
                    line = start + one.lineno
                    yield Example(name, one.source, one.want, line, one.exc_msg, flags)


def verdict(
    code: Code, found: Sequence[Example], sandbox: Sandbox, seed: int, limits: Limits
) -> Verdict | None:
    """Run all examples in one child, in order; return what the first wrong one deserves."""
    sources = tuple(one.source for one in found)
    reply = sandbox.run(
        Job(
            PRELUDE, code.source, code.place.file, code.place.line, (), seed, limits.wall,
            limits.memory, sources,
        )
    )  # fmt: skip
    for at, example in enumerate(found):
        output = reply.outputs[at] if at < len(reply.outputs) else None
        if not _right(example, output):
            return _wrong(code, example, output)
    return None


def _right(example: Example, output: Output | None) -> bool:
    match output:
        case Returned(str(shown)):
            checker = doctest.OutputChecker()
            want, got = (_TYPED.sub(r"\1", text) for text in (example.want, shown))
            flags = _FLAGS | example.flags
            return example.raises is None and checker.check_output(want, got, flags)
        case Raised(kind, message, _, False) if example.raises is not None:
            # Python writes the module before the name; the worker tells the name alone.
            name, _, said = (part.strip() for part in example.raises.partition(":"))
            alike = name.rpartition(".")[2] == kind
            detail = not example.flags & doctest.IGNORE_EXCEPTION_DETAIL
            return alike and (said == message.strip() or not detail)
    return False


def _wrong(code: Code, example: Example, output: Output | None) -> Verdict:
    match output:
        case Returned(str(shown)):
            status, got = Status.DIFFERS, shown.strip() or "nothing"
        case Raised(kind, message):
            status, got = Status.CRASHED, f"{kind}: {message}"
        case _:
            status, got = Status.CRASHED, "nothing: the process ended"
    lines = code.source.split("\n")
    at = min(example.line, len(lines))  # escapes in a docstring make more lines than it has
    line, column = code.place.line + at - 1, code.place.column
    text = lines[at - 1]
    start = column + len(text) - len(text.lstrip())
    source, want = (" ".join(part.split()) for part in (example.source, example.want))
    return Verdict(
        status,
        example.function,
        Place(code.place.file, line, start, line, max(column + len(text), start + 1)),
        summary=f"`{harmless(example.function)}` shows something else than its own example says",
        evidence=(
            ("input", harmless(source)),
            ("expected", harmless(want or "nothing")),
            ("returned", harmless(" ".join(got.split()))),
        ),
        hint="mend the answer, or its example",
    )
