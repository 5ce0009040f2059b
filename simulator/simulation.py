"""The simulator's whole state: its shops with all that belongs to each, its faults, its clock."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.clock import Clock, SystemClock
from simulator.faults import Faults
from simulator.graphql.bulk import BulkOperations
from simulator.settings import OpenPoints, Plan, Settings
from simulator.shop.bucket import Bucket
from simulator.shop.calls import CallLog
from simulator.shop.idempotency import IdempotencyKeys
from simulator.shop.orders import Orders
from simulator.shop.shop import Level, Shop, gid
from simulator.shop.stock import Cause, Stock
from simulator.shop.tokens import Tokens
from simulator.webhooks.deliveries import Webhooks
from simulator.webhooks.times import local_time


@dataclass(slots=True)
class Tenant:
    """One shop and what the simulator keeps for it."""

    shop: Shop
    stock: Stock
    webhooks: Webhooks
    tokens: Tokens
    calls: CallLog
    orders: Orders
    keys: IdempotencyKeys = field(default_factory=IdempotencyKeys)
    bulk: BulkOperations = field(default_factory=BulkOperations)

    async def close(self) -> None:
        """Stop orders and deliveries."""
        await self.orders.stop()
        await self.webhooks.close()


class Simulator:
    """A Shopify with as many shops as one likes. Serve it with `simulator.http.server.start`."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        clock: Clock | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.clock = clock or SystemClock()
        self.settings = settings or Settings()
        self.faults = Faults()
        self.tenants: dict[str, Tenant] = {}
        self.url = ""  # known once it is served; bulk results are downloaded from there
        self._request_numbers = itertools.count(1)

    @property
    def open_points(self) -> OpenPoints:
        """The switches for what nobody has shown."""
        return self.settings.open_points

    @property
    def shops(self) -> dict[str, Shop]:
        """The shops by domain."""
        return {domain: tenant.shop for domain, tenant in self.tenants.items()}

    def next_request_number(self) -> int:
        """Numbers every call, over all shops."""
        return next(self._request_numbers)

    def add_shop(self, domain: str, access_token: str, *, plan: Plan, name: str, timezone: str) -> Tenant:
        """A shop without anything in it; one of that domain that exists is replaced."""
        now = self.clock.now()
        shop = Shop(domain, name, timezone, now, Bucket(plan, now))
        webhooks = Webhooks(
            domain,
            self.client_secret,
            self.clock,
            backoff_factor=self.settings.webhook_backoff_factor,
            timeout=self.settings.webhook_timeout_seconds,
        )
        stock = Stock(domain, lambda level, cause: webhooks.emit(*level_update(shop, level, cause)))
        orders = Orders(shop, stock, self.clock)
        tenant = Tenant(shop, stock, webhooks, Tokens(access_token), CallLog(self.settings.log_size), orders)
        self.tenants[domain] = tenant
        return tenant

    def cause(self, kind: str, *, age_seconds: float = 0.0, silent: bool = False, event_id: str | None = None) -> Cause:
        """Why something changes by the control API's hand; an event of its own unless one is given."""
        at = self.clock.now() - timedelta(seconds=age_seconds)
        return Cause(kind, at, event_id or str(uuid.uuid4()), silent=silent)

    async def close(self) -> None:
        """Stop orders and deliveries."""
        for tenant in list(self.tenants.values()):
            await tenant.close()


def level_update(shop: Shop, level: Level, cause: Cause) -> tuple[str, dict[str, object], datetime, str]:
    """Topic, body, time and event of an `inventory_levels/update`: the shop's own UTC offset, whole seconds."""
    body: dict[str, object] = {
        "inventory_item_id": int(level.item.id),
        "location_id": int(level.location.id),
        "available": level.available if level.item.tracked else None,
        "updated_at": local_time(shop, level.updated_at),
        "admin_graphql_api_id": level.gid,
    }
    return "inventory_levels/update", body, cause.at, cause.event_id


def location_body(shop: Shop, location_id: str) -> dict[str, object]:
    """The body of the `locations/…` topics."""
    location = shop.locations[location_id]
    return {
        "id": int(location.id),
        "name": location.name,
        "active": location.active,
        "created_at": local_time(shop, location.created_at),
        "updated_at": local_time(shop, location.updated_at),
        "admin_graphql_api_id": gid("Location", location.id),
    }
