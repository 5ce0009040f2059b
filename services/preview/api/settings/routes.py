"""/api/settings: what holds for every run whose own options do not say otherwise."""

from __future__ import annotations

from http import HTTPStatus

from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.settings.models import SettingsIn, SettingsOut
from services.preview.api.settings.view import settings_out
from shared.mongodb.shops.shop_settings import RunSettings


async def get_settings(call: Call[NoParameters, None]) -> Answer:
    """GET /api/settings."""
    return Answer(settings_out(*await call.deps.shop_settings.of(call.shop)))


async def put_settings(call: Call[NoParameters, SettingsIn]) -> Answer:
    """PUT /api/settings."""
    wanted = RunSettings(call.body.allow_negative, call.body.activate)
    return Answer(settings_out(*await call.deps.shop_settings.put(call.shop, wanted, by=call.caller.user)))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/settings",
        name="getSettings",
        tag="settings",
        summary="What holds for every run, and who has changed it",
        params=NoParameters,
        handler=get_settings,
        answers={HTTPStatus.OK: SettingsOut},
    ),
    Route(
        method="PUT",
        path="/api/settings",
        name="putSettings",
        act="settings.change",
        tag="settings",
        summary="Choose what holds for every run",
        description="A run's own options go before these.",
        params=NoParameters,
        handler=put_settings,
        body=SettingsIn,
        answers={HTTPStatus.OK: SettingsOut},
    ),
)
