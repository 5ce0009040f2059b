"""The schema of each supported version."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema, build_schema

FILE: Final = Path(__file__).with_name("schema.graphql")
NOT_STOCKED: Final = "ITEM_NOT_STOCKED_AT_LOCATION"
# From this version on a set where the item is not stocked succeeds instead.
SILENT_WHERE_NOT_STOCKED: Final = "2026-10"


@cache
def schema_of(version: str) -> GraphQLSchema:
    """The executable part of Shopify's schema in that version."""
    text = FILE.read_text(encoding="utf-8")
    if version >= SILENT_WHERE_NOT_STOCKED:
        text = text.replace(f"  {NOT_STOCKED}\n", "")
    return build_schema(text)
