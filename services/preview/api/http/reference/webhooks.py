"""What goes out to a shop's own addresses, as the description's webhooks: each event with its form and an example."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import JsonSchemaMode

from services.preview.api.http.reference.event_examples import event_example, schedule_example
from shared.contract.outgoing import Notification, ScheduleOutcome
from shared.domain.notices import EVENTS, URGENCY, Matter
from shared.schedules.outgoing_webhooks import DELIVERY, SIGNATURE, TIMESTAMP

SchemaOf = Callable[[Any, JsonSchemaMode], dict[str, Any]]

_HEADERS = {
    TIMESTAMP: ("Unix seconds of the sending; refuse what is older than a few minutes.", "1772357400"),
    SIGNATURE: (
        (
            "For each secret that counts now `v1,` and, in base64, the HMAC-SHA256 of id, `.`, timestamp, `.` and "
            "body; a space between two."
        ),
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}
_MATTERS = {
    Matter.RUN_ENDED: "A run has ended",
    Matter.RUN_TROUBLED: "a run has ended and some of it, or all, has failed",
    Matter.RUN_WAITS: "A run waits for longer than a moment, and says for what",
    Matter.PREVIEW_WAITS: "A preview has ended",
    Matter.PREVIEW_FAILED: "A preview failed",
    Matter.REPAIR_ENDED: "An automatic repair has ended",
    Matter.REPAIR_STOPPED: "The circuit breaker has stopped automatic repair",
    Matter.REPAIR_RESUMED: "Automatic repair goes on",
    Matter.DRIFT_FOUND: "A change at Shopify was found of which no webhook told",
    Matter.SCHEDULE_WAITS: "A schedule's run is above its limits and waits for a person",
    Matter.SCHEDULE_FAILED: "A schedule's run failed",
    Matter.SCHEDULE_SKIPPED: "A schedule's run was skipped",
    Matter.IMPORT_WAITS: "An import was looked at and waits for a person",
    Matter.IMPORT_ENDED: "An import has ended",
    Matter.IMPORT_TROUBLED: "an import has ended, and some of it was refused",
    Matter.WEBHOOKS_SILENT: "Shopify no longer sends webhooks",
    Matter.SHOP_PAUSED: "The shop takes no calls: Trueup is paused there",
    Matter.SHOP_RESUMED: "The shop takes calls again",
    Matter.TARGET_DISABLED: "An address has taken nothing for days and was switched off",
}


def webhooks(schema_of: SchemaOf) -> dict[str, Any]:
    """The section."""
    schedule = _webhook(
        schema_of(ScheduleOutcome, "serialization"),
        name="scheduleRun",
        tag="schedules",
        summary="A run of a schedule has ended, or was skipped: sent to the schedule's target",
        tries="four times within some 70 minutes",
        delivery=("The run's id", "01K00000000000000000000001"),
        examples={"ended": {"summary": "A run has ended.", "value": schedule_example()}},
    )
    return {"scheduleRun": {"post": schedule}} | {
        event: {"post": _event(schema_of(Notification, "serialization"), event)}
        for event in dict.fromkeys(EVENTS.values())
    }


def _event(form: dict[str, Any], event: str) -> dict[str, Any]:
    matters = [matter for matter, name in EVENTS.items() if name == event]
    what = ", or ".join(_MATTERS[matter] for matter in matters)
    examples = {str(one): {"summary": f"{_MATTERS[one]}.", "value": event_example(one)} for one in matters}
    # Each event is of the one form, and says its name.
    schema = {"allOf": [form, {"type": "object", "properties": {"type": {"const": event}}}]}
    urgency = " or ".join(dict.fromkeys(str(URGENCY[matter]) for matter in matters))
    words = [part.capitalize() for part in event.split(".")]
    return _webhook(
        schema,
        name=f"on{''.join(words)}",
        tag="notifications",
        summary=f"{what}: sent to the shop's addresses",
        tries="nine times within some three days",
        delivery=("The delivery's id", "msg_01K00000000000000000000003"),
        more=f" Urgency: {urgency}. Chosen by {', '.join(f'`{one}`' for one in matters)} of the address's `matters`.",
        examples=examples,
    )


def _webhook(
    form: dict[str, Any],
    *,
    name: str,
    tag: str,
    summary: str,
    tries: str,
    delivery: tuple[str, str],
    examples: dict[str, Any],
    more: str = "",
) -> dict[str, Any]:
    """What is sent to an address of the merchant's, with the headers of Standard Webhooks."""
    told = {DELIVERY: (f"{delivery[0]}: the same in every try.", delivery[1]), **_HEADERS}
    described = [
        {
            "name": header,
            "in": "header",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
            "example": example,
        }
        for header, (text, example) in told.items()
    ]
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": f"Any 2xx within ten seconds takes it. Else it is sent again, {tries}.{more}",
        "security": [],
        "parameters": described,
        "requestBody": {"required": True, "content": {"application/json": {"schema": form, "examples": examples}}},
        "responses": {
            "2XX": {"description": "Taken."},
            "4XX": {"description": "Not taken: it is sent again."},
        },
    }
