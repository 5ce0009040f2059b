"""Every command: help, a good and a bad use, its JSON, piped and at 80 columns; over the stores and over HTTP."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator
from ulid import ULID

from services.command_line.command_table import app
from services.preview.bootstrap import PreviewService
from shared.domain.comparison import Direction
from tests.integration.api.api_setup import session_token
from tests.integration.command_line.command_line_runs import STYLE, settings_as_environment
from tests.integration.command_line.commands_in_process import Run, run_here
from tests.integration.command_line.every_command import ELSEWHERE, HTTP, NONE, STORES, USES, Use
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, SHOP, ShopWorld, reconciler, shop_world
from tests.waiting import ended


def commands(name: str, command: Any) -> Iterator[str]:
    """The names of the commands below one."""
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name
        return
    for word, inner in inside.items():
        yield from commands(f"{name} {word}".strip(), inner)


EVERY = list(commands("", typer.main.get_command(app)))


@dataclass
class Surroundings:
    """What commands are run in, and what they act on."""

    world: ShopWorld
    environment: Mapping[str, str]
    schemas: Mapping[str, Any]
    folder: Path
    known: dict[str, str]
    undoable: list[str] = field(default_factory=list)

    async def words(self, use: str) -> list[str]:
        """The words of a use, with what they stand for."""
        known = dict(self.known)
        if "{undoable}" in use:
            known["undoable"] = self.undoable.pop() if "--yes" in use else self.undoable[-1]
        if "{spare}" in use:
            known["spare"] = f"S{ULID()}"
            await self.world.add_boms({known["spare"]: [1, 2]})
        if "{open}" in use:
            asked = ("reconcile", "--direction", "toLocal", "--preview", known["preview"], "--yes", "--json")
            known["open"] = json.loads((await self.run(*asked)).output)["job_id"]
        if "{made}" in use:
            known["made"] = await self.schedule()
        return [word.format_map(known) for word in use.split()]

    async def schedule(self) -> str:
        """A schedule of its own."""
        made = await self.run(
            *("schedules", "add", "--name", "x", "--direction", "toLocal", "--all"),
            *("--hourly", "5", "--time-zone", "UTC", "--json"),
        )
        return str(json.loads(made.output)["schedule_id"])

    async def run(self, *words: str, columns: int | None = None) -> Run:
        """Run a command."""
        return await run_here(words, self.environment, columns=columns)


def _token() -> str:
    """What the API takes as it takes a key; it outlives the test."""
    return session_token(SHOP, CLIENT_SECRET, aud=CLIENT_ID, exp=int(time.time()) + 86_400)


@asynccontextmanager
async def surroundings(world: ShopWorld, way: str, folder: Path) -> AsyncIterator[Surroundings]:
    """Three BOMs at two locations with differences, jobs that have ended, a preview, a schedule; nobody works."""
    here, _ = world.locations
    await world.add_boms({"B1": [5, 6], "B2": [7, 8], "B4": [1, 2]}, tracks=True)
    await world.add_boms({"B3": [9, 10]})
    await world.agree()
    undoable = []
    async with reconciler(world):
        for bom in ("B1", "B4"):
            await world.hand(bom, here, 1)
            undoable.append((await world.run(Direction.TO_SHOPIFY, {"bom_ids": [bom]}))["job_id"])
        await world.control("delete_item", {"item_id": world.items["B2"]})
        await world.hand("B2", here, 1)
        failed = await world.run(Direction.TO_SHOPIFY, {"bom_ids": ["B2"]})
    await world.edit({("B3", here): 4})
    boms_file, counts_file = folder / "boms.csv", folder / "counts.csv"
    boms_file.write_text("name,sku,bom_id\nNew,NEW-1,N1\n", encoding="utf-8")
    counts_file.write_text(f"bom_id,location,count\nB1,{here},40\nB9,{here},1\n", encoding="utf-8")
    await world.control("items", {"items": [{"sku": "NEW-1"}]})
    service = await PreviewService.start(world.settings, port=0, operations=False)
    try:
        environment = settings_as_environment(world.settings)
        if way == HTTP:
            environment = {"TRUEUP_URL": f"http://127.0.0.1:{service.port}", "TRUEUP_KEY": _token()}
        async with world.http.get(f"http://127.0.0.1:{service.port}/api/openapi.json") as response:
            schemas = (await response.json())["components"]
        made = Surroundings(world, environment, schemas, folder, {}, undoable)
        preview = await made.run("previews", "take", "--all", "--json")
        assert preview.code == 0, preview.errors
        made.known |= {
            "none": NONE,
            "place": here,
            "item": world.items["B1"],
            "failed": failed["job_id"],
            "preview": json.loads(preview.output)["preview_id"],
            "schedule": await made.schedule(),
            "boms_file": str(boms_file),
            "counts_file": str(counts_file),
        }
        yield made
    finally:
        await service.stop()


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """A shop with two locations."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        yield made


