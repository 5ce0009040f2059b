"""What is stored of webhooks that had their effect, and of messages that nobody could handle."""

from __future__ import annotations

from shared.mongodb.described import Described, of_shop

WEBHOOK_EVENTS = Described(
    "webhook_events",
    "The keys of a webhook that had its effect: a repeat has none. Written by `inbox/webhook_inbox`.",
    {
        **of_shop("shop, key"),
        "key": ("string", "by which a webhook that was sent again is known"),
        "event_key": ("string or absent", "by which another webhook of the same event is known"),
        "at": ("date", ""),
        "received_at": ("date or absent", "of an event about cells of ours"),
        "lag": ("number or null or absent", "seconds that it took to come; null: not known"),
    },
)

DEAD_LETTERS = Described(
    "dead_letters",
    "A message that nobody could handle. Written by `inbox/dead_letters`.",
    {
        "_id": ("string", "shop, letter_id, joined by a bar"),
        "shop": ("string or null", "null: none could be read"),
        "letter_id": ("string", "a ULID"),
        "at": ("date", ""),
        "key": ("string", "its routing key"),
        "body": ("bytes", "its beginning, where it is long"),
        "size": ("number", "bytes of the whole body"),
        "altered": ("boolean", "secrets or people's data were taken out"),
        "headers": ("list of list", "pairs of name and value"),
        "reason": ("string", "what took it away, and from which queue"),
        "cause": ("string or null", "what is wrong with it, where known"),
    },
)

DOCUMENTS = (WEBHOOK_EVENTS, DEAD_LETTERS)
