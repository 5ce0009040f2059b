"""The life of a number: entries become moments with both sides, and a story with a gap is found out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from shared.domain.job import JobSource
from shared.domain.stock import (
    Change,
    Stock,
    accept,
    adjust,
    observe_event,
    observe_read,
    remapped,
    removed,
    start_tracking,
)
from shared.domain.story import GROUPS, DoesNotFollow, LedgerLine, Sides, StoryKind, moments, replay
from shared.domain.words.codes import Code, Mend, mend_of
from shared.domain.words.people import AUTOMATIC, shown_name

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def lines_of(changes: list[Change]) -> list[LedgerLine]:
    """The entries of these changes, each of a cause of its own, the newest first."""
    lines = [
        LedgerLine(entry.seq, entry.field, entry.before, entry.after, "webhook", str(number), AT + timedelta(number))
        for number, change in enumerate(changes)
        for entry in change.entries
    ]
    return lines[::-1]


@pytest.mark.parametrize("seed", range(30))
def test_told_backwards_and_replayed_a_story_gives_the_present(seed: int) -> None:
    """Whatever happens to a cell, by the domain's own steps: one moment for each change that moved something."""
    random = Random(seed)  # noqa: S311  # chance for tests, nothing secret
    stock, changes = Stock(), []
    for number in range(random.randint(1, 40)):
        time = AT + timedelta(minutes=number)
        steps = [
            lambda: observe_event(stock, random.randint(0, 9), time),  # noqa: B023  # called at once
            lambda: observe_read(stock, random.randint(0, 9), time),  # noqa: B023  # called at once
            lambda: start_tracking(stock),  # noqa: B023  # called at once
            lambda: adjust(start_tracking(stock).stock, random.randint(-3, 3)),  # noqa: B023  # called at once
            lambda: accept(stock, random.randint(0, 9), time, stock.manual_total),  # noqa: B023  # called at once
            lambda: remapped(stock),  # noqa: B023  # called at once
            lambda: removed(stock),  # noqa: B023  # called at once
        ]
        change = random.choice(steps)()
        stock = change.stock
        changes.append(change)
    present = Sides(stock.count, stock.base)
    told = moments(lines_of(changes), present)
    assert len(told) == sum(bool(change.entries) for change in changes)
    assert replay((moment.before, moment.after) for moment in reversed(told)) == present


def test_a_gap_is_found_out() -> None:
    """A step that does not begin where the one before has ended is no story."""
    with pytest.raises(DoesNotFollow, match="step 2"):
        replay([(Sides(), Sides(1, None)), (Sides(2, None), Sides(3, None))])


def test_every_kind_has_its_group() -> None:
    """So that no filter loses one."""
    assert GROUPS.keys() == set(StoryKind)


def test_every_code_says_what_must_come_before_a_retry() -> None:
    """What may just be run again is named; all else needs a person, or a new preview."""
    by_mend = {mend: {code for code in Code if mend_of(code) is mend} for mend in Mend}
    assert by_mend[Mend.NOTHING] == {Code.READ_FAILED, Code.WORKER_CRASHED, Code.SHOP_PAUSED_TOO_LONG}
    assert Code.OUTCOME_UNKNOWN in by_mend[Mend.PREVIEW]
    assert {Code.BUNDLE_PARENT, Code.NEGATIVE_TARGET, Code.ITEM_NOT_FOUND} <= by_mend[Mend.PERSON]
    assert mend_of("OF_A_NEWER_BUILD") is Mend.NOTHING


@pytest.mark.parametrize(
    ("actor", "source", "shown"),
    [
        ("user:7", None, "Staff member 7"),
        ("user:7", JobSource.SCHEDULE, AUTOMATIC),
        ("", None, AUTOMATIC),
        (None, None, "not recorded"),
        ("message", None, "Another program"),
        ("amqp:", None, "Another program"),
        ("amqp(erp):night: run", None, "Another program (night: run)"),
        ("command-line", None, "Whoever operates Trueup"),
    ],
)
def test_who_it_was_is_said_in_words(actor: str | None, source: JobSource | None, shown: str) -> None:
    """Never a key, never a guess."""
    assert shown_name(actor, source) == shown
