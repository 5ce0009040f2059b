"""Who is told of a shop's matters, and what was sent: records that everybody sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.notices import Matter


class SendState(StrEnum):
    """How far a delivery is."""

    DUE = "due"
    """On its way, or tried again later."""
    SENT = "sent"
    FAILED = "failed"
    """Given up."""
    DROPPED = "dropped"
    """The address was removed, or switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address of a shop's that is told by outgoing webhooks. `matters` None: of everything.

    `failing_since`: since when nothing has been taken; `disabled_at`: nothing is sent there any more.
    """

    shop: str
    target_id: str
    url: str
    matters: tuple[Matter, ...] | None
    enabled: bool
    failing_since: datetime | None
    disabled_at: datetime | None
    previous_until: datetime | None
    created_at: datetime
    created_by: str
    secrets: tuple[bytes, ...] = field(repr=False, default=())
    """What its deliveries are signed by, the current one first; empty where nobody asked for them."""

    def wants(self, matter: Matter) -> bool:
        """Whether it is to hear of it. That another address is disabled, it hears; of itself, it could not."""
        return self.enabled and (self.matters is None or matter in self.matters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one target: the same id and body however often it is sent."""

    shop: str
    delivery_id: str
    target_id: str
    event: str
    body: str
    at: datetime
    state: SendState
    tries: int
    detail: str | None
    due_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddress:
    """An address of a person who wants mails. It gets none before it is confirmed."""

    address: str
    confirmed_at: datetime | None
    added_at: datetime
    added_by: str
    code_due: bool
    test_due: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWanted:
    """What a shop wants to be told of by mail, and who is told. `trouble`: what the last try met."""

    shop: str
    matters: frozenset[Matter]
    addresses: tuple[MailAddress, ...]
    mailed_at: datetime | None
    trouble: str | None

    @property
    def confirmed(self) -> tuple[str, ...]:
        """Addresses that may be written to."""
        return tuple(one.address for one in self.addresses if one.confirmed_at is not None)
