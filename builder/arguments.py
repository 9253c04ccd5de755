"""What may be typed: the commands, their options, and the help that the README shows."""

from __future__ import annotations

import argparse

from builder import __version__

_DESCRIPTION = """\
Turn a Markdown interview-question bank into an Anki deck and a printable sheet, after every code
answer in it has been run and matched against a reference kernel."""

_EPILOG = """\
exit status: 0 the bank is clean, 1 it has errors, 2 the run could not be done, 130 Ctrl-C"""

_AUDIT_EPILOG = """\
exit status: 0 no mistake passes unnoticed, 1 some does or a review is stale, 2 the audit could not
be done, 130 Ctrl-C"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the README's reference is made from its help."""
    top = argparse.ArgumentParser("proofdeck", description=_DESCRIPTION, epilog=_EPILOG)
    top.add_argument("--version", action=_Version, nargs=0, help="show the versions, and exit")
    # What a command has no option for.
    top.set_defaults(
        output=None, only="", tags=None, no_run=False, no_cache=True, seed=None, trust=False,
        keep_going=False, exporters=None, paper="a4", pages=None, landscape=None, font_size=None,
        formulas=False, css=None, vault=None, locked=False, tombstones=False,
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    build = commands.add_parser(
        "build", help="judge the bank, then write its deck and sheets", epilog=_EPILOG
    )
    check = commands.add_parser("check", help="judge the bank, and write nothing", epilog=_EPILOG)
    watch = commands.add_parser(
        "watch", help="build, and build again at every save", epilog=_EPILOG
    )
    preview = commands.add_parser(
        "preview", help="show every card in the browser, faulty ones too", epilog=_EPILOG
    )
    audit = commands.add_parser(
        "audit", help="put mistakes into right answers, and list what nobody would notice",
        epilog=_AUDIT_EPILOG,
    )  # fmt: skip
    for command in (build, check, watch, preview, audit):
        _add_common(command)
    for command in (build, check, watch, preview):
        _add_running(command)
        _add_css(command)
        _add_vault(command)
    for command in (build, watch, preview):
        _add_output(command)
    for command in (build, watch):
        _add_writing(command)
        _add_looks(command)
    preview.add_argument(
        "--watch", action="store_true", help="show it again after every save, until Ctrl-C"
    )
    build.add_argument(
        "--tombstones", action="store_true",
        help="also write a package that tags the notes of cards that left",
    )  # fmt: skip
    for command in (build, check):
        command.add_argument(
            "--locked", action="store_true", help="fail if the ledger would change (for CI)"
        )
    _add_keeping(commands)
    _add_tools(commands)
    return top


def _add_keeping(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands that keep a deck in step with what was built before."""
    changes = commands.add_parser(
        "diff", help="tell what the next import would change in Anki; run nothing", epilog=_EPILOG
    )
    _add_paths(changes)
    _add_css(changes)
    _add_vault(changes)
    _add_format(changes)
    match = commands.add_parser(
        "match", help="settle which earlier card a reworded question is", epilog=_EPILOG
    )
    match.add_argument("old", metavar="OLD", nargs="?", help="the key of the earlier card")
    match.add_argument("question", metavar="NEW", help="the question, or FILE:LINE of it")
    match.add_argument(
        "--new", action="store_true", help="it is none of them: give the question a key of its own"
    )
    _add_notes(match)
    adopt = commands.add_parser(
        "adopt", help="take over the names of notes from a deck made earlier", epilog=_EPILOG
    )
    adopt.add_argument("package", metavar="DECK.apkg", help="the deck, exported from Anki")
    adopt.add_argument(
        "--force", action="store_true", help="also for cards that were built here before"
    )
    _add_notes(adopt)


def _add_tools(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    addon = commands.add_parser(
        "addon", help="write the Anki add-on that keeps a collection in step", epilog=_EPILOG
    )
    _add_output(addon)
    commands.add_parser(
        "exporters", help="list what `--export` can name, and who brought it", epilog=_EPILOG
    )
    kernels = commands.add_parser(
        "kernels", help="list what can be verified, or tell all of one kernel", epilog=_EPILOG
    )
    kernels.add_argument("name", metavar="NAME", nargs="?", help="a function's name")
    cache = commands.add_parser("cache", help="forget what earlier runs found", epilog=_EPILOG)
    cache.add_argument("what", choices=("clear",), help="clear: remove all remembered verdicts")


def _add_paths(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "paths", metavar="PATH", nargs="*", default=["content"],
        help="a note, or a folder of notes (content)",
    )  # fmt: skip


def _add_notes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--in", dest="paths", metavar="PATH", action="append",
        help="a note, or a folder of notes; may be given again (content)",
    )  # fmt: skip


def _add_format(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the report (%(default)s)"
    )


def _add_common(command: argparse.ArgumentParser) -> None:
    _add_paths(command)
    command.add_argument(
        "-k", dest="only", metavar="TEXT", default="", help="only cards whose question holds TEXT"
    )
    command.add_argument(
        "--tag", dest="tags", metavar="TAG", action="append",
        help="only cards with this tag, or in the section of this name; may be given again",
    )  # fmt: skip
    command.add_argument(
        "--trust", action="store_true",
        help="run answers even where they cannot be locked in (never in CI)",
    )  # fmt: skip
    _add_format(command)
    command.add_argument(
        "--seed", type=int, metavar="N", help="repeat a run with the seed that it reported"
    )


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-o", "--output", metavar="DIR", default="output", help="folder to write to (%(default)s)"
    )


def _add_writing(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--keep-going", action="store_true", help="write a deck without the cards that have errors"
    )
    command.add_argument(
        "--export", dest="exporters", metavar="NAME", action="append",
        help="write with this exporter; may be given again (apkg, pdf)",
    )  # fmt: skip


def _add_looks(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--paper", choices=("a4", "letter"), default="a4", help="paper of the sheet (%(default)s)"
    )
    turned = command.add_mutually_exclusive_group()
    for way, landscape in (("landscape", True), ("portrait", False)):
        turned.add_argument(
            f"--{way}", dest="landscape", action="store_const", const=landscape,
            help=f"turn the sheet's paper to {way}",
        )  # fmt: skip
    command.add_argument(
        "--pages",
        type=_pages,
        metavar="N",
        help="fit the sheet on N pages, as far as one can read it",
    )
    command.add_argument(
        "--font-size", type=_points, metavar="PT", help="size of the sheet's text, in points"
    )
    command.add_argument(
        "--formulas", action="store_true", help="show on the sheet what each kernel computes"
    )


def _pages(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 1000:
        raise argparse.ArgumentTypeError("a number from 1 to 1000 is needed")
    return int(text)


def _points(text: str) -> float:
    try:
        points = float(text)
    except ValueError:
        points = 0.0
    if not 4 <= points <= 24:
        raise argparse.ArgumentTypeError("a size from 4 to 24 points is needed")
    return points


def _add_css(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--css", metavar="FILE", help="a style sheet of yours, for the cards; it stands behind ours"
    )


def _add_vault(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--vault", metavar="DIR", help="the Obsidian vault that images and links are looked up in"
    )


def _add_running(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--no-run", action="store_true", help="run no answer: judge the text alone, verify nothing"
    )
    command.add_argument(
        "--no-cache", action="store_true", help="run every answer, and remember no verdict"
    )


class _Version(argparse.Action):
    """Prints whose version it is, and of which distributions the exporters are; then it exits."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: object,
        _option: str | None = None,
    ) -> None:
        from builder.exporters import by_distribution

        print(f"proofdeck {__version__}")
        for distribution, names in by_distribution().items():
            print(f"exporters of {distribution}: {', '.join(names)}")
        parser.exit()
