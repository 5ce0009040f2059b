"""Every code a cell or a job can end with, each with a sentence a merchant understands and the remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Error codes of cells, pushes and jobs."""

    ITEM_NOT_FOUND = "ITEM_NOT_FOUND"
    LOCATION_NOT_FOUND = "LOCATION_NOT_FOUND"
    BUNDLE_PARENT = "BUNDLE_PARENT"
    NOT_STOCKED = "NOT_STOCKED"
    NO_LOCAL_VALUE = "NO_LOCAL_VALUE"
    NEGATIVE_TARGET = "NEGATIVE_TARGET"
    QUANTITY_OUT_OF_RANGE = "QUANTITY_OUT_OF_RANGE"
    SHOPIFY_JUST_CHANGED = "SHOPIFY_JUST_CHANGED"
    SHOPIFY_CHANGED_BEFORE_PREVIEW = "SHOPIFY_CHANGED_BEFORE_PREVIEW"
    SETTLED_SINCE_PREVIEW = "SETTLED_SINCE_PREVIEW"
    LOCAL_CHANGED_SINCE_PREVIEW = "LOCAL_CHANGED_SINCE_PREVIEW"
    TRACKING_CHANGED = "TRACKING_CHANGED"
    PREVIEW_EXPIRED = "PREVIEW_EXPIRED"
    NOT_IN_PREVIEW = "NOT_IN_PREVIEW"
    BOM_NOT_FOUND = "BOM_NOT_FOUND"
    BOM_REMAPPED = "BOM_REMAPPED"
    CONFLICT = "CONFLICT"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    PUSH_REFUSED = "PUSH_REFUSED"
    READ_FAILED = "READ_FAILED"
    COST_ABOVE_LIMIT = "COST_ABOVE_LIMIT"
    WORKER_CRASHED = "WORKER_CRASHED"
    SHOP_PAUSED_TOO_LONG = "SHOP_PAUSED_TOO_LONG"
    RECORDS_RESTORED = "RECORDS_RESTORED"
    TOO_MANY_PREVIEWS = "TOO_MANY_PREVIEWS"
    TOO_MANY_JOBS = "TOO_MANY_JOBS"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, in a merchant's words, and what to do about it."""

    message: str
    remedy: str


_NEW_PREVIEW = "Take a new preview and decide again."

