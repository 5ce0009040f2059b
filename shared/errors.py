"""The exceptions of Trueup's own, drawn as a tree. Whether to try again, and when, is data on the error.

TrueupError
├── WrongSetting            a setting is missing or wrong: the start stops with one line
├── BrokerUnavailable       RabbitMQ is away, or did not confirm in time
│   └── BrokerRefuses       it answers, and refuses what Trueup needs: a setting, a right or a queue is to be mended
│       └── QueueDiffers    a queue of the broker was made with other arguments
├── StoreUnavailable        MongoDB is away, or did not answer in time
│   └── StoreRefuses        it answers, and cannot do what Trueup needs: a setting, a right or an index is to be mended
├── TimeZoneUnknown         this machine knows no time zone of that name (any more)
└── ShopifyError            a call to Shopify did not succeed
    ├── ShopPaused          401, 402, 403, 404, 423, a redirect, a refusal of the whole app: nothing more is sent for
    │                       the shop until it is resumed
    ├── ShopifyThrottled    not executed; wait `retry_after` seconds
    ├── ShopifyUnclear      the call may or may not have been executed
    └── ShopifyRefused      executed and refused as a whole, with Shopify's own errors
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.domain.words.waits import WaitReason
from shared.observing.hiding import without_secrets

_LONGEST_ZONE = 100


class TrueupError(Exception):
    """The base of all. Its words are stored, answered and logged, and may be another's: no secret is in them."""

    def __init__(self, *words: object) -> None:
        super().__init__(*(without_secrets(word) if isinstance(word, str) else word for word in words))


class WrongSetting(TrueupError):
    """A setting is missing or wrong."""


class BrokerUnavailable(TrueupError):
    """RabbitMQ cannot be reached, or did not confirm a message in time. A later try may succeed."""


class BrokerRefuses(BrokerUnavailable):
    """RabbitMQ answers, and refuses what Trueup needs; the words name the setting and the remedy.

    It stops a start, for it does not pass by itself. What runs already waits as for a broker that is away: whoever
    mends it need not start anything again.
    """


class QueueDiffers(BrokerRefuses):
    """A queue of the broker was made with other arguments: it would not work as Trueup needs it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"TRUEUP_AMQP_URL: the queue {name} of the broker was made with other arguments: let it drain, delete it,"
            " and start again (docs/operations/upgrade.md)"
        )


class StoreUnavailable(TrueupError):
    """MongoDB cannot be reached, or did not answer in time. A later try may succeed."""


class StoreRefuses(StoreUnavailable):
    """MongoDB answers, and cannot do what Trueup needs; the words name the setting and the remedy.

    As for BrokerRefuses: it stops a start, and what runs already waits.
    """


class TimeZoneUnknown(TrueupError):
    """This machine knows no time zone of that name: it was renamed or removed, or its tables are older."""

    def __init__(self, name: object) -> None:
        super().__init__(f"the time zone {str(name)[:_LONGEST_ZONE]!r} is not known on this machine")


class ShopifyError(TrueupError):
    """A call to Shopify did not succeed."""


class ShopPaused(ShopifyError):
    """The shop does not take calls now. `reason`: a key of `domain.pauses`, or uninstalled, or installing.

    `detail` says of what exactly: the access scopes that are missing, or the host that a redirect leads to.
    """

    def __init__(self, shop: str, reason: str, detail: str | None = None) -> None:
        super().__init__(f"{shop} is paused: {reason}" + (f" ({detail})" if detail else ""))
        self.shop = shop
        self.reason = reason
        self.detail = detail


class ShopifyThrottled(ShopifyError):
    """The call was not executed. `retry_after` is in seconds; `reason` is what is waited for."""

    def __init__(self, message: str, retry_after: float, reason: WaitReason = WaitReason.THROTTLED) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason = reason


class ShopifyUnclear(ShopifyError):
    """Connection lost, time out, 5xx or an unreadable body: the call may have been executed."""


class ShopifyRefused(ShopifyError):
    """Shopify answered with errors for the whole call. `errors`: its `errors` list; `code`: the first one's code."""

    def __init__(self, message: str, code: str | None, errors: Sequence[dict[str, Any]]) -> None:
        super().__init__(message)
        self.code = code
        self.errors = errors
