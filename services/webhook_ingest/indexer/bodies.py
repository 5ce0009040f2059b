"""The bodies of the topics we know, reduced to what is used. Shopify's numbers become strings and zoned times here."""

# Relies on what is believed of Shopify (docs/shopify-facts.md): hook.update, hook.connect, hook.disconnect.

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from shared.contract.messages import Quantity, parse_time
from shared.contract.words import LONGEST_NAME, as_words


def _id_text(value: object) -> object:
    """Ids are numbers above 2^53 in Shopify's JSON; anything else stays as it is and fails as a string of digits."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _one_line(value: object) -> object:
    # As a read of the location takes it: nobody could correct it at our door.
    return as_words(value, LONGEST_NAME) if isinstance(value, str) else value


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

Domain = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,255}$")]


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


class LevelDisconnected(LevelBody):
    """`inventory_levels/disconnect`: a value in it means that another topic's body was sent again under this one."""

    @model_validator(mode="after")
    def _has_no_value(self) -> Self:
        if self.available is not None:
            raise ValueError("available at a level that is gone")
        return self


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


class ItemBody(ObjectBody):
    """`inventory_items/create` and `/update`."""

    tracked: StrictBool


class VariantBody(BaseModel):
    """A variant within a product."""

    inventory_item_id: ShopifyId


class ProductBody(ObjectBody):
    """`products/update`. Shopify lists the first hundred variants in full, and the ids of all in `variant_gids`."""

    variants: list[VariantBody]
    variant_gids: list[Any] = Field(default=[], max_length=10_000)

    @property
    def items(self) -> frozenset[str]:
        """The items of the variants listed in full."""
        return frozenset(variant.inventory_item_id for variant in self.variants)

    @property
    def whole(self) -> bool:
        """Whether an item that is not listed is not the product's. What a cut list leaves out is not gone."""
        return len(self.variants) < _LISTED and len(self.variant_gids) <= len(self.variants)


_LISTED = 100
"""Variants that Shopify lists in full."""


class LocationBody(ObjectBody):
    """`locations/*`."""

    name: Annotated[str, BeforeValidator(_one_line), Field(min_length=1)]
    active: StrictBool


class ScopesBody(Body):
    """`app/scopes_update`: what the app may do in the shop from now on."""

    current: list[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,200}$")]] = Field(max_length=500)


class BulkBody(Body):
    """`bulk_operations/finish`."""

    admin_graphql_api_id: Annotated[str, Field(pattern=r"^gid://shopify/BulkOperation/[0-9]{1,20}$")]
    status: Annotated[str, Field(pattern=r"^[A-Za-z_]{1,50}$")]

    @property
    def subject(self) -> str:
        """The operation."""
        return self.admin_graphql_api_id


class UninstalledBody(Body):
    """`app/uninstalled`: the shop as it is. Its domain may be null, and may be newer than the one we know it under."""

    id: ShopifyId
    myshopify_domain: Domain | None


class ComplianceBody(Body):
    """The compliance topics, of which the front keeps no more than this. Unlike others they name a shop."""

    shop_id: ShopifyId
    shop_domain: Domain


_OF_A_CUSTOMER = frozenset({"customer", "orders_requested", "orders_to_redact", "data_request"})


class ShopRedactBody(ComplianceBody):
    """`shop/redact`: of a shop alone."""

    @model_validator(mode="before")
    @classmethod
    def _is_of_no_customer(cls, value: Any) -> Any:
        if isinstance(value, dict) and not _OF_A_CUSTOMER.isdisjoint(value):
            raise ValueError("is about a customer")
        return value


class CustomerBody(ComplianceBody):
    """`customers/data_request` and `customers/redact`: the front has made the customer null."""

    customer: None


class DataRequest(BaseModel):
    """What the merchant's request is known by."""

    id: ShopifyId


class DataRequestBody(CustomerBody):
    """`customers/data_request`."""

    data_request: DataRequest | None = None


class CustomerRedactBody(CustomerBody):
    """`customers/redact`: `orders_to_redact` tells it from a data request."""

    orders_to_redact: None
