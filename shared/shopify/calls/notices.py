"""What Shopify's replies say beside their answer: that another version answered, or that something will go away."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): call.version, call.deprecations.

from __future__ import annotations

from collections.abc import Mapping

import structlog

from shared import metrics

log = structlog.get_logger()

OTHER_VERSION, DEPRECATED = "other_version", "deprecated"

_VERSION = "X-Shopify-API-Version"
_DEPRECATIONS = ("X-Shopify-API-Deprecated-Reason", "Deprecation", "Sunset")
_LONGEST = 200
_MAX_LOGGED = 100

_logged: set[tuple[str, str]] = set()

metrics.begin_at_zero(metrics.SHOPIFY_NOTICES, (OTHER_VERSION, DEPRECATED))


def note_notices(asked: str, headers: Mapping[str, str]) -> None:
    """Count what the headers of a reply to a call of this version say, and log each once in a process."""
    answered = headers.get(_VERSION)
    if answered is not None and answered != asked:
        _note(OTHER_VERSION, answered, asked)
    notice = [f"{name}: {headers[name]}" for name in _DEPRECATIONS if name in headers]
    if notice:
        _note(DEPRECATED, "; ".join(notice), asked)


def _note(kind: str, notice: str, asked: str) -> None:
    metrics.SHOPIFY_NOTICES.labels(kind).inc()
    notice = notice[:_LONGEST]
    if (kind, notice) not in _logged and len(_logged) < _MAX_LOGGED:
        _logged.add((kind, notice))
        log.warning("shopify_notice", kind=kind, asked=asked, told=notice)
