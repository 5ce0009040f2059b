"""The open points as a file: `python -m simulator --open-points FILE`, `make campaign-switches OPEN_POINTS=FILE`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from shared.certifying.report import OpenPoint

FILE = "open-points.json"


def write_open_points(folder: Path, settled: Mapping[str, OpenPoint]) -> Path:
    """One JSON object: each switch that was settled, by its name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(json.dumps(dict(sorted(settled.items())), indent=1) + "\n", encoding="utf-8")
    return path
