"""docs/reference/http.md, from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from deploy.reference.markdown import meaning, schemas, table, type_of
from services.preview.api.http.app import ROUTES
from services.preview.api.http.reference.examples import examples_of
from services.preview.api.http.reference.openapi import openapi_document

_PROBLEM = "application/problem+json"
_DOCUMENT = """\
The service gives this as a document, too: `GET /api/openapi.json` (OpenAPI 3.1), with an example of each answer. Each
example is run by a test.
"""


def http_page() -> str:
    """The page."""
    document = openapi_document(ROUTES)
    parts = [
        "# HTTP API\n",
        document["info"]["description"] + "\n",
        _DOCUMENT,
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
    summary, told = operation["summary"] + ".", " ".join(operation["description"].split())
    parts = [f"### {method} {path}\n", told + "\n" if told.startswith(summary) else f"{summary}\n\n{told}\n"]
    parts.append(_who(operation.get("x-key-scope")))
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
    parts.append(_example(method, path, operation["operationId"]))
    return "\n".join(part for part in parts if part)


def _example(method: str, path: str, name: str) -> str:
    """The request of the operation's example; its answer is in the document."""
    example = examples_of()[name]
    query = "&".join(f"{key}={value}" for key, value in example["query"].items())
    line = f"{method} {path.format(**example['path'])}{'?' if query else ''}{query}"
    body = "" if example["body"] is None else f", `{json.dumps(example['body'], ensure_ascii=False)}`"
    return f"Example: `{line}`{body}.\n"


def _who(scope: str | None) -> str:
    return "Key: none may.\n" if scope is None else f"Key: `{scope}`.\n"


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
