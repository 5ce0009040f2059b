"""Reads Shopify's product export: a product over many rows, line breaks inside cells, rows that only hold an image."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from simulator.shop.stocking import NewVariant

OPTIONS: Final = (1, 2, 3)
REQUIRED: Final = ("Handle", "Title", "Variant Inventory Qty")
DEFAULT_TITLE: Final = "Default Title"


class CatalogueError(ValueError):
    """A file that is no product export; the message names row and column."""


@dataclass(slots=True)
class CatalogueProduct:
    """One product and, for each variant in order, the quantity that the file gives."""

    handle: str
    title: str
    vendor: str
    kind: str
    tags: list[str]
    option_names: list[str]
    variants: list[tuple[NewVariant, int]] = field(default_factory=list)


def read_catalogue(text: str, *, all_tracked: bool = False) -> list[CatalogueProduct]:
    """The products of an export, in order. An empty inventory tracker means untracked. Raises CatalogueError."""
    products: dict[str, CatalogueProduct] = {}
    for number, row in _rows(text):
        handle = row["Handle"].strip()
        if not handle:
            raise CatalogueError(f"row {number}: Handle is empty")
        product = products.get(handle)
        if product is None:
            product = products[handle] = _product(handle, row)
        if _is_variant(row):
            product.variants.append((_variant(product, row, all_tracked=all_tracked), _quantity(number, row)))
    return list(products.values())


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise CatalogueError(f"not a product export: column {missing[0]!r} is missing")
    try:
        for number, row in enumerate(reader, start=2):
            if None in row:
                raise CatalogueError(f"row {number}: more cells than columns")
            yield number, {name: value or "" for name, value in row.items()}
    except csv.Error as error:
        raise CatalogueError(f"line {reader.line_num}: {error}") from error


def _product(handle: str, row: Mapping[str, str]) -> CatalogueProduct:
    tags = [tag.strip() for tag in row.get("Tags", "").split(",") if tag.strip()]
    names = [row.get(f"Option{n} Name", "").strip() for n in OPTIONS]
    return CatalogueProduct(
        handle, row["Title"].strip() or handle, row.get("Vendor", ""), row.get("Type", ""), tags, names
    )


def _is_variant(row: Mapping[str, str]) -> bool:
    """A row that only adds an image has neither an option's value nor a price."""
    return bool(row.get("Option1 Value", "").strip() or row.get("Variant Price", "").strip())


def _variant(product: CatalogueProduct, row: Mapping[str, str], *, all_tracked: bool) -> NewVariant:
    values = [row.get(f"Option{n} Value", "").strip() for n in OPTIONS]
    options = [
        (name or f"Option{n}", value)
        for n, name, value in zip(OPTIONS, product.option_names, values, strict=True)
        if value
    ]
    return NewVariant(
        title=" / ".join(value for _, value in options) or DEFAULT_TITLE,
        tracked=all_tracked or bool(row.get("Variant Inventory Tracker", "").strip()),
        sku=row.get("Variant SKU", "").strip() or None,
        barcode=row.get("Variant Barcode", "").strip() or None,
        options=options,
    )


def _quantity(number: int, row: Mapping[str, str]) -> int:
    text = row["Variant Inventory Qty"].strip()
    try:
        return int(text) if text else 0
    except ValueError as error:
        raise CatalogueError(f"row {number}: Variant Inventory Qty is not a whole number: {text!r}") from error
