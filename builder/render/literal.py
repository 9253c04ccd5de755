"""Literal text becomes lines: what the note's preview shows is what the card shows."""

from __future__ import annotations

import re

from builder.edition import Content, Line, Prose, Run

# Characters that some readers take for a line end and others don't, and those that no card can
# hold: left alone, the deck, the sheet and the note would count lines differently.
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")

# "Precision = TP/(TP+FP)": the one to four words that a line of an answer defines.
_TERM = re.compile(r"(\s*)(?=.{1,48} = )(\w[\w'/.-]*(?: [\w'/.-]+){0,3})(?= = )")


def printable(text: str) -> str:
    """Return `text` with one kind of line end and without characters that no card can hold."""
    return _CONTROLS.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def question(text: str) -> Content:
    """Return the lines of a question."""
    return (Prose(tuple((Run(line),) if line else () for line in printable(text).split("\n"))),)


def answer(text: str) -> Content:
    """Return the lines of an answer; a word that one of them defines is marked as a term."""
    return (Prose(tuple(_defining(line) for line in printable(text).split("\n"))),)


def _defining(line: str) -> Line:
    found = _TERM.match(line)
    if not found:
        return (Run(line),) if line else ()
    indent, term = found.groups()
    runs = (Run(indent), Run(term, "term"), Run(line[found.end() :]))
    return tuple(run for run in runs if run.text)
