"""Refusals of the app's own records: a wrong request gets the field and the remedy."""

from __future__ import annotations

from enum import StrEnum

from shared.errors import TrueupError


class Refusal(StrEnum):
    """The kinds of refusal."""

    UNKNOWN = "unknown"
    IN_USE = "in_use"
    INVALID = "invalid"
    OUTDATED = "outdated"
    TOO_MANY = "too-many"


class RecordRefused(TrueupError):
    """A change of the records that cannot be made; nothing was written."""

    def __init__(self, kind: Refusal, field: str, message: str, remedy: str) -> None:
        super().__init__(f"{field}: {message} {remedy}")
        self.kind = kind
        self.field = field
        self.message = message
        self.remedy = remedy
