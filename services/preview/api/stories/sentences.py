"""The life of a number in sentences: what happened, and what it means, in a merchant's words.

Quantities are written in digits only: the page shows the same numbers beside, in the merchant's own way.
"""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.comparison import Direction
from shared.domain.drift import Hold
from shared.domain.job import JobSource
from shared.domain.story import StoryKind
from shared.domain.words.codes import explanation
from shared.domain.words.people import AUTOMATIC, SHOPIFY, shown_name
from shared.domain.words.reasons import reason_text
from shared.mongodb.drift.missed import MissedOutcome
from shared.mongodb.jobs.job import Job
from shared.mongodb.story.happened import Happened

Sentence = Callable[[Happened], str]


def told(one: Happened) -> str:
    """What happened."""
    return _ALWAYS.get(one.kind) or _SENTENCES.get(one.kind, _other)(one)


def why(one: Happened) -> str | None:
    """What it means, or what to do about it; None: the sentence says it all."""
    if one.kind is StoryKind.LEFT and one.cell is not None:
        return explanation(None if one.cell.code is None else str(one.cell.code))[1]
    if one.missed is not None:
        return _what_became_of(one)
    if one.kind is StoryKind.REPORTED and one.changed and one.before.base is not None:
        return "Orders, returns, transfers and edits in Shopify all come in this way."
    if one.kind is StoryKind.READ and one.changed and one.before.base is not None:
        return "Shopify is read again after each run and message, so that nothing is missed in between."
    return None


def who(one: Happened) -> str:
    """Who did it."""
    if one.job is not None and one.missed is None:
        return shown_name(one.job.requested_by, one.job.source)
    if one.kind is StoryKind.REPORTED:
        return SHOPIFY
    if one.kind in _BY_PEOPLE:
        return shown_name(one.by)
    if one.kind in _OF_RECORDS:
        return _by_reference(one.reference)
    return AUTOMATIC


def run_name(job: Job | None) -> str:
    """A run by its number, where it has one."""
    if job is None:
        return "A run"
    return "A run" if job.no is None else f"Run {job.no}"


_BY_PEOPLE = frozenset({StoryKind.COUNTED, StoryKind.BUILT, StoryKind.CORRECTED, StoryKind.COUNT_IMPORTED})
_OF_RECORDS = frozenset({StoryKind.MAPPED, StoryKind.TRACKING, StoryKind.REMOVED, StoryKind.BASE_IMPORTED})


def _by_reference(reference: str) -> str:
    """Of records the ledger's reference says who asked, unless the cell itself was new."""
    return AUTOMATIC if reference == "new cell" or reference.startswith("import:") else shown_name(reference)


def _moved(before: int | None, after: int | None) -> str:
    """By how much, in words."""
    if before is None or after is None:
        return ""
    by = after - before
    return "as before" if by == 0 else f"{abs(by)} {'more' if by > 0 else 'fewer'}"


def _count_too(one: Happened) -> str:
    """A count that has followed Shopify."""
    before, after = one.before.count, one.after.count
    if before is None or after is None or before == after:
        return ""
    return f" The count here followed, from {before} to {after}."


def _counted(one: Happened) -> str:
    if one.before.count is None:
        return f"Counted by hand for the first time: {_number(one.after.count)}."
    return f"Counted by hand to {_number(one.after.count)}: {_moved(one.before.count, one.after.count)}."


def _built(one: Happened) -> str:
    by = (one.after.count or 0) - (one.before.count or 0)
    if by < 0:
        return f"{-by} fewer finished units were reported: the count is {_number(one.after.count)}."
    return f"{by} more were built: the count is {_number(one.after.count)}."


def _corrected(one: Happened) -> str:
    if one.before.count is None:
        return f"The count was set by hand for the first time: {_number(one.after.count)}."
    moved = _moved(one.before.count, one.after.count)
    return f"The count was corrected by hand to {_number(one.after.count)}: {moved}."


def _count_imported(one: Happened) -> str:
    if one.before.count is None:
        return f"The first count came from a file: {_number(one.after.count)}."
    return f"The count came from a file: {_number(one.after.count)}, {_moved(one.before.count, one.after.count)}."


def _reported(one: Happened) -> str:
    if one.before.base is None:
        return f"Shopify told its number for the first time: {_number(one.after.base)}."
    by = (one.after.base or 0) - one.before.base
    cause = f"an order or a change there took {-by}" if by < 0 else f"a return or a change there added {by}"
    return f"Shopify reported {_number(one.after.base)}: {cause}.{_count_too(one)}"


def _read(one: Happened) -> str:
    if one.before.base is None:
        return f"Shopify was read for the first time: {_number(one.after.base)}."
    moved = _moved(one.before.base, one.after.base)
    return f"Shopify was read and held {_number(one.after.base)}, {moved} than known.{_count_too(one)}"


def _pushed(one: Happened) -> str:
    cell, name = one.cell, run_name(one.job)
    pushed = one.after.base if cell is None or cell.shopify_after is None else cell.shopify_after
    held = one.before.base if cell is None or cell.shopify_before is None else cell.shopify_before
    return f"{name} pushed {_number(pushed)} to Shopify{_which_held(held)}."


