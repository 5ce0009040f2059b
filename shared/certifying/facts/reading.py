"""What is believed of reads: levels, their times, searches, bulk queries."""

from __future__ import annotations

from shared.certifying.facts.fact import Fact, Source

_READS = "shared/shopify/reads/reads.py"
_LEVELS = "shared/shopify/reads/levels.py"
_CHANGES = "shared/shopify/reads/changes.py"
_COSTS = "shared/shopify/reads/read_costs.py"
_BULK = "shared/shopify/bulk/bulk.py"

READING: tuple[Fact, ...] = (
    Fact(
        id="read.unknown-id",
        believed="nodes(ids:) answers null for an id that Shopify does not know",
        source=Source.RECORDING,
        relied_on=(_READS,),
        otherwise="The read fails as a whole, is tried again, and its cells end as errors; none is taken for zero.",
        probe="costs",
    ),
    Fact(
        id="read.search-by-id",
        believed="a search for an item's id finds the item",
        source=Source.DOCUMENTATION,
        relied_on=(_READS,),
        otherwise="The search is not used again for this shop: items are read by nodes(ids:) or by a bulk query.",
        probe="costs",
    ),
    Fact(
        id="time.moves",
        believed="the time of a quantity moves with its own change and with no other level's",
        source=Source.RECORDING,
        relied_on=(_LEVELS,),
        otherwise=(
            "A value may pass for newer than it is: an event is then looked at once more by a verifying read, which "
            "goes by the revision of our own record and not by times."
        ),
        probe="times",
    ),
    Fact(
        id="time.resolution",
        believed="times are whole seconds in UTC",
        source=Source.RECORDING,
        relied_on=(_LEVELS, "shared/domain/stock.py"),
        otherwise="Finer times order more; whoever compares by the second still is right.",
        probe="times",
    ),
    Fact(
        id="time.of-the-group",
        believed="the time of a set's adjustment group is that of the quantity it has set",
        source=Source.RECORDING,
        relied_on=("services/reconciler/worker/cells/pushes/push_settler.py",),
        otherwise=(
            "A cell is settled at the group's time. Were the quantity's later, its echo would count as an event: one "
            "more read, and no stock moves."
        ),
        probe="times",
    ),
    Fact(
        id="search.updated-at",
        believed="a change is found by its time within 600 seconds",
        source=Source.ASSUMPTION,
        relied_on=(_CHANGES, "services/reconciler/sweeper/change_scan.py"),
        otherwise=(
            "A look begins ten minutes before the last one's end, so what is found later is missed by it; the daily "
            "look at every cell finds it."
        ),
        probe="search",
    ),
    Fact(
        id="bulk.levels",
        believed="a bulk query gives every level of the item as a line of its own, as many lines as it counts",
        source=Source.RECORDING,
        relied_on=(_BULK, "shared/shopify/bulk/bulk_reads.py"),
        otherwise="A file that is not whole is thrown away, and the items are read page by page.",
        probe="bulk",
    ),
    Fact(
        id="bulk.five-at-once",
        believed="five bulk queries run at once, a sixth is refused with OPERATION_IN_PROGRESS",
        source=Source.RECORDING,
        relied_on=(_BULK, _COSTS),
        otherwise="Trueup runs two at once per process; one that is refused is read another way.",
        untried="Six at once would hold up whatever else uses the app in this shop.",
    ),
    Fact(
        id="read.levels-paged",
        believed="levels of an item beyond one page are told by pageInfo",
        source=Source.SCHEMA,
        relied_on=(_READS,),
        otherwise="A read that cannot be paged to its end fails loudly.",
        untried="It takes an item with more than one page of levels, and only two locations are named.",
    ),
)
