"""What the API takes and shows of who is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.preview.api.http.responses.pages import Paged
from shared.contract.messages import Ulid
from shared.domain.mail import LONGEST_ADDRESS, is_mail_address
from shared.domain.notices import Matter, Urgency


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


MailText = Annotated[str, Field(min_length=3, max_length=LONGEST_ADDRESS, description="An address of mail.")]


class MailAddressOut(_Model):
    """A person's address."""

    address: str
    confirmed: bool = Field(description="It gets no mails before.")
    added_at: datetime
    added_by: str


class MailOut(_Model):
    """What is told by mail, and to whom."""

    set_up: bool = Field(description="Whether this installation sends mails at all.")
    sender: str | None = Field(description="Who they come from.")
    matters: list[Matter]
    addresses: list[MailAddressOut]
    trouble: str | None = Field(description="What the last try met; none: it went well.")


class WebhookTargetOut(_Model):
    """An address of outgoing webhooks."""

    target_id: Ulid
    url: str
    matters: list[Matter] | None = Field(description="None: it is told of everything.")
    enabled: bool
    failing_since: datetime | None = Field(description="Nothing was taken since.")
    disabled_at: datetime | None = Field(description="Switched off, since nothing was taken for days.")
    two_secrets_until: datetime | None = Field(description="Until then the secret before signs, too.")
    created_at: datetime
    created_by: str


class WebhookTargetMade(WebhookTargetOut):
    """An address with its secret, which is shown this once."""

    secret: str = Field(description="whsec_ and its bytes in base64; signs as Standard Webhooks say.")


class MatterOut(_Model):
    """Something that may be told."""

    matter: Matter
    urgency: Urgency
    event: str = Field(description="`type` of its outgoing webhooks.")


class NotificationsOut(_Model):
    """Who is told of what, by which way."""

    mail: MailOut
    targets: list[WebhookTargetOut]
    matters: list[MatterOut] = Field(description="All that there is.")


class MailMattersIn(_Model):
    """What is to be told by mail."""

    matters: list[Matter] = Field(max_length=len(Matter))


class MailAddressIn(_Model):
    """An address of mail."""

    address: MailText

    @field_validator("address")
    @classmethod
    def _is_one(cls, address: str) -> str:
        stripped = address.strip()
        if not is_mail_address(stripped):
            raise ValueError("must be an address such as name@example.com")
        # The part before the sign may mean something by its letters; a domain does not.
        local, _, domain = stripped.rpartition("@")
        return f"{local}@{domain.lower()}"


class ConfirmIn(MailAddressIn):
    """The code that came by mail."""

    code: Annotated[str, Field(pattern=r"^[0-9]{8}$")]


class WebhookTargetIn(_Model):
    """An address of outgoing webhooks, whole."""

    url: str = Field(min_length=10, max_length=2000, description="An https address that the internet can reach.")
    matters: list[Matter] | None = Field(None, max_length=len(Matter), description="None: everything.")
    enabled: bool = Field(True, strict=True)


class TargetPath(_Model):
    """One address."""

    target_id: Ulid = Field(description="The client's own ULID for a new one: a repeat has no second effect.")


class DeliverySearch(Paged):
    """The deliveries to one address."""

    target_id: Ulid


class DeliveryPath(_Model):
    """One delivery."""

    delivery_id: Annotated[str, Field(pattern=r"^msg_[0-7][0-9A-HJKMNP-TV-Z]{25}$")]


class DeliveryOut(_Model):
    """A message to an address."""

    delivery_id: str = Field(description="The header webhook-id: the same however often it is sent.")
    event: str
    at: datetime
    state: Literal["due", "sent", "failed", "dropped"] = Field(
        description="due: on its way, or tried again later; failed: given up; dropped: the address was switched off."
    )
    tries: int
    detail: str | None
    next_try_at: datetime | None
    body: str = Field(description="As it is signed and sent.")


class DeliveryPage(_Model):
    """Deliveries, the latest first."""

    items: list[DeliveryOut]
    next_cursor: str | None
