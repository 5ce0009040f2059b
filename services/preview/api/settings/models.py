"""What the API takes and shows of a shop's settings."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class SettingsIn(BaseModel):
    """All of them; one that is not given is set to its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_negative: bool = Field(
        False,
        strict=True,
        description="Shopify's quantity may be set below zero; otherwise such a place ends as an error.",
    )
    activate: bool = Field(
        False,
        strict=True,
        description="A run to Shopify stocks an item at a location where Shopify does not stock it yet.",
    )


class SettingChanged(BaseModel):
    """One setting, changed by somebody."""

    at: AwareDatetime
    by: str
    setting: str = Field(description="allow_negative, activate, or of the drift policy, with drift_ before its name.")
    before: bool | int | float | str | None = Field(description="None: it was not set.")
    after: bool | int | float | str | None


class FirstSteps(BaseModel):
    """What a new shop has done so far."""

    boms: int
    counted: bool = Field(description="Somebody has counted, or a run has taken Shopify's values over.")
    previewed: bool
    ran: bool = Field(description="A run has ended.")


class SettingsOut(SettingsIn):
    """The settings, and who has changed them."""

    changes: list[SettingChanged] = Field(description="The last twenty, the newest first.")
