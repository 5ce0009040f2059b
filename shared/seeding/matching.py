"""Which item each line of the file is. A line that does not say it beyond doubt is refused; nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.seeding.bom_file import BomLine

Item = Mapping[str, Any]
"""An item as it is staged."""

_SHOWN = 10


class Why(StrEnum):
    """Why a line was refused."""

    WRONG_LINE = "WRONG_LINE"
    UNKNOWN_VARIANT = "UNKNOWN_VARIANT"
    UNKNOWN_SKU = "UNKNOWN_SKU"
    DUPLICATE_SKU = "DUPLICATE_SKU"
    SKU_OF_ANOTHER_VARIANT = "SKU_OF_ANOTHER_VARIANT"
    ITEM_TWICE = "ITEM_TWICE"
    BOM_ID_TWICE = "BOM_ID_TWICE"
    ITEM_IN_USE = "ITEM_IN_USE"
    NO_NAME = "NO_NAME"


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that makes no BOM; `line` is its number in the file."""

    line: int
    why: Why
    message: str
    variants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """A line and its item."""

    line: BomLine
    item_id: str
    bom: Mapping[str, Any]


def variants_of(item: Item) -> dict[str, Mapping[str, Any]]:
    """An item's variants by id, in the order of their ids."""
    variants: Mapping[str, Mapping[str, Any]] = item.get("variants") or {}
    return {variant: variants[variant] for variant in sorted(variants, key=int)}


def bom_of_item(item: Item, line: BomLine | None, *, tracks: bool | None) -> dict[str, Any]:
    """The BOM of an item: what the line says, and Shopify's own words where it does not. Tags None: as they are."""
    variants = list(variants_of(item).values())
    own_name = next((variant["name"] for variant in variants if variant["name"]), None)
    if line is None:
        tags = list(dict.fromkeys(tag for variant in variants for tag in variant["tags"]))
        return {"bom_id": None, "name": own_name or item["item_id"], "tags": tags, "tracks": tracks, "line": None}
    return {
        "bom_id": line.bom_id,
        "name": line.name or own_name,
        "tags": list(line.tags),
        "tracks": tracks if line.tracks is None else line.tracks,
        "line": line.line,
    }


class Matcher:
    """Matches the lines of one file, part by part, with the items they name."""

    def __init__(self, *, tracks: bool | None) -> None:
        self._tracks = tracks
        self._lines_of_item: dict[str, list[BomLine]] = {}
        self._lines_of_bom: dict[str, list[BomLine]] = {}
        self._matched: dict[int, Matched] = {}
        self._refused: dict[int, RefusedLine] = {}

    def match(
        self, lines: Sequence[BomLine], by_variant: Mapping[str, Item], by_sku: Mapping[str, Sequence[Item]]
    ) -> None:
        """Match some lines."""
        for line in lines:
            if line.wrong is not None:
                self._refuse(line, Why.WRONG_LINE, line.wrong)
                continue
            found = self._item(line, by_variant, by_sku)
            if found is None:
                continue
            self._lines_of_item.setdefault(found["item_id"], []).append(line)
            if line.bom_id is not None:
                self._lines_of_bom.setdefault(line.bom_id, []).append(line)
            bom = bom_of_item(found, line, tracks=self._tracks)
            if bom["name"] is None:
                self._refuse(line, Why.NO_NAME, "It has no name, and Shopify has none for the variant.")
                continue
            self._matched[line.line] = Matched(line, found["item_id"], bom)

    def result(self) -> tuple[list[Matched], list[RefusedLine]]:
        """All lines: those that make a BOM, and those refused, in the order of the file."""
        for lines, why, what in (
            (self._lines_of_item, Why.ITEM_TWICE, "item"),
            (self._lines_of_bom, Why.BOM_ID_TWICE, "bom_id"),
        ):
            for name, several in lines.items():
                if len(several) > 1:
                    numbers = ", ".join(str(line.line) for line in several)
                    for line in several:
                        self._refuse(line, why, f"Lines {numbers} are about the same {what} {name}.")
        matched = [one for number, one in sorted(self._matched.items()) if number not in self._refused]
        return matched, [self._refused[number] for number in sorted(self._refused)]

    def _refuse(self, line: BomLine, why: Why, message: str, variants: Sequence[str] = ()) -> None:
        self._refused.setdefault(line.line, RefusedLine(line.line, why, message, tuple(variants)))

    def _item(self, line: BomLine, by_variant: Mapping[str, Item], by_sku: Mapping[str, Sequence[Item]]) -> Item | None:
        if line.variant_id is not None:
            item = by_variant.get(line.variant_id)
            if item is None:
                self._refuse(line, Why.UNKNOWN_VARIANT, f"Shopify has no variant {line.variant_id}.")
            elif line.sku is not None and item["sku"] != line.sku:
                has = f"the SKU {item['sku']!r}" if item["sku"] else "no SKU"
                self._refuse(
                    line, Why.SKU_OF_ANOTHER_VARIANT, f"Variant {line.variant_id} has {has}, not {line.sku!r}."
                )
                return None
            return item
        items = by_sku.get(line.sku or "", ())
        if len(items) == 1:
            return items[0]
        if not items:
            self._refuse(line, Why.UNKNOWN_SKU, f"Shopify has no variant with the SKU {line.sku!r}.")
            return None
        variants = [variant for item in items for variant in variants_of(item)]
        shown = ", ".join(variants[:_SHOWN]) + (" …" if len(variants) > _SHOWN else "")
        message = f"{len(items)} items have the SKU {line.sku!r}: name the variant instead, one of {shown}."
        self._refuse(line, Why.DUPLICATE_SKU, message, variants)
        return None
