"""How often servers may ask: by key and shop, and by shop, counted for all processes together.

A process takes a tenth of a bucket at a time out of the store (`RequestShares`) and gives it away by itself: one write
for some ten requests, and none for what is refused. What it has not given away after a minute it forgets. So no more
than a bucket is ever admitted, whatever the number of processes; a process that took and did not need leaves the others
a tenth less for that minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from services.preview.api.http.quotas import Quota
from shared.mongodb.server_keys.request_shares import RequestShares
from shared.running.shop_locks import ShopLocks
from shared.setting_groups import RequestLimitSettings

BURST = 5.0
"""Seconds of its rate that a bucket holds."""

TAKEN_AT_ONCE = 0.1
"""Of a bucket, by a process."""

KEPT = 60.0
"""Seconds for which a process keeps what it has taken."""

_WORTH_TIDYING = 1000

ALL_KEYS = "keys"
"""The bucket of all keys of a shop; no key has an id of four letters."""


@dataclass(slots=True)
class _Share:
    """What a process has of one bucket; `empty_until`: there is nothing to be had before."""

    own: int = 0
    rest: float = 0.0
    until: float = 0.0
    empty_until: float = 0.0


class KeyRates:
    """The buckets of servers, as one process sees them. `clock` tells seconds that only go forward."""

    def __init__(
        self, shares: RequestShares, settings: RequestLimitSettings, clock: Callable[[], float] = monotonic
    ) -> None:
        self._store = shares
        self._of_key = settings.key_requests_per_second
        self._of_shop = settings.shop_key_requests_per_second
        self._clock = clock
        self._shares: dict[tuple[str, str], _Share] = {}
        self._taking = ShopLocks()

    async def admit(self, shop: str, key_id: str) -> tuple[bool, list[Quota]]:
        """Whether one more request of the key may come, and what is left then."""
        own, of_all = self._share(shop, key_id), self._share(shop, ALL_KEYS)
        admitted = await self._one(own, shop, key_id, self._of_key)
        if admitted and not await self._one(of_all, shop, ALL_KEYS, self._of_shop):
            own.own += 1  # it was not needed
            admitted = False
        return admitted, [_quota("key", own, self._of_key), _quota("shop", of_all, self._of_shop)]

    async def _one(self, share: _Share, shop: str, what: str, rate: float) -> bool:
        if not self._has(share) and self._clock() >= share.empty_until:
            async with self._taking.of(f"{shop}|{what}"):
                # Whoever waited here may find what the one before has taken.
                if not self._has(share) and self._clock() >= share.empty_until:
                    await self._take(share, shop, what, rate)
        if not self._has(share):
            return False
        share.own -= 1
        return True

    async def _take(self, share: _Share, shop: str, what: str, rate: float) -> None:
        wanted = max(1, round(rate * BURST * TAKEN_AT_ONCE))
        taken = await self._store.take(shop, what, wanted, rate=rate, most=rate * BURST)
        now = self._clock()
        share.own, share.rest, share.until = taken.requests, taken.left, now + KEPT
        if taken.requests < wanted:
            # Asked again when as much has come in as is taken at once: what is refused meanwhile costs no write.
            share.empty_until = now + wanted / rate

    def _has(self, share: _Share) -> bool:
        return share.own > 0 and self._clock() < share.until

    def _share(self, shop: str, what: str) -> _Share:
        known = self._shares.get((shop, what))
        if known is None:
            if len(self._shares) >= _WORTH_TIDYING:
                now = self._clock()
                self._shares = {name: one for name, one in self._shares.items() if now < one.until}
            known = self._shares[shop, what] = _Share()
        return known


def _quota(name: str, share: _Share, rate: float) -> Quota:
    return Quota(name, rate, rate * BURST, share.own + share.rest)
