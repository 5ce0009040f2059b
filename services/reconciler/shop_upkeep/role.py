"""The care for shops put together."""

from __future__ import annotations

from datetime import timedelta

from services.reconciler.resources import Resources
from services.reconciler.shop_upkeep.departure_check import DepartureCheck
from services.reconciler.shop_upkeep.location_refresh import LocationRefresh
from services.reconciler.shop_upkeep.upkeep import ShopUpkeep
from shared.mongodb.shops.audit import AuditLog
from shared.mongodb.shops.compliance import ComplianceNotes
from shared.mongodb.shops.departures import Departures
from shared.mongodb.shops.redaction import Redaction
from shared.shop_life.wiring import ShopLife
from shared.shopify.reads.reads import ShopifyReads


def start_upkeep(resources: Resources, life: ShopLife, *, every: float, first_probe: timedelta) -> None:
    """Go the rounds of upkeep, `every` seconds apart."""
    db = resources.mongo.db
    departure_check = DepartureCheck(
        Departures(db), Redaction(db), ComplianceNotes(db), AuditLog(db), life.asking, first=first_probe
    )
    locations = LocationRefresh(life.shops, resources.boms, ShopifyReads(life.client))
    upkeep = ShopUpkeep(life.pause_probe, life.installation, departure_check, locations)
    resources.rounds.begin("upkeep of shops", upkeep.round, every)
