"""One warm process a module: the answers of all its tests run in children of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from builder.verify.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running
