"""Why a shop takes no calls, each with a sentence a merchant understands and the remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.words.codes import Explanation

ASKED = "asked"
"""A person has paused the shop: Shopify's answers do not resume it, only a person does."""

PAUSES: Mapping[str, Explanation] = {
    "unauthorized": Explanation(
        "Shopify no longer accepts the app's access to this shop.",
        "Open the app once from the shop's admin: that renews its access.",
    ),
    "frozen": Explanation(
        "Shopify has frozen this shop, usually over an unpaid bill.",
        "Settle the shop's bill with Shopify; the app then goes on by itself.",
    ),
    "locked": Explanation(
        "Shopify has locked this shop.",
        "Ask Shopify's support; when the shop is open again, the app goes on by itself.",
    ),
    "inactive": Explanation(
        "Shopify says that this shop is not active.",
        "Open the shop again in Shopify; the app then goes on by itself.",
    ),
    "forbidden": Explanation(
        "The app lacks a permission that it needs in this shop.",
        "Open the app from the shop's admin and approve the permissions it asks for; the app then goes on by itself.",
    ),
    "not_found": Explanation(
        "Shopify does not find this shop.",
        "Check that the shop still exists; when it answers again, the app goes on by itself.",
    ),
    "redirected": Explanation(
        "The shop's address sends calls to another address, where the app sends no access token.",
        "Check whether the shop's myshopify.com domain has changed, or what stands between the app and Shopify; when "
        "the shop answers itself again, the app goes on by itself.",
    ),
    ASKED: Explanation(
        "Somebody has paused this shop: nothing is sent to Shopify for it.",
        "Whoever runs the app resumes it when it may go on; what waits then goes on by itself.",
    ),
}
"""Every reason: those that Shopify's answers give, and a person's."""

_DETAILED: Mapping[str, str] = {
    "forbidden": "The app lacks a permission that it needs in this shop: {detail}.",
    "redirected": "The shop's address sends calls to {detail}, where the app sends no access token.",
}
_ANY = Explanation(
    "Shopify takes no calls for this shop now.", "When Shopify answers again, the app goes on by itself."
)


def pause_explained(reason: str, detail: str | None = None) -> Explanation:
    """What a pause means; `detail` names the missing permission, or where a redirect leads."""
    known = PAUSES.get(reason, _ANY)
    if detail and reason in _DETAILED:
        return Explanation(_DETAILED[reason].format(detail=detail), known.remedy)
    return known


@dataclass(frozen=True, slots=True)
class ShopPause:
    """The shop takes no calls now; what waits for it goes on by itself."""

    reason: str
    detail: str | None
    """The access scopes that are missing, or where a redirect leads."""
    since: datetime
    message: str
    remedy: str


def shop_pause(reason: str, detail: str | None, since: datetime) -> ShopPause:
    """A pause with its sentence and the remedy."""
    why = pause_explained(reason, detail)
    return ShopPause(reason, detail, since, why.message, why.remedy)
