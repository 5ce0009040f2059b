"""Why a cell is not compared or skipped, each reason with a sentence a merchant understands."""

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


REMEDIES: Mapping[Reason, str] = {
    Reason.UNTRACKED: "Switch on “Track quantity” for the variant in Shopify, then take a new preview.",
    Reason.NOT_STOCKED: "Stock the variant at the location in Shopify, then take a new preview.",
    Reason.LOCATION_INACTIVE: "Activate the location in Shopify, or leave it out.",
    Reason.FULFILLMENT_SERVICE: "Correct the number at the fulfilment service, or leave the location out.",
    Reason.EXTERNALLY_MANAGED: "Correct the number in the tool that computes it.",
    Reason.NEVER_COUNTED: "Enter a count, or update local values to match Shopify.",
    Reason.NEVER_AGREED: "Start a run yourself, in the direction that is right.",
}
"""What to do about a reason, where something can be done."""


def reason_remedy(reason: str | None) -> str | None:
    """What to do about a stored reason; None where nothing is to be done, or a newer build knows what."""
    return REMEDIES.get(Reason(reason)) if reason is not None and reason in set(Reason) else None


def reason_text(reason: str | None) -> str | None:
    """What a stored reason means; None where there is none, or one that only a newer build knows."""
    return REASONS[Reason(reason)] if reason is not None and reason in set(Reason) else None
