"""The OpenAPI 3.1 document, made from the route table: the models that parse and answer are the ones described."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from services.preview.api.http.keys_of_clients import ABOUT_KEY, HEADER, KEY_FORM, REPLAYED
from services.preview.api.http.reference.about import TAGS, about_operation
from services.preview.api.http.reference.placing import place_examples
from services.preview.api.http.reference.webhooks import webhooks
from services.preview.api.http.responses.problem import MEDIA_TYPE, Problem
from services.preview.api.http.route import AnyRoute, Media
from services.preview.api.scopes import SCOPE_OF
from shared.contract.outgoing import Notification, ScheduleOutcome
from shared.domain.server_key import PREFIX, SCOPES

Mode = Literal["validation", "serialization"]

_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_NOT_ALWAYS = frozenset({"Retry-After", REPLAYED, "RateLimit", "RateLimit-Policy"})
_ABOUT_REPLAYED = "`true`: this answer was given before, to a request under the same key; nothing was changed again."
_COMES_BACK = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})

_ABOUT = """Previews and reconciles stock counts between Shopify and the app's own records.

Every request carries a bearer token. The page sends a Shopify session token (a JWT that App Bridge makes), which says
which shop the request is for. A server sends a key (`trueup keys add`, or `POST /api/keys`): of one shop, or of all
shops, and then the header `Trueup-Shop` names the shop that is meant, as name.myshopify.com. A key has scopes; each
operation says which it needs, and a 403 names the one that is missing. Ids are strings. Errors are problem documents
(RFC 9457) that name each field and the remedy.

A request that changes something may be sent again: under the same `Idempotency-Key` it is made once, and answered as it
was. What is to go is announced by `Deprecation` and `Sunset`.

A shop has limits, so that none starves the others: requests a second, event streams, downloads of tables, previews and
jobs that have not ended. What is too much is answered with 429: send it again after the seconds of `Retry-After`. Every
answer to a request that is let in tells what is left in `RateLimit` and `RateLimit-Policy`
(draft-ietf-httpapi-ratelimit-headers-11). An event stream ends with its session token or key, and after some minutes:
open it again, and it begins with the present state."""

_KEYS = "A server's key. Its scopes: " + " ".join(f"`{scope}`: {meaning}" for scope, meaning in SCOPES.items())

_QUOTAS = {
    "RateLimit-Policy": "For each limit its name, `q`: requests at most, and `w`: seconds in which they all come back.",
    "RateLimit": "For each limit its name, `r`: requests left, and `t`: seconds after which none is missing.",
}


def openapi_document(routes: Sequence[AnyRoute]) -> dict[str, Any]:
    """The document of these routes."""
    schemas, definitions = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Trueup",
            "version": "1",
            "summary": "Stock counts that agree.",
            "description": _ABOUT,
            "contact": {"name": "Whoever runs this installation"},
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Proprietary"},
        },
        "servers": [{"url": "/", "description": "The installation that serves this document."}],
        "security": [{"sessionToken": []}, {"key": []}],
        "tags": [{"name": name, "description": TAGS[name]} for name in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "webhooks": webhooks(schemas.of),
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "sessionToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A Shopify session token; it lives one minute.",
                },
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": f"{PREFIX}…",
                    "description": _KEYS,
                },
            },
        },
    }
    place_examples(document)
    return document


class _Schemas:
    """The schema of each type in each mode."""

    def __init__(self, by_key: dict[tuple[int, JsonSchemaMode], Any]) -> None:
        self._by_key = by_key

    def of(self, form: Any, mode: Mode) -> dict[str, Any]:
        schema: dict[str, Any] = self._by_key[id(form), mode]
        return schema


def _forms(routes: Iterable[AnyRoute]) -> Iterable[tuple[Any, Mode]]:
    yield Problem, "serialization"
    yield ScheduleOutcome, "serialization"
    yield Notification, "serialization"
    for route in routes:
        if route.body is not None:
            yield route.body, "validation"
        for answer in route.answers.values():
            model = answer.model if isinstance(answer, Media) else answer
            if model is not None:
                yield model, "serialization"


def _schemas(routes: Sequence[AnyRoute]) -> tuple[_Schemas, dict[str, Any]]:
    forms = {(id(form), mode): (form, mode) for form, mode in _forms(routes)}
    inputs = [(key, mode, TypeAdapter[Any](form)) for (key, mode), (form, _) in forms.items()]
    by_key, rest = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return _Schemas(by_key), rest.get("$defs", {})


def _operation(route: AnyRoute, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": about_operation(route),
        "security": _security(route),
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if (scope := SCOPE_OF.get(route.name)) is not None:
        operation["x-key-scope"] = str(scope)
    if route.deprecated is not None:
        operation["deprecated"] = True
    if not operation["parameters"]:
        del operation["parameters"]
    if route.body is not None:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {"application/json": {"schema": schemas.of(route.body, "validation")}},
        }
    return operation


def _security(route: AnyRoute) -> list[dict[str, list[str]]]:
    """A person's session, or a key. Linters take names of scopes for those of OAuth: see `x-key-scope`."""
    schemes = ["sessionToken"] if SCOPE_OF.get(route.name) is None else ["sessionToken", "key"]
    return [{scheme: []} for scheme in schemes]


