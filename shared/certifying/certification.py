"""One certification, from the first look to the last: what is noted, tried, restored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ulid import ULID

from shared.certifying.exchanges import Exchange, Listener
from shared.certifying.facts.fact import Fact
from shared.certifying.guard import GuardedCalls, OutsideWhatWasNamed, PointsSpent
from shared.certifying.journal import Journal
from shared.certifying.levels import Held, Levels
from shared.certifying.named import CannotCertify, Named
from shared.certifying.operations import VARIANT
from shared.certifying.probes.keys import keys
from shared.certifying.probes.probing import Probing
from shared.certifying.probes.reads import bulk, calls, costs, judge_headers, search, times
from shared.certifying.probes.sets import demands, mixed, sets, stale
from shared.certifying.probes.stocking import unstocked
from shared.certifying.probes.webhooks import subscribe, webhooks
from shared.certifying.receiver import Receiver
from shared.certifying.report import Report, report_of
from shared.certifying.restoring import named_by, restore
from shared.errors import ShopifyError
from shared.mongodb.shops.certifications import Noted, NotedLevel
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.ids import plain

Probe = Callable[[Probing], Awaitable[None]]

PROBES: Final[Mapping[str, Probe]] = {
    "calls": calls,
    "costs": costs,
    "stale": stale,
    "mixed": mixed,
    "keys": keys,
    "unstocked": unstocked,
    "sets": sets,
    "times": times,
    "search": search,
    "bulk": bulk,
    "webhooks": webhooks,
    "demands": demands,
}
"""In the order in which they run: what is open first, should the points not suffice."""

_MOST_LEVELS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. `expendable`: orders, and BOMs that track, are no reason to refuse."""

    shop: str
    variant_id: str
    locations: tuple[str, str]
    expendable: bool = False


@dataclass(slots=True)
class Certification:
    """Certifies one shop. `receiver` takes webhooks where Shopify can reach it."""

    client: ShopifyClient
    listener: Listener
    journal: Journal
    api_version: str
    facts: Sequence[Fact]
    probes: Mapping[str, Probe]
    receiver: Receiver | None = None
    exchanges: Sequence[Exchange] = ()
    variant: Mapping[str, Any] | None = None
    _spent: float = 0.0

    async def clean_up(self, shop: str) -> bool:
        """Restore what an earlier certification has left; whether there was something. Raises CannotCertify."""
        noted = await self.journal.unfinished(shop)
        if noted is None:
            return False
        guarded = GuardedCalls(self.client, self.listener, named_by(noted))
        try:
            await restore(guarded, noted)
        finally:
            self._spent += guarded.spent
        await self.journal.close(noted)
        return True

    async def look(self, asked: Asked) -> Noted:
        """See whether the variant may be certified on, and what is to be restored. Changes nothing.

        Raises CannotCertify where it may not.
        """
        guarded = self._guarded(Named(asked.shop, asked.variant_id, "", asked.locations))
        answer = await guarded.call(VARIANT, {"id": f"gid://shopify/ProductVariant/{asked.variant_id}"})
        self._spent = guarded.spent
        variant = answer.payload("productVariant")
        if not variant:
            raise CannotCertify(f"--variant: Shopify knows no variant {asked.variant_id} in {asked.shop}")
        self.exchanges, self.variant = guarded.exchanges, variant
        return _noted(asked, variant, None if self.receiver is None else self.receiver.uri, self.client)

    async def run(self, noted: Noted) -> Report:
        """Note the values, run the probes, restore. What stops it, a signal too, is passed on once all is restored."""
        await self.journal.note(noted)
        guarded = self._guarded(named_by(noted), self.exchanges)
        try:
            probing = Probing(guarded, Levels(guarded, noted.run), (Held(), Held()), self.api_version, self.receiver)
            stopped = await self._probe(probing, noted)
        finally:
            # Also where a signal has cancelled this task: what is awaited from here on runs to its end.
            await asyncio.shield(self._restore(guarded, noted))
            self.exchanges = guarded.exchanges
        judge_headers(probing)
        points = guarded.spent
        return report_of(noted.shop, self.api_version, self.facts, probing.findings, points=points, stopped=stopped)

    async def _restore(self, guarded: GuardedCalls, noted: Noted) -> None:
        try:
            await restore(guarded, noted)
        finally:
            self._spent = guarded.spent
        await self.journal.close(noted)

    def _guarded(self, named: Named, exchanges: Sequence[Exchange] = ()) -> GuardedCalls:
        guarded = GuardedCalls(self.client, self.listener, named)
        guarded.spent = self._spent
        guarded.exchanges = list(exchanges)
        return guarded

    async def _probe(self, probing: Probing, noted: Noted) -> str | None:
        """Run the probes one after the other; why it ended early, if it did."""
        guarded = probing.calls
        try:
            with guarded.probing("begin"):
                if noted.uri is not None:
                    guarded.allow_subscriptions(noted.uri)
                    await subscribe(probing)
                await _stock_both(probing)
        except PointsSpent as spent:
            return str(spent)
        for name, probe in list(self.probes.items()):
            try:
                with guarded.probing(name):
                    await probe(probing)
            except PointsSpent as spent:
                return str(spent)
            except OutsideWhatWasNamed:
                raise
            except ShopifyError as error:
                for fact in self.facts:
                    if fact.probe == name and all(finding.fact_id != fact.id for finding in probing.findings):
                        probing.could_not_try(fact.id, str(error))
        return None


async def _stock_both(probing: Probing) -> None:
    """The probes begin with both levels stocked."""
    held = await probing.look()
    for place, level in enumerate(held):
        if not level.active:
            await probing.levels.stock(place, level.available)
    if not all(level.active for level in held):
        await probing.look()
    if not all(level.active for level in probing.held):
        raise CannotCertify("--locations: Shopify does not stock the item at both; choose active ones of its own")


def _noted(asked: Asked, variant: Mapping[str, Any], uri: str | None, client: ShopifyClient) -> Noted:
    """Both levels as they are. Raises CannotCertify where they may not be touched."""
    item = variant.get("inventoryItem") or {}
    connection = item.get("inventoryLevels") or {}
    if not item.get("tracked"):
        raise CannotCertify("--variant: Shopify does not track its inventory; switch that on, or name another")
    if (connection.get("pageInfo") or {}).get("hasNextPage") and not asked.expendable:
        raise CannotCertify(f"--variant: it has more than {_MOST_LEVELS} levels; name one that is made for this")
    levels = {plain(str((node.get("location") or {}).get("id"))): node for node in connection.get("nodes") or []}
    committed = sum(_quantity(node, "committed") or 0 for node in levels.values())
    if committed and not asked.expendable:
        raise CannotCertify(
            f"--variant: {committed} of its units are committed to orders; name another, or say --expendable"
        )
    first, second = (_level(place, levels.get(place)) for place in asked.locations)
    if not first.stocked and not second.stocked:
        raise CannotCertify("--locations: the variant is stocked at neither; stock it at the first one at least")
    number, now = str(ULID()), client.time.now()
    return Noted(asked.shop, number, asked.variant_id, plain(str(item.get("id"))), (first, second), now, uri)


def _level(place: str, node: Mapping[str, Any] | None) -> NotedLevel:
    if node is None:
        return NotedLevel(place, None, stocked=False, available=None)
    return NotedLevel(place, str(node.get("id")), bool(node.get("isActive")), _quantity(node, "available"))


def _quantity(node: Mapping[str, Any], name: str) -> int | None:
    for quantity in node.get("quantities") or []:
        if quantity.get("name") == name:
            return None if quantity.get("quantity") is None else int(quantity.get("quantity"))
    return None
