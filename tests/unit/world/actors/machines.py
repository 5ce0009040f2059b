"""The preview and the verifier, which read both sides while everything else goes on."""

from __future__ import annotations

from shared.domain import stock
from shared.domain.comparison import Row
from tests.unit.world.actors.documents import Preview, Taken
from tests.unit.world.actors.shopify import Reading
from tests.unit.world.scene import Scene, Steps


def read_both(scene: Scene, cells: tuple[int, ...], taken: dict[int, Taken]) -> Steps:
    """Fill `taken`: the stock documents first, Shopify after them, and time in between. A BOM that is gone has none."""
    backwards = scene.errs("Shopify read first")
    early = [scene.shopify.read(item) for item in range(len(scene.shopify.values))]
    early_step = scene.step
    if backwards:
        yield None
    items = {cell: item for cell in cells if (item := scene.docs.items[cell]) is not None}
    docs = {cell: scene.docs.stock[cell] for cell in items}
    seen = {cell: scene.oracle.saw(scene.step, cell, item, docs[cell]) for cell, item in items.items()}
    if not backwards:
        yield None
    backwards = backwards and max(items.values(), default=0) < len(early)
    readings = {cell: early[item] if backwards else scene.shopify.read(item) for cell, item in items.items()}
    for cell, reading in readings.items():
        seen[cell].read(early_step if backwards else scene.step, reading)
        row = Row.of(docs[cell], reading.value, reading.updated_at, reading.date)
        taken[cell] = Taken(items[cell], row, seen[cell])
    yield None
    for cell, reading in readings.items():
        _give_base(scene, cell, docs[cell].rev, reading)


def _give_base(scene: Scene, cell: int, noted: int, reading: Reading) -> None:
    """A read made for something else gives a cell its first base, under the `rev` noted before it."""
    if scene.docs.items[cell] is None:
        return
    now = scene.docs.stock[cell]
    change = stock.observe_in_passing(now, reading.value, reading.updated_at)
    if change is None or scene.errs("a first read thrown away"):
        return
    if now.rev != noted:
        scene.docs.want(cell, scene.shopify.now)
        return
    scene.write(cell, change, reading.updated_at)
    scene.say(f"a read in passing of cell {cell} finds {reading.value}: {scene.numbers(cell)}")


def preview(scene: Scene, cells: tuple[int, ...]) -> Steps:
    """What the merchant is shown."""
    number = scene.step
    taken: dict[int, Taken] = {}
    yield from read_both(scene, cells, taken)
    scene.oracle.read(
        [cell for cell in taken if scene.docs.items[cell] is not None],
        scene.docs.stock,
        scene.docs.wanted.keys() | {cell for cell, _ in scene.docs.reading.values()},
    )
    yield None
    if not taken:
        return
    for cell, one in taken.items():
        scene.oracle.shown(cell, one.seen, one.row)
    scene.docs.previews[number] = Preview(taken, min(one.row.taken_at for one in taken.values()))
    for cell, one in taken.items():
        row = one.row
        scene.say(f"preview {number} shows cell {cell}: base {row.base}, local {row.local}, Shopify {row.shopify}")


def verify(scene: Scene, cell: int) -> Steps:
    """Rule 3: the request is cleared first; the read counts only under the `rev` noted before it.

    A request taken by a verifier that dies comes back (see `abandoned`).
    """
    number, docs = scene.step, scene.docs
    since = docs.wanted[cell] if scene.errs("request cleared after the read") else docs.wanted.pop(cell)
    docs.reading[number] = (cell, since)
    noted, item = docs.stock[cell].rev, docs.items[cell]
    yield None
    if item is None:
        del docs.reading[number]
        return
    reading = scene.shopify.read(item)
    yield None
    del docs.reading[number]
    if docs.items[cell] is None:
        return
    now = docs.stock[cell]
    if now.rev != noted and not scene.errs("a read applied under another rev"):
        docs.want(cell, since)
        return
    time = scene.shopify.now if scene.errs("our clock for a read") else reading.updated_at
    scene.write(cell, stock.observe_read(now, reading.value, time), reading.updated_at)
    scene.say(f"a read of cell {cell} finds {reading.value}: {scene.numbers(cell)}")
    if scene.errs("request cleared after the read"):
        yield None
        docs.wanted.pop(cell, None)


def abandoned(scene: Scene, number: int) -> None:
    """A verifier died: after its lease, its request stands again."""
    if number in scene.docs.reading:
        cell, since = scene.docs.reading.pop(number)
        if not scene.errs("a request dies with its reader"):
            scene.docs.want(cell, since)
