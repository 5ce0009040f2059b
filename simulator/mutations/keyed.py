"""What Shopify demands of inventory mutations beyond their types: `@idempotent(key:)` and `changeFromQuantity`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from graphql import DirectiveNode, FieldNode, ListValueNode, Node, ObjectValueNode, VariableNode

from simulator.graphql.context import Context
from simulator.graphql.errors import FieldError, locations_of
from simulator.graphql.values import literal
from simulator.shop.idempotency import Attempt, KeyRefused

Arguments = Mapping[str, Any]


def idempotency_key(field: FieldNode, variables: Mapping[str, Any]) -> str | None:
    """The key that a mutation field carries."""
    for directive in field.directives or ():
        if directive.name.value == "idempotent":
            value = literal(_argument(directive), variables)
            return value if isinstance(value, str) else None
    return None


def _argument(directive: DirectiveNode) -> Any:
    return next(argument.value for argument in directive.arguments or () if argument.name.value == "key")


def keyed(
    context: Context,
    operation: str,
    arguments: Arguments,
    execute: Callable[[str], Any],
    refused: Callable[[str, str], Any],
) -> Any:
    """Run a mutation under its key. Raises FieldError (BAD_REQUEST) where it has none."""
    key = idempotency_key(context.root, context.variables)
    if key is None:
        raise FieldError(
            "The @idempotent directive is required for this mutation but was not provided.", {"code": "BAD_REQUEST"}
        )
    try:
        return context.tenant.keys.run(
            Attempt(key, operation, arguments, context.request_no, context.now),
            lambda: execute(key),
            execute_again=context.simulator.open_points.repeated_key_executes,
        )
    except KeyRefused as refusal:
        return refused(refusal.code, refusal.message)


def require_change_from(context: Context, entries: Sequence[Arguments], type_name: str) -> None:
    """Raises FieldError (INVALID_FIELD_ARGUMENTS) as recorded where an entry leaves `changeFromQuantity` out."""
    if all("changeFromQuantity" in entry for entry in entries):
        return
    used = {node.name.value for node in _variables_in([argument.value for argument in context.root.arguments or ()])}
    definitions = [d for d in context.operation.variable_definitions or () if d.variable.name.value in used]
    raise FieldError(
        f"{type_name} must include the following argument: changeFromQuantity.",
        {"code": "INVALID_FIELD_ARGUMENTS"},
        locations_of(context.root, *(definition.variable for definition in definitions)),
    )


def _variables_in(nodes: Iterable[Node]) -> Iterable[VariableNode]:
    for node in nodes:
        if isinstance(node, VariableNode):
            yield node
        elif isinstance(node, ListValueNode):
            yield from _variables_in(node.values)
        elif isinstance(node, ObjectValueNode):
            yield from _variables_in([field.value for field in node.fields])
