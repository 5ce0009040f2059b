"""What Trueup relies on of Shopify, run over every API version it supports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from shared.domain.push import RowOutcome
from shared.domain.words.codes import Code
from shared.errors import ShopifyThrottled, ShopifyUnclear, ShopPaused
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.writes import SetRow, ShopifyWrites, set_body
from simulator.http.server import Running, Simulator, start

SHOP = "port.myshopify.com"


class FixedAccess:
    """One token, and the pauses that were noted."""

    def __init__(self) -> None:
        self.pauses: list[str] = []
        self.detail: str | None = None

    async def token(self, domain: str) -> str:
        """The simulator's token, unless the shop was paused."""
        if self.pauses:
            raise ShopPaused(domain, self.pauses[0])
        return "shpat_port"

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> None:
        """Note the pause; a shop is paused once."""
        assert domain == SHOP
        if not self.pauses:
            self.pauses.append(reason)
            self.detail = detail

    async def renewed(self, domain: str, refused: str) -> str | None:
        """There is no other token."""


@dataclass
class Port:
    """The adapter against one version, and the shop behind it."""

    running: Running
    http: aiohttp.ClientSession
    access: FixedAccess
    reads: ShopifyReads
    writes: ShopifyWrites
    locations: list[str]

    async def control(self, path: str, body: object) -> dict[str, list[dict[str, str]]]:
        """A call of the simulator's control API."""
        async with self.http.post(f"{self.running.url}{path}", json=body) as response:
            assert response.status < 300, await response.text()
            answer: dict[str, list[dict[str, str]]] = await response.json()
            return answer

    async def item(self, *available: int, **more: object) -> str:
        """A new item with these levels at the locations in order."""
        levels = [
            {"location_id": loc, "available": n, "age_seconds": 600}
            for loc, n in zip(self.locations, available, strict=False)
        ]
        made = await self.control(f"/control/shops/{SHOP}/items", {"items": [{"levels": levels, **more}]})
        return made["items"][0]["id"]

    async def fault(self, kind: str, **more: object) -> None:
        """Plant a fault for the next call."""
        await self.control("/control/faults", {"kind": kind, "count": 1, **more})


@pytest.fixture(params=["2026-04", "2026-07", "2026-10"])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[Port]:
    """A shop with three locations, seen through one API version."""
    running = await start(Simulator(client_id="port", client_secret="port"))  # the simulator's own
    access = FixedAccess()
    async with aiohttp.ClientSession() as http:
        client = ShopifyClient(http, access, running.url + "/{shop}", request.param)
        made = Port(running, http, access, ShopifyReads(client), ShopifyWrites(client), [])
        shop = await made.control(
            "/control/shops",
            {"domain": SHOP, "access_token": "shpat_port", "locations": [{"name": n} for n in "abc"]},
        )
        made.locations = [location["id"] for location in shop["locations"]]
        yield made
    await running.close()


async def test_items_are_read_with_every_level_and_shopifys_time(port: Port) -> None:
    """Levels beyond the first page are read to the end; an unknown id is None; nothing is zero for want of a value."""
    item = await port.item(5, -2, 0)
    read = await port.reads.items(SHOP, [item, "999"], locations=1)
    found = read.items[item]
    assert found is not None
    assert [found.levels[loc].available for loc in port.locations] == [5, -2, 0]
    assert read.items["999"] is None
    assert all(level.updated_at < read.taken_at for level in found.levels.values())


async def test_a_failed_page_fails_the_read(port: Port) -> None:
    """Page two fails: an error, never a shorter list."""
    item = await port.item(5, 6, 7)
    await port.fault("status", status=500, operation="inventoryItem")
    with pytest.raises(ShopifyUnclear):
        await port.reads.items(SHOP, [item], locations=1)


async def test_a_set_is_applied_once_under_its_key(port: Port) -> None:
    """The same body twice changes the level once, and both answers say the same."""
    item = await port.item(5)
    rows = [SetRow(item, port.locations[0], 8, 5)]
    body = set_body(rows, key="01M889S0CXGVA32WMFP0TFZDHJ", reference="gid://trueup/Job/1")
    assert '"changeFromQuantity":5' in body
    first = await port.writes.send(SHOP, body, rows)
    again = await port.writes.send(SHOP, body, rows)
    assert first == again
    assert first.rows[0].outcome is RowOutcome.APPLIED
    read = (await port.reads.items(SHOP, [item], locations=3)).items[item]
    assert read is not None
    assert read.levels[port.locations[0]].available == 8
    assert read.levels[port.locations[0]].updated_at == first.adjusted_at


async def test_one_bad_row_refuses_the_call_and_is_named(port: Port) -> None:
    """A stale row and a bundle among good ones: nothing is applied, and each bad row says why."""
    good, stale, bundle = await port.item(1), await port.item(2), await port.item(3, bundle=True)
    here = port.locations[0]
    rows = [SetRow(good, here, 5, 1), SetRow(stale, here, 5, 7), SetRow(bundle, here, 5, 3)]
    body = set_body(rows, key="01M889S0CXGVA32WMFP0TFZDHK", reference="gid://t/J/2")
    answer = await port.writes.send(SHOP, body, rows)
    assert answer.rows[0].outcome is RowOutcome.NOT_APPLIED
    outcomes = {row.outcome for row in answer.rows}
    assert outcomes <= {RowOutcome.NOT_APPLIED, RowOutcome.STALE, RowOutcome.REFUSED}
    named = [row.code for row in answer.rows if row.outcome is RowOutcome.REFUSED]
    assert named in ([], [Code.BUNDLE_PARENT])
    assert RowOutcome.STALE in outcomes or named
    read = (await port.reads.items(SHOP, [good], locations=3)).items[good]
    assert read is not None
    assert read.levels[here].available == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 502}, ShopifyUnclear),
        ({"kind": "reset_after"}, ShopifyUnclear),
        ({"kind": "non_json"}, ShopifyUnclear),
        ({"kind": "truncate"}, ShopifyUnclear),
        ({"kind": "status", "status": 429, "retry_after": 0.25}, ShopifyThrottled),
        ({"kind": "status", "status": 430}, ShopifyThrottled),
        ({"kind": "throttled"}, ShopifyThrottled),
        ({"kind": "status", "status": 401}, ShopPaused),
        ({"kind": "status", "status": 402}, ShopPaused),
        ({"kind": "status", "status": 423}, ShopPaused),
    ],
)
async def test_every_kind_of_trouble_has_its_error(
    port: Port, fault: dict[str, object], error: type[Exception]
) -> None:
    """Executed perhaps, executed not, or no longer welcome: the three are never mistaken for each other."""
    item = await port.item(5)
    await port.fault(**fault)  # type: ignore[arg-type]  # the kind is among them
    with pytest.raises(error):
        await port.reads.items(SHOP, [item], locations=3)
    if error is ShopPaused:
        calls = len(port.access.pauses)
        with pytest.raises(ShopPaused):
            await port.reads.items(SHOP, [item], locations=3)
        assert calls == len(port.access.pauses) == 1


async def test_locations_tell_whether_they_can_be_stocked(port: Port) -> None:
    """Deactivated locations are listed too, as such."""
    await port.control(f"/control/shops/{SHOP}/deactivate_location", {"location_id": port.locations[1]})
    listed = {location.location_id: location.active for location in await port.reads.locations(SHOP)}
    assert listed == {port.locations[0]: True, port.locations[1]: False, port.locations[2]: True}
