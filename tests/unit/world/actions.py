"""All that can happen next. An action is `(step, kind, *what)`; one that is impossible now changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from shared.domain.cell import CellState
from shared.domain.comparison import Direction
from shared.domain.job import JobState
from shared.domain.undo import UndoRow
from shared.domain.words.codes import Code
from tests.unit.world.actors import mapping, restoring
from tests.unit.world.actors.documents import CellDoc, Job
from tests.unit.world.actors.machines import abandoned, preview, verify
from tests.unit.world.actors.shopify import EventId, NoReply
from tests.unit.world.actors.worker import work
from tests.unit.world.scene import Actor, Scene

What = int | bool | None | str | tuple[int, ...]
Action = tuple[What, ...]

EXPIRES = timedelta(hours=24)
"""An older preview is refused."""


def perform(scene: Scene, action: Action) -> bool:
    """Let it happen. False: it cannot, and nothing has changed. Raises GuaranteeBrokenError."""
    step, kind, *what = action
    assert isinstance(step, int)
    assert isinstance(kind, str)
    scene.step = step
    return _KINDS[kind](scene, *what)


def _order(scene: Scene, item: int, delta: int, shared: bool) -> bool:
    """Units are sold (negative) or restocked."""
    if item >= len(scene.shopify.values):
        return False
    scene.shopify.change(scene.step, item, delta, shared=shared)
    scene.oracle.ordered(scene.step, item, delta, scene.shopify.now)
    return True


def _tick(scene: Scene, seconds: int) -> bool:
    """Time passes."""
    if scene.too_late(seconds):
        return False
    scene.shopify.now += timedelta(seconds=seconds)
    return True


def _deliver(scene: Scene, event: EventId) -> bool:
    """A message arrives, in whatever order."""
    if event not in scene.shopify.transit:
        return False
    scene.handle_event(event, again=False)
    return True


def _again(scene: Scene, event: EventId) -> bool:
    """A message arrives once more, and the deduplication does not know it."""
    if event not in scene.shopify.sent_before:
        return False
    scene.handle_event(event, again=True)
    return True


def _lose(scene: Scene, event: EventId) -> bool:
    """A message never arrives."""
    if not scene.setting.may_lose or event not in scene.shopify.transit:
        return False
    cell = scene.docs.cell_of(scene.shopify.transit.pop(event).item)
    scene.lost.update(set() if cell is None else {cell})
    return True


def _adjust(scene: Scene, cell: int, delta: int, counted: bool) -> bool:
    """A hand adjustment, perhaps by a person who has counted the shelf."""
    stock = scene.docs.stock[cell]
    if scene.docs.items[cell] is None or not stock.tracks:
        return False
    # A person who counts for the first time may find that there is nothing.
    scene.adjust(cell, abs(delta) - 1 if counted and stock.uncounted else delta, counted=counted)
    return True


def _preview(scene: Scene, cells: tuple[int, ...]) -> bool:
    return _start(scene, Actor("preview", preview(scene, cells)))


def _verify(scene: Scene, cell: int) -> bool:
    if cell not in scene.docs.wanted:
        return False
    return _start(scene, Actor("verifier", verify(scene, cell), verifies=cell))


def _job(scene: Scene, to_shopify: bool, cells: tuple[int, ...], shown: int | None, automatic: bool) -> bool:
    """A run is requested, with or without a preview."""
    direction = Direction.TO_SHOPIFY if to_shopify else Direction.TO_LOCAL
    if automatic and shown is not None:
        return False
    if shown is not None and (
        shown not in scene.docs.previews or not set(cells) <= set(scene.docs.previews[shown].rows)
    ):
        return False
    scene.docs.jobs[scene.step] = Job(scene.step, direction, cells, shown, automatic=automatic)
    return True


def _undo(scene: Scene, job_id: int) -> bool:
    """A finished run is undone: those of its cells that it updated."""
    done = scene.docs.jobs.get(job_id)
    if done is None or done.undoes is not None:
        return False
    if not done.updated:
        return False
    scene.docs.jobs[scene.step] = Job(scene.step, done.direction, done.updated, undoes=job_id)
    return True


def _cancel(scene: Scene, job_id: int) -> bool:
    """Cancel never touches what is being applied."""
    job = scene.docs.jobs.get(job_id)
    if job is None or job.state is not JobState.RUNNING:
        return False
    stopped = job.pending
    if scene.errs("cancel touches what is applied"):
        stopped = [doc for doc in job.docs.values() if doc.open]
    for doc in stopped:
        doc.state = CellState.CANCELLED
    job.end_test()
    return bool(stopped)


def _work(scene: Scene, job_id: int) -> bool:
    """A worker takes a job up: the planner's part first, if no other job is in its way."""
    job = scene.docs.jobs.get(job_id)
    if job is None:
        return False
    if job.state is JobState.REQUESTED and not _plan(scene, job):
        return False
    if job.state is not JobState.RUNNING:
        return False
    return _start(scene, Actor(f"worker of job {job_id}", work(scene, job)))


