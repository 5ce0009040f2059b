"""A worker as a process of its own, to be killed: settings from the environment, leases short enough for a test."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Collection, Sequence
from datetime import timedelta

from services.reconciler.bootstrap import ReconcilerService
from shared.settings import load_settings
from shared.shopify.reads.reads import ItemsRead, ShopifyReads


def poison(item_id: str) -> None:
    """Whoever reads this item for a job dies at once, as by a fault in native code: no exception, no clean-up.

    Not for verifying: that the cell ended as an error asks for such a read, which would take one more life.
    """
    read = ShopifyReads.items

    async def deadly(
        self: ShopifyReads, shop: str, item_ids: Sequence[str], *, locations: int, at: Collection[str] | None = None
    ) -> ItemsRead:
        if item_id in item_ids and self.role != "verify":
            os._exit(9)
        return await read(self, shop, item_ids, locations=locations, at=at)

    ShopifyReads.items = deadly  # type: ignore[method-assign]  # the fault that the test plants


async def run() -> None:
    """Work until SIGTERM."""
    if "TRUEUP_TEST_POISON" in os.environ:
        poison(os.environ["TRUEUP_TEST_POISON"])
    service = await ReconcilerService.start(load_settings(), roles={"worker"}, partition_lease=timedelta(seconds=2))
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    await service.stop()


if __name__ == "__main__":
    asyncio.run(run())
