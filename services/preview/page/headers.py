"""The headers that keep the page and the API to themselves: what may run, who may frame it, nothing guessed or kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from shared.domain.shop import named_shop

ADMIN = "https://admin.shopify.com"
APP_BRIDGE = "https://cdn.shopify.com/shopifycloud/app-bridge.js"
"""The one file of Shopify's CDN that may run: anybody with a shop can upload others to the same host."""

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    # The address that Shopify opens the page with carries a session token.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """How the page was opened: for which shop, and whether inside Shopify's admin."""

    shop: str | None
    embedded: bool

    @classmethod
    def by(cls, query: Mapping[str, str]) -> OpenedPage:
        """From the parameters that Shopify opens an app with. What is no shop's domain counts as not given."""
        shop = named_shop(query.get("shop", ""))
        return cls(shop, shop is not None and "host" in query)


def content_policy(opened: OpenedPage) -> str:
    """The Content-Security-Policy of the page: its own origin only, App Bridge beside it where Shopify frames it."""
    scripts = f"'self' {APP_BRIDGE}" if opened.embedded else "'self'"
    ancestors = "'none'" if opened.shop is None else f"https://{opened.shop} {ADMIN}"
    rules = {
        "default-src": "'none'",
        "script-src": scripts,
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "object-src": "'none'",
        "frame-ancestors": ancestors,
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """Add what every answer carries; for `on_response_prepare`. What a handler has set itself stays."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _NOT_A_PAGE)
    if request.path.startswith("/api/"):
        # Stock counts are of the moment, and belong to whoever sent the token.
        response.headers.setdefault("Cache-Control", "no-store")
