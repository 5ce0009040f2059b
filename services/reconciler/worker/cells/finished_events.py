"""What is told of cells that have ended: counted, logged, and published job by job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from services.reconciler.worker.cells.outcomes import Finished, count_finished
from shared.contract.messages import CellsFinished
from shared.errors import BrokerUnavailable
from shared.rabbitmq import topology
from shared.rabbitmq.publishing.publisher import Publisher

log = structlog.get_logger()


class FinishedEvents:
    """Publishes `cells.finished`."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def publish(self, shop: str, finished: Sequence[Finished]) -> None:
        """Publish that cells have ended. A lost event loses nothing: the watchdog reads the documents."""
        if not finished:
            return
        count_finished(finished)
        by_job: dict[str, list[Finished]] = {}
        for one in finished:
            by_job.setdefault(one.task.job_id, []).append(one)
        for job_id, ended in by_job.items():
            log.info("cells_ended", shop=shop, job=job_id, cells=len(ended), **_shown(ended))
            message = CellsFinished(shop=shop, job_id=job_id, cells=[one.message() for one in ended])
            try:
                await self._publisher.finished_event(topology.CELLS_FINISHED, message)
            except BrokerUnavailable as unavailable:
                log.warning("cells_finished_not_told", shop=shop, job=job_id, reason=str(unavailable))


def _shown(ended: Sequence[Finished]) -> dict[str, Any]:
    """A log line names one cell in full, and of several the ones that failed."""
    if len(ended) == 1:
        one = ended[0]
        return {"cell": "/".join(one.task.key), "state": str(one.ended.state), "code": one.ended.code}
    failed = ["/".join(one.task.key) for one in ended if one.ended.code is not None]
    return {"failed": failed[:20]} if failed else {}
