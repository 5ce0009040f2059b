"""`trueup shop list|show|set|pause|resume`: a shop as it stands, and whether it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.command_line.api.reaching import every_shop
from services.command_line.outcome import Exit
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.lists import short_time
from services.command_line.terminal.tables import Column, console, show_table

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

COLUMNS = (Column("Shop"), Column("Time zone"), Column("State", "name"))


async def list_shops(*, as_json: bool) -> Exit:
    """Every shop; over HTTP the one of the key."""
    items = await every_shop()
    if as_json:
        print_json({"items": items})
    elif items:
        show_table(console(), COLUMNS, [(one["shop"], one["time_zone"] or "–", _state(one)) for one in items])
    else:
        console().print("there is no shop yet; add one with: trueup shop add DOMAIN --token-file PATH")
    return Exit.OK


def _state(shop: Json) -> str:
    pause = shop["paused"]
    return "active" if pause is None else f"paused since {short_time(pause['since'])}: {pause['message']}"


async def show_shop(api: Api, *, as_json: bool) -> Exit:
    """One shop, and what it follows where a run says nothing else."""
    shop, settings = await api.get("/api/shop"), await api.get("/api/settings")
    if as_json:
        print_json({**shop, "settings": settings})
        return Exit.OK
    out = console()
    out.print(f"{shop['shop']}: {_state(shop)}")
    if (pause := shop["paused"]) is not None:
        out.print(pause["remedy"])
    out.print(f"time zone       {shop['time_zone'] or 'not known yet'}")
    _show_settings(settings)
    return Exit.OK


def _show_settings(settings: Json) -> None:
    out = console()
    out.print(
        f"below zero      {'may be pushed' if settings['allow_negative'] else 'is not pushed'} (--allow-negative)"
    )
    stocked = "is stocked there, then pushed" if settings["activate"] else "is left out"
    out.print(f"not stocked     {stocked} (--activate)")


async def set_shop(api: Api, *, as_json: bool, **given: bool | None) -> Exit:
    """Change what is given; the rest stays."""
    present = await api.get("/api/settings")
    wanted = {name: present[name] if value is None else value for name, value in given.items()}
    settings = await api.put("/api/settings", wanted)
    if as_json:
        print_json(settings)
    else:
        _show_settings(settings)
    return Exit.OK


async def pause_shop(api: Api, *, as_json: bool) -> Exit:
    """Send nothing to Shopify for the shop until it is resumed; runs wait and go on by themselves."""
    return _moved(await api.post("/api/shop/pause"), as_json=as_json)


async def resume_shop(api: Api, *, as_json: bool) -> Exit:
    """Let a shop go on that a person has paused."""
    return _moved(await api.post("/api/shop/resume"), as_json=as_json)


def _moved(shop: Json, *, as_json: bool) -> Exit:
    if as_json:
        print_json(shop)
    else:
        console().print(f"{shop['shop']}: {_state(shop)}")
    return Exit.OK
