"""The demo without a person, whole: its report, its exit code, and that nothing is left running."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from deploy.local.demo.names import finished_goods
from deploy.local.demo.shown.documents import preview_row
from shared.domain.comparison import Direction
from shared.mongodb.catalogue.app_records import RecordStore, WantedBom
from shared.mongodb.previews.previews import PreviewStore
from tests.integration.shop_world import SHOP, previewer, reconciler, shop_world
from tests.waiting import ended

CATALOGUE = Path(__file__).resolve().parents[4] / "shared" / "catalogue" / "jewelery.csv"


async def run_demo(amqp_url: str, mongodb_uri: str, directory: Path, *more: str) -> tuple[int, str, dict[str, Any]]:
    """Run `--once` on the test run's servers: exit code, output, report."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local.demo", "--once", "--directory", str(directory / "demo"), *more),
        env={**os.environ, "TRUEUP_AMQP_URL": amqp_url, "TRUEUP_MONGODB_URI": mongodb_uri, "COLUMNS": "80"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await ended(process, what="the demo")
    report: dict[str, Any] = json.loads((directory / "demo.json").read_text())
    return process.returncode or 0, output.decode(), report


def is_over(directory: Path) -> bool:
    """Whether the simulator's process, which ends last, is gone."""
    pid = json.loads((directory / "demo" / "simulator.json").read_text())["pid"]
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.long
async def test_both_directions_end_in_agreement(vhost_url: str, mongodb_uri: str, tmp_path: Path) -> None:
    """400 cells in drift are previewed and reconciled both ways with orders arriving; at the end no cell disagrees."""
    code, output, report = await run_demo(vhost_url, mongodb_uri, tmp_path)
    assert code == 0, output
    assert (report["disagreements"], report["disagreeing"], report["agrees"]) == (0, [], True)
    for direction in ("toShopify", "toLocal"):
        preview, job = report[f"preview_{direction}"], report[f"job_{direction}"]
        assert len(preview["rows"]) == preview["total"] == 406
        assert sum(preview["badges"].values()) == 100
        totals = job["totals"]
        assert totals["total"] == totals["updated"] + totals["skipped"] + totals["errors"] == 406
        assert report[f"orders_{direction}"]["orders"] > 0
    missed = report["missed_webhooks"]
    assert len(missed) == 3
    for found in missed:
        assert (found["outcome"], found["cell_class"], found["late"]) == ("repaired", "shopify_moved", False)
        assert found["base"] - 2 == found["shopify"] == found["base_now"]
        assert found["shopify_time"] <= found["since"] <= found["taken_at"]
        assert found["job_id"] in output
    first = report["preview_toShopify"]
    drifted = sum(first["classes"][kind] for kind in ("shopify_moved", "local_moved", "both_moved"))
    assert 110 <= drifted <= 150
    assert {"BUNDLE_PARENT", "ITEM_NOT_FOUND", "SHOPIFY_JUST_CHANGED"} <= report["job_toShopify"]["codes"].keys()
    assert report["job_toLocal"]["codes"].keys() <= {"ITEM_NOT_FOUND", "CONFLICT"}
    assert report["compared"] == 400 - 8 - 6 - 4
    # The life of each number, replayed from its beginning, ends at the present.
    assert report["stories"]["not_explained"] == []
    assert report["stories"]["cells"] >= 400
    assert report["stories"]["events"] > report["stories"]["cells"]
    # One mutation carries up to 250 rows; a few more for stale rows, single ones for the bundle.
    assert report["calls"]["job_toShopify"]["inventorySetQuantities"]["calls"] < 20
    assert is_over(tmp_path)


HAS_CATALOGUE = pytest.mark.skipif(
    not CATALOGUE.exists(), reason="needs the product exports beside the project: ../shared/catalogue"
)


def are_accounted_for(rows: Sequence[Mapping[str, Any]], variants: int) -> None:
    """Each variant has a row at each of four locations: compared, or left out for a reason; none is guessed."""
    assert len({row["bom_id"] for row in rows}) == variants == len(rows) / 4
    for row in rows:
        assert (row["bom_id"] == row["inventory_item_id"]) is True
        if row["class"] is None:
            assert row["reason"] == "untracked"
        if row["reason"] == "untracked":
            assert (row["shopify"], row["local"], row["difference"]) == (None, None, None)
    assert 0 < sum(row["class"] is not None for row in rows) < len(rows)


@HAS_CATALOGUE
async def test_every_variant_of_some_real_products_is_accounted_for(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Variants without SKU and tracker each appear once: compared, or left out for a reason; none is guessed."""
    async with shop_world(vhost_url, mongodb_uri, database_name) as world, reconciler(world), previewer(world):
        text = first_products(CATALOGUE.read_text(encoding="utf-8-sig"), 4)
        url = f"{world.running.url}/control/shops/{SHOP}/catalogue?location_split=even"
        async with world.http.post(url, data=text.encode()) as response:
            items = (await response.json())["items"]
        # The export tracks nothing; the merchant switches it on for every other variant.
        for item in items[::2]:
            await world.control("set_item", {"item_id": item["id"], "tracked": True})
        records = RecordStore(world.mongo.db, world.mongo.transactions)
        for item in items:
            await records.upsert(SHOP, WantedBom(item["id"], item["id"], item["title"]), reference="test")
        await world.run(Direction.TO_LOCAL)
        preview_id = await world.preview()
        previews = PreviewStore(world.mongo.db, world.mongo.transactions)
        rows = [preview_row(row) async for row in previews.all_rows(SHOP, preview_id)]
    are_accounted_for(rows, len(items))


def first_products(export: str, number: int) -> str:
    """The head of a product export and its first products, each with all of its variants."""
    head, *lines = csv.reader(io.StringIO(export))
    handles = list(dict.fromkeys(line[0] for line in lines))[:number]
    kept = io.StringIO()
    csv.writer(kept).writerows([head, *(line for line in lines if line[0] in handles)])
    return kept.getvalue()


@HAS_CATALOGUE
@pytest.mark.full
async def test_every_variant_of_a_real_export_is_accounted_for(
    vhost_url: str, mongodb_uri: str, tmp_path: Path
) -> None:
    """The demo on a whole export: it ends in agreement, and its report accounts for every variant."""
    code, output, report = await run_demo(vhost_url, mongodb_uri, tmp_path, "--catalogue", str(CATALOGUE))
    assert code == 0, output
    rows = report["preview_toLocal"]["rows"]
    are_accounted_for(rows, len(report["accounted"]))
    for variant in report["accounted"]:
        assert sum(variant["cells"].values()) == 4
        assert variant["cells"].keys() <= {"compared", "untracked"}
    assert report["compared"] == sum(row["class"] is not None for row in rows)


def test_the_goods_have_a_hundred_different_names() -> None:
    """Two BOMs of one name could not be told apart in the tables."""
    names = finished_goods()
    assert (len(names), len(set(names))) == (100, 100)
