"""The run without a person: preview and reconcile in both directions while orders keep arriving, then the judge."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from time import monotonic
from typing import Any

import aiohttp
from rich.console import Console

from deploy.local.demo.demo_shop import Catalogue, DemoShop, make_catalogue_shop, make_demo_shop
from deploy.local.demo.drift import Amounts, Drift
from deploy.local.demo.judge import in_words, judge
from deploy.local.demo.missed import show_missed
from deploy.local.demo.shown.asking import job_request
from deploy.local.demo.shown.documents import job_document, preview_document, preview_row, public_fields
from deploy.local.demo.shown.job_progress import watch_job
from deploy.local.demo.shown.job_status import job_has_ended
from deploy.local.demo.shown.job_summary import show_summary
from deploy.local.demo.shown.previews import preview_table, show_badges, take_preview
from deploy.local.demo.shown.watch import end_of, follow, listening
from deploy.local.demo.simulated_shop import SimulatedShop
from deploy.local.demo.stage import SHOP, TOKEN, Stage
from deploy.local.demo.stories import explained
from deploy.local.demo.waiting import Quiet, documents
from deploy.local.errors import LocalNodeError
from services.command_line.connections.client import Client
from shared.contract.messages import BomUpsert
from shared.domain.comparison import CellClass, Direction
from shared.domain.job import JobState
from shared.mongodb.jobs.job import Job
from shared.mongodb.previews.preview import PreviewRow
from shared.rabbitmq.topology import BOM_UPSERT, JOB_REQUEST

ORDERS_PER_SECOND = 20.0
ROWS_ON_SCREEN = 25

FIRST_DRIFT = Amounts(shopify=0.19, local=0.11, both=0.05, just_now=0.1)
SECOND_DRIFT = Amounts(shopify=0.12, local=0.06, both=0.03, just_now=0.15)


class Run:
    """One run on a stage. `report` is what goes into the file."""

    def __init__(self, stage: Stage, client: Client, http: aiohttp.ClientSession, out: Console) -> None:
        self.stage = stage
        self.client = client
        self.out = out
        self.shop = SimulatedShop(http, stage.simulator, SHOP)
        metrics = f"http://127.0.0.1:{stage.operations_ports['webhook-ingest']}/metrics"
        self.quiet = Quiet(client, self.shop, http, metrics)
        self.report: dict[str, Any] = {"shop": SHOP, "seconds": {}, "calls": {}}

    @asynccontextmanager
    async def phase(self, name: str, title: str) -> AsyncIterator[None]:
        """Time a phase, and count its calls to Shopify."""
        self.out.rule(title, align="left")
        started = monotonic()
        yield
        self.report["seconds"][name] = round(monotonic() - started, 2)
        self.report["calls"][name] = await self.shop.calls()

    async def seed(self, catalogue: Catalogue | None) -> DemoShop:
        """The shop at Shopify, the BOMs through the app's own door, and a first reconcile that gives bases."""
        url = self.stage.webhook_url
        if catalogue is None:
            demo = await make_demo_shop(self.shop, TOKEN, url)
        else:
            demo = await make_catalogue_shop(self.shop, TOKEN, url, catalogue)
        self.out.print(await self.stage.command("shop", "add", SHOP, "--token-file", "-", words=TOKEN))
        for product in demo.products:
            message = BomUpsert(
                shop=SHOP,
                bom_id=product.bom_id,
                inventory_item_id=product.item_id,
                name=product.name,
                tags=list(product.tags) or None,
                tracks_pre_assembled=product.tracks,
            )
            await self.client.publisher.command(BOM_UPSERT, message)
        await documents(self.client, "boms", {"shop": SHOP}, len(demo.products))
        await self._job(demo, Direction.TO_LOCAL, preview_id=None, show=False)
        for item_id in demo.delete_after_seeding:
            await self.shop.delete_item(item_id)
        await self.quiet.wait()
        for line in demo.story:
            self.out.print(f"· {line}")
        self.report["story"] = demo.story
        return demo

    async def missed(self, demo: DemoShop) -> None:
        """Some webhooks are lost; the sweeper finds out and repairs what they would have told."""
        async with self.phase("missed", "Missed webhooks, found and repaired"):
            evidence = await show_missed(self.client, self.shop, demo, self.out)
            self.report["missed_webhooks"] = [public_fields(found) for found in evidence]
            await self.quiet.wait()

    async def preview(self, demo: DemoShop, name: str) -> str:
        """Take a preview; show the badges and the first rows that differ. Returns its id."""
        preview = await take_preview(self.client, SHOP, demo.selection)
        if preview.failure is not None:
            raise LocalNodeError(f"the preview failed: {preview.failure.message}")
        rows = [row async for row in self.client.previews.all_rows(SHOP, preview.preview_id)]
        self.report[name] = {**preview_document(preview), "rows": [preview_row(row) for row in rows]}
        show_badges(self.out, preview)
        differing = [row for row in rows if row.cell_class not in {None, CellClass.IN_SYNC}]
        preview_table(self.out, differing[:ROWS_ON_SCREEN])
        if len(differing) > ROWS_ON_SCREEN:
            self.out.print(f"… and {len(differing) - ROWS_ON_SCREEN} more that differ, in the file")
        not_compared = [row for row in rows if row.cell_class is None]
        if not_compared:
            self.out.print(f"not compared, of {len(not_compared)} cells one of each kind:")
            kinds = {row.reason or row.code: row for row in not_compared}
            preview_table(self.out, list(kinds.values()))
        self._account_for(demo, rows)
        return preview.preview_id

    def _account_for(self, demo: DemoShop, rows: Sequence[PreviewRow]) -> None:
        """Every BOM appears, with each of its cells compared, left out for a reason, or failed with a code."""
        accounts: dict[str, Counter[str]] = {product.bom_id: Counter() for product in demo.products}
        for row in rows:
            how = "compared" if row.cell_class is not None else str(row.reason or row.code)
            accounts[row.key.bom_id][how] += 1
        names = {product.bom_id: product.name for product in demo.products}
        self.report["accounted"] = [
            {"bom_id": bom_id, "name": names[bom_id], "cells": dict(cells)} for bom_id, cells in accounts.items()
        ]
        missing = sum(not cells for cells in accounts.values())
        kinds = Counter(how for cells in accounts.values() for how in cells)
        told = ", ".join(f"{how} {boms}" for how, boms in kinds.most_common())
        self.out.print(f"BOMs accounted for: {len(accounts) - missing} of {len(accounts)} (with cells {told})")

    async def reconcile(self, demo: DemoShop, direction: Direction, preview_id: str, name: str) -> None:
        """Run the job of a preview over everything, with its progress; show its summary."""
        job = await self._job(demo, direction, preview_id=preview_id, show=True)
        names = ("job_id", "direction", "state", "planned", "totals", "codes", "reasons", "failure")
        shown = job_document(job)
        times = {moment: shown[f"{moment}_at"] for moment in ("requested", "started", "finished")}
        waited = None if job.started_at is None else (job.started_at - job.requested_at).total_seconds()
        took = None if job.finished_at is None else (job.finished_at - job.requested_at).total_seconds()
        timings = {**times, "seconds_to_start": waited, "seconds": took}
        self.report[name] = {**{field: shown[field] for field in names}, "timings": timings}

    async def _job(self, demo: DemoShop, direction: Direction, *, preview_id: str | None, show: bool) -> Job:
        request = job_request(SHOP, direction, demo.selection, preview_id=preview_id)
        async with listening(self.client.consumer, SHOP, request.job_id) as wake:
            await self.client.publisher.command(JOB_REQUEST, request)
            if show:
                job = await watch_job(self.client, SHOP, request.job_id, wake, self.out, lines_per_bom=False)
                await show_summary(self.client, SHOP, job, self.out)
                return job
            states = follow(wake, lambda: self.client.listings.job(SHOP, request.job_id), job_has_ended)
            return await end_of(states)

    async def verdict(self) -> int:
        """Everything has come to rest: ask the judge. Returns the number of disagreements."""
        settings = self.client.settings
        verdict = await asyncio.to_thread(
            judge, self.stage.simulator, SHOP, settings.mongodb_uri.get_secret_value(), settings.mongodb_database
        )
        self.out.print(in_words(verdict), markup=False, style="bold" if verdict.agree else "bold red")
        self.report["compared"] = verdict.compared
        self.report["not_compared"] = verdict.not_compared
        self.report["disagreements"] = len(verdict.disagreements)
        self.report["disagreeing"] = [asdict(wrong) for wrong in verdict.disagreements]
        return len(verdict.disagreements) if verdict.compared else 1

    async def stories(self) -> int:
        """Replay the life of every number. Returns how many are not explained by it."""
        found = await explained(self.client.mongo.db, SHOP)
        self.out.print(found.in_words(), style="bold red" if found.wrong else "")
        self.report["stories"] = {"cells": found.cells, "events": found.events, "not_explained": found.wrong}
        return len(found.wrong)


