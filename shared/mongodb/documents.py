"""Everything that is stored: each collection with its fields, as the folder that owns it describes them."""

from __future__ import annotations

from collections.abc import Mapping

from shared.mongodb.catalogue import documents as catalogue
from shared.mongodb.described import Described
from shared.mongodb.drift import documents as drift
from shared.mongodb.inbox import documents as inbox
from shared.mongodb.jobs import documents as jobs
from shared.mongodb.notices import documents as notices
from shared.mongodb.previews import documents as previews
from shared.mongodb.requests import documents as requests
from shared.mongodb.schedules import documents as schedules
from shared.mongodb.server_keys import documents as server_keys
from shared.mongodb.shops import documents as shops
from shared.mongodb.stock import documents as stock

FOLDERS: Mapping[str, tuple[Described, ...]] = {
    "shops": shops.DOCUMENTS,
    "catalogue": catalogue.DOCUMENTS,
    "stock": stock.DOCUMENTS,
    "previews": previews.DOCUMENTS,
    "jobs": jobs.DOCUMENTS,
    "drift": drift.DOCUMENTS,
    "schedules": schedules.DOCUMENTS,
    "notices": notices.DOCUMENTS,
    "inbox": inbox.DOCUMENTS,
    "server_keys": server_keys.DOCUMENTS,
    "requests": requests.DOCUMENTS,
}
"""By the folder that writes them."""

DOCUMENTS: Mapping[str, Described] = {one.name: one for its in FOLDERS.values() for one in its}
