"""The disk: what is found, what is read, and how files are written."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from builder import files
from builder.model import Artefact, Written


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str) -> None:
    """Write files of one line, with the folders they need."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("# T\n", encoding="utf-8")


def found(*paths: str) -> list[str]:
    """Return the names of the notes that are found."""
    return [note.name for note in files.find(paths)]


# ── finding ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("here")
def test_a_folder_means_the_notes_below_it() -> None:
    """Sorted; hidden ones, links and other files are left out."""
    put("b/z.md", "b/a/y.MD", "b/.hidden.md", "b/.obsidian/x.md", "b/picture.png", "b/readme.txt")
    put("other.md")
    Path("b/link.md").symlink_to("../other.md")
    Path("b/folder.md").mkdir()
    assert found("b") == ["b/a/y.MD", "b/z.md"]


@pytest.mark.usefixtures("here")
def test_a_folder_that_links_in_a_circle_is_read_once() -> None:
    """Links to folders are not followed."""
    put("b/a.md")
    Path("b/again").symlink_to(".", target_is_directory=True)
    assert found("b") == ["b/a.md"]


@pytest.mark.usefixtures("here")
def test_a_file_that_is_named_may_have_any_name() -> None:
    """Hidden, linked or without `.md`: who names it means it."""
    put(".hidden.md", "notes.txt")
    Path("link.md").symlink_to("notes.txt")
    assert found(".hidden.md", "notes.txt") == [".hidden.md", "notes.txt"]
    assert all(note.named for note in files.find(["link.md"]))


@pytest.mark.usefixtures("here")
def test_nothing_comes_twice() -> None:
    """However often, and by whatever path, it is named."""
    put("b/a.md", "b/c.md")
    assert found("b/c.md", "b", "./b/../b/c.md", "b") == ["b/c.md", "b/a.md"]


def test_names_are_relative_to_the_current_folder(here: Path) -> None:
    """Where the note is below it; else they stand as they were given."""
    put("b/a.md", "c/d.md")
    assert found(str(here / "b")) == ["b/a.md"]
    os.chdir("b")
    assert found("../c") == ["../c/d.md"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing.md", "missing.md: no such file or folder"),
        ("", "a path is empty"),
        ("/dev/null", "/dev/null: this is neither a file nor a folder"),
        ("empty", "empty: no Markdown note (`*.md`) in this folder"),
        ("a.md/b.md", "a.md/b.md: no such file or folder"),
        ("x" * 5000, "file name too long"),
    ],
)
def test_what_is_no_note_is_said(path: str, why: str) -> None:
    """The message names the path as it was given."""
    Path("empty").mkdir()
    put("a.md")
    with pytest.raises(files.FileError) as caught:
        files.find([path])
    assert str(caught.value).endswith(why)


def test_a_note_that_is_gone_cannot_be_read(here: Path) -> None:
    """The reason is the disk's own."""
    with pytest.raises(files.FileError, match=r"no such file or directory"):
        files.read(files.Found(here / "gone.md", "gone.md", named=True))


def test_a_file_beside_a_note_is_read(here: Path) -> None:
    """By its name; where there is none, or the note itself has that name, there is nothing."""
    (here / "a.b.md").write_bytes(b"note")
    note = files.Found(here / "a.b.md", "a.b.md", named=True)
    assert files.beside(note, ".audit.toml", 4) is None
    assert files.beside(note, ".md", 4) is None
    (here / "a.b.audit.toml").write_bytes(b"1234")
    assert files.beside(note, ".audit.toml", 4) == ("a.b.audit.toml", b"1234")


