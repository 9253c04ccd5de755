"""Rules about code answers: what the judge found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.model import Card, Cause, Diagnostic, Misfit, Status, Verdict
from builder.rules.rule import error

WRONG_ANSWER = error(
    "V301",
    "wrong-answer",
    """The answer returns something else than the reference kernel. The evidence is enough to
    redo it by hand. The caret marks the function: only its author knows the guilty line.""",
)
CRASH = error(
    "V302",
    "crash",
    """The answer raises an exception, or its process ends, on an input that the reference
    handles. The caret marks the raising line where there is one.""",
)
TIME_OUT = error(
    "V303",
    "time-out",
    """The answer did not return in time, all of its cases together.""",
)
NO_KERNEL = error(
    "V304",
    "no-kernel",
    """Nothing is known to hold this answer against, so nobody can say that it is right. Name the
    function like a kernel, or allow it with a reason: `# allow no-kernel: reason` under its
    title.""",
)
SYNTAX_ERROR = error(
    "V305",
    "syntax-error",
    """The answer is no Python, so it cannot run. The caret stands where Python gave up.""",
)
UNKNOWN_PARAMETER = error(
    "V306",
    "unknown-parameter",
    """The function cannot be called: arguments are bound by name, and it needs one that the
    kernel does not have, or lacks one that the kernel gives.""",
)

FORBIDDEN = error(
    "V307",
    "forbidden",
    """The answer holds something that is not run: an import of a module that reaches outside, a
    statement that does something when the answer is defined, a name given twice, an invisible
    character or a look-alike one, or more than 64 KB. Keep imports of what computes, definitions
    and constants.""",
)

OWN_KERNEL = error(
    "V308",
    "own-kernel",
    """A kernel of the bank's own, a file in `kernels/` beside it, cannot be used: it is no Python,
    raises, takes the name of another kernel, or lacks its reference or its cases.""",
)

_REFUSALS = {
    Cause.SYNTAX: SYNTAX_ERROR,
    Cause.GATE: FORBIDDEN,
    Cause.CALL: UNKNOWN_PARAMETER,
}
_RULES = {
    Status.DIFFERS: WRONG_ANSWER,
    Status.CRASHED: CRASH,
    Status.TIMED_OUT: TIME_OUT,
    Status.UNCHECKED: NO_KERNEL,
}


def label_of(card: Card) -> str:
    """Return how a caret names the answer of a card: in the open an answer has no number."""
    question = " ".join(card.question.split())
    return f'code answer {card.number}, "{question}"' if card.number else f'answer to "{question}"'


def verdicts(card: Card, judged: Sequence[Verdict]) -> Iterator[Diagnostic]:
    """Yield an error for each function of a card that is not right."""
    label = label_of(card)
    for verdict in judged:
        rule = _REFUSALS[verdict.cause] if verdict.cause else _RULES.get(verdict.status)
        if rule:
            yield rule.at(
                verdict.place,
                verdict.summary,
                label=label,
                notes=verdict.evidence,
                hint=verdict.hint,
            )


def misfit(found: Misfit) -> Diagnostic:
    """Return the error of a kernel of the bank's own that cannot be used."""
    return OWN_KERNEL.at(
        found.place, found.message, label="the bank's own kernels", hint=found.hint
    )
