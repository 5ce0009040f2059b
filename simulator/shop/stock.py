"""Quantity changes and their ledger: nothing else changes `available`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from simulator.shop.shop import Level


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a quantity changes. `at` is Shopify's time of the change; all changes of one action share `event_id`."""

    kind: str  # "order", "restock", "edit", "api", "seed"
    at: datetime
    event_id: str
    reference: str | None = None
    idempotency_key: str | None = None
    request_no: int | None = None
    silent: bool = False  # no webhook: the missed ones are made here


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of one level's `available`. `seq` counts from 1 within the shop."""

    seq: int
    at: str
    shop: str
    item_id: str
    location_id: str
    name: str
    before: int
    after: int
    delta: int
    cause: str
    reference: str | None
    idempotency_key: str | None
    request_no: int | None

    def as_json(self) -> dict[str, Any]:
        """The entry as the control API answers it."""
        return asdict(self)


class Stock:
    """Changes one shop's levels, writes the ledger and tells whoever listens."""

    def __init__(self, shop_domain: str, on_change: Callable[[Level, Cause], None]) -> None:
        self._shop = shop_domain
        self._on_change = on_change
        self.ledger: list[LedgerEntry] = []

    def set_available(self, level: Level, after: int, cause: Cause) -> LedgerEntry | None:
        """Give `available` a value. None, and no trace, where it has that value already."""
        before = level.available
        if before == after:
            return None
        level.available = after
        level.available_at = cause.at
        level.updated_at = cause.at
        entry = LedgerEntry(
            seq=len(self.ledger) + 1,
            at=iso_utc(cause.at),
            shop=self._shop,
            item_id=level.item.id,
            location_id=level.location.id,
            name="available",
            before=before,
            after=after,
            delta=after - before,
            cause=cause.kind,
            reference=cause.reference,
            idempotency_key=cause.idempotency_key,
            request_no=cause.request_no,
        )
        self.ledger.append(entry)
        if not cause.silent:
            self._on_change(level, cause)
        return entry

    def sell(self, level: Level, units: int, cause: Cause) -> LedgerEntry | None:
        """An order: the units leave `available` and stay on hand, committed, until they are shipped."""
        level.committed += units
        level.committed_at = cause.at
        return self.set_available(level, level.available - units, replace(cause, kind="order"))


def iso_utc(at: datetime) -> str:
    """A time as Shopify's GraphQL answers it: UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")[:19] + "Z"