EXPLAINED: dict[Code, Explanation] = {
    Code.ITEM_NOT_FOUND: Explanation(
        "Shopify does not know the product variant of this BOM; it was probably deleted.",
        "Map the BOM to another variant, or remove it; then retry.",
    ),
    Code.LOCATION_NOT_FOUND: Explanation(
        "Shopify does not accept this location; it was deleted or deactivated.",
        "Activate the location in Shopify and retry, or leave it out.",
    ),
    Code.BUNDLE_PARENT: Explanation(
        "The variant is a bundle; Shopify computes its stock from its components and lets nobody set it.",
        "Map the BOM to a variant that is no bundle, or reconcile this BOM towards local values.",
    ),
    Code.NOT_STOCKED: Explanation(
        "The variant is not stocked at this location in Shopify.",
        "Stock the variant at the location in Shopify, then retry.",
    ),
    Code.NO_LOCAL_VALUE: Explanation(
        "There is no local value yet to push: Shopify was never read for this place.",
        "Accept Shopify's value first, or enter a count.",
    ),
    Code.NEGATIVE_TARGET: Explanation(
        "The value to push is below zero, and this shop does not allow that.",
        "Correct the local count, or allow negative targets in the shop's settings.",
    ),
    Code.QUANTITY_OUT_OF_RANGE: Explanation(
        "The value to push is beyond what Shopify accepts (plus or minus 1,000,000,000).",
        "Correct the local count.",
    ),
    Code.SHOPIFY_JUST_CHANGED: Explanation(
        "Shopify's value changed moments before the preview, or since the run was asked for without one, and its "
        "message may still be on the way.",
        "Wait two minutes, then take a new preview.",
    ),
    Code.SHOPIFY_CHANGED_BEFORE_PREVIEW: Explanation(
        "A message about this place arrived after the preview; pushing could have undone a sale.", _NEW_PREVIEW
    ),
    Code.SETTLED_SINCE_PREVIEW: Explanation("Another run has settled this place since the preview.", _NEW_PREVIEW),
    Code.LOCAL_CHANGED_SINCE_PREVIEW: Explanation(
        "The local count was adjusted by hand since the preview; it was not overwritten.", _NEW_PREVIEW
    ),
    Code.TRACKING_CHANGED: Explanation(
        "Pre-assembled tracking of this BOM was switched since the preview.", _NEW_PREVIEW
    ),
    Code.PREVIEW_EXPIRED: Explanation("The preview is older than 24 hours.", _NEW_PREVIEW),
    Code.NOT_IN_PREVIEW: Explanation("This place was not part of the preview that was approved.", _NEW_PREVIEW),
    Code.BOM_NOT_FOUND: Explanation("There is no such BOM any more.", "Create the BOM again, or leave it out."),
    Code.BOM_REMAPPED: Explanation("The BOM was mapped to another variant since the preview.", _NEW_PREVIEW),
    Code.CONFLICT: Explanation(
        "The numbers here kept changing while it was being settled.", "Take a new preview when it is quieter."
    ),
    Code.OUTCOME_UNKNOWN: Explanation(
        "Shopify never answered whether the new value was taken; nothing is assumed.",
        "Look at the value in Shopify, then accept it (towards local values) or count the shelf.",
    ),
    Code.PUSH_REFUSED: Explanation(
        "Shopify refused the change.", "See the detail; mend the cause in Shopify and take a new preview."
    ),
    Code.READ_FAILED: Explanation("Shopify could not be read for this place.", "Retry in a few minutes."),
    Code.COST_ABOVE_LIMIT: Explanation(
        "Reading this place costs more than Shopify allows for one query.", "Reconcile fewer locations at once."
    ),
    Code.WORKER_CRASHED: Explanation(
        "Work on this place ended abnormally several times; it was set aside so that the others could finish.",
        "Retry; if it happens again, report the BOM and location.",
    ),
    Code.SHOP_PAUSED_TOO_LONG: Explanation(
        "The shop could not be reached for seven days.", "Restore the shop's access, then start a new run."
    ),
    Code.RECORDS_RESTORED: Explanation(
        "The app's records were restored from a backup, which does not know what this run had done since.",
        _NEW_PREVIEW,
    ),
    Code.TOO_MANY_PREVIEWS: Explanation(
        "The shop had as many previews that had not ended as it may have.",
        "Wait until one has ended, then ask for a new one.",
    ),
    Code.TOO_MANY_JOBS: Explanation(
        "The shop had as many jobs that had not ended as it may have; this one has changed nothing.",
        "Wait until some have ended, or cancel some; then ask again.",
    ),
}
"""The explanation of every code."""


def explanation(code: str | None) -> tuple[str | None, str | None]:
    """Message and remedy of a stored code; (None, None) where there is none, or one that only a newer build knows."""
    if code is None or code not in Code.__members__:
        return None, None
    explained = EXPLAINED[Code(code)]
    return explained.message, explained.remedy


class Mend(StrEnum):
    """What must come before a failed cell can be run again."""

    NOTHING = "nothing"
    """It may just be run again."""
    PERSON = "person"
    """A person mends the cause, as the remedy says; then it may be run again."""
    PREVIEW = "preview"
    """Its row is out of date, or a push is in doubt: no retry can help, a new preview, a count or accepting does."""


_AGAIN = frozenset({Code.READ_FAILED, Code.WORKER_CRASHED, Code.SHOP_PAUSED_TOO_LONG})


def mend_of(code: str) -> Mend:
    """What must come first. A code that only a newer build knows may just be tried."""
    if code not in Code.__members__ or Code(code) in _AGAIN:
        return Mend.NOTHING
    return Mend.PREVIEW if code == Code.OUTCOME_UNKNOWN or row_is_stale(Code(code)) else Mend.PERSON


def row_is_stale(code: Code) -> bool:
    """Whether a retry needs a new preview, because the code says that the row itself is out of date."""
    return (
        code.endswith("_SINCE_PREVIEW")
        or code.startswith("SHOPIFY_")
        or code
        in {
            Code.TRACKING_CHANGED,
            Code.PREVIEW_EXPIRED,
            Code.CONFLICT,
            Code.NOT_IN_PREVIEW,
            Code.BOM_REMAPPED,
            Code.RECORDS_RESTORED,
        }
    )
