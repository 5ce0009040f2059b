"""What is believed of webhooks."""

from __future__ import annotations

from shared.certifying.facts.fact import Fact, Source

_FRONT = "services/webhook_ingest/front/front.py"
_SIGNATURE = "services/webhook_ingest/front/signature.py"
_BODIES = "services/webhook_ingest/indexer/bodies.py"
_LEVELS = "services/webhook_ingest/indexer/levels.py"
_TOPICS = "services/webhook_ingest/topics.py"
_INBOX = "shared/mongodb/inbox/webhook_inbox.py"
_NOT_OURS = "It would change something that was not named."

WEBHOOKS: tuple[Fact, ...] = (
    Fact(
        id="hook.update",
        believed="inventory_levels/update comes for a set, with its value and time",
        source=Source.DOCUMENTATION,
        relied_on=(_BODIES, _LEVELS),
        otherwise="The sweep finds the change within five minutes, shows it as missed, and repairs what is safe.",
        probe="webhooks",
    ),
    Fact(
        id="hook.connect",
        believed="inventory_levels/connect comes where an item is stocked",
        source=Source.DOCUMENTATION,
        relied_on=(_BODIES,),
        otherwise="The cell is noticed by the next preview or sweep.",
        probe="webhooks",
    ),
    Fact(
        id="hook.disconnect",
        believed="inventory_levels/disconnect comes where an item is unstocked",
        source=Source.DOCUMENTATION,
        relied_on=(_BODIES,),
        otherwise="A push reads first whether the level is stocked; the next preview or sweep says so.",
        probe="webhooks",
    ),
    Fact(
        id="hook.headers",
        believed="topic, signature, shop, version and webhook id stand in the headers",
        source=Source.RECORDING,
        relied_on=(_FRONT,),
        otherwise="A webhook without them is refused; the sweep makes up for it.",
        probe="webhooks",
    ),
    Fact(
        id="hook.signature",
        believed="the signature is the base64 HMAC-SHA256 of the raw body under the client secret",
        source=Source.DOCUMENTATION,
        relied_on=(_SIGNATURE,),
        otherwise="Every webhook is refused with 401 and counted as bad_hmac; the sweep makes up for it.",
        probe="webhooks",
    ),
    Fact(
        id="hook.delay",
        believed="a webhook arrives within 120 seconds",
        source=Source.ASSUMPTION,
        relied_on=("shared/setting_groups.py",),
        otherwise="One that comes later is told as late, and its repair, if there was one, stands: both say the same.",
        probe="webhooks",
    ),
    Fact(
        id="hook.doubles",
        believed="a webhook that comes twice bears the same webhook id",
        source=Source.DOCUMENTATION,
        relied_on=(_INBOX,),
        otherwise="An event is known by its event id, item and location, too; a second one changes nothing.",
        probe="webhooks",
    ),
    Fact(
        id="hook.order",
        believed="webhooks come in any order; the time in the body tells which is newer",
        source=Source.DOCUMENTATION,
        relied_on=(_LEVELS,),
        otherwise="Nothing is built on their order: an older one moves nothing and asks for a read.",
        probe="webhooks",
    ),
    Fact(
        id="hook.retries",
        believed="a webhook that is not taken is sent eight times over four hours, with the first body",
        source=Source.DOCUMENTATION,
        relied_on=(_FRONT,),
        otherwise="The sweep makes up for what never comes.",
        untried="It would take four hours, and eight failures in a row remove the subscription.",
    ),
    Fact(
        id="hook.items",
        believed="inventory_items/update, inventory_items/delete, products/update and products/delete name the thing",
        source=Source.RECORDING,
        relied_on=(_TOPICS,),
        otherwise="The body is refused as none of its topic, and kept; the sweep finds what has become of the item.",
        untried=_NOT_OURS,
    ),
    Fact(
        id="hook.locations",
        believed="locations/* name the location and whether it is active",
        source=Source.RECORDING,
        relied_on=(_TOPICS,),
        otherwise="Locations are read again from Shopify, which counts.",
        untried=_NOT_OURS,
    ),
    Fact(
        id="hook.departures",
        believed="app/uninstalled and the compliance topics are signed as all others",
        source=Source.DOCUMENTATION,
        relied_on=(_TOPICS,),
        otherwise="They are claims: Shopify is asked by a call before anything is done.",
        untried="The app would have to be uninstalled.",
    ),
)
