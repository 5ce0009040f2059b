"""/api/drift: what is done about missed webhooks."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.preview.api.problem import FieldProblem, ProblemError
from services.preview.api.routes import Answer, AnyRoute, Call, NoParameters, Route


class DriftPolicy(BaseModel):
    """What the sweeper does about a missed webhook it has found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: Literal["repair", "notify", "off"] = Field(
        description="repair: pull what only Shopify has moved; notify: record it and tell; off: do not look."
    )


async def get_policy(call: Call[NoParameters, None]) -> Answer:
    """GET /api/drift/policy."""
    policy = await call.parts.listings.drift_policy(call.shop)
    return Answer(DriftPolicy.model_validate({"policy": policy or "repair"}))


async def put_policy(call: Call[NoParameters, DriftPolicy]) -> Answer:
    """PUT /api/drift/policy."""
    await call.parts.listings.set_drift_policy(call.shop, call.body.policy)
    return Answer(call.body)


async def not_yet(call: Call[Any, Any]) -> Answer:
    """GET /api/drift and POST /api/drift/sweeps: no sweeper writes anything to show or takes a request yet."""
    message = "This part of Trueup does not look for missed webhooks by itself yet."
    remedy = "Take a preview: cells of class shopify_moved are missed webhooks."
    entry = FieldProblem(field="path", message=message, remedy=remedy)
    kind = "not-implemented"
    raise ProblemError(HTTPStatus.NOT_IMPLEMENTED, kind, f"{call.request.path}: {message} {remedy}", errors=[entry])


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/drift",
        name="listDrift",
        tag="drift",
        summary="Missed webhooks (not implemented yet: always 501)",
        params=NoParameters,
        handler=not_yet,
        answers={},
        problems=(HTTPStatus.NOT_IMPLEMENTED,),
    ),
    Route(
        method="GET",
        path="/api/drift/policy",
        name="getDriftPolicy",
        tag="drift",
        summary="What is done about missed webhooks",
        params=NoParameters,
        handler=get_policy,
        answers={HTTPStatus.OK: DriftPolicy},
    ),
    Route(
        method="PUT",
        path="/api/drift/policy",
        name="putDriftPolicy",
        tag="drift",
        summary="Choose what is done about missed webhooks",
        params=NoParameters,
        handler=put_policy,
        body=DriftPolicy,
        answers={HTTPStatus.OK: DriftPolicy},
    ),
    Route(
        method="POST",
        path="/api/drift/sweeps",
        name="postSweep",
        tag="drift",
        summary="Look for missed webhooks now (not implemented yet: always 501)",
        params=NoParameters,
        handler=not_yet,
        answers={},
        problems=(HTTPStatus.NOT_IMPLEMENTED,),
    ),
)
