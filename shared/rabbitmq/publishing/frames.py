"""The frames of a published message, as AMQP 0-9-1 has them: a method, a header, and the body in pieces.

pamqp builds them field by field from objects, at four times the cost; all of ours have the same few properties.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_METHOD, _HEADER, _BODY = 1, 2, 3
_END = b"\xce"
_BASIC = 60
_BASIC_PUBLISH = struct.pack(">HHH", _BASIC, 40, 0)
"""The class, the method, and a field that is no longer used."""
_FRAME = struct.Struct(">BHI")
_HEADER_HEAD = struct.Struct(">HHQH")
_FLAGS = 1 << 15 | 1 << 13 | 1 << 12
"""Which properties are there: content type, headers and delivery mode."""
_HAS_MESSAGE_ID = 1 << 7
_CONTENT_TYPE = b"\x10application/json"
_PERSISTENT, _TRANSIENT = b"\x02", b"\x01"
_LONGEST_SHORT = 255
_LONG = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message. A mandatory one is persistent, and comes back where no queue takes it."""

    exchange: str
    key: str
    body: bytes
    headers: Mapping[str, str]
    mandatory: bool


def message_frames(channel: int, max_piece: int, message_id: str, message: Outgoing) -> bytes:
    """All frames of one message; it is JSON. `max_piece`: bytes of a body in one frame; `message_id`: empty for none.

    Raises ValueError for a name that is too long for AMQP.
    """
    table = b"".join(_short(name) + b"S" + _long(value) for name, value in message.headers.items())
    flags, mode = _FLAGS, _PERSISTENT if message.mandatory else _TRANSIENT
    properties = b"".join((_CONTENT_TYPE, _LONG.pack(len(table)), table, mode))
    if message_id:
        flags, properties = flags | _HAS_MESSAGE_ID, properties + _short(message_id)
    body = message.body
    header = _HEADER_HEAD.pack(_BASIC, 0, len(body), flags) + properties
    frames = [_publish(channel, message.exchange, message.key, message.mandatory), _frame(_HEADER, channel, header)]
    frames += [_frame(_BODY, channel, body[at : at + max_piece]) for at in range(0, len(body), max_piece)]
    return b"".join(frames)


@lru_cache(maxsize=256)
def _publish(channel: int, exchange: str, key: str, mandatory: bool) -> bytes:
    return _frame(_METHOD, channel, _BASIC_PUBLISH + _short(exchange) + _short(key) + bytes((mandatory,)))


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return b"".join((_FRAME.pack(kind, channel, len(payload)), payload, _END))


def _short(text: str) -> bytes:
    data = text.encode()
    if len(data) > _LONGEST_SHORT:
        raise ValueError(f"a name of {len(data)} bytes: AMQP knows none above {_LONGEST_SHORT}")
    return bytes((len(data),)) + data


def _long(text: str) -> bytes:
    data = text.encode()
    return _LONG.pack(len(data)) + data
