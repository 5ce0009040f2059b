"""What is believed of levels where an item is not, or no longer, stocked."""

from __future__ import annotations

from shared.certifying.facts.fact import Fact, Source

_ACTIVATION = "shared/shopify/writes/activation.py"
_WORKER = "services/reconciler/worker/cells/inventory_activation.py"

STOCKING: tuple[Fact, ...] = (
    Fact(
        id="unstocked.set-succeeds",
        believed="a set where the item is not stocked succeeds and leaves it unstocked",
        source=Source.DOCUMENTATION,
        relied_on=("services/reconciler/worker/cells/first_steps.py",),
        otherwise=(
            "Trueup reads whether a level is stocked before it pushes, and leaves out what is not. One that is "
            "unstocked in between and refused ends as NOT_STOCKED."
        ),
        probe="unstocked",
    ),
    Fact(
        id="unstocked.set-replaces",
        believed="a set where the item is not stocked replaces what the level holds",
        source=Source.ASSUMPTION,
        relied_on=("services/reconciler/worker/cells/first_steps.py",),
        otherwise=(
            "Nothing where the level was read as unstocked: it is not pushed to. In the moment between the read and "
            "the push a set would add; the read that follows each push sees it, and the cell is shown as drifted."
        ),
        probe="unstocked",
    ),
    Fact(
        id="unstocked.readable",
        believed="a level that is no longer stocked is read as inactive, with what it holds",
        source=Source.RECORDING,
        relied_on=("shared/shopify/reads/levels.py",),
        otherwise="A level that is not told at all counts as not stocked, too: it is left out, never taken for zero.",
        probe="unstocked",
    ),
    Fact(
        id="activate.bare-keeps",
        believed="stocking without a quantity keeps what the level held",
        source=Source.RECORDING,
        relied_on=(_ACTIVATION,),
        otherwise="Nothing: Trueup gives the quantity that was read before, and goes on from what the answer says.",
        probe="unstocked",
    ),
    Fact(
        id="activate.replaces",
        believed="a quantity given with stocking replaces what the level held",
        source=Source.ASSUMPTION,
        relied_on=(_ACTIVATION, _WORKER),
        otherwise="Nothing: the quantity given is the one that the level was read to hold, so both ways end alike.",
        probe="unstocked",
    ),
    Fact(
        id="activate.stocked-already",
        believed="stocking where it is stocked answers the level, unchanged, and an error without a code",
        source=Source.RECORDING,
        relied_on=(_ACTIVATION,),
        otherwise=(
            "Whether there is a level in the answer decides; without one the cell ends with Shopify's words, and a "
            "retry takes it as any stocked cell."
        ),
        probe="unstocked",
    ),
)
