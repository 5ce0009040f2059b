"""What is written of a message are the frames that AMQP's own library makes of it."""

from __future__ import annotations

import pamqp.frame
from hypothesis import given
from hypothesis import strategies as st
from pamqp import body, commands, header
from pamqp.common import FieldTable

from shared.rabbitmq.publishing.frames import Outgoing, message_frames

TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
PIECE = 16


@given(
    channel=st.integers(1, 2047),
    exchange=st.from_regex(r"[A-Za-z0-9._:-]{0,60}", fullmatch=True),
    key=TEXT,
    content=st.binary(max_size=70),
    # pamqp cuts longer names; none of ours is.
    headers=st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=32), TEXT, max_size=5),
    message_id=TEXT,
    mandatory=st.booleans(),
)
def test_a_message_is_written_as_amqp_has_it(
    *,
    channel: int,
    exchange: str,
    key: str,
    content: bytes,
    headers: dict[str, str],
    message_id: str,
    mandatory: bool,
) -> None:
    """Method, header and body are byte for byte those of pamqp, whatever is in them."""
    table: FieldTable = dict(headers)
    properties = commands.Basic.Properties(
        content_type="application/json",
        headers=table,
        delivery_mode=2 if mandatory else 1,
        message_id=message_id or None,
    )
    expected: list[pamqp.frame.FrameTypes] = [
        commands.Basic.Publish(exchange=exchange, routing_key=key, mandatory=mandatory),
        header.ContentHeader(body_size=len(content), properties=properties),
        *(body.ContentBody(content[at : at + PIECE]) for at in range(0, len(content), PIECE)),
    ]
    message = Outgoing(exchange, key, content, dict(sorted(headers.items())), mandatory)
    written = message_frames(channel, PIECE, message_id, message)
    assert written == b"".join(pamqp.frame.marshal(frame, channel) for frame in expected)
