"""Makes MongoDB's roles and users of what deploy/make_secrets.py made: `python -m deploy.mongodb.make_users FOLDER`.

It comes as the administrator of `FOLDER/mongodb_admin_uri`. Safe to repeat: rights and passwords are brought to what
the code and the folders say. TRUEUP_MONGODB_DATABASE names the database.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from shared.mongodb.access.rights import ACCESS, ensure_users
from shared.roles import Role
from shared.store_address import DATABASE


def main() -> None:
    """Make them; ends with one line where it cannot be done."""
    arguments = sys.argv[1:]
    if len(arguments) != 1:
        sys.exit("trueup: name the folder of the secrets: python -m deploy.mongodb.make_users FOLDER")
    folder = Path(arguments[0])
    try:
        users = {role: _user(folder / role / "trueup_mongodb_uri") for role in (*ACCESS, Role.OWNER)}
        with MongoClient[dict[str, Any]](_read(folder / "mongodb_admin_uri")) as admin:
            ensure_users(admin, os.environ.get("TRUEUP_MONGODB_DATABASE") or DATABASE, users)
    except OSError as error:
        sys.exit(f"trueup: {error.filename}: {error.strerror}")
    except PyMongoError as error:
        # The driver's words may show an address with its password.
        code = f", code {error.code}" if isinstance(error, OperationFailure) else ""
        sys.exit(f"trueup: MongoDB's users could not be made: {type(error).__name__}{code}")


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()


def _user(file: Path) -> tuple[str, str]:
    parts = urlsplit(_read(file))
    if not parts.username or not parts.password:
        sys.exit(f"trueup: {file}: must look like mongodb://user:password@host")
    return unquote(parts.username), unquote(parts.password)


if __name__ == "__main__":
    main()
