"""Gauges that show the present: asked for at the scrape, or gone once nobody has recorded them anew for a while.

prometheus_client's own gauge keeps what it was last set to for as long as the process lives: a figure of a part that
has stopped, or of a bucket that has long filled up again, looks like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from time import monotonic
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

GaugeValues = Mapping[tuple[str, ...], float]
"""By the values of the labels."""

LASTS = 120.0
"""Seconds for which recorded figures are shown: all are recorded anew every 15 seconds or oftener."""


class _Gauge(Collector):
    def __init__(self, registry: CollectorRegistry, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        self._name = name
        self._meaning = meaning
        self._labelnames = labels
        registry.register(self)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The gauge without figures."""
        return [GaugeMetricFamily(self._name, self._meaning, labels=self._labelnames)]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauge as it is now."""
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labelnames)
        for labels, value in self._now().items():
            family.add_metric(labels, value)
        yield family

    def _now(self) -> GaugeValues:
        raise NotImplementedError


class RecordedGauge(_Gauge):
    """Figures of the documents, recorded by whoever reads them. A scrape in between sees the last ones whole."""

    def __init__(self, registry: CollectorRegistry, name: str, meaning: str, labels: tuple[str, ...]) -> None:
        super().__init__(registry, name, meaning, labels)
        self._recorded: GaugeValues = {}
        self._at = 0.0
        self.clock: Callable[[], float] = monotonic

    def record(self, values: GaugeValues) -> None:
        """All figures at once; what is not among them is gone."""
        self._recorded, self._at = dict(values), self.clock()

    def record_one(self, value: float) -> None:
        """The figure of a gauge without labels."""
        self.record({(): value})

    def _now(self) -> GaugeValues:
        return self._recorded if self.clock() - self._at < LASTS else {}


class AskedGauge(_Gauge):
    """Figures of parts of this process, each asked at the scrape for as long as it lives.

    Where several parts have figures of the same labels, `together` makes one of them. `max_shown`: the lowest.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        name: str,
        meaning: str,
        labels: tuple[str, ...] = (),
        *,
        together: Callable[[float, float], float],
        max_shown: int | None = None,
    ) -> None:
        super().__init__(registry, name, meaning, labels)
        self._together = together
        self._max_shown = max_shown
        self._parts: WeakKeyDictionary[object, Callable[[], GaugeValues]] = WeakKeyDictionary()

    def ask(self, part: object, figures: Callable[[], GaugeValues]) -> None:
        """Ask this part from now on. `figures` must not hold on to it, or it would never go."""
        self._parts[part] = figures

    def forget(self, part: object) -> None:
        """It has ended."""
        self._parts.pop(part, None)

    def _now(self) -> GaugeValues:
        found: dict[tuple[str, ...], float] = {}
        for figures in list(self._parts.values()):
            for labels, value in figures().items():
                found[labels] = self._together(found[labels], value) if labels in found else value
        return dict(sorted(found.items(), key=lambda item: item[1])[: self._max_shown])
