"""Where the documents are: all that a command needs to know that only reads them.

It reads the same variables and files as `shared/setting_groups.py` and refuses the same values in the same
words, without loading what checks the other settings (a quarter of such a command's time).
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import WrongSetting
from shared.observing.hiding import hide

PREFIX = "TRUEUP_"
SECRETS_DIR = "TRUEUP_SECRETS_DIR"
DATABASE = "trueup"

_SCHEMES = ("mongodb://", "mongodb+srv://")
_LONGEST_NAME = 63
_NO_NAME = re.compile(r"[\s/\\.\"$*<>:|?\x00-\x1f]")
_MONGODBS_OWN = frozenset({"admin", "config", "local"})


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A MongoDB and a database on it."""

    uri: str = field(repr=False)
    database: str


def must_be_store(uri: str) -> None:
    """Raise ValueError for what cannot be MongoDB's address, without showing it: it may hold a password."""
    if not uri.startswith(_SCHEMES):
        raise ValueError("must begin with mongodb:// or mongodb+srv://")


def must_be_database(name: str) -> None:
    """Raise ValueError for what cannot be the name of a database with transactions."""
    if not name or len(name.encode()) > _LONGEST_NAME or _NO_NAME.search(name):
        raise ValueError(
            f'must be a name of at most {_LONGEST_NAME} bytes without blanks and without any of / \\ . " $ *'
        )
    if name in _MONGODBS_OWN:
        raise ValueError("must not be one of MongoDB's own databases: admin, config, local")


def secrets_folder() -> Path | None:
    """Where the settings are that the environment lacks. Raises WrongSetting, also where others can read one."""
    given = os.environ.get(SECRETS_DIR) or None
    if given is None:
        return None
    folder = Path(given)
    if not folder.is_dir():
        raise WrongSetting(f"wrong settings: {SECRETS_DIR}: there is no folder {folder}")
    for file in sorted(folder.iterdir()):
        if file.name.lower().startswith(PREFIX.lower()) and file.is_file() and (by := _readers(file)) is not None:
            remedy = f"take that away (chmod 0400 {file})"
            raise WrongSetting(f"wrong settings: {SECRETS_DIR}: {file} can be read by {by}: {remedy}")
    return folder


def _readers(file: Path) -> str | None:
    """Who else can read the file; None: nobody.

    A group may where it is how we read it ourselves: the file is another's (root's, of a group of ours). What a
    container was given by a read-only mount is as private as the container; there the mode says nothing, since its
    owner is outside.
    """
    about = file.stat()
    if _is_mounted(file, about):
        return None
    if about.st_mode & stat.S_IROTH:
        return "everybody on this machine"
    if about.st_mode & stat.S_IRGRP and about.st_uid == os.geteuid():
        return "its group"
    return None


def _is_mounted(file: Path, about: os.stat_result) -> bool:
    return bool(os.statvfs(file).f_flag & os.ST_RDONLY) and about.st_dev != Path("/").stat().st_dev


def load_store_address() -> StoreAddress:
    """What the environment says. Raises WrongSetting with one line."""
    uri = setting("MONGODB_URI")
    if uri is None:
        raise WrongSetting("wrong settings: TRUEUP_MONGODB_URI: Field required")
    hide(uri)
    try:
        must_be_store(uri)
    except ValueError as error:
        raise WrongSetting(f"wrong settings: TRUEUP_MONGODB_URI: Value error, {error}") from None
    name = setting("MONGODB_DATABASE")
    database = DATABASE if name is None else name
    try:
        must_be_database(database)
    except ValueError as error:
        raise WrongSetting(f"wrong settings: TRUEUP_MONGODB_DATABASE: Value error, {error}") from None
    return StoreAddress(uri, database)


def setting(name: str) -> str | None:
    """A variable in whichever case, else the file of its name."""
    wanted = f"{PREFIX}{name}".lower()
    for variable, value in os.environ.items():
        if variable.lower() == wanted:
            return value.strip()
    folder = secrets_folder()
    for file in () if folder is None else folder.iterdir():
        if file.name.lower() == wanted and file.is_file():
            return file.read_text(encoding="utf-8").strip()
    return None