def test_a_file_beside_a_note_that_cannot_be_read_is_named(here: Path) -> None:
    """A folder, or one that is larger than it may be."""
    note = files.Found(here / "a.md", "a.md", named=True)
    (here / "a.toml").write_bytes(b"12345")
    with pytest.raises(files.FileError, match=r"^a\.toml: larger than 4 bytes$"):
        files.beside(note, ".toml", 4)
    (here / "a.audit").mkdir()
    with pytest.raises(files.FileError, match=r"^a\.audit: is a directory$"):
        files.beside(note, ".audit", 4)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def listing(folder: Path) -> dict[str, bytes]:
    """Return what a folder holds."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_files_are_written_into_a_new_folder(here: Path) -> None:
    """Names and sizes come back, relative to the current folder."""
    written = files.write("out/deep", [Artefact("a.apkg", b"12"), Artefact("a.pdf", b"345")])
    assert written == (Written("out/deep/a.apkg", 2), Written("out/deep/a.pdf", 3))
    assert listing(here / "out/deep") == {"a.apkg": b"12", "a.pdf": b"345"}


def test_files_that_exist_are_replaced(here: Path) -> None:
    """Others stay as they are."""
    put("out/a.pdf", "out/mine.txt")
    files.write("out", [Artefact("a.pdf", b"new")])
    assert listing(here / "out") == {"a.pdf": b"new", "mine.txt": b"# T\n"}


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(here: Path, mask: int, mode: int) -> None:
    """As for any file that a program makes."""
    before = os.umask(mask)
    try:
        files.write("out", [Artefact("a", b"")])
    finally:
        os.umask(before)
    assert (here / "out" / "a").stat().st_mode & 0o777 == mode


def failing() -> Iterator[Artefact]:
    """Give one file, then fail as a full disk does."""
    yield Artefact("a.apkg", b"new")
    raise OSError(28, "No space left on device")


def interrupted() -> Iterator[Artefact]:
    """Give one file, then be interrupted."""
    yield Artefact("a.apkg", b"new")
    raise KeyboardInterrupt


def test_a_failure_in_the_middle_changes_nothing(here: Path) -> None:
    """No file is new, none is half, none is left beside."""
    put("out/a.apkg")
    with pytest.raises(files.FileError, match=r"out: cannot write here: no space left on device"):
        files.write("out", failing())
    with pytest.raises(KeyboardInterrupt):
        files.write("out", interrupted())
    assert listing(here / "out") == {"a.apkg": b"# T\n"}


def test_all_files_are_written_or_none(here: Path) -> None:
    """A folder in the place of one file stops the others as well."""
    put("out/a.apkg")
    Path("out/a.pdf").mkdir()
    with pytest.raises(files.FileError, match=r"a.pdf is a folder"):
        files.write("out", [Artefact("a.apkg", b"new"), Artefact("a.pdf", b"new")])
    assert listing(here / "out") == {"a.apkg": b"# T\n"}


@pytest.mark.usefixtures("here")
def test_a_path_below_a_file_is_no_folder() -> None:
    """It is said by the name that was given."""
    put("note.md")
    with pytest.raises(files.FileError, match=r"note.md/out: cannot write here: not a directory"):
        files.write("note.md/out", [Artefact("a", b"")])
    with pytest.raises(files.FileError, match=r"note.md: cannot write here: file exists"):
        files.write("note.md", [Artefact("a", b"")])


def test_what_a_killed_run_left_is_swept_after_an_hour(tmp_path: Path) -> None:
    """A younger one may belong to a run that goes on beside this one."""
    old, young = tmp_path / ".proofdeck-old", tmp_path / ".proofdeck-young"
    for stray in (old, young):
        stray.write_bytes(b"x")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    files.write(str(tmp_path), [Artefact("a", b"1")])
    assert sorted(path.name for path in tmp_path.iterdir()) == [".proofdeck-young", "a"]


# ── below a folder ───────────────────────────────────────────────────────────────────────────────


def test_what_is_below_a_folder_is_read_as_far_as_asked(here: Path) -> None:
    """By the parts of its path; what is not there is nothing."""
    put("a/b/c.txt")
    assert files.below(here, ("a", "b", "c.txt"), 3) == b"# T"
    assert files.below(here, ("a", "b", "d.txt"), 3) is None
    assert files.below(here, ("a", "b", "c.txt", "d"), 3) is None
    assert files.below(here, ("x" * 300,), 3) is None
    assert files.below(here / "gone", ("a",), 3) is None
    with pytest.raises(files.FileError, match="this is no file"):
        files.below(here, ("a", "b"), 3)


@pytest.mark.parametrize("part", ["..", ".", "", "../a", "/etc/passwd"])
def test_nothing_above_a_folder_is_below_it(here: Path, part: str) -> None:
    """Not even for a caller that forgot to look."""
    put("secret.txt", "a/b.txt")
    assert files.below(here / "a", (part, "secret.txt"), 9) is None
    assert files.below(here / "a", (part,), 9) is None


def test_a_link_below_a_folder_is_refused(here: Path) -> None:
    """As the file and on the way to it; the folder itself may be one."""
    put("a/b.txt", "secret/c.txt")
    Path("a/link.txt").symlink_to("b.txt")
    Path("a/folder").symlink_to("../secret")
    for parts in (("link.txt",), ("folder", "c.txt")):
        with pytest.raises(files.LinkError):
            files.below(here / "a", parts, 9)
    Path("again").symlink_to("a")
    assert files.below(here / "again", ("b.txt",), 9) == b"# T\n"


def test_no_file_stays_open(here: Path) -> None:
    """Whatever became of it."""
    put("a/b.txt")
    Path("a/link").symlink_to("b.txt")
    before = len([*Path("/dev/fd").iterdir()])
    for parts in (("a", "b.txt"), ("a", "gone"), ("a",), ("a", "link")):
        with suppress(files.FileError):
            files.below(here, parts, 9)
    assert len([*Path("/dev/fd").iterdir()]) == before


@pytest.mark.usefixtures("here")
def test_files_of_some_suffixes_are_listed() -> None:
    """Sorted; hidden ones and those behind links are left out."""
    put("v/b.PNG", "v/a/c.png", "v/.git/d.png", "v/.e.png", "v/f.txt", "w/g.png")
    Path("v/link").symlink_to("../w")
    assert files.named_like(Path("v"), {".png"}, 9) == (("a", "c.png"), ("b.PNG",))
    with pytest.raises(files.FileError, match="more than 3 files"):
        files.named_like(Path("v"), {".png"}, 3)
