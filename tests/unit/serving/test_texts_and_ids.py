"""One gate for all ways in: what a text or an id may be is the same in messages, requests, options and files."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.preview.api.boms.models import BomIn, BomSearch
from shared.contract.messages import BomRemove, BomUpsert, CountAdjust, JobRequest, PreviewRequest
from shared.contract.mistakes import mistakes_of
from shared.contract.selection import FilterBody, SelectionBody
from shared.contract.words import as_words

SIGNS = ["a\x00b", "\x1b[2J", "a\nb", "\x7f", "a\x9b2J", "a\u2028b", "a\tb", "\ud800"]
NO_IDS = [
    "0",
    "091002",
    "1" * 20,
    "9" * 19,
    "-1",
    "+1",
    "1.0",
    "1e3",
    "\u0661",
    "1\n",
    " 1",
    "",
    "gid://shopify/InventoryItem/1",
]

SHOP = "a.myshopify.com"
ULID = "01K0000000000000000000000A"
BOM = {"bom_id": "a", "inventory_item_id": "1", "name": "A"}


def refusal(model: type[BaseModel], given: dict[str, Any]) -> str:
    """What a model says of an input."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return str(mistakes_of(caught.value))


TEXTS: list[tuple[type[BaseModel], dict[str, Any], str]] = [
    (FilterBody, {}, "text"),
    (FilterBody, {}, "tag"),
    (BomIn, BOM, "name"),
    (BomIn, BOM, "bom_id"),
    (BomUpsert, {"shop": SHOP, **BOM}, "name"),
    (BomUpsert, {"shop": SHOP, **BOM}, "bom_id"),
    (BomRemove, {"shop": SHOP}, "bom_id"),
    (CountAdjust, {"shop": SHOP, "bom_id": "a", "location_id": "1", "delta": 1}, "idempotency_key"),
    (
        CountAdjust,
        {"shop": SHOP, "bom_id": "a", "location_id": "1", "delta": 1, "idempotency_key": "k"},
        "actor",
    ),
    (PreviewRequest, {"shop": SHOP, "preview_id": ULID, "selection": {"bom_ids": "all"}}, "requested_by"),
    (
        JobRequest,
        {"shop": SHOP, "job_id": ULID, "direction": "toLocal", "selection": {"bom_ids": "all"}},
        "requested_by",
    ),
    (BomSearch, {}, "search"),
    (BomSearch, {}, "tag"),
]


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
@pytest.mark.parametrize(
    ("model", "rest", "field"), TEXTS, ids=lambda given: getattr(given, "__name__", str(given)[:12])
)
def test_no_text_holds_control_signs(model: type[BaseModel], rest: dict[str, Any], field: str, sign: str) -> None:
    """Neither a name nor an id nor a word to search for, at any door."""
    assert field in refusal(model, {**rest, field: sign})


@pytest.mark.parametrize("wrong", NO_IDS, ids=ascii)
def test_what_can_be_no_id_of_shopifys_is_refused(wrong: str) -> None:
    """Shopify refuses the whole call in which one such id stands."""
    said = "must be an id as Shopify writes it: digits only, not beginning with 0"
    assert refusal(BomIn, {**BOM, "inventory_item_id": wrong}) == f"inventory_item_id: {said}"
    assert refusal(BomUpsert, {"shop": SHOP, **BOM, "inventory_item_id": wrong}) == f"inventory_item_id: {said}"
    selection = {"cells": [{"bom_id": "a", "location_id": wrong}]}
    assert said in refusal(SelectionBody, selection)
    assert said in refusal(FilterBody, {"location_ids": [wrong]})
    assert said in refusal(BomSearch, {"location_id": wrong})


def test_spaces_around_a_name_or_an_id_are_no_part_of_it() -> None:
    """At every door alike, so that a BOM of a file and one of a request are the same."""
    one = BomIn.model_validate({"bom_id": " a ", "inventory_item_id": "1", "name": "\u00a0A ", "tags": [" t "]})
    other = BomUpsert.model_validate(
        {"shop": SHOP, "bom_id": "a", "inventory_item_id": "1", "name": "A", "tags": ["t"]}
    )
    assert one.model_dump() == {name: value for name, value in other if name in BomIn.model_fields}
    assert "bom_id" in refusal(BomIn, {**BOM, "bom_id": "  "})


@pytest.mark.parametrize("sign", SIGNS, ids=ascii)
def test_what_shopify_has_written_becomes_a_text_that_every_door_takes(sign: str) -> None:
    """A product's name with control signs makes a BOM all the same, with spaces in their place."""
    name = as_words(f" Mug {sign}\n", 500)
    given = BomIn.model_validate({**BOM, "name": name})
    assert given.name == name
    assert as_words("a\x00b\u2028c", 500) == "a b c"
    assert as_words("ab cd", 3) == "ab"
