"""Shards Trueup's collections by shop, on a sharded cluster (MongoDB 8.0 or newer), before the services first start.

    TRUEUP_MONGODB_URI=mongodb://admin:…@mongos/ python -m deploy.mongodb.shard_by_shop

All documents of a shop lie in one shard, so its transactions never leave it. Every unique index begins with the shop,
as a shard key asks. Trueup often names a document by its `_id` alone; MongoDB before 8.0 refuses some of these writes
on a sharded collection. Running it again does nothing.
"""

from __future__ import annotations

import asyncio
import sys

from pymongo.errors import OperationFailure, PyMongoError

from shared.errors import StoreUnavailable, WrongSetting
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import INDEXES
from shared.settings import load_settings

BY_ID = frozenset({"shops"})
"""Whose `_id` is the shop."""

WHOLE = frozenset({"partitions", "replicas", "constants"})
"""A few documents, of no shop."""

_OLDEST = (8, 0)


def shard_keys() -> dict[str, dict[str, int]]:
    """The shard key of each collection that is sharded."""
    return {name: {"_id": 1} if name in BY_ID else {"shop": 1} for name in INDEXES if name not in WHOLE}


async def shard(mongo: Mongo) -> None:
    """Shard every collection. Raises WrongSetting where this is no sharded cluster, or an old one."""
    admin = mongo.client.admin
    if (await admin.command("hello")).get("msg") != "isdbgrid":
        raise WrongSetting("TRUEUP_MONGODB_URI: is no mongos: only a sharded cluster can shard")
    version = (await admin.command("buildInfo"))["versionArray"]
    if tuple(version[:2]) < _OLDEST:
        raise WrongSetting("this cluster is older than MongoDB 8.0")
    await mongo.prepare()
    for name, key in shard_keys().items():
        await admin.command("shardCollection", f"{mongo.db.name}.{name}", key=key)


async def _main() -> None:
    settings = load_settings()
    mongo = Mongo(settings.mongodb_uri.get_secret_value(), settings.mongodb_database)
    try:
        await shard(mongo)
    finally:
        mongo.close()


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except (WrongSetting, StoreUnavailable) as error:
        sys.exit(f"trueup: {error}")
    except OperationFailure as error:
        sys.exit(f"trueup: MongoDB refused to shard: {error.code} {error.details and error.details.get('codeName')}")
    except PyMongoError as error:
        sys.exit(f"trueup: MongoDB did not answer: {type(error).__name__}")
