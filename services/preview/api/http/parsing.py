"""Parameters and body of a request by its route's models; what is wrong with them is gathered, and named at once."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.preview.api.http.keys_of_clients import HEADER
from services.preview.api.http.responses.problem import FieldProblem, ProblemError, field_problems
from services.preview.api.http.route import AnyRoute, Call
from shared.contract.mistakes import MAX_NAMED, cut
from shared.serving.bodies import media_type, read_body

BODY_LIMIT = 1024 * 1024
"""Bytes of a body."""

BODY: web.RequestKey[object] = web.RequestKey("body", object)
"""The body of a request under a key, as JSON: by it a repeat is told from another request."""


@dataclass
class Wrong:
    """What is wrong with a request: some of it by name, `more` by number."""

    problems: list[FieldProblem] = field(default_factory=list)
    more: int = 0

    def add(self, name: str, message: str, remedy: str) -> None:
        """One mistake; those beyond what is named anyway are counted."""
        if len(self.problems) < MAX_NAMED:
            self.problems.append(FieldProblem(field=cut(name), message=message, remedy=remedy))
        else:
            self.more += 1


def parameters(route: AnyRoute, request: web.Request, wrong: Wrong) -> BaseModel:
    """The parameters of path, query and headers; where something is wrong with them, those of an empty request."""
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


async def body_of(route: AnyRoute, form: TypeAdapter[Any], call: Call[Any, None], wrong: Wrong) -> Any:
    """The body in its form, None where that is wrong. Raises ProblemError, or BodyRefused."""
    request = call.request
    if request.body_exists or not route.body_optional:
        _must_be_json(request)
    raw = await read_body(request, shop=call.shop, max_bytes=route.max_body or BODY_LIMIT)
    if not raw and route.body_optional:
        raw = b"{}"
    # Each step of a large body takes a tenth of a second: others have their turn between them.
    value = _json(raw)
    if HEADER in request.headers:
        request[BODY] = value
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
