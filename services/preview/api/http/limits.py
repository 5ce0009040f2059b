"""What one shop may have of this process, so that none starves the others: what is too much is answered with 429."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import monotonic

from aiohttp import web

from services.preview.api.http.auth import Caller
from services.preview.api.http.key_rates import KeyRates
from services.preview.api.http.quotas import QUOTAS, Quota
from services.preview.api.http.responses.problem import Limit, ProblemError, too_many
from shared.setting_groups import RequestLimitSettings

BURST = 5.0
"""Seconds of its rate that a shop may take at once: opening the page is a burst."""

SLOWED_BY = 0.5
"""Seconds after which a request above the rate is refused."""

MAX_SLOWED = 200
"""Requests of one shop that wait to be refused; more are refused at once."""

MAX_IN_LINE = 100
"""Requests of one shop that wait for those before them; more are refused."""

_WORTH_TIDYING = 1000
"""Shops remembered with their rate before those are forgotten that may ask for all again."""

_AUTHORIZATION = "header.Authorization"


@dataclass(slots=True)
class _Rate:
    """What a shop may still ask for now: a bucket that fills with time."""

    left: float
    at: float


class _Line:
    """A shop's requests: some are worked on, the next wait in the order in which they came."""

    def __init__(self, at_once: int) -> None:
        self.places = asyncio.Semaphore(at_once)
        self.inside = 0


class Limits:
    """The limits of the HTTP API in one process. `clock` tells seconds that only go forward."""

    def __init__(
        self, settings: RequestLimitSettings, key_rates: KeyRates, clock: Callable[[], float] = monotonic
    ) -> None:
        self._settings = settings
        self._key_rates = key_rates
        self._clock = clock
        self._rates: dict[str, _Rate] = {}
        self._slowed: Counter[str] = Counter()
        self._lines: dict[str, _Line] = {}
        self._lasting: dict[tuple[Limit, str], list[tuple[str, web.Request]]] = defaultdict(list)

    async def take(self, caller: Caller, request: web.Request) -> None:
        """Count one request of the shop, or of the server. Raises ProblemError (429) above its rate.

        The refusal is not hurried: a client that sends the next request at once would keep the process busy with
        refusing, and its next one comes on the same connection.
        """
        try:
            if caller.key is None:
                self._take(caller.shop)
            else:
                await self._take_of_key(caller.shop, caller.key.key_id, request)
        except ProblemError:
            lane = caller.lane
            if self._slowed[lane] < MAX_SLOWED:
                self._slowed[lane] += 1
                try:
                    await asyncio.sleep(SLOWED_BY)
                finally:
                    self._slowed[lane] -= 1
                    if not self._slowed[lane]:
                        del self._slowed[lane]
            raise
        finally:
            if caller.key is None:
                request[QUOTAS] = [self._quota(caller.shop)]

    async def _take_of_key(self, shop: str, key_id: str, request: web.Request) -> None:
        admitted, quotas = await self._key_rates.admit(shop, key_id)
        request[QUOTAS] = quotas
        if admitted:
            return
        tight = min(quotas, key=lambda quota: quota.left)
        whose = "This key sends" if tight.name == "key" else "The keys of this shop send"
        raise too_many(
            "requests",
            _AUTHORIZATION,
            f"{whose} more than {tight.rate:g} requests a second for this shop.",
            "Send fewer: an event stream tells what changes, and a list takes many changes in one request.",
            seconds=1,
        )

    def _take(self, shop: str) -> None:
        rate, now = self._settings.requests_per_second, self._clock()
        most = rate * BURST
        held = self._rates.get(shop)
        if held is None:
            self._forget_the_full(now)
            held = self._rates[shop] = _Rate(most, now)
        held.left, held.at = min(most, held.left + (now - held.at) * rate), now
        if held.left < 1:
            raise too_many(
                "requests",
                _AUTHORIZATION,
                f"This shop sends more than {rate:g} requests a second.",
                "Send fewer: an event stream tells what changes, without asking again and again.",
                seconds=(1 - held.left) / rate,
            )
        held.left -= 1

    def _quota(self, shop: str) -> Quota:
        rate, held = self._settings.requests_per_second, self._rates.get(shop)
        return Quota("page", rate, rate * BURST, rate * BURST if held is None else held.left)

    def _forget_the_full(self, now: float) -> None:
        if len(self._rates) < _WORTH_TIDYING:
            return
        self._rates = {shop: rate for shop, rate in self._rates.items() if now - rate.at < BURST}

    @asynccontextmanager
    async def place(self, caller: Caller) -> AsyncIterator[None]:
        """A place among the shop's requests that are worked on. Raises ProblemError (429) where too many wait."""
        line = self._lines.get(caller.lane)
        if line is None:
            line = self._lines[caller.lane] = _Line(self._settings.requests_at_once)
        if line.inside >= self._settings.requests_at_once + MAX_IN_LINE:
            raise too_many(
                "requests",
                _AUTHORIZATION,
                f"{line.inside} requests of this shop are under way.",
                "Wait for their answers before you send more.",
                seconds=1,
            )
        line.inside += 1
        try:
            async with line.places:
                yield
        finally:
            line.inside -= 1
            if line.inside == 0:
                self._lines.pop(caller.lane, None)

    @contextmanager
    def stream(self, caller: Caller, request: web.Request) -> Iterator[None]:
        """A place for an event stream. Raises ProblemError (429)."""
        open_now = self._open("streams", caller.lane)
        of_user = sum(user == caller.user for user, _ in open_now)
        if of_user >= self._settings.streams_per_user or len(open_now) >= self._settings.streams_per_shop:
            by_user = of_user >= self._settings.streams_per_user
            most = self._settings.streams_per_user if by_user else self._settings.streams_per_shop
            if caller.key is None:
                whose = "This user has" if by_user else "This shop has"
            else:
                whose = "This key has" if by_user else "The keys of this shop have"
            raise too_many(
                "streams",
                _AUTHORIZATION,
                f"{whose} {most} event streams open, which is the most.",
                "Close one, or GET the document from time to time instead.",
                seconds=10,
            )
        with self._among(open_now, caller, request):
            yield

    @contextmanager
    def export(self, caller: Caller, request: web.Request) -> Iterator[None]:
        """A place for the download of a table. Raises ProblemError (429)."""
        open_now = self._open("exports", caller.lane)
        if len(open_now) >= self._settings.exports_per_shop:
            raise too_many(
                "exports",
                _AUTHORIZATION,
                f"{len(open_now)} tables of this shop are being downloaded, which is the most.",
                "Let one end first.",
                seconds=10,
            )
        with self._among(open_now, caller, request):
            yield

    def _open(self, limit: Limit, lane: str) -> list[tuple[str, web.Request]]:
        """Those of the shop whose client is still there: a page that was closed must not count until we write to it."""
        for key in [key for key, kept in self._lasting.items() if not kept]:
            del self._lasting[key]
        kept = self._lasting[limit, lane]
        kept[:] = [(user, request) for user, request in kept if _is_there(request)]
        return kept

    @contextmanager
    def _among(self, kept: list[tuple[str, web.Request]], caller: Caller, request: web.Request) -> Iterator[None]:
        mine = (caller.user, request)
        kept.append(mine)
        try:
            yield
        finally:
            if mine in kept:
                kept.remove(mine)

    def stream_life(self, caller: Caller) -> float:
        """Seconds a stream may last: until the session token has ended, and no longer than is set."""
        return max(0.0, min(self._settings.stream_seconds, caller.until - time.time()))


def _is_there(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
