"""Every example of the API's description is what a running service takes and answers.

The requests stand here, in the order in which they are sent; what they were answered stands in the description's
`examples.json`, with stable ids and times in place of the shop's own. With TRUEUP_RECORD_EXAMPLES=1 it is written anew.
"""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.examples import EXAMPLES_FILE, examples_of
from services.preview.api.http.route import AnyRoute, Media
from shared.domain.cell import CellKey
from shared.domain.server_key import written
from shared.mongodb.schema import key_of
from tests.integration.api.access.named_things import told_things, waiting_run
from tests.integration.api.access.server_keys import server_key
from tests.integration.api.api_setup import PLACES, ApiShop, Reply
from tests.integration.api.drift.test_api_drift import missed
from tests.integration.api.jobs.test_api_whole_way import admin_of
from tests.integration.api.schedules.test_api_schedules import NIGHTLY
from tests.integration.shop_world import new_id, shop_world

RECORD = "TRUEUP_RECORD_EXAMPLES" in os.environ
BOM, OTHER_BOM, ITEM = "oak-table", "oak-chair", "30322695000001"


@dataclass(frozen=True)
class Asked:
    """A request: which operation, and what it is given. Texts in braces are names of things of the shop."""

    name: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    """In place of the shop's things of that name."""


def _bom(bom_id: str, item: str, name: str, **more: Any) -> dict[str, Any]:
    return {"bom_id": bom_id, "inventory_item_id": item, "name": name, **more}


def _counted(bom_id: str, count: int) -> dict[str, Any]:
    return {"bom_id": bom_id, "location_id": PLACES[0], "count": count, "seen": None}


_FILE = base64.b64encode(b"name,sku\nOak stool,OAK-STOOL\n").decode()
_NIGHTLY = {name: value for name, value in NIGHTLY.items() if name != "target"}
_HOOKS = {"url": "https://example.com/hooks", "matters": ["run_ended", "shop_paused"]}
_HERE = {"location_id": PLACES[0]}

ASKED = (
    Asked("putBoms", [_bom(OTHER_BOM, "30322695000002", "Oak chair", tags=["oak"], tracks_pre_assembled=True)]),
    Asked("listBoms", query={"search": "oak", "with_cells": "true", "sort": "-difference", "limit": "2"}),
    Asked("getBom"),
    Asked("readBoms", {"bom_ids": [BOM, OTHER_BOM]}),
    Asked("getBomFacets"),
    Asked("countSelection", {"selection": {"filter": {"tag": "oak"}}, "among": [BOM]}),
    Asked("listLocations"),
    Asked("getLocation"),
    Asked("findPlaces", query=_HERE | {"search": "oak"}),
    Asked("postCounts", {"counts": [_counted(OTHER_BOM, 12)], "note": "Yearly count"}),
    Asked("checkCounts", {"text": f"bom_id,count\n{OTHER_BOM},11\n", **_HERE}),
    Asked("exportSheet", query=_HERE),
    Asked("getCell"),
    Asked("adjustCell", {"delta": 5, "cause": "built"}),
    Asked("getCellHistory", query={"limit": "2"}),
    Asked("exportCellHistory"),
    Asked("postPreview", {"selection": {"bom_ids": "all"}}),
    Asked("listPreviews", query={"limit": "1"}),
    Asked("getPreview"),
    Asked("listPreviewRows", query={"only": "differences", "sort": "size", "limit": "2"}),
    Asked("weighPreview", {"direction": "toLocal", "leave_out": {"bom_ids": [OTHER_BOM]}}),
    Asked("watchPreview"),
    Asked("exportPreview", query={"only": "differences", "sort": "-difference"}),
    Asked("postJob", {"direction": "toShopify", "selection": {"cells": [{"bom_id": BOM, **_HERE}]}}),
    Asked("listJobs", query={"limit": "1", "bom_id": BOM}),
    Asked("exportHistory"),
    Asked("getJob"),
    Asked("listJobBoms"),
    Asked("listJobCells", query={"limit": "2"}),
    Asked("listLeftOut"),
    Asked("watchJob"),
    Asked("exportJob"),
    Asked("noteJob", {"text": "Counted the shelf first."}),
    Asked("previewRetry"),
    Asked("retryJob", {"mended": True}),
    Asked("previewUndo"),
    Asked("undoJob", {}),
    Asked("cancelJob", path={"job_id": "running"}),
    Asked("getDriftPolicy"),
    Asked("listDrift", query={"state": "missed"}),
    Asked("getDrift"),
    Asked("getDriftHistory", query={"since": "2026-03-01T00:00:00Z", "until": "2026-03-01T01:00:00Z"}),
    Asked("getRepairPlan"),
    Asked("approveDrift", {"drift_ids": ["{drift_id}"]}),
    Asked("putDriftPolicy", {"mode": "repair", "max_share": 0.2, "max_move": 1000}),
    Asked("postSweep", {"full": True}),
    Asked("previewMoments", {"timing": NIGHTLY["timing"], "time_zone": "Europe/Berlin"}),
    Asked("putSchedule", _NIGHTLY, path={"schedule_id": "new"}),
    Asked("listSchedules"),
    Asked("getSchedule"),
    Asked("listScheduleRuns"),
    Asked("getScheduleRun"),
    Asked("approveScheduleRun", {}),
    Asked("declineScheduleRun", path={"run_id": "other_run"}),
    Asked("postScheduleRun", {"run_id": "01K0000000000000000000000Z", "look_first": True}, path={"schedule_id": "new"}),
    Asked("deleteSchedule", path={"schedule_id": "new"}),
    Asked("listNotices", query={"limit": "1"}),
    Asked("getNotice"),
    Asked("watchNotices"),
    Asked("seeNotices", {"until": "2026-03-01T09:30:00Z"}),
    Asked("dismissNotice"),
    Asked("getNotifications"),
    Asked("chooseMailMatters", {"matters": ["run_troubled", "repair_stopped", "shop_paused"]}),
    Asked("addMailAddress", {"address": "new@example.com"}),
    Asked("confirmMailAddress", {"address": "bob@example.com", "code": "12345678"}),
    Asked("testMailAddress", {"address": "ann@example.com"}),
    Asked("removeMailAddress", {"address": "bob@example.com"}),
    Asked("putTarget", _HOOKS, path={"target_id": "new"}),
    Asked("getTarget"),
    Asked("rotateTargetSecret"),
    Asked("testTarget"),
    Asked("listDeliveries", query={"limit": "1"}),
    Asked("getDelivery"),
    Asked("replayDelivery"),
    Asked("deleteTarget"),
    Asked("getSettings"),
    Asked("putSettings", {"allow_negative": False, "activate": True}),
    Asked("getFirstSteps"),
    Asked("listImports", query={"limit": "1"}),
    Asked("getImport"),
    Asked("listImportLines", query={"kind": "refused"}),
    Asked("exportImport"),
    Asked("applyImport"),
    Asked("discardImport", path={"import_id": "other_import"}),
    Asked("postImport", {"file_name": "boms.csv", "content": _FILE, "tracks": True}),
    Asked("listKeys"),
    Asked("addKey", {"name": "Warehouse server", "scopes": ["read", "count"], "days": 90}),
    Asked("revokeKey"),
    Asked("getShop"),
    Asked("pauseShop"),
    Asked("resumeShop"),
    Asked("listAudit", query={"limit": "2"}),
    Asked("deleteBom", path={"bom_id": OTHER_BOM}),
)  # fmt: skip  # a table
OF_SHOPIFY = Asked("listVariants", query={"search": "oak"})

