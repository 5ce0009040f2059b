"""The bodies of the topics we know, reduced to what is used. Shopify's numbers become strings and zoned times here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from shared.contract.messages import Quantity, parse_time


def _id_text(value: object) -> object:
    """Ids are numbers above 2^53 in Shopify's JSON; anything else stays as it is and fails as a string of digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _zoned(value: object) -> datetime:
    """A time with its zone, in UTC."""
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 time with its zone")  # noqa: TRY004  # pydantic takes no TypeError
    try:
        return parse_time(value).astimezone(UTC)
    except OverflowError:
        raise ValueError("is no time of our calendar") from None


ShopifyId = Annotated[str, BeforeValidator(_id_text), Field(pattern=r"^[1-9][0-9]{0,19}$")]
ZonedTime = Annotated[datetime, BeforeValidator(_zoned)]


class Body(BaseModel):
    """What every body can tell. Fields we do not use are ignored: Shopify adds to them at will."""

    model_config = ConfigDict(frozen=True)

    @property
    def subject(self) -> str:
        """What it is about. One action of a merchant may send several under one event id."""
        return ""


class LevelBody(Body):
    """Anything about one inventory level. `available` None: no value, which is never a zero."""

    inventory_item_id: ShopifyId
    location_id: ShopifyId
    available: Quantity | None = None
    updated_at: ZonedTime | None = None

    @property
    def subject(self) -> str:
        """The item and the location."""
        return f"{self.inventory_item_id}|{self.location_id}"

    @model_validator(mode="after")
    def _value_has_its_time(self) -> Self:
        if self.available is not None and self.updated_at is None:
            raise ValueError("available without updated_at")
        return self


class LevelUpdated(LevelBody):
    """`inventory_levels/update`: a missing `available` is an error, a null one means "not tracked"."""

    available: Quantity | None
    updated_at: ZonedTime


class ObjectBody(Body):
    """Anything with an id of its own."""

    id: ShopifyId

    @property
    def subject(self) -> str:
        """The object."""
        return self.id


class DeletedBody(ObjectBody):
    """`…/delete`: the id alone. More means that another topic's body was sent again under this one."""

    model_config = ConfigDict(extra="forbid")

    admin_graphql_api_id: str | None = None


class LocationBody(ObjectBody):
    """`locations/*`."""

    name: Annotated[str, Field(min_length=1, max_length=500)]
    active: StrictBool


class ScopesBody(Body):
    """`app/scopes_update`: what the app may do in the shop from now on."""

    current: list[Annotated[str, Field(max_length=200)]] = Field(max_length=500)
