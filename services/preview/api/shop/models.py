"""What the API shows of the shop itself."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ShopOut(BaseModel):
    """The shop of the session token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shop: str = Field(description="Its myshopify.com domain.")
    time_zone: str | None = Field(
        description="The IANA name of the zone that its times are shown in; null: not known yet."
    )
