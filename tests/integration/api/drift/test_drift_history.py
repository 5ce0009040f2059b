"""Drift over time: each hour with what was compared, missed, repaired and received; and silence that is unusual."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.drift import BUSY, unusual_silence
from shared.mongodb.connection import Mongo
from shared.mongodb.drift.history import DAY, HOUR, DriftHistory, hour_of
from tests.integration.api.api_setup import ApiShop
from tests.integration.shop_world import SHOP
from tests.integration.sweeper.drift_setup import DriftWorld, drift_world

AT = (datetime.now(UTC) - timedelta(days=1)).replace(hour=14, minute=20, second=0, microsecond=0)
"""Not long ago: old events and hours are deleted by the database itself."""


@pytest.fixture
async def drift(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[DriftWorld]:
    """Ten BOMs at two locations in agreement; everything runs."""
    async with drift_world(vhost_url, mongodb_uri, database_name) as made:
        yield made


async def test_a_missed_webhook_shows_in_its_hour(drift: DriftWorld) -> None:
    """Two webhooks that come and one that does not: the hour shows them, the loss, the repair and the lag."""
    started = datetime.now(UTC)
    began = hour_of(started)
    place = drift.shop.locations[0]
    for bom in ("B001", "B002"):
        await drift.shop.sell(bom, place, 1)
    await drift.drained()
    await drift.webhooks(drop_next=1)
    await drift.shop.sell("B003", place, 1)
    await drift.sweep()
    await drift.until(1, state="resolved", outcome="repaired")
    await drift.sweep()
    hours = await DriftHistory(drift.shop.mongo.db).series(SHOP, began, began + 2 * HOUR)
    assert (sum(hour.missed for hour in hours), sum(hour.repaired for hour in hours)) == (1, 1)
    assert sum(hour.late for hour in hours) == 0
    assert sum(hour.received or 0 for hour in hours) == 2
    assert sum(hour.sweeps for hour in hours) == 3
    assert sum(hour.compared for hour in hours) >= 20  # the first look compares every cell
    state = await drift.sweeps.state(SHOP)
    assert state is not None
    assert state.lag_max is not None
    assert state.lag_mean is not None
    assert 0 <= state.lag_mean <= state.lag_max <= (datetime.now(UTC) - started).total_seconds()
    assert (state.missed, state.received, state.silent_since) == (1, 2, None)


@pytest.fixture
async def empty(mongodb_uri: str, database_name: str) -> AsyncIterator[Mongo]:
    """A database with its collections."""
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    yield mongo
    mongo.close()


async def swept(mongo: Mongo, received: Mapping[datetime, int], *, but: tuple[datetime, ...] = ()) -> None:
    """Eight days in which somebody swept each hour (`but` some), with what was received."""
    first = hour_of(AT) - 8 * DAY
    hours = [first + n * HOUR for n in range(8 * 24)]
    documents: list[dict[str, Any]] = [
        {"shop": SHOP, "hour": hour, "swept": 12, "received": received.get(hour, 40)} for hour in hours
    ]
    await mongo.db["drift_hours"].insert_many([d for d in documents if d["hour"] not in but])


async def last_event(mongo: Mongo, at: datetime) -> None:
    """The last webhook that came."""
    await mongo.db["webhook_events"].insert_one(
        {"shop": SHOP, "key": at.isoformat(), "at": at, "received_at": at, "lag": 1.0}
    )


async def test_a_busy_shop_that_tells_nothing_is_noticed(empty: Mongo) -> None:
    """Two whole hours without a webhook, in which 80 came on each day before."""
    await swept(empty, {})
    await last_event(empty, AT - timedelta(hours=2, minutes=30))
    silence = await DriftHistory(empty.db).silence(SHOP, AT)
    assert silence is not None
    assert silence.since == AT - timedelta(hours=2, minutes=30)
    assert silence.earlier_days == [80] * 7
    assert unusual_silence(silence.earlier_days) == 80


async def test_a_silence_that_is_usual_or_ours_is_none(empty: Mongo) -> None:
    """A quiet Sunday among the days, hours that nobody swept, and an hour that is not over alarm nobody."""
    now = hour_of(AT)
    quiet = {now - 3 * DAY - n * HOUR: 0 for n in (1, 2)}
    await swept(empty, quiet, but=(now - 2 * DAY - HOUR,))
    await last_event(empty, AT - timedelta(hours=2, minutes=30))
    history = DriftHistory(empty.db)
    silence = await history.silence(SHOP, AT)
    assert silence is not None
    assert sorted(silence.earlier_days) == [0, 80, 80, 80, 80, 80]
    assert unusual_silence(silence.earlier_days) is None
    await empty.db["drift_hours"].delete_one({"hour": now - HOUR})
    assert await history.silence(SHOP, AT) is None
    await last_event(empty, AT - timedelta(minutes=70))
    assert await history.silence(SHOP, AT) is None
    assert unusual_silence([BUSY, BUSY]) is None
    assert unusual_silence([BUSY, BUSY, BUSY]) == BUSY


async def test_what_was_received_is_counted_once_however_often_it_is_swept(empty: Mongo) -> None:
    """Two looks in one hour set the hour to what has come, with its lag; hours without anything have none."""
    history = DriftHistory(empty.db)
    start = hour_of(AT)
    events = [(start + timedelta(minutes=1), 2.0), (start + timedelta(minutes=9), 4.0), (start - 2 * HOUR, 1.0)]
    documents = [
        {"_id": f"{SHOP}|{n}", "shop": SHOP, "key": str(n), "at": at, "received_at": at, "lag": lag}
        for n, (at, lag) in enumerate(events)
    ]
    await empty.db["webhook_events"].insert_many(documents)
    for minute in (10, 15):
        await history.keep(SHOP, compared=7, last_at=start - 2.5 * HOUR, now=start + timedelta(minutes=minute))
    hours = await history.series(SHOP, start - 4 * HOUR, start + HOUR)
    assert [hour.received for hour in hours] == [None, 0, 1, 0, 2]
    assert [hour.lag_mean for hour in hours] == [None, None, 1.0, None, 3.0]
    assert [(hour.sweeps, hour.compared) for hour in hours] == [(0, 0)] * 4 + [(2, 14)]


async def test_the_history_is_bounded_and_whole(shop: ApiShop) -> None:
    """Seven days unless asked otherwise, each hour there, at most 31 days; what nobody swept is not known."""
    history = (await shop.call("GET", "/drift/history")).json
    assert len(history["items"]) in {7 * 24, 7 * 24 + 1}
    assert {item["received"] for item in history["items"]} == {None}
    day = (await shop.call("GET", "/drift/history?since=2026-03-01T10:30:00Z&until=2026-03-02T10:30:00%2B00:00")).json
    assert (day["since"], day["until"], len(day["items"])) == ("2026-03-01T10:00:00Z", "2026-03-02T11:00:00Z", 25)
    for wrong in ("since=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z", "since=9999-01-01T00:00:00Z"):
        refused = await shop.call("GET", f"/drift/history?{wrong}")
        assert (refused.status, refused.fields) == (422, ["query.since"])
    assert (await shop.call("GET", "/drift/history?since=1")).fields == ["query.since"]
