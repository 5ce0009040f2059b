"""The ways to read levels and what each costs: the published cost model where nothing is learned yet, else replies.

`nodes(ids:)` takes items by their ids, and whether it costs once or for each id is shown nowhere. A search for the
ids (`inventoryItems(query:)`) costs as the logarithm of their number. It serves for what levels by location would
(`location { inventoryLevels(query:) }`): one page of items holds all their levels, never costs more, and an item found
has no level missing for the search's sake. A bulk query costs the same however much it reads, and takes its time.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): bulk.five-at-once, cost.nodes, cost.levels.

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.shopify.calls.costs import CostBook, Price
from shared.shopify.queries import MAX_PLACES

if TYPE_CHECKING:
    from shared.shopify.calls.budget import CallRole

LARGEST_PAGE = 250
"""The most nodes of one page of a connection."""

RUN_COST, STATE_COST = 10.0, 1.0
"""Starting a bulk query, and one look at it."""

BULK_COST = RUN_COST + 2 * STATE_COST
"""A bulk query: started, and looked at about twice."""

BULK_ROLES: dict[CallRole, float] = {"preview": 5.0, "verify": 30.0, "sweep": 120.0}
"""Who may use bulk queries, and the seconds one may be expected to take for it to be worth while. Nobody waits for
a job's or a person's read."""

BULK_SAVES = 30.0
"""The least points a bulk query must save, for the time it takes and the slot it fills: five run at once."""

FACTS_LAST = 600.0
"""Seconds after which it is asked again whether `nodes` costs for each id."""

_WORTH_ASKING = 30.0
"""The most points risked on `nodes` before it is known whether it costs for each id."""

_PER_ID = 1.5


class Way(StrEnum):
    """A way to read."""

    NODES = "nodes"
    NODES_AT = "nodes_at"
    SEARCH = "search"
    SEARCH_AT = "search_at"
    BULK = "bulk"


OPERATIONS: dict[Way, str] = {
    Way.NODES: "nodes",
    Way.NODES_AT: "nodesAt",
    Way.SEARCH: "inventoryItems",
    Way.SEARCH_AT: "inventoryItemsAt",
    Way.BULK: "bulkOperationRunQuery",
}


@dataclass(slots=True)
class ReadFacts:
    """What was learned of one shop. Times are of the client's clock, seconds."""

    nodes_per_id: bool | None = None
    asked_at: float = -math.inf
    search_serves: bool = True
    bulk_seconds: float = 1.5
    bulk_not_before: float = -math.inf
    bulk_running: int = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while it is asked what `nodes` costs: reads side by side ask once."""

    def note_nodes(self, ids: int, unit: float, points: float, now: float) -> None:
        """A reply for so many ids: once what one costs by the model, or that for each?"""
        if ids >= 2 and unit > 0:  # noqa: PLR2004  # one id tells nothing
            self.nodes_per_id = points >= _PER_ID * unit
            self.asked_at = now

    def bulk_failed(self, now: float, seconds: float) -> None:
        """Leave bulk queries alone for a while."""
        self.bulk_not_before = now + seconds


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be read: so many items, with `page` levels each, or at `places` chosen locations (0: all)."""

    items: int
    page: int
    places: int = 0


def steps(size: int) -> int:
    """How often a connection counts what is selected in its nodes."""
    return max(1, math.floor(2 * math.log(max(1, size))))


def unit(ask: Ask, way: Way) -> int:
    """Points of one item read this way: itself, and one or three for each level or step of levels."""
    if way in (Way.NODES_AT, Way.SEARCH_AT):
        return 1 + 2 * ask.places
    return 1 + 2 + 3 * steps(ask.page)


def price(ask: Ask, way: Way, *, per_id: bool) -> Price:
    """What a call that reads this is for the cost book."""
    one = unit(ask, way)
    beside = ask.places if way in (Way.NODES_AT, Way.SEARCH_AT) else 0
    if way is Way.BULK:
        return Price(assumed=RUN_COST)
    if way in (Way.SEARCH, Way.SEARCH_AT):
        points = 2 + steps(ask.items) * one + beside
        return Price(1, (steps(ask.items), ask.page, ask.places), points)
    return Price(ask.items, (ask.page if way is Way.NODES else 0, beside), one * (ask.items if per_id else 1) + beside)


def estimate(ask: Ask, way: Way, facts: ReadFacts, costs: CostBook) -> float:
    """Points to read all of it this way. An unknown price of `nodes` counts as flat: it is asked before it matters."""
    if way is Way.BULK:
        return BULK_COST
    return costs.paid(OPERATIONS[way], price(ask, way, per_id=bool(facts.nodes_per_id)))


def must_ask(ask: Ask, facts: ReadFacts, now: float) -> bool:
    """Whether it is worth a point to learn first what `nodes` costs."""
    if now - facts.asked_at < FACTS_LAST:
        return False
    # Known to cost once: every read says so again.
    return facts.nodes_per_id is not False and ask.items * unit(ask, Way.NODES) > _WORTH_ASKING


def cheapest(ask: Ask, role: CallRole, facts: ReadFacts, costs: CostBook, now: float) -> Way:
    """The way to take."""
    ways = [Way.NODES]
    if 0 < ask.places <= MAX_PLACES:
        ways.append(Way.NODES_AT)
    if ask.items > 1 and facts.search_serves:
        ways.append(Way.SEARCH)
        if 0 < ask.places <= MAX_PLACES:
            ways.append(Way.SEARCH_AT)
    best = min(ways, key=lambda way: estimate(ask, way, facts, costs))
    patient = facts.bulk_seconds <= BULK_ROLES.get(role, -1.0) and now >= facts.bulk_not_before
    if patient and facts.bulk_running < 2 and estimate(ask, best, facts, costs) - BULK_COST >= BULK_SAVES:  # noqa: PLR2004  # of five at once, others run some too
        return Way.BULK
    return best
