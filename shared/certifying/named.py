"""What a certification may touch: one variant's item at two locations, by the ids that were named."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import TrueupError
from shared.shopify.ids import item_gid, location_gid


class CannotCertify(TrueupError):
    """It cannot be tried so; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Named:
    """Ids are plain digits; `levels` are the global ids of the levels at the locations, in their order."""

    shop: str
    variant_id: str
    item_id: str
    locations: tuple[str, str]
    levels: tuple[str | None, str | None] = (None, None)

    @property
    def item(self) -> str:
        """The item's global id."""
        return item_gid(self.item_id)

    @property
    def places(self) -> tuple[str, str]:
        """The global ids of the locations."""
        first, second = self.locations
        return location_gid(first), location_gid(second)

    @property
    def writable(self) -> frozenset[str]:
        """Every global id that may stand in a call that changes something."""
        return frozenset({self.item, *self.places, *(level for level in self.levels if level is not None)})
