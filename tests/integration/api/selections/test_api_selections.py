"""How much a selection is before anything is asked for over it, and the bounds of what it may leave out."""

from __future__ import annotations

from typing import Any

from shared.contract.selection import MAX_EXCEPT
from tests.integration.api.api_setup import PLACES, ApiShop


async def _count(shop: ApiShop, selection: dict[str, Any], among: list[str] | None = None) -> tuple[Any, ...]:
    reply = await shop.call("POST", "/selections", {"selection": selection, "among": among})
    assert reply.status == 200, reply.text
    return reply.json["boms"], reply.json["cells"], reply.json["found"]


async def test_a_selection_is_counted_as_a_preview_would_take_it(shop: ApiShop) -> None:
    """All, all but some, by search, by name, at one place; what a filter does not find is not left out twice."""
    for bom_id, name in (("a", "Oak"), ("b", "Oak two"), ("c", "Fir")):
        await shop.bom(bom_id, name=name, tags=("wood",), tracks_pre_assembled=True)
    assert await _count(shop, {"bom_ids": "all"}) == (3, 6, None)
    assert await _count(shop, {"filter": {"except_bom_ids": ["a"]}}) == (2, 4, None)
    assert await _count(shop, {"filter": {"text": "oak", "except_bom_ids": ["a", "c", "gone"]}}) == (1, 2, None)
    assert await _count(shop, {"bom_ids": ["a", "b"], "location_ids": [PLACES[0]]}) == (2, 2, None)
    cells = [{"bom_id": "a", "location_id": place} for place in PLACES]
    assert await _count(shop, {"cells": cells}, ["a", "b"]) == (1, 2, ["a"])
    assert await _count(shop, {"filter": {"text": "oak"}}, ["c", "b", "gone"]) == (2, 4, ["b"])
    by_class = {"cell_class": "no_base", "location_ids": [PLACES[1]], "except_bom_ids": ["b"]}
    assert await _count(shop, {"filter": by_class}, ["a", "b"]) == (2, 2, ["a"])


async def test_too_many_exceptions_are_refused_with_the_number(shop: ApiShop) -> None:
    """A filter leaves out so many BOMs at most, at every door; one more is named with the field."""
    await shop.bom("a")
    many = [f"x{number}" for number in range(MAX_EXCEPT + 1)]
    asked = {"selection": {"filter": {"except_bom_ids": many}}}
    for path, body in (("/previews", asked), ("/jobs", asked | {"direction": "toLocal"}), ("/selections", asked)):
        reply = await shop.call("POST", path, body)
        assert (reply.status, reply.fields) == (422, ["body.selection.filter.except_bom_ids"]), path
        assert str(MAX_EXCEPT) in reply.text
    just = {"selection": {"filter": {"except_bom_ids": many[1:]}}}
    assert (await shop.call("POST", "/previews", just)).status == 202
    nothing = {"selection": {"filter": {"except_bom_ids": ["a"]}}}
    reply = await shop.call("POST", "/previews", nothing)
    assert (reply.status, reply.fields) == (422, ["body.selection"])
