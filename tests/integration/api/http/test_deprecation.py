"""What is to go says so in each of its answers, and in the description."""

from dataclasses import replace
from datetime import date

import pytest

from services.preview.api.http import app
from services.preview.api.http.deprecation import Deprecation
from services.preview.api.http.reference.openapi import openapi_document
from tests.backends.places import DatabasePool
from tests.integration.api.api_setup import api_world

GOES = Deprecation(since=date(2026, 3, 1), sunset=date(2027, 3, 1), instead="/api/places")
ROUTES = tuple(replace(one, deprecated=GOES) if one.name == "listLocations" else one for one in app.ROUTES)


async def test_what_is_to_go_says_so(
    vhost_url: str, mongodb_uri: str, databases: DatabasePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Deprecation, Sunset and Link, also where it is refused; what stays says nothing of the kind."""
    monkeypatch.setattr(app, "ROUTES", ROUTES)
    database = databases.take()
    try:
        async with api_world(vhost_url, mongodb_uri, database) as world:
            shop = await world.shop()
            taken, wrong = await shop.call("GET", "/locations"), await shop.call("GET", "/locations?limit=1")
            stays = await shop.call("GET", "/facets")
    finally:
        databases.give_back(database)
    assert (taken.status, wrong.status) == (200, 422)
    for reply in (taken, wrong):
        assert reply.headers["Deprecation"] == "@1772323200"
        assert reply.headers["Sunset"] == "Mon, 01 Mar 2027 00:00:00 GMT"
        assert reply.headers["Link"] == '</api/places>; rel="successor-version"'
    assert not {"Deprecation", "Sunset", "Link"} & set(stays.headers)


def test_the_description_says_so() -> None:
    """The operation is marked, and names what there is instead and the day."""
    operation = openapi_document(ROUTES)["paths"]["/api/locations"]["get"]
    assert operation["deprecated"] is True
    assert "use `/api/places`. It may be gone from 2027-03-01 on." in operation["description"]
