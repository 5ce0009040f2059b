"""Codes, reasons, pauses and waits have their sentences in the domain, whoever shows them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from deploy.local.demo.shown.documents import paused_document
from services.command_line.terminal.documents import encoded
from services.preview.api.http.reference.explained import pause_of
from shared.domain.comparison import Reason
from shared.domain.words.codes import Code, explanation
from shared.domain.words.pauses import PAUSES
from shared.domain.words.reasons import REASONS, reason_text
from shared.domain.words.waits import WaitReason, job_wait
from shared.mongodb.shops.shops import Shop

AT = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)


def test_every_reason_has_its_sentence() -> None:
    """Those of the enumeration, each once; a word of a newer build has none."""
    assert set(REASONS) == set(Reason)
    assert [reason_text(word) for word in (Reason.UNTRACKED, "moonlight", None)] == [
        REASONS[Reason.UNTRACKED],
        None,
        None,
    ]


def test_every_code_has_its_sentence_and_its_remedy() -> None:
    """A word of a newer build has neither, and is no mistake."""
    assert all(all(explanation(code)) for code in Code)
    assert explanation("MOONLIGHT") == explanation(None) == (None, None)


def test_a_wait_is_over_a_little_after_its_end() -> None:
    """Whoever waited may have died without saying that it goes on."""
    end = AT + timedelta(seconds=60)
    for late, waits in ((-60, True), (0, True), (15, True), (16, False)):
        wait = job_wait(WaitReason.BUDGET, AT, end, end + timedelta(seconds=late))
        assert (wait is not None) is waits


@pytest.mark.parametrize("reason", [*PAUSES, "of a newer build", None])
@pytest.mark.parametrize("at", [AT, AT.replace(microsecond=0)], ids=["with a fraction", "whole"])
def test_a_pause_is_shown_by_the_command_line_as_by_the_api(reason: str | None, at: datetime) -> None:
    """Field by field in the same order and form, to the byte."""
    shop = Shop("a.myshopify.com", "paused", reason, at, allow_negative=False, pause_detail="write_inventory")
    shown = pause_of(shop)
    assert shown is not None
    assert encoded(paused_document(shop)) == encoded({"paused": json.loads(shown.model_dump_json())})


@pytest.mark.parametrize("status", ["active", "installing", "uninstalled", "paused"])
def test_a_shop_that_is_not_paused_has_no_pause(status: str) -> None:
    """Nor one that only says that it is, without since when."""
    shop = Shop("a.myshopify.com", status, "frozen", None if status == "paused" else AT, allow_negative=False)
    assert (shop.pause, pause_of(shop), paused_document(shop), pause_of(None)) == (None, None, {}, None)
