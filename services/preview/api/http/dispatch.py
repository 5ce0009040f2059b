"""One request through one route: who calls, what is asked, the handler, the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from services.preview.api.http.auth import Caller, bearer
from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.deprecation import note_deprecated
from services.preview.api.http.keyed import once
from services.preview.api.http.parsing import BODY, Wrong, body_of, parameters
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, invalid
from services.preview.api.http.route import Answer, AnyRoute, Call
from services.preview.api.http.server_keys import SHOP_HEADER, must_have
from services.preview.api.scopes import NEEDED_TOO, SCOPE_OF
from shared.domain.server_key import OWN
from shared.domain.words.pauses import pause_explained
from shared.errors import ShopifyError, ShopPaused
from shared.mongodb.shops.acts import Act
from shared.mongodb.shops.shops import Shop
from shared.shopify.calls.tokens import TokenRefused

log = structlog.get_logger()


def endpoint(route: AnyRoute, deps: Dependencies) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of a route."""
    body_form = None if route.body is None else TypeAdapter[Any](route.body)

    async def handle(request: web.Request) -> web.StreamResponse:
        note_deprecated(request, route.deprecated)
        caller = await _admitted(request, route, deps)
        async with deps.limits.place(caller):
            call = await parsed(request, caller)
            if route.changes:
                return await once(deps.keyed, route, call, request.get(BODY), changed)
            if route.lasts is None:
                return _answered(route, await route.handler(call))
        place = deps.limits.stream if route.lasts == "stream" else deps.limits.export
        with place(caller, request):
            return _answered(route, await route.handler(call))

    async def changed(call: Call[Any, Any]) -> web.Response:
        answer = await route.handler(call)
        if route.act is not None:
            subject = _subject(route, call.params, answer)
            await deps.audit.note(Act(call.shop, route.act, call.caller.user, call.caller.by, subject))
        if not isinstance(answer, Answer):
            raise TypeError(f"{route.name} changes something and answers no model")
        return _response(route, answer)

    async def parsed(request: web.Request, caller: Caller) -> Call[Any, Any]:
        await _installed(request, caller, deps)
        wrong = Wrong()
        params = parameters(route, request, wrong)
        body: Any = None
        if body_form is not None:
            body = await body_of(route, body_form, Call(request, caller, deps, params, None), wrong)
        if wrong.problems:
            raise invalid(wrong.problems, wrong.more)
        call = Call(request, caller, deps, params, body)
        await _may_ask_it(route, call)
        return call

    return handle


async def _admitted(request: web.Request, route: AnyRoute, deps: Dependencies) -> Caller:
    """Who calls, where he may. Raises ProblemError.

    Of a person all this is known without any other server, and of a key by a look that counts for many requests: what
    is refused costs others nothing.
    """
    caller = await _caller(request, deps)
    if caller.key is not None and caller.key.shop is None:
        # Of a shop that is not known nothing is stored, no count of requests either.
        await _installed(request, caller, deps)
    await deps.limits.take(caller, request)
    must_have(caller, SCOPE_OF.get(route.name))
    return caller


async def _may_ask_it(route: AnyRoute, call: Call[Any, Any]) -> None:
    """Raise ProblemError (403) where what is asked needs a scope more than the operation does."""
    needs = NEEDED_TOO.get(route.name)
    if call.caller.key is not None and needs is not None:
        for scope in await needs.of(call):
            must_have(call.caller, scope)


async def _caller(request: web.Request, deps: Dependencies) -> Caller:
    authorization = request.headers.get("Authorization")
    try:
        token = bearer(authorization)
        if token.startswith(OWN):
            return await deps.key_callers.caller(token, request.headers.get(SHOP_HEADER))
        return deps.tokens.caller(authorization)
    except ProblemError as refusal:
        await deps.sign_ins.refused(refusal.kind)
        raise


def _answered(route: AnyRoute, answer: Answer | web.StreamResponse) -> web.StreamResponse:
    return _response(route, answer) if isinstance(answer, Answer) else answer


async def _installed(request: web.Request, caller: Caller, deps: Dependencies) -> None:
    shop = await deps.shops.get(caller.shop)
    if caller.key is not None:
        # Only a session token could install it; a paused shop's records are shown all the same.
        if shop is None or shop.status in {"uninstalled", "installing"}:
            raise _has_not_the_app(caller.shop)
        return
    if shop is None or shop.needs_a_session_token:
        await _install(deps, shop, caller.shop, bearer(request.headers.get("Authorization")))


async def _install(deps: Dependencies, known: Shop | None, domain: str, session_token: str) -> None:
    """Get the shop its own tokens by this session token. A paused shop's records are shown all the same."""
    try:
        await deps.installation.by_session_token(domain, session_token)
    except ShopifyError as error:
        log.warning("not_installed", shop=domain, reason=str(error))
        if known is not None and known.status == "paused":
            return
        raise _not_installed(domain, error) from None


def _not_installed(domain: str, error: ShopifyError) -> ProblemError:
    if isinstance(error, TokenRefused):
        return _has_not_the_app(domain)
    if isinstance(error, ShopPaused):
        status, kind = HTTPStatus.SERVICE_UNAVAILABLE, "shopify-unavailable"
        why = pause_explained(error.reason, error.detail)
        message, remedy = f"The app cannot be installed in {domain}: {why.message}", why.remedy
    else:
        status, kind = HTTPStatus.SERVICE_UNAVAILABLE, "shopify-unavailable"
        message = f"Shopify does not answer now, so the app cannot be installed in {domain}."
        remedy = "Send the request again in a few seconds, with a new session token."
    return ProblemError(
        status,
        kind,
        f"{message} {remedy}",
        errors=[FieldProblem(field="header.Authorization", message=message, remedy=remedy)],
        headers={"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None,
    )


def _has_not_the_app(domain: str) -> ProblemError:
    message = f"The app is not installed in {domain}."
    remedy = "Open the app from the shop's admin, which installs it."
    entry = FieldProblem(field="header.Authorization", message=message, remedy=remedy)
    return ProblemError(HTTPStatus.FORBIDDEN, "shop-unknown", f"{message} {remedy}", errors=[entry])


def _subject(route: AnyRoute, params: BaseModel, answer: object) -> str:
    """What was acted upon: what the path names, else what has been made."""
    if isinstance(answer, Answer) and answer.subject is not None:
        return answer.subject
    named = [str(getattr(params, name)) for name in route.path_names()]
    if not named and isinstance(answer, Answer):
        named = [answer.headers.get("Location", "").rpartition("/")[2]]
    return "/".join(named)


def _response(route: AnyRoute, answer: Answer) -> web.Response:
    if answer.status not in route.answers:
        raise LookupError(f"{route.name} answers {answer.status} without declaring it")
    if answer.model is None:
        return web.Response(status=answer.status.value, headers=answer.headers)
    return web.Response(
        status=answer.status.value,
        body=answer.model.model_dump_json(by_alias=True).encode(),
        content_type="application/json",
        headers=answer.headers,
    )
