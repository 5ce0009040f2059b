"""`trueup keys`: by which servers speak to the HTTP API."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from services.command_line.connections.stores import shop_domain
from services.command_line.outcome import REQUESTED_BY, Exit, WrongUseError
from services.command_line.terminal.documents import print_json
from services.command_line.terminal.printable import printable
from services.command_line.terminal.tables import console
from shared.contract.words import Words
from shared.domain.server_key import PREFIX, Scope, scopes_problem
from shared.mongodb.server_keys.server_keys import LONGEST_NAME, MAX_ACTIVE, ServerKeys

if TYPE_CHECKING:
    from rich.console import Console

    from services.command_line.connections.client import Client
    from services.command_line.connections.stores import Records
    from shared.mongodb.server_keys.server_key import ServerKey

LONGEST = timedelta(days=730)

_WORDS = TypeAdapter[str](Words)
_DURATION = re.compile(r"([1-9][0-9]{0,4})([dh])", re.ASCII)


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key to be made."""

    name: str
    scopes: frozenset[Scope]
    lasts: timedelta


def wanted_key(may: str, name: str, expires: str) -> WantedKey:
    """Of what the options say. Raises WrongUseError."""
    words = [word.strip() for word in may.split(",") if word.strip()]
    if unknown := [word for word in words if word not in set(Scope)]:
        raise WrongUseError(f"--may: {unknown[0]!r} is none of {', '.join(Scope)}")
    scopes = frozenset(Scope(word) for word in words)
    if (problem := scopes_problem(scopes)) is not None:
        raise WrongUseError(f"--may: {problem}")
    try:
        short = 0 < len(name.strip()) <= LONGEST_NAME and bool(_WORDS.validate_python(name))
    except ValidationError:
        short = False
    if not short:
        raise WrongUseError(f"--name: give one line of 1 to {LONGEST_NAME} characters")
    found = _DURATION.fullmatch(expires)
    if found is None:
        raise WrongUseError("--expires: give days or hours, such as 90d or 12h")
    lasts = timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
    if lasts > LONGEST:
        raise WrongUseError(f"--expires: at most {LONGEST.days}d; a key that ends can be replaced in time")
    return WantedKey(name.strip(), scopes, lasts)


async def add_key(client: Client, shop: str | None, wanted: WantedKey, *, as_json: bool, out: Console) -> Exit:
    """Make it and show it, once."""
    keys = ServerKeys(client.mongo.db)
    if shop is not None and await keys.active(shop) >= MAX_ACTIVE:
        raise WrongUseError(
            f"{shop} has {MAX_ACTIVE} keys that work, the most there can be: revoke one that is not used"
        )
    key, text = await keys.add(
        shop,
        name=wanted.name,
        scopes=wanted.scopes,
        expires_at=datetime.now(UTC) + wanted.lasts,
        by=REQUESTED_BY,
    )
    await client.note("key.add", shop, key.actor)
    if as_json:
        print_json({**key_document(key), "key": text})
        return Exit.OK
    # Alone on standard output and not wrapped: a script keeps it where its secrets are.
    out.print(text, soft_wrap=True)
    whose = "every shop: name one in the header Trueup-Shop" if shop is None else shop
    told = f"{key.name}, for {whose}; may {_may(key)}; expires {_day(key.expires_at)}."
    print(printable(f"{told} It is shown this once."), file=sys.stderr)  # noqa: T201  # beside the command's output
    return Exit.OK


async def list_keys(records: Records, shop: str | None, *, as_json: bool) -> Exit:
    """Those of a shop, or all."""
    keys = ServerKeys(records.mongo.db)
    listed = await keys.all() if shop is None else await keys.of_shop(shop_domain(shop))
    if as_json:
        print_json({"keys": [key_document(key) for key in listed]})
        return Exit.OK
    out = console()
    if not listed:
        out.print("there is no key; trueup keys add makes one")
        return Exit.OK
    for key in listed:
        out.print(f"{key.key_id}  {key.name}  {key.shop or 'all shops'}", soft_wrap=True)
        out.print(f"  may {_may(key)}; {_life(key)}", soft_wrap=True)
    return Exit.OK


async def revoke_key(client: Client, key_id: str, *, as_json: bool, out: Console) -> Exit:
    """It works no more. Safe to repeat."""
    if key_id.startswith(PREFIX):
        raise WrongUseError(f"give the id alone, the part between {PREFIX} and the secret: a key is no argument")
    keys = ServerKeys(client.mongo.db)
    kept = await keys.find(key_id)
    if kept is None:
        raise WrongUseError(f"there is no key {key_id}; trueup keys list shows them")
    key = await keys.revoke(key_id, shop=kept.key.shop, by=REQUESTED_BY)
    if key is None:
        raise WrongUseError(f"the key {key_id} has gone meanwhile")
    if kept.key.revoked_at is None:
        await client.note("key.revoke", key.shop, key.actor)
    if as_json:
        print_json(key_document(key))
    else:
        out.print(f"{key.name} ({key.key_id}) is revoked: what it asks is refused within a second", soft_wrap=True)
    return Exit.OK


def key_document(key: ServerKey) -> dict[str, Any]:
    """A key as `--json` prints it."""
    return {
        "key_id": key.key_id,
        "shop": key.shop,
        "name": key.name,
        "scopes": [str(scope) for scope in Scope if scope in key.scopes],
        "state": key.state(datetime.now(UTC)),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "revoked_by": key.revoked_by,
        "last_used_at": key.last_used_at,
    }


def _may(key: ServerKey) -> str:
    return ", ".join(scope for scope in Scope if scope in key.scopes)


def _life(key: ServerKey) -> str:
    used = "never used" if key.last_used_at is None else f"last used {key.last_used_at:%Y-%m-%d %H:%M}"
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}; {used}"
    over = key.state(datetime.now(UTC)) == "expired"
    return f"{'expired' if over else 'expires'} {_day(key.expires_at)}; {used}"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
