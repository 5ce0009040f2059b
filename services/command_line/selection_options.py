"""From options to a selection."""

from __future__ import annotations

from collections.abc import Sequence

from services.command_line.connections.client import Client
from services.command_line.outcome import WrongUseError
from shared.contract.selection import MAX_EXCEPT, FilterBody, SelectionBody


async def selection_of(
    client: Client,
    shop: str,
    boms: Sequence[str],
    locations: Sequence[str],
    *,
    everything: bool,
    but: Sequence[str] = (),
) -> SelectionBody:
    """The BOMs and locations named, or everything but some. Raises WrongUseError for ids that are not known."""
    if bool(boms) == everything:
        raise WrongUseError("give --bom ID (several times if need be) or --all")
    if but and not everything:
        raise WrongUseError("--but: it leaves out some of --all; of BOMs that you name leave out the others yourself")
    if len(but) > MAX_EXCEPT:
        raise WrongUseError(
            f"--but: {MAX_EXCEPT} BOMs can be left out, and these are {len(but)}; name the others by --bom"
        )
    await _known(client, shop, boms, locations)
    await _known(client, shop, but, (), option="--but")
    if but:
        return SelectionBody(filter=FilterBody(location_ids=list(locations) or None, except_bom_ids=list(but)))
    return SelectionBody(bom_ids=list(boms) if boms else "all", location_ids=list(locations) or None)


async def selection_of_preview(client: Client, shop: str, preview_id: str, locations: Sequence[str]) -> SelectionBody:
    """The cells of a preview, or those of them at some locations. Raises WrongUseError."""
    preview = await client.previews.get(shop, preview_id)
    if preview is None:
        raise WrongUseError(
            f"--preview: there is no preview {preview_id} of {shop}; take one with: trueup preview --all"
        )
    selection = await client.previews.selection(preview)
    if not locations:
        return selection
    if selection.cells is not None:
        raise WrongUseError("--location: this preview names its cells one by one; leave --location away")
    filtered = selection.filter
    covered = selection.location_ids if filtered is None else filtered.location_ids
    if covered is not None and (outside := set(locations) - set(covered)):
        raise WrongUseError(f"--location: {min(outside)} is not part of the preview")
    narrower = {"location_ids": list(locations)}
    if filtered is not None:
        return selection.model_copy(update={"filter": filtered.model_copy(update=narrower)})
    return selection.model_copy(update=narrower)


async def _known(
    client: Client, shop: str, boms: Sequence[str], locations: Sequence[str], *, option: str = "--bom"
) -> None:
    found = await client.boms.get(shop, boms)
    if missing := [bom for bom in boms if bom not in found]:
        raise WrongUseError(f"{option}: there is no BOM {missing[0]} in {shop}")
    places = await client.boms.locations(shop)
    if missing := [place for place in locations if place not in places]:
        listed = ", ".join(f"{place.location_id} ({place.name})" for place in places.values())
        raise WrongUseError(f"--location: there is no location {missing[0]}; there are: {listed}")
