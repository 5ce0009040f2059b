"""/readyz is asked while services start: parts come while others answer."""

from __future__ import annotations

from services.command_line.all_services import AllServices
from services.webhook_ingest.bootstrap import WebhookIngestService


async def test_a_service_that_starts_while_another_answers_is_told_as_not_started() -> None:
    """Of the services that had started when it was asked every part is told, of the others that they have not."""
    services = AllServices()

    async def later() -> dict[str, bool]:
        return {"mongodb": True}

    async def first() -> dict[str, bool]:
        services._ready["preview"] = later
        return {"broker": True}

    services._ready["reconciler"] = first
    assert await services.ready() == {
        "reconciler_started": True,
        "webhook_ingest_started": False,
        "preview_started": False,
        "reconciler.broker": True,
    }
    assert (await services.ready())["preview.mongodb"]


async def test_a_part_that_comes_while_another_answers_is_told_the_next_time() -> None:
    """The front begins to be checked while the indexer is asked; until all have started the answer is no anyway."""
    service = WebhookIngestService()

    async def later() -> bool:
        return True

    async def first() -> bool:
        service._checks["front"] = later
        return True

    service._checks["indexer"] = first
    assert await service.ready() == {"started": False, "indexer": True}
    assert await service.ready() == {"started": False, "indexer": True, "front": True}
