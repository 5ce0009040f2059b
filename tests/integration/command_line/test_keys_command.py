"""`trueup keys`: a key is made, shown once, listed, and revoked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.server_key import read
from tests.integration.api.access.server_keys import by_key
from tests.integration.api.api_setup import ApiShop, ApiWorld, shop, world
from tests.integration.command_line.command_line_runs import trueup

__all__ = ["shop", "world"]


async def test_a_key_made_by_the_command_works_until_it_is_revoked(world: ApiWorld, shop: ApiShop) -> None:
    """The key alone stands on standard output; the list shows it by its id; revoked, it is refused."""
    made = await trueup(
        world.settings, "keys", "add", "--shop", shop.domain, "--may", "read,count", "--expires", "12h", "--name", "ERP"
    )
    assert made.code == 0, made.errors
    text = made.output.strip()
    parts = read(text)
    assert parts is not None
    assert "shown this once" in made.errors
    assert text not in made.errors
    assert (await by_key(world, text, "GET", "/boms")).status == 200
    assert (await by_key(world, text, "POST", "/drift/sweeps", {"full": True})).status == 403
    listed = await trueup(world.settings, "keys", "list", "--shop", shop.domain)
    assert parts.key_id in listed.output
    assert "may read, count; expires" in listed.output
    assert "last used" in listed.output
    assert parts.secret not in listed.output
    gone = await trueup(world.settings, "keys", "revoke", parts.key_id, "--yes", "--json")
    assert gone.document["state"] == "revoked"
    elsewhere = await trueup(world.settings, "audit", "list", "--shop", shop.domain, "--json")
    assert [(act["act"], act["actor"]) for act in elsewhere.document["items"]] == [
        ("key.revoke", "trueup command line"),
        ("key.add", "trueup command line"),
    ]
    ended = await trueup(world.settings, "keys", "list", "--shop", shop.domain, "--json")
    (key,) = ended.document["keys"]
    assert (key["state"], key["revoked_by"], "hash" in key) == ("revoked", "trueup command line", False)


async def test_a_key_for_all_shops(world: ApiWorld, shop: ApiShop) -> None:
    """It serves the shop that a request names; `--json` holds the key, and when it ends."""
    made = await trueup(world.settings, "keys", "add", "--all-shops", "--may", "read", "--expires", "90d", "--json")
    assert made.code == 0, made.errors
    assert (made.document["shop"], made.document["scopes"]) == (None, ["read"])
    expires = datetime.fromisoformat(made.document["expires_at"])
    assert timedelta(days=89) < expires - datetime.now(UTC) <= timedelta(days=90)
    key = made.document["key"]
    assert (await by_key(world, key, "GET", "/boms", Trueup_Shop=shop.domain)).status == 200
    listed = json.loads((await trueup(world.settings, "keys", "list", "--json")).output)
    assert made.document["key_id"] in [one["key_id"] for one in listed["keys"]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "--may", "read,write"), "--may: 'write' is none of read, count, reconcile, push, manage"),
        (("add", "--may", ""), "--may: at least one scope"),
        (("add", "--may", "push"), "--may: push is about runs"),
        (("add", "--may", "read", "--expires", "never"), "--expires: give days or hours"),
        (("add", "--may", "read", "--expires", "9999d"), "--expires: at most 730d"),
        (("add", "--may", "read", "--name", ""), "--name: give one line"),
        (("add", "--may", "read", "--shop", "a.myshopify.com", "--all-shops"), "--shop or --all-shops, not both"),
        (("add", "--may", "read", "--shop", "nobody.myshopify.com"), "--shop: nobody.myshopify.com is not known"),
        (("revoke", "nosuchkeyatall", "--yes"), "there is no key nosuchkeyatall"),
        (("revoke", "trueup_live_abc_def", "--yes"), "give the id alone"),
    ],
)
async def test_a_wrong_use_is_one_line(world: ApiWorld, words: tuple[str, ...], said: str) -> None:
    """It names the option, and nothing is made."""
    before = await world.mongo.db["server_keys"].count_documents({})
    ended = await trueup(world.settings, "keys", *words)
    assert ended.code == 2
    assert len(ended.errors.splitlines()) == 1
    assert said in ended.errors
    assert await world.mongo.db["server_keys"].count_documents({}) == before
