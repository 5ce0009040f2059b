"""Pushes: bodies that fence each other, sent until Shopify answers."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.domain import batches, plan, push, stock, undo
from shared.domain.cell import CellState
from shared.domain.comparison import Reason
from shared.domain.plan import Ended, Target
from shared.domain.push import PushState, Resend, RowOutcome
from shared.domain.words.codes import Code
from tests.unit.world.actors.documents import CellDoc, Job, Push
from tests.unit.world.actors.shopify import Answer, Call, Reading
from tests.unit.world.scene import Scene, Sending, Steps

RECENT = timedelta(seconds=60)
"""An older preview has its cells read again before the first push."""
REFUSALS = 4
"""How often a row may be stale before the cell ends as a conflict."""


def push_cells(scene: Scene, job: Job, docs: list[CellDoc]) -> Steps:
    """Push until all these cells have ended: resume the pushes they name, or make new bodies."""
    while docs := [doc for doc in docs if doc.open]:
        current = {doc.push for doc in docs if _under_way(scene, doc)}
        if current and not scene.errs("no fence"):
            for key in sorted(key for key in current if key is not None):
                sent = yield from _send(scene, job, scene.docs.pushes[key])
                if not sent:
                    return
            continue
        noted = {doc.cell: doc.push for doc in docs}
        yield None
        readings = {doc.cell: scene.shopify.read(doc.item) for doc in docs if _needs_read(scene, doc)}
        yield None
        for group in batches.calls(docs, pair=lambda doc: doc.cell, alone=lambda doc: doc.refused > 1, size=2):
            made = _make_body(scene, job, group, noted, readings)
            yield None
            if made is not None:
                sent = yield from _send(scene, job, made)
                if not sent:
                    return


def _under_way(scene: Scene, doc: CellDoc) -> bool:
    """Whether the cell names a push that is not closed."""
    return doc.push is not None and scene.docs.pushes[doc.push].state is PushState.OPEN


def _needs_read(scene: Scene, doc: CellDoc) -> bool:
    """A recent preview is pushed without any read the first time."""
    return doc.row is None or doc.push is not None or scene.shopify.now - doc.row.taken_at > RECENT


def _make_body(
    scene: Scene, job: Job, docs: list[CellDoc], noted: dict[int, int | None], readings: dict[int, Reading]
) -> Push | None:
    """One transaction: a new body for the rows whose current push is still the one noted, and closed."""
    rows: dict[int, Target] = {}
    for doc in docs:
        overtaken = doc.push != noted[doc.cell] or _under_way(scene, doc)
        if not doc.open or (overtaken and not scene.errs("no fence")):
            continue
        decision = _decide(scene, doc, readings.get(doc.cell))
        if isinstance(decision, Target):
            rows[doc.cell] = decision
            continue
        if decision.reason is Reason.ALREADY_EQUAL and doc.seen is not None:
            scene.oracle.cancelled_out(doc.cell, job.id, doc.seen, scene.docs.stock[doc.cell])
        reading = readings.get(doc.cell)
        at = reading.updated_at if reading else doc.row.shopify_time if doc.row else scene.shopify.now
        scene.end(job, doc, decision, at)
    if not rows:
        return None
    made = Push(scene.step, job.id, rows, {cell: job.docs[cell].item for cell in rows})
    scene.docs.pushes[made.key] = made
    for cell, row in rows.items():
        job.docs[cell].push = made.key
        scene.body_made(made.key, job, job.docs[cell])
        scene.say(f"push {made.key} of job {job.id}: cell {cell} {row.change_from} -> {row.quantity}")
    return made


def _decide(scene: Scene, doc: CellDoc, reading: Reading | None) -> Target | Ended:
    now = scene.docs.stock[doc.cell]
    lost = scene.gone(doc)
    if lost is not None:
        return lost
    if doc.refused > REFUSALS:
        return plan.error(Code.CONFLICT, verify=True)
    if doc.undo is not None:
        assert reading is not None
        return undo.undo_target(now, doc.undo, reading.value, allow_negative=True)
    assert doc.row is not None
    if reading is None:
        return plan.push_target(now, doc.row, doc.row.shopify, doc.row.shopify_time, allow_negative=True)
    decision = plan.push_target(now, doc.row, reading.value, reading.updated_at, allow_negative=True)
    if isinstance(decision, Target) and doc.push is not None and scene.errs("stale row set to the local value"):
        return Target(now.local or 0, reading.value, now.manual_total, 0)
    return decision


def _send(scene: Scene, job: Job, this: Push) -> Sending:
    """Send one push until it is closed, by this worker or another; answer False where evidence must be awaited."""
    while this.state is PushState.OPEN:
        what = push.resend(this.first_sent, scene.shopify.now)
        if scene.errs("a forgotten key sent again"):
            what = Resend.SAME_KEY
        if what is Resend.WAIT_FOR_EVIDENCE:
            return False
        if what is Resend.JUDGE:
            yield from _judge(scene, job, this)
            continue
        if not _may_send(scene, job, this):
            return True
        dated = scene.shopify.now
        yield None
        if scene.shopify.now - dated > push.SEND_DEADLINE or this.state is not PushState.OPEN:
            continue
        if any(job.docs[cell].push != this.key for cell in this.rows) and not scene.errs("no fence"):
            return True
        rows = {this.items[cell]: row for cell, row in this.rows.items()}
        call = Call(scene.step, this.key, rows, scene.shopify.now)
        scene.shopify.calls[call.id] = call
        yield call
        yield from _heard(scene, job, this, call)
    return True


def _heard(scene: Scene, job: Job, this: Push, call: Call) -> Steps:
    """What the reply, or its absence, means."""
    if isinstance(call.reply, Answer):
        yield None
        _answered(scene, job, this, call.reply)
    elif scene.errs("a lost reply taken for refusal"):
        _answered(scene, job, this, Answer(applied=False, at=scene.shopify.now))
    elif scene.errs("a lost reply taken for success"):
        _answered(scene, job, this, Answer(applied=True, at=scene.shopify.now))
    elif scene.errs("a new key after a lost reply"):
        again = Push(scene.step, this.job, this.rows, this.items)
        scene.docs.pushes[again.key] = again
        for cell in this.rows:
            job.docs[cell].push = again.key
            scene.body_made(again.key, job, job.docs[cell])
        this.state = PushState.WITHDRAWN


def _may_send(scene: Scene, job: Job, this: Push) -> bool:
    """One transaction: date the first send, unless something has come up that forbids it; then withdraw the push."""
    if this.first_sent is not None:
        return True
    bad = [doc for doc in (job.docs[cell] for cell in this.rows) if _event_came(scene, doc)]
    if bad and not scene.errs("no second look before the first send"):
        this.state = PushState.WITHDRAWN
        for doc in bad:
            scene.end(job, doc, plan.error(Code.SHOPIFY_CHANGED_BEFORE_PREVIEW, verify=True), scene.shopify.now)
        return False
    for cell, item in this.items.items():
        scene.oracle.first_sent(this.key, item, scene.docs.stock[cell], job.undoes)
    this.first_sent = scene.shopify.now
    return True


def _event_came(scene: Scene, doc: CellDoc) -> bool:
    return doc.row is not None and plan.event_since_preview(scene.docs.stock[doc.cell], doc.row)


def _answered(scene: Scene, job: Job, this: Push, answer: Answer) -> None:
    """One transaction: Shopify's answer closes the push, and settles its rows where they were applied."""
    if this.state is not PushState.OPEN:
        return
    this.state = PushState.ANSWERED
    for cell, row in this.rows.items():
        doc, now = job.docs[cell], scene.docs.stock[cell]
        if not doc.open:
            continue
        if not answer.applied:
            doc.refused += 1
            continue
        at = scene.shopify.now if scene.errs("our clock for a set") else answer.at
        lost = scene.gone(doc)
        if lost is not None:
            scene.end(job, doc, lost, answer.at)
        elif doc.undo is None:
            scene.end(job, doc, plan.pushed(now, row, at), answer.at)
        else:
            scene.end(job, doc, undo.undone_push(now, doc.undo, row, at), answer.at)


def _judge(scene: Scene, job: Job, this: Push) -> Steps:
    """Shopify has forgotten the key: evidence, row by row."""
    yield None
    readings = {cell: scene.shopify.read(item) for cell, item in this.items.items()}
    yield None
    if this.state is not PushState.OPEN:
        return
    this.state = PushState.JUDGED
    assert this.first_sent is not None
    for cell, reading in readings.items():
        outcome = push.judge_push(reading.updated_at, this.first_sent)
        scene.say(f"push {this.key}: cell {cell} is judged {outcome}")
        if outcome is RowOutcome.UNKNOWN:
            give_up(scene, job, job.docs[cell], this, reading.updated_at)


def give_up(scene: Scene, job: Job, doc: CellDoc, this: Push, at: datetime) -> None:
    """Nobody knows whether the row was applied: the cell is marked, unless the row was about another item."""
    ended = scene.gone(doc)
    if ended is None:
        scene.oracle.given_up(this.key, doc.item)
        change = stock.mark_unknown(scene.docs.stock[doc.cell])
        ended = Ended(CellState.ERROR, code=Code.OUTCOME_UNKNOWN, change=change)
    scene.end(job, doc, ended, at)
