"""Images on the disk: found as a note means them, and never outside of what was named."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import images
import pytest

from builder import files, media
from builder.images import Flaw
from builder.media import Gathered, gather
from builder.model import Bank, Card, Deck, Embed, Markdown, Place

RED, BLUE = images.png(2, 1), images.png(1, 2)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _put(*names: str, content: bytes = RED) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


def _gathered(
    *targets: str, note: str = "bank/note.md", named: str = "bank", vault: str | None = None
) -> Gathered:
    """Return what is found for a note that shows `targets`, one a line."""
    _put(note, content=b"")
    embeds = tuple(Embed(one, Place(note, at, 1, at, 9)) for at, one in enumerate(targets, 1))
    bank = Bank((Deck("Deck", note, (), (), embeds=embeds),))
    return gather(bank, files.find([named]), vault)


def _found(*targets: str, **where: str) -> Mapping[str, bytes]:
    """Return the content that each target means; none has a flaw."""
    gathered = _gathered(*targets, **where)
    assert not gathered.flaws
    return {target: one.content for (_, target), one in gathered.found.items()}


def _flaw(target: str, **where: str) -> str:
    """Return what is wrong with the only target: the flaw and what is told."""
    gathered = _gathered(target, **where)
    (flawed,) = gathered.flaws
    assert bool(gathered.found) is (flawed.flaw is Flaw.HEAVY)
    assert flawed.embed.place.line == 1
    return f"{flawed.flaw}: {flawed.told}"


MISSING = "missing: is not there"
OUTSIDE = "outside: stands outside of the bank's folder"

# ── where an image stands ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("bank/a.png", "a.png"),
        ("bank/a.png", "./a.png"),
        ("bank/a b.png", "a%20b.png"),
        ("bank/a b.png", "a b.png"),
        ("bank/a%20b.png", "a%20b.png"),
        ("bank/100%.png", "100%.png"),
        ("bank/%ff.png", "%ff.png"),
        ("bank/x/a.png", "x/a.png"),
        ("bank/x/a.png", "x//y/../a.png"),
        ("bank/é.png", "%C3%A9.png"),
        (unicodedata.normalize("NFD", "bank/é.png"), "é.png"),
        ("bank/é.png", unicodedata.normalize("NFD", "é.png")),
        ("bank/attachments/a.png", "a.png"),
        ("bank/assets/a.png", "a.png"),
        ("bank/Pasted image 10:20.png", "Pasted image 10:20.png"),
        ("bank/https.png", "https.png"),
    ],
)
def test_a_target_is_a_file_from_the_note_on(file: str, target: str) -> None:
    """As it stands, with its percent signs read, or in a folder for such files."""
    _put(file)
    assert _found(target) == {target: RED}


def test_a_folder_for_images_may_stand_further_up() -> None:
    """Up to the folder that was named, the nearest one first."""
    _put("attachments/a.png", "bank/images/a.png", content=BLUE)
    _put("bank/deep/img/a.png")
    assert _found("a.png", note="bank/deep/er/note.md") == {"a.png": RED}
    Path("bank/deep/img/a.png").unlink()
    assert _found("a.png", note="bank/deep/er/note.md") == {"a.png": BLUE}
    Path("bank/images/a.png").unlink()
    assert _flaw("a.png", note="bank/deep/er/note.md") == MISSING


def test_a_note_that_was_named_itself_has_its_own_folder() -> None:
    """What stands beside it counts, also where the note is a link."""
    _put("bank/a.png")
    assert _found("a.png", named="bank/note.md") == {"a.png": RED}
    _put("elsewhere/note.md", content=b"")
    Path("bank/link.md").symlink_to("../elsewhere/note.md")
    bank = Bank((Deck("D", "bank/link.md", (), (), embeds=(Embed("a.png", _place()),)),))
    assert gather(bank, files.find(["bank/link.md"])).media[0].content == RED


def _place(line: int = 1) -> Place:
    return Place("bank/link.md", line, 1, line, 2)


@pytest.mark.parametrize("target", ["a.png", "x/a.png", "", ".", "x" * 300, "a\0b.png", "a.png/b"])
def test_what_is_not_there_is_missing(target: str) -> None:
    """Nothing is guessed."""
    _put("bank/b.png", "bank/y/a.png")
    assert _flaw(target or "?", note="bank/note.md").startswith(("missing", "outside"))


def test_a_folder_is_no_image() -> None:
    """Nor is a pipe, for which nobody waits."""
    Path("bank/a.png").mkdir(parents=True)
    assert _flaw("a.png") == "missing: cannot be read: this is no file"
    os.mkfifo("bank/b.png")
    assert _flaw("b.png") == "missing: cannot be read: this is no file"


# ── a vault ──────────────────────────────────────────────────────────────────────────────────────


def test_a_name_means_a_file_anywhere_in_the_vault() -> None:
    """Below the note first, then the shortest path, then the alphabet; hidden ones never."""
    _put("v/.trash/a.png", "v/z/z/z/a.png", "v/b/a.png")
    where = {"note": "v/z/note.md", "named": "v/z", "vault": "v"}
    _put("v/z/z/z/a.png", content=BLUE)
    assert _found("a.png", **where) == {"a.png": BLUE}
    Path("v/z/z/z/a.png").unlink()
    _put("v/a/b/a.png", "v/c/a.png", content=BLUE)
    assert _found("a.png", **where) == {"a.png": RED}
    assert _found("A.PNG", **where) == {"A.PNG": RED}
    assert _found("b/a.png", "a/b/a.png", "c/A.png", **where) == {
        "b/a.png": RED, "a/b/a.png": BLUE, "c/A.png": BLUE,
    }  # fmt: skip
    assert _flaw("trash/a.png", **where) == MISSING


def test_within_a_vault_a_note_may_reach_further() -> None:
    """Up to the vault's folder, and from it."""
    _put("v/img/a.png")
    where = {"note": "v/notes/note.md", "named": "v/notes"}
    assert _flaw("../img/a.png", **where) == OUTSIDE
    assert _found("../img/a.png", **where, vault="v") == {"../img/a.png": RED}
    assert _found("img/a.png", **where, vault="v") == {"img/a.png": RED}
    _put("b.png")
    assert _flaw("../../b.png", **where, vault="v") == OUTSIDE


