"""toShopify: bodies that are written before they are sent, fenced, and followed to their outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ulid import ULID

from services.reconciler.worker.ending import CellOutcome, Ending, Finished, gone
from services.reconciler.worker.outcome import unknown_outcome, verdict_of
from services.reconciler.worker.sending import Sending
from services.reconciler.worker.shopify_values import ShopifyValues
from services.reconciler.worker.task import Task
from shared import metrics
from shared.domain.batches import calls, halves
from shared.domain.cell import CellKey
from shared.domain.plan import Ended, Target, error, event_since_preview, push_target
from shared.domain.push import PushState, RowOutcome, may_have_been_applied
from shared.domain.stock import Stock
from shared.domain.undo import undo_target
from shared.domain.words.codes import Code
from shared.mongodb.jobs.pushes import PushOutcome, PushRecord, PushRow, PushStore
from shared.mongodb.stock.stock import CellStock
from shared.mongodb.transactions import Session
from shared.reading.levels import Value
from shared.shopify.writes.writes import SetRow, set_body

MAX_PUSHES = 14
"""Bodies made for one cell before it ends as CONFLICT: enough to halve 250 rows to one and be stale a few times."""

_ALONE_AFTER = 2
"""A row stale this often goes in a call of its own."""


@dataclass(frozen=True, slots=True)
class MadePush:
    """A push that was made, with its tasks."""

    push_id: str
    tasks: tuple[Task, ...]


class ToShopify:
    """Pushes corrections to Shopify."""

    def __init__(self, ending: Ending, pushes: PushStore, sending: Sending, levels: ShopifyValues) -> None:
        self._ending = ending
        self._pushes = pushes
        self._sending = sending
        self._levels = levels

    async def run(self, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]) -> list[Finished]:
        """Push each task from the value that Shopify is thought to hold, until each has ended.

        Raises what the Shopify adapter and the transactions raise; everything done until then is in the documents.
        """
        finished: list[Finished] = []
        groups = self._groups(shop, tasks)
        known = dict(values)
        while groups:
            group = groups.pop()
            made, ended = await self._make(shop, group, known)
            finished += ended
            for push in made:
                done, left, closed = await self._follow(shop, push.push_id, push.tasks)
                finished += done
                if left:
                    fresh, ended = await self._read_again(shop, left, closed)
                    finished += ended
                    known |= fresh
                    groups += self._groups(shop, [task for task in left if task.key in fresh])
        return finished

    async def resume(self, shop: str, push_id: str, tasks: Sequence[Task]) -> list[Finished]:
        """Go on with a push that was made before, by this process or another: the push, with all its rows."""
        finished, left, closed = await self._follow(shop, push_id, tasks)
        fresh, ended = await self._read_again(shop, left, closed)
        finished += ended
        return finished + await self.run(shop, [task for task in left if task.key in fresh], fresh)

    def _groups(self, shop: str, tasks: Sequence[Task]) -> list[list[Task]]:
        """Calls for these tasks; those of a call that was refused without naming a row go in halves."""
        split = [task for task in tasks if task.split]
        rest = [task for task in tasks if not task.split]
        size = self._sending.rows_per_call(shop)
        groups = calls(rest, pair=lambda task: task.pair, alone=lambda task: task.stale >= _ALONE_AFTER, size=size)
        for part in halves(split):
            groups += calls(part, pair=lambda task: task.pair, alone=lambda _: False, size=size)
        for task in split:
            task.split = 0
        return [group for group in groups if group]

    async def _read_again(
        self, shop: str, tasks: Sequence[Task], closed: PushRecord
    ) -> tuple[dict[CellKey, Value], list[Finished]]:
        """Read what Shopify holds before the rest is sent again; what was pushed too often ends here.

        A row that the refusal did not name, and that may have been applied all the same, ends as unknown.
        """
        fresh, unreadable = await self._levels.read(shop, tasks)
        verdicts = [(task, _unread(task, closed, verdict)) for task, verdict in unreadable]
        doubtful = {task.key for task in tasks if task.key in fresh and _doubtful(task, closed, fresh[task.key])}
        for task in tasks:
            if task.key not in fresh or task.key in doubtful:
                continue
            refusal = _refusal(task, closed)
            if refusal is not None:
                verdicts.append((task, refusal))
            elif task.pushes_made >= MAX_PUSHES:
                verdicts.append((task, CellOutcome(error(Code.CONFLICT, verify=True))))
        finished = await self._ending.end_each(shop, [(task, verdict) for task, verdict in verdicts if verdict])
        in_doubt = [task for task, verdict in verdicts if verdict is None]
        in_doubt += [task for task in tasks if task.key in doubtful]

        def unknown(task: Task, cell: CellStock) -> CellOutcome:
            held = fresh.get(task.key)
            return unknown_outcome(cell.stock, None if held is None else held.quantity)

        ended, _ = await self._ending.end_by_stock(shop, in_doubt, unknown)
        _count_refused(finished + ended)
        settled = {task.key for task, _ in verdicts} | doubtful
        return {key: value for key, value in fresh.items() if key not in settled}, finished + ended

    async def _make(
        self, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]
    ) -> tuple[list[MadePush], list[Finished]]:
        """Make the body in the transaction that reads the stock, and move every row from its old push to it."""
        results = await self._ending.transactions.in_halves(
            tasks, lambda session, part: self._make_one(session, shop, part, values)
        )
        made = [result for result in results if isinstance(result, MadePush)]
        for push in made:
            for task in push.tasks:
                task.push_id = push.push_id
                task.pushes_made += 1
        return made, [result for result in results if isinstance(result, Finished)]

    async def _make_one(
        self, session: Session, shop: str, tasks: Sequence[Task], values: Mapping[CellKey, Value]
    ) -> list[MadePush | Finished]:
        present = await self._ending.stock.load(shop, [task.key for task in tasks], session)
        targets: list[tuple[Task, Target]] = []
        verdicts: list[tuple[Task, CellStock | None, CellOutcome]] = []
        for task in tasks:
            cell = present.get(task.key)
            verdict = gone(task, cell)
            if verdict is None and cell is not None:
                target = _target(task, cell.stock, values[task.key])
                if isinstance(target, Target):
                    targets.append((task, target))
                    continue
                held = values[task.key].quantity
                verdict = CellOutcome(target, (held, held))
            if verdict is not None:
                verdicts.append((task, cell, verdict))
        results: list[MadePush | Finished] = list(await self._ending.write(session, shop, verdicts))
        if targets:
            results.append(await self._insert(session, shop, targets))
        return results

    async def _insert(self, session: Session, shop: str, targets: Sequence[tuple[Task, Target]]) -> MadePush:
        push_id = str(ULID())
        jobs = {task.job_id for task, _ in targets}
        body = set_body(
            [SetRow(task.item_id, task.key.location_id, t.quantity, t.change_from) for task, t in targets],
            key=push_id,
            reference=f"gid://trueup/Job/{min(jobs)}",
        )
        rows = [PushRow(task.job_id, task.key, task.item_id, target) for task, target in targets]
        await self._pushes.make(session, shop, push_id, body, rows)
        by_old: dict[str | None, list[str]] = {}
        for task, _ in targets:
            by_old.setdefault(task.push_id, []).append(task.cell_id)
        for old, ids in by_old.items():
            await self._ending.cells.point(session, shop, ids, old, push_id)
        return MadePush(push_id, tuple(task for task, _ in targets))

    async def _follow(
        self, shop: str, push_id: str, tasks: Sequence[Task]
    ) -> tuple[list[Finished], list[Task], PushRecord]:
        """Bring a push to its outcome and end the rows it settles; returns the tasks that need another body."""
        push = await self._pushes.get(shop, push_id)
        if push.state is PushState.OPEN:
            push = await self._sending.to_outcome(shop, push, lambda session: self._overtaken(session, shop, tasks))
        if push.state is PushState.WITHDRAWN:
            # An event came between the body and its first send: the rest goes in a new body.
            return [], list(tasks), push
        finished, left = await self._apply(shop, push, tasks)
        return finished, left, push

    async def _overtaken(self, session: Session, shop: str, tasks: Sequence[Task]) -> bool:
        watched = [task for task in tasks if task.row is not None and task.row.overrides_shopify]
        if not watched:
            return False
        stock = await self._ending.stock.load(shop, [task.key for task in watched], session)
        return any(
            task.row is not None and task.key in stock and event_since_preview(stock[task.key].stock, task.row)
            for task in watched
        )

    async def _apply(self, shop: str, push: PushRecord, tasks: Sequence[Task]) -> tuple[list[Finished], list[Task]]:
        outcomes: dict[tuple[str, CellKey], tuple[PushRow, PushOutcome]] = {
            (row.job_id, row.key): (row, outcome) for row, outcome in zip(push.rows, push.outcomes, strict=True)
        }
        left: list[Task] = []
        settled: list[Task] = []
        for task in tasks:
            _, outcome = outcomes[task.job_id, task.key]
            if outcome.outcome is RowOutcome.STALE:
                task.stale += 1
                metrics.PUSH_CONFLICTS.labels("stale").inc()
                left.append(task)
            elif outcome.outcome is RowOutcome.NOT_APPLIED:
                task.split = int(push.whole and len(push.rows) > 1)
                left.append(task)
            elif outcome.outcome is RowOutcome.REFUSED and push.runs > 1:
                left.append(task)  # the refusal may be that of a second execution
            else:
                settled.append(task)

        def decide(task: Task, cell: CellStock) -> CellOutcome | None:
            row, outcome = outcomes[task.job_id, task.key]
            return verdict_of(task, cell.stock, row, outcome, push.adjusted_at)

        finished, _ = await self._ending.end_by_stock(shop, settled, decide)
        _count_refused(finished)
        return finished, left


def _target(task: Task, stock: Stock, value: Value) -> Target | Ended:
    if task.undo is not None:
        return undo_target(stock, task.undo, value.quantity, allow_negative=task.allow_negative)
    if task.row is None:
        raise ValueError("a push needs the row that was approved")
    return push_target(stock, task.row, value.quantity, value.time, allow_negative=task.allow_negative)


def _count_refused(finished: Sequence[Finished]) -> None:
    for one in finished:
        if one.ended.code is not None:
            kind = "unknown" if one.ended.code is Code.OUTCOME_UNKNOWN else "refused"
            metrics.PUSH_CONFLICTS.labels(kind).inc()


def _row_of(task: Task, closed: PushRecord) -> tuple[PushRow, PushOutcome] | None:
    """The task's row in a push that Shopify has answered, with its outcome."""
    if closed.state is not PushState.ANSWERED:
        return None
    for row, outcome in zip(closed.rows, closed.outcomes, strict=True):
        if (row.job_id, row.key) == (task.job_id, task.key):
            return row, outcome
    return None


