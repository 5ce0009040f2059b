"""Codes and reasons with the sentences a merchant reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field

from shared.domain.codes import EXPLAINED, Code
from shared.domain.comparison import Reason
from shared.domain.pauses import pause_explained
from shared.domain.waits import wait_explained
from shared.mongodb.jobs.job import Held
from shared.mongodb.shops.shops import Shop

REASONS: dict[Reason, str] = {
    Reason.UNTRACKED: "Shopify does not track this item's quantity.",
    Reason.NOT_STOCKED: "The item is not stocked at this location in Shopify; a run with `activate` stocks it first.",
    Reason.LOCATION_INACTIVE: "The location is deactivated in Shopify.",
    Reason.FULFILLMENT_SERVICE: "A fulfilment service keeps the stock of this location.",
    Reason.EXTERNALLY_MANAGED: "Another tool computes this BOM's quantity in Shopify.",
    Reason.NEVER_COUNTED: (
        "Nobody has counted this cell yet, so there is no count to push: count it, or accept Shopify's value."
    ),
    Reason.NEVER_AGREED: "The two sides have never agreed here: a person has to choose, a schedule does not.",
    Reason.IN_SYNC: "Both sides agree.",
    Reason.ALREADY_EQUAL: "Shopify already holds the value.",
    Reason.SETTLED_SINCE_PREVIEW: "Another run has brought both sides together since the preview.",
    Reason.CLASS_CHANGED: "The cell no longer needs this repair, or a person has to choose now.",
    Reason.NOTHING_TO_UNDO: "The run had changed nothing here that could be taken back.",
}
"""What each reason means."""


class CodeCount(BaseModel):
    """How many cells ended with a code, and what it means."""

    code: str
    count: int
    message: str | None
    remedy: str | None


class ReasonCount(BaseModel):
    """How many cells were skipped or left out for a reason."""

    reason: str
    count: int
    message: str | None


class Failure(BaseModel):
    """Why a preview or job as a whole failed."""

    code: str
    message: str
    remedy: str | None = Field(None, description="What to do about it, where that is known.")


class Pause(BaseModel):
    """The shop takes no calls now; the job waits for it and goes on by itself."""

    reason: str
    detail: str | None = Field(description="The access scopes that are missing, or where a redirect leads.")
    since: AwareDatetime
    message: str
    remedy: str


class Wait(BaseModel):
    """What an unfinished job waits for now; it goes on by itself."""

    reason: str
    since: AwareDatetime
    until: AwareDatetime = Field(description="When it is tried again.")
    message: str


_WAITED_OUT = timedelta(seconds=15)
"""This long after its end a wait is over, though nobody has said so: whoever waited may have died."""


def wait_of(held: Held | None) -> Wait | None:
    """What a job waits for, None where it does not."""
    if held is None or held.until + _WAITED_OUT < datetime.now(UTC):
        return None
    return Wait(reason=held.reason, since=held.since, until=held.until, message=wait_explained(held.reason))


def pause_of(shop: Shop | None) -> Pause | None:
    """The shop's pause, None where it is not paused."""
    if shop is None or shop.status != "paused" or shop.paused_at is None:
        return None
    reason, detail = shop.pause_reason or "unknown", shop.pause_detail
    why = pause_explained(reason, detail)
    return Pause(reason=reason, detail=detail, since=shop.paused_at, message=why.message, remedy=why.remedy)


def explanation(code: str | None) -> tuple[str | None, str | None]:
    """Message and remedy of a code; (None, None) where there is no code."""
    if code is None or code not in Code.__members__:
        return None, None
    explained = EXPLAINED[Code(code)]
    return explained.message, explained.remedy


def reason_text(reason: str | None) -> str | None:
    """What a reason means."""
    return REASONS[Reason(reason)] if reason is not None and reason in set(Reason) else None


def code_counts(counts: Mapping[str, int]) -> list[CodeCount]:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        CodeCount(
            code=code, count=count, message=explanation(code)[0] or reason_text(code), remedy=explanation(code)[1]
        )
        for code, count in ordered
    ]


def reason_counts(counts: Mapping[str, int]) -> list[ReasonCount]:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [ReasonCount(reason=reason, count=count, message=reason_text(reason)) for reason, count in ordered]


def failure_of(stored: Mapping[str, str] | None) -> Failure | None:
    """A stored failure with its remedy."""
    if stored is None:
        return None
    return failed(stored["code"], stored.get("message"), stored.get("remedy"))


def failed(code: str, message: str | None, remedy: str | None = None) -> Failure:
    """A failure with its remedy: what was said of it goes before what the code says."""
    known_message, known_remedy = explanation(code)
    return Failure(code=code, message=message or known_message or "", remedy=remedy or known_remedy)
