"""`trueup boms import` over HTTP: a file is checked, shown, and, once somebody agrees, applied."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import TYPE_CHECKING

from services.command_line.api.client import path_of
from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.confirmation import confirm
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.tables import console
from services.command_line.terminal.terminal import progress

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

_LOOK_AGAIN = 1.0
"""Seconds between two looks: imports have no stream of events."""


def file_of(boms: Path | None, *, all_variants: bool) -> tuple[str, bytes] | None:
    """The name and the bytes of the file; None: every variant. Raises WrongUseError."""
    if (boms is None) == (not all_variants):
        raise WrongUseError("--boms: give either --boms FILE.csv or --all-variants")
    if boms is None:
        return None
    try:
        return boms.name, boms.read_bytes()
    except OSError as error:
        raise WrongUseError(f"--boms {boms}: {error.strerror or error}") from None


async def ask_for_import(
    api: Api, file: tuple[str, bytes] | None, *, tracks: bool | None, yes: bool, as_json: bool
) -> Exit:
    """The whole command; exit status 1 where a line made no BOM."""
    body: Json = {"tracks": tracks}
    if file is not None:
        body |= {"file_name": file[0], "content": base64.b64encode(file[1]).decode()}
    asked = await api.post("/api/imports", body)
    seen = await _until(api, asked, {"checking"})
    if seen["state"] == "checked":
        _show_foreseen(seen["foreseen"])
        confirm(f"Make these BOMs of {api.shop}?", yes=yes)
        seen = await api.post(path_of("imports", seen["import_id"], "apply"))
        seen = await _until(api, seen, {"checked", "applying"})
    if as_json:
        print_json(seen)
    else:
        _show_result(seen)
    result = seen["result"]
    return Exit.CELLS_FAILED if result is None or result["refused"] else Exit.OK


async def _until(api: Api, present: Json, states: set[str]) -> Json:
    """The import once it is in none of the states."""
    err, told = progress(), ""
    try:
        while present["state"] in states:
            how_far = present["progress"]
            line = present["trouble"] or (
                "waiting until a service takes it" if how_far is None else f"{how_far['doing']}: {how_far['done']}"
            )
            if line != told:
                told = line
                err.print(line)
            await asyncio.sleep(_LOOK_AGAIN)
            present = await api.get(path_of("imports", present["import_id"]))
    except asyncio.CancelledError:
        err.print("it goes on without you; ask for the same import again to see how far it is")
        raise
    return present


def _show_foreseen(foreseen: Json) -> None:
    err = progress()
    err.print(f"{foreseen['new']} BOMs are new, {foreseen['changed']} change, {foreseen['known']} stay as they are")
    if foreseen["refused"]:
        why = ", ".join(f"{name} {lines}" for name, lines in foreseen["why"].items())
        err.print(f"{foreseen['refused']} lines make no BOM: {why}")


def _show_result(seen: Json) -> None:
    out, result = console(), seen["result"]
    if result is None:
        out.print(f"import {seen['import_id']}: {seen['state']}")
        return
    out.print(
        f"BOMs: {result['new']} new, {result['changed']} changed, {result['known']} as they were; "
        f"{result['refused']} lines made none"
    )
    if result["without_bom"]:
        out.print(f"{result['without_bom']} items belong to no BOM of the file")