def test_a_note_outside_of_the_vault_may_use_its_images() -> None:
    """They were named on the command line, too."""
    _put("v/x/a.png")
    assert _found("a.png", vault="v") == {"a.png": RED}


def test_a_vault_that_is_no_folder_or_endless_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run cannot be done: nobody knows what the notes mean."""
    _put("file")
    for vault in ("", "gone", "file"):
        with pytest.raises(files.FileError, match="no such folder"):
            _gathered(vault=vault)
    monkeypatch.setattr(media, "MOST_FILES", 2)
    _put("v/1.txt", "v/2.txt", "v/3.txt")
    with pytest.raises(files.FileError, match="more than 2 files"):
        _gathered("a.png", vault="v")


# ── what stays outside ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "target",
    ["../secret.png", "%2e%2e/secret.png", "x/../../secret.png", "/etc/hostname.png", "C:/a.png",
     "file:///etc/a.png", "app://local/a.png", "../bank/../secret.png", "..", "x/../.."],
)  # fmt: skip
@pytest.mark.parametrize("named", ["bank", "bank/note.md"])
def test_a_target_never_leads_out_of_the_bank(target: str, named: str) -> None:
    """However it is written, and although the file is there."""
    _put("secret.png", "bank/x/y.png")
    assert _flaw(target, named=named) == OUTSIDE


@pytest.mark.parametrize("vault", [None, "bank"])
def test_links_are_not_followed(vault: str | None) -> None:
    """Neither one that is the image nor one on the way, wherever it leads."""
    _put("secret/a.png", "bank/b.png")
    Path("bank/a.png").symlink_to("../secret/a.png")
    Path("bank/c.png").symlink_to("b.png")
    Path("bank/folder").symlink_to("../secret")
    for target in ("a.png", "c.png", "folder/a.png"):
        (flawed,) = _gathered(target, vault=vault).flaws
        assert (flawed.flaw, flawed.told) == (Flaw.OUTSIDE, "is a link, or is behind one")


def test_the_folder_that_was_named_may_be_a_link() -> None:
    """Whoever names it means it."""
    _put("real/a.png", "real/note.md")
    Path("bank").symlink_to("real", target_is_directory=True)
    assert _found("a.png") == {"a.png": RED}
    assert _found("a.png", vault="bank") == {"a.png": RED}


@pytest.mark.parametrize(
    "target", ["http://example.org/a.png", "HTTPS://example.org/a.png", "//example.org/a.png"]
)
def test_nothing_is_fetched(target: str) -> None:
    """Cards work offline."""
    assert _flaw(target) == "remote: stands on another computer"


def test_an_image_in_its_address_is_to_be_a_file() -> None:
    """It would swell every note."""
    assert _flaw("data:image/png;base64,AAAA") == "unsupported: is written out in its address"


# ── what it is ───────────────────────────────────────────────────────────────────────────────────


def test_equal_images_are_one() -> None:
    """A name comes from the content, whatever the file is called, and is safe on any disk."""
    _put("bank/a.png", "bank/x/ä b.PNG")
    _put("bank/c.png", content=BLUE)
    gathered = _gathered("a.png", "x/ä b.PNG", "c.png", "a.png")
    names = [one.name for one in gathered.media]
    assert names == sorted(names)
    assert {one.content for one in gathered.media} == {RED, BLUE}
    assert len(gathered.found) == 3
    for name in names:
        assert name.startswith("proofdeck-")
        assert name.isascii()
        assert name.endswith(".png")
        assert len(name) == len("proofdeck-.png") + 16


def test_a_jpeg_has_one_suffix() -> None:
    """Both of its names mean the same."""
    _put("bank/a.jpeg", "bank/b.JPG", content=images.jpeg(3, 3))
    (only,) = _gathered("a.jpeg", "b.JPG").media
    assert only.name.endswith(".jpg")


def test_large_images_are_refused_and_heavy_ones_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each heavy one once; what is refused is not read to its end."""
    _put("bank/a.png", content=images.png(more=bytes(media.LARGEST)))
    assert _flaw("a.png") == "large: is larger than 10.0 MB, which is the most"
    _put("bank/b.png", content=images.png(more=bytes(media.HEAVY)))
    assert _flaw("b.png") == "heavy: has 1.0 MB"
    assert len(_gathered("b.png", "b.png").flaws) == 1
    _put("bank/c.png", content=images.vast_png())
    assert _flaw("c.png") == "large: has 3,600 million pixels"
    _put("bank/d.png")
    _put("bank/e.png", content=BLUE)
    monkeypatch.setattr(media, "ALTOGETHER", len(RED) + len(BLUE) - 1)
    assert [one.flaw for one in _gathered("d.png", "e.png", "d.png").flaws] == [Flaw.LARGE]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.gif", RED, "is PNG, not what its name says: the suffix must fit the content"),
        ("a.bmp", b"BM", "is no PNG, JPEG, GIF, WebP, AVIF or SVG"),
        ("a.svg", images.svg("<script/>"), "holds `<script>`: only drawings that merely draw are"),
    ],
)
def test_what_no_card_can_show_is_told(name: str, content: bytes, told: str) -> None:
    """And what to do about it."""
    _put(f"bank/{name}", content=content)
    assert _flaw(name).startswith(f"unsupported: {told}")
    assert _gathered(name).flaws[0].hint == "save it as PNG, JPEG, GIF, WebP, AVIF or SVG"


def test_each_card_knows_its_images() -> None:
    """By the lines on which it stands, those of question and answer alike."""
    _put("bank/a.png")
    _put("bank/b.png", content=BLUE)
    gathered = _gathered("a.png", "b.png", "b.png", "gone.png")
    text = Markdown("", Place("bank/note.md", 1, 1, 1, 1))

    def card(key: str, first: int, last: int) -> Card:
        place = Place("bank/note.md", first, 1, last, 9)
        return Card("q", text, "", place, place, key=key, asked=text)

    embeds = tuple(
        Embed(one, Place("bank/note.md", at, 1, at, 9))
        for at, one in enumerate(("a.png", "b.png", "b.png", "gone.png"), 1)
    )
    cards = (card("one", 1, 2), card("two", 3, 4), card("three", 5, 5))
    bank = Bank((Deck("Deck", "bank/note.md", (), cards, embeds=embeds),))
    names = {one.content: one.name for one in gathered.media}
    assert gathered.by_card(bank) == {"one": {names[RED], names[BLUE]}, "two": {names[BLUE]}}
