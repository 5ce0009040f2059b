"""The part of the control API that loads a product export into a shop."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulator.control.tenants import tenant_of
from simulator.http.replies import SIMULATOR
from simulator.http.request_body import BadRequest
from simulator.shop.catalogue import CatalogueError, CatalogueProduct, read_catalogue
from simulator.shop.shop import Item, Product
from simulator.shop.stocking import add_product
from simulator.simulation import Simulator, Tenant


def add_catalogue_routes(app: web.Application) -> None:
    """The route of this file."""
    app.router.add_post("/control/shops/{shop}/catalogue", _add_catalogue)


async def _add_catalogue(request: web.Request) -> web.Response:
    simulator, tenant = request.app[SIMULATOR], tenant_of(request)
    split = request.query.get("location_split", "first")
    if split not in ("first", "even"):
        raise BadRequest(f"location_split must be first or even, not {split!r}")
    try:
        text = (await request.read()).decode("utf-8-sig")
        products = read_catalogue(text, all_tracked=request.query.get("tracked") == "all")
        made = [_add_from_catalogue(simulator, tenant, product, even=split == "even") for product in products]
    except (CatalogueError, UnicodeDecodeError, ValueError) as error:
        raise BadRequest(f"catalogue: {error}") from error
    items = [
        _item_json(variant.item, quantity)
        for product, source in zip(made, products, strict=True)
        for variant, (_, quantity) in zip(product.variants, source.variants, strict=True)
    ]
    return web.json_response({"products": len(made), "variants": len(items), "items": items})


def _add_from_catalogue(simulator: Simulator, tenant: Tenant, source: CatalogueProduct, *, even: bool) -> Product:
    product = add_product(
        tenant.shop,
        source.title,
        [new for new, _ in source.variants],
        simulator.clock.now(),
        handle=source.handle,
        tags=source.tags,
        vendor=source.vendor,
        kind=source.kind,
    )
    places = [place for place in tenant.shop.locations.values() if place.active]
    cause = simulator.cause("seed", silent=True)
    for variant, (_, quantity) in zip(product.variants, source.variants, strict=True):
        for index, place in enumerate(places):
            level = tenant.shop.add_level(variant.item, place, cause.at)
            tenant.stock.set_available(level, _share(quantity, index, len(places), even=even), cause)
    return product


def _share(quantity: int, index: int, places: int, *, even: bool) -> int:
    """All at the first location, or an even part of it with the rest going to the first ones."""
    if not even:
        return quantity if index == 0 else 0
    part, rest = divmod(quantity, places)
    return part + (1 if index < rest else 0)


def _item_json(item: Item, quantity: int) -> dict[str, Any]:
    product = item.variant.product
    title = product.title if item.variant.title == "Default Title" else f"{product.title} - {item.variant.title}"
    return {
        "id": item.id,
        "variant_id": item.variant.id,
        "product_id": product.id,
        "title": title,
        "product_title": product.title,
        "variant_title": item.variant.title,
        "sku": item.sku,
        "tracked": item.tracked,
        "tags": product.tags,
        "quantity": quantity,
    }
