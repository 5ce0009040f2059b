"""A notice as all but its store see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.notices import Facts, Matter, Told, told
from shared.mongodb.schema import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A matter of a shop, told once however often it happens: `count` says how often.

    `at`: when it happened last, `first_at`: when first. `seen_by` and `dismissed_by` are the shop's, not one person's.
    """

    shop: str
    notice_id: str
    matter: Matter
    subject: str
    occurrence: str
    count: int
    first_at: datetime
    at: datetime
    open: bool
    closed_at: datetime | None
    seen_at: datetime | None
    dismissed_by: str | None
    facts: Facts

    @property
    def told(self) -> Told:
        """Its words."""
        return told(self.matter, self.subject, self.facts, self.count)


def notice_of(document: Document) -> Notice:
    """From its document."""
    facts: Mapping[str, str | int | None] = document["facts"]
    return Notice(
        shop=document["shop"],
        notice_id=document["notice_id"],
        matter=Matter(document["matter"]),
        subject=document["subject"],
        occurrence=document["occurrence"],
        count=document["count"],
        first_at=document["first_at"],
        at=document["at"],
        open=document["open"],
        closed_at=document["closed_at"],
        seen_at=document["seen_at"],
        dismissed_by=document["dismissed_by"],
        facts=facts,
    )
