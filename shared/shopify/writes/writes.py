"""Setting quantities: the body of a push, and what Shopify's answer says of each of its rows."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): set.change-from-required, set.key-required,
# set.no-change, set.stale-rows, set.stale-paths, set.all-or-nothing, set.bounds, set.negative, key.other-body,
# key.in-flight, cost.set, cost.quantities.

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.contract.messages import parse_time
from shared.domain.batches import ROWS_PER_CALL
from shared.domain.push import RowOutcome
from shared.domain.words.codes import Code
from shared.domain.words.waits import WaitReason
from shared.errors import ShopifyRefused, ShopifyThrottled, ShopifyUnclear
from shared.shopify.calls.answers import words_of
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.costs import Price, max_rows
from shared.shopify.calls.requests import request_body
from shared.shopify.ids import item_gid, location_gid, plain
from shared.shopify.queries import SET

_OPERATION = "inventorySetQuantities"
_STALE = "CHANGE_FROM_QUANTITY_STALE"
_IN_FLIGHT = "IDEMPOTENCY_CONCURRENT_REQUEST"
_IN_FLIGHT_WAIT = 1.0

ROW_CODES: dict[str, Code] = {
    "INVALID_INVENTORY_ITEM": Code.ITEM_NOT_FOUND,
    "INVALID_LOCATION": Code.LOCATION_NOT_FOUND,
    "NON_MUTABLE_INVENTORY_ITEM": Code.BUNDLE_PARENT,
    "ITEM_NOT_STOCKED_AT_LOCATION": Code.NOT_STOCKED,
    "INVALID_QUANTITY_TOO_HIGH": Code.QUANTITY_OUT_OF_RANGE,
    "INVALID_QUANTITY_TOO_LOW": Code.QUANTITY_OUT_OF_RANGE,
    "INVALID_QUANTITY_NEGATIVE": Code.NEGATIVE_TARGET,
}
"""Shopify's row errors as codes of a cell; any other is PUSH_REFUSED with Shopify's own words."""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One entry of a push."""

    item_id: str
    location_id: str
    quantity: int
    change_from: int


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """What Shopify says of one row. `code` and `detail` explain a refusal."""

    outcome: RowOutcome
    code: Code | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class SetAnswer:
    """Shopify's answer to a push, row by row; `adjusted_at` is the time of its adjustment group.

    `whole` is set where the call was refused without saying which row is to blame.
    """

    rows: tuple[RowAnswer, ...]
    adjusted_at: datetime | None
    whole: str | None = None


def _price(rows: int) -> Price:
    """One row costs as two do, but nobody has shown 250: until then, as much as still lets 250 be sent."""
    return Price(rows, None, 12.0 + 3.0 * rows)


def set_body(rows: Sequence[SetRow], *, key: str, reference: str, reason: str = "correction") -> str:
    """The exact text of a push. `changeFromQuantity` is always present: without it Shopify refuses the call."""
    quantities = [
        {
            "inventoryItemId": item_gid(row.item_id),
            "locationId": location_gid(row.location_id),
            "quantity": row.quantity,
            "changeFromQuantity": row.change_from,
        }
        for row in rows
    ]
    settings = {"name": "available", "reason": reason, "referenceDocumentUri": reference, "quantities": quantities}
    return request_body(SET, {"input": settings, "key": key})


