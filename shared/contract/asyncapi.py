"""The AsyncAPI 3.0 document of the messages, made from the models that parse and write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from shared.contract.messages import Message

_BINDING = "0.3.0"

_ABOUT = """Trueup's messages on RabbitMQ. Bodies are JSON in UTF-8; each carries `schema` = 1 and names its shop.

Channels marked `x-public: true` are open to any client: publish to the exchange `trueup.clients` under the channel's
address, with delivery mode 2, the mandatory flag and publisher confirms. The others are Trueup's own.

Messages are at least once on the way and safe to repeat: ids and idempotency keys make a repeat harmless. What cannot
be handled is kept among the dead letters with what is wrong with it. Nothing follows from a message's headers but what
Trueup's own parts have sealed: of a foreign client's message only key and body count.

What a client says of who asks (`requested_by`, `actor`) is kept as its own word: `amqp:…`, or `amqp(USER):…` where the
message has the property `user_id`, which the broker checks. Its jobs have the source `api`, or `retry` or `undo` where
they name a job."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One routing key, what is sent under it, and who does it.

    `action` is Trueup's: it receives commands and webhooks, it sends events. `model` is None for a body that is not
    ours. `queues` are the durable queues bound to the key; `public`: any client may publish.
    """

    key: str
    exchange: str
    action: Literal["receive", "send"]
    summary: str
    model: type[Message] | None
    queues: tuple[str, ...] = ()
    public: bool = False
    parameter: str | None = None


def asyncapi_document(channels: Sequence[Channel]) -> dict[str, Any]:
    """The document of these channels."""
    models = {channel.model.__name__: channel.model for channel in channels if channel.model is not None}
    _, rest = TypeAdapter.json_schemas(
        [(name, "validation", TypeAdapter[Any](model)) for name, model in models.items()],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Trueup", "version": "1", "description": _ABOUT},
        "defaultContentType": "application/json",
        "channels": {channel.key: _channel(channel) for channel in channels},
        "operations": {_operation_name(channel): _operation(channel) for channel in channels},
        "components": {
            "messages": {_message_name(channel): _message(channel) for channel in channels},
            "schemas": rest.get("$defs", {}),
        },
    }


def _message_name(channel: Channel) -> str:
    return channel.model.__name__ if channel.model is not None else "ShopifyWebhook"


def _operation_name(channel: Channel) -> str:
    words = channel.key.replace("{", "").replace("}", "").replace("_", ".").split(".")
    return channel.action + "".join(word.capitalize() for word in words)


def _channel(channel: Channel) -> dict[str, Any]:
    name = _message_name(channel)
    described: dict[str, Any] = {
        "address": channel.key,
        "summary": channel.summary,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "x-public": channel.public,
        "x-queues": list(channel.queues),
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": channel.exchange, "type": "topic", "durable": True, "autoDelete": False},
                "bindingVersion": _BINDING,
            }
        },
    }
    if channel.parameter is not None:
        described["parameters"] = {"partition": {"description": channel.parameter}}
    return described


def _operation(channel: Channel) -> dict[str, Any]:
    durable = channel.action == "receive"
    pointer = channel.key.replace("~", "~0").replace("/", "~1")
    return {
        "action": channel.action,
        "summary": channel.summary,
        "channel": {"$ref": f"#/channels/{pointer}"},
        "bindings": {"amqp": {"deliveryMode": 2 if durable else 1, "mandatory": durable, "bindingVersion": _BINDING}},
    }


def _message(channel: Channel) -> dict[str, Any]:
    if channel.model is None:
        return {"contentType": "application/json", "summary": channel.summary, "payload": {"type": "object"}}
    described: dict[str, Any] = {
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{channel.model.__name__}"},
    }
    if channel.model.__doc__:
        described["summary"] = " ".join(channel.model.__doc__.split())
    return described