def _plan(scene: Scene, job: Job) -> bool:
    """A job starts whole or waits whole."""
    if any(True for _ in scene.docs.unfinished_before(job)) and not scene.errs("jobs share cells"):
        return False
    shown = None if job.preview is None else scene.docs.previews[job.preview]
    if shown is not None and scene.shopify.now - shown.taken_at > EXPIRES:
        job.state = JobState.FAILED
        return False
    for cell in job.cells:
        item = scene.docs.items[cell]
        if job.undoes is not None:
            done = scene.docs.jobs[job.undoes]
            doc = CellDoc(cell, done.docs[cell].item, undo=_undo_row(scene, done, cell))
        elif item is None:
            doc = CellDoc(cell, -1, CellState.ERROR, result=Code.BOM_NOT_FOUND)
        elif shown is None:
            doc = CellDoc(cell, item)
        else:
            doc = CellDoc(cell, shown.rows[cell].item)
            doc.take(shown.rows[cell])
        job.docs[cell] = doc
    job.state = JobState.RUNNING
    job.end_test()
    return True


def _undo_row(scene: Scene, done: Job, cell: int) -> UndoRow:
    """d = before − after of the push that was answered, or of the local value."""
    doc = done.docs[cell]
    first_count = False
    if done.direction is Direction.TO_SHOPIFY:
        assert doc.push is not None
        row = scene.docs.pushes[doc.push].rows[cell]
        d = row.change_from - row.quantity
    else:
        assert doc.changed_by is not None
        before, after = doc.changed_by
        first_count = before is None and after is not None
        d = 0 if before is None or after is None else before - after
    return UndoRow(done.direction, d, doc.settle_no, doc.tracks_rev, doc.first, first_count)


def _start(scene: Scene, actor: Actor) -> bool:
    scene.actors[scene.step] = actor
    return _step(scene, scene.step)


def _step(scene: Scene, number: int) -> bool:
    """An actor goes on to its next rest."""
    actor = scene.actors.get(number)
    if actor is None or actor.blocked:
        return False
    actor.call = None
    try:
        actor.call = next(actor.steps)
    except StopIteration:
        del scene.actors[number]
    return True


def _crash(scene: Scene, number: int) -> bool:
    """An actor dies where it rests."""
    if scene.actors.pop(number, None) is None:
        return False
    abandoned(scene, number)
    return True


def _execute(scene: Scene, call: int) -> bool:
    """A mutation arrives at Shopify, perhaps long after its sender has died."""
    if call not in scene.shopify.calls:
        return False
    scene.shopify.execute(scene.step, scene.shopify.calls[call])
    return True


def _hang_up(scene: Scene, call: int) -> bool:
    """The sender gives up waiting; the call may still arrive."""
    sent = scene.shopify.calls.get(call)
    if sent is None or sent.reply is not None:
        return False
    sent.reply = NoReply.UNCLEAR
    return True


def _vanish(scene: Scene, call: int) -> bool:
    """The call never arrives."""
    sent = scene.shopify.calls.pop(call, None)
    if sent is None:
        return False
    sent.reply = sent.reply or NoReply.UNCLEAR
    return True


_KINDS: dict[str, Callable[..., bool]] = {
    **mapping.KINDS,
    **restoring.KINDS,
    "order": _order,
    "tick": _tick,
    "deliver": _deliver,
    "again": _again,
    "lose": _lose,
    "adjust": _adjust,
    "preview": _preview,
    "verify": _verify,
    "job": _job,
    "undo": _undo,
    "cancel": _cancel,
    "work": _work,
    "step": _step,
    "crash": _crash,
    "execute": _execute,
    "hang up": _hang_up,
    "vanish": _vanish,
}
