"""Rules 1 to 3 and the ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import stock as rules
from shared.domain.comparison import CellClass, known_class
from shared.domain.stock import Observed, Stock
from tests.unit.domain.strategies import START, Step, quantities, steps, stocks, times


@given(stocks(), st.lists(steps, max_size=12))
def test_replaying_the_ledger_gives_the_present(first: Stock, history: list[Step]) -> None:
    """Sequence numbers have no gap, each entry's before is the previous after of its field, and the last is now."""
    stock, seq = first, first.ledger_seq
    told = {"count": first.count, "base": first.base}
    for step in history:
        change = step(stock)
        assert [entry.field for entry in change.entries] in ([], ["count"], ["base"], ["count", "base"])
        for entry in change.entries:
            seq += 1
            assert (entry.seq, entry.before) == (seq, told[entry.field])
            told[entry.field] = entry.after
        stock = change.stock
        assert told == {"count": stock.count, "base": stock.base}
        assert stock.ledger_seq == seq


@given(stocks(), steps)
def test_every_write_raises_rev_and_counters_never_fall(stock: Stock, step: Step) -> None:
    """`rev` rises by one with each write, and only what is no write at all leaves it."""
    change = step(stock)
    if change.stock != stock:
        assert change.stock.rev == stock.rev + 1
    assert change.stock.settle_no >= stock.settle_no
    assert change.stock.events_no >= stock.events_no
    assert change.stock.tracks_rev >= stock.tracks_rev


@given(stocks(based=True), st.integers(1, 100), quantities)
def test_a_move_of_the_index_moves_the_count_as_much(stock: Stock, later: int, value: int) -> None:
    """Rule 1: what Shopify says moves both in one write, so the units adjusted by hand stay outstanding."""
    assert stock.base is not None
    assert stock.base_time is not None
    time = stock.base_time + timedelta(seconds=later)
    for change in (rules.observe_event(stock, value, time), rules.observe_read(stock, value, time)):
        assert (change.stock.base, change.stock.base_time) in ((value, time), (value, stock.base_time))
        if stock.count is not None:
            assert change.stock.count == stock.count + value - stock.base
        else:
            assert change.stock.count is None
        assert change.stock.manual_total == stock.manual_total
        assert change.stock.settle_no == stock.settle_no


@given(stocks(based=False), quantities, times)
def test_a_first_base_moves_no_count(stock: Stock, value: int, time: datetime) -> None:
    """Setting a missing base is no move of Shopify's."""
    for change in (rules.observe_event(stock, value, time), rules.observe_read(stock, value, time)):
        assert change.observed is Observed.BASED
        assert (change.stock.base, change.stock.base_time, change.stock.count) == (value, time, stock.count)


@given(stocks(based=True), times)
def test_a_value_equal_to_the_index_changes_no_quantity(stock: Stock, time: datetime) -> None:
    """An echo raises `rev` and `events_no` and nothing else; it is verified if it is newer than what is held."""
    assert stock.base_time is not None
    change = rules.observe_event(stock, stock.base, time)
    assert change.observed is Observed.EQUAL
    assert change.entries == ()
    assert change.stock == replace(stock, rev=stock.rev + 1, events_no=stock.events_no + 1)
    assert change.verify is (time > stock.base_time)


@given(stocks(based=True), st.integers(1, 100), quantities)
def test_an_event_older_than_the_index_is_dropped_and_verified(stock: Stock, earlier: int, value: int) -> None:
    """Only a read may say what to make of an old event; but a tie of a second is not old."""
    assert stock.base_time is not None
    if value == stock.base:
        return
    old = rules.observe_event(stock, value, stock.base_time - timedelta(seconds=earlier))
    assert (old.observed, old.verify, old.entries) == (Observed.OLD, True, ())
    assert old.stock.events_no == stock.events_no + 1
    tie = rules.observe_event(stock, value, stock.base_time)
    assert (tie.observed, tie.verify, tie.stock.base) == (Observed.APPLIED, True, value)


