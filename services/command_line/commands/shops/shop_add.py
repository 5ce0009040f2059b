"""`trueup shop add`: make a shop known, once its token has been seen to work."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from services.command_line.connections.client import Client
from services.command_line.connections.stores import shop_domain
from services.command_line.connections.webhook_address import problem_of
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.tables import Column, show_table
from shared.domain.words.pauses import pause_explained
from shared.errors import ShopPaused
from shared.mongodb.shops.subscriptions import SubscriptionStore
from shared.reading.locations import location_of
from shared.setting_groups import SubscribingSettings
from shared.settings import part_of
from shared.shopify.reads.reads import ShopifyReads
from shared.shopify.writes.subscriptions import Subscriptions

COLUMNS = (Column("Location", "name"), Column("Id"), Column("Active"), Column("Stock kept by"))

_LONGEST_TOKEN = 4096


class _GivenToken:
    """The token that was given, before it is stored anywhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self, domain: str) -> str:
        del domain
        return self._token

    async def pause(self, domain: str, reason: str, detail: str | None = None) -> None:
        """Nothing to pause: the shop is not stored yet."""

    async def renewed(self, domain: str, refused: str) -> str | None:
        """There is no other token."""


def read_token(source: str) -> str:
    """The token in a file, or on standard input for "-". Raises WrongUseError, which never shows it."""
    try:
        text = sys.stdin.read(_LONGEST_TOKEN + 1) if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        raise WrongUseError(f"--token-file {source}: {words}") from None
    token = text.strip()
    if not token or len(token) > _LONGEST_TOKEN or not token.isascii() or any(sign.isspace() for sign in token):
        raise WrongUseError(f"--token-file {source}: must hold one access token and nothing else")
    return token


async def add_shop(
    client: Client, domain: str, token: str, *, allow_negative: bool | None, as_json: bool, out: Console
) -> Exit:
    """Read the locations with the token; then store both, and make the webhook subscriptions where there is an address.

    Raises WrongUseError where Shopify refuses the token.
    """
    shop = shop_domain(domain)
    webhook_url = part_of(client.settings, SubscribingSettings).webhook_url
    calls = client.calls.with_access(_GivenToken(token))
    try:
        listed = await ShopifyReads(calls).locations(shop)
    except ShopPaused as pause:
        why = pause_explained(pause.reason, pause.detail)
        raise WrongUseError(
            f"Shopify does not take this token for {shop} ({pause.reason}); nothing was stored. {why.message}"
        ) from None
    is_new = await client.shops.add(shop, token, allow_negative=allow_negative)
    await client.note("shop.add" if is_new else "shop.new-token", shop)
    locations = [location_of(place) for place in listed]
    await client.boms.keep_locations(shop, locations)
    removed: tuple[str, ...] = ()
    address_problem = None
    if webhook_url is not None:
        remembered = SubscriptionStore(client.mongo.db)
        removed = (await Subscriptions(calls, remembered).ensure(shop, webhook_url)).removed
        address_problem = await problem_of(client.calls.http, webhook_url)
    if as_json:
        print_json(
            {
                "shop": shop,
                "new": is_new,
                **({"subscriptions_removed": list(removed)} if removed else {}),
                **({} if address_problem is None else {"webhook_url_problem": address_problem}),
                "locations": [
                    {
                        "location_id": place.location_id,
                        "name": place.name,
                        "active": place.active,
                        "fulfillment_service": place.fulfillment_service,
                    }
                    for place in locations
                ],
            }
        )
        return Exit.OK
    out.print(f"{shop}: {'added' if is_new else 'known already; its token is the new one now'}")
    lines = [
        (
            place.name,
            place.location_id,
            "yes" if place.active else "no",
            "a fulfilment service" if place.fulfillment_service else "Shopify",
        )
        for place in locations
    ]
    show_table(out, COLUMNS, lines)
    for one in removed:
        out.print(f"webhook subscription removed, which Trueup had made at an earlier address: {one}", soft_wrap=True)
    if address_problem is not None:
        out.print(address_problem, soft_wrap=True)
    return Exit.OK
