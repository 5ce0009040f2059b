"""What a reply means: decided by its codes, and learned from by the budget, the costs and the hold-off of its shop."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): cost.told, call.throttled.

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from shared import metrics
from shared.errors import ShopifyRefused, ShopifyThrottled, ShopifyUnclear
from shared.shopify.calls.answers import (
    NOT_EXECUTED,
    THROTTLED,
    TOO_DEAR,
    codes_in,
    denial,
    extensions_in,
    points_in,
    too_dear,
    words_of,
)
from shared.shopify.calls.budget import Budget, BudgetHold, CallResult, CallRole
from shared.shopify.calls.costs import QUERY_LIMIT, CostBook, Price
from shared.shopify.calls.hold_off import HoldOff


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable reply: its data, Shopify's time of it, and the points asked for where it says them."""

    data: dict[str, Any]
    date: datetime
    requested: float | None = None


@dataclass(frozen=True, slots=True)
class CallUnderWay:
    """One call under way."""

    shop: str
    operation: str
    role: CallRole
    price: Price
    costs: CostBook
    budget: Budget
    hold: BudgetHold
    refusals: HoldOff
    sent: float
    changes: bool
    optional: bool


def reply_of(call: CallUnderWay, document: dict[str, Any], date: datetime, status: int) -> Reply:
    """What a whole reply says, noted for the calls that follow. Raises what its errors mean."""
    operation = call.operation
    extensions = document.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    cost = cost if isinstance(cost, dict) else {}
    errors = document.get("errors")
    codes = codes_in(errors)
    requested, actual = points_in(cost, "requestedQueryCost"), points_in(cost, "actualQueryCost")
    call.costs.note(operation, call.price, requested, None if errors else actual)
    result: CallResult = "throttled" if THROTTLED in codes else "refused" if TOO_DEAR in codes else "executed"
    call.budget.settle(call.hold, cost, result=result)
    if result != "throttled":
        call.refusals.answered()
    data = document.get("data")
    if errors and not (call.changes and isinstance(data, dict) and data.get(operation)):
        raise _error(call, errors, codes, requested, executed="data" in document)
    if status >= HTTPStatus.BAD_REQUEST:
        raise ShopifyRefused(f"{operation}: HTTP {status}", None, [])
    if not isinstance(data, dict):
        raise ShopifyUnclear(f"{operation}: an answer without data")
    if actual is not None:
        metrics.SHOPIFY_POINTS.labels(operation).inc(actual)
    return Reply(data, date, requested)


def _error(
    call: CallUnderWay, errors: object, codes: list[str], requested: float | None, *, executed: bool
) -> Exception:
    """What a reply with top-level errors means: decided by the code, never by the message.

    `executed`: the reply has `data`, so execution had begun.
    """
    listed: list[dict[str, Any]] = [{"message": str(errors)}]
    if isinstance(errors, list):
        listed = [error for error in errors if isinstance(error, dict)]
    operation, message = call.operation, words_of("; ".join(str(e.get("message")) for e in listed[:3]))
    if THROTTLED in codes:
        if requested is not None and call.budget.impossible(requested):
            return too_dear(operation, requested, call.budget.maximum)
        wait = call.budget.wait(call.role, min(requested or 0.0, call.budget.maximum))
        return ShopifyThrottled(f"{operation}: {message}", call.refusals.refused(call.sent, reckoned=wait))
    if "INTERNAL_SERVER_ERROR" in codes or "TIMEOUT" in codes:
        return ShopifyUnclear(f"{operation}: {message}")
    if TOO_DEAR in codes:
        costs = [points_in(extensions_in(error), "cost") for error in listed]
        # Even one that does not say how dear it was makes the next call smaller.
        call.costs.note(operation, call.price, max([QUERY_LIMIT + 1, *filter(None, costs)]), None)
    if call.changes and executed and not NOT_EXECUTED.issuperset(codes):
        return ShopifyUnclear(f"{operation}: {message}")
    if not call.optional and (pause := denial(call.shop, codes, listed)) is not None:
        return pause
    return ShopifyRefused(f"{operation}: {message}", next(iter(codes), None), listed)