_ROUTES: dict[str, AnyRoute] = {route.name: route for route in ROUTES}
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
KEY_ID = "examplekey00"
_ID = "01K0{:022d}"


class Steady:
    """Puts stable ids, times and names in the place of a shop's own, the same thing always the same."""

    def __init__(self, shop: ApiShop) -> None:
        self._domain = shop.domain
        self._ids: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Of a text."""
        text = _ULID.sub(self._id, text.replace(self._domain, "your-store.myshopify.com"))
        text = _TIME.sub("2026-03-01T09:30:00Z", text)
        text = re.sub(r"whsec_[A-Za-z0-9+/=]+", "whsec_YW4gZXhhbXBsZSwgbm90IGEgc2VjcmV0", text)
        text = re.sub(r"trueup_live_[0-9A-Za-z_]+", written(KEY_ID, bytes(32)), text)
        text = re.sub(r'("key_id":\s*)"[^"]+"', rf'\1"{KEY_ID}"', text)
        return re.sub(r'("next_cursor":\s*)"[^"]+"', r'\1"WyIwMUswIl0"', text)

    def _id(self, found: re.Match[str]) -> str:
        given = found.group()
        if given.startswith("01K00000000000000000000"):
            return given
        return self._ids.setdefault(given, _ID.format(len(self._ids) + 1))


async def _sent(shop: ApiShop, asked: Asked, things: dict[str, str]) -> tuple[dict[str, Any], Reply]:
    """The request as it was sent, and its answer."""
    route = _ROUTES[asked.name]
    path = {name: things[asked.path.get(name, name)] if asked.path.get(name, name) in things else asked.path[name]
            for name in route.path_names()}  # fmt: skip  # one thing
    where = route.path.removeprefix("/api").format(**path)
    if asked.query:
        where += "?" + "&".join(f"{name}={value}" for name, value in asked.query.items())
    headers = {"Idempotency_Key": new_id()} if asked.name in {"adjustCell", "postCounts"} else {}
    body = json.loads(json.dumps(asked.body).replace("{drift_id}", things.get("drift_id", "")))
    reply = await shop.call(route.method, where, body, **headers)
    return {"path": path, "query": asked.query, "body": body}, reply


def _answer(route: AnyRoute, reply: Reply, steady: Steady) -> Any:
    if not reply.text:
        return None
    text = steady.text(reply.text)
    media = route.answers[next(status for status in route.answers if status.value == reply.status)]
    if not isinstance(media, Media):
        return json.loads(text)
    if media.model is None:
        return text
    event, data = re.findall(r"^(?:event|data): (.*)$", text, re.MULTILINE)[:2]
    return {"event": event, "data": data}


def _alike(kept: Any, now: Any) -> bool:
    """Whether two answers have the same form: the same fields, of the same kinds."""
    if kept is None or now is None:
        return True
    if isinstance(kept, dict) and isinstance(now, dict):
        return kept.keys() == now.keys() and all(_alike(kept[name], now[name]) for name in kept)
    if isinstance(kept, list) and isinstance(now, list):
        return not kept or not now or _alike(kept[0], now[0])
    return type(kept) is type(now)


async def _things(shop: ApiShop) -> dict[str, str]:
    """What the examples are about."""
    await shop.bom(BOM, ITEM, name="Oak table", tags=("oak",), tracks_pre_assembled=True)
    await missed(shop, BOM)
    schedule_id, tracks = new_id(), (await shop.stock(BOM))["tracks_rev"]
    assert (await shop.call("PUT", f"/schedules/{schedule_id}", NIGHTLY)).status == 201
    settled = {"settle_no": 0, "tracks_rev": tracks}
    values = {"local_before": 7, "local_after": 5, "shopify_before": 5, "shopify_after": 5, "settled": settled}
    cells: list[dict[str, Any]] = [
        {"bom_id": BOM, "location_id": PLACES[0], "state": "updated", "item_id": ITEM, **values},
        {"bom_id": BOM, "location_id": PLACES[1], "state": "error", "code": "READ_FAILED"},
    ]
    preview_id = await shop.preview({CellKey(BOM, place): 4 for place in PLACES})
    run_id, previews = await waiting_run(shop, schedule_id), shop.world.mongo.db["previews"]
    # A schedule's run that waits has compared: its preview bears its id.
    compared: Any = await previews.find_one({"shop": shop.domain, "preview_id": preview_id})
    await previews.insert_one({**compared, "_id": key_of(shop.domain, run_id), "preview_id": run_id})
    figures = {"codes": {"READ_FAILED": 1}, "direction": "toLocal"}
    return {
        "bom_id": BOM,
        OTHER_BOM: OTHER_BOM,
        "location_id": PLACES[0],
        "preview_id": preview_id,
        "job_id": await shop.job(cells, **figures),
        "running": await shop.job([], state="running", finished_at=None),
        "schedule_id": schedule_id,
        "run_id": run_id,
        "other_run": await waiting_run(shop, schedule_id),
        "new": new_id(),
        "key_id": (await server_key(shop.world, shop.domain))[0].key_id,
        "import_id": await shop.checked_import(lines=2),
        "other_import": await shop.checked_import(),
        "drift_id": (await shop.call("GET", "/drift")).json["items"][0]["drift_id"],
        **await told_things(shop),
    }


async def _tried(shop: ApiShop, all_asked: tuple[Asked, ...], things: dict[str, str]) -> dict[str, Any]:
    """What came of the requests; each is held against what is kept of it, where that is not to be made anew."""
    kept, steady, made, wrong = examples_of(), Steady(shop), dict[str, Any](), list[str]()
    for asked in all_asked:
        request, reply = await _sent(shop, asked, things)
        given = json.loads(steady.text(json.dumps(request)))
        route = _ROUTES[asked.name]
        if reply.status not in {status.value for status in route.answers}:
            wrong.append(f"{asked.name}: {reply}")
            continue
        one = {**given, "status": reply.status, "answer": _answer(route, reply, steady)}
        made[asked.name] = one
        before = kept.get(asked.name)
        same = before is not None and {**before, "answer": None} == {**one, "answer": None}
        if not RECORD and (not same or not _alike((before or one)["answer"], one["answer"])):
            wrong.append(f"{asked.name}: {before} is now {one}")
    assert not wrong, "\n".join(wrong)
    return made


def test_every_operation_has_its_example() -> None:
    """No operation is without one, and none is kept that the API has no more."""
    assert {asked.name for asked in (*ASKED, OF_SHOPIFY)} == set(_ROUTES)
    assert set(examples_of()) == set(_ROUTES)


async def test_every_example_is_run(shop: ApiShop) -> None:
    """Each request is taken, and answered by the status and in the form that the description shows."""
    made = await _tried(shop, ASKED, await _things(shop))
    if RECORD:
        _keep(examples_of() | made)


async def test_the_example_that_asks_shopify_is_run(vhost_url: str, mongodb_uri: str, database_name: str) -> None:
    """As the others, with a shop that answers."""
    async with shop_world(vhost_url, mongodb_uri, database_name, locations=1) as world, admin_of(world) as shop:
        await world.add_boms({BOM: [3]})
        made = await _tried(shop, (OF_SHOPIFY,), {})
    if RECORD:
        _keep(examples_of() | made)


def _keep(made: dict[str, Any]) -> None:
    ordered = {route.name: made[route.name] for route in ROUTES if route.name in made}
    Path(str(EXAMPLES_FILE)).write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    examples_of.cache_clear()
