"""Reads: what they cost, what they say of unknown ids, what times they tell, and how soon a search knows."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Final

from shared.certifying.exchanges import Exchange
from shared.certifying.levels import Wanted, applied
from shared.certifying.operations import ALL_LEVELS, CHANGED, LEVELS_AT, LOOK_AT_BULK, NODES, RUN_BULK, SCOPES, SEARCH
from shared.certifying.probes.probing import Probing
from shared.contract.messages import parse_time
from shared.errors import ShopifyUnclear
from shared.shopify.calls.answers import json_in, points_in
from shared.shopify.ids import item_gid
from shared.shopify.queries import bulk_levels
from shared.shopify.reads.read_costs import Ask, Way, steps, unit

NEEDED: Final = ("read_inventory", "write_inventory", "read_locations", "read_products")
_NOBODYS: Final = "1"
_IDS: Final = 2
_PAGE: Final = 2
_OVERLAP: Final = 600.0
_LOOKS: Final = (0.0, 3.0, 27.0, 150.0, 420.0)
_BULK_LOOKS: Final = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_SECONDS: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def calls(probing: Probing) -> None:
    """What is granted; version and deprecations are seen at every call, and judged at the end."""
    answer = await probing.calls.call(SCOPES, {})
    granted = {str(scope.get("handle")) for scope in answer.payload("currentAppInstallation").get("accessScopes") or []}
    # Who may write may read.
    granted |= {scope.replace("write_", "read_", 1) for scope in granted}
    missing = [scope for scope in NEEDED if scope not in granted]
    said = f"{', '.join(NEEDED[:-1])} and {NEEDED[-1]} are granted"
    probing.saw("call.scopes", said if not missing else f"{', '.join(missing)} not granted")


def judge_headers(probing: Probing) -> None:
    """What the headers of all answers said."""
    told = [exchange.headers for exchange in probing.calls.exchanges]
    versions = {headers["X-Shopify-API-Version"] for headers in told if "X-Shopify-API-Version" in headers}
    others = sorted(versions - {probing.api_version})
    if versions:
        said = f"calls are answered by {', '.join(others)}, not by {probing.api_version}"
        probing.saw("call.version", said if others else "every call is answered by the version that it asks for")
    else:
        probing.could_not_try("call.version", "no answer tells its version")
    names = ("X-Shopify-API-Deprecated-Reason", "Deprecation", "Sunset")
    notices = sorted({f"{name}: {headers[name]}" for headers in told for name in names if name in headers})
    probing.saw(
        "call.deprecations",
        "something that Trueup asks for is announced to go away"
        if notices
        else "nothing that Trueup asks for is announced to go away",
        "; ".join(notices),
    )


async def costs(probing: Probing) -> None:
    """Two ids, an item with all its levels, with two of them, and by a search, beside the model."""
    named = probing.calls.named
    two = await probing.calls.call(NODES, {"ids": [named.item, item_gid(_NOBODYS)]})
    told = {"requestedQueryCost", "actualQueryCost", "throttleStatus"} <= two.cost.keys()
    probing.saw(
        "cost.told",
        "a reply tells what it asked for, what it cost, and what is left" if told else "a reply does not tell its cost",
    )
    nodes = two.data.get("nodes") or []
    null = len(nodes) == _IDS and nodes[1] is None
    said = f"nodes(ids:) answers {'null' if null else 'something'} for an id that Shopify does not know"
    probing.saw("read.unknown-id", said)
    asked = _asked(two)
    if asked is None:
        probing.could_not_try("cost.nodes", "the reply does not tell what was asked for")
    else:
        probing.saw(
            "cost.nodes",
            "nodes(ids:) asks for its selection once, however many ids it names"
            if asked < _IDS
            else "nodes(ids:) asks for its selection for each id",
            nodes_cost_per_id=asked >= _IDS,
        )
    await _beside_the_model(probing)


async def _beside_the_model(probing: Probing) -> None:
    named = probing.calls.named
    ask, at = Ask(1, _PAGE), Ask(1, _PAGE, 2)
    every = await probing.calls.call(ALL_LEVELS, {"ids": [named.item], "levels": _PAGE})
    first, second = named.places
    here = await probing.calls.call(LEVELS_AT, {"ids": [named.item], "place0": first, "place1": second})
    search = {"items": 1, "query": f"id:{named.item_id}", "levels": _PAGE}
    found = await probing.calls.call(SEARCH, search)
    ids = [node.get("id") for node in found.payload("inventoryItems").get("nodes") or []]
    finds = "finds the item" if ids == [named.item] else "does not find the item alone"
    probing.saw("read.search-by-id", f"a search for an item's id {finds}")
    expected = (unit(ask, Way.NODES), unit(at, Way.NODES_AT) + 2, 2 + steps(1) * unit(ask, Way.SEARCH))
    seen = tuple(_asked(exchange) for exchange in (every, here, found))
    fits = seen == expected
    probing.saw(
        "cost.levels",
        "an item with all its levels, one location at a time, and by a search costs "
        + ("what the model says" if fits else "something else than the model says"),
        "" if fits else f"asked for {seen}, where the model says {expected}",
    )


def _asked(exchange: Exchange) -> float | None:
    return points_in(exchange.cost, "requestedQueryCost")


async def times(probing: Probing) -> None:
    """A set a moment after a look: which times it moves, and how they are written. `search` looks for this change."""
    before = await probing.look()
    await probing.pause(1.5)
    held = probing.available(0)
    answer = await probing.set_blindly([Wanted(0, held + 1, held)])
    group = answer.payload("inventorySetQuantities").get("inventoryAdjustmentGroup") or {}
    after = await probing.look()
    if not applied(answer) or after[0].time is None or before[0].time is None:
        for fact in ("time.moves", "time.of-the-group", "time.resolution"):
            probing.could_not_try(fact, "no change, or no time of it, is told")
        return
    moves = after[0].time > before[0].time and after[1].time == before[1].time
    probing.saw(
        "time.moves",
        "the time of a quantity moves with its own change and with no other level's"
        if moves
        else "the time of a quantity does not move with its own change alone",
        f"{before[0].text} and {before[1].text}, then {after[0].text} and {after[1].text}" if not moves else "",
    )
    created = probing.changed_at = str(group.get("createdAt"))
    same = parse_time(created) == after[0].time
    probing.saw(
        "time.of-the-group",
        f"the time of a set's adjustment group is {'' if same else 'not '}that of the quantity it has set",
        "" if same else f"{created} and {after[0].text}",
    )
    whole = all(_SECONDS.fullmatch(text) for text in (created, str(after[0].text)))
    probing.saw(
        "time.resolution", "times are whole seconds in UTC" if whole else "times are written otherwise", created
    )


async def search(probing: Probing) -> None:
    """Search for the last change by its time until it is found, or as long as a look reaches back."""
    if probing.changed_at is None:
        probing.could_not_try("search.updated-at", "no change before it was told with its time")
        return
    since = parse_time(probing.changed_at).astimezone(UTC)
    variables = {"id": probing.calls.named.places[0], "query": f"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'"}
    began, lag = probing.calls.client.time.monotonic(), 0.0
    for pause in _LOOKS:
        await probing.pause(pause)
        page = (await probing.calls.call(CHANGED, variables)).payload("location").get("inventoryLevels") or {}
        items = [(node.get("item") or {}).get("id") for node in page.get("nodes") or []]
        lag = probing.calls.client.time.monotonic() - began
        if probing.calls.named.item in items:
            within = f"within {_OVERLAP:g} seconds" if lag <= _OVERLAP else f"after {lag:.0f} seconds"
            probing.saw("search.updated-at", f"a change is found by its time {within}", f"after {lag:.1f} s")
            return
        if len(items) >= _PAGE:
            probing.could_not_try("search.updated-at", "others changed so much there that the page was full")
            return
    probing.saw("search.updated-at", "a change is not found by its time", f"not after {lag:.0f} s")


async def bulk(probing: Probing) -> None:
    """A bulk query for the item's levels, looked at until it has ended, and its file."""
    named = probing.calls.named
    begun = await probing.calls.call(RUN_BULK, {"query": bulk_levels(f"id:{named.item_id}")})
    operation = begun.payload("bulkOperationRunQuery").get("bulkOperation") or {}
    if not operation:
        errors = ", ".join(str(error.get("code")) for error in begun.user_errors("bulkOperationRunQuery"))
        probing.could_not_try("bulk.levels", f"the bulk query was not begun: {errors}")
        return
    state: dict[str, object] = {}
    for pause in _BULK_LOOKS:
        await probing.pause(pause)
        state = dict((await probing.calls.call(LOOK_AT_BULK, {"id": operation.get("id")})).payload("bulkOperation"))
        if state.get("status") not in ("CREATED", "RUNNING"):
            break
    if state.get("status") != "COMPLETED" or not state.get("url"):
        probing.could_not_try("bulk.levels", f"the bulk query was {state.get('status')} when it was last looked at")
        return
    lines = await _lines(probing, str(state.get("url")))
    parents = [line.get("__parentId") for line in lines if "InventoryLevel" in str(line.get("id"))]
    levels = sum(held.level is not None for held in probing.held)
    fits = len(lines) == int(str(state.get("objectCount"))) and len(parents) >= levels
    fits = fits and set(parents) <= {named.item}
    probing.saw(
        "bulk.levels",
        "a bulk query gives every level of the item as a line of its own, as many lines as it counts"
        if fits
        else "a bulk query gives other lines than it counts, or not every level",
        f"{len(lines)} lines" if fits else f"{len(lines)} lines of {state.get('objectCount')}, {len(parents)} levels",
    )


async def _lines(probing: Probing, url: str) -> list[dict[str, object]]:
    found = []
    async with probing.calls.client.download(url) as raw:
        async for line in raw:
            if line.strip():
                try:
                    found.append(json_in(line))
                except ValueError as error:
                    raise ShopifyUnclear("bulk result: an unreadable line") from error
    return found
