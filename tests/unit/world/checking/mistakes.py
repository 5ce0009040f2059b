"""Rules broken on purpose. The explorer is worth something only if it finds every one of them.

A mistake is a switch that the world's actors look at, or a replacement for a function of the domain while the
histories run; the domain itself knows nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from unittest.mock import patch

from shared.domain import comparison, plan, push, stock, undo
from shared.domain.comparison import CellClass
from shared.domain.plan import Ended, Target
from shared.domain.stock import Change, Stock
from tests.unit.world.explorer import (
    AFTER,
    BACK,
    BUSY,
    CROWD,
    DAYS,
    DOUBT,
    DOUBTFUL,
    GAP,
    LATE,
    MOVES,
    READS,
    RESTORED,
    SEED,
    SLOW,
    Bias,
)

Patch = tuple[object, str, Any]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A broken rule: what is switched or replaced, where chance should look, and the number of histories in which
    it must be found."""

    name: str
    patches: tuple[Patch, ...] = ()
    biases: tuple[Bias, ...] = (BUSY, CROWD)
    within: int = 4000

    @property
    def switches(self) -> frozenset[str]:
        """What the actors of the world look at."""
        return frozenset() if self.patches else frozenset({self.name})


@contextmanager
def planted(mistake: Mistake) -> Iterator[frozenset[str]]:
    """Break the rule for as long as the block runs."""
    with ExitStack() as stack:
        for target, name, broken in mistake.patches:
            stack.enter_context(patch.object(target, name, broken))
        yield mistake.switches


def _set_outright(old: Stock, value: int, time: datetime, manual_inside: int) -> Change:  # noqa: ARG001 - the mistake
    count = None if old.count is None else value
    new = replace(old, base=value, base_time=time, count=count, settle_no=old.settle_no + 1)
    return stock._changed(old, new, verify=True)


def _ignores_adjustments(old: Stock, value: int, time: datetime, manual_inside: int) -> Change:  # noqa: ARG001 - the mistake
    return stock.settle(old, value, time, old.manual_total)


def _keeps_all_adjustments(old: Stock, value: int, time: datetime, manual_inside: int) -> Change:  # noqa: ARG001 - the mistake
    kept = 0 if old.count is None or old.base is None else old.count - old.base
    return stock.settle(old, value, time, old.manual_total - kept)


def _settle_unverified(old: Stock, value: int, time: datetime, manual_inside: int) -> Change:
    return replace(stock.settle(old, value, time, manual_inside), verify=False)


def _moves_base_alone(old: Stock, value: int, time: datetime) -> Stock:
    return replace(old, base=value, base_time=time)


def _without_settle_no(now: Stock, row: comparison.Row, in_sync_now: bool) -> Ended | None:
    return _row_outdated(now, replace(row, settle_no=now.settle_no), in_sync_now)


def _never(*_: object) -> bool:
    return False


def _without_adjustments(now: Stock, row: comparison.Row, *args: Any, **more: Any) -> Target | Ended:
    return _push_target(now, replace(row, manual_total=now.manual_total), *args, **more)


def _only_index_events(now: Stock, row: comparison.Row) -> bool:
    return row.overrides_shopify and now.base != row.base


def _only_events(now: Stock, row: comparison.Row) -> bool:
    return row.overrides_shopify and now.events_no != row.events_no


def _push_in_doubt(now: Stock, *args: Any, **more: Any) -> Target | Ended:
    return _push_target(replace(now, unknown_outcome=False), *args, **more)


def _undo_in_doubt(now: Stock, row: undo.UndoRow) -> Ended | None:
    return _outdated(replace(now, unknown_outcome=False), row)


def _accept_over_adjustments(now: Stock, row: comparison.Row, *args: Any, **more: Any) -> Ended | None:
    return _accept_read(now, replace(row, manual_total=now.manual_total), *args, **more)


def _unverified(old: Stock, value: int | None, time: datetime) -> Change:
    return replace(_observe_event(old, value, time), verify=False)


def _by_value(old: Stock, value: int | None, time: datetime) -> Change:
    change = _observe_event(old, value, time)
    if change.observed is not stock.Observed.APPLIED or old.count is None:
        return change
    return stock._changed(old, replace(change.stock, count=value, rev=old.rev, ledger_seq=old.ledger_seq), verify=True)


def _undo_outright(old: Stock, value_set: int, time: datetime, d: int, **_: bool) -> Change:  # noqa: ARG001 - the mistake
    return stock.settle(old, value_set, time, old.manual_total)


def _undo_uncounted(old: Stock, value_set: int, time: datetime, d: int, **more: bool) -> Change:
    change = stock.undo_push(old, value_set, time, d, **more)
    return replace(change, stock=replace(change.stock, settle_no=old.settle_no))


