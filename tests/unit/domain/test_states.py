"""States of cells and jobs, totals, codes, partitions."""

from __future__ import annotations

import zlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cell import CELL_TRANSITIONS, OPEN_CELL_STATES, CellState, partition_of
from shared.domain.job import JOB_TRANSITIONS, UNFINISHED_JOB_STATES, JobState, Totals, end_state
from shared.domain.words.codes import EXPLAINED, Code, row_is_stale

cells = st.lists(st.sampled_from(CellState), max_size=30)


@given(cells)
def test_totals_add_up(states: list[CellState]) -> None:
    """Total = Updated + Skipped + Errors + Cancelled + what is open."""
    totals = Totals.of(Counter(states))
    assert totals.total == len(states) == totals.ended + totals.open
    assert totals.ended == totals.updated + totals.skipped + totals.errors + totals.cancelled
    assert totals.open == sum(state in OPEN_CELL_STATES for state in states)


@given(cells, st.integers(-1, 1), st.booleans())
def test_a_job_ends_exactly_when_nothing_is_open(states: list[CellState], missing: int, cancel: bool) -> None:
    """Not before every planned cell is there and ended, and then always, in a state of its own table."""
    totals = Totals.of(Counter(states))
    end = end_state(totals, len(states) + missing, cancel_requested=cancel)
    assert (end is not None) == (totals.open == 0 and missing == 0)
    if end is not None:
        assert end in JOB_TRANSITIONS[JobState.RUNNING]
        assert (end is JobState.COMPLETED) == (totals.errors == totals.cancelled == 0)
        assert (end is JobState.CANCELLED) == (cancel and totals.cancelled > 0)


def test_terminal_states_have_no_exit() -> None:
    """Terminal states are set once; every open state can still end; only unsent work may be given back."""
    assert set(CELL_TRANSITIONS) == set(CellState)
    assert set(JOB_TRANSITIONS) == set(JobState)
    assert {CellState.PENDING, CellState.APPLYING} == OPEN_CELL_STATES
    assert {JobState.REQUESTED, JobState.WAITING, JobState.RUNNING} == UNFINISHED_JOB_STATES
    for cell in CellState:
        assert cell not in CELL_TRANSITIONS[cell]
        assert (CellState.PENDING in CELL_TRANSITIONS[cell]) == (cell is CellState.APPLYING)
    for job in JobState:
        assert job not in JOB_TRANSITIONS[job]
        assert JobState.REQUESTED not in JOB_TRANSITIONS[job]


@pytest.mark.parametrize("code", Code)
def test_every_code_is_explained(code: Code) -> None:
    """A merchant reads what happened and what to do, in whole sentences."""
    assert code.value == code.name
    for text in (EXPLAINED[code].message, EXPLAINED[code].remedy):
        assert text.endswith(".")
        assert code.value not in text


def test_rows_that_need_a_new_preview() -> None:
    """Retry keeps the row of a failed cell unless its code says that the row itself is out of date."""
    by_design = {code for code in Code if code.endswith("_SINCE_PREVIEW") or code.startswith("SHOPIFY_")}
    by_design |= {Code.TRACKING_CHANGED, Code.PREVIEW_EXPIRED, Code.CONFLICT}
    further = {Code.NOT_IN_PREVIEW, Code.BOM_REMAPPED, Code.RECORDS_RESTORED}
    assert {code for code in Code if row_is_stale(code)} == by_design | further
    for code in (Code.READ_FAILED, Code.WORKER_CRASHED, Code.NEGATIVE_TARGET, Code.SHOP_PAUSED_TOO_LONG):
        assert not row_is_stale(code)


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=60), st.integers(1, 64))
def test_a_shop_has_one_partition(shop: str, partitions: int) -> None:
    """crc32 of the lower-case domain, however it was written."""
    assert partition_of(shop, partitions) == zlib.crc32(shop.encode()) % partitions
    assert partition_of(shop.upper(), partitions) == partition_of(shop, partitions)


def test_partitions_are_used_evenly() -> None:
    """Many shops spread over all sixteen."""
    used = Counter(partition_of(f"shop-{number}.myshopify.com", 16) for number in range(3200))
    assert set(used) == set(range(16))
    assert max(used.values()) < 2 * min(used.values())
