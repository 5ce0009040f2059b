"""Whether Trueup answers at the address that Shopify is given for webhooks."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp

_PATIENCE = aiohttp.ClientTimeout(total=5.0)
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_REDIRECTS = range(300, 400)


async def problem_of(http: aiohttp.ClientSession, url: str) -> str | None:
    """What is wrong with the address, on one line; None where nothing is, or where it cannot be asked from here.

    It is asked which methods it takes: that counts as no webhook.
    """
    try:
        async with http.options(url, timeout=_PATIENCE, allow_redirects=False) as response:
            status, allowed = response.status, response.headers.get("Allow", "")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None  # Shopify may reach what this machine does not
    takes = {method.strip() for method in allowed.split(",")}
    if status in _GONE:
        answered = f"{status}"
    elif status in _REDIRECTS:
        answered = f"{status}, a redirect, which Shopify does not follow"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED and allowed and "POST" not in takes:
        answered = f"that it takes {allowed} only"
    else:
        return None
    return (
        f"TRUEUP_WEBHOOK_URL: nothing takes webhooks at {url}: it answered {answered}; give the https address of "
        "/webhooks/shopify as Shopify reaches it, then add the shop again"
    )
