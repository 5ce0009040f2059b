"""The shop's locations, and one of them by its id or name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.tables import Column, console, show_table

if TYPE_CHECKING:
    from services.command_line.api.client import Api

COLUMNS = (Column("Location"), Column("Name", "name"), Column("Active"), Column("Kept by"))


async def list_locations(api: Api, *, as_json: bool) -> Exit:
    """All locations of the shop as last read."""
    found = await api.get("/api/locations")
    if as_json:
        print_json(found)
        return Exit.OK
    lines = [
        (
            place["location_id"],
            place["name"],
            "yes" if place["active"] else "no",
            "a third party" if place["fulfillment_service"] else "the shop",
        )
        for place in found["items"]
    ]
    if lines:
        show_table(console(), COLUMNS, lines)
    else:
        console().print(f"no location of {api.shop} is known yet")
    return Exit.OK


async def location_id(api: Api, text: str, *, argument: str = "LOCATION") -> str:
    """The id of the location named by its id or its name. Raises WrongUseError."""
    places = (await api.get("/api/locations"))["items"]
    for matches in (
        [place for place in places if place["location_id"] == text],
        [place for place in places if place["name"].casefold() == text.casefold()],
    ):
        if len(matches) == 1:
            return str(matches[0]["location_id"])
    listed = ", ".join(f"{place['location_id']} ({place['name']})" for place in places)
    raise WrongUseError(f"{argument}: there is no location {text}; there are: {listed}")
