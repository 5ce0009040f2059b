"""The commands in the documents work, in the order in which a reader runs them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from deploy.local.ports import free_ports
from tests.backends.places import DatabasePool, VhostPool
from tests.docs_commands import FIRST_HOUR, PROJECT, blocks, documents, runs_something
from tests.trial import Trial, trial
from tests.trial import run as run_command
from tests.waiting import ended

CONNECTING = PROJECT / "docs" / "connecting-a-shop.md"
STORE = "a-store-of-its-own.myshopify.com"
(CERTIFY_PORT,) = free_ports(1)
WITH_COMMANDS = [document for document in documents() if runs_something(document)]


def script_of(document: Path, here: Trial) -> str:
    """The document's commands as one script that ends with the first that fails, and says which."""
    ours = {"8080": here.port, "9090": here.operations_port, "8085": here.simulator_port, "8099": CERTIFY_PORT}
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


async def run(
    document: Path, here: Trial, directory: Path, more: Mapping[str, str] | None = None
) -> tuple[int | None, str]:
    """Run a document's commands in a directory, with `more` variables: exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script_of(document, here)),
        env=here.environment | {"PATH": f"{PROJECT}/.venv/bin:{here.environment['PATH']}"} | dict(more or {}),
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


@asynccontextmanager
async def store(reader: Reader) -> AsyncIterator[Mapping[str, str]]:
    """A bare store where the app was just installed, and the variables that its page tells to set; gone afterwards."""
    token, here = "shpat_store", reader.here
    body = {"domain": STORE, "access_token": token, "locations": [{"name": "Main"}, {"name": "Store"}]}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{here.simulator_url}/control/shops", json=body) as made:
            places = [place["id"] for place in (await made.json())["locations"]]
        levels = [{"location_id": place, "available": 10} for place in places]
        items = [{"sku": sku, "title": sku.title(), "levels": levels} for sku in ("GIFT", "TOOLS")]
        async with http.post(f"{here.simulator_url}/control/shops/{STORE}/items", json={"items": items}) as made:
            assert made.ok, await made.text()
    trueup, where = str(PROJECT / ".venv" / "bin" / "trueup"), reader.directory.parent
    await run_command(here, trueup, "shop", "add", STORE, "--token-file", "-", directory=where, words=token)
    try:
        yield {"SHOP": STORE, "URL": here.url, "CERTIFY_URL": f"http://127.0.0.1:{CERTIFY_PORT}"}
    finally:
        # Commands of other documents name no shop: they speak of the only one.
        await run_command(here, trueup, "shop", "redact", STORE, "--yes", directory=where)


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: str(path.relative_to(PROJECT)))
async def test_the_commands_in_a_document_work(reader: Reader, document: Path) -> None:
    """Every command that is not marked otherwise ends with 0, against running services, and leaves no file behind."""
    of_first_hour = document == FIRST_HOUR
    if of_first_hour:
        code, output = reader.first_hour
    elif document == CONNECTING:
        async with store(reader) as more:
            code, output = await run(document, reader.here, reader.directory, more)
    else:
        code, output = await run(document, reader.here, reader.directory)
    assert code == 0, output[-3000:]
    assert list(reader.directory.iterdir()) == []


def test_there_is_something_to_run() -> None:
    """The first hour, and more."""
    assert FIRST_HOUR in WITH_COMMANDS
    assert len(WITH_COMMANDS) > 1
