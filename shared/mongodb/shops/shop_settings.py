"""What a merchant sets for the whole shop, and who has changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from shared.mongodb.schema import Database, Document, found

KEPT = 20
"""Changes that are kept: of the shop's own document, so no more than a person looks through."""


SettingValue = bool | int | float | str | None
"""What a setting may be; None: it is not set."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What holds for every run whose own options do not say otherwise.

    `allow_negative`: whether Shopify may be set below zero; `activate`: whether an item is stocked where Shopify does
    not stock it yet.
    """

    allow_negative: bool = False
    activate: bool = False


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting, changed by somebody."""

    at: datetime
    by: str
    setting: str
    before: SettingValue
    after: SettingValue


def noted_changes(before: Mapping[str, Any], after: Mapping[str, Any], *, by: str) -> Document:
    """The part of an update of the shop's document that notes what changes; nothing where all stays as it was."""
    now = datetime.now(UTC)
    log = [
        {"at": now, "by": by, "setting": name, "before": before[name], "after": after[name]}
        for name in after
        if before[name] != after[name]
    ]
    return {"$push": {"settings_log": {"$each": log, "$slice": -KEPT}}} if log else {}


class ShopSettings:
    """Reads and writes the settings of shops, in their own documents."""

    def __init__(self, database: Database) -> None:
        self._shops = database["shops"]

    async def of(self, shop: str) -> tuple[RunSettings, list[SettingChange]]:
        """The settings and their last changes, the newest first. Raises LookupError where the shop was removed."""
        fields = {"allow_negative": 1, "activate": 1, "settings_log": 1}
        document = found(await self._shops.find_one({"_id": shop}, fields))
        if document is None:
            raise LookupError(f"the shop {shop} was removed during the request")
        return _settings(document), _changes(document)

    async def put(self, shop: str, wanted: RunSettings, *, by: str) -> tuple[RunSettings, list[SettingChange]]:
        """Set both; what changes is noted in the same write. Raises LookupError where the shop was removed."""
        while True:
            present, _ = await self.of(shop)
            before, after = asdict(present), asdict(wanted)
            told = noted_changes(before, after, by=by)
            if not told:
                return await self.of(shop)
            # Only over what was read, so that each entry's before is true; absent counts as no.
            same = {name: True if value else {"$ne": True} for name, value in before.items()}
            result = await self._shops.update_one({"_id": shop, **same}, {"$set": after, **told})
            if result.matched_count:
                return await self.of(shop)


def _settings(document: Document) -> RunSettings:
    return RunSettings(bool(document.get("allow_negative")), bool(document.get("activate")))


def _changes(document: Document) -> list[SettingChange]:
    return [
        SettingChange(one["at"], one["by"], one["setting"], one["before"], one["after"])
        for one in reversed(document.get("settings_log") or [])
    ]
