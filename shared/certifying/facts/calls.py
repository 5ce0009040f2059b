"""What is believed of every call: what it costs, which version answers, what is granted."""

from __future__ import annotations

from shared.certifying.facts.fact import Fact, Source

_COSTS = "shared/shopify/calls/costs.py"
_READ_COSTS = "shared/shopify/reads/read_costs.py"
_WRITES = "shared/shopify/writes/writes.py"
_REPLIES = "shared/shopify/calls/replies.py"
_NOTICES = "shared/shopify/calls/notices.py"
_ANSWERS = "shared/shopify/calls/answers.py"
_TOKENS = "shared/shopify/calls/tokens.py"

CALLS: tuple[Fact, ...] = (
    Fact(
        id="cost.told",
        believed="a reply tells what it asked for, what it cost, and what is left",
        source=Source.RECORDING,
        relied_on=(_REPLIES, "shared/shopify/calls/budget.py"),
        otherwise="Calls are sized by the published model, and the bucket is restored by its last known rate.",
        probe="costs",
    ),
    Fact(
        id="cost.nodes",
        believed="nodes(ids:) asks for its selection once, however many ids it names",
        source=Source.ASSUMPTION,
        relied_on=(_READ_COSTS,),
        otherwise="Learned by a call of two points: items are read by a search then, which costs as its logarithm.",
        probe="costs",
    ),
    Fact(
        id="cost.levels",
        believed="an item with all its levels, one location at a time, and by a search costs what the model says",
        source=Source.RECORDING,
        relied_on=(_READ_COSTS,),
        otherwise="The books of costs go by what replies say after the first one: calls are sized by that.",
        probe="costs",
    ),
    Fact(
        id="cost.set",
        believed="a set of one row asks for 12 points",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise="Learned from the first reply.",
        probe="stale",
    ),
    Fact(
        id="cost.quantities",
        believed="two rows of a set cost as many points as one",
        source=Source.RECORDING,
        relied_on=(_WRITES, _COSTS),
        otherwise=(
            "Pushes get fewer rows, so that none asks for more than a call may: a line through what two sizes have "
            "cost foretells the next one."
        ),
        probe="stale",
    ),
    Fact(
        id="cost.limit",
        believed="a call of more than 1,000 points is refused with MAX_COST_EXCEEDED and costs nothing",
        source=Source.DOCUMENTATION,
        relied_on=(_COSTS,),
        otherwise="Nothing: no call asks for more.",
        untried="Were it not so, it would spend more points than a certification may.",
    ),
    Fact(
        id="call.throttled",
        believed="a call that the bucket cannot hold answers THROTTLED beside HTTP 200 and is not executed",
        source=Source.DOCUMENTATION,
        relied_on=(_ANSWERS, _REPLIES),
        otherwise="HTTP 429 is understood, too; any other answer is unclear, and is asked again under the same key.",
        untried="The bucket of the whole app in this shop would have to be emptied.",
    ),
    Fact(
        id="call.version",
        believed="every call is answered by the version that it asks for",
        source=Source.DOCUMENTATION,
        relied_on=(_NOTICES,),
        otherwise="It is logged and counted (trueup_shopify_notices_total), and a version is to be moved on to.",
        probe="calls",
    ),
    Fact(
        id="call.deprecations",
        believed="nothing that Trueup asks for is announced to go away",
        source=Source.ASSUMPTION,
        relied_on=(_NOTICES,),
        otherwise="It is logged and counted (trueup_shopify_notices_total); the note names what and when.",
        probe="calls",
    ),
    Fact(
        id="call.scopes",
        believed="read_inventory, write_inventory, read_locations and read_products are granted",
        source=Source.DOCUMENTATION,
        relied_on=("shared/shopify/shop_queries.py",),
        otherwise="The first call that needs one that is missing pauses the shop, and the pause names it.",
        probe="calls",
    ),
    Fact(
        id="token.refresh",
        believed="a refresh token stays valid until its replacement is first used",
        source=Source.DOCUMENTATION,
        relied_on=(_TOKENS, "shared/shop_life/access.py"),
        otherwise="A lost answer ends the token: the shop is paused, and opening the app installs it anew.",
        untried="A token of the shop would be put at risk for it.",
    ),
)