def _undo_again(*_: object) -> None:
    return None


def _not_applied(*_: object) -> push.RowOutcome:
    return push.RowOutcome.NOT_APPLIED


def _unknown_forgotten(old: Stock) -> Change:
    return stock._changed(old, old, verify=True)


def _uncounted_is_zero(old: Stock) -> int | None:
    return (old.count or 0) if old.tracks else old.base


def _a_base_is_agreed(base: int | None, local: int | None, remote: int, *, never_agreed: bool = False) -> CellClass:  # noqa: ARG001 - the mistake
    return _classify(base, local, remote)


def _a_first_read_counts(old: Stock, value: int, time: datetime) -> Stock:
    moved = _moved(old, value, time)
    return replace(moved, count=value) if old.tracks and old.base is None else moved


def _a_read_counts_what_nobody_has(old: Stock, value: int, time: datetime) -> Change:
    change = _observe_read(old, value, time)
    return stock._changed(old, replace(change.stock, count=value), verify=False) if old.uncounted else change


def _counts_from_the_base(old: Stock, delta: int) -> Change:
    begun = replace(old, count=old.base or 0) if old.uncounted else old
    return _adjust(begun, delta)


def _attended(row: comparison.Row, direction: comparison.Direction, **_: Any) -> Ended | plan.Step:
    return _first_step(row, direction)


def _undo_leaves_the_first_count(old: Stock) -> Change:
    return stock._changed(old, replace(old, settle_no=old.settle_no + 1), verify=False)


def _undo_leaves_an_agreement(old: Stock, value_set: int, time: datetime, d: int, **_: bool) -> Change:
    return _undo_push(old, value_set, time, d)


def _remap_keeps(*names: str) -> Any:
    """A remapping that leaves these fields as they were."""

    def remapped(old: Stock) -> Change:
        new = _remapped(old).stock
        kept = {name: getattr(old, name) for name in names}
        return stock._changed(old, replace(new, **kept, rev=old.rev, ledger_seq=old.ledger_seq), verify=False)

    return remapped


def _leaves_no_trace(old: Stock) -> Change:
    left = replace(old, base=None, base_time=None, count=None, never_agreed=False, not_compared=None)
    return stock._changed(old, left, verify=False)


def _begins_at_zero(left: Stock, *, same_item: bool) -> Stock:
    return Stock(ledger_seq=left.ledger_seq, unknown_outcome=left.unknown_outcome and same_item)


def _begins_where_it_stopped(left: Stock, *, same_item: bool) -> Stock:
    return replace(_revived(left, same_item=same_item), tracks_rev=left.tracks_rev)


def _begins_without_doubt(left: Stock, *, same_item: bool) -> Stock:
    return replace(_revived(left, same_item=same_item), unknown_outcome=False)


def _begins_with_any_doubt(left: Stock, *, same_item: bool) -> Stock:  # noqa: ARG001 - the mistake
    return _revived(left, same_item=True)


def _restored(*names: str) -> Any:
    """Restored records in which these fields stay as they are."""

    def outdated(old: Stock) -> Change:
        new = _outdated_records(old).stock
        kept = {name: getattr(old, name) for name in names}
        return replace(_outdated_records(old), stock=replace(new, **kept))

    return outdated


_classify = comparison.classify
_remapped = stock.remapped
_revived = stock.revived
_outdated_records = stock.outdated
_first_step = plan.first_step
_moved = stock._moved
_observe_read = stock.observe_read
_adjust = stock.adjust
_undo_push = stock.undo_push
_row_outdated = plan._row_outdated
_push_target = plan.push_target
_accept_read = plan.accept_read
_observe_event = stock.observe_event
_outdated = undo._outdated

