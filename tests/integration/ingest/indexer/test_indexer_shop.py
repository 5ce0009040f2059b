"""The indexer on locations, items and the shop itself."""

from typing import Any

from shared.domain.cell import CellKey
from tests.integration.ingest.ingest_setup import LOCATION, World, at, counted
from tests.integration.wanted_reads import forget_reads, wanted_reads
from tests.waiting import stored, until

UNINSTALLED = {"id": 1, "myshopify_domain": None}
"""The body of `app/uninstalled` where Shopify leaves the domain out."""


async def location(world: World, shop: str, location_id: str = "5") -> dict[str, Any] | None:
    """A location's document."""
    return await world.mongo.db["locations"].find_one({"shop": shop, "location_id": location_id})


async def test_locations_follow_their_events(world: World) -> None:
    """Created, renamed, deactivated, activated, deleted: name and activity follow; a deleted one keeps its name."""
    shop = await world.shop()
    story: list[tuple[str, dict[str, Any], tuple[str, bool]]] = [
        ("locations/create", {"id": 5, "name": "Old", "active": True}, ("Old", True)),
        ("locations/update", {"id": 5, "name": "New", "active": True}, ("New", True)),
        ("locations/deactivate", {"id": 5, "name": "New", "active": False}, ("New", False)),
        ("locations/activate", {"id": 5, "name": "New", "active": True}, ("New", True)),
        ("locations/delete", {"id": 5}, ("New", False)),
    ]
    for second, (topic, body, expected) in enumerate(story):
        assert await shop.send(topic, body, triggered_at=at(second).isoformat()) == 200
        await shop.settled()
        document = await location(world, shop.domain)
        assert document is not None
        assert (document["name"], document["active"]) == expected


async def test_a_late_event_of_a_location_tells_nothing(world: World) -> None:
    """Events have no order: one that Shopify triggered earlier does not undo a later one."""
    shop = await world.shop()
    closed = {"id": 5, "name": "New", "active": False}
    await shop.send("locations/deactivate", closed, triggered_at=at(60).isoformat())
    await shop.send("locations/update", {"id": 5, "name": "Old", "active": True}, triggered_at=at(0).isoformat())
    await shop.settled()
    document = await location(world, shop.domain)
    assert document is not None
    assert (document["name"], document["active"]) == ("New", False)


async def test_a_deleted_location_we_never_knew_is_not_made(world: World) -> None:
    """There is nothing to keep of it."""
    shop = await world.shop()
    await shop.send("locations/delete", {"id": 5})
    await shop.settled()
    assert await location(world, shop.domain) is None


async def test_a_deleted_item_has_all_its_cells_read(world: World) -> None:
    """No value is written: every cell of its BOM counts the event and asks for a read; the BOM stays."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    for place in (LOCATION, "5"):
        await shop.send("inventory_levels/update", shop.level("7", 3, at(0), location=place))
    await shop.settled()
    await forget_reads(world.mongo.db, shop.domain)
    assert await shop.send("inventory_items/delete", {"id": 7}) == 200
    await shop.settled()
    for place in (LOCATION, "5"):
        stock = await shop.stock("b", place)
        assert (stock["index"], stock["events_no"]) == (3, 2)
        assert CellKey("b", place) in await wanted_reads(world.mongo.db, shop.domain)
    assert await world.mongo.db["boms"].count_documents({"shop": shop.domain, "bom_id": "b"}) == 1


async def test_uninstall_ends_the_shop_and_later_events_have_no_effect(world: World) -> None:
    """The shop is `uninstalled`, whatever the body says of its name; what still arrives is ignored."""
    shop = await world.shop()
    await shop.bom("b", item="7")
    await shop.update("7", 3, at(0))
    await shop.settled()
    ignored = counted("index_updates_total", cause="webhook", outcome="ignored")
    assert await shop.send("app/uninstalled", {"id": 1, "myshopify_domain": "newer.myshopify.com"}) == 200
    await stored(world.mongo.db["shops"], {"_id": shop.domain, "status": "uninstalled"})
    await shop.update("7", 9, at(5))

    def counted_as_ignored() -> bool:
        return counted("index_updates_total", cause="webhook", outcome="ignored") == ignored + 1

    await until(counted_as_ignored, what="an event that is ignored")
    assert (await shop.stock("b"))["index"] == 3


async def test_an_uninstall_of_an_earlier_installation_is_ignored(world: World) -> None:
    """`app/uninstalled` that Shopify triggered before the shop was installed again comes late and ends nothing."""
    shop = await world.shop()
    await world.mongo.db["shops"].update_one({"_id": shop.domain}, {"$set": {"installed_at": at(60)}})
    assert await shop.send("app/uninstalled", UNINSTALLED, triggered_at=at(59).isoformat()) == 200
    await shop.settled()
    document = await world.mongo.db["shops"].find_one({"_id": shop.domain})
    assert document is not None
    assert document["status"] == "active"
    assert await shop.send("app/uninstalled", UNINSTALLED, triggered_at=at(61).isoformat()) == 200
    await stored(world.mongo.db["shops"], {"_id": shop.domain, "status": "uninstalled"})


async def test_granted_scopes_are_kept(world: World) -> None:
    """`app/scopes_update` is kept on the shop's document."""
    shop = await world.shop()
    body = {"id": 1, "previous": [], "current": ["write_inventory", "read_products"]}
    assert await shop.send("app/scopes_update", body) == 200
    await shop.settled()
    document = await world.mongo.db["shops"].find_one({"_id": shop.domain})
    assert document is not None
    assert document["scopes"] == ["read_products", "write_inventory"]


async def test_a_topic_without_effect_is_acknowledged(world: World) -> None:
    """`bulk_operations/finish` is taken and counted, and leaves nothing behind."""
    shop = await world.shop()
    dead = counted("dead_letters_total", queue="trueup.indexing")
    taken = counted("webhooks_total", topic="bulk_operations/finish", outcome="accepted")
    body = {"admin_graphql_api_id": "gid://shopify/BulkOperation/7", "status": "completed", "error_code": None}
    assert await shop.send("bulk_operations/finish", body) == 200
    await shop.settled()
    assert counted("webhooks_total", topic="bulk_operations/finish", outcome="accepted") == taken + 1
    assert counted("dead_letters_total", queue="trueup.indexing") == dead
