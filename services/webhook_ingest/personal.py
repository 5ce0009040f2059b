"""Compliance webhooks name customers. What names them ends at the front: no queue and no document ever holds it."""

from __future__ import annotations

import json
from typing import Any

COMPLIANCE_TOPICS = frozenset({"customers/data_request", "customers/redact", "shop/redact"})

_SCALARS = ("shop_id", "shop_domain")


def without_persons(content: bytes) -> bytes:
    """The body with its fields' names, the shop and the request's own id; all else is null.

    What is no JSON object becomes an empty one: it does not fit its topic, and the indexer says so.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return b"{}"
    if not isinstance(body, dict):
        return b"{}"
    kept: dict[str, Any] = dict.fromkeys((name[:100] for name in list(body)[:50]), None)
    kept |= {name: body[name] for name in _SCALARS if isinstance(body.get(name), (str, int))}
    request = body.get("data_request")
    if isinstance(request, dict) and isinstance(request.get("id"), (str, int)):
        kept["data_request"] = {"id": request["id"]}
    return json.dumps(kept).encode()
