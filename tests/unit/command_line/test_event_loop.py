"""Which event loop a service runs on."""

from __future__ import annotations

import asyncio

import pytest

from services.command_line import event_loop


async def loops_module() -> str:
    """Where the running loop comes from."""
    return type(asyncio.get_running_loop()).__module__


def test_a_service_runs_on_uvloop() -> None:
    """It takes a third less of the processor for the same work."""
    assert event_loop.run(loops_module()) == "uvloop"


def test_where_uvloop_is_not_made_for_a_service_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows there is no uvloop, and nothing asks for it."""
    monkeypatch.setattr("services.command_line.event_loop.sys.platform", "win32")
    assert event_loop.run(loops_module()).startswith("asyncio.")
