"""Problem documents for everything that goes wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from ulid import ULID

from services.preview.api.http.responses.problem import ProblemError
from shared.errors import BrokerUnavailable
from shared.mongodb.connection import STORE_AWAY
from shared.mongodb.transactions import WriteConflict
from shared.serving.bodies import BodyRefused

log = structlog.get_logger()

RETRY_AFTER = 5
"""Seconds after which a client tries again when the broker or the database is away."""

_BEGUN: web.RequestKey[bool] = web.RequestKey("begun", bool)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def note_begin(request: web.Request, _: web.StreamResponse) -> None:
    """Note that the head of an answer goes out."""
    request[_BEGUN] = True


@web.middleware
async def problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Turn every failure into a problem document."""
    try:
        return await handler(request)
    except ProblemError as error:
        return error.response()
    except BodyRefused as error:
        return _body_refused(error).response()
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _http_problem(error, request).response()
    except ConnectionResetError:
        raise  # the client has gone
    except Exception as error:
        if request.transport is not None and request.get(_BEGUN, False):
            # The head of the answer has gone out: cutting the connection is the only way left to say it is not whole.
            log.exception("answer_broken_off", path=request.path)
            request.transport.close()
            raise
        return _failure(error, request).response()


def _failure(error: Exception, request: web.Request) -> ProblemError:
    wait = {"Retry-After": str(RETRY_AFTER)}
    again = "Nothing is wrong with the request: send it again in a few seconds, with the same ids and keys."
    if isinstance(error, BrokerUnavailable):
        log.warning("broker_unavailable", path=request.path, error=str(error))
        text = f"The message broker does not answer now. {again}"
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "broker-unavailable", text, headers=wait)
    if isinstance(error, (*STORE_AWAY, WriteConflict)):
        log.warning("store_unavailable", path=request.path, error=repr(error))
        text = f"The database does not answer now. {again}"
        return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "store-unavailable", text, headers=wait)
    identity = str(ULID())
    log.error("request_failed", path=request.path, method=request.method, failure=identity, exc_info=error)
    text = f"Something went wrong here; it is logged as {identity}. Try again, and report this id if it stays."
    return ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", text)


_BODY_KINDS = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.REQUEST_TIMEOUT: "body-slow",
    HTTPStatus.TOO_MANY_REQUESTS: "shop-busy",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}


def _body_refused(error: BodyRefused) -> ProblemError:
    detail = f"{error.detail[0].upper()}{error.detail[1:]}."
    return ProblemError(error.status, _BODY_KINDS.get(error.status, "body"), detail, headers=error.headers)


_TEXTS = {
    404: ("no-route", "There is nothing at {path}. See /api/openapi.json for what there is."),
    405: ("method", "{method} is not possible at {path}. The Allow header names what is."),
}


def _http_problem(error: web.HTTPException, request: web.Request) -> ProblemError:
    kind, text = _TEXTS.get(error.status, ("http", "The request could not be understood: {reason}."))
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    detail = text.format(path=request.path, method=request.method, reason=error.reason)
    return ProblemError(HTTPStatus(error.status), kind, detail, headers=headers)
