"""What many types share: ids, times, counts, connections."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from simulator.graphql.context import Context
from simulator.resolvers.registry import Resolver, attribute, fields
from simulator.shop.stock import iso_utc

_Arguments = Mapping[str, Any]


def id_of(kind: str) -> Resolver:
    """The global id of a source that has an `id`."""
    return lambda source, _context, _arguments: f"gid://shopify/{kind}/{source.id}"


def time_of(name: str) -> Resolver:
    """A time attribute in whole seconds of UTC, or null."""

    def resolve(source: Any, _context: Context, _arguments: _Arguments) -> str | None:
        at = getattr(source, name)
        return None if at is None else iso_utc(at)

    return resolve


def whole_second(at: datetime) -> datetime:
    """Search has a resolution of one second."""
    return at.replace(microsecond=0)


def count_of(number: int) -> dict[str, Any]:
    """A `Count`, exact."""
    return {"count": number, "precision": "EXACT"}


def items_by_key(names: tuple[str, ...]) -> dict[str, Resolver]:
    """Fields read from a dict by their own names."""
    return {name: _by_key(name) for name in names}


def _by_key(name: str) -> Resolver:
    return lambda source, _context, _arguments: source[name]


def _connection(kind: str) -> None:
    fields(
        f"{kind}Connection",
        {
            "nodes": attribute("nodes"),
            "edges": lambda page, _c, _a: [(page.cursor(node), node) for node in page.nodes],
            "pageInfo": lambda page, _c, _a: page,
        },
    )
    fields(
        f"{kind}Edge",
        {"cursor": lambda edge, _c, _a: edge[0], "node": lambda edge, _c, _a: edge[1]},
    )


for _kind in ("InventoryItem", "InventoryLevel", "Location", "Product", "ProductVariant"):
    _connection(_kind)
_connection("WebhookSubscription")
_connection("BulkOperation")
_connection("Metafield")
fields(
    "PageInfo",
    {
        "hasNextPage": attribute("has_next"),
        "hasPreviousPage": attribute("has_previous"),
        "startCursor": lambda page, _c, _a: page.cursor(page.nodes[0]) if page.nodes else None,
        "endCursor": lambda page, _c, _a: page.cursor(page.nodes[-1]) if page.nodes else None,
    },
)
fields("Count", items_by_key(("count", "precision")))
