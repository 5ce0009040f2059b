"""Folders for what a run writes: `<purpose>-<process id>-<random>`, below `.run` or in memory."""

import os
import shutil
import tempfile
from pathlib import Path

RUN_DIRECTORY = Path(__file__).resolve().parents[2] / ".run"

_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux' own memory-backed file system; folders in it get random names
_MEMORY_NEEDED = 4 * 1024**3
"""Bytes that must be free there: a RabbitMQ and a MongoDB of a whole test run take less than half."""


def make_run_directory(purpose: str, *, in_memory: bool = False) -> Path:
    """Make a new folder for this process and return it; the caller removes it.

    `in_memory` asks for memory-backed storage: data that nobody needs afterwards is not worth a disk's flushes. Where
    the machine has none with room enough, the folder is made below `.run` like any other. Folders of the same purpose
    whose process was killed before it could remove them go first.
    """
    base = _memory_folder() if in_memory else None
    base = base or RUN_DIRECTORY
    base.mkdir(mode=0o700, exist_ok=True)
    for folder in base.glob(f"{purpose}-*-*"):
        process_id = folder.name.split("-")[-2]
        if process_id.isdigit() and not Path(f"/proc/{process_id}").exists():
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{purpose}-{os.getpid()}-", dir=base))


def _memory_folder() -> Path | None:
    try:
        free = shutil.disk_usage(_MEMORY).free
    except OSError:
        return None
    writable = os.access(_MEMORY, os.W_OK)
    return _MEMORY / f"trueup-{os.getuid()}" if writable and free >= _MEMORY_NEEDED else None
