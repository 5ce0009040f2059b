"""Gauges tell the present: told figures go with time, asked ones with the part that they are of."""

from __future__ import annotations

import operator

from prometheus_client import CollectorRegistry

from shared.metrics import REGISTRY
from shared.observing.gauges import LASTS, AskedGauge, RecordedGauge


def test_figures_that_nobody_tells_any_more_are_gone() -> None:
    """Shown for a while, whole; then not at all: no figure is better than an old one."""
    registry, now = CollectorRegistry(), 1000.0
    gauge = RecordedGauge(registry, "told", "Told.", ("state",))
    gauge.clock = lambda: now
    assert registry.get_sample_value("told", {"state": "a"}) is None
    gauge.record({("a",): 1, ("b",): 2})
    now += LASTS - 1
    assert registry.get_sample_value("told", {"state": "a"}) == 1
    gauge.record({("b",): 3})
    assert registry.get_sample_value("told", {"state": "a"}) is None
    now += LASTS + 1
    assert registry.get_sample_value("told", {"state": "b"}) is None


def test_parts_are_asked_as_long_as_they_live() -> None:
    """Their figures are put together, the lowest are shown, and a part that has gone takes its own along."""

    class Part:
        pass

    registry = CollectorRegistry()
    gauge = AskedGauge(registry, "asked", "Asked.", ("name",), together=operator.add, max_shown=2)
    one, other = Part(), Part()
    gauge.ask(one, lambda: {("a",): 1, ("b",): 5})
    gauge.ask(other, lambda: {("a",): 2, ("c",): 4})
    assert [sample.value for sample in next(iter(gauge.collect())).samples] == [3, 4]
    del other
    assert registry.get_sample_value("asked", {"name": "a"}) == 1
    gauge.forget(one)
    assert registry.get_sample_value("asked", {"name": "a"}) is None


def test_no_gauge_of_ours_keeps_what_it_was_last_set_to() -> None:
    """prometheus_client's own gauge does: it is not used."""
    kinds = {type(collector).__name__ for collector in REGISTRY._collector_to_names}
    assert "Gauge" not in kinds
    assert {"RecordedGauge", "AskedGauge"} <= kinds
