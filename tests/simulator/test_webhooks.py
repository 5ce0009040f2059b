"""Webhooks: what is sent, how it is signed, and how it goes wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from simulator.webhooks.fates import Fate, Fates
from tests.simulator.client import SHOP, Client
from tests.simulator.receiver import Receiver


async def _drained(client: Client) -> Any:
    return await client.control("…/webhooks/drain")


async def test_a_sale_is_told(client: Client, receiver: Receiver) -> None:
    """Body, headers and HMAC over the raw bytes are Shopify's; the time has the shop's own offset."""
    [place, _] = await client.shop(webhook_url=receiver.url, timezone="America/New_York")
    [item] = await client.items([7], [place])
    await client.control("…/sell", {"lines": [{"item_id": item, "location_id": place, "quantity": 2}]})
    await _drained(client)
    [(headers, body)] = receiver.got
    expected = base64.b64encode(hmac.new(b"hush", body, hashlib.sha256).digest()).decode()
    assert headers["x-shopify-hmac-sha256"] == expected
    assert headers["x-shopify-topic"] == "inventory_levels/update"
    assert headers["x-shopify-shop-domain"] == SHOP
    assert {"x-shopify-webhook-id", "x-shopify-event-id", "x-shopify-triggered-at", "x-shopify-api-version"} <= set(
        headers
    )
    level = client.simulator.shops[SHOP].level(item, place)
    assert level is not None
    assert json.loads(body) == {
        "inventory_item_id": int(item),
        "location_id": int(place),
        "available": 5,
        "updated_at": "2026-11-25T07:00:00-05:00",
        "admin_graphql_api_id": level.gid,
    }


async def test_one_action_is_one_event(client: Client, receiver: Receiver) -> None:
    """A sale of two lines sends two messages with ids of their own and one event id."""
    [place, _] = await client.shop(webhook_url=receiver.url)
    items = await client.items([7, 8], [place])
    await client.control(
        "…/sell", {"lines": [{"item_id": item, "location_id": place, "quantity": 1} for item in items]}
    )
    await _drained(client)
    assert len({headers["x-shopify-webhook-id"] for headers, _ in receiver.got}) == 2
    assert len({headers["x-shopify-event-id"] for headers, _ in receiver.got}) == 1


async def test_silence(client: Client, receiver: Receiver) -> None:
    """A silent edit and a set to the same value send nothing; an untracked item tells null."""
    [place, _] = await client.shop(webhook_url=receiver.url)
    [item] = await client.items([7], [place])
    levels = [{"item_id": item, "location_id": place, "available": 6, "silent": True}]
    await client.control("…/edit", {"levels": levels})
    await client.set([(item, place, 6, None)], "k")
    await client.control("…/set_item", {"item_id": item, "tracked": False})
    await client.set([(item, place, 9, None)], "l")
    assert (await _drained(client))["delivered"] == 1
    assert [body["available"] for body in receiver.bodies()] == [None]


async def test_retries_carry_the_original(client: Client, receiver: Receiver) -> None:
    """A refused message comes again with the same id and bytes until it is taken."""
    receiver.statuses = [500, 503]
    [place, _] = await client.shop(webhook_url=receiver.url)
    [item] = await client.items([7], [place])
    await client.control("…/restock", {"lines": [{"item_id": item, "location_id": place, "quantity": 1}]})
    assert (await _drained(client))["attempts"] == 3
    assert len({(headers["x-shopify-webhook-id"], body) for headers, body in receiver.got}) == 1


_SUBSCRIBE = """mutation S($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: {uri: $uri}) {
    webhookSubscription { id topic uri endpoint { ... on WebhookHttpEndpoint { callbackUrl } } }
    userErrors { field message } } }"""
_LIST = "{ webhookSubscriptions(first: 10) { nodes { id topic uri } } }"


async def test_a_subscription_dies_of_eight_failures(client: Client, receiver: Receiver) -> None:
    """Created by the API, listed, removed after eight failures in a row, and then no longer served."""
    receiver.statuses = [500] * 8
    [place, _] = await client.shop()
    [item] = await client.items([7], [place])
    reply = await client.graphql(_SUBSCRIBE, {"topic": "INVENTORY_LEVELS_UPDATE", "uri": receiver.url})
    made = reply["data"]["webhookSubscriptionCreate"]["webhookSubscription"]
    assert made["endpoint"] == {"callbackUrl": receiver.url}
    assert len((await client.graphql(_LIST))["data"]["webhookSubscriptions"]["nodes"]) == 1
    again = await client.graphql(_SUBSCRIBE, {"topic": "INVENTORY_LEVELS_UPDATE", "uri": receiver.url})
    assert again["data"]["webhookSubscriptionCreate"]["userErrors"][0]["message"].endswith("already been taken")
    for quantity in (1, 2):
        line = {"item_id": item, "location_id": place, "quantity": quantity}
        await client.control("…/sell", {"lines": [line]})
        await _drained(client)
    assert len(receiver.got) == 8
    assert (await client.graphql(_LIST))["data"]["webhookSubscriptions"]["nodes"] == []


async def test_deleting_a_subscription(client: Client, receiver: Receiver) -> None:
    """A deleted subscription gets nothing; deleting it twice is a user error."""
    await client.shop()
    reply = await client.graphql(_SUBSCRIBE, {"topic": "LOCATIONS_UPDATE", "uri": receiver.url})
    number = reply["data"]["webhookSubscriptionCreate"]["webhookSubscription"]["id"]
    query = """mutation D($id: ID!) { webhookSubscriptionDelete(id: $id) {
      deletedWebhookSubscriptionId userErrors { message } } }"""
    first = (await client.graphql(query, {"id": number}))["data"]["webhookSubscriptionDelete"]
    second = (await client.graphql(query, {"id": number}))["data"]["webhookSubscriptionDelete"]
    assert (first["deletedWebhookSubscriptionId"], first["userErrors"]) == (number, [])
    assert second["userErrors"] != []


async def test_lost_doubled_and_held(client: Client, receiver: Receiver) -> None:
    """The next n are dropped, a ratio of one doubles every message, a pause holds them until the flush."""
    [place, _] = await client.shop(webhook_url=receiver.url)
    [item] = await client.items([70], [place])
    sale = {"lines": [{"item_id": item, "location_id": place, "quantity": 1}]}
    await client.control("…/webhooks", {"mode": {"drop_next": 1, "seed": 1}})
    await client.control("…/sell", sale)
    assert (await _drained(client))["dropped"] == 1
    await client.control("…/webhooks", {"mode": {"duplicate_ratio": 1.0}})
    await client.control("…/sell", sale)
    await _drained(client)
    assert [body["available"] for body in receiver.bodies()] == [68, 68]
    await client.control("…/webhooks", {"mode": {"duplicate_ratio": 0.0, "paused": True}})
    await client.control("…/sell", sale)
    held = await client.control("…/webhooks", method="GET")
    assert (held["held"], len(receiver.got)) == (1, 2)
    assert await client.control("…/webhooks/flush") == {"released": 1}
    await _drained(client)
    assert receiver.bodies()[2]["available"] == 67


async def test_other_topics(client: Client, receiver: Receiver) -> None:
    """Deleting, deactivating, activating, unstocking and uninstalling each send their topic."""
    [place, other] = await client.shop(webhook_url=receiver.url)
    [item] = await client.items([7], [place, other])
    await client.control("…/set_level", {"item_id": item, "location_id": other, "active": False})
    await client.control("…/delete_item", {"item_id": item})
    await client.control("…/deactivate_location", {"location_id": place})
    await client.control("…/activate_location", {"location_id": place})
    await client.control("…/uninstall")
    await _drained(client)
    topics = {headers["x-shopify-topic"] for headers, _ in receiver.got}
    assert topics == {
        "inventory_levels/disconnect",
        "inventory_items/delete",
        "products/delete",
        "locations/deactivate",
        "locations/activate",
        "locations/update",
        "app/uninstalled",
    }
    assert (await client.raw("{ shop { id } }")).status == 401


async def test_reordered_and_corrupted(client: Client, receiver: Receiver) -> None:
    """A reordered message leaves after later ones, none stays behind; a corrupted one comes again as it was signed."""
    [place, _] = await client.shop(webhook_url=receiver.url)
    [item] = await client.items([100], [place])
    sale = {"lines": [{"item_id": item, "location_id": place, "quantity": 1}]}
    await client.control("…/webhooks", {"mode": {"reorder_ratio": 0.3, "reorder_span": 3, "seed": 5}})
    for _ in range(30):
        await client.control("…/sell", sale)
    await _drained(client)
    values = [body["available"] for body in receiver.bodies()]
    assert sorted(values, reverse=True) == list(range(99, 69, -1))
    assert values != sorted(values, reverse=True)
    receiver.got.clear()
    receiver.statuses = [401]
    await client.control("…/webhooks", {"mode": {"reorder_ratio": 0.0, "corrupt_ratio": 1.0}})
    await client.control("…/sell", sale)
    await _drained(client)
    (first, changed), (again, whole) = receiver.got
    assert first == again
    signed = base64.b64encode(hmac.new(b"hush", whole, hashlib.sha256).digest()).decode()
    assert signed == again["x-shopify-hmac-sha256"]
    assert sum(a != b for a, b in zip(changed, whole, strict=True)) == 1


def test_a_seed_gives_every_message_its_fate() -> None:
    """The same seed and settings: the same fates; the ratios come out as set, and each of them by itself."""
    ratios = {"drop_ratio": 0.05, "duplicate_ratio": 0.05, "reorder_ratio": 0.1, "corrupt_ratio": 0.02}

    def drawn(seed: int, **values: float) -> list[Fate]:
        fates = Fates()
        fates.change({"seed": seed, "delay_seconds": [0, 60], **values})
        return [fates.draw() for _ in range(5000)]

    one = drawn(1, **ratios)
    assert one == drawn(1, **ratios)
    assert one != drawn(2, **ratios)
    assert [fate.dropped for fate in one] == [fate.dropped for fate in drawn(1, drop_ratio=0.05)]
    shares = {
        "drop_ratio": sum(fate.dropped for fate in one),
        "duplicate_ratio": sum(fate.copies == 2 for fate in one),
        "reorder_ratio": sum(fate.behind > 0 for fate in one),
        "corrupt_ratio": sum(fate.corrupt_at is not None for fate in one),
    }
    assert {name: number / 5000 for name, number in shares.items()} == pytest.approx(ratios, abs=0.01)
