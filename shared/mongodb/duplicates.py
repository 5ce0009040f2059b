"""What MongoDB says where a document would be there twice."""

from __future__ import annotations

from pymongo.errors import BulkWriteError, DuplicateKeyError

_DUPLICATE_KEY = 11000


def is_duplicate(error: Exception) -> bool:
    """Whether a write failed since a unique key is taken; of several writes, one of them."""
    if isinstance(error, BulkWriteError):
        return any(item.get("code") == _DUPLICATE_KEY for item in error.details.get("writeErrors", ()))
    return isinstance(error, DuplicateKeyError)
