"""Names of finished goods for the demo shop: what small makers build from parts."""

from __future__ import annotations

_GOODS = (
    "Oak Side Table",
    "Walnut Desk Organizer",
    "Ceramic Pour-Over Set",
    "Waxed Canvas Apron",
    "Refillable Leather Journal",
    "Beeswax Candle Trio",
    "Insulated Steel Bottle",
    "Market Tote with Inner Pocket",
    "Cedar Planter Box",
    "Merino Wool Throw",
    "Brass Desk Lamp",
    "Bamboo Travel Cutlery Kit",
    "Marble Coaster Set",
    "Cork Yoga Block Pair",
    "Glass Terrarium Kit",
    "Windowsill Herb Garden",
    "Willow Picnic Hamper",
    "Single-Origin Coffee Box",
    "Bath Salt Gift Set",
    "Bicycle Repair Roll",
)
_FINISHES = ("Natural", "Charcoal", "Forest", "Sand", "Midnight")


def finished_goods() -> list[str]:
    """One hundred different names."""
    return [f"{finish} {good}" for good in _GOODS for finish in _FINISHES]
