"""Acts of the audit log: one to be noted, and one as it is kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from shared.mongodb.schema import Document

By = Literal["api", "command", "message", "shopify"]
"""The way in which it was asked for: the HTTP API, the command line, a message, a webhook of Shopify's."""


@dataclass(frozen=True, slots=True)
class Act:
    """`act`: what was done, such as `job.cancel`; `subject`: to what, an id; `actor`: `user:…`, or who else asked."""

    shop: str | None
    act: str
    actor: str
    by: By
    subject: str = ""


@dataclass(frozen=True, slots=True)
class KeptAct:
    """An act as it is kept: with its own id, and when it was done."""

    shop: str | None
    entry_id: str
    at: datetime
    act: str
    actor: str
    by: By
    subject: str


def kept_act_of(document: Document) -> KeptAct:
    """From its document."""
    return KeptAct(**{name: document[name] for name in _KEPT})


_KEPT = tuple(field.name for field in fields(KeptAct))
