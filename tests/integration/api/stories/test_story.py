"""The life of a number over HTTP: who changed it and why, page by page, as a table, and of one's own shop alone."""

from __future__ import annotations

import csv
import io

from shared.domain.cell import CellKey
from shared.mongodb.stock.adjustments import Adjustment
from tests.integration.api.api_setup import PLACES, ApiShop, ApiWorld
from tests.integration.story_replay import is_told, present_by, story

HERE = CellKey("a", PLACES[0])


async def count(shop: ApiShop, value: int, key: CellKey = HERE) -> None:
    """Somebody counts the shelf."""
    path = f"/cells/{key.bom_id}/{key.location_id}"
    answer = await shop.call("PATCH", path, {"count": value}, If_Match="*")
    assert answer.status == 200, answer.text


async def test_a_hand_count_says_who_and_how_much(shop: ApiShop) -> None:
    """Each count is one event with its person; one that finds what is known is told, too, and changes nothing."""
    await shop.bom("a", tracks_pre_assembled=True)
    for value in (60, 58, 58):
        await count(shop, value)
    await shop.call("PATCH", f"/cells/a/{PLACES[0]}", {"delta": 5, "cause": "built"}, Idempotency_Key="k")
    built, same, second, first = await story(shop, HERE)
    assert [event["told"] for event in (first, second, same, built)] == [
        "Counted by hand for the first time: 60.",
        "Counted by hand to 58: 2 fewer.",
        "Counted by hand to 58: as before.",
        "5 more were built: the count is 63.",
    ]
    assert [event["changed"] for event in (first, second, same, built)] == [True, True, False, True]
    for event in (first, second, same, built):
        assert (event["who"], event["by"], event["group"]) == ("Staff member 42", "user:42", "counts")
        is_told(event)
    assert present_by([built, same, second, first]).count == 63


async def test_an_older_entry_takes_its_person_from_the_adjustment(shop: ApiShop) -> None:
    """An earlier build's entries do not say who counted: the adjustment under their key does."""
    await shop.bom("a", tracks_pre_assembled=True)
    await count(shop, 7)
    await shop.world.mongo.db["ledger"].update_many({"shop": shop.domain}, {"$unset": {"by": ""}})
    [event] = await story(shop, HERE)
    assert (event["who"], event["told"]) == ("Staff member 42", "Counted by hand for the first time: 7.")


async def test_pages_go_on_under_new_entries(shop: ApiShop) -> None:
    """A page begins where the one before has ended, whatever has come meanwhile: nothing twice, nothing left out."""
    await shop.bom("a", tracks_pre_assembled=True)
    for value in range(10, 40):
        await count(shop, value)
    whole = [event["event_id"] for event in await story(shop, HERE)]
    assert len(set(whole)) == len(whole) == 30
    path = f"/cells/a/{PLACES[0]}/history?limit=7"
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await shop.call("GET", path + cursor)).json
        seen += [event["event_id"] for event in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        await count(shop, 100 + len(seen))
        await count(shop, 100 + len(seen))
    assert seen == whole


async def test_what_is_sought_is_found_far_down(shop: ApiShop) -> None:
    """By group and by time; both sides are those of that time, whatever is left out in between."""
    await shop.bom("a", tracks_pre_assembled=True)
    for value in (1, 2, 3):
        await count(shop, value)
    failed = {"bom_id": "a", "location_id": PLACES[0], "state": "error", "code": "SHOPIFY_JUST_CHANGED"}
    job_id = await shop.job([failed])
    for value in (4, 5):
        await count(shop, value)
    [left] = await story(shop, HERE, "&group=runs")
    assert (left["kind"], left["run"]["job_id"], left["changed"]) == ("left", job_id, False)
    assert (left["count_before"], left["count_after"]) == (3, 3)
    assert left["why"] == "Wait two minutes, then take a new preview."
    events = await story(shop, HERE)
    assert [event["kind"] for event in events] == ["counted", "counted", "left", "counted", "counted", "counted"]
    middle = events[2]["at"]
    later = await story(shop, HERE, f"&since={middle}")
    assert [event["event_id"] for event in later] == [event["event_id"] for event in events[:3]]
    earlier = await story(shop, HERE, f"&until={middle}")
    assert [event["count_after"] for event in earlier] == [3, 2, 1]
    assert await story(shop, HERE, "&group=shopify") == []


async def test_a_removed_bom_keeps_its_story_and_a_new_life_goes_on_with_it(shop: ApiShop) -> None:
    """What was removed can still be asked about; the same id made again continues, from no values."""
    await shop.bom("a", "11", tracks_pre_assembled=True)
    await count(shop, 9)
    assert (await shop.call("DELETE", "/boms/a")).status == 204
    removed, counted = await story(shop, HERE)
    assert (removed["kind"], removed["count_before"], removed["count_after"]) == ("removed", 9, None)
    assert (removed["who"], counted["count_after"]) == ("Staff member 42", 9)
    await shop.bom("a", "11", tracks_pre_assembled=True)
    await count(shop, 4)
    events = await story(shop, HERE)
    assert [event["kind"] for event in events] == ["counted", "removed", "counted"]
    assert present_by(events).count == 4


async def test_the_table_holds_all_of_it(shop: ApiShop) -> None:
    """As CSV: every event, the newest first, with what, who and both sides."""
    await shop.bom("a", tracks_pre_assembled=True)
    for value in range(300):
        wanted = Adjustment(HERE, f"k{value}", "counted", "user:42", count=1000 + value)
        await shop.records.adjust(shop.domain, wanted)
    answer = await shop.call("GET", f"/cells/a/{PLACES[0]}/history/export.csv")
    assert answer.status == 200
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(line["count_after"]) for line in lines] == list(range(1299, 999, -1))
    assert lines[0]["what"] == "Counted by hand to 1299: 1 more."
    assert {line["who"] for line in lines} == {"Staff member 42"}


async def test_a_story_is_its_own_shops(world: ApiWorld, shop: ApiShop) -> None:
    """The same ids in two shops are two stories; what a shop does not have it is not told of."""
    other = await world.shop()
    for one, value in ((shop, 3), (other, 8)):
        await one.bom("a", tracks_pre_assembled=True)
        await count(one, value)
    assert [event["count_after"] for event in await story(shop, HERE)] == [3]
    assert [event["count_after"] for event in await story(other, HERE)] == [8]
    await other.bom("only theirs")
    assert (await shop.call("GET", f"/cells/only%20theirs/{PLACES[0]}/history")).status == 404
    assert (await shop.call("GET", "/cells/a/99/history")).status == 404
    theirs = (await other.call("GET", f"/cells/a/{PLACES[0]}/history?limit=1")).json
    assert theirs["next_cursor"] is None
    assert await story(shop, CellKey("a", PLACES[1])) == []


async def test_a_cursor_of_another_kind_is_refused(shop: ApiShop) -> None:
    """What is no cursor of this list is named, not guessed at."""
    await shop.bom("a")
    answer = await shop.call("GET", f"/cells/a/{PLACES[0]}/history?cursor=WzFd")
    assert (answer.status, answer.fields) == (422, ["query.cursor"])
