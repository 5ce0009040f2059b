"""Words in documents: of this build's enums, or of a newer build's that runs beside it for a while."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Generic, TypeVar

E = TypeVar("E", bound=StrEnum)


class StoredWords(dict[str, E], Generic[E]):
    """The members of an enum by their stored words; a word that only a newer build knows, and None, stay themselves."""

    def __init__(self, kind: type[E]) -> None:
        """Of all members."""
        super().__init__({str(member): member for member in kind})

    def __missing__(self, stored: Any) -> Any:
        """Nobody may fail for a word that is not known: it is shown as it stands."""
        return stored