@given(stocks(), times)
def test_an_event_without_a_value_is_never_a_zero(stock: Stock, time: datetime) -> None:
    """`available: null` changes no quantity and asks for a read."""
    change = rules.observe_event(stock, None, time)
    assert (change.observed, change.verify, change.entries) == (Observed.NO_VALUE, True, ())


@given(stocks(based=True), quantities, times)
def test_a_read_counts_whatever_the_times_say(stock: Stock, value: int, time: datetime) -> None:
    """Rule 3: under the same `rev` a read is applied even if it is older, and its own time becomes the base's."""
    change = rules.observe_read(stock, value, time)
    assert (change.stock.base, change.stock.base_time) == (value, time)
    assert change.observed is (Observed.EQUAL if value == stock.base else Observed.APPLIED)
    assert not change.verify


@given(stocks(tracks=True), quantities, times, quantities)
def test_settle_keeps_later_sales_and_adjustments(stock: Stock, value: int, time: datetime, inside: int) -> None:
    """Rule 2: a newer base stays, the count is the base plus the hand adjustments that were not inside."""
    settled = rules.settle(stock, value, time, inside).stock
    newer = stock.base_time is not None and stock.base_time > time
    assert settled.base == (stock.base if newer else value)
    assert settled.base_time == (stock.base_time if newer else time)
    assert settled.base is not None
    assert settled.count == settled.base + stock.manual_total - inside
    assert settled.settle_no == stock.settle_no + 1


@given(stocks(tracks=False), quantities, times, quantities)
def test_settle_never_invents_a_count(stock: Stock, value: int, time: datetime, inside: int) -> None:
    """A BOM that does not track has no count after a settle either; each settle asks for a read."""
    change = rules.settle(stock, value, time, inside)
    assert change.stock.count is None
    assert change.verify


@given(stocks(tracks=True), st.integers(0, 50), st.integers(1, 100), quantities, quantities)
def test_sale_and_settle_commute(stock: Stock, sold: int, later: int, value: int, adjusted: int) -> None:
    """A sale after the set ends the same whether its event comes before or after the settle, as does an adjustment."""
    time = START + timedelta(seconds=400)
    sale = (value - sold, time + timedelta(seconds=later))
    inside = stock.manual_total
    settled_first = rules.observe_event(rules.settle(stock, value, time, inside).stock, *sale).stock
    settled_last = rules.settle(rules.observe_event(stock, *sale).stock, value, time, inside).stock
    assert (settled_first.base, settled_first.count) == (value - sold, value - sold)
    assert settled_last.count == settled_last.base
    adjusted_first = rules.settle(rules.adjust(stock, adjusted).stock, value, time, inside).stock
    adjusted_last = rules.adjust(rules.settle(stock, value, time, inside).stock, adjusted).stock
    assert adjusted_first.count == adjusted_last.count


@given(stocks(), quantities, times)
def test_accept_leaves_both_sides_equal(stock: Stock, value: int, time: datetime) -> None:
    """toLocal: what was read is what both sides hold, whatever the base's time, and all doubt is over."""
    doubtful = replace(stock, unknown_outcome=True)
    accepted = rules.accept(doubtful, value, time, stock.manual_total).stock
    assert (accepted.base, accepted.local, accepted.unknown_outcome) == (value, value, False)
    assert (accepted.settle_no, accepted.rev) == (stock.settle_no + 1, stock.rev + 1)


@given(stocks(tracks=True), quantities)
def test_hand_adjustments_are_counted(stock: Stock, delta: int) -> None:
    """A hand adjustment moves the count and the total alike, and leaves the base alone; only counting ends doubt."""
    doubtful = replace(stock, unknown_outcome=True)
    for change, doubt in ((rules.adjust(doubtful, delta), True), (rules.counted(doubtful, delta), False)):
        assert stock.count is not None
        assert change.stock.count == stock.count + delta
        assert change.stock.manual_total == stock.manual_total + delta
        assert change.stock.base == stock.base
        assert change.stock.unknown_outcome is doubt


