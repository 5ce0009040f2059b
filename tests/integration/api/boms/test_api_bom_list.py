"""The list of BOMs: search, filters by what is known of their cells, order, pages, and the counts beside it."""

from typing import Any

import pytest

from shared.domain.stock import Stock
from shared.mongodb.catalogue import filters as bom_filter
from shared.mongodb.schema import key_of
from shared.mongodb.stock.stock import stock_fields
from tests.integration.api.api_setup import PLACES, ApiShop
from tests.integration.api.drift.test_api_drift import missed

HERE, THERE = PLACES


async def stand(shop: ApiShop, bom_id: str, place: str, **stock: Any) -> None:
    """Let a cell stand at this stock, stored as the services store it."""
    await shop.world.mongo.db["stock"].update_one(
        {"_id": key_of(shop.domain, bom_id, place)}, {"$set": stock_fields(Stock(**stock))}
    )


async def ids(shop: ApiShop, query: str) -> list[str]:
    """The BOMs that a query lists, in order."""
    reply = await shop.call("GET", f"/boms?{query}")
    assert reply.status == 200, reply.text
    assert reply.json["total"] == len(reply.json["items"])
    return [bom["bom_id"] for bom in reply.json["items"]]


@pytest.fixture(params=[bom_filter.MAX_NAMED, 0], ids=["few", "many"])
async def known(shop: ApiShop, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ApiShop:
    """BOMs of every class as known: agreed, counted here, never read there, moved by Shopify, of unknown outcome.

    As few as a query can name, and as if they were more.
    """
    monkeypatch.setattr(bom_filter, "MAX_NAMED", request.param)
    for bom_id, name, tags in (
        ("agreed", "Anvil", ("steel",)),
        ("counted", "Bench", ("wood", "steel")),
        ("fresh", "chair", ("wood",)),
        ("moved", "Desk", ()),
        ("doubtful", "easel", ()),
    ):
        await shop.bom(bom_id, name=name, tags=tags, tracks_pre_assembled=bom_id != "fresh")
        for place in PLACES:
            await stand(shop, bom_id, place, base=7, count=7)
    await stand(shop, "counted", HERE, base=7, count=10)
    await stand(shop, "fresh", THERE)
    await stand(shop, "doubtful", HERE, base=7, count=7, unknown_outcome=True)
    await missed(shop, "moved")  # base 7, Shopify 5, here
    return shop


async def test_boms_are_found_by_their_class_as_known(known: ApiShop) -> None:
    """A BOM is found by the class of any of its cells; in_sync finds those whose cells all agree, differs those of
    which one can be compared and is not the same: a cell never read is neither."""
    assert await ids(known, "class=local_moved") == ["counted"]
    assert await ids(known, "class=no_base") == ["fresh"]
    assert await ids(known, "class=shopify_moved") == ["moved"]
    assert await ids(known, "class=both_moved") == ["doubtful"]
    assert await ids(known, "class=in_sync") == ["agreed"]
    assert await ids(known, "differs=false") == ["agreed", "fresh"]
    assert await ids(known, "differs=true") == ["counted", "moved", "doubtful"]


async def test_a_location_narrows_class_and_cells(known: ApiShop) -> None:
    """With a location, only what is known there counts, and only those cells are shown."""
    assert await ids(known, f"class=local_moved&location_id={THERE}") == []
    assert await ids(known, f"class=local_moved&location_id={HERE}") == ["counted"]
    assert await ids(known, f"differs=true&location_id={THERE}") == []
    assert await ids(known, f"differs=true&location_id={HERE}") == ["counted", "moved", "doubtful"]
    reply = await known.call("GET", f"/boms?search=bench&with_cells=true&location_id={HERE}")
    assert reply.json["total_cells"] == 1
    assert reply.json["items"][0]["cells"] == [
        {
            "location_id": HERE,
            "location_name": "Place 0",
            "local_value": 10,
            "shopify_value": 7,
            "difference": -3,
            "cell_class": "local_moved",
            "reason": None,
            "differs": True,
            "seen_at": None,
            "unknown_outcome": False,
        }
    ]


async def test_what_a_sweep_has_seen_is_the_newer_knowledge(known: ApiShop) -> None:
    """A cell counted by hand of which a sweep has seen Shopify move, too, is both_moved and local_moved no more."""
    await stand(known, "moved", HERE, base=7, count=9)
    assert (await known.stock("moved"))["known_class"] == "local_moved"
    await known.world.mongo.db["drift"].update_one(
        {"shop": known.domain, "bom_id": "moved"}, {"$set": {"cell_class": "both_moved"}}
    )
    assert await ids(known, "class=local_moved") == ["counted"]
    assert await ids(known, "class=both_moved") == ["moved", "doubtful"]
    cells = (await known.call("GET", "/boms?search=desk&with_cells=true")).json["items"][0]["cells"]
    assert [(cell["shopify_value"], cell["cell_class"]) for cell in cells] == [(5, "both_moved"), (7, "in_sync")]


async def test_filters_join_and_names_are_sorted_without_case(known: ApiShop) -> None:
    """Search, tag, tracking and class hold together; names sort as a person would; ids are found whole."""
    assert await ids(known, "tag=steel&class=local_moved") == ["counted"]
    assert await ids(known, "tag=steel&class=no_base") == []
    assert await ids(known, "tracks=false") == ["fresh"]
    assert await ids(known, "sort=-name") == ["doubtful", "moved", "fresh", "counted", "agreed"]
    assert await ids(known, "sort=bom_id") == ["agreed", "counted", "doubtful", "fresh", "moved"]
    assert await ids(known, "search=EN") == ["counted"]
    item = (await known.call("GET", "/boms?search=chair")).json["items"][0]["inventory_item_id"]
    assert await ids(known, f"search={item}") == ["fresh"]


@pytest.mark.parametrize("sort", ["name", "-name", "bom_id", "-bom_id", "-difference"])
async def test_pages_by_cursor_and_by_offset_are_the_same(known: ApiShop, sort: str) -> None:
    """Every order pages without gap or repeat by cursor, and can be entered at any place."""
    whole = await ids(known, f"sort={sort}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await known.call("GET", f"/boms?sort={sort}&limit=2{cursor}")).json
        assert (page["total"], page["total_cells"]) == (5, 10)
        seen += [bom["bom_id"] for bom in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == whole
    page = (await known.call("GET", f"/boms?sort={sort}&limit=2&offset=3")).json
    assert [bom["bom_id"] for bom in page["items"]] == whole[3:]
    both = await known.call("GET", f"/boms?limit=2&offset=1{cursor}")
    assert (both.status, both.fields) == (422, ["query.offset"])


async def test_facets_count_what_the_filters_find(known: ApiShop) -> None:
    """Each facet's count is the total that its filter finds."""
    facets = (await known.call("GET", "/facets")).json
    assert (facets["total"], facets["tracking"], facets["not_tracking"]) == (5, 4, 1)
    assert {(tag["tag"], tag["count"]) for tag in facets["tags"]} == {("steel", 2), ("wood", 2)}
    assert facets["differ"] == len(await ids(known, "differs=true")) == 3
    for entry in facets["classes"]:
        assert entry["boms"] == len(await ids(known, f"class={entry['cell_class']}")), entry


async def test_a_filter_by_class_selects_what_the_list_shows(known: ApiShop) -> None:
    """Select all matching: the same filter in a preview or job means the BOMs of the list; an empty one is refused."""
    wanted = {"filter": {"tag": "steel", "cell_class": "local_moved"}}
    asked = await known.call("POST", "/previews", {"selection": wanted})
    assert asked.status == 202, asked.text
    nothing = {"filter": {"cell_class": "local_moved", "location_ids": [THERE]}}
    refused = await known.call("POST", "/jobs", {"direction": "toLocal", "selection": nothing})
    assert (refused.status, refused.fields) == (422, ["body.selection"])


async def _close(shop: ApiShop, place: str, **what: Any) -> None:
    await shop.world.mongo.db["locations"].update_one({"_id": key_of(shop.domain, place)}, {"$set": what})


@pytest.mark.parametrize("what", [{"active": False}, {"fulfillment_service": True}], ids=str)
async def test_a_closed_location_differs_from_nothing(known: ApiShop, what: dict[str, Any]) -> None:
    """Cells at a location that is not the shop's to compare are of a class of their own, whatever they hold."""
    await _close(known, THERE, **what)
    assert await ids(known, "differs=true") == ["counted", "moved", "doubtful"]
    assert await ids(known, "class=no_base") == []
    assert await ids(known, "class=in_sync") == ["agreed", "fresh"]
    assert await ids(known, "class=not_compared") == ["agreed", "counted", "fresh", "moved", "doubtful"]
    assert await ids(known, f"class=not_compared&location_id={HERE}") == []
    assert await ids(known, f"differs=true&location_id={THERE}") == []
    assert await ids(known, f"class=in_sync&location_id={THERE}") == []
    cells = (await known.call("GET", "/boms?search=chair&with_cells=true")).json["items"][0]["cells"]
    reason = "location_inactive" if "active" in what else "fulfillment_service"
    assert [(cell["cell_class"], cell["reason"], cell["difference"]) for cell in cells] == [
        ("in_sync", None, 0),
        ("not_compared", reason, None),
    ]


@pytest.mark.parametrize("reason", ["untracked", "not_stocked"])
async def test_what_a_read_left_out_differs_from_nothing(known: ApiShop, reason: str) -> None:
    """A cell that no value was read of is not compared, and a BOM without any other is not in sync."""
    await stand(known, "counted", HERE, base=7, count=10, not_compared=reason)
    assert await ids(known, "class=local_moved") == []
    assert await ids(known, "class=not_compared") == ["counted"]
    assert await ids(known, "class=in_sync") == ["agreed", "counted"]
    await stand(known, "counted", THERE, never_agreed=True, not_compared=reason)
    assert await ids(known, "class=in_sync") == ["agreed"]
    assert await ids(known, "differs=false") == ["agreed", "counted", "fresh"]
    facets = (await known.call("GET", "/facets")).json
    assert {entry["cell_class"]: entry["boms"] for entry in facets["classes"]} == {
        "in_sync": 1,
        "shopify_moved": 1,
        "local_moved": 0,
        "both_moved": 1,
        "no_base": 1,
        "not_compared": 1,
    }


async def test_what_another_tool_manages_differs_from_nothing(known: ApiShop) -> None:
    """A BOM whose quantity another tool computes is not compared anywhere."""
    await known.bom("counted", name="Bench", tracks_pre_assembled=True, externally_managed=True)
    assert await ids(known, "differs=true") == ["moved", "doubtful"]
    assert await ids(known, "class=not_compared") == ["counted"]
    assert await ids(known, "class=in_sync") == ["agreed"]


async def test_a_cell_that_nobody_counted_has_no_local_value(known: ApiShop) -> None:
    """Missing is never zero: no local value and no difference, and a person chooses."""
    await stand(known, "counted", HERE, base=12, never_agreed=True)
    cells = (await known.call("GET", "/boms?search=bench&with_cells=true")).json["items"][0]["cells"]
    shown = [(cell["local_value"], cell["shopify_value"], cell["difference"], cell["cell_class"]) for cell in cells]
    assert shown == [(None, 12, None, "no_base"), (7, 7, 0, "in_sync")]


async def test_badge_filter_and_row_agree_on_what_differs(known: ApiShop) -> None:
    """A BOM is counted, found and marked as different by the same rule: comparable, and not the same. Never counted,
    never read, not stocked, closed and in agreement are not; never agreed but counted, and in doubt, are."""
    await stand(known, "agreed", THERE, base=9, never_agreed=True)  # never counted
    await stand(known, "fresh", HERE, base=9, count=4, never_agreed=True)  # counted, never settled
    await stand(known, "counted", THERE, base=7, count=1, not_compared="not_stocked")
    page = (await known.call("GET", "/boms?with_cells=true")).json["items"]
    marked = [bom["bom_id"] for bom in page if any(cell["differs"] for cell in bom["cells"])]
    assert marked == ["counted", "fresh", "moved", "doubtful"]
    assert await ids(known, "differs=true") == marked
    assert (await known.call("GET", "/facets")).json["differ"] == len(marked)
    assert [bom["difference"] for bom in page] == [None, -3, 5, -2, 0]
    assert await ids(known, "differs=true&class=no_base") == ["fresh"]
    assert await ids(known, "differs=false&class=no_base") == ["agreed"]


async def test_the_worst_difference_comes_first(known: ApiShop) -> None:
    """By the greatest difference in one cell, whatever its sign; those that do not differ follow by name, under every
    filter, and each page goes on where the one before has ended."""
    await stand(known, "fresh", HERE, base=7, count=107, never_agreed=True)
    await stand(known, "counted", HERE, base=7, count=-3)
    await stand(known, "counted", THERE, base=7, count=20)
    assert await ids(known, "sort=-difference") == ["fresh", "counted", "moved", "doubtful", "agreed"]
    assert await ids(known, "sort=-difference&differs=true") == ["fresh", "counted", "moved", "doubtful"]
    assert await ids(known, "sort=-difference&differs=false") == ["agreed"]
    assert await ids(known, f"sort=-difference&location_id={THERE}&tag=steel") == ["counted", "agreed"]
    assert await ids(known, "sort=-difference&search=e") == ["counted", "moved", "doubtful"]
    assert await ids(known, "sort=-difference&class=no_base") == ["fresh"]


async def test_places_stand_in_their_natural_order(shop: ApiShop) -> None:
    """Numbers in names are ordered by their size, in the list of places and in each row."""
    await shop.bom("a", tracks_pre_assembled=True)
    await _close(shop, HERE, name="Shelf 10")
    await _close(shop, THERE, name="shelf 9")
    places = (await shop.call("GET", "/locations")).json["items"]
    assert [place["name"] for place in places] == ["shelf 9", "Shelf 10"]
    [bom] = (await shop.call("GET", "/boms?with_cells=true")).json["items"]
    assert [cell["location_name"] for cell in bom["cells"]] == ["shelf 9", "Shelf 10"]


async def test_named_boms_are_read_again_whatever_a_filter_finds(known: ApiShop) -> None:
    """The rows of a page by their ids, in that order, once each; one that is gone is left out."""
    asked = {"bom_ids": ["moved", "gone", "agreed", "moved"], "location_id": HERE}
    items = (await known.call("POST", "/known-boms", asked)).json["items"]
    assert [(bom["bom_id"], bom["difference"], len(bom["cells"])) for bom in items] == [
        ("moved", -2, 1),
        ("agreed", None, 1),
    ]
    listed = (await known.call("GET", f"/boms?search=desk&with_cells=true&location_id={HERE}")).json["items"]
    assert items[:1] == listed
    many = await known.call("POST", "/known-boms", {"bom_ids": ["x"] * 251})
    assert (many.status, many.fields) == (422, ["body.bom_ids"])
