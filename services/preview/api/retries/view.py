"""What a retry can do: which failed cells it works on again, and which need a person or a new preview first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.reference.explained import code_counts
from services.preview.api.retries.models import RetryShares
from shared.domain.preview import PREVIEW_VALID
from shared.domain.words.codes import Code, Mend, mend_of


@dataclass(frozen=True, slots=True)
class Shares:
    """Failed cells: how many may just be run again, and by code those that need a person, or a new preview, first.

    `codes`: all with which a cell has failed.
    """

    again: int
    codes: frozenset[str] = frozenset()
    person: Mapping[str, int] = field(default_factory=dict)
    preview: Mapping[str, int] = field(default_factory=dict)

    def re_run(self, *, mended: bool) -> int:
        """How many cells a retry works on."""
        return self.again + (sum(self.person.values()) if mended else 0)

    def behind(self, *, mended: bool) -> dict[str, int]:
        """By code the cells that are no part of it."""
        return {**self.preview, **({} if mended else self.person)}

    def without(self, *, mended: bool) -> list[Code]:
        """The codes that the retry leaves out."""
        # By how they failed, not by their age: asked again a day later it is still the same retry.
        out = {Mend.PREVIEW} if mended else {Mend.PREVIEW, Mend.PERSON}
        return sorted(Code(code) for code in self.codes if mend_of(code) in out)


async def retry_shares(deps: Dependencies, shop: str, job_id: str, *, with_not_compared: bool) -> Shares:
    """What a retry of the job can do."""
    fresh, old = await deps.listings.failed_codes(shop, job_id, datetime.now(UTC) - PREVIEW_VALID)
    again = await deps.listings.not_compared(shop, job_id) if with_not_compared else 0
    person: dict[str, int] = {}
    preview: dict[str, int] = {}
    for code, number in fresh.items():
        mend = mend_of(code)
        if mend is Mend.NOTHING:
            again += number
        else:
            shares = person if mend is Mend.PERSON else preview
            shares[code] = shares.get(code, 0) + number
    for code, number in old.items():
        # What was pushed from an old row once is not pushed from it again, whatever is mended.
        name = code if mend_of(code) is Mend.PREVIEW else str(Code.PREVIEW_EXPIRED)
        preview[name] = preview.get(name, 0) + number
    return Shares(again, frozenset(fresh) | frozenset(old), person, preview)


def shares_out(shares: Shares) -> RetryShares:
    """The same as it is shown."""
    return RetryShares(
        re_run=shares.again,
        needs_person=sum(shares.person.values()),
        needs_person_codes=code_counts(shares.person),
        needs_preview=sum(shares.preview.values()),
        needs_preview_codes=code_counts(shares.preview),
    )
