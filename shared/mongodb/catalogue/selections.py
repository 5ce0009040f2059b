"""Long selections: lists of BOMs or cells, kept beside the document they belong to in documents of bounded size.

A job's or a preview's document is read again and again, and written with each step; a list of a hundred thousand cells
would go along every time. So the document holds a short selection itself, and of a long one only what it is: which
list, how long, and the digest under which its parts are found.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from bson import encode
from pymongo import ReplaceOne

from shared.domain.batches import batches
from shared.mongodb.schema import Database, Document, key_of

SHORT = 200
"""The longest list that a document holds itself."""

_PART = 1000
"""Ids or cells of one document: with the longest ids it is well below a megabyte."""

_LISTS = ("bom_ids", "cells")


class SelectionLost(Exception):
    """Not all parts of a kept selection are there."""


def job_owner(job_id: str) -> str:
    """Of a job's selection."""
    return f"job:{job_id}"


def preview_owner(preview_id: str) -> str:
    """Of a preview's selection."""
    return f"preview:{preview_id}"


def as_held(selection: Mapping[str, Any]) -> Document:
    """The form in which a document holds a selection, which may be in that form already; the same for the same one."""
    held = dict(selection)
    for name in _LISTS:
        entries = held.get(name)
        if isinstance(entries, list) and len(entries) > SHORT:
            digest = sha256(encode({"entries": entries})).hexdigest()
            del held[name]
            held["kept"] = {"list": name, "number": len(entries), "digest": digest}
    return held


class Selections:
    """Keeps the lists of long selections, and puts them together again."""

    def __init__(self, database: Database) -> None:
        self._selections = database["selections"]

    async def keep(
        self, shop: str, owner: str, selection: Mapping[str, Any], *, until_old: datetime | None = None
    ) -> Document:
        """Keep what is long of a selection; returns what the owner's document is to hold. Safe to repeat.

        `until_old`: the owner goes by itself a time after this moment, and so do the parts; None: they stay.
        """
        held = as_held(selection)
        kept = held.get("kept")
        if kept is None or "kept" in selection:
            return held
        digest = kept["digest"]
        for first, part in enumerate(batches(selection[kept["list"]], _PART)):
            document: Document = {
                "_id": key_of(shop, owner, digest, str(first)),
                "shop": shop,
                "owner": owner,
                "digest": digest,
                "no": first,
                "entries": part,
            }
            if until_old is not None:
                document["at"] = until_old
            await self._selections.bulk_write([ReplaceOne({"_id": document["_id"]}, document, upsert=True)])
        return held

    async def whole(self, shop: str, owner: str, held: Mapping[str, Any]) -> Document:
        """The whole selection of which a document holds this. Raises SelectionLost."""
        selection = dict(held)
        kept = selection.pop("kept", None)
        if kept is None:
            return selection
        query = {"shop": shop, "owner": owner, "digest": kept["digest"]}
        entries: list[Any] = []
        async for part in self._selections.find(query, {"entries": 1}).sort("no", 1):
            entries += part["entries"]
        if len(entries) != kept["number"]:
            raise SelectionLost(f"{len(entries)} of {kept['number']} entries of the selection of {owner} are there")
        return {**selection, kept["list"]: entries}
