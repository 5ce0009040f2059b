"""Who is told, and what was sent, as it is shown."""

from __future__ import annotations

from typing import Any

from services.preview.api.notifications.models import (
    DeliveryOut,
    MailAddressOut,
    MailOut,
    MatterOut,
    NotificationsOut,
    WebhookTargetMade,
    WebhookTargetOut,
)
from shared.domain.notices import EVENTS, URGENCY, Matter
from shared.mongodb.notices.recipients import Delivery, MailWanted, SendState, Target


def notifications_out(wanted: MailWanted, sender: str | None, targets: list[Target]) -> NotificationsOut:
    """All of it."""
    mail = MailOut(
        set_up=sender is not None,
        sender=sender,
        matters=[matter for matter in Matter if matter in wanted.matters],
        addresses=[
            MailAddressOut(
                address=one.address,
                confirmed=one.confirmed_at is not None,
                added_at=one.added_at,
                added_by=one.added_by,
            )
            for one in wanted.addresses
        ],
        trouble=wanted.trouble,
    )
    matters = [MatterOut(matter=one, urgency=URGENCY[one], event=EVENTS[one]) for one in Matter]
    return NotificationsOut(mail=mail, targets=[target_out(one) for one in targets], matters=matters)


def _fields(target: Target) -> dict[str, Any]:
    same = ("target_id", "url", "enabled", "failing_since", "disabled_at", "created_at", "created_by")
    return {
        **{name: getattr(target, name) for name in same},
        "matters": None if target.matters is None else list(target.matters),
        "two_secrets_until": target.previous_until,
    }


def target_out(target: Target) -> WebhookTargetOut:
    """An address."""
    return WebhookTargetOut(**_fields(target))


def target_made(target: Target, secret: str) -> WebhookTargetMade:
    """An address, with the secret that is shown once."""
    return WebhookTargetMade(**_fields(target), secret=secret)


def delivery_out(delivery: Delivery) -> DeliveryOut:
    """A message."""
    return DeliveryOut.model_validate(
        {
            **{name: getattr(delivery, name) for name in ("delivery_id", "event", "at", "tries", "detail", "body")},
            "state": str(delivery.state),
            "next_try_at": delivery.due_at if delivery.state is SendState.DUE else None,
        }
    )
