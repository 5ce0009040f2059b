"""Two shops at one Trueup, and what an app's own server needs of each: a key, a secret, ids."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from ulid import ULID

from tests.trial import Trial, run, trial
from tests.waiting import until, work_of

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
TRUEUP = str(Path(sys.executable).with_name("trueup"))
SHOPS = ("north.myshopify.com", "south.myshopify.com")
SERVER_MAY = "read,count,reconcile,push"


@dataclass(frozen=True)
class OneShop:
    """One of them. `key` is its server's, `keeper` one that may manage; `items` by SKU, `locations` in order."""

    domain: str
    key: str
    key_id: str
    keeper: str
    items: Mapping[str, str]
    locations: tuple[str, ...]


@dataclass
class TwoShops:
    """What runs, and both shops."""

    here: Trial
    directory: Path
    http: aiohttp.ClientSession
    shops: list[OneShop] = field(default_factory=list)

    async def command(self, *words: str) -> str:
        """Run `trueup` to its end; returns its output."""
        return await run(self.here, TRUEUP, *words, directory=self.directory)

    async def key(self, shop: str, may: str) -> tuple[str, str]:
        """A new key of a shop: what is shown once, and its id."""
        made = json.loads(await self.command("keys", "add", "--shop", shop, "--may", may, "--expires", "1d", "--json"))
        return made["key"], made["key_id"]

    async def revoke(self, key_id: str) -> None:
        """Have a key count no more."""
        await self.command("keys", "revoke", key_id, "--yes")

    async def ask(self, key: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """A request with a key: status and document."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Authorization": f"Bearer {key}"} | named
        async with self.http.request(method, self.here.url + path, json=body, headers=named) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if text else None

    async def at_shopify(self, shop: OneShop) -> dict[tuple[str, str], int]:
        """What the simulator holds, by SKU and location."""
        async with self.http.get(f"{self.here.simulator_url}/control/shops/{shop.domain}/levels") as answer:
            levels = (await answer.json())["levels"]
        by_item = {item: sku for sku, item in shop.items.items()}
        return {(by_item[level["item_id"]], level["location_id"]): level["available"] for level in levels}

    async def target(self, shop: OneShop, url: str) -> str:
        """An address that is told of the shop's events; returns its secret."""
        where = f"/api/notifications/targets/{ULID()}"
        status, made = await self.ask(shop.keeper, "PUT", where, {"url": url}, Idempotency_Key=where)
        assert status == 201, made
        secret: str = made["secret"]
        return secret


@asynccontextmanager
async def two_shops(amqp_url: str, mongodb_uri: str, database: str, directory: Path) -> AsyncIterator[TwoShops]:
    """Both, each with three products at two locations, ten of each, and keys."""
    local = {"TRUEUP_PRIVATE_TARGETS": "true"}
    async with (
        trial(amqp_url, mongodb_uri, database, directory, settings=local) as here,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as http,
    ):
        world = TwoShops(here, directory, http)
        for domain in SHOPS:
            world.shops.append(await _one(world, domain))
        yield world


async def _one(world: TwoShops, domain: str) -> OneShop:
    control, token = f"{world.here.simulator_url}/control/shops", f"shpat_{domain.partition('.')[0]}"
    body: dict[str, Any] = {"domain": domain, "access_token": token, "locations": [{"name": "Main"}, {"name": "Store"}]}
    async with world.http.post(control, json=body) as made:
        places = tuple(place["id"] for place in (await made.json())["locations"])
    levels = [{"location_id": place, "available": 10, "age_seconds": 3600} for place in places]
    skus = ["GIFT", "TOOLS", "LAMP"]
    items = [{"sku": sku, "title": sku.title(), "levels": levels} for sku in skus]
    async with world.http.post(f"{control}/{domain}/items", json={"items": items}) as made:
        ids = dict(zip(skus, (item["id"] for item in (await made.json())["items"]), strict=True))
    await run(world.here, TRUEUP, "shop", "add", domain, "--token-file", "-", directory=world.directory, words=token)
    key, key_id = await world.key(domain, SERVER_MAY)
    keeper, _ = await world.key(domain, "read,manage")
    return OneShop(domain, key, key_id, keeper, ids, places)


@dataclass
class Program:
    """An example that runs."""

    process: asyncio.subprocess.Process
    log: Path

    def said(self) -> str:
        """What it has printed by now."""
        return self.log.read_text(encoding="utf-8")

    async def until_said(self, *words: str) -> None:
        """Wait until each of them stands in what it printed."""

        def all_said() -> bool:
            assert self.process.returncode is None, self.said()[-3000:]
            return all(word in self.said() for word in words)

        await until(all_said, what=f"{words} of an example", progress=self.said)

    async def end(self) -> int:
        """Wait for its end; returns its exit status."""

        def has_ended() -> bool:
            return self.process.returncode is not None

        await until(has_ended, what="the end of an example", progress=work_of(self.process.pid))
        return self.process.returncode or 0


@asynccontextmanager
async def program(*command: str, log: Path, **environment: str) -> AsyncIterator[Program]:
    """Start an example; it is stopped with the block."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("TRUEUP_")}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env=bare | environment, cwd=log.parent, stdout=output, stderr=output
        )
    try:
        yield Program(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
