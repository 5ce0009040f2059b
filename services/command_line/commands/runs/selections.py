"""From options to a selection as the API takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.outcome import WrongUseError

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

_MAX_NAMED = 250


def selection_of(boms: Sequence[str], locations: Sequence[str], *, everything: bool, but: Sequence[str] = ()) -> Json:
    """The BOMs and locations named, or everything but some. Raises WrongUseError."""
    if bool(boms) == everything:
        raise WrongUseError("--bom: give --bom ID (several times if need be) or --all")
    if but and not everything:
        raise WrongUseError("--but: it leaves out some of --all; of BOMs that you name leave out the others yourself")
    places = {"location_ids": list(locations)} if locations else {}
    if but:
        return {"filter": {**places, "except_bom_ids": list(but)}}
    return {"bom_ids": list(boms) if boms else "all", **places}


async def must_exist(api: Api, but: Sequence[str]) -> None:
    """Raise WrongUseError for a BOM to leave out that there is none of: a slip would leave the other one in."""
    for start in range(0, len(but), _MAX_NAMED):
        named = list(but[start : start + _MAX_NAMED])
        found = {bom["bom_id"] for bom in (await api.post("/api/known-boms", {"bom_ids": named}))["items"]}
        if missing := [bom for bom in named if bom not in found]:
            raise WrongUseError(f"--but: there is no BOM {missing[0]} in {api.shop}")
