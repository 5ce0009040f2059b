"""What docs/examples shows works as it stands, written from the documents alone: two shops are kept in step."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from deploy.local.ports import free_ports
from tests.backends.places import DatabasePool, VhostPool
from tests.integration.examples.two_shops import EXAMPLES, OneShop, TwoShops, program, two_shops
from tests.waiting import ended, until

ADMIN_UI = EXAMPLES.parents[1] / "admin_ui"


@pytest.fixture(scope="module")
async def world(
    amqp_url: str,
    mongodb_uri: str,
    vhosts: VhostPool,
    databases: DatabasePool,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[TwoShops]:
    """Running services with two shops, for all examples."""
    vhost, database = vhosts.take(), databases.take()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    async with two_shops(url, mongodb_uri, database, tmp_path_factory.mktemp("examples")) as made:
        yield made
    await vhosts.give_back(vhost)
    databases.give_back(database)


async def own_of(world: TwoShops, shop: OneShop, counts: list[int], url: str) -> dict[str, Any]:
    """What the example's file says of a shop."""
    bom = {"bom_id": "GIFT-BOX", "inventory_item_id": shop.items["GIFT"], "name": "Gift box"}
    counted = [
        {"bom_id": "GIFT-BOX", "location_id": place, "count": count, "seen": None}
        for place, count in zip(shop.locations, counts, strict=True)
    ]
    secret = await world.target(shop, url)
    return {"key": shop.key, "secret": secret, "boms": [bom | {"tracks_pre_assembled": True}], "counts": counted}


async def test_a_server_keeps_two_shops_in_step(world: TwoShops, tmp_path: Path) -> None:
    """BOMs, counts, preview and run of each, told by signed events; what is built counts once, however often sent.

    With the other shop's key all is refused, and nothing changed; after revocation all is refused, too.
    """
    north, south = world.shops
    (port,) = free_ports(1)
    ours = f"http://127.0.0.1:{port}"
    counts = {north.domain: [8, 13], south.domain: [4, 10]}
    own = {one.domain: await own_of(world, one, counts[one.domain], f"{ours}/told/{one.domain}") for one in world.shops}
    file = tmp_path / "shops.json"

    mixed = {one.domain: own[one.domain] | {"key": other.key} for one, other in ((north, south), (south, north))}
    file.write_text(json.dumps(mixed))
    server = [sys.executable, str(EXAMPLES / "server.py"), str(file)]
    async with program(*server, log=tmp_path / "mixed.log", TRUEUP_URL=world.here.url, PORT=str(port)) as wrong:
        assert await wrong.end() == 1
        assert f"{north.domain}: 403" in wrong.said()
    for one in world.shops:
        status, boms = await world.ask(one.key, "GET", "/api/boms")
        assert (status, boms["items"]) == (200, [])
        assert set((await world.at_shopify(one)).values()) == {10}

    file.write_text(json.dumps(own))
    async with program(*server, log=tmp_path / "server.log", TRUEUP_URL=world.here.url, PORT=str(port)) as running:
        await running.until_said(*(f"{one.domain} job.ended" for one in world.shops))
        for one in world.shops:
            levels = await world.at_shopify(one)
            assert [levels["GIFT", place] for place in one.locations] == counts[one.domain]

        place = south.locations[0]
        event = {"id": "order-17", "bom_id": "GIFT-BOX", "location_id": place, "quantity": 5}

        async def tell() -> int:
            async with world.http.post(f"{ours}/built/{south.domain}", json=event) as answer:
                return answer.status

        assert await asyncio.gather(*[tell() for _ in range(3)]) == [204] * 3

        async def arrived() -> bool:
            return (await world.at_shopify(south))["GIFT", place] == 9

        await until(arrived, what="what was built at Shopify", progress=running.said)
        status, cell = await world.ask(south.key, "GET", f"/api/cells/GIFT-BOX/{place}")
        assert (status, cell["local_value"]) == (200, 9)

        forged = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
        async with world.http.post(f"{ours}/told/{south.domain}", data=b"{}", headers=forged) as answer:
            assert answer.status == 401

        await world.revoke(south.key_id)

        async def refused() -> bool:
            status, problem = await world.ask(south.key, "GET", "/api/locations")
            assert status in {200, 401}, problem
            return status == 401

        await until(refused, what="the refusal of a revoked key")
        assert await tell() == 500
        status, _ = await world.ask(north.key, "GET", "/api/locations")
        assert status == 200
    status, cell = await world.ask(south.keeper, "GET", f"/api/cells/GIFT-BOX/{place}")
    assert cell["local_value"] == 9


def test_the_server_is_a_short_one() -> None:
    """What an app needs for two shops fits on a page: at most sixty lines of code."""
    lines = (EXAMPLES / "server.py").read_text(encoding="utf-8").splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith(("#", '"""'))]
    assert len(code) <= 60


async def brought_in_step(world: TwoShops, command: list[str], sku: str, log: Path) -> None:
    """Run an example that counts six of a product at a place: twice it does it, with another shop's key it does not."""
    north, south = world.shops
    if await refused_since_revoked(world, south):
        other = (await world.key(south.domain, "read,count,reconcile,push"))[0]
    else:
        other = south.key
    place = north.locations[1]
    words = [*command, north.domain, f"BOM-{sku}", north.items[sku], place, "6"]

    async def ran(key: str, name: str) -> tuple[int, str]:
        async with program(*words, log=log.with_name(name), TRUEUP_URL=world.here.url, TRUEUP_KEY=key) as one:
            return await one.end(), one.said()

    code, said = await ran(other, "other.log")
    assert code != 0
    assert "403" in said
    assert (await world.at_shopify(north))[sku, place] == 10
    for name in ("first.log", "second.log"):
        code, said = await ran(north.key, name)
        assert code == 0, said
        assert "completed" in said
        assert north.key not in said
        assert (await world.at_shopify(north))[sku, place] == 6


async def refused_since_revoked(world: TwoShops, shop: OneShop) -> bool:
    """Whether an earlier test has taken the shop's key away."""
    return (await world.ask(shop.key, "GET", "/api/locations"))[0] == 401


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="curl or jq is not here")
async def test_a_script_brings_one_bom_in_step_by_curl(world: TwoShops, tmp_path: Path) -> None:
    """It can be run again; with another shop's key it stops before it changes anything."""
    await brought_in_step(world, [str(EXAMPLES / "curl.sh")], "TOOLS", tmp_path / "curl.log")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node.js on PATH")
async def test_a_program_in_typescript_does_the_same(world: TwoShops, tmp_path: Path) -> None:
    """It fits its own types, and runs as it stands but for them, which Node.js 22 strips itself."""
    built = tmp_path / "client.mjs"
    checked = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    checked += ["--lib", "es2022,dom", "--types", "node", "--typeRoots", str(ADMIN_UI / "node_modules" / "@types")]
    for tool, options in (
        ("tsc", [*checked, "--erasableSyntaxOnly"]),
        ("esbuild", ["--format=esm", "--log-level=warning", f"--outfile={built}"]),
    ):
        command = [str(ADMIN_UI / "node_modules" / ".bin" / tool), *options, str(EXAMPLES / "client.ts")]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await ended(process, what=tool)
        assert process.returncode == 0, output.decode()
    await brought_in_step(world, ["node", str(built)], "LAMP", tmp_path / "client.log")
