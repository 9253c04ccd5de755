"""The rooms of the code: who may import whom, and how large a room may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

BUILDER = Path(__file__).parents[1] / "builder"
MODULES = {
    "builder." + ".".join(file.relative_to(BUILDER).with_suffix("").parts): file
    for file in sorted(BUILDER.rglob("*.py"))
    if (file.parent == BUILDER or (file.parent / "__init__.py").exists())
    and file.parent != BUILDER / "addon" / "proofdeck"  # data: it runs in Anki, not in here
}

STAGES = {"parse", "assemble", "identity", "verify", "rules", "render", "export", "report"}

# Nouns and small pure functions that any room may use.
VOCABULARY = {"model", "edition", "images", "audited", "source", "names", "syntax"}

# What each room may import besides itself and the vocabulary. Where a stage stands here, it is for
# the sake of its nouns, and the reason stands beside it.
ALLOWED: dict[str, set[str]] = {
    "": set(),
    "kernels": set(),
    "files": set(),
    # a run's limits are values that the sandbox names, its looks those that exporters know
    "settings": {"export", "verify.limits"},
    "parse": set(),
    "assemble": {"parse"},  # it reads blocks, and they are defined where they are made
    "identity": set(),
    "verify": {"kernels", "files"},  # verdicts are kept on the disk
    "rules": set(),
    "render": set(),
    "export": set(),
    "report": set(),
    "media": {"files"},  # images stand on the disk
    "scene": {"files", "media", "render", "rules"},  # a step of the build: what the cards show
    "exporters": {"export", "rules"},  # a step of the build: who writes, and who cannot
    "demonstration": set(),
    "testing": {"demonstration", "export", "exporters"},
    "selection": {"rules"},  # it is a step of the build, and speaks of notes without cards
    "ledger": set(),
    "history": {"files", "ledger"},  # the ledger on the disk
    "build": {
        *STAGES,
        "exporters",
        "files",
        "history",
        "ledger",
        "scene",
        "selection",
        "settings",
    },
    # what changed is told by the build's own stages, up to the keys, and by what the package is of
    "changes": {
        "scene",
        "build",
        "export",
        "files",
        "history",
        "media",
        "ledger",
        "parse",
        "assemble",
        "identity",
        "rules",
        "settings",
    },
    "arguments": {"", "exporters"},
    "watch": {"build", "files", "media", "settings", "report"},
    # a preview shows what a build has found, again and again
    "preview": {
        "build",
        "export",
        "files",
        "media",
        "render",
        "scene",
        "settings",
        "verify",
        "watch",
    },
    "cli": {
        "addon",
        "adopt",
        "arguments",
        "audit",
        "build",
        "changes",
        "export",
        "exporters",
        "files",
        "kernels",
        "preview",
        "settings",
        "report",
        "watch",
        "verify.limits",
    },
    "review": set(),
    "addon": {""},  # it packs files of the package
    # to adopt is to read a bank and its ledger as for a build, and to note what was recognised
    "adopt": {
        "assemble",
        "build",
        "export",
        "files",
        "history",
        "identity",
        "ledger",
        "parse",
        "report",
        "settings",
    },
    # the audit is the build up to the verdicts, and then a stage of its own
    "audit": {*STAGES, "build", "files", "review", "selection", "settings"},
    "__main__": {"cli"},
    "model": set(),
    "edition": set(),
    "images": set(),
    "audited": set(),
    "source": set(),
    "names": set(),
    "syntax": set(),
}

# Each thing from elsewhere has its one owner; a folder owns it for all of its modules.
OWNERS = {
    "genanki": {"export.apkg"},
    "typst": {"export.pdf"},
    "pygments": {"render"},
    "markdown": {"render.html"},
    "pymdownx": {"render"},
    "nh3": {"render.clean"},
    "math_core": {"render.math"},
    "http": {"preview"},
    "xml": {"media.svg", "export.pdf", "render"},
    "webbrowser": {"preview"},
    "ftfy": {"rules.text"},
    "yaml": {"assemble.frontmatter"},
    "subprocess": {"verify", "export.pdf"},  # large sheets are set in processes of their own
    "multiprocessing": set(),
    "numpy": {"kernels", "verify"},
    "tempfile": {"files", "verify", "export.pdf", "watch"},  # typst and the sandbox take files
    "argparse": {"arguments", "cli"},
    "secrets": {"cli", "preview"},  # a seed, and a path that nobody can guess
    "tomllib": {"review"},
    "time": {"cli", "verify", "watch"},
    "datetime": {"export"},
    "random": {"verify"},
    "locale": set(),
    "pickle": set(),
    "watchfiles": {"watch"},
}


def short(module: str) -> str:
    """Return a module's name without the package's, and a package's without `__init__`."""
    return ".".join(part for part in module.split(".")[1:] if part != "__init__")


