"""What nobody uses ends at the front: no queue, no dead letter and no document ever holds it.

Webhooks name people: the compliance topics a customer, a location its telephone, a product's whatever an app has put
there. And the topic is a header, which is not signed: any body may come under any topic. So of every body only those
fields go on that its topic's own form has (`bodies.py`); of others the name alone, by which a body of another topic is
known. Reducing what is reduced changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

MAX_NAMES = 50
MAX_NAME = 100
"""Characters of a name, of which nothing is used."""

_WRONG: dict[str, Any] = {}
"""In the place of what has not the form of its field: it is refused as the thing itself would have been. Null, which
means something, would not be."""


def reduced(content: bytes, form: type[BaseModel]) -> bytes:
    """The body with its form's fields. What is no JSON object becomes an empty one, which is refused as that."""
    try:
        body = from_json(content)
    except ValueError:
        return b"{}"
    if not isinstance(body, dict):
        return b"{}"
    kept = _fields(body, form)
    others = (name for name in body if name not in kept)
    return json.dumps(
        kept | {name[:MAX_NAME]: None for _, name in zip(range(MAX_NAMES), others, strict=False)}
    ).encode()


def _fields(body: dict[str, Any], form: type[BaseModel]) -> dict[str, Any]:
    return {name: kept(body[name]) for name, kept in _keepers(form).items() if name in body}


_Keeper = Callable[[Any], Any]
"""Returns of a value as much as its field uses."""


@cache
def _keepers(form: type[BaseModel]) -> dict[str, _Keeper]:
    """By the names of a form's fields."""
    return {name: _keeper(Annotated[field.annotation, field]) for name, field in form.model_fields.items()}


def _keeper(form: Any) -> _Keeper:
    bare = get_args(form)[0] if get_origin(form) is Annotated else form
    if bare is NoneType or bare is Any:
        return lambda _: None
    branches = get_args(bare) if get_origin(bare) in {Union, UnionType} else (bare,)
    model = next((one for one in branches if isinstance(one, type) and issubclass(one, BaseModel)), None)
    items = next((_keeper(get_args(one)[0]) for one in branches if get_origin(one) is list), None)
    check = TypeAdapter(form)

    def kept(value: Any) -> Any:
        if model is not None and isinstance(value, dict):
            return _fields(value, model)
        if items is not None and isinstance(value, list):
            return [items(item) for item in value]
        try:
            check.validate_python(value)
        except ValidationError:
            return _WRONG
        return value

    return kept
