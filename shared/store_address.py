"""Where the documents are: all that a command needs to know that only reads them.

It reads the same variables and files as `shared/settings.py` and refuses the same values in the same words, without
loading what checks the other settings (a quarter of such a command's time).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import WrongSetting
from shared.hiding import hide

PREFIX = "TRUEUP_"
SECRETS_DIR = "TRUEUP_SECRETS_DIR"
DATABASE = "trueup"

_SCHEMES = ("mongodb://", "mongodb+srv://")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A MongoDB and a database on it."""

    uri: str = field(repr=False)
    database: str


def must_be_store(uri: str) -> None:
    """Raise ValueError for what cannot be MongoDB's address, without showing it: it may hold a password."""
    if not uri.startswith(_SCHEMES):
        raise ValueError("must begin with mongodb:// or mongodb+srv://")


def secrets_folder() -> Path | None:
    """Where the settings are that the environment lacks. Raises WrongSetting."""
    folder = os.environ.get(SECRETS_DIR) or None
    if folder is not None and not Path(folder).is_dir():
        raise WrongSetting(f"wrong settings: {SECRETS_DIR}: there is no folder {folder}")
    return None if folder is None else Path(folder)


def load_store_address() -> StoreAddress:
    """What the environment says. Raises WrongSetting with one line."""
    uri = _given("MONGODB_URI")
    if uri is None:
        raise WrongSetting("wrong settings: TRUEUP_MONGODB_URI: Field required")
    hide(uri)
    try:
        must_be_store(uri)
    except ValueError as error:
        raise WrongSetting(f"wrong settings: TRUEUP_MONGODB_URI: Value error, {error}") from None
    database = _given("MONGODB_DATABASE")
    return StoreAddress(uri, DATABASE if database is None else database)


def _given(setting: str) -> str | None:
    """A variable in whichever case, else the file of its name."""
    name = f"{PREFIX}{setting}".lower()
    for variable, value in os.environ.items():
        if variable.lower() == name:
            return value.strip()
    folder = secrets_folder()
    for file in () if folder is None else folder.iterdir():
        if file.name.lower() == name and file.is_file():
            return file.read_text(encoding="utf-8").strip()
    return None
