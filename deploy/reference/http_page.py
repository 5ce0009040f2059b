"""docs/reference/http.md, from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.reference.markdown import meaning, schemas, table, type_of
from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.openapi import openapi_document

_PROBLEM = "application/problem+json"


def http_page() -> str:
    """The page."""
    document = openapi_document(ROUTES)
    parts = [
        "# HTTP API\n",
        document["info"]["description"] + "\n",
        "The service gives this as a document, too: `GET /api/openapi.json` (OpenAPI 3.1).\n",
    ]
    for tag in document["tags"]:
        parts.append(f"## {tag['name'].capitalize()}\n")
        for path, operations in document["paths"].items():
            parts += [
                _operation(method.upper(), path, operation)
                for method, operation in operations.items()
                if operation["tags"] == [tag["name"]]
            ]
    parts += ["## Forms\n", schemas(document["components"]["schemas"])]
    return "\n".join(parts)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    parts = [f"### {method} {path}\n", operation["summary"] + ".\n"]
    if "description" in operation:
        parts.append(" ".join(operation["description"].split()) + "\n")
    parts.append(_who(operation["security"]))
    parameters = [
        (f"`{one['name']}`", one["in"], type_of(one["schema"]), "yes" if one["required"] else "no", _about(one))
        for one in operation.get("parameters", ())
    ]
    parts.append(table(("parameter", "in", "type", "required", "meaning"), parameters))
    if "requestBody" in operation:
        body = operation["requestBody"]
        optional = "" if body["required"] else ", optional"
        parts.append(f"Body: {type_of(body['content']['application/json']['schema'])}{optional}.\n")
    parts.append(_answers(operation["responses"]))
    return "\n".join(part for part in parts if part)


def _who(security: Sequence[Mapping[str, Sequence[str]]]) -> str:
    scopes = [scope for one in security for scope in one.get("key", ())]
    return f"Key: {', '.join(f'`{scope}`' for scope in scopes)}.\n" if scopes else "Key: none may.\n"


def _about(parameter: Mapping[str, Any]) -> str:
    return " ".join(part for part in (parameter.get("description", ""), meaning(parameter["schema"])) if part)


def _answers(responses: Mapping[str, Any]) -> str:
    good = []
    problems = []
    for status, response in responses.items():
        content = response.get("content", {})
        if _PROBLEM in content:
            problems.append(status)
            continue
        forms = [f"`{media}`: {_form(media, form['schema'])}" for media, form in content.items()]
        headers = "".join(f"; header `{name}`" for name in response.get("headers", {}))
        good.append(f"{status} {'; '.join(forms) or response['description']}{headers}")
    return f"Answers: {' · '.join(good)}. Problems: {', '.join(problems)}.\n"


def _form(media: str, schema: Mapping[str, Any]) -> str:
    if media == "text/event-stream":
        return f"events whose data is {type_of(schema['properties']['data']['contentSchema'])}"
    return type_of(schema) if media == "application/json" else "text"
