"""Stands for the MongoDB exporter, which no package carries: its names for what a real MongoDB says of itself.

The exporter names a figure by its path in the answers of `serverStatus` and `replSetGetStatus`: `mongodb_ss_…` and
`mongodb_rs_…`, WiredTiger's `mongodb_ss_wt_…`; below `opcounters` and `connections` the last word becomes a label. Only
what the dashboards and alerts use is here; that its real names are these is not shown by any test.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from motor.motor_asyncio import AsyncIOMotorClient

_LABELLED = {"opcounters": "legacy_op_type", "connections": "conn_type"}
_PLAIN = {
    "mongodb_ss_transactions_totalCommitted": ("transactions", "totalCommitted"),
    "mongodb_ss_transactions_totalAborted": ("transactions", "totalAborted"),
    "mongodb_ss_wt_cache_bytes_currently_in_the_cache": ("wiredTiger", "cache", "bytes currently in the cache"),
    "mongodb_ss_wt_cache_maximum_bytes_configured": ("wiredTiger", "cache", "maximum bytes configured"),
}
NAMES = frozenset({"mongodb_up", "mongodb_rs_myState", *(f"mongodb_ss_{name}" for name in _LABELLED), *_PLAIN})
"""Every name that it shows."""


def figures_app(client: AsyncIOMotorClient[dict[str, Any]]) -> web.Application:
    """An application that answers `/metrics`."""

    async def metrics(_: web.Request) -> web.Response:
        status = await client.admin.command("serverStatus")
        replica_set = await client.admin.command("replSetGetStatus")
        own = f'rs_nm="{replica_set["set"]}"'
        lines = [f"mongodb_up{{{own}}} 1", f"mongodb_rs_myState{{{own}}} {replica_set['myState']}"]
        for part, label in _LABELLED.items():
            numbers = {word: value for word, value in status[part].items() if isinstance(value, int)}
            lines += [f'mongodb_ss_{part}{{{own},{label}="{word}"}} {value}' for word, value in numbers.items()]
        for name, path in _PLAIN.items():
            value: Any = status
            for step in path:
                value = value[step]
            lines.append(f"{name}{{{own}}} {value}")
        return web.Response(text="\n".join(lines) + "\n", headers={"Content-Type": "text/plain; version=0.0.4"})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    return app
