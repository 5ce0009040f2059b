"""What a webhook's body may hold, and what is made of it."""

from datetime import UTC, datetime

import pytest

from services.webhook_ingest.envelope import Envelope
from services.webhook_ingest.indexer.bodies import LevelBody, LocationBody
from services.webhook_ingest.indexer.event import BodyError, Event, read_event

NOW = datetime(2026, 9, 3, 12, 44, 11, tzinfo=UTC)
LEVEL = (
    b'{"inventory_item_id":271878346596884015,"location_id":820982911946154508,"available":5,'
    b'"updated_at":"2026-09-03T08:44:10-04:00","admin_graphql_api_id":"gid://shopify/InventoryLevel/1"}\n'
)


def read(topic: str, content: bytes, event_id: str | None = "e1") -> Event:
    """Read a body under a topic."""
    return read_event(Envelope(topic, "a.myshopify.com", "w1", NOW, event_id=event_id), content)


def test_ids_above_2_to_53_and_offsets_are_exact() -> None:
    """Ids become exact strings, times become UTC (case 19)."""
    body = read("inventory_levels/update", LEVEL).body
    assert isinstance(body, LevelBody)
    assert (body.inventory_item_id, body.location_id) == ("271878346596884015", "820982911946154508")
    assert body.updated_at == datetime(2026, 9, 3, 12, 44, 10, tzinfo=UTC)


def test_escapes_and_separators_of_json_are_read() -> None:
    """An escaped slash and ampersand are ordinary characters of a name; U+2028 is read, and a space in it."""
    raw = '{"id":7,"name":"A\\/B \\u0026 C\u2028é","active":true,"legacy":false}'.encode()
    body = read("locations/update", raw).body
    assert isinstance(body, LocationBody)
    assert body.name == "A/B & C é"


@pytest.mark.parametrize(
    ("topic", "content", "field"),
    [
        ("inventory_levels/update", LEVEL.replace(b"-04:00", b""), "updated_at"),
        ("inventory_levels/update", LEVEL.replace(b'"2026-09-03T08:44:10-04:00"', b"1788432250"), "updated_at"),
        (
            "inventory_levels/update",
            LEVEL.replace(b"2026-09-03T08:44:10-04:00", b"0001-01-01T00:00:00+04:00"),
            "updated_at",
        ),
        ("inventory_levels/update", LEVEL.replace(b'"available":5,', b""), "available"),
        ("inventory_levels/update", LEVEL.replace(b":5,", b":5.5,"), "available"),
        ("inventory_levels/update", LEVEL.replace(b":5,", b':"5",'), "available"),
        ("inventory_levels/update", LEVEL.replace(b":5,", b":true,"), "available"),
        ("inventory_levels/update", LEVEL.replace(b"271878346596884015", b"true"), "inventory_item_id"),
        ("inventory_levels/update", LEVEL.replace(b"271878346596884015", b'"7|8"'), "inventory_item_id"),
        ("inventory_levels/update", LEVEL[:-9], "body"),
        ("inventory_levels/update", b"", "body"),
        ("inventory_levels/update", b"[]", "body"),
        ("inventory_levels/update", b"\xff\xfe", "body"),
        ("inventory_levels/connect", b'{"inventory_item_id":7,"location_id":8,"available":1}', "body"),
        ("locations/delete", b'{"id":7,"name":"A","active":true}', "name"),
        ("inventory_items/delete", LEVEL, "id"),
    ],
)
def test_a_body_that_does_not_fit_its_topic_is_refused_by_field(topic: str, content: bytes, field: str) -> None:
    """The error names the field and never shows a value."""
    with pytest.raises(BodyError) as caught:
        read(topic, content)
    assert f"{field}: " in str(caught.value)
    assert "271878346596884015" not in str(caught.value)


def test_keys_tell_levels_of_one_event_apart() -> None:
    """One event id may bring several levels; the same level twice under it is a repeat, whatever its webhook id."""
    one = read("inventory_levels/update", LEVEL)
    other = read("inventory_levels/update", LEVEL.replace(b"820982911946154508", b"9"))
    assert one.keys[0] == other.keys[0]
    assert one.keys[1] != other.keys[1]
    assert len(read("inventory_levels/update", LEVEL, event_id=None).keys) == 1
