"""A goal is judged by the median of what the runs gave, ratios within each run."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring.goals import Goal, judged, of_goals, programs

RUNS: list[dict[str, Any]] = [
    {"ours": {"rate": 900}, "peer": {"rate": 300}},
    {"ours": {"rate": 1000}, "peer": {"rate": 200}},
    {"ours": {"rate": 800}, "peer": {"rate": 400}},
]
AT_LEAST = Goal("rate", lambda run: run["ours"]["rate"], at_least=900, unit="a second")
AT_MOST = Goal("rate", lambda run: run["ours"]["rate"], at_most=899)
RATIO = Goal("× peer", lambda run: run["ours"]["rate"] / run["peer"]["rate"], at_least=3)


def test_the_median_decides() -> None:
    """A run that was disturbed does not; what is just reached holds."""
    assert [verdict.holds for verdict in judged([AT_LEAST, AT_MOST], RUNS)] == [True, False]


def test_a_ratio_is_one_of_a_single_run() -> None:
    """Of medians of different runs it would compare two machines."""
    (verdict,) = judged([RATIO], RUNS)
    assert verdict.values == (2.0, 3.0, 5.0)
    assert verdict.holds


def test_what_was_left_out_is_not_judged() -> None:
    """Neither by a zero, nor by a row of another kind."""
    (verdict,) = judged([RATIO], [{"ours": {"rate": 900}, "peer": {"not_measured": "not installed"}}])
    assert verdict.holds is None
    assert "not measured" in of_goals([verdict], full=True)


def test_smaller_sizes_decide_nothing() -> None:
    """Their words stand in brackets: the goal speaks of larger ones."""
    rows = of_goals(judged([AT_LEAST, AT_MOST], RUNS), full=False).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["(yes)", "(NO)"]
    assert "≥ 900 a second" in rows[0]
    assert "800 – 1,000" in rows[0]


def test_the_simulator_is_none_of_ours() -> None:
    """It stands for Shopify."""
    assert programs({"ms_per_cell": {"reconciler": 0.5, "MongoDB 1": 0.25, "simulator": 9.0}}) == 0.75
