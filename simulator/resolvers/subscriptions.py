"""Webhook subscriptions: reading, creating, deleting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from simulator.graphql.connections import Page, by_id, window
from simulator.graphql.context import Context
from simulator.resolvers.common import items_by_key
from simulator.resolvers.registry import attribute, fields
from simulator.shop.shop import gid, number_of
from simulator.shop.stock import iso_utc
from simulator.webhooks.deliveries import Subscription

_Arguments = Mapping[str, Any]


class HttpEndpoint(str):
    """The union member of an HTTP endpoint: its URL."""

    __slots__ = ()


def _subscriptions(_source: None, context: Context, arguments: _Arguments) -> Page:
    topics, uri = arguments.get("topics"), arguments.get("uri")
    found = [
        subscription
        for subscription in context.tenant.webhooks.subscriptions.values()
        if subscription.created_by_api
        and (topics is None or subscription.topic in topics)
        and (uri is None or subscription.uri == uri)
    ]
    return window(sorted(found, key=by_id), arguments)


def _create(_source: None, context: Context, arguments: _Arguments) -> dict[str, Any]:
    wanted = arguments["webhookSubscription"]
    uri = wanted.get("uri") or wanted.get("callbackUrl")
    webhooks = context.tenant.webhooks
    if not uri or urlsplit(uri).scheme not in ("http", "https"):
        return _refused(["webhookSubscription", "callbackUrl"], "Address is invalid")
    for known in webhooks.subscriptions.values():
        if known.created_by_api and known.topic == arguments["topic"] and known.uri == uri:
            return _refused(["webhookSubscription", "callbackUrl"], "Address for this topic has already been taken")
    subscription = Subscription(
        id=context.tenant.shop.numbers.fresh("WebhookSubscription"),
        topic=arguments["topic"],
        uri=uri,
        created_at=context.now,
        api_version=context.version,
        include_fields=wanted.get("includeFields") or [],
        filter=wanted.get("filter"),
        name=wanted.get("name"),
        format=wanted.get("format") or "JSON",
    )
    webhooks.subscriptions[subscription.id] = subscription
    return {"webhookSubscription": subscription, "userErrors": []}


def _refused(field: list[str], message: str) -> dict[str, Any]:
    return {"webhookSubscription": None, "userErrors": [{"field": field, "message": message}]}


def _delete(_source: None, context: Context, arguments: _Arguments) -> dict[str, Any]:
    number = number_of(arguments["id"], "WebhookSubscription") or ""
    subscription = context.tenant.webhooks.subscriptions.get(number)
    if subscription is None or not subscription.created_by_api:
        error = {"field": ["id"], "message": "Webhook subscription does not exist"}
        return {"deletedWebhookSubscriptionId": None, "userErrors": [error]}
    del context.tenant.webhooks.subscriptions[number]
    return {"deletedWebhookSubscriptionId": gid("WebhookSubscription", number), "userErrors": []}


fields("QueryRoot", {"webhookSubscriptions": _subscriptions})
fields(
    "QueryRoot",
    {
        "webhookSubscription": lambda _s, context, arguments: context.tenant.webhooks.subscriptions.get(
            number_of(arguments["id"], "WebhookSubscription") or ""
        )
    },
)
fields("Mutation", {"webhookSubscriptionCreate": _create, "webhookSubscriptionDelete": _delete})
fields("WebhookSubscriptionCreatePayload", items_by_key(("webhookSubscription", "userErrors")))
fields("WebhookSubscriptionDeletePayload", items_by_key(("deletedWebhookSubscriptionId", "userErrors")))
fields("UserError", items_by_key(("field", "message")))
fields("WebhookHttpEndpoint", {"callbackUrl": lambda url, _c, _a: str(url)}, HttpEndpoint)
fields(
    "WebhookSubscription",
    {
        "id": lambda source, _c, _a: gid("WebhookSubscription", source.id),
        "legacyResourceId": attribute("id"),
        "topic": attribute("topic"),
        "uri": attribute("uri"),
        "callbackUrl": attribute("uri"),
        "endpoint": lambda source, _c, _a: HttpEndpoint(source.uri),
        "format": attribute("format"),
        "filter": attribute("filter"),
        "includeFields": attribute("include_fields"),
        "name": attribute("name"),
        "createdAt": lambda source, _c, _a: iso_utc(source.created_at),
        "updatedAt": lambda source, _c, _a: iso_utc(source.created_at),
    },
    Subscription,
)
