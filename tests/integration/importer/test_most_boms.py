"""A shop has a largest number of BOMs, whichever way they come: over HTTP, by message, or from a file."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from shared.contract.messages import BomUpsert
from shared.contract.seal import Seals
from shared.mongodb.catalogue.boms import Location
from shared.rabbitmq import topology
from shared.rabbitmq.publishing.publisher import Publisher
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.api.api_setup import ApiShop, ApiWorld, api_world
from tests.integration.importer.import_runs import run_import
from tests.integration.shop_world import SHOP, shop_world
from tests.waiting import stored

MOST = 6


@pytest.fixture
async def shop(amqp_url: str, vhosts: VhostPool, mongodb_uri: str, databases: DatabasePool) -> AsyncIterator[ApiShop]:
    """A shop that may have six BOMs."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    try:
        async with api_world(url, mongodb_uri, database, boms_per_shop=MOST) as world:
            yield await world.shop()
    finally:
        await vhosts.give_back(vhost)
        databases.give_back(database)


def bom(number: int) -> dict[str, str]:
    """A BOM as it is sent."""
    return {"bom_id": f"b{number}", "inventory_item_id": str(number + 1), "name": f"B {number}"}


async def number_of(world: ApiWorld, shop: str) -> int:
    """How many BOMs the shop has."""
    number: int = await world.mongo.db["boms"].count_documents({"shop": shop})
    return number


async def test_one_too_many_is_refused_and_says_what_to_do(shop: ApiShop) -> None:
    """409 that names the setting; those there are can be changed, and a removed one makes room."""
    written = await shop.call("PUT", "/boms", [bom(number) for number in range(MOST - 1)])
    assert written.status == 200
    some = await shop.call("PUT", "/boms", [bom(number) for number in range(MOST + 2)])
    assert (some.status, some.json["type"]) == (409, "urn:trueup:problem:too-many")
    assert some.fields == [f"body.{MOST}.bom_id", f"body.{MOST + 1}.bom_id"]
    assert "TRUEUP_BOMS_PER_SHOP" in some.json["errors"][0]["remedy"]
    assert str(MOST) in some.json["errors"][0]["message"]
    assert await number_of(shop.world, shop.domain) == MOST
    assert (await shop.call("PUT", "/boms", bom(0) | {"name": "Another"})).status == 200
    assert (await shop.call("DELETE", "/boms/b0")).status == 204
    assert (await shop.call("PUT", "/boms", bom(MOST))).status == 200
    assert (await shop.call("PUT", "/boms", bom(0))).status == 409


async def test_many_at_once_do_not_get_past_it(shop: ApiShop) -> None:
    """Makers near the limit go one after another."""
    answers = await asyncio.gather(*(shop.call("PUT", "/boms", bom(number)) for number in range(3 * MOST)))
    assert {answer.status for answer in answers} <= {200, 409, 429, 503}
    assert await number_of(shop.world, shop.domain) <= MOST


async def test_a_message_too_many_is_kept_with_its_reason(shop: ApiShop) -> None:
    """`bom.upsert` beyond the limit ends among the dead letters."""
    assert (await shop.call("PUT", "/boms", [bom(number) for number in range(MOST)])).status == 200
    publisher = await Publisher.open(shop.world.settings.amqp_url.get_secret_value(), "tests", Seals(["x" * 40]))
    try:
        await publisher.command(topology.BOM_UPSERT, BomUpsert.model_validate({"shop": shop.domain, **bom(MOST)}))
        letter = await stored(shop.world.mongo.db["dead_letters"], {"shop": shop.domain})
    finally:
        await publisher.close()
    assert "TRUEUP_BOMS_PER_SHOP" in letter["cause"]
    assert await number_of(shop.world, shop.domain) == MOST


@pytest.mark.parametrize("by_file", [True, False], ids=["file", "all variants"])
async def test_an_import_makes_as_many_as_there_is_room_for(
    vhost_url: str, mongodb_uri: str, database_name: str, tmp_path: Path, *, by_file: bool
) -> None:
    """The rest is refused line by line, and the import goes on to its end."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as world:
        settings = world.settings.model_copy(update={"boms_per_shop": MOST})
        await world.boms.keep_locations(SHOP, [Location(world.locations[0], "A", True, False)])
        made = [{"sku": f"S{number}", "levels": []} for number in range(MOST + 3)]
        await world.control("items", {"items": made})
        file = tmp_path / "boms.csv"
        file.write_text("\n".join(["sku,name", *(f"{item['sku']},N {item['sku']}" for item in made)]))
        ran = await run_import(settings, *(["--boms", str(file)] if by_file else ["--all-variants"]))
        assert ran.code == 1, ran.progress
        assert [line["why"] for line in ran.report["refused"]] == ["TOO_MANY"] * 3
        assert "TRUEUP_BOMS_PER_SHOP" in ran.report["refused"][0]["message"]
        assert await world.mongo.db["boms"].count_documents({"shop": SHOP}) == MOST
        assert await world.mongo.db["stock"].count_documents({"shop": SHOP}) == MOST
