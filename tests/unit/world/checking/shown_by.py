"""Where planted mistakes show: only to look there first, so that a run need not search through thousands of histories.

After a change of the world a seed may show nothing any more: then the search goes on from the first history as if it
were not here, and takes longer.
"""

from collections.abc import Mapping

SHOWN_BY: Mapping[str, int] = {
    "a doubt lasts with another item": 172,
    "a first count of zero unnoticed": 21,
    "a forgotten key sent again": 2484,
    "a lost reply taken for refusal": 240,
    "a lost reply taken for success": 288,
    "a new key after a lost reply": 240,
    "a read applied under another rev": 327,
    "a read counts": 24,
    "a read since the preview unnoticed": 210,
    "a removed cell without values leaves nothing": 1976,
    "a request dies with its reader": 187,
    "a restored difference is agreed": 83,
    "a schedule pushes what never agreed": 114,
    "an undone first count stays": 32,
    "an undone first push leaves an agreement": 616,
    "an unknown outcome forgotten": 143,
    "another life counts from zero": 146,
    "cancel touches what is applied": 25,
    "doubt since the preview unnoticed": 1360,
    "evidence always says no": 739,
    "jobs share cells": 22,
    "no events_no": 126,
    "no fence": 133,
    "no grace": 489,
    "no look at events": 28,
    "no look at the item": 73,
    "no read after a settle": 372,
    "no read after an event": 22,
    "no second look before the first send": 118,
    "open work goes on after a restore": 87,
    "our clock for a read": 1455,
    "request cleared after the read": 1509,
    "rows of an earlier life in force": 331,
    "stale row set to the local value": 185,
    "toShopify without the hand adjustments since": 28,
    "undo in spite of doubt": 1077,
    "undo leaves settle_no": 306,
    "undo of what was settled since": 24,
    "undo sets the count outright": 133,
}
"""Seeds by the mistake's name; a mistake that shows at once has none."""
