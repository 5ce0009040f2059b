"""Access scopes: a root field that asks for more than was granted is null, with ACCESS_DENIED beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import FieldNode, GraphQLObjectType

from simulator.graphql.context import Context
from simulator.graphql.errors import FieldError
from simulator.graphql.values import arguments_of
from simulator.shop.shop import GID

DOCUMENTATION: Final = "https://shopify.dev/api/usage/access-scopes"

_OF_FIELD: Final[Mapping[str, str]] = {
    "inventorySetQuantities": "write_inventory",
    "inventoryAdjustQuantities": "write_inventory",
    "inventoryActivate": "write_inventory",
    "inventoryDeactivate": "write_inventory",
    "inventoryItem": "read_inventory",
    "inventoryItems": "read_inventory",
    "inventoryLevel": "read_inventory",
    "locationsCount": "read_locations",
    "product": "read_products",
    "products": "read_products",
    "productsCount": "read_products",
    "productVariant": "read_products",
    "productVariants": "read_products",
}
_EITHER: Final[Mapping[str, tuple[str, ...]]] = {
    "location": ("read_locations", "read_inventory", "read_markets_home"),
    "locations": ("read_locations", "read_inventory", "read_markets_home"),
}
_OF_KIND: Final[Mapping[str, str]] = {
    "InventoryItem": "read_inventory",
    "InventoryLevel": "read_inventory",
    "Location": "read_locations",
    "Product": "read_products",
    "ProductVariant": "read_products",
}


def check_scopes(context: Context, root: GraphQLObjectType, node: FieldNode, variables: Mapping[str, Any]) -> None:
    """Raises FieldError where the field needs a scope that was not granted."""
    granted = context.tenant.tokens.scopes
    name = node.name.value
    needed = _OF_FIELD.get(name)
    if name in ("node", "nodes"):
        arguments = arguments_of(root.fields[name], node, variables)
        ids = arguments.get("ids") or [arguments.get("id")]
        kinds = [match[1] for match in map(GID.fullmatch, map(str, ids)) if match is not None]
        wanted = [_OF_KIND[kind] for kind in kinds if kind in _OF_KIND]
        needed = next((scope for scope in wanted if not _is_granted(scope, granted)), None)
    either = _EITHER.get(name, () if needed is None else (needed,))
    if not either or any(_is_granted(scope, granted) for scope in either):
        return
    required = " or ".join([", ".join(f"`{scope}` access scope" for scope in either[:-1])] * (len(either) > 1))
    required += (" or " if required else "") + f"`{either[-1]}` access scope."
    raise FieldError(
        f"Access denied for {name} field. Required access: {required}",
        {"code": "ACCESS_DENIED", "documentation": DOCUMENTATION, "requiredAccess": required},
    )


def _is_granted(scope: str, granted: tuple[str, ...]) -> bool:
    """Whoever may write may read."""
    return scope in granted or scope.replace("read_", "write_", 1) in granted
