"""`Idempotency-Key`: a change that is sent again under the client's own key is made once, and answered as it was.

One mechanism for every operation that changes something, as the IETF's draft of that header has it: the same key and
request get the first answer again; another request under the key is refused, and so is one whose first try goes on.
What was refused as it is, or failed before anything was changed, may be sent again. Where a process dies between the
change and its note, the next try makes nothing twice: whatever a request makes bears an id that belongs to the key
(`Call.made_id`), and a change of a count is noted under it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from aiohttp import web

from services.preview.api.http.keys_of_clients import FIELD, HEADER, REPLAYED, key_given, key_missing
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, conflict
from services.preview.api.http.route import AnyRoute, Call
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.requests.keyed_requests import (
    AskedOtherwise,
    Begun,
    KeptAnswer,
    KeyedRequests,
    UnderWay,
    Unreadable,
)

log = structlog.get_logger()

_ASKED_AGAIN = 2
"""Seconds after which it is worth asking for the answer of a first try that is under way."""

Work = Callable[[Call[Any, Any]], Awaitable[web.Response]]


async def once(keyed: KeyedRequests, route: AnyRoute, call: Call[Any, Any], raw: object, work: Work) -> web.Response:
    """Work on a request that changes something; under a key once. `raw`: its body as JSON.

    Raises ProblemError: 422 where the key was used for another request, 409 where its first try is under way.
    """
    key = key_given(call.request)
    if key is None:
        if route.needs_key:
            message = "Sent again without a key, this request would count twice."
            raise key_missing(message, f"Send a key of your own as {HEADER}, and the same one when you repeat it.")
        return await work(call)
    try:
        begun = await keyed.begin(call.shop, route.name, key, _asked(call, raw))
    except Unreadable:
        message = "The first answer under this key can no longer be read: this installation's own keys were changed."
        raise conflict("key-unreadable", FIELD, message, "See whether it was done, then use a new key.") from None
    if isinstance(begun, KeptAnswer):
        return _again(begun)
    if not isinstance(begun, Begun):
        raise _refused(begun)
    return await _first(keyed, begun, replace(call, key=key, made_id=begun.made_id), work)


async def _first(keyed: KeyedRequests, begun: Begun, call: Call[Any, Any], work: Work) -> web.Response:
    try:
        answer = await work(call)
    except ProblemError as error:
        # Refused as it is. A try before this one may have changed something all the same.
        refused = begun.first and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        await _noted(keyed.forget(begun) if refused else keyed.give_back(begun), call)
        raise
    except BaseException:
        await _noted(keyed.give_back(begun), call)
        raise
    body = answer.body if isinstance(answer.body, bytes) else b""
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"Content-Length", "Date", "Server"}
    }
    await _noted(keyed.answer(begun, KeptAnswer(answer.status, headers, body)), call)
    return answer


async def _noted(note: Awaitable[None], call: Call[Any, Any]) -> None:
    """What was done is answered also where it cannot be noted: a repeat finds it by its own id then."""
    try:
        await note
    except STORE_AWAY as error:
        log.warning("answer_not_kept", shop=call.shop, path=call.request.path, error=repr(error))


def _asked(call: Call[Any, Any], raw: object) -> bytes:
    """What tells two requests apart: who sends them, where they go, and what the body says, however it is written.

    An answer may hold a secret that is shown once: nobody else gets it by the same key.
    """
    request = call.request
    said = [call.caller.user, request.method, request.path, sorted(request.query.items()), raw]
    return json.dumps(said, sort_keys=True, separators=(",", ":"), default=str).encode()


def _again(kept: KeptAnswer) -> web.Response:
    return web.Response(status=kept.status, body=kept.body or None, headers={**kept.headers, REPLAYED: "true"})


def _refused(why: UnderWay | AskedOtherwise) -> ProblemError:
    if isinstance(why, AskedOtherwise):
        message, remedy = "This key was used for another request.", "Use a new key for each request of its own."
        entry = FieldProblem(field=FIELD, message=message, remedy=remedy)
        return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "key-used", f"{message} {remedy}", errors=[entry])
    wait = max(1, min(_ASKED_AGAIN, ceil(why.seconds)))
    message = "The first request under this key is under way."
    remedy = "Send the same request again after the seconds of Retry-After: it gets the first one's answer."
    entry = FieldProblem(field=FIELD, message=message, remedy=remedy)
    return ProblemError(
        HTTPStatus.CONFLICT,
        "key-under-way",
        f"{message} {remedy}",
        errors=[entry],
        headers={"Retry-After": str(wait)},
    )
