"""The queries of captures that kept only variables and reply: written so that shape, cost and places agree."""

from __future__ import annotations

_CHANGES = "changes { name delta quantityAfterChange item { id } location { id name } }"


def _keyed(operation: str, kind: str, selection: str, errors: str = "field message code", name: str = "") -> str:
    return f"""#graphql
  mutation {name or operation}($input: {kind}!, $idempotencyKey: String!) {{
    {operation}(input: $input) @idempotent(key: $idempotencyKey) {{
      inventoryAdjustmentGroup {{ {selection} }}
      userErrors {{ {errors} }}
    }}
  }}
"""


_SET, _SET_INPUT = "inventorySetQuantities", "InventorySetQuantitiesInput"
_ADJUST, _ADJUST_INPUT = "inventoryAdjustQuantities", "InventoryAdjustQuantitiesInput"
_WHOLE = f"id createdAt reason referenceDocumentUri {_CHANGES}"

# The names have as many letters as the recorded places ask for.
SET = _keyed(_SET, _SET_INPUT, _WHOLE, name="InventoryQuantityContractSet")
SET_BRIEF = _keyed(_SET, _SET_INPUT, "id")
SET_IN_SETUP = _keyed(_SET, _SET_INPUT, f"id {_CHANGES}")
ADJUST = _keyed(_ADJUST, _ADJUST_INPUT, _WHOLE)
ADJUST_BRIEF = _keyed(_ADJUST, _ADJUST_INPUT, "id", name="InventoryQuantityContractMissingAdjustChangeFrom1")


def without_key(query: str) -> str:
    """The same without @idempotent."""
    return query.replace(", $idempotencyKey: String!", "").replace(" @idempotent(key: $idempotencyKey)", "")


ACTIVATE = """mutation InventoryDeactivateValidationActivateCodeSelection(
  $inventoryItemId: ID!, $locationId: ID!, $available: Int, $idempotencyKey: String!) {
  inventoryActivate(inventoryItemId: $inventoryItemId, locationId: $locationId, available: $available)
  @idempotent(key: $idempotencyKey) { inventoryLevel { id isActive location { id name } item { id } }
  userErrors { field message } } }"""
DEACTIVATE = """mutation InventoryDeactivateValidationDeactivateCodeSelection(
  $inventoryLevelId: ID!, $idempotencyKey: String!) {
  inventoryDeactivate(inventoryLevelId: $inventoryLevelId) @idempotent(key: $idempotencyKey) {
  userErrors { field message } } }"""


def with_code(query: str) -> str:
    """The same asking for a code, which these errors do not have."""
    return query.replace("{ field message }", "{ field message code }")
