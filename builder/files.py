"""The disk: finding notes, reading them, and writing all files of a run or none. Its only owner."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path

from builder.model import Artefact, CannotRunError, Written


class FileError(CannotRunError):
    """Something cannot be read or written; the message says what, and why."""


class LinkError(FileError):
    """What was to be read is a link, which may lead anywhere."""


@dataclass(frozen=True, slots=True)
class Found:
    """A note: its path, the name that people know it by, and whether it was named itself.

    `root` is the folder that was named instead, None where none was.
    """

    path: Path
    name: str
    named: bool
    root: Path | None = None


def find(paths: Sequence[str]) -> tuple[Found, ...]:
    """Return the notes that `paths` mean: files as they are, folders by the `.md` files below.

    Hidden files and folders are left out, links are not followed, and nothing comes twice. Raises
    FileError for a path that is neither, and for a folder without a note.
    """
    found: dict[Path, Found] = {}
    for path in paths:
        for note in _notes(path):
            found.setdefault(note.path.resolve(), note)
    return tuple(found.values())


def _notes(given: str) -> Sequence[Found]:
    path = Path(given)
    try:
        if not given:
            raise FileError("a path is empty")
        if path.is_file():
            return (Found(path, shown(path), named=True),)
        if not path.is_dir():
            what = (
                "this is neither a file nor a folder" if path.exists() else "no such file or folder"
            )
            raise FileError(f"{given}: {what}")
        notes = [
            Found(note, shown(note), named=False, root=path) for note in sorted(_markdown(path))
        ]
    except (OSError, ValueError) as error:
        raise FileError(f"{given}: {_why(error)}") from error
    if not notes:
        raise FileError(f"{given}: no Markdown note (`*.md`) in this folder")
    return notes


def _markdown(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(".md") and not name.startswith("."):
                note = Path(parent, name)
                if note.is_file() and not note.is_symlink():
                    yield note


def kernels(notes: Sequence[Found]) -> tuple[Found, ...]:
    """Return the banks' own kernels: `kernels/*.py` beside the notes, none of them twice."""
    folders = dict.fromkeys(note.path.parent / "kernels" for note in notes)
    own = (folder for folder in folders if not folder.is_symlink())
    files = (file for folder in own for file in sorted(folder.glob("*.py")))
    return tuple(
        Found(file, shown(file), named=False)
        for file in files
        if file.is_file() and not file.is_symlink() and not file.name.startswith((".", "_"))
    )


def read(note: Found, most: int | None = None) -> bytes:
    """Return what stands in a note. Raises FileError, which says why, where the disk refuses.

    It is refused, too, if it is larger than `most` bytes.
    """
    try:
        if most is not None and note.path.stat().st_size > most:
            raise FileError(f"{note.name}: larger than {most} bytes")
        return note.path.read_bytes()
    except OSError as error:
        raise FileError(_why(error)) from error


def beside(note: Found, suffix: str, most: int) -> tuple[str, bytes] | None:
    """Return the name and the bytes of the file beside `note`, None where there is none.

    Beside `bank.md` stands `bank` with `suffix`. Raises FileError where it cannot be read, or is
    larger than `most` bytes.
    """
    path = note.path.with_suffix(suffix)
    name = shown(path)
    if path == note.path or not path.exists():
        return None
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise FileError(f"{name}: {_why(error)}") from error
    if len(content) > most:
        raise FileError(f"{name}: larger than {most} bytes")
    return name, content


def folder(path: str) -> Path:
    """Return the folder at `path`. Raises FileError where there is none."""
    if not path or not Path(path).is_dir():
        raise FileError(f"{path or 'a path'}: no such folder")
    return Path(path)


def below(root: Path, parts: Sequence[str], most: int) -> bytes | None:
    """Return the first `most` bytes of the file `parts` below `root`, None where there is none.

    No link below `root` is followed, not even one that is put there meanwhile. Raises LinkError
    for a link, and FileError for what is no file and where the disk refuses.
    """
    opened: list[int] = []
    if any(part in ("", ".", "..") or "/" in part for part in parts):
        return None
    try:
        opened += [os.open(root, os.O_RDONLY | os.O_DIRECTORY)]
        for part in parts:
            opened += [_opened(part, opened[-1])]
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            raise FileError("this is no file")
        with open(opened[-1], "rb", closefd=False) as content:
            return content.read(most)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise FileError(_why(error)) from error
    finally:
        for one in opened:
            os.close(one)


_ABSENT = (ENOENT, ENOTDIR, ENAMETOOLONG)


def _opened(name: str, folder: int) -> int:
    """Open what is called `name` in an open folder, without waiting for whoever writes a pipe."""
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise LinkError("links are not followed")
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)


def named_like(root: Path, suffixes: Collection[str], most: int) -> tuple[tuple[str, ...], ...]:
    """Return the files below `root` whose names end in `suffixes`, as paths from there, sorted.

    Hidden files and folders are left out, links are not followed. Raises FileError where there are
    more than `most` files of any name.
    """
    found: list[tuple[str, ...]] = []
    seen = 0
    for parent, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        seen += len(files)
        if seen > most:
            raise FileError(f"{root}: more than {most} files are below this folder")
        above = Path(parent).relative_to(root).parts
        found += [
            (*above, name)
            for name in files
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes
        ]
    return tuple(sorted(found))


def saved(folder: str, suffixes: Collection[str], most: int) -> Mapping[str, tuple[int, int]]:
    """Return when each file below `folder` with one of `suffixes` was saved, and its size.

    They go by the names that people know them by. A folder with more than `most` files, or none,
    has nothing to say.
    """
    root = Path(folder)
    with suppress(FileError, OSError):
        paths = [root.joinpath(*parts) for parts in named_like(root, suffixes, most)]
        states = {shown(path): path.stat() for path in paths}
        return {name: (state.st_mtime_ns, state.st_size) for name, state in states.items()}
    return {}


