"""Which place each line of a file of counts means. What is not said beyond doubt is refused; nothing is guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.cell import CellKey
from shared.importing.count_file import CountLine
from shared.importing.skus import sku_key
from shared.mongodb.catalogue.boms import Bom, BomStore, Location


@dataclass(frozen=True, slots=True)
class PlacedCount:
    """A line that says which place was counted."""

    line: int
    bom: Bom
    key: CellKey
    count: int


@dataclass(frozen=True, slots=True)
class RefusedCount:
    """A line that does not, or not beyond doubt."""

    line: int
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CountsRead:
    """What a file says. `passed_over`: lines without a count."""

    placed: Sequence[PlacedCount]
    refused: Sequence[RefusedCount]
    passed_over: int


async def place_counts(boms: BomStore, shop: str, lines: Sequence[CountLine], location_id: str | None) -> CountsRead:
    """Find the places of all lines. `location_id`: of lines that name no location."""
    places = await boms.locations(shop)
    named: dict[str, list[str]] = defaultdict(list)
    for known in places.values():
        named[known.name.casefold()].append(known.location_id)
    used = [line for line in lines if line.wrong is None and line.count is not None]
    by_id = await boms.get(shop, {line.bom_id for line in used if line.bom_id is not None})
    by_sku = await boms.by_sku(shop, {key for line in used if line.bom_id is None and (key := sku_key(line.sku))})
    placed: list[PlacedCount] = []
    refused: list[RefusedCount] = []
    for line in lines:
        if line.wrong is not None:
            refused.append(RefusedCount(line.line, line.wrong, "Correct the line and check the file again."))
        elif line.count is not None:
            found = _bom(line, by_id, by_sku)
            place = _place(line, places, named, location_id)
            if isinstance(found, RefusedCount):
                refused.append(found)
            elif isinstance(place, RefusedCount):
                refused.append(place)
            else:
                placed.append(PlacedCount(line.line, found, CellKey(found.bom_id, place), line.count))
    once, twice = _doubles(placed)
    passed_over = sum(line.wrong is None and line.count is None for line in lines)
    return CountsRead(once, sorted([*refused, *twice], key=lambda one: one.line), passed_over)


def _bom(line: CountLine, by_id: Mapping[str, Bom], by_sku: Mapping[str, Sequence[Bom]]) -> Bom | RefusedCount:
    if line.bom_id is not None:
        bom = by_id.get(line.bom_id)
        if bom is not None:
            return bom
        return RefusedCount(line.line, f"There is no BOM {line.bom_id}.", "Take the id from the list of BOMs.")
    found = by_sku.get(sku_key(line.sku) or "", ())
    if len(found) == 1:
        return found[0]
    if not found:
        return RefusedCount(
            line.line, f"No BOM is known by the SKU {line.sku!r}.", "Name it by bom_id, or import the products again."
        )
    ids = ", ".join(bom.bom_id for bom in found)
    return RefusedCount(
        line.line, f"Several BOMs have the SKU {line.sku!r}: {ids}.", "Name the one that is meant by bom_id."
    )


def _place(
    line: CountLine, places: Mapping[str, Location], named: Mapping[str, Sequence[str]], location_id: str | None
) -> str | RefusedCount:
    if line.location is None:
        if location_id is not None and location_id in places:
            return location_id
        return RefusedCount(line.line, "It names no location.", "Add the column location, or choose one for the file.")
    if line.location in places:
        return line.location
    ids = named.get(line.location.casefold(), ())
    if len(ids) == 1:
        return ids[0]
    if not ids:
        return RefusedCount(
            line.line, f"There is no location {line.location!r}.", "Write its name as Shopify shows it, or its id."
        )
    return RefusedCount(
        line.line, f"Several locations are called {line.location!r}.", "Name the one that is meant by its id."
    )


def _doubles(placed: Sequence[PlacedCount]) -> tuple[list[PlacedCount], list[RefusedCount]]:
    """Two counts of one place: which of them is right, only a person knows."""
    lines: dict[CellKey, list[int]] = defaultdict(list)
    for one in placed:
        lines[one.key].append(one.line)
    once = [one for one in placed if len(lines[one.key]) == 1]
    twice = [
        RefusedCount(
            one.line,
            f"Lines {', '.join(map(str, lines[one.key][:10]))} count the same place.",
            "Leave one of them, with the sum.",
        )
        for one in placed
        if len(lines[one.key]) > 1
    ]
    return once, twice
