"""What the API shows of the shop itself."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.preview.api.http.reference.explained import Pause


class ShopOut(BaseModel):
    """The shop that the caller asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shop: str = Field(description="Its myshopify.com domain.")
    time_zone: str | None = Field(
        description="The IANA name of the zone that its times are shown in; null: not known yet."
    )
    paused: Pause | None = Field(description="Why nothing is sent to Shopify for it now; null: it is not paused.")