def _doubtful(task: Task, closed: PushRecord, held: Value) -> bool:
    """Whether a row that the answer calls not applied may have been applied all the same.

    A row named as stale or refused is believed where the call can have been executed only once.
    """
    found = _row_of(task, closed)
    if found is None or closed.first_sent_at is None:
        return False
    row, outcome = found
    if outcome.outcome is not RowOutcome.NOT_APPLIED and closed.runs <= 1:
        return False
    vague = closed.runs > 1 or closed.adjusted_at is not None
    return may_have_been_applied(held.quantity, held.time, row.target.quantity, closed.first_sent_at, vague=vague)


def _unread(task: Task, closed: PushRecord, verdict: CellOutcome) -> CellOutcome | None:
    """How a row ends that cannot be read any more; None where its push may have been applied unseen.

    The call may have run twice, or was applied in part without naming this row.
    """
    found = _row_of(task, closed)
    if found is None:
        return verdict
    in_part = closed.adjusted_at is not None and found[1].outcome is RowOutcome.NOT_APPLIED
    return None if closed.runs > 1 or in_part else verdict


def _refusal(task: Task, closed: PushRecord) -> CellOutcome | None:
    """The end of a row that Shopify refused by name, once it is known not to have been applied before."""
    found = _row_of(task, closed)
    if found is None or found[1].outcome is not RowOutcome.REFUSED:
        return None
    return CellOutcome(error(found[1].code or Code.PUSH_REFUSED, verify=True), detail=found[1].detail)