def _parameters(route: AnyRoute) -> list[dict[str, Any]]:
    schema = route.params.model_json_schema(mode="validation", by_alias=True)
    if "$defs" in schema:
        schema = _inline(schema, schema["$defs"])
    required = set(schema.get("required", ()))
    headers = set(route.header_names().values())
    parameters = []
    for name, form in schema.get("properties", {}).items():
        place = "path" if name in route.path_names() else "header" if name in headers else "query"
        given = {key: value for key, value in form.items() if key not in {"description", "in", "title"}}
        parameter: dict[str, Any] = {"name": name, "in": place, "required": name in required, "schema": _no_null(given)}
        if "description" in form:
            parameter["description"] = form["description"]
        parameters.append(parameter)
    if route.changes:
        parameters.append(_key_parameter(route))
    return parameters


def _key_parameter(route: AnyRoute) -> dict[str, Any]:
    form = KEY_FORM.json_schema()
    return {"name": HEADER, "in": "header", "required": route.needs_key, "description": ABOUT_KEY, "schema": form}


def _inline(value: Any, definitions: dict[str, Any]) -> Any:
    """Parameters are described in place: their enumerations are short."""
    if isinstance(value, dict):
        if "$ref" in value:
            return _inline(definitions[value["$ref"].rsplit("/", 1)[1]], definitions)
        return {key: _inline(item, definitions) for key, item in value.items() if key != "$defs"}
    return [_inline(item, definitions) for item in value] if isinstance(value, list) else value


def _no_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is not given is absent, never null."""
    rest = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    options = [option for option in rest.pop("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1:
        return {**options[0], **rest}
    return {**rest, "anyOf": options} if options else rest


def _responses(route: AnyRoute, schemas: _Schemas) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, answer in route.answers.items():
        responses[str(status.value)] = _success(route, status, answer, schemas)
    statuses = {*_ALWAYS, *route.problems, *(_WITH_BODY if route.body is not None else ())}
    if route.changes:
        statuses.add(HTTPStatus.CONFLICT)
    problem = {MEDIA_TYPE: {"schema": schemas.of(Problem, "serialization")}}
    for status in sorted(statuses - set(route.answers)):
        responses[str(status.value)] = {"description": status.phrase, "content": problem}
        if status in _COMES_BACK:
            responses[str(status.value)]["headers"] = _headers(_QUOTAS | {"Retry-After": "Seconds to wait."})
    return responses


def _success(
    route: AnyRoute, status: HTTPStatus, answer: type[BaseModel] | Media | None, schemas: _Schemas
) -> dict[str, Any]:
    if answer is None:
        return {"description": status.phrase, "headers": _headers({REPLAYED: _ABOUT_REPLAYED})}
    if isinstance(answer, Media):
        schema = {"type": "string"} if answer.model is None else _event(schemas.of(answer.model, "serialization"))
        return {"description": answer.description, "content": {answer.media_type: {"schema": schema}}}
    success: dict[str, Any] = {
        "description": status.phrase,
        "content": {"application/json": {"schema": schemas.of(answer, "serialization")}},
    }
    headers = {**route.answer_headers, **({REPLAYED: _ABOUT_REPLAYED} if route.changes else {})}
    if headers:
        success["headers"] = _headers(headers)
    return success


def _event(state: dict[str, Any]) -> dict[str, Any]:
    """One event of a stream; its data is a state in JSON. The form is that of OpenAPI 3.2's sequential media types."""
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": state}
    return {
        "type": "object",
        "properties": {"event": {"type": "string"}, "data": data},
        "required": ["event", "data"],
    }


def _headers(described: Any) -> dict[str, Any]:
    return {
        name: {"description": text, "required": name not in _NOT_ALWAYS, "schema": {"type": "string"}}
        for name, text in described.items()
    }
