"""How the documents of a collection are described, field by field, beside the code that writes them.

`docs/reference/documents.md` is made of it, and a test holds it against what a real walk leaves behind. A path leads
into objects by dots; `[]` stands for each entry of a list, `*` for any name.

Kinds: string, number, boolean, date (UTC), bytes, object, `list of` one of them, null, absent; "or" joins them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Fields = Mapping[str, tuple[str, str]]
"""Kinds and meaning by path. The meaning says what the kinds do not: whose, whose time, which words, what null says."""


@dataclass(frozen=True, slots=True)
class Described:
    """A collection: what one of its documents is, and every field that one may have."""

    name: str
    about: str
    fields: Fields


def inside(path: str, fields: Fields) -> Fields:
    """The fields as they stand inside the object, or the list's entries, at this path."""
    return {f"{path}.{name}": told for name, told in fields.items()}


def of_shop(key: str) -> Fields:
    """What a shop's document begins with: its id, made of the fields of its key, and its shop."""
    return {"_id": ("string", f"{key}, joined by a bar"), "shop": ("string", "its domain")}


def words(of: type[StrEnum]) -> str:
    """The words that a field may hold, for its meaning."""
    return ", ".join(of)
