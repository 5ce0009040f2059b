"""Replays one recording, call by call, and compares each answer with the recorded one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from simulator.clock import VirtualClock
from simulator.http.server import Running
from simulator.replay.normal import first_difference, normal
from simulator.replay.scenes import SHOP, TOKEN, number_in, open_shop

_GID = re.compile(r"gid://shopify/\w+/[^\s\"]+")
_SEARCHED = re.compile(r"\bid:(\d+)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(slots=True)
class Replayed:
    """How many answers are equal, and of the others where they differ first."""

    equal: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


class NoScene(ValueError):
    """The file is no recording of a certification; the text says what is missing."""


async def replay(
    running: Running, clock: VirtualClock, http: aiohttp.ClientSession, recording: Mapping[str, Any]
) -> Replayed:
    """Open the shop of its scene and send every call at its time. Raises NoScene."""
    try:
        cases, version = recording["cases"], recording["api_version"]
        same = open_shop(running.simulator, recording["scene"], datetime.fromisoformat(recording["captured_at"]))
    except (KeyError, TypeError) as error:
        raise NoScene(f"it has no {error}: only recordings of `trueup certify` can be replayed") from None
    done = Replayed()
    url = f"{running.url}/{SHOP}/admin/api/{version}/graphql.json"
    for case in cases:
        seconds = (datetime.fromisoformat(case["at"]) - clock.now()).total_seconds()
        await clock.advance(max(0.0, seconds))
        call = {"query": case["query"], "variables": _as_ours(case["variables"], same)}
        async with http.post(url, json=call, headers={"X-Shopify-Access-Token": TOKEN}) as response:
            reply = await response.json()
        _learn(case["response"], reply, same)
        difference = first_difference(_plain(reply, {}), _plain(case["response"], same))
        if difference is None:
            done.equal.append(case["path"])
        else:
            done.other.append(f"{case['path']}: {difference}")
    return done


def _as_ours(value: Any, same: Mapping[str, str]) -> Any:
    """Variables with our ids in the place of the recorded ones."""
    if isinstance(value, dict):
        return {name: _as_ours(held, same) for name, held in value.items()}
    if isinstance(value, list):
        return [_as_ours(held, same) for held in value]
    if not isinstance(value, str):
        return value
    text = _GID.sub(lambda found: same.get(found[0], found[0]), value)
    numbers = {number_in(theirs): number_in(ours) for theirs, ours in same.items() if "/InventoryItem/" in theirs}
    return _SEARCHED.sub(lambda found: f"id:{numbers.get(found[1], found[1])}", text)


def _learn(theirs: Any, ours: Any, same: dict[str, str]) -> None:
    """Ids that were made by the call stand at the same places."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in theirs.keys() & ours.keys():
            _learn(theirs[name], ours[name], same)
    elif isinstance(theirs, list) and isinstance(ours, list):
        for one, other in zip(theirs, ours, strict=False):
            _learn(one, other, same)
    elif isinstance(theirs, str) and isinstance(ours, str) and _GID.fullmatch(theirs) and _GID.fullmatch(ours):
        same.setdefault(theirs, ours)


def _plain(reply: Any, same: Mapping[str, str]) -> Any:
    """An answer with our ids, and without what differs from run to run."""
    return normal(_as_ours(reply, same))
