"""No verdict by the clock: what waits, sleeps or measures time in tests does so in `tests/waiting.py`, or says why."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import StandsStill, Still, arrival, until

TESTS = Path(__file__).resolve().parents[2]
AT_ONCE = Still(0, 2)
WAITING = TESTS / "waiting.py"

_CLOCKS = {"timeout", "timeout_at", "wait_for", "sleep", "monotonic", "monotonic_ns", "perf_counter", "time_ns"}
"""Names under which asyncio and time wait, sleep and measure."""

_MODULES = {"asyncio", "time"}


def _clock_uses(source: str) -> Iterator[int]:
    """The lines that use a clock without a reason behind it; `sleep(0)` only lets others run."""
    lines = source.splitlines()
    tree = ast.parse(source)
    bare = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in _MODULES
        for alias in node.names
        if alias.name in _CLOCKS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        named = isinstance(called, ast.Name) and called.id in bare
        of_module = (
            isinstance(called, ast.Attribute)
            and called.attr in _CLOCKS
            and isinstance(called.value, ast.Name)
            and called.value.id in _MODULES
        )
        if not (named or of_module) or _only_yields(node):
            continue
        if "  # " not in lines[node.lineno - 1]:
            yield node.lineno


def _only_yields(call: ast.Call) -> bool:
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def test_no_test_waits_or_judges_by_a_clock_of_its_own() -> None:
    """Each such line is in tests/waiting.py, or has its reason in a comment on the same line."""
    found = [
        f"{path.relative_to(TESTS.parent)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if path != WAITING
        for line in _clock_uses(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nasync def f():\n    async with asyncio.timeout(5): pass",
        "import asyncio\nasync def f(x):\n    await asyncio.wait_for(x, 5)",
        "from time import monotonic\nassert monotonic() < 3",
        "import time\ntime.sleep(1)",
    ],
)
def test_a_clock_is_seen(source: str) -> None:
    """Whichever way it is called."""
    assert list(_clock_uses(source))


async def test_what_stands_still_fails() -> None:
    """And says what was awaited."""
    with pytest.raises(StandsStill, match="the end of the world"):
        await until(lambda: False, what="the end of the world", still=AT_ONCE)


async def test_what_moves_is_waited_for() -> None:
    """However long it takes: here longer than it may stand still."""
    looks: list[int] = []

    def progress() -> int:
        looks.append(len(looks))
        return len(looks)

    await until(lambda: len(looks) > 10, what="ten looks", progress=progress, still=AT_ONCE)


async def test_an_event_that_never_comes_fails_and_is_cancelled() -> None:
    """Nothing of the wait is left behind."""
    cancelled: list[bool] = []

    async def never() -> None:

        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(StandsStill):
        await arrival(never(), what="never", still=AT_ONCE)
    assert cancelled == [True]
