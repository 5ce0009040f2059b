"""/api/settings: what holds for every run whose own options do not say otherwise."""

from __future__ import annotations

from http import HTTPStatus

from services.preview.api.http.route import Answer, AnyRoute, Call, NoParameters, Route
from services.preview.api.settings.models import FirstSteps, SettingsIn, SettingsOut
from services.preview.api.settings.view import settings_out
from shared.mongodb.shops.shop_settings import RunSettings


async def get_settings(call: Call[NoParameters, None]) -> Answer:
    """GET /api/settings."""
    return Answer(settings_out(*await call.deps.shop_settings.of(call.shop)))


async def put_settings(call: Call[NoParameters, SettingsIn]) -> Answer:
    """PUT /api/settings."""
    wanted = RunSettings(call.body.allow_negative, call.body.activate)
    return Answer(settings_out(*await call.deps.shop_settings.put(call.shop, wanted, by=call.caller.user)))


async def get_first_steps(call: Call[NoParameters, None]) -> Answer:
    """GET /api/first-steps."""
    done = await call.deps.first_steps.of(call.shop)
    return Answer(FirstSteps(boms=done.boms, counted=done.counted, previewed=done.previewed, ran=done.ran))


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
        method="GET",
        path="/api/first-steps",
        name="getFirstSteps",
        tag="settings",
        summary="What a new shop has done so far",
        params=NoParameters,
        handler=get_first_steps,
        answers={HTTPStatus.OK: FirstSteps},
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