async def run_once(run: Run, catalogue: Catalogue | None) -> bool:
    """All phases; returns whether both jobs ended and every cell agrees."""
    async with run.phase("seeding", "A shop, and its BOMs"):
        demo = await run.seed(catalogue)
    await run.missed(demo)
    drift = Drift(run.client, run.shop, demo, seed=11)
    async with run.phase("drift_1", "Drift comes about"):
        made = await drift.make(FIRST_DRIFT, at_bundle=True)
        describe_drift(run, "drift_1", made, demo)
    await _both_ways(run, demo, Direction.TO_SHOPIFY)
    async with run.phase("drift_2", "Fresh drift"):
        made = await drift.make(SECOND_DRIFT)
        describe_drift(run, "drift_2", made, demo)
    await _both_ways(run, demo, Direction.TO_LOCAL)
    async with run.phase("judge", "The judge"):
        run.report["webhooks"] = await run.shop.webhooks()
        disagreements = await run.verdict() + await run.stories()
    _print_figures(run)
    ended = {JobState.COMPLETED, JobState.COMPLETED_WITH_ERRORS}
    return disagreements == 0 and all(run.report[f"job_{d}"]["state"] in ended for d in Direction)


async def _both_ways(run: Run, demo: DemoShop, direction: Direction) -> None:
    """Preview and job of one direction, with orders arriving all the while; then wait until all is at rest."""
    await run.shop.start_orders(ORDERS_PER_SECOND, seed=len(direction))
    async with run.phase(f"preview_{direction}", f"Preview, before {direction}"):
        preview_id = await run.preview(demo, f"preview_{direction}")
    async with run.phase(f"job_{direction}", f"Reconcile {direction}, all {demo.cells} cells, orders arriving"):
        await run.reconcile(demo, direction, preview_id, f"job_{direction}")
    async with run.phase(f"rest_{direction}", "Orders stop; webhooks and verifying reads come to rest"):
        orders, units = await run.shop.stop_orders()
        await run.quiet.wait()
        run.out.print(f"{orders} orders of {units} units came in meanwhile")
        run.report[f"orders_{direction}"] = {"orders": orders, "units": units}


def describe_drift(run: Run, name: str, made: dict[str, int], demo: DemoShop) -> None:
    """What was made."""
    run.report[name] = made
    cells = made["shopify_moved"] + made["local_moved"] + made["both_moved"]
    run.out.print(
        f"{cells} of {demo.cells} cells: {made['shopify_moved']} changed at Shopify without a webhook "
        f"({made['just_now']} of them just now), {made['local_moved']} counted by hand, {made['both_moved']} both"
    )


def _print_figures(run: Run) -> None:
    totals: dict[str, list[float]] = {}
    for phase in run.report["calls"].values():
        for operation, figures in phase.items():
            total = totals.setdefault(operation, [0, 0.0])
            total[0] += figures["calls"]
            total[1] += figures["points"]
    run.report["calls_total"] = {name: {"calls": calls, "points": points} for name, (calls, points) in totals.items()}
    spent = ", ".join(f"{name} {calls:.0f} ({points:.0f} points)" for name, (calls, points) in sorted(totals.items()))
    run.out.print(f"calls to Shopify: {spent}")
    seconds = run.report["seconds"]
    run.out.print("seconds: " + ", ".join(f"{name} {taken:.1f}" for name, taken in seconds.items()))
