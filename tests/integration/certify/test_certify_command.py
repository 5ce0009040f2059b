"""`trueup certify` as a person and as a script see it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.certifying.facts import FACTS
from shared.mongodb.connection import Mongo
from shared.mongodb.schema import key_of
from shared.running.clock import SYSTEM_CLOCK
from shared.settings import Settings
from simulator.http.server import Simulator, start
from tests.integration.certify.certified import AS_BEFORE, Store
from tests.integration.command_line.command_line_runs import trueup
from tests.integration.shop_world import CLIENT_ID, CLIENT_SECRET, settings_for

Certified = tuple[Store, Settings]


@pytest.fixture
async def certified(mongodb_uri: str, database_name: str) -> AsyncIterator[Certified]:
    """A store, and the settings of a command that knows it."""
    running = await start(Simulator(client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
    settings = settings_for("amqp://guest:guest@127.0.0.1/", mongodb_uri, database_name, running.url)
    mongo = Mongo(mongodb_uri, database_name)
    await mongo.prepare()
    yield await Store(running, mongo, SYSTEM_CLOCK, "command.myshopify.com", settings.fernet_keys).open(), settings
    await running.close()
    mongo.close()


def given(store: Store, folder: Path, *more: str) -> list[str]:
    """The command with its options."""
    variant = f"gid://shopify/ProductVariant/{store.variant_id}"
    return ["certify", "--variant", variant, "--locations", ",".join(store.places), "--out", str(folder), *more]


async def test_the_table_is_whole_and_says_what_is_otherwise(certified: Certified, tmp_path: Path) -> None:
    """Piped, nothing is shortened; what is otherwise is told with what Trueup does then, and by the exit code."""
    store, settings = certified
    store.running.simulator.open_points.update({"stale_paths": False})
    ended = await trueup(settings, *given(store, tmp_path, "--yes"))
    assert ended.code == 4, ended.errors
    lines = ended.output.splitlines()
    for fact in FACTS:
        assert any(line.startswith(fact.id) and fact.believed in line for line in lines), fact.id
    assert "…" not in ended.output
    (wrong,) = (fact for fact in FACTS if fact.id == "set.stale-paths")
    assert f"What Trueup does then: {wrong.otherwise}" in lines
    assert "OTHERWISE: a stale error bears no path" in ended.output
    assert store.values()[0] == (AS_BEFORE[0], True)


async def test_json_and_files_name_nothing_of_the_shop(certified: Certified, tmp_path: Path) -> None:
    """One document with every fact; the recordings hold neither token, domain, names nor ids of the shop."""
    store, settings = certified
    ended = await trueup(settings, *given(store, tmp_path, "--yes", "--json"))
    assert ended.code == 0, ended.errors
    assert [fact["fact"] for fact in ended.document["facts"]] == [fact.id for fact in FACTS]
    assert store.points <= ended.document["points"] < 500
    written = (tmp_path / "recordings" / "certify.json").read_text(encoding="utf-8")
    secrets = ["shpat", store.domain, store.item_id, store.variant_id, *store.places, "Store room", "Elsewhere"]
    assert [secret for secret in secrets if secret in written] == []
    assert json.loads((tmp_path / "open-points.json").read_text(encoding="utf-8")) == ended.document["open_points"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"--locations": "1"}, 2, "--locations: name two"),
        ({"--locations": "1,1"}, 2, "--locations: name two"),
        ({"--locations": "a,b"}, 2, "--locations: 'a' is no id"),
        ({"--variant": "five"}, 2, "--variant: 'five' is no id"),
        ({"--variant": "5"}, 1, "--variant: Shopify knows no variant 5"),
        ({"--listen": "here"}, 2, "--listen: must be host:port"),
        ({"--public-url": "ftp://a"}, 2, "--public-url: must be an https address"),
        ({"--public-url": "https://a", "--listen": "no.such.host.invalid:1"}, 2, "--listen no.such.host.invalid:1: "),
        ({"--out": "/dev/null/here"}, 1, "--out /dev/null/here: "),
        ({"--shop": "other.myshopify.com"}, 2, "--shop: other.myshopify.com is not known"),
    ],
)
async def test_a_wrong_use_is_one_line(
    certified: Certified, tmp_path: Path, change: dict[str, str], code: int, words: str
) -> None:
    """It names the option; nothing is changed."""
    store, settings = certified
    options = {"--variant": store.variant_id, "--locations": ",".join(store.places), "--out": str(tmp_path)} | change
    ended = await trueup(settings, "certify", "--yes", *(part for pair in options.items() for part in pair))
    assert ended.code == code, ended.errors
    (line,) = ended.errors.splitlines()
    assert words in line
    assert store.tenant.stock.ledger == []


async def test_nobody_is_asked_so_nothing_is_changed(certified: Certified, tmp_path: Path) -> None:
    """Without --yes it asks; where nobody can answer it does nothing."""
    store, settings = certified
    ended = await trueup(settings, *given(store, tmp_path))
    assert (ended.code, store.tenant.stock.ledger) == (2, [])
    assert "--yes" in ended.errors


async def test_a_shop_that_is_live_is_refused(certified: Certified, tmp_path: Path) -> None:
    """One with BOMs that track, unless it is called expendable."""
    store, settings = certified
    bom = {"shop": store.domain, "bom_id": "A", "inventory_item_id": "1", "tracks_pre_assembled": True, "tags": []}
    await store.mongo.db["boms"].insert_one({"_id": key_of(store.domain, "A"), **bom})
    ended = await trueup(settings, *given(store, tmp_path, "--yes"))
    assert (ended.code, store.tenant.stock.ledger) == (2, [])
    assert "its BOMs track" in ended.errors
    ended = await trueup(settings, *given(store, tmp_path, "--yes", "--expendable", "--json"))
    assert ended.code == 0, ended.errors


async def test_a_shop_that_takes_no_calls_could_not_be_tried(certified: Certified, tmp_path: Path) -> None:
    """Frozen: exit code 1, one line, and no note is left."""
    store, settings = certified
    store.tenant.shop.status = "frozen"
    ended = await trueup(settings, *given(store, tmp_path, "--yes"))
    assert ended.code == 1
    assert len(ended.errors.splitlines()) == 1
    assert not (tmp_path / "before.json").exists()
