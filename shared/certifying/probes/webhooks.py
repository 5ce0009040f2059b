"""Webhooks of the level topics, which alone can be caused by what was named: arrival, headers, signature, delay."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Final

from shared.certifying.facts.webhooks import WEBHOOKS
from shared.certifying.operations import SUBSCRIBE_TO
from shared.certifying.probes.probing import Probing
from shared.certifying.receiver import Arrival, Receiver
from shared.contract.messages import parse_time

TOPICS: Final = ("INVENTORY_LEVELS_UPDATE", "INVENTORY_LEVELS_CONNECT", "INVENTORY_LEVELS_DISCONNECT")
_UPDATE, _CONNECT, _DISCONNECT = (f"inventory_levels/{word}" for word in ("update", "connect", "disconnect"))
_HEADERS: Final = ("topic", "hmac-sha256", "shop-domain", "api-version", "webhook-id")
_PATIENCE: Final = 120
NO_ADDRESS: Final = "no address was given at which Shopify reaches this machine (--public-url)"


async def subscribe(probing: Probing) -> None:
    """Before anything is changed that is to be told."""
    if probing.receiver is None:
        return
    for topic in TOPICS:
        variables = {"topic": topic, "uri": probing.receiver.uri, "fields": None}
        await probing.calls.call(SUBSCRIBE_TO, variables)


async def webhooks(probing: Probing) -> None:
    """Wait until one of the sets of this run is told, and judge whatever came in all of it."""
    if (receiver := probing.receiver) is None:
        for fact in WEBHOOKS:
            if fact.probe is not None:
                probing.skip(fact.id, NO_ADDRESS)
        return
    if await _told(probing, receiver) is None:
        probing.saw("hook.update", f"no inventory_levels/update has come within {_PATIENCE} seconds")
        probing.saw("hook.delay", f"a webhook has not arrived within {_PATIENCE} seconds")
    else:
        probing.saw("hook.update", "inventory_levels/update comes for a set, with its value and time")
        delays = [delay for one in receiver.arrivals if one.signed and (delay := _delay(one)) is not None]
        slowest = max(delays, default=0.0)
        within = f"within {_PATIENCE} seconds" if slowest <= _PATIENCE else f"after {slowest:.0f} seconds"
        probing.saw("hook.delay", f"a webhook arrives {within}", f"{min(delays, default=0.0):.1f} to {slowest:.1f} s")
    _judge_stocking(probing, receiver)
    _judge_all(probing, receiver)


async def _told(probing: Probing, receiver: Receiver) -> Arrival | None:
    named = probing.calls.named
    for _ in range(_PATIENCE):
        for one in receiver.of(_UPDATE, named.item_id, named.locations[0]):
            if one.body.get("available") in probing.quantities and _time(one) is not None:
                return one
        await probing.pause(1.0)
    return None


def _judge_stocking(probing: Probing, receiver: Receiver) -> None:
    named = probing.calls.named
    for fact, topic, done in (("hook.connect", _CONNECT, "stocked"), ("hook.disconnect", _DISCONNECT, "unstocked")):
        came = bool(receiver.of(topic, named.item_id, named.locations[1]))
        probing.saw(fact, f"{topic} {'comes' if came else 'does not come'} where an item is {done}")


def _judge_all(probing: Probing, receiver: Receiver) -> None:
    facts = ("hook.headers", "hook.signature", "hook.doubles", "hook.order")
    if not receiver.arrivals:
        for fact in facts:
            probing.could_not_try(fact, "no webhook came")
        return
    missing = sorted({name for one in receiver.arrivals for name in _HEADERS if f"x-shopify-{name}" not in one.headers})
    probing.saw(
        "hook.headers",
        "topic, signature, shop, version and webhook id stand in the headers"
        if not missing
        else f"{', '.join(missing)} not in the headers of every webhook",
    )
    signed = [one for one in receiver.arrivals if one.signed]
    probing.saw(
        "hook.signature",
        "the signature is the base64 HMAC-SHA256 of the raw body under the client secret"
        if len(signed) == len(receiver.arrivals)
        else "not every webhook is signed so",
        f"{len(signed)} of {len(receiver.arrivals)}",
    )
    _judge_doubles(probing, signed)
    times = [at for one in signed if (at := _time(one)) is not None]
    backwards = sum(later < earlier for earlier, later in pairwise(times))
    probing.saw(
        "hook.order",
        "webhooks come in any order; the time in the body tells which is newer",
        f"{backwards} of {len(times)} came after a newer one",
    )


def _judge_doubles(probing: Probing, signed: list[Arrival]) -> None:
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for one in signed:
        key = (one.topic, one.headers.get("x-shopify-event-id", ""), *map(str, sorted(one.body.items())))
        alike[key].append(one.headers.get("x-shopify-webhook-id", ""))
    twice = [ids for ids in alike.values() if len(ids) > 1]
    if not twice:
        probing.skip("hook.doubles", "none came twice")
        return
    same = all(len(set(ids)) == 1 for ids in twice)
    probing.saw("hook.doubles", f"a webhook that comes twice bears {'the same webhook id' if same else 'another id'}")


def _time(one: Arrival) -> datetime | None:
    text = one.body.get("updated_at")
    return parse_time(str(text)) if text else None


def _delay(one: Arrival) -> float | None:
    """Seconds from the event to its arrival, where its time is told."""
    text = one.headers.get("x-shopify-triggered-at")
    return None if text is None else max(0.0, (one.at - parse_time(text)).total_seconds())
