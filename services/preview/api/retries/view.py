"""What a retry can do: which failed cells it works on again, and which need a new preview or a person."""

from __future__ import annotations

from datetime import UTC, datetime

from services.preview.api.http.dependencies import Dependencies
from shared.domain.preview import PREVIEW_VALID
from shared.domain.words.codes import Code, row_is_stale


async def retry_shares(deps: Dependencies, shop: str, job_id: str, *, left_out: bool) -> tuple[int, dict[str, int]]:
    """How many failed cells a retry works on again, and by code those it must leave behind."""
    fresh, old = await deps.listings.failed_codes(shop, job_id, datetime.now(UTC) - PREVIEW_VALID)
    behind = {code: number for code, number in fresh.items() if _needs_a_person(code)}
    again = sum(fresh.values()) - sum(behind.values())
    for code, number in old.items():
        name = code if _needs_a_person(code) else str(Code.PREVIEW_EXPIRED)
        behind[name] = behind.get(name, 0) + number
    if left_out:
        again += await deps.listings.left_out(shop, job_id)
    return again, behind


def _needs_a_person(code: str) -> bool:
    return code in Code.__members__ and (code == Code.OUTCOME_UNKNOWN or row_is_stale(Code(code)))
