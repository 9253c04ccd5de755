"""An exporter for proofdeck that cannot even be imported."""

from __future__ import annotations

EXPORTER = {}["a name that nobody set"]
