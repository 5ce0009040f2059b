"""JSON bodies of the control API: what is there is checked, what is wrong is named."""

from __future__ import annotations

import json
from typing import Any, TypeVar, overload

from aiohttp import web

_T = TypeVar("_T")
_MISSING: Any = object()


class BadRequest(Exception):  # an answer to the client, not a failure of the program
    """The request cannot be done; the message names the field. `status` is 400 or 404."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Fields:
    """A JSON object whose fields are read with their types."""

    def __init__(self, value: Any, where: str = "body") -> None:
        if not isinstance(value, dict):
            raise BadRequest(f"{where} must be a JSON object")
        self._value = value
        self._where = where

    def __contains__(self, name: str) -> bool:
        return self._value.get(name) is not None

    def raw(self) -> dict[str, Any]:
        """The object itself."""
        return self._value

    @overload
    def get(self, name: str, kind: type[_T]) -> _T: ...
    @overload
    def get(self, name: str, kind: type[_T], default: None) -> _T | None: ...
    @overload
    def get(self, name: str, kind: type[_T], default: _T) -> _T: ...
    def get(self, name: str, kind: type[_T], default: Any = _MISSING) -> Any:
        """A field of that type; a whole number passes as a float. Raises BadRequest."""
        value = self._value.get(name)
        if value is None:
            if default is _MISSING:
                raise BadRequest(f"{self._where}.{name} is missing")
            return default
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadRequest(f"{self._where}.{name} must be a {kind.__name__}, not {value!r}")
        return value

    def number_id(self, name: str, default: Any = _MISSING) -> Any:
        """An id: digits as a string (a whole number is taken too). Raises BadRequest."""
        value = self._value.get(name)
        if value is None and default is not _MISSING:
            return default
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.isdigit():
            raise BadRequest(f"{self._where}.{name} must be a numeric id as a string, not {value!r}")
        return value

    def each(self, name: str) -> list[Fields]:
        """A list of objects; empty where it is absent. Raises BadRequest."""
        values = self.get(name, list, [])
        return [Fields(value, f"{self._where}.{name}[{index}]") for index, value in enumerate(values)]


async def fields_of(request: web.Request) -> Fields:
    """The request's body; an empty one is an empty object. Raises BadRequest."""
    raw = await request.read()
    if not raw.strip():
        return Fields({})
    try:
        return Fields(json.loads(raw))
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
