"""Codes, reasons, pauses and waits as the API shows them, with the domain's sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, Field

from shared.domain.words.codes import explanation
from shared.domain.words.reasons import reason_remedy, reason_text
from shared.mongodb.jobs.job import Job
from shared.mongodb.shops.shops import Shop


class CodeCount(BaseModel):
    """How many cells ended with a code, and what it means."""

    code: str
    count: int
    message: str | None
    remedy: str | None


class CodeMeaning(BaseModel):
    """A code, and what it means."""

    code: str
    message: str | None
    remedy: str | None


class ReasonCount(BaseModel):
    """How many cells were skipped, or not compared, for a reason."""

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


def wait_of(job: Job) -> Wait | None:
    """What a job waits for now, None where it does not."""
    wait = None if job.held is None else job.held.wait(datetime.now(UTC))
    return None if wait is None else Wait.model_validate(wait, from_attributes=True)


def pause_of(shop: Shop | None) -> Pause | None:
    """The shop's pause, None where it is not paused."""
    pause = None if shop is None else shop.pause
    return None if pause is None else Pause.model_validate(pause, from_attributes=True)


def code_counts(counts: Mapping[str, int]) -> list[CodeCount]:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        CodeCount(
            code=code,
            count=count,
            message=explanation(code)[0] or reason_text(code),
            remedy=explanation(code)[1] or reason_remedy(code),
        )
        for code, count in ordered
    ]


def code_meaning(code: str) -> CodeMeaning:
    """What a code means."""
    message, remedy = explanation(code)
    return CodeMeaning(code=code, message=message, remedy=remedy)


def reason_counts(counts: Mapping[str, int]) -> list[ReasonCount]:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [ReasonCount(reason=reason, count=count, message=reason_text(reason)) for reason, count in ordered]


def failed(code: str, message: str | None, remedy: str | None = None) -> Failure:
    """A failure with its remedy: what was said of it goes before what the code says."""
    known_message, known_remedy = explanation(code)
    return Failure(code=code, message=message or known_message or "", remedy=remedy or known_remedy)
