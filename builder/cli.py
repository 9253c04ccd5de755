"""The command line: what was typed becomes settings, a report becomes output and an exit status.

The clock and the environment are read here, once; exceptions end here.
"""

from __future__ import annotations

import argparse
import io
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self, TextIO

from builder.arguments import parser
from builder.audited import AuditReport
from builder.export import Looks
from builder.files import FileError, Found, cache_folder, forget, read, write
from builder.model import CannotRunError, Report
from builder.settings import Settings
from builder.source import UnreadableError, decode
from builder.verify.limits import PRELUDE, Order

# Beyond the year 9999 no calendar follows; milliseconds are the usual cause.
_LONGEST_EPOCH = 11

_LARGEST_CSS = 1 << 20

CLEAN, FAULTY, CANNOT_RUN, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    _open_streams()
    # One thread for each process: more only make the start of numpy slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options = parser().parse_args(arguments)
    try:
        return _run(options)
    except CannotRunError as error:
        return _say(f"proofdeck: {error}", CANNOT_RUN)
    except KeyboardInterrupt:
        return _say("proofdeck: interrupted, nothing was written", INTERRUPTED)
    except BrokenPipeError:
        return CANNOT_RUN  # Whoever read our output has gone; there is nobody left to tell.


def _open_streams() -> None:
    """Open standard streams that were closed: else the next files and pipes get their numbers."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            sink = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(sink, "r+", encoding="utf-8", closefd=False))


def _say(line: str, status: int) -> int:
    from builder.report.plain import harmless

    print(harmless(line), file=sys.stderr)
    return status


def _print(text: str) -> None:
    """Write to standard output; what its encoding lacks is spelled out."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # At its end Python would try again, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise CannotRunError(f"the report cannot be written: {error.strerror}") from error


def _run(options: argparse.Namespace) -> int:
    if options.command in {"addon", "cache", "exporters", "kernels"}:
        return _tool(options)
    settings = _settings(options, os.environ)
    match options.command:
        case "audit":
            return _audit(settings, options)
        case "diff":
            return _diff(settings, options)
        case "match":
            return _match(settings, options)
        case "adopt":
            from builder.adopt import adopt

            _print(adopt(settings, options.package, force=options.force) + "\n")
            return CLEAN
        case "watch":
            return _watch(settings)
        case "preview":
            return _preview(settings, options)
    from builder.build import build

    with _Progress(sys.stderr, "judging") as progress:
        report = build(settings, progress)
    _print(_text(report, options))
    return CLEAN if report.clean else FAULTY


def _tool(options: argparse.Namespace) -> int:
    """Run a command that needs no bank."""
    match options.command:
        case "addon":
            return _addon(options.output)
        case "cache":
            return _clear_cache(os.environ)
        case "exporters":
            return _exporters()
    from builder.kernels.page import page

    _print(page(options.name))
    return CLEAN


def _audit(settings: Settings, options: argparse.Namespace) -> int:
    from builder.audit import audit

    with _Progress(sys.stderr, "auditing") as progress:
        report = audit(settings, progress)
    _print(_audit_text(report, options))
    return CLEAN if report.clean else FAULTY


def _diff(settings: Settings, options: argparse.Namespace) -> int:
    from builder.changes import changes
    from builder.report import changes as reported

    report = changes(settings)
    as_json = options.format == "json"
    _print(reported.as_json(report) if as_json else reported.text(report, colour=_colour()))
    return CLEAN if report.clean else FAULTY


def _match(settings: Settings, options: argparse.Namespace) -> int:
    from builder.changes import settle

    if options.new == bool(options.old):
        raise CannotRunError("say `match OLD NEW` for the same card, or `match --new NEW`")
    _print(settle(settings, options.old, options.question) + "\n")
    return CLEAN


def _preview(settings: Settings, options: argparse.Namespace) -> int:
    from builder.preview import follow, preview
    from builder.report.plain import harmless

    if options.watch:
        with suppress(KeyboardInterrupt):
            follow(settings, _say_line, clock=_clock(settings))
        return INTERRUPTED
    with _Progress(sys.stderr, "judging") as progress:
        report = preview(settings, progress)
    if options.format == "json":
        _print(_text(report, options))
    else:  # a page is no deck, and the report takes what was written for one
        page = "".join(f"wrote {harmless(file.path)}\n" for file in report.written)
        _print(_text(replace(report, written=()), options) + page)
    return CLEAN if report.clean else FAULTY


def _watch(settings: Settings) -> int:
    from builder.watch import watch

    # Ctrl-C is how it ends: what was built by then is there.
    with suppress(KeyboardInterrupt):
        watch(settings, _say_line, clock=_clock(settings))
    return INTERRUPTED


