"""One request through one route: who calls, what is asked, the handler, the answer."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.preview.api.http.auth import Caller, bearer
from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.problem import FieldProblem, ProblemError, field_problems, invalid
from services.preview.api.http.routes import Answer, AnyRoute, Call
from shared.contract.mistakes import MAX_NAMED, cut
from shared.domain.pauses import pause_explained
from shared.errors import ShopifyError, ShopPaused
from shared.mongodb.shops.acts import Act
from shared.mongodb.shops.shops import Shop
from shared.serving.bodies import media_type, read_body
from shared.shopify.calls.tokens import TokenRefused

log = structlog.get_logger()

BODY_LIMIT = 1024 * 1024
"""Bytes of a body."""


@dataclass
class _Wrong:
    """What is wrong with a request: some of it by name, `more` by number."""

    problems: list[FieldProblem] = field(default_factory=list)
    more: int = 0

    def add(self, name: str, message: str, remedy: str) -> None:
        """One mistake; those beyond what is named anyway are counted."""
        if len(self.problems) < MAX_NAMED:
            self.problems.append(FieldProblem(field=cut(name), message=message, remedy=remedy))
        else:
            self.more += 1


def endpoint(route: AnyRoute, deps: Dependencies) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of a route."""
    body_form = None if route.body is None else TypeAdapter[Any](route.body)

    async def handle(request: web.Request) -> web.StreamResponse:
        # Who calls and how often is known without any other server: what is refused for it costs others nothing.
        caller = await _caller(request, deps)
        await deps.limits.take(caller.shop)
        async with deps.limits.place(caller.shop):
            call = await parsed(request, caller)
            if route.lasts is None:
                answer = await route.handler(call)
                if route.act is not None:
                    subject = _subject(route, call.params, answer)
                    await deps.audit.note(Act(caller.shop, route.act, caller.user, "api", subject))
                return _answered(route, answer)
        place = deps.limits.stream if route.lasts == "stream" else deps.limits.export
        with place(caller, request):
            return _answered(route, await route.handler(call))

    async def parsed(request: web.Request, caller: Caller) -> Call[Any, Any]:
        await _installed(request, caller, deps)
        wrong = _Wrong()
        params = _parameters(route, request, wrong)
        body: Any = None
        if body_form is not None:
            body = await _body(route, body_form, Call(request, caller, deps, params, None), wrong)
        if wrong.problems:
            raise invalid(wrong.problems, wrong.more)
        return Call(request, caller, deps, params, body)

    return handle


async def _caller(request: web.Request, deps: Dependencies) -> Caller:
    try:
        return deps.tokens.caller(request.headers.get("Authorization"))
    except ProblemError as refusal:
        await deps.sign_ins.refused(refusal.kind)
        raise


def _answered(route: AnyRoute, answer: Answer | web.StreamResponse) -> web.StreamResponse:
    return _response(route, answer) if isinstance(answer, Answer) else answer


async def _installed(request: web.Request, caller: Caller, deps: Dependencies) -> None:
    shop = await deps.shops.get(caller.shop)
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
        status, kind = HTTPStatus.FORBIDDEN, "shop-unknown"
        message = f"The app is not installed in {domain}."
        remedy = "Open the app from the shop's admin, which installs it."
    elif isinstance(error, ShopPaused):
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


def _subject(route: AnyRoute, params: BaseModel, answer: object) -> str:
    """What was acted upon: what the path names, else what has been made."""
    if isinstance(answer, Answer) and answer.subject is not None:
        return answer.subject
    named = [str(getattr(params, name)) for name in route.path_names()]
    if not named and isinstance(answer, Answer):
        named = [answer.headers.get("Location", "").rpartition("/")[2]]
    return "/".join(named)


def _parameters(route: AnyRoute, request: web.Request, wrong: _Wrong) -> BaseModel:
    values: dict[str, Any] = dict(request.match_info)
    elsewhere = {*route.path_names(), *route.header_names().values()}
    # Each is looked at once: asking for all values of a name would walk through all of them for every name.
    for name, times in Counter(name for name, _ in request.query.items()).items():
        if times > 1:
            wrong.add(f"query.{name}", "It is given more than once.", "Give it once.")
        if name in elsewhere:
            wrong.add(f"query.{name}", "It is no query parameter.", "Leave it out.")
    for name, value in request.query.items():
        if name not in elsewhere:
            values.setdefault(name, value)
    for name in route.header_names().values():
        if name in request.headers:
            values[name] = request.headers[name]
    try:
        params: BaseModel = route.params.model_validate(values)
    except ValidationError as error:
        problems, more = field_problems(error, "?")
        for problem in problems:
            name = problem.field.removeprefix("?.")
            wrong.add(f"{_place(route, name)}.{name}", problem.message, problem.remedy)
        wrong.more += more
        params = route.params.model_construct()
    return params


def _place(route: AnyRoute, name: str) -> str:
    if name in route.path_names():
        return "path"
    return "header" if name in route.header_names().values() else "query"


async def _body(route: AnyRoute, form: TypeAdapter[Any], call: Call[Any, None], wrong: _Wrong) -> Any:
    request = call.request
    if request.body_exists or not route.body_optional:
        _must_be_json(request)
    raw = await read_body(request, shop=call.shop, max_bytes=BODY_LIMIT)
    if not raw and route.body_optional:
        raw = b"{}"
    # Each step of a large body takes a tenth of a second: others have their turn between them.
    value = _json(raw)
    await asyncio.sleep(0)
    try:
        return form.validate_json(raw)
    except ValidationError as error:
        await asyncio.sleep(0)
        problems, more = field_problems(error, "body")
        if route.also_wrong is not None:
            problems.extend(await route.also_wrong(call, value))
        wrong.problems.extend(problems)
        wrong.more += more
        return None


def _must_be_json(request: web.Request) -> None:
    """Raises ProblemError (415), with nothing read of the body."""
    if (given := cut(media_type(request))) != "application/json":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            f"The body is {given}; send JSON with Content-Type: application/json.",
            errors=[
                FieldProblem(
                    field="header.Content-Type",
                    message=f"{given} is not taken.",
                    remedy="Send application/json.",
                )
            ],
        )
    if (coding := request.headers.get("Content-Encoding", "identity")).lower() != "identity":
        raise ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "content-encoding",
            "The body is compressed; send it as it is.",
            errors=[
                FieldProblem(
                    field="header.Content-Encoding", message=f"{cut(coding)} is not taken.", remedy="Leave it out."
                )
            ],
        )


def _json(raw: bytes) -> object:
    """The value of a JSON text. Raises ProblemError (400) with the place of the mistake."""
    try:
        value: object = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise _bad_json(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise _bad_json(f"byte {error.start} is not UTF-8") from None
    except RecursionError:
        raise _bad_json("it is nested too deeply") from None
    except ValueError as error:
        raise _bad_json(str(error)) from None
    return value


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _bad_json(message: str) -> ProblemError:
    remedy = "Correct the JSON text at that place."
    return ProblemError(
        HTTPStatus.BAD_REQUEST,
        "json",
        f"The body is not JSON: {message}.",
        errors=[FieldProblem(field="body", message=message, remedy=remedy)],
    )


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
