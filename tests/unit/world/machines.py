"""The preview and the verifier, which read both sides while everything else goes on."""

from __future__ import annotations

from shared.domain import stock
from shared.domain.comparison import Row
from tests.unit.world.documents import Preview
from tests.unit.world.oracle import Seen
from tests.unit.world.scene import Scene, Steps
from tests.unit.world.shopify import Reading


def read_both(scene: Scene, cells: tuple[int, ...], rows: dict[int, Row], seen: dict[int, Seen]) -> Steps:
    """Fill `rows`: the stock documents first, Shopify after them, and time in between."""
    backwards = scene.errs("Shopify read first")
    early = {cell: scene.shopify.read(cell) for cell in cells}
    early_step = scene.step
    if backwards:
        yield None
    docs = {cell: scene.docs.stock[cell] for cell in cells}
    for cell in cells:
        seen[cell] = scene.oracle.saw(scene.step, cell, docs[cell])
    if not backwards:
        yield None
    readings = {cell: early[cell] if backwards else scene.shopify.read(cell) for cell in cells}
    for cell, reading in readings.items():
        seen[cell].read(early_step if backwards else scene.step, reading)
        rows[cell] = Row.of(docs[cell], reading.value, reading.updated_at, reading.date)
    yield None
    for cell, reading in readings.items():
        _give_base(scene, cell, docs[cell].rev, reading)


def _give_base(scene: Scene, cell: int, noted: int, reading: Reading) -> None:
    """A read made for something else gives a cell its first base, under the `rev` noted before it."""
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
    rows: dict[int, Row] = {}
    seen: dict[int, Seen] = {}
    yield from read_both(scene, cells, rows, seen)
    scene.oracle.read(
        cells, scene.docs.stock, scene.docs.wanted.keys() | {cell for cell, _ in scene.docs.reading.values()}
    )
    yield None
    for cell, row in rows.items():
        scene.oracle.shown(cell, seen[cell], row)
    scene.docs.previews[number] = Preview(rows, seen, rows[cells[0]].taken_at)
    for cell, row in rows.items():
        scene.say(f"preview {number} shows cell {cell}: base {row.base}, local {row.local}, Shopify {row.shopify}")


def verify(scene: Scene, cell: int) -> Steps:
    """Rule 3: the request is cleared first; the read counts only under the `rev` noted before it.

    A request taken by a verifier that dies comes back (see `abandoned`).
    """
    number, docs = scene.step, scene.docs
    since = docs.wanted[cell] if scene.errs("request cleared after the read") else docs.wanted.pop(cell)
    docs.reading[number] = (cell, since)
    noted = docs.stock[cell].rev
    yield None
    reading = scene.shopify.read(cell)
    yield None
    del docs.reading[number]
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
