"""Values from before, noted durably twice before anything changes: in a file here, and in the shop's document.

Either is enough to restore by. A note is closed once its values are seen to be back, the file last: whoever is stopped
in between restores once more, which changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.certifying.named import CannotCertify
from shared.mongodb.shops.certifications import CertificationStore, Noted, NotedLevel

FILE, LOCK = "before.json", "lock"


class Journal:
    """The notes of certifications in one folder."""

    def __init__(self, folder: Path, stored: CertificationStore) -> None:
        self._file = folder / FILE
        self._stored = stored

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else certifies with this folder meanwhile: two would take each other's values for those from before.

        The system lets go of it with the process, however that ends. Raises CannotCertify.
        """
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            lock = (self._file.parent / LOCK).open("w")
        except OSError as error:
            raise CannotCertify(f"--out {self._file.parent}: {error.strerror}") from None
        with lock:
            if sys.platform != "win32":
                import fcntl  # noqa: PLC0415  # Windows has none

                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise CannotCertify(
                        f"another certification runs with {self._file.parent}: wait for its end, or stop it"
                    ) from None
            yield

    async def unfinished(self, shop: str) -> Noted | None:
        """What is to be restored first. Raises CannotCertify where the file is another shop's, or cannot be read."""
        local = self._read()
        if local is not None and local.shop != shop:
            raise CannotCertify(
                f"{self._file} tells of {local.shop}, which is not restored: run certify for that shop first, or name "
                "another folder by --out"
            )
        if (stored := await self._stored.open(shop)) is not None:
            return stored
        if local is not None and await self._stored.is_closed(local):
            # It was restored from elsewhere: its values are of then.
            self._file.unlink()
            return None
        return local

    async def note(self, noted: Noted) -> None:
        """Keep it, on the disk and with a majority of MongoDB, before this returns."""
        self._write(noted)
        if not await self._stored.note(noted):
            self._file.unlink()
            raise CannotCertify(
                f"{noted.shop} is not known, or is being certified by another: add it with trueup shop add, or wait"
            )

    async def close(self, noted: Noted) -> None:
        """Its values are back."""
        await self._stored.close(noted)
        self._file.unlink(missing_ok=True)

    def _read(self) -> Noted | None:
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            return _noted(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise CannotCertify(
                f"{self._file} cannot be read ({error}): move it away once its shop is as it was"
            ) from None

    def _write(self, noted: Noted) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        half = self._file.with_suffix(".half")
        values = asdict(noted) | {"noted_at": noted.noted_at.isoformat()}
        with half.open("w", encoding="utf-8") as file:
            file.write(json.dumps(values, indent=1))
            file.flush()
            os.fsync(file.fileno())
        half.replace(self._file)
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _noted(values: Mapping[str, Any]) -> Noted:
    first, second = (NotedLevel(**level) for level in values["levels"])
    at = datetime.fromisoformat(values["noted_at"])
    return Noted(**{**values, "levels": (first, second), "noted_at": at})
