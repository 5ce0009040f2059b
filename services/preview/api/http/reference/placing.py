"""Puts the examples into the description: with each operation, and with each form that occurs in one."""

from __future__ import annotations

from typing import Any

from services.preview.api.http.keys_of_clients import HEADER
from services.preview.api.http.reference.examples import examples_of
from services.preview.api.http.responses.problem import MEDIA_TYPE

_KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
_REFERENCE = "#/components/schemas/"

PROBLEM: dict[str, Any] = {
    "type": "urn:trueup:problem:invalid",
    "title": "Unprocessable Entity",
    "status": 422,
    "detail": "query.limit: must be a whole number",
    "errors": [
        {"field": "query.limit", "message": "must be a whole number", "remedy": "Correct it as the message says."}
    ],
    "more_errors": 0,
}


def place_examples(document: dict[str, Any]) -> None:
    """Into the document, in place."""
    kept, seen = examples_of(), _Seen(document["components"]["schemas"])
    for operations in document["paths"].values():
        for operation in operations.values():
            example = kept.get(operation["operationId"])
            if example is not None:
                _place(operation, example, seen)
    for webhook in document["webhooks"].values():
        media = webhook["post"]["requestBody"]["content"]["application/json"]
        for one in media["examples"].values():
            seen.note(media["schema"], one["value"])
    seen.note({"$ref": f"{_REFERENCE}Problem"}, PROBLEM)
    for name, value in seen.values.items():
        document["components"]["schemas"][name]["examples"] = [value]


def _place(operation: dict[str, Any], example: dict[str, Any], seen: _Seen) -> None:
    given = {**example["path"], **{name: _typed(value) for name, value in example["query"].items()}, HEADER: _KEY}
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in given:
            value = given[parameter["name"]]
            # An id of digits alone is a text.
            parameter["example"] = value if parameter["in"] == "query" else str(value)
            if parameter["schema"].get("type") == "string" or "enum" in parameter["schema"]:
                parameter["example"] = str(example["query"].get(parameter["name"], value))
    if example["body"] is not None:
        media = operation["requestBody"]["content"]["application/json"]
        media["example"] = example["body"]
        seen.note(media["schema"], example["body"])
    answered = operation["responses"][str(example["status"])].get("content", {})
    for media in answered.values():
        media["example"] = example["answer"]
        seen.note(media["schema"], example["answer"])
    for response in operation["responses"].values():
        for media_type, media in response.get("content", {}).items():
            if media_type == MEDIA_TYPE:
                media.pop("example", None)


def _typed(value: str) -> Any:
    if value in {"true", "false"}:
        return value == "true"
    return int(value) if value.isdigit() else value


class _Seen:
    """The first value that was seen of each form."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self.values: dict[str, Any] = {}

    def note(self, schema: dict[str, Any], value: Any) -> None:
        """Look through a value for the forms that it is made of."""
        if value is None:
            return
        name = schema.get("$ref", "").removeprefix(_REFERENCE)
        if name:
            self._note_named(name, value)
        for part in schema.get("allOf", ()):
            self.note(part, value)
        for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
            if self._may_be(option, value):
                self.note(option, value)
        if isinstance(value, dict):
            for field, form in schema.get("properties", {}).items():
                self.note(form, value.get(field))
        if isinstance(value, list) and "items" in schema:
            for item in value:
                self.note(schema["items"], item)

    def _note_named(self, name: str, value: Any) -> None:
        form = self._schemas[name]
        if isinstance(value, dict) and not form.get("properties", {}).keys() >= value.keys():
            return
        self.values.setdefault(name, value)
        self.note(form, value)

    def _may_be(self, option: dict[str, Any], value: Any) -> bool:
        form = self._schemas.get(option.get("$ref", "").removeprefix(_REFERENCE), option)
        if isinstance(value, dict):
            needed, known = set(form.get("required", ())), set(form.get("properties", {}))
            return form.get("type", "object") == "object" and needed <= set(value) <= (known or set(value))
        return bool((form.get("type") == "array") == isinstance(value, list))
