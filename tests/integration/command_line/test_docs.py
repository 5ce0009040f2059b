"""The commands in the documents work, in the order in which a reader runs them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.backends.places import DatabasePool, VhostPool
from tests.docs_commands import FIRST_HOUR, PROJECT, blocks, documents, runs_something
from tests.trial import Trial, trial
from tests.waiting import ended

WITH_COMMANDS = [document for document in documents() if runs_something(document)]


def script_of(document: Path, here: Trial) -> str:
    """The document's commands as one script that ends with the first that fails, and says which."""
    ours = {"8080": here.port, "9090": here.operations_port, "8085": here.simulator_port}
    lines = []
    for block in blocks(document):
        if block.language != "console" or block.reason is not None:
            continue
        for command in block.commands():
            place = f"{document.relative_to(PROJECT)}:{command.line}"
            text = re.sub(r"127\.0\.0\.1:(\d+)", lambda m: f"127.0.0.1:{ours.get(m[1], m[1])}", command.text)
            lines += [text, f'code=$?; [ $code = 0 ] || {{ echo "{place} ended with $code" >&2; exit 1; }}']
    return "\n".join(lines)


@dataclass(frozen=True)
class Reader:
    """Somebody who has come through the first hour."""

    here: Trial
    directory: Path
    first_hour: tuple[int | None, str]


async def run(document: Path, here: Trial, directory: Path) -> tuple[int | None, str]:
    """Run a document's commands in a directory: exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script_of(document, here)),
        env=here.environment | {"PATH": f"{PROJECT}/.venv/bin:{here.environment['PATH']}"},
        cwd=directory,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await ended(process, what=f"the commands of {document.name}")
    return process.returncode, output.decode()


@pytest.fixture(scope="module")
async def reader(
    amqp_url: str,
    mongodb_uri: str,
    vhosts: VhostPool,
    databases: DatabasePool,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Reader]:
    """Running services and the shop of the first hour, for all documents."""
    vhost, database = vhosts.take(), databases.take()
    directory = tmp_path_factory.mktemp("documents")
    elsewhere = directory / "reader"
    elsewhere.mkdir()
    url = urlsplit(amqp_url)._replace(path=f"/{vhost}").geturl()
    async with trial(url, mongodb_uri, database, directory) as here:
        yield Reader(here, elsewhere, await run(FIRST_HOUR, here, elsewhere))
    await vhosts.give_back(vhost)
    databases.give_back(database)


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: str(path.relative_to(PROJECT)))
async def test_the_commands_in_a_document_work(reader: Reader, document: Path) -> None:
    """Every command that is not marked otherwise ends with 0, against running services, and leaves no file behind."""
    of_first_hour = document == FIRST_HOUR
    code, output = reader.first_hour if of_first_hour else await run(document, reader.here, reader.directory)
    assert code == 0, output[-3000:]
    assert list(reader.directory.iterdir()) == []


def test_there_is_something_to_run() -> None:
    """The first hour, and more."""
    assert FIRST_HOUR in WITH_COMMANDS
    assert len(WITH_COMMANDS) > 1
