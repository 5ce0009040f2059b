"""The one mechanism of leases: one holder at a time, until it gives the lease back, dies or is overtaken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.mongodb.catalogue import imports
from shared.mongodb.connection import Mongo
from shared.mongodb.drift import sweeps
from shared.mongodb.jobs import leases
from shared.mongodb.lease import Documents, Lease
from shared.mongodb.previews import previews
from shared.mongodb.schedules import runs as schedule_runs
from shared.mongodb.schedules import schedules
from shared.mongodb.shops import shops, tokens

LASTS = timedelta(hours=1)
"""However slowly this runs, none ends meanwhile."""

EACH = {
    "import": imports.LEASE,
    "plan": leases.PLAN,
    "partition": Lease(until="until", owner="owner", lasts=LASTS),
    "preview": previews._turn(LASTS),
    "outcome to be told": schedule_runs._DELIVERY,
    "schedule": schedules.LEASE,
    "locations to be read": shops.LOCATIONS_DUE,
    "sweep": sweeps.SWEEP,
    "refresh": tokens.REFRESH,
    "installation": tokens.INSTALL,
    "set-up": tokens.SET_UP,
}
EACH = {name: replace(lease, lasts=LASTS) for name, lease in EACH.items()}
each = pytest.mark.parametrize("lease", EACH.values(), ids=EACH)
FENCED = {name: lease for name, lease in EACH.items() if lease.owner is not None or lease.number is not None}


@pytest.fixture
async def documents(mongodb_uri: str, database_name: str) -> AsyncIterator[Documents]:
    """A collection for documents that are leased."""
    mongo = Mongo(mongodb_uri, database_name)
    yield mongo.db["leased"]
    mongo.close()


async def _free(documents: Documents, lease: Lease) -> None:
    """A document whose lease nobody has: as its store makes it."""
    now = datetime.now(UTC) - timedelta(days=1)
    await documents.insert_one({"_id": 1})
    if lease.within is not None:
        await documents.update_one({}, {"$set": {lease.within: None}})
    elif not lease.none_is_free:
        await documents.update_one({}, {"$set": {lease.until: now}})


@each
async def test_of_many_one_has_it(documents: Documents, lease: Lease) -> None:
    """Of those that ask at once one takes it; later ones do when it was given back, and at once."""
    await _free(documents, lease)
    for _ in range(2):
        asked = [lease.take(documents, {"_id": 1}, owner=f"process {n}") for n in range(8)]
        taken = [document for document in await asyncio.gather(*asked) if document is not None]
        assert len(taken) == 1
        assert await documents.count_documents(lease.running(datetime.now(UTC))) == 1
        assert await documents.count_documents(lease.free(datetime.now(UTC))) == 0
        await lease.give_back(documents, {"_id": 1})
        assert await documents.count_documents(lease.running(datetime.now(UTC))) == 0


@each
async def test_it_ends_by_itself(documents: Documents, lease: Lease) -> None:
    """Whoever does not renew it has it for its time and no longer; a renewal begins the time anew."""
    await _free(documents, lease)
    now = datetime.now(UTC)
    assert await lease.take(documents, {"_id": 1}, owner="a", now=now - lease.lasts / 2) is not None
    assert await lease.take(documents, {"_id": 1}, owner="b", now=now) is None
    assert await lease.renew(documents, {"_id": 1}, owner="a")
    after = now + lease.lasts / 2 + timedelta(seconds=1)
    assert await lease.take(documents, {"_id": 1}, owner="b", now=after) is None
    assert await lease.take(documents, {"_id": 1}, owner="b", now=datetime.now(UTC) + lease.lasts) is not None


@pytest.mark.parametrize("lease", FENCED.values(), ids=FENCED)
async def test_who_was_overtaken_keeps_nothing(documents: Documents, lease: Lease) -> None:
    """Neither a renewal nor giving it back, by one whose lease another has taken, says anything."""
    await _free(documents, lease)
    now = datetime.now(UTC)
    first = await lease.take(documents, {"_id": 1}, owner="a", now=now)
    second = await lease.take(documents, {"_id": 1}, owner="b", now=now + lease.lasts)
    assert first is not None
    assert second is not None
    number = None
    if lease.number is not None:
        whole, name = lease.number.split(".")
        number = first[whole][name]
        assert second[whole][name] == number + 1
    assert not await lease.renew(documents, {"_id": 1}, owner="a", number=number)
    await lease.give_back(documents, {"_id": 1}, owner="a", number=number)
    assert await documents.find_one({"_id": 1}) == second


async def test_its_owner_takes_it_anew(documents: Documents) -> None:
    """Where that is wanted, who holds it has it for longer by taking it again."""
    lease = EACH["sweep"]
    await _free(documents, lease)
    for _ in range(2):
        assert await lease.take(documents, {"_id": 1}, owner="a", again=True) is not None
        assert await lease.take(documents, {"_id": 1}, owner="b", again=True) is None


async def test_more_may_be_noted_as_it_is_taken(documents: Documents) -> None:
    """In the same write: what it comes to follows from the document as it was."""
    lease = EACH["preview"]
    await _free(documents, lease)
    await documents.update_one({}, {"$set": {"turn.tries": 4, "done": 7}})
    taken = await lease.take(documents, {"_id": 1}, also={"turn.done": "$done", "turn.before": "$turn.tries"})
    assert taken is not None
    assert (taken["turn"]["tries"], taken["turn"]["done"], taken["turn"]["before"]) == (5, 7, 4)
    assert await lease.take(documents, {"_id": 1}, also={}) is None


async def test_a_document_may_be_made_for_it(documents: Documents) -> None:
    """Of those that lease what is not there one makes it; what is there and is none of those wanted stays as it is."""
    lease = EACH["installation"]
    asked = [lease.take(documents, {"_id": 1, "state": None}, first={"by": n}) for n in range(8)]
    assert len([document for document in await asyncio.gather(*asked) if document is not None]) == 1
    await documents.update_one({}, {"$set": {"state": "done"}, "$unset": {lease.until: ""}})
    assert await lease.take(documents, {"_id": 1, "state": None}, first={}) is None
