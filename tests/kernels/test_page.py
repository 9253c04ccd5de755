"""The reference page says of each kernel how it is named, called and judged."""

from __future__ import annotations

import pytest

from builder.kernels import CANON, TOPICS
from builder.kernels.page import page
from builder.model import CannotRunError


def test_the_list_has_a_line_a_kernel() -> None:
    """By topic, within a hundred columns: signature first, then where an answer may hold."""
    lines = page(None).splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == list(TOPICS)
    names = [line.split("(")[0].strip() for line in lines if line[:2] == "  " != line[2:4]]
    assert [name for name in names if name] == [kernel.name for kernel in CANON]
    assert max(map(len, lines)) <= 100
    assert "one vector; a batch of rows; any axis;" in page(None)


@pytest.mark.parametrize("kernel", CANON, ids=lambda kernel: kernel.name)
def test_a_page_tells_all_names(kernel) -> None:
    """Every alias of it and of its parameters stands there, and the formula with its source."""
    shown = page(kernel.name)
    assert shown == "".join(page(alias) for alias in kernel.aliases[:1]) or not kernel.aliases
    for parameter in kernel.parameters:
        assert all(name in shown for name in (*parameter.aliases, *parameter.complements))
    assert kernel.formula in shown
    assert kernel.source in shown


def test_a_near_miss_is_told() -> None:
    """Whoever mistypes a name is told the nearest one, or where all of them are."""
    with pytest.raises(CannotRunError, match="did you mean 'softmax'"):
        page("sofmax")
    with pytest.raises(CannotRunError, match="`proofdeck kernels` lists all"):
        page("quicksort")
