"""A worker whose jail cannot be built: what a system without one has, for tests of what is then."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import builder.verify

_ORIGINAL = Path(builder.verify.__file__).parent
_BUILT = "    def __init__(self) -> None:\n"


def without_a_jail(folder: Path) -> AbstractContextManager[object]:
    """Have all workers started from a copy, in `folder`, in which `Jail()` raises OSError."""
    for name in ("worker.py", "wire.py", "jail.py"):
        shutil.copy(_ORIGINAL / name, folder / name)
    jail = (folder / "jail.py").read_text()
    assert jail.count(_BUILT) == 1
    broken = jail.replace(_BUILT, f"{_BUILT}        raise OSError('none')\n")
    (folder / "jail.py").write_text(broken)
    return patch("builder.verify.processes._WORKER", folder / "worker.py")
