"""Folders for what a run writes: `.run/<purpose>-<process id>-<random>`, below the project's root."""

import os
import shutil
import tempfile
from pathlib import Path

RUN_DIRECTORY = Path(__file__).resolve().parents[2] / ".run"


def make_run_directory(purpose: str) -> Path:
    """Make a new folder for this process and return it; the caller removes it.

    Folders of the same purpose whose process was killed before it could remove them go first.
    """
    RUN_DIRECTORY.mkdir(exist_ok=True)
    for folder in RUN_DIRECTORY.glob(f"{purpose}-*-*"):
        process_id = folder.name.split("-")[-2]
        if process_id.isdigit() and not Path(f"/proc/{process_id}").exists():
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{purpose}-{os.getpid()}-", dir=RUN_DIRECTORY))
