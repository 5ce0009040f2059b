"""The shapes of query that the panels share."""

from __future__ import annotations

from deploy.grafana.panels import Query

WINDOW = "$__rate_interval"
"""Grafana's own choice, at least four scrapes."""


def per_second(metric: str, by: str, legend: str) -> Query:
    """A counter's events per second. `metric` may have a selector."""
    return Query(f"sum by ({by}) (rate({metric}[{WINDOW}]))", legend)


def number(metric: str, by: str, legend: str) -> Query:
    """A counter's events in each step."""
    return Query(f"sum by ({by}) (increase({metric}[{WINDOW}]))", legend)


def happened(metric: str, by: str) -> Query:
    """What a counter has counted in the whole time shown, for a table; what has not happened is no row."""
    return Query(f"round(sum by ({by}) (increase({metric}[$__range]))) > 0", "")


def quantile(share: float, histogram: str, legend: str, by: str = "", selector: str = "") -> Query:
    """The value below which this share of a histogram lies."""
    groups = f"le, {by}" if by else "le"
    return Query(
        f"histogram_quantile({share}, sum by ({groups}) (rate({histogram}_bucket{selector}[{WINDOW}])))", legend
    )


def share(part: str, whole: str, by: str, legend: str) -> Query:
    """One counter's share of another."""
    return Query(f"sum by ({by}) (rate({part}[{WINDOW}])) / sum by ({by}) (rate({whole}[{WINDOW}]))", legend)
