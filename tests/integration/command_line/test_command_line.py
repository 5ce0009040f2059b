"""The command `trueup` against a running Trueup."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from pydantic import SecretStr

from deploy.local.ports import free_ports
from shared.domain.comparison import Direction
from tests import waiting
from tests.integration.command_line.command_line_runs import TRUEUP, environment_of, trueup
from tests.integration.shop_world import SHOP, TOKEN, ShopWorld, previewer, reconciler, shop_world
from tests.stored_access import StoredAccess


@pytest.fixture
async def world(vhost_url: str, mongodb_uri: str, database_name: str) -> AsyncIterator[ShopWorld]:
    """Three BOMs at two locations in agreement, two of them counted; services running."""
    async with (
        shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made,
        reconciler(made),
        previewer(made),
    ):
        await made.add_boms({"B1": [5, 6], "B2": [7, 8]}, tracks=True)
        await made.add_boms({"B3": [9, 10]})
        await made.agree()
        yield made


async def test_a_preview_shows_what_differs_and_changes_nothing(world: ShopWorld) -> None:
    """The table names each differing cell with both values, its difference and class, within 80 columns."""
    await world.hand("B1", world.locations[0], 3)
    await world.edit({("B3", world.locations[1]): 4})
    before = await world.shopify()
    ended = await trueup(world.settings, "previews", "take", "--shop", SHOP, "--all", columns=80)
    assert ended.code == 0, ended.errors
    lines = ended.output.splitlines()
    assert lines[0] == "3 BOMs: 2 with discrepancies, 1 already in sync, 0 could not be compared"
    assert max(len(line) for line in lines) <= 80
    rows = [line.split() for line in lines if line.startswith("BOM B")]
    assert rows == [
        ["BOM", "B3", "Location", "2", "4", "10", "-6", "shopify_moved"],
        ["BOM", "B1", "Location", "1", "5", "8", "-3", "local_moved"],
    ]
    assert await world.shopify() == before

    document = (
        await trueup(world.settings, "previews", "take", "--bom", "B3", "--location", world.locations[1], "--json")
    ).document
    (row,) = document["rows"]
    assert (row["bom_id"], row["location_id"], row["inventory_item_id"]) == (
        "B3",
        world.locations[1],
        world.items["B3"],
    )
    assert (row["shopify_value"], row["local_value"], row["difference"], row["cell_class"]) == (
        4,
        10,
        -6,
        "shopify_moved",
    )


async def test_a_job_is_watched_to_its_end_and_its_exit_status_tells_of_failed_cells(world: ShopWorld) -> None:
    """`--watch` ends with the summary; a failed cell is listed with its sentence and makes the exit status 1."""
    await world.hand("B1", world.locations[0], 3)
    await world.control("delete_item", {"item_id": world.items["B2"]})
    ended = await trueup(
        world.settings, "reconcile", "--direction", "toShopify", "--all", "--watch", "--yes", columns=80
    )
    assert ended.code == 1, ended.errors
    assert ended.output.splitlines()[-1] == "Total 6   Updated 1   Skipped 3   Errors 2"
    assert "ITEM_NOT_FOUND (2): Shopify does not know the product variant" in ended.output
    assert max(len(line) for line in ended.output.splitlines()) <= 80

    chosen = ["--bom", "B1", "--bom", "B3", "--watch", "--yes", "--json"]
    again = await trueup(world.settings, "reconcile", "--direction", "toLocal", *chosen)
    assert again.code == 0, again.errors
    assert (again.document["changes"]["cells"], again.document["rows"]) == (0, [])

    jobs = await trueup(world.settings, "jobs", "list", "--json")
    (first,) = jobs.document["items"]  # where nothing is to change there is no job
    assert first["state"] == "completed_with_errors"
    shown = await trueup(world.settings, "jobs", "show", first["job_id"])
    assert "Map the BOM to another variant" in " ".join(shown.output.split())

    await world.control("restore_item", {"item_id": world.items["B2"]})
    retried = await trueup(world.settings, "jobs", "retry", first["job_id"], "--mended", "--watch", "--json")
    assert retried.code == 0, retried.errors
    assert (retried.document["source"], retried.document["totals"]["total"]) == ("retry", 2)


async def test_a_preview_that_was_approved_is_what_the_job_works_on(world: ShopWorld) -> None:
    """`--preview ID` runs the job of that preview over its cells."""
    await world.hand("B1", world.locations[0], 3)
    preview = (await trueup(world.settings, "previews", "take", "--bom", "B1", "--json")).document
    ended = await trueup(
        world.settings,
        *("reconcile", "--direction", "toShopify", "--preview", preview["preview_id"], "--watch", "--yes", "--json"),
    )
    assert ended.code == 0, ended.errors
    assert ended.document["preview_id"] == preview["preview_id"]
    assert ended.document["totals"]["total"] == 2
    assert (await world.cell("B1", world.locations[0])).base == 8


async def test_what_only_reads_the_documents_works_while_the_broker_is_away(world: ShopWorld) -> None:
    """Jobs and dead letters can be looked at without RabbitMQ, as the runbooks ask; what needs it says so."""
    await world.hand("B1", world.locations[0], 3)
    asked = (
        await trueup(world.settings, "reconcile", "--direction", "toLocal", "--all", "--watch", "--yes", "--json")
    ).document
    away = world.settings.model_copy(update={"amqp_url": SecretStr("amqp://guest:guest@127.0.0.1:1/")})
    looks = [("jobs", "list"), ("jobs", "show", asked["job_id"]), ("dead-letters", "list")]
    acts = [("jobs", "retry", asked["job_id"]), ("previews", "take", "--all")]
    looked = await asyncio.gather(*(trueup(away, *arguments) for arguments in looks))
    assert [ended.errors for ended in looked] == ["", "", ""]
    assert asked["job_id"] in looked[0].output
    refused = await asyncio.gather(*(trueup(away, *arguments) for arguments in acts))
    assert [ended.code for ended in refused] == [3, 3]
    assert all("RabbitMQ cannot be reached" in ended.errors for ended in refused)


async def test_nothing_is_changed_without_a_yes(world: ShopWorld) -> None:
    """Where nobody can be asked, a job without `--yes` is refused and none is made."""
    await world.hand("B1", world.locations[0], 3)
    ended = await trueup(world.settings, "reconcile", "--direction", "toShopify", "--all")
    assert ended.code == 2
    assert "5 -> 8 (+3)" in ended.errors
    assert "--yes" in ended.errors
    assert await world.mongo.db["jobs"].count_documents({}) == 0


async def test_a_preview_that_failed_names_the_code_that_its_runbook_asks_for(world: ShopWorld) -> None:
    """Shopify answers nothing but 503: exit status 3, with READ_FAILED and the cause on one line."""
    await world.control("/control/faults", {"kind": "status", "status": 503, "count": 1000})
    ended = await trueup(world.settings, "previews", "take", "--all")
    assert ended.code == 3
    assert ended.output.startswith("the preview failed, READ_FAILED: Shopify could not be read")


async def test_a_plan_is_shown_kept_and_run_as_it_was(world: ShopWorld) -> None:
    """`--plan-only` changes nothing, says each step and the sums, and names the command that runs exactly it."""
    here, there = world.locations
    await world.hand("B1", here, 3)
    await world.edit({("B3", there): 4})
    plan = await trueup(
        world.settings, *("reconcile", "--direction", "toShopify", "--all", "--plan-only", "--exit-code")
    )
    assert plan.code == 4, plan.errors
    lines = plan.output.splitlines()
    assert ["BOM", "B3", "Location", "2", "4", "->", "10", "(+6)", "shopify_moved"] in [line.split() for line in lines]
    assert "Plan: 2 cells of 2 BOMs change in Shopify: +9 and 0 units" in lines
    assert "largest rise: BOM B3 at Location 2, 4 -> 10 (+6)" in lines
    assert await world.mongo.db["jobs"].count_documents({}) == 0
    await world.hand("B2", here, 1)  # what happens afterwards is no part of it
    command = lines[-1].partition("trueup ")[2].split()
    ran = await trueup(world.settings, *command, "--yes", "--watch", "--json")
    assert ran.code == 0, ran.errors
    assert ran.document["totals"]["updated"] == 2
    assert ran.document["approved"]["cells"] == 2


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (("--max-move", "5"), "the largest move is 6 units, and the limit is 5"),
        (("--max-share", "0.5"), "4 of 6 cells change (67%), and the limit is 50%"),
    ],
)
async def test_a_run_beyond_the_shops_limits_is_refused(world: ShopWorld, limit: tuple[str, ...], told: str) -> None:
    """It names the limit and the values, and changes nothing until it is told to go on all the same."""
    here, there = world.locations
    await world.edit({("B1", here): 4, ("B1", there): 5, ("B2", here): 6, ("B3", there): 4})
    assert (await trueup(world.settings, "policy", "set", *limit)).code == 0
    words = ("reconcile", "--direction", "toLocal", "--all", "--yes")
    refused = await trueup(world.settings, *words)
    assert (refused.code, refused.output) == (5, "")
    assert told in refused.errors.splitlines()[-1]
    assert await world.mongo.db["jobs"].count_documents({}) == 0
    ran = await trueup(world.settings, *words, "--yes-beyond-limits", "--watch", "--json")
    assert (ran.code, ran.document["totals"]["updated"]) == (0, 4), ran.errors


async def test_whoever_stops_looking_leaves_the_run_going(world: ShopWorld) -> None:
    """Ctrl-C at `jobs watch` ends the command alone, and says how to look again."""
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"status": "paused", "pause_reason": "asked"}})
    await world.mongo.db["shops"].update_one({"_id": SHOP}, {"$set": {"paused_at": datetime.now(UTC)}})
    job_id = await world.request(Direction.TO_SHOPIFY)
    await world.document("jobs", job_id, lambda _: True)
    process = await asyncio.create_subprocess_exec(
        *(str(TRUEUP), "jobs", "watch", job_id),
        env=environment_of(world.settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    first = await waiting.arrival(
        process.stderr.readline(), what="its first line", progress=waiting.work_of(process.pid)
    )
    process.send_signal(signal.SIGINT)
    _, errors = await waiting.ended(process, what="the end of the command")
    assert process.returncode == 130, errors.decode()
    assert f"trueup jobs watch {job_id}" in errors.decode()
    assert "Traceback" not in (first + errors).decode()
    job = await world.mongo.db["jobs"].find_one({"job_id": job_id})
    assert job is not None
    assert not job.get("cancel_requested")


async def test_a_reader_that_goes_away_is_nobodys_fault(world: ShopWorld) -> None:
    """`trueup boms list | true`: nothing is said, and the exit status tells."""
    script = f"set -o pipefail; {TRUEUP} boms list --json | true; echo ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script),
        env=environment_of(world.settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await waiting.ended(process, what="the end of a pipe")
    assert output.decode().strip() in {"0", "141"}  # it may have written all before the reader went
    assert errors == b""


async def test_all_but_some_are_previewed_and_run(world: ShopWorld) -> None:
    """`--but` leaves BOMs out of `--all`, in a preview, in a run of its own, and in one of a preview."""
    here, there = world.locations
    await world.edit({("B1", here): 2, ("B2", here): 3})
    seen = await trueup(world.settings, "previews", "take", "--all", "--but", "B1", "--in-sync", "--json")
    assert seen.code == 0, seen.errors
    rows = seen.document["rows"]
    assert "B1" not in {row["bom_id"] for row in rows}
    ran = await trueup(
        world.settings,
        *("reconcile", "--direction", "toLocal", "--preview", seen.document["preview_id"]),
        *("--but", "B2", "--watch", "--yes", "--json"),
    )
    assert ran.code == 0, ran.errors
    cells = await world.cells(ran.document["job_id"])
    assert {key.bom_id for key in cells} == {"B3"}
    assert {key.location_id for key in cells} == {here, there}


async def test_ids_that_are_not_known_are_named(world: ShopWorld) -> None:
    """An unknown BOM, location, shop, preview or job is refused with its name, exit 2."""
    wrong = [
        (["previews", "take", "--bom", "B9"], "B9"),
        (["previews", "take", "--all", "--but", "B9"], "--but: there is no BOM B9"),
        (["previews", "take", "--bom", "B1", "--but", "B2"], "--but: it leaves out some of --all"),
        (["previews", "take", "--all", "--location", "12"], "--location: "),
        (["previews", "take", "--all", "--shop", "other.myshopify.com"], "trueup shop add other.myshopify.com"),
        (
            ["reconcile", "--direction", "toLocal", "--preview", "01K0000000000000000000000A", "--yes"],
            "There is no preview",
        ),
        (["jobs", "show", "01K0000000000000000000000A"], "JOB: "),
        (["dead-letters", "replay", "01K0000000000000000000000A"], "no dead letter"),
    ]
    ends = await asyncio.gather(*(trueup(world.settings, *arguments) for arguments, _ in wrong))
    for ended, (_, named) in zip(ends, wrong, strict=True):
        assert (ended.code, ended.output) == (2, ""), ended.errors
        assert named in ended.errors.splitlines()[-1]


async def test_a_sweep_finds_what_no_webhook_told_and_repairs_only_what_is_safe(world: ShopWorld) -> None:
    """A cell that only Shopify moved is pulled by `--repair`; one that moved on both sides is left to a person."""
    here, there = world.locations
    await world.edit({("B1", here): 2, ("B3", there): 3})
    await world.hand("B1", here, 1)
    await world.edit({("B2", here): 1})
    found = await trueup(world.settings, "drift", "sweep", "--repair", "--json")
    assert found.code == 0, found.errors
    drifted = {(cell["bom_id"], cell["location_id"]): cell["class"] for cell in found.document["drifted"]}
    assert drifted == {("B1", here): "both_moved", ("B2", here): "shopify_moved", ("B3", there): "shopify_moved"}
    (job_id,) = found.document["repair_jobs"]
    job = await world.ended(job_id)
    assert (job["source"], job["totals"]["updated"], job["totals"]["total"]) == ("drift", 2, 2)
    assert (await world.cell("B2", here)).local == 1
    assert (await world.cell("B1", here)).local == 6

    again = await trueup(world.settings, "drift", "sweep", "--json")
    assert [cell["bom_id"] for cell in again.document["drifted"]] == ["B1"]


async def test_a_shop_is_added_only_with_a_token_that_works(world: ShopWorld) -> None:
    """A refused token stores nothing; a working one stores the shop and its locations; neither is ever shown."""
    await world.mongo.db["shops"].delete_one({"_id": SHOP})
    await world.mongo.db["locations"].delete_many({})
    refused = await trueup(world.settings, "shop", "add", SHOP, "--token-file", "-", words="shpat_wrong\n")
    assert refused.code == 2
    assert "shpat_wrong" not in refused.errors + refused.output
    assert await world.mongo.db["shops"].count_documents({}) == 0

    added = await trueup(
        world.settings, "shop", "add", SHOP.upper(), "--token-file", "-", "--allow-negative", words=f"{TOKEN}\n"
    )
    assert added.code == 0, added.errors
    assert TOKEN not in added.errors + added.output
    for location in world.locations:
        assert location in added.output
    shop = await world.shops.get(SHOP)
    assert shop is not None
    assert shop.allow_negative
    assert await StoredAccess(world.mongo.db, world.settings.fernet_keys).token(SHOP) == TOKEN


async def test_all_services_run_in_one_process_and_stop_on_a_signal(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """`serve all` answers webhooks and the API on one port, does a job, and ends with 0 on SIGTERM."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=2) as made:
        await made.add_boms({"B1": [5, 6]}, tracks=True)
        await made.agree()
        await made.hand("B1", made.locations[0], 2)
        port, operations = free_ports(2)
        ports = {"TRUEUP_PORT": str(port), "TRUEUP_OPERATIONS_PORT": str(operations)}
        process = await asyncio.create_subprocess_exec(
            str(TRUEUP),
            "serve",
            "all",
            env=environment_of(made.settings, **ports),
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await waiting.until(
                lambda: _ready(made.http, operations), what="all services ready", progress=waiting.work_of(process.pid)
            )
            async with made.http.get(f"http://127.0.0.1:{port}/api/openapi.json") as response:
                assert response.status == 200
            async with made.http.post(f"http://127.0.0.1:{port}/webhooks/shopify", data=b"{}") as response:
                assert response.status == 401
            job = await made.run(Direction.TO_SHOPIFY)
            assert (job["state"], job["totals"]["updated"]) == ("completed", 1)
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = await waiting.ended(process, what="the end of all services")
        assert process.returncode == 0, errors.decode()
        assert "Traceback" not in errors.decode(), errors.decode()


async def _ready(http: aiohttp.ClientSession, operations: int) -> bool:
    """Whether every part is ready."""
    try:
        async with http.get(f"http://127.0.0.1:{operations}/readyz") as response:
            return response.ok
    except aiohttp.ClientError:
        return False  # it does not listen yet
