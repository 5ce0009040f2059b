"""Documents held against their description (`shared/mongodb/documents.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.mongodb.described import Described

_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, datetime) and value.tzinfo is not None,
    "bytes": lambda value: isinstance(value, bytes),
    "object": lambda value: isinstance(value, Mapping),
    "list": lambda value: isinstance(value, list),
    "null": lambda value: value is None,
}
"""By its word in a description: whether a value that was read is one."""


def is_kind(kind: str, value: Any) -> bool:
    """Whether the value is of the kind. Raises KeyError for a word that is none."""
    if kind == "absent":
        return False
    if kind.startswith("list of "):
        return isinstance(value, list) and all(is_kind(kind.removeprefix("list of "), entry) for entry in value)
    return _KINDS[kind](value)


@dataclass
class Compared:
    """What documents of a collection have, against its description."""

    described: Described
    wrong: set[str] = field(default_factory=set)
    """Fields that are not described, are of another kind, or are missing where the description says nothing of it."""
    written: set[str] = field(default_factory=set)
    """Described fields with a value in some document."""

    def add(self, document: Mapping[str, Any]) -> None:
        """Look at one more document."""
        self._object(document, "")

    @property
    def unwritten(self) -> set[str]:
        """Described fields without a value in any document."""
        return self.described.fields.keys() - self.written

    def _object(self, document: Mapping[str, Any], path: str) -> None:
        for name, value in document.items():
            free = f"{path}*"
            self._value(value, free if free in self.described.fields else f"{path}{name}")
        for name in self._children(path):
            optional = "absent" in self._kinds(f"{path}{name}")
            if name != "*" and name not in document and not optional:
                self.wrong.add(f"{path}{name} is missing")

    def _value(self, value: Any, path: str) -> None:
        if path not in self.described.fields:
            self.wrong.add(f"{path} is not described")
            return
        if not any(is_kind(kind, value) for kind in self._kinds(path)):
            self.wrong.add(f"{path} is {type(value).__name__}")
        if value is not None:
            self.written.add(path)
        if isinstance(value, Mapping):
            self._object(value, f"{path}.")
        elif isinstance(value, list):
            for entry in value:
                if isinstance(entry, Mapping):
                    self._object(entry, f"{path}[].")

    def _kinds(self, path: str) -> list[str]:
        return self.described.fields[path][0].split(" or ")

    def _children(self, path: str) -> Iterator[str]:
        for name in self.described.fields:
            inner = name.removeprefix(path)
            if name.startswith(path) and "." not in inner:
                yield inner
