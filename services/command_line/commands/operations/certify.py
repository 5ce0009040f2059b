"""`trueup certify`: tries on a real store what is believed of Shopify, and hands over the evidence."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import typer
from rich.console import Console
from ulid import ULID

from services.command_line.connections.client import Client
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.confirmation import confirm
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.printable import printable
from services.command_line.terminal.tables import Column, show_table
from services.command_line.terminal.terminal import Terminal
from shared.certifying.certification import Asked, Certification
from shared.certifying.guard import LIMIT
from shared.certifying.named import CannotCertify
from shared.certifying.open_points import write_open_points
from shared.certifying.receiver import Receiver, receiving
from shared.certifying.recordings import write_recordings
from shared.certifying.report import Line, Report, Verdict
from shared.certifying.wiring import certification_over
from shared.domain.selection import Filtered
from shared.errors import ShopifyError, TrueupError
from shared.observing.hiding import without_secrets
from shared.running.clock import SYSTEM_CLOCK
from shared.setting_groups import ShopifySettings
from shared.settings import part_of
from shared.shop_life.wiring import ShopLife
from shared.shopify.ids import plain

_WORDS = {
    Verdict.AS_BELIEVED: "as believed",
    Verdict.OTHERWISE: "OTHERWISE",
    Verdict.NOT_TRIED: "not tried",
    Verdict.SKIPPED: "skipped",
    Verdict.NO_PROBE: "no probe",
}
COLUMNS = (
    Column("Fact"),
    Column("Believed", "name", 3),
    Column("Seen", "name", 3),
    Column("Source"),
)


class NotTried(TrueupError):
    """It could not be tried; the message says why."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says, taken apart."""

    variant_id: str
    locations: tuple[str, str]
    public_url: str | None
    host: str
    port: int
    out: Path
    expendable: bool

    @classmethod
    def of(
        cls, variant: str, locations: str, *, public_url: str | None, listen: str, out: Path, expendable: bool
    ) -> Given:
        """Take the options. Raises WrongUseError with the one that is wrong."""
        places = [_number("--locations", part) for part in locations.split(",")]
        if len(set(places)) != len(("first", "second")):
            raise WrongUseError("--locations: name two that differ, joined by a comma")
        host, _, port = listen.rpartition(":")
        if not host or not port.isdigit():
            raise WrongUseError("--listen: must be host:port")
        if public_url is not None and urlsplit(public_url).scheme not in ("https", "http"):
            raise WrongUseError("--public-url: must be an https address; http only for a simulator on this machine")
        first, second = places
        variant_id = _number("--variant", variant)
        return cls(variant_id, (first, second), public_url, host, int(port), out, expendable)


def _number(option: str, text: str) -> str:
    number = plain(text.strip())
    if not number.isascii() or not number.isdigit():
        raise WrongUseError(f"{option}: {text.strip()!r} is no id of Shopify's")
    return number


async def run_certify(client: Client, shop: str, given: Given, *, yes: bool, as_json: bool, out: Console) -> Exit:
    """The whole command. Raises NotTried where it cannot be carried out."""
    settings = part_of(client.settings, ShopifySettings)
    await _must_be_expendable(client, shop, given)
    _must_be_confirmed(shop, given, yes=yes)
    try:
        async with AsyncExitStack() as stack:
            receiver = await stack.enter_async_context(_receiver(given, settings))
            certification = await stack.enter_async_context(
                certification_over(
                    client.mongo.db,
                    lambda http: ShopLife.of(settings, client.mongo, http).client.as_role("interactive"),
                    api_version=settings.shopify_api_version,
                    folder=given.out,
                    receiver=receiver,
                )
            )
            stack.enter_context(_stoppable())
            report = await _certify(client, shop, given, certification)
    except (CannotCertify, ShopifyError) as error:
        raise NotTried(str(error)) from None
    _hand_over(certification, report, shop, given)
    if as_json:
        print_json(document_of(report))
    else:
        _show(report, given, out)
    return _ending(report)


async def _must_be_expendable(client: Client, shop: str, given: Given) -> None:
    tracking = Filtered(tracks_pre_assembled=True, location_ids=frozenset({given.locations[0]}))
    if not given.expendable and (boms := await client.boms.size(shop, tracking)):
        raise WrongUseError(
            f"--shop: {shop} is live: {boms} of its BOMs track pre-assembled units; name a development store, or say"
            " --expendable"
        )


def _must_be_confirmed(shop: str, given: Given, *, yes: bool) -> None:
    places = " and ".join(given.locations)
    confirm(
        f"The stock of variant {given.variant_id} of {shop} at {places} is changed and restored; up to {LIMIT:g} points"
        " are spent. Go on?",
        yes=yes,
    )


