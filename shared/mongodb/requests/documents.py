"""What is stored of requests that came with a key."""

from __future__ import annotations

from shared.mongodb.described import Described, of_shop

IDEMPOTENCY_KEYS = Described(
    "idempotency_keys",
    "A change that a client asked for under its own key, and the first answer to it, for a day. Written by "
    "`requests/keyed_requests`.",
    {
        **of_shop("shop, operation, the hash of the key"),
        "made_id": ("string", "a ULID of the first try: the id of whatever the request makes, in each further try"),
        "asked": ("bytes", "what was asked for, as a hash; encrypted, since a hash of a short secret can be guessed"),
        "held_by": ("string or null", "a ULID of the try that is under way; null: none is"),
        "held_until": ("date or null", "from then on another try may begin: the process that was at it has died"),
        "answer": ("bytes or null", "the first answer: status, headers and body, encrypted; null: there is none yet"),
        "at": ("date", "of the first try; a day later it is forgotten"),
    },
)

DOCUMENTS = (IDEMPOTENCY_KEYS,)
