"""Replays recorded exchanges and keeps the tally."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.replay.normal import first_difference, normal, only_recorded
from tests.simulator.client import SHOP, Client
from tests.simulator.recorded.recordings import recorded


@dataclass
class Tally:
    """Cases by operation: how many are equal, and why each of the others is not."""

    equal: dict[str, int] = field(default_factory=dict)
    unequal: dict[str, list[str]] = field(default_factory=dict)
    replayed: dict[str, set[str]] = field(default_factory=dict)

    def note(self, operations: list[str], case: str, difference: str | None) -> None:
        """Count a case for each of its operations."""
        for operation in operations:
            self.equal.setdefault(operation, 0)
            self.unequal.setdefault(operation, [])
            if difference is None:
                self.equal[operation] += 1
            else:
                self.unequal[operation].append(f"{case}: {difference}")

    def left(self) -> list[str]:
        """Recorded cases of these operations that no scene has replayed."""
        return [
            f"{file} {path}"
            for file, done in self.replayed.items()
            for path, case in recorded(file).items()
            if path not in done and self._is_ours(case["response"].get("body", case["response"]))
        ]

    def _is_ours(self, reply: Mapping[str, Any]) -> bool:
        return any(root in self.equal for root in reply.get("data") or ())

    def share(self, operation: str) -> float:
        """The share of equal cases."""
        return self.equal[operation] / (self.equal[operation] + len(self.unequal[operation]))

    def lines(self) -> list[str]:
        """One line for each operation, and one for each unequal case."""
        lines = []
        for operation in sorted(self.equal):
            total = self.equal[operation] + len(self.unequal[operation])
            lines += [f"{operation}: {self.equal[operation]} of {total} equal"]
            lines += [f"    {reason}" for reason in self.unequal[operation]]
        return lines


class Replay:
    """Replays the cases of one file against a fresh shop."""

    def __init__(self, client: Client, tally: Tally, file: str) -> None:
        self.client, self.tally, self.file = client, tally, file
        self.cases: Mapping[str, Any] = recorded(file)
        self._done = tally.replayed.setdefault(file, set())

    async def play(
        self,
        path: str,
        operations: list[str],
        *,
        query: str | None = None,
        given: Mapping[str, Any] | None = None,
        places: bool = True,
        trimmed: bool = False,
    ) -> Any:
        """Replay one case; returns our reply.

        `query`: for a capture that kept none. `given`: variables that carry ids of ours. `places` False: the places in
        errors are those of a query that is not known. `trimmed`: the capture left fields out.
        """
        case = self.cases[path]
        self._done.add(path)
        variables = {**(case["variables"] or {}), **(given or {})}
        reply = await self.client.graphql(query or case["query"], _used(query or case["query"], variables))
        theirs = case["response"].get("body", case["response"])
        ours = only_recorded(reply, theirs) if trimmed else reply
        if not places:
            ours, theirs = _without_places(ours), _without_places(theirs)
        self.tally.note(operations, f"{self.file} {path}", first_difference(normal(ours), normal(theirs)))
        return reply

    async def shop(self, *places: dict[str, Any]) -> None:
        """A fresh shop; `level_number` of a place is the number in its levels' ids."""
        await self.client.shop(*({k: v for k, v in place.items() if k != "level_number"} for place in places))
        for place in places:
            if "level_number" in place:
                shop = self.client.simulator.shops[SHOP]
                shop.locations[place["id"]].level_number = place["level_number"]

    async def item(self, item_id: str, levels: list[dict[str, Any]], **fields: Any) -> dict[str, str]:
        """An item with its levels; its ids."""
        body = {"items": [{"id": item_id, "levels": levels, **fields}]}
        made: dict[str, str] = (await self.client.control("…/items", body))["items"][0]
        return made


def _used(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """A capture without its query may carry a variable that the query did not use."""
    return {name: value for name, value in variables.items() if f"${name}" in query}


def _without_places(reply: Any) -> Any:
    errors = [{k: v for k, v in error.items() if k != "locations"} for error in reply.get("errors", [])]
    return {**reply, "errors": errors} if errors else reply