def test_a_cell_without_a_count_cannot_be_adjusted() -> None:
    """Missing is never zero: tracking starts on purpose."""
    with pytest.raises(ValueError, match="tracks"):
        rules.adjust(Stock(base=5, base_time=START), 1)


@given(stocks(tracks=False))
def test_tracking_starts_uncounted_and_stops_on_purpose(stock: Stock) -> None:
    """Switching raises `tracks_rev`; switching what is already so is no write. Missing is never zero."""
    started = rules.start_tracking(stock)
    assert (started.stock.count, started.stock.tracks_rev) == (None, stock.tracks_rev + 1)
    assert (started.stock.tracks, started.stock.uncounted, started.stock.local) == (True, True, None)
    assert started.entries == ()
    assert rules.start_tracking(started.stock).stock == started.stock
    stopped = rules.stop_tracking(started.stock)
    assert (stopped.stock.tracks, stopped.stock.tracks_rev) == (False, stock.tracks_rev + 2)
    assert rules.stop_tracking(stock).stock == stock


@given(stocks(tracks=False), quantities)
def test_a_first_delta_counts_from_zero(stock: Stock, delta: int) -> None:
    """Whatever Shopify holds: the first units counted are all there are, and the ledger says that there were none."""
    fresh = rules.start_tracking(stock).stock
    change = rules.adjust(fresh, delta)
    assert (change.stock.count, change.stock.manual_total) == (delta, stock.manual_total + delta)
    assert [(entry.field, entry.before, entry.after) for entry in change.entries] == [("count", None, delta)]
    assert change.stock.never_agreed is (delta != stock.base)


@given(stocks(tracks=False), quantities, times, st.lists(quantities, max_size=3))
def test_no_read_and_no_event_counts(stock: Stock, value: int, time: datetime, more: list[int]) -> None:
    """A cell that nobody has counted gets its base and follows Shopify, and has no count."""
    fresh = rules.observe_read(rules.start_tracking(stock).stock, value, time).stock
    for step in more:
        fresh = rules.observe_event(fresh, step, time + timedelta(seconds=1)).stock
    assert (fresh.uncounted, fresh.local) == (True, None)
    assert known_class(fresh) is CellClass.NO_BASE


@given(stocks(tracks=False), quantities, times)
def test_accepting_is_a_first_count(stock: Stock, value: int, time: datetime) -> None:
    """toLocal: Shopify's value becomes the first count, with its ledger entry, and the two sides have agreed."""
    fresh = rules.start_tracking(stock).stock
    change = rules.accept(fresh, value, time, fresh.manual_total)
    assert (change.stock.count, change.stock.base, change.stock.never_agreed) == (
        change.stock.base,
        value if stock.base_time is None or stock.base_time <= time else change.stock.base,
        False,
    )
    assert ("count", None, change.stock.count) in [(e.field, e.before, e.after) for e in change.entries]
    undone = rules.undo_first_count(change.stock)
    assert (undone.stock.uncounted, undone.stock.settle_no) == (True, change.stock.settle_no + 1)


@given(stocks(based=True, tracks=True), quantities)
def test_a_first_count_undone_keeps_what_was_counted_since(stock: Stock, since: int) -> None:
    """What was adjusted by hand after the run is a first delta then, counted from zero."""
    agreed = replace(stock, count=stock.base, never_agreed=False)
    later = rules.adjust(agreed, since).stock
    assert rules.undo_first_count(later).stock.count == (since or None)


@given(stocks(tracks=True))
def test_a_base_of_another_item_or_level_is_no_agreement(stock: Stock) -> None:
    """Mapped to another item, or stocked anew, a count stays, and both sides have never agreed."""
    for change in (rules.remapped(stock), rules.forget_base(stock)):
        assert (change.stock.count, change.stock.base, change.stock.never_agreed) == (stock.count, None, True)


