"""Everything that Trueup believes of Shopify. docs/shopify-facts.md is made of it; `fact` says what belongs to one."""

from __future__ import annotations

from shared.certifying.facts.calls import CALLS
from shared.certifying.facts.fact import Fact
from shared.certifying.facts.reading import READING
from shared.certifying.facts.stocking import STOCKING
from shared.certifying.facts.webhooks import WEBHOOKS
from shared.certifying.facts.writing import WRITING

GROUPS: dict[str, tuple[Fact, ...]] = {
    "Setting quantities": WRITING,
    "Where an item is stocked": STOCKING,
    "Reading": READING,
    "Calls, points and tokens": CALLS,
    "Webhooks": WEBHOOKS,
}
"""By what they are about, as the page has them."""

FACTS: tuple[Fact, ...] = tuple(fact for group in GROUPS.values() for fact in group)
