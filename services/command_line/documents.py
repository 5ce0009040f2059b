"""Documents as `--json` prints them: one JSON document, ids as strings, times in ISO 8601."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, TextIO

from services.command_line.printable import escaped
from shared.mongodb.collections import Document

_INTERNAL = frozenset({"_id", "finished_event", "planning_batches", "refreshed_at"})


def plain(document: Mapping[str, Any]) -> Document:
    """A document without what is only of use inside."""
    return {name: value for name, value in document.items() if name not in _INTERNAL}


def preview_row(row: Mapping[str, Any]) -> Document:
    """A row of a preview: one cell with both values, or why there are none."""
    values = row["row"] or {}
    return {
        "bom_id": row["bom_id"],
        "bom_name": row["bom_name"],
        "location_id": row["location_id"],
        "location_name": row["location_name"],
        "inventory_item_id": row["item_id"],
        "shopify": values.get("shopify"),
        "local": values.get("local"),
        "base": values.get("base"),
        "difference": row["difference"],
        "class": row["cell_class"],
        "suggested": row["suggested"],
        "reason": row["reason"],
        "code": row["code"],
    }


def job_cell(cell: Mapping[str, Any]) -> Document:
    """A cell of a job as it has ended."""
    names = ("bom_id", "bom_name", "location_id", "state", "reason", "code", "detail")
    values = ("shopify_before", "shopify_after", "local_before", "local_after")
    return {name: cell.get(name) for name in (*names, *values)}


def encoded(value: Any, *, indent: int | None = 2) -> str:
    """The JSON text, without signs that act on a terminal."""
    return escaped(json.dumps(value, indent=indent, ensure_ascii=False, default=_plain_value))


def print_document(value: Any, stream: TextIO | None = None) -> None:
    """Print one document."""
    print(encoded(value), file=stream or sys.stdout)


async def print_with_rows(head: Document, name: str, rows: AsyncIterator[Document]) -> None:
    """Print one document whose last field is a list; its rows are written as they come, however many."""
    text = encoded(head).rstrip().removesuffix("}").rstrip()
    sys.stdout.write(f"{text}{',' if head else ''}\n  {encoded(name)}: [")
    first = True
    async for row in rows:
        sys.stdout.write(f"{'' if first else ','}\n    {encoded(row, indent=None)}")
        first = False
    sys.stdout.write("\n  ]\n}\n" if not first else "]\n}\n")


def _plain_value(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a JSON document")
