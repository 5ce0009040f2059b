"""Previews and their rows as they are shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from services.preview.api.http.reference.explained import code_counts, failed, reason_counts
from services.preview.api.previews.models import (
    Badges,
    ChangesOut,
    Effort,
    MovedRowOut,
    Moves,
    PreviewOut,
    RowOut,
)
from shared.domain.comparison import Direction, Row
from shared.domain.preview import expires_at
from shared.domain.will_change import Move, MovedRow, WillChange, fate
from shared.domain.words.codes import Code, explanation
from shared.domain.words.reasons import reason_remedy, reason_text
from shared.mongodb.previews.preview import ClassMove, Preview, PreviewRow
from shared.mongodb.shops.shops import Shop


def preview_out(preview: Preview, shop: Shop | None = None) -> PreviewOut:
    """From its record, for its shop."""
    allow_negative = shop is not None and shop.allow_negative
    taken, failure = preview.taken_from, preview.failure
    return PreviewOut(
        preview_id=preview.preview_id,
        state=preview.state.value,
        requested_by=preview.requested_by,
        requested_at=preview.requested_at,
        taken_from=taken,
        finished_at=preview.finished_at,
        expires_at=None if taken is None else expires_at(taken),
        total=preview.total,
        done=preview.done,
        badges=None if preview.badges is None else Badges(**asdict(preview.badges)),
        classes=dict(preview.classes),
        not_compared=reason_counts(preview.not_compared),
        codes=code_counts(preview.codes),
        moves=[_moves(move, allow_negative=allow_negative) for move in preview.moves or ()],
        failure=None if failure is None else failed(failure.code, failure.message, failure.remedy),
    )


def _moves(move: ClassMove, *, allow_negative: bool) -> Moves:
    refused = {
        code: number
        for code, number in move.not_pushed.items()
        if not (allow_negative and code == Code.NEGATIVE_TARGET)
    }
    return Moves.model_validate({**asdict(move), "not_pushed": code_counts(refused)})


def changes_out(changes: WillChange, direction: Direction, preview: Preview, effort: Effort) -> ChangesOut:
    """What a run will change, with what could not be compared."""
    uncompared = {**preview.not_compared, **preview.codes}
    return ChangesOut(
        direction=direction,
        cells=changes.cells,
        boms=changes.boms,
        up=changes.up,
        down=changes.down,
        first_counts=changes.first_counts,
        emptied=changes.emptied,
        rise=_moved(changes.rise),
        fall=_moved(changes.fall),
        largest=changes.largest,
        classes=dict(changes.classes),
        refused=code_counts(changes.refused),
        not_compared=code_counts(uncompared),
        left_out=changes.left_out,
        effort=effort,
    )


def _moved(row: MovedRow | None) -> MovedRowOut | None:
    if row is None:
        return None
    return MovedRowOut(
        bom_id=row.key.bom_id,
        bom_name=row.bom_name,
        location_id=row.key.location_id,
        location_name=row.location_name,
        before=row.move.before,
        after=row.move.after,
        by=row.move.by,
    )


def _becomes(row: Row | None, direction: Direction, *, allow_negative: bool) -> tuple[int | None, str | None]:
    """What the receiving side becomes, or why a run leaves it as it is."""
    outcome = None if row is None else fate(row, direction, allow_negative=allow_negative)
    if isinstance(outcome, Move):
        return outcome.after, None
    return None, None if outcome is None else str(outcome)


def row_out(stored: PreviewRow, *, allow_negative: bool = False) -> RowOut:
    """From its record, for a shop that allows negative targets or not."""
    row = stored.row
    pushed, refused = _becomes(row, Direction.TO_SHOPIFY, allow_negative=allow_negative)
    pulled, _ = _becomes(row, Direction.TO_LOCAL, allow_negative=allow_negative)
    local_is: Literal["count", "last_known"] | None = None
    if row is not None and row.local is not None and stored.counted is not None:
        local_is = "count" if stored.counted else "last_known"
    reason = None if stored.reason is None else str(stored.reason)
    code = None if stored.code is None else str(stored.code)
    message, remedy = explanation(code)
    return RowOut(
        no=stored.no,
        bom_id=stored.key.bom_id,
        bom_name=stored.bom_name,
        location_id=stored.key.location_id,
        location_name=stored.location_name,
        inventory_item_id=stored.item_id,
        shopify_value=None if row is None else row.shopify,
        local_value=None if row is None else row.local,
        local_is=local_is,
        base=None if row is None else row.base,
        difference=stored.difference,
        shopify_becomes=pushed,
        local_becomes=pulled,
        not_pushed=refused,
        not_pushed_message=explanation(refused)[0] or reason_text(refused),
        cell_class=stored.cell_class,
        suggested=stored.suggested,
        shopify_value_at=None if row is None else row.shopify_time,
        reason=reason,
        code=code,
        message=message or reason_text(reason),
        remedy=remedy or reason_remedy(reason),
    )
