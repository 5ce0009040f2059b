"""What cannot work stops the start with one line and exit status 2, what is away with 3; nothing of it is 70.

Each row of the table is a start of `trueup serve all` against real servers that are not as it needs them, told by the
command's own words. `pytest -s` prints the table, with seconds that are never judged.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from time import monotonic

import pytest

from services.command_line.all_services import AllServices
from services.command_line.main import ending_of
from shared.mongodb import connection as mongodb
from shared.rabbitmq import connection as rabbitmq
from shared.settings import load_settings
from tests.integration.command_line.starts.rows import AWAY, WRONG
from tests.integration.command_line.starts.servers import (
    Environment,
    Servers,
    environment,
)

PATIENCE = 1.5


async def started_here(given: Environment, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """Start all services in this process, by the settings of the environment: the last line, and the exit code."""
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    try:
        service = await AllServices.start(load_settings())
    except Exception as error:  # noqa: BLE001  # whatever it is: that is what is looked at
        return ending_of(error)
    await service.stop()
    return "", 0


@pytest.fixture
def _first_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As patient with a first answer as the product is; other tests are more, on a machine that has much to do."""
    monkeypatch.setattr(rabbitmq, "FIRST_ANSWER", PATIENCE)
    monkeypatch.setattr(mongodb, "FIRST_ANSWER", PATIENCE)


TWINS = frozenset(
    {
        "a standalone mongod, asked for a set",
        "another set",
        "MongoDB: the port of HTTP",
        "MongoDB: none where TLS is",
        "MongoDB: a user of one role",
        "RabbitMQ: no right to write",
        "RabbitMQ: a certificate of nobody",
        "RabbitMQ: the port of HTTP",
        "a capped collection",
        "another's own queue",
        "MongoDB: no connection comes about",
        "RabbitMQ: nothing is answered",
    }
)
"""Rows that are told by the same line of ours as another one: for the full table alone."""


@pytest.mark.usefixtures("_first_answers")
@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=[pytest.mark.full] * (row in TWINS)) for row in (*WRONG, *AWAY)]
)
async def test_a_start_that_cannot_work_says_why_on_one_line(
    servers: Servers, vhost: str, database_name: str, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    """Of what must be mended the setting and the remedy, of what is away the host and the cause; never a secret."""
    given, named, words = WRONG.get(row) or AWAY[row]
    async with AsyncExitStack() as stack:
        own = given(servers, stack)
        own = await own if asyncio.iscoroutine(own) else own
        began = monotonic()  # only printed
        line, code = await started_here(environment(servers, vhost, database_name) | own, monkeypatch)
    print(f"{monotonic() - began:5.1f} s  {code}  {row}: {line}")  # noqa: T201  # the table, with `pytest -s`
    assert code == (2 if row in WRONG else 3), line
    assert named in line
    assert words in line
    assert "\n" not in line
    assert not any(secret in line for secret in ("not-it", "hid@den", "hid", "guest:guest", "readerpass")), line