def imports(file: Path) -> set[str]:
    """Return the names of the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file.name}: relative imports hide who imports whom"
            assert node.module
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES or f"{name}.__init__" in MODULES else node.module
                      for name in names}  # fmt: skip
    return found


def within(name: str, room: str) -> bool:
    """Tell whether a module is the room or in it."""
    return name == room or (bool(room) and name.startswith(f"{room}."))


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    """A module imports its own room, the vocabulary, and what its room is allowed to."""
    name = short(module)
    room = name.split(".")[0]
    assert room in ALLOWED, f"{room} is a new room: say what it may import"
    allowed = {room, *VOCABULARY, *ALLOWED[room]}
    for imported in imports(MODULES[module]):
        if within(imported, "builder"):
            assert any(within(short(imported), one) for one in allowed), imported


def test_the_vocabulary_knows_only_the_model() -> None:
    """So that whoever uses it gets nothing else along with it."""
    for word in VOCABULARY:
        known = {
            short(one) for one in imports(MODULES[f"builder.{word}"]) if within(one, "builder")
        }
        assert known <= {"model"}


def test_the_model_imports_nothing_of_the_package() -> None:
    """Everything else may import it."""
    assert not [one for one in imports(MODULES["builder.model"]) if one.startswith("builder")]


def test_stages_do_not_know_each_other() -> None:
    """Only the build does, and assembling knows the parser's blocks."""
    known = {(room, other) for room in STAGES for other in ALLOWED[room] & STAGES}
    assert known == {("assemble", "parse")}


@pytest.mark.parametrize("foreign", OWNERS)
def test_each_foreign_thing_has_its_owner(foreign: str) -> None:
    """So that a change of it is a change of one room."""
    for module, file in MODULES.items():
        if any(within(one, foreign) for one in imports(file)):
            name = short(module)
            assert any(within(name, owner) for owner in OWNERS[foreign]), f"{name}: {foreign}"


def test_the_worker_knows_nothing_but_the_wire() -> None:
    """No reference kernel ever enters the process that runs a stranger's code."""
    for module in ("builder.verify.worker", "builder.verify.wire"):
        known = {one for one in imports(MODULES[module]) if one.startswith("builder")}
        assert known <= {"builder.verify.wire"}


@pytest.mark.parametrize("module", MODULES)
def test_rooms_are_small(module: str) -> None:
    """No module above 600 lines, no function above 60."""
    text = MODULES[module].read_text(encoding="utf-8")
    assert text.count("\n") <= 600
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


@pytest.mark.parametrize("module", MODULES)
def test_public_things_open_with_a_sentence(module: str) -> None:
    """Modules, public classes and public functions say what they are."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def loaded(*arguments: str) -> set[str]:
    """Return the top-level modules that a run of the command has loaded at its end."""
    script = (
        "import sys\nfrom builder.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, check=True, cwd=BUILDER.parent,
    )  # fmt: skip
    return set(done.stderr.split())


HEAVY = {
    "numpy", "typst", "genanki", "pygments", "markdown", "nh3", "math_core", "subprocess",
}  # fmt: skip


def test_what_is_not_needed_is_not_loaded() -> None:
    """A start is quick: what is heavy is imported where it is needed."""
    assert not loaded("--version") & {*HEAVY, "ftfy", "yaml"}
    assert not loaded("check", "--no-run", "content") & HEAVY
    assert not loaded("check", "--trust", "content") & {"typst", "genanki", "pygments"}
