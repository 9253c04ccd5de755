"""How titles become names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.names import slug, stems


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("L1 vs L2 regularization?", "l1-vs-l2-regularization"),
        ("  Bias   vs\nVariance? ", "bias-vs-variance"),
        ("C vs C++", "c-vs-c-plus-plus"),
        ("C vs C#", "c-vs-c-sharp"),
        ("Train & test: 80%", "train-and-test-80-percent"),
        ("snake_case - and_ more", "snake-case-and-more"),
        ("O(n²)", "o-n2"),
        ("ﬁne Ｗidth", "fine-width"),
        ("É vs È", "é-vs-è"),
        ("什么是 softmax？", "什么是-softmax"),
        ("कि vs की", "कि-vs-की"),
        ("น้ำ", "น้ํา"),
        ("???", "untitled"),
        ("", "untitled"),
        ("a::b/c\\d", "a-b-c-d"),
    ],
)
def test_slugs(title: str, name: str) -> None:
    """Lower-case words of any script, joined by single hyphens."""
    assert slug(title) == name


@given(st.text(max_size=200))
def test_a_slug_is_a_safe_name(title: str) -> None:
    """Never empty, never long, without blanks, slashes or control signs, and stable."""
    name = slug(title)
    assert 0 < len(name) <= 80
    assert not any(sign.isspace() or sign in "/\\:._" or not sign.isprintable() for sign in name)
    assert "--" not in name
    assert not name.startswith("-")
    assert slug(f"  {title}\n") == name


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a/bank.md", "b/bank.md", "c.md"], ("a-bank", "b-bank", "c")),
        (["bank.md", "../bank.md"], ("bank", "bank-2")),
        (["a-m.md", "a/m.md", "b/m.md"], ("a-m", "a-m-2", "b-m")),
        (["x/Bank.md", "y/bank.md"], ("x-Bank", "y-bank")),
        (["bank.md", "bank.markdown"], ("bank", "bank-2")),
        (["/one/bank.md"], ("bank",)),
        ([], ()),
    ],
)
def test_stems(files: list[str], names: tuple[str, ...]) -> None:
    """A note's own stem where nobody shares it, else with its folders, else with a number."""
    assert stems(files) == names


PARTS = st.lists(st.sampled_from(["a", "A", "b", "a-b", "..", "a-2"]), min_size=1, max_size=3)


@given(st.lists(PARTS.map(lambda parts: "/".join(parts) + ".md"), unique=True, max_size=8))
def test_no_two_notes_share_a_stem(files: list[str]) -> None:
    """Or one sheet would silently overwrite another, here or on a disk that ignores case."""
    names = stems(files)
    assert len(names) == len(files)
    assert len({name.casefold() for name in names}) == len(files)
    assert not any("/" in name for name in names)
