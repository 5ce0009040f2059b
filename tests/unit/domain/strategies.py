"""What hypothesis draws: stocks, rows, times with ties, and whatever may happen to a stock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.domain import stock as rules
from shared.domain.comparison import Row
from shared.domain.stock import Change, Stock

START = datetime(2026, 1, 1, tzinfo=UTC)

quantities = st.integers(-30, 30)
times = st.integers(0, 300).map(lambda seconds: START + timedelta(seconds=seconds))
counters = st.integers(0, 3)


@st.composite
def stocks(draw: st.DrawFn, *, based: bool | None = None, tracks: bool | None = None) -> Stock:
    """Any stock; `based` and `tracks` fix whether it has a base and a count; else it may wait for its first count."""
    has_base = draw(st.booleans()) if based is None else based
    has_count = draw(st.booleans()) if tracks is None else tracks
    base = draw(quantities) if has_base else None
    count = draw(quantities) if has_count else None
    never_agreed = draw(st.booleans()) if has_count or tracks is None else False
    return Stock(
        base=base,
        base_time=draw(times) if has_base else None,
        count=count,
        never_agreed=never_agreed and (count is None or count != base),
        manual_total=draw(quantities),
        settle_no=draw(counters),
        events_no=draw(counters),
        tracks_rev=draw(counters),
        rev=draw(counters),
        ledger_seq=draw(counters),
    )


def row_of(stock: Stock, shopify: int, *, changed: int = 0, taken: int = 600) -> Row:
    """A row of this stock; Shopify's value changed and was read so many seconds after the start."""
    return Row.of(stock, shopify, START + timedelta(seconds=changed), START + timedelta(seconds=taken))


Step = Callable[[Stock], Change]


def _adjusts(by: Callable[[Stock, int], Change]) -> st.SearchStrategy[Step]:
    return st.builds(lambda delta: lambda stock: by(stock, delta) if stock.tracks else Change(stock), quantities)


steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(lambda v, t: lambda stock: rules.observe_event(stock, v, t), st.none() | quantities, times),
    st.builds(lambda v, t: lambda stock: rules.observe_read(stock, v, t), quantities, times),
    st.builds(lambda v, t, m: lambda stock: rules.settle(stock, v, t, m), quantities, times, quantities),
    st.builds(lambda v, t, m: lambda stock: rules.accept(stock, v, t, m), quantities, times, quantities),
    st.builds(lambda v, t, d: lambda stock: rules.undo_push(stock, v, t, d), quantities, times, quantities),
    _adjusts(rules.adjust),
    _adjusts(rules.counted),
    _adjusts(rules.undo_local),
    st.sampled_from((rules.start_tracking, rules.stop_tracking, rules.mark_unknown)),
    st.sampled_from((rules.remapped, rules.removed, rules.outdated)),
)
"""Everything that can happen to a stock."""