class ShopifyWrites:
    """The write side of the adapter."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    def rows_per_call(self, shop: str) -> int:
        """The most rows that one push may have: 250, or fewer where rows have turned out to cost points."""
        costs = self._client.costs
        return max_rows(self._client.limit(shop), ROWS_PER_CALL, lambda rows: costs.requested(_OPERATION, _price(rows)))

    def make_room(self, shop: str, rows: int) -> None:
        """Raises ShopifyThrottled where the budget keeps a push of so many rows from being sent now."""
        self._client.make_room(shop, self._client.costs.taken(_OPERATION, _price(rows)))

    async def send(self, shop: str, body: str, rows: Sequence[SetRow]) -> SetAnswer:
        """Send a push's body. Safe to repeat: the body carries its key.

        Raises ShopPaused; ShopifyThrottled where nothing was executed, or the first call is still under way;
        ShopifyUnclear where it may have been.
        """
        try:
            reply = await self._client.call(shop, _OPERATION, body, price=_price(len(rows)), changes=True)
        except ShopifyRefused as refusal:
            if len(rows) == 1:
                return SetAnswer((RowAnswer(RowOutcome.REFUSED, Code.PUSH_REFUSED, str(refusal)),), None)
            return SetAnswer(tuple(RowAnswer(RowOutcome.NOT_APPLIED) for _ in rows), None, whole=str(refusal))
        payload = reply.data.get("inventorySetQuantities")
        if not isinstance(payload, dict):
            raise ShopifyUnclear("inventorySetQuantities: an answer without its payload")
        errors = payload.get("userErrors") or []
        if any(error.get("code") == _IN_FLIGHT for error in errors):
            raise ShopifyThrottled("the same push is still under way", _IN_FLIGHT_WAIT, WaitReason.OUTCOME)
        return answer_of(payload.get("inventoryAdjustmentGroup"), errors, rows)


def answer_of(group: dict[str, Any] | None, errors: Sequence[dict[str, Any]], rows: Sequence[SetRow]) -> SetAnswer:
    """Read an answer. An error means that nothing was applied, unless the group lists changes all the same."""
    adjusted_at = None if group is None else parse_time(group["createdAt"])
    if not errors:
        if group is None:
            # A set that changes nothing is never sent, so the rows held their target already: read and see.
            return SetAnswer(tuple(RowAnswer(RowOutcome.NOT_APPLIED) for _ in rows), None)
        return SetAnswer(tuple(RowAnswer(RowOutcome.APPLIED) for _ in rows), adjusted_at)
    named = {_row_index(error.get("field")) for error in errors}
    applied = _applied((group or {}).get("changes") or [], rows, named)
    answers: list[RowAnswer] = [
        RowAnswer(RowOutcome.APPLIED if number in applied else RowOutcome.NOT_APPLIED) for number in range(len(rows))
    ]
    pathless: list[str] = []
    for error in errors:
        index = _row_index(error.get("field"))
        code = str(error.get("code"))
        text = words_of(f"{code}: {error.get('message')}")
        if index is None or index >= len(rows):
            pathless.append(text)
        elif code == _STALE:
            answers[index] = RowAnswer(RowOutcome.STALE)
        elif code.startswith("IDEMPOTENCY_"):
            pathless.append(text)
        else:
            answers[index] = RowAnswer(RowOutcome.REFUSED, ROW_CODES.get(code, Code.PUSH_REFUSED), text)
    if pathless and len(rows) == 1 and answers[0].outcome is RowOutcome.NOT_APPLIED:
        answers[0] = _single(errors[0])
        pathless = []
    return SetAnswer(tuple(answers), adjusted_at, whole=words_of("; ".join(pathless)) or None)


def _applied(changes: Sequence[dict[str, Any]], rows: Sequence[SetRow], named: Collection[int | None]) -> set[int]:
    """The rows that the group lists as changed, by item and delta: what rows of one item have in common only where
    they move it alike. Where fewer changed than rows would fit, none of those counts as applied: a read will tell.
    """
    listed = Counter((plain(change["item"]["id"]), int(change["delta"])) for change in changes if change.get("item"))
    fitting: dict[tuple[str, int], list[int]] = {}
    for number, row in enumerate(rows):
        if number not in named:
            fitting.setdefault((row.item_id, row.quantity - row.change_from), []).append(number)
    return {number for pair, numbers in fitting.items() if listed[pair] >= len(numbers) for number in numbers}


def _single(error: dict[str, Any]) -> RowAnswer:
    """A call of one row: the error is that row's, with or without a path."""
    code = str(error.get("code"))
    if code == _STALE:
        return RowAnswer(RowOutcome.STALE)
    if code.startswith("IDEMPOTENCY_"):
        return RowAnswer(RowOutcome.NOT_APPLIED)
    detail = words_of(f"{code}: {error.get('message')}")
    return RowAnswer(RowOutcome.REFUSED, ROW_CODES.get(code, Code.PUSH_REFUSED), detail)


def _row_index(path: object) -> int | None:
    """The row in a path such as ["input", "quantities", "71", "locationId"]."""
    match path:
        case [_, "quantities", index, *_] if str(index).isdigit():
            return int(str(index))
        case _:
            return None
