"""Why a cell is left out or skipped, each reason with a sentence a merchant understands."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.comparison import Reason

REASONS: Mapping[Reason, str] = {
    Reason.UNTRACKED: "Shopify does not track this item's quantity.",
    Reason.NOT_STOCKED: "The item is not stocked at this location in Shopify.",
    Reason.LOCATION_INACTIVE: "The location is deactivated in Shopify.",
    Reason.FULFILLMENT_SERVICE: "A fulfilment service keeps the stock of this location.",
    Reason.EXTERNALLY_MANAGED: "Another tool computes this BOM's quantity in Shopify.",
    Reason.NEVER_COUNTED: (
        "Nobody has counted this place yet, so there is no count to push: count it, or accept Shopify's value."
    ),
    Reason.NEVER_AGREED: "The two sides have never agreed here: a person has to choose, a schedule does not.",
    Reason.IN_SYNC: "Both sides agree.",
    Reason.ALREADY_EQUAL: "Shopify already holds the value.",
    Reason.SETTLED_SINCE_PREVIEW: "Another run has brought both sides together since the preview.",
    Reason.CLASS_CHANGED: "This place no longer needs this repair, or a person has to choose now.",
    Reason.NOTHING_TO_UNDO: "The run had changed nothing here that could be taken back.",
}
"""What each reason means."""


def reason_text(reason: str | None) -> str | None:
    """What a stored reason means; None where there is none, or one that only a newer build knows."""
    return REASONS[Reason(reason)] if reason is not None and reason in set(Reason) else None
