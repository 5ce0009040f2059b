"""/api/variants: Shopify's variants by title, SKU or barcode, to map a BOM to one."""

from __future__ import annotations

from http import HTTPStatus

from services.preview.api.http.responses.problem import FieldProblem, ProblemError
from services.preview.api.http.route import Answer, AnyRoute, Call, Route
from services.preview.api.variants.models import VariantSearch, VariantsFound
from services.preview.api.variants.view import variant_out
from shared.domain.words.pauses import pause_explained
from shared.errors import ShopifyError, ShopPaused
from shared.shopify.reads.variants import find_variants


async def list_variants(call: Call[VariantSearch, None]) -> Answer:
    """GET /api/variants."""
    try:
        found, more = await find_variants(call.deps.shopify, call.shop, call.params.search)
    except ShopifyError as error:
        raise _away(error) from None
    owners = await call.deps.boms.of_items(call.shop, [one.item_id for one in found])
    return Answer(VariantsFound(items=[variant_out(one, owners.get(one.item_id)) for one in found], more=more))


def _away(error: ShopifyError) -> ProblemError:
    message, remedy = "Shopify does not answer now.", "Try again in a few seconds."
    if isinstance(error, ShopPaused):
        why = pause_explained(error.reason, error.detail)
        message, remedy = why.message, why.remedy
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "shopify-unavailable",
        f"{message} {remedy}",
        errors=[FieldProblem(field="query.search", message=message, remedy=remedy)],
        headers={"Retry-After": "5"},
    )


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="GET",
        path="/api/variants",
        name="listVariants",
        tag="records",
        summary="Shopify's variants by title, SKU or barcode",
        description="Shopify is asked, within the shop's call budget. A BOM is mapped to one by PUT /api/boms.",
        params=VariantSearch,
        handler=list_variants,
        answers={HTTPStatus.OK: VariantsFound},
    ),
)
