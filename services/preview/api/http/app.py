"""The web application: every route of the table, each operation through the same middlewares."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from services.preview.api.audit import routes as audit
from services.preview.api.boms import routes as boms
from services.preview.api.cells import routes as cells
from services.preview.api.counts import routes as counts
from services.preview.api.drift import routes as drift
from services.preview.api.http.dependencies import Dependencies
from services.preview.api.http.deprecation import announce
from services.preview.api.http.dispatch import endpoint
from services.preview.api.http.failures import note_begin, problems
from services.preview.api.http.quotas import tell_quotas
from services.preview.api.http.reference import documents
from services.preview.api.http.responses.compressed import compressed
from services.preview.api.http.route import AnyRoute
from services.preview.api.imports import routes as imports
from services.preview.api.jobs import routes as jobs
from services.preview.api.keys import routes as keys
from services.preview.api.left_out import routes as left_out
from services.preview.api.notices import routes as notices
from services.preview.api.notifications import routes as notifications
from services.preview.api.previews import routes as previews
from services.preview.api.retries import routes as retries
from services.preview.api.schedules import routes as schedules
from services.preview.api.selections import routes as selections
from services.preview.api.settings import routes as settings
from services.preview.api.shop import routes as shop
from services.preview.api.stories import routes as stories
from services.preview.api.undos import routes as undos
from services.preview.api.variants import routes as variants
from services.preview.page.headers import guard
from shared.observing.operations import http_metrics, http_traces

ROUTES: Sequence[AnyRoute] = (
    *boms.ROUTES,
    *selections.ROUTES,
    *previews.ROUTES,
    *jobs.ROUTES,
    *left_out.ROUTES,
    *retries.ROUTES,
    *undos.ROUTES,
    *cells.ROUTES,
    *stories.ROUTES,
    *drift.ROUTES,
    *schedules.ROUTES,
    *notices.ROUTES,
    *notifications.ROUTES,
    *settings.ROUTES,
    *counts.ROUTES,
    *imports.ROUTES,
    *variants.ROUTES,
    *audit.ROUTES,
    *keys.ROUTES,
    *shop.ROUTES,
)
"""The whole API."""


def make_app(deps: Dependencies) -> web.Application:
    """The application that serves /api."""
    app = web.Application(middlewares=[http_traces, http_metrics("preview"), compressed, problems])
    for route in ROUTES:
        app.router.add_route(route.method, route.path, endpoint(route, deps))
    documents.add_documents(app, ROUTES)

    async def end_streams(_: web.Application) -> None:
        deps.hub.close()

    app.on_response_prepare.append(guard)
    app.on_response_prepare.append(announce)
    app.on_response_prepare.append(tell_quotas)
    app.on_response_prepare.append(note_begin)
    app.on_shutdown.append(end_streams)
    return app
