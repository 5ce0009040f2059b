"""Settings of a shop over HTTP."""

from __future__ import annotations

import asyncio

from tests.integration.api.api_setup import ApiShop


async def test_settings_are_kept_with_who_changed_them(shop: ApiShop) -> None:
    """The defaults are no; what is set is answered from then on, and each change names who, what and before."""
    assert (await shop.call("GET", "/settings")).json == {"allow_negative": False, "activate": False, "changes": []}
    for _ in range(2):
        reply = await shop.call("PUT", "/settings", {"allow_negative": True})
        assert reply.status == 200, reply.text
    told = (await shop.call("GET", "/settings")).json
    assert (told["allow_negative"], told["activate"]) == (True, False)
    assert [(one["by"], one["setting"], one["before"], one["after"]) for one in told["changes"]] == [
        ("user:42", "allow_negative", False, True)
    ]


async def test_changes_at_the_same_time_are_all_noted(shop: ApiShop) -> None:
    """Each entry's before is what stood there: however many change at once, the log leads to the present."""
    await asyncio.gather(
        *(shop.call("PUT", "/settings", {"allow_negative": n % 2 == 0, "activate": n % 3 == 0}) for n in range(12))
    )
    told = (await shop.call("GET", "/settings")).json
    for setting in ("allow_negative", "activate"):
        state = False
        for one in reversed(told["changes"]):
            if one["setting"] == setting:
                assert one["before"] is state
                state = one["after"]
        assert state is told[setting]


async def test_a_wrong_setting_is_named(shop: ApiShop) -> None:
    """A value that is no yes or no, and a name that is none."""
    reply = await shop.call("PUT", "/settings", {"activate": "yes", "other": True})
    assert (reply.status, sorted(reply.fields)) == (422, ["body.activate", "body.other"])
