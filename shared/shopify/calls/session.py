"""The HTTP session that calls to Shopify go over."""

from __future__ import annotations

import aiohttp


def shopify_session(trace_configs: list[aiohttp.TraceConfig] | None = None) -> aiohttp.ClientSession:
    """A session that keeps no cookies: what one shop's host sets must not be sent to another's."""
    return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trace_configs=trace_configs or [])
