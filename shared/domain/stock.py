"""The stock of one cell and the only ways it may change (rules 1, 2 and 3 of the design).

Every function takes the stock as it stands and returns a `Change`: the stock afterwards, the ledger entries
that explain it (count before base, always), and whether a verifying read is wanted. Nothing is mutated.
"""

# Relies on what is believed of Shopify (docs/shopify-facts.md): time.resolution.

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

LedgerField = Literal["count", "base"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a preview has read at Shopify where it was not the base: news to show, on which nothing is built.

    It holds as long as nothing else has been heard of Shopify's value: the other fields are the stock's as it was then.
    """

    value: int
    at: datetime
    base: int | None
    base_time: datetime | None
    settle_no: int
    events_no: int


@dataclass(frozen=True, slots=True)
class Stock:
    """One cell's own numbers.

    `base` is the last `available` that Shopify was known to hold, None until first read. `base_time` is Shopify's
    time of it and orders webhooks only. `count` is the pre-assembled count, None where the BOM does not track and where
    nobody has counted yet: missing is never zero. `never_agreed` marks a cell of a BOM that tracks whose two sides were
    never settled and never equal. `not_compared` is the reason (a `Reason`) for which the cell could not be compared
    when Shopify was last read.

    The counters tell a later reader what has happened in between: `manual_total` sums all hand adjustments,
    `settle_no` rises with every settle and undo, `events_no` with every event of the cell, `tracks_rev` when
    tracking is switched, `rev` with every write. `unknown_outcome` marks a cell whose push may or may not have
    reached Shopify. `seen` is shown, and no rule builds on it.
    """

    base: int | None = None
    base_time: datetime | None = None
    count: int | None = None
    manual_total: int = 0
    settle_no: int = 0
    events_no: int = 0
    tracks_rev: int = 0
    rev: int = 0
    ledger_seq: int = 0
    unknown_outcome: bool = False
    never_agreed: bool = False
    not_compared: str | None = None
    seen: Seen | None = None

    @property
    def shopify(self) -> int | None:
        """Shopify's value as far as is known: what a preview has seen last, else the base (None: never read)."""
        news = self.news
        return self.base if news is None else news.value

    @property
    def news(self) -> Seen | None:
        """What a preview has seen, where nothing has been heard of Shopify since."""
        seen = self.seen
        if seen is None or (seen.base, seen.base_time) != (self.base, self.base_time):
            return None
        return seen if (seen.settle_no, seen.events_no) == (self.settle_no, self.events_no) else None

    @property
    def tracks(self) -> bool:
        """Whether the BOM tracks pre-assembled stock in this cell; one that nobody has counted has never agreed."""
        return self.count is not None or self.never_agreed

    @property
    def uncounted(self) -> bool:
        """Whether the BOM tracks, and nobody has counted this cell yet."""
        return self.count is None and self.never_agreed

    @property
    def local(self) -> int | None:
        """The local value: the count where the BOM tracks (None: never counted), else the base (None: never read)."""
        return self.count if self.tracks else self.base


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: `field` went from `before` to `after` (None: there was no value)."""

    seq: int
    field: LedgerField
    before: int | None
    after: int | None


class Observed(StrEnum):
    """What became of a value that Shopify reported."""

    APPLIED = "applied"
    BASED = "based"
    EQUAL = "equal"
    OLD = "old"
    NO_VALUE = "no_value"


@dataclass(frozen=True, slots=True)
class Change:
    """The stock after a step, the ledger entries of the step, and whether the cell asks to be verified."""

    stock: Stock
    entries: tuple[Entry, ...] = ()
    verify: bool = False
    observed: Observed | None = None


def _changed(
    old: Stock,
    new: Stock,
    *,
    verify: bool,
    observed: Observed | None = None,
) -> Change:
    """Raise `rev` and write the ledger entries: the count's first, then the base's. Equal sides have agreed."""
    entries: list[Entry] = []
    seq = old.ledger_seq
    if new.count != old.count:
        seq += 1
        entries.append(Entry(seq, "count", old.count, new.count))
    if new.base != old.base:
        seq += 1
        entries.append(Entry(seq, "base", old.base, new.base))
    equal = new.count is not None and new.count == new.base
    stock = replace(new, rev=old.rev + 1, ledger_seq=seq, never_agreed=new.never_agreed and not equal)
    return Change(stock, tuple(entries), verify, observed)


def _moved(stock: Stock, value: int, time: datetime) -> Stock:
    """Rule 1: the base goes to `value` because Shopify says so, and a count moves by the same amount."""
    count = stock.count
    if count is not None and stock.base is not None:
        count += value - stock.base
    return replace(stock, base=value, base_time=time, count=count, not_compared=None)


def observe_event(stock: Stock, value: int | None, time: datetime) -> Change:
    """Apply a webhook that says the cell held `value` at Shopify's `time` (rule 1, unless it is old: rule 3).

    A value equal to the base moves nothing; it is still verified when it is newer than what we hold, since two
    quick changes may both carry the last value.
    """
    not_compared = stock.not_compared if value is None else None
    counted = replace(stock, events_no=stock.events_no + 1, not_compared=not_compared)
    if value is None:
        return _changed(stock, counted, verify=True, observed=Observed.NO_VALUE)
    if stock.base is None:
        return _changed(stock, _moved(counted, value, time), verify=True, observed=Observed.BASED)
    newer = stock.base_time is None or time > stock.base_time
    if value == stock.base:
        return _changed(stock, counted, verify=newer, observed=Observed.EQUAL)
    if stock.base_time is not None and time < stock.base_time:
        return _changed(stock, counted, verify=True, observed=Observed.OLD)
    return _changed(stock, _moved(counted, value, time), verify=True, observed=Observed.APPLIED)


def observe_read(stock: Stock, value: int, time: datetime) -> Change:
    """Apply a read of Shopify, `time` being the `updatedAt` of its `available`, whatever the times say (rule 3).

    The caller has made sure that `rev` is still the one noted before the read began.
    """
    if stock.base is None:
        observed = Observed.BASED
    elif stock.base == value:
        observed = Observed.EQUAL
    else:
        observed = Observed.APPLIED
    return _changed(stock, _moved(stock, value, time), verify=False, observed=observed)


def observe_in_passing(stock: Stock, value: int, time: datetime) -> Change | None:
    """A read that was made for something else, under an unchanged `rev`: a cell without a base gets its first one, and
    no count moves. None: it tells nothing that is for a passing read to act on; a base that differs is drift.
    """
    if stock.base is None:
        return observe_read(stock, value, time)
    return None if stock.not_compared is None else observe_not_compared(stock, None)


def observe_not_compared(stock: Stock, reason: str | None) -> Change:
    """A read found no value to compare, for this reason; None: it found one again, of which nothing else is made.

    The caller has made sure of `rev`, as for a value read.
    """
    return _changed(stock, replace(stock, not_compared=reason), verify=False)


def see(stock: Stock, value: int, at: datetime) -> Stock | None:
    """A preview has read this value, at that time of Shopify's: it is shown until something is heard of Shopify.

    None: it is no news. No change in the sense of the rules: neither base nor count moves, and no `rev` is raised, so
    nothing that was read or approved before is out of date by it.
    """
    if stock.base is None or value == stock.base:
        return None if stock.news is None else replace(stock, seen=None)
    news = stock.news
    if news is not None and (news.value, news.at) == (value, at):
        return None
    return replace(stock, seen=Seen(value, at, stock.base, stock.base_time, stock.settle_no, stock.events_no))


def settle(stock: Stock, value: int, time: datetime, manual_inside: int) -> Change:
    """Rule 2: both sides agreed on `value` at Shopify's `time`, with hand adjustments up to `manual_inside` in it.

    A cell that nobody had counted gets its first count.
    """
    return _changed(stock, _settled(stock, value, time, manual_inside), verify=True)


def _settled(stock: Stock, value: int, time: datetime, manual_inside: int) -> Stock:
    base, base_time = stock.base, stock.base_time
    if base is None or base_time is None or base_time <= time:
        base, base_time = value, time
    return replace(
        stock,
        base=base,
        base_time=base_time,
        count=base + (stock.manual_total - manual_inside) if stock.tracks else stock.count,
        settle_no=stock.settle_no + 1,
        never_agreed=False,
        not_compared=None,
    )


def settle_base(stock: Stock, value: int, time: datetime) -> Change:
    """Settle where the count is not what was pushed: the base alone takes the value, unless it is newer."""
    settled = replace(stock, settle_no=stock.settle_no + 1)
    if stock.base is None or stock.base_time is None or stock.base_time <= time:
        settled = replace(settled, base=value, base_time=time)
    return _changed(stock, settled, verify=True)


def accept(stock: Stock, value: int, time: datetime, manual_inside: int) -> Change:
    """toLocal: what was read under an unchanged `rev` is observed and settled in one write."""
    settled = _settled(_moved(stock, value, time), value, time, manual_inside)
    return _changed(stock, replace(settled, unknown_outcome=False), verify=True)


def adjust(stock: Stock, delta: int) -> Change:
    """A hand adjustment: the count moves by `delta`, a first one from zero. The cell must track (`start_tracking`)."""
    if not stock.tracks:
        raise ValueError("a hand adjustment needs a cell that tracks pre-assembled stock")
    adjusted = replace(stock, count=(stock.count or 0) + delta, manual_total=stock.manual_total + delta)
    return _changed(stock, adjusted, verify=False)


def counted(stock: Stock, delta: int) -> Change:
    """A hand adjustment by a person who has counted: besides, it ends doubt about an unknown outcome."""
    return adjust(replace(stock, unknown_outcome=False), delta)


def forget_base(stock: Stock) -> Change:
    """Shopify's level is about to be made anew: what was known of the old one is no base for it. The count stays."""
    forgotten = replace(stock, base=None, base_time=None, never_agreed=stock.tracks)
    return _changed(stock, forgotten, verify=False)


def remapped(stock: Stock) -> Change:
    """The cell counts for another item from now on: what was known of the old item's value says nothing of it.

    The count stays, and no row of the old item may be acted on. A doubt was about the old item: it ends.
    """
    fresh = replace(
        stock,
        base=None,
        base_time=None,
        never_agreed=stock.tracks,
        not_compared=None,
        unknown_outcome=False,
        tracks_rev=stock.tracks_rev + 1,
    )
    return _changed(stock, fresh, verify=False)


def removed(stock: Stock) -> Change:
    """The BOM goes, and every value of the cell with it. `stock` of the change is what the cell leaves to a later life:
    its counters, and its doubt.

    There is an entry also where there was no value (None to None): what is left is kept with the last one.
    """
    left = replace(stock, base=None, base_time=None, count=None, never_agreed=False, not_compared=None)
    change = _changed(stock, left, verify=False)
    if change.entries:
        return change
    seq = stock.ledger_seq + 1
    return replace(change, stock=replace(change.stock, ledger_seq=seq), entries=(Entry(seq, "base", None, None),))


def revived(left: Stock, *, same_item: bool) -> Stock:
    """The stock from which a cell begins anew whose BOM comes again, by what the removed one has `left`.

    Nothing is known and nobody has counted. The counters go on, so no row and no read of the earlier life passes for
    one of this life, and the ledger continues. A doubt belongs to the item that was pushed: it lasts if the BOM comes
    again with the same one.
    """
    doubt = left.unknown_outcome and same_item
    return replace(left, unknown_outcome=doubt, tracks_rev=left.tracks_rev + 1, rev=left.rev + 1)


def outdated(stock: Stock) -> Change:
    """The records are older than what has happened since: an earlier state of the database has come back.

    No preview taken until now may be acted on, and nothing done until now undone. Nobody knows whether a difference
    that stands in the records was pushed or given up since; so its two sides have not agreed, and a person chooses.
    """
    void = replace(stock, settle_no=stock.settle_no + 1, events_no=stock.events_no + 1, never_agreed=stock.tracks)
    return _changed(stock, void, verify=False)


def start_tracking(stock: Stock) -> Change:
    """The BOM tracks from now on. Nobody has counted the cell yet, and a missing count is never zero."""
    if stock.tracks:
        return Change(stock)
    return _changed(stock, replace(stock, never_agreed=True, tracks_rev=stock.tracks_rev + 1), verify=False)


def stop_tracking(stock: Stock) -> Change:
    """The BOM no longer tracks, on purpose: the count is gone and the base alone is the local value."""
    if not stock.tracks:
        return Change(stock)
    stopped = replace(stock, count=None, never_agreed=False, tracks_rev=stock.tracks_rev + 1)
    return _changed(stock, stopped, verify=False)


def undo_push(stock: Stock, value_set: int, time: datetime, d: int, *, first: bool = False) -> Change:
    """Undo of toShopify after Shopify was set to `value_set` at `time`; d = before − after of the undone push.

    `first`: the two sides had never agreed before it, and once it is undone they have not.
    """
    between = None if stock.count is None or stock.base is None else stock.count - stock.base
    undone = replace(stock, settle_no=stock.settle_no + 1, never_agreed=stock.tracks and first)
    if stock.base is None or stock.base_time is None or stock.base_time <= time:
        undone = replace(undone, base=value_set, base_time=time)
    if between is not None and undone.base is not None:
        undone = replace(undone, count=undone.base + between - d)
    return _changed(stock, undone, verify=True)


def undo_local(stock: Stock, d: int, *, first: bool = False) -> Change:
    """Undo of toLocal: a hand adjustment of d = before − after, and nothing to Shopify. `first` as in `undo_push`."""
    adjusted = replace(adjust(stock, d).stock, settle_no=stock.settle_no + 1, never_agreed=first)
    return _changed(stock, adjusted, verify=False)


def undo_first_count(stock: Stock) -> Change:
    """Undo of the toLocal that gave the cell its first count: it is uncounted again.

    What was adjusted by hand since then stays, counted from zero as a first delta is.
    """
    if stock.count is None or stock.base is None:
        raise ValueError("a first count is undone where there are a count and a base")
    since = stock.count - stock.base
    undone = replace(stock, count=since or None, never_agreed=True, settle_no=stock.settle_no + 1)
    return _changed(stock, undone, verify=False)


def mark_unknown(stock: Stock) -> Change:
    """A push of this cell ended without a known outcome; the cell is verified and waits for a person."""
    return _changed(stock, replace(stock, unknown_outcome=True), verify=True)