LEDGER = "proofdeck.lock"


def ledger(paths: Sequence[str]) -> Found:
    """Return where the ledger of the notes at `paths` stands, or is to stand.

    It is the nearest one in the folder that holds them all or above it, else one in that folder.
    """
    folders = [path if path.is_dir() else path.parent for path in map(Path, paths)]
    common = Path(os.path.commonpath([folder.absolute() for folder in folders]))
    above = (folder / LEDGER for folder in (common, *common.parents))
    found = next((file for file in above if file.is_file()), common / LEDGER)
    with suppress(ValueError):
        found = found.relative_to(Path.cwd())
    return Found(found, shown(found), named=True)


def within(ledger: Found, name: str) -> str:
    """Return how a ledger names the note that people know as `name`: from its own folder."""
    path = Path(os.path.relpath(name, ledger.path.parent)).as_posix()
    return path.encode("utf-8", "backslashreplace").decode()  # a name need not be text


def known_as(ledger: Found, name: str) -> str:
    """Return how people know the note that a ledger calls `name`."""
    return shown(Path(os.path.normpath(ledger.path.parent / name)))


def exists(name: str) -> bool:
    """Tell whether there is a file of this name."""
    return Path(name).is_file()


def keep(ledger: Found, content: bytes) -> None:
    """Write the ledger in one step. Raises FileError where that fails; it is then as it was."""
    write(str(ledger.path.parent), [Artefact(ledger.path.name, content)])


def merges_by_lines(ledger: Found) -> None:
    """Tell git, where the ledger is under it, to merge by keeping the lines of both sides.

    Raises FileError where `.gitattributes` cannot be written.
    """
    folder = ledger.path.parent.absolute()
    if not any((above / ".git").exists() for above in (folder, *folder.parents)):
        return
    attributes, name = folder / ".gitattributes", ledger.path.name.encode()
    with suppress(OSError, FileError):  # a convenience: no build fails for want of it
        told = attributes.read_bytes() if attributes.exists() else b""
        spoken = (line.split() for line in told.splitlines())
        wished = any(words[:1] == [name] and b"merge" in b" ".join(words[1:]) for words in spoken)
        if not wished and not attributes.is_symlink():  # git obeys no link
            end = b"" if not told or told.endswith(b"\n") else b"\n"
            write(str(folder), [Artefact(attributes.name, told + end + name + b" merge=union\n")])


def write(folder: str, artefacts: Iterable[Artefact]) -> tuple[Written, ...]:
    """Write all `artefacts` into `folder`: each beside its place first, then all are renamed.

    Raises FileError where that fails; then no file is changed and nothing half-written is left.
    """
    target = Path(folder)
    beside: list[tuple[Path, Path]] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for artefact in artefacts:  # one by one: what was made is known when the next one fails
            beside += [(_beside(target, artefact.content), target / artefact.name)]
        for _, final in beside:
            if final.is_dir():
                raise IsADirectoryError(EISDIR, f"{final.name} is a folder")
        for temporary, final in beside:
            temporary.replace(final)
        _sweep(target, max((final.stat().st_mtime for _, final in beside), default=0.0))
    except OSError as error:
        raise FileError(f"{folder}: cannot write here: {_why(error)}") from error
    finally:
        for temporary, _ in beside:
            with suppress(OSError):
                temporary.unlink()
    return tuple(Written(shown(final), final.stat().st_size) for _, final in beside)


# ── what is remembered between runs ──────────────────────────────────────────────────────────────


def cache_folder(environment: Mapping[str, str], system: str) -> Path | None:
    """Return the user's cache folder for us, None where nobody knows a home.

    `system` is `sys.platform`; XDG_CACHE_HOME counts on every system but macOS.
    """
    home = environment.get("HOME", "")
    if system == "darwin":
        return Path(home, "Library", "Caches", "proofdeck") if home else None
    base = environment.get("XDG_CACHE_HOME", "")
    if Path(base).is_absolute():
        return Path(base, "proofdeck")
    return Path(home, ".cache", "proofdeck") if home else None


def recall(path: Path) -> bytes | None:
    """Return what was remembered at `path`, None where that cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def remember(path: Path, content: bytes) -> None:
    """Write `content` to `path` in one step; if the disk refuses, nothing is remembered."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = _beside(path.parent, content)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()


def forget(folder: Path) -> bool:
    """Remove `folder` with all that was remembered; tell whether there was something.

    Raises FileError if that fails.
    """
    there = folder.exists()
    try:
        if there:
            shutil.rmtree(folder)
    except OSError as error:
        raise FileError(f"{folder}: cannot be removed: {_why(error)}") from error
    return there


_TEMPORARY = ".proofdeck-"
_STALE = 3600.0  # seconds: no run writes for so long


def _sweep(folder: Path, now: float) -> None:
    """Remove the temporary files that killed runs left behind; a run of now keeps its own."""
    for stray in folder.glob(f"{_TEMPORARY}*"):
        with suppress(OSError):
            if stray.stat().st_mtime < now - _STALE:
                stray.unlink()


def _beside(folder: Path, content: bytes) -> Path:
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_TEMPORARY, delete=False) as file:
        try:
            file.write(content)
            os.fchmod(file.fileno(), 0o666 & ~_umask())
        except BaseException:
            Path(file.name).unlink()
            raise
    return Path(file.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def shown(path: Path) -> str:
    """Return `path` as people know it: from the current folder where it is below it."""
    here = os.path.relpath(path)
    return Path(path if here.startswith("..") else here).as_posix()


def _why(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
