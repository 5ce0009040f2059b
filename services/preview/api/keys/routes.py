"""/api/keys: by which servers speak for the shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from services.preview.api.http.responses.problem import conflict, unknown
from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.http.server_keys import must_have
from services.preview.api.keys.models import KeyIn, KeyList, KeyMade, KeyPath
from services.preview.api.keys.view import key_made, key_out
from shared.mongodb.server_keys.server_keys import MAX_ACTIVE


async def list_keys(call: Call[NoParameters, None]) -> Answer:
    """GET /api/keys."""
    return Answer(KeyList(items=[key_out(key) for key in await call.deps.server_keys.of_shop(call.shop)]))


async def add_key(call: Call[NoParameters, KeyIn]) -> Answer:
    """POST /api/keys."""
    expires_at = datetime.now(UTC) + timedelta(days=call.body.days)
    if (maker := call.caller.key) is not None:
        # A key makes none that may more, or lives longer, than itself.
        for scope in call.body.scopes:
            must_have(call.caller, scope)
        expires_at = min(expires_at, maker.expires_at)
    # Counted and made by one at a time: many requests at once must not all find room.
    async with call.deps.locks.of(call.shop):
        if call.key is not None:
            await call.deps.server_keys.revoke_tries(call.shop, call.made_id)
        if await call.deps.server_keys.active(call.shop) >= MAX_ACTIVE:
            message = f"The shop has {MAX_ACTIVE} keys that work, the most there can be."
            raise conflict("too-many", "body", message, "Revoke one that is not used any more.")
        key, text = await call.deps.server_keys.add(
            call.shop,
            name=call.body.name,
            scopes=call.body.scopes,
            expires_at=expires_at,
            by=call.caller.user,
            made_by=call.made_id,
        )
    return Answer(key_made(key, text), HTTPStatus.CREATED, {"Cache-Control": "no-store"}, subject=key.actor)


async def revoke_key(call: Call[KeyPath, None]) -> Answer:
    """DELETE /api/keys/{key_id}."""
    key = await call.deps.server_keys.revoke(call.params.key_id, shop=call.shop, by=call.caller.user)
    if key is None:
        raise unknown("path.key_id", f"There is no key {call.params.key_id}.", "See GET /api/keys.")
    call.deps.key_callers.forget(key.key_id)
    return Answer(None, HTTPStatus.NO_CONTENT, subject=key.actor)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/keys",
        name="listKeys",
        tag="keys",
        summary="The keys by which servers speak for the shop",
        description="Those that work, then the last that have ended. A key itself is shown once, when it is made.",
        params=NoParameters,
        handler=list_keys,
        answers={HTTPStatus.OK: KeyList},
    ),
    Route(
        method="POST",
        path="/api/keys",
        name="addKey",
        act="key.add",
        tag="keys",
        summary="Make a key for a server",
        description="It is shown in this answer and never again. A key makes none that may more, or lives longer, "
        "than itself.",
        params=NoParameters,
        handler=add_key,
        body=KeyIn,
        answers={HTTPStatus.CREATED: KeyMade},
        problems=(HTTPStatus.CONFLICT,),
    ),
    Route(
        method="DELETE",
        path="/api/keys/{key_id}",
        name="revokeKey",
        act="key.revoke",
        tag="keys",
        summary="Revoke a key at once",
        description="What it asks is refused within a second, everywhere; an event stream that it follows ends.",
        params=KeyPath,
        handler=revoke_key,
        answers={HTTPStatus.NO_CONTENT: None},
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
