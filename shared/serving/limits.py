"""How much of a process one server's clients may hold: one table.

All of it together stays below the half of a pod of 512 MiB, whoever asks: a connection is in one state at a time, and
the worst of them (a body that nobody has begun to read) holds less than 100 kB.
"""

from __future__ import annotations

from dataclasses import dataclass

SEGMENT = 16 * 1024
"""Bytes taken from a socket at once."""

RESERVED_FILES = 200
"""Open files that are no clients': the broker's and the database's connections, logs, the program itself."""


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """Bounds of one server."""

    connections: int = 1_000
    """Open at once; one more, and the one that has waited longest for its client gives way."""
    head_bytes: int = 16 * 1024
    """A request's line and headers together; Shopify's webhooks have less than 2 kB."""
    head_fields: int = 100
    head_seconds: float = 10.0
    """From the connection, or a later head's first byte, to the head's end."""
    idle_seconds: float = 75.0
    """Between two requests; longer than proxies keep theirs, so that they close first."""
    unread_seconds: float = 30.0
    """An answer of which the client takes nothing."""
    unread_bytes: int = 32 * 1024 * 1024
    """Returns that wait for their clients, together."""
    linger_seconds: float = 2.0
    """A refused client goes on sending: what comes is thrown away for so long, else it would not see the answer."""
    body_bytes: int = 16 * 1024 * 1024
    """Bodies under way, together."""
    shop_body_bytes: int = 4 * 1024 * 1024
    """Bodies under way of one shop."""
    body_seconds: float = 30.0
    """From a body's beginning to its end."""
    body_still_seconds: float = 10.0
    """Without a byte of a body that is not whole."""


PUBLIC = ServerLimits()
OPERATIONS = ServerLimits(connections=64, body_bytes=64 * 1024, shop_body_bytes=64 * 1024)
"""Monitoring has a share of its own: it is answered while strangers fill the public port."""
