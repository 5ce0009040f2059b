"""Trueup removes the webhook subscriptions that it has made, and no others."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from unittest import mock

import pytest
from aiohttp import web

from services.reconciler.sweeper.subscription_renewal import SubscriptionRenewal
from shared.errors import WrongSetting
from shared.mongodb.shops.subscriptions import SubscriptionStore
from shared.settings import load_settings
from shared.shop_life.wiring import ShopLife
from shared.shopify.writes.subscriptions import TOPICS, Subscribed, Subscriptions
from simulator.webhooks.deliveries import Subscription
from tests.integration.command_line.command_line_runs import settings_as_environment, trueup
from tests.integration.shop_world import SHOP, TOKEN, ShopWorld, shop_world

HERE = "https://trueup.example.com/webhooks/shopify"
THERE = "https://stock.example.com/trueup/webhooks/shopify"
THEIRS = ("https://our-own-app.example.com/products", "https://trueup.example.com/another/path", "pubsub://p:t")


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop in which the app has subscriptions of its own to every topic that Trueup needs."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as made:
        tenant = made.running.simulator.tenants[SHOP]
        for topic in TOPICS:
            for uri in THEIRS:
                number = tenant.shop.numbers.fresh("WebhookSubscription")
                subscription = Subscription(number, topic, uri, made.running.simulator.clock.now(), "2026-10")
                tenant.webhooks.subscriptions[number] = subscription
        yield made


def at(world: ShopWorld) -> dict[str, int]:
    """How many subscriptions there are at each address."""
    known = [one.uri for one in world.running.simulator.tenants[SHOP].webhooks.subscriptions.values()]
    return {uri: known.count(uri) for uri in known}


def subscriptions_of(world: ShopWorld) -> Subscriptions:
    """Those of a service with the stored token."""
    client = ShopLife.of(world.settings, world.mongo, world.http).client
    return Subscriptions(client, SubscriptionStore(world.mongo.db))


async def ensured(world: ShopWorld, url: str) -> Subscribed:
    """What every sweep and every installation does."""
    return await subscriptions_of(world).ensure(SHOP, url)


THEIR_OWN = dict.fromkeys(THEIRS, len(TOPICS))
OURS = len(TOPICS) - 1  # the simulator's part of the schema leaves one topic out


async def test_the_apps_own_subscriptions_stay_in_every_way_in(world: ShopWorld) -> None:
    """`trueup shop add`, the set-up of an installation, and a sweep leave what they have not made alone."""
    world.settings = world.settings.model_copy(update={"webhook_url": HERE})
    added = await trueup(world.settings, "shop", "add", SHOP, "--token-file", "-", words=f"{TOKEN}\n")
    assert (added.code, added.errors) == (0, "")
    assert "removed" not in added.output
    assert at(world) == THEIR_OWN | {HERE: OURS}
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"set_up_due": True}})
    assert await ShopLife.of(world.settings, world.mongo, world.http).installation.set_up(SHOP)
    assert await SubscriptionRenewal(subscriptions_of(world), HERE).check(SHOP) == []
    assert at(world) == THEIR_OWN | {HERE: OURS}


async def test_another_address_moves_ours_and_names_them(world: ShopWorld) -> None:
    """After TRUEUP_WEBHOOK_URL has changed ours are at the new address, each removed one is named, theirs stay."""
    await ensured(world, HERE)
    world.settings = world.settings.model_copy(update={"webhook_url": THERE})
    added = await trueup(world.settings, "shop", "add", SHOP, "--token-file", "-", words=f"{TOKEN}\n")
    assert at(world) == THEIR_OWN | {THERE: OURS}
    assert added.output.count(f" at {HERE}") == OURS
    back = await ensured(world, HERE)
    assert at(world) == THEIR_OWN | {HERE: OURS}
    assert sorted(back.removed) == sorted(f"{topic} at {THERE}" for topic in back.made)


async def test_what_was_made_before_it_was_remembered_is_known_by_its_address(world: ShopWorld) -> None:
    """Subscriptions of an earlier version, or of a process that died, are Trueup's by Trueup's present address."""
    await ensured(world, HERE)
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$unset": {"subscriptions": ""}})
    assert (await ensured(world, HERE)).removed == ()
    await ensured(world, THERE)
    assert at(world) == THEIR_OWN | {THERE: OURS}


async def test_one_that_is_gone_already_stops_nothing(world: ShopWorld) -> None:
    """What somebody has removed meanwhile is made again here, and not looked for elsewhere."""
    await ensured(world, HERE)
    known = world.running.simulator.tenants[SHOP].webhooks.subscriptions
    for number in [number for number, one in known.items() if one.uri == HERE][:5]:
        del known[number]
    assert len((await ensured(world, HERE)).made) == 5
    await ensured(world, THERE)
    assert at(world) == THEIR_OWN | {THERE: OURS}
    remembered = await SubscriptionStore(world.mongo.db).made(SHOP)
    assert {number for number, one in known.items() if one.uri == THERE} <= remembered.keys()


WRONG = ("/webhooks", "/webhooks/shopify/", "/webhook/shopify", "", "/webhooks/shopify?x=1", "/webhooks/shopify#x")


@pytest.mark.parametrize("path", WRONG)
async def test_a_wrong_path_stops_the_start_with_one_line(world: ShopWorld, path: str) -> None:
    """An address at which nothing takes webhooks is found out before Shopify is told of it."""
    environment = settings_as_environment(world.settings) | {"TRUEUP_WEBHOOK_URL": f"https://t.example.com{path}"}
    named = pytest.raises(WrongSetting, match=r"TRUEUP_WEBHOOK_URL: .*/webhooks")
    with mock.patch.dict(os.environ, environment), named:
        load_settings()


async def test_an_address_where_nothing_answers_as_trueup_is_told(world: ShopWorld) -> None:
    """A right path behind a wrong prefix, and a page that answers everything: `trueup shop add` says so in one line."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="a page")

    app = web.Application()
    app.router.add_get("/page/{path:.*}", page)
    app.router.add_post("/webhooks/shopify", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        for prefix, told in (("", 0), ("/missing", 1), ("/page", 1)):
            url = f"{host}{prefix}/webhooks/shopify"
            world.settings = world.settings.model_copy(update={"webhook_url": url})
            added = await trueup(world.settings, "shop", "add", SHOP, "--token-file", "-", words=f"{TOKEN}\n")
            assert added.code == 0
            assert added.output.count("TRUEUP_WEBHOOK_URL") == told, added.output
    finally:
        await runner.cleanup()


async def test_what_is_gone_at_shopify_is_forgotten(world: ShopWorld) -> None:
    """Shopify removes subscriptions that fail for long: the shop's document does not keep their numbers for ever."""
    for _ in range(3):
        await ensured(world, HERE)
        made = await SubscriptionStore(world.mongo.db).made(SHOP)
        assert len(made) == OURS
        known = world.running.simulator.tenants[SHOP].webhooks.subscriptions
        for number in made:
            del known[number]
    await ensured(world, HERE)
    assert len(await SubscriptionStore(world.mongo.db).made(SHOP)) == OURS
