"""The life of a cell as the API tells it, replayed: told from its beginning it must end at the present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.local.demo.stories import whole_story
from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.domain.story import Sides, replay
from shared.mongodb.schema import Database
from shared.mongodb.story.cell_story import CellStory
from tests.integration.api.api_setup import ApiShop


async def story(shop: ApiShop, key: CellKey, query: str = "", *, limit: int = 100) -> list[dict[str, Any]]:
    """All of a cell's life, page by page, the newest first."""
    told: list[dict[str, Any]] = []
    cursor = ""
    while True:
        path = f"/cells/{key.bom_id}/{key.location_id}/history?limit={limit}{query}{cursor}"
        answer = await shop.call("GET", path)
        assert answer.status == 200, answer.text
        told += answer.json["items"]
        if answer.json["next_cursor"] is None:
            return told
        cursor = f"&cursor={answer.json['next_cursor']}"


def present_by(events: Sequence[Mapping[str, Any]]) -> Sides:
    """Where a story ends. Raises DoesNotFollow where it has a gap; an event that changed nothing must not seem to."""
    steps = [
        (
            Sides(event["count_before"], event["shopify_before"]),
            Sides(event["count_after"], event["shopify_after"]),
        )
        for event in reversed(events)
    ]
    for event, (before, after) in zip(reversed(events), steps, strict=True):
        assert event["changed"] or before == after, event
        assert not event["changed"] or before != after or event["kind"] == "removed", event
    return replay(steps)


def is_told(event: Mapping[str, Any]) -> None:
    """Each event says what, who and, where it was a run, which."""
    assert event["told"].endswith("."), event
    assert event["who"] not in {"", "not recorded"}, event
    assert event["kind"] != "other", event
    if event["kind"] in {"pushed", "pulled", "undone", "repaired", "left", "stocked"}:
        assert event["run"] is not None, event


async def explains(shop: ApiShop, stocks: Iterable[tuple[CellKey, Stock]]) -> dict[str, int]:
    """The story of each cell ends at its stock; returns how often each kind was told."""
    kinds: dict[str, int] = {}
    for key, stock in stocks:
        events = await story(shop, key, limit=7)
        assert present_by(events) == Sides(stock.count, stock.base), key
        for event in events:
            is_told(event)
            kinds[event["kind"]] = kinds.get(event["kind"], 0) + 1
        cell = (await shop.call("GET", f"/cells/{key.bom_id}/{key.location_id}")).json
        assert cell["shopify_value"] == stock.base
    return kinds


async def replayed(database: Database, shop: str, key: CellKey, present: Stock) -> None:
    """The cell's story ends at its stock, from wherever its records begin: some worlds begin with values."""
    events = await whole_story(CellStory(database), shop, key)
    if events:
        end = replay(((event.before, event.after) for event in events), events[0].before)
        assert end == Sides(present.count, present.base), (key, end, present)
