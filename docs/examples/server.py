"""An app's own server: keeps the stock of its shops in step through Trueup, with a key of its own for each shop.

`pip install aiohttp standardwebhooks`, then `TRUEUP_URL=https://trueup.example.com python server.py shops.json`.
"""

import asyncio
import json
import os
import sys
import uuid
from pathlib import Path

import aiohttp
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

TRUEUP, SHOPS = os.environ["TRUEUP_URL"], json.loads(Path(sys.argv[1]).read_text())


async def ask(shop, method, path, body=None, key=None):
    """One request, sent again while it is told to wait. `key`: ours; what is sent again under it is done once."""
    # The shop is named beside the key: where two keys were mixed up all is refused, and nothing changed.
    headers = {"Authorization": f"Bearer {SHOPS[shop]['key']}", "Trueup-Shop": shop}
    headers |= {"Idempotency-Key": key} if key else {}
    while True:
        try:
            async with aiohttp.request(method, TRUEUP + path, json=body, headers=headers) as answer:
                said, wait = await answer.json(), answer.headers.get("Retry-After")
        except aiohttp.ClientConnectionError:
            wait = "1"
        if wait is not None:
            await asyncio.sleep(int(wait))
        elif answer.ok:
            return said
        else:
            raise RuntimeError(f"{shop}: {answer.status} {said['type']}: {said['detail']}")


async def reconcile(shop, name):
    """See where both sides differ, and bring Shopify to the app's values. `name`: the same for each repeat."""
    preview = await ask(shop, "POST", "/api/previews", {"selection": {"bom_ids": "all"}}, f"preview-{name}")
    while preview["state"] not in {"ready", "failed"}:
        await asyncio.sleep(0.5)
        preview = await ask(shop, "GET", f"/api/previews/{preview['preview_id']}")
    job = {"direction": "toShopify", "preview_id": preview["preview_id"]}
    await ask(shop, "POST", "/api/jobs", job, f"job-{name}")


async def begin(app):
    """The app's BOMs, and its counts where nobody has counted yet; a start that is repeated changes nothing more."""
    for shop, own in SHOPS.items():
        await ask(shop, "PUT", "/api/boms", own["boms"])
        start = str(uuid.uuid4())
        await ask(shop, "POST", "/api/counts", {"counts": own["counts"]}, f"counts-{start}")
        await reconcile(shop, start)


async def built(request):
    """The app has built goods: counted once, under the id of the app's own event, however often it is sent."""
    shop, event = request.match_info["shop"], await request.json()
    cell = f"/api/cells/{event['bom_id']}/{event['location_id']}"
    await ask(shop, "PATCH", cell, {"delta": event["quantity"], "cause": "built"}, f"built-{event['id']}")
    await reconcile(shop, event["id"])
    return web.Response(status=204)


async def told(request):
    """Trueup tells what has happened, signed by the shop's secret. It may come twice, under the same `webhook-id`."""
    shop = request.match_info["shop"]
    try:
        event = Webhook(SHOPS[shop]["secret"]).verify(await request.text(), dict(request.headers))
    except WebhookVerificationError:
        return web.Response(status=401)
    print(shop, event["type"], event["data"]["title"], flush=True)
    return web.Response(status=204)


app = web.Application()
app.add_routes([web.post("/built/{shop}", built), web.post("/told/{shop}", told)])
app.on_startup.append(begin)
web.run_app(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), print=None)
