"""Several runs are one by the median of each number, and say how far they lie apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from benchmarks.measuring.figures import Figures, combined, percentile
from benchmarks.measuring.memory import growth

NUMBERS = some.lists(some.integers(0, 10**6), min_size=1, max_size=50)


def test_each_number_is_the_median_of_its_own() -> None:
    """Not the figures of the median run: a run with a slow disk has the least messages, too."""
    runs = [
        {"job": {"seconds": 3.0, "ms": {"mongod": 1}}},
        {"job": {"seconds": 1.0, "ms": {"mongod": 9}}},
        {"job": {"seconds": 2.0, "ms": {"mongod": 5}}},
    ]
    assert combined(runs) == {"job": {"seconds": 2.0, "ms": {"mongod": 5}, "of_runs": [1.0, 2.0, 3.0]}}


def test_a_part_that_was_left_out_once_is_measured_by_the_others() -> None:
    """A peer that failed in one run of three has two; one that failed in all has its reason."""
    runs: list[Figures] = [{"peer": {"not_measured": "it hung"}}, {"peer": {"seconds": 4}}, {"peer": {"seconds": 6}}]
    assert combined(runs)["peer"]["seconds"] == 5
    assert combined(runs[:1])["peer"] == {"not_measured": "it hung"}


def test_what_one_run_alone_has_is_kept() -> None:
    """A process that began later, or a name, is no number in every run."""
    runs = [{"ms": {"a": 1}, "commit": "x"}, {"ms": {"a": 3, "b": 7}, "commit": "y"}]
    assert combined(runs) == {"ms": {"a": 2, "b": 7}, "commit": "y"}


def test_one_run_is_itself() -> None:
    """It has no spread."""
    assert combined([{"job": {"seconds": 1.25}}]) == {"job": {"seconds": 1.25}}


@given(NUMBERS, some.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed(values: list[int], share: float) -> None:
    """By count, so that of few values the 99th is the largest."""
    found = percentile(values, share)
    needed = round(share * 1000) * len(values)
    assert 1000 * sum(value <= found for value in values) >= needed
    assert 1000 * sum(value < found for value in values) < needed


def test_nothing_has_no_percentile() -> None:
    """Rather than a zero that looks fast."""
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_memory_that_is_full_does_not_grow() -> None:
    """A cache that fills in the first half is none that grows; a queue is."""
    assert growth([50, 100, 100, 100]) == 1.0
    assert growth([100, 100, 150, 200]) == 2.0