@asynccontextmanager
async def _receiver(given: Given, settings: ShopifySettings) -> AsyncIterator[Receiver | None]:
    if given.public_url is None:
        yield None
        return
    path = f"/certify/{ULID()}"
    receiver = Receiver(given.public_url.rstrip("/") + path, settings.client_secrets, SYSTEM_CLOCK)
    # A proxy may take its own part of the path away, or leave it.
    below = urlsplit(given.public_url).path.rstrip("/")
    async with AsyncExitStack() as stack:
        try:
            paths = sorted({path, below + path})
            await stack.enter_async_context(receiving(receiver, given.host, given.port, paths))
        except OSError as error:
            raise WrongUseError(f"--listen {given.host}:{given.port}: {error.strerror or error}") from None
        yield receiver


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM stops it as Ctrl-C does: what was changed is restored first. Raises NotTried then."""
    loop, task, told = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()

    def stop() -> None:
        told.set()
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; not in the main thread
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        yield
    except asyncio.CancelledError:
        if told.is_set():
            raise NotTried("stopped; the values are as before") from None
        raise
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGTERM)


async def _certify(client: Client, shop: str, given: Given, certification: Certification) -> Report:
    if await certification.clean_up(shop):
        Terminal(stderr=True).print(f"{shop}: what an earlier certification had changed is restored", soft_wrap=True)
        await client.note("certify.restored", shop, given.variant_id)
    noted = await certification.look(Asked(shop, given.variant_id, given.locations, given.expendable))
    await client.note("certify", shop, given.variant_id)
    return await certification.run(noted)


def _hand_over(certification: Certification, report: Report, shop: str, given: Given) -> None:
    write_recordings(
        given.out, certification.exchanges, certification.variant or {}, shop=shop, api_version=report.api_version
    )
    write_open_points(given.out, report.open_points)


def _ending(report: Report) -> Exit:
    if report.otherwise:
        return Exit.DIFFERS
    return Exit.CELLS_FAILED if report.not_tried else Exit.OK


def not_reached(error: Exception) -> NoReturn:
    """Say on one line why it could not be tried, and end."""
    print("trueup:", printable(without_secrets(str(error))), file=sys.stderr)  # noqa: T201  # the command's output
    raise typer.Exit(Exit.CELLS_FAILED)


def document_of(report: Report) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "shop": report.shop,
        "api_version": report.api_version,
        "points": report.points,
        "stopped": report.stopped,
        "open_points": dict(report.open_points),
        "facts": [
            {
                "fact": line.fact.id,
                "verdict": line.verdict,
                "believed": line.fact.believed,
                "seen": line.seen,
                "note": line.note,
                "source": line.fact.source,
                "otherwise": line.fact.otherwise if line.verdict is Verdict.OTHERWISE else None,
            }
            for line in report.lines
        ],
    }


def _show(report: Report, given: Given, out: Console) -> None:
    rows = [(line.fact.id, line.fact.believed, _seen(line), line.fact.source) for line in report.lines]
    show_table(_wide_enough(rows, out), COLUMNS, rows)
    for line in report.otherwise:
        out.print("")
        out.print(f"{line.fact.id}: {line.seen}.{f' ({line.note})' if line.note else ''}", soft_wrap=True)
        out.print(f"What Trueup does then: {line.fact.otherwise}", soft_wrap=True)
    out.print("")
    counted = [(words, sum(line.verdict is verdict for line in report.lines)) for verdict, words in _WORDS.items()]
    out.print(
        f"{report.shop}, version {report.api_version}: "
        + ", ".join(f"{number} {words}" for words, number in counted if number)
        + f"; {report.points:g} points. The values are as before.",
        soft_wrap=True,
    )
    if report.stopped is not None:
        out.print(f"It ended early: {report.stopped}", soft_wrap=True)
    out.print(f"recordings and open points: {given.out}", soft_wrap=True)


def _seen(line: Line) -> str:
    if line.verdict is Verdict.AS_BELIEVED:
        return "as believed" + (f" ({line.note})" if line.note else "")
    if line.verdict is Verdict.OTHERWISE:
        return f"OTHERWISE: {line.seen}"
    return f"{line.seen}: {line.note}" if line.note else line.seen


def _wide_enough(rows: list[tuple[str, str, str, Any]], out: Console) -> Console:
    """Where nobody looks at a terminal, nothing is shortened."""
    if out.is_terminal:
        return out
    widest = sum(max(len(str(row[number])) for row in rows) for number in range(len(COLUMNS)))
    return Terminal(file=out.file, width=max(out.width, widest + 2 * len(COLUMNS)))
