"""One webhook, read: its envelope, its parsed body, and the keys that tell it from its repeats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from pydantic import ValidationError

from services.webhook_ingest.envelope import Envelope
from services.webhook_ingest.indexer.bodies import Body
from services.webhook_ingest.topics import TOPICS, Effect
from shared.contract.marker import MARKER_TOPIC
from shared.contract.mistakes import mistakes_of
from shared.errors import TrueupError


class BodyError(TrueupError):
    """The body does not fit its topic; the message names the fields, never their values."""


class EventOutcome(StrEnum):
    """What became of an event. Those of a cell's value are the domain's `Observed`."""

    DUPLICATE = auto()
    """Its webhook id, or its event id for this item and location, was seen before: no effect."""
    IGNORED = auto()
    """It is about nothing of ours: no BOM of the shop has this item (a component, say), or nothing has changed."""
    SUSPICIOUS = auto()
    """It is verified, but its shop has never used us, or it is another shop's or another topic's: a body sent again
    under other headers, which are not signed. No effect."""
    ASKED = auto()
    """It says that the shop has left. Shopify is asked before that takes effect."""
    DONE = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One webhook. Two equal ones are still two: they are told apart by their keys."""

    envelope: Envelope
    effect: Effect
    body: Body

    @property
    def keys(self) -> tuple[str, ...]:
        """(topic, webhook id), and (topic, event id, subject) where Shopify gave an event id.

        Unambiguous: neither id holds a "|", and the topic is one of ours.
        """
        topic = self.envelope.topic
        by_id = f"id|{topic}|{self.envelope.webhook_id}"
        if self.envelope.event_id is None:
            return (by_id,)
        return by_id, f"event|{topic}|{self.envelope.event_id}|{self.body.subject}"


def read_event(envelope: Envelope, content: bytes) -> Event:
    """Parse a webhook by its topic. Raises BodyError."""
    if envelope.topic == MARKER_TOPIC:
        return Event(envelope, Effect.MARKER, Body())
    topic = TOPICS.get(envelope.topic)
    if topic is None:
        raise BodyError("no topic of ours")
    try:
        body = topic.body.model_validate_json(content)
    except ValidationError as error:
        raise BodyError(str(mistakes_of(error))) from None
    return Event(envelope, topic.effect, body)


Result = tuple[Event, str]
"""An event and what became of it: an `EventOutcome`, or the domain's `Observed` for a cell's value."""