def _which_held(held: int | None) -> str:
    return "" if held is None else f", which held {held}"


def _pulled(one: Happened) -> str:
    taken = one.after.base if one.after.count is None else one.after.count
    if one.after.count is not None and one.before.count is None:
        return f"{run_name(one.job)} took Shopify's number over as the first count: {_number(taken)}."
    before = one.before.base if one.after.count is None else one.before.count
    told_before = "" if before is None else f", {_moved(before, taken)}"
    return f"{run_name(one.job)} took Shopify's number over: {_number(taken)}{told_before}."


def _undone(one: Happened) -> str:
    first = run_name(one.of_job).replace("A run", "an earlier run").replace("Run", "run")
    name = run_name(one.job)
    if one.job is not None and one.job.direction is Direction.TO_LOCAL:
        if one.after.count is None:
            return f"{name} undid {first}: the count it had given is gone."
        return f"{name} undid {first}: the count is back at {_number(one.after.count)}."
    return f"{name} undid {first}: Shopify was set to {_number(one.after.base)}."


def _repaired(one: Happened) -> str:
    moved = _moved(one.before.base, one.after.base)
    changed = f", {moved}" if moved else ""
    return f"Shopify had moved without telling: its number was taken over, {_number(one.after.base)}{changed}."


def _stocked(one: Happened) -> str:
    return f"{run_name(one.job)} had Shopify stock the item here: what was known of Shopify's number before has ended."


def _left(one: Happened) -> str:
    name, cell = run_name(one.job), one.cell
    if cell is not None and cell.state == "cancelled":
        return f"{name} was cancelled before it came to this place."
    code = None if cell is None or cell.code is None else str(cell.code)
    reason = None if cell is None or cell.reason is None else str(cell.reason)
    because = explanation(code)[0] or reason_text(reason) or code or reason or "it gave no reason"
    return f"{name} left this place as it was. {because}"


def _missed(one: Happened) -> str:
    missed = one.missed
    if missed is None:
        return "Shopify moved without telling."
    moved = _moved(missed.base, missed.shopify)
    than = f", {moved} than known" if moved else ""
    return f"Shopify moved without telling, found by a check: it held {missed.shopify}{than}."


_HELD = {
    Hold.MODE: "Your settings do not repair it by themselves.",
    Hold.BREAKER: "So much has moved that a person is asked first.",
    Hold.QUIET_HOURS: "It waits until the quiet hours are over.",
    Hold.JOBS_PER_HOUR: "It waits its turn: only so many repairs run within an hour.",
    Hold.TIME_ZONE_UNKNOWN: "It waits: the time zone of the quiet hours is not known.",
}


def _what_became_of(one: Happened) -> str | None:
    missed = one.missed
    if missed is None:
        return None
    outcomes = {
        MissedOutcome.REPAIRED: "It was put right by a repair.",
        MissedOutcome.LATE: "The message came after all, late.",
        MissedOutcome.SETTLED: "Something else has put it right since.",
        MissedOutcome.GONE: "The place is no more.",
    }
    if missed.outcome is not None:
        return outcomes[missed.outcome]
    return _HELD[Hold(missed.held)] if missed.held in set(Hold) else "It has not been put right yet."


def _base_imported(one: Happened) -> str:
    return f"The import took down Shopify's number: {_number(one.after.base)}."


def _tracking(one: Happened) -> str:
    if one.cause == "tracking_stopped":
        return f"Counting of finished units was switched off: the count of {_number(one.before.count)} has ended."
    return "Counting of finished units was switched on."


def _other(one: Happened) -> str:
    if one.job is not None and one.job.source is JobSource.UNDO:
        return _undone(one)
    return f"The numbers were changed ({one.cause})."


def _number(value: int | None) -> str:
    """What is missing is a dash, never a zero."""
    return "–" if value is None else str(value)


_ALWAYS = {
    StoryKind.MAPPED: "Mapped to another item of Shopify's: what was known of the old item's number has ended.",
    StoryKind.REMOVED: "Removed from Trueup: its numbers ended here. Shopify was not touched.",
    StoryKind.RESTORED: "Trueup's records came back from a backup.",
    StoryKind.UPGRADED: (
        "An update of Trueup marked this place as never counted: the zero before was no count of anybody's."
    ),
}
"""What needs no number in its sentence."""

_SENTENCES: dict[StoryKind, Sentence] = {
    StoryKind.COUNTED: _counted,
    StoryKind.BUILT: _built,
    StoryKind.CORRECTED: _corrected,
    StoryKind.COUNT_IMPORTED: _count_imported,
    StoryKind.REPORTED: _reported,
    StoryKind.READ: _read,
    StoryKind.FIRST_READ: _read,
    StoryKind.MISSED: _missed,
    StoryKind.PUSHED: _pushed,
    StoryKind.PULLED: _pulled,
    StoryKind.UNDONE: _undone,
    StoryKind.REPAIRED: _repaired,
    StoryKind.STOCKED: _stocked,
    StoryKind.LEFT: _left,
    StoryKind.BASE_IMPORTED: _base_imported,
    StoryKind.TRACKING: _tracking,
}