def _say_line(line: str) -> None:
    _print(f"{line}\n")


def _clock(settings: Settings) -> Callable[[], float]:
    """Return the clock of a run of many builds; a time that was given is the time of each."""
    fixed = bool(os.environ.get("SOURCE_DATE_EPOCH"))
    return (lambda: float(settings.now)) if fixed else time.time


def _addon(output: str) -> int:
    from builder.addon import package

    for file in write(output, [package()]):
        _print(f"wrote {file.path}: install it in Anki with Tools > Add-ons > Install from file\n")
    return CLEAN


def _exporters() -> int:
    from builder.exporters import page
    from builder.report.plain import harmless

    for line in page():
        _print(f"{harmless(line)}\n")
    return CLEAN


def _clear_cache(environment: Mapping[str, str]) -> int:
    folder = cache_folder(environment, sys.platform)
    removed = folder is not None and forget(folder)
    _print(f"removed {folder}\n" if removed else "nothing was remembered\n")
    return CLEAN


def _settings(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    output = options.output
    if output == "":
        raise CannotRunError("the output folder (-o) has an empty name")
    return Settings(
        paths=tuple(options.paths or ["content"]),
        now=_now(environment.get("SOURCE_DATE_EPOCH")),
        order=_order(options, environment),
        output=output,
        only=options.only,
        tags=tuple(tag.removeprefix("#") for tag in options.tags or ()),
        run=not options.no_run,
        keep_going=options.keep_going,
        exporters=tuple(options.exporters or ("apkg", "pdf")),
        looks=_looks(options),
        vault=options.vault,
        locked=options.locked,
        tombstones=options.tombstones,
    )


def _looks(options: argparse.Namespace) -> Looks:
    return Looks(
        paper=options.paper,
        pages=options.pages,
        landscape=options.landscape,
        font_size=options.font_size,
        formulas=options.formulas,
        css=_css(options.css) if options.css else "",
    )


def _css(file: str) -> str:
    """Return what stands in a style sheet of the learner's own, if it loads nothing."""
    from builder.export import style

    try:
        own = decode(file, read(Found(Path(file), file, named=True), _LARGEST_CSS)).text
        style.css(own)
    except (UnreadableError, FileError, ValueError) as error:
        raise CannotRunError(f"{file}: {error}") from error
    return own


def _order(options: argparse.Namespace, environment: Mapping[str, str]) -> Order:
    seeded = options.seed is not None
    remembers = not (options.no_cache or seeded)
    return Order(
        seed=options.seed if seeded else secrets.randbelow(2**31),
        cache=cache_folder(environment, sys.platform) if remembers else None,
        # Code from strangers is what CI runs on, so there nobody can vouch for it.
        trust=options.trust and not environment.get("CI"),
    )


def _now(epoch: str | None) -> int:
    """Return the time in UNIX seconds: what SOURCE_DATE_EPOCH says, else the clock's."""
    if not epoch:
        return int(time.time())
    if not epoch.isascii() or not epoch.isdigit() or len(epoch) > _LONGEST_EPOCH:
        raise CannotRunError(f"SOURCE_DATE_EPOCH is {epoch!r}: it must be a number of seconds")
    return int(epoch)


def _text(report: Report, options: argparse.Namespace) -> str:
    if options.format == "json":
        from builder.report import json

        return json.text(report, prelude=PRELUDE)
    from builder.report import text

    building = options.command == "build"
    return text.text(report, colour=_colour(), prelude=PRELUDE, building=building)


def _audit_text(report: AuditReport, options: argparse.Namespace) -> str:
    if options.format == "json":
        from builder.report import audit_json

        return audit_json.text(report, prelude=PRELUDE)
    from builder.report import audit

    return audit.text(report, colour=_colour())


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


class _Progress:
    """One line that says what goes on, on a terminal; nothing anywhere else."""

    def __init__(self, stream: TextIO, doing: str) -> None:
        self._doing = doing
        self._stream = stream if stream.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._show("")

    def __call__(self, done: int, total: int, question: str) -> None:
        """Show that `done` of `total` are judged, and the question in work."""
        self._show(f"{self._doing} {done + 1}/{total}  {' '.join(question.split())}")

    def _show(self, line: str) -> None:
        if self._stream:
            from builder.report.plain import fitting, harmless

            columns = os.get_terminal_size(self._stream.fileno()).columns
            self._stream.write(f"\r\x1b[2K{fitting(harmless(line), columns - 1)}")
            self._stream.flush()