@given(stocks())
def test_a_doubt_is_about_the_item_that_was_pushed(stock: Stock) -> None:
    """It ends where the cell counts for another item; it lasts with the same one, also removed and made again."""
    doubtful = rules.mark_unknown(stock).stock
    assert not rules.remapped(doubtful).stock.unknown_outcome
    assert rules.forget_base(doubtful).stock.unknown_outcome
    left = rules.removed(doubtful).stock
    assert rules.revived(left, same_item=True).unknown_outcome
    assert not rules.revived(left, same_item=False).unknown_outcome
    assert not rules.revived(rules.removed(stock).stock, same_item=True).unknown_outcome


@given(stocks(), st.booleans())
def test_a_new_life_begins_with_nothing_but_the_counters(stock: Stock, same_item: bool) -> None:
    """No value, no agreement and no row of the one before; the ledger tells of each value's end, and goes on."""
    removed = rules.removed(stock)
    ended = {entry.field: (entry.before, entry.after) for entry in removed.entries if entry.before is not None}
    values = {"count": stock.count, "base": stock.base}
    assert ended == {field: (value, None) for field, value in values.items() if value is not None}
    assert [entry.seq for entry in removed.entries][-1] == removed.stock.ledger_seq > stock.ledger_seq
    begun = rules.revived(removed.stock, same_item=same_item)
    assert (begun.base, begun.base_time, begun.count, begun.tracks, begun.not_compared) == (
        None,
        None,
        None,
        False,
        None,
    )
    assert begun.rev > removed.stock.rev > stock.rev
    assert begun.tracks_rev > stock.tracks_rev
    assert (begun.manual_total, begun.settle_no, begun.events_no) == (
        stock.manual_total,
        stock.settle_no,
        stock.events_no,
    )


@given(stocks())
def test_what_a_backup_brings_back_is_not_acted_on(stock: Stock) -> None:
    """No value moves; every row is out of date; and a difference in it may have been pushed since, so nobody knows."""
    change = rules.outdated(stock)
    assert change.entries == ()
    assert (change.stock.base, change.stock.count) == (stock.base, stock.count)
    assert change.stock.settle_no > stock.settle_no
    assert change.stock.events_no > stock.events_no
    if stock.tracks and stock.count != stock.base:
        assert known_class(change.stock) is CellClass.NO_BASE
    if stock.count is not None and stock.count == stock.base:
        assert known_class(change.stock) is CellClass.IN_SYNC


@given(stocks(), st.sampled_from(["untracked", "not_stocked"]), quantities, times)
def test_what_is_left_out_is_compared_again_once_there_is_a_value(
    stock: Stock, reason: str, value: int, time: datetime
) -> None:
    """A cell left out is of a class of its own until Shopify tells a value for it again."""
    not_compared = rules.observe_not_compared(stock, reason)
    assert (known_class(not_compared.stock), not_compared.entries) == (CellClass.NOT_COMPARED, ())
    for change in (
        rules.observe_read(not_compared.stock, value, time),
        rules.observe_event(not_compared.stock, value, time),
        rules.observe_not_compared(not_compared.stock, None),
    ):
        assert change.stock.not_compared is None
    assert rules.observe_event(not_compared.stock, None, time).stock.not_compared == reason


@given(stocks(based=True, tracks=True), quantities, times, quantities)
def test_undo_of_a_push_leaves_the_local_difference(stock: Stock, value: int, time: datetime, d: int) -> None:
    """The units taken back from Shopify are outstanding again, later adjustments and sales are kept."""
    assert stock.count is not None
    assert stock.base is not None
    undone = rules.undo_push(stock, value, time, d)
    assert undone.stock.count is not None
    assert undone.stock.base is not None
    assert undone.stock.count - undone.stock.base == stock.count - stock.base - d
    assert undone.stock.settle_no == stock.settle_no + 1
    assert undone.verify
