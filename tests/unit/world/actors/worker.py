"""What a worker does with the cells of a job. Any number may do it at once, and each may die at any `yield`."""

from __future__ import annotations

from shared.domain import plan, undo
from shared.domain.cell import CellState
from shared.domain.comparison import Direction
from shared.domain.words.codes import Code
from tests.unit.world.actors.documents import CellDoc, Job, Taken
from tests.unit.world.actors.machines import read_both
from tests.unit.world.actors.pushing import push_cells
from tests.unit.world.scene import Scene, Steps

TRIES = 4
"""How often a read is taken again, or a stale row, before the cell ends as a conflict."""


def work(scene: Scene, job: Job) -> Steps:
    """Work off the open cells of a running job, or go on with what another worker left."""
    docs = list(job.docs.values())
    yield None
    for doc in docs:
        if doc.state is CellState.PENDING:
            doc.state = CellState.APPLYING
    yield None
    if job.undoes is None:
        yield from _take_rows(scene, job, docs)
    to_push = [doc for doc in docs if doc.open and _wants_push(scene, job, doc)]
    if to_push:
        yield from push_cells(scene, job, to_push)
    for doc in docs:
        if doc not in to_push and doc.open and job.undoes is None:
            yield from _accept(scene, job, doc)


def _take_rows(scene: Scene, job: Job, docs: list[CellDoc]) -> Steps:
    """A job without a preview takes its rows when it starts a cell; the first worker's row counts."""
    missing = tuple(doc.cell for doc in docs if doc.open and doc.row is None)
    if not missing:
        return
    taken: dict[int, Taken] = {}
    yield from read_both(scene, missing, taken)
    yield None
    for doc in docs:
        if doc.row is None and doc.cell in taken:
            doc.take(taken[doc.cell])
        elif doc.row is None and doc.open and doc.cell in missing:
            scene.end(job, doc, plan.error(Code.BOM_NOT_FOUND), scene.shopify.now)
    yield None


def _wants_push(scene: Scene, job: Job, doc: CellDoc) -> bool:
    """One transaction: end what needs no call, and answer whether the cell needs a push."""
    now = scene.docs.stock[doc.cell]
    if doc.push is not None or (doc.undo is not None and doc.undo.direction is Direction.TO_SHOPIFY):
        return True
    lost = scene.gone(doc)
    if lost is not None:
        scene.end(job, doc, lost, scene.shopify.now)
        return False
    if doc.undo is not None:
        ended = undo.undone_local(now, doc.undo)
        if ended.state is CellState.UPDATED:
            adjusts = 0 if doc.undo.first_count else doc.undo.d
            scene.oracle.undone_local(doc.cell, job.undoes or 0, job.id, adjusts)
        scene.end(job, doc, ended, scene.shopify.now)
        return False
    assert doc.row is not None
    assert doc.seen is not None
    step = plan.first_step(doc.row, job.direction, unattended=job.automatic)
    if isinstance(step, plan.Ended):
        scene.end(job, doc, step, doc.row.shopify_time)
    elif isinstance(step, plan.Settle):
        ended = plan.settle_in_sync(now, doc.row)
        if ended.change is not None:
            scene.oracle.agreed(doc.cell, job.id, doc.seen, now)
        scene.end(job, doc, ended, doc.row.shopify_time)
    return isinstance(step, plan.Push)


def _accept(scene: Scene, job: Job, doc: CellDoc) -> Steps:
    """toLocal: read, and accept under the `rev` noted before the read."""
    assert doc.row is not None
    assert doc.seen is not None
    for _ in range(TRIES):
        noted = scene.docs.stock[doc.cell].rev
        yield None
        reading = scene.shopify.read(doc.item)
        yield None
        if not doc.open:
            return
        lost = scene.gone(doc)
        if lost is not None:
            scene.end(job, doc, lost, scene.shopify.now)
            return
        now = scene.docs.stock[doc.cell]
        ended = plan.accept_read(
            now,
            doc.row,
            reading.value,
            reading.updated_at,
            noted_rev=noted,
            only_shopify_moved=job.automatic,
        )
        if ended is not None:
            if ended.change is not None:
                scene.oracle.accepted(doc.cell, job.id, doc.seen, by_person=not job.automatic)
            scene.end(job, doc, ended, reading.updated_at)
            return
    scene.end(job, doc, plan.error(Code.CONFLICT, verify=True), doc.row.shopify_time)
