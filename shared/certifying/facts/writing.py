"""What is believed of `inventorySetQuantities`."""

from __future__ import annotations

from shared.certifying.facts.fact import Fact, Source

_WRITES = "shared/shopify/writes/writes.py"
_SENDER = "services/reconciler/worker/cells/pushes/push_sender.py"
_SETTLER = "services/reconciler/worker/cells/pushes/push_settler.py"
_BATCHES = "shared/domain/batches.py"

WRITING: tuple[Fact, ...] = (
    Fact(
        id="set.change-from-required",
        believed="a set without changeFromQuantity is refused with INVALID_FIELD_ARGUMENTS",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise="Nothing: Trueup sends it with every row, and never sets without comparing.",
        probe="demands",
    ),
    Fact(
        id="set.key-required",
        believed="a set without an idempotency key is refused with BAD_REQUEST",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise="Nothing: every push bears a key.",
        probe="demands",
    ),
    Fact(
        id="set.largest-batch",
        believed="a set of 251 rows is refused with MAX_INPUT_SIZE_EXCEEDED",
        source=Source.DOCUMENTATION,
        relied_on=(_BATCHES,),
        otherwise="Nothing: a push has 250 rows at the most.",
        probe="demands",
    ),
    Fact(
        id="set.no-change",
        believed="a set that changes nothing succeeds without an adjustment group",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise=(
            "A row is taken for applied where the group lists it; one that is said to have changed nothing is read "
            "again before its cell ends."
        ),
        probe="sets",
    ),
    Fact(
        id="set.stale-rows",
        believed="a stale reply names every stale row",
        source=Source.ASSUMPTION,
        relied_on=(_WRITES, _SETTLER),
        otherwise=(
            "A row that a refusal does not name counts as not applied: it is read, and pushed again from what it "
            "holds. Each further stale row costs one more push."
        ),
        probe="stale",
    ),
    Fact(
        id="set.stale-paths",
        believed="a stale error bears the path of its row",
        source=Source.ASSUMPTION,
        relied_on=(_WRITES, _SETTLER),
        otherwise=(
            "The whole push counts as not applied; its rows are read, and those that still differ are pushed again, "
            "in the end one by one, where the error can only be the row's own."
        ),
        probe="stale",
    ),
    Fact(
        id="set.all-or-nothing",
        believed="one row that is refused keeps the whole batch from being applied",
        source=Source.ASSUMPTION,
        relied_on=(_WRITES, _SETTLER),
        otherwise=(
            "Rows that the reply's group lists are settled as applied. One that it does not list and that holds its "
            "target all the same ends as OUTCOME_UNKNOWN, and a person looks: it is never pushed twice."
        ),
        probe="mixed",
    ),
    Fact(
        id="set.bounds",
        believed="1,000,000,001 is refused with INVALID_QUANTITY_TOO_HIGH, its negative with INVALID_QUANTITY_TOO_LOW",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise="The cell ends as PUSH_REFUSED with Shopify's own words instead of QUANTITY_OUT_OF_RANGE.",
        probe="mixed",
    ),
    Fact(
        id="set.negative",
        believed="available may be set below zero",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise="A target below zero, which a shop may allow, ends as NEGATIVE_TARGET or PUSH_REFUSED.",
        probe="sets",
    ),
    Fact(
        id="set.twice-in-a-batch",
        believed="a cell that is named twice in a batch is refused, both rows by their paths",
        source=Source.RECORDING,
        relied_on=(_BATCHES,),
        otherwise="Nothing: a push never names a cell twice.",
        probe="sets",
    ),
    Fact(
        id="key.same-body",
        believed="the same call under the same key answers the first result and is not executed again",
        source=Source.DOCUMENTATION,
        relied_on=(_SENDER, _SETTLER),
        otherwise=(
            "The comparison with the quantity makes the second execution stale. Where a call may have run twice, a row "
            "is pushed again only if it has not changed since the first send; else its cell ends as OUTCOME_UNKNOWN."
        ),
        probe="keys",
    ),
    Fact(
        id="key.other-body",
        believed="another call under the same key is refused with IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
        source=Source.RECORDING,
        relied_on=(_WRITES,),
        otherwise="Nothing: a push's body is stored with its key and never changes.",
        probe="keys",
    ),
    Fact(
        id="key.life",
        believed="a key is remembered for 24 hours",
        source=Source.DOCUMENTATION,
        relied_on=("shared/domain/push.py",),
        otherwise="After that time a push is judged by what the level holds; a shorter life shows as a stale reply.",
        untried="It would take a day.",
    ),
    Fact(
        id="key.in-flight",
        believed="a key whose call is still under way is refused with IDEMPOTENCY_CONCURRENT_REQUEST",
        source=Source.SCHEMA,
        relied_on=(_WRITES,),
        otherwise="The push is asked again until it is answered; two answers say the same.",
        untried="Two calls would have to overlap at Shopify, which cannot be made to happen.",
    ),
)
