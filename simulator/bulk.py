"""Bulk queries."""

from __future__ import annotations

from typing import Any


class BulkOperations:
    """The bulk operations of one shop."""

    def __init__(self) -> None:
        self.operations: dict[str, Any] = {}
