"""A backup is taken of all documents; later they are put back, and made safe before anything goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from shared.domain import plan, stock
from shared.domain.cell import CellState
from shared.domain.job import UNFINISHED_JOB_STATES, JobState
from shared.domain.push import PushState
from shared.domain.words.codes import Code
from tests.unit.world.actors.documents import CellDoc, Job
from tests.unit.world.actors.pushing import give_up
from tests.unit.world.scene import Backup, Scene


def _backup(scene: Scene) -> bool:
    """A copy at one moment, while everything goes on."""
    if scene.setting.timely:
        return False
    scene.backups[scene.step] = Backup(deepcopy(scene.docs), scene.oracle.kept(scene.step))
    return True


def _restore(scene: Scene, backup: int) -> bool:
    """Every process is stopped, the copy is put back, and made safe. What was sent may still arrive at Shopify."""
    kept = scene.backups.get(backup)
    if kept is None:
        return False
    scene.actors.clear()
    scene.docs = deepcopy(kept.docs)
    scene.oracle.restored(kept.kept)
    scene.happened["restored"] += 1
    scene.happened["an outstanding count restored"] += any(
        one.count not in {None, one.base} for one in scene.docs.stock
    )
    for cell, since in scene.docs.reading.values():
        scene.docs.want(cell, since)
    scene.docs.reading.clear()
    _make_safe(scene)
    return True


def _make_safe(scene: Scene) -> None:
    """Open work ends, nothing earlier may be acted on, and all cells are read."""
    for job in scene.docs.jobs.values():
        if job.state in UNFINISHED_JOB_STATES and not scene.errs("open work goes on after a restore"):
            _end(scene, job)
    for cell, item in enumerate(scene.docs.items):
        if item is not None:
            scene.docs.write(cell, stock.outdated(scene.docs.stock[cell]), scene.shopify.now)
            scene.lost.add(cell)
    scene.oracle.outdated()


def _end(scene: Scene, job: Job) -> None:
    """What was not sent is cancelled; of what was sent nobody knows."""
    for doc in job.docs.values():
        if doc.open:
            _end_cell(scene, job, doc)
    if job.state in UNFINISHED_JOB_STATES:
        job.state = JobState.CANCELLED


def _end_cell(scene: Scene, job: Job, doc: CellDoc) -> None:
    push = None if doc.push is None else scene.docs.pushes[doc.push]
    if push is not None and push.state is PushState.OPEN and push.first_sent is None:
        push.state = PushState.WITHDRAWN
    if push is not None and push.first_sent is not None and push.state in {PushState.OPEN, PushState.JUDGED}:
        give_up(scene, job, doc, push, scene.shopify.now)
    else:
        scene.end(job, doc, plan.Ended(CellState.CANCELLED, code=Code.RECORDS_RESTORED), scene.shopify.now)


KINDS: Mapping[str, Callable[..., bool]] = {"backup": _backup, "restore": _restore}
