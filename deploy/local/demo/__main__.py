"""`python -m deploy.local.demo`: everything on this machine, with a shop in drift; `--once`: without a person."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import NoReturn

import aiohttp
from rich.console import Console

from deploy.local.demo.demo_shop import Catalogue, read_catalogue
from deploy.local.demo.drift import Drift
from deploy.local.demo.once import FIRST_DRIFT, Run, describe_drift, run_once
from deploy.local.demo.stage import SHOP, Stage, default_directory
from deploy.local.errors import LocalNodeError
from services.command_line.connections.client import connected
from services.command_line.terminal.documents import encoded
from services.command_line.terminal.tables import console
from shared.errors import TrueupError
from shared.observing.logs import configure_logs

INTERRUPTED = 130


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.demo", description=__doc__.partition(": ")[2])
    parser.add_argument("--once", action="store_true", help="run both directions, judge, write the report, and end")
    parser.add_argument("--catalogue", type=Path, metavar="FILE.csv", help="a Shopify product export as the shop")
    parser.add_argument("--directory", type=Path, default=default_directory(), help="for the logs (default: .run/demo)")
    parser.add_argument("--report", type=Path, help="the report of --once (default: the directory's name with .json)")
    return parser.parse_args()


async def _demo(given: argparse.Namespace, catalogue: Catalogue | None, out: Console) -> tuple[int, Run]:
    """Run it on a stage of its own; returns the exit code and the run."""
    began = monotonic()
    out.print("starting RabbitMQ, MongoDB, the simulator and the services …")
    async with Stage(given.directory) as stage, aiohttp.ClientSession() as http:
        started = monotonic() - began
        async with connected(stage.settings) as client:
            run = Run(stage, client, http, out)
            run.report["seconds"]["start"] = round(started, 2)
            if not given.once:
                await _stay(run, catalogue)
            agrees = await run_once(run, catalogue)
    run.report["seconds"]["all"] = round(monotonic() - began, 2)
    run.report["agrees"] = agrees
    return (0 if agrees else 1), run


async def _stay(run: Run, catalogue: Catalogue | None) -> NoReturn:
    """Seed the shop, let it drift, say what can be tried, and stay until somebody ends it."""
    async with run.phase("seeding", "A shop, and its BOMs"):
        demo = await run.seed(catalogue)
    await run.missed(demo)
    describe_drift(
        run, "drift_1", await Drift(run.client, run.shop, demo, seed=11).make(FIRST_DRIFT, at_bundle=True), demo
    )
    stage, out = run.stage, run.out
    out.rule("It runs", align="left")
    lines = [
        f"page       {stage.page_url}",
        f"API        http://127.0.0.1:{stage.ports['preview']}/api/openapi.json",
        f"webhooks   {stage.webhook_url}",
        f"simulator  {stage.simulator}/control/shops/{SHOP}",
        f"RabbitMQ   {stage.nodes.management_url}",
        f"MongoDB    {stage.nodes.mongodb_uri} (database {stage.database})",
        *(f"{name:<15}http://127.0.0.1:{port}/metrics" for name, port in stage.operations_ports.items()),
        f"logs       {stage.directory / 'logs'}",
        "",
        "In another terminal:",
        f"  source {stage.environment_file}",
        "  .venv/bin/trueup previews take --all",
        "  .venv/bin/trueup reconcile --direction toShopify --all --watch",
        "  .venv/bin/trueup drift sweep --repair",
        "  .venv/bin/trueup jobs list",
        "  .venv/bin/python -m deploy.local.demo.judge",
        "",
        "Ctrl-C ends it.",
    ]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
    while True:
        await asyncio.Event().wait()


async def _until_signal(given: argparse.Namespace, catalogue: Catalogue | None, out: Console) -> tuple[int, Run | None]:
    """Run the demo; a signal ends it in good order."""
    demo = asyncio.ensure_future(_demo(given, catalogue, out))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, demo.cancel)
    try:
        return await demo
    except asyncio.CancelledError:
        out.print("stopped")
        return (INTERRUPTED if given.once else 0), None


def main() -> int:
    """Run the command line; the exit code of `--once` is 0 only if every cell agrees."""
    given = _arguments()
    given.directory = given.directory.resolve()
    report: Path = given.report or given.directory.with_suffix(".json")
    configure_logs("demo", "error")
    out = console()
    try:
        catalogue = None if given.catalogue is None else read_catalogue(given.catalogue)
        report.unlink(missing_ok=True)
        code, run = asyncio.run(_until_signal(given, catalogue, out))
    except (LocalNodeError, TrueupError) as error:
        print(f"trueup: {error}", file=sys.stderr)  # noqa: T201  # the command's output
        return 1
    if run is not None:
        report.write_text(encoded(run.report))
        out.print(f"{run.report['seconds']['all']:.0f} s in all; the whole report is in {report}", soft_wrap=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
