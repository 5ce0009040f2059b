"""The table of section 5, row by row, through the functions that the services call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain import plan
from shared.domain.cell import CellState
from shared.domain.comparison import Direction, Reason
from shared.domain.plan import Ended, Target
from shared.domain.stock import Stock, observe_event, observe_read
from shared.domain.words.codes import Code
from tests.unit.domain.strategies import START, row_of

AT = {name: START + timedelta(seconds=seconds) for name, seconds in {"sale": 610, "set": 620, "late": 630}.items()}


def _tracked(base: int, local: int) -> Stock:
    return Stock(base=base, base_time=START, count=local)


@pytest.mark.parametrize(("sold", "applied"), [(0, False), (1, False), (1, True)])
def test_a_local_correction_survives_sales(sold: int, applied: bool) -> None:
    """7, 7, 10: Shopify and local end at 10 less what was sold, whether or not the webhook was there already."""
    stock = _tracked(7, 10)
    row = row_of(stock, 7)
    assert isinstance(plan.first_step(row, Direction.TO_SHOPIFY), plan.Push)
    shopify, event = 7 - sold, (7 - sold, AT["sale"])
    if applied:
        stock = observe_event(stock, *event).stock
    target = plan.push_target(stock, row, 7, START, allow_negative=False)
    assert target == Target(10, 7, 0, 0)
    if sold:  # stale: read again
        target = plan.push_target(stock, row, shopify, AT["sale"], allow_negative=False)
    assert target == Target(10 - sold, 7 - sold, 0, 0)
    ended = plan.pushed(stock, target, AT["set"])
    assert ended.state is CellState.UPDATED
    assert ended.change is not None
    stock = observe_event(ended.change.stock, *event).stock if sold and not applied else ended.change.stock
    stock = observe_read(stock, target.quantity, AT["set"]).stock
    assert (stock.base, stock.count) == (10 - sold, 10 - sold)


@pytest.mark.parametrize("webhook_first", [True, False])
def test_a_cell_in_sync_is_settled_and_its_sale_moves_both(webhook_first: bool) -> None:
    """5, 5, 5 with 2 sold after the preview: skipped, settled at 5, and both end at 3."""
    stock = _tracked(5, 5)
    row = row_of(stock, 5)
    assert isinstance(plan.first_step(row, Direction.TO_SHOPIFY), plan.Settle)
    if webhook_first:
        stock = observe_event(stock, 3, AT["sale"]).stock
    ended = plan.settle_in_sync(stock, row)
    assert (ended.state, ended.reason) == (CellState.SKIPPED, Reason.IN_SYNC)
    assert ended.change is not None
    stock = ended.change.stock
    if not webhook_first:
        assert (stock.base, stock.count) == (5, 5)
        stock = observe_event(stock, 3, AT["sale"]).stock
    assert (stock.base, stock.count) == (3, 3)


def test_a_late_message_stops_a_push_over_shopify() -> None:
    """10, 7, 10: the webhook of the earlier sale of 3 arrives now, so nothing is pushed."""
    stock = _tracked(10, 10)
    row = row_of(stock, 7)
    assert isinstance(plan.first_step(row, Direction.TO_SHOPIFY), plan.Push)
    assert isinstance(plan.push_target(stock, row, 7, START, allow_negative=False), Target)
    stock = observe_event(stock, 7, START + timedelta(seconds=1)).stock
    assert plan.event_since_preview(stock, row)
    ended = plan.push_target(stock, row, 7, START, allow_negative=False)
    assert isinstance(ended, Ended)
    assert (ended.code, ended.verify) == (Code.SHOPIFY_CHANGED_BEFORE_PREVIEW, True)


def test_a_second_job_on_the_same_preview_pushes_nothing() -> None:
    """7, 7, 10 twice: the first ends at 10, the second finds the cell settled since."""
    stock = _tracked(7, 10)
    row = row_of(stock, 7)
    target = plan.push_target(stock, row, 7, START, allow_negative=False)
    assert isinstance(target, Target)
    change = plan.pushed(stock, target, AT["set"]).change
    assert change is not None
    assert (change.stock.base, change.stock.count) == (10, 10)
    again = plan.push_target(change.stock, row, 10, AT["set"], allow_negative=False)
    assert isinstance(again, Ended)
    assert (again.state, again.reason, again.change) == (CellState.SKIPPED, Reason.SETTLED_SINCE_PREVIEW, None)
    moved = observe_event(change.stock, 10, AT["late"]).stock
    adjusted = plan.push_target(
        Stock(**{**{name: getattr(moved, name) for name in moved.__slots__}, "count": 12}),
        row, 10, AT["set"], allow_negative=False,
    )  # fmt: skip
    assert isinstance(adjusted, Ended)
    assert (adjusted.state, adjusted.code) == (CellState.ERROR, Code.SETTLED_SINCE_PREVIEW)
