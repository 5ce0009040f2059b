"""Markdown, and JSON schemas in the few words a table has room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_RANGES = (
    (" characters", "minLength", "maxLength"),
    (" of them", "minItems", "maxItems"),
    ("", "minimum", "maximum"),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing where there are no rows."""
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |", *lines]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def type_of(schema: Schema) -> str:
    """A type in a word or a link: `string`, list of [CellRef](#cellref), …"""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    for joined in ("anyOf", "oneOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(type_of(option) for option in schema[joined]))
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return type_of(schema["allOf"][0])
    if "const" in schema:
        return f"`{_json(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {type_of(schema['additionalProperties'])}"
    known = schema.get("type", "any")
    return f"{known} ({schema['format']})" if "format" in schema else str(known)


def fields(schema: Schema) -> str:
    """The fields of an object, as a table."""
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", type_of(form), "yes" if name in required else _default(form), meaning(form))
        for name, form in schema.get("properties", {}).items()
    ]
    return table(("field", "type", "required", "meaning"), rows)


def meaning(schema: Schema) -> str:
    """What a schema says of its values: its description and its bounds."""
    options = [schema, *schema.get("anyOf", ())]
    described = " ".join(str(option["description"]) for option in options if "description" in option)
    bounds = ", ".join(dict.fromkeys(bound for option in options for bound in _bounds(option)))
    return " ".join(part for part in (described, f"({bounds})" if bounds else "") if part)


def _bounds(schema: Schema) -> list[str]:
    found = []
    for unit, least, most in _RANGES:
        if least in schema and most in schema:
            found.append(f"{schema[least]} to {schema[most]}{unit}")
        elif least in schema:
            found.append(f"at least {schema[least]}{unit}")
        elif most in schema:
            found.append(f"at most {schema[most]}{unit}")
    return [*found, f"matches `{schema['pattern']}`"] if "pattern" in schema else found


def _default(schema: Schema) -> str:
    if schema.get("default") is None:
        return "no"
    return f"no: `{_json(schema['default'])}`"


def _json(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{}" if all(item is None for item in value.values()) else str(dict(value))
    return str(value) if value != "" else '""'


def schemas(found: Mapping[str, Schema], level: str = "###") -> str:
    """Every named schema under a heading of its own."""
    parts = []
    for name in sorted(found):
        schema = found[name]
        parts.append(f"{level} {name}\n")
        if schema.get("description"):
            parts.append(" ".join(str(schema["description"]).split()) + "\n")
        parts.append(fields(schema) if "properties" in schema else f"{type_of(schema)}\n")
    return "\n".join(part for part in parts if part)
