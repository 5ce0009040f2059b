"""From options to a selection as the API takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.command_line.outcome import WrongUseError

if TYPE_CHECKING:
    from services.command_line.api.client import Json


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
