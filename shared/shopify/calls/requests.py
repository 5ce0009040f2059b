"""The text of a request."""

from __future__ import annotations

import json
from typing import Any


def request_body(query: str, variables: dict[str, Any]) -> str:
    """The exact text of a GraphQL request; null values stay in it."""
    return json.dumps({"query": query, "variables": variables}, separators=(",", ":"))
