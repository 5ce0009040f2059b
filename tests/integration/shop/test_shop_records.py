"""What an operator does to the records of shops: changing the key of their tokens, deleting one that is gone."""

from __future__ import annotations

from cryptography.fernet import Fernet
from pydantic import SecretStr

from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import SHOP, TOKEN, shop_world
from tests.stored_access import StoredAccess


async def test_after_a_rotation_the_old_key_is_not_needed(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """With a new key before the old one every token is encrypted anew; then the new one alone reads them all."""
    new = Fernet.generate_key().decode()
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as world:
        keys = [SecretStr(new), *world.settings.token_keys]
        rotated = await trueup(world.settings.model_copy(update={"token_keys": keys}), "shop", "rotate-keys")
        assert (rotated.code, rotated.output.split()[2]) == (0, "1"), rotated.errors
        assert await StoredAccess(world.mongo.db, [new]).token(SHOP) == TOKEN
        lost = await trueup(world.settings, "shop", "rotate-keys")
        assert (lost.code, "TRUEUP_TOKEN_KEYS" in lost.errors) == (2, True)


async def test_a_shop_is_deleted_only_when_that_is_confirmed(
    vhost_url: str, mongodb_uri: str, database_name: str
) -> None:
    """Nothing of the shop stays in any collection, and nothing goes without a yes."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as world:
        asked = await trueup(world.settings, "shop", "redact", SHOP)
        assert (asked.code, "--yes" in asked.errors) == (2, True)
        assert await world.shops.get(SHOP) is not None
        done = await trueup(world.settings, "shop", "redact", SHOP, "--yes", "--json")
        assert done.document == {"shop": SHOP, "deleted": {"locations": 1, "shops": 1}}
        assert await world.shops.get(SHOP) is None
