"""Which webhook subscriptions Trueup has made in a shop: only those are Trueup's to remove."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from shared.mongodb.schema import Database, found


class SubscriptionStore:
    """Remembers subscriptions by their number, in the shop's document."""

    def __init__(self, database: Database) -> None:
        self._shops = database["shops"]

    async def made(self, shop: str) -> dict[str, str]:
        """Topics of the subscriptions that Trueup has made, by id."""
        document = found(await self._shops.find_one({"_id": shop}, {"subscriptions": 1}))
        made: dict[str, str] = (document or {}).get("subscriptions") or {}
        return made

    async def keep(self, shop: str, made: Mapping[str, str]) -> None:
        """These are Trueup's, too."""
        if made:
            values = {f"subscriptions.{subscription}": topic for subscription, topic in made.items()}
            await self._shops.update_one({"_id": shop}, {"$set": values})

    async def forget(self, shop: str, removed: Collection[str]) -> None:
        """These are gone."""
        if removed:
            gone = {f"subscriptions.{subscription}": "" for subscription in removed}
            await self._shops.update_one({"_id": shop}, {"$unset": gone})