MISTAKES = (
    Mistake("the count set outright", ((plan, "settle", _set_outright),)),
    Mistake("settle without the hand adjustments since", ((plan, "settle", _ignores_adjustments),)),
    Mistake("settle keeps what was pushed as outstanding", ((plan, "settle", _keeps_all_adjustments),)),
    Mistake("no compare"),
    Mistake("the base moved alone", ((stock, "_moved", _moves_base_alone),)),
    Mistake("no settle_no", ((plan, "_row_outdated", _without_settle_no),)),
    Mistake("no fence"),
    Mistake("our clock for a read"),
    Mistake("our clock for a set", biases=(AFTER,)),
    Mistake("no look at events", ((plan, "event_since_preview", _never),), (SLOW,)),
    Mistake("no events_no", ((plan, "event_since_preview", _only_index_events),), (LATE,)),
    Mistake("a read since the preview unnoticed", ((plan, "event_since_preview", _only_events),), (BUSY, LATE)),
    Mistake("no second look before the first send", biases=(LATE,)),
    Mistake("no grace", ((comparison.Row, "quiet", True),)),
    Mistake("Shopify read first", biases=(GAP,)),
    Mistake("request cleared after the read", biases=(READS,)),
    Mistake("a request dies with its reader", biases=(READS,)),
    Mistake("a read applied under another rev", biases=(READS,)),
    Mistake("toLocal over hand adjustments", ((plan, "accept_read", _accept_over_adjustments),)),
    Mistake("toShopify without the hand adjustments since", ((plan, "push_target", _without_adjustments),)),
    Mistake("stale row set to the local value"),
    Mistake("no read after a settle", ((plan, "settle", _settle_unverified),)),
    Mistake("no read after an event", ((stock, "observe_event", _unverified),)),
    Mistake("an event sets the count", ((stock, "observe_event", _by_value),)),
    Mistake("a new key after a lost reply"),
    Mistake("a lost reply taken for refusal"),
    Mistake("a lost reply taken for success"),
    Mistake("a forgotten key sent again", biases=(DAYS,)),
    Mistake("evidence always says no", ((push, "judge_push", _not_applied),), (DAYS,)),
    Mistake("an unknown outcome forgotten", ((stock, "mark_unknown", _unknown_forgotten),), (DAYS,)),
    Mistake("doubt since the preview unnoticed", ((plan, "push_target", _push_in_doubt),), (DOUBT,)),
    Mistake("undo in spite of doubt", ((undo, "_outdated", _undo_in_doubt),), (DOUBT,)),
    Mistake("cancel touches what is applied"),
    Mistake("jobs share cells"),
    Mistake("undo sets the count outright", ((undo, "undo_push", _undo_outright),)),
    Mistake("undo leaves settle_no", ((undo, "undo_push", _undo_uncounted),)),
    Mistake("undo of what was settled since", ((undo, "_outdated", _undo_again),)),
    Mistake("an uncounted cell read as zero", ((stock.Stock, "local", property(_uncounted_is_zero)),), (SEED,)),
    Mistake("a first base taken for an agreement", ((comparison, "classify", _a_base_is_agreed),), (SEED,)),
    Mistake("a first base moves the count", ((stock, "_moved", _a_first_read_counts),), (SEED,)),
    Mistake("a read counts", ((stock, "observe_read", _a_read_counts_what_nobody_has),), (SEED,)),
    Mistake("a first delta counts from the base", ((stock, "adjust", _counts_from_the_base),), (SEED,)),
    Mistake("a first count of zero unnoticed", ((plan, "_counted_since", _never),), (SEED,)),
    Mistake("a first read thrown away", biases=(SEED,)),
    Mistake("a schedule pushes what never agreed", ((plan, "first_step", _attended),), (SEED,)),
    Mistake("an undone first count stays", ((undo, "undo_first_count", _undo_leaves_the_first_count),), (SEED,)),
    Mistake("the base of another item", ((stock, "remapped", _remap_keeps("base", "base_time")),), (MOVES,)),
    Mistake("an agreement about another item", ((stock, "remapped", _remap_keeps("never_agreed")),), (MOVES,)),
    Mistake("a doubt about another item", ((stock, "remapped", _remap_keeps("unknown_outcome")),), (DOUBTFUL,)),
    Mistake("rows of before a remap in force", ((stock, "remapped", _remap_keeps("tracks_rev")),), (BACK,)),
    Mistake("no look at the item", biases=(MOVES, BACK)),
    Mistake("a removed cell without values leaves nothing", ((stock, "removed", _leaves_no_trace),), (BACK,)),
    Mistake("another life counts from zero", ((stock, "revived", _begins_at_zero),), (BACK,)),
    Mistake("rows of an earlier life in force", ((stock, "revived", _begins_where_it_stopped),), (BACK,)),
    Mistake("a doubt ends with its BOM", ((stock, "revived", _begins_without_doubt),), (DOUBTFUL,)),
    Mistake("a doubt lasts with another item", ((stock, "revived", _begins_with_any_doubt),), (DOUBTFUL,)),
    Mistake("rows of before a restore in force", ((stock, "outdated", _restored("settle_no")),), (RESTORED,)),
    Mistake("a restored difference is agreed", ((stock, "outdated", _restored("never_agreed")),), (RESTORED,)),
    Mistake("open work goes on after a restore", biases=(RESTORED,)),
    Mistake("an undone first push leaves an agreement", ((undo, "undo_push", _undo_leaves_an_agreement),), (SEED,)),
)
