"""What is stored of servers' keys."""

from __future__ import annotations

from shared.domain.server_key import Scope
from shared.mongodb.described import Described, words

SERVER_KEYS = Described(
    "server_keys",
    "A key by which a server speaks to the API. It goes 400 days after it has expired. "
    "Written by `server_keys/server_keys`.",
    {
        "_id": ("string", "shop, empty for a key of all shops, and key_id, joined by a bar"),
        "shop": ("string or null", "null: it is for all shops"),
        "key_id": ("string", "stands in the key itself, and wherever it has done something"),
        "name": ("string", "for people"),
        "scopes": ("list of string", words(Scope)),
        "hash": ("bytes", "SHA-256 of its secret, which is kept nowhere"),
        "created_at": ("date", ""),
        "created_by": ("string", "who has made it"),
        "made_by": ("string or null", "the id that the request has for what it makes; null: a command has made it"),
        "expires_at": ("date", ""),
        "revoked_at": ("date or null", "null: it is not"),
        "revoked_by": ("string or null", ""),
        "last_used_at": ("date or null", "to the minute; null: never"),
    },
)

REQUEST_SHARES = Described(
    "request_shares",
    "A bucket of requests of a shop's servers, for all processes together. It goes an hour after its last use. "
    "Written by `server_keys/request_shares`.",
    {
        "_id": ("string", "shop, and whose requests: `keys` of all its keys, or key_id, joined by a bar"),
        "shop": ("string", "its domain"),
        "left": ("number", "requests that may be taken, at `at`"),
        "taken": ("number", "how many the last process took"),
        "at": ("date", "when, by MongoDB's clock"),
    },
)

DOCUMENTS = (SERVER_KEYS, REQUEST_SHARES)
