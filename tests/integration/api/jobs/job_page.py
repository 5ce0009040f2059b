"""A job as the merchant's page is told of it, by a preview service of the moment."""

from __future__ import annotations

from typing import Any

from services.preview.bootstrap import PreviewService
from tests.integration.api.access.session_tokens import session_token
from tests.integration.shop_world import ShopWorld


async def shown(world: ShopWorld, job_id: str) -> Any:
    """The job as its page shows it."""
    service = await PreviewService.start(world.settings)
    try:
        url = f"http://127.0.0.1:{service.port}/api/jobs/{job_id}"
        async with world.http.get(url, headers={"Authorization": f"Bearer {session_token()}"}) as response:
            return await response.json()
    finally:
        await service.stop()
