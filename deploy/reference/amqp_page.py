"""docs/reference/amqp.md, from the topology and the messages."""

from __future__ import annotations

from deploy.reference.markdown import fields, schemas, table
from shared.rabbitmq import topology
from shared.rabbitmq.access.rights import Rights, rights_of, rights_of_partner
from shared.rabbitmq.described import CHANNELS, document
from shared.roles import Role


def amqp_page() -> str:
    """The page."""
    described = document()
    known = described["components"]["schemas"]
    own = {channel.model.__name__ for channel in CHANNELS if channel.model is not None}
    parts = [
        "# Messages on RabbitMQ\n",
        described["info"]["description"] + "\n",
        "The preview service gives this as a document, too: `GET /api/asyncapi.json` (AsyncAPI 3.0).\n",
        "## What any client may publish\n",
        *(_channel(key, known) for key in (channel.key for channel in CHANNELS if channel.public)),
        "## Trueup's own\n",
        *(_channel(key, known) for key in (channel.key for channel in CHANNELS if not channel.public)),
        "## Forms\n",
        schemas({name: form for name, form in known.items() if name not in own}),
        "## Exchanges and queues\n",
        "All exchanges are durable topic exchanges: "
        + ", ".join(f"`{name}`" for name in topology.EXCHANGES)
        + ". All queues are durable quorum queues. Besides, each preview replica listens to events on an exclusive "
        "queue of its own.\n",
        table(
            ("queue", "exchanges", "keys", "largest body", "arguments"), [_queue(queue) for queue in topology.QUEUES]
        ),
    ]
    parts += [
        "\n## Users and their rights\n",
        (
            "Patterns as RabbitMQ takes them: names to configure, to write, to read; below, keys that a user may write "
            "to and bind on an exchange. Made of the table in `shared/rabbitmq/access/rights.py`; "
            "`deploy/make_secrets.py` makes the users.\n"
        ),
        table(("user", "configure", "write", "read"), [_rights(name, its) for name, its in _users()]),
        "",
        table(
            ("user", "exchange", "keys written", "keys bound"),
            [
                (f"`{name}`", f"`{exchange}`", _code(write), _code(read))
                for name, its in _users()
                for exchange, (write, read) in its.topics.items()
            ],
        ),
    ]
    return "\n".join(parts)


def _users() -> list[tuple[str, Rights]]:
    roles = [(f"trueup-{role}", rights_of(role)) for role in Role]
    return [*roles, ("NAME, a partner", rights_of_partner("NAME"))]


def _rights(name: str, its: Rights) -> tuple[str, str, str, str]:
    return f"`{name}`", _code(its.configure), _code(its.write), _code(its.read)


def _code(pattern: str) -> str:
    return "nothing" if pattern == "^$" else f"`{pattern}`"


def _channel(key: str, known: dict[str, dict[str, object]]) -> str:
    channel = next(one for one in CHANNELS if one.key == key)
    way = "received from" if channel.action == "receive" else "sent to"
    parts = [f"### {key}\n", f"{channel.summary} Exchange `{channel.exchange}`: {way} it by Trueup.\n"]
    if channel.parameter is not None:
        parts.append(f"The partition is the {channel.parameter}\n")
    if channel.model is None:
        parts.append("The body is Shopify's, byte for byte; its headers travel as message headers.\n")
    else:
        about = " ".join((channel.model.__doc__ or "").split())
        if about not in {"", channel.summary}:
            parts.append(about + "\n")
        parts.append(fields(known[channel.model.__name__]))
    return "\n".join(parts)


def _queue(queue: topology.Queue) -> tuple[str, str, str, str, str]:
    arguments = ", ".join(f"`{name}`={value}" for name, value in queue.declare_arguments().items())
    exchanges = ", ".join(f"`{name}`" for name in dict.fromkeys(exchange for exchange, _ in queue.bindings))
    return (
        f"`{queue.name}`",
        exchanges,
        ", ".join(f"`{key}`" for key in queue.keys),
        f"{queue.largest // 1024} KiB",
        arguments,
    )
