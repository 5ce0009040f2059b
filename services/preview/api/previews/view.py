"""Previews and their rows as they are shown."""

from __future__ import annotations

from dataclasses import asdict

from services.preview.api.http.reference.explained import code_counts, failed, reason_counts
from services.preview.api.previews.models import Badges, Moves, PreviewOut, RowOut
from shared.domain.preview import expires_at
from shared.domain.words.codes import Code, explanation
from shared.domain.words.reasons import reason_text
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
        left_out=reason_counts(preview.left_out),
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


def row_out(stored: PreviewRow) -> RowOut:
    """From its record."""
    row = stored.row
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
        base=None if row is None else row.base,
        difference=stored.difference,
        cell_class=stored.cell_class,
        suggested=stored.suggested,
        shopify_changed_at=None if row is None else row.shopify_time,
        reason=reason,
        code=code,
        message=message or reason_text(reason),
        remedy=remedy,
    )
