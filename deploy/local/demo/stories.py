"""The life of each number of the demo, replayed from its beginning: it must end at the present."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.batches import ROWS_PER_CALL
from shared.domain.cell import CellKey
from shared.domain.stock import Stock
from shared.domain.story import DoesNotFollow, Sides, replay
from shared.mongodb.lists.pages import FIRST, Start
from shared.mongodb.schema import Database
from shared.mongodb.stock.stock import StockStore
from shared.mongodb.story.cell_story import CellStory
from shared.mongodb.story.happened import ALL_OF_IT, Happened

_AT_ONCE = 250


@dataclass
class Explained:
    """How many cells there are, how much has happened to them, and which are not explained, with what is wrong."""

    cells: int = 0
    events: int = 0
    wrong: list[str] = field(default_factory=list)

    def in_words(self) -> str:
        """One line."""
        told = self.cells - len(self.wrong)
        return f"{told} of {self.cells} numbers are explained by their history ({self.events} events)"


async def explained(database: Database, shop: str) -> Explained:
    """Replay the story of every cell of the shop."""
    stock, story = StockStore(database), CellStory(database)
    verdict = Explained()
    last: CellKey | None = None
    while keys := await stock.after(shop, last, ROWS_PER_CALL):
        last = keys[-1]
        for key, cell in (await stock.load(shop, keys)).items():
            events = await whole_story(story, shop, key)
            verdict.cells += 1
            verdict.events += len(events)
            wrong = _wrong(events, cell.stock)
            if wrong is not None:
                verdict.wrong.append(f"{key.bom_id} at {key.location_id}: {wrong}")
    return verdict


async def whole_story(story: CellStory, shop: str, key: CellKey) -> list[Happened]:
    """All that has happened to a cell, the oldest first."""
    events: list[Happened] = []
    start = FIRST
    while True:
        page = await story.page(shop, key, ALL_OF_IT, start, _AT_ONCE)
        events += page.items
        if page.after is None:
            return events[::-1]
        start = Start(page.after)


def _wrong(events: list[Happened], present: Stock) -> str | None:
    try:
        end = replay((event.before, event.after) for event in events)
    except DoesNotFollow as gap:
        return str(gap)
    now = Sides(present.count, present.base)
    return None if end == now else f"it ends at {end}, the present is {now}"
