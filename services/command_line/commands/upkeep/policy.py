"""`trueup policy`: what may be done without a person, and its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.command_line.outcome import Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.tables import console

if TYPE_CHECKING:
    from services.command_line.api.client import Api, Json

_PATH = "/api/drift/policy"
_MEANS = {
    "repair": "missed webhooks are found, and what only Shopify has moved is pulled",
    "notify": "missed webhooks are found and told; nothing is repaired by itself",
    "off": "nobody looks for missed webhooks",
}


async def show_policy(api: Api, *, as_json: bool) -> Exit:
    """The policy as it stands."""
    return _told(await api.get(_PATH), as_json=as_json)


def _told(policy: Json, *, as_json: bool) -> Exit:
    if as_json:
        print_json(policy)
        return Exit.OK
    out, quiet = console(), policy["quiet_hours"]
    out.print(f"mode            {policy['mode']}: {_MEANS[policy['mode']]}")
    out.print(f"largest move    {policy['max_move']} units of one cell (--max-move)")
    out.print(f"largest share   {policy['max_share']:.0%} of the cells at once (--max-share)")
    out.print(f"repairs         {policy['jobs_per_hour']} jobs an hour (--jobs-per-hour)")
    hours = "none" if quiet is None else f"{quiet['start']}-{quiet['end']} {quiet['time_zone']}"
    out.print(f"quiet hours     {hours} (--quiet-hours)")
    return Exit.OK


async def set_policy(
    api: Api, *, quiet_hours: str | None, time_zone: str | None, as_json: bool, **given: object
) -> Exit:
    """Change what is given; the rest stays. Raises WrongUseError where nothing is given."""
    chosen = {name: value for name, value in given.items() if value is not None}
    if not chosen and quiet_hours is None:
        raise WrongUseError("policy set: say what is to change, such as --max-move 500")
    policy = {**await api.get(_PATH), **chosen}
    if quiet_hours is not None:
        policy["quiet_hours"] = _hours(quiet_hours, time_zone or "UTC")
    return _told(await api.put(_PATH, policy), as_json=as_json)


def _hours(text: str, time_zone: str) -> Json | None:
    if text == "none":
        return None
    start, dash, end = text.partition("-")
    if not dash:
        raise WrongUseError(f"--quiet-hours: {text} is no span of hours; write it as 22:00-06:00, or none")
    return {"start": start.strip(), "end": end.strip(), "time_zone": time_zone}
