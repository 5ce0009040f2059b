"""BOMs are mapped to other items, removed, and made again under their id. Each cell is a BOM of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from shared.domain import stock
from tests.unit.world.scene import Scene

MAX_ITEMS = 4
"""Items of a world: few, so that a BOM often comes back to one that it had before."""

Remapping = tuple[int, int]
"""A cell, and the item it is to count for."""

Making = tuple[int, int, bool]
"""A cell whose BOM comes again, its item, and whether it tracks."""


def _remap(scene: Scene, wanted: Remapping) -> bool:
    """The BOM is mapped to another item, also while a job is working on it."""
    if wanted not in remappings(scene):
        return False
    cell, item = wanted
    _know(scene, item)
    before = scene.docs.stock[cell]
    change = stock.remapped(before)
    scene.happened["remapped"] += 1
    scene.happened["remapped back"] += item < len(scene.docs.items)
    scene.happened["a doubt ended by another item"] += before.unknown_outcome
    scene.oracle.remapped(cell, before, change.stock)
    scene.docs.remap(cell, item, change)
    scene.lost.add(cell)
    scene.say(f"cell {cell} counts for item {item}: {scene.numbers(cell)}")
    return True


def _remove(scene: Scene, cell: int) -> bool:
    """The BOM is removed, unless a job is working on it."""
    if cell not in removable(scene):
        return False
    scene.happened["removed"] += 1
    scene.docs.remove(cell, stock.removed(scene.docs.stock[cell]))
    scene.oracle.removed(cell)
    scene.lost.discard(cell)
    return True


def _make(scene: Scene, wanted: Making) -> bool:
    """The BOM is made again: with the item it had, or with another one."""
    if wanted not in makings(scene):
        return False
    cell, item, tracks = wanted
    _know(scene, item)
    left, old_item = scene.docs.left[cell]
    scene.happened["made again" if item == old_item else "made again with another item"] += 1
    scene.happened["a doubt kept by a new life"] += left.unknown_outcome and item == old_item
    scene.docs.revive(cell, item, stock.revived(left, same_item=item == old_item))
    if tracks:
        scene.docs.write(cell, stock.start_tracking(scene.docs.stock[cell]), scene.shopify.now)
    scene.oracle.revived(cell, scene.docs.stock[cell], same_item=item == old_item)
    scene.lost.add(cell)
    scene.say(f"cell {cell} is made again for item {item}: {scene.numbers(cell)}")
    return True


def _know(scene: Scene, item: int) -> None:
    """An item that was not in the world yet comes with a value of its own."""
    if item == len(scene.shopify.values):
        value = scene.setting.stocked - 4 + 3 * (item % 3)
        scene.shopify.new_item(value)
        scene.oracle.new_item(value)


def _free_items(scene: Scene) -> Iterator[int]:
    """Items that no BOM is mapped to: two BOMs never share one."""
    present = len(scene.shopify.values)
    for item in range(min(present + 1, MAX_ITEMS)):
        if item not in scene.docs.items:
            yield item


def remappings(scene: Scene) -> list[Remapping]:
    """Every mapping that is possible now."""
    living = [cell for cell, item in enumerate(scene.docs.items) if item is not None]
    return [(cell, item) for cell in living for item in _free_items(scene)]


def removable(scene: Scene) -> list[int]:
    """BOMs that no job is working on."""
    return [cell for cell, item in enumerate(scene.docs.items) if item is not None and not scene.docs.in_use(cell)]


def makings(scene: Scene) -> list[Making]:
    """Every way in which a removed BOM may come again; as often with its old item as with another one."""
    found: list[Making] = []
    for cell, (_, old) in scene.docs.left.items():
        free = list(_free_items(scene))
        others = [item for item in free if item != old]
        items = others + [old] * (max(1, len(others)) if old in free else 0)
        found += [(cell, item, tracks) for item in items for tracks in (True, False, True)]
    return found


KINDS: Mapping[str, Callable[..., bool]] = {"remap": _remap, "remove": _remove, "make": _make}
