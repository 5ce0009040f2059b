"""Reading all of a shop's items, and all of their levels, into the import's own documents.

By bulk query, whose file is read line by line in any order; page by page where no bulk query is to be had.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import Any

import structlog

from shared.contract.words import LONGEST_NAME, LONGEST_SKU, LONGEST_TAG, MAX_TAGS, as_words
from shared.errors import ShopifyUnclear
from shared.importing.skus import sku_key, sku_likeness
from shared.mongodb.catalogue.import_records import (
    ExportLine,
    ImportLevel,
    ImportVariant,
    ListedItem,
    ListedLevel,
    ListedVariant,
    StillListed,
)
from shared.mongodb.catalogue.imports import ImportStore
from shared.reading.retrying import patiently
from shared.shopify.bulk.bulk import NoBulkQuery
from shared.shopify.bulk.exports import Exports
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import plain
from shared.shopify.shop_queries import BULK_ITEMS, BULK_LEVELS, ITEMS_PAGE

log = structlog.get_logger()

MAX_WAITING = 600.0
"""Seconds to wait for the call budget at one page."""

_CHUNK = 1000
_PAGE = 100
_PRICE = Price(_PAGE, "import", 120.0)
_FILE_TRIES = 3

NoteSeen = Callable[[int], Awaitable[None]]
"""Hears how many items were read so far."""


class Catalogue:
    """Reads items and levels of one shop for one import."""

    def __init__(self, imports: ImportStore, client: ShopifyClient, exports: Exports) -> None:
        self._imports = imports
        self._client = client
        self._exports = exports

    async def read_items(self, shop: str, import_id: str, cursor: str | None, note_seen: NoteSeen) -> None:
        """Stage every item with its variants. `cursor`: where a page-wise reading had got to.

        Raises what the Shopify adapter raises.
        """
        if cursor is None:
            try:
                await self._export(shop, import_id, BULK_ITEMS, item_fields, new=True, note_seen=note_seen)
                return
            except NoBulkQuery as reason:
                log.warning("items_read_page_by_page", shop=shop, reason=str(reason))
        await self._pages(shop, import_id, cursor, note_seen)

    async def read_levels(self, shop: str, import_id: str, note_seen: NoteSeen) -> bool:
        """Stage every level of the items staged before; False where no bulk query is to be had."""
        await self._imports.forget_levels(shop, import_id)
        try:
            await self._export(shop, import_id, BULK_LEVELS, level_fields, new=False, note_seen=note_seen)
        except NoBulkQuery as reason:
            log.warning("levels_read_page_by_page", shop=shop, reason=str(reason))
            return False
        return True

    async def _export(
        self,
        shop: str,
        import_id: str,
        query: str,
        fields: Callable[[Mapping[str, Any]], ExportLine],
        *,
        new: bool,
        note_seen: NoteSeen,
    ) -> None:
        export = await self._exports.run(shop, query)
        for attempt in range(1, _FILE_TRIES + 1):
            try:
                seen = 0
                async with aclosing(self._exports.lines(export)) as lines:
                    async for chunk in _chunks(lines):
                        seen += sum("__parentId" not in line for line in chunk)
                        await self._imports.stage(shop, import_id, [fields(line) for line in chunk], new=new)
                        await note_seen(seen)
                return
            except ShopifyUnclear:
                # The lines staged so far do no harm: they are staged again.
                if attempt == _FILE_TRIES:
                    raise

    async def _pages(self, shop: str, import_id: str, cursor: str | None, note_seen: NoteSeen) -> None:
        after, seen = cursor or None, await self._imports.count(shop, import_id)
        while True:
            body = request_body(ITEMS_PAGE, {"first": _PAGE, "after": after})
            reply = await patiently(
                lambda body=body: self._client.call(shop, "inventoryItems", body, price=_PRICE),  # type: ignore[misc]  # mypy cannot infer a bound default
                max_waiting=MAX_WAITING,
                clock=self._client.time,
            )
            page = reply.data["inventoryItems"]
            lines: list[ExportLine] = []
            for node in page["nodes"]:
                lines += _page_fields(node)
            seen += await self._imports.stage(shop, import_id, lines, new=True)
            await note_seen(seen)
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]
            await self._imports.note_cursor(shop, import_id, after)


async def _chunks(lines: AsyncIterator[dict[str, Any]]) -> AsyncIterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    async for line in lines:
        chunk.append(line)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _item(node: Mapping[str, Any]) -> ListedItem:
    sku = as_words(node["sku"] or "", LONGEST_SKU) or None
    return ListedItem(plain(node["id"]), sku, sku_key(sku), sku_likeness(sku), bool(node["tracked"]))


def _variant(item_id: str, node: Mapping[str, Any]) -> ListedVariant:
    name = as_words(node["displayName"] or "", LONGEST_NAME)
    tags = _tags((node.get("product") or {}).get("tags") or ())
    return ListedVariant(item_id, ImportVariant(plain(node["id"]), name, bool(node["requiresComponents"]), tags))


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    words = (as_words(tag, LONGEST_TAG) for tag in tags)
    return tuple(dict.fromkeys(word for word in words if word))[:MAX_TAGS]


def item_fields(line: Mapping[str, Any]) -> ExportLine:
    """A line of the items' export: an item, or a variant of one."""
    parent = line.get("__parentId")
    return _item(line) if parent is None else _variant(plain(parent), line)


def _page_fields(node: Mapping[str, Any]) -> list[ExportLine]:
    variants = node["variants"] or {"nodes": [], "pageInfo": {"hasNextPage": False}}
    if variants["pageInfo"]["hasNextPage"]:
        raise ShopifyUnclear(f"the variants of item {plain(node['id'])} do not fit into one page")
    item = _item(node)
    return [item, *(_variant(item.item_id, variant) for variant in variants["nodes"])]


def level_fields(line: Mapping[str, Any]) -> ExportLine:
    """A line of the levels' export: an item that is there, or a level of one."""
    parent = line.get("__parentId")
    if parent is None:
        return StillListed(plain(line["id"]), bool(line["tracked"]))
    quantities = line["quantities"]
    first = quantities[0] if quantities else {}
    level = ImportLevel(
        active=bool(line["isActive"]),
        location_active=bool(line["location"]["isActive"]),
        available=first.get("quantity"),
        updated_at=first.get("updatedAt") or line["updatedAt"],
    )
    return ListedLevel(plain(parent), plain(line["location"]["id"]), level)
