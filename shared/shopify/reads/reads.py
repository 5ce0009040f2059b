"""Reading levels and locations the cheapest way. A page that fails fails the read: missing is never zero."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): read.unknown-id, read.search-by-id, read.levels-paged.

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

import structlog

from shared.contract.words import may_be_shopifys
from shared.domain.batches import ROWS_PER_CALL
from shared.errors import ShopifyRefused, ShopifyUnclear
from shared.running.clock import Clock
from shared.shopify.bulk.bulk import NoBulkQuery
from shared.shopify.bulk.bulk_reads import BulkReads
from shared.shopify.calls.answers import TOO_DEAR
from shared.shopify.calls.budget import CallRole
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price, max_rows
from shared.shopify.calls.replies import Reply
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import item_gid, location_gid, plain
from shared.shopify.queries import (
    ITEM_SEARCH,
    ITEM_SEARCH_AT,
    ITEMS,
    ITEMS_AT,
    LOCATIONS,
    MAX_PLACES,
    MORE_LEVELS,
    NODES_PROBE,
    bulk_levels,
)
from shared.shopify.reads.levels import Item, ItemsRead, Level, ShopLocation, level_at, level_from, location_from
from shared.shopify.reads.read_costs import (
    LARGEST_PAGE,
    OPERATIONS,
    Ask,
    Way,
    cheapest,
    must_ask,
    price,
    steps,
    unit,
)

__all__ = ["Item", "ItemsRead", "Level", "ShopLocation", "ShopifyReads", "request_body"]

log = structlog.get_logger()

_MAX_PAGES = 100

_HALFWAY = 30.0
"""Seconds that a call waits which goes on with a read: what was read before it would be lost."""

_NOBODYS = "1"
"""An id to ask with where there is no other: Shopify answers that there is no such item."""

_MAX_NAMED = 5
"""Bad ids that a line of the log names."""

_LOCATIONS_PAGE = 10
"""Locations of the first page: few shops have more, and a page costs by its size."""


class ShopifyReads:
    """The read side of the adapter."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client
        self._bulk = BulkReads(client)

    @property
    def time(self) -> Clock:
        """The clock that the call budget is restored by."""
        return self._client.time

    @property
    def role(self) -> CallRole:
        """On whose behalf it reads."""
        return self._client.role

    def as_role(self, role: CallRole) -> ShopifyReads:
        """The same reads on behalf of `role`."""
        return self if role == self.role else ShopifyReads(self._client.as_role(role))

    async def items(
        self, shop: str, item_ids: Sequence[str], *, locations: int, at: Collection[str] | None = None
    ) -> ItemsRead:
        """Read up to 250 items in as few points as may be: with all their levels, or at least with those `at` some
        locations. `locations` is how many the shop has.

        Raises ShopPaused, ShopifyThrottled, ShopifyUnclear, ShopifyRefused.
        """
        if len(item_ids) > ROWS_PER_CALL:
            raise ValueError(f"at most {ROWS_PER_CALL} items in one read")
        asked = [item_id for item_id in item_ids if may_be_shopifys(item_id)]
        places = None if at is None else [place for place in at if may_be_shopifys(place)]
        if len(asked) == len(item_ids):
            return await self._items_of(shop, item_ids, locations, places)
        nobodys: dict[str, Item | None] = {item_id: None for item_id in item_ids if not may_be_shopifys(item_id)}
        log.warning("ids_that_are_none_of_shopifys", shop=shop, items=list(nobodys)[:_MAX_NAMED], number=len(nobodys))
        if not asked:
            return ItemsRead(nobodys, await self.now(shop, []))
        read = await self._items_of(shop, asked, locations, places)
        return ItemsRead(read.items | nobodys, read.taken_at)

    async def _items_of(
        self, shop: str, item_ids: Sequence[str], locations: int, at: Collection[str] | None
    ) -> ItemsRead:
        try:
            return await self._items(shop, item_ids, locations, at)
        except ShopifyRefused as refusal:
            facts = self._client.read_facts(shop)
            if refusal.code != TOO_DEAR or facts.nodes_per_id:
                raise
            # The price has changed since it was learned: once more, at the new one.
            facts.nodes_per_id, facts.asked_at = True, self._client.time.monotonic()
            return await self._items(shop, item_ids, locations, at)

    async def _items(self, shop: str, item_ids: Sequence[str], locations: int, at: Collection[str] | None) -> ItemsRead:
        places = sorted(at) if at is not None and len(at) <= MAX_PLACES else []
        ask = Ask(len(item_ids), min(LARGEST_PAGE, max(1, locations)), len(places))
        facts, time = self._client.read_facts(shop), self._client.time
        if must_ask(ask, facts, time.monotonic()):
            async with facts.asking:
                if must_ask(ask, facts, time.monotonic()):
                    await self._ask_what_nodes_cost(shop, item_ids)
        way = cheapest(ask, self._client.role, facts, self._client.costs, time.monotonic())
        if way is Way.BULK:
            try:
                return await self._all(shop, item_ids, ask, await self._in_bulk(shop, item_ids))
            except NoBulkQuery as reason:
                log.info("bulk_query_given_up", shop=shop, reason=str(reason))
                way = cheapest(ask, self._client.role, facts, self._client.costs, time.monotonic())
                way = Way.NODES if way is Way.BULK else way
        if way in (Way.SEARCH, Way.SEARCH_AT):
            found = await self._search(shop, item_ids, ask, places if way is Way.SEARCH_AT else [])
            return await self._all(shop, item_ids, ask, found)
        return await self._by_ids(shop, item_ids, ask, places if way is Way.NODES_AT else [])

    async def now(self, shop: str, item_ids: Sequence[str]) -> datetime:
        """A lower bound of Shopify's time. Where no reply has told it yet, a call for some of these items does, at
        the least price there is. Raises as `items` does.
        """
        known = self._client.clock(shop).now()
        if known is None:
            # Batches side by side ask once.
            async with self._client.read_facts(shop).asking:
                if self._client.clock(shop).now() is None:
                    await self._ask_what_nodes_cost(shop, item_ids)
        return known or self._now(shop)

    async def _all(self, shop: str, item_ids: Sequence[str], ask: Ask, found: ItemsRead | None) -> ItemsRead:
        """Add what a search did not find: it lags behind, so only reading by id tells that an item is not there."""
        missing = [item_id for item_id in item_ids if found is None or item_id not in found.items]
        if not missing:
            return found if found is not None else ItemsRead({}, self._now(shop))
        rest = await self._by_ids(shop, missing, Ask(len(missing), ask.page), [])
        if found is None:
            return rest
        return ItemsRead(found.items | rest.items, min(found.taken_at, rest.taken_at))

    def _now(self, shop: str) -> datetime:
        now = self._client.clock(shop).now()
        if now is None:
            raise ShopifyUnclear("Shopify's time is not known yet")
        return now

    # By ids

    async def _by_ids(self, shop: str, item_ids: Sequence[str], ask: Ask, places: Sequence[str]) -> ItemsRead:
        way = Way.NODES_AT if places else Way.NODES
        size = self._nodes_per_call(shop, ask, way)
        calls = -(-len(item_ids) // size)
        if calls > 1:
            each = self._client.costs.taken(OPERATIONS[way], self._price(shop, ask, way, size))
            self._client.make_room(shop, each * calls)
        items: dict[str, Item | None] = {}
        taken_at: datetime | None = None
        start = 0
        while start < len(item_ids):
            # What the first reply told may let the next call ask for more.
            part = item_ids[start : start + self._nodes_per_call(shop, ask, way)]
            reply = await self._nodes(shop, part, ask, places, patience=_HALFWAY if start else None)
            taken_at = reply.date if taken_at is None else min(taken_at, reply.date)
            for item_id, node in zip(part, reply.data["nodes"], strict=True):
                items[item_id] = await self._item(shop, node, places, reply) if node else None
            start += len(part)
        return ItemsRead(items, taken_at or self._now(shop))

    def _price(self, shop: str, ask: Ask, way: Way, items: int) -> Price:
        facts = self._client.read_facts(shop)
        return price(Ask(items, ask.page, ask.places), way, per_id=facts.nodes_per_id is not False)

    def _nodes_per_call(self, shop: str, ask: Ask, way: Way) -> int:
        costs = self._client.costs
        return max_rows(
            self._client.limit(shop),
            ROWS_PER_CALL,
            lambda items: costs.requested(OPERATIONS[way], self._price(shop, ask, way, items)),
        )

    async def _nodes(
        self, shop: str, item_ids: Sequence[str], ask: Ask, places: Sequence[str], *, patience: float | None
    ) -> Reply:
        way = Way.NODES_AT if places else Way.NODES
        variables: dict[str, Any] = {"ids": [item_gid(item_id) for item_id in item_ids]}
        if places:
            query, variables = ITEMS_AT[len(places)], variables | _places(places)
        else:
            query, variables = ITEMS, variables | {"levels": ask.page}
        reply = await self._client.call(
            shop,
            OPERATIONS[way],
            request_body(query, variables),
            price=self._price(shop, ask, way, len(item_ids)),
            patience=patience,
        )
        nodes = reply.data.get("nodes")
        if not isinstance(nodes, list) or len(nodes) != len(item_ids):
            raise ShopifyUnclear("nodes: the answer does not match the question")
        if reply.requested is not None:
            one = unit(ask, way)
            facts = self._client.read_facts(shop)
            facts.note_nodes(len(item_ids), one, reply.requested - len(places), self._client.time.monotonic())
        return reply

    async def _ask_what_nodes_cost(self, shop: str, item_ids: Sequence[str]) -> None:
        """Two ids, one point or two. A reply that does not tell leaves it open for a while."""
        facts, time = self._client.read_facts(shop), self._client.time
        item_ids = [item_id for item_id in item_ids if may_be_shopifys(item_id)] or [_NOBODYS]
        body = request_body(NODES_PROBE, {"ids": [item_gid(item_id) for item_id in item_ids[:2]]})
        reply = await self._client.call(shop, "nodesProbe", body, price=Price(assumed=2.0))
        # One id tells nothing of two; the next read asks again.
        facts.asked_at = time.monotonic() if len(item_ids) > 1 else -math.inf
        if reply.requested is not None:
            facts.note_nodes(len(item_ids[:2]), 1, reply.requested, time.monotonic())

    # By search, and in bulk

    async def _search(self, shop: str, item_ids: Sequence[str], ask: Ask, places: Sequence[str]) -> ItemsRead | None:
        """Items by a search for their ids; None where Shopify does not understand the search."""
        way = Way.SEARCH_AT if places else Way.SEARCH
        variables: dict[str, Any] = {"items": len(item_ids), "query": _any_of(item_ids)}
        if places:
            query, variables = ITEM_SEARCH_AT[len(places)], variables | _places(places)
        else:
            query, variables = ITEM_SEARCH, variables | {"levels": ask.page}
        try:
            reply = await self._client.call(
                shop, OPERATIONS[way], request_body(query, variables), price=price(ask, way, per_id=False)
            )
        except ShopifyRefused as refusal:
            log.warning("item_search_refused", shop=shop, reason=str(refusal))
            self._client.read_facts(shop).search_serves = False
            return None
        connection = reply.data.get("inventoryItems")
        if not isinstance(connection, dict):
            raise ShopifyUnclear("inventoryItems: an answer without its items")
        wanted = set(item_ids)
        nodes = {plain(node["id"]): node for node in connection["nodes"]}
        if connection["pageInfo"]["hasNextPage"] or not nodes.keys() <= wanted:
            # Others than asked for: the search is not what it was taken for.
            self._client.read_facts(shop).search_serves = False
        items = {
            item_id: await self._item(shop, node, places, reply) for item_id, node in nodes.items() if item_id in wanted
        }
        return ItemsRead(dict(items), reply.date)

    async def _in_bulk(self, shop: str, item_ids: Sequence[str]) -> ItemsRead:
        """Items by a bulk query. Raises NoBulkQuery where it cannot be had."""
        result = await self._bulk.run(shop, bulk_levels(_any_of(item_ids)))
        wanted = set(item_ids)
        tracked: dict[str, bool] = {}
        levels: dict[str, dict[str, Level]] = {}
        try:
            async with aclosing(self._bulk.lines(result)) as lines:
                async for line in lines:
                    parent = line.get("__parentId")
                    item_id = plain(parent or line["id"])
                    if item_id not in wanted:
                        continue
                    if parent is None:
                        tracked[item_id] = bool(line["tracked"])
                    else:
                        level = level_from(line)
                        levels.setdefault(item_id, {})[level.location_id] = level
        except ShopifyUnclear as unclear:
            raise NoBulkQuery(str(unclear)) from unclear
        items: dict[str, Item | None] = {
            item_id: Item(item_id, is_tracked, levels.get(item_id, {})) for item_id, is_tracked in tracked.items()
        }
        return ItemsRead(items, result.started_at)

    # What the replies hold

    async def _item(self, shop: str, node: dict[str, Any], places: Sequence[str], reply: Reply) -> Item:
        item_id = plain(node["id"])
        if not places:
            return Item(item_id, bool(node["tracked"]), await self._levels(shop, item_id, node["inventoryLevels"]))
        levels: dict[str, Level] = {}
        for number, location_id in enumerate(places):
            level, place = node[f"at{number}"], reply.data.get(f"place{number}")
            if level is not None:
                levels[location_id] = level_at(location_id, bool(place and place["isActive"]), level)
        return Item(item_id, bool(node["tracked"]), levels)

    async def _levels(self, shop: str, item_id: str, connection: dict[str, Any]) -> dict[str, Level]:
        levels = [level_from(level) for level in connection["nodes"]]
        pages = 1
        while connection["pageInfo"]["hasNextPage"]:
            pages += 1
            if pages > _MAX_PAGES:
                raise ShopifyUnclear(f"the levels of item {item_id} do not end")
            after = connection["pageInfo"]["endCursor"]
            body = request_body(MORE_LEVELS, {"id": item_gid(item_id), "levels": LARGEST_PAGE, "after": after})
            page = Price(assumed=3.0 + 3 * steps(LARGEST_PAGE))
            reply = await self._client.call(shop, "inventoryItem", body, price=page, patience=_HALFWAY)
            item = reply.data.get("inventoryItem")
            if not item:
                raise ShopifyUnclear(f"a page of the levels of item {item_id} is missing")
            connection = item["inventoryLevels"]
            levels.extend(level_from(level) for level in connection["nodes"])
        return {level.location_id: level for level in levels}

    async def locations(self, shop: str) -> list[ShopLocation]:
        """All locations of the shop, to the last page. Raises as `items` does."""
        found: list[ShopLocation] = []
        after: str | None = None
        for page in range(_MAX_PAGES):
            size = LARGEST_PAGE if page else _LOCATIONS_PAGE
            reply = await self._client.call(
                shop,
                "locations",
                request_body(LOCATIONS, {"first": size, "after": after}),
                price=Price(shape=size, assumed=2.0 + 2 * steps(size)),
                patience=_HALFWAY if page else None,
            )
            connection = reply.data["locations"]
            found += [location_from(node) for node in connection["nodes"]]
            if not connection["pageInfo"]["hasNextPage"]:
                return found
            after = connection["pageInfo"]["endCursor"]
        raise ShopifyUnclear("the locations do not end")


def _places(location_ids: Sequence[str]) -> dict[str, str]:
    return {f"place{number}": location_gid(location_id) for number, location_id in enumerate(location_ids)}


def _any_of(item_ids: Sequence[str]) -> str:
    return " OR ".join(f"id:{item_id}" for item_id in item_ids)
