"""What a certification noted of a shop before it changed anything, until it is restored: in the shop's document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.mongodb.schema import Database, Document, found


@dataclass(frozen=True, slots=True)
class NotedLevel:
    """A level as it was: `level` is its global id, None where there was none; `available` None where none was told."""

    location_id: str
    level: str | None
    stocked: bool
    available: int | None


@dataclass(frozen=True, slots=True)
class Noted:
    """What is to be restored. `uri`: where its webhook subscriptions lead, those that it made or was about to make."""

    shop: str
    run: str
    variant_id: str
    item_id: str
    levels: tuple[NotedLevel, NotedLevel]
    noted_at: datetime
    uri: str | None = None


class CertificationStore:
    """Keeps one open note per shop."""

    def __init__(self, database: Database) -> None:
        self._shops = database["shops"]

    async def open(self, shop: str) -> Noted | None:
        """What a certification has not restored yet."""
        document = found(await self._shops.find_one({"_id": shop}, {"certification": 1}))
        noted = (document or {}).get("certification")
        return None if noted is None else _noted(shop, noted)

    async def note(self, noted: Noted) -> bool:
        """Keep it. False, and nothing is kept, where the shop is not known or another certification is open."""
        values: Document = {
            "run": noted.run,
            "variant_id": noted.variant_id,
            "item_id": noted.item_id,
            "levels": _levels(noted.levels),
            "noted_at": noted.noted_at,
            "uri": noted.uri,
        }
        none = {"_id": noted.shop, "certification": {"$exists": False}}
        done = await self._shops.update_one(none, {"$set": {"certification": values}})
        return bool(done.matched_count)

    async def close(self, noted: Noted) -> None:
        """It is restored, wherever a note of it is left."""
        this = {"_id": noted.shop, "certification.run": noted.run}
        ended = {"$unset": {"certification": ""}, "$max": {"certified_run": noted.run}}
        await self._shops.update_one(this, ended)

    async def is_closed(self, noted: Noted) -> bool:
        """Whether it, or a later one, is known to be restored: numbers of runs grow."""
        document = found(await self._shops.find_one({"_id": noted.shop}, {"certified_run": 1}))
        return str((document or {}).get("certified_run", "")) >= noted.run


def _levels(levels: Sequence[NotedLevel]) -> list[dict[str, Any]]:
    return [
        {
            "location_id": level.location_id,
            "level": level.level,
            "stocked": level.stocked,
            "available": level.available,
        }
        for level in levels
    ]


def _noted(shop: str, document: Document) -> Noted:
    first, second = (
        NotedLevel(one["location_id"], one["level"], one["stocked"], one["available"]) for one in document["levels"]
    )
    return Noted(
        shop=shop,
        run=document["run"],
        variant_id=document["variant_id"],
        item_id=document["item_id"],
        levels=(first, second),
        noted_at=document["noted_at"],
        uri=document["uri"],
    )
