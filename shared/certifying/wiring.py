"""A certification put together over one database: the command line composes it so, and tests do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from shared.certifying.certification import PROBES, Certification, Probe
from shared.certifying.exchanges import Listener
from shared.certifying.facts import FACTS
from shared.certifying.facts.fact import Fact
from shared.certifying.journal import Journal
from shared.certifying.receiver import Receiver
from shared.mongodb.schema import Database
from shared.mongodb.shops.certifications import CertificationStore
from shared.shopify.calls.client import ShopifyClient
from shared.shopify.calls.session import shopify_session


@asynccontextmanager
async def certification_over(
    database: Database,
    connect: Callable[[aiohttp.ClientSession], ShopifyClient],
    *,
    api_version: str,
    folder: Path,
    facts: Sequence[Fact] = FACTS,
    probes: Mapping[str, Probe] = PROBES,
    receiver: Receiver | None = None,
) -> AsyncIterator[Certification]:
    """With an HTTP session of its own, which is listened to; `connect` makes the client that calls over it.

    `folder` holds the note of values, and what is written. Raises CannotCertify where another uses it.
    """
    listener, journal = Listener(), Journal(folder, CertificationStore(database))
    with journal.held():
        async with shopify_session([listener.trace]) as http:
            yield Certification(
                client=connect(http),
                listener=listener,
                journal=journal,
                api_version=api_version,
                facts=facts,
                probes=probes,
                receiver=receiver,
            )
