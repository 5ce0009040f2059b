"""What has been measured, as JSON in `.run/bench`: one file for each scene and form, written after each run.

A run that ends early has not been in vain: `RESUME=1` measures what is missing, where the program is the same.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring.figures import Figures
from benchmarks.scenes.scene import Form, Scene
from deploy.local.run_directory import RUN_DIRECTORY

FOLDER = RUN_DIRECTORY / "bench"


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """No other benchmark runs from this folder while the block does. Raises BlockingIOError where one does."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        # It goes with the process, however that ends.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@dataclass(slots=True)
class Kept:
    """The runs of a scene in one form. `size` and `commit`: of what; `wanted`: how many runs it is to have."""

    scene: str
    form: Form
    size: str
    commit: str
    wanted: int
    notes: dict[str, Any] = field(default_factory=dict)
    """The machine, the versions, the date."""
    runs: list[Figures] = field(default_factory=list)
    failed: str | None = None
    """Why the last run did not come to its end."""
    folder: Path = FOLDER

    @classmethod
    def begin(cls, scene: Scene, form: Form, *, commit: str, wanted: int, resume: bool, folder: Path = FOLDER) -> Kept:
        """A new one; with `resume` the kept one, where it is of the same program and size."""
        new = cls(scene.name, form, repr(scene.sizes[form]), commit, wanted, folder=folder)
        before = cls.read(scene.name, form, folder) if resume else None
        if before is None or (before.size, before.commit) != (new.size, new.commit):
            return new
        before.wanted, before.failed = wanted, None
        return before

    @classmethod
    def read(cls, scene: str, form: Form, folder: Path = FOLDER) -> Kept | None:
        """The kept one; None where there is none that can be read."""
        try:
            known = json.loads(cls._file(folder, scene, form).read_text())
            return cls(**known | {"form": Form(known["form"])}, folder=folder)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    @property
    def missing(self) -> range:
        """Numbers of the runs that are still to be made."""
        return range(len(self.runs), self.wanted)

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self._file(self.folder, self.scene, self.form)

    @staticmethod
    def _file(folder: Path, scene: str, form: Form) -> Path:
        return folder / f"{scene}-{form}.json"

    def write(self) -> None:
        """Keep it. Half a file never takes the place of a whole one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        names = ("scene", "form", "size", "commit", "wanted", "notes", "runs", "failed")
        part = self.file.with_suffix(".part")
        part.write_text(json.dumps({name: getattr(self, name) for name in names}, indent=2) + "\n")
        part.replace(self.file)
