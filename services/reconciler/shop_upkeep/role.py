"""The care for shops put together."""

from __future__ import annotations

from datetime import timedelta

from services.reconciler.opened import Opened
from services.reconciler.shop_upkeep.asking_locations import AskingLocations
from services.reconciler.shop_upkeep.departing import Departing
from services.reconciler.shop_upkeep.upkeep import ShopUpkeep
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.compliance import ComplianceNotes
from shared.mongodb.shops.departures import Departures
from shared.mongodb.shops.redaction import Redaction
from shared.shop_life.wiring import ShopLife
from shared.shopify.reads.reads import ShopifyReads


def start_upkeep(opened: Opened, life: ShopLife, *, every: float, first_probe: timedelta) -> None:
    """Go the rounds of upkeep, `every` seconds apart."""
    db = opened.mongo.db
    departing = Departing(
        Departures(db), Redaction(db), ComplianceNotes(db), AuditLog(db), life.asking, first=first_probe
    )
    locations = AskingLocations(life.shops, opened.boms, ShopifyReads(life.client))
    upkeep = ShopUpkeep(life.probing, life.installing, departing, locations)
    opened.rounds.begin("upkeep of shops", upkeep.round, every)
