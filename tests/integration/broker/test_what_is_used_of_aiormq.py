"""What Trueup uses of aiormq that is public and yet described nowhere, beside the version in which it is so.

The outbox numbers and confirms messages by a channel's own attributes (`shared/rabbitmq/publishing/outbox.py`), the
answers tell the broker of many deliveries by one frame (`shared/rabbitmq/consuming/answers.py`).

Where the version has changed and all else holds: read what is new in its `channel.py`, then put the version here. Where
the rest fails: either follow the new names in those two files, or publish by `aiormq.Channel.basic_publish` and
acknowledge by `aio_pika`'s own `ack`: it costs some more of the processor's time for each message, and breaks no rule.
"""

from __future__ import annotations

import asyncio
import inspect
from importlib.metadata import version

import aio_pika
import pytest
from aio_pika.exceptions import PublishError
from aiormq import Channel
from aiormq.abc import ChannelFrame

KNOWN = ("7.2",)
"""Series that were read."""


def test_the_version_is_one_that_was_read() -> None:
    """A new series of aiormq may have other attributes: whoever takes it up reads them first."""
    assert version("aiormq").rpartition(".")[0] in KNOWN, f"{version('aiormq')}: {__doc__}"


def test_what_the_two_files_call_is_there() -> None:
    """Frames hold bytes, a future for the drain, and whether they close; an acknowledgement may be of many."""
    assert {"payload", "should_close", "drain_future"} <= set(inspect.signature(ChannelFrame).parameters), __doc__
    assert {"multiple", "wait"} <= set(inspect.signature(Channel.basic_ack).parameters), __doc__
    assert {"requeue", "wait"} <= set(inspect.signature(Channel.basic_nack).parameters), __doc__


async def test_a_channel_numbers_and_confirms_as_the_outbox_takes_it(vhost_url: str) -> None:
    """Numbers rise by one from nothing, a confirm is found by its number, a message that comes back by its id."""
    async with await aio_pika.connect(vhost_url) as connection:
        opened = await connection.channel(publisher_confirms=True, on_return_raises=True)
        channel = await opened.get_underlay_channel()
        assert isinstance(channel, Channel)
        assert channel.delivery_tag == 0, __doc__
        assert isinstance(channel.confirmations, dict), __doc__
        assert isinstance(channel.message_id_delivery_tag, dict), __doc__
        assert isinstance(channel.write_queue, asyncio.Queue), __doc__
        assert isinstance(channel.closing, asyncio.Future), __doc__
        assert channel.number > 0
        assert channel.max_content_size > 0, __doc__
        await channel.basic_publish(b"{}", exchange="", routing_key="nowhere", mandatory=False)
        assert channel.delivery_tag == 1, __doc__
        assert not channel.confirmations, __doc__
        with pytest.raises(PublishError):
            await channel.basic_publish(b"{}", exchange="", routing_key="nowhere", mandatory=True)
        assert channel.delivery_tag == 2, __doc__
        assert not channel.message_id_delivery_tag, __doc__
