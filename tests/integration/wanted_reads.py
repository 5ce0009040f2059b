"""Which cells ask for a verifying read, as the documents say."""

from typing import Any

from shared.domain.cell import CellKey


async def wanted_reads(database: Any, shop: str) -> set[CellKey]:
    """The cells of the shop that want one."""
    wishes = [wish async for wish in database["reads_wanted"].find({"shop": shop})]
    return {CellKey(*cell.rsplit("|", 1)) for wish in wishes for cell in wish["cells"]}


async def forget_reads(database: Any, shop: str) -> None:
    """Nobody asks any more."""
    await database["reads_wanted"].delete_many({"shop": shop})
