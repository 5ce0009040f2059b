"""How a domain `Row` stands in a document."""

from __future__ import annotations

from dataclasses import fields

from shared.domain.comparison import Row
from shared.mongodb.schema import Document

_NAMES = tuple(field.name for field in fields(Row))


def row_document(row: Row) -> Document:
    """The row's fields, as they are."""
    return {name: getattr(row, name) for name in _NAMES}


def row_of(document: Document) -> Row:
    """A row from its document."""
    return Row(**document)