@pytest.mark.parametrize("way", [STORES, HTTP])
async def test_every_command_in_every_way(world: ShopWorld, way: str, tmp_path: Path) -> None:
    """A good use does what it says, whole where it is piped and within 80 columns on a terminal; its JSON has the API's
    form; a bad use names the argument, without a traceback."""
    documents: list[str] = []
    wrong: list[str] = []
    async with surroundings(world, way, tmp_path) as here:
        for use in USES:
            if way not in use.ways:
                continue
            try:
                documents += await every_way(here, use)
            except AssertionError as failed:
                wrong.append(str(failed))
    assert not wrong, "\n".join(wrong)
    await through_jq(documents)


async def every_way(here: Surroundings, use: Use) -> list[str]:
    """One command in each of its ways; returns the JSON that it printed."""
    documents: list[str] = []
    bad = await here.run(*await here.words(use.bad))
    assert bad.code == 2, (use.bad, bad.errors, bad.output)
    assert use.named in bad.errors, (use.bad, bad.errors)
    assert "Traceback" not in bad.errors, bad.errors
    if use.json:
        told = await here.run(*await here.words(use.good), "--json")
        assert told.code == use.code, (use.good, told.errors)
        documents.append(told.output)
        check_form(use, json.loads(told.output), here.schemas)
    plain = await here.run(*await here.words(use.good))
    assert plain.code == use.code, (use.good, plain.errors)
    assert "\x1b" not in plain.output + plain.errors, use.good
    assert "…" not in plain.output.replace("… and", ""), (use.good, plain.output)
    if not use.changes and use.json:
        shown = await here.run(*await here.words(use.good), columns=80)
        assert shown.code == use.code, (use.good, shown.errors)
        wide = [line for line in STYLE.sub("", shown.output).splitlines() if len(line) > 80]
        assert wide == [], (use.good, wide)
    return documents


def check_form(use: Use, document: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """The document is what the API's description says, field by field."""
    rest = {name: value for name, value in document.items() if name not in use.parts}
    if use.whole is not None:
        check(rest, use.whole, schemas, use.good)
    elif use.parts:
        assert rest == {}, use.good
    for name, form in use.parts.items():
        for one in document[name] if isinstance(form, list) else [document[name]]:
            check(one, form[0] if isinstance(form, list) else form, schemas, use.good)


def check(value: dict[str, Any], form: str, schemas: Mapping[str, Any], named: str) -> None:
    """A value has the form of a schema, and every field of it, and no other."""
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{form}", "components": schemas})
    assert [error.message for error in validator.iter_errors(value)] == [], (named, form)
    assert set(value) <= set(schemas["schemas"][form]["properties"]), (named, form)


async def through_jq(documents: list[str]) -> None:
    """Whatever reads JSON reads each."""
    if shutil.which("jq") is None:
        assert all(isinstance(json.loads(document), dict) for document in documents)
        return
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec("jq", "-c", "type", stdin=pipe, stdout=pipe, stderr=pipe)
    output, errors = await ended(process, "".join(documents).encode(), what="jq")
    assert (process.returncode, errors) == (0, b"")
    assert output.decode().split() == ['"object"'] * len(documents)


async def test_every_command_has_help() -> None:
    """`-h` says how it is used, within 80 columns, and asks no server."""
    for name in EVERY:
        done = await run_here([*name.split(), "-h"], {"COLUMNS": "80"})
        assert done.code == 0, done.errors
        assert done.output.startswith(f"Usage: trueup {name}")
        assert [line for line in done.output.splitlines() if len(line) > 80] == []


def test_every_command_is_in_the_table() -> None:
    """A new command has a good and a bad use."""
    known = {name for name in EVERY for use in USES if use.good.split()[: len(name.split())] == name.split()}
    assert set(EVERY) - known - set(ELSEWHERE) == set()
