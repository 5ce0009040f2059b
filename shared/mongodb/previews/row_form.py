"""How a domain `Row` stands in a document."""

from __future__ import annotations

from dataclasses import asdict

from shared.domain.comparison import Row
from shared.mongodb.schema import Document


def row_document(row: Row) -> Document:
    """The row's fields, as they are."""
    return asdict(row)


def row_of(document: Document) -> Row:
    """A row from its document."""
    return Row(**document)
